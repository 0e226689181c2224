package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
)

// lint gives the hints at policies.
func lint(t *testing.T, texts ...string) []string {
	t.Helper()
	var hints []string
	for _, h := range load(t, texts...).Lint() {
		hints = append(hints, h.String())
	}
	return hints
}

func TestARuleThatCannotActIsAHint(t *testing.T) {
	const (
		never    = "the rule never matches"
		always   = "always holds: the conditions are those of every message"
		exempts  = "it exempts nothing"
		repeated = "the exception holds whenever the conditions do: the rule never matches"
	)
	for _, c := range []struct{ conditions, exceptions, want string }{
		// Conditions that contradict each other.
		{"{all: [accessScope: inOrganization, accessScope: notInOrganization]}", "", "a.yaml:5:66: hint: rules[0].conditions.all[1].accessScope: it contradicts `conditions.all[0].accessScope`: " + never},
		{"{subjectContainsWords: [a, b], not: {subjectContainsWords: [b, a]}}", "", never},
		{"{subjectContainsWords: a, not: {subjectContainsWords: [b, A]}}", "", never},
		{"{messageSizeOver: 10MB, not: {messageSizeOver: 5MB}}", "", never},
		{"{fromMemberOf: a@x.example, not: {any: [fromMemberOf: a@x.example, from: b@x.example]}}", "", never},
		{"{all: [any: [subjectContainsWords: a, subjectContainsWords: b], not: {subjectContainsWords: [a, b]}]}", "", never},
		{"{recipientDomainIs: a.x.example, not: {recipientDomainIs: .x.example}}", "", never},
		{"{senderIPRanges: 192.0.2.7, not: {senderIPRanges: 192.0.2.0/24}}", "", never},
		{"{" + sensitive("{type: SWIFT code, minCount: 5}") + ", not: {" + sensitive("{type: SWIFT code}, {type: Credit card number}") + "}}", "", never},
		// Some that only look so.
		{"{fromScope: inOrganization, not: {fromScope: notInOrganization}}", "", ""},
		{"{all: [not: {fromScope: inOrganization}, not: {fromScope: notInOrganization}]}", "", ""},
		{"{any: [fromScope: inOrganization, fromScope: notInOrganization]}", "", ""},
		{"{all: [fromScope: inOrganization, fromScope: notInOrganization]}", "", ""},
		{"{subjectContainsWords: [a, b], not: {subjectContainsWords: a}}", "", ""},
		{"{messageSizeOver: 5MB, not: {messageSizeOver: 10MB}}", "", ""},
		{"{all: [recipientDomainIs: a.example, recipientDomainIs: b.example]}", "", ""},
		{"{recipientDomainIs: ax.example, not: {recipientDomainIs: .x.example}}", "", ""},
		{`{subjectMatchesPatterns: '\d', not: {subjectMatchesPatterns: '\D'}}`, "", ""},
		{"{any: [accessScope: inOrganization, fromScope: notInOrganization]}", "", ""},
		{"{" + sensitive("{type: SWIFT code}") + ", not: {" + sensitive("{type: SWIFT code, minCount: 5}") + "}}", "", ""},
		{"{headerContainsWords: {X-A: [a, b]}, not: {headerContainsWords: {X-B: [a, b]}}}", "", ""},
		// Conditions of every message.
		{"{any: [accessScope: inOrganization, accessScope: notInOrganization]}", "", always},
		{"{any: [documentIsUnsupported: true, {not: {documentIsUnsupported: true}}]}", "", always},
		{"{nonBifurcatingAccessScope: none}", "", "a.yaml:5:45: hint: rules[0].conditions.nonBifurcatingAccessScope: `none` asks nothing: the condition always holds; take it away"},
		{"{messageSizeOver: 1}", "", ""},
		// Exceptions that repeat a condition, or never hold with one.
		{"{accessScope: notInOrganization, subjectContainsWords: a}", "{accessScope: notInOrganization}", "a.yaml:6:31: hint: rules[0].exceptions.accessScope: " + repeated},
		{"{fromScope: notInOrganization}", "{fromScope: inOrganization}", exempts},
		{"{subjectContainsWords: a}", "[recipientDomainIs: x.example, subjectContainsWords: [a, b]]", "rules[0].exceptions[1].subjectContainsWords: " + repeated},
		{"{fromMemberOf: a@x.example}", "{fromMemberOf: [a@x.example, b@x.example]}", repeated},
		{"{headerContainsWords: {X-A: a}}", "{headerContainsWords: {x-a: [A, b], X-B: c}}", repeated},
		{"{accessScope: notInOrganization}", "{accessScope: inOrganization}", exempts},
		{"{accessScope: notInOrganization}", "{any: [accessScope: inOrganization, from: a@x.example]}", exempts},
		{"{subjectContainsWords: [a, b]}", "{subjectContainsWords: a}", ""},
		{"{accessScope: notInOrganization}", "{all: [accessScope: notInOrganization, from: a@x.example]}", ""},
		{"{any: [subjectContainsWords: a, subjectContainsWords: b]}", "{subjectContainsWords: a}", ""},
		{"{recipientDomainIs: .x.example}", "{recipientDomainIs: a.x.example}", ""},
		{"{fromMemberOf: a@x.example}", "{sentToMemberOf: a@x.example}", ""},
	} {
		got := lint(t, policy(c.conditions, c.exceptions))
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%s except %s: %q, want %q", c.conditions, c.exceptions, got, c.want)
		}
	}
}

