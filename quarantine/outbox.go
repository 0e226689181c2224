package quarantine

import (
	"encoding/json"
	"time"
)

// EntryKind says what an entry of the outbox carries.
type EntryKind string

// The kinds of entries.
const (
	// EntryNotice is mail that Postern wrote.
	EntryNotice EntryKind = "notice"
	// EntryReinject is a fork of a message given back to the MTA.
	EntryReinject EntryKind = "reinject"
	// EntryRelease is the release of an item.
	EntryRelease EntryKind = "release"
)

// EntryKinds are all kinds.
var EntryKinds = []EntryKind{EntryNotice, EntryReinject, EntryRelease}

// Entry is one mail to be sent. What is written once at [Store.Commit] stands
// first; what the store changes stands last and is ignored when an entry is
// committed.
type Entry struct {
	// ID names the entry: 1 to 64 letters, digits, hyphens and underscores, unlike
	// every other entry's.
	ID   string    `json:"id"`
	Kind EntryKind `json:"kind"`
	// Reference is that of the message the entry comes from.
	Reference string `json:"reference,omitempty"`
	// Item names the item the entry belongs to; an [EntryRelease] needs it, and its
	// end moves the item.
	Item string `json:"item,omitempty"`
	// Blob names the final octets: a blob of the same commit, or that of Item.
	// Several entries may share one.
	Blob string `json:"blob"`
	// ReversePath is the argument of MAIL without brackets, empty for the null path;
	// MailArgs are its ESMTP arguments.
	ReversePath string   `json:"reversePath"`
	MailArgs    []string `json:"mailArgs,omitempty"`
	// Recipients are one or more. When committed each is pending.
	Recipients []EntryRecipient `json:"recipients"`
	// Trace is a Received field with its final CRLF, to be sent before the octets;
	// it may be empty.
	Trace string `json:"trace,omitempty"`
	// Marked asks for the field `X-Postern-Release: ID; attempt=N` before the octets.
	Marked bool `json:"marked,omitempty"`
	// TellSender is set when the sender may be told of a failure.
	TellSender bool `json:"tellSender,omitempty"`
	// Data is JSON of the floor above; it may be empty.
	Data json.RawMessage `json:"data,omitempty"`

	Created time.Time `json:"created"`
	// NotBefore is the earliest time of the next attempt; [Store.Postpone] moves it.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// Expires is when whoever sends should give up. The store leases an entry after
	// it all the same: giving up is a result to be reported. Zero is never.
	Expires time.Time `json:"expires,omitzero"`

	// Attempt is the number of leases given, the present one included: 1 for the
	// first. It fences the lease: a report with an older number is refused.
	Attempt int `json:"attempt,omitempty"`
	// Leased is until when nobody else is given the entry.
	Leased time.Time `json:"leased,omitzero"`
	// Done is when the entry was finished; zero while it is open.
	Done time.Time `json:"done,omitzero"`
}

// Delivery is the state of one recipient of an entry.
type Delivery string

// The states of a recipient.
const (
	// Pending is to be tried, again or at all.
	Pending Delivery = "pending"
	// Delivered was accepted by the MTA.
	Delivered Delivery = "delivered"
	// Failed will not be tried again.
	Failed Delivery = "failed"
)

// EntryRecipient is one forward-path of an entry.
type EntryRecipient struct {
	// Address is the argument of RCPT without brackets.
	Address string   `json:"address"`
	Args    []string `json:"args,omitempty"`

	Delivery Delivery `json:"delivery,omitempty"`
	// Reply is the last answer of the MTA for this recipient; it may be empty.
	Reply string `json:"reply,omitempty"`
	// At is the time of that answer.
	At time.Time `json:"at,omitzero"`
}

// Result is what an attempt came to for one recipient.
type Result struct {
	// Recipient is the index in [Entry.Recipients].
	Recipient int
	Delivery  Delivery
	Reply     string
}

// Report is the end of an attempt at an entry.
type Report struct {
	// Entry and Attempt say which lease is given back.
	Entry   string
	Attempt int
	At      time.Time
	// Results are of those recipients that were tried. A recipient that is delivered
	// or failed is not changed by a later result.
	Results []Result
	// NotBefore is the time of the next attempt; for [Store.Postpone].
	NotBefore time.Time
	// HoldAgain brings the item back to held (EventReturn) when its last release
	// ends; for [Store.Finish] of an [EntryRelease].
	HoldAgain bool
	// Commit is made durable together with the results: a report to the sender,
	// records. It may be nil.
	Commit *Commit
}
