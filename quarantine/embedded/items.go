package embedded

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// itemColumns are what scanItem reads.
const itemColumns = `data, state, size, sha256, expires, legal_hold, recovered, seen, last_seen,
	event, decided_by, decided_at, justification, purged`

func scanItem(scan func(...any) error) (*quarantine.Item, error) {
	var (
		item                                 quarantine.Item
		data, state, event                   string
		expires, seen, decided, purged, size int64
		sha256, by, justification            string
		legalHold, recovered                 bool
		count                                int
	)
	if err := scan(&data, &state, &size, &sha256, &expires, &legalHold, &recovered, &count, &seen,
		&event, &by, &decided, &justification, &purged); err != nil {
		return nil, err
	}
	if err := unmarshal(data, &item); err != nil {
		return nil, err
	}
	item.State, item.Size, item.SHA256 = quarantine.State(state), size, sha256
	item.Expires, item.LegalHold, item.Recovered = moment(expires), legalHold, recovered
	item.Seen, item.LastSeen, item.Purged = count, moment(seen), moment(purged)
	item.Decided = quarantine.Decided{Event: quarantine.Event(event), By: by, At: moment(decided), Justification: justification}
	return &item, nil
}

// Item gives an item.
func (s *Store) Item(ctx context.Context, id string) (*quarantine.Item, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	item, err := oneItem(id, s.read.QueryRowContext(ctx, "SELECT "+itemColumns+" FROM item WHERE id = ?", id).Scan)
	return item, translate(err)
}

// condition gathers the parts of a WHERE clause.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// in asks for any of some values; none asks for nothing.
func in[T ~string](c *condition, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	c.add(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

func (c *condition) String() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// List gives one page of the items that fit.
func (s *Store) List(ctx context.Context, f quarantine.Filter) (*quarantine.Page, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	limit := f.Limit
	switch {
	case limit == 0:
		limit = 100
	case limit < 0 || limit > 1000:
		return nil, fmt.Errorf("%w: a page of %d items", quarantine.ErrInvalid, f.Limit)
	}
	clause, args, err := listClause(f, limit+1)
	if err != nil {
		return nil, err
	}
	items, err := s.items(ctx, clause, args...)
	if err != nil {
		return nil, err
	}
	page := &quarantine.Page{Items: items}
	if len(items) > limit {
		last := items[limit-1]
		page.Items, page.Next = items[:limit], cursor(last)
	}
	return page, nil
}

// listClause asks for the first items that fit. Each state is asked for by itself,
// and first for names only: an index gives these in order, and of the rows, which
// are long, no more are read than are wanted.
func listClause(f quarantine.Filter, limit int) (clause string, args []any, err error) {
	where, err := itemCondition(f)
	if err != nil {
		return "", nil, err
	}
	end := " ORDER BY created, id LIMIT " + strconv.Itoa(limit)
	if f.NewestFirst {
		end = " ORDER BY created DESC, id DESC LIMIT " + strconv.Itoa(limit)
	}
	if len(f.States) == 0 {
		return where.String() + end, where.args, nil
	}
	var parts []string
	for _, state := range f.States {
		one := condition{parts: append([]string{"state = ?"}, where.parts...)}
		parts = append(parts, "SELECT id FROM (SELECT id FROM item"+one.String()+end+")")
		args = append(append(args, string(state)), where.args...)
	}
	return " WHERE id IN (" + strings.Join(parts, " UNION ALL ") + ")" + end, args, nil
}

// itemCondition is what a filter asks for beside the states.
func itemCondition(f quarantine.Filter) (*condition, error) {
	c := &condition{}
	in(c, "kind", f.Kinds)
	if f.Sender != "" {
		c.add("sender = ?", key(f.Sender))
	}
	if f.Recipient != "" {
		c.add("id IN (SELECT item FROM recipient WHERE address = ?)", key(f.Recipient))
	}
	if f.Reference != "" {
		c.add("reference = ?", f.Reference)
	}
	if !f.CreatedSince.IsZero() {
		c.add("created >= ?", stamp(f.CreatedSince))
	}
	if !f.CreatedUntil.IsZero() {
		c.add("created < ?", stamp(f.CreatedUntil))
	}
	if !f.ExpiresUntil.IsZero() {
		c.add("expires <> 0 AND expires < ?", stamp(f.ExpiresUntil))
	}
	if f.Recovered != nil {
		c.add("recovered = " + digit(*f.Recovered)) // written out, for the indexes
	}
	if f.LegalHold != nil {
		c.add("legal_hold = " + digit(*f.LegalHold))
	}
	if f.After != "" {
		created, id, err := readCursor(f.After)
		if err != nil {
			return nil, err
		}
		if f.NewestFirst {
			c.add("(created, id) < (?, ?)", created, id)
		} else {
			c.add("(created, id) > (?, ?)", created, id)
		}
	}
	return c, nil
}

// cursor names the place behind an item.
func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func cursor(i quarantine.Item) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", stamp(i.Created), i.ID))
}

func readCursor(s string) (created int64, id string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		first, rest, _ := strings.Cut(string(text), " ")
		id = rest
		created, err = strconv.ParseInt(first, 10, 64)
	}
	if err != nil {
		return 0, "", fmt.Errorf("%w: %q is not the end of a page", quarantine.ErrInvalid, s)
	}
	return created, id, nil
}

