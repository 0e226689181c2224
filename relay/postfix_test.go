//go:build e2e

package relay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
	"github.com/postern-mail/postern/relay"
)

// doorkeeper stands where Postern's milter listens: it tells of who comes and turns
// everybody away, which Postfix answers with 451.
func doorkeeper(t *testing.T) (address string, came chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came = make(chan struct{}, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			conn.Close()
		}
	}()
	return "inet:" + l.Addr().String(), came
}

// wired is a Postfix as design and documentation have it: Postern before the
// queue, the DKIM signer, a filter behind the queue, and the listener that
// re-injects.
type wired struct {
	*mta.Instance
	sink   *sink.Sink
	filter *mta.Filter
	signer *mta.Signer
	came   chan struct{} // connections to Postern's milter
	client *relay.Client
}

func wire(t *testing.T) *wired {
	t.Helper()
	if _, err := mta.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := &wired{}
	var err error
	if w.filter, err = mta.StartFilter(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.filter.Close() })
	if w.sink, err = sink.Start(sink.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.sink.Close() })
	var milter string
	milter, w.came = doorkeeper(t)
	w.Instance, err = mta.Start(ctx, mta.Options{
		Sink: w.sink.Addr(), Milter: milter,
		Listeners: []mta.Listener{{Name: mta.MX}, mta.AfterFilter},
		Services:  []string{mta.ReinjectService},
		Params: []string{
			"postern_signers = " + mta.SignerSocket,
			w.filter.Param(),
			"smtp_line_length_limit = 0",
			"smtpd_recipient_restrictions = check_recipient_access inline:{ { gone@example.net = 550 5.1.1 User unknown } { busy@example.net = 450 4.2.1 Mailbox busy } }",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Stop() })
	// Start has looked whether the front door answers, which asks the milter.
	select {
	case <-w.came:
	case <-ctx.Done():
		t.Fatal("Postern's milter is not asked at the front door")
	}
	w.filter.Next(w.Addr(mta.AfterFilter.Name))
	w.signer, err = w.StartSigner(ctx, "example.com")
	if errors.Is(err, mta.ErrNoSigner) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.signer.Stop)
	if w.client, err = relay.NewClient(relay.Options{Address: "unix:" + w.ReinjectPath(), Hostname: "postern.example.com"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// delivered waits for the one message to a recipient.
func (w *wired) delivered(t *testing.T, recipient string) *sink.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := w.sink.Wait(ctx, 1, sink.ByRecipient(recipient))
	if err != nil {
		t.Fatalf("%v\n%s", err, w.Log())
	}
	if len(got) != 1 {
		t.Fatalf("%d messages to %s", len(got), recipient)
	}
	return got[0]
}

const fields = "From: Ann <ann@example.com>\r\nTo: bob\r\nSubject: x\r\n"

// What is released is what was held: below the trace fields each octet is the
// same, signed once on the way out, filtered once, and not judged again.
func TestReleasedOctets(t *testing.T) {
	w := wire(t)
	if err := w.client.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		name     string
		content  string
		want     string // empty is content
		to       string
		mailArgs []string
	}{
		{name: "plain", content: fields + "\r\nhello\r\n"},
		{name: "8-bit body", content: fields + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße \xff\xfe\r\n"},
		{name: "8-bit header", content: fields + "X-Note: Gr\xfc\xdfe\r\n\r\nx\r\n"},
		{name: "every octet", content: fields + "\r\n" + everyOctet() + "\r\n"},
		{name: "NUL", content: fields + "\r\na\x00b\x00\r\n\x00\r\n"},
		{name: "line of 998", content: fields + "\r\n" + strings.Repeat("a", 998) + "\r\n"},
		{name: "line of 1500", content: fields + "\r\n" + strings.Repeat("b", 1500) + "\r\n.\r\n"},
		{name: "line of 5000 with dots", content: fields + "\r\n" + strings.Repeat("c.", 2500) + "\r\n.x\r\n"},
		{name: "header field of 3000", content: fields + "X-Long: " + strings.Repeat("d", 3000) + "\r\n\r\nx\r\n"},
		{name: "folded fields", content: fields + "X-Folded: a\r\n\tb\r\n  c\r\nX-Empty:\r\nx-CASE: odd\r\n\r\nx\r\n"},
		// Postfix has it so before any milter sees it, too.
		{name: "blank before the colon", content: fields + "X-Odd : a\r\n\r\nx\r\n", want: fields + "X-Odd: a\r\n\r\nx\r\n"},
		{name: "no blank line", content: fields},
		{name: "header section that ends early", content: fields + "no field\r\nX-After: y\r\n", want: fields + "\r\nno field\r\nX-After: y\r\n"},
		{name: "dots", content: fields + "\r\n.\r\n..\r\n.a\r\n...\r\n. \r\n"},
		{name: "empty body", content: fields + "\r\n"},
		{name: "blank lines", content: fields + "\r\n\r\n\r\n\r\n"},
		{name: "trailing blanks", content: fields + "\r\na  \t\r\n \r\n\t\r\n"},
		{name: "no final line end", content: fields + "\r\nlast", want: fields + "\r\nlast\r\n"},
		{name: "bare LF", content: strings.ReplaceAll(fields+"\r\na\r\n.\r\nb\r\n", "\r\n", "\n"), want: fields + "\r\na\r\n.\r\nb\r\n"},
		{name: "bare CR", content: fields + "X-CR: a\rb\r\n\r\nc\rd\r\r\n.\r.\r\n\r", want: fields + "X-CR: a b\r\n\r\nc d \r\n. .\r\n \r\n"},
		{name: "smuggling", content: fields + "\r\na\n.\nMAIL FROM:<x@example.com>\r.\rb\n.\r\nc\r\n.\nd\r\n", want: fields + "\r\na\r\n.\r\nMAIL FROM:<x@example.com> . b\r\n.\r\nc\r\n.\r\nd\r\n"},
		{name: "SMTPUTF8", content: "From: Añn <añn@example.com>\r\nTo: <josé@exämple.net>\r\nSubject: Grüße\r\n\r\nGrüße\r\n", to: "josé@exämple.net", mailArgs: []string{"SMTPUTF8", "BODY=8BITMIME"}},
		{name: "large", content: fields + "\r\n" + strings.Repeat("0123456789abcdef.\r\n.\r\n", 100000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recipient := tt.to
			if recipient == "" {
				recipient = fmt.Sprintf("bob%d@example.net", i)
			}
			trace := "Received: from client.example.org (client.example.org [192.0.2.1])\r\n\tby mail.example.com (Postern) with ESMTP id 3F2B41A0C2;\r\n\tMon, 2 Nov 2026 12:00:05 +0100\r\n"
			r := w.client.Send(t.Context(), &relay.Mail{From: "ann@example.com", MailArgs: tt.mailArgs, Recipients: to(recipient),
				Received: trace, Release: "E1", Attempt: 1, Content: text(tt.content)})
			if r.Err != nil || r.Results[0].Status != relay.Delivered || r.QueueID == "" {
				t.Fatalf("%+v\n%s", r, w.Log())
			}
			if !strings.Contains(w.Log(), r.QueueID+": client=") {
				t.Errorf("the log knows no %s", r.QueueID)
			}
			m := w.delivered(t, recipient)
			want := tt.want
			if want == "" {
				want = tt.content
			}
			front, ok := strings.CutSuffix(string(m.Data), want)
			if !ok {
				t.Fatalf("delivered %q, want at its end %q", tail(m.Data, len(want)+200), tail([]byte(want), 2000))
			}
			checkFront(t, front, "X-Postern-Release: E1; attempt=1\r\n"+trace)
			w.verify(t, m.Data)
			if n := w.filter.Passed(recipient); n != 1 {
				t.Errorf("%d times through the filter", n)
			}
		})
	}
	if n := len(w.came); n != 0 {
		t.Errorf("Postern's milter was asked %d times", n)
	}

	// The control: what comes by the front door does meet Postern's milter.
	c, err := mta.Dial(t.Context(), w.Addr(mta.MX))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	last, _, err := c.Send("ann@example.com", []string{"front@example.net"}, []byte(fields+"\r\n"))
	if err != nil || last.Code != 451 {
		t.Errorf("at the front door: %v %v", last, err)
	}
	select {
	case <-w.came:
	case <-time.After(10 * time.Second):
		t.Error("Postern's milter was not asked at the front door")
	}
}

func everyOctet() string {
	var b strings.Builder
	for c := range 256 {
		if c != '\r' && c != '\n' {
			b.WriteByte(byte(c))
		}
	}
	return b.String()
}

// tail gives the last octets.
func tail(p []byte, n int) []byte { return p[max(0, len(p)-min(n, 3000)):] }

// checkFront looks at what stands above the content: the signature, Postfix's own
// Received fields, and then what Postern put there.
func checkFront(t *testing.T, front, ours string) {
	t.Helper()
	if strings.Count(front, ours) != 1 {
		t.Errorf("no trace of ours in %q", front)
	}
	signed := 0
	for line := range strings.SplitAfterSeq(strings.Replace(front, ours, "", 1), "\r\n") {
		switch {
		case line == "" || line[0] == ' ' || line[0] == '\t' || strings.HasPrefix(line, "Received: "):
		case strings.HasPrefix(line, "DKIM-Signature: "):
			signed++
		case strings.HasPrefix(line, "DKIM-Filter: "):
		default:
			t.Errorf("a line not asked for: %q", line)
		}
	}
	if signed != 1 {
		t.Errorf("%d signatures above the content", signed)
	}
}

// verify checks the signature with the signer's own record.
func (w *wired) verify(t *testing.T, message []byte) {
	t.Helper()
	if !bytes.Contains(message, []byte("\r\n\r\n")) {
		// A message without a body verifies as one with an empty body, but go-msgauth
		// looks for the blank line.
		message = append(bytes.Clone(message), "\r\n"...)
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: w.signer.LookupTXT})
	if err != nil || len(found) != 1 || found[0].Err != nil || found[0].Domain != "example.com" {
		t.Errorf("signature: %v", err)
		for _, v := range found {
			t.Errorf("%+v", v)
		}
	}
}

