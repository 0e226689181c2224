package rules_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/rules"
)

// yes, no and unknown are conditions with these answers for mail of
// anna@example.com when the directory does not answer about silent@example.com.
const (
	yes     = "{from: [anna@example.com]}"
	no      = "{from: [carol@example.com]}"
	unknown = "{fromMemberOf: [silent@example.com]}"
)

func TestTreesFollowThreeValuedLogic(t *testing.T) {
	for _, c := range []struct {
		conditions, exceptions string
		want                   rules.Truth
	}{
		{"{all: [" + yes + ", " + yes + "]}", "", rules.True},
		{"{all: [" + yes + ", " + no + "]}", "", rules.False},
		{"{all: [" + yes + ", " + unknown + "]}", "", rules.Unknown},
		{"{all: [" + unknown + ", " + no + "]}", "", rules.False},
		{"{any: [" + no + ", " + yes + "]}", "", rules.True},
		{"{any: [" + no + ", " + no + "]}", "", rules.False},
		{"{any: [" + unknown + ", " + yes + "]}", "", rules.True},
		{"{any: [" + unknown + ", " + no + "]}", "", rules.Unknown},
		{"{not: " + yes + "}", "", rules.False},
		{"{not: " + no + "}", "", rules.True},
		{"{not: " + unknown + "}", "", rules.Unknown},
		{"{not: [" + yes + ", " + no + "]}", "", rules.True},
		{"{not: [" + yes + ", " + yes + "]}", "", rules.False},
		{"{not: {from: [anna@example.com], senderDomainIs: [other.example]}}", "", rules.True},
		{"{not: {any: [" + yes + ", " + no + "]}}", "", rules.False},
		{"{any: {from: [carol@example.com], senderDomainIs: [example.com]}}", "", rules.True},
		{"{all: {from: [carol@example.com], senderDomainIs: [example.com]}}", "", rules.False},
		{"{from: [anna@example.com], senderDomainIs: [other.example]}", "", rules.False},
		{"{from: [anna@example.com], any: [" + no + ", {all: [" + yes + ", {not: " + no + "}]}]}", "", rules.True},
		{yes, yes, rules.False},
		{yes, no, rules.True},
		{yes, unknown, rules.Unknown},
		{no, unknown, rules.False},
		{unknown, yes, rules.False},
		{unknown, no, rules.Unknown},
		{yes, "{from: [carol@example.com], senderDomainIs: [example.com]}", rules.False},
		{yes, "[" + no + ", " + yes + "]", rules.False},
		{yes, "[" + no + ", " + no + "]", rules.True},
		{yes, "{all: [" + yes + ", " + no + "]}", rules.True},
		{yes, "{all: [" + yes + ", " + yes + "]}", rules.False},
		{yes, "[{all: {from: [anna@example.com], senderDomainIs: [other.example]}}]", rules.True},
		{yes, "{not: " + no + "}", rules.False},
	} {
		t.Run(c.conditions+" except "+c.exceptions, func(t *testing.T) {
			w := house(t, "silent@example.com")
			checkTruth(t, judge(t, load(t, policy(c.conditions, c.exceptions)), w, mail{}), c.want)
		})
	}
}

