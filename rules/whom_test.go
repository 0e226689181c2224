package rules_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// Conditions on people take no groups, those on groups no people, and the
// directory knows which is which.
func TestPeopleAndGroupsAreToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		conditions, scope string
		silent            []string
		want              []string
	}{
		"people": {conditions: "{from: [anna@example.com, a.smith@example.com, x@partner.example], sentTo: bob@example.com}", scope: "{exchangeSender: [anna@example.com]}"},
		"groups": {conditions: "{fromMemberOf: [sales@example.com], sentToMemberOf: [north@example.com]}", scope: "{exchangeSenderMemberOf: [sales@example.com]}"},
		"a group as sender": {conditions: "{from: [anna@example.com, sales@example.com]}", want: []string{
			"a.yaml:5:43: rules[0].conditions.from[1]: sales@example.com is a group; `from` compares single addresses, so no member would satisfy it; write it under `fromMemberOf`"}},
		"a group as recipient": {conditions: "{not: {sentTo: north@example.com}}", want: []string{
			"a.yaml:5:32: rules[0].conditions.not.sentTo: north@example.com is a group; `sentTo` compares single addresses, so no member would satisfy it; write it under `sentToMemberOf`"}},
		"a group in a scope of people": {conditions: "{from: x@x.example}", scope: "{exchangeSenderException: [sales@example.com]}", want: []string{
			"a.yaml:6:35: scope.exchangeSenderException[0]: sales@example.com is a group; `exchangeSenderException` compares single addresses, so no member would satisfy it; write it under `exchangeSenderMemberOfException`"}},
		"a person as group of senders": {conditions: "{fromMemberOf: a.smith@example.com}", want: []string{
			"a.yaml:5:32: rules[0].conditions.fromMemberOf: a.smith@example.com is a person; `fromMemberOf` takes groups, so nobody would satisfy it; write it under `from`, or the address of a group"}},
		"a person as group of recipients": {conditions: "{sentToMemberOf: [north@example.com, bob@example.com]}", want: []string{
			"a.yaml:5:54: rules[0].conditions.sentToMemberOf[1]: bob@example.com is a person; `sentToMemberOf` takes groups, so nobody would satisfy it; write it under `sentTo`, or the address of a group"}},
		"a person in a scope of groups": {conditions: "{from: x@x.example}", scope: "{exchangeSenderMemberOf: [anna@example.com]}", want: []string{
			"a.yaml:6:34: scope.exchangeSenderMemberOf[0]: anna@example.com is a person; `exchangeSenderMemberOf` takes groups, so nobody would satisfy it; write it under `exchangeSender`, or the address of a group"}},
		"a group misspelt": {conditions: "{fromMemberOf: sale@example.com}", want: []string{
			"a.yaml:5:32: hint: rules[0].conditions.fromMemberOf: the directory has no group sale@example.com: nobody is in it; did you mean `sales@example.com`?"}},
		"a directory that does not answer": {conditions: "{from: [north@example.com, sales@example.com], fromMemberOf: bob@example.com}", silent: []string{"north@example.com", "sales@example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := vocabulary()
			v.Directory = house(t, c.silent...).Directory
			text := policy(c.conditions, "")
			if c.scope != "" {
				text += "scope: " + c.scope + "\n"
			}
			_, problems := rules.Load(files(text), v)
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Without a directory some conditions hold for nobody, wherever they stand.
func TestConditionsThatAskNobodyAreHints(t *testing.T) {
	const none = "there is no directory to ask, so `"
	for condition, asks := range map[string]string{
		"fromMemberOf: sales":                                            "fromMemberOf",
		"sentToMemberOf: [a@example.com, b@example.com]":                 "sentToMemberOf",
		"anyOfToHeaderMemberOf: sales":                                   "anyOfToHeaderMemberOf",
		"betweenMemberOf1: a, betweenMemberOf2: b":                       "betweenMemberOf1 betweenMemberOf2",
		"senderADAttributeContainsWords: {Department: Sales}":            "senderADAttributeContainsWords",
		"recipientADAttributeMatchesPatterns: {Title: x}":                "recipientADAttributeMatchesPatterns",
		"adComparisonAttribute: Department":                              "adComparisonAttribute",
		"managerForEvaluatedUser: sender, managerAddresses: a@x.example": "managerForEvaluatedUser",
		"senderManagementRelationship: manager":                          "senderManagementRelationship",
		"senderInRecipientList: allow":                                   "senderInRecipientList",
		"sharedByIRMUserRisk: elevated":                                  "sharedByIRMUserRisk",
		"from: a@example.com":                                            "",
		"fromScope: inOrganization":                                      "",
	} {
		for _, exception := range []bool{false, true} {
			v := vocabulary()
			v.NoDirectory = true
			v.Settings.Risk, v.Settings.ListAttribute = &rules.Risk{Attribute: "CustomAttribute1"}, "CustomAttribute15"
			text := policy("{"+condition+"}", "")
			if exception {
				if strings.HasPrefix(condition, "sharedBy") {
					continue // has no such form
				}
				text = policy("{messageSizeOver: 1B}", "{"+condition+"}")
			}
			set, problems := rules.Load(files(text), v)
			var got []string
			for _, p := range problems {
				if rest, ok := strings.CutPrefix(p.What, none); ok {
					key, _, _ := strings.Cut(rest, "`")
					got = append(got, key)
				}
			}
			if set == nil || strings.Join(got, " ") != asks {
				t.Errorf("%s, as exception %v: hints at %q, want %q; %v", condition, exception, got, asks, problems)
			}
		}
	}
	v := vocabulary()
	v.NoDirectory = true
	_, problems := rules.Load(files(policy("{messageSizeOver: 1B}", "")+"administrativeUnit: North\nscope: {exchangeSenderMemberOf: [sales]}\n"), v)
	if len(problems) != 2 {
		t.Errorf("a scope: %v", problems)
	}
	// Recent matches are counted without a directory.
	v.Settings.Risk = &rules.Risk{FromMatches: map[rules.RiskLevel]int{rules.Elevated: 3}}
	if _, problems := rules.Load(files(policy("{sharedByIRMUserRisk: elevated}", "")), v); len(problems) > 0 {
		t.Errorf("a risk from matches: %v", problems)
	}
}

// A misspelt group is found among those of a file also where other directories
// stand beside it.
func TestSuggestionsBesideOtherDirectories(t *testing.T) {
	v := vocabulary()
	v.Directory = directory.Join(house(t).Directory, house(t).Directory)
	_, problems := rules.Load(files(policy("{fromMemberOf: sale@example.com}", "")), v)
	if len(problems) != 1 || problems[0].Write != "did you mean `sales@example.com`?" {
		t.Errorf("problems: %v", problems)
	}
}

// hanging is a directory that answers nobody.
type hanging struct{ directory.Directory }

func (hanging) Member(ctx context.Context, _ message.Path, _ directory.Ref) (bool, error) {
	<-ctx.Done()
	return false, directory.ErrUnavailable
}

func (hanging) HasUnit(ctx context.Context, _ string) (bool, error) {
	<-ctx.Done()
	return false, directory.ErrUnavailable
}

func TestDirectoryThatHangsKeepsNothingFromLoading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := vocabulary()
		v.Directory = hanging{}
		text := policy("{fromMemberOf: [sales@example.com, b@example.com], from: anna@example.com}", "") + "administrativeUnit: [North, South]\n"
		if set, problems := rules.Load(files(text), v); set == nil || len(problems) > 0 {
			t.Errorf("problems: %v", problems)
		}
	})
}
