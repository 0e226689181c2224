package milter_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
)

const failed = "451 4.3.0 Mail policy check failed, try again later"

func replyOf(r miltertest.Result) string {
	if r.Verdict.Command == 'c' {
		return "continue"
	}
	return strings.Join(miltertest.ReplyText(r.Verdict), "|")
}

// What cannot be judged is put off, or passes where the administrator chose so.
// The connection serves the next message in any case.
func TestFailures(t *testing.T) {
	wait := func(ctx context.Context, _ *message.Message) actions.Outcome {
		<-ctx.Done()
		return actions.Outcome{Verdict: actions.Block}
	}
	for _, tt := range []struct {
		name   string
		cfg    milter.Config
		judge  func(context.Context, *message.Message) actions.Outcome
		body   string
		want   string
		accept string
	}{
		{"panic", milter.Config{}, func(context.Context, *message.Message) actions.Outcome { panic("x") }, "", failed, "continue"},
		{"the decision time ends", milter.Config{DecisionTime: time.Millisecond}, wait, "", "550 5.7.1 Refused by policy", "550 5.7.1 Refused by policy"},
		{"too large", milter.Config{MessageSize: 1000}, nil, strings.Repeat("x", 1001), "552 5.3.4 Message too large for the mail policy check", "552 5.3.4 Message too large for the mail policy check"},
		{"too large in many chunks", milter.Config{MessageSize: 100_000}, nil, strings.Repeat("x", 300_000), "552 5.3.4 Message too large for the mail policy check", "552 5.3.4 Message too large for the mail policy check"},
		{"no verdict", milter.Config{}, func(context.Context, *message.Message) actions.Outcome { return actions.Outcome{} }, "", failed, "continue"},
	} {
		for _, accept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, accept %v", tt.name, accept), func(t *testing.T) {
				cfg := tt.cfg
				cfg.AcceptOnError = accept
				first := true
				cfg.Filter = newFilter(func(ctx context.Context, m *message.Message) actions.Outcome {
					if first && tt.judge != nil {
						first = false
						return tt.judge(ctx, m)
					}
					return actions.Outcome{Verdict: actions.Deliver}
				})
				c := start(t, cfg).session(t)
				envelope(t, c)
				want := tt.want
				if accept {
					want = tt.accept
				}
				if got := replyOf(content(t, c, tt.body)); got != want {
					t.Errorf("reply %s, want %s", got, want)
				}
				must(t, c.Abort())
				envelope(t, c)
				if got := replyOf(content(t, c, "")); got != "continue" {
					t.Errorf("the next message got %s", got)
				}
			})
		}
	}
}

// A filter that never answers does not keep the MTA.
func TestAFilterThatDoesNotAnswer(t *testing.T) {
	release := make(chan struct{})
	filter := newFilter(func(context.Context, *message.Message) actions.Outcome {
		<-release
		return actions.Outcome{Verdict: actions.Deliver}
	})
	s := start(t, milter.Config{Filter: filter, DecisionTime: time.Millisecond, Grace: time.Millisecond})
	c := s.session(t)
	envelope(t, c)
	if got := replyOf(content(t, c, "Body\r\n")); got != failed {
		t.Errorf("reply %s", got)
	}
	must(t, c.Abort())
	accepted(t)(c.Mail("<a@example.com>")) // the connection is free
	close(release)
	<-filter.wake
	if filter.done[0] == nil {
		t.Error("the late verdict counts as written")
	}
}

// Mail without room is put off whatever becomes of errors: filling the room must
// open no way past the filter.
func TestNoRoomForMessages(t *testing.T) {
	for _, accept := range []bool{false, true} {
		// No memory, and a directory in which no file can be made.
		s := start(t, milter.Config{Budget: message.NewBudget(0, "/dev/null/none"), AcceptOnError: accept})
		c := s.session(t)
		f, err := c.Mail("<a@example.com>")
		must(t, err)
		if got := replyOf(miltertest.Result{Verdict: f}); !strings.HasPrefix(got, "451 4.3.2 ") {
			t.Errorf("accept %v, MAIL: %s", accept, got)
		}
	}
}

// What stands behind MAIL decides who the sender is, so it is not guessed.
func TestAReversePathThatIsNotUnderstood(t *testing.T) {
	s := start(t, milter.Config{})
	c := s.session(t)
	accepted(t)(c.Mail("<@example.com>"))
	accepted(t)(c.Rcpt("<b@example.net>"))
	if got := replyOf(content(t, c, "Body\r\n")); got != failed {
		t.Errorf("reply %s", got)
	}
	must(t, c.Abort())
	envelope(t, c)
	if got := replyOf(content(t, c, "Body\r\n")); got != "continue" {
		t.Errorf("the next message got %s", got)
	}
}

