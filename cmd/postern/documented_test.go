package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/rules"
)

// example is an example in the documentation.
type example struct{ place, text string }

// documentedExamples gives the examples in YAML of a page.
func documentedExamples(t *testing.T, page string) (list []example) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] != "```yaml\n" {
			continue
		}
		e := example{place: fmt.Sprintf("%s:%d", filepath.Base(page), i+2)}
		for i++; lines[i] != "```\n"; i++ {
			e.text += lines[i]
		}
		list = append(list, e)
	}
	return list
}

// policy makes a policy file of an example: of one, of a rule's conditions, or of a
// condition. It is false for examples of other files.
func (e example) policy() (rules.File, bool) {
	f := rules.File{Name: strings.ReplaceAll(e.place, ":", "-") + ".yaml"}
	first, _, _ := strings.Cut(e.text, "\n")
	key, _, _ := strings.Cut(strings.TrimSpace(first), ":")
	head := fmt.Sprintf("policy: Example of %s\nmode: enable\nrules:\n  - rule: Example\n", strings.ReplaceAll(e.place, ":", " "))
	switch {
	case key == "policy":
		f.Data = []byte(e.text)
	case key == "conditions" && strings.HasPrefix(first, " "):
		f.Data = []byte(head + e.text)
	case strings.Contains(e.text, "\nto: "): // a session
		return f, false
	case slices.ContainsFunc(rules.Conditions(), func(c rules.Condition) bool { return c.Name == key }):
		f.Data = []byte(head + "    conditions:\n      " + strings.ReplaceAll(strings.TrimSuffix(e.text, "\n"), "\n", "\n      ") + "\n")
	default:
		return f, false
	}
	return f, true
}

// TestDocumentedPolicies loads every example of the pages on policies, and runs it
// over the messages of all cases: each of its rules holds for some message and not
// for another.
func TestDocumentedPolicies(t *testing.T) {
	house, all := casesWorld(t)
	var files []rules.File
	for _, page := range []string{"../../docs/policies.md", "../../docs/incidents.md", conditionsPage} {
		for _, e := range documentedExamples(t, page) {
			if f, ok := e.policy(); ok {
				// Priorities of several pages would be the same.
				f.Data = []byte(strings.ReplaceAll(string(f.Data), "priority: 0\n", ""))
				files = append(files, f)
			}
		}
	}
	if len(files) < 6 {
		t.Fatalf("only %d examples are found", len(files))
	}
	matched, missed := make(map[string]bool), make(map[string]bool)
	for _, c := range all {
		one := *c
		one.Policies = files
		res, problems, err := one.Run(context.Background(), house)
		if res == nil {
			t.Fatal(problems, err)
		}
		for _, r := range res.Decision.Evaluation.Rules {
			name := r.Rule.Policy.File + " " + r.Rule.Name
			matched[name] = matched[name] || r.Result == rules.Matched
			missed[name] = missed[name] || r.Result == rules.NotMatched
		}
		res.Close()
		open := func(m map[string]bool) bool { return slices.Contains(slices.Collect(maps.Values(m)), false) }
		if !open(matched) && !open(missed) {
			break // each has held, and not held
		}
	}
	for name := range missed {
		if !matched[name] {
			t.Errorf("%s matches no message of the cases", name)
		}
	}
	for name := range matched {
		if !missed[name] {
			t.Errorf("%s matches every message of the cases", name)
		}
	}
}

// TestDocumentedPolicyTest runs the policy test of the documentation against the
// first policy of the page.
func TestDocumentedPolicyTest(t *testing.T) {
	dir := t.TempDir()
	found := 0
	for _, e := range documentedExamples(t, "../../docs/policies.md") {
		name := map[string]string{"policy": "policy.yaml", "from": "envelope.yaml", "verdict": "want.yaml"}[strings.SplitN(e.text, ":", 2)[0]]
		if _, err := os.Stat(filepath.Join(dir, name)); name == "" || err == nil {
			continue
		}
		found++
		// Scopes need people, who are not documented here.
		text := strings.ReplaceAll(e.text, "scope: {exchangeSenderMemberOf: [sales@example.com]}\n", "")
		write(t, filepath.Join(dir, name), text)
	}
	if found != 3 {
		t.Fatalf("%d files of a policy test are documented, want 3", found)
	}
	mail := "From: anna@example.com\nTo: b@customer.example\nSubject: Cards\n\nVisa cards:\n"
	for _, last := range []string{"4111111111111111", "5555555555554444", "4012888888881881", "378282246310005", "6011111111111117",
		"30569309025904", "3530111333300000", "5105105105105100", "371449635398431", "6011000990139424", "378734493671000"} {
		mail += "visa card number " + last + "\n"
	}
	write(t, filepath.Join(dir, "message.eml"), mail)
	list, problems, err := cases.Find(dir)
	if err != nil || len(problems) > 0 || len(list) != 1 {
		t.Fatal(list, problems, err)
	}
	house, _ := casesWorld(t)
	res, problems, err := list[0].Run(t.Context(), house)
	if res == nil {
		t.Fatal(problems, err)
	}
	defer res.Close()
	for _, d := range res.Differences {
		t.Error(d)
	}
}
