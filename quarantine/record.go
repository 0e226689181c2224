package quarantine

import (
	"encoding/json"
	"time"
)

// Record is one line of history. The store keeps it as it is, appends only, and
// finds it by the fields beside the data.
type Record struct {
	// Number is given by the store, growing in the order of commits; zero before.
	Number    int64
	Time      time.Time
	Reference string
	QueueID   string
	// Operation says what happened, in the vocabulary of the records.
	Operation string
	// Data is the record itself, a JSON object. Texts that were erased since read
	// [ErasedText], and an object that was {"erased": true}.
	Data json.RawMessage
	// Link is given by the store; zero before, and for a record older than the chain.
	Link Link
}

// RecordFilter says which records are wanted. Every field given must fit.
type RecordFilter struct {
	Since, Until time.Time // Since ≤ time < Until; zero is open
	Reference    string
	QueueID      string
	Operations   []string // any of them; empty is all
	// After leaves out the records up to that number, or, with NewestFirst, from
	// that number on; zero is none.
	After       int64
	NewestFirst bool
	Limit       int // 0 is all
}
