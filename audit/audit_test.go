package audit

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.UTC)

func head() Head {
	return Head{Time: at, ID: "rec-1", Reference: "P-7K3M9Q", PolicyVersion: "v1", QueueID: "4F8C80", AdministrativeUnit: "EU", ClientIP: "192.0.2.1"}
}

// card is a value that masks itself.
type card string

func (c card) Reveal() string { return string(c) }
func (c card) String() string { return "************" + string(c[len(c)-4:]) }

const clear = card("4111111111111111")

func outcome() Outcome {
	explain, err := MaskJSON([]byte(`{"reference":"P-7K3M9Q","forks":[{"recipients":["bob@partner.example"],"verdict":"quarantine"}]}`))
	if err != nil {
		panic(err)
	}
	return Outcome{
		Message: ExchangeMetaData{
			MessageID: "<m@example.com>", From: "ann@example.com", To: []string{"bob@partner.example"},
			Subject: MaskText("Card 4111111111111111 & <more>", clear), Sent: at, RecipientCount: 1, Size: 1200,
		},
		Policies: []PolicyDetails{{PolicyName: "Cards leaving", Rules: []Rule{{
			RuleName: "Ten or more", Actions: []string{"quarantine"}, Severity: "High", RuleMode: Enforce, State: "enforced",
			ConditionsMatched: ConditionsMatched{
				OtherConditions: []NameValue{{Name: "accessScope", Value: MaskText("notInOrganization")}},
				SensitiveInformation: []SensitiveInformation{{
					SensitiveType: "50842eb7-edc8-4019-85dd-5a5c1f2bb085", SensitiveInformationTypeName: "Credit card number",
					Count: 14, UniqueCount: 12, Confidence: 85, Location: MaskText("report.xlsx"),
					Detections: &Detections{DetectedValues: []DetectedValue{{Value: Mask(clear), Context: MaskText("card 4111111111111111 please", clear)}}},
					Attributes: []Attribute{{Confidence: 85, Count: 12, IsMatch: true}},
				}},
			},
		}}}},
		Forks:           []Fork{{Recipients: []string{"bob@partner.example"}, Verdict: "quarantine", Policy: "Cards leaving", Rule: "Ten or more", Item: "i1"}},
		Signals:         []Signal{{Part: MaskText("secret.zip"), Signal: "passwordProtected"}},
		AddressMismatch: true,
		Explain:         explain,
	}
}

// all are records of every operation.
func all(t testing.TB) map[Operation]Record {
	t.Helper()
	records := make(map[Operation]Record)
	add := func(r Record, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		records[r.Operation] = r
	}
	add(Matched(head(), outcome()))
	signalled := outcome()
	signalled.Policies = nil
	add(Signalled(head(), signalled))
	add(MessageError(head(), signalled, MaskText("the directory is silent")))
	person := head()
	person.By = "carol"
	for op, about := range operations {
		switch about {
		case ofItem:
			add(Decided(person, op, Item{
				ID: "i1", Kind: "quarantine", State: "released", Recipients: []string{"bob@partner.example"}, Via: "cli",
				Expires: at, Redirect: []string{"desk@example.com"}, Digest: strings.Repeat("ab", 32), Comment: MaskText("fine"),
			}))
		case ofPolicies:
			add(Loaded(person, op, Policies{Previous: "v0", Files: []string{"cards.yaml"}, Problems: 2, Changes: []string{"+ rule"}, Reason: MaskText("outage")}))
		}
	}
	add(Relayed(head(), Relay{Entry: "e1", Kind: "release", Attempt: 2, RemoteQueueID: "Q1", PossiblyRepeated: true,
		Recipients: []RelayRecipient{{Recipient: "bob@partner.example", State: "delivered", Reply: MaskText("250 2.0.0 ok")}}}))
	add(NotTold(head(), Notice{Kind: "ndr", To: []string{"ann@example.com"}, Reason: "precedence", Recipients: []string{"bob@partner.example"}}))
	add(Forgotten(person, Erasure{Person: strings.Repeat("ab", 32), Records: 4, Items: 1, Entries: 2, Fingerprints: 1, Kept: 3}))
	for _, op := range []Operation{AlertTriggered, AlertUpdated} {
		add(Alerted(person, op, Alert{AlertID: "A-7K3M9QXY", Name: "Ten or more", Policy: "Cards leaving", Severity: "High", Status: "investigating",
			Previous: "active", Assignee: "carol", Assigned: true, Comments: MaskText("I look."), Simulated: true}))
	}
	add(Repeated(head(), Retry{Outcome: "held", FirstQueueID: "4F8C7F", FirstReference: "P-000000", Seen: 2}))
	return records
}

var comparers = cmp.Options{
	cmp.Comparer(func(a, b Masked) bool { return a == b }),
	cmp.Comparer(func(a, b MaskedJSON) bool { return bytes.Equal(a.raw, b.raw) }),
}

func TestRecordsReadAsWritten(t *testing.T) {
	records := all(t)
	if len(records) != len(operations) {
		t.Fatalf("%d operations of %d are shown", len(records), len(operations))
	}
	for op, want := range records {
		line, err := Marshal(want)
		if err != nil {
			t.Errorf("%s: %v", op, err)
			continue
		}
		if bytes.ContainsAny(line, "\r\n") {
			t.Errorf("%s: more than one line", op)
		}
		got, err := Parse(line)
		if diff := cmp.Diff(want, got, comparers); err != nil || diff != "" {
			t.Errorf("%s: %v %s", op, err, diff)
		}
		again, err := Marshal(got)
		if err != nil || !bytes.Equal(line, again) {
			t.Errorf("%s: what was read is written otherwise: %v", op, err)
		}
	}
}

