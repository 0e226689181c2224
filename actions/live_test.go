package actions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/embedded"
	"github.com/postern-mail/postern/rules"
)

// gatePolicy gives each outcome a domain; what is inside is edited.
const gatePolicy = `
policy: P
mode: enable
rules:
  - {rule: Hold, conditions: {recipientDomainIs: [hold.example]}, actions: {quarantine: true}}
  - {rule: Block, conditions: {recipientDomainIs: [block.example]}, actions: {blockAccess: all, blockResponse: ndr, untellable: quarantine}}
  - {rule: Delete, conditions: {recipientDomainIs: [delete.example]}, actions: {deleteMessage: true}}
  - {rule: Inside, conditions: {accessScope: inOrganization}, actions: {setHeader: {X-Class: internal}}}
`

// gate is an engine with its effects and a store on disk.
type gate struct {
	t       testing.TB
	store   *counting
	live    *Live
	engine  *Engine
	set     *rules.Set
	world   *rules.World
	now     atomic.Pointer[time.Time]
	mu      sync.Mutex
	repeats []Repeat
}

// counting counts the commits of a store, and can fail them.
type counting struct {
	quarantine.Store
	commits atomic.Int64
	fail    error
	before  func() // each commit
}

func (c *counting) Commit(ctx context.Context, commit *quarantine.Commit) error {
	if c.before != nil {
		c.before()
	}
	if c.fail != nil {
		return c.fail
	}
	c.commits.Add(1)
	return c.Store.Commit(ctx, commit)
}

func newGate(t testing.TB, policy string, s Settings) *gate {
	t.Helper()
	store, err := embedded.Open(t.Context(), embedded.Options{Dir: filepath.Join(t.TempDir(), "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	c := readCase(t, "block-per-user-mixed", readPeople(t, filepath.Join(casesDir, "people.yaml")))
	set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: classify.Builtin(), Directory: c.people})
	if set == nil {
		t.Fatal(problems)
	}
	g := &gate{t: t, store: &counting{Store: store}, set: set, world: c.world()}
	g.live = caseLive(g.store, g.world.Organization, c.notices)
	var n atomic.Int64
	g.live.Reference = func() string { return fmt.Sprintf("P-TEST%03d", n.Add(1)) }
	g.live.Now = func() time.Time { return *g.now.Load() }
	g.live.Explain = func(m *message.Message, _ *Decision) ([]byte, error) {
		return json.Marshal(map[string]string{"subject": m.Subject()})
	}
	g.live.Repeated = func(r Repeat) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.repeats = append(g.repeats, r)
	}
	g.later(0)
	s.Notices = c.notices
	s.Reviewed = true
	g.engine = NewEngine(s)
	return g
}

// later moves the clock on.
func (g *gate) later(d time.Duration) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if p := g.now.Load(); p != nil {
		now = p.Add(d)
	}
	g.now.Store(&now)
}

// mail is one message of a client.
type mail struct {
	to      []string
	client  string // 192.0.2.10 when empty
	queueID string
	args    string   // of RCPT for the last recipient
	header  []string // beside those of base
	body    string
}

func (g *gate) send(m mail) *Decision {
	g.t.Helper()
	env := messageTo(nil, m.to...).Envelope
	env.ReversePath = messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path
	env.Recipients[len(m.to)-1].Args = strings.Fields(m.args)
	env.Authenticated, env.Hostname, env.QueueID = "anna", "mx.example.com", m.queueID
	env.ClientAddr = netip.MustParseAddr("192.0.2.10")
	if m.client != "" {
		env.ClientAddr = netip.MustParseAddr(m.client)
	}
	header := append([]string{"Received: from client by mx id " + m.queueID, "From: anna@example.com", "To: people@example.com"}, m.header...)
	if m.body == "" {
		m.body = "Body."
	}
	text := strings.Join(header, "\r\n") + "\r\n\r\n" + m.body + "\r\n"
	msg, err := message.Read(env, strings.NewReader(text), nil, message.DefaultLimits)
	if err != nil {
		g.t.Fatal(err)
	}
	defer msg.Close()
	return g.engine.Run(g.t.Context(), g.set, rules.NewScan(g.world, msg), g.live)
}

