package relay_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/relay"
)

func TestTheWholeTransaction(t *testing.T) {
	s := serve(t, "unix", nil, polite())
	report := s.client(t).Send(t.Context(), &relay.Mail{
		From:     "<ann@example.com>",
		MailArgs: []string{"SIZE=1", "BODY=7BIT", "RET=hdrs", "ENVID=Q+2B1", "AUTH=<x>"},
		Recipients: []relay.Recipient{
			{Index: 4, Address: "<bob@example.net>", Args: []string{"NOTIFY=failure,delay", "ORCPT=rfc822;Bob+2B@example.net"}},
			{Index: 7, Address: `"a b>"@example.net`, Args: []string{"NOTIFY=NEVER", "ORCPT=x400;no", "BY=5;R"}},
		},
		Received: "Received: by mail.example.com;\r\n\tSun, 22 Nov 2026 07:00:00 +0000\r\n",
		Release:  "E1", Attempt: 2,
		Content: text("Subject: x\r\n\r\n.a\r\nb\n"),
	})
	got := s.only(t)
	wire := "X-Postern-Release: E1; attempt=2\r\nReceived: by mail.example.com;\r\n\tSun, 22 Nov 2026 07:00:00 +0000\r\nSubject: x\r\n\r\n..a\r\nb\r\n.\r\n"
	if diff := cmp.Diff([]string{
		"EHLO postern.example.com",
		"MAIL FROM:<ann@example.com> BODY=8BITMIME SIZE=121 RET=HDRS ENVID=Q+2B1",
		"RCPT TO:<bob@example.net> NOTIFY=FAILURE,DELAY ORCPT=RFC822;Bob+2B@example.net",
		`RCPT TO:<"a b>"@example.net> NOTIFY=NEVER`,
		"DATA",
		"QUIT",
	}, got.commands); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wire, string(got.data)); diff != "" {
		t.Error(diff)
	}
	ok := relay.Reply{Code: 250, Enhanced: "2.0.0", Text: "Ok: queued as 4ABC12"}
	if diff := cmp.Diff(relay.Report{QueueID: "4ABC12", Results: []relay.Result{
		{Recipient: 4, Address: "<bob@example.net>", Status: relay.Delivered, Reply: ok},
		{Recipient: 7, Address: `"a b>"@example.net`, Status: relay.Delivered, Reply: ok},
	}}, report); diff != "" {
		t.Error(diff)
	}
}

