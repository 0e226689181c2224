package quarantine

import (
	"errors"
	"fmt"
	"time"
)

// Errors of a [Store], to be asked for with errors.Is.
var (
	// ErrFull says that a quota is used up, or the disk (or what is reserved of it)
	// is. Nothing was kept; it may be possible later, without a restart.
	ErrFull = errors.New("the store is full")
	// ErrQuota is the ErrFull of a quota, in total or of a sender.
	ErrQuota = fmt.Errorf("%w: a quota is used up", ErrFull)
	// ErrSenderFull is the ErrQuota of one sender.
	ErrSenderFull = fmt.Errorf("%w by this sender", ErrQuota)
	// ErrNotFound says that there is no such item, entry or blob.
	ErrNotFound = errors.New("not in the store")
	// ErrExists says that an identifier of the commit is already taken.
	ErrExists = errors.New("already in the store")
	// ErrInvalid says that what was handed in breaks the contract of its type.
	ErrInvalid = errors.New("not valid")
	// ErrCorrupt says that stored octets are not what was stored.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrUnconfirmed says that the item was rebuilt and nobody has confirmed it.
	ErrUnconfirmed = errors.New("the item is recovered and not confirmed")
	// ErrLegalHold says that the item is kept whatever its time and people say.
	ErrLegalHold = errors.New("the item is under legal hold")
	// ErrLeaseLost says that the entry is finished, or leased to somebody else.
	ErrLeaseLost = errors.New("the lease is lost")
	// ErrTold says that the mail of the alert is not due: it is written, or not wanted.
	ErrTold = errors.New("the mail of the alert is not due")
	// ErrPoisoned says that the disk has failed: the store writes nothing more until
	// it is opened again.
	ErrPoisoned = errors.New("the store writes no more after a failure of the disk")
	// ErrClosed says that the store is closed.
	ErrClosed = errors.New("the store is closed")
	// ErrConflict is every [ConflictError].
	ErrConflict = errors.New("conflict")
	// ErrRepeat is every [RepeatError].
	ErrRepeat = errors.New("the message is already stored")
)

// ConflictError says that an event is not possible in the item's state, and who
// brought it there.
type ConflictError struct {
	Item  string
	State State // the present one
	Event Event // the one refused
	// Decided is the event that won; its Event is empty when nobody has decided and
	// the event does not fit the kind of item.
	Decided Decided
}

func (e *ConflictError) Error() string {
	if e.Decided.Event == "" {
		return fmt.Sprintf("%s: %s is not possible while %s", e.Item, e.Event, e.State)
	}
	return fmt.Sprintf("%s: already %s by %s at %s", e.Item, e.State, e.Decided.By, e.Decided.At.UTC().Format(time.RFC3339))
}

// Is makes a ConflictError an [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// RepeatError says that a commit was refused because of [Fingerprint.Unless]. The
// message is a retry of the one found.
type RepeatError struct {
	Found Fingerprint
}

func (e *RepeatError) Error() string {
	return fmt.Sprintf("the message is already stored under %s since %s", e.Found.Reference, e.Found.At.UTC().Format(time.RFC3339))
}

// Is makes a RepeatError an [ErrRepeat].
func (e *RepeatError) Is(target error) bool { return target == ErrRepeat }
