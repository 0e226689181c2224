package embedded

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// verifier follows the chains over all records.
type verifier struct {
	quarantine.Verification
	until  func() int64 // records up to this time may have been deleted
	chains map[int64]*followed
	order  []*followed
	last   int64 // number of the newest record that is looked at
	began  int64
	node   string
}

// followed is a chain while it is followed.
type followed struct {
	chainRow
	at     int64 // position of the last link met
	number int64 // of its record
	value  quarantine.Digest
	marks  []mark
	breaks []quarantine.Break
	broken int64
}

// mark is a value that a chain must have at a position.
type mark struct {
	position int64
	value    quarantine.Digest
	text     string // said when it has another
}

func (c *followed) add(number, at int64, format string, args ...any) {
	if c.broken++; len(c.breaks) < quarantine.MaxBreaks {
		c.breaks = append(c.breaks, quarantine.Break{
			Node: c.node, Month: c.month, Number: number, Time: moment(at), Text: fmt.Sprintf(format, args...),
		})
	}
}

func (v *verifier) add(b quarantine.Break) {
	if v.Broken++; len(v.Breaks) < quarantine.MaxBreaks {
		v.Breaks = append(v.Breaks, b)
	}
}

// VerifyRecords follows the chains over all records.
func (s *Store) VerifyRecords(ctx context.Context, now time.Time, heads ...quarantine.Head) (*quarantine.Verification, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	began := time.Now()
	v := &verifier{chains: map[int64]*followed{}, until: func() int64 {
		// A sweep may go on beside it.
		return stamp(now.Add(time.Since(began) - s.opts.Retention.Records))
	}}
	if err := v.begin(ctx, s.read, heads); err != nil {
		return nil, translate(err)
	}
	for after := int64(math.MinInt64); ; {
		n, err := v.some(ctx, s.read, &after)
		if err != nil {
			return nil, translate(err)
		}
		if n < batch {
			break
		}
	}
	if err := v.end(ctx, s.read); err != nil {
		return nil, translate(err)
	}
	return &v.Verification, nil
}