// Each recipient has an answer of its own, and a signer that is down costs time,
// not the message.
func TestWhatPostfixAnswers(t *testing.T) {
	w := wire(t)
	send := func(from string, addresses ...string) string {
		t.Helper()
		r := w.client.Send(t.Context(), &relay.Mail{From: from, Recipients: to(addresses...), Content: text(fields + "\r\nx\r\n")})
		var b strings.Builder
		for _, res := range r.Results {
			reply := res.Reply
			if res.Status == relay.Delivered {
				reply.Text = "Ok"
			}
			fmt.Fprintf(&b, "%s: %s %s\n", res.Address, res.Status, reply)
		}
		return b.String()
	}
	want := "bob@example.net: delivered 250 2.0.0 Ok\n" +
		"gone@example.net: failed 550 5.1.1 <gone@example.net>: Recipient address rejected: User unknown\n" +
		"busy@example.net: retry 450 4.2.1 <busy@example.net>: Recipient address rejected: Mailbox busy\n" +
		"eve@example.net: delivered 250 2.0.0 Ok\n"
	if diff := cmp.Diff(want, send("ann@example.com", "bob@example.net", "gone@example.net", "busy@example.net", "eve@example.net")); diff != "" {
		t.Error(diff)
	}
	if m := w.delivered(t, "bob@example.net"); len(m.To) != 2 {
		t.Errorf("delivered to %v", m.Recipients())
	}
	want = "gone@example.net: failed 550 5.1.1 <gone@example.net>: Recipient address rejected: User unknown\n"
	if diff := cmp.Diff(want, send("", "gone@example.net")); diff != "" {
		t.Error(diff)
	}
	if m := send("", "null@example.net"); !strings.Contains(m, "delivered") {
		t.Error(m)
	}
	if m := w.delivered(t, "null@example.net"); m.From != "" {
		t.Errorf("from %q", m.From)
	}

	w.signer.Stop()
	if got := send("ann@example.com", "late@example.net"); !strings.HasPrefix(got, "late@example.net: retry 451 4.7.1 ") {
		t.Error(got)
	}
	if err := w.Stop(); err != nil {
		t.Error(err)
	}
	if got := send("ann@example.com", "late@example.net"); !strings.HasPrefix(got, "late@example.net: retry 451 4.4.2 ") {
		t.Error(got)
	}
}

