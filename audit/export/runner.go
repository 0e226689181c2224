package export

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// Source is where records wait to be exported.
type Source interface {
	// Read gives records behind a number, at most so many, and the number of the last
	// one that was looked at; the same number when there are none.
	Read(ctx context.Context, after int64, limit int) (lines []Line, last int64, err error)
	// Newest gives the number of the newest record, 0 without any.
	Newest(ctx context.Context) (int64, error)
	// Cursor gives how far a target has come, and SetCursor keeps it, durably.
	Cursor(ctx context.Context, name string) (number int64, known bool, err error)
	SetCursor(ctx context.Context, name string, number int64) error
}

// Options are those of a Runner.
type Options struct {
	// Name is that of the cursor: another one for each target.
	Name   string
	Source Source
	Target Target
	// Wanted tells whether a record is to be sent; nil sends all.
	Wanted func(operation string) bool
	// Backlog makes a new target begin with the oldest record that is kept, not with
	// the next one.
	Backlog bool
	// Late is how old a record may be that is not yet sent before Told hears of it; 0
	// is 15 minutes.
	Late time.Duration
	// Told hears of a target that lags, at most once an hour, and of its recovery.
	Told func(Lag)
	// Poll is how often records are looked for; 0 is a second. Backoff is how long it
	// waits at first after a failure; 0 is a second. It doubles up to five minutes.
	Poll, Backoff time.Duration
}

// Lag tells of a target that does not take records.
type Lag struct {
	Name string
	// Since is the time of the oldest record that is not sent; zero when the target has
	// caught up.
	Since time.Time
	Err   error // the last failure; nil when it has caught up
}

// Runner sends the records of a source to a target, on and on, in their order, each
// at least once.
type Runner struct {
	opts Options

	mu    sync.Mutex
	lag   Lag
	after int64
}

// limits of a batch and of waiting.
const (
	batchRecords = 500
	longestWait  = 5 * time.Minute
	tellEvery    = time.Hour
)

// NewRunner prepares a runner.
func NewRunner(opts Options) *Runner {
	if opts.Late == 0 {
		opts.Late = 15 * time.Minute
	}
	if opts.Poll == 0 {
		opts.Poll = time.Second
	}
	if opts.Backoff == 0 {
		opts.Backoff = time.Second
	}
	return &Runner{opts: opts, lag: Lag{Name: opts.Name}}
}

// State gives the number of the last record that was sent, and the lag: its Since is
// zero while nothing has failed.
func (r *Runner) State() (sent int64, lag Lag) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.after, r.lag
}

// Run sends until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	defer func() { _ = r.opts.Target.Close() }()
	began := false
	wait, told := r.opts.Backoff, time.Time{}
	for {
		var idle bool
		var err error
		if !began {
			err = r.begin(ctx)
			began = err == nil
		}
		before, _ := r.State()
		if err == nil {
			idle, err = r.some(ctx)
		}
		if after, _ := r.State(); after != before {
			wait = r.opts.Backoff // a part was taken
		}
		pause := time.Duration(0)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause = wait/2 + rand.N(wait)
			var status *StatusError
			if errors.As(err, &status) {
				pause = max(pause, status.After)
			}
			wait = min(2*wait, longestWait)
			told = r.failed(err, told)
		default:
			wait = r.opts.Backoff
			if !told.IsZero() {
				told = time.Time{}
				r.tell(Lag{Name: r.opts.Name})
			}
			if idle {
				pause = r.opts.Poll
			}
		}
		if pause > 0 {
			timer := time.NewTimer(pause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}
}

// begin finds out how far the target has come.
func (r *Runner) begin(ctx context.Context) error {
	after, known, err := r.opts.Source.Cursor(ctx, r.opts.Name)
	if err == nil && !known {
		if !r.opts.Backlog {
			after, err = r.opts.Source.Newest(ctx)
		}
		if err == nil {
			err = r.opts.Source.SetCursor(ctx, r.opts.Name, after)
		}
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.after = after
	r.mu.Unlock()
	return nil
}

// some sends a batch, and tells whether there was nothing to send.
func (r *Runner) some(ctx context.Context) (idle bool, err error) {
	after, _ := r.State()
	lines, last, err := r.opts.Source.Read(ctx, after, batchRecords)
	if err != nil || last == after {
		return true, err
	}
	wanted := lines[:0:0]
	for _, l := range lines {
		if r.opts.Wanted == nil || r.opts.Wanted(l.Operation) {
			wanted = append(wanted, l)
		}
	}
	if len(wanted) > 0 {
		taken, err := r.opts.Target.Send(ctx, wanted)
		if err != nil {
			if taken > 0 {
				if err := r.advance(ctx, wanted[taken-1].Number); err != nil {
					return false, err
				}
			}
			r.mu.Lock()
			r.lag.Since = wanted[min(taken, len(wanted)-1)].Time
			r.mu.Unlock()
			return false, err
		}
	}
	if err := r.advance(ctx, last); err != nil {
		return false, err
	}
	r.mu.Lock()
	r.lag = Lag{Name: r.opts.Name}
	r.mu.Unlock()
	return false, nil
}

// advance keeps how far the target has come. What was sent is kept even when it is
// to end.
func (r *Runner) advance(ctx context.Context, number int64) error {
	if err := r.opts.Source.SetCursor(context.WithoutCancel(ctx), r.opts.Name, number); err != nil {
		return err
	}
	r.mu.Lock()
	r.after = number
	r.mu.Unlock()
	return nil
}

// failed notes a failure and tells of it when it lasts.
func (r *Runner) failed(err error, told time.Time) time.Time {
	r.mu.Lock()
	r.lag.Err = err
	lag := r.lag
	r.mu.Unlock()
	now := time.Now()
	if !lag.Since.IsZero() && now.Sub(lag.Since) < r.opts.Late || now.Sub(told) < tellEvery {
		return told
	}
	r.tell(lag)
	return now
}

func (r *Runner) tell(l Lag) {
	if r.opts.Told != nil {
		r.opts.Told(l)
	}
}
