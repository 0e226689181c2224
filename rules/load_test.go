package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func TestAPolicyIsReadWhole(t *testing.T) {
	set := load(t, `
policy: Card numbers leaving
comment: Asked for by the bank.
mode: testWithNotifications
priority: 5
scope: {exchangeSenderMemberOf: [sales@example.com], exchangeSenderMemberOfException: []}
rules:
  - rule: Ten or more
    comment: Also to partners.
    disabled: true
    conditions: {accessScope: notInOrganization, messageSizeOver: 1KB}
    exceptions: {recipientDomainIs: partner.example}
    actions: {setHeader: {X-A: b}, stopPolicyProcessing: true, prependSubject: x}
  - rule: Records its matches
    conditions: {messageSizeOver: 1KB}
`)
	p := set.Policies[0]
	if p.Name != "Card numbers leaving" || p.Comment != "Asked for by the bank." || p.Mode != rules.TestWithNotifications || p.File != "a.yaml" || p.Priority != 0 {
		t.Errorf("policy %+v", p)
	}
	r := p.Rules[0]
	if r.Policy != p || r.Name != "Ten or more" || r.Comment != "Also to partners." || !r.Disabled || !r.Stop || !r.PerRecipient {
		t.Errorf("rule %+v", r)
	}
	if diff := cmp.Diff([]any{"setHeader", "prependSubject"}, r.Actions); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	if r := p.Rules[1]; r.Actions != nil || r.PerRecipient || r.Stop {
		t.Errorf("rule without actions: %+v", r)
	}
}

func TestVersionIsThatOfTheFiles(t *testing.T) {
	one, two := rules.File{Name: "a.yaml", Data: []byte(policy(always, ""))}, rules.File{Name: "b.yaml", Data: []byte(strings.Replace(policy(always, ""), "Case", "Other", 1))}
	version := func(files ...rules.File) string {
		set, problems := rules.Load(files, vocabulary())
		if set == nil {
			t.Fatal(problems)
		}
		if len(set.Version) != 12 || strings.Trim(set.Version, "0123456789abcdef") != "" {
			t.Errorf("version %q is not twelve hexadecimal digits", set.Version)
		}
		return set.Version
	}
	if version(one, two) != version(two, one) {
		t.Error("the order of the files changes the version")
	}
	changed := rules.File{Name: "a.yaml", Data: append(slices.Clone(one.Data), '\n')}
	renamed := rules.File{Name: "c.yaml", Data: one.Data}
	all := []string{version(), version(one), version(two), version(one, two), version(changed, two), version(renamed, two)}
	slices.Sort(all)
	if len(slices.Compact(all)) != 6 {
		t.Error("different files have one version")
	}
}

// many writes n values.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+", ", i)
	}
	return "[" + b.String() + "]"
}

