package relay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/relay"
)

// outbox keeps its entries in memory, as a store does.
type outbox struct {
	mu      sync.Mutex
	wake    chan struct{}
	entries map[string]*kept
	order   []*kept // as they were added
	leases  int     // calls of Lease
	trouble error   // what every recording method gives
	blind   error   // what Lease and Waiting give
}

type kept struct {
	relay.Entry
	lane        relay.Lane
	due, leased time.Time
	done        bool
	states      []string // by index of recipient
	settled     []relay.Settlement
	at          []time.Duration // of each lease, since creation
	renewed     int
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}), entries: map[string]*kept{}} }

func (o *outbox) add(e relay.Entry) *kept {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	e.Created = now
	k := &kept{Entry: e, due: now, states: make([]string, len(e.Recipients))}
	o.entries[e.ID] = k
	o.order = append(o.order, k)
	o.woken()
	return k
}

func (o *outbox) addNotices(n int) (all []*kept) {
	for i := range n {
		k := o.add(relay.Entry{ID: fmt.Sprintf("N%05d", i), Recipients: to("a")})
		o.set(func() { k.lane = relay.Notices })
		all = append(all, k)
	}
	return all
}

func (o *outbox) woken() {
	close(o.wake)
	o.wake = make(chan struct{})
}

func (o *outbox) Wake() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wake
}

func (o *outbox) Lease(_ context.Context, lane relay.Lane, now, until time.Time, n int) ([]relay.Entry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leases++
	if o.blind != nil {
		return nil, o.blind
	}
	var all []relay.Entry
	for _, k := range o.order {
		if k.lane != lane || k.done || k.due.After(now) || k.leased.After(now) || len(all) == n {
			continue
		}
		k.leased = until
		k.Attempt++
		k.at = append(k.at, now.Sub(k.Created))
		e := k.Entry
		e.Recipients = nil
		for i, r := range k.Recipients {
			if k.states[i] != "delivered" && k.states[i] != "failed" {
				e.Recipients = append(e.Recipients, r)
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// mine gives the entry of a lease.
func (o *outbox) mine(e relay.Entry) (*kept, error) {
	if o.trouble != nil {
		return nil, o.trouble
	}
	k := o.entries[e.ID]
	if k.Attempt != e.Attempt || k.done {
		return nil, relay.ErrLeaseLost
	}
	return k, nil
}

func (o *outbox) Renew(_ context.Context, e relay.Entry, until time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	k, err := o.mine(e)
	if err == nil {
		k.leased = until
		k.renewed++
	}
	return err
}

func (o *outbox) Content(_ context.Context, e relay.Entry) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("Message-ID: <" + e.ID + "@example.com>\r\n\r\n")), nil
}

func (o *outbox) settle(e relay.Entry, s relay.Settlement, done bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	k, err := o.mine(e)
	if err != nil {
		return err
	}
	for _, r := range s.Results {
		k.states[r.Recipient] = r.Status.String()
	}
	k.done, k.due, k.leased = done, s.NotBefore, time.Time{}
	k.settled = append(k.settled, s)
	o.woken()
	return nil
}

func (o *outbox) Finish(_ context.Context, e relay.Entry, s relay.Settlement) error {
	return o.settle(e, s, true)
}

func (o *outbox) Postpone(_ context.Context, e relay.Entry, s relay.Settlement) error {
	return o.settle(e, s, false)
}

func (o *outbox) Waiting(_ context.Context, before time.Time) (n int, oldest time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, k := range o.entries {
		if !k.done && k.Created.Before(before) {
			if n++; oldest.IsZero() || k.Created.Before(oldest) {
				oldest = k.Created
			}
		}
	}
	return n, oldest, o.blind
}

// set looks at the entries, or changes them, while the worker does not.
func (o *outbox) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// answering sends nothing and gives each recipient the status that f says.
func answering(f func(m *relay.Mail, address string) relay.Reply) func(context.Context, *relay.Mail) relay.Report {
	return func(_ context.Context, m *relay.Mail) relay.Report {
		var r relay.Report
		for _, rcpt := range m.Recipients {
			reply := f(m, rcpt.Address)
			r.Results = append(r.Results, relay.Result{Recipient: rcpt.Index, Address: rcpt.Address, Status: reply.Status(), Reply: reply})
		}
		return r
	}
}

var (
	ok    = relay.Reply{Code: 250, Enhanced: "2.0.0", Text: "Ok"}
	busy  = relay.Reply{Code: 450, Enhanced: "4.2.1", Text: "busy"}
	never = relay.Reply{Code: 550, Enhanced: "5.1.1", Text: "unknown"}
)

func always(r relay.Reply) func(*relay.Mail, string) relay.Reply {
	return func(*relay.Mail, string) relay.Reply { return r }
}

// run starts a worker and gives what stops it and waits for its end.
func run(t *testing.T, opt relay.WorkerOptions) (stop func()) {
	t.Helper()
	if opt.Random == nil {
		opt.Random = func() float64 { return 0.5 }
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		relay.NewWorker(opt).Run(ctx)
		close(done)
	}()
	return func() {
		cancel()
		<-done
	}
}

// pass lets an amount of the test's own time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestEachRecipientIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		var sent []string
		k := o.add(relay.Entry{ID: "E1", ReversePath: "ann@example.com", MailArgs: []string{"RET=HDRS"}, Received: "Received: x\r\n", Marked: true, Recipients: to("a", "b", "c")})
		stop := run(t, relay.WorkerOptions{Outbox: o, Send: answering(func(m *relay.Mail, a string) relay.Reply {
			sent = append(sent, fmt.Sprintf("%d %s %s %s %s %s", m.Attempt, a, m.Release, m.From, m.MailArgs, m.Received))
			switch {
			case a == "b":
				return never
			case a == "c" && m.Attempt < 3:
				return busy
			}
			return ok
		})})
		pass(10 * time.Minute)
		stop()
		if !k.done {
			t.Fatal("not finished")
		}
		line := " E1 ann@example.com [RET=HDRS] Received: x\r\n"
		if diff := cmp.Diff([]string{"1 a" + line, "1 b" + line, "1 c" + line, "2 c" + line, "3 c" + line}, sent); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"delivered", "failed", "delivered"}, k.states); diff != "" {
			t.Error(diff)
		}
		if n := len(k.settled[0].Failed()); n != 1 || k.settled[0].Failed()[0].Address != "b" || len(k.settled[1].Failed()) != 0 {
			t.Errorf("%d failed in the first attempt, and %v later", n, k.settled[1].Failed())
		}
	})
}

