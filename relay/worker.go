package relay

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/postern-mail/postern/internal/fault"
)

// WorkerOptions say how a Worker works. Outbox, Send and Random are needed.
type WorkerOptions struct {
	Outbox Outbox
	// Send makes one transaction: Client.Send.
	Send func(context.Context, *Mail) Report
	// Random gives a number of [0, 1) for spreading attempts; it is called by several
	// goroutines at once.
	Random func() float64

	// Concurrency is how many entries of each lane are sent at the same time; 0 is 4.
	Concurrency int
	// NoticeRate is how many notices are sent in a second at most, so that a burst of
	// them takes little from the mail that is judged meanwhile; 0 is
	// [DefaultNoticeRate]. Messages are sent as they come.
	NoticeRate float64
	// Lease is how long an entry is ours without a renewal, of which there are three
	// in that time; 0 is 3 minutes. A dead worker's entries go on after it.
	Lease time.Duration
	// Poll is how often the outbox is asked for what has become due; 0 is 5 s.
	Poll time.Duration
	// Lifetime is how long an entry is tried that does not say; 0 is 5 days.
	Lifetime time.Duration
	// Grace is how long Run waits for the sends in hand once it is to stop; 0 is one
	// minute. A send cut off is repeated by whoever works next.
	Grace time.Duration
	// StuckAfter is when Alarm is called; 0 is 15 minutes.
	StuckAfter time.Duration

	// Settled, when not nil, is told what every lease led to. Err is nil when that
	// was recorded.
	Settled func(e Entry, s Settlement, err error)
	// Alarm, when not nil, is called when entries have been waiting for longer than
	// StuckAfter, or the outbox could not be read for as long; again each hour
	// while that lasts; and once with the zero Alarm when it is over.
	Alarm func(Alarm)
}

// DefaultNoticeRate is how many notices are sent in a second where nobody says.
const DefaultNoticeRate = 20

// Alarm is what an administrator is told about an outbox that does not empty.
type Alarm struct {
	// Entries have been waiting for too long; Oldest is when the oldest of them was
	// created.
	Entries int
	Oldest  time.Time
	// Err is the last failure of a session or of the outbox; it may be nil.
	Err error
}

// Worker sends what an outbox holds.
type Worker struct {
	opt   WorkerOptions
	alarm alarm
}

// NewWorker makes a worker. It does nothing before Run.
func NewWorker(opt WorkerOptions) *Worker {
	if opt.Concurrency <= 0 {
		opt.Concurrency = 4
	}
	if opt.NoticeRate <= 0 {
		opt.NoticeRate = DefaultNoticeRate
	}
	opt.Lease = orDefault(opt.Lease, 3*time.Minute)
	opt.Poll = orDefault(opt.Poll, 5*time.Second)
	opt.Lifetime = orDefault(opt.Lifetime, 5*24*time.Hour)
	opt.Grace = orDefault(opt.Grace, time.Minute)
	opt.StuckAfter = orDefault(opt.StuckAfter, 15*time.Minute)
	return &Worker{opt: opt, alarm: alarm{outbox: opt.Outbox, after: opt.StuckAfter, tell: opt.Alarm}}
}

// Run works until ctx ends. It then takes nothing new, and returns when the sends
// in hand are over and recorded, or Grace has passed. It may be called once.
func (w *Worker) Run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var hands sync.WaitGroup
	hands.Go(func() { w.alarm.watch(ctx) })
	var lanes sync.WaitGroup
	lanes.Go(func() { w.drain(ctx, sending, &hands, Messages, rate.NewLimiter(rate.Inf, 0)) })
	// A bucket of one: notices leave evenly and never as a burst.
	lanes.Go(func() { w.drain(ctx, sending, &hands, Notices, rate.NewLimiter(rate.Limit(w.opt.NoticeRate), 1)) })
	lanes.Wait()

	over := make(chan struct{})
	go func() {
		hands.Wait()
		close(over)
	}()
	grace := time.NewTimer(w.opt.Grace)
	defer grace.Stop()
	select {
	case <-over:
	case <-grace.C:
		cut()
		<-over
	}
}

