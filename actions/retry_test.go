package actions

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// decide moves the only item by an event.
func (g *gate) decide(event quarantine.Event, how Release) {
	g.t.Helper()
	item := g.items()[0]
	d := &quarantine.Decision{Item: item.ID, Event: event, By: "reviewer@example.com", At: *g.now.Load()}
	if event == quarantine.EventRelease {
		c, err := g.live.Release(g.t.Context(), &item, []byte(g.octets(item.Blob)), how)
		if err != nil {
			g.t.Fatal(err)
		}
		d.Commit = c
	}
	if _, err := g.store.Decide(g.t.Context(), d); err != nil {
		g.t.Fatal(err)
	}
}

// deliver has the outbox send everything, and gives what it sent.
func (g *gate) deliver() []string {
	g.t.Helper()
	lines, entries := g.outbox()
	for _, e := range entries {
		r := &quarantine.Report{Entry: e.ID, Attempt: e.Attempt, At: *g.now.Load()}
		for i := range e.Recipients {
			r.Results = append(r.Results, quarantine.Result{Recipient: i, Delivery: quarantine.Delivered})
		}
		if err := g.store.Finish(g.t.Context(), r); err != nil {
			g.t.Fatal(err)
		}
	}
	return lines
}

// TestRetries sends a message, lets something happen, and sends it again.
func TestRetries(t *testing.T) {
	const (
		hold = "b@hold.example"
		ndr  = "b@block.example"
	)
	generated := func(id string) []string {
		return []string{"Message-ID: <20260302090000." + id + "@mx.example.com>", "Date: Mon, 02 Mar 2026 09:00:00 +0000"}
	}
	tests := []struct {
		name   string
		first  mail
		event  func(*gate)
		second mail
		// wanted of the second: the verdict, what the outbox sends because of it, the
		// outcome that is repeated, and how many items there are then.
		verdict Verdict
		sent    []string
		repeats string
		items   int
	}{
		{name: "held", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			verdict: Discard, repeats: "held", items: 1},
		{name: "held, after five days", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: later(5 * 24 * time.Hour), verdict: Discard, repeats: "held", items: 1},
		{name: "held, after more than five days", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: later(5*24*time.Hour + time.Second), verdict: Discard, items: 2},
		{name: "held, with a changed Date", first: mail{to: []string{hold}}, second: mail{to: []string{hold},
			header: []string{ownFields[0], "Date: Mon, 02 Mar 2026 09:00:01 +0000"}}, verdict: Discard, items: 2},
		{name: "held, with another Message-ID", first: mail{to: []string{hold}}, second: mail{to: []string{hold},
			header: []string{"Message-ID: <2@client.example>", ownFields[1]}}, verdict: Discard, items: 2},
		{name: "held, with another body", first: mail{to: []string{hold}}, second: mail{to: []string{hold}, body: "Other."},
			verdict: Discard, items: 2},
		{name: "held, from another client", first: mail{to: []string{hold}}, second: mail{to: []string{hold}, client: "192.0.2.11"},
			verdict: Discard, items: 2},
		{name: "held, to one more", first: mail{to: []string{hold}}, second: mail{to: []string{hold, "c@hold.example"}},
			verdict: Discard, items: 2},
		{name: "held, recipients in another order", first: mail{to: []string{hold, "c@hold.example"}}, second: mail{
			to: []string{"c@hold.example", hold}}, verdict: Discard, repeats: "held", items: 1},
		{name: "held, with other trace fields and marks", first: mail{to: []string{hold}},
			second:  mail{to: []string{hold}, header: append([]string{"X-Spam-Score: 3", "Authentication-Results: mx; none", "X-Postern-Loop: 1"}, ownFields...)},
			verdict: Discard, repeats: "held", items: 1},
		{name: "held beside a delivered one", first: mail{to: []string{hold, "c@other.example"}}, second: mail{to: []string{hold, "c@other.example"}},
			verdict: Deliver, repeats: "held", items: 1},
		{name: "deleted by a reviewer", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: decided(quarantine.EventDelete), verdict: Block, repeats: "deleted", items: 1},
		{name: "deleted, beside a delivered one", first: mail{to: []string{hold, "c@other.example"}}, second: mail{to: []string{hold, "c@other.example"}},
			event: decided(quarantine.EventDelete), verdict: Deliver, repeats: "deleted", items: 1},
		{name: "expired", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: decided(quarantine.EventExpire), verdict: Block, repeats: "expired", items: 1},
		{name: "rejected", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: decided(quarantine.EventReject), verdict: Block, repeats: "rejected", items: 1},
		{name: "deleted, after six hours", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: all(decided(quarantine.EventDelete), later(6*time.Hour+time.Second)), verdict: Discard, items: 2},
		{name: "on its way out", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: decided(quarantine.EventRelease), verdict: Discard, sent: []string{"reinject b@hold.example", "release b@hold.example"}, items: 1},
		{name: "released", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: all(decided(quarantine.EventRelease), delivered), verdict: Discard, sent: []string{"reinject b@hold.example"}, items: 1},
		{name: "released, after six hours", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: all(decided(quarantine.EventRelease), delivered, later(6*time.Hour+time.Second)), verdict: Discard, items: 2},
		{name: "released twice", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: all(decided(quarantine.EventRelease), delivered, again(mail{to: []string{hold}}), delivered), verdict: Discard,
			sent: []string{"reinject b@hold.example"}, items: 1},
		{name: "released to some", first: mail{to: []string{hold, "c@hold.example"}}, second: mail{to: []string{hold, "c@hold.example"}},
			event: all(released(Release{To: paths(hold)}), delivered), verdict: Discard, sent: []string{"reinject b@hold.example"}, items: 2},
		{name: "released to somebody else", first: mail{to: []string{hold, "c@hold.example"}}, second: mail{to: []string{hold, "c@hold.example"}},
			event: all(released(Release{Redirect: paths("desk@example.com")}), delivered), verdict: Discard, sent: []string{"reinject desk@example.com"}, items: 1},
		{name: "given back, and would be held now", first: mail{to: []string{ndr}}, second: mail{to: []string{ndr}},
			event: all(delivered, policy(holdsAll)), verdict: Discard, repeats: "returned"},
		{name: "held, and would be given back now", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: policy(tellsAll), verdict: Discard, repeats: "held", items: 1},
		{name: "held, and would be deleted now", first: mail{to: []string{hold}}, second: mail{to: []string{hold}},
			event: policy(deletesAll), verdict: Discard, items: 1},
		{name: "re-injected", first: mail{to: []string{"ben@example.com", "b@other.example", "c@other.example"}},
			second: mail{to: []string{"ben@example.com", "b@other.example", "c@other.example"}}, event: delivered,
			verdict: Deliver, repeats: "reinjected"},
		{name: "re-injected and not sent yet", first: mail{to: []string{"ben@example.com", "b@other.example", "c@other.example"}},
			second:  mail{to: []string{"ben@example.com", "b@other.example", "c@other.example"}},
			verdict: Deliver, repeats: "reinjected", sent: []string{"reinject ben@example.com"}},
		{name: "re-injected, after six hours", first: mail{to: []string{"ben@example.com", "b@other.example", "c@other.example"}},
			second: mail{to: []string{"ben@example.com", "b@other.example", "c@other.example"}}, event: all(delivered, later(6*time.Hour+time.Second)),
			verdict: Deliver, sent: []string{"reinject ben@example.com"}},
		{name: "told by mail", first: mail{to: []string{ndr}}, second: mail{to: []string{ndr}}, event: delivered,
			verdict: Discard, repeats: "returned"},
		{name: "told by mail, after six hours", first: mail{to: []string{ndr}}, second: mail{to: []string{ndr}}, event: all(delivered, later(6*time.Hour+time.Second)),
			verdict: Discard, sent: []string{"notice anna@example.com"}},
		{name: "told by mail, without a Message-ID", first: mail{to: []string{ndr}, header: anonymous}, second: mail{to: []string{ndr}, header: anonymous}, event: delivered,
			verdict: Discard, sent: []string{"notice anna@example.com"}},
		{name: "without a Message-ID, held", first: mail{to: []string{hold}, header: anonymous}, second: mail{to: []string{hold}, header: anonymous},
			event: later(15 * time.Minute), verdict: Discard, repeats: "held", items: 1},
		{name: "without a Message-ID, held for long", first: mail{to: []string{hold}, header: anonymous}, second: mail{to: []string{hold}, header: anonymous},
			event: later(15*time.Minute + time.Second), verdict: Discard, items: 2},
		{name: "without a Message-ID, deleted", first: mail{to: []string{hold}, header: anonymous}, second: mail{to: []string{hold}, header: anonymous},
			event: decided(quarantine.EventDelete), verdict: Discard, items: 2},
		{name: "with a Message-ID that the MTA made", first: mail{to: []string{hold}, header: generated("Q1")},
			second:  mail{to: []string{hold}, header: []string{generated("Q2")[0], "Date: Mon, 02 Mar 2026 09:05:00 +0000"}},
			verdict: Discard, repeats: "held", items: 1},
		{name: "with a Message-ID that the MTA made, for long", first: mail{to: []string{hold}, header: generated("Q1")},
			second: mail{to: []string{hold}, header: generated("Q2")}, event: later(time.Hour), verdict: Discard, items: 2},
		{name: "with a Message-ID that the MTA made of a long queue identifier",
			first:   mail{to: []string{hold}, header: []string{"Message-ID: <Q1@mx.example.com>", "Date: Mon, 02 Mar 2026 09:00:00 +0000"}},
			second:  mail{to: []string{hold}, header: []string{"Message-ID: <Q2@mx.example.com>", "Date: Mon, 02 Mar 2026 09:05:00 +0000"}},
			verdict: Discard, repeats: "held", items: 1},
		{name: "with a Date that the MTA made", first: mail{to: []string{hold}, header: []string{ownFields[0], "Date: Mon,  2 Mar 2026 09:00:00 +0000 (UTC)"}},
			second: mail{to: []string{hold}, header: []string{ownFields[0], "Date: Mon,  2 Mar 2026 10:00:00 +0100 (CET)", "X-Spam-Score: 3"}}, event: later(time.Hour),
			verdict: Discard, repeats: "held", items: 1},
		{name: "with a Date that stands among the client's fields", first: mail{to: []string{hold}, header: []string{"Date: Mon,  2 Mar 2026 09:00:00 +0000 (UTC)", ownFields[0]}},
			second:  mail{to: []string{hold}, header: []string{"Date: Mon,  2 Mar 2026 09:05:00 +0000 (UTC)", ownFields[0]}},
			verdict: Discard, items: 2},
		{name: "with a Message-ID like one of the MTA", first: mail{to: []string{hold}, header: generated("QX")},
			second: mail{to: []string{hold}, header: generated("QX")}, event: later(time.Hour), verdict: Discard, repeats: "held", items: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, gatePolicy, Settings{})
			tt.first.queueID, tt.second.queueID = "Q1", "Q2"
			for _, m := range []*mail{&tt.first, &tt.second} {
				if m.header == nil {
					m.header = ownFields
				}
			}
			first := g.send(tt.first)
			if first.Err != nil {
				t.Fatal(first.Err)
			}
			if tt.event != nil {
				tt.event(g)
			}
			g.repeats = nil
			second := g.send(tt.second)
			if second.Err != nil {
				t.Fatal(second.Err)
			}
			if second.Outcome.Verdict != tt.verdict {
				t.Errorf("the retry is told %s, want %s", second.Outcome.Verdict, tt.verdict)
			}
			if diff := cmp.Diff(tt.sent, g.deliver()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			items := g.items()
			if len(items) != tt.items {
				t.Errorf("%d items, want %d", len(items), tt.items)
			}
			got := ""
			for _, r := range g.repeats {
				got = r.Outcome
				if r.QueueID != "Q2" || r.Before != "Q1" || r.Reference != first.Reference || r.Seen != 2 {
					t.Errorf("the repeat says %+v", r)
				}
			}
			if got != tt.repeats {
				t.Errorf("repeated: %q, want %q", got, tt.repeats)
			}
			if want := tt.repeats == "held"; len(items) > 0 && (items[0].Seen == 1) != want {
				t.Errorf("seen %d times more, want once: %v", items[0].Seen, want)
			}
			suppressed := slices.ContainsFunc(g.records(), func(r quarantine.Record) bool {
				return r.Operation == "RetrySuppressed" && r.QueueID == "Q2" && strings.Contains(string(r.Data), `"Q1"`)
			})
			if suppressed != (tt.repeats != "") {
				t.Errorf("a record of a repeated outcome: %v", suppressed)
			}
		})
	}
}

