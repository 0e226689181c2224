//go:build e2e

package e2e

import (
	"slices"
	"strings"

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
}

func (d *driver) books() *books {
	b := &books{map[string][]*sink.Message{}, map[string][]quarantine.Item{}, map[string][]audit.Relay{}, map[string]int{}}
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
// more often only when an attempt of it was cut off, and is the same message then.
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
	// A mail of the outbox to a recipient of its own.
	outbox := func(l *sentLetter, to string) {
		d.t.Helper()
		came, sent := b.came[to], b.sent[to]
		if len(came) == 0 || len(sent) != 1 {
			d.t.Errorf("letter %d (%s): %d copies to %s, recorded %+v", l.number, l.kind, len(came), to, sent)
			return
		}
		if len(came) > sent[0].Attempt {
			d.t.Errorf("letter %d (%s): %d copies to %s in %d attempts", l.number, l.kind, len(came), to, sent[0].Attempt)
		}
		var marks []string
		for _, m := range came {
			if m.ID() != came[0].ID() || m.ID() == "" {
				d.t.Errorf("letter %d (%s): two mails to %s, %s and %s", l.number, l.kind, to, came[0].ID(), m.ID())
			}
			marks = append(marks, m.Header("X-Postern-Release")...)
		}
		if slices.Sort(marks); len(slices.Compact(marks)) < len(marks) {
			d.t.Errorf("letter %d (%s): one attempt came twice: %q", l.number, l.kind, marks)
		}
		repeated += len(came) - 1
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
			if got := refusedIn(m); !slices.Equal(got, []string{l.outside()}) {
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
				d.heard(b, l)
			}
		case "block":
			never(l, l.outside())
			report(l)
		case "mark":
			outbox(l, l.outside())
			never(l, l.sender())
		case "divert":
			never(l, l.outside())
			if len(b.of("desk@example.com", l.id)) == 0 {
				d.t.Errorf("letter %d (%s) did not come to the desk", l.number, l.kind)
			}
		case "drop":
			never(l, l.outside())
			never(l, l.sender())
			if b.dropped[l.outside()] == 0 {
				d.t.Errorf("letter %d (%s): no deletion is recorded", l.number, l.kind)
			}
		}
	}
	return repeated
}

// heard holds that the reviewers heard once of a letter whose sender cannot be told.
func (d *driver) heard(b *books, l *sentLetter) {
	d.t.Helper()
	var ids []string
	for _, m := range b.came["postmaster@example.com"] {
		if strings.Contains(string(m.Data), l.outside()) {
			ids = append(ids, m.ID())
		}
	}
	slices.Sort(ids)
	if got := slices.Compact(ids); len(got) != 1 {
		d.t.Errorf("letter %d (%s): the reviewers heard %d times: %q", l.number, l.kind, len(got), got)
	}
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
