package dsn

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	gomessage "github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
)

func path(t testing.TB, s string) message.Path {
	t.Helper()
	p, err := message.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sample is a report with everything in it that can be in one.
func sample(t testing.TB) Report {
	return Report{
		MessageID:  "<n1@mail.example.com>",
		Date:       time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		From:       Mailbox{Name: `Mail "policy" of Example`, Path: path(t, "policy@example.com")},
		To:         path(t, "ann@example.com"),
		Subject:    "Not delivered: Grüße aus Köln und noch viel mehr Text, der in eine Zeile nicht passt",
		References: []string{"<first@example.com>", "<second@example.com>"},
		Extra:      message.Header{{Name: "X-Postern-Reference", Value: "P-7K3M9Q"}},
		Text:       "Ihre Nachricht wurde nicht zugestellt.\n\n.\n-- \nFrom here = there\n",

		ReportingMTA: DNS("mail.example.com"),
		ArrivalDate:  time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC),
		EnvelopeID:   "QQ 314+159",
		Recipients: []Recipient{
			{
				Original: Typed{"rfc822", "bob@example.org"}, Final: Address(path(t, "bob@partner.example")),
				Action: Failed, Status: "5.7.1", Diagnostic: SMTP("550 5.7.1 refused by policy"),
			},
			{
				Final: Address(path(t, "jörg@bücher.example")), Original: Typed{"utf-8", "jörg@bücher.example"},
				Action: Delayed, Status: "4.4.1", Diagnostic: SMTP("451 4.4.1 " + strings.Repeat("later ", 40) + "please"),
				RemoteMTA: DNS("mx.example.org"), LastAttempt: time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC),
				WillRetryUntil: time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC),
			},
		},
		Original: message.Header{
			{Name: "Received", Value: " from a (b)\r\n\tby c; Wed, 4 Mar 2026 05:06:00 +0000"},
			{Name: "Subject", Value: " hello"},
			{Name: "From", Value: " ann@example.com"},
		},
	}
}

func TestReportsReadAsComposed(t *testing.T) {
	utf8 := sample(t)
	utf8.To = path(t, "änn@example.com")
	utf8.Original = message.Header{{Name: "From", Value: " Änn <änn@example.com>"}}
	short := sample(t)
	short.Recipients, short.Original, short.References, short.Extra = short.Recipients[:1], nil, nil, nil
	short.EnvelopeID, short.ArrivalDate, short.From.Name = "", time.Time{}, ""
	eightBit := sample(t)
	eightBit.Original = message.Header{{Name: "Subject", Value: " Gr\xfc\xdfe"}, {Name: "X-Long", Value: " " + strings.Repeat("x", 2000)}}
	for name, want := range map[string]Report{"everything": sample(t), "sender needs UTF-8": utf8, "little": short, "8-bit header": eightBit} {
		t.Run(name, func(t *testing.T) {
			data, err := Compose(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b message.Path) bool { return a.String() == b.String() })); diff != "" {
				t.Errorf("%s\n%s", diff, data)
			}
		})
	}
}

