//go:build e2e

package e2e

import (
	"fmt"
	"sync"
	"testing"
)

// stores is how many programs run side by side, each with a store and a Postfix of
// its own.
const stores = 3

// job is one thing to break: a point or a system call, the n-th time it is met.
type job[T any] struct {
	what T
	n    int
	try  int // that did not meet it before
}

// plan gives out what is to be broken: first everything once, then what was met the
// first time for the second time, and so on until nothing is met any more; then all
// over again.
type plan[T any] struct {
	all []T
	// goal is how many times something must break. With whole, a plan does not end
	// before nothing was met any more.
	goal  int
	whole bool
	// say, unless nil, is told how far things are, after each hundred.
	say func(format string, args ...any)
	// once tells of what is not tried a second time when it was met; nil is nothing.
	once func(T) bool

	mu      sync.Mutex
	changed *sync.Cond
	queue   []job[T]
	working int
	made    int  // how often something broke
	before  int  // how often when the plan began the last time
	passes  int  // how often nothing was met any more
	ended   bool // by a failure
}

func newPlan[T any](all []T, goal int, whole bool) *plan[T] {
	p := &plan[T]{all: all, goal: goal, whole: whole}
	p.changed = sync.NewCond(&p.mu)
	p.begin()
	return p
}

func (p *plan[T]) begin() {
	p.before = p.made
	for _, what := range p.all {
		p.queue = append(p.queue, job[T]{what: what, n: 1})
	}
}

// next gives a job, or false when the goal is reached or something failed.
func (p *plan[T]) next() (job[T], bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.ended, p.made >= p.goal && (!p.whole || p.passes > 0):
			return job[T]{}, false
		case len(p.queue) > 0:
			j := p.queue[0]
			p.queue = p.queue[1:]
			p.working++
			return j, true
		case p.working == 0:
			if p.made == p.before {
				return job[T]{}, false // nothing breaks any more at all
			}
			p.passes++
			p.begin()
		default:
			p.changed.Wait()
		}
	}
}

// did tells whether a job was met, and how many times that counts. What was not met
// is tried once more: what a program does differs from time to time.
func (p *plan[T]) did(j job[T], met bool, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.working--
	if p.say != nil && p.made/100 < (p.made+times)/100 {
		p.say("%d made of %d; nothing was met any more %d times", p.made+times, p.goal, p.passes)
	}
	p.made += times
	switch {
	case met && (p.once == nil || !p.once(j.what)):
		p.queue = append(p.queue, job[T]{what: j.what, n: j.n + 1})
	case !met && j.try == 0:
		p.queue = append(p.queue, job[T]{what: j.what, n: j.n, try: 1})
	}
	p.changed.Broadcast()
}

// end lets nobody begin anything more.
func (p *plan[T]) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.changed.Broadcast()
}

// totals are the sums over all stores.
type totals struct {
	mu                         sync.Mutex
	rounds, letters, cut, more int
}

func (s *totals) String() string {
	return fmt.Sprintf("%d rounds, %d letters, %d attempts of the outbox cut off, %d mails that came again by it", s.rounds, s.letters, s.cut, s.more)
}

// sideBySide runs work with a driver of its own in each of several subtests at the
// same time, has everything finished by the program, and counts. End is called when
// one of them fails.
func sideBySide(t *testing.T, bin string, end func(), work func(t *testing.T, d *driver)) *totals {
	t.Helper()
	var (
		sum   totals
		hands sync.WaitGroup
	)
	for n := range stores {
		hands.Go(func() {
			t.Run(fmt.Sprint("store ", n+1), func(t *testing.T) {
				defer end()
				d := startDriver(t)
				work(t, d)
				if t.Failed() {
					return
				}
				d.finish(bin)
				more := d.count()
				sum.mu.Lock()
				defer sum.mu.Unlock()
				sum.rounds += d.rounds
				sum.letters += len(d.letters)
				sum.more += more
				for _, c := range d.cut {
					sum.cut += len(c)
				}
			})
		})
	}
	hands.Wait()
	return &sum
}
