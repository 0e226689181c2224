package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/message/extract"
)

// Options of a pool. A value of 0 or less is the default.
type Options struct {
	// Workers is the number of processes that are kept: that of the processors by
	// default. While documents take long there may be four times as many.
	Workers int
	// Memory is what one worker may take, in octets: 512 MiB by default. A document
	// may have at most a quarter of it.
	Memory int64
	// Documents is how many documents a worker reads before another one takes its
	// place: 1000 by default.
	Documents int
	// Time bounds the reading of a document whose context has no deadline: one
	// minute by default.
	Time time.Duration
	// Lost, where it is set, is told why a worker ended before its time. It may be
	// called by several goroutines.
	Lost func(reason string)
}

// DefaultMemory is what a worker may take, in octets.
const DefaultMemory = 512 << 20

// MinMemory is the least that a worker runs with, in octets.
const MinMemory = 64 << 20

func (o Options) orDefault() Options {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	o.Memory = max(o.Memory, MinMemory)
	if o.Documents <= 0 {
		o.Documents = 1000
	}
	if o.Time <= 0 {
		o.Time = time.Minute
	}
	if o.Lost == nil {
		o.Lost = func(string) {}
	}
	return o
}

// Pool is a number of workers that are used again. It is safe for many
// goroutines.
type Pool struct {
	o     Options
	start func(context.Context, *Pool) (*process, error)
	lanes lanes

	mu        sync.Mutex
	idle      []*process
	all       map[*process]bool
	closed    bool
	isolation []string
	running   sync.WaitGroup // processes that are not waited for yet

	waiting                  atomic.Int64
	started, lost, documents atomic.Int64
}

// Stats counts what a pool does. Started, Lost and Documents grow with its life; the
// rest is of this moment.
type Stats struct {
	// Workers is how many are kept, Running how many there are, Busy how many of these
	// read a document; Waiting documents wait for one.
	Workers, Running, Busy, Waiting int
	// Started counts workers that were started, Lost those that ended before their
	// time, Documents those that were given to a worker.
	Started, Lost, Documents int64
}

// Stats gives the counts of this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		Workers: p.o.Workers, Running: len(p.all), Busy: len(p.all) - len(p.idle), Waiting: int(p.waiting.Load()),
		Started: p.started.Load(), Lost: p.lost.Load(), Documents: p.documents.Load(),
	}
}

// slowAfter is how long a document may take before it leaves its place to others.
const slowAfter = time.Second

// slowFactor is how many slow documents there may be for each worker.
const slowFactor = 3

// New gives a pool. Its workers are started when they are needed. It is to be
// closed.
func New(o Options) *Pool {
	o = o.orDefault()
	return &Pool{
		o:     o,
		start: startProcess,
		lanes: lanes{fast: make(chan struct{}, o.Workers), slow: make(chan struct{}, slowFactor*o.Workers), after: slowAfter},
		all:   make(map[*process]bool),
	}
}

// Start starts a first worker and tells what keeps it from the rest of the
// machine, in plain words. An error means that no worker can be had.
func (p *Pool) Start(ctx context.Context) ([]string, error) {
	w, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	p.put(w)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isolation, nil
}

// Close ends all workers and waits for their end. Documents in hand are given up.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	p.idle = nil
	for w := range p.all {
		w.kill()
	}
	p.mu.Unlock()
	p.running.Wait()
	return nil
}

var errClosed = errors.New("the readers of documents have been stopped")

// Reasons of documents whose reader failed.
const (
	detailDied     = "the reader of the document died twice"
	detailTime     = "the time for reading is over"
	detailTooLarge = "larger than a reader of documents may be given"
)

// Read reads a document of a message within what is left of its budget, as
// [extract.Read] does: plain text here, anything else in a worker. A worker that
// dies or overruns is tried once more with another one; after that the document
// is corrupt, or truncated when its time is over. An error means that no worker
// could be had, and that the document must not be relied on.
func (p *Pool) Read(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) (extract.Document, error) {
	var failed error
	b.Outside = func(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) extract.Document {
		d, err := p.outside(ctx, content, hint, b)
		failed = errors.Join(failed, err)
		return d
	}
	defer func() { b.Outside = nil }()
	d := extract.Read(ctx, content, hint, b)
	return d, failed
}

