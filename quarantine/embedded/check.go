package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// sending counts the open entries of each kind.
const sending = "SELECT kind, count(*), min(created) FROM entry WHERE done = 0 GROUP BY kind"

// Stats counts what is stored.
func (s *Store) Stats(ctx context.Context) (*quarantine.Stats, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	st := &quarantine.Stats{Held: map[quarantine.Kind]int{}, Poisoned: s.poisoned() != nil, SetBack: s.setBack.Load()}
	rows, err := s.read.QueryContext(ctx, `SELECT kind, state, recovered, count(*), min(created) FROM item
		WHERE state IN ('held', 'releasing') GROUP BY kind, state, recovered`)
	if err != nil {
		return nil, translate(err)
	}
	err = eachRow(rows, func(scan func(...any) error) error {
		var kind, state string
		var recovered bool
		var count int
		var oldest int64
		if err := scan(&kind, &state, &recovered, &count, &oldest); err != nil {
			return err
		}
		switch {
		case recovered:
			st.Recovered += count
		case state == string(quarantine.StateReleasing):
			st.Releasing += count
		default:
			st.Held[quarantine.Kind(kind)] += count
			st.OldestHeld = earlier(st.OldestHeld, moment(oldest))
		}
		return nil
	})
	if err != nil {
		return nil, translate(err)
	}
	rows, err = s.read.QueryContext(ctx, sending)
	if err != nil {
		return nil, translate(err)
	}
	st.Waiting = map[quarantine.EntryKind]quarantine.Waiting{}
	err = eachRow(rows, func(scan func(...any) error) error {
		var kind string
		var count int
		var oldest int64
		if err := scan(&kind, &count, &oldest); err != nil {
			return err
		}
		st.Waiting[quarantine.EntryKind(kind)] = quarantine.Waiting{Entries: count, Oldest: moment(oldest)}
		st.Outbox += count
		st.OldestOutbox = earlier(st.OldestOutbox, moment(oldest))
		return nil
	})
	if err != nil {
		return nil, translate(err)
	}
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM alert WHERE status IN ('active', 'investigating')").Scan(&st.Alerts); err != nil {
		return nil, translate(err)
	}
	if err := s.read.QueryRowContext(ctx, "SELECT blobs, bytes, records FROM tally").
		Scan(&st.Blobs, &st.Bytes, &st.Records); err != nil {
		return nil, translate(err)
	}
	if st.Free, err = s.opts.fs.Free(s.opts.Dir); err != nil {
		st.Free = -1
	}
	return st, nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Check compares rows and blobs.
func (s *Store) Check(ctx context.Context) ([]quarantine.Problem, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	c := &checker{store: s, ctx: ctx}
	if s.setBack.Load() {
		c.add(quarantine.Problem{Text: "The database is older than the blobs: reindex."})
	}
	for _, step := range []func() error{c.database, c.items, c.entries, c.alerts, c.blobs, c.files} {
		if err := step(); err != nil {
			return c.problems, translate(err)
		}
	}
	return c.problems, nil
}

type checker struct {
	store    *Store
	ctx      context.Context
	problems []quarantine.Problem
}

func (c *checker) add(p quarantine.Problem) { c.problems = append(c.problems, p) }

// each calls f for the rows of a query with one text column each.
func (c *checker) each(query string, f func(text string) error) error {
	rows, err := c.store.read.QueryContext(c.ctx, query)
	if err != nil {
		return err
	}
	return eachRow(rows, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		return f(text)
	})
}

func (c *checker) database() error {
	err := c.each("PRAGMA integrity_check", func(text string) error {
		if text != "ok" {
			c.add(quarantine.Problem{Text: "The database: " + text + "."})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.each(`SELECT 'wrong' FROM tally WHERE blobs <> (SELECT count(*) FROM blob)
		OR bytes <> (SELECT coalesce(sum(size), 0) FROM blob) OR records <> (SELECT count(*) FROM record)
		OR items <> (SELECT count(*) FROM item WHERE state IN ('held', 'releasing'))`,
		func(string) error {
			c.add(quarantine.Problem{Text: "The database: what it counts is not what it holds."})
			return nil
		})
}

func (c *checker) items() error {
	err := c.each("SELECT id FROM item WHERE purged = 0 AND NOT EXISTS (SELECT 1 FROM blob WHERE id = item.blob)",
		func(id string) error {
			c.add(quarantine.Problem{Item: id, Text: "Its message has no row."})
			return nil
		})
	if err != nil {
		return err
	}
	err = c.each("SELECT item.id FROM item JOIN blob ON blob.id = item.blob WHERE blob.sha256 <> item.sha256 OR blob.size <> item.size",
		func(id string) error {
			c.add(quarantine.Problem{Item: id, Text: "Its message is another than the one held."})
			return nil
		})
	if err != nil {
		return err
	}
	return c.each(`SELECT id FROM item WHERE state = 'releasing' AND NOT EXISTS
		(SELECT 1 FROM entry WHERE item = item.id AND kind = 'release' AND done = 0)`,
		func(id string) error {
			c.add(quarantine.Problem{Item: id, Text: "It is being released, but nothing in the outbox does so."})
			return nil
		})
}

func (c *checker) alerts() error {
	return c.each(`SELECT id FROM alert WHERE events <> (SELECT count(*) FROM alert_event WHERE alert_event.alert <> '' AND alert_event.alert = alert.id)`,
		func(id string) error {
			c.add(quarantine.Problem{Text: "Alert " + id + " counts other matches than it has."})
			return nil
		})
}

func (c *checker) entries() error {
	return c.each("SELECT id FROM entry WHERE done = 0 AND NOT EXISTS (SELECT 1 FROM blob WHERE id = entry.blob)",
		func(id string) error {
			c.add(quarantine.Problem{Entry: id, Text: "Its octets have no row."})
			return nil
		})
}

// blobs reads every blob that has a row, a batch of names at a time.
func (c *checker) blobs() error {
	after := ""
	for {
		rows, err := c.store.read.QueryContext(c.ctx, "SELECT id FROM blob WHERE id > ? ORDER BY id LIMIT ?", after, batch)
		if err != nil {
			return err
		}
		var ids []string
		err = eachRow(rows, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := c.blob(id); err != nil {
				return err
			}
		}
		if len(ids) < batch {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

func (c *checker) blob(id string) error {
	var body io.ReadCloser
	body, err := c.store.Open(c.ctx, id)
	switch {
	case err == nil:
		return body.Close()
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case errors.Is(err, quarantine.ErrNotFound):
		return nil // deleted since
	}
	// The outbox may have finished with it between row and file.
	if known, err := c.store.hasBlob(c.ctx, id); err != nil || !known {
		return err
	}
	c.add(quarantine.Problem{Blob: id, Text: fmt.Sprintf("Its file cannot be used: %v.", err)})
	return nil
}

func (c *checker) files() error {
	orphans, err := c.store.orphans(c.ctx)
	for _, f := range orphans {
		text := "A file that no row refers to."
		if f.temporary {
			text = "A file that was not written to its end."
		}
		c.add(quarantine.Problem{Blob: f.id, Orphan: true, Text: text})
	}
	return err
}