// Attempts are made after 0, 1, 2, 5, 15, 30 and then every 60 minutes, and one at
// the very end, after which what is pending has failed.
func TestAttemptsAndExpiry(t *testing.T) {
	for _, tt := range []struct {
		name   string
		random float64
		want   []time.Duration
	}{
		{"in the middle", 0.5, []time.Duration{0, 1 * time.Minute, 3 * time.Minute, 8 * time.Minute, 23 * time.Minute, 53 * time.Minute, 113 * time.Minute, 173 * time.Minute, 3 * time.Hour}},
		{"early", 0, []time.Duration{0, 54 * time.Second, 162 * time.Second, 432 * time.Second, 1242 * time.Second, 2862 * time.Second, 6102 * time.Second, 9342 * time.Second, 3 * time.Hour}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOutbox()
				k := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
				stop := run(t, relay.WorkerOptions{Outbox: o, Send: answering(always(busy)), Random: func() float64 { return tt.random }, Lifetime: 3 * time.Hour, Poll: time.Second})
				pass(4 * time.Hour)
				stop()
				if diff := cmp.Diff(tt.want, k.at); diff != "" {
					t.Error(diff)
				}
				last := k.settled[len(k.settled)-1]
				want := []relay.Result{{Address: "a", Status: relay.Failed, Reply: relay.Reply{Code: 450, Enhanced: "4.4.7", Text: "busy"}}}
				if diff := cmp.Diff(want, last.Failed()); diff != "" || !last.Expired || !k.done {
					t.Errorf("expired %v, done %v: %s", last.Expired, k.done, diff)
				}
			})
		})
	}
}

func TestAnEntryMaySayWhenItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a"), Expires: time.Now().Add(90 * time.Second)})
		defer run(t, relay.WorkerOptions{Outbox: o, Send: answering(always(busy)), Poll: time.Second})()
		pass(time.Hour)
		if diff := cmp.Diff([]time.Duration{0, time.Minute, 90 * time.Second}, k.at); diff != "" || !k.done {
			t.Errorf("done %v: %s", k.done, diff)
		}
	})
}

// A server that takes only so many recipients at a time gets the rest at once.
func TestMoreRecipientsThanOneTransactionTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a", "b", "c", "d", "e")})
		defer run(t, relay.WorkerOptions{Outbox: o, Send: func(_ context.Context, m *relay.Mail) relay.Report {
			var r relay.Report
			for i, rcpt := range m.Recipients {
				res := relay.Result{Recipient: rcpt.Index, Status: relay.Delivered, Reply: ok}
				if i >= 2 {
					res.Status, res.Reply = relay.Retry, relay.Reply{Code: 452, Enhanced: "4.5.3", Text: "too many recipients"}
				}
				r.Results = append(r.Results, res)
			}
			return r
		}})()
		pass(time.Second)
		if !k.done || k.Attempt != 3 {
			t.Errorf("done %v after %d attempts", k.done, k.Attempt)
		}
	})
}

// gate is a Send that waits until it is let go on.
type gate struct {
	mu       sync.Mutex
	now, top int
	open     chan struct{}
}

func (g *gate) send(ctx context.Context, m *relay.Mail) relay.Report {
	g.mu.Lock()
	g.now++
	g.top = max(g.top, g.now)
	g.mu.Unlock()
	reply, err := ok, error(nil)
	select {
	case <-g.open:
	case <-ctx.Done():
		reply, err = busy, ctx.Err()
	}
	g.mu.Lock()
	g.now--
	g.mu.Unlock()
	r := answering(always(reply))(ctx, m)
	r.Err = err
	return r
}

func TestNoMoreAtOnceThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, g := newOutbox(), &gate{open: make(chan struct{})}
		for i := range 20 {
			o.add(relay.Entry{ID: fmt.Sprintf("E%02d", i), Recipients: to("a")})
		}
		defer run(t, relay.WorkerOptions{Outbox: o, Send: g.send, Concurrency: 3})()
		for i := range 20 {
			synctest.Wait()
			if want := min(3, 20-i); g.now != want {
				t.Fatalf("%d in hand behind %d sent, want %d", g.now, i, want)
			}
			g.open <- struct{}{}
		}
		synctest.Wait()
		for id, k := range o.entries {
			if !k.done || k.Attempt != 1 {
				t.Errorf("%s: done %v after %d attempts", id, k.done, k.Attempt)
			}
		}
		if g.top != 3 {
			t.Errorf("%d at once", g.top)
		}
	})
}

// A long send keeps its lease; nobody else sends the entry meanwhile.
func TestALongSendKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, g := newOutbox(), &gate{open: make(chan struct{})}
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		opt := relay.WorkerOptions{Outbox: o, Send: g.send, Lease: time.Minute}
		defer run(t, opt)()
		defer run(t, opt)()
		pass(10*time.Minute + time.Second)
		if g.now != 1 || k.Attempt != 1 || k.renewed != 30 {
			t.Errorf("%d in hand, attempt %d, renewed %d times", g.now, k.Attempt, k.renewed)
		}
		close(g.open)
		synctest.Wait()
		if !k.done {
			t.Error("not finished")
		}
	})
}

// An entry whose worker died goes on after its lease, with the next number.
func TestADeadWorkersEntryGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		if _, err := o.Lease(t.Context(), relay.Messages, time.Now(), time.Now().Add(3*time.Minute), 1); err != nil {
			t.Fatal(err)
		}
		defer run(t, relay.WorkerOptions{Outbox: o, Send: answering(always(ok))})()
		pass(2 * time.Minute)
		o.set(func() {
			if k.done {
				t.Error("sent under another's lease")
			}
		})
		pass(2 * time.Minute)
		if !k.done || k.Attempt != 2 {
			t.Errorf("done %v, attempt %d", k.done, k.Attempt)
		}
	})
}

