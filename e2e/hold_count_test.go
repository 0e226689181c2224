//go:build e2e

package e2e

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/internal/sink"
	"github.com/postern-mail/postern/quarantine"
)

// books is what the sink and the store know when all is over.
type books struct {
	came map[string][]*sink.Message   // by recipient
	held map[string][]quarantine.Item // by recipient
	// sent are the attempts that the outbox recorded as delivered, by recipient.
	sent    map[string][]audit.Relay
	dropped map[string]int // deletions that were recorded, by recipient
	alerts  []quarantine.Alert
}

func (d *driver) books() *books {
	b := &books{map[string][]*sink.Message{}, map[string][]quarantine.Item{}, map[string][]audit.Relay{}, map[string]int{}, nil}
	for _, m := range d.sink.Messages() {
		for _, to := range m.Recipients() {
			b.came[to] = append(b.came[to], m)
		}
	}
	s := d.stored(d.t)
	for _, i := range allItems(d.t, s) {
		for _, r := range i.Envelope.Recipients {
			b.held[r.Path] = append(b.held[r.Path], i)
		}
	}
	for _, r := range records(d.t, s, audit.RelayResult) {
		for _, to := range r.Relay.Recipients {
			if to.State == string(quarantine.Delivered) {
				b.sent[to.Recipient] = append(b.sent[to.Recipient], *r.Relay)
			}
		}
	}
	for _, r := range records(d.t, s, audit.DlpRuleMatch) {
		for _, f := range r.Forks {
			if f.Verdict == "delete" {
				for _, to := range f.Recipients {
					b.dropped[to]++
				}
			}
		}
	}
	for f := (quarantine.AlertFilter{Limit: 200}); ; {
		page, err := s.Alerts(d.t.Context(), f)
		if err != nil {
			d.t.Fatal(err)
		}
		b.alerts = append(b.alerts, page.Alerts...)
		if f.After = page.Next; f.After == "" {
			break
		}
	}
	if v, err := s.VerifyRecords(d.t.Context(), time.Now()); err != nil || len(v.Breaks) > 0 {
		d.t.Errorf("the records: %+v, %v", v, err)
	}
	problems, err := s.Check(d.t.Context())
	if err != nil {
		d.t.Error(err)
	}
	for _, p := range problems {
		// Files that a kill left without a row are swept when they are old.
		if !p.Orphan {
			d.t.Errorf("the store: %+v", p)
		}
	}
	return b
}

