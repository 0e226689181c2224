package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// maxLine is the longest record that is read, in octets.
const maxLine = 64 << 20

// Marshal gives the record as one line of JSON without a line end; the same record
// gives the same octets.
func Marshal(r Record) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return encode(r)
}

// Parse reads what Marshal or Chain wrote. Fields it does not know are passed
// over, so that records of later versions can be read.
func Parse(line []byte) (Record, error) {
	if len(line) > maxLine {
		return Record{}, fmt.Errorf("a record of %d octets is too long", len(line))
	}
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, fmt.Errorf("reading an audit record: %w", err)
	}
	return checked(r)
}

// previousName begins the member that Chain adds, the last of the record.
const previousName = `,"PreviousDigest":"`

var (
	errNoRecord = errors.New("the audit record is no JSON object")
	errDigest   = errors.New("the digest of the audit record before is none")
	// ErrBroken is the error of Verify: a record was changed, removed or put in.
	ErrBroken = errors.New("the chain of audit records is broken")
)

// Chain joins a marshalled record to the one before: prev is the digest that Chain
// gave for that, empty for the first. It gives the octets to be kept, with prev in
// the field PreviousDigest, and their digest (SHA-256 in hex).
func Chain(prev string, line []byte) (chained []byte, digest string, err error) {
	n := len(line)
	switch {
	case n <= 2 || line[0] != '{' || line[n-1] != '}':
		return nil, "", errNoRecord
	case prev != "" && !isDigest(prev):
		return nil, "", errDigest
	}
	chained = make([]byte, 0, n+len(previousName)+len(prev)+1)
	chained = append(chained, line[:n-1]...)
	chained = append(chained, previousName+prev+`"}`...)
	return chained, digestOf(chained), nil
}

// Verify tells whether a record is the one that Chain joined to prev, and gives
// its digest, with which the next is verified. The error is ErrBroken.
func Verify(prev string, chained []byte) (digest string, err error) {
	if !bytes.HasSuffix(chained, []byte(previousName+prev+`"}`)) {
		return "", ErrBroken
	}
	return digestOf(chained), nil
}

func digestOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size
}
