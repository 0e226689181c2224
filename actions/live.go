package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
	"github.com/postern-mail/postern/rules"
)

// Live is the effects of a running gate: what a message leaves behind is made
// durable in one commit before its outcome reaches the wire. It is safe for
// concurrent use.
type Live struct {
	Store   quarantine.Store
	Notices *notice.Writer
	// Reviewers hear of held mail whose sender cannot be told.
	Reviewers    []message.Path
	Organization *directory.Organization
	// Directory says what people prefer to read; nil says nothing.
	Directory directory.Directory
	Incidents IncidentSettings
	// Keep is how long held mail waits for a decision.
	Keep time.Duration
	// Lifetime is how long the outbox tries.
	Lifetime time.Duration
	// Fold is how long after it was raised an alert takes further matches.
	Fold time.Duration
	// Alert gives names of alerts that people can type, as A-7K3M9QXY; nil makes them
	// of ID.
	Alert func() string
	// Reference and ID give names that are never repeated.
	Reference, ID func() string
	Now           func() time.Time
	// Delay is how long a message waits in the outbox before its sender is told; 0 tells
	// nobody.
	Delay time.Duration
	// Limits bound notifications; Limiter counts them, nil counts nothing.
	Limits  Limits
	Limiter *Limiter
	// Failed is told of people who could not be told because somebody had to be asked
	// who did not answer; nil tells nobody.
	Failed func(reference string, u Untold)
	// Explain gives the decision as `explain --json` shows it.
	Explain func(context.Context, *rules.Scan, *Decision) ([]byte, error)
	// Mask masks everything that any type finds in a text; nil shows no text of those
	// who decide.
	Mask func(string) string
	// Repeated is told of each fork that is not done again because the message came
	// before, with the queue identifiers of both.
	Repeated func(Repeat)
}

// Repeat is a fork that was not done again.
type Repeat struct {
	Reference, Outcome string
	QueueID, Before    string
	Recipients         []string
	First              time.Time
	Seen               int // how often the message came, the first included
}

// NewReference implements [Effects].
func (l *Live) NewReference() string { return l.Reference() }

// Record implements [Effects]. A message that matched nothing, and of which
// everything was read and known, leaves nothing behind.
func (l *Live) Record(ctx context.Context, scan *rules.Scan, d *Decision) error {
	if !d.noteworthy() {
		return nil
	}
	planned, outcome, untold := slices.Clone(d.Forks), d.Outcome, slices.Clone(d.Untold)
	for raced := false; ; raced = true {
		b := &batch{Live: l, ctx: ctx, scan: scan, m: scan.Message, d: d, now: l.Now()}
		if err := b.fill(); err != nil {
			b.giveBack()
			return err
		}
		fault.Point("hold.before.commit")
		err := l.Store.Commit(ctx, &b.commit)
		if err != nil {
			b.giveBack()
		}
		if errors.Is(err, quarantine.ErrRepeat) && !raced {
			// Another session carried the same message in between: its fingerprint
			// is found now.
			d.Forks, d.Outcome, d.Untold = slices.Clone(planned), outcome, slices.Clone(untold)
			continue
		}
		if err != nil {
			return err
		}
		fault.Point("hold.after.commit")
		for _, r := range b.repeats {
			l.Repeated(r)
		}
		for _, u := range d.Untold {
			if u.Reason == reasonUnavailable && l.Failed != nil {
				l.Failed(d.Reference, u)
			}
		}
		return nil
	}
}

// noteworthy tells whether a decision leaves anything durable.
func (d *Decision) noteworthy() bool {
	if d.Err != nil || len(d.Notices) > 0 {
		return true
	}
	for _, f := range d.Forks {
		if len(f.Rules) > 0 || f.Route != InSession {
			return true
		}
	}
	// A rule that could not be judged, and does not matter, is recorded all the same.
	return slices.ContainsFunc(d.Evaluation.Rules, func(r rules.RuleResult) bool { return len(r.Unknowns) > 0 })
}

// batch is the commit of one message while it is put together.
type batch struct {
	*Live
	ctx     context.Context
	scan    *rules.Scan
	m       *message.Message
	d       *Decision
	now     time.Time
	commit  quarantine.Commit
	repeats []Repeat
	refused []int         // forks to be named in the report to the sender
	came    []int         // forks that were done when the message came before
	ended   int           // forks that were held before and not released
	clean   []byte        // the message as held
	found   []audit.Value // in the message; read once
	looked  bool
	taken   []taken // of the limits
	told    *notice.Original
	around  *surroundings // of what was found; nil before it is asked for
}

func (b *batch) fill() error {
	for i := range b.d.Forks {
		if err := b.fork(i); err != nil {
			return err
		}
	}
	for _, write := range []func() error{b.tell, b.onlyOnce, b.notifications, b.reports} {
		if err := write(); err != nil {
			return err
		}
	}
	b.putOff()
	b.refuseEnded()
	if err := b.record(); err != nil {
		return err
	}
	return b.alerts()
}

