package embedded

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// monthForm is how a chain names its month.
const monthForm = "2006-01"

// put adds a number and texts to a hash, each with its length, so that no two lists
// give the same octets.
func put(h hash.Hash, number int64, texts ...[]byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(number))
	h.Write(n[:])
	for _, t := range texts {
		binary.BigEndian.PutUint64(n[:], uint64(len(t)))
		h.Write(n[:])
		h.Write(t)
	}
}

// recordDigest covers everything of a record that is never erased.
func recordDigest(number, at int64, reference, queueID, operation string, body, digests []byte) quarantine.Digest {
	h := sha256.New()
	put(h, number, []byte("record"))
	put(h, at, []byte(reference), []byte(queueID), []byte(operation), body, digests)
	return quarantine.Digest(h.Sum(nil))
}

// linkValue is the value of a chain after a record.
func linkValue(before quarantine.Digest, at int64, record quarantine.Digest) quarantine.Digest {
	h := sha256.New()
	put(h, at, before[:], record[:])
	return quarantine.Digest(h.Sum(nil))
}

// digestOf gives the digest of a column; one of another length is none.
func digestOf(column []byte) (d quarantine.Digest) {
	if len(column) == len(d) {
		copy(d[:], column)
	}
	return d
}

// chainRow is a chain.
type chainRow struct {
	id              int64
	node, month     string
	began           int64
	previous, after int64
	root            []byte
	records         int64
	head            []byte
	first, last     int64
	swept           int64
	dropped         int64 // 1 while its links are deleted, 2 when they are
}

const chainColumns = "id, node, month, began, previous, after, root, records, head, first, last, swept, dropped"

func (c *chainRow) scan(scan func(...any) error) error {
	return scan(&c.id, &c.node, &c.month, &c.began, &c.previous, &c.after, &c.root, &c.records, &c.head, &c.first, &c.last, &c.swept, &c.dropped)
}

// genesis is the value of a chain before its first record. It covers the chain that
// was the newest before, so that none can be taken away from between.
func (c *chainRow) genesis() quarantine.Digest {
	h := sha256.New()
	put(h, c.began, []byte("chain"), []byte(c.node), []byte(c.month))
	put(h, c.previous)
	put(h, c.after, c.root)
	return quarantine.Digest(h.Sum(nil))
}

// over tells whether a month ended before a time.
func over(month string, until int64) bool {
	begin, err := time.Parse(monthForm, month)
	return err == nil && stamp(begin.AddDate(0, 1, 0)) <= until
}

// record appends a record and its link.
func (t *transactor) record(r *sealed) error {
	at := stamp(r.Time)
	st, err := t.statement("INSERT INTO record (time, reference, queue_id, operation, data) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	res, err := st.Exec(at, r.Reference, r.QueueID, r.Operation, string(r.body))
	if err != nil {
		return err
	}
	number, err := res.LastInsertId()
	if err != nil {
		return err
	}
	// A row without texts too: its body is known by it to have gaps filled.
	if err := t.exec("INSERT INTO personal (record, texts) VALUES (?, ?)", number, packTexts(r.texts)); err != nil {
		return err
	}
	c, err := t.chain(moment(at).Format(monthForm), number)
	if err != nil {
		return err
	}
	digest := recordDigest(number, at, r.Reference, r.QueueID, r.Operation, r.body, r.digests)
	value := linkValue(digestOf(c.head), at, digest)
	if err := t.exec("INSERT INTO link (number, chain, position, time, digest, texts, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
		number, c.id, c.records+1, at, digest[:], r.digests, value[:]); err != nil {
		return err
	}
	return t.exec("UPDATE chain SET records = records + 1, head = ?, last = ? WHERE id = ?", value[:], number, c.id)
}

// chain gives the chain that a record of a month goes to, and begins it.
func (t *transactor) chain(month string, number int64) (*chainRow, error) {
	st, err := t.statement("SELECT " + chainColumns + ` FROM chain
		WHERE month = ? AND node = (SELECT id FROM node) AND dropped = 0 ORDER BY id DESC LIMIT 1`)
	if err != nil {
		return nil, err
	}
	c := &chainRow{}
	err = c.scan(st.QueryRow(month).Scan)
	if !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	c = &chainRow{month: month, root: []byte{}, first: number, last: number}
	if err := t.row("SELECT id, began FROM node", nil, &c.node, &c.began); err != nil {
		return nil, err
	}
	err = t.row("SELECT id, records, head FROM chain ORDER BY id DESC LIMIT 1", nil, &c.previous, &c.after, &c.root)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	c.id = c.previous + 1
	genesis := c.genesis()
	c.head = genesis[:]
	return c, t.exec("INSERT INTO chain ("+chainColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
		c.id, c.node, c.month, c.began, c.previous, c.after, c.root, c.records, c.head, c.first, c.last)
}

// expired finds records whose time is over.
const expired = `time <= ? AND (reference = ''
	OR NOT EXISTS (SELECT 1 FROM item WHERE item.reference = record.reference AND legal_hold = 1))`

// forgetRecords deletes records of a list that are expired. Their links stay until
// the whole month is over.
func (t *transactor) forgetRecords(list string, until int64) (int64, error) {
	var found string
	if err := t.row("SELECT json_group_array(number) FROM record WHERE number IN (SELECT value FROM json_each(?)) AND "+expired,
		[]any{list, until}, &found); err != nil {
		return 0, err
	}
	for _, text := range []string{
		`UPDATE chain SET swept = swept + n FROM (SELECT chain AS c, count(*) AS n FROM link
			WHERE number IN (SELECT value FROM json_each(?)) GROUP BY chain) WHERE id = c`,
		"UPDATE link SET swept = 1, texts = x'' WHERE number IN (SELECT value FROM json_each(?))",
		"DELETE FROM personal WHERE record IN (SELECT value FROM json_each(?))",
	} {
		if err := t.exec(text, found); err != nil {
			return 0, err
		}
	}
	return t.changed("DELETE FROM record WHERE number IN (SELECT value FROM json_each(?))", found)
}

// dropLinks deletes some links of months that are over and of which no record is
// left, and tells whether there are more.
func (t *transactor) dropLinks(until int64) (more bool, err error) {
	var chains []chainRow
	err = t.rows("SELECT "+chainColumns+" FROM chain WHERE swept >= records AND dropped < 2", nil, func(scan func(...any) error) error {
		var c chainRow
		err := c.scan(scan)
		if over(c.month, until) {
			chains = append(chains, c)
		}
		return err
	})
	for _, c := range chains {
		if err != nil {
			return false, err
		}
		// First it is said that they go: a verification between two parts misses none.
		if err = t.exec("UPDATE chain SET dropped = 1 WHERE id = ?", c.id); err != nil {
			return false, err
		}
		var n int64
		n, err = t.changed(`DELETE FROM link WHERE number IN
			(SELECT number FROM link WHERE number BETWEEN ? AND ? AND chain = ? LIMIT ?)`, c.first, c.last, c.id, sweepBatch)
		if err == nil && n == sweepBatch {
			return true, nil
		}
		if err == nil {
			err = t.exec("UPDATE chain SET dropped = 2 WHERE id = ?", c.id)
		}
	}
	return false, err
}