var (
	anonymous = []string{"Subject: without a name"}
)

func later(d time.Duration) func(*gate)          { return func(g *gate) { g.later(d) } }
func decided(event quarantine.Event) func(*gate) { return func(g *gate) { g.decide(event, Release{}) } }
func released(how Release) func(*gate) {
	return func(g *gate) { g.decide(quarantine.EventRelease, how) }
}

// policy puts other policies in force.
func policy(text string) func(*gate) {
	return func(g *gate) {
		set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, rules.Vocabulary{Types: classify.Builtin()})
		if set == nil {
			g.t.Fatal(problems)
		}
		g.set = set
	}
}

const (
	holdsAll   = "policy: Q\nmode: enable\nrules:\n  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {quarantine: true}}\n"
	deletesAll = "policy: Q\nmode: enable\nrules:\n  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {deleteMessage: true}}\n"
	tellsAll   = "policy: Q\nmode: enable\nrules:\n  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {blockAccess: all, blockResponse: ndr}}\n"
)

func delivered(g *gate) { g.deliver() }

func again(m mail) func(*gate) {
	return func(g *gate) {
		m.header, m.queueID = ownFields, "Q1"
		g.send(m)
	}
}

func all(events ...func(*gate)) func(*gate) {
	return func(g *gate) {
		for _, e := range events {
			e(g)
		}
	}
}

