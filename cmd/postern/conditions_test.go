package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
)

// casesConfig is the configuration of the policy cases.
const casesConfig = `
listen: {milter: "unix:milter.sock"}
trust: {authenticated: true, listeners: [SUBMISSION]}
organization:
  name: Example Ltd
  acceptedDomains: [example.com, {name: relay.example.com, kind: internalRelay}, {name: partner-relay.example, kind: externalRelay}]
  notices: {from: "Example mail policy <mail-policy@example.com>"}
directory: {file: people.yaml}
recipients: {resolve: [groups]}
policies: [policy.yaml]
relay: {reinject: "unix:postern-in"}
quarantine: {reviewers: [reviewers@example.com]}
`

// casesWorld gives what judges the cases, and the cases but those of actions that
// no version does.
func casesWorld(t *testing.T) (*cases.House, []*cases.Case) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "postern.yaml"), casesConfig)
	write(t, filepath.Join(dir, "people.yaml"), "people: [{address: anna@example.com}]\n")
	write(t, filepath.Join(dir, "policy.yaml"), "policy: P\nmode: enable\nrules: [{rule: R, conditions: {messageSizeOver: 1B}}]\n")
	w, _, problems, err := load(t.Context(), filepath.Join(dir, "postern.yaml"), classify.Builtin())
	if w == nil {
		t.Fatal(problems, err)
	}
	all, problems, err := cases.Find(filepath.Join("..", "..", "testdata", "policies"))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return w.house(), slices.DeleteFunc(all, func(c *cases.Case) bool { return c.Planned })
}

// shown is what the cases show of one condition, found out from what they come to
// and not from their names.
type shown struct {
	name                string
	holds, fails        map[string]bool // cases in which it is true, or false, outside of exceptions
	exempts             map[string]bool // cases in which it is true as the exception that exempts
	parted              map[string]bool // cases in which it holds for some recipients and not for others
	example             string
	exampleIn           string
	exampleIsOfTheFirst bool
}

func shownByCases(t *testing.T) map[string]*shown {
	t.Helper()
	house, all := casesWorld(t)
	rows := make(map[string]*shown)
	for _, c := range rules.Conditions() {
		rows[c.Name] = &shown{name: c.Name, holds: map[string]bool{}, fails: map[string]bool{}, exempts: map[string]bool{}, parted: map[string]bool{}}
	}
	for _, c := range all {
		res, problems, err := c.Run(t.Context(), house)
		if res == nil {
			t.Fatal(c.Name, problems, err)
		}
		for i := range res.Decision.Evaluation.Rules {
			r := &res.Decision.Evaluation.Rules[i]
			leaves := r.Rule.Leaves()
			for j, l := range r.Conditions {
				rows[l.Condition].note(c.Name, r, l, leaves[j], len(res.Message.Envelope.Recipients))
			}
		}
		res.Close()
	}
	return rows
}

// note takes what one condition of one rule came to.
func (s *shown) note(name string, r *rules.RuleResult, l rules.ConditionResult, o rules.Outline, recipients int) {
	exception := strings.HasPrefix(l.Path, "exceptions")
	switch {
	case exception && l.Result == "true" && len(r.Conditions) == 2 && len(r.Matches) < recipients:
		s.exempts[name] = true
	case exception:
	case l.Result == "false":
		s.fails[name] = true
	case l.Result == "true":
		s.holds[name] = true
		if len(r.Conditions) == 1 && r.Result == rules.Matched && len(r.Matches) < recipients {
			s.parted[name] = true
		}
		// The shortest value of the case that is named after the condition.
		own := name == "condition-"+l.Condition
		text := l.Condition + ": " + o.Value
		if s.example == "" || own && !s.exampleIsOfTheFirst || own == s.exampleIsOfTheFirst && len(text) < len(s.example) {
			s.example, s.exampleIn, s.exampleIsOfTheFirst = text, name, own
		}
	}
}