// What each reply of the server means for two recipients, one after the other.
func TestResults(t *testing.T) {
	const bob, eve = "bob@example.net", "eve@example.net"
	for _, tt := range []struct {
		name    string
		answers []string
		want    string // status and reply of bob, then of eve
		err     string
		unknown bool
		data    bool
	}{
		{"all taken", nil, "delivered 250 2.0.0 Ok: queued as 4ABC12|delivered 250 2.0.0 Ok: queued as 4ABC12", "", false, true},
		{"one refused for good", []string{"RCPT TO:<bob", "550 5.1.1 unknown"}, "failed 550 5.1.1 unknown|delivered 250 2.0.0 Ok: queued as 4ABC12", "", false, true},
		{"one refused for now", []string{"RCPT TO:<eve", "450 4.2.1 busy"}, "delivered 250 2.0.0 Ok: queued as 4ABC12|retry 450 4.2.1 busy", "", false, true},
		{"both refused", []string{"RCPT TO:<bob", "550-5.1.1 a\r\n550 5.1.1 b", "RCPT TO:<eve", "450 4.2.1 busy"}, "failed 550 5.1.1 a b|retry 450 4.2.1 busy", "", false, false},
		{"sender refused for good", []string{"MAIL", "553 5.1.8 no"}, "failed 553 5.1.8 no|failed 553 5.1.8 no", "", false, false},
		{"sender refused for now", []string{"MAIL", "452 4.3.1 full"}, "retry 452 4.3.1 full|retry 452 4.3.1 full", "", false, false},
		{"we are not let in", []string{"MAIL", "530 5.7.0 log in"}, "retry 530 5.7.0 log in|retry 530 5.7.0 log in", "", false, false},
		{"DATA refused", []string{"DATA", "554 5.5.1 no"}, "failed 554 5.5.1 no|failed 554 5.5.1 no", "", false, false},
		{"content refused for good", []string{".", "554 5.7.1 virus"}, "failed 554 5.7.1 virus|failed 554 5.7.1 virus", "", false, true},
		{"content refused for now", []string{".", "451 4.7.1 later"}, "retry 451 4.7.1 later|retry 451 4.7.1 later", "", false, true},
		{"one refused, then the content", []string{"RCPT TO:<bob", "550 5.1.1 unknown", ".", "451 4.7.1 later"}, "failed 550 5.1.1 unknown|retry 451 4.7.1 later", "", false, true},
		{"greeting 554 is no verdict", []string{"CONNECT", "554 5.3.2 not today"}, "retry 554 5.3.2 not today|retry 554 5.3.2 not today", "EHLO", false, false},
		{"EHLO refused", []string{"EHLO", "550 5.7.1 no", "HELO", "550 5.7.1 no"}, "retry 550 5.7.1 no|retry 550 5.7.1 no", "EHLO", false, false},
		{"421 at MAIL", []string{"MAIL", "421 4.3.2 closing"}, "retry 421 4.3.2 closing|retry 421 4.3.2 closing", "421", false, false},
		{"421 at the second RCPT", []string{"RCPT TO:<eve", "421 4.3.2 closing"}, "retry 421 4.3.2 closing|retry 421 4.3.2 closing", "421", false, false},
		{"421 behind a refused RCPT", []string{"RCPT TO:<bob", "550 5.1.1 unknown", "RCPT TO:<eve", "421 4.3.2 closing"}, "failed 550 5.1.1 unknown|retry 421 4.3.2 closing", "421", false, false},
		{"421 to the final dot", []string{".", "421 4.3.2 closing"}, "retry 421 4.3.2 closing|retry 421 4.3.2 closing", "421", false, true},
		{"lost at MAIL", []string{"MAIL", ""}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "EOF", false, false},
		{"lost at DATA", []string{"DATA", ""}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "EOF", false, false},
		{"lost behind the final dot", []string{".", ""}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "between the final dot and its reply", true, true},
		{"lost at QUIT", []string{"QUIT", ""}, "delivered 250 2.0.0 Ok: queued as 4ABC12|delivered 250 2.0.0 Ok: queued as 4ABC12", "", false, true},
		{"nonsense for a reply", []string{"MAIL", "hello"}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "", false, false},
		{"nonsense behind the final dot", []string{".", "hello"}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "between the final dot and its reply", true, true},
		{"a reply without an end", []string{"MAIL", strings.Repeat("250-more\r\n", 100_000)}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "does not end", false, false},
		{"a line without an end", []string{"MAIL", "250-" + strings.Repeat("x", 5000)}, "retry 451 4.4.2 *|retry 451 4.4.2 *", "too long", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "unix", nil, polite(tt.answers...))
			r := s.client(t).Send(t.Context(), &relay.Mail{From: "ann@example.com", Recipients: to(bob, eve), Content: text("Subject: x\r\n\r\nx\r\n")})
			want := strings.Split(tt.want, "|")
			for i, res := range r.Results {
				got := res.Status.String() + " " + res.Reply.String()
				if pattern, any := strings.CutSuffix(want[i], "*"); got != want[i] && !(any && strings.HasPrefix(got, pattern)) {
					t.Errorf("%s: %q, want %q", res.Address, got, want[i])
				}
			}
			if r.Unknown != tt.unknown {
				t.Errorf("unknown: %v", r.Unknown)
			}
			if tt.err == "" && r.Err != nil && !strings.Contains(tt.want, "*") || tt.err != "" && (r.Err == nil || !strings.Contains(r.Err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", r.Err, tt.err)
			}
			if got := s.only(t).data != nil; got != tt.data {
				t.Errorf("content sent: %v", got)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	c, err := relay.NewClient(relay.Options{Address: "unix:" + filepath.Join(t.TempDir(), "none")})
	if err != nil {
		t.Fatal(err)
	}
	r := c.Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net", "eve@example.net"), Content: text("x")})
	for _, res := range r.Results {
		if res.Status != relay.Retry || !res.Reply.Local || res.Reply.Enhanced != "4.4.2" {
			t.Errorf("%+v", res)
		}
	}
	if r.Err == nil || c.Check(t.Context()) == nil {
		t.Error("no error")
	}
}

// A server that stops answering costs a time-out, wherever it stops.
func TestSilence(t *testing.T) {
	for _, at := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := serve(t, "unix", nil, polite(at, "-"))
			short := 50 * time.Millisecond
			c := s.client(t, func(o *relay.Options) {
				o.Timeouts = relay.Timeouts{Command: short, Block: short, Dot: short}
			})
			r := c.Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Content: text("x")})
			var timeout net.Error
			if !errors.As(r.Err, &timeout) || !timeout.Timeout() || r.Results[0].Status != relay.Retry || r.Unknown != (at == ".") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A server that takes no more of the content costs a time-out too.
func TestBlockedContent(t *testing.T) {
	deaf := make(chan struct{})
	s := serve(t, "unix", nil, polite())
	s.deaf = deaf
	defer close(deaf)
	c := s.client(t, func(o *relay.Options) { o.Timeouts = relay.Timeouts{Block: 50 * time.Millisecond} })
	r := c.Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Content: text(strings.Repeat("0123456789\r\n", 1<<19))})
	var timeout net.Error
	if !errors.As(r.Err, &timeout) || !timeout.Timeout() || r.Results[0].Status != relay.Retry || r.Unknown {
		t.Errorf("%+v", r)
	}
}

