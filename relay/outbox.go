package relay

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrLeaseLost is the error of an Outbox when an entry is no longer leased to the
// caller: the lease ran out and another took it, or the entry was finished.
var ErrLeaseLost = errors.New("the lease of the outbox entry is lost")

// Entry is one leased entry of an outbox.
type Entry struct {
	// ID names the entry for good; it stands in the field X-Postern-Release of a
	// marked one.
	ID string
	// Attempt is the number of this attempt, from 1. It was made durable with the
	// lease, and with ID it names the lease.
	Attempt int
	// ReversePath, MailArgs and Received are the From, MailArgs and Received of the
	// Mail to be made; Recipients are the ones still pending.
	ReversePath string
	MailArgs    []string
	Recipients  []Recipient
	Received    string
	// Marked asks for the field X-Postern-Release.
	Marked bool
	// Created is when the entry was made. An attempt that ends at Expires or later is
	// the last; zero is the Lifetime of the Worker behind Created.
	Created, Expires time.Time
	// Own is what the outbox keeps with the entry for itself; the worker hands it
	// back as it came.
	Own any
}

// Lane is a way out of an outbox. What waits in one lane does not keep another
// waiting.
type Lane int

// The lanes.
const (
	// Messages are mail of people, re-injected or released.
	Messages Lane = iota
	// Notices are mail that Postern wrote.
	Notices
)

// Settlement is what a lease of an entry led to.
type Settlement struct {
	// Report is that of the transaction. Its Results are of the entry's Recipients;
	// it has none when the entry was given back unsent.
	Report
	// At is when the transaction ended.
	At time.Time
	// Expired tells that the entry has had its time: results that were Retry are
	// Failed, with 4.4.7 (RFC 3463: delivery time expired) and the last reply.
	Expired bool
	// NotBefore is when the recipients with Retry are due again.
	NotBefore time.Time
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

// pending tells whether a recipient is to be tried again.
func (s Settlement) pending() bool {
	for _, r := range s.Results {
		if r.Status == Retry {
			return true
		}
	}
	return false
}

// Outbox is where a Worker finds its work. Its methods are safe for concurrent
// use; several workers, in several processes, may share one.
type Outbox interface {
	// Lease takes up to n entries of a lane that are due at now and not leased, the
	// longest due first, leases them until the given time and counts their attempt.
	// Both are durable when it returns.
	Lease(ctx context.Context, lane Lane, now, until time.Time, n int) ([]Entry, error)
	// Renew makes a lease last until the given time, or gives ErrLeaseLost.
	Renew(ctx context.Context, e Entry, until time.Time) error
	// Content opens the message of an entry. What is read from it is what was stored,
	// or an error comes in place of io.EOF.
	Content(ctx context.Context, e Entry) (io.ReadCloser, error)
	// Finish records what became of each recipient, none of which is pending any
	// more, and ends the entry. What follows from it, as a delivery status
	// notification for s.Failed, becomes durable in the same transaction. The error is
	// ErrLeaseLost, or one that may pass: it is called again with the same settlement
	// until it succeeds.
	Finish(ctx context.Context, e Entry, s Settlement) error
	// Postpone records what became of each recipient, ends the lease, and has the
	// entry due again at s.NotBefore for those with Retry. What follows from it and
	// its errors are as for Finish.
	Postpone(ctx context.Context, e Entry, s Settlement) error
	// Waiting tells how many entries are open and were first due before a time, and
	// when the oldest of them was created.
	Waiting(ctx context.Context, before time.Time) (n int, oldest time.Time, err error)
	// Wake is closed when an entry may have become due since the channel was asked
	// for. An entry that becomes due by time alone need not wake.
	Wake() <-chan struct{}
}