// drain takes from one lane until ctx ends, with hands of the lane's own.
func (w *Worker) drain(ctx, sending context.Context, hands *sync.WaitGroup, lane Lane, pace *rate.Limiter) {
	free := make(chan struct{}, w.opt.Concurrency)
	for range w.opt.Concurrency {
		free <- struct{}{}
	}
	poll := time.NewTicker(w.opt.Poll)
	defer poll.Stop()
	for ctx.Err() == nil {
		wake := w.opt.Outbox.Wake()
		n := len(free) // at least one, and only this goroutine takes
		entries := w.lease(ctx, lane, n)
		for _, e := range entries {
			// When ctx ends it does not wait, and the entry goes back below.
			_ = pace.Wait(ctx)
			<-free
			hands.Go(func() {
				w.work(ctx, sending, e)
				free <- struct{}{}
			})
		}
		if len(entries) == n {
			// All hands are busy, and there may be more.
			select {
			case <-ctx.Done():
			case f := <-free:
				free <- f
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-poll.C:
		}
	}
}

// lease takes up to n entries.
func (w *Worker) lease(ctx context.Context, lane Lane, n int) []Entry {
	now := time.Now()
	entries, err := w.opt.Outbox.Lease(ctx, lane, now, now.Add(w.opt.Lease), n)
	if err != nil {
		if ctx.Err() == nil {
			w.alarm.failed(err)
		}
		return nil
	}
	return entries
}

// work makes one attempt at an entry and records it.
func (w *Worker) work(ctx, sending context.Context, e Entry) {
	if ctx.Err() != nil {
		// Leased at the last moment: it goes back as it came.
		now := time.Now()
		w.settle(sending, e, Settlement{At: now, NotBefore: now})
		return
	}
	sending, cancel := context.WithCancel(sending)
	defer cancel()
	var renewal sync.WaitGroup
	renewal.Go(func() { w.renew(sending, cancel, e) })

	m := &Mail{From: e.ReversePath, MailArgs: e.MailArgs, Recipients: e.Recipients, Received: e.Received, Attempt: e.Attempt,
		Content: func(ctx context.Context) (io.ReadCloser, error) { return w.opt.Outbox.Content(ctx, e) }}
	if e.Marked {
		m.Release = e.ID
	}
	report := w.opt.Send(sending, m)
	if report.Err != nil {
		w.alarm.failed(report.Err)
	}
	fault.Point("relay.accepted")
	w.settle(sending, e, w.judge(e, report, time.Now()))
	fault.Point("relay.finished")
	cancel()
	renewal.Wait()
}

// renew keeps the lease of an entry, and ends the send when it is lost: the
// message is then somebody else's.
func (w *Worker) renew(ctx context.Context, cancel context.CancelFunc, e Entry) {
	tick := time.NewTicker(w.opt.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if errors.Is(w.opt.Outbox.Renew(ctx, e, time.Now().Add(w.opt.Lease)), ErrLeaseLost) {
				cancel()
				return
			}
		}
	}
}

// judge makes of a report what is to be recorded.
func (w *Worker) judge(e Entry, r Report, now time.Time) Settlement {
	s := Settlement{Report: r, At: now}
	if !s.pending() {
		return s
	}
	expires := e.Expires
	if expires.IsZero() {
		expires = e.Created.Add(w.opt.Lifetime)
	}
	if !now.Before(expires) {
		s.Expired = true
		for i := range s.Results {
			if res := &s.Results[i]; res.Status == Retry {
				res.Status = Failed
				res.Reply.Enhanced = "4.4.7"
			}
		}
		return s
	}
	s.NotBefore = now.Add(w.pause(e.Attempt))
	if full(r) {
		s.NotBefore = now
	}
	if s.NotBefore.After(expires) {
		// The last attempt is made at the end, not before it.
		s.NotBefore = expires
	}
	return s
}

// full tells whether the server took the message for some recipients and no more
// of them in one transaction (RFC 5321, section 4.5.3.1.10).
func full(r Report) bool {
	some, more := false, false
	for _, res := range r.Results {
		some = some || res.Status == Delivered
		more = more || res.Status == Retry && res.Reply.Code == 452 && res.Reply.Enhanced == "4.5.3"
	}
	return some && more
}

// pauses are the times between attempts; the last is that of all further ones.
var pauses = [...]time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}

// pause is the time to the attempt after the n-th, spread by a tenth either way.
func (w *Worker) pause(n int) time.Duration {
	d := pauses[min(max(n, 1), len(pauses))-1]
	return d + time.Duration((w.opt.Random()-0.5)*0.2*float64(d))
}

// settle records what became of an entry. As long as the outbox fails it tries
// again, since what is not recorded is sent once more.
func (w *Worker) settle(ctx context.Context, e Entry, s Settlement) {
	record := w.opt.Outbox.Finish
	if s.pending() || len(s.Results) == 0 {
		record = w.opt.Outbox.Postpone
	}
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		over := ctx.Err() != nil
		err := record(context.WithoutCancel(ctx), e, s)
		if err != nil && !errors.Is(err, ErrLeaseLost) && !over {
			w.alarm.failed(err)
			again := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				// Once more at the end: what is known is worth recording.
				again.Stop()
			case <-again.C:
			}
			continue
		}
		if w.opt.Settled != nil {
			w.opt.Settled(e, s, err)
		}
		return
	}
}
