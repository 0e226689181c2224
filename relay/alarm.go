package relay

import (
	"context"
	"sync"
	"time"
)

// alarm watches an outbox for what does not leave it.
type alarm struct {
	outbox Outbox
	after  time.Duration
	tell   func(Alarm)

	mu   sync.Mutex
	last error // the last failure
}

// failed notes why mail does not leave.
func (a *alarm) failed(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = err
}

func (a *alarm) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// watch looks each minute until ctx ends.
func (a *alarm) watch(ctx context.Context) {
	if a.tell == nil {
		return
	}
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	read, told := time.Now(), time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		n, oldest, err := a.outbox.Waiting(ctx, now.Add(-a.after))
		bad := n > 0
		if err != nil {
			a.failed(err)
			n, oldest = 0, time.Time{}
			bad = now.Sub(read) >= a.after
		} else {
			read = now
		}
		switch {
		case ctx.Err() != nil:
			return
		case bad && (told.IsZero() || now.Sub(told) >= time.Hour):
			told = now
			a.tell(Alarm{Entries: n, Oldest: oldest, Err: a.failure()})
		case err == nil && !bad && !told.IsZero():
			told = time.Time{}
			a.tell(Alarm{})
		}
	}
}