func TestTheRecordOfAMatchAsItStands(t *testing.T) {
	line, err := Marshal(all(t)[DlpRuleMatch])
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, line, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	want, err := os.ReadFile(filepath.Join("testdata", "match.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRecordsOfLaterVersionsAreRead(t *testing.T) {
	line, err := Marshal(all(t)[DlpRuleMatch])
	if err != nil {
		t.Fatal(err)
	}
	line = append([]byte(`{"Future":{"a":[1]},`), line[1:]...)
	if _, err := Parse(line); err != nil {
		t.Error(err)
	}
}

func TestConstructorsRefuseWhatDoesNotAddUp(t *testing.T) {
	for name, make := range map[string]func() (Record, error){
		"no time":       func() (Record, error) { h := head(); h.Time = time.Time{}; return Matched(h, outcome()) },
		"no identifier": func() (Record, error) { h := head(); h.ID = ""; return Matched(h, outcome()) },
		"no policy":     func() (Record, error) { o := outcome(); o.Policies = nil; return Matched(head(), o) },
		"no rule":       func() (Record, error) { o := outcome(); o.Policies[0].Rules = nil; return Matched(head(), o) },
		"nameless rule": func() (Record, error) {
			o := outcome()
			o.Policies[0].Rules[0].RuleName = ""
			return Matched(head(), o)
		},
		"unknown mode": func() (Record, error) {
			o := outcome()
			o.Policies[0].Rules[0].RuleMode = "on"
			return Matched(head(), o)
		},
		"unknown level": func() (Record, error) {
			o := outcome()
			o.Policies[0].Rules[0].Severity = "high"
			return Matched(head(), o)
		},
		"empty fork":      func() (Record, error) { o := outcome(); o.Forks[0].Recipients = nil; return Matched(head(), o) },
		"no verdict":      func() (Record, error) { o := outcome(); o.Forks[0].Verdict = ""; return Matched(head(), o) },
		"nameless signal": func() (Record, error) { o := outcome(); o.Signals[0].Signal = ""; return Matched(head(), o) },
		"more unique values than values": func() (Record, error) {
			o := outcome()
			o.Policies[0].Rules[0].ConditionsMatched.SensitiveInformation[0].UniqueCount = 15
			return Matched(head(), o)
		},
		"confidence of 101": func() (Record, error) {
			o := outcome()
			o.Policies[0].Rules[0].ConditionsMatched.SensitiveInformation[0].Confidence = 101
			return Matched(head(), o)
		},
		"signalled with policies": func() (Record, error) { return Signalled(head(), outcome()) },
		"failure without a cause": func() (Record, error) { o := outcome(); o.Policies = nil; return MessageError(head(), o, Masked{}) },
		"decision on a message": func() (Record, error) {
			return Decided(head(), DlpRuleMatch, Item{ID: "i", Kind: "quarantine", State: "held"})
		},
		"unknown operation": func() (Record, error) {
			return Decided(head(), "Shredded", Item{ID: "i", Kind: "quarantine", State: "held"})
		},
		"nameless item":       func() (Record, error) { return Decided(head(), ItemReleased, Item{Kind: "quarantine", State: "held"}) },
		"policies of an item": func() (Record, error) { return Loaded(head(), ItemReleased, Policies{}) },
		"relay to nobody":     func() (Record, error) { return Relayed(head(), Relay{Entry: "e", Kind: "notice", Attempt: 1}) },
		"relay before the first": func() (Record, error) {
			return Relayed(head(), Relay{Entry: "e", Kind: "notice", Recipients: []RelayRecipient{{"a", "pending", Masked{}}}})
		},
		"nobody told for nothing":  func() (Record, error) { return NotTold(head(), Notice{Kind: "ndr"}) },
		"repeated without outcome": func() (Record, error) { return Repeated(head(), Retry{Seen: 2}) },
	} {
		if r, err := make(); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestAnyMessageCanBeRecorded(t *testing.T) {
	o := outcome()
	o.Message = ExchangeMetaData{
		MessageID: "\xff\x00\r\n", From: "\xfe", Subject: MaskText("\xff\x00\"\u2028"),
		Sent: time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC),
	}
	r, err := Matched(head(), o)
	if err != nil {
		t.Fatal(err)
	}
	line, err := Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(line); err != nil {
		t.Error(err)
	}
}

func TestIdentifiersAreStable(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := make(map[string]bool)
	for _, id := range []string{PolicyID("a"), PolicyID("b"), RuleID("a", "b"), RuleID("ab", ""), RuleID("", "ab"), RuleID("b", "a")} {
		if !form.MatchString(id) || seen[id] {
			t.Errorf("%s is no UUID, or there twice", id)
		}
		seen[id] = true
	}
	if got, want := PolicyID("Cards leaving"), "1c14c380-4247-8ee4-ba47-d83cf8f0becf"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestModeOf(t *testing.T) {
	for mode, want := range map[string]RuleMode{
		"enable": Enforce, "testWithNotifications": AuditAndNotify, "testWithoutNotifications": AuditOnly, "disable": "",
	} {
		if got := ModeOf(mode); got != want {
			t.Errorf("%s: %q", mode, got)
		}
	}
}
