package embedded

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// Commit makes c durable.
func (s *Store) Commit(ctx context.Context, c *quarantine.Commit) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	p, err := s.prepare(ctx, c)
	if err != nil {
		return err
	}
	if err := s.reserve(p); err != nil {
		return err
	}
	err = s.store(ctx, p, func(t *transactor) error {
		if err := s.withinQuota(t, p); err != nil {
			return err
		}
		return p.insert(t)
	})
	if err != nil {
		return err
	}
	fault.Point("hold.durable")
	return nil
}

// Append makes records durable.
func (s *Store) Append(ctx context.Context, records ...quarantine.Record) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	p, err := s.prepare(ctx, &quarantine.Commit{Records: records})
	if err != nil || len(records) == 0 {
		return err
	}
	return s.store(ctx, p, p.insert)
}

// prepared is a commit that was validated and has its digests and JSON, so that
// the transaction does nothing but write.
type prepared struct {
	blobs        []quarantine.Blob
	headers      []header
	items        []itemRow
	entries      []entryRow
	fingerprints []fingerprintRow
	records      []sealed
	matches      []matchRow
	raised       bool // one of the matches has raised an alert
}

type itemRow struct {
	quarantine.Item
	sender     string
	recipients []string
	data       string
}

type entryRow struct {
	quarantine.Entry
	recipients, data string
}

type fingerprintRow struct {
	quarantine.Fingerprint
	data string
}

// prepare takes c, which may be nil, apart.
func (s *Store) prepare(ctx context.Context, c *quarantine.Commit) (*prepared, error) {
	if err := errors.Join(ctx.Err(), s.poisoned()); err != nil {
		return nil, err
	}
	p := &prepared{}
	if c == nil {
		return p, nil
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p.blobs = c.Blobs
	for i := range c.Records {
		p.records = append(p.records, seal(&c.Records[i], s.opts.Privacy))
	}
	index := map[string]int{}
	for i, b := range c.Blobs {
		sum := sha256.Sum256(b.Data)
		p.headers = append(p.headers, header{Version: 1, ID: b.ID, Size: int64(len(b.Data)), SHA256: hex.EncodeToString(sum[:])})
		index[b.ID] = i
	}
	for _, item := range c.Items {
		h := &p.headers[index[item.Blob]]
		item = fresh(item)
		item.Size, item.SHA256 = h.Size, h.SHA256
		h.Item = &item
		row, err := rowOf(item)
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, row)
	}
	for _, entry := range c.Entries {
		entry = pending(entry)
		if i, ok := index[entry.Blob]; ok {
			p.headers[i].Entries = append(p.headers[i].Entries, entry)
		}
		row, err := entryRowOf(entry)
		if err != nil {
			return nil, err
		}
		p.entries = append(p.entries, row)
	}
	for _, f := range c.Fingerprints {
		data, err := marshal(f)
		if err != nil {
			return nil, err
		}
		p.fingerprints = append(p.fingerprints, fingerprintRow{f, data})
	}
	for i := range c.Matches {
		row, err := matchRowOf(&c.Matches[i], s.opts.Privacy)
		if err != nil {
			return nil, err
		}
		p.matches = append(p.matches, row)
	}
	return p, nil
}

// fresh gives an item as it is when nothing has happened to it.
func fresh(i quarantine.Item) quarantine.Item {
	i.State = quarantine.StateHeld
	i.LegalHold, i.Recovered, i.Seen = false, false, 0
	i.LastSeen, i.Purged, i.Decided = time.Time{}, time.Time{}, quarantine.Decided{}
	i.Created, i.Expires = utc(i.Created), utc(i.Expires)
	return i
}

// pending gives an entry as it is before the first attempt.
func pending(e quarantine.Entry) quarantine.Entry {
	recipients := make([]quarantine.EntryRecipient, len(e.Recipients))
	for i, r := range e.Recipients {
		recipients[i] = quarantine.EntryRecipient{Address: r.Address, Args: r.Args, Delivery: quarantine.Pending}
	}
	e.Recipients = recipients
	e.Attempt, e.Leased, e.Done = 0, time.Time{}, time.Time{}
	e.Created, e.NotBefore, e.Expires = utc(e.Created), utc(e.NotBefore), utc(e.Expires)
	return e
}

func rowOf(item quarantine.Item) (itemRow, error) {
	row := itemRow{Item: item, sender: key(item.Envelope.ReversePath)}
	for _, r := range item.Envelope.Recipients {
		row.recipients = append(row.recipients, key(r.Path))
	}
	var err error
	row.data, err = marshal(item)
	return row, err
}

func entryRowOf(entry quarantine.Entry) (entryRow, error) {
	row := entryRow{Entry: entry}
	var err error
	if row.recipients, err = marshal(entry.Recipients); err != nil {
		return row, err
	}
	entry.Recipients = nil
	row.data, err = marshal(entry)
	return row, err
}

// store writes the blobs of p and then has do run in a transaction. The blobs are
// removed again when it is certain that no row refers to them.
func (s *Store) store(ctx context.Context, p *prepared, do func(*transactor) error) error {
	defer s.blobs.hold(p.blobs)()
	written, err := s.writeBlobs(p)
	if err == nil {
		err = s.change(ctx, do)
	}
	if err != nil {
		if !inDoubt(err) {
			for _, id := range written {
				_ = s.blobs.remove(id)
			}
		}
		return err
	}
	if len(p.entries) > 0 || p.raised {
		s.awake()
	}
	return nil
}

