package audit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Dimension is what a report is broken down by.
type Dimension string

// The dimensions. Hour to Month are of the time of the message.
const (
	ByHour     Dimension = "hour"
	ByDay      Dimension = "day"
	ByWeek     Dimension = "week" // ISO 8601
	ByMonth    Dimension = "month"
	ByPolicy   Dimension = "policy"
	ByRule     Dimension = "rule"
	ByAction   Dimension = "action"
	ByType     Dimension = "type" // sensitive information type
	BySeverity Dimension = "severity"
	ByMode     Dimension = "mode"    // enforced or simulated
	ByVerdict  Dimension = "verdict" // of the message's forks
	BySender   Dimension = "sender"
)

// Dimensions lists all of them.
var Dimensions = []Dimension{ByHour, ByDay, ByWeek, ByMonth, ByPolicy, ByRule, ByAction, ByType, BySeverity, ByMode, ByVerdict, BySender}

// Choice narrows a report to matches that fit. Names are compared without case;
// those of one list are alternatives, and an empty list is no condition.
type Choice struct {
	Policies   []string `json:"policies,omitempty"`
	Rules      []string `json:"rules,omitempty"`
	Actions    []string `json:"actions,omitempty"`
	Types      []string `json:"types,omitempty"`
	Severities []string `json:"severities,omitempty"`
	// Mode is enforced, simulated, or empty for both.
	Mode string `json:"mode,omitempty"`
}

// The words for the mode of a match.
const (
	ModeEnforced  = "enforced"
	ModeSimulated = "simulated"
)

func (r *Rule) mode() string {
	if r.RuleMode == Enforce {
		return ModeEnforced
	}
	return ModeSimulated
}

func fits(list []string, values ...string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(want string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, want) })
	})
}

// match is a rule that matched a message.
type match struct {
	policy string
	rule   *Rule
}

// matches gives the rules of a message's record that fit.
func (c *Choice) matches(r *Record) []match {
	var out []match
	for i := range r.PolicyDetails {
		p := &r.PolicyDetails[i]
		if !fits(c.Policies, p.PolicyName) {
			continue
		}
		for j := range p.Rules {
			rule := &p.Rules[j]
			if fits(c.Rules, rule.RuleName) && fits(c.Actions, rule.Actions...) && fits(c.Severities, rule.severity()) &&
				fits(c.Types, rule.types()...) && (c.Mode == "" || c.Mode == rule.mode()) {
				out = append(out, match{p.PolicyName, rule})
			}
		}
	}
	return out
}

func (r *Rule) severity() string { return cmp.Or(r.Severity, "None") }

// types gives the sensitive information types of a match, each once.
func (r *Rule) types() []string {
	var out []string
	for _, s := range r.ConditionsMatched.SensitiveInformation {
		if !slices.Contains(out, s.SensitiveInformationTypeName) {
			out = append(out, s.SensitiveInformationTypeName)
		}
	}
	return out
}

// excepted tells whether a sender has overridden a match, and called it a false
// positive.
func (r *Record) excepted(rule *Rule) (overridden, falsePositive bool) {
	overridden = len(rule.OverriddenActions) > 0 || rule.State == "overridden"
	if e := r.ExceptionInfo; e != nil && (len(e.Rules) == 0 || slices.Contains(e.Rules, rule.RuleID)) {
		return overridden || e.Reason == "override" || e.Reason == "falsePositive", e.FalsePositive
	}
	return overridden, false
}

// counted tells whether a record is of a message that is counted. One that was put
// off comes again.
func (r *Record) counted() bool {
	return r.Operation == DlpRuleMatch &&
		(len(r.Forks) == 0 || slices.ContainsFunc(r.Forks, func(f Fork) bool { return f.Verdict != "defer" }))
}

// Count is one line of a report.
type Count struct {
	// Keys are the values of the dimensions, in their order.
	Keys []string `json:"keys"`
	// Messages counts messages, however many rules matched each; Matches counts each
	// message once for each rule, and Simulated how many of these were by policies in a
	// test mode.
	Messages  int64 `json:"messages"`
	Matches   int64 `json:"matches"`
	Simulated int64 `json:"simulated"`
	// Overridden and FalsePositives count matches that the sender has overridden, and
	// called false positives.
	Overridden     int64 `json:"overridden"`
	FalsePositives int64 `json:"falsePositives"`
}

// maxCounts bounds the lines of a report.
const maxCounts = 100_000