// A worker that has lost its lease drops the send and records nothing.
func TestALostLeaseEndsTheSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, g := newOutbox(), &gate{open: make(chan struct{})}
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		var told []error
		defer run(t, relay.WorkerOptions{Outbox: o, Send: g.send, Lease: time.Minute,
			Settled: func(_ relay.Entry, _ relay.Settlement, err error) { told = append(told, err) }})()
		synctest.Wait()
		o.set(func() { k.Attempt, k.leased = 7, time.Now().Add(time.Hour) }) // somebody else has it
		pass(time.Minute)
		if g.now != 0 || len(k.settled) != 0 || len(told) != 1 || !errors.Is(told[0], relay.ErrLeaseLost) {
			t.Errorf("%d in hand, settled %v, told %v", g.now, k.settled, told)
		}
	})
}

func TestStopFinishesWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, g := newOutbox(), &gate{open: make(chan struct{})}
		first := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		second := o.add(relay.Entry{ID: "E2", Recipients: to("a")})
		stop := run(t, relay.WorkerOptions{Outbox: o, Send: g.send, Concurrency: 1})
		synctest.Wait()
		time.AfterFunc(30*time.Second, func() { close(g.open) })
		begun := time.Now()
		stop()
		if took := time.Since(begun); took != 30*time.Second || !first.done || second.Attempt != 0 {
			t.Errorf("stopped after %s, first done %v, second tried %d times", took, first.done, second.Attempt)
		}
	})
}

// A send that outlasts the grace is cut off, and its entry is given back.
func TestStopCutsOffWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, g := newOutbox(), &gate{open: make(chan struct{})}
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		stop := run(t, relay.WorkerOptions{Outbox: o, Send: g.send, Grace: 20 * time.Second})
		synctest.Wait()
		begun := time.Now()
		stop()
		if took := time.Since(begun); took != 20*time.Second || k.done || len(k.settled) != 1 || !k.leased.IsZero() {
			t.Errorf("stopped after %s, done %v, settled %d, leased until %s", took, k.done, len(k.settled), k.leased)
		}
	})
}

// What was delivered is recorded as soon as the outbox can write again, and not
// sent a second time.
func TestTheOutboxFailsAfterADelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		sent := 0
		k := o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		o.trouble = errors.New("no space")
		defer run(t, relay.WorkerOptions{Outbox: o, Lease: time.Hour, Send: answering(func(*relay.Mail, string) relay.Reply { sent++; return ok })})()
		pass(10 * time.Minute)
		o.set(func() {
			if k.done {
				t.Error("finished without a record")
			}
			o.trouble = nil
		})
		pass(time.Minute)
		if !k.done || sent != 1 {
			t.Errorf("done %v, sent %d times", k.done, sent)
		}
	})
}

func TestAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		begun := time.Now()
		var told []string
		reply := busy
		o.add(relay.Entry{ID: "E1", Recipients: to("a")})
		o.add(relay.Entry{ID: "E2", Recipients: to("a")})
		refused := errors.New("connection refused")
		var mu sync.Mutex
		defer run(t, relay.WorkerOptions{Outbox: o,
			Send: func(ctx context.Context, m *relay.Mail) relay.Report {
				mu.Lock()
				defer mu.Unlock()
				r := answering(always(reply))(ctx, m)
				if reply == busy {
					r.Err = refused
				}
				return r
			},
			Alarm: func(a relay.Alarm) {
				told = append(told, fmt.Sprintf("%s %d %v", time.Since(begun), a.Entries, a.Err))
			},
		})()
		pass(100 * time.Minute)
		mu.Lock()
		reply = ok
		mu.Unlock()
		pass(time.Hour)
		o.set(func() { o.blind = errors.New("no such table") })
		pass(20 * time.Minute)
		o.set(func() { o.blind = nil })
		pass(2 * time.Minute)
		want := []string{
			"16m0s 2 connection refused", "1h16m0s 2 connection refused", "1h54m0s 0 <nil>",
			"2h55m0s 0 no such table", "3h1m0s 0 <nil>",
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}