// evidence names the fewest cases that show the condition true, false and as an
// exception.
func (s *shown) evidence(exception bool) []string {
	need := []map[string]bool{s.holds, s.fails}
	if exception {
		need = append(need, s.exempts)
	}
	var chosen []string
	for {
		count := make(map[string]int)
		for _, n := range need {
			if !slices.ContainsFunc(chosen, func(c string) bool { return n[c] }) {
				for c := range n {
					count[c]++
				}
			}
		}
		best := ""
		for c, n := range count {
			own := func(c string) int {
				switch {
				case c == "condition-"+s.name:
					return 2
				case strings.HasPrefix(c, "condition-"+s.name+"-"):
					return 1
				}
				return 0
			}
			if best == "" || cmp.Or(cmp.Compare(n, count[best]), cmp.Compare(own(c), own(best)), strings.Compare(best, c)) > 0 {
				best = c
			}
		}
		if best == "" {
			slices.Sort(chosen)
			return chosen
		}
		chosen = append(chosen, best)
	}
}

// TestReferenceOfConditionsIsShownByCases: each row of the catalogue has a case in which
// it holds, one in which it does not, and one in which it exempts as an exception;
// one that is judged per recipient parts them.
func TestReferenceOfConditionsIsShownByCases(t *testing.T) {
	rows := shownByCases(t)
	for _, row := range rules.Conditions() {
		s := rows[row.Name]
		for what, missing := range map[string]bool{
			"holds":                         len(s.holds) == 0,
			"does not hold":                 len(s.fails) == 0,
			"exempts as the only exception": row.Exception && len(s.exempts) == 0,
			"alone holds for some recipients and not for others": row.Kind == rules.PerRecipient && len(s.parted) == 0,
		} {
			if missing {
				t.Errorf("no case of testdata/policies in which %s %s", row.Name, what)
			}
		}
	}
	// The page is that of the catalogue and the cases.
	checkTables(t, conditionsPage, map[string]string{"conditions": conditionsTable(rows), "notes": conditionNotes()})
}

// conditionNotes lists what is not plain of conditions, each with those it is about.
func conditionNotes() string {
	var b strings.Builder
	var told []string
	all := rules.Conditions()
	for _, c := range all {
		for _, note := range c.Notes {
			if slices.Contains(told, note) {
				continue
			}
			told = append(told, note)
			var about []string
			for _, other := range all {
				if slices.Contains(other.Notes, note) {
					about = append(about, "`"+other.Name+"`")
				}
			}
			b.WriteString("- " + listed(about, "and") + ": " + note + ".\n")
		}
	}
	return b.String()
}

const conditionsPage = "../../docs/conditions.md"

// conditionsTable is the reference of all conditions.
func conditionsTable(rows map[string]*shown) string {
	kinds := map[rules.Kind]string{rules.MessageWide: "message", rules.PerRecipient: "recipient", rules.AnyRecipient: "any recipient"}
	var b strings.Builder
	b.WriteString("| condition | holds when | values | as written | judged per | exception | limit | cost | cases |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, c := range rules.Conditions() {
		s := rows[c.Name]
		exception, limit := "yes", c.Limit.String()
		if !c.Exception {
			exception = "no"
		}
		var shown []string
		for _, name := range s.evidence(c.Exception) {
			shown = append(shown, "`"+name+"`")
		}
		values := c.Value
		if c.With != "" {
			values += "; beside it `" + c.With + "`"
			if c.Optional {
				values += ", or not"
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s | %s | %s | %s | %s |\n", c.Name, c.Doc, values, strings.ReplaceAll(s.example, "|", `\|`), kinds[c.Kind],
			exception, cmp.Or(limit, "–"), rules.Cost(c.Cost).Word(), strings.Join(shown, ", "))
	}
	return b.String()
}

// The settings of conditions that the documentation shows are read.
func TestDocumentedSettingsOfConditions(t *testing.T) {
	data, err := os.ReadFile(conditionsPage)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, block := range strings.Split(string(data), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```\n")
		if !strings.HasPrefix(text, "conditions:") && !strings.HasPrefix(text, "userRisk:") {
			continue
		}
		read++
		_, problems := readConfig("postern.yaml", []byte("listen: {milter: \"unix:m.sock\"}\norganization: {acceptedDomains: [example.com]}\npolicies: [a.yaml]\n"+text))
		for _, p := range problems {
			t.Error(p)
		}
	}
	if read != 2 {
		t.Errorf("%d settings are shown, want 2", read)
	}
}