// items reads the items of a clause.
func (s *Store) items(ctx context.Context, clause string, args ...any) ([]quarantine.Item, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+itemColumns+" FROM item"+clause, args...)
	if err != nil {
		return nil, translate(err)
	}
	var items []quarantine.Item
	err = eachRow(rows, func(scan func(...any) error) error {
		item, err := scanItem(scan)
		if err == nil {
			items = append(items, *item)
		}
		return err
	})
	return items, translate(err)
}

// Due gives held items whose time has come.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]quarantine.Item, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	return s.items(ctx, ` WHERE state = 'held' AND expires <> 0 AND expires <= ? AND legal_hold = 0 AND recovered = 0
		ORDER BY expires, id LIMIT ?`, stamp(now), limit)
}

// Open gives the octets of a blob after having verified them.
func (s *Store) Open(ctx context.Context, id string) (io.ReadCloser, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	var size int64
	var digest string
	err := s.read.QueryRowContext(ctx, "SELECT size, sha256 FROM blob WHERE id = ?", id).Scan(&size, &digest)
	if err != nil {
		return nil, notFound(translate(err), "blob "+id)
	}
	h, body, err := s.blobs.open(ctx, id)
	if err != nil {
		return nil, missing(err)
	}
	if h.Size != size || h.SHA256 != digest {
		_ = body.Close()
		return nil, fmt.Errorf("%w: blob %s: the file and its row disagree", quarantine.ErrCorrupt, id)
	}
	return body, nil
}

// Fingerprints gives what is stored under a digest.
func (s *Store) Fingerprints(ctx context.Context, digest string) ([]quarantine.Fingerprint, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	rows, err := s.read.QueryContext(ctx, `SELECT f.data, coalesce(i.state, '') FROM fingerprint f
		LEFT JOIN item i ON i.id = f.item WHERE f.digest = ? ORDER BY f.number DESC`, digest)
	if err != nil {
		return nil, translate(err)
	}
	var found []quarantine.Fingerprint
	err = eachRow(rows, func(scan func(...any) error) error {
		var data, state string
		if err := scan(&data, &state); err != nil {
			return err
		}
		var f quarantine.Fingerprint
		if err := unmarshal(data, &f); err != nil {
			return err
		}
		f.ItemState = quarantine.State(state)
		f.At, f.Expires = utc(f.At), utc(f.Expires)
		found = append(found, f)
		return nil
	})
	return found, translate(err)
}
