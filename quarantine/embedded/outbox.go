package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

// entryColumns are what scanEntry reads.
const entryColumns = "data, recipients, not_before, attempt, leased, done"

func scanEntry(scan func(...any) error) (*quarantine.Entry, error) {
	var (
		entry                   quarantine.Entry
		data, recipients        string
		notBefore, leased, done int64
		attempt                 int
	)
	if err := scan(&data, &recipients, &notBefore, &attempt, &leased, &done); err != nil {
		return nil, err
	}
	if err := unmarshal(data, &entry); err != nil {
		return nil, err
	}
	if err := unmarshal(recipients, &entry.Recipients); err != nil {
		return nil, err
	}
	entry.NotBefore, entry.Attempt, entry.Leased, entry.Done = moment(notBefore), attempt, moment(leased), moment(done)
	return &entry, nil
}

// dueNow holds for what can be leased at the time ?1.
const dueNow = `done = 0 AND not_before <= ?1 AND leased <= ?1
	AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = entry.item AND item.recovered = 1)`

// ready finds at most ?2 entries to be leased at the time ?1, of the kinds ?3 and so
// on; of every kind when n is 0. Each kind is looked for by itself, so that those of
// no other are passed over.
func ready(n int) string {
	const order = " ORDER BY not_before, number LIMIT ?2"
	if n == 0 {
		return " FROM entry WHERE " + dueNow + order
	}
	var each []string
	for k := range n {
		each = append(each, fmt.Sprintf("SELECT * FROM (SELECT * FROM entry WHERE kind = ?%d AND %s%s)", k+3, dueNow, order))
	}
	return " FROM (" + strings.Join(each, " UNION ALL ") + ")" + order
}

// Lease gives open entries whose time has come.
func (s *Store) Lease(ctx context.Context, now, until time.Time, limit int, kinds ...quarantine.EntryKind) ([]quarantine.Entry, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	from := ready(len(kinds))
	args := []any{stamp(now), limit}
	for _, k := range kinds {
		args = append(args, string(k))
	}
	// Mostly there is nothing to do, and then nothing need be written.
	var number int64
	err := s.read.QueryRowContext(ctx, "SELECT number"+from, args...).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, translate(err)
	}
	var leased []quarantine.Entry
	err = s.change(ctx, func(t *transactor) error {
		leased = nil
		err := t.rows("SELECT "+entryColumns+from, args, func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			if err == nil {
				e.Attempt, e.Leased = e.Attempt+1, utc(until)
				leased = append(leased, *e)
			}
			return err
		})
		for _, e := range leased {
			if err == nil {
				err = t.exec("UPDATE entry SET attempt = ?, leased = ? WHERE id = ?", e.Attempt, stamp(until), e.ID)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	fault.Point("outbox.leased")
	return leased, nil
}

// Renew makes a lease last longer.
func (s *Store) Renew(ctx context.Context, entry string, attempt int, until time.Time) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	return s.change(ctx, func(t *transactor) error {
		if _, err := t.leased(entry, attempt); err != nil {
			return err
		}
		return t.exec("UPDATE entry SET leased = ? WHERE id = ?", stamp(until), entry)
	})
}

// leased gives an open entry whose last lease is the given one.
func (t *transactor) leased(id string, attempt int) (*quarantine.Entry, error) {
	st, err := t.statement("SELECT " + entryColumns + " FROM entry WHERE id = ?")
	if err != nil {
		return nil, err
	}
	e, err := scanEntry(st.QueryRow(id).Scan)
	if err != nil {
		return nil, notFound(err, "entry "+id)
	}
	if !e.Done.IsZero() || e.Attempt != attempt || attempt == 0 {
		return nil, fmt.Errorf("entry %s, attempt %d: %w", id, attempt, quarantine.ErrLeaseLost)
	}
	return e, nil
}

// report applies a report in a transaction; end does the rest with what is left
// pending.
func (s *Store) report(ctx context.Context, r *quarantine.Report, end func(t *transactor, e *quarantine.Entry, pending int) error) error {
	p, err := s.prepare(ctx, r.Commit)
	if err != nil {
		return err
	}
	return s.store(ctx, p, func(t *transactor) error {
		e, err := t.leased(r.Entry, r.Attempt)
		if err != nil {
			return err
		}
		pending, err := r.Apply(e)
		if err != nil {
			return err
		}
		recipients, err := marshal(e.Recipients)
		if err != nil {
			return err
		}
		if err := t.exec("UPDATE entry SET recipients = ?, leased = 0 WHERE id = ?", recipients, e.ID); err != nil {
			return err
		}
		if err := p.insert(t); err != nil {
			return err
		}
		return end(t, e, pending)
	})
}

// Postpone gives a lease back.
func (s *Store) Postpone(ctx context.Context, r *quarantine.Report) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	err := s.report(ctx, r, func(t *transactor, e *quarantine.Entry, pending int) error {
		if pending == 0 {
			return fmt.Errorf("%w: entry %s has no recipient left to be tried", quarantine.ErrInvalid, e.ID)
		}
		return t.exec("UPDATE entry SET not_before = ? WHERE id = ?", stamp(r.NotBefore), e.ID)
	})
	if err != nil {
		return err
	}
	s.awake()
	fault.Point("outbox.postponed")
	return nil
}

