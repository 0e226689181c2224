package actions

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// TestNoClearValueIsKeptBesideTheMessage sends card numbers in every place of a
// message and looks for them in all that is stored and sent about it.
func TestNoClearValueIsKeptBesideTheMessage(t *testing.T) {
	const card = "4012888888881881"
	g := newGate(t, `
policy: P
mode: enable
rules:
  - rule: Hold
    conditions: {recipientDomainIs: [hold.example], contentContainsSensitiveInformation: [{type: Credit card number}]}
    actions: {quarantine: true}
  - rule: Block
    conditions: {recipientDomainIs: [block.example], contentContainsSensitiveInformation: [{type: Credit card number}]}
    actions: {blockAccess: all}
  - rule: Tag
    conditions: {accessScope: inOrganization, subjectContainsWords: [card]}
    actions: {setHeader: {X-Class: internal}}
`, Settings{})
	spaced := "4012 8888 8888 1881"
	d := g.send(mail{
		to: []string{"b@hold.example", "b@block.example", "ben@example.com", "b@other.example", "c@other.example"}, queueID: "Q1",
		header: append([]string{
			"Subject: card " + card, "MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="x"`, "X-Card: credit card " + spaced,
		}, ownFields...),
		body: "--x\r\n\r\nMy credit card number is " + spaced + ", visa.\r\n--x\r\nContent-Type: text/plain; name=\"card " + card + ".txt\"\r\n" +
			"Content-Disposition: attachment; filename=\"card " + card + ".txt\"\r\n\r\ncredit card " + card + " visa expires 11/29\r\n--x--",
	})
	if d.Err != nil || len(g.items()) != 1 {
		t.Fatalf("%d items, error %v", len(g.items()), d.Err)
	}
	clear := func(what, text string) {
		t.Helper()
		digits := strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' {
				return c
			}
			return -1
		}, text)
		for _, canary := range []string{card, spaced} {
			if strings.Contains(text, canary) {
				t.Errorf("%s holds %s:\n%s", what, canary, text)
			}
		}
		if strings.Contains(digits, card) {
			t.Errorf("%s holds the digits of the card:\n%s", what, text)
		}
	}
	for _, r := range g.records() {
		clear("the record "+r.Operation, string(r.Data))
	}
	for _, i := range g.items() {
		text, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		clear("the item", string(text))
		if !strings.Contains(g.octets(i.Blob), card) {
			t.Error("the held message is not the message")
		}
	}
	notices := 0
	_, entries := g.outbox()
	for _, e := range entries {
		if e.Kind == quarantine.EntryNotice {
			notices++
			clear("the notice", g.octets(e.Blob))
		}
	}
	if notices != 1 {
		t.Errorf("%d notices, want 1", notices)
	}
}

// TestTheRecordOfAMatch holds what a record says of the message, and of what was
// found in it.
func TestTheRecordOfAMatch(t *testing.T) {
	g := newGate(t, `
policy: P
mode: enable
rules:
  - rule: R
    conditions: {contentContainsSensitiveInformation: [{type: Credit card number, confidenceLevel: high}]}
    actions: {quarantine: true}
`, Settings{})
	if d := g.send(mail{
		to: []string{"b@hold.example"}, queueID: "Q1",
		header: []string{"Subject: hello", "Message-ID: <1@client.example>", "Date: Mon, 2 Mar 2026 10:30:00 +0100"},
		body:   "My credit card numbers are 4012888888881881 and 4111 1111 1111 1111, visa, expires 11/29." + strings.Repeat("\r\n", 100) + strings.Repeat("lorem ipsum ", 100) + "5500005555555559",
	}); d.Err != nil {
		t.Fatal(d.Err)
	}
	records := g.records()
	rec, err := audit.Parse(records[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC); !rec.ExchangeMetaData.Sent.Equal(want) {
		t.Errorf("sent %s, want %s", rec.ExchangeMetaData.Sent, want)
	}
	found := rec.PolicyDetails[0].Rules[0].ConditionsMatched.SensitiveInformation[0]
	var values []string
	for _, v := range found.Detections.DetectedValues {
		values = append(values, v.Value.String())
	}
	if diff := cmp.Diff([]string{"************1881", "***************1111"}, values); diff != "" || found.Count != len(values) || !rec.SensitiveInfoDetectionIsIncluded {
		t.Errorf("%d found, included %v (-want +got):\n%s", found.Count, rec.SensitiveInfoDetectionIsIncluded, diff)
	}
	want := []audit.Attribute{{Confidence: 65, Count: 1}, {Confidence: 85, Count: 2, IsMatch: true}}
	if diff := cmp.Diff(want, found.Attributes); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
}

// TestWhatNoRuleLooksForIsMaskedToo has card numbers where only names and subjects
// are recorded, and no rule that asks for them.
func TestWhatNoRuleLooksForIsMaskedToo(t *testing.T) {
	const card = "4012888888881881"
	g := newGate(t, "policy: P\nmode: enable\nrules:\n  - {rule: R, conditions: {documentIsUnsupported: true}, actions: {quarantine: true}}\n", Settings{})
	d := g.send(mail{
		to: []string{"b@hold.example"}, queueID: "Q1",
		header: append([]string{"Subject: credit card " + card + " visa", "MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="x"`}, ownFields...),
		body: "--x\r\nContent-Type: application/octet-stream\r\n" +
			"Content-Disposition: attachment; filename=\"credit card " + card + " visa.xyz\"\r\n\r\n\x00\x01\x02\xff\r\n--x--",
	})
	records := g.records()
	if d.Err != nil || len(g.items()) != 1 || len(records) != 1 {
		t.Fatalf("%d items, %d records, error %v", len(g.items()), len(records), d.Err)
	}
	// The explanation of this gate repeats the subject on purpose; that of the
	// commands has none.
	if text, _, _ := strings.Cut(string(records[0].Data), `"Explain"`); strings.Contains(text, card) || !strings.Contains(text, "************1881 visa.xyz") {
		t.Errorf("the record:\n%s", text)
	}
}

// TestAnUnknownThatDoesNotMatterIsRecorded: the mail goes on, and the record says
// what could not be known.
func TestAnUnknownThatDoesNotMatterIsRecorded(t *testing.T) {
	const policy = "policy: P\nmode: testWithNotifications\nrules:\n" +
		"  - {rule: Unsure, conditions: {fromMemberOf: [sales@example.com]}, actions: {blockAccess: all}}\n"
	set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: classify.Builtin()})
	if set == nil {
		t.Fatal(problems)
	}
	env := messageTo(nil, "b@customer.example").Envelope
	env.ReversePath = messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path
	m, err := message.Read(env, strings.NewReader("From: anna@example.com\r\n\r\nBody.\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	world, store := houseWorld(unanswering{housePeople(t), "sales@example.com"}), &captured{}
	d := NewEngine(Settings{}).Run(t.Context(), set, rules.NewScan(world, m), houseLive(store, world.Organization, houseNotices(t)))
	if d.Err != nil || d.Outcome.Verdict != Deliver || len(d.Forks[0].Rules) > 0 {
		t.Fatalf("%s, error %v, rules %v", d.Outcome.Verdict, d.Err, d.Forks[0].Rules)
	}
	if r := store.commit.Records; len(r) != 1 || r[0].Operation != "MessageSignalled" {
		t.Errorf("records: %+v", r)
	}
}