// brokenSecond is content whose second reading fails in the middle.
func brokenSecond(err error) func(context.Context) (io.ReadCloser, error) {
	reading := 0
	return func(context.Context) (io.ReadCloser, error) {
		if reading++; reading == 1 {
			return io.NopCloser(strings.NewReader("Subject: x\r\n\r\nfirst\r\nsecond\r\n")), nil
		}
		return io.NopCloser(io.MultiReader(strings.NewReader("Subject: x\r\n\r\nfirst\r\n"), failingReader{err})), nil
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// Content that cannot be read to its end is never ended with a dot.
func TestContentBreaks(t *testing.T) {
	damaged := errors.New("the digest does not agree")
	t.Run("at the first reading nothing is sent", func(t *testing.T) {
		s := serve(t, "unix", nil, polite())
		r := s.client(t).Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Content: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(failingReader{damaged}), nil
		}})
		if !errors.Is(r.Err, damaged) || r.Results[0].Status != relay.Retry || r.Results[0].Reply.String() != "451 4.3.0 the message could not be read" {
			t.Errorf("%+v", r)
		}
		if n := s.count(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
	t.Run("at the second the connection is dropped", func(t *testing.T) {
		s := serve(t, "unix", nil, polite())
		r := s.client(t).Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Content: brokenSecond(damaged)})
		if !errors.Is(r.Err, damaged) || r.Results[0].Status != relay.Retry || r.Unknown {
			t.Errorf("%+v", r)
		}
		got := s.only(t)
		if got.data != nil || got.commands[len(got.commands)-1] != "DATA" {
			t.Errorf("commands %q, data %q", got.commands, got.data)
		}
	})
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, "unix", nil, func(line string) string {
		if line == "." {
			cancel()
			return "-"
		}
		return polite()(line)
	})
	r := s.client(t).Send(ctx, &relay.Mail{Recipients: to("bob@example.net"), Content: text("x")})
	if r.Err == nil || !r.Unknown || r.Results[0].Status != relay.Retry {
		t.Errorf("%+v", r)
	}
}