func paths(addresses ...string) []message.Path {
	var out []message.Path
	for _, r := range messageTo(nil, addresses...).Envelope.Recipients {
		out = append(out, r.Path)
	}
	return out
}

// TestASecondRetryFindsTheFirst counts how often a held message came.
func TestASecondRetryFindsTheFirst(t *testing.T) {
	g := newGate(t, gatePolicy, Settings{})
	for i := range 4 {
		g.send(mail{to: []string{"b@hold.example"}, queueID: fmt.Sprint("Q", i), header: ownFields})
		g.later(time.Hour)
	}
	items := g.items()
	if len(items) != 1 || items[0].Seen != 3 {
		t.Fatalf("%d items, the first seen %d times more; want 1, 3", len(items), items[0].Seen)
	}
	var seen []int
	for _, r := range g.repeats {
		seen = append(seen, r.Seen)
	}
	if want := []int{2, 3, 4}; !slices.Equal(seen, want) {
		t.Errorf("seen %v times, want %v", seen, want)
	}
}

// TestSessionsWithTheSameMessageMakeOneHold sends one message in many sessions,
// all of which have looked for its fingerprint before any has committed.
func TestSessionsWithTheSameMessageMakeOneHold(t *testing.T) {
	to := []string{"b@hold.example", "b@block.example", "ben@example.com", "c@other.example", "d@other.example"}
	const edits = "policy: Q\nmode: enable\nrules:\n  - {rule: R, conditions: {accessScope: inOrganization}, actions: {setHeader: {X-Class: internal}}}\n"
	tests := []struct {
		name    string
		header  []string
		before  func(*gate)
		entries int // of the outbox; -1 for any number
	}{
		{name: "with a Message-ID", header: ownFields, entries: 2},
		{name: "without", header: anonymous, entries: -1},
		{name: "which one fork came with before", header: ownFields, before: func(g *gate) {
			gatePolicies := g.set
			policy(edits)(g)
			g.send(mail{to: to, queueID: "Q", header: ownFields})
			g.set = gatePolicies
		}, entries: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, gatePolicy, Settings{})
			if tt.before != nil {
				tt.before(g)
			}
			const sessions = 8
			meet := newMeeting(sessions)
			g.store.before = meet.wait
			var done sync.WaitGroup
			decisions := make([]*Decision, sessions)
			for i := range sessions {
				done.Go(func() {
					decisions[i] = g.send(mail{to: to, queueID: fmt.Sprint("Q", i), header: tt.header})
				})
			}
			done.Wait()
			for i, d := range decisions {
				if d.Outcome.Verdict != Deliver || d.Err != nil {
					t.Errorf("session %d: %s, error %v", i, d.Outcome.Verdict, d.Err)
				}
			}
			items := g.items()
			if len(items) != 1 || items[0].Seen != sessions-1 {
				t.Fatalf("%d items, the first seen %d times more; want 1, %d", len(items), items[0].Seen, sessions-1)
			}
			if lines, _ := g.outbox(); tt.entries >= 0 && len(lines) != tt.entries {
				t.Errorf("the outbox has %q, want one notice and one copy", lines)
			}
		})
	}
}

// meeting lets the first n callers go on together, and all others at once.
type meeting struct {
	mu      sync.Mutex
	missing int
	met     chan struct{}
}

func newMeeting(n int) *meeting { return &meeting{missing: n, met: make(chan struct{})} }

func (m *meeting) wait() {
	m.mu.Lock()
	if m.missing--; m.missing == 0 {
		close(m.met)
	}
	m.mu.Unlock()
	<-m.met
}