func TestAnotherParserSeesThreeParts(t *testing.T) {
	utf8 := sample(t)
	utf8.To = path(t, "änn@example.com")
	for _, tc := range []struct {
		report Report
		types  []string
	}{
		{sample(t), []string{"text/plain", "message/delivery-status", "text/rfc822-headers"}},
		{utf8, []string{"text/plain", "message/global-delivery-status", "message/global-headers"}},
	} {
		data, err := Compose(tc.report)
		if err != nil {
			t.Fatal(err)
		}
		if !tc.report.UTF8() && !isASCII(string(data)) {
			t.Error("a report that needs no SMTPUTF8 is not ASCII")
		}
		e, err := gomessage.Read(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		mediaType, params, err := e.Header.ContentType()
		if err != nil || mediaType != "multipart/report" || params["report-type"] != "delivery-status" {
			t.Errorf("%s %v, %v", mediaType, params, err)
		}
		for name, want := range map[string]string{
			"Auto-Submitted": "auto-replied", "Mime-Version": "1.0", "Message-Id": "<n1@mail.example.com>",
			"In-Reply-To": "<second@example.com>", "References": "<first@example.com> <second@example.com>",
			"Date": "Wed, 04 Mar 2026 05:06:07 +0000", "X-Postern-Reference": "P-7K3M9Q",
		} {
			if got := e.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if subject, err := e.Header.Text("Subject"); err != nil || subject != tc.report.Subject {
			t.Errorf("subject %q, %v", subject, err)
		}
		mr := e.MultipartReader()
		var types, bodies []string
		for {
			p, err := mr.NextPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			mediaType, _, err := p.Header.ContentType()
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(p.Body)
			if err != nil {
				t.Fatal(err)
			}
			types, bodies = append(types, mediaType), append(bodies, string(body))
		}
		if diff := cmp.Diff(tc.types, types); diff != "" {
			t.Fatal(diff)
		}
		if got := strings.ReplaceAll(bodies[0], "\r\n", "\n"); got != tc.report.Text {
			t.Errorf("text %q", got)
		}
		if groups := strings.Split(strings.TrimSuffix(bodies[1], "\r\n"), "\r\n\r\n"); len(groups) != 3 {
			t.Errorf("%d groups in\n%s", len(groups), bodies[1])
		}
	}
}

func TestTheReportAsItStands(t *testing.T) {
	data, err := Compose(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Original-Envelope-Id: QQ 314+159\r\nReporting-MTA: dns; mail.example.com\r\nArrival-Date: Wed, 04 Mar 2026 05:06:00 +0000\r\n\r\n",
		"Original-Recipient: rfc822; bob@example.org\r\nFinal-Recipient: rfc822; bob@partner.example\r\nAction: failed\r\nStatus: 5.7.1\r\n",
		"Diagnostic-Code: smtp; 550 5.7.1 refused by policy\r\n",
		`Final-Recipient: utf-8; j\x{F6}rg@b\x{FC}cher.example` + "\r\nAction: delayed\r\nStatus: 4.4.1\r\nRemote-MTA: dns; mx.example.org\r\n",
		"Last-Attempt-Date: Wed, 04 Mar 2026 06:00:00 +0000\r\nWill-Retry-Until: Mon, 09 Mar 2026 06:00:00 +0000\r\n",
		"Received: from a (b)\r\n\tby c; Wed, 4 Mar 2026 05:06:00 +0000\r\nSubject: hello\r\n",
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("there is no\n%s\nin\n%s", want, data)
		}
	}
	checkLines(t, data)
	again, err := Compose(sample(t))
	if err != nil || !bytes.Equal(data, again) {
		t.Error("the same report gives other octets")
	}
}

// checkLines holds the rules of RFC 5321 for lines.
func checkLines(t testing.TB, data []byte) {
	t.Helper()
	for line := range strings.SplitSeq(string(data), "\r\n") {
		if strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a bare CR, LF or a NUL in %q", line)
		}
		if len(line) > 998 {
			t.Fatalf("a line of %d octets: %.80q…", len(line), line)
		}
	}
	if !bytes.HasSuffix(data, []byte("\r\n")) {
		t.Fatal("the last line is not ended")
	}
}

func TestComposeRefusesWhatIsNoReport(t *testing.T) {
	for name, spoil := range map[string]func(*Report){
		"no Message-ID":            func(r *Report) { r.MessageID = "" },
		"no date":                  func(r *Report) { r.Date = time.Time{} },
		"nobody to go to":          func(r *Report) { r.To = message.Path{} },
		"no sender":                func(r *Report) { r.From.Path = message.Path{} },
		"no server":                func(r *Report) { r.ReportingMTA = Typed{} },
		"no recipients":            func(r *Report) { r.Recipients = nil },
		"no address":               func(r *Report) { r.Recipients[0].Final = Typed{} },
		"no status":                func(r *Report) { r.Recipients[0].Status = "" },
		"success":                  func(r *Report) { r.Recipients[0].Status = "2.0.0" },
		"permanent delay":          func(r *Report) { r.Recipients[1].Status = "5.0.0" },
		"other action":             func(r *Report) { r.Recipients[0].Action = Relayed },
		"status of four":           func(r *Report) { r.Recipients[0].Status = "5.7.1.2" },
		"signed status":            func(r *Report) { r.Recipients[0].Status = "5.+7.1" },
		"type that is no atom":     func(r *Report) { r.Recipients[0].Diagnostic.Type = "smtp\r\nX" },
		"field name with a break":  func(r *Report) { r.Extra[0].Name = "X\r\nY" },
		"sender with a long name":  func(r *Report) { r.To = path(t, strings.Repeat("a", 1000)+"@example.com") },
		"Message-ID with a break":  func(r *Report) { r.MessageID = "<a\r\n@b>" },
		"too many recipients":      func(r *Report) { r.Recipients = make([]Recipient, maxRecipients+1) },
		"recipient without a type": func(r *Report) { r.Recipients[0].Final.Type = "" },
	} {
		r := sample(t)
		spoil(&r)
		if data, err := Compose(r); err == nil {
			t.Errorf("%s: composed\n%s", name, data)
		}
	}
}

