package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// Reindex rebuilds the rows of blobs that have none.
func (s *Store) Reindex(ctx context.Context, now time.Time, note func(*quarantine.Item) (quarantine.Record, error)) ([]quarantine.Item, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	orphans, err := s.orphans(ctx)
	if err != nil {
		return nil, err
	}
	var rebuilt []quarantine.Item
	var unusable error
	for _, f := range orphans {
		if f.temporary {
			continue
		}
		h, body, err := s.blobs.open(ctx, f.id)
		if errors.Is(err, quarantine.ErrCorrupt) {
			unusable = errors.Join(unusable, err)
			continue
		}
		if err != nil {
			return rebuilt, err
		}
		_ = body.Close()
		item, err := s.rebuild(ctx, h, now, note)
		if err != nil {
			return rebuilt, fmt.Errorf("blob %s: %w", f.id, err)
		}
		if item != nil {
			rebuilt = append(rebuilt, *item)
		}
	}
	// What is damaged must not become an orphan: somebody may still make use of it.
	if unusable == nil && s.setBack.CompareAndSwap(true, false) {
		if err := s.writeSequence(ctx); err != nil {
			return rebuilt, err
		}
	}
	return rebuilt, unusable
}

// rebuild gives a blob its rows back. The item is nil when the blob has ended, or
// when only its own row was missing.
func (s *Store) rebuild(ctx context.Context, h *header, now time.Time, note func(*quarantine.Item) (quarantine.Record, error)) (*quarantine.Item, error) {
	item := recovered(h, now)
	var rebuilt *quarantine.Item
	err := s.change(ctx, func(t *transactor) error {
		rebuilt = nil
		known, wanted, err := t.wanted(h.ID)
		if err != nil || known && !wanted {
			return err
		}
		if err := t.exec("INSERT INTO blob (id, size, sha256, created) VALUES (?, ?, ?, ?)",
			h.ID, h.Size, h.SHA256, stamp(item.Created)); err != nil || known {
			return err
		}
		var taken int
		if err := t.row("SELECT count(*) FROM item WHERE id = ?", []any{item.ID}, &taken); err != nil {
			return err
		}
		if taken > 0 {
			item.ID = "r-" + h.ID
		}
		row, err := rowOf(item)
		if err != nil {
			return err
		}
		rebuilt = &item
		if err := row.insert(t); err != nil {
			return err
		}
		return t.note(&item, note)
	})
	return rebuilt, err
}

// wanted tells whether rows refer to a blob, and whether any of them still needs
// it.
func (t *transactor) wanted(blob string) (known, wanted bool, err error) {
	var rows, open int
	err = t.row(`SELECT count(*), coalesce(sum(open), 0) FROM (
		SELECT purged = 0 AS open FROM item WHERE blob = ?1 UNION ALL SELECT done = 0 FROM entry WHERE blob = ?1)`,
		[]any{blob}, &rows, &open)
	return rows > 0, open > 0, err
}

// recovered makes an item of what a blob says about itself.
func recovered(h *header, now time.Time) quarantine.Item {
	var item quarantine.Item
	if h.Item != nil {
		item = fresh(*h.Item)
	} else {
		item = quarantine.Item{
			ID: h.ID, Kind: quarantine.KindQuarantine, Created: utc(now), State: quarantine.StateHeld,
			Reason: "Found in the outbox when the store was rebuilt. It may have been sent.",
		}
		for _, e := range h.Entries {
			item.Reference, item.Created, item.TellSender = e.Reference, utc(e.Created), e.TellSender
			item.Envelope.ReversePath, item.Envelope.MailArgs = e.ReversePath, e.MailArgs
			for _, r := range e.Recipients {
				item.Envelope.Recipients = append(item.Envelope.Recipients,
					quarantine.Recipient{Raw: "<" + r.Address + ">", Path: r.Address, Args: r.Args})
			}
		}
	}
	item.Blob, item.Size, item.SHA256, item.Recovered = h.ID, h.Size, h.SHA256, true
	return item
}

// SetAside renames a database that cannot be read, so that [Open] makes a new one
// and [Store.Reindex] fills it from the blobs. Nothing is deleted. It gives the new
// name; the store must not be open anywhere.
func SetAside(dir string, now time.Time) (string, error) {
	name := filepath.Join(dir, "store.db")
	aside := name + ".damaged-" + now.UTC().Format("20060102T150405Z")
	if _, err := os.Lstat(aside); err == nil {
		return "", fmt.Errorf("%s: %w", aside, os.ErrExist)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(name+suffix, aside+suffix); err != nil && !os.IsNotExist(err) {
			return "", err
		}
	}
	return aside, (disk{}).SyncDir(dir)
}