func TestInternationalAddresses(t *testing.T) {
	without := polite("EHLO", "250-mx.example.com\r\n250-8BITMIME\r\n250 DSN")
	const jose, bob = "josé@exämple.net", "bob@example.net"
	for _, tt := range []struct {
		name    string
		answer  func(string) string
		from    string
		args    []string
		content string
		want    []string // of josé and of bob
		mail    string   // the MAIL command; empty if none was said
	}{
		{"offered", polite(), "ann@example.com", nil, "a: b\r\n", []string{"delivered", "delivered"}, "MAIL FROM:<ann@example.com> BODY=8BITMIME SIZE=6 SMTPUTF8"},
		{"not offered: only who needs it fails", without, "ann@example.com", []string{"SMTPUTF8"}, "a: b\r\n", []string{"failed 553 5.6.7", "delivered"}, "MAIL FROM:<ann@example.com> BODY=8BITMIME"},
		{"not offered: the sender needs it", without, "añn@example.com", nil, "a: b\r\n", []string{"failed 550 5.6.7", "failed 550 5.6.7"}, ""},
		{"not offered: the header needs it", without, "ann@example.com", []string{"smtputf8"}, "a: ä\r\n", []string{"failed 550 5.6.9", "failed 550 5.6.9"}, ""},
		{"not offered: an 8-bit header of old", without, "ann@example.com", nil, "a: \xe4\r\n", []string{"failed 553 5.6.7", "delivered"}, "MAIL FROM:<ann@example.com> BODY=8BITMIME"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "unix", nil, tt.answer)
			r := s.client(t).Send(t.Context(), &relay.Mail{From: tt.from, MailArgs: tt.args, Recipients: to(jose, bob), Content: text(tt.content)})
			for i, res := range r.Results {
				if got := res.Status.String() + " " + res.Reply.String(); !strings.HasPrefix(got, tt.want[i]) {
					t.Errorf("%s: %s, want %s", res.Address, got, tt.want[i])
				}
			}
			mail := ""
			for _, c := range s.only(t).commands {
				if strings.HasPrefix(c, "MAIL") {
					mail = c
				}
			}
			if mail != tt.mail {
				t.Errorf("%q, want %q", mail, tt.mail)
			}
		})
	}
}

// An address cannot carry a second command or argument.
// Octets above 127 go to no server that does not take them.
func TestEightBitContentNeedsAServerThatTakesIt(t *testing.T) {
	plain := strings.Replace(extensions, "250-8BITMIME\r\n", "", 1)
	for content, want := range map[string]relay.Status{"Subject: x\r\n\r\nx\r\n": relay.Delivered, "Subject: x\r\n\r\n\xfc\r\n": relay.Retry} {
		s := serve(t, "unix", nil, polite("EHLO", plain))
		r := s.client(t).Send(t.Context(), &relay.Mail{From: "ann@example.com", Recipients: to("bob@example.net"), Content: text(content)})
		if r.Results[0].Status != want || (r.Err == nil) != (want == relay.Delivered) || (s.only(t).data == nil) == (want == relay.Delivered) {
			t.Errorf("%q: %+v", content, r)
		}
		for _, c := range s.only(t).commands {
			if strings.Contains(c, "BODY=") {
				t.Errorf("%q to a server that takes no BODY", c)
			}
		}
	}
}

func TestHostileAddresses(t *testing.T) {
	for _, a := range []string{"", "<>", "a@b\r\nRSET", "a@b> NOTIFY=NEVER", "a b@c", "<a@b", "a@b>", "\"a@b", "\"a\\", "a@b\x00", "a\x7f@b", "\xff@b", strings.Repeat("a", 5000)} {
		s := serve(t, "unix", nil, polite())
		r := s.client(t).Send(t.Context(), &relay.Mail{From: "ann@example.com", Recipients: to(a), Content: text("x")})
		if res := r.Results[0]; res.Status != relay.Failed || res.Reply.Enhanced != "5.1.3" || s.count() != 0 {
			t.Errorf("%q: %+v", a, res)
		}
		if a == "" || a == "<>" {
			continue
		}
		r = s.client(t).Send(t.Context(), &relay.Mail{From: a, Recipients: to("bob@example.net"), Content: text("x")})
		if res := r.Results[0]; res.Status != relay.Failed || res.Reply.Enhanced != "5.1.7" || s.count() != 0 {
			t.Errorf("from %q: %+v", a, res)
		}
	}
}