// fieldNames gives the names of a header section, folds passed over.
func fieldNames(t testing.TB, section string) []string {
	t.Helper()
	var names []string
	for line := range strings.SplitSeq(strings.TrimSuffix(section, "\r\n"), "\r\n") {
		if line == "" {
			t.Fatalf("an empty line in a header section:\n%s", section)
		}
		if line[0] == ' ' || line[0] == '\t' {
			if strings.Trim(line, " \t") == "" {
				t.Fatalf("a line of blanks in a header section:\n%s", section)
			}
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("%q is no field", line)
		}
		names = append(names, name)
	}
	return names
}

func FuzzComposeKeepsItsFields(f *testing.F) {
	for _, s := range []string{
		"plain", "a\r\nBcc: x@y.example", "a\n\nbody", "a\rb\x00c", "ünïcode\u2028x\u0085y", "=?utf-8?Q?=0D=0AX:_y?=", "\xff\xfe", strings.Repeat("x", 1200),
		strings.Repeat(" ", 1200) + "x", "\r\n--=_\r\n", "\t\v\f", "a\r\n b", ";;;", `"\`, "=_",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		if len(text)+len(other) > 1<<16 {
			t.Skip("longer than anything asked for")
		}
		r := sample(t)
		r.Subject, r.From.Name, r.Text, r.EnvelopeID = text, other, text, "e"+other
		r.Extra[0].Value = text
		r.ReportingMTA.Text = "m" + other
		r.References = append(r.References, text, other)
		r.Recipients[0].Original.Text, r.Recipients[0].Final.Text = "o"+text, "f"+other
		r.Recipients[0].Diagnostic.Text, r.Recipients[0].RemoteMTA = text, DNS("r"+other)
		r.Recipients[1].Final.Text = "g" + text
		r.Original = message.Header{{Name: "Subject", Value: text}, {Name: "X-Other", Value: other}, {Name: text, Value: "v"}}
		if p, err := message.ParsePath(other); err == nil && !p.IsNull() {
			r.To = p
		}
		data, err := Compose(r)
		if err != nil {
			return // an address without a form
		}
		checkLines(t, data)
		section, body, _ := strings.Cut(string(data), "\r\n\r\n")
		want := "[Date From To Subject Message-ID In-Reply-To References Auto-Submitted X-Postern-Reference MIME-Version Content-Type"
		if r.UTF8() {
			want += " Content-Transfer-Encoding"
		}
		if got := fmt.Sprint(fieldNames(t, section)); got != want+"]" {
			t.Errorf("fields %s", got)
		}
		if !r.UTF8() && !isASCII(string(data)) {
			t.Error("not ASCII without SMTPUTF8")
		}
		_, boundary, _ := strings.Cut(section, `boundary="`)
		boundary, _, _ = strings.Cut(boundary, `"`)
		parts := strings.Split("\r\n"+body, "\r\n--"+boundary)
		if len(parts) != 5 {
			t.Fatalf("%d pieces between boundaries", len(parts))
		}
		_, status, _ := strings.Cut(parts[2], "\r\n\r\n")
		groups := strings.Split(status, "\r\n\r\n")
		if len(groups) != 3 {
			t.Fatalf("%d groups in\n%s", len(groups), status)
		}
		for i, want := range []string{
			"[Original-Envelope-Id Reporting-MTA Arrival-Date]",
			"[Original-Recipient Final-Recipient Action Status Remote-MTA Diagnostic-Code]",
			"[Original-Recipient Final-Recipient Action Status Remote-MTA Diagnostic-Code Last-Attempt-Date Will-Retry-Until]",
		} {
			if got := fmt.Sprint(fieldNames(t, groups[i])); got != want {
				t.Errorf("group %d: %s", i, got)
			}
		}
		got, err := Parse(bytes.NewReader(data))
		if err != nil || len(got.Recipients) != 2 {
			t.Errorf("%d recipients are read, %v", len(got.Recipients), err)
		}
	})
}

func BenchmarkCompose(b *testing.B) {
	r := sample(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compose(r); err != nil {
			b.Fatal(err)
		}
	}
}
