package actions

import (
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
	people := housePeople(t)
	set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: classify.Builtin(), Directory: people})
	if set == nil {
		t.Fatal(problems)
	}
	g := &gate{t: t, store: &counting{Store: store}, set: set, world: houseWorld(people)}
	g.live = houseLive(g.store, g.world.Organization, houseNotices(t))
	var n atomic.Int64
	g.live.Reference = func() string { return fmt.Sprintf("P-TEST%03d", n.Add(1)) }
	g.live.Now = func() time.Time { return *g.now.Load() }
	g.live.Explain = func(_ context.Context, scan *rules.Scan, _ *Decision) ([]byte, error) {
		m := scan.Message
		return json.Marshal(map[string]string{"subject": m.Subject()})
	}
	g.live.Repeated = func(r Repeat) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.repeats = append(g.repeats, r)
	}
	g.later(0)
	s.Notices = g.live.Notices
	s.Reviewers, s.Admins = houseReviewers(), houseReviewers()
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
