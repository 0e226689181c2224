package actions

import (
	"sync"
	"time"
)

// Limits bound the mail of notifications. An NDR is never held back.
type Limits struct {
	// Window is the time that the others count in.
	Window time.Duration
	// Sender is how many notifications of one rule a sender gets in it, Others how many
	// of one rule anybody else gets, and Total how many are written at all.
	Sender, Others, Total int
}

// DefaultLimits are one an hour for a sender, twenty for others, and 5000 in all.
var DefaultLimits = Limits{Window: time.Hour, Sender: 1, Others: 20, Total: 5000}

// mostCounted bounds the people and rules that a limiter counts. With more of them,
// which Total makes unlikely, it begins anew.
const mostCounted = 100_000

// Limiter counts notifications. It is safe for concurrent use; the zero value counts
// from nothing. What it counts is of one process and is lost with it: then some mail is
// sent that would have waited.
type Limiter struct {
	mu     sync.Mutex
	counts map[string]counted
	swept  time.Time
}

// counted is how much was sent since a time.
type counted struct {
	since time.Time
	n     int
}

// taken is one notification that was counted, to be given back when it is not sent.
type taken struct {
	key   string
	since time.Time
}

// total is the key of all notifications; no other key is empty.
const total = ""

// take counts a notification, unless one of its bounds is reached.
func (l *Limiter) take(now time.Time, key string, most int, limits Limits) ([]taken, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now, limits.Window)
	var all []taken
	for _, b := range []struct {
		key  string
		most int
	}{{key, most}, {total, limits.Total}} {
		c := l.counts[b.key]
		if c.n == 0 || now.Sub(c.since) >= limits.Window || now.Before(c.since) {
			c = counted{since: now}
		}
		if c.n >= b.most {
			l.undo(all)
			return nil, false
		}
		c.n++
		l.counts[b.key] = c
		all = append(all, taken{b.key, c.since})
	}
	return all, true
}

// giveBack takes back what was counted and not sent.
func (l *Limiter) giveBack(all []taken) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.undo(all)
}

func (l *Limiter) undo(all []taken) {
	for _, t := range all {
		c, ok := l.counts[t.key]
		if !ok || !c.since.Equal(t.since) {
			continue // counted in a window that is over
		}
		if c.n--; c.n == 0 {
			delete(l.counts, t.key)
		} else {
			l.counts[t.key] = c
		}
	}
}

// sweep forgets, once a window, what no longer counts.
func (l *Limiter) sweep(now time.Time, window time.Duration) {
	if l.counts == nil || len(l.counts) > mostCounted {
		l.counts, l.swept = make(map[string]counted), now
	}
	if now.Sub(l.swept) < window && !now.Before(l.swept) {
		return
	}
	l.swept = now
	for key, c := range l.counts {
		if now.Sub(c.since) >= window {
			delete(l.counts, key)
		}
	}
}
