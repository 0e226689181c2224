package notice

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

var today = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func path(t testing.TB, s string) message.Path {
	t.Helper()
	p, err := message.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func settings(t testing.TB) Settings {
	n := 0
	return Settings{
		From: dsn.Mailbox{Name: "Example mail policy", Path: path(t, "policy@example.com")}, Organization: "Example Ltd",
		LearnMore: "https://intranet.example.com/dlp", Hostname: "mail.example.com", InstallID: "install-1",
		Key: []byte("0123456789abcdef"), Own: []message.Path{path(t, "approvals@example.com")},
		Now:   func() time.Time { return today },
		NewID: func() string { n++; return fmt.Sprintf("id-%d", n) },
	}
}

func writer(t testing.TB) *Writer {
	t.Helper()
	w, err := New(settings(t))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// secret stands for what the policies matched.
const secret = "4111 1111 1111 1111"

func original(t testing.TB) Original {
	return Original{
		Reference: "P-7K3M9Q", ReversePath: path(t, "ann@example.com"),
		MailArgs: []string{"SIZE=100", "RET=FULL", "ENVID=QQ+2B1"},
		Arrival:  today.Add(-time.Minute),
		Header: message.Header{
			{Name: "Received", Value: " from pc by mail.example.com; Wed, 4 Mar 2026 05:05:00 +0000"},
			{Name: "From", Value: " Ann <ann@example.com>"}, {Name: "To", Value: " Bob <bob@partner.example>"},
			{Name: "Bcc", Value: " hidden@example.com"}, {Name: "Subject", Value: " The\r\n quarter"},
			{Name: "Message-ID", Value: " <original-1@example.com>"}, {Name: "References", Value: " <root@example.com>"},
			{Name: "Date", Value: " Wed, 4 Mar 2026 05:05:00 +0000"},
			{Name: "X-Card", Value: " " + secret}, {Name: "Content-Type", Value: ` text/plain; name="` + secret + `"`},
		},
	}
}

func recipients(t testing.TB, specs ...string) []message.Recipient {
	var all []message.Recipient
	for _, s := range specs {
		words := strings.Fields(s)
		all = append(all, message.Recipient{Raw: "<" + words[0] + ">", Path: path(t, words[0]), Args: words[1:]})
	}
	return all
}

// read parses a notice and checks what holds for all of them.
func read(t testing.TB, w *Writer, n Notice) *message.Message {
	t.Helper()
	if !n.ReversePath().IsNull() {
		t.Error("the reverse-path is not null")
	}
	for l := range bytes.SplitSeq(n.Bytes, []byte("\r\n")) {
		if bytes.ContainsAny(l, "\r\n\x00") || len(l) > 998 {
			t.Fatalf("line %.100q", l)
		}
	}
	m, err := message.Read(message.Envelope{}, bytes.NewReader(n.Bytes), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	for _, x := range m.Notices {
		t.Errorf("the notice has a defect: %+v", x)
	}
	if !w.IsOurs(m.Header) {
		t.Error("the notice has no mark of ours")
	}
	if ok, _ := w.MayAnswer(m.Header, path(t, "ann@example.com")); ok {
		t.Error("the notice might be answered by another")
	}
	if f, ok := m.Header.Get("X-Postern-Reference"); n.Reference != "" && (!ok || f.Text() != n.Reference) {
		t.Errorf("reference field %q", f.Text())
	}
	return m
}

func report(t testing.TB, w *Writer, n Notice) dsn.Report {
	t.Helper()
	r, err := dsn.FromMessage(read(t, w, n))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// finals lists the recipients that a report names.
func finals(r dsn.Report) string {
	var all []string
	for _, c := range r.Recipients {
		all = append(all, c.Final.Text+" "+string(c.Action)+" "+c.Status)
	}
	return strings.Join(all, ", ")
}

func TestBlockNDRNamesExactlyTheRefused(t *testing.T) {
	w := writer(t)
	n, err := w.BlockNDR(Block{
		Original: original(t), Tip: "This message holds card numbers and was not sent outside.",
		Recipients: recipients(t, "bob@partner.example NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@alias.example", "eve@other.example"),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, w, n)
	if got := finals(r); got != "bob@partner.example failed 5.7.1, eve@other.example failed 5.7.1" {
		t.Error(got)
	}
	if r.Recipients[0].Original != (dsn.Typed{Type: "rfc822", Text: "bob@alias.example"}) || !r.Recipients[1].Original.IsZero() {
		t.Errorf("original recipients %+v", r.Recipients)
	}
	if r.EnvelopeID != "QQ+1" || r.To.String() != "ann@example.com" || !r.ArrivalDate.Equal(today.Add(-time.Minute)) {
		t.Errorf("envelope: %q %s %s", r.EnvelopeID, r.To, r.ArrivalDate)
	}
	if diff := cmp.Diff([]string{"<root@example.com>", "<original-1@example.com>"}, r.References); diff != "" {
		t.Error(diff)
	}
	golden(t, "block-short.en.txt", r.Text)
	if r.Subject != "Not delivered: The quarter" || r.Recipients[0].Diagnostic.Text != "550 5.7.1 refused by a mail policy of Example Ltd, reference P-7K3M9Q" {
		t.Errorf("%q %q", r.Subject, r.Recipients[0].Diagnostic.Text)
	}
	if f, _ := r.Original.Get("Subject"); f.Text() != "The quarter" {
		t.Errorf("subject given back: %q", f.Text())
	}
	for _, hidden := range []string{"X-Card", "Content-Type", "Bcc"} {
		if _, ok := r.Original.Get(hidden); ok {
			t.Errorf("%s is given back", hidden)
		}
	}
	if bytes.Contains(n.Bytes, []byte(secret)) {
		t.Error("what was matched is in the notice")
	}
	if diff := cmp.Diff([]int{0, 1}, n.Named); diff != "" {
		t.Error(diff)
	}
}

func TestNotifyIsObeyed(t *testing.T) {
	w := writer(t)
	for _, tc := range []struct {
		recipients []string
		named      []int
		unnamed    []int
		reason     Reason
	}{
		{[]string{"a@x.example NOTIFY=NEVER", "b@x.example"}, []int{1}, []int{0}, ""},
		{[]string{"a@x.example NOTIFY=SUCCESS", "b@x.example NOTIFY=FAILURE"}, []int{1}, []int{0}, ""},
		{[]string{"a@x.example NOTIFY=DELAY,SUCCESS", "b@x.example notify=success,failure"}, []int{1}, []int{0}, ""},
		{[]string{"a@x.example NOTIFY=SOMETIMES"}, []int{0}, nil, ""},
		{[]string{"a@x.example NOTIFY=NEVER", "b@x.example NOTIFY=DELAY"}, nil, nil, ReasonNotify},
		{nil, nil, nil, ReasonNobody},
	} {
		notices := map[string]func() (Notice, error){
			"block": func() (Notice, error) {
				return w.BlockNDR(Block{Original: original(t), Recipients: recipients(t, tc.recipients...)})
			},
			"expiry": func() (Notice, error) {
				return w.ExpiryNDR(Expiry{Original: original(t), Recipients: recipients(t, tc.recipients...)})
			},
			"delivery": func() (Notice, error) {
				f := Failure{Original: original(t)}
				for _, r := range recipients(t, tc.recipients...) {
					f.Recipients = append(f.Recipients, FailedRecipient{Recipient: r, Reply: "550 5.1.1 no"})
				}
				return w.DeliveryDSN(f)
			},
		}
		for name, write := range notices {
			n, err := write()
			var not *NotSent
			if errors.As(err, &not) != (tc.reason != "") || not != nil && not.Reason != tc.reason {
				t.Errorf("%s %v: %v", name, tc.recipients, err)
				continue
			}
			if tc.reason != "" {
				continue
			}
			if diff := cmp.Diff([][]int{tc.named, tc.unnamed}, [][]int{n.Named, n.Unnamed}); diff != "" {
				t.Errorf("%s %v: %s", name, tc.recipients, diff)
			}
			if got := len(report(t, w, n).Recipients); got != len(tc.named) || bytes.Contains(n.Bytes, []byte("a@x.example")) != (tc.unnamed == nil) {
				t.Errorf("%s %v: the report names %d", name, tc.recipients, got)
			}
		}
	}
}

func TestDeliveryDSNTellsTheReply(t *testing.T) {
	w := writer(t)
	f := Failure{Original: original(t), Released: true}
	for i, r := range recipients(t, "a@x.example", "b@x.example", "c@x.example", "d@x.example") {
		f.Recipients = append(f.Recipients, []FailedRecipient{
			{Recipient: r, Reply: "550 5.1.1 <a@x.example>:\r\nno such user", RemoteMTA: "mx.x.example", LastAttempt: today},
			{Recipient: r, Reply: "451 try again", Expired: true},
			{Recipient: r, Reply: "connection refused", Expired: true},
			{Recipient: r},
		}[i])
	}
	n, err := w.DeliveryDSN(f)
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, w, n)
	if got := finals(r); got != "a@x.example failed 5.1.1, b@x.example failed 4.4.7, c@x.example failed 4.4.7, d@x.example failed 5.0.0" {
		t.Error(got)
	}
	var diagnostics []string
	for _, c := range r.Recipients {
		diagnostics = append(diagnostics, c.Diagnostic.Type+";"+c.Diagnostic.Text+";"+c.RemoteMTA.Text)
	}
	want := []string{"smtp;550 5.1.1 <a@x.example>: no such user;mx.x.example", "smtp;451 try again;", "x-postern;connection refused;", ";;"}
	if diff := cmp.Diff(want, diagnostics); diff != "" {
		t.Error(diff)
	}
	for _, s := range []string{"has been released since", "550 5.1.1 <a@x.example>: no such user", "P-7K3M9Q"} {
		if !strings.Contains(r.Text, s) {
			t.Errorf("there is no %q in\n%s", s, r.Text)
		}
	}
}

func TestExpiryNDR(t *testing.T) {
	w := writer(t)
	n, err := w.ExpiryNDR(Expiry{Original: original(t), Recipients: recipients(t, "bob@partner.example"), Tip: "Cards."})
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, w, n)
	if finals(r) != "bob@partner.example failed 5.7.1" || !strings.Contains(r.Text, "and nobody released it in\n| time.\n|\n| Cards.\n") {
		t.Errorf("%s\n%s", finals(r), r.Text)
	}
}

func TestNoticesForInternationalizedAddresses(t *testing.T) {
	w := writer(t)
	o := original(t)
	n, err := w.BlockNDR(Block{Original: o, Recipients: recipients(t, "jörg@bücher.example")})
	if err != nil || n.UTF8 {
		t.Fatalf("a sender in ASCII needs SMTPUTF8: %v", err)
	}
	if got := finals(report(t, w, n)); got != "jörg@bücher.example failed 5.7.1" {
		t.Error(got)
	}
	o.ReversePath = path(t, "änn@example.com")
	n, err = w.BlockNDR(Block{Original: o, Recipients: recipients(t, "bob@partner.example")})
	if err != nil || !n.UTF8 {
		t.Fatalf("a sender with no ASCII form needs no SMTPUTF8: %v", err)
	}
	if r := report(t, w, n); r.To.String() != "änn@example.com" {
		t.Error(r.To)
	}
}

func TestManyRecipientsAreAllReported(t *testing.T) {
	w := writer(t)
	var specs []string
	for i := range 120 {
		specs = append(specs, fmt.Sprintf("u%d@x.example", i))
	}
	n, err := w.BlockNDR(Block{Original: original(t), Recipients: recipients(t, specs...)})
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, w, n)
	if len(r.Recipients) != 120 || !strings.Contains(r.Text, "u49@x.example\n* 70 more, named") || strings.Contains(r.Text, "u50@") {
		t.Errorf("%d reported in\n%s", len(r.Recipients), r.Text)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Settings){
		"no address":         func(s *Settings) { s.From.Path = message.Path{} },
		"address in UTF-8":   func(s *Settings) { s.From.Path = path(t, "änn@example.com") },
		"no organization":    func(s *Settings) { s.Organization = " " },
		"bad host":           func(s *Settings) { s.Hostname = "a\r\nb" },
		"bad installation":   func(s *Settings) { s.InstallID = "a;b" },
		"short key":          func(s *Settings) { s.Key = []byte("short") },
		"unknown language":   func(s *Settings) { s.Language = "../en" },
		"script as URL":      func(s *Settings) { s.LearnMore = "javascript:alert(1)" },
		"URL with a break":   func(s *Settings) { s.LearnMore = "https://a.example/\r\nX" },
		"no clock":           func(s *Settings) { s.Now = nil },
		"nothing identifies": func(s *Settings) { s.NewID = nil },
	} {
		s := settings(t)
		spoil(&s)
		if _, err := New(s); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	s := settings(t)
	s.NewID = func() string { return "a\r\nX: y" }
	w, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.BlockNDR(Block{Original: original(t), Recipients: recipients(t, "b@x.example")}); err == nil {
		t.Errorf("a bad identifier is used:\n%s", n.Bytes)
	}
}

// What is shown of others' text cannot be turned round or act on a terminal.
func TestLinesShowNoControls(t *testing.T) {
	for text, want := range map[string]string{
		"a\u202efdp.exe": "afdp.exe", "a\x1b[31m b": "a[31m b", "\u2066x\u2069 \r\nBcc: y": "x Bcc: y", "ä \U0001f469\u200d\U0001f4bb": "ä \U0001f469\u200d\U0001f4bb",
	} {
		if got := line(text, 80); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