// begin reads the chains, and how far they go now.
func (v *verifier) begin(ctx context.Context, db *sql.DB, heads []quarantine.Head) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := tx.QueryContext(ctx, "SELECT "+chainColumns+" FROM chain ORDER BY id")
	if err != nil {
		return err
	}
	err = eachRow(rows, func(scan func(...any) error) error {
		c := &followed{}
		err := c.scan(scan)
		c.value = c.genesis()
		v.chains[c.id] = c
		v.order = append(v.order, c)
		v.last = max(v.last, c.last)
		return err
	})
	if err != nil {
		return err
	}
	var numbers int64
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT id FROM node), (SELECT began FROM node),
		coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'record'), 0)`).Scan(&v.node, &v.began, &numbers); err != nil {
		return err
	}
	if newest := max(v.last, v.began-1); numbers != newest {
		v.add(quarantine.Break{Node: v.node, Number: newest + 1,
			Text: fmt.Sprintf("Records were numbered up to %d, and the chains end at %d.", numbers, newest)})
		v.last = max(v.last, numbers)
	}
	v.join(heads)
	return nil
}

// join marks where the chains must meet each other and the heads.
func (v *verifier) join(heads []quarantine.Head) {
	var before *followed
	for _, c := range v.order {
		v.Heads = append(v.Heads, quarantine.Head{Node: c.node, Month: c.month, Records: c.records, Value: digestOf(c.head)})
		from := v.chains[c.previous]
		switch {
		case c.previous == 0 && before == nil:
		case from == nil || from != before:
			c.add(c.first, 0, "The chain before this one is gone.")
		default:
			from.marks = append(from.marks, mark{c.after, digestOf(c.root), fmt.Sprintf("the chain of %s was begun on another value", c.month)})
		}
		if c.began != v.began && c.node == v.node {
			c.add(c.first, 0, "It was begun by a store that chained records from %d on, and this one says %d.", c.began, v.began)
		}
		before = c
	}
	for _, h := range heads {
		known := false
		for _, c := range v.order {
			if c.node == h.Node && c.month == h.Month && c.records >= h.Records {
				known = true
				c.marks = append(c.marks, mark{h.Records, h.Value, "the head that was kept is another"})
				break
			}
		}
		if !known {
			v.add(quarantine.Break{Node: h.Node, Month: h.Month, Text: fmt.Sprintf("No chain has the %d records of the head that was kept.", h.Records)})
		}
	}
	for _, c := range v.order {
		c.meet(0, c.value, 0, 0)
		if c.dropped > 0 {
			c.meet(c.records, digestOf(c.head), c.last, 0)
			if !over(c.month, v.until()) {
				c.add(c.first, 0, "All its records were removed before their time.")
			}
		}
	}
}

// meet compares the value at a position with what is marked there.
func (c *followed) meet(position int64, value quarantine.Digest, number, at int64) {
	for _, m := range c.marks {
		if m.position == position && m.value != value {
			c.add(number, at, "At record %d of the chain %s.", position, m.text)
		}
	}
}

// linked is a link with its record.
type linked struct {
	number, chain, position, at int64
	digest, texts, value        []byte
	swept                       int64

	there                         sql.NullInt64 // the record's time
	reference, queueID, operation sql.NullString
	data                          sql.NullString
	personal                      []byte
}

// some looks at the links of a batch, and at records of it that have none.
func (v *verifier) some(ctx context.Context, db *sql.DB, after *int64) (int, error) {
	rows, err := db.QueryContext(ctx, `SELECT coalesce(l.number, r.number), coalesce(l.chain, 0), coalesce(l.position, 0), coalesce(l.time, 0),
		l.digest, l.texts, l.value, coalesce(l.swept, 0), r.time, r.reference, r.queue_id, r.operation, r.data, p.texts
		FROM (SELECT number FROM link WHERE number > ?1 AND number <= ?2 UNION SELECT number FROM record WHERE number > ?1 AND number <= ?2
			ORDER BY number LIMIT ?3) n
		LEFT JOIN link l ON l.number = n.number LEFT JOIN record r ON r.number = n.number LEFT JOIN personal p ON p.record = n.number
		ORDER BY n.number`, *after, v.last, batch)
	if err != nil {
		return 0, err
	}
	count := 0
	err = eachRow(rows, func(scan func(...any) error) error {
		var l linked
		if err := scan(&l.number, &l.chain, &l.position, &l.at, &l.digest, &l.texts, &l.value, &l.swept,
			&l.there, &l.reference, &l.queueID, &l.operation, &l.data, &l.personal); err != nil {
			return err
		}
		count++
		*after = l.number
		v.link(&l)
		return nil
	})
	return count, err
}

func (v *verifier) link(l *linked) {
	if l.value == nil {
		if l.number > 0 && l.number < v.began {
			v.Older++
		} else {
			v.add(quarantine.Break{Node: v.node, Number: l.number, Time: moment(l.there.Int64), Text: "A record was put in that is in no chain."})
		}
		return
	}
	c := v.chains[l.chain]
	if c == nil {
		v.add(quarantine.Break{Node: v.node, Number: l.number, Time: moment(l.at), Text: "The chain of the record is gone."})
		return
	}
	switch {
	case l.position > c.at+1:
		c.add(c.number+1, 0, "Between records %d and %d of the chain %d were removed.", c.at, l.position, l.position-c.at-1)
	case l.position <= c.at:
		c.add(l.number, l.at, "A record was put in or moved: it is record %d of the chain, behind record %d.", l.position, c.at)
	}
	digest, value := digestOf(l.digest), digestOf(l.value)
	switch {
	case l.there.Valid:
		v.Records++
		if text := v.record(l, digest); text != "" {
			c.add(l.number, l.at, "%s", text)
		}
	case l.swept == 0:
		c.add(l.number, l.at, "The record was removed.")
	case l.at > v.until():
		c.add(l.number, l.at, "The record was removed before its time.")
	default:
		v.Deleted++
	}
	if l.position == c.at+1 && linkValue(c.value, l.at, digest) != value {
		c.add(l.number, l.at, "The record does not follow from the one before it.")
	}
	c.at, c.number, c.value = l.position, l.number, value
	c.meet(l.position, value, l.number, l.at)
}

// record compares a record with its digest, and tells what is wrong.
func (v *verifier) record(l *linked, want quarantine.Digest) string {
	if l.swept != 0 || l.there.Int64 != l.at ||
		recordDigest(l.number, l.at, l.reference.String, l.queueID.String, l.operation.String, []byte(l.data.String), l.texts) != want {
		return "The record was changed."
	}
	texts, err := unpackTexts(l.personal)
	if err != nil || len(texts)*sha256.Size != len(l.texts) {
		return "The texts about people beside the record were changed."
	}
	for i := range texts {
		if texts[i].raw == nil {
			v.Erased++
			continue
		}
		if d := texts[i].digest(); string(d[:]) != string(l.texts[i*sha256.Size:(i+1)*sha256.Size]) {
			return "A text about people beside the record was changed."
		}
	}
	return ""
}

// end compares where each chain ended with where it must.
func (v *verifier) end(ctx context.Context, db *sql.DB) error {
	for _, c := range v.order {
		var dropped int64
		if err := db.QueryRowContext(ctx, "SELECT coalesce(max(dropped), 0) FROM chain WHERE id = ?", c.id).Scan(&dropped); err != nil {
			return err
		}
		switch {
		case dropped > 0:
			v.Deleted += max(0, c.records-c.at)
			if c.dropped == 0 {
				continue // a sweep has dropped it meanwhile
			}
		case c.at != c.records:
			c.add(c.number+1, 0, "The chain ends at record %d of %d.", c.at, c.records)
		case c.value != digestOf(c.head):
			c.add(c.number, 0, "The chain ends on another value than it should.")
		}
		v.Broken += c.broken
		v.Breaks = append(v.Breaks, c.breaks[:min(len(c.breaks), quarantine.MaxBreaks-len(v.Breaks))]...)
	}
	return nil
}
