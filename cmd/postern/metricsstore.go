package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
)

// Calls of the store that are timed.
const (
	callCommit = "commit"
	callAppend = "append"
	callDecide = "decide"
	callLease  = "lease"
	callSettle = "settle"
)

var storeCalls = []string{callCommit, callAppend, callDecide, callLease, callSettle}

// storeErrorKinds are the words for the errors of the store.
var storeErrorKinds = []string{"full", "quota", "senderQuota", "poisoned", "corrupt", "canceled", "conflict", "exists", "leaseLost", "notFound", "other"}

func storeErrorKind(err error) string {
	for _, k := range []struct {
		of   error
		name string
	}{
		{quarantine.ErrSenderFull, "senderQuota"},
		{quarantine.ErrQuota, "quota"},
		{quarantine.ErrFull, "full"},
		{quarantine.ErrPoisoned, "poisoned"},
		{quarantine.ErrCorrupt, "corrupt"},
		{quarantine.ErrConflict, "conflict"},
		{quarantine.ErrRepeat, "conflict"},
		{quarantine.ErrExists, "exists"},
		{quarantine.ErrLeaseLost, "leaseLost"},
		{quarantine.ErrNotFound, "notFound"},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "canceled"},
	} {
		if errors.Is(err, k.of) {
			return k.name
		}
	}
	return "other"
}

// measuredStore measures a store: what is made durable passes here, so that notices
// and records are counted when they have come to be, and never twice.
type measuredStore struct {
	quarantine.Store
	meters *meters
}

// took notes a call that began at start.
func (s *measuredStore) took(call string, start time.Time, err error) {
	s.meters.histograms[mStoreSeconds].WithLabelValues(call).Observe(time.Since(start).Seconds())
	s.failed(err)
}

func (s *measuredStore) failed(err error) {
	if err != nil {
		s.meters.add(mStoreErrors, 1, storeErrorKind(err))
	}
}

// stored counts what a call has made durable.
func (s *measuredStore) stored(err error, c *quarantine.Commit, records ...quarantine.Record) {
	if err != nil {
		return
	}
	if c != nil {
		records = append(records[:len(records):len(records)], c.Records...)
		for i := range c.Entries {
			if e := &c.Entries[i]; e.Kind == quarantine.EntryNotice {
				s.meters.add(mNotices, 1, word(string(actions.NoticeKind(e))))
			}
		}
	}
	for _, r := range records {
		s.meters.add(mRecords, 1, word(r.Operation))
		if r.Operation != string(audit.NoticeNotSent) {
			continue
		}
		var rec struct{ Notice audit.Notice }
		if json.Unmarshal(r.Data, &rec) == nil {
			s.meters.add(mUnsent, 1, word(rec.Notice.Kind), word(rec.Notice.Reason))
		}
	}
}

// word gives a word of a vocabulary of Postern's own for a label, and "other" for
// what is none: a sentence, an address.
func word(s string) string {
	const longest = 40
	if s == "" || len(s) > longest {
		return otherNames
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return otherNames
		}
	}
	return s
}

// Commit implements [quarantine.Store].
func (s *measuredStore) Commit(ctx context.Context, c *quarantine.Commit) error {
	start := time.Now()
	err := s.Store.Commit(ctx, c)
	s.took(callCommit, start, err)
	s.stored(err, c)
	return err
}

// Append implements [quarantine.Store].
func (s *measuredStore) Append(ctx context.Context, records ...quarantine.Record) error {
	start := time.Now()
	err := s.Store.Append(ctx, records...)
	s.took(callAppend, start, err)
	s.stored(err, nil, records...)
	return err
}

// Decide implements [quarantine.Store].
func (s *measuredStore) Decide(ctx context.Context, d *quarantine.Decision) (*quarantine.Item, error) {
	start := time.Now()
	i, err := s.Store.Decide(ctx, d)
	s.took(callDecide, start, err)
	s.stored(err, d.Commit)
	return i, err
}

// Extend implements [quarantine.Store].
func (s *measuredStore) Extend(ctx context.Context, item string, until time.Time, records ...quarantine.Record) error {
	err := s.Store.Extend(ctx, item, until, records...)
	s.failed(err)
	s.stored(err, nil, records...)
	return err
}

// SetLegalHold implements [quarantine.Store].
func (s *measuredStore) SetLegalHold(ctx context.Context, item string, hold bool, records ...quarantine.Record) error {
	err := s.Store.SetLegalHold(ctx, item, hold, records...)
	s.failed(err)
	s.stored(err, nil, records...)
	return err
}

// Confirm implements [quarantine.Store].
func (s *measuredStore) Confirm(ctx context.Context, item string, expires time.Time, records ...quarantine.Record) error {
	err := s.Store.Confirm(ctx, item, expires, records...)
	s.failed(err)
	s.stored(err, nil, records...)
	return err
}

// Seen implements [quarantine.Store].
func (s *measuredStore) Seen(ctx context.Context, item string, at time.Time, records ...quarantine.Record) error {
	err := s.Store.Seen(ctx, item, at, records...)
	s.failed(err)
	s.stored(err, nil, records...)
	return err
}

// Lease implements [quarantine.Store]. One that finds nothing writes nothing, and is
// not timed.
func (s *measuredStore) Lease(ctx context.Context, now, until time.Time, limit int, kinds ...quarantine.EntryKind) ([]quarantine.Entry, error) {
	start := time.Now()
	entries, err := s.Store.Lease(ctx, now, until, limit, kinds...)
	if err != nil || len(entries) > 0 {
		s.took(callLease, start, err)
	}
	return entries, err
}

// Finish implements [quarantine.Store].
func (s *measuredStore) Finish(ctx context.Context, r *quarantine.Report) error {
	start := time.Now()
	err := s.Store.Finish(ctx, r)
	s.took(callSettle, start, err)
	s.stored(err, r.Commit)
	return err
}

// Postpone implements [quarantine.Store].
func (s *measuredStore) Postpone(ctx context.Context, r *quarantine.Report) error {
	start := time.Now()
	err := s.Store.Postpone(ctx, r)
	s.took(callSettle, start, err)
	s.stored(err, r.Commit)
	return err
}

// TellAlert implements [quarantine.Store].
func (s *measuredStore) TellAlert(ctx context.Context, alert string, at time.Time, c *quarantine.Commit) error {
	start := time.Now()
	err := s.Store.TellAlert(ctx, alert, at, c)
	s.took(callCommit, start, err)
	s.stored(err, c)
	return err
}

// ChangeAlert implements [quarantine.Store].
func (s *measuredStore) ChangeAlert(ctx context.Context, u *quarantine.AlertUpdate) (*quarantine.Alert, error) {
	a, err := s.Store.ChangeAlert(ctx, u)
	s.failed(err)
	s.stored(err, nil, u.Records...)
	return a, err
}

// ErasePerson implements [quarantine.Store].
func (s *measuredStore) ErasePerson(ctx context.Context, person string, now time.Time, note func(*quarantine.Erased) (quarantine.Record, error)) (*quarantine.Erased, error) {
	var noted []quarantine.Record
	e, err := s.Store.ErasePerson(ctx, person, now, func(e *quarantine.Erased) (quarantine.Record, error) {
		r, err := note(e)
		if err == nil {
			noted = append(noted, r)
		}
		return r, err
	})
	s.failed(err)
	s.stored(err, nil, noted...)
	return e, err
}
