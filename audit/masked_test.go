package audit

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// value is a Value that says what it is told to.
type value struct{ clear, shown string }

func (v value) Reveal() string { return v.clear }
func (v value) String() string { return v.shown }

func TestMaskShowsLittle(t *testing.T) {
	for _, tc := range []struct {
		v    Value
		want string
	}{
		{clear, "************1111"},
		{value{"123-45-6789", "*********89"}, "*********89"},
		{value{"abc", "***"}, "***"},
		{value{"", ""}, ""},
		// What prints too much of itself is hidden.
		{value{"123-45-6789", "123-45-6789"}, "***********"},
		{value{"123-45-6789", "*******6789"}, "***********"},
		{value{"123-45-6789", "123********"}, "***********"},
		{value{"123-45-6789", "the number 123-45-6789"}, "***********"},
		{value{"grüße", "****e"}, "****e"},
	} {
		if got := Mask(tc.v).String(); got != tc.want {
			t.Errorf("%q printed as %q: %q, want %q", tc.v.Reveal(), tc.v.String(), got, tc.want)
		}
	}
}

func TestMaskTextHidesEveryOccurrence(t *testing.T) {
	long, short := value{"4111 1111 1111 1111", "***************1111"}, value{"1111", "***1"}
	for _, tc := range []struct {
		text   string
		values []Value
		want   string
	}{
		{"no value", []Value{clear}, "no value"},
		{"4111111111111111", []Value{clear}, "************1111"},
		{"x4111111111111111 4111111111111111.", []Value{clear}, "x************1111 ************1111."},
		{"4111 1111 1111 1111 1111", []Value{short, long, short}, "***************1111 ***1"},
		{"ann\xff4111111111111111", []Value{clear}, "ann\ufffd************1111"},
		{"", []Value{clear, value{}}, ""},
		{"4111111111111111", nil, "4111111111111111"},
	} {
		if got := MaskText(tc.text, tc.values...).String(); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestMaskJSON(t *testing.T) {
	in := `{ "z": "card 4111111111111111", "a": [4111111111111111, 41, true, null, {"card 4111111111111111": "<&>"}], "e": {}, "n": 1.50 }`
	want := `{"z":"card ************1111","a":["************1111",41,true,null,{"card ************1111":"<&>"}],"e":{},"n":1.50}`
	m, err := MaskJSON([]byte(in), clear, value{"41", "**"}, value{"a", "*"})
	want = strings.ReplaceAll(want, "card", "c*rd")
	if err != nil || string(m.Bytes()) != want {
		t.Errorf("%s, %v\nwant %s", m.Bytes(), err, want)
	}
	for _, bad := range []string{"", "{", `{"a":}`, `{} {}`, "[1,]", "nul", strings.Repeat("[", 200) + strings.Repeat("]", 200)} {
		if m, err := MaskJSON([]byte(bad)); err == nil {
			t.Errorf("%q is taken as %s", bad, m.Bytes())
		}
	}
}

// plainStrings are the places of a record that hold text of no message: names from
// policies, addresses, identifiers, words of ours. A new place belongs here only
// when no content of a message can come into it; otherwise its type is Masked.
var plainStrings = []string{
	"AdministrativeUnit", "Alert.AlertID", "Alert.AlertType", "Alert.Assignee", "Alert.Category", "Alert.Name", "Alert.Policy", "Alert.PolicyID",
	"Alert.Previous", "Alert.RuleID", "Alert.Severity", "Alert.Status", "ClientIP", "Erasure.Person", "ExceptionInfo.Reason", "ExceptionInfo.Rules",
	"ExchangeMetaData.BCC", "ExchangeMetaData.CC", "ExchangeMetaData.From", "ExchangeMetaData.MessageID", "ExchangeMetaData.To",
	"Forks.FinalRecipients", "Forks.Item", "Forks.Policy", "Forks.Recipients", "Forks.Rule", "Forks.Simulated", "Forks.Verdict", "ID", "IncidentID",
	"Item.Digest", "Item.ID", "Item.Kind", "Item.Recipients", "Item.Redirect", "Item.State", "Item.Via", "Notice.As", "Notice.Effect", "Notice.Kind",
	"Notice.MessageID", "Notice.Policy", "Notice.Reason", "Notice.Recipients", "Notice.Rule", "Notice.To",
	"Notices.Kind", "Notices.To", "Operation",
	"Policies.Changes", "Policies.Files", "Policies.Previous", "PolicyDetails.PolicyID", "PolicyDetails.PolicyName", "PolicyDetails.Rules.Actions",
	"PolicyDetails.Rules.ConditionsMatched.DocumentProperties.Name", "PolicyDetails.Rules.ConditionsMatched.OtherConditions.Name",
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.SensitiveInformationTypeName",
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.SensitiveType", "PolicyDetails.Rules.OverriddenActions", "PolicyDetails.Rules.RuleID",
	"PolicyDetails.Rules.RuleMode", "PolicyDetails.Rules.RuleName", "PolicyDetails.Rules.Severity", "PolicyDetails.Rules.State", "PolicyVersion",
	"QueueID", "Reference", "Relay.Entry", "Relay.Kind", "Relay.Recipients.Recipient", "Relay.Recipients.State", "Relay.RemoteQueueID",
	"Retry.FirstQueueID", "Retry.FirstReference", "Retry.Outcome", "Signals.Detail", "Signals.Signal", "UserKey", "Workload",
}

// places goes over the fields of a type: plain strings, and masked ones.
func places(typ reflect.Type, at string, plain, masked *[]string) {
	switch typ {
	case reflect.TypeFor[Masked](), reflect.TypeFor[MaskedJSON]():
		*masked = append(*masked, at)
		return
	}
	switch typ.Kind() {
	case reflect.String:
		*plain = append(*plain, at)
	case reflect.Pointer, reflect.Slice:
		places(typ.Elem(), at, plain, masked)
	case reflect.Struct:
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() {
				places(f.Type, strings.TrimPrefix(at+"."+f.Name, "."), plain, masked)
			}
		}
	case reflect.Interface, reflect.Map, reflect.Array:
		*plain = append(*plain, at+" ("+typ.Kind().String()+")")
	}
}

func TestContentEntersMaskedOnly(t *testing.T) {
	var plain, masked []string
	places(reflect.TypeFor[Record](), "", &plain, &masked)
	slices.Sort(plain)
	if !slices.Equal(plain, plainStrings) {
		for _, p := range plain {
			if !slices.Contains(plainStrings, p) {
				t.Errorf("%s takes plain text", p)
			}
		}
		for _, p := range plainStrings {
			if !slices.Contains(plain, p) {
				t.Errorf("%s is there no more", p)
			}
		}
	}
	for _, p := range []string{
		"ExchangeMetaData.Subject", "Explain", "Error", "ExceptionInfo.Justification", "Signals.Part", "Relay.Recipients.Reply",
		"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.Location",
		"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.Detections.DetectedValues.Value",
		"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.Detections.DetectedValues.Context",
	} {
		if !slices.Contains(masked, p) {
			t.Errorf("%s is not masked", p)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Masked](), reflect.TypeFor[MaskedJSON]()} {
		for i := range typ.NumField() {
			if typ.Field(i).IsExported() {
				t.Errorf("%s can be made of any text", typ)
			}
		}
	}
}

// TestCanary puts a value through every place that takes content, in the way each
// takes it, and looks for it in what is written.
func TestCanary(t *testing.T) {
	canary := card("4929" + "0000" + "1234" + "5670")
	text := MaskText("before "+string(canary)+" after", canary)
	o := outcome()
	o.Message.Subject = text
	o.Signals[0].Part = text
	o.Exception = &ExceptionInfo{Reason: "override", Justification: text}
	c := &o.Policies[0].Rules[0].ConditionsMatched
	c.OtherConditions[0].Value = text
	c.DocumentProperties = []NameValue{{Name: "Title", Value: text}}
	c.SensitiveInformation[0].Location = text
	c.SensitiveInformation[0].Detections.DetectedValues = []DetectedValue{{Value: Mask(canary), Context: text}}
	var err error
	raw, err := json.Marshal(map[string]any{"value": string(canary), "of " + string(canary): []any{json.Number(string(canary)), "x" + string(canary)}})
	if err != nil {
		t.Fatal(err)
	}
	if o.Explain, err = MaskJSON(raw, canary); err != nil {
		t.Fatal(err)
	}
	r, err := Matched(head(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.SensitiveInfoDetectionIsIncluded {
		t.Error("detections are included and the record does not say so")
	}
	line, err := Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{string(line), fmt.Sprintf("%v %+v %#v", r, r, r)} {
		if strings.Contains(s, string(canary)) || strings.Contains(s, "49290000") {
			t.Errorf("the value is in\n%s", s)
		}
	}
	if n := strings.Count(string(line), "5670"); n < 9 {
		t.Errorf("only %d places show the masked value", n)
	}
}

func FuzzMaskText(f *testing.F) {
	f.Add("card 4111111111111111", "4111111111111111", "1111")
	f.Add("aaa", "aa", "a")
	f.Add("\xff\xfe", "\xff", "ü")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		values := []Value{value{a, a}, value{b, b}}
		got := MaskText(text, values...).String()
		for _, v := range []string{a, b} {
			if len(v) > 1 && !strings.ContainsAny(v, "*\ufffd") && strings.Contains(got, v) && strings.ToValidUTF8(v, "") == v {
				t.Errorf("%q is in %q", v, got)
			}
		}
		raw, err := json.Marshal(map[string]string{"k-" + text: text})
		if err != nil {
			t.Fatal(err)
		}
		m, err := MaskJSON(raw, values...)
		if err != nil || !json.Valid(m.Bytes()) {
			t.Errorf("%s of %s, %v", m.Bytes(), raw, err)
		}
	})
}

func BenchmarkMaskManyValues(b *testing.B) {
	var values []Value
	for i := range 100_000 {
		s := fmt.Sprintf("4111%012d", i)
		values = append(values, value{s, stars(12) + s[12:]})
	}
	text := strings.Repeat("nothing to see here 4111000000000007, ", 3000)
	m := NewMasker(values...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Text(text)
	}
}
