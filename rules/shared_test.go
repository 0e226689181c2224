package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/internal/benchmail"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

func numbers(t *testing.T, conditions ...string) []int {
	t.Helper()
	text := "policy: P\nmode: enable\nrules:\n"
	for i, c := range conditions {
		text += fmt.Sprintf("  - rule: R%d\n    %s\n", i, c)
	}
	set, problems := Load([]File{{Name: "p.yaml", Data: []byte(text)}}, Vocabulary{Types: classify.Builtin()})
	if set == nil {
		t.Fatal(problems)
	}
	var list []int
	for _, r := range set.Policies[0].Rules {
		list = append(list, r.leaves[0].number)
	}
	return list
}

func TestConditionsThatSayTheSameAreOne(t *testing.T) {
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"the same", "conditions: {subjectContainsWords: [a, b]}", "conditions: {subjectContainsWords: [a, b]}", true},
		{"another order", "conditions: {subjectContainsWords: [a, b]}", "conditions: {subjectContainsWords: [b, a]}", true},
		{"said twice", "conditions: {subjectContainsWords: [a, b]}", "conditions: {subjectContainsWords: [b, a, b]}", true},
		{"a list of one", "conditions: {subjectContainsWords: [a]}", "conditions: {subjectContainsWords: a}", true},
		{"another style", "conditions: {subjectContainsWords: [a]}", "conditions:\n      subjectContainsWords:\n        - 'a'", true},
		{"other words", "conditions: {subjectContainsWords: [a]}", "conditions: {subjectContainsWords: [b]}", false},
		{"words divided otherwise", "conditions: {subjectContainsWords: [a b]}", "conditions: {subjectContainsWords: [a, b]}", false},
		{"another condition", "conditions: {subjectContainsWords: [a]}", "conditions: {subjectOrBodyContainsWords: [a]}", false},
		{"twice reversed", "conditions: {from: [a@example.com]}", "conditions: {not: {not: {from: [a@example.com]}}}", true},
		{"where all senders must fit", "conditions: {from: [a@example.com]}", "conditions: {not: {from: [a@example.com]}}", false},
		{"other counts", "conditions: {contentContainsSensitiveInformation: [{type: Credit card number, minCount: 1}]}",
			"conditions: {contentContainsSensitiveInformation: [{type: Credit card number, minCount: 2}]}", false},
		{"other fields", "conditions: {headerContainsWords: {X-A: [b]}}", "conditions: {headerContainsWords: {X-B: [a]}}", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n := numbers(t, tt.a, tt.b); (n[0] == n[1]) != tt.same {
				t.Errorf("%v; want one: %v", n, tt.same)
			}
		})
	}
}

// What is looked for in the index of a set is what the condition itself finds.
func TestIndexedTextsAreJudgedLikeOthers(t *testing.T) {
	const conditions = `
  - {rule: Words, conditions: {subjectOrBodyContainsWords: [codename, "trade  secret", カード]}}
  - {rule: Piece, conditions: {subjectOrBodyMatchesPatterns: ['case-\d{4}', 'sk[ae]te']}}
  - {rule: Open, conditions: {subjectOrBodyMatchesPatterns: ['case-\d{4}', '\d{3}/\d{3}']}}
`
	set, problems := Load([]File{{Name: "p.yaml", Data: []byte("policy: P\nmode: enable\nrules:" + conditions)}}, Vocabulary{Types: classify.Builtin()})
	if set == nil {
		t.Fatal(problems)
	}
	judge := func(body string) []RuleResult {
		text := "Content-Type: text/plain; charset=utf-8\r\n\r\n" + body
		m, err := message.Read(message.Envelope{Recipients: make([]message.Recipient, 1)}, strings.NewReader(text), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		return set.Evaluate(t.Context(), NewScan(&World{Types: classify.Builtin()}, m)).Rules
	}
	for _, text := range []string{
		"", "the codename is", "codenames", "a Trade\r\n secret", "カードです", "co\u200bdename", "case-1234", "CASE-1234", "xcase-12345",
		"case-12", "c\u00adase-1234", "\u017f\u212aate", "skate", "123/456", "1\u200b23/456", "codename case-1234 123/456",
	} {
		short, long := judge(text), judge(strings.Repeat(". ", indexedText)+text+strings.Repeat(" .", indexedText))
		for i := range short {
			if a, b := short[i], long[i]; a.Result != b.Result || !cmp.Equal(a.Conditions[0], b.Conditions[0]) {
				t.Errorf("%s of %q: %s, %+v alone; %s, %+v in a long text", a.Rule.Name, text, a.Result, a.Conditions, b.Result, b.Conditions)
			}
		}
	}
}

// A rule comes to the same in a set of its own as beside others that ask for the same.
func TestRulesComeToTheSameAloneAndTogether(t *testing.T) {
	var files []File
	for name, text := range benchmail.Policies() {
		files = append(files, File{Name: name, Data: []byte(text)})
	}
	v := Vocabulary{Types: classify.Builtin(), Actions: noActions{}}
	together, problems := Load(files, v)
	if together == nil {
		t.Fatal(problems)
	}
	body := "From: anna@example.com\r\nSubject: codename0002 plan\r\nX-Project: secret0009\r\n\r\n" + strings.Repeat("a word ", 100) +
		"budget0103 and case-0007-1234, card 4111 1111 1111 1111 exp 04/29, project falcon 0402."
	m, err := message.Read(message.Envelope{Recipients: recipients(t, "b@partner00.example", "c@rival0009.example", "d@customer.example")},
		strings.NewReader(body), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	world := &World{Types: classify.Builtin()}
	all := make(map[string]RuleResult)
	matched := 0
	for _, r := range together.Evaluate(t.Context(), NewScan(world, m)).Rules {
		all[r.Rule.Policy.Name+r.Rule.Name] = r
		if r.Result == Matched {
			matched++
		}
	}
	if matched < 3 {
		t.Errorf("%d rules match, want some", matched)
	}
	for _, f := range files {
		alone, _ := Load([]File{f}, v)
		for _, r := range alone.Evaluate(t.Context(), NewScan(world, m)).Rules {
			o := all[r.Rule.Policy.Name+r.Rule.Name]
			r.Rule, o.Rule = nil, nil
			if diff := cmp.Diff(r, o); diff != "" {
				t.Errorf("%s (-alone +together):\n%s", f.Name, diff)
			}
		}
	}
}

// noActions reads no action.
type noActions struct{}

func (noActions) Parse(*strictyaml.Reader, *strictyaml.Node, string, *Rule) []any { return nil }

func recipients(t *testing.T, list ...string) (out []message.Recipient) {
	t.Helper()
	for _, s := range list {
		p, err := message.ParsePath(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, message.Recipient{Path: p, Raw: "<" + s + ">"})
	}
	return out
}
