package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

// sweepBatch bounds the rows deleted in one transaction, so that commits need not
// wait long.
const sweepBatch = 500

// Sweep deletes what is to be deleted by now.
func (s *Store) Sweep(ctx context.Context, now time.Time, purged func(*quarantine.Item) (quarantine.Record, error)) (*quarantine.Swept, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	var swept quarantine.Swept
	var err error
	if swept.Blobs, err = s.sweepBlobs(ctx, now, purged); err != nil {
		return &swept, err
	}
	history := stamp(now.Add(-s.opts.Retention.Records))
	for _, rows := range []struct {
		count      *int
		table, key string
		condition  string
		until      int64
	}{
		{&swept.Fingerprints, "fingerprint", "number", "expires <= ? AND NOT EXISTS (SELECT 1 FROM item WHERE id = fingerprint.item AND ended = 0)", stamp(now)},
		{&swept.Records, "record", "number", expired, history},
		{&swept.Entries, "entry", "number", `done > 0 AND done <= ?
			AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = entry.item AND legal_hold = 1)`, history},
		{&swept.Alerts, "alert", "id", "max(last, updated) <= ?", history},
		{&swept.Matches, "alert_event", "number", "at <= ? AND NOT EXISTS (SELECT 1 FROM alert WHERE id = alert_event.alert)", history},
		{&swept.Items, "item", "id", "ended > 0 AND ended <= ? AND purged > 0", history},
	} {
		if *rows.count, err = s.sweepRows(ctx, rows.table, rows.key, rows.condition, rows.until); err != nil {
			return &swept, err
		}
	}
	for more := true; more; {
		if err := s.change(ctx, func(t *transactor) (err error) { more, err = t.dropLinks(history); return err }); err != nil {
			return &swept, err
		}
	}
	if swept.Orphans, err = s.sweepOrphans(ctx, now); err != nil {
		return &swept, err
	}
	return &swept, s.writeSequence(ctx)
}

// graced finds items whose blobs are to be deleted.
const graced = ` WHERE ended > 0 AND ended <= ? AND legal_hold = 0 AND purged = 0
	AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.blob = item.blob AND done = 0) LIMIT ?`

// sweepBlobs deletes the blobs of items that have long ended: first the row, then
// the file, which without a row is an orphan if this stops between.
func (s *Store) sweepBlobs(ctx context.Context, now time.Time, purged func(*quarantine.Item) (quarantine.Record, error)) (int, error) {
	total := 0
	for {
		var gone []string
		err := s.change(ctx, func(t *transactor) error {
			gone = nil
			var items []*quarantine.Item
			err := t.rows("SELECT "+itemColumns+" FROM item"+graced,
				[]any{stamp(now.Add(-s.opts.Retention.Blobs)), sweepBatch}, func(scan func(...any) error) error {
					item, err := scanItem(scan)
					items = append(items, item)
					return err
				})
			if err != nil {
				return err
			}
			for _, item := range items {
				if err := t.purge(item, now, purged); err != nil {
					return err
				}
				gone = append(gone, item.Blob)
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		fault.Point("sweep.rows.durable")
		for _, blob := range gone {
			if err := s.blobs.remove(blob); err != nil {
				return total, err
			}
			total++
			fault.Point("sweep.blob.removed")
		}
		if len(gone) < sweepBatch {
			return total, nil
		}
	}
}

// purge deletes the row of an item's blob.
func (t *transactor) purge(item *quarantine.Item, now time.Time, purged func(*quarantine.Item) (quarantine.Record, error)) error {
	if err := t.exec("UPDATE item SET purged = ? WHERE id = ?", stamp(now), item.ID); err != nil {
		return err
	}
	if err := t.exec("DELETE FROM blob WHERE id = ?", item.Blob); err != nil {
		return err
	}
	return t.note(item, purged)
}

// note appends the record that a caller makes of an item.
func (t *transactor) note(item *quarantine.Item, of func(*quarantine.Item) (quarantine.Record, error)) error {
	if of == nil {
		return nil
	}
	r, err := of(item)
	if err != nil {
		return err
	}
	c := quarantine.Commit{Records: []quarantine.Record{r}}
	if err := c.Validate(); err != nil {
		return err
	}
	row := seal(&r, t.privacy)
	return t.record(&row)
}

// sweepRows deletes the rows of a table that fit a condition. They are looked for
// outside the transaction, for which commits would have to wait.
func (s *Store) sweepRows(ctx context.Context, table, key, condition string, until int64) (int, error) {
	total := 0
	for {
		var found string
		err := s.read.QueryRowContext(ctx, "SELECT json_group_array(k) FROM (SELECT "+key+" AS k FROM "+table+
			" WHERE "+condition+" LIMIT ?)", until, sweepBatch).Scan(&found)
		if err != nil {
			return total, translate(err)
		}
		if found == "[]" {
			return total, nil
		}
		var n int64
		err = s.change(ctx, func(t *transactor) (err error) {
			if table == "record" {
				n, err = t.forgetRecords(found, until)
				return err
			}
			n, err = t.changed("DELETE FROM "+table+" WHERE "+key+" IN (SELECT value FROM json_each(?)) AND "+condition, found, until)
			return err
		})
		total += int(n)
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// sweepOrphans removes files that no row refers to and that are old enough not to
// be of a commit under way.
func (s *Store) sweepOrphans(ctx context.Context, now time.Time) (int, error) {
	orphans, err := s.orphans(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, f := range orphans {
		if !f.temporary && s.setBack.Load() {
			continue
		}
		info, err := os.Lstat(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since
		}
		if err != nil {
			return total, err
		}
		if info.ModTime().After(now.Add(-s.opts.Retention.Orphans)) {
			continue
		}
		if err := s.opts.fs.Remove(f.path); err != nil {
			return total, err
		}
		total++
	}
	return total, nil
}

// orphans lists the files that no row refers to and no commit of this process is
// working on.
func (s *Store) orphans(ctx context.Context) ([]blobFile, error) {
	// Files first, then the commits under way, then rows: a file whose commit ends
	// between two of these is seen by one of them.
	files, err := s.blobs.files()
	if err != nil {
		return nil, err
	}
	busy := s.blobs.busy()
	known := make(map[string]bool, len(files))
	rows, err := s.read.QueryContext(ctx, "SELECT id FROM blob")
	if err != nil {
		return nil, translate(err)
	}
	err = eachRow(rows, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		known[id] = true
		return err
	})
	if err != nil {
		return nil, translate(err)
	}
	var orphans []blobFile
	for _, f := range files {
		if known[f.id] || busy[f.id] {
			continue
		}
		// What a refused commit had written is gone meanwhile.
		if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
			orphans = append(orphans, f)
		}
	}
	return orphans, nil
}

func (s *Store) hasBlob(ctx context.Context, id string) (bool, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM blob WHERE id = ?", id).Scan(&n)
	return n > 0, translate(err)
}
