package relay

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrLeaseLost is the error of an Outbox when an entry is no longer leased to the
// caller: the lease ran out and another took it, or the entry was settled.
var ErrLeaseLost = errors.New("the lease of the outbox entry was lost")

// Entry is one leased entry of an outbox.
type Entry struct {
	// ID names the entry for good; it is the Release of a marked one.
	ID string
	// Lease names this lease of the entry.
	Lease string
	// Attempt is the number of this attempt, from 1. It was made durable with the
	// lease.
	Attempt int
	// From, MailArgs, Received are those of Mail; Recipients are the ones still
	// pending.
	From       string
	MailArgs   []string
	Recipients []Recipient
	Received   string
	// Marked asks for the field X-Postern-Release.
	Marked bool
	// Created and Expires bound the entry's life. Past Expires what is still pending
	// has failed.
	Created, Expires time.Time
}

// Settlement is what a lease of an entry led to.
type Settlement struct {
	Report
	// Expired tells that the recipients with Retry have had their time: they are in
	// Results as Failed, with the last reply and 4.4.7 as its enhanced status code.
	Expired bool
	// NotBefore is when the recipients with Retry are due again.
	NotBefore time.Time
}

// Pending tells whether a recipient is to be tried again.
func (s Settlement) Pending() bool {
	for _, r := range s.Results {
		if r.Status == Retry {
			return true
		}
	}
	return false
}

// Failed gives the results of the recipients that will not get the message: those
// that a sender who may be told is told of.
func (s Settlement) Failed() []Result {
	var all []Result
	for _, r := range s.Results {
		if r.Status == Failed {
			all = append(all, r)
		}
	}
	return all
}

// Stuck is what of an outbox has been waiting for too long.
type Stuck struct {
	Entries int
	Oldest  time.Time // when the oldest of them was created
}

// Outbox is where a Worker finds its work. Its methods are safe for concurrent
// use; several workers, in several processes, may share one.
type Outbox interface {
	// Lease takes up to n entries that are due at now and not leased, the longest
	// due first, leases them until the given time and counts their attempt. Both
	// are durable when it returns.
	Lease(ctx context.Context, now, until time.Time, n int) ([]Entry, error)
	// Due gives the time at which the next entry is due or its lease runs out; zero
	// when there is none.
	Due(ctx context.Context) (time.Time, error)
	// Renew makes a lease last until the given time.
	Renew(ctx context.Context, e Entry, until time.Time) error
	// Content opens the message of an entry. A reader gives an error in place of
	// io.EOF when what it read is not what was stored.
	Content(ctx context.Context, e Entry) (io.ReadCloser, error)
	// Finish records that no recipient of the entry is pending any more, with what
	// became of each, and ends the lease. Follow-ups, as a delivery status
	// notification for the failed ones, become durable in the same transaction.
	Finish(ctx context.Context, e Entry, s Settlement) error
	// Postpone records what became of each recipient, has the entry due again at
	// s.NotBefore for those with Retry, and ends the lease. Follow-ups as for
	// Finish.
	Postpone(ctx context.Context, e Entry, s Settlement) error
	// Stuck tells of entries that were created before a time and are still
	// pending.
	Stuck(ctx context.Context, before time.Time) (Stuck, error)
}
