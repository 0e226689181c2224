package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// The bounds of Purview's table "DLP platform limitations for conditions". Where
// it and the reference of cmdlets differ the larger number holds.
func TestConditionsHaveTheLimitsOfPurview(t *testing.T) {
	want := map[string]string{
		"contentContainsSensitiveInformation":  "125 types in a rule",
		"senderIPRanges":                       "128 characters, 600 values",
		"from":                                 "256 characters, 600 values",
		"fromMemberOf":                         "256 characters, 600 values",
		"senderDomainIs":                       "67 characters, 600 values",
		"fromAddressContainsWords":             "128 characters, 600 values",
		"fromAddressMatchesPatterns":           "128 characters, 600 values",
		"senderADAttributeContainsWords":       "128 characters, 600 values",
		"senderADAttributeMatchesPatterns":     "128 characters, 600 values",
		"contentExtensionMatchesWords":         "600 values in a rule",
		"sentToMemberOf":                       "256 characters, 600 values",
		"recipientDomainIs":                    "67 characters, 5000 values",
		"sentTo":                               "256 characters, 600 values",
		"anyOfRecipientAddressContainsWords":   "128 characters, 600 values",
		"anyOfRecipientAddressMatchesPatterns": "128 characters, 300 values",
		"recipientADAttributeContainsWords":    "128 characters, 600 values",
		"recipientADAttributeMatchesPatterns":  "128 characters, 300 values",
		"documentNameMatchesWords":             "128 characters, 600 values",
		"documentNameMatchesPatterns":          "128 characters, 300 values",
		"subjectContainsWords":                 "128 characters, 600 values",
		"headerContainsWords":                  "128 characters, 600 values",
		"subjectOrBodyContainsWords":           "128 characters, 600 values",
		"contentCharacterSetContainsWords":     "600 values",
		"headerMatchesPatterns":                "128 characters, 300 values",
		"subjectMatchesPatterns":               "128 characters, 300 values",
		"subjectOrBodyMatchesPatterns":         "128 characters, 300 values",
		"documentContainsWords":                "128 characters, 600 values",
		"documentMatchesPatterns":              "128 characters, 300 values",
		"documentSizeOver":                     "",
		"contentPropertyContainsWords":         "",
		"messageSizeOver":                      "",
	}
	for _, c := range rules.Conditions() {
		if text, ok := want[c.Name]; ok && text != c.Limit.String() {
			t.Errorf("%s: %q, want %q", c.Name, c.Limit.String(), text)
		}
	}
}

func TestLimitsCountOverTheWholeCondition(t *testing.T) {
	for name, c := range map[string]struct{ conditions, exceptions, want string }{
		"words of several header fields": {"{headerContainsWords: {X-A: " + many(300, "a%d") + ", X-B: " + many(301, "b%d") + "}}", "", "601 values are written, at most 600"},
		"extensions of a rule":           {"{contentExtensionMatchesWords: " + many(300, "a%d") + "}", "{contentExtensionMatchesWords: " + many(301, "a%d") + "}", "601 values are written, at most 600"},
		"the same words twice":           {"{any: [subjectContainsWords: " + many(400, "a%d") + ", subjectContainsWords: " + many(400, "a%d") + "]}", "", ""},
		"the name of a header field":     {"{headerContainsWords: {" + strings.Repeat("X", 65) + ": a}}", "", "the name of the header field has 65 characters"},
	} {
		_, problems := rules.Load(files(policy(c.conditions, c.exceptions)), vocabulary())
		if c.want == "" && len(problems) == 0 {
			continue
		}
		if len(problems) != 1 || c.want == "" || !strings.Contains(problems[0].String(), c.want) {
			t.Errorf("%s: %v, want %q", name, problems, c.want)
		}
	}
}

func TestARuleIsAtMost100KB(t *testing.T) {
	rule := func(name string, octets int) string {
		head := "  - rule: " + name + "\n    conditions: {messageSizeOver: 1KB}\n    # "
		return head + strings.Repeat("c", octets-len(head)-1) + "\n"
	}
	v := vocabulary()
	v.NoLimits = true
	text := "policy: Case\nmode: enable\nrules:\n" + rule("One", 100<<10) + rule("Two", 100<<10+1) + rule("Three", 100<<10) + "priority: 7\n"
	_, problems := rules.Load(files(text), v)
	want := []string{
		"a.yaml: hint: beyond the limits of Purview: the policy is larger than 100 KB",
		"a.yaml:7:5: hint: rules[1]: beyond the limits of Purview: the rule is larger than 100 KB",
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without limits a policy beyond them is used, and a hint says of each that
// Purview would not take it.
func TestWithoutLimitsTheyAreHints(t *testing.T) {
	head := "policy: " + strings.Repeat("n", 65) + "\nmode: enable\ncomment: " + strings.Repeat("c", 1025) +
		"\nscope: {exchangeSenderMemberOf: " + many(51, "g%d@example.com") + "}\nrules:\n"
	rule := func(name, conditions string) string {
		return "  - {rule: " + name + ", conditions: {" + conditions + "}}\n"
	}
	text := head + rule("a", "subjectContainsWords: "+many(601, "w%d")) + rule("b", "subjectMatchesPatterns: ["+strings.Repeat("x", 129)+"]") +
		rule("c", "headerContainsWords: {"+strings.Repeat("X", 65)+": a}") + rule("d", "senderDomainIs: "+strings.Repeat("d", 60)+".example") +
		rule("e", sensitive(strings.Repeat("{type: SWIFT code},", 126)))
	v := vocabulary()
	if set, problems := rules.Load(files(text), v); set != nil || len(problems) != 8 {
		t.Errorf("with limits: %v, want eight mistakes", problems)
	}
	v.NoLimits = true
	set, problems := rules.Load(files(text), v)
	if set == nil || len(problems) != 8 {
		t.Fatalf("without limits: %v, want eight hints", problems)
	}
	for _, p := range problems {
		if p.Severity != strictyaml.Hint || !strings.HasPrefix(p.What, "beyond the limits of Purview: ") {
			t.Errorf("%v", p)
		}
	}
	w := house(t)
	if got := set.Evaluate(t.Context(), rules.NewScan(w, mail{subject: "about w600"}.message(t))).Rules[0]; got.Rule.Policy.Name != strings.Repeat("n", 65) {
		t.Errorf("%+v", got)
	}
}
