package quarantine

import (
	"encoding/json"
	"time"
)

// Kind says why a message is held, and so who decides.
type Kind string

// The kinds of items.
const (
	// KindQuarantine is held for a reviewer.
	KindQuarantine Kind = "quarantine"
	// KindApproval is held until an approver answers.
	KindApproval Kind = "approval"
	// KindOverride is blocked with an override offered to its sender.
	KindOverride Kind = "override"
)

// Item is a message held, or the part of a message held for some of its
// recipients. What is written once at [Store.Commit] stands first; what the store
// changes afterwards stands last and is ignored when an item is committed.
type Item struct {
	// ID names the item: 1 to 64 letters, digits, hyphens and underscores, unlike
	// every other item's.
	ID string `json:"id"`
	// Reference is what the sender and the reviewers are told, as P-7K3M9Q. Several
	// items of one message share it.
	Reference string `json:"reference"`
	Kind      Kind   `json:"kind"`
	// Blob names the message as it was held: one of the blobs of the same commit. No
	// two items share a blob.
	Blob string `json:"blob"`
	// Envelope is the session's, with those recipients only for which the message is
	// held.
	Envelope Envelope `json:"envelope"`
	// TellSender is set when the sender may be told what becomes of the message.
	TellSender bool `json:"tellSender,omitempty"`
	// Draft, Matches and Remaining are JSON of the floor above: the edits to be
	// applied on release, the rules that matched with masked evidence, and the
	// matched rules not yet walked, with all they need.
	Draft     json.RawMessage `json:"draft,omitempty"`
	Matches   json.RawMessage `json:"matches,omitempty"`
	Remaining json.RawMessage `json:"remaining,omitempty"`
	// Reports is JSON of the floor above: what was reported of the message, for a
	// report on the decision.
	Reports json.RawMessage `json:"reports,omitempty"`
	// Reason is one sentence for the reviewers: why the message is held.
	Reason string `json:"reason,omitempty"`
	// Policy and Rule name the enforced rule; both are empty when an error holds the
	// message. PolicyVersion is the set of policies that judged it.
	Policy        string `json:"policy,omitempty"`
	Rule          string `json:"rule,omitempty"`
	PolicyVersion string `json:"policyVersion,omitempty"`
	// Fingerprint is the digest under which a retry of the message is found; it may
	// be empty.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Created is when the message was held.
	Created time.Time `json:"created"`
	// Expires is when the item is due if nobody has decided; zero is never.
	// [Store.Extend] moves it.
	Expires time.Time `json:"expires,omitzero"`

	// Size is the length of the message in octets and SHA256 the digest of its
	// octets in lower-case hexadecimal; both are taken from the blob.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	State  State  `json:"state"`
	// LegalHold keeps the item from expiring and from being deleted, its blob when it
	// has ended in another way, and its history.
	LegalHold bool `json:"legalHold,omitempty"`
	// Recovered marks an item rebuilt from its blob, or restored with an older copy of
	// the store: no timer, notice or release touches it until [Store.Confirm].
	Recovered bool `json:"recovered,omitempty"`
	// Seen counts the client's later attempts to send the same message; LastSeen is
	// the time of the last.
	Seen     int       `json:"seen,omitempty"`
	LastSeen time.Time `json:"lastSeen,omitzero"`
	// Decided is the last event of the item; its Event is empty while nobody has
	// decided.
	Decided Decided `json:"decided,omitzero"`
	// Purged is when the blob was deleted; zero while the store still has it.
	Purged time.Time `json:"purged,omitzero"`
}

// Decided says who decided what, when and why.
type Decided struct {
	Event Event     `json:"event,omitempty"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at,omitzero"`
	// Justification is in the words of who decided.
	Justification string `json:"justification,omitempty"`
}
