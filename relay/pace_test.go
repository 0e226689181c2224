package relay_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/relay"
)

// Notices leave at the rate that is set and evenly, and the outbox is asked no more
// often than something can leave.
func TestNoticesLeaveAtTheirRate(t *testing.T) {
	for _, tt := range []struct{ rate, want float64 }{{0, 20}, {20, 20}, {5, 5}, {200, 200}} {
		t.Run(fmt.Sprint(tt.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOutbox()
				var sent atomic.Int64
				all := o.addNotices(2000)
				begun := time.Now()
				defer run(t, relay.WorkerOptions{Outbox: o, NoticeRate: tt.rate, Send: answering(func(*relay.Mail, string) relay.Reply {
					sent.Add(1)
					return ok
				})})()
				for second := 1; second <= 8; second++ {
					pass(time.Duration(second)*time.Second - time.Since(begun))
					if got, most := float64(sent.Load()), tt.want*float64(second)+1; got > most || got < most-2 {
						t.Fatalf("%.0f were sent in %d s, want some %.0f", got, second, most)
					}
				}
				o.set(func() {
					if most := int(2*8*tt.want) + 10; o.leases > most {
						t.Errorf("the outbox was asked %d times to send %d", o.leases, sent.Load())
					}
				})
				if first, last := all[0], all[int(8*tt.want)+3]; !first.done || last.done {
					t.Error("they do not leave in the order in which they became due")
				}
			})
		})
	}
}

// With 10,000 notices waiting, a message leaves at once.
func TestNoticesDoNotHoldUpMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		o.addNotices(10_000)
		defer run(t, relay.WorkerOptions{Outbox: o, Send: answering(always(ok))})()
		pass(5050 * time.Millisecond)
		for i := range 100 {
			k := o.add(relay.Entry{ID: fmt.Sprintf("M%d", i), Recipients: to("b")})
			synctest.Wait()
			if !k.done || k.at[0] != 0 {
				t.Fatalf("message %d: done %v, taken after %v", i, k.done, k.at)
			}
		}
	})
}

// Nor do notices whose sends hang.
func TestNoticesThatHangDoNotHoldUpMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, g := newOutbox(), &gate{open: make(chan struct{})}
		o.addNotices(10)
		defer run(t, relay.WorkerOptions{Outbox: o, Concurrency: 2, Send: func(ctx context.Context, m *relay.Mail) relay.Report {
			if m.Recipients[0].Address == "b" {
				return answering(always(ok))(ctx, m)
			}
			return g.send(ctx, m)
		}})()
		pass(time.Minute)
		k := o.add(relay.Entry{ID: "M", Recipients: to("b")})
		synctest.Wait()
		if !k.done || g.now != 2 {
			t.Errorf("done %v with %d notices in hand", k.done, g.now)
		}
		close(g.open)
	})
}

// A worker that stops does not wait for the rate, and gives back what it has taken.
func TestStopDoesNotWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		all := o.addNotices(10)
		stop := run(t, relay.WorkerOptions{Outbox: o, NoticeRate: 0.1, Send: answering(always(ok))})
		pass(time.Second)
		begun := time.Now()
		stop()
		if took := time.Since(begun); took != 0 {
			t.Errorf("it took %s", took)
		}
		for i, k := range all {
			if k.done != (i == 0) || !k.leased.IsZero() && !k.done {
				t.Errorf("%s: done %v, leased until %s", k.ID, k.done, k.leased)
			}
		}
	})
}
