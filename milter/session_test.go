package milter_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
)

func TestNegotiationAsksForNoMoreThanIsOffered(t *testing.T) {
	s := start(t, milter.Config{})
	for _, tt := range []struct {
		name                       string
		version, actions, protocol uint32
		wantVersion, wantActions   uint32
		wantProtocol               uint32
		macros                     bool
	}{
		{"Postfix", 6, 0x1ff, 0x1fffff, 6, 0x19f, 0x1f3180, true},
		{"newer than we are", 7, 0xffffffff, 0xffffffff, 6, 0x19f, 0x1f3180, true},
		{"few actions", 6, 0x01, 0x1fffff, 6, 0x01, 0x1f3180, false},
		{"old", 2, 0x3f, 0x7f, 2, 0x1f, 0, false},
		{"nothing", 6, 0, 0, 6, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := miltertest.New(s.dial(t))
			must(t, c.Negotiate(tt.version, tt.actions, tt.protocol))
			got := fmt.Sprintf("%d %#x %#x", c.Version, c.Actions, c.Protocol)
			if want := fmt.Sprintf("%d %#x %#x", tt.wantVersion, tt.wantActions, tt.wantProtocol); got != want {
				t.Errorf("agreed on %s, want %s", got, want)
			}
			if tt.macros != (len(c.MacroLists) > 0) {
				t.Errorf("macro lists: %v", c.MacroLists)
			}
			if tt.macros && (!strings.Contains(c.MacroLists[2], "{auth_authen}") || !strings.Contains(c.MacroLists[3], "{rcpt_addr}")) {
				t.Errorf("macros wanting in %v", c.MacroLists)
			}
			for _, l := range c.MacroLists {
				if strings.Contains(l, "auth_author") {
					t.Error("{auth_author} is what the client says, and asked for")
				}
			}
		})
	}
}

// Whatever is offered, a message is seen and edited alike.
func TestEveryOfferServes(t *testing.T) {
	filter := deliver(
		actions.Modification{Kind: actions.AddHeader, Name: "X-A", Value: "one\r\n two"},
		actions.Modification{Kind: actions.AddRecipient, Address: "c@example.org"},
	)
	s := start(t, milter.Config{Filter: filter})
	for _, tt := range []struct {
		name     string
		version  uint32
		protocol uint32
		value    string
	}{
		{"all no-reply flags", 6, 0x1fffff, " one\n two"},
		{"no flags", 6, 0, "one\n two"},
		{"no-reply for header fields alone", 6, 0x80, "one\n two"},
		{"leading blanks alone", 6, 0x100000, " one\n two"},
		{"version 2", 2, 0x7f, "one\n two"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := miltertest.New(s.dial(t))
			must(t, c.Negotiate(tt.version, 0x3f, tt.protocol))
			accepted(t)(c.Connect("client.example", netip.MustParseAddrPort("192.0.2.1:1")))
			accepted(t)(c.Helo("x"))
			envelope(t, c)
			r := content(t, c, "Body\r\n")
			if len(r.Edits) != 2 || r.Verdict.Command != 'c' {
				t.Fatalf("outcome %+v", r)
			}
			if diff := cmp.Diff([]string{"X-A", tt.value}, r.Edits[0].Strings(0)); diff != "" {
				t.Error(diff)
			}
			must(t, c.Quit())
		})
	}
}