// fork keeps what a fork leaves behind, unless it did so when the message came
// before.
func (b *batch) fork(i int) error {
	f := &b.d.Forks[i]
	outcome := outcomes[f.Route]
	if outcome == "" || f.Route == Resubmitted && len(f.edited.final) == 0 {
		return nil
	}
	fp, first, err := b.fingerprint(f, outcome)
	if err != nil {
		return err
	}
	if first != nil {
		b.came = append(b.came, i)
		return b.again(f, first)
	}
	switch f.Route {
	case Held:
		err = b.hold(f, fp)
	case Resubmitted:
		err = b.resubmit(f)
	case Returned:
		b.refused = append(b.refused, i)
	}
	b.commit.Fingerprints = append(b.commit.Fingerprints, *fp)
	return err
}

// blob stores octets under a new name.
func (b *batch) blob(data []byte) string {
	id := b.ID()
	b.commit.Blobs = append(b.commit.Blobs, quarantine.Blob{ID: id, Data: data})
	return id
}

// original gives the message as held and returned: as received, without the
// reserved fields.
func (b *batch) original() []byte {
	if b.clean == nil {
		c, _ := (&editor{m: b.m, ours: b.d.Ours}).edit(nil)
		b.clean = c.bytes(b.m.Body())
	}
	return b.clean
}

// envelope gives the session with the recipients of a fork.
func (b *batch) envelope(f *Fork) message.Envelope {
	env := b.m.Envelope
	env.Recipients = nil
	for _, i := range f.Recipients {
		env.Recipients = append(env.Recipients, b.m.Envelope.Recipients[i])
	}
	return env
}

// hold keeps a fork for the reviewers.
func (b *batch) hold(f *Fork, fp *quarantine.Fingerprint) error {
	var draft json.RawMessage
	if len(f.Edits) > 0 {
		var err error
		if draft, err = json.Marshal(f.Edits); err != nil {
			return err
		}
	}
	matches, err := b.matches(f)
	if err != nil {
		return err
	}
	item := quarantine.Item{
		ID: b.ID(), Reference: b.d.Reference, Kind: quarantine.KindQuarantine,
		Blob: b.blob(b.original()), Envelope: quarantine.NewEnvelope(b.envelope(f)),
		TellSender: b.d.told, Draft: draft, Matches: matches, Reason: holdReason(f),
		PolicyVersion: b.d.PolicyVersion, Fingerprint: fp.Digest,
		Created: b.now, Expires: b.now.Add(b.Keep), Size: int64(len(b.original())),
	}
	if f.DecidedBy != nil {
		item.Policy, item.Rule = f.DecidedBy.Policy.Name, f.DecidedBy.Name
	}
	fp.Item, f.Item = item.ID, item.ID
	b.commit.Items = append(b.commit.Items, item)
	if f.Why == "" || b.Notices == nil || len(b.Reviewers) == 0 {
		return nil
	}
	n, err := b.Notices.HeldNotice(b.Reviewers, HeldItem(&item))
	if err != nil {
		return fmt.Errorf("the reviewers could not be told: %w", err)
	}
	b.Mail(&b.commit, n)
	return nil
}

// holdReason is one sentence for the reviewers.
func holdReason(f *Fork) string {
	switch {
	case f.Why != "":
		return "The message was refused, but " + f.Why + "."
	case f.Reason != "":
		return "The rules could not decide on it: " + f.Reason + "."
	}
	return "A rule quarantines it."
}

// HeldItem gives an item as reviewers are told of it.
func HeldItem(i *quarantine.Item) notice.Held {
	h := notice.Held{
		Item: i.ID, Reference: i.Reference, Policy: i.Policy, Rule: i.Rule, Reason: i.Reason,
		Size: i.Size, Since: i.Created, Expires: i.Expires,
	}
	if env, err := i.Envelope.Session(); err == nil {
		h.Sender = env.ReversePath
		for _, r := range env.Recipients {
			h.Recipients = append(h.Recipients, r.Path)
		}
	}
	return h
}

// resubmit gives a fork to the outbox, as it is after its edits. Copies to people
// inside carry a mark of their release; those to people outside do not.
func (b *batch) resubmit(f *Fork) error {
	entries, err := b.entries(quarantine.EntryReinject, f.edited.final, b.blob(f.edited.bytes(b.m.Body())))
	b.commit.Entries = append(b.commit.Entries, entries...)
	return err
}

// entries makes the entries of one copy: one for people inside, one for people
// outside.
func (b *batch) entries(kind quarantine.EntryKind, to []forward, blob string) ([]quarantine.Entry, error) {
	env := &b.m.Envelope
	var inside, outside []quarantine.EntryRecipient
	for _, r := range to {
		in, err := b.Organization.Inside(b.ctx, r.path)
		rcpt := quarantine.EntryRecipient{Address: r.path.String(), Args: r.args}
		if in && err == nil {
			inside = append(inside, rcpt)
		} else {
			outside = append(outside, rcpt)
		}
	}
	var single message.Path
	if len(to) == 1 {
		single = to[0].path
	}
	var out []quarantine.Entry
	for i, rcpts := range [][]quarantine.EntryRecipient{inside, outside} {
		if len(rcpts) == 0 {
			continue
		}
		out = append(out, quarantine.Entry{
			ID: b.ID(), Kind: kind, Reference: b.d.Reference, Blob: blob,
			ReversePath: env.ReversePath.String(), MailArgs: env.MailArgs, Recipients: rcpts,
			Trace: relay.Received(env, single, b.now), Marked: i == 0, TellSender: b.d.told,
			Created: b.now, Expires: b.now.Add(b.Lifetime),
		})
	}
	return out, nil
}

var _ Effects = (*Live)(nil)
