package quarantine

import (
	"encoding/json"
	"time"
)

// Fingerprint is what is kept of a fork of a message to know a client's retry.
// What makes up the digest, and what a retry gets, is decided on the floor above.
type Fingerprint struct {
	// Digest is a hash in hexadecimal over what a retry repeats; not empty.
	Digest string `json:"digest"`
	// ClientAddr is the address the message came from, MessageID and Date are the
	// client's own header fields; each may be empty.
	ClientAddr string `json:"clientAddr,omitempty"`
	MessageID  string `json:"messageId,omitempty"`
	Date       string `json:"date,omitempty"`
	// Outcome is what the fork came to, in the vocabulary of the floor above; Data is
	// JSON of that floor.
	Outcome string          `json:"outcome"`
	Data    json.RawMessage `json:"data,omitempty"`
	// Item is the item the fork is held as; empty for an outcome without one.
	Item      string    `json:"item,omitempty"`
	Reference string    `json:"reference,omitempty"`
	QueueID   string    `json:"queueId,omitempty"`
	At        time.Time `json:"at"`
	// Expires is when the store may forget it, unless Item is still held; not zero.
	Expires time.Time `json:"expires"`

	// Unless refuses the commit with a [RepeatError] when a fingerprint of an earlier
	// commit with equal Digest, ClientAddr, MessageID and Date, at or after this time,
	// is stored: two sessions that carry the same message at once make one hold. Zero
	// refuses nothing. It is not stored.
	Unless time.Time `json:"-"`

	// ItemState is the present state of Item, as [Store.Fingerprints] gives it.
	ItemState State `json:"-"`
}