func TestEnvelope(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	c := s.session(t)
	must(t, c.Macros('M', "{auth_type}", "PLAIN", "{auth_authen}", "alice", "{auth_author}", "mallory"))
	accepted(t)(c.Mail("<a@example.com>", "SIZE=100", "SMTPUTF8"))
	must(t, c.Macros('R', "{rcpt_addr}", "b@example.net"))
	accepted(t)(c.Rcpt("<@relay.example:B@Example.NET>", "NOTIFY=NEVER"))
	accepted(t)(c.Rcpt("<c@example.net>")) // without macros of its own
	content(t, c, "Body\r\n")

	got := filter.last(t)
	var recipients []string
	for _, r := range got.Recipients {
		recipients = append(recipients, r.Raw+" "+r.Path.String()+" "+strings.Join(r.Args, ","))
	}
	if diff := cmp.Diff([]string{"<@relay.example:B@Example.NET> b@example.net NOTIFY=NEVER", "<c@example.net> c@example.net "}, recipients); diff != "" {
		t.Error(diff)
	}
	summary := fmt.Sprintln(got.ReversePath.String(), got.MailArgs, got.ClientAddr, got.ClientName, got.HELO, got.TLSVersion,
		got.Authenticated, got.Listener, got.QueueID, got.Hostname, got.Simulated)
	want := fmt.Sprintln("a@example.com", []string{"SIZE=100", "SMTPUTF8"}, netip.MustParseAddr("192.0.2.1"), "client.example", "helo.example", "TLSv1.3",
		"alice", "MX", "4Queue", "mx.example.com", false)
	if summary != want {
		t.Errorf("envelope\n%s, want\n%s", summary, want)
	}
}

// What the MTA said by macros is kept with the message: the latest of each name,
// nothing that is of one recipient, and nothing without bounds.
func TestMacrosAreKept(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	c := s.client(t)
	must(t, c.Macros('C', "j", "mx.example.com", "{daemon_name}", "MX"))
	accepted(t)(c.Connect("client.example", netip.MustParseAddrPort("192.0.2.1:1")))
	must(t, c.Macros('M', "i", "4Early", "{auth_author}", strings.Repeat("x", 1025)))
	accepted(t)(c.Mail("<a@example.com>"))
	must(t, c.Macros('R', "{rcpt_addr}", "b@example.net"))
	accepted(t)(c.Rcpt("<b@example.net>"))
	content(t, c, "Body\r\n")
	if diff := cmp.Diff(map[string]string{"j": "mx.example.com", "daemon_name": "MX", "i": "4Queue"}, filter.last(t).Macros); diff != "" {
		t.Error(diff)
	}
	// Many macros do not grow the next message, and those of this one are gone.
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprint("{x", i, "}"), "v")
	}
	must(t, c.Macros('M', many...))
	accepted(t)(c.Mail("<a@example.com>"))
	accepted(t)(c.Rcpt("<b@example.net>"))
	content(t, c, "Body\r\n")
	if got := filter.last(t).Macros; len(got) != 64 || got["i"] != "4Queue" {
		t.Errorf("%d macros, i=%q", len(got), got["i"])
	}
}

// A login belongs to the message for which the MTA named it.
func TestMacrosOfOneMessageDoNotReachTheNext(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	for _, abort := range []bool{true, false} { // Sendmail sends no ABORT
		c := s.session(t)
		must(t, c.Macros('M', "i", "4First", "{auth_authen}", "alice"))
		accepted(t)(c.Mail("<a@example.com>", "SIZE=1"))
		accepted(t)(c.Rcpt("<b@example.net>"))
		content(t, c, "Body\r\n")
		if got := filter.last(t); got.Authenticated != "alice" {
			t.Fatalf("authenticated as %q", got.Authenticated)
		}
		if abort {
			must(t, c.Abort())
		}
		accepted(t)(c.Mail("<c@example.com>")) // no macros at all
		accepted(t)(c.Rcpt("<d@example.net>"))
		accepted(t)(c.EndOfHeader())
		if _, err := c.EndOfMessage(); err != nil {
			t.Fatal(err)
		}
		got := filter.last(t)
		if got.Authenticated != "" || got.QueueID != "" || len(got.MailArgs) != 0 || len(got.Recipients) != 1 {
			t.Errorf("abort %v: the second message has %+v", abort, got)
		}
		if got.HELO != "helo.example" || got.Listener != "MX" || !got.ClientAddr.IsValid() {
			t.Errorf("abort %v: the connection was forgotten: %+v", abort, got)
		}
	}
}

