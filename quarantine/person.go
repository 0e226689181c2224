package quarantine

import "time"

// Privacy says what a text in a record tells of people.
type Privacy int

// The kinds of texts.
const (
	// Open tells nothing of a person: a name of a policy, a verdict, a time.
	Open Privacy = iota
	// Person names a person: an address or a login.
	Person
	// Sender names the person whose message it is.
	Sender
	// Content tells what is in the sender's message, or where it came from.
	Content
	// Whole is Content that is taken as a whole, though it be an object or a list.
	Whole
)

// Mention is one thing in the store that names a person.
type Mention struct {
	// Kind is what names the person: record, item, entry, fingerprint or alert.
	Kind string
	// ID names it: the identifier, or the number of a record.
	ID string
	// Reference is that of the message; it may be empty.
	Reference string
	Time      time.Time
	// Detail is the operation of a record, the state of an item, the kind of an entry,
	// the outcome of a fingerprint, the status of an alert.
	Detail string
	// As is how the person is named: sender, recipient, or mentioned.
	As string
	// Kept says why it cannot be erased now; empty when it can.
	Kept string
}

// The ways in which a person is named.
const (
	AsSender    = "sender"
	AsRecipient = "recipient"
	AsMentioned = "mentioned"
)

// Why something about a person is kept.
const (
	KeptHeld      = "held"      // the message is held, or being released
	KeptOutbox    = "outbox"    // mail that names the person waits to be sent
	KeptLegalHold = "legalHold" // somebody has said that it must not go
	KeptOpen      = "open"      // the alert is not closed
)

// Erased counts what was erased of a person.
type Erased struct {
	Records, Items, Entries, Fingerprints, Alerts int
	// Kept is what still names the person, at most 1000 of them; KeptCount counts all.
	Kept      []Mention
	KeptCount int
}

// ErasedText stands in the place of a text that was erased.
const ErasedText = "erased"
