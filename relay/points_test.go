package relay_test

import (
	"context"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/relay"
)

// point is what a test has for the fault points; nil is nothing.
var point atomic.Pointer[func(string)]

func TestMain(m *testing.M) {
	ordinary := fault.Point
	fault.Point = func(name string) {
		if f := point.Load(); f != nil {
			(*f)(name)
		}
		ordinary(name)
	}
	os.Exit(m.Run())
}

// The points lie where a kill makes a difference: the server has no complete message
// before relay.dot is passed, all of it and no verdict given at relay.sent, and the
// outbox knows of the delivery only at relay.finished.
func TestFaultPoints(t *testing.T) {
	received, passed := make(chan struct{}), make(chan struct{})
	s := serve(t, "unix", nil, func(line string) string {
		if line == "." {
			close(received)
			<-passed
		}
		return polite()(line)
	})
	o := newOutbox()
	k := o.add(relay.Entry{ID: "E1", Recipients: to("bob@example.net")})
	var names []string
	done := make(chan struct{})
	f := func(name string) {
		names = append(names, name)
		s.mu.Lock()
		sessions, data := len(s.sessions), false
		for _, session := range s.sessions {
			data = data || session.data != nil
		}
		s.mu.Unlock()
		finished := false
		o.set(func() { finished = k.done })
		switch name {
		case "relay.connect":
			if sessions != 0 {
				t.Error("connected before", name)
			}
		case "relay.mail", "relay.dot":
			if data {
				t.Error("the server has the content before", name)
			}
		case "relay.sent":
			<-received // the whole content is there, and the verdict is held back
			close(passed)
		case "relay.accepted":
			if finished {
				t.Error("finished before", name)
			}
		case "relay.finished":
			if !finished {
				t.Error("not finished at", name)
			}
			close(done)
		}
	}
	point.Store(&f)
	defer point.Store(nil)
	stop := run(t, relay.WorkerOptions{Outbox: o, Send: s.client(t).Send})
	<-done
	stop()
	if diff := cmp.Diff([]string{"relay.connect", "relay.mail", "relay.dot", "relay.sent", "relay.accepted", "relay.finished"}, names); diff != "" {
		t.Error(diff)
	}
}

// A connection lost between the final dot and its reply: the message is sent again,
// with the same Message-ID and the next number.
func TestAnUnknownOutcomeIsSentAgain(t *testing.T) {
	verdicts := make(chan string, 2)
	verdicts <- ""
	verdicts <- "250 2.0.0 Ok: queued as B2"
	s := serve(t, "unix", nil, func(line string) string {
		if line == "." {
			return <-verdicts
		}
		return polite()(line)
	})
	c := s.client(t)
	var attempts []relay.Settlement
	o := newOutbox()
	for n := 1; n <= 2; n++ {
		report := c.Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Release: "E1", Attempt: n,
			Content: contentOf(o, relay.Entry{ID: "E1"})})
		attempts = append(attempts, relay.Settlement{Report: report})
	}
	if !attempts[0].Unknown || attempts[0].Results[0].Status != relay.Retry || attempts[1].Unknown || attempts[1].QueueID != "B2" {
		t.Errorf("%+v", attempts)
	}
	first, second := string(s.sessions[0].data), string(s.sessions[1].data)
	if !strings.HasPrefix(first, "X-Postern-Release: E1; attempt=1\r\n") || strings.Replace(first, "attempt=1", "attempt=2", 1) != second {
		t.Errorf("%q, then %q", first, second)
	}
}

func contentOf(o *outbox, e relay.Entry) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return o.Content(ctx, e) }
}
