package actions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
)

// lint gives the hints at the policies of the files that match.
func lint(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no policies in %s (%v)", pattern, err)
	}
	var files []rules.File
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, rules.File{Name: filepath.Base(name), Data: data})
	}
	set, _ := actions.Load(files, rules.Vocabulary{Types: classify.Builtin()})
	if set == nil {
		return nil // actions that are only planned
	}
	var hints []string
	for _, h := range actions.Lint(set) {
		hints = append(hints, h.String())
	}
	return hints
}

// Nothing is said of policies that mean what they say: the examples, and the cases
// beside those that are about rules behind others.
func TestLintDoesNotCryWolf(t *testing.T) {
	if hints := lint(t, "../examples/policies/*.yaml"); len(hints) > 0 {
		t.Errorf("examples: %v", hints)
	}
	// The place in each of these cases that is behind another rule, on purpose.
	meant := map[string][]string{
		"alert-of-a-halted-rule":                    {"policy.yaml:5:5", "policy.yaml:6:5"},
		"delete-before-block":                       {"policy.yaml:5:5"},
		"error-action-ignore-beside-retry":          {"policy.yaml:6:5"},
		"priority-by-number":                        {"policy-a.yaml:5:5"},
		"priority-missing-by-file-name":             {"policy-b.yaml:4:5"},
		"priority-missing-is-last":                  {"policy-a.yaml:4:5"},
		"quarantine-before-block":                   {"policy.yaml:5:5"},
		"ranking-equals-by-priority":                {"policy.yaml:9:5"},
		"recipients-non-bifurcating":                {"policy.yaml:6:60"},
		"stop-ends-evaluation":                      {"policy-1.yaml:8:5", "policy-2.yaml:5:5"},
		"unknown-behind-a-deletion-does-not-matter": {"policy.yaml:5:5"},
	}
	dirs, err := filepath.Glob("../testdata/policies/*")
	if err != nil || len(dirs) < 400 {
		t.Fatalf("%d cases (%v)", len(dirs), err)
	}
	for _, dir := range dirs {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			continue
		}
		name := filepath.Base(dir)
		var got []string
		for _, h := range lint(t, filepath.Join(dir, "policy*.yaml")) {
			place, _, _ := strings.Cut(h, ": ")
			got = append(got, place)
		}
		if diff := cmp.Diff(meant[name], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Rules behind one that halts all they hold for do nothing.
func TestRulesBehindABlockAreHints(t *testing.T) {
	for name, c := range map[string]struct {
		rules string
		want  bool
	}{
		"a block, then edits":        {"a: {senderDomainIs: [x.example, y.example]} blockAccess: all; b: {senderDomainIs: x.example, messageSizeOver: 1MB} prependSubject: x", true},
		"a quarantine, then a block": {"a: {senderDomainIs: x.example} quarantine: true; b: {senderDomainIs: x.example} blockAccess: all", true},
		"edits, then a block":        {"a: {senderDomainIs: x.example} prependSubject: x; b: {senderDomainIs: x.example} blockAccess: all", false},
		"a block of more":            {"a: {senderDomainIs: x.example} blockAccess: all; b: {senderDomainIs: [x.example, y.example]} prependSubject: x", false},
		"a block of people outside":  {"a: {senderDomainIs: x.example} blockAccess: perUser; b: {senderDomainIs: x.example} prependSubject: x", false},
		"a record":                   {"a: {senderDomainIs: x.example} blockAccess: all; b: {senderDomainIs: x.example} notifyPolicyTipCustomText: x", false},
	} {
		text := "policy: P\nmode: enable\nrules:\n"
		for rule := range strings.SplitSeq(c.rules, "; ") {
			key, rest, _ := strings.Cut(rule, ": ")
			i := strings.LastIndex(rest, "} ")
			text += "  - {rule: " + key + ", conditions: " + rest[:i+1] + ", actions: {" + rest[i+2:] + "}}\n"
		}
		set, problems := actions.Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, rules.Vocabulary{Types: classify.Builtin()})
		if set == nil {
			t.Fatal(name, problems)
		}
		hints := actions.Lint(set)
		if (len(hints) == 1) != c.want {
			t.Errorf("%s: %v", name, hints)
		}
		for _, h := range hints {
			if want := `p.yaml:5:5: hint: rules[1]: the rule never acts: rule "a" of policy "P" holds for all that it does, and halts; put it before that rule, or give it conditions of its own`; h.String() != want {
				t.Errorf("%s: %s", name, h)
			}
		}
	}
}

// A block of people outside alone, in a rule for people inside, blocks nobody.
func TestABlockOfNobodyIsAHint(t *testing.T) {
	for rule, want := range map[string]bool{
		"conditions: {accessScope: inOrganization}, actions: {blockAccess: perUser}":                                           true,
		"conditions: {accessScope: inOrganization}, actions: {blockAccess: true, blockAccessScope: perUser}":                   true,
		"conditions: {sentToScope: InOrganization, subjectContainsWords: x}, actions: {blockAccess: perUser}":                  true,
		"conditions: {subjectContainsWords: x, not: {accessScope: notInOrganization}}, actions: {blockAccess: perUser}":        true,
		"conditions: {subjectContainsWords: x}, exceptions: {accessScope: notInOrganization}, actions: {blockAccess: perUser}": true,
		"conditions: {accessScope: inOrganization}, actions: {blockAccess: all}":                                               false,
		"conditions: {accessScope: notInOrganization}, actions: {blockAccess: perUser}":                                        false,
		"conditions: {subjectContainsWords: x}, actions: {blockAccess: perUser}":                                               false,
		"conditions: {nonBifurcatingAccessScope: hasInternal}, actions: {blockAccess: perUser}":                                false,
		"conditions: {any: [accessScope: inOrganization, subjectContainsWords: x]}, actions: {blockAccess: perUser}":           false,
		"disabled: true, conditions: {accessScope: inOrganization}, actions: {blockAccess: perUser}":                           false,
	} {
		text := "policy: P\nmode: enable\nrules:\n  - {rule: a, " + rule + "}\n  - {rule: b, conditions: {messageSizeOver: 1B}}\n"
		set, problems := actions.Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, rules.Vocabulary{Types: classify.Builtin()})
		if set == nil {
			t.Fatal(rule, problems)
		}
		if hints := actions.Lint(set); (len(hints) == 1) != want || want && !strings.Contains(hints[0].String(), "the rule blocks nobody") {
			t.Errorf("%s: %v", rule, hints)
		}
	}
}
