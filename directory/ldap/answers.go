package ldap

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/directory"
)

// counts are those of all answers of a directory.
type counts struct{ kept, asked, stale, failed atomic.Int64 }

// answers keeps what servers said: answers that hold for a time, and that are
// given for longer while no server answers. One question is asked once at a time,
// however many wait for it. What is found and what is not are bounded apart, so
// that a sender of many unknown addresses pushes nobody out.
type answers[V any] struct {
	now             func() time.Time
	ttl, negative   time.Duration
	stale, patience time.Duration
	entries         int
	counts          *counts

	mu      sync.Mutex
	found   shelf[V]
	missing shelf[V]
	asked   map[string]*asked[V]
}

// answer is what was said, and when. Without an error the value was found;
// otherwise the error is an answer, see isAnswer.
type answer[V any] struct {
	key   string
	value V
	err   error
	at    time.Time
}

// asked is a question in hand.
type asked[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// shelf is a bounded number of answers, that which was used longest ago in
// front.
type shelf[V any] struct {
	order list.List
	byKey map[string]*list.Element
}

func newAnswers[V any](o Options, now func() time.Time, counts *counts) *answers[V] {
	return &answers[V]{
		now: now, counts: counts, ttl: o.TTL, negative: min(o.Negative, o.TTL), stale: max(o.Stale, o.TTL), patience: 4 * o.Timeout, entries: o.Entries,
		found:   shelf[V]{byKey: make(map[string]*list.Element)},
		missing: shelf[V]{byKey: make(map[string]*list.Element)},
		asked:   make(map[string]*asked[V]),
	}
}

// get gives the answer to a question: the one kept while it holds, that of ask
// otherwise, and when ask fails the one kept, if it is not too old.
func (a *answers[V]) get(ctx context.Context, key string, ask func(context.Context) (V, error)) (V, error) {
	a.mu.Lock()
	if kept, ok := a.kept(key); ok {
		holds := a.ttl
		if kept.err != nil {
			holds = a.negative
		}
		if a.now().Sub(kept.at) < holds {
			a.mu.Unlock()
			a.counts.kept.Add(1)
			return kept.value, kept.err
		}
	}
	q, ok := a.asked[key]
	if !ok {
		q = &asked[V]{done: make(chan struct{})}
		a.asked[key] = q
		// Whoever asked first may go away before the others.
		go a.ask(context.WithoutCancel(ctx), key, q, ask)
	}
	a.mu.Unlock()
	select {
	case <-q.done:
		return q.value, q.err
	case <-ctx.Done():
		var none V
		return none, fmt.Errorf("%w: %w", directory.ErrUnavailable, ctx.Err())
	}
}

func (a *answers[V]) ask(ctx context.Context, key string, q *asked[V], ask func(context.Context) (V, error)) {
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	value, err := ask(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil || isAnswer(err) {
		a.counts.asked.Add(1)
		a.keep(answer[V]{key: key, value: value, err: err, at: a.now()})
	} else {
		if !errors.Is(err, directory.ErrUnavailable) {
			err = fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
		}
		if kept, ok := a.kept(key); ok && a.now().Sub(kept.at) < a.stale {
			a.counts.stale.Add(1)
			value, err = kept.value, kept.err
		} else {
			a.counts.failed.Add(1)
		}
	}
	q.value, q.err = value, err
	delete(a.asked, key)
	close(q.done)
}

// isAnswer tells an error that servers have answered with, which a further question
// would only repeat: that nothing is there, or two where one is due, or more than is
// read.
func isAnswer(err error) bool {
	return errors.Is(err, directory.ErrAmbiguous) || errors.Is(err, errTooMany) ||
		errors.Is(err, directory.ErrNotFound) && !errors.Is(err, directory.ErrUnavailable)
}

// kept gives an answer, however old.
func (a *answers[V]) kept(key string) (answer[V], bool) {
	for _, s := range []*shelf[V]{&a.found, &a.missing} {
		if e := s.byKey[key]; e != nil {
			s.order.MoveToBack(e)
			return e.Value.(answer[V]), true
		}
	}
	return answer[V]{}, false
}

func (a *answers[V]) keep(new answer[V]) {
	to, from := &a.found, &a.missing
	if new.err != nil {
		to, from = from, to
	}
	if e := from.byKey[new.key]; e != nil {
		from.order.Remove(e)
		delete(from.byKey, new.key)
	}
	if e := to.byKey[new.key]; e != nil {
		e.Value = new
		to.order.MoveToBack(e)
		return
	}
	for to.order.Len() >= a.entries {
		oldest := to.order.Front()
		delete(to.byKey, oldest.Value.(answer[V]).key)
		to.order.Remove(oldest)
	}
	to.byKey[new.key] = to.order.PushBack(new)
}
