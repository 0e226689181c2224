package quarantine

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Link is the place of a record in a chain. The value of a link is a SHA-256 over
// that of the link before and over the record, in which texts about people stand
// as salted digests: a record can be neither changed, taken away, put in nor moved
// without breaking the chain, and what is known of people can be erased without.
type Link struct {
	// Node is the store that appended the record, Month the UTC month of its time, as
	// 2026-03. Both are empty for a record older than the chain.
	Node, Month string
	// Position counts the records of the chain, from 1.
	Position int64
	// Value is that of the chain after this record.
	Value Digest
}

// Digest is a SHA-256.
type Digest [32]byte

// String gives the digest in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Head is the end of a chain: all its records can be proved by it as long as it is
// kept where nobody who can write to the store can change it.
type Head struct {
	Node, Month string
	Records     int64 // in the chain, those deleted at their time included
	Value       Digest
}

// String gives the head as ParseHead reads it: node/month/records/value.
func (h Head) String() string { return fmt.Sprintf("%s/%s/%d/%s", h.Node, h.Month, h.Records, h.Value) }

// ParseHead reads what Head.String gave; the error is an [ErrInvalid].
func ParseHead(s string) (Head, error) {
	parts := strings.Split(strings.TrimSpace(s), "/")
	if len(parts) != 4 {
		return Head{}, invalid("head %.100q: write node/month/records/value", s)
	}
	h := Head{Node: parts[0], Month: parts[1]}
	_, monthly := time.Parse("2006-01", h.Month)
	n, counted := strconv.ParseInt(parts[2], 10, 64)
	value, hexed := hex.DecodeString(parts[3])
	if h.Node == "" || monthly != nil || counted != nil || n < 1 || hexed != nil || len(value) != len(h.Value) {
		return Head{}, invalid("head %.100q: write node/month/records/value", s)
	}
	h.Records = n
	copy(h.Value[:], value)
	return h, nil
}

// Break is a place at which the records are not what was recorded.
type Break struct {
	Node, Month string
	// Number is that of the first record that is not as it was, or is not there; zero
	// when it is not known.
	Number int64
	// Time is that of the record, as far as it is known.
	Time time.Time
	// Text is one sentence.
	Text string
}

// Verification is what a look at the chains came to.
type Verification struct {
	// Records counts the records that were verified, Deleted those of which only the
	// link is kept, because their time was over, and Older those from before the chain,
	// of which nothing can be proved.
	Records, Deleted, Older int64
	// Erased counts texts about people that were erased.
	Erased int64
	// Heads are the chains, the oldest first.
	Heads []Head
	// Breaks are in the order of the records; at most [MaxBreaks], and Broken counts
	// all of them.
	Breaks []Break
	Broken int64
}

// MaxBreaks bounds how many breaks are given.
const MaxBreaks = 1000
