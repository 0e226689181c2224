package quarantine

import (
	"context"
	"io"
	"iter"
	"time"
)

// Blob is a complete message under a name.
type Blob struct {
	// ID names the blob: 1 to 64 letters, digits, hyphens and underscores, unlike
	// every other blob's.
	ID string
	// Data are the octets. The store reads them until the call returns.
	Data []byte
}

// Commit is what one message leaves behind, made durable at once or not at all.
// Every blob is referred to by an item or an entry of the commit, and every item
// and entry refers to a blob of the commit; an entry that belongs to an item may
// refer to that item's blob, stored earlier. A [Match] refers to a record of the
// commit; [Fingerprint] and [Record] stand alone.
type Commit struct {
	Blobs        []Blob
	Items        []Item
	Entries      []Entry
	Fingerprints []Fingerprint
	Records      []Record
	Matches      []Match
}

// Decision is one event of one item.
type Decision struct {
	Item  string
	Event Event
	By    string // a person's address, or a word for a timer; not empty
	At    time.Time
	// Justification is in the words of who decides; it may be empty.
	Justification string
	// Commit is made durable together with the decision: the release, a report to the
	// sender, an item that the message is held on as, records. It may be nil.
	// EventRelease, EventApprove and EventOverride need at least one [EntryRelease] of
	// the item, and no other event may bring one; EventContinue needs an item.
	Commit *Commit
}

