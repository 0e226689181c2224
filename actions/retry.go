package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
	"github.com/postern-mail/postern/rules"
)

// What a fork came to, as its fingerprint keeps it.
const (
	outcomeHeld       = "held"
	outcomeReinjected = "reinjected"
	outcomeReturned   = "returned"
	// outcomeTold is that of a whole message of which people were told.
	outcomeTold = "told"
)

// outcomes are what forks of these routes come to. The others leave nothing that
// could be repeated.
var outcomes = map[Route]string{Held: outcomeHeld, Resubmitted: outcomeReinjected, Returned: outcomeReturned}

// How long after the first a message counts as a retry of its client (design:
// "Retries"). A message without a Message-ID of the client is one only while the
// first is held.
const (
	retryTime     = 6 * time.Hour
	retryHeldTime = 5 * 24 * time.Hour
	retryAnonTime = 15 * time.Minute
)

// fingerprint gives the fingerprint of a fork, and that of an earlier message of
// which this one is a retry; nil when it is none.
func (b *batch) fingerprint(f *Fork, outcome string) (fp, again *quarantine.Fingerprint, err error) {
	return b.fingerprintOf(digest(&b.m.Envelope, b.m.Header, b.m.Body(), f.Recipients), outcome)
}

// fingerprintOf is fingerprint of what has a digest.
func (b *batch) fingerprintOf(digest, outcome string) (fp, again *quarantine.Fingerprint, err error) {
	env := &b.m.Envelope
	fp = &quarantine.Fingerprint{
		Digest:    digest,
		MessageID: clientField(env, b.m.Header, "Message-ID"),
		Outcome:   outcome,
		Reference: b.d.Reference,
		QueueID:   env.QueueID,
		At:        b.now,
		Expires:   b.now.Add(retryTime),
		Unless:    b.now.Add(-retryAnonTime),
	}
	if fp.MessageID != "" {
		fp.Date = clientField(env, b.m.Header, "Date")
		fp.Unless = b.now.Add(-retryTime)
	}
	if env.ClientAddr.IsValid() {
		fp.ClientAddr = env.ClientAddr.String()
	}
	stored, err := b.Store.Fingerprints(b.ctx, fp.Digest)
	if err != nil {
		return nil, nil, err
	}
	for i := range stored {
		s := &stored[i]
		if s.ClientAddr == fp.ClientAddr && s.MessageID == fp.MessageID && s.Date == fp.Date && isRetry(s, b.now) {
			return fp, s, nil
		}
	}
	// An older one, that is no retry, must not refuse the commit.
	if len(stored) > 0 {
		fp.Unless = stored[0].At.Add(time.Nanosecond)
	}
	return fp, nil, nil
}

func isRetry(first *quarantine.Fingerprint, now time.Time) bool {
	age := now.Sub(first.At)
	held := first.Item != "" && first.ItemState == quarantine.StateHeld
	if first.MessageID == "" {
		return held && age <= retryAnonTime
	}
	return age <= retryTime || held && age <= retryHeldTime
}

// deferredTime is how long an attempt that was put off is remembered: clients give up
// before.
const deferredTime = 5 * 24 * time.Hour

// OutcomeDeferred is the outcome of the fingerprint of an attempt that was put off,
// and begins its digest.
const OutcomeDeferred = "deferred"

// Deferred implements [Effects].
func (l *Live) Deferred(ctx context.Context, scan *rules.Scan) (attempts int, since time.Duration, err error) {
	stored, err := l.Store.Fingerprints(ctx, deferredDigest(scan.Message))
	if err != nil {
		return 0, 0, err
	}
	now := l.Now()
	for i := range stored {
		if age := now.Sub(stored[i].At); stored[i].Outcome == OutcomeDeferred && age <= deferredTime {
			attempts, since = attempts+1, max(since, age)
		}
	}
	return attempts, since, nil
}

// putOff counts an attempt that is put off.
func (b *batch) putOff() {
	if b.d.Outcome.Verdict != Defer || !b.d.counted {
		return
	}
	env := &b.m.Envelope
	fp := quarantine.Fingerprint{
		Digest: deferredDigest(b.m), Outcome: OutcomeDeferred, Reference: b.d.Reference, QueueID: env.QueueID,
		At: b.now, Expires: b.now.Add(deferredTime),
	}
	if env.ClientAddr.IsValid() {
		fp.ClientAddr = env.ClientAddr.String()
	}
	b.commit.Fingerprints = append(b.commit.Fingerprints, fp)
}

