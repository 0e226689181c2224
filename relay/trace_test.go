package relay_test

import (
	"bufio"
	"net/netip"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/relay"
)

var noon = time.Date(2026, 11, 2, 12, 0, 5, 0, time.FixedZone("", 3600))

func path(t testing.TB, s string) message.Path {
	t.Helper()
	p, err := message.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReceived(t *testing.T) {
	session := message.Envelope{
		HELO: "client.example.org", ClientName: "client.example.org", ClientAddr: netip.MustParseAddr("192.0.2.1"),
		Hostname: "mail.example.com", QueueID: "3F2B41A0C2",
	}
	with := func(change func(*message.Envelope)) *message.Envelope {
		e := session
		change(&e)
		return &e
	}
	const date = ";\r\n\tMon, 2 Nov 2026 12:00:05 +0100\r\n"
	for _, tt := range []struct {
		name      string
		env       *message.Envelope
		recipient string
		want      string
	}{
		{"plain", &session, "bob@example.net",
			"Received: from client.example.org (client.example.org [192.0.2.1])\r\n\tby mail.example.com (Postern) with ESMTP id 3F2B41A0C2\r\n\tfor <bob@example.net>" + date},
		{"several recipients are not named", &session, "",
			"Received: from client.example.org (client.example.org [192.0.2.1])\r\n\tby mail.example.com (Postern) with ESMTP id 3F2B41A0C2" + date},
		{"TLS and a login", with(func(e *message.Envelope) { e.TLSVersion, e.Authenticated = "TLSv1.3", "ann" }), "",
			"Received: from client.example.org (client.example.org [192.0.2.1])\r\n\t(using TLSv1.3)\r\n\tby mail.example.com (Postern) with ESMTPSA id 3F2B41A0C2" + date},
		{"a login alone", with(func(e *message.Envelope) { e.Authenticated = "ann" }), "",
			"Received: from client.example.org (client.example.org [192.0.2.1])\r\n\tby mail.example.com (Postern) with ESMTPA id 3F2B41A0C2" + date},
		{"SMTPUTF8 and IPv6", with(func(e *message.Envelope) {
			e.MailArgs, e.TLSVersion, e.ClientAddr = []string{"SIZE=1", "smtputf8"}, "TLSv1.3", netip.MustParseAddr("2001:db8::1")
		}), "josé@example.net",
			"Received: from client.example.org (client.example.org [IPv6:2001:db8::1])\r\n\t(using TLSv1.3)\r\n\tby mail.example.com (Postern) with UTF8SMTPS id 3F2B41A0C2\r\n\tfor <josé@example.net>" + date},
		{"UTF-8 without SMTPUTF8 is not named", &session, "josé@example.net",
			"Received: from client.example.org (client.example.org [192.0.2.1])\r\n\tby mail.example.com (Postern) with ESMTP id 3F2B41A0C2" + date},
		{"IPv4 in IPv6", with(func(e *message.Envelope) { e.ClientAddr = netip.MustParseAddr("::ffff:192.0.2.9") }), "",
			"Received: from client.example.org (client.example.org [192.0.2.9])\r\n\tby mail.example.com (Postern) with ESMTP id 3F2B41A0C2" + date},
		{"nothing known", &message.Envelope{}, "",
			"Received: from unknown (unknown [unknown])\r\n\tby localhost (Postern) with ESMTP" + date},
		{"sendmail(1)", with(func(e *message.Envelope) { e.Simulated = true }), "bob@example.net",
			"Received: by mail.example.com (Postern) id 3F2B41A0C2\r\n\tfor <bob@example.net>" + date},
		{"a HELO that would say more", with(func(e *message.Envelope) { e.HELO = "a by evil.example (x) with SMTP; Mon\r\nX-Evil: 1" }), "",
			"Received: from a?by?evil.example??x??with?SMTP??Mon??X-Evil:?1 (client.example.org [192.0.2.1])\r\n\tby mail.example.com (Postern) with ESMTP id 3F2B41A0C2" + date},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := relay.Received(tt.env, path(t, tt.recipient), noon); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A text kept as a trace field stays one field, whatever became of it.
func TestTraceIsOneField(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Received: a\r\n\tb\r\n", "Received: a\r\n\tb\r\n"},
		{"Received: a\n b", "Received: a\r\n b\r\n"},
		{"Received: a\r\nX-Evil: 1\r\n", "Received: a\r\n\tX-Evil: 1\r\n"},
		{"Received: a\r\n\r\nbody", "Received: a\r\n\tbody\r\n"},
		{"Received: a\x00\rb\r\n \t\r\n.\r\n", "Received: ab\r\n\t.\r\n"},
	} {
		s := serve(t, "unix", nil, polite())
		r := s.client(t).Send(t.Context(), &relay.Mail{Recipients: to("bob@example.net"), Received: tt.in, Content: text("Subject: x\r\n\r\n")})
		if r.Results[0].Status != relay.Delivered {
			t.Fatalf("%+v", r)
		}
		if got, _ := strings.CutSuffix(string(s.only(t).data), "Subject: x\r\n\r\n.\r\n"); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Whatever a client says of itself, the field stays one of known shape.
func FuzzReceived(f *testing.F) {
	f.Add("client.example.org", "name", "TLSv1.3", "ann", "3F2B", "mail.example.com", "bob@example.net")
	f.Add("a\r\nX: y", "(", ")", ";", "\x00", "é", `"a>b"@c`)
	f.Add("", "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, helo, name, tls, login, id, host, rcpt string) {
		env := &message.Envelope{HELO: helo, ClientName: name, TLSVersion: tls, Authenticated: login, QueueID: id, Hostname: host}
		recipient, err := message.ParsePath(rcpt)
		if err != nil {
			recipient = message.Path{}
		}
		got := relay.Received(env, recipient, noon)
		for line := range strings.SplitAfterSeq(got, "\r\n") {
			if len(line) > 998+2 {
				t.Errorf("a line of %d octets", len(line))
			}
		}
		h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(got + "\r\n"))).ReadMIMEHeader()
		if err != nil || len(h) != 1 || len(h["Received"]) != 1 || strings.Count(got, "(Postern)") != 1 || strings.ContainsAny(strings.ReplaceAll(got, "\r\n", ""), "\r\n\x00") {
			t.Errorf("%q: %v %v", got, h, err)
		}
	})
}