func TestPathsSayWhereAConditionStands(t *testing.T) {
	got := judge(t, load(t, policy(`
      messageSizeOver: 1
      all:
        - any: [`+no+`, {senderDomainIs: [example.com]}]
        - not: `+no, "[{all: [{sentTo: [x@example.com]}]}, "+no+"]")), house(t), mail{})
	var paths []string
	for _, c := range got.Conditions {
		paths = append(paths, c.Path+" "+c.Condition+" "+c.Result)
	}
	want := []string{
		"conditions messageSizeOver true",
		"conditions.all[0].any[0] from false",
		"conditions.all[0].any[1] senderDomainIs true",
		"conditions.all[1].not from false",
		"exceptions[0].all[0] sentTo false",
		"exceptions[1] from false",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

func TestRecipientsAreJudgedOneByOne(t *testing.T) {
	to := []string{"bob@example.com", "x@other.example", "silent@example.com", "y@other.example"}
	for _, c := range []struct {
		conditions, exceptions string
		matches, unknowns      []int
		perRecipient           bool
	}{
		{"{accessScope: notInOrganization}", "", []int{1, 3}, []int{2}, true},
		{"{accessScope: inOrganization}", "", []int{0}, []int{2}, true},
		{"{not: {accessScope: inOrganization}}", "", []int{1, 3}, []int{2}, true},
		{"{accessScope: notInOrganization}", "{sentTo: [x@other.example]}", []int{3}, []int{2}, true},
		{"{any: [{sentTo: [x@other.example]}, {recipientDomainIs: [example.com]}]}", "", []int{0, 1}, []int{2}, true},
		{"{all: [{accessScope: notInOrganization}, {recipientDomainIs: [other.example]}], not: {sentTo: [y@other.example]}}", "", []int{1}, []int{2}, true},
		{"{all: [{any: [{sentTo: [y@other.example]}, {accessScope: inOrganization}]}, {not: {recipientDomainIs: [example.com]}}]}", "", []int{3}, []int{2}, true},
		{always, "{recipientDomainIs: [other.example]}", []int{0}, []int{2}, true},
		{always, "", []int{0, 1, 2, 3}, nil, false},
		{"{nonBifurcatingAccessScope: hasExternal}", "", []int{0, 1, 2, 3}, nil, false},
		{always, "{anyOfRecipientAddressContainsWords: [x]}", nil, nil, false},
		{"{from: [carol@example.com]}", "{sentTo: [x@other.example]}", nil, nil, true},
	} {
		t.Run(c.conditions+" except "+c.exceptions, func(t *testing.T) {
			set := load(t, policy(c.conditions, c.exceptions))
			got := judge(t, set, house(t, "silent@example.com"), mail{to: to})
			if !slices.Equal(got.Matches, c.matches) || !slices.Equal(got.Unknowns, c.unknowns) {
				t.Errorf("matches %v and unknowns %v, want %v and %v", got.Matches, got.Unknowns, c.matches, c.unknowns)
			}
			if rule := set.Policies[0].Rules[0]; rule.PerRecipient != c.perRecipient {
				t.Errorf("PerRecipient is %v", rule.PerRecipient)
			}
		})
	}
}

func TestAMessageWithoutRecipientsIsNotEvaluated(t *testing.T) {
	got := judge(t, load(t, policy(always, "")), house(t), mail{to: []string{}})
	if got.Result != rules.NotEvaluated || got.Reason == "" {
		t.Errorf("the rule is %s (%q)", got.Result, got.Reason)
	}
}

// results gives "rule: result matches stopped" of each rule.
func results(t testing.TB, set *rules.Set, w *rules.World, m mail) []string {
	t.Helper()
	var list []string
	for _, r := range set.Evaluate(t.Context(), rules.NewScan(w, m.message(t))).Rules {
		s := r.Rule.Name + ": " + string(r.Result)
		for _, i := range r.Matches {
			s += " " + m.to[i]
		}
		if len(r.Stopped) > 0 {
			s += " stopped"
		}
		for _, i := range r.Stopped {
			s += " " + m.to[i]
		}
		list = append(list, s)
	}
	return list
}

func TestRulesAreJudgedByPriority(t *testing.T) {
	set := load(t,
		"policy: Last by name\nmode: enable\nrules: [{rule: five, conditions: "+always+"}]",
		"policy: Second\nmode: testWithoutNotifications\npriority: 7\nrules: [{rule: two, conditions: "+always+"}, {rule: three, disabled: true, conditions: "+always+"}]",
		"policy: First\nmode: testWithNotifications\npriority: 1\nrules: [{rule: one, conditions: "+always+"}]",
		"policy: Off\nmode: disable\npriority: 9\nrules: [{rule: four, conditions: "+always+"}]",
		"policy: A last by file\nmode: enable\nrules: [{rule: six, conditions: "+no+"}]")
	got := results(t, set, house(t), mail{to: []string{"a@b.example"}})
	want := []string{
		"one: matched a@b.example",
		"two: matched a@b.example",
		"three: notEvaluated",
		"four: notEvaluated",
		"five: matched a@b.example",
		"six: notMatched",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, p := range set.Policies {
		if p.Priority != i {
			t.Errorf("policy %q has the priority %d, want %d", p.Name, p.Priority, i)
		}
	}
}

func TestStopEndsEvaluationForWhomItMatched(t *testing.T) {
	stop := func(mode, conditions string) string {
		return "policy: Stop\nmode: " + mode + "\nrules:\n  - {rule: stop, conditions: " + conditions + ", actions: {stopPolicyProcessing: true}}\n" +
			"  - {rule: next, conditions: " + always + "}"
	}
	other := "policy: Other\nmode: enable\nrules: [{rule: last, conditions: {accessScope: notInOrganization}}]"
	to := []string{"bob@example.com", "x@other.example", "mixed@example.com"}
	all := " bob@example.com x@other.example mixed@example.com"
	for _, c := range []struct {
		name, mode, conditions string
		want                   []string
	}{
		{"for all", "enable", always, []string{"stop: matched" + all, "next: notEvaluated stopped" + all, "last: notEvaluated stopped" + all}},
		{"for none", "enable", no, []string{"stop: notMatched", "next: matched" + all, "last: matched x@other.example mixed@example.com"}},
		{"for one", "enable", "{sentTo: [x@other.example]}",
			[]string{"stop: matched x@other.example", "next: matched bob@example.com mixed@example.com stopped x@other.example",
				"last: matched mixed@example.com stopped x@other.example"}},
		{"for one member of a group", "enable", "{sentTo: [agent@partner.example]}",
			[]string{"stop: matched mixed@example.com", "next: matched" + all, "last: matched x@other.example"}},
		{"not in test with notifications", "testWithNotifications", always, []string{"stop: matched" + all, "next: matched" + all, "last: matched x@other.example mixed@example.com"}},
		{"not in test without notifications", "testWithoutNotifications", always, []string{"stop: matched" + all, "next: matched" + all, "last: matched x@other.example mixed@example.com"}},
		{"not when unknown", "enable", unknown, []string{"stop: unknown", "next: matched" + all, "last: matched x@other.example mixed@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := results(t, load(t, stop(c.mode, c.conditions), other), house(t, "silent@example.com"), mail{to: to})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The table "How Exchange location scope is calculated" of the DLP reference.
func TestScopeFollowsTheGroupsOfTheSender(t *testing.T) {
	f, problems := directory.LoadFile("people.yaml", []byte(`
people: [{address: user1@example.com}, {address: user2@example.com}, {address: user3@example.com}, {address: user4@example.com}]
groups:
  - {address: group1@example.com, members: [user1@example.com, user2@example.com]}
  - {address: group2@example.com, members: [user2@example.com, user3@example.com]}
`))
	if f == nil {
		t.Fatal(problems)
	}
	w := house(t)
	w.Directory = &people{File: f, silent: []string{"silent@example.com"}, asked: map[string]int{}}
	const group1, group2 = "exchangeSenderMemberOf: [group1@example.com]", "exchangeSenderMemberOfException: [group2@example.com]"
	for _, c := range []struct {
		name, scope string
		from        string // header From, when another than the reverse-path
		want        map[string]rules.Result
	}{
		{"no scope", "", "", map[string]rules.Result{"user1": rules.Matched, "user2": rules.Matched, "user3": rules.Matched, "user4": rules.Matched, "stranger": rules.Matched}},
		{"included", group1, "", map[string]rules.Result{"user1": rules.Matched, "user2": rules.Matched, "user3": rules.NotEvaluated, "user4": rules.NotEvaluated}},
		{"excluded", group2, "", map[string]rules.Result{"user1": rules.Matched, "user2": rules.NotEvaluated, "user3": rules.NotEvaluated, "user4": rules.Matched}},
		{"excluded overrides included", group1 + ", " + group2, "", map[string]rules.Result{"user1": rules.Matched, "user2": rules.NotEvaluated, "user3": rules.NotEvaluated, "user4": rules.NotEvaluated}},
		{"a forged From does not leave the scope", group1, "user4@example.com", map[string]rules.Result{"user1": rules.Matched, "user3": rules.NotEvaluated}},
		{"a forged From does not exclude", group2, "user2@example.com", map[string]rules.Result{"user1": rules.Matched, "user2": rules.NotEvaluated, "user3": rules.NotEvaluated}},
		{"a group that is not there includes nobody", "exchangeSenderMemberOf: [gone@example.com]", "", map[string]rules.Result{"user1": rules.NotEvaluated}},
		{"unknown", "exchangeSenderMemberOf: [silent@example.com]", "", map[string]rules.Result{"user1": rules.UnknownRule}},
		{"excluded perhaps", "exchangeSenderMemberOfException: [silent@example.com]", "", map[string]rules.Result{"user1": rules.UnknownRule}},
		{"empty lists", "exchangeSenderMemberOf: [], exchangeSenderMemberOfException: []", "", map[string]rules.Result{"user4": rules.Matched}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := load(t, "policy: Case\nmode: enable\nscope: {"+c.scope+"}\nrules: [{rule: Only, conditions: "+always+"}]")
			for user, want := range c.want {
				got := judge(t, set, w, mail{path: user + "@example.com", from: c.from})
				if got.Result != want {
					t.Errorf("%s: %s (%s), want %s", user, got.Result, got.Reason, want)
				}
				if want != rules.Matched && !strings.Contains(got.Reason, "scope") {
					t.Errorf("%s: the reason %q does not name the scope", user, got.Reason)
				}
			}
		})
	}
}

func TestNothingIsReadThatIsNotNeeded(t *testing.T) {
	damaged := []string{file("a.docx", "PK\x03\x04 cut off")}
	for _, c := range []struct {
		name, conditions, exceptions string
		read                         bool
	}{
		{"the dear condition alone", "{documentIsUnsupported: true}", "", true},
		{"a cheap one is false", "{documentIsUnsupported: true, from: [carol@example.com]}", "", false},
		{"a cheap one is true among any", "{any: [{documentIsUnsupported: true}, {sentTo: [bob@example.com]}]}", "", false},
		{"a cheap exception", always, "[{documentIsUnsupported: true}, {from: [anna@example.com]}]", false},
		{"exceptions of a rule that does not hold", "{from: [carol@example.com]}", "{documentIsUnsupported: true}", false},
		{"exceptions of a rule that holds", always, "{documentIsUnsupported: true}", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			scan := rules.NewScan(house(t), mail{parts: damaged}.message(t))
			got := load(t, policy(c.conditions, c.exceptions)).Evaluate(t.Context(), scan).Rules[0]
			if read := len(scan.Notices()) > 0; read != c.read {
				t.Errorf("the attachment was read: %v, want %v", read, c.read)
			}
			for _, cond := range got.Conditions {
				if cond.Condition == "documentIsUnsupported" && (cond.Result == "notEvaluated") == c.read {
					t.Errorf("documentIsUnsupported is %s", cond.Result)
				}
			}
		})
	}
}

func TestThePeopleAreLookedUpOnce(t *testing.T) {
	w := house(t)
	var texts []string
	for _, name := range []string{"one", "two", "three"} {
		texts = append(texts, "policy: "+name+"\nmode: enable\nrules: [{rule: a, conditions: {fromMemberOf: [sales@example.com], sentToMemberOf: [mixed@example.com], from: [carol@example.com]}}]")
	}
	load(t, texts...).Evaluate(t.Context(), rules.NewScan(w, mail{login: "anna"}.message(t)))
	for what, n := range w.Directory.(*people).asked {
		if n > 1 {
			t.Errorf("%s was asked %d times", what, n)
		}
	}
}

func TestEvidenceSaysHowManyAndWhere(t *testing.T) {
	got := judge(t, load(t, policy("{"+sensitive("{type: Credit card number, minCount: 2}, {type: SWIFT code}")+"}", "")), house(t),
		mail{body: card1, parts: []string{file("list.txt", card1+"\n\n"+card2)}})
	want := []rules.Evidence{{Condition: "contentContainsSensitiveInformation", Type: "Credit card number", Count: 3, UniqueCount: 2, Confidence: 85,
		Parts: []string{"body", "list.txt"}, MinConfidence: 85, MaxConfidence: 100}}
	if diff := cmp.Diff(want, got.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	for _, c := range got.Conditions {
		if strings.Contains(c.Reason, "4111") || strings.Contains(c.Reason, "0004") {
			t.Errorf("the reason %q shows a value", c.Reason)
		}
	}
	got = judge(t, load(t, policy("{"+sensitive("{type: Credit card number, minCount: 3}")+"}", "")), house(t), mail{body: card1})
	if got.Result != rules.NotMatched || got.Evidence != nil || !strings.Contains(got.Conditions[0].Reason, "1 unique") {
		t.Errorf("%s with evidence %v and reason %q", got.Result, got.Evidence, got.Conditions[0].Reason)
	}
}

func TestInvertedConditionsAreNoticed(t *testing.T) {
	for _, row := range rules.Conditions() {
		t.Run(row.Name, func(t *testing.T) {
			v := settled()
			v.Inverted = func(condition, _ string) bool { return condition == row.Name }
			for _, c := range conditionCases {
				if strings.Contains(c.condition, row.Name+":") {
					set, problems := rules.Load(files(policy(braced(c.condition), "")), v)
					if set == nil {
						t.Fatal(problems)
					}
					checkTruth(t, judge(t, set, house(t), c.mail), rules.True-c.want)
				}
			}
		})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	set := load(b, benchPolicies(b)...)
	w := house(b)
	m := mail{subject: "Minutes of the meeting", body: strings.Repeat("The meeting began at nine and nobody was late this time. ", 180),
		to: []string{"bob@example.com", "x@other.example"}, client: "192.0.2.9"}.message(b)
	b.ReportAllocs()
	for b.Loop() {
		set.Evaluate(b.Context(), rules.NewScan(w, m))
	}
}

// benchPolicies are twenty rules, as a firm might write them.
func benchPolicies(t testing.TB) []string {
	t.Helper()
	conditions := []string{
		"{accessScope: notInOrganization, " + sensitive("{type: Credit card number, minCount: 10, confidenceLevel: high}") + "}",
		"{accessScope: notInOrganization, " + sensitive("{type: International banking account number (IBAN)}, {type: SWIFT code}") + "}",
		"{nonBifurcatingAccessScope: hasExternal, subjectOrBodyContainsWords: [payroll, salary]}",
		"{subjectContainsWords: [confidential, top secret], recipientDomainIs: [rival.example]}",
		"{contentExtensionMatchesWords: [exe, bat, js, scr]}",
		"{documentNameMatchesPatterns: ['^hr-\\d+'], not: {fromMemberOf: [sales@example.com]}}",
		"{subjectOrBodyMatchesPatterns: ['project\\s+(alpha|omega)']}",
		"{messageSizeOver: 20MB}",
		"{documentIsUnsupported: true, accessScope: notInOrganization}",
		"{headerContainsWords: {X-Class: [secret]}}",
	}
	var texts []string
	for _, name := range []string{"One", "Two"} {
		text := "policy: " + name + "\nmode: enable\nrules:\n"
		for i, c := range conditions {
			text += "  - {rule: Rule " + string(rune('a'+i)) + ", conditions: " + c + ", exceptions: {sentTo: [desk@example.com]}}\n"
		}
		texts = append(texts, text)
	}
	return texts
}

// Beyond a bound recipients are not resolved, so that what is judged stays
// bounded; they are unknown, which no exception passes.
func TestManyMembersAreBounded(t *testing.T) {
	w := house(t)
	members := make(resolver, 40_000)
	for i := range members {
		members[i] = path(t, "x@other.example")
	}
	w.Resolver = members
	got := judge(t, load(t, policy("{accessScope: inOrganization}", "")), w, mail{to: []string{"a@example.com", "b@example.com", "c@example.com"}})
	if len(got.Matches) > 0 || !slices.Equal(got.Unknowns, []int{2}) {
		t.Errorf("matches %v, unknowns %v, want the third recipient unknown", got.Matches, got.Unknowns)
	}
}

func TestASetJudgesMessagesAtTheSameTime(t *testing.T) {
	set, w := load(t, benchPolicies(t)...), house(t)
	w.Directory, w.Resolver, w.Organization.People = nil, nil, nil
	m := mail{subject: "Top secret payroll", body: card1 + " project omega", to: []string{"bob@example.com", "x@rival.example"}}.message(t)
	want := set.Evaluate(t.Context(), rules.NewScan(w, m))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if diff := cmp.Diff(want.Rules, set.Evaluate(t.Context(), rules.NewScan(w, m)).Rules, cmp.Comparer(func(a, b *rules.Rule) bool { return a == b })); diff != "" {
					t.Errorf("(-first +later):\n%s", diff)
				}
			}
		})
	}
	wg.Wait()
}
