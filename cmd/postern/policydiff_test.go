package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
)

// changesOf says what changes from one rule to another, both in one policy.
func changesOf(before, after string) []string {
	texts := func(rule string) []policyText {
		return policyTexts([]rules.File{{Name: "a.yaml", Data: []byte("policy: P\nmode: enable\nrules:\n  - {rule: R, " + rule + "}\n")}})
	}
	var list []string
	for _, c := range policyChanges(texts(before), texts(after)) {
		list = append(list, strings.TrimPrefix(c.String(), "rule P / R: "))
	}
	return list
}

func TestPoliciesOfTheSameMeaning(t *testing.T) {
	tests := map[string][2]string{
		"a single value":            {"conditions: {sentTo: a@example.com}", "conditions: {sentTo: [a@example.com]}"},
		"values in another order":   {"conditions: {subjectContainsWords: [a, b]}", "conditions: {subjectContainsWords: [b, a]}"},
		"words in capitals":         {"conditions: {subjectContainsWords: [Plan]}", "conditions: {subjectContainsWords: [plan]}"},
		"sizes":                     {"conditions: {documentSizeOver: 1KB}", "conditions: {documentSizeOver: 1024}"},
		"all around one":            {"conditions: {all: [{from: a@b.c}]}", "conditions: {from: a@b.c}"},
		"any around one":            {"conditions: {any: [{from: a@b.c}]}", "conditions: {from: a@b.c}"},
		"all in all":                {"conditions: {all: [{all: [{from: a@b.c}]}, {sentTo: d@b.c}]}", "conditions: {sentTo: d@b.c, from: a@b.c}"},
		"not twice":                 {"conditions: {not: {not: {from: a@b.c}}}", "conditions: {from: a@b.c}"},
		"not any":                   {"conditions: {not: {any: [{from: a@b.c}, {sentTo: d@b.c}]}}", "conditions: {all: [{not: {from: a@b.c}}, {not: {sentTo: d@b.c}}]}"},
		"not all":                   {"conditions: {not: {from: a@b.c, sentTo: d@b.c}}", "conditions: {any: [{not: {from: a@b.c}}, {not: {sentTo: d@b.c}}]}"},
		"an exception as not":       {"conditions: {from: a@b.c}, exceptions: {sentTo: d@b.c}", "conditions: {from: a@b.c, not: {sentTo: d@b.c}}"},
		"exceptions as a list":      {"conditions: {from: a@b.c}, exceptions: {sentTo: d@b.c, subjectContainsWords: x}", "conditions: {from: a@b.c}, exceptions: [{subjectContainsWords: x}, {sentTo: d@b.c}]"},
		"keys that say what holds":  {"conditions: {from: a@b.c}", "disabled: false, evaluateRulePerComponent: false, comment: x, conditions: {from: a@b.c}"},
		"blockAccess as in Purview": {"conditions: {from: a@b.c}, actions: {blockAccess: perUser}", "conditions: {from: a@b.c}, actions: {blockAccess: true, blockAccessScope: PerUser}"},
		"header fields":             {"conditions: {headerContainsWords: {X-A: b, X-C: [d]}}", "conditions: {headerContainsWords: {x-c: d, x-a: [b]}}"},
		"types": {"conditions: {contentContainsSensitiveInformation: {operator: And, groups: [{name: A, operator: Or, sensitiveTypes: [{name: ABA routing number}]}]}}",
			"conditions: {contentContainsSensitiveInformation: {operator: and, groups: [{name: A, operator: Or, sensitiveTypes: [{type: aba routing number, minCount: 1}]}]}}"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if list := changesOf(test[0], test[1]); len(list) > 0 {
				t.Errorf("%q", list)
			}
		})
	}
}