// writeBlobs makes the blobs durable, a few at a time, and gives the names of those
// that lie there whatever the error.
func (s *Store) writeBlobs(p *prepared) (written []string, err error) {
	const atOnce = 4
	var (
		mu      sync.Mutex
		writers sync.WaitGroup
		places  = make(chan struct{}, atOnce)
	)
	for i := range p.blobs {
		places <- struct{}{}
		writers.Go(func() {
			defer func() { <-places }()
			failure := s.blobs.write(&p.headers[i], p.blobs[i].Data)
			mu.Lock()
			defer mu.Unlock()
			if failure == nil {
				written = append(written, p.blobs[i].ID)
			} else if err == nil {
				err = s.judge(failure)
			}
		})
	}
	writers.Wait()
	return written, err
}

// insert writes the rows of p.
func (p *prepared) insert(t *transactor) error {
	for i, h := range p.headers {
		created := p.created(i)
		if err := t.exec("INSERT INTO blob (id, size, sha256, created) VALUES (?, ?, ?, ?)",
			h.ID, h.Size, h.SHA256, created); err != nil {
			return err
		}
	}
	for i := range p.items {
		if err := p.items[i].insert(t); err != nil {
			return err
		}
	}
	for i := range p.entries {
		if err := p.entries[i].insert(t); err != nil {
			return err
		}
	}
	for i := range p.fingerprints {
		if err := p.fingerprints[i].insert(t); err != nil {
			return err
		}
	}
	for i := range p.records {
		if err := t.record(&p.records[i]); err != nil {
			return err
		}
		if err := p.matched(t, i); err != nil {
			return err
		}
	}
	return nil
}

// created is the time of the item or the first entry of a blob.
func (p *prepared) created(i int) int64 {
	if h := p.headers[i]; h.Item != nil {
		return stamp(h.Item.Created)
	}
	return stamp(p.headers[i].Entries[0].Created)
}

func (r *itemRow) insert(t *transactor) error {
	err := t.exec(`INSERT INTO item (id, reference, kind, state, blob, sender, size, sha256, created, expires, recovered, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Reference, string(r.Kind), string(r.State), r.Blob, r.sender, r.Size, r.SHA256,
		stamp(r.Created), stamp(r.Expires), r.Recovered, r.data)
	for _, address := range r.recipients {
		if err == nil {
			err = t.exec("INSERT OR IGNORE INTO recipient (item, address) VALUES (?, ?)", r.ID, address)
		}
	}
	return err
}

func (r *entryRow) insert(t *transactor) error {
	if r.Item != "" {
		var blob string
		err := t.row("SELECT blob FROM item WHERE id = ?", []any{r.Item}, &blob)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("entry %s: item %s: %w", r.ID, r.Item, quarantine.ErrNotFound)
		}
		if err != nil {
			return err
		}
	}
	var there int
	if err := t.row("SELECT count(*) FROM blob WHERE id = ?", []any{r.Blob}, &there); err != nil {
		return err
	}
	if there == 0 {
		return fmt.Errorf("entry %s: blob %s: %w", r.ID, r.Blob, quarantine.ErrNotFound)
	}
	return t.exec(`INSERT INTO entry (id, kind, item, reference, blob, created, not_before, recipients, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, string(r.Kind), r.Item, r.Reference, r.Blob, stamp(r.Created), stamp(r.NotBefore), r.recipients, r.data)
}

func (r *fingerprintRow) insert(t *transactor) error {
	if !r.Unless.IsZero() {
		var data, state string
		err := t.row(`SELECT f.data, coalesce(i.state, '') FROM fingerprint f LEFT JOIN item i ON i.id = f.item
			WHERE f.digest = ? AND f.client = ? AND f.message = ? AND f.date = ? AND f.at >= ?
			ORDER BY f.number DESC LIMIT 1`,
			[]any{r.Digest, r.ClientAddr, r.MessageID, r.Date, stamp(r.Unless)}, &data, &state)
		if err == nil {
			repeat := &quarantine.RepeatError{}
			if err := unmarshal(data, &repeat.Found); err != nil {
				return err
			}
			repeat.Found.ItemState = quarantine.State(state)
			return repeat
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return t.exec("INSERT INTO fingerprint (digest, client, message, date, item, at, expires, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.Digest, r.ClientAddr, r.MessageID, r.Date, r.Item, stamp(r.At), stamp(r.Expires), r.data)
}

// key is what addresses are compared by.
func key(address string) string {
	path, err := message.ParsePath(address)
	if err != nil {
		return strings.ToLower(address)
	}
	return path.Key()
}

func marshal(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("%w: %w", quarantine.ErrInvalid, err)
	}
	return string(text), nil
}

func unmarshal(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("%w: %w", quarantine.ErrCorrupt, err)
	}
	return nil
}

// The first and last times that are told apart.
var (
	firstTime = time.Unix(0, math.MinInt64)
	lastTime  = time.Unix(0, math.MaxInt64)
)

// stamp is a time as the database keeps it, nanoseconds since 1970; 0 is none.
func stamp(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(lastTime):
		return math.MaxInt64
	case t.Before(firstTime):
		return math.MinInt64
	}
	return t.UnixNano()
}

// moment is the time of a stamp.
func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func utc(t time.Time) time.Time { return moment(stamp(t)) }
