package main

import (
	"context"
	"crypto/rand"
	"sync/atomic"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
)

// referenceAlphabet is that of Crockford's base 32: no letter is taken for a
// digit when a reference is read aloud.
const referenceAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// live is the twin of the engine's effects for real mail. This version stores
// nothing: the log line is the record, and the process counts.
type live struct {
	delivered, blocked, deferred atomic.Int64
}

// NewReference implements [actions.Effects].
func (*live) NewReference() string {
	var b [6]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	for i := range b {
		b[i] = referenceAlphabet[b[i]&31]
	}
	return "P-" + string(b[:])
}

// Record implements [actions.Effects].
func (l *live) Record(_ context.Context, _ *message.Message, d *actions.Decision) error {
	switch d.Outcome.Verdict {
	case actions.Deliver:
		l.delivered.Add(1)
	case actions.Block:
		l.blocked.Add(1)
	case actions.Defer:
		l.deferred.Add(1)
	}
	return nil
}

var _ actions.Effects = (*live)(nil)