func TestRequireTLSIsKept(t *testing.T) {
	s := serve(t, "unix", nil, polite())
	r := s.client(t).Send(t.Context(), &relay.Mail{MailArgs: []string{"REQUIRETLS"}, Recipients: to("bob@example.net"), Content: text("x")})
	if got := r.Results[0]; got.Status != relay.Failed || got.Reply.Enhanced != "5.7.30" {
		t.Errorf("%+v", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, a := range []string{"", "unix:", "unix:relative", "tcp:", "tcp:host", "tcp::25", "tcp:host:", "udp:host:25", "/path"} {
		if _, err := relay.NewClient(relay.Options{Address: a}); err == nil || !strings.Contains(err.Error(), "want ") {
			t.Errorf("%q: %v", a, err)
		}
	}
}

func TestOverTCP(t *testing.T) {
	ca := newAuthority(t)
	here := ca.certificate(t, "mx.example.com", net.IPv4(127, 0, 0, 1))
	elsewhere := ca.certificate(t, "other.example.com")
	mine := ca.certificate(t, "postern.example.com")
	starttls := "250-mx.example.com\r\n250-STARTTLS\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"
	trusting := func(o *relay.Options) { o.Roots = ca.pool }
	login := func(o *relay.Options) { o.Username, o.Password = "postern", "secret" }
	for _, tt := range []struct {
		name     string
		config   *tls.Config
		answers  []string
		options  []func(*relay.Options)
		err      string // empty is delivered
		commands string
	}{
		{"verified", &tls.Config{Certificates: []tls.Certificate{here}}, nil, []func(*relay.Options){trusting}, "",
			"EHLO localhost|STARTTLS|EHLO postern.example.com|MAIL FROM:<> BODY=8BITMIME|RCPT TO:<bob@example.net>|DATA|QUIT"},
		{"unknown authority", &tls.Config{Certificates: []tls.Certificate{here}}, nil, nil, "unknown authority", "EHLO localhost|STARTTLS"},
		{"another name", &tls.Config{Certificates: []tls.Certificate{elsewhere}}, nil, []func(*relay.Options){trusting}, "127.0.0.1", "EHLO localhost|STARTTLS"},
		{"an old protocol", &tls.Config{Certificates: []tls.Certificate{here}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, nil, []func(*relay.Options){trusting}, "protocol version", "EHLO localhost|STARTTLS"},
		{"no STARTTLS", &tls.Config{}, []string{"EHLO", extensions}, []func(*relay.Options){trusting}, "STARTTLS", "EHLO localhost"},
		{"STARTTLS refused", &tls.Config{}, []string{"STARTTLS", "454 4.7.0 not now"}, []func(*relay.Options){trusting}, "454", "EHLO localhost|STARTTLS"},
		{"a client certificate", &tls.Config{Certificates: []tls.Certificate{here}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool}, nil,
			[]func(*relay.Options){trusting, func(o *relay.Options) { o.Certificate = &mine }}, "", ""},
		{"login", &tls.Config{Certificates: []tls.Certificate{here}}, []string{"AUTH PLAIN AHBvc3Rlcm4Ac2VjcmV0", "235 2.7.0 welcome"}, []func(*relay.Options){trusting, login}, "", ""},
		{"login refused", &tls.Config{Certificates: []tls.Certificate{here}}, []string{"AUTH", "535 5.7.8 no"}, []func(*relay.Options){trusting, login}, "AUTH", ""},
		{"LOGIN where there is no PLAIN", &tls.Config{Certificates: []tls.Certificate{here}},
			[]string{"EHLO", strings.Replace(starttls, "PLAIN ", "", 1), "AUTH LOGIN", "334 UGFzc3dvcmQ6", "c2VjcmV0", "235 2.7.0 welcome"}, []func(*relay.Options){trusting, login}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "tcp", tt.config, polite(append(tt.answers, "EHLO", starttls, "STARTTLS", "220 go on")...))
			c := s.client(t, tt.options...)
			r := c.Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Content: text("x")})
			delivered := r.Results[0].Status == relay.Delivered
			if tt.err == "" && (!delivered || r.Err != nil) || tt.err != "" && (r.Results[0].Status != relay.Retry || r.Err == nil || !strings.Contains(r.Err.Error(), tt.err)) {
				t.Errorf("%+v", r)
			}
			got := s.only(t)
			if tt.commands != "" && strings.Join(got.commands, "|") != tt.commands {
				t.Errorf("commands %q", got.commands)
			}
			if tt.name == "a client certificate" && (len(got.tls.PeerCertificates) == 0 || got.tls.PeerCertificates[0].Subject.CommonName != "postern.example.com") {
				t.Error("the client's certificate was not shown")
			}
			if (c.Check(t.Context()) == nil) != (tt.err == "") {
				t.Error("Check says otherwise")
			}
		})
	}
}