func (g *gate) items() []quarantine.Item {
	g.t.Helper()
	page, err := g.store.List(g.t.Context(), quarantine.Filter{})
	if err != nil {
		g.t.Fatal(err)
	}
	return page.Items
}

// outbox takes all entries that are due, as "kind RECIPIENTS".
func (g *gate) outbox() (lines []string, entries []quarantine.Entry) {
	g.t.Helper()
	now := *g.now.Load()
	entries, err := g.store.Lease(g.t.Context(), now, now.Add(time.Hour), 100)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, e := range entries {
		line := string(e.Kind)
		for _, r := range e.Recipients {
			line += " " + r.Address
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, entries
}

func (g *gate) octets(blob string) string {
	g.t.Helper()
	r, err := g.store.Open(g.t.Context(), blob)
	if err != nil {
		g.t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(data)
}

func (g *gate) records() (out []quarantine.Record) {
	g.t.Helper()
	for r, err := range g.store.Records(g.t.Context(), quarantine.RecordFilter{}) {
		if err != nil {
			g.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

var ownFields = []string{"Message-ID: <1@client.example>", "Date: Mon, 02 Mar 2026 09:00:00 +0000"}

func TestOneMessageIsOneCommit(t *testing.T) {
	tests := []struct {
		name    string
		to      []string
		commits int64
		outbox  []string
		held    []string
	}{
		{name: "a message that matches nothing leaves nothing", to: []string{"b@other.example"}},
		{name: "all outcomes at once", commits: 1,
			to:     []string{"b@other.example", "c@other.example", "ben@example.com", "b@hold.example", "b@block.example", "b@delete.example"},
			outbox: []string{"notice anna@example.com", "reinject ben@example.com"},
			held:   []string{"b@hold.example"}},
		{name: "a deletion is a record", to: []string{"b@delete.example"}, commits: 1},
		{name: "a hold", to: []string{"b@hold.example", "c@hold.example"}, commits: 1, held: []string{"b@hold.example c@hold.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, gatePolicy, Settings{})
			d := g.send(mail{to: tt.to, queueID: "Q1", header: ownFields})
			if d.Err != nil {
				t.Fatal(d.Err)
			}
			if n := g.store.commits.Load(); n != tt.commits {
				t.Errorf("%d commits, want %d", n, tt.commits)
			}
			if n := len(g.records()); int64(n) != tt.commits {
				t.Errorf("%d records, want %d", n, tt.commits)
			}
			lines, _ := g.outbox()
			if diff := cmp.Diff(tt.outbox, lines); diff != "" {
				t.Errorf("outbox (-want +got):\n%s", diff)
			}
			var held []string
			for _, i := range g.items() {
				held = append(held, recipientsOf(i.Envelope))
				if got := g.octets(i.Blob); !strings.Contains(got, "\r\n\r\nBody.\r\n") || !strings.Contains(got, "Received: from client") {
					t.Errorf("the held message is %q", got)
				}
			}
			if diff := cmp.Diff(tt.held, held); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingIsPromisedThatTheStoreDidNotTake fails the commit: what would go on
// from the store gets a temporary failure, whatever the settings say of errors.
func TestNothingIsPromisedThatTheStoreDidNotTake(t *testing.T) {
	tests := []struct {
		name    string
		to      []string
		onError OnError
		err     error
		want    Verdict
		code    string
	}{
		{"held", []string{"b@hold.example"}, OnErrorTempfail, errors.New("disk"), Defer, "451 4.3.0"},
		{"held, with errors accepted", []string{"b@hold.example"}, OnErrorAccept, errors.New("disk"), Defer, "451 4.3.0"},
		{"deleted, with errors accepted", []string{"b@delete.example", "b@other.example"}, OnErrorAccept, errors.New("disk"), Defer, "451 4.3.0"},
		{"given back, with errors accepted", []string{"b@block.example", "b@other.example"}, OnErrorAccept, errors.New("disk"), Defer, "451 4.3.0"},
		{"a fork, with errors accepted", []string{"ben@example.com", "b@other.example"}, OnErrorAccept, errors.New("disk"), Defer, "451 4.3.0"},
		{"edited", []string{"ben@example.com"}, OnErrorTempfail, errors.New("disk"), Defer, "451 4.3.0"},
		{"edited, with errors accepted", []string{"ben@example.com"}, OnErrorAccept, errors.New("disk"), Deliver, ""},
		{"nothing matched", []string{"b@other.example"}, OnErrorTempfail, errors.New("disk"), Deliver, ""},
		{"no space", []string{"b@hold.example"}, OnErrorTempfail, quarantine.ErrFull, Defer, "451 4.3.1"},
		{"too much of all", []string{"b@hold.example"}, OnErrorTempfail, quarantine.ErrQuota, Defer, "452 4.2.2"},
		{"too much of one sender", []string{"b@hold.example"}, OnErrorTempfail, quarantine.ErrSenderFull, Defer, "452 4.2.2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, gatePolicy, Settings{OnError: tt.onError})
			g.store.fail = tt.err
			d := g.send(mail{to: tt.to, queueID: "Q1", header: ownFields})
			code := ""
			if d.Outcome.Verdict == Defer {
				code = fmt.Sprint(d.Outcome.Reply.Code, " ", d.Outcome.Reply.Enhanced)
			}
			if d.Outcome.Verdict != tt.want || code != tt.code {
				t.Fatalf("%s %q, want %s %q", d.Outcome.Verdict, code, tt.want, tt.code)
			}
			for i, f := range d.Forks {
				if tt.want == Defer && (f.Route != Refused || f.Verdict != Defer || f.Item != "" || f.Why != "" || len(f.FinalRecipients) > 0) {
					t.Errorf("fork %d: %+v", i, f)
				}
			}
			g.store.fail = nil
			if n := len(g.items()) + len(g.records()); n > 0 {
				t.Errorf("%d items and records are left", n)
			}
		})
	}
}

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
	c := readCase(t, "unknown-in-test-mode", readPeople(t, casesDir+"/people.yaml"))
	set, problems := c.load(mutation{})
	if set == nil {
		t.Fatal(problems)
	}
	m, err := message.Read(c.env.envelope, bytes.NewReader(c.eml), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	world, store := c.world(), &captured{}
	d := NewEngine(Settings{}).Run(t.Context(), set, rules.NewScan(world, m), caseLive(store, world.Organization, c.notices))
	if d.Err != nil || d.Outcome.Verdict != Deliver || len(d.Forks[0].Rules) > 0 {
		t.Fatalf("%s, error %v, rules %v", d.Outcome.Verdict, d.Err, d.Forks[0].Rules)
	}
	if r := store.commit.Records; len(r) != 1 || r[0].Operation != "MessageSignalled" {
		t.Errorf("records: %+v", r)
	}
}

// TestAHeldMessageIsWhatTheMTAHadWithoutReservedFields compares octets.
func TestAHeldMessageIsWhatTheMTAHadWithoutReservedFields(t *testing.T) {
	g := newGate(t, gatePolicy, Settings{})
	d := g.send(mail{to: []string{"b@hold.example"}, queueID: "Q1", body: "A\x00B \xff\r\n.\r\n" + strings.Repeat("x", 5000),
		header: []string{"X-Postern-Release: 1", "Subject:  two  blanks", "X-Folded: a\r\n\tb", "Message-ID: <1@client.example>"}})
	if d.Err != nil || d.Removed != 1 {
		t.Fatalf("%d fields removed, error %v", d.Removed, d.Err)
	}
	want := "Received: from client by mx id Q1\r\nFrom: anna@example.com\r\nTo: people@example.com\r\nSubject:  two  blanks\r\nX-Folded: a\r\n\tb\r\n" +
		"Message-ID: <1@client.example>\r\n\r\nA\x00B \xff\r\n.\r\n" + strings.Repeat("x", 5000) + "\r\n"
	if got := g.octets(g.items()[0].Blob); got != want {
		t.Errorf("held octets:\n%q, want\n%q", got, want)
	}
}