// The parameters that ask for reports reach the next server as they were given.
func TestParametersOfReports(t *testing.T) {
	if _, err := mta.Find(); err != nil {
		t.Skip(err)
	}
	s, err := sink.Start(sink.Options{DSN: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	i, err := mta.Start(ctx, mta.Options{Sink: s.Addr(), Services: []string{mta.ReinjectService}, Params: []string{"postern_signers ="}})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	c, err := relay.NewClient(relay.Options{Address: "unix:" + i.ReinjectPath()})
	if err != nil {
		t.Fatal(err)
	}
	r := c.Send(ctx, &relay.Mail{From: "ann@example.com", MailArgs: []string{"RET=HDRS", "ENVID=Q+2B1+3D"}, Content: text(fields + "\r\n"), Recipients: []relay.Recipient{
		{Address: "bob@example.net", Args: []string{"NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;Bob+2BBob@example.org"}},
		{Address: "eve@example.net", Args: []string{"NOTIFY=NEVER"}},
	}})
	if r.Err != nil || r.Results[0].Status != relay.Delivered {
		t.Fatalf("%+v\n%s", r, i.Log())
	}
	got, err := s.Wait(ctx, 1, sink.ByRecipient("eve@example.net"))
	if err != nil {
		t.Fatalf("%v\n%s", err, i.Log())
	}
	m := got[0]
	if m.Return != "HDRS" || m.EnvelopeID != "Q+1=" {
		t.Errorf("RET %q, ENVID %q", m.Return, m.EnvelopeID)
	}
	want := []sink.Recipient{
		{Address: "bob@example.net", Notify: []string{"FAILURE", "DELAY"}, Original: "Bob+Bob@example.org"},
		{Address: "eve@example.net", Notify: []string{"NEVER"}, Original: "eve@example.net"},
	}
	if diff := cmp.Diff(want, m.To); diff != "" {
		t.Error(diff)
	}
}
