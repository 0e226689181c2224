package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
)

// outbox is the store as the relay's worker sees it. Of recipients who cannot be
// reached somebody hears in the transaction that says so: the sender where that
// may be, and otherwise the reviewers, for whom the message is held.
type outbox struct {
	vault   *vault
	effects func() *actions.Live // of the live world
	log     *zap.Logger
}

// lanes are the kinds of entries that leave by each lane.
var lanes = map[relay.Lane][]quarantine.EntryKind{
	relay.Messages: {quarantine.EntryReinject, quarantine.EntryRelease},
	relay.Notices:  {quarantine.EntryNotice},
}

// Lease implements [relay.Outbox].
func (o *outbox) Lease(ctx context.Context, lane relay.Lane, now, until time.Time, n int) ([]relay.Entry, error) {
	entries, err := o.vault.Lease(ctx, now, until, n, lanes[lane]...)
	if err != nil {
		return nil, err
	}
	out := make([]relay.Entry, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		r := relay.Entry{
			ID: e.ID, Attempt: e.Attempt, ReversePath: e.ReversePath, MailArgs: e.MailArgs, Received: e.Trace,
			Marked: e.Marked, Created: e.Created, Expires: e.Expires, Own: e,
		}
		for k, rcpt := range e.Recipients {
			if rcpt.Delivery == quarantine.Pending {
				r.Recipients = append(r.Recipients, relay.Recipient{Index: k, Address: rcpt.Address, Args: rcpt.Args})
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// entry gives the stored form of an entry in hand.
func entry(e relay.Entry) *quarantine.Entry { return e.Own.(*quarantine.Entry) }

// Renew implements [relay.Outbox].
func (o *outbox) Renew(ctx context.Context, e relay.Entry, until time.Time) error {
	return leaseError(o.vault.Renew(ctx, e.ID, e.Attempt, until))
}

// Content implements [relay.Outbox].
func (o *outbox) Content(ctx context.Context, e relay.Entry) (io.ReadCloser, error) {
	return o.vault.Open(ctx, entry(e).Blob)
}

// Finish implements [relay.Outbox].
func (o *outbox) Finish(ctx context.Context, e relay.Entry, s relay.Settlement) error {
	return o.settle(ctx, e, s, o.vault.Finish)
}

// Postpone implements [relay.Outbox].
func (o *outbox) Postpone(ctx context.Context, e relay.Entry, s relay.Settlement) error {
	return o.settle(ctx, e, s, o.vault.Postpone)
}

func (o *outbox) settle(ctx context.Context, e relay.Entry, s relay.Settlement, record func(context.Context, *quarantine.Report) error) (err error) {
	r := &quarantine.Report{Entry: e.ID, Attempt: e.Attempt, At: s.At, NotBefore: s.NotBefore}
	for _, res := range s.Results {
		r.Results = append(r.Results, quarantine.Result{Recipient: res.Recipient, Delivery: deliveries[res.Status], Reply: res.Reply.String()})
	}
	if r.Commit, err = o.follows(ctx, entry(e), s); err != nil {
		return err
	}
	return leaseError(record(ctx, r))
}

var deliveries = map[relay.Status]quarantine.Delivery{
	relay.Retry: quarantine.Pending, relay.Delivered: quarantine.Delivered, relay.Failed: quarantine.Failed,
}

// Waiting implements [relay.Outbox].
func (o *outbox) Waiting(ctx context.Context, before time.Time) (int, time.Time, error) {
	return o.vault.Waiting(ctx, before)
}

// Wake implements [relay.Outbox].
func (o *outbox) Wake() <-chan struct{} { return o.vault.Wake() }

func leaseError(err error) error {
	if errors.Is(err, quarantine.ErrLeaseLost) {
		return relay.ErrLeaseLost
	}
	return err
}

// follows gives what a transaction leaves behind: its record, and for those who
// will not get the message a report to the sender or a held message.
func (o *outbox) follows(ctx context.Context, e *quarantine.Entry, s relay.Settlement) (*quarantine.Commit, error) {
	if len(s.Results) == 0 {
		return nil, nil
	}
	fx := o.effects()
	c := &quarantine.Commit{}
	recs := []audit.Record{}
	add := func(rec audit.Record, err error) error {
		recs = append(recs, rec)
		return err
	}
	head := func() audit.Head { return audit.Head{Time: s.At, ID: newID(), Reference: e.Reference} }
	unsure, err := o.unsure(ctx, e)
	if err != nil {
		return nil, err
	}
	try := audit.Relay{Entry: e.ID, Kind: string(e.Kind), Attempt: e.Attempt, RemoteQueueID: s.QueueID, PossiblyRepeated: s.Unknown || unsure}
	for _, res := range s.Results {
		try.Recipients = append(try.Recipients, audit.RelayRecipient{
			Recipient: res.Address, State: string(deliveries[res.Status]), Reply: audit.MaskText(res.Reply.String()),
		})
	}
	if err := add(audit.Relayed(head(), try)); err != nil {
		return nil, err
	}
	if err := o.delayed(ctx, fx, c, e, s); err != nil {
		return nil, err
	}
	failed := s.Failed()
	switch {
	case len(failed) == 0:
	case e.Kind == quarantine.EntryNotice:
		n := audit.Notice{Kind: string(e.Kind), Reason: "undeliverable"}
		for _, res := range failed {
			n.To = append(n.To, res.Address)
		}
		if err := add(audit.NotTold(head(), n)); err != nil {
			return nil, err
		}
		alarm(o.log, "a notice could not be delivered", zap.String("reference", e.Reference), zap.Strings("to", bound(n.To, logRecipients)))
	default:
		n, err := o.tell(ctx, fx, c, e, s)
		if err != nil {
			return nil, err
		}
		if n != nil {
			if err := add(audit.NotTold(head(), *n)); err != nil {
				return nil, err
			}
		}
	}
	rows, err := auditRows(recs...)
	c.Records = rows
	return c, err
}

// unsure tells whether an earlier attempt may have been delivered: one whose
// connection was lost behind the final dot, or of which no end is recorded.
func (o *outbox) unsure(ctx context.Context, e *quarantine.Entry) (bool, error) {
	if e.Attempt <= 1 {
		return false, nil
	}
	ended := 0
	f := quarantine.RecordFilter{Since: e.Created, Reference: e.Reference, Operations: []string{string(audit.RelayResult)}}
	for row, err := range o.vault.Records(ctx, f) {
		if err != nil {
			return false, err
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			return false, err
		}
		if rec.Relay.Entry != e.ID {
			continue
		}
		if ended++; rec.Relay.PossiblyRepeated {
			return true, nil
		}
	}
	return ended < e.Attempt-1, nil
}

// tell has the sender hear of recipients who will not get the message, or, where
// that cannot be, holds it for them. The notice names those it does not tell of, as
// NOTIFY has it; nil for none.
func (o *outbox) tell(ctx context.Context, fx *actions.Live, c *quarantine.Commit, e *quarantine.Entry, s relay.Settlement) (*audit.Notice, error) {
	content, err := o.vault.read(ctx, e.Blob)
	damaged := errors.Is(err, quarantine.ErrCorrupt) || errors.Is(err, quarantine.ErrNotFound)
	switch {
	case damaged:
		content = nil
	case err != nil:
		return nil, err
	}
	m, err := message.Read(message.Envelope{}, bytes.NewReader(content), message.NewBudget(message.RoomFor(len(content)), ""), message.DefaultLimits)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	from, err := message.ParsePath(e.ReversePath)
	if err != nil {
		return nil, fmt.Errorf("%w: the reverse-path of entry %s: %w", quarantine.ErrCorrupt, e.ID, err)
	}
	f := notice.Failure{
		Original: notice.Original{Reference: e.Reference, ReversePath: from, MailArgs: e.MailArgs, Header: fx.MaskHeader(m.Header), Arrival: e.Created, Language: fx.Prefers(ctx, from, m.Header)},
		Released: e.Kind == quarantine.EntryRelease,
	}
	var kept []quarantine.Recipient
	for _, res := range s.Failed() {
		rcpt := e.Recipients[res.Recipient]
		p, err := message.ParsePath(rcpt.Address)
		if err != nil {
			return nil, fmt.Errorf("%w: a forward-path of entry %s: %w", quarantine.ErrCorrupt, e.ID, err)
		}
		f.Recipients = append(f.Recipients, notice.FailedRecipient{
			Recipient: message.Recipient{Raw: "<" + rcpt.Address + ">", Path: p, Args: rcpt.Args},
			Reply:     res.Reply.String(), Expired: s.Expired, LastAttempt: s.At,
		})
		kept = append(kept, quarantine.Recipient{Raw: "<" + rcpt.Address + ">", Path: rcpt.Address, Args: rcpt.Args})
	}
	if e.TellSender && fx.Notices != nil {
		n, err := fx.Notices.DeliveryDSN(f)
		var not *notice.NotSent
		switch {
		case err == nil:
			fx.Mail(c, n)
			var silent []quarantine.Recipient
			for _, i := range n.Unnamed {
				silent = append(silent, kept[i])
			}
			return untold(e, silent, notice.ReasonNotify), nil
		case errors.As(err, &not) && not.Reason == notice.ReasonNotify:
			return untold(e, kept, not.Reason), nil
		}
	}
	if damaged {
		// Nothing is left that could be held.
		alarm(o.log, "a message is lost: it could not be delivered, its octets are damaged, and its sender cannot be told",
			zap.String("reference", e.Reference), zap.String("entry", e.ID))
		return untold(e, kept, "damaged"), nil
	}
	return nil, o.hold(ctx, fx, c, e, kept, content)
}

// untold is the record of recipients of whom the sender is not told; nil for none.
func untold(e *quarantine.Entry, of []quarantine.Recipient, why notice.Reason) *audit.Notice {
	if len(of) == 0 {
		return nil
	}
	n := &audit.Notice{Kind: string(notice.KindDelivery), To: []string{e.ReversePath}, Reason: string(why)}
	for _, r := range of {
		n.Recipients = append(n.Recipients, r.Path)
	}
	return n
}

// hold keeps a message for recipients who could not be reached, since nobody can
// be told.
func (o *outbox) hold(ctx context.Context, fx *actions.Live, c *quarantine.Commit, e *quarantine.Entry, rcpts []quarantine.Recipient, content []byte) error {
	now := fx.Now()
	item := quarantine.Item{
		ID: fx.ID(), Reference: e.Reference, Kind: quarantine.KindQuarantine, Blob: fx.ID(),
		Envelope: quarantine.Envelope{ReversePath: e.ReversePath, MailArgs: e.MailArgs, Hostname: hostname(), Simulated: true},
		Reason:   "The message could not be delivered, and its sender cannot be told.",
		Created:  now, Expires: now.Add(fx.Keep),
	}
	data := append([]byte(e.Trace), content...)
	if e.Item != "" {
		before, err := o.vault.Item(ctx, e.Item)
		if err != nil {
			return err
		}
		item.Envelope, item.Policy, item.Rule, item.PolicyVersion, item.Matches = before.Envelope, before.Policy, before.Rule, before.PolicyVersion, before.Matches
		item.Reports = before.Reports
		data = content
	}
	item.Envelope.Recipients, item.Size = rcpts, int64(len(data))
	c.Blobs = append(c.Blobs, quarantine.Blob{ID: item.Blob, Data: data})
	c.Items = append(c.Items, item)
	alarm(o.log, "a message could not be delivered and is held", zap.String("reference", e.Reference), zap.String("item", item.ID))
	if fx.Notices == nil || len(fx.Reviewers) == 0 {
		return nil
	}
	n, err := fx.Notices.HeldNotice(fx.Reviewers, actions.HeldItem(&item))
	if err == nil {
		fx.Mail(c, n)
	}
	return err
}

// logSent writes one line for each attempt to send.
func logSent(log *zap.Logger, e relay.Entry, s relay.Settlement, err error) {
	fields := []zap.Field{
		zap.String("entry", e.ID), zap.Int("attempt", e.Attempt), zap.String("sender", "<"+clip(e.ReversePath, logText)+">"), zap.String("queueId", clip(s.QueueID, logText)),
	}
	var results []string
	retry := false
	for _, r := range s.Results {
		results = append(results, clip(r.Address, logText)+": "+r.Status.String()+", "+clip(r.Reply.String(), logText))
		retry = retry || r.Status == relay.Retry
	}
	fields = append(fields, zap.Strings("results", bound(results, logRecipients)))
	if retry {
		fields = append(fields, zap.Time("next", s.NotBefore))
	}
	if s.Err != nil {
		fields = append(fields, zap.String("error", clip(s.Err.Error(), logText)))
	}
	switch {
	case err != nil:
		alarm(log, "what was sent could not be recorded", append(fields, zap.NamedError("store", err))...)
	case s.Err != nil || len(s.Failed()) > 0:
		log.Warn("outbox", fields...)
	default:
		log.Info("outbox", fields...)
	}
}

// logOutbox tells of an outbox that does not empty, and when that is over.
func logOutbox(log *zap.Logger, a relay.Alarm) {
	if a.Entries == 0 && a.Err == nil {
		log.Info("the outbox empties again")
		return
	}
	fields := []zap.Field{zap.Int("entries", a.Entries), zap.Time("oldest", a.Oldest)}
	if a.Err != nil {
		fields = append(fields, zap.String("error", clip(a.Err.Error(), logText)))
	}
	alarm(log, "mail waits in the outbox", fields...)
}

var _ relay.Outbox = (*outbox)(nil)