// Finish ends an entry.
func (s *Store) Finish(ctx context.Context, r *quarantine.Report) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	var unused string
	err := s.report(ctx, r, func(t *transactor, e *quarantine.Entry, pending int) (err error) {
		if pending > 0 {
			return fmt.Errorf("%w: entry %s has recipients left to be tried", quarantine.ErrInvalid, e.ID)
		}
		if err := t.exec("UPDATE entry SET done = ?, hold_again = ? WHERE id = ?", stamp(r.At), r.HoldAgain, e.ID); err != nil {
			return err
		}
		if e.Kind == quarantine.EntryRelease {
			if err := t.released(e.Item, r.At); err != nil {
				return err
			}
		}
		unused, err = t.forget(e.Blob)
		return err
	})
	if err != nil {
		return err
	}
	fault.Point("outbox.finished")
	if unused != "" {
		// If this fails the file is an orphan, and a sweep removes it.
		_ = s.blobs.remove(unused)
		fault.Point("outbox.blob.removed")
	}
	return nil
}

// released moves an item when the last of its releases has ended.
func (t *transactor) released(id string, at time.Time) error {
	var open, again int
	if err := t.row(`SELECT coalesce(sum(done = 0), 0), coalesce(sum(done <> 0 AND hold_again), 0)
		FROM entry WHERE item = ? AND kind = 'release'`, []any{id}, &open, &again); err != nil {
		return err
	}
	if open > 0 {
		return nil
	}
	item, err := t.item(id)
	if err != nil {
		return err
	}
	event := quarantine.EventSent
	if again > 0 {
		event = quarantine.EventReturn
		if err := t.exec("UPDATE entry SET hold_again = 0 WHERE item = ?", id); err != nil {
			return err
		}
	}
	return t.move(item, event, quarantine.Decided{Event: event, By: "outbox", At: utc(at)})
}

// forget deletes the row of a blob that nothing refers to any more, and gives its
// name; the file is to be removed when that is durable.
func (t *transactor) forget(blob string) (string, error) {
	n, err := t.changed(`DELETE FROM blob WHERE id = ?1
		AND NOT EXISTS (SELECT 1 FROM item WHERE blob = ?1 AND purged = 0)
		AND NOT EXISTS (SELECT 1 FROM entry WHERE blob = ?1 AND done = 0)`, blob)
	if err != nil || n == 0 {
		return "", err
	}
	return blob, nil
}

const waiting = `SELECT count(*), coalesce(min(created), 0) FROM entry
	WHERE done = 0 AND created < ?1 AND (attempt > 0 OR not_before < ?1)
	AND (item = '' OR NOT EXISTS (SELECT 1 FROM item WHERE item.id = entry.item AND item.recovered = 1))`

// Waiting counts open entries that were first due before a time. The time of the
// first attempt is moved by later ones only, so that it is known until then.
func (s *Store) Waiting(ctx context.Context, before time.Time) (n int, oldest time.Time, err error) {
	if err := s.begin(); err != nil {
		return 0, time.Time{}, err
	}
	defer s.end()
	var created int64
	err = s.read.QueryRowContext(ctx, waiting, stamp(before)).Scan(&n, &created)
	return n, moment(created), translate(err)
}

// Entries gives the entries of a reference.
func (s *Store) Entries(ctx context.Context, reference string) ([]quarantine.Entry, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+" FROM entry WHERE reference = ? ORDER BY number", reference)
	if err != nil {
		return nil, translate(err)
	}
	var found []quarantine.Entry
	err = eachRow(rows, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		if err == nil {
			found = append(found, *e)
		}
		return err
	})
	return found, translate(err)
}
