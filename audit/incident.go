package audit

import (
	"slices"
	"time"
)

// Incident is a message that rules matched, in one line.
type Incident struct {
	Time      time.Time `json:"time"`
	Reference string    `json:"reference"`
	QueueID   string    `json:"queueId"`
	// Severity is the highest of the rules.
	Severity      string          `json:"severity"`
	Verdicts      []string        `json:"verdicts"`
	Policies      []string        `json:"policies"`
	Rules         []string        `json:"rules"` // policy / rule
	Actions       []string        `json:"actions"`
	Types         []IncidentCount `json:"types"`
	Simulated     bool            `json:"simulated"` // by policies in a test mode only
	Overridden    bool            `json:"overridden"`
	FalsePositive bool            `json:"falsePositive"`

	// Sender, Recipients and Subject are of people; the subject is masked.
	Sender     string   `json:"sender,omitempty"`
	Recipients []string `json:"recipients,omitempty"`
	Subject    string   `json:"subject,omitempty"`
}

// IncidentCount is how many values of a type were found, the most that one rule
// counted.
type IncidentCount struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

// Exception is a match that its sender has overridden or called a false positive.
type Exception struct {
	Time              time.Time `json:"time"`
	Reference         string    `json:"reference"`
	Policy            string    `json:"policy"`
	Rule              string    `json:"rule"`
	Reason            string    `json:"reason"`
	FalsePositive     bool      `json:"falsePositive"`
	Justification     string    `json:"justification"` // masked
	OverriddenActions []string  `json:"overriddenActions"`
	Simulated         bool      `json:"simulated"`
}

// Incident gives a message of which matches fit, with the matches that do; false
// for any other record.
func (c *Choice) Incident(r *Record) (Incident, bool) {
	if !r.counted() {
		return Incident{}, false
	}
	matches := c.matches(r)
	if len(matches) == 0 {
		return Incident{}, false
	}
	m := r.ExchangeMetaData
	in := Incident{
		Time: r.CreationTime, Reference: r.Reference, QueueID: r.QueueID, Simulated: true,
		Verdicts: []string{}, Policies: []string{}, Rules: []string{}, Actions: []string{}, Types: []IncidentCount{},
		Sender: m.From, Subject: m.Subject.String(),
	}
	add := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, f := range r.Forks {
		add(&in.Verdicts, f.Verdict)
		for _, to := range f.Recipients {
			add(&in.Recipients, to)
		}
	}
	for _, x := range matches {
		add(&in.Policies, x.policy)
		add(&in.Rules, x.policy+" / "+x.rule.RuleName)
		for _, a := range x.rule.Actions {
			add(&in.Actions, a)
		}
		if slices.Index(severities, x.rule.severity()) > slices.Index(severities, in.Severity) {
			in.Severity = x.rule.severity()
		}
		in.Simulated = in.Simulated && x.rule.mode() == ModeSimulated
		overridden, falsePositive := r.excepted(x.rule)
		in.Overridden, in.FalsePositive = in.Overridden || overridden, in.FalsePositive || falsePositive
		in.count(x.rule)
	}
	return in, true
}

// count adds what a rule found. Rules of one message find the same values.
func (in *Incident) count(rule *Rule) {
	for _, name := range rule.types() {
		n := 0
		for _, s := range rule.ConditionsMatched.SensitiveInformation {
			if s.SensitiveInformationTypeName == name {
				n += s.Count
			}
		}
		i := slices.IndexFunc(in.Types, func(t IncidentCount) bool { return t.Type == name })
		if i < 0 {
			in.Types = append(in.Types, IncidentCount{name, n})
		} else {
			in.Types[i].Count = max(in.Types[i].Count, n)
		}
	}
}

// Exceptions gives the matches of a record that fit and that the sender has
// overridden or called false positives.
func (c *Choice) Exceptions(r *Record) []Exception {
	if !r.counted() {
		return nil
	}
	var out []Exception
	for _, x := range c.matches(r) {
		overridden, falsePositive := r.excepted(x.rule)
		if !overridden && !falsePositive {
			continue
		}
		e := Exception{
			Time: r.CreationTime, Reference: r.Reference, Policy: x.policy, Rule: x.rule.RuleName, FalsePositive: falsePositive,
			OverriddenActions: append([]string{}, x.rule.OverriddenActions...), Simulated: x.rule.mode() == ModeSimulated,
		}
		if info := r.ExceptionInfo; info != nil {
			e.Reason, e.Justification = info.Reason, info.Justification.String()
		}
		out = append(out, e)
	}
	return out
}