// Store keeps what is held. All methods are safe for concurrent use, by several
// processes too where the implementation says so. An error means that nothing of
// the call was done, with one exception: when a write fails in its last step, on
// which every implementation returns ErrPoisoned or a context's error, it may be
// found done later. Whoever answers such an error with a refusal finds the retry
// by its fingerprint.
//
// Times are kept to the nanosecond and given back in UTC. Times and identifiers
// come from the caller; the store reads no clock except for the age of files.
type Store interface {
	// Commit makes c durable: when it has returned nil, a crash at any later instant
	// finds all of c. Commits of several callers may share a transaction, but each
	// gets its own error: ErrInvalid, ErrExists, ErrFull, ErrSenderFull, ErrPoisoned,
	// a [RepeatError], or one of the system. Once the work has begun it is finished
	// whatever becomes of ctx.
	Commit(ctx context.Context, c *Commit) error
	// Append makes records durable.
	Append(ctx context.Context, records ...Record) error

	// Item gives an item, or ErrNotFound.
	Item(ctx context.Context, id string) (*Item, error)
	// List gives one page of the items that fit.
	List(ctx context.Context, f Filter) (*Page, error)
	// Open gives the octets of a blob after having verified all of them. The caller
	// closes it. The error is ErrNotFound for a blob that is not there or deleted, and
	// ErrCorrupt for octets that are not what was stored.
	Open(ctx context.Context, blob string) (io.ReadCloser, error)

	// Decide moves an item by an event, if [Next] allows it in the state the item has
	// at that moment, and gives the item as it is afterwards. The loser of a race, and
	// whoever comes late, gets a [ConflictError]. A recovered item gives
	// ErrUnconfirmed, and one under legal hold ErrLegalHold for EventDelete and
	// EventExpire.
	Decide(ctx context.Context, d *Decision) (*Item, error)
	// Extend moves the expiry of a held item; zero is never. In any other state the
	// error is a [ConflictError].
	Extend(ctx context.Context, item string, until time.Time, records ...Record) error
	// SetLegalHold sets or lifts the legal hold of an item whose blob is still there;
	// for any other the error is ErrNotFound.
	SetLegalHold(ctx context.Context, item string, hold bool, records ...Record) error
	// Confirm makes a recovered item an ordinary one that expires at that time; zero
	// is never. An item that is not recovered is left as it is.
	Confirm(ctx context.Context, item string, expires time.Time, records ...Record) error
	// Seen counts another attempt of a client to send the item's message.
	Seen(ctx context.Context, item string, at time.Time, records ...Record) error
	// Due gives held items whose time has come, the longest due first: neither
	// recovered ones nor those under legal hold. They are to be decided with
	// EventExpire.
	Due(ctx context.Context, now time.Time, limit int) ([]Item, error)

	// Fingerprints gives what is stored under a digest, the newest first.
	Fingerprints(ctx context.Context, digest string) ([]Fingerprint, error)

	// Lease gives open entries of the kinds named, or of any kind without one, whose
	// time has come and which nobody has leased, the longest due first, and makes it
	// durable that they are leased until then. Each has its Attempt counted up. Entries
	// of a recovered item are left alone. It costs no more for entries of other kinds
	// that wait.
	Lease(ctx context.Context, now, until time.Time, limit int, kinds ...EntryKind) ([]Entry, error)
	// Renew makes a lease last until then. ErrLeaseLost means that the entry belongs
	// to somebody else, or to nobody any more.
	Renew(ctx context.Context, entry string, attempt int, until time.Time) error
	// Finish ends an entry after its results: no recipient may be left pending. When
	// it was the last open release of an item, the item moves by EventSent, or by
	// EventReturn if any of these releases asked for HoldAgain. The blob is deleted
	// unless an item or an open entry still refers to it.
	Finish(ctx context.Context, r *Report) error
	// Postpone gives a lease back with some recipients left pending, to be tried
	// again.
	Postpone(ctx context.Context, r *Report) error
	// Waiting counts the open entries that were first due before a time, and tells
	// when the oldest of them was created. Those of a recovered item are left out:
	// they wait for a person.
	Waiting(ctx context.Context, before time.Time) (n int, oldest time.Time, err error)
	// Entries gives the entries of a reference, the oldest first, finished ones too.
	Entries(ctx context.Context, reference string) ([]Entry, error)
	// Wake is closed when an entry may have become ready to be leased, or the mail of
	// an alert due, since the channel was asked for.
	Wake() <-chan struct{}

	// Records gives the records that fit, in the order of their numbers. It may be
	// used while others append, and need not be read to its end.
	Records(ctx context.Context, f RecordFilter) iter.Seq2[Record, error]

	// Alert gives an alert with its comments, or ErrNotFound.
	Alert(ctx context.Context, id string) (*Alert, error)
	// Alerts gives one page of the alerts that fit, without their comments.
	Alerts(ctx context.Context, f AlertFilter) (*AlertPage, error)
	// AlertEvents gives the matches of an alert, those counted last first, at most
	// limit.
	AlertEvents(ctx context.Context, alert string, limit int) ([]AlertEvent, error)
	// ChangeAlert does what somebody decided about an alert and gives it as it is
	// then. A status that does not follow its present one gives an [AlertError], and
	// nothing is changed.
	ChangeAlert(ctx context.Context, u *AlertUpdate) (*Alert, error)
	// DueAlerts gives alerts whose mail is to be written, the first raised first.
	DueAlerts(ctx context.Context, limit int) ([]Alert, error)
	// TellAlert makes durable together that the mail of an alert is no longer due and
	// the mail itself, which is c; nil is none. When it is not due the error is ErrTold
	// and nothing is done: of several that write it one is heard.
	TellAlert(ctx context.Context, alert string, at time.Time, c *Commit) error

	// VerifyRecords reads all records and tells where they are not what was recorded:
	// changed, removed before their time, put in or moved, texts about people that
	// were changed, and ends that do not follow from the heads given, which were those
	// of an earlier verification. Records may be appended meanwhile.
	VerifyRecords(ctx context.Context, now time.Time, heads ...Head) (*Verification, error)
	// FindPerson gives everything that names a person: an address, compared as
	// [message.Path.Key] does, or a login.
	FindPerson(ctx context.Context, person string) iter.Seq2[Mention, error]
	// ErasePerson erases a person from records, from items and entries that have
	// ended, with the message of such an item, from fingerprints and closed alerts. What a sender's
	// messages said goes too: subjects, names of files, values found, where it came
	// from. A message that is held, being released or under legal hold is kept with
	// all its records, and so is mail in the outbox; they are named. It is done in
	// parts, and can be done again after an error. Note, unless nil, gives the record
	// of it, written last.
	ErasePerson(ctx context.Context, person string, now time.Time, note func(*Erased) (Record, error)) (*Erased, error)
	// Cursor gives the number that was kept under a name, and whether there is one;
	// SetCursor keeps it, durably. Who reads records on and on remembers by it how far
	// it has come.
	Cursor(ctx context.Context, name string) (number int64, known bool, err error)
	SetCursor(ctx context.Context, name string, number int64) error

	// Sweep deletes what is to be deleted by now: blobs of items at their end since
	// longer than [Retention.Blobs], blobs that a crash left without a row and that are
	// older than [Retention.Orphans], fingerprints past their time, and records,
	// ended items, finished entries, counted matches and alerts older than
	// [Retention.Records]. Nothing of an
	// item under legal hold is deleted. Purged, unless nil, gives the record of an
	// item whose blob is deleted; it becomes durable with the deletion.
	Sweep(ctx context.Context, now time.Time, purged func(*Item) (Record, error)) (*Swept, error)
	// Stats counts what is stored.
	Stats(ctx context.Context) (*Stats, error)
	// Check compares rows and blobs, reading every octet, and reports each problem
	// once. It changes nothing.
	Check(ctx context.Context) ([]Problem, error)
	// Reindex rebuilds the rows of blobs that have none, as items that are held and
	// recovered, and gives them. Octets of the outbox are rebuilt as items too: it
	// cannot be known whether they were sent. A blob that is damaged is left as it is;
	// the error then is ErrCorrupt, and the items are given all the same. Recovered,
	// unless nil, gives the record of an item that is rebuilt; it becomes durable with
	// the item.
	Reindex(ctx context.Context, now time.Time, recovered func(*Item) (Record, error)) ([]Item, error)

	// Close waits for what has begun and gives everything back. Later calls give
	// ErrClosed.
	Close() error
}

