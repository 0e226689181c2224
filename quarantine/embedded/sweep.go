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
		count *int
		text  string
		args  []any
	}{
		{&swept.Fingerprints, `DELETE FROM fingerprint WHERE number IN (SELECT number FROM fingerprint WHERE expires <= ?
			AND NOT EXISTS (SELECT 1 FROM item WHERE id = fingerprint.item AND ended = 0) LIMIT ?)`, []any{stamp(now)}},
		{&swept.Records, `DELETE FROM record WHERE number IN (SELECT number FROM record WHERE time <= ? AND (reference = ''
			OR NOT EXISTS (SELECT 1 FROM item WHERE item.reference = record.reference AND legal_hold = 1)) LIMIT ?)`, []any{history}},
		{&swept.Entries, `DELETE FROM entry WHERE number IN (SELECT number FROM entry WHERE done > 0 AND done <= ?
			AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = entry.item AND legal_hold = 1) LIMIT ?)`, []any{history}},
		{&swept.Items, "DELETE FROM item WHERE id IN (SELECT id FROM item WHERE ended > 0 AND ended <= ? AND purged > 0 LIMIT ?)", []any{history}},
	} {
		if *rows.count, err = s.sweepRows(ctx, rows.text, append(rows.args, sweepBatch)); err != nil {
			return &swept, err
		}
	}
	if swept.Orphans, err = s.sweepOrphans(ctx, now); err != nil {
		return &swept, err
	}
	return &swept, s.writeSequence(ctx)
}

// sweepBlobs deletes the blobs of items that have long ended: first the row, then
// the file, which without a row is an orphan if this stops between.
func (s *Store) sweepBlobs(ctx context.Context, now time.Time, purged func(*quarantine.Item) (quarantine.Record, error)) (int, error) {
	total := 0
	for {
		var gone []string
		err := s.change(ctx, func(t *transactor) error {
			gone = nil
			var items []*quarantine.Item
			err := t.rows("SELECT "+itemColumns+` FROM item WHERE ended > 0 AND ended <= ? AND legal_hold = 0 AND purged = 0
				AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.blob = item.blob AND done = 0) LIMIT ?`,
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
	if err := t.exec("DELETE FROM blob WHERE id = ?", item.Blob); err != nil || purged == nil {
		return err
	}
	r, err := purged(item)
	if err != nil {
		return err
	}
	c := quarantine.Commit{Records: []quarantine.Record{r}}
	if err := c.Validate(); err != nil {
		return err
	}
	return t.record(&r)
}

func (s *Store) sweepRows(ctx context.Context, text string, args []any) (int, error) {
	total := 0
	for {
		var n int64
		err := s.change(ctx, func(t *transactor) (err error) {
			n, err = t.changed(text, args...)
			return err
		})
		total += int(n)
		if err != nil || n < sweepBatch {
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
