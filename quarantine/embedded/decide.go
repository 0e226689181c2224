package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

// Decide moves an item by an event.
func (s *Store) Decide(ctx context.Context, d *quarantine.Decision) (*quarantine.Item, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	if err := d.Validate(); err != nil {
		return nil, err
	}
	p, err := s.prepare(ctx, d.Commit)
	if err != nil {
		return nil, err
	}
	var item *quarantine.Item
	err = s.store(ctx, p, func(t *transactor) (err error) {
		if item, err = t.item(d.Item); err != nil {
			return err
		}
		if item.Recovered {
			return fmt.Errorf("item %s: %w", d.Item, quarantine.ErrUnconfirmed)
		}
		ends := d.Event == quarantine.EventDelete || d.Event == quarantine.EventExpire
		if ends && item.LegalHold && !item.State.Terminal() {
			return fmt.Errorf("item %s: %w", d.Item, quarantine.ErrLegalHold)
		}
		if err := t.move(item, d.Event, quarantine.Decided{
			Event: d.Event, By: d.By, At: utc(d.At), Justification: d.Justification,
		}); err != nil {
			return err
		}
		return p.insert(t)
	})
	if err != nil {
		return nil, err
	}
	switch d.Event {
	case quarantine.EventRelease, quarantine.EventApprove, quarantine.EventOverride:
		fault.Point("release.decided")
	case quarantine.EventExpire:
		fault.Point("expiry.decided")
	}
	fault.Point("decision.durable")
	return item, nil
}

// move takes an item to its next state, in the row and in item.
func (t *transactor) move(item *quarantine.Item, event quarantine.Event, d quarantine.Decided) error {
	to, ok := quarantine.Next(item.Kind, item.State, event)
	if !ok {
		return &quarantine.ConflictError{Item: item.ID, State: item.State, Event: event, Decided: item.Decided}
	}
	var ended int64
	if to.Terminal() {
		ended = stamp(d.At)
	}
	n, err := t.changed(`UPDATE item SET state = ?, event = ?, decided_by = ?, decided_at = ?, justification = ?, ended = ?
		WHERE id = ? AND state = ?`,
		string(to), string(d.Event), d.By, stamp(d.At), d.Justification, ended, item.ID, string(item.State))
	if err != nil {
		return err
	}
	if n != 1 {
		return &quarantine.ConflictError{Item: item.ID, State: item.State, Event: event, Decided: item.Decided}
	}
	item.State, item.Decided = to, d
	return nil
}

// amend changes an item beside its life and appends records.
func (s *Store) amend(ctx context.Context, id string, records []quarantine.Record, do func(t *transactor, item *quarantine.Item) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	p, err := s.prepare(ctx, &quarantine.Commit{Records: records})
	if err != nil {
		return err
	}
	return s.store(ctx, p, func(t *transactor) error {
		item, err := t.item(id)
		if err != nil {
			return err
		}
		if err := do(t, item); err != nil {
			return err
		}
		return p.insert(t)
	})
}

// Extend moves the expiry of a held item.
func (s *Store) Extend(ctx context.Context, id string, until time.Time, records ...quarantine.Record) error {
	return s.amend(ctx, id, records, func(t *transactor, item *quarantine.Item) error {
		if item.State != quarantine.StateHeld {
			return &quarantine.ConflictError{Item: id, State: item.State, Event: "extend", Decided: item.Decided}
		}
		return t.exec("UPDATE item SET expires = ? WHERE id = ?", stamp(until), id)
	})
}

// SetLegalHold sets or lifts the legal hold of an item.
func (s *Store) SetLegalHold(ctx context.Context, id string, hold bool, records ...quarantine.Record) error {
	return s.amend(ctx, id, records, func(t *transactor, item *quarantine.Item) error {
		if !item.Purged.IsZero() {
			return fmt.Errorf("item %s: its message: %w", id, quarantine.ErrNotFound)
		}
		return t.exec("UPDATE item SET legal_hold = ? WHERE id = ?", hold, id)
	})
}

// Confirm makes a recovered item an ordinary one.
func (s *Store) Confirm(ctx context.Context, id string, expires time.Time, records ...quarantine.Record) error {
	err := s.amend(ctx, id, records, func(t *transactor, _ *quarantine.Item) error {
		return t.exec("UPDATE item SET recovered = 0, expires = ? WHERE id = ? AND recovered = 1", stamp(expires), id)
	})
	if err == nil {
		s.awake() // a release under way may go on
	}
	return err
}

// Seen counts another attempt of a client to send the item's message.
func (s *Store) Seen(ctx context.Context, id string, at time.Time, records ...quarantine.Record) error {
	return s.amend(ctx, id, records, func(t *transactor, _ *quarantine.Item) error {
		return t.exec("UPDATE item SET seen = seen + 1, last_seen = max(last_seen, ?) WHERE id = ?", stamp(at), id)
	})
}

// item reads an item inside the transaction.
func (t *transactor) item(id string) (*quarantine.Item, error) {
	st, err := t.statement("SELECT " + itemColumns + " FROM item WHERE id = ?")
	if err != nil {
		return nil, err
	}
	return oneItem(id, st.QueryRow(id).Scan)
}

func oneItem(id string, scan func(...any) error) (*quarantine.Item, error) {
	item, err := scanItem(scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("item %s: %w", id, quarantine.ErrNotFound)
	}
	return item, err
}