func TestPoliciesOfAnotherMeaning(t *testing.T) {
	tests := map[string]struct {
		before, after string
		want          []string
	}{
		"case in a pattern": {`conditions: {subjectMatchesPatterns: '\w'}`, `conditions: {subjectMatchesPatterns: '\W'}`, []string{`condition subjectMatchesPatterns changed: '\W', was '\w'`}},
		"all in place of any": {"conditions: {any: [{from: a@b.c}, {sentTo: d@b.c}]}", "conditions: {all: [{from: a@b.c}, {sentTo: d@b.c}]}",
			[]string{"condition removed: any: [{from: a@b.c}, {sentTo: d@b.c}]", "condition from added: a@b.c", "condition sentTo added: d@b.c"}},
		"in an any": {"conditions: {any: [{from: a@b.c}, {sentTo: d@b.c}]}", "conditions: {any: [{from: a@b.c}, {sentTo: e@b.c}]}",
			[]string{"condition changed: any: [{from: a@b.c}, {sentTo: e@b.c}], was any: [{from: a@b.c}, {sentTo: d@b.c}]"}},
		"an exception turned": {"conditions: {from: a@b.c}, exceptions: {sentTo: d@b.c}", "conditions: {from: a@b.c, sentTo: d@b.c}",
			[]string{"exception sentTo removed: d@b.c", "condition sentTo added: d@b.c"}},
		"a count": {"conditions: {contentContainsSensitiveInformation: [{type: A, minCount: 2}]}", "conditions: {contentContainsSensitiveInformation: [{type: A, minCount: 3}]}",
			[]string{"condition contentContainsSensitiveInformation changed: [{type: A, minCount: 3}], was [{type: A, minCount: 2}]"}},
		"per component": {"conditions: {from: a@b.c}", "evaluateRulePerComponent: true, conditions: {from: a@b.c}", []string{"evaluateRulePerComponent added: true"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, changesOf(test.before, test.after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMovesAreTheFewest(t *testing.T) {
	tests := []struct{ before, after, want string }{
		{"a b c", "a b c", ""},
		{"a b c", "a c", ""},
		{"a b c", "c a b", "c"},
		{"a b c d e", "b c d e a", "a"},
		{"a b c d", "d c b a", "d c b"},
		{"a b x", "y b a", "b"},
	}
	for _, test := range tests {
		var names []string
		for _, m := range moves(strings.Fields(test.before), strings.Fields(test.after)) {
			names = append(names, m.name)
		}
		if len(names) != len(strings.Fields(test.want)) {
			t.Errorf("from %s to %s: %q are moved, want %q", test.before, test.after, names, test.want)
		}
	}
}

// FuzzPolicyTexts: whatever is in a file, taking it apart ends, and a file does
// not differ from itself.
func FuzzPolicyTexts(f *testing.F) {
	for _, s := range []string{
		"policy: P\nmode: enable\nrules:\n  - {rule: R, conditions: {from: a@b.c}, exceptions: [{sentTo: d@b.c}], actions: {blockAccess: true, blockAccessScope: All}}\n",
		"rules: [{conditions: {not: {any: [{all: {a: b}}, {not: [{c: d}]}]}}}]\n",
		"policy: [a]\nrules: {rule: R}\nmode: {}\n",
		"rules: [{conditions: [], actions: [x]}, 1, {conditions: {contentContainsSensitiveInformation: {groups: [{labels: 1}]}}}]",
		"rules: [{conditions: {not: {}}, actions: {blockAccessScope: ''}}]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		texts := func() []policyText { return policyTexts([]rules.File{{Name: "a.yaml", Data: slices.Clone(data)}}) }
		for _, c := range policyChanges(texts(), texts()) {
			if c.Change == "changed" {
				t.Errorf("%s", c)
			}
		}
	})
}

// The commands on policies say what they cannot do.
func TestCommandsOnPoliciesThatCannotRun(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "postern.yaml")
	write(t, config, servedConfig)
	write(t, filepath.Join(dir, "policies", "a.yaml"), "policy: P\nmode: enable\nrules: [{rule: R, conditions: {messageSizeOver: 1B}}]\n")
	write(t, filepath.Join(dir, "empty", "note.txt"), "Nothing.\n")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"policy", "show", "gone"}, `there is no policy "gone"`},
		{[]string{"policy", "diff", filepath.Join(dir, "gone")}, "gone does not exist"},
		{[]string{"policy", "diff", filepath.Join(dir, "empty")}, "there are no policies in "},
		{[]string{"policy", "diff"}, "no postern is running with the store "},
		{[]string{"test", filepath.Join(dir, "gone")}, "gone does not exist"},
		{[]string{"test"}, "there are no policy tests in "},
	} {
		var out, errs bytes.Buffer
		status := run(append(test.args, "--config", config), nil, &out, &errs)
		if status != statusCannot || !strings.Contains(errs.String(), test.want) || out.Len() > 0 {
			t.Errorf("%q: exit status %d, %q, %q; want %q", test.args, status, &out, &errs, test.want)
		}
	}
}