func TestSimulatedClient(t *testing.T) {
	for _, tt := range []struct {
		name, client, addr, helo, id string
		want                         bool
	}{
		{"Postfix's sendmail", "localhost", "127.0.0.1:0", "localhost", "4Q", true},
		{"queue identifier at MAIL", "localhost", "127.0.0.1:5000", "localhost", "4Q", true},
		{"a program that speaks SMTP", "localhost", "127.0.0.1:5000", "localhost", "", false},
		{"another name", "localhost", "127.0.0.1:5000", "app.example", "4Q", false},
		{"another address", "localhost", "192.0.2.1:0", "localhost", "4Q", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			filter := newFilter(func(context.Context, *message.Message) actions.Outcome {
				return actions.Outcome{Verdict: actions.Block, Reply: actions.NewReply(550, "5.7.1", "one", "two")}
			})
			s := start(t, milter.Config{Filter: filter})
			c := s.client(t)
			accepted(t)(c.Connect(tt.client, netip.MustParseAddrPort(tt.addr)))
			accepted(t)(c.Helo(tt.helo))
			must(t, c.Macros('M', "i", tt.id))
			accepted(t)(c.Mail("")) // the null path, as it comes there
			accepted(t)(c.Rcpt("b@example.net"))
			r := content(t, c, "Body\r\n")
			got := filter.last(t)
			if got.Simulated != tt.want || !got.ReversePath.IsNull() {
				t.Errorf("simulated %v, reverse-path %q", got.Simulated, got.ReversePath)
			}
			if lines := miltertest.ReplyText(r.Verdict); (len(lines) == 1) != tt.want {
				t.Errorf("reply %q", lines)
			}
		})
	}
}