// A header section or recipient list beyond all measure is refused, not held.
func TestBoundsOfWhatIsHeld(t *testing.T) {
	s := start(t, milter.Config{})
	c := s.session(t)
	envelope(t, c)
	value := strings.Repeat("x", 60_000)
	for range 60 {
		accepted(t)(c.Header("X-Long", value))
	}
	r, err := c.EndOfMessage()
	must(t, err)
	if got := replyOf(r); !strings.HasPrefix(got, "552 5.3.4 ") {
		t.Errorf("header section of 3.6 MB: %s", got)
	}

	accepted(t)(c.Mail("<a@example.com>"))
	long := "<" + strings.Repeat("x", 60_000) + "@example.net>"
	for n := range 100 {
		f, err := c.Rcpt(long)
		must(t, err)
		if f.Command == 'c' {
			continue
		}
		if got := replyOf(miltertest.Result{Verdict: f}); n < 10 || !strings.HasPrefix(got, "452 4.5.3 ") {
			t.Errorf("recipient %d: %s", n, got)
		}
		return
	}
	t.Error("6 MB of recipients were taken")
}

func TestProgressWhileJudging(t *testing.T) {
	filter := newFilter(func(ctx context.Context, _ *message.Message) actions.Outcome {
		<-ctx.Done()
		return actions.Outcome{Verdict: actions.Deliver, Modifications: []actions.Modification{
			{Kind: actions.AddHeader, Name: "X", Value: "y"}, {Kind: actions.AddHeader, Name: "X", Value: "z"}}}
	})
	s := start(t, milter.Config{Filter: filter, Progress: 5 * time.Millisecond, DecisionTime: 200 * time.Millisecond})
	c := s.session(t)
	envelope(t, c)
	r := content(t, c, "Body\r\n")
	if r.Progress == 0 || r.Late > 0 || len(r.Edits) != 2 || r.Verdict.Command != 'c' {
		t.Errorf("outcome %+v", r)
	}
}

// Frames that make no sense where they stand close the connection: the MTA then
// applies its default action, and no message passes unseen.
func TestFramesOutOfOrder(t *testing.T) {
	header := []byte("X\x00y\x00")
	for _, tt := range []struct {
		name   string
		begin  string // what is done before, as commands
		frame  byte
		detail []byte
	}{
		{"a second offer", "C", 'O', make([]byte, 12)},
		{"MAIL before the connection", "", 'M', []byte("<a>\x00")},
		{"a second connection", "C", 'C', []byte("a\x00U")},
		{"RCPT before MAIL", "C", 'R', []byte("<a>\x00")},
		{"DATA before RCPT", "CM", 'T', nil},
		{"header field before RCPT", "CM", 'L', header},
		{"end of message before RCPT", "CM", 'E', nil},
		{"body before MAIL", "C", 'B', []byte("x")},
		{"end of message before MAIL", "C", 'E', nil},
		{"header field behind the body", "CMRB", 'L', header},
		{"RCPT behind header fields", "CMRL", 'R', []byte("<a>\x00")},
		{"MAIL not closed", "C", 'M', []byte("<a>")},
		{"MAIL of nothing", "C", 'M', nil},
		{"MAIL with endless arguments", "C", 'M', []byte("<a>" + strings.Repeat("\x00x", 200) + "\x00")},
		{"header field without a value", "CMR", 'L', []byte("X\x00")},
		{"header field without a name", "CMR", 'L', []byte("\x00y\x00")},
		{"header field of three", "CMR", 'L', []byte("X\x00y\x00z\x00")},
		{"macros for nothing", "C", 'D', nil},
		{"macros for an unknown stage", "C", 'D', []byte("?a\x00b\x00")},
		{"odd macros", "C", 'D', []byte("Ma\x00b\x00c\x00")},
		{"open macros", "C", 'D', []byte("Ma\x00b")},
		{"connection without a family", "", 'C', []byte("a\x00")},
		{"connection of an odd family", "", 'C', []byte("a\x00X\x00")},
		{"connection without an address", "", 'C', []byte("a\x004\x00")},
		{"unknown command", "C", 'Z', nil},
		{"long command", "C", 'H', []byte(strings.Repeat("x", 65_537))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			filter := deliver()
			s := start(t, milter.Config{Filter: filter})
			c := s.client(t)
			for _, b := range tt.begin {
				switch b {
				case 'C':
					accepted(t)(c.Connect("a", netip.MustParseAddrPort("192.0.2.1:1")))
				case 'M':
					accepted(t)(c.Mail("<a@example.com>"))
				case 'R':
					accepted(t)(c.Rcpt("<b@example.net>"))
				case 'L':
					accepted(t)(c.Header("X", "y"))
				case 'B':
					accepted(t)(c.Body([]byte("x")))
				}
			}
			// Both may fail when the server is quick to close.
			_ = c.Send(tt.frame, tt.detail)
			_ = c.Flush()
			closed(t, c.Conn)
			if len(filter.seen) != 0 {
				t.Error("a message was judged")
			}
		})
	}
}