func (p *Pool) outside(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) (extract.Document, error) {
	unread := func(s extract.Status, detail string) extract.Document {
		return extract.Document{MediaType: "application/octet-stream", Size: int64(len(content)), Status: s, Detail: detail}
	}
	if int64(len(content)) > p.o.Memory/4 {
		return unread(extract.Truncated, detailTooLarge), nil
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.o.Time)
		defer cancel()
	}
	p.documents.Add(1)
	p.waiting.Add(1)
	leave, err := p.lanes.enter(ctx)
	p.waiting.Add(-1)
	if err != nil {
		return unread(extract.Truncated, detailTime), nil
	}
	defer leave()
	for attempt := 0; ; attempt++ {
		w, err := p.take(ctx)
		switch {
		case ctx.Err() != nil:
			if err == nil {
				p.put(w)
			}
			return unread(extract.Truncated, detailTime), nil
		case err != nil:
			return unread(extract.Truncated, "no reader of documents could be started"), err
		}
		a, err := w.read(ctx, content, hint, b, attempt == 0)
		if err == nil {
			b.Spend(a.Spent)
			p.put(w)
			return a.Document, nil
		}
		p.drop(w)
		overrun := errors.Is(err, errOverrun)
		if ctx.Err() == nil || !overrun {
			p.lost.Add(1)
			p.o.Lost(err.Error() + w.state())
		}
		switch {
		case ctx.Err() != nil || attempt > 0 && overrun:
			return unread(extract.Truncated, detailTime), nil
		case attempt > 0:
			return unread(extract.Corrupt, detailDied), nil
		}
	}
}

// take gives a worker that has nothing to do, or a new one.
func (p *Pool) take(ctx context.Context) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	for n := len(p.idle); n > 0; n = len(p.idle) {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		select {
		case <-w.done: // it died while nobody looked
			delete(p.all, w)
			continue
		default:
		}
		p.mu.Unlock()
		return w, nil
	}
	p.mu.Unlock()
	w, err := p.start(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("no reader of documents could be started: %w", err)
	}
	return w, nil
}

// add counts a new worker among those of the pool.
func (p *Pool) add(w *process) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	p.all[w] = true
	p.started.Add(1)
	p.running.Add(1)
	return nil
}

func (p *Pool) isolated(by []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isolation == nil {
		p.isolation = slices.Clone(by)
	}
}

// put gives a worker back, or ends it when it has read enough.
func (p *Pool) put(w *process) {
	p.mu.Lock()
	if !p.closed && w.documents < p.o.Documents && len(p.idle) < p.o.Workers {
		p.idle = append(p.idle, w)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.drop(w)
}

// drop ends a worker.
func (p *Pool) drop(w *process) {
	w.kill()
	<-w.done
	p.mu.Lock()
	delete(p.all, w)
	p.mu.Unlock()
}

// lanes bound how many documents are read at once. A document that takes long
// goes over to the slow lane, so that a few of them do not keep others waiting.
type lanes struct {
	fast, slow chan struct{}
	after      time.Duration
}

// enter waits for a place. It is left by calling leave.
func (l *lanes) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.fast <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var mu sync.Mutex
	held, left := l.fast, false
	var timer *time.Timer
	mu.Lock()
	timer = time.AfterFunc(l.after, func() {
		mu.Lock()
		defer mu.Unlock()
		if left {
			return
		}
		select {
		case l.slow <- struct{}{}:
			<-l.fast
			held = l.slow
		default:
			timer.Reset(l.after)
		}
	})
	mu.Unlock()
	return func() {
		mu.Lock()
		defer mu.Unlock()
		left = true
		timer.Stop()
		<-held
	}, nil
}
