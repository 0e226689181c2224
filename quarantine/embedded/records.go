package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"

	"github.com/postern-mail/postern/quarantine"
)

// batch is how many records are read at once: no read stays open while they are
// worked on, so that the log can be brought into the database.
const batch = 500

// Records gives the records that fit.
func (s *Store) Records(ctx context.Context, f quarantine.RecordFilter) iter.Seq2[quarantine.Record, error] {
	return func(yield func(quarantine.Record, error) bool) {
		left := f.Limit
		for {
			size := batch
			if f.Limit > 0 {
				size = min(batch, left)
			}
			found, err := s.someRecords(ctx, f, size)
			if err != nil {
				yield(quarantine.Record{}, err)
				return
			}
			for _, r := range found {
				if !yield(r, nil) {
					return
				}
				f.After = r.Number
			}
			left -= len(found)
			if len(found) < size || f.Limit > 0 && left == 0 {
				return
			}
		}
	}
}

// someRecords gives the first records that fit.
func (s *Store) someRecords(ctx context.Context, f quarantine.RecordFilter, size int) ([]quarantine.Record, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	c := &condition{}
	if !f.Since.IsZero() {
		c.add("time >= ?", stamp(f.Since))
	}
	if !f.Until.IsZero() {
		c.add("time < ?", stamp(f.Until))
	}
	if f.Reference != "" {
		c.add("reference = ?", f.Reference)
	}
	if f.QueueID != "" {
		c.add("queue_id = ?", f.QueueID)
	}
	in(c, "operation", f.Operations)
	order := " ORDER BY number"
	if f.NewestFirst {
		order = " ORDER BY number DESC"
	}
	if f.After > 0 {
		if f.NewestFirst {
			c.add("number < ?", f.After)
		} else {
			c.add("number > ?", f.After)
		}
	}
	rows, err := s.read.QueryContext(ctx, "SELECT "+recordColumns+recordTables+c.String()+order+" LIMIT "+strconv.Itoa(size), c.args...)
	if err != nil {
		return nil, translate(err)
	}
	var found []quarantine.Record
	err = eachRow(rows, func(scan func(...any) error) error {
		r, err := scanRecord(scan)
		if err == nil {
			found = append(found, *r)
		}
		return err
	})
	return found, translate(err)
}

// recordColumns are what scanRecord reads of recordTables.
const (
	recordColumns = `number, time, reference, queue_id, operation, data, personal.texts,
	coalesce(chain.node, ''), coalesce(chain.month, ''), coalesce(l.position, 0), l.value`
	recordTables = ` FROM record LEFT JOIN personal ON personal.record = number
	LEFT JOIN (SELECT number AS linked, chain AS chained, position, value FROM link) l ON l.linked = number
	LEFT JOIN chain ON chain.id = l.chained`
)

func scanRecord(scan func(...any) error) (*quarantine.Record, error) {
	var (
		r            quarantine.Record
		at           int64
		data         string
		texts, value []byte
	)
	if err := scan(&r.Number, &at, &r.Reference, &r.QueueID, &r.Operation, &data, &texts,
		&r.Link.Node, &r.Link.Month, &r.Link.Position, &value); err != nil {
		return nil, err
	}
	r.Time, r.Data, r.Link.Value = moment(at), json.RawMessage(data), digestOf(value)
	if texts == nil {
		return &r, nil // from before records had gaps
	}
	parts, err := unpackTexts(texts)
	if err == nil {
		r.Data, err = fill([]byte(data), parts)
	}
	if err != nil {
		return nil, fmt.Errorf("record %d: %w", r.Number, err)
	}
	return &r, nil
}