func TestLimitsOfPurviewAreErrors(t *testing.T) {
	rulesOf := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "  - {rule: r%d, conditions: {messageSizeOver: 1}}\n", i)
		}
		return b.String()
	}
	head := "policy: Case\nmode: enable\n"
	pattern := strings.Repeat("x", 128)
	var patternRules, typeList strings.Builder
	for i := range 162 {
		fmt.Fprintf(&patternRules, "  - {rule: r%d, conditions: {subjectMatchesPatterns: %s}}\n", i, pattern)
	}
	for range 126 {
		typeList.WriteString("{type: SWIFT code},")
	}
	for _, c := range []struct {
		name  string
		files []string
		want  string // in the only problem; empty when there is none
	}{
		{"a name of 64 characters", []string{strings.Replace(policy(always, ""), "Case", strings.Repeat("é", 64), 1)}, ""},
		{"a rule name of 65 characters", []string{strings.Replace(policy(always, ""), "Only", strings.Repeat("é", 65), 1)}, "a.yaml:4:11: rules[0].rule: the text has 65 characters; write at most 64"},
		{"a comment of 1024 characters", []string{policy(always, "") + "comment: " + strings.Repeat("c", 1024)}, ""},
		{"a comment of 1025 characters", []string{policy(always, "") + "comment: " + strings.Repeat("c", 1025)}, "the text has 1025 characters"},
		{"a policy of 100 KB", []string{policy(always, "") + "#" + strings.Repeat("c", 102400-len(policy(always, ""))-1)}, ""},
		{"a policy of more than 100 KB", []string{policy(always, "") + "#" + strings.Repeat("c", 102400-len(policy(always, "")))}, "a.yaml: the policy is larger than 100 KB; divide it"},
		{"50 groups of a scope", []string{policy(always, "") + "scope: {exchangeSenderMemberOf: " + many(50, "g%d@example.com") + "}"}, ""},
		{"51 groups of a scope", []string{policy(always, "") + "scope: {exchangeSenderMemberOf: " + many(50, "g%d@example.com") + ", exchangeSenderMemberOfException: [a@example.com]}"}, "51 groups are named, at most 50"},
		{"600 rules", []string{head + "rules:\n" + rulesOf(300), strings.Replace(head, "Case", "Other", 1) + "rules:\n" + rulesOf(300)}, ""},
		{"601 rules", []string{head + "rules:\n" + rulesOf(300), strings.Replace(head, "Case", "Other", 1) + "rules:\n" + rulesOf(301)}, "b.yaml:304:5: rules[300]: this is rule number 601"},
		{"patterns of 20 KB", []string{head + "rules:\n" + strings.Join(strings.SplitAfter(patternRules.String(), "\n")[:160], "")}, ""},
		{"patterns of more than 20 KB", []string{head + "rules:\n" + patternRules.String()}, "a.yaml:164:"},
		{"600 addresses", []string{policy("{from: "+many(600, "a%d@example.com")+"}", "")}, ""},
		{"601 addresses", []string{policy("{from: "+many(601, "a%d@example.com")+"}", "")}, "601 values are written, at most 600"},
		{"601 words", []string{policy("{subjectContainsWords: "+many(601, "w%d")+"}", "")}, "601 values are written, at most 600"},
		{"300 patterns", []string{policy("{subjectMatchesPatterns: "+many(300, "w%d")+"}", "")}, ""},
		{"301 patterns", []string{policy("{subjectMatchesPatterns: "+many(301, "w%d")+"}", "")}, "301 values are written, at most 300"},
		{"5000 domains of recipients", []string{policy("{recipientDomainIs: "+many(5000, "d%d.example")+"}", "")}, ""},
		{"5001 domains of recipients", []string{policy("{recipientDomainIs: "+many(5001, "d%d.example")+"}", "")}, "5001 values are written, at most 5000"},
		{"601 domains of senders", []string{policy("{senderDomainIs: "+many(601, "d%d.example")+"}", "")}, "601 values are written, at most 600"},
		{"a pattern of 129 characters", []string{policy("{subjectMatchesPatterns: "+pattern+"x}", "")}, "the value has 129 characters; write at most 128"},
		{"an address of 257 characters", []string{policy("{sentTo: "+strings.Repeat("a", 245)+"@example.com}", "")}, "the value has 257 characters; write at most 256"},
		{"20 levels", []string{policy(strings.Repeat("{not: ", 20)+always+strings.Repeat("}", 20), "")}, ""},
		{"126 types", []string{policy("{"+sensitive(typeList.String())+"}", "")}, "126 types of sensitive information are named, at most 125"},
		{"two policies of one name", []string{policy(always, ""), strings.Replace(policy(always, ""), "Case", "CASE", 1)}, `b.yaml:1:9: policy: the name "CASE" is also that of a.yaml`},
		{"two policies of one priority", []string{policy(always, "") + "priority: 3", strings.Replace(policy(always, ""), "Case", "Other", 1) + "priority: 3"}, "b.yaml:6:11: priority: the priority 3 is also that of a.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, problems := rules.Load(files(c.files...), vocabulary())
			switch {
			case c.want == "" && (set == nil || len(problems) > 0):
				t.Errorf("problems %v, want none", problems)
			case c.want != "" && (set != nil || len(problems) != 1):
				t.Errorf("%d problems, want one: %v", len(problems), problems)
			case c.want != "" && !strings.Contains(problems[0].String(), c.want):
				t.Errorf("the problem is %q, want %q", problems[0], c.want)
			}
		})
	}
}

