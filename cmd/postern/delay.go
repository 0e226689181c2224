package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
)

// delayEntry names the report that tells of the delay of an entry: there is one at
// most.
func delayEntry(id string) string { return "delay-" + id }

// delayed has the sender told once that a message waits in the outbox (RFC 3464,
// "delayed"), where he may be told and has not said that he does not want to know
// (NOTIFY, RFC 3461). What cannot be read now is told of at the next try.
func (o *outbox) delayed(ctx context.Context, fx *actions.Live, c *quarantine.Commit, e *quarantine.Entry, s relay.Settlement) error {
	if fx.Delay <= 0 || s.At.Sub(e.Created) < fx.Delay || e.Kind == quarantine.EntryNotice || !e.TellSender || fx.Notices == nil {
		return nil
	}
	var waiting []message.Recipient
	for _, res := range s.Results {
		if res.Status != relay.Retry {
			continue
		}
		rcpt := e.Recipients[res.Recipient]
		p, err := message.ParsePath(rcpt.Address)
		if err != nil {
			return fmt.Errorf("%w: a forward-path of entry %s: %w", quarantine.ErrCorrupt, e.ID, err)
		}
		waiting = append(waiting, message.Recipient{Raw: "<" + rcpt.Address + ">", Path: p, Args: rcpt.Args})
	}
	if len(waiting) == 0 {
		return nil
	}
	before, err := o.vault.Entries(ctx, e.Reference)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(before, func(b quarantine.Entry) bool { return b.ID == delayEntry(e.ID) }) {
		return nil
	}
	from, err := message.ParsePath(e.ReversePath)
	if err != nil {
		return fmt.Errorf("%w: the reverse-path of entry %s: %w", quarantine.ErrCorrupt, e.ID, err)
	}
	content, err := o.vault.read(ctx, e.Blob)
	if err != nil {
		return nil
	}
	m, err := message.Read(message.Envelope{}, bytes.NewReader(content), message.NewBudget(message.RoomFor(len(content)), ""), message.DefaultLimits)
	if err != nil {
		return nil
	}
	defer m.Close()
	n, err := fx.Notices.DelayDSN(notice.Delay{
		Original:   notice.Original{Reference: e.Reference, ReversePath: from, MailArgs: e.MailArgs, Header: fx.MaskHeader(m.Header), Arrival: e.Created, Language: fx.Prefers(ctx, from, m.Header)},
		Recipients: waiting, Queued: true, Until: e.Expires,
	})
	var not *notice.NotSent
	if errors.As(err, &not) {
		return nil // it is the sender's own wish, or the message is none that is answered
	}
	if err != nil {
		return err
	}
	fx.Mail(c, n)
	c.Entries[len(c.Entries)-1].ID = delayEntry(e.ID)
	return nil
}