// count holds the promise against what came: every recipient of every letter is
// delivered, held, redirected, named in one report, or deleted by a recorded
// deleteMessage. What came in the session came once; what came by the outbox came
// more often only when an attempt of it was cut off, and is the same message then,
// marked with the number of its attempt where it is marked at all.
// It gives the number of such repetitions.
func (d *driver) count() (repeated int) {
	d.t.Helper()
	b := d.books()
	once := func(l *sentLetter, to string) {
		d.t.Helper()
		if got := b.of(to, l.id); len(got) != 1 {
			d.t.Errorf("letter %d (%s): %d copies to %s", l.number, l.kind, len(got), to)
		}
	}
	// copies holds that the mails are those of one entry of the outbox: the attempt
	// that was recorded came, and besides it no others than those that were cut off.
	copies := func(l *sentLetter, to string, came []*sink.Message, sent []audit.Relay) {
		d.t.Helper()
		if len(came) == 0 || len(sent) != 1 {
			d.t.Errorf("letter %d (%s): %d copies to %s, recorded %+v", l.number, l.kind, len(came), to, sent)
			return
		}
		last, cut := sent[0].Attempt, d.cut[sent[0].Entry]
		if len(came) > 1+len(cut) {
			d.t.Errorf("letter %d (%s): %d copies to %s, attempts %d were cut off", l.number, l.kind, len(came), to, cut)
		}
		var attempts []int
		for _, m := range came {
			if m.ID() != came[0].ID() || m.ID() == "" {
				d.t.Errorf("letter %d (%s): two mails to %s, %s and %s", l.number, l.kind, to, came[0].ID(), m.ID())
			}
			entry, n := mark(m)
			if to == l.outside() {
				if entry != "" {
					d.t.Errorf("letter %d (%s): the copy outside is marked", l.number, l.kind)
				}
				continue
			}
			if entry != sent[0].Entry || n != last && !slices.Contains(cut, n) || slices.Contains(attempts, n) {
				d.t.Errorf("letter %d (%s): attempt %d of %s came to %s, after attempts %d; recorded is %+v, cut off were %d",
					l.number, l.kind, n, entry, to, attempts, sent[0], cut)
			}
			attempts = append(attempts, n)
		}
		repeated += len(came) - 1
	}
	// A mail of the outbox to a recipient of its own.
	outbox := func(l *sentLetter, to string) {
		d.t.Helper()
		copies(l, to, b.came[to], b.sent[to])
	}
	// A mail of the outbox to a recipient of many.
	shared := func(l *sentLetter, to string, came []*sink.Message) {
		d.t.Helper()
		var sent []audit.Relay
		for _, r := range b.sent[to] {
			if slices.ContainsFunc(came, func(m *sink.Message) bool { e, _ := mark(m); return e == r.Entry }) {
				sent = append(sent, r)
			}
		}
		copies(l, to, came, sent)
	}
	never := func(l *sentLetter, to string) {
		d.t.Helper()
		if len(b.came[to]) > 0 {
			d.t.Errorf("letter %d (%s): %d mails to %s", l.number, l.kind, len(b.came[to]), to)
		}
	}
	report := func(l *sentLetter) {
		d.t.Helper()
		outbox(l, l.sender())
		for _, m := range b.came[l.sender()] {
			if got := m.Refused(); !slices.Equal(got, []string{l.outside()}) {
				d.t.Errorf("letter %d (%s): the report names %q", l.number, l.kind, got)
			}
		}
	}
	for _, l := range d.letters {
		for _, to := range l.to {
			if to != l.outside() {
				once(l, to)
			}
		}
		if held := b.held[l.outside()]; (l.kind == "hold" || l.kind == "untellable") != (len(held) == 1) {
			d.t.Errorf("letter %d (%s): %d holds", l.number, l.kind, len(held))
			continue
		}
		switch l.kind {
		case "plain":
		case "hold", "untellable":
			switch state := b.held[l.outside()][0].State; {
			case state == quarantine.StateReleased:
				outbox(l, l.outside())
				never(l, l.sender())
			case state == quarantine.StateExpired && l.kind == "hold":
				never(l, l.outside())
				report(l)
			case state == quarantine.StateHeld || state == quarantine.StateExpired:
				never(l, l.outside())
				never(l, l.sender())
			default:
				d.t.Errorf("letter %d (%s) is %s", l.number, l.kind, state)
			}
			if l.kind == "untellable" {
				shared(l, reviewer, b.about(reviewer, l.outside()))
			}
		case "block":
			never(l, l.outside())
			report(l)
		case "mark":
			outbox(l, l.outside())
			never(l, l.sender())
		case "divert":
			never(l, l.outside())
			shared(l, desk, b.of(desk, l.id))
		case "forget":
			never(l, l.outside())
			never(l, l.sender())
		case "drop":
			never(l, l.outside())
			never(l, l.sender())
			if b.dropped[l.outside()] == 0 {
				d.t.Errorf("letter %d (%s): no deletion is recorded", l.number, l.kind)
			}
		}
	}
	alerts := make(map[string]bool)
	for _, m := range b.came[watch] {
		alerts[m.ID()] = true
	}
	if len(alerts) != len(b.alerts) {
		d.t.Errorf("%d mails of %d alerts", len(alerts), len(b.alerts))
	}
	return repeated
}

// Recipients of many letters: where outcomePolicy diverts mail to, and who hears of
// what is held.
const (
	desk     = "desk@example.com"
	reviewer = "postmaster@example.com"
	watch    = "watch@example.com" // who is alerted
)

// mark gives the entry of the outbox that a mail came from and the number of the
// attempt; empty where it has no mark.
func mark(m *sink.Message) (entry string, attempt int) {
	for _, v := range m.Header("X-Postern-Release") {
		id, n, _ := strings.Cut(v, "; attempt=")
		attempt, _ = strconv.Atoi(n)
		return id, attempt
	}
	return "", 0
}

// of gives the copies of a message to a recipient.
func (b *books) of(to, id string) []*sink.Message {
	var all []*sink.Message
	for _, m := range b.came[to] {
		if m.ID() == id {
			all = append(all, m)
		}
	}
	return all
}

// about gives the mails to a recipient that name an address.
func (b *books) about(to, address string) []*sink.Message {
	var all []*sink.Message
	for _, m := range b.came[to] {
		if bytes.Contains(m.Data, []byte(address)) {
			all = append(all, m)
		}
	}
	return all
}
