package actions

import (
	"slices"

	"github.com/postern-mail/postern/notice"
)

// byFork are the notices that go with a fork and are repeated with it or not: the
// others are told once for the whole message.
func byFork(k notice.Kind) bool { return k == notice.KindBlock || k == notice.KindHeld }

// onlyOnce takes back the mail that was sent when the message came before, and lets
// this one be known again where it asks for mail.
func (b *batch) onlyOnce() error {
	asks := func(p Planned) bool { return !byFork(p.Kind) }
	for _, i := range b.came {
		f := &b.d.Forks[i]
		f.Notices = slices.DeleteFunc(slices.Clone(f.Notices), asks)
	}
	if !slices.ContainsFunc(b.d.Forks, func(f Fork) bool { return slices.ContainsFunc(f.Notices, asks) }) {
		return nil
	}
	fp, first, err := b.fingerprintOf(toldDigest(b.m), outcomeTold)
	if err != nil {
		return err
	}
	if first == nil {
		b.commit.Fingerprints = append(b.commit.Fingerprints, *fp)
		return nil
	}
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		f.Notices = slices.DeleteFunc(slices.Clone(f.Notices), asks)
	}
	r := Repeat{Reference: first.Reference, Outcome: first.Outcome, QueueID: b.m.Envelope.QueueID, Before: first.QueueID, First: first.At}
	for _, to := range b.m.Envelope.Recipients {
		r.Recipients = append(r.Recipients, to.Path.String())
	}
	b.repeats = append(b.repeats, r)
	return nil
}

// giveBack lets the limits forget what is not sent after all.
func (b *batch) giveBack() {
	if b.Limiter != nil {
		b.Limiter.giveBack(b.taken)
	}
	b.taken = nil
}
