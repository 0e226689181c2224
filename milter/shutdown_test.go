package milter_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
)

// shutdown shuts down in the background.
func shutdown(s *server, limit time.Duration) <-chan error {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		done <- s.Shutdown(ctx)
	}()
	return done
}

// refused waits until the server takes no connections any more.
func refused(t *testing.T, s *server) {
	t.Helper()
	for {
		conn, err := net.Dial(s.network, s.addr)
		if err != nil {
			return
		}
		conn.Close()
	}
}

func TestShutdownFinishesMessagesInHand(t *testing.T) {
	judging, judge := make(chan struct{}), make(chan struct{})
	filter := newFilter(func(context.Context, *message.Message) actions.Outcome {
		close(judging)
		<-judge
		return actions.Outcome{Verdict: actions.Deliver}
	})
	s := start(t, milter.Config{Filter: filter, DrainIdle: time.Millisecond})
	c := s.session(t)
	envelope(t, c) // in hand from MAIL on
	idle := s.session(t)

	done := shutdown(s, time.Minute)
	refused(t, s)
	closed(t, idle.Conn)

	outcome := make(chan miltertest.Result, 1)
	go func() { outcome <- content(t, c, "Body\r\n") }()
	<-judging
	select {
	case err := <-done:
		t.Fatalf("shut down with a message in hand: %v", err)
	default:
	}
	close(judge)
	if r := <-outcome; r.Verdict.Command != 'c' {
		t.Errorf("outcome %+v", r)
	}
	closed(t, c.Conn) // idle now
	must(t, <-done)
}

// A session between two messages may send the next one: it is given time.
func TestShutdownLeavesFreshSessionsAlone(t *testing.T) {
	s := start(t, milter.Config{DrainIdle: time.Hour})
	c := s.session(t)
	done := shutdown(s, time.Minute)
	refused(t, s)
	for range 3 {
		envelope(t, c)
		if r := content(t, c, "Body\r\n"); r.Verdict.Command != 'c' {
			t.Errorf("outcome %+v", r)
		}
		must(t, c.Abort())
		<-time.After(150 * time.Millisecond) // several looks at who is idle
	}
	must(t, c.Quit())
	must(t, <-done)
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	s := start(t, milter.Config{})
	c := s.session(t)
	envelope(t, c)
	if err := <-shutdown(s, 20*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	closed(t, c.Conn)
	if err := s.Server.Serve(closedListener{}); err != nil {
		t.Errorf("serving after the end: %v", err)
	}
}

type closedListener struct{}

func (closedListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (closedListener) Close() error              { return nil }
func (closedListener) Addr() net.Addr            { return &net.UnixAddr{} }

// Sessions that come and go while the server shuts down get no refusal: what
// was accepted is served to its end.
func TestShutdownUnderLoad(t *testing.T) {
	s := start(t, milter.Config{DrainIdle: 200 * time.Millisecond})
	began := make(chan struct{}, 100)
	results := make(chan error, 8)
	for range 8 {
		go func() {
			for {
				conn, err := net.Dial(s.network, s.addr)
				if err != nil { // the server is gone
					results <- nil
					return
				}
				if err := shortSession(conn); err != nil {
					results <- err
					return
				}
				select {
				case began <- struct{}{}:
				default:
				}
			}
		}()
	}
	for range 50 {
		<-began
	}
	must(t, <-shutdown(s, time.Minute))
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// shortSession sends two messages. A connection that ends before the
// negotiation was never served.
func shortSession(conn net.Conn) error {
	defer conn.Close()
	c := miltertest.New(conn)
	if err := c.Negotiate(6, 0x1ff, 0x1fffff); err != nil {
		return nil
	}
	c.Command('C', []byte("a\x00U"))
	for range 2 {
		if f, err := c.Mail("<a@example.com>"); err != nil || f.Command != 'c' {
			return errors.Join(errors.New("MAIL"), err)
		}
		if f, err := c.Rcpt("<b@example.net>"); err != nil || f.Command != 'c' {
			return errors.Join(errors.New("RCPT"), err)
		}
		c.Header("Subject", " x")
		c.EndOfHeader()
		c.Body([]byte("Body\r\n"))
		if r, err := c.EndOfMessage(); err != nil || r.Verdict.Command != 'c' {
			return errors.Join(errors.New("end of message"), err)
		}
		c.Abort()
	}
	return c.Quit()
}