func TestAnUnknownGroupIsAHint(t *testing.T) {
	w := house(t, "silent@example.com")
	v := vocabulary()
	v.Directory = w.Directory
	text := policy("{fromMemberOf: [sales@example.com, gone@example.com], sentToMemberOf: silent@example.com}", "") +
		"scope: {exchangeSenderMemberOfException: [lost@example.com]}"
	set, problems := rules.Load(files(text), v)
	if set == nil {
		t.Fatalf("a hint keeps the policy from being used: %v", problems)
	}
	var got []string
	for _, p := range problems {
		if p.Severity != strictyaml.Hint {
			t.Errorf("%v is no hint", p)
		}
		got = append(got, p.String())
	}
	want := []string{
		"a.yaml:5:52: hint: rules[0].conditions.fromMemberOf[1]: the directory has no group gone@example.com: nobody is in it",
		"a.yaml:6:43: hint: scope.exchangeSenderMemberOfException[0]: the directory has no group lost@example.com: nobody is in it",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProblemsOfAllFilesAreReported(t *testing.T) {
	set, problems := rules.Load(files("policy: One\n", "policy: Two\nmode: on\nrules: []\n"), vocabulary())
	if set != nil || len(problems) != 4 {
		t.Errorf("problems %v, want four", problems)
	}
}

func TestWithoutPoliciesTheSetIsEmpty(t *testing.T) {
	set, problems := rules.Load(nil, vocabulary())
	if set == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := set.Evaluate(t.Context(), rules.NewScan(house(t), mail{}.message(t))); len(got.Rules) > 0 {
		t.Errorf("%v", got)
	}
}

func TestTheCatalogueIsSortedAndDocumented(t *testing.T) {
	rows := rules.Conditions()
	if !slices.IsSortedFunc(rows, func(a, b rules.Condition) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the conditions are not in the order of their names")
	}
	for _, r := range rows {
		if r.Doc == "" || r.Value == "" || r.Kind == "" {
			t.Errorf("%s is not documented: %+v", r.Name, r)
		}
	}
}

func TestPatternsOfLinearTimeAreTaken(t *testing.T) {
	for _, p := range []string{`\.domain\.com$`, `a{2,5}?`, `[[:alpha:]+]+`, `[]a]+`, `[^]a]+`, `a}+`, `\(?=x`, `[(?=]`, `\\1`, `(?P<n>a)`, `(?i:x)|y`, `\p{Greek}`, `\d{3}-\d{2}`} {
		set, problems := rules.Load(files(policy("{subjectMatchesPatterns: ['"+p+"']}", "")), vocabulary())
		if set == nil || len(problems) > 0 {
			t.Errorf("%s: %v", p, problems)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, c := range conditionCases {
		f.Add([]byte(policy("{"+c.condition+"}", "{any: [{"+c.condition+"}]}")))
	}
	names, _ := filepath.Glob(filepath.Join(badPolicies, "*.yaml"))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	w := house(f)
	m := mail{subject: card1, body: "a secret", parts: []string{file("a.txt", "text")}, to: []string{"mixed@example.com", "x@other.example"}}.message(f)
	v := vocabulary()
	v.Directory = w.Directory
	f.Fuzz(func(t *testing.T, data []byte) {
		set, problems := rules.Load([]rules.File{{Name: "a.yaml", Data: data}}, v)
		if (set == nil) != strictyaml.Errors(problems) {
			t.Fatalf("set %v with problems %v", set, problems)
		}
		for _, p := range problems {
			if p.What == "" || p.File != "a.yaml" || p.Line < 0 || strings.ContainsAny(p.String(), "\n\r") {
				t.Errorf("problem %+v", p)
			}
		}
		if set == nil {
			return
		}
		for _, p := range set.Lint() {
			if p.What == "" || p.File != "a.yaml" || p.Line < 1 || p.Severity != strictyaml.Hint || strings.ContainsAny(p.String(), "\n\r") {
				t.Errorf("hint %+v", p)
			}
		}
		for _, r := range set.Evaluate(t.Context(), rules.NewScan(w, m)).Rules {
			if r.Result == rules.Matched && len(r.Matches) == 0 {
				t.Errorf("%s matched nobody", r.Rule.Name)
			}
		}
	})
}

func TestTheFormsOfAPolicyAreRead(t *testing.T) {
	load(t, `
policy: Card numbers leaving the organisation
mode: enable
priority: 0
scope: {exchangeSenderMemberOf: [sales@example.com], exchangeSenderMemberOfException: []}
rules:
  - rule: Ten or more cards to people outside
    conditions:
      accessScope: notInOrganization
      contentContainsSensitiveInformation:
        - {type: Credit card number, minCount: 10, confidenceLevel: high}
    exceptions:
      recipientDomainIs: [partner.example]
    actions:
      blockAccess: all
  - rule: Salaries need a yes
    conditions:
      all:
        - any:
            - {subjectOrBodyContainsWords: [salary, payroll]}
            - {documentNameMatchesWords: [payroll]}
        - not: {fromMemberOf: [hr@example.com]}
  - rule: As Purview writes it
    conditions:
      headerContainsWords: ["X-Class: secret"]
      documentSizeOver: 10485760
      contentContainsSensitiveInformation:
        - operator: And
          groups:
            - name: Default
              operator: Or
              sensitivetypes:
                - {name: Credit Card Number, id: 50842eb7-edc8-4019-85dd-5a5c1f2bb085, mincount: "3", maxcount: "-1", confidencelevel: High, classifiertype: Content}
                - {Name: SWIFT Code, Minconfidence: 75, Maxconfidence: 100, ConfidenceLevel: Medium}
`)
}
