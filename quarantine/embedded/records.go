package embedded

import (
	"context"
	"encoding/json"
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
	rows, err := s.read.QueryContext(ctx, "SELECT number, time, reference, queue_id, operation, data FROM record"+
		c.String()+order+" LIMIT "+strconv.Itoa(size), c.args...)
	if err != nil {
		return nil, translate(err)
	}
	var found []quarantine.Record
	err = eachRow(rows, func(scan func(...any) error) error {
		var r quarantine.Record
		var at int64
		var data string
		if err := scan(&r.Number, &at, &r.Reference, &r.QueueID, &r.Operation, &data); err != nil {
			return err
		}
		r.Time, r.Data = moment(at), json.RawMessage(data)
		found = append(found, r)
		return nil
	})
	return found, translate(err)
}