// set writes policies of rules, each with its conditions and whether it stops.
func stopping(name, head string, list ...string) string {
	text := "policy: " + name + "\nmode: enable\n" + head + "rules:\n"
	for i, conditions := range list {
		conditions, stops := strings.CutSuffix(conditions, "!")
		text += "  - rule: r" + string(rune('1'+i)) + "\n    conditions: " + conditions + "\n"
		if stops {
			text += "    actions: {stopPolicyProcessing: true}\n"
		}
	}
	return text
}

func TestRulesBehindAStopAreHints(t *testing.T) {
	behind := func(rule, policy, place string) string {
		return place + `: the rule is never evaluated: rule "` + rule + `" of policy "` + policy + `" holds for all that it does, and stops; put it before that rule, or give it conditions of its own`
	}
	for name, c := range map[string]struct {
		texts []string
		want  []string
	}{
		"stronger conditions": {[]string{stopping("A", "", "{subjectContainsWords: [a, b]}!", "{subjectContainsWords: a, messageSizeOver: 1MB}")},
			[]string{behind("r1", "A", "a.yaml:7:5: hint: rules[1]")}},
		"another policy": {[]string{stopping("A", "", "{subjectContainsWords: a}!"), stopping("B", "scope: {exchangeSenderMemberOf: [g@x.example]}\n", "{subjectContainsWords: a}")},
			[]string{behind("r1", "A", "b.yaml:5:5: hint: rules[0]")}},
		"the same scope": {[]string{stopping("A", "scope: {exchangeSenderMemberOf: [g@x.example]}\n", "{subjectContainsWords: a}!"), stopping("B", "scope: {exchangeSenderMemberOf: [g@x.example]}\n", "{subjectContainsWords: a}")},
			[]string{behind("r1", "A", "b.yaml:5:5: hint: rules[0]")}},
		"any of several": {[]string{stopping("A", "", "{any: [subjectContainsWords: a, subjectContainsWords: b, accessScope: inOrganization]}!", "{any: [subjectContainsWords: a, subjectContainsWords: b]}")},
			[]string{behind("r1", "A", "a.yaml:7:5: hint: rules[1]")}},
		"more of a type": {[]string{stopping("A", "", "{"+sensitive("{type: SWIFT code}")+"}!", "{"+sensitive("{type: SWIFT code, minCount: 10, confidenceLevel: high}")+"}")},
			[]string{behind("r1", "A", "a.yaml:7:5: hint: rules[1]")}},
		"everything": {[]string{stopping("A", "", "{messageSizeOver: 0}!", "{subjectContainsWords: a}"), stopping("B", "", "{subjectContainsWords: b}")},
			[]string{"a.yaml:4:5: hint: rules[0]: it stops the processing of every message it is for: the rules behind it, 2, are never evaluated; put it last, or give it conditions"}},

		"it does not stop":  {[]string{stopping("A", "", "{subjectContainsWords: a}", "{subjectContainsWords: a}")}, nil},
		"weaker conditions": {[]string{stopping("A", "", "{subjectContainsWords: a, messageSizeOver: 1MB}!", "{subjectContainsWords: a}")}, nil},
		"others":            {[]string{stopping("A", "", "{subjectContainsWords: a}!", "{subjectOrBodyContainsWords: a}")}, nil},
		"a test mode":       {[]string{strings.Replace(stopping("A", "", "{subjectContainsWords: a}!", "{subjectContainsWords: a}"), "mode: enable", "mode: testWithNotifications", 1)}, nil},
		"a smaller scope":   {[]string{stopping("A", "scope: {exchangeSenderMemberOf: [g@x.example]}\n", "{subjectContainsWords: a}!"), stopping("B", "", "{subjectContainsWords: a}")}, nil},
		"a unit":            {[]string{stopping("A", "administrativeUnit: U\n", "{subjectContainsWords: a}!"), stopping("B", "", "{subjectContainsWords: a}")}, nil},
		"a date":            {[]string{strings.Replace(stopping("A", "", "{subjectContainsWords: a}!", "{subjectContainsWords: a}"), "rule: r1", "rule: r1\n    expiryDate: 2099-01-01", 1)}, nil},
		"by components":     {[]string{strings.Replace(stopping("A", "", "{"+sensitive("{type: SWIFT code}")+"}!", "{"+sensitive("{type: SWIFT code}")+"}"), "rule: r1", "rule: r1\n    evaluateRulePerComponent: true", 1)}, nil},
		"several senders":   {[]string{stopping("A", "", "{not: {from: a@x.example}}!", "{from: b@x.example}")}, nil},
		"an exception":      {[]string{stopping("A", "", "{subjectContainsWords: a, not: {sentTo: a@x.example}}!", "{subjectContainsWords: a}")}, nil},
	} {
		if diff := cmp.Diff(c.want, lint(t, c.texts...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAPolicyWhoseRulesAreAllDisabledIsAHint(t *testing.T) {
	text := stopping("A", "", "{subjectContainsWords: a}", "{subjectContainsWords: b}")
	off := func(s, rule string) string {
		return strings.Replace(s, "rule: "+rule, "rule: "+rule+"\n    disabled: true", 1)
	}
	if got := lint(t, off(text, "r1")); len(got) > 0 {
		t.Errorf("one rule is disabled: %v", got)
	}
	both := off(off(text, "r1"), "r2")
	want := []string{"a.yaml:4:5: hint: rules[0]: all rules of policy \"A\" are disabled, so it does nothing; write `mode: disable`, or enable a rule"}
	if diff := cmp.Diff(want, lint(t, both)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := lint(t, strings.Replace(both, "mode: enable", "mode: disable", 1)); len(got) > 0 {
		t.Errorf("the policy is disabled: %v", got)
	}
}

// What is said to be behind a rule holds only where that does, whatever the
// message: a rule that is covered never matches where its cover does not.
func FuzzBehind(f *testing.F) {
	f.Add("{subjectContainsWords: [a, b]}", "{subjectContainsWords: a}", "a")
	f.Add("{any: [subjectContainsWords: a, accessScope: inOrganization]}", "{accessScope: inOrganization, not: {subjectContainsWords: b}}", "b")
	f.Add("{not: {all: [messageSizeOver: 5KB, from: anna@example.com]}}", "{not: {messageSizeOver: 1KB}}", "a b")
	w := house(f)
	f.Fuzz(func(t *testing.T, one, two, subject string) {
		if strings.ContainsAny(one+two+subject, "\n\r#") || len(one)+len(two) > 300 || len(subject) > 50 {
			return
		}
		set, _ := rules.Load(files("policy: A\nmode: enable\nrules:\n  - rule: r1\n    conditions: "+one+"\n  - rule: r2\n    conditions: "+two+"\n"), vocabulary())
		if set == nil || len(set.Policies) != 1 || len(set.Policies[0].Rules) != 2 {
			return
		}
		first, second := set.Policies[0].Rules[0], set.Policies[0].Rules[1]
		if set.Behind(func(r *rules.Rule) bool { return r == first })[second] == nil {
			return
		}
		m := mail{subject: subject, to: []string{"bob@example.com", "x@other.example"}, login: "anna"}.message(t)
		got := set.Evaluate(t.Context(), rules.NewScan(w, m)).Rules
		held := make(map[int]bool)
		for _, i := range got[0].Matches {
			held[i] = true
		}
		for _, i := range got[1].Matches {
			if !held[i] {
				t.Errorf("%s holds for recipient %d and %s does not", two, i, one)
			}
		}
	})
}