// repeat leaves a fork out: it was done when the message came before.
func (b *batch) repeat(f *Fork, first *quarantine.Fingerprint) error {
	f.Why = "done when the message came before, as " + first.QueueID
	r := Repeat{
		Reference: first.Reference, Outcome: first.Outcome, QueueID: b.m.Envelope.QueueID, Before: first.QueueID,
		First: first.At, Seen: 2,
	}
	if first.Item != "" {
		item, err := b.Store.Item(b.ctx, first.Item)
		if err != nil {
			return err
		}
		r.Outcome, r.Seen = string(item.State), item.Seen+2
	}
	for _, i := range f.Recipients {
		r.Recipients = append(r.Recipients, b.m.Envelope.Recipients[i].Path.String())
	}
	b.repeats = append(b.repeats, r)
	return nil
}

// again repeats what a fork came to when the message came before, whatever the
// rules say of it now.
func (b *batch) again(f *Fork, first *quarantine.Fingerprint) error {
	f.edited, f.FinalRecipients, f.again = nil, nil, true
	switch first.Outcome {
	case outcomeReinjected:
		f.Verdict, f.Route = Deliver, Resubmitted
	case outcomeReturned:
		f.Verdict, f.Route = Block, Returned
	case outcomeHeld:
		return b.heldBefore(f, first)
	}
	return b.repeat(f, first)
}

// heldBefore repeats what became of a held message: still held it is seen again,
// released it is delivered again, and otherwise it stays refused.
func (b *batch) heldBefore(f *Fork, first *quarantine.Fingerprint) error {
	f.Item = first.Item
	switch first.ItemState {
	case quarantine.StateReleased, quarantine.StateReleasing:
		f.Verdict, f.Route, f.Why = Deliver, Resubmitted, "released when the message came before, as "+first.QueueID
		return b.releaseAgain(f, first)
	}
	f.Verdict, f.Route = Quarantine, Held
	if err := b.repeat(f, first); err != nil {
		return err
	}
	if first.ItemState != quarantine.StateHeld {
		b.ended++
		return nil
	}
	return b.Store.Seen(b.ctx, first.Item, b.now)
}

// releaseAgain delivers to whom the reviewer released, and no further: the
// message may have been redirected, or be held on for some.
func (b *batch) releaseAgain(f *Fork, first *quarantine.Fingerprint) error {
	item, err := b.Store.Item(b.ctx, first.Item)
	if err != nil {
		return err
	}
	entries, err := b.Store.Entries(b.ctx, first.Reference)
	if err != nil {
		return err
	}
	var drafted []Edit
	if len(item.Draft) > 0 {
		if err := json.Unmarshal(item.Draft, &drafted); err != nil {
			return fmt.Errorf("%w: the edits of item %s: %w", quarantine.ErrCorrupt, item.ID, err)
		}
	}
	edited := &Fork{Recipients: f.Recipients, Edits: drafted}
	c := newDeliveries(&editor{m: b.m, ours: b.d.Ours}, nil).copy(edited)
	blobs := make(map[bool]string) // by whether the edits are left out
	for _, e := range entries {
		if e.Kind != quarantine.EntryRelease || e.Item != item.ID {
			continue
		}
		plain := e.Blob == item.Blob
		if blobs[plain] == "" && plain {
			blobs[plain] = b.blob(b.original())
		} else if blobs[plain] == "" {
			blobs[plain] = b.blob(c.bytes(b.m.Body()))
		}
		var to []quarantine.EntryRecipient
		for _, r := range e.Recipients {
			to = append(to, quarantine.EntryRecipient{Address: r.Address, Args: r.Args})
			f.FinalRecipients = append(f.FinalRecipients, r.Address)
		}
		b.commit.Entries = append(b.commit.Entries, quarantine.Entry{
			ID: b.ID(), Kind: quarantine.EntryReinject, Reference: b.d.Reference, Blob: blobs[plain],
			ReversePath: e.ReversePath, MailArgs: e.MailArgs, Recipients: to,
			Trace: relay.Received(&b.m.Envelope, message.Path{}, b.now), Marked: e.Marked, TellSender: e.TellSender,
			Created: b.now, Expires: b.now.Add(b.Lifetime),
		})
	}
	return nil
}

// refuseEnded refuses a retry in the session when all of the message was held
// before and nobody let it go.
func (b *batch) refuseEnded() {
	if b.ended == 0 || b.ended < len(b.d.Forks) {
		return
	}
	reply := NewReply(550, "5.7.1", defaultBlockText, "Reference "+b.d.Reference)
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		f.Verdict, f.Route, f.Reply = Block, Refused, &reply
	}
	b.d.Outcome = Outcome{Verdict: Block, Reply: reply, Reference: b.d.Reference}
}
