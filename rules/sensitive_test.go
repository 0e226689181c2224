package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/rules"
)

const (
	strongCard = "visa 4111 1111 1111 1111"
	weakCard   = "number 5105 1051 0510 5100"
)

// The worked example of Purview's documentation: a rule for the confidence of the
// weak pattern alone and one for all above it exclude each other.
func TestRangesOfConfidenceExcludeEachOther(t *testing.T) {
	weak := load(t, policy("{contentContainsSensitiveInformation: [{type: Credit card number, minConfidence: 65, maxConfidence: 65}]}", ""))
	strong := load(t, policy("{contentContainsSensitiveInformation: [{type: Credit card number, minConfidence: 66, maxConfidence: 100}]}", ""))
	far := strings.Repeat(" and so on,", 60) + " "
	for name, tt := range map[string]struct {
		body         string
		weak, strong rules.Result
	}{
		"only the weak pattern":            {weakCard, rules.Matched, rules.NotMatched},
		"only the strong one, by a word":   {strongCard, rules.NotMatched, rules.Matched},
		"only the strong one, by a date":   {weakCard + " 12/29", rules.NotMatched, rules.Matched},
		"both":                             {strongCard + far + weakCard, rules.NotMatched, rules.Matched},
		"a number without its check digit": {"visa 4111 1111 1111 1112", rules.NotMatched, rules.NotMatched},
		"neither":                          {"no number", rules.NotMatched, rules.NotMatched},
	} {
		if got := judge(t, weak, house(t), mail{body: tt.body}).Result; got != tt.weak {
			t.Errorf("%s: the rule for 65 gives %s, want %s", name, got, tt.weak)
		}
		if got := judge(t, strong, house(t), mail{body: tt.body}).Result; got != tt.strong {
			t.Errorf("%s: the rule from 66 gives %s, want %s", name, got, tt.strong)
		}
	}
}

// Ten occurrences of one card count once, however they are written.
func TestCopiesCountOnce(t *testing.T) {
	set := load(t, policy("{contentContainsSensitiveInformation: [{type: Credit card number, minCount: 1, maxCount: 9}]}", ""))
	got := judge(t, set, house(t), mail{body: strings.Repeat("visa 4111 1111 1111 1111, visa 4111-1111-1111-1111. ", 5)})
	if got.Result != rules.Matched || len(got.Evidence) != 1 || got.Evidence[0].UniqueCount != 1 {
		t.Errorf("%s: %+v, want one", got.Result, got.Evidence)
	}
}

// A level counts its own instances and the surer ones.
func TestLevelsCountWhatIsAsSure(t *testing.T) {
	far := strings.Repeat(" and so on,", 60) + " "
	body := strongCard + far + weakCard
	for level, want := range map[string]int{"low": 2, "medium": 1, "high": 1} {
		set := load(t, policy(fmt.Sprintf("{contentContainsSensitiveInformation: [{type: Credit card number, confidenceLevel: %s}]}", level), ""))
		got := judge(t, set, house(t), mail{body: body})
		if len(got.Evidence) != 1 || got.Evidence[0].UniqueCount != want {
			t.Errorf("%s: %+v, want %d", level, got.Evidence, want)
		}
	}
}

const (
	ssn1 = "SSN 536-22-1234"
	ssn2 = "SSN 536-22-1235"
	ssn3 = "SSN 536-22-1236"
	ssn4 = "SSN 536-22-1237"
	ssn5 = "SSN 536-22-1238"
)

// The example of the reference: two in the body, one and two in attachments are
// five in the message and never three in one component.
func TestRulesByComponent(t *testing.T) {
	m := mail{body: ssn1 + ", " + ssn2, parts: []string{file("a.txt", ssn3), file("b.txt", ssn4+", "+ssn5)}}
	rule := func(per bool, conditions, exceptions string) string {
		return strings.Replace(policy(conditions, exceptions), "    conditions:", fmt.Sprintf("    evaluateRulePerComponent: %t\n    conditions:", per), 1)
	}
	const three = "{contentContainsSensitiveInformation: [{type: U.S. social security number (SSN), minCount: 3}]}"
	const two = "{contentContainsSensitiveInformation: [{type: U.S. social security number (SSN), minCount: 2}]"
	for name, tt := range map[string]struct {
		policy string
		want   rules.Result
	}{
		"pooled over the message":            {rule(false, three, ""), rules.Matched},
		"never so many in one":               {rule(true, three, ""), rules.NotMatched},
		"enough in one":                      {rule(true, two+"}", ""), rules.Matched},
		"in an attachment of this name":      {rule(true, two+", contentExtensionMatchesWords: [txt]}", ""), rules.Matched},
		"in no attachment of this name":      {rule(true, two+", contentExtensionMatchesWords: [docx]}", ""), rules.NotMatched},
		"the body needs no exception":        {rule(true, two+"}", "{contentExtensionMatchesWords: [txt]}"), rules.Matched},
		"other conditions see the whole":     {rule(true, two+", subjectContainsWords: [hello]}", ""), rules.Matched},
		"an exception of the whole for each": {rule(true, two+"}", "{subjectContainsWords: [hello]}"), rules.NotMatched},
	} {
		m.subject = "hello"
		if got := judge(t, load(t, tt.policy), house(t), m); got.Result != tt.want {
			t.Errorf("%s: %s, want %s: %+v", name, got.Result, tt.want, got.Conditions)
		}
	}
}

func TestSensitivityLabels(t *testing.T) {
	const guid = "f42aa342-8706-4288-bd11-ebb85995028c"
	labelled := mail{header: "msip_labels: MSIP_Label_" + guid + "_Enabled=True; MSIP_Label_" + guid + "_Name=Strictly Secret; MSIP_Label_" + guid + "_SetDate=2026-01-01\r\n"}
	off := mail{header: "msip_labels: MSIP_Label_" + guid + "_Enabled=False; MSIP_Label_" + guid + "_Name=Strictly Secret\r\n"}
	group := func(s string) string {
		return policy("{contentContainsSensitiveInformation: {groups: [{name: One, operator: or, "+s+"}]}}", "")
	}
	for name, tt := range map[string]struct {
		policy string
		m      mail
		want   rules.Result
	}{
		"by name":                {group("labels: [{name: strictly secret, type: Sensitivity}]"), labelled, rules.Matched},
		"by id":                  {group("labels: [{id: " + strings.ToUpper(guid) + "}]"), labelled, rules.Matched},
		"the name may be an id":  {group("labels: [{name: " + guid + "}]"), labelled, rules.Matched},
		"another name":           {group("labels: [{name: Public}]"), labelled, rules.NotMatched},
		"switched off":           {group("labels: [{name: Strictly Secret}]"), off, rules.NotMatched},
		"none":                   {group("labels: [{name: Strictly Secret}]"), mail{}, rules.NotMatched},
		"a label or a type":      {group("labels: [{name: Strictly Secret}], sensitiveTypes: [{type: Credit card number}]"), mail{body: strongCard}, rules.Matched},
		"neither label nor type": {group("labels: [{name: Strictly Secret}], sensitiveTypes: [{type: Credit card number}]"), mail{}, rules.NotMatched},
	} {
		if got := judge(t, load(t, tt.policy), house(t), tt.m); got.Result != tt.want {
			t.Errorf("%s: %s, want %s", name, got.Result, tt.want)
		}
	}
}
