package actions

import (
	"context"
	"fmt"
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// Overridden gives the recipients, as indices into Envelope.Recipients, for whom the
// sender has overridden the block of this very message, as the store keeps it.
func (l *Live) Overridden(ctx context.Context, m *message.Message) ([]int, error) {
	list, err := l.overridings(ctx, m)
	if err != nil {
		return nil, err
	}
	var found []int
	for _, o := range list {
		found = append(found, o.recipients...)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// overriding is an override of a sender, as its item keeps it.
type overriding struct {
	item       quarantine.Item
	recipients []int
}

// overridings gives the overrides of a message.
func (l *Live) overridings(ctx context.Context, m *message.Message) (found []overriding, err error) {
	env := &m.Envelope
	if env.ReversePath.IsNull() {
		return nil, nil
	}
	filter := quarantine.Filter{
		Kinds:  []quarantine.Kind{quarantine.KindOverride},
		States: []quarantine.State{quarantine.StateReleasing, quarantine.StateReleased},
		Sender: env.ReversePath.String(), CreatedSince: l.Now().Add(-retryHeldTime), NewestFirst: true, Limit: 1000,
	}
	for {
		page, err := l.Store.List(ctx, filter)
		if err != nil {
			return nil, fmt.Errorf("overrides of the sender: %w", err)
		}
		for i := range page.Items {
			if to := overriddenBy(&page.Items[i], m); len(to) > 0 {
				found = append(found, overriding{page.Items[i], to})
			}
		}
		if filter.After = page.Next; page.Next == "" {
			return found, nil
		}
	}
}

// overriddenBy gives the recipients of an item that the sender has overridden, when it
// holds the message.
func overriddenBy(item *quarantine.Item, m *message.Message) (recipients []int) {
	if item.Decided.Event != quarantine.EventOverride || item.Fingerprint == "" {
		return nil
	}
	for _, held := range item.Envelope.Recipients {
		i := slices.IndexFunc(m.Envelope.Recipients, func(r message.Recipient) bool { return r.Path.String() == held.Path })
		if i < 0 {
			return nil
		}
		recipients = append(recipients, i)
	}
	if digest(&m.Envelope, m.Header, m.Body(), recipients) != item.Fingerprint {
		return nil
	}
	return recipients
}