// Filter says which items are wanted. Every field given must fit.
type Filter struct {
	States []State // any of them; empty is all
	Kinds  []Kind  // any of them; empty is all
	// Sender and Recipient are addresses, compared as [message.Path.Key] does.
	Sender    string
	Recipient string
	Reference string
	// CreatedSince ≤ created < CreatedUntil; zero is open.
	CreatedSince, CreatedUntil time.Time
	// ExpiresUntil leaves only items that expire, and before this time; zero is open.
	ExpiresUntil time.Time
	Recovered    *bool
	LegalHold    *bool
	NewestFirst  bool
	// Limit is the most items of a page: 1 to 1000; 0 is 100.
	Limit int
	// After is the Next of the page before; empty for the first.
	After string
}

// Page is a part of a list, in the order of creation.
type Page struct {
	Items []Item
	// Next asks for the page that follows; empty on the last one.
	Next string
}

// Quota bounds what is kept. Zero is no bound. Only items that are held or being
// released count against a sender and against Items; every blob counts against
// Bytes.
type Quota struct {
	SenderItems int
	SenderBytes int64
	Items       int
	Bytes       int64
	// Reserve is how many octets of the disk stay free: a commit that brings blobs is
	// refused below it, a decision is not.
	Reserve int64
}

// Retention says how long things are kept after their end. A zero field has the
// value of [DefaultRetention].
type Retention struct {
	// Blobs counts from the end of an item.
	Blobs time.Duration
	// Orphans counts from the last change of a file without a row.
	Orphans time.Duration
	// Records counts from the time of a record or a counted match, the end of an item
	// whose blob is deleted, the end of an entry, and the latest match or change of an
	// alert.
	Records time.Duration
}

// DefaultRetention is seven days for blobs, an hour for orphans, 400 days for
// records.
var DefaultRetention = Retention{Blobs: 7 * 24 * time.Hour, Orphans: time.Hour, Records: 400 * 24 * time.Hour}

// OrDefault gives r with its zero fields filled in.
func (r Retention) OrDefault() Retention {
	if r.Blobs == 0 {
		r.Blobs = DefaultRetention.Blobs
	}
	if r.Orphans == 0 {
		r.Orphans = DefaultRetention.Orphans
	}
	if r.Records == 0 {
		r.Records = DefaultRetention.Records
	}
	return r
}

// Swept counts what a sweep deleted.
type Swept struct {
	Blobs, Orphans, Fingerprints, Records, Items, Entries, Matches, Alerts int
}

// Stats counts what is stored.
type Stats struct {
	// Held counts held items by kind, without recovered ones; OldestHeld is when the
	// oldest of them was created, zero without any.
	Held       map[Kind]int
	OldestHeld time.Time
	// Releasing counts items on their way out, Recovered those that wait to be
	// confirmed.
	Releasing, Recovered int
	// Outbox counts open entries; OldestOutbox is when the oldest was created, zero
	// without any.
	Outbox       int
	OldestOutbox time.Time
	// Alerts counts alerts that are active or being investigated.
	Alerts int
	// Waiting counts the same by kind, without kinds that have none.
	Waiting map[EntryKind]Waiting
	// Blobs and Bytes count blobs and their messages' octets; Records counts records.
	Blobs, Bytes, Records int64
	// Free is how many octets of the disk are free for the store, -1 if not known.
	Free int64
	// Poisoned is set when the store has stopped writing.
	Poisoned bool
	// SetBack is set when the rows are older than the blobs, as after a restored
	// back-up: no orphan is deleted until Reindex.
	SetBack bool
}

// Waiting counts open entries of the outbox.
type Waiting struct {
	Entries int
	// Oldest is when the oldest was created.
	Oldest time.Time
}

// Problem is something Check found.
type Problem struct {
	// Blob, Item and Entry name what it is about; those that do not apply are empty.
	Blob, Item, Entry string
	// Orphan is set for a blob that no row refers to, as a crash leaves it and Sweep
	// deletes it; nothing is lost by it.
	Orphan bool
	// Text is one sentence.
	Text string
}