// Counter counts matches, one record after another: it needs memory for the lines
// of the report, not for the records.
type Counter struct {
	by     []Dimension
	choice Choice
	zone   *time.Location
	lines  map[string]*Count
	seen   map[string]int // lines that the record in hand is counted in, and how often
}

// NewCounter prepares a report. Zone says when days begin.
func NewCounter(by []Dimension, c Choice, zone *time.Location) (*Counter, error) {
	for i, d := range by {
		if !slices.Contains(Dimensions, d) || slices.Contains(by[:i], d) {
			return nil, fmt.Errorf("%q is no dimension of a report, or is written twice", d)
		}
	}
	return &Counter{by: by, choice: c, zone: zone, lines: map[string]*Count{}, seen: map[string]int{}}, nil
}

// Add counts a record; one that is not of a match is passed over. The error says
// that the report is too long.
func (c *Counter) Add(r *Record) error {
	if !r.counted() {
		return nil
	}
	c.seen = make(map[string]int, len(c.seen))
	for _, m := range c.choice.matches(r) {
		overridden, falsePositive := r.excepted(m.rule)
		for _, keys := range c.keys(r, m) {
			key := strings.Join(keys, "\x00")
			line := c.lines[key]
			if line == nil {
				if len(c.lines) == maxCounts {
					return errors.New("the report has more than 100,000 lines: choose a shorter time, or break it down by less")
				}
				line = &Count{Keys: keys}
				c.lines[key] = line
			}
			if c.seen[key]++; c.seen[key] == 1 {
				line.Messages++
			}
			if line.Matches++; m.rule.mode() == ModeSimulated {
				line.Simulated++
			}
			if overridden {
				line.Overridden++
			}
			if falsePositive {
				line.FalsePositives++
			}
		}
	}
	return nil
}

// keys gives the lines that a match belongs to, each once.
func (c *Counter) keys(r *Record, m match) [][]string {
	out := [][]string{nil}
	for _, d := range c.by {
		values := c.values(r, m, d)
		if len(values) == 0 {
			values = []string{""}
		}
		next := make([][]string, 0, len(out)*len(values))
		for _, keys := range out {
			for i, v := range values {
				if !slices.Contains(values[:i], v) {
					next = append(next, append(keys[:len(keys):len(keys)], v))
				}
			}
		}
		out = next
	}
	return out
}

func (c *Counter) values(r *Record, m match, d Dimension) []string {
	at := r.CreationTime.In(c.zone)
	switch d {
	case ByHour:
		return []string{at.Format("2006-01-02T15:00Z07:00")}
	case ByDay:
		return []string{at.Format(time.DateOnly)}
	case ByWeek:
		year, week := at.ISOWeek()
		return []string{fmt.Sprintf("%04d-W%02d", year, week)}
	case ByMonth:
		return []string{at.Format("2006-01")}
	case ByPolicy:
		return []string{m.policy}
	case ByRule:
		return []string{m.policy + " / " + m.rule.RuleName}
	case ByAction:
		return m.rule.Actions
	case ByType:
		return m.rule.types()
	case BySeverity:
		return []string{m.rule.severity()}
	case ByMode:
		return []string{m.rule.mode()}
	case BySender:
		return []string{r.ExchangeMetaData.From}
	}
	var verdicts []string
	for _, f := range r.Forks {
		verdicts = append(verdicts, f.Verdict)
	}
	return verdicts
}

// Counts gives the lines: with a dimension of time in its order, otherwise those
// with the most messages first.
func (c *Counter) Counts() []Count {
	timed := slices.ContainsFunc(c.by, func(d Dimension) bool { return slices.Contains(Dimensions[:4], d) })
	out := make([]Count, 0, len(c.lines))
	for line := range maps.Values(c.lines) {
		out = append(out, *line)
	}
	slices.SortFunc(out, func(a, b Count) int {
		if order := cmp.Compare(b.Messages, a.Messages); !timed && order != 0 {
			return order
		}
		return slices.CompareFunc(a.Keys, b.Keys, compareKeys)
	})
	return out
}

// hourForm is how a line names its hour: with the zone, since one comes twice when
// summer time ends.
const hourForm = "2006-01-02T15:04Z07:00"

// compareKeys puts hours in the order of time and everything else in that of letters.
func compareKeys(a, b string) int {
	first, err := time.Parse(hourForm, a)
	second, err2 := time.Parse(hourForm, b)
	if err == nil && err2 == nil && !first.Equal(second) {
		return first.Compare(second)
	}
	return strings.Compare(a, b)
}