func TestClientAddress(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	for _, tt := range []struct{ name, payload, macro, want string }{
		{"IPv4", "a\x004\x00\x07192.0.2.1\x00", "", "192.0.2.1"},
		{"IPv6", "a\x006\x00\x072001:db8::1\x00", "", "2001:db8::1"},
		{"IPv6 with a tag", "a\x006\x00\x07IPv6:2001:db8::1\x00", "", "2001:db8::1"},
		{"mapped", "a\x006\x00\x07::ffff:192.0.2.1\x00", "", "192.0.2.1"},
		{"unknown", "a\x00U", "", "invalid IP"},
		{"UNIX socket", "a\x00L\x00\x00/run/x\x00", "", "invalid IP"},
		{"by macro", "a\x00U", "192.0.2.9", "192.0.2.9"},
		{"by macro with a tag", "a\x00U", "IPv6:2001:db8::9", "2001:db8::9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s.client(t)
			must(t, c.Macros('C', "{client_addr}", tt.macro))
			accepted(t)(c.Command('C', []byte(tt.payload)))
			envelope(t, c)
			content(t, c, "")
			if got := filter.last(t).ClientAddr.String(); got != tt.want {
				t.Errorf("address %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOutcomesOnTheWire(t *testing.T) {
	reply := func(v actions.Verdict, code int, enhanced string, lines ...string) actions.Outcome {
		return actions.Outcome{Verdict: v, Reply: actions.Reply{Code: code, Enhanced: enhanced, Lines: lines}}
	}
	mods := func(m ...actions.Modification) actions.Outcome {
		return actions.Outcome{Verdict: actions.Deliver, Modifications: m}
	}
	for _, tt := range []struct {
		name string
		out  actions.Outcome
		want string // frames, parted by " ; "
	}{
		{"deliver", mods(), `c`},
		{"block", reply(actions.Block, 550, "5.7.1", "a 100%", "b"), `y"550-5.7.1 a 100%%\r\n550 5.7.1 b\x00"`},
		{"block without a reply", actions.Outcome{Verdict: actions.Block}, `y"550 5.7.1 Refused by policy\x00"`},
		{"block with a code of the wrong class", reply(actions.Block, 451, "4.7.1", "a"), `y"550 5.7.1 a\x00"`},
		{"defer", reply(actions.Defer, 451, "4.7.1", "a"), `y"451 4.7.1 a\x00"`},
		{"defer with a code of the wrong class", reply(actions.Defer, 550, "5.7.1", "a"), `y"451 4.7.1 a\x00"`},
		{"a reply that holds lines", reply(actions.Block, 550, "5.7.1", "a\r\n250 b\x00c"), `y"550-5.7.1 a\r\n550 5.7.1 250 bc\x00"`},
		{"no verdict", actions.Outcome{}, `y"451 4.3.0 Mail policy check failed, try again later\x00"`},
		{"change", mods(actions.Modification{Kind: actions.ChangeHeader, Name: "Subject", Index: 1, Value: "x"}), `m"\x00\x00\x00\x01Subject\x00 x\x00" ; c`},
		{"change to nothing", mods(actions.Modification{Kind: actions.ChangeHeader, Name: "Subject", Index: 1}), `m"\x00\x00\x00\x01Subject\x00 \x00" ; c`},
		{"delete", mods(actions.Modification{Kind: actions.DeleteHeader, Name: "Subject", Index: 2}), `m"\x00\x00\x00\x02Subject\x00\x00" ; c`},
		{"insert", mods(actions.Modification{Kind: actions.InsertHeader, Name: "X", Value: "y"}), `i"\x00\x00\x00\x00X\x00 y\x00" ; c`},
		{"a value that breaks out", mods(actions.Modification{Kind: actions.AddHeader, Name: "X", Value: "a\r\nBcc: b\nc\rd\x00e\r\n\tf\n"}), `h"X\x00 aBcc: bcde\n\tf\x00" ; c`},
		{"a name that breaks out", mods(actions.Modification{Kind: actions.AddHeader, Name: "X: y\r\nBcc", Value: "a"}), `y"451 4.3.0 Mail policy check failed, try again later\x00"`},
		{"recipients", mods(
			actions.Modification{Kind: actions.AddRecipient, Address: "a@example.org"},
			actions.Modification{Kind: actions.AddRecipient, Address: "<b@example.org>", Args: []string{"NOTIFY=NEVER", "ORCPT=rfc822;x"}},
			actions.Modification{Kind: actions.DeleteRecipient, Address: "<@r:b@example.net>"}),
			`+"<a@example.org>\x00" ; 2"<b@example.org>\x00NOTIFY=NEVER ORCPT=rfc822;x\x00" ; -"<@r:b@example.net>\x00" ; c`},
		{"a body", mods(
			actions.Modification{Kind: actions.AddHeader, Name: "X", Value: "y"},
			actions.Modification{Kind: actions.ReplaceBody, Body: []byte("new\r\n")}),
			`h"X\x00 y\x00" ; b"new\r\n" ; c`},
		{"an empty body", mods(actions.Modification{Kind: actions.ReplaceBody}), `b ; c`},
		{"a body twice", mods(actions.Modification{Kind: actions.ReplaceBody}, actions.Modification{Kind: actions.ReplaceBody}),
			`y"451 4.3.0 Mail policy check failed, try again later\x00"`},
		{"a body and an address that breaks out", mods(
			actions.Modification{Kind: actions.ReplaceBody, Body: []byte("new\r\n")},
			actions.Modification{Kind: actions.AddRecipient, Address: "a@example.org\x00b"}),
			`y"451 4.3.0 Mail policy check failed, try again later\x00"`},
		{"an address that breaks out", mods(
			actions.Modification{Kind: actions.AddHeader, Name: "X", Value: "y"},
			actions.Modification{Kind: actions.AddRecipient, Address: "a@example.org\x00b"}),
			`y"451 4.3.0 Mail policy check failed, try again later\x00"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			filter := newFilter(func(context.Context, *message.Message) actions.Outcome { return tt.out })
			s := start(t, milter.Config{Filter: filter})
			c := s.session(t)
			envelope(t, c)
			r := content(t, c, "Body\r\n")
			var frames []string
			for _, f := range append(r.Edits, r.Verdict) {
				s := string(f.Command)
				if len(f.Payload) > 0 {
					s += fmt.Sprintf("%q", f.Payload)
				}
				frames = append(frames, s)
			}
			if got := strings.Join(frames, " ; "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// An MTA that lets us change nothing gets no mail through with half its edits.
func TestEditsThatTheMTADoesNotTake(t *testing.T) {
	for _, accept := range []bool{false, true} {
		filter := deliver(
			actions.Modification{Kind: actions.AddHeader, Name: "X", Value: "y"},
			actions.Modification{Kind: actions.AddRecipient, Address: "a@example.org"})
		s := start(t, milter.Config{Filter: filter, AcceptOnError: accept})
		c := miltertest.New(s.dial(t))
		must(t, c.Negotiate(6, 0x01, 0x1fffff))
		accepted(t)(c.Connect("a", netip.MustParseAddrPort("192.0.2.1:1")))
		envelope(t, c)
		r := content(t, c, "")
		if want := map[bool]byte{false: 'y', true: 'c'}[accept]; len(r.Edits) != 0 || r.Verdict.Command != want {
			t.Errorf("accept %v: outcome %+v", accept, r)
		}
	}
}

// A body that the MTA does not let us replace keeps the message back, whatever becomes
// of errors: what a rule takes out of it must not pass.
func TestABodyThatTheMTADoesNotTake(t *testing.T) {
	for _, accept := range []bool{false, true} {
		filter := deliver(actions.Modification{Kind: actions.ReplaceBody, Body: []byte("new\r\n")})
		s := start(t, milter.Config{Filter: filter, AcceptOnError: accept})
		c := miltertest.New(s.dial(t))
		must(t, c.Negotiate(6, 0x1fd, 0x1fffff))
		accepted(t)(c.Connect("a", netip.MustParseAddrPort("192.0.2.1:1")))
		envelope(t, c)
		if r := content(t, c, ""); len(r.Edits) != 0 || r.Verdict.Command != 'y' {
			t.Errorf("accept %v: outcome %+v", accept, r)
		}
	}
}

// A new body goes over the wire whole and in order, in pieces of a size that every
// MTA takes, with nothing between them.
func TestALongBody(t *testing.T) {
	for _, line := range []int{70, 1000, 200_000} {
		body := []byte(strings.Repeat(strings.Repeat("x", line)+"\r\n", 1+500_000/line))
		filter := deliver(
			actions.Modification{Kind: actions.AddHeader, Name: "X", Value: "y"},
			actions.Modification{Kind: actions.ReplaceBody, Body: body})
		c := start(t, milter.Config{Filter: filter}).session(t)
		for range 2 {
			envelope(t, c)
			r := content(t, c, "Body\r\n")
			if r.Edits[0].Command != 'h' || r.Verdict.Command != 'c' {
				t.Fatalf("first %c, at last %c", r.Edits[0].Command, r.Verdict.Command)
			}
			var got []byte
			for _, f := range r.Edits[1:] {
				if f.Command != 'b' || len(f.Payload) > 65535 {
					t.Fatalf("frame %c of %d octets", f.Command, len(f.Payload))
				}
				got = append(got, f.Payload...)
			}
			if !bytes.Equal(got, body) {
				t.Errorf("lines of %d: %d octets, want %d, or others", line, len(got), len(body))
			}
		}
	}
}

func TestUnknownCommandsAreAnsweredWhereAsked(t *testing.T) {
	s := start(t, milter.Config{})
	c := miltertest.New(s.dial(t))
	must(t, c.Negotiate(6, 0x1ff, 0))
	accepted(t)(c.Command('U', []byte("XYZZY\x00")))
	accepted(t)(c.Connect("a", netip.MustParseAddrPort("192.0.2.1:1")))
	accepted(t)(c.Command('U', []byte("XYZZY\x00")))
	envelope(t, c)
	accepted(t)(c.Data())
}

// A connection that is handed on begins anew.
func TestQuitNewConnection(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	c := s.session(t)
	envelope(t, c)
	must(t, c.Send('K', nil))
	accepted(t)(c.Connect("other.example", netip.MustParseAddrPort("198.51.100.1:1")))
	accepted(t)(c.Mail("<x@example.com>"))
	accepted(t)(c.Rcpt("<y@example.net>"))
	content(t, c, "")
	got := filter.last(t)
	if got.ClientName != "other.example" || got.HELO != "" || got.Listener != "" || len(got.Recipients) != 1 {
		t.Errorf("envelope %+v", got)
	}
}

func TestDoneIsToldOnceTheVerdictIsWritten(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	c := s.session(t)
	for range 3 {
		envelope(t, c)
		content(t, c, "Body\r\n")
		<-filter.wake
	}
	for _, err := range filter.done {
		if err != nil {
			t.Error(err)
		}
	}
}

// The MTA goes away while its message is judged.
func TestDoneIsToldOfALostConnection(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	filter := newFilter(func(ctx context.Context, _ *message.Message) actions.Outcome {
		close(arrived)
		<-ctx.Done() // ends since nobody waits any more
		<-leave
		return actions.Outcome{Verdict: actions.Deliver}
	})
	s := start(t, milter.Config{Filter: filter, Progress: time.Millisecond})
	c := s.session(t)
	envelope(t, c)
	must(t, c.Send('E', nil))
	must(t, c.Flush())
	<-arrived
	must(t, c.Conn.Close())
	close(leave)
	<-filter.wake
	if filter.done[0] == nil {
		t.Error("the verdict counts as written")
	}
}

// A reverse-path that a client writes without a domain is the address that the
// MTA makes of it; no other is changed, and none is taken from another message.
func TestTheReversePathAsTheMTAReadsIt(t *testing.T) {
	for _, tt := range []struct{ raw, macro, want string }{
		{"<anna@example.com>", "anna@example.com", "anna@example.com"},
		{"<anna>", "anna@mail.example.com", "anna@mail.example.com"},
		{"anna", "anna@mail.example.com", "anna@mail.example.com"},
		{"<anna@>", "anna@mail.example.com", "anna@mail.example.com"},
		{"<Anna@example.com>", "anna@example.com", "Anna@example.com"},
		{"<anna%example.org@example.com>", "anna@example.org", "anna%example.org@example.com"},
		{"<anna>", "anna", "anna"}, // Sendmail, for people of its own
		{"<>", "", ""},
		{"", "root@example.com", ""},
	} {
		filter := deliver()
		s := start(t, milter.Config{Filter: filter})
		c := s.session(t)
		must(t, c.Macros('M', "{mail_addr}", "old@example.com"))
		accepted(t)(c.Mail("<old>"))
		must(t, c.Abort())
		must(t, c.Macros('M', "{mail_addr}", tt.macro))
		accepted(t)(c.Mail(tt.raw))
		accepted(t)(c.Rcpt("<b@example.net>"))
		content(t, c, "")
		if got := filter.seen[0].ReversePath.String(); got != tt.want {
			t.Errorf("MAIL FROM:%s with {mail_addr} %q is %q, want %q", tt.raw, tt.macro, got, tt.want)
		}
		must(t, c.Abort())
		// The next message has no macros of its own.
		accepted(t)(c.Mail("<bob>"))
		accepted(t)(c.Rcpt("<b@example.net>"))
		content(t, c, "")
		if got := filter.seen[1].ReversePath.String(); got != "bob" {
			t.Errorf("behind %s, MAIL FROM:<bob> is %q", tt.raw, got)
		}
	}
}
