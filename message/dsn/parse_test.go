package dsn

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
)

// brief shows what tests say of a report.
func brief(r Report) string {
	var b strings.Builder
	b.WriteString(r.ReportingMTA.Text)
	for _, c := range r.Recipients {
		b.WriteString(" | " + c.Final.Type + ";" + c.Final.Text + " " + string(c.Action) + " " + c.Status)
		if !c.Diagnostic.IsZero() {
			b.WriteString(" (" + c.Diagnostic.Type + ";" + c.Diagnostic.Text + ")")
		}
	}
	return b.String()
}

func TestParseTakesWhatProgramsWrite(t *testing.T) {
	for _, tc := range []struct{ name, status, want string }{
		{"the common form", "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no\n",
			"mx.example | rfc822;a@b.example failed 5.1.1 (smtp;550 5.1.1 no)"},
		{"blank lines to spare", "\n\nReporting-MTA: dns; mx.example\n\n \n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n\nFinal-Recipient: rfc822; c@b.example\nAction: delayed\nStatus: 4.0.0",
			"mx.example | rfc822;a@b.example failed 5.1.1 | rfc822;c@b.example delayed 4.0.0"},
		{"one group for all", "Reporting-MTA: dns; mx.example\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n",
			"mx.example | rfc822;a@b.example failed 5.1.1"},
		{"comments, brackets and case", "REPORTING-MTA: DNS;mx.example\n\nfinal-recipient: RFC822;<a@b.example>\naction: Failed (for good)\nstatus: 5.0.0 (quota)\n",
			"mx.example | rfc822;a@b.example failed 5.0.0"},
		{"types left out", "Reporting-MTA: mx.example\n\nFinal-Recipient: a@b.example\nAction: failed\nDiagnostic-Code: the list; is closed\n",
			"mx.example | rfc822;a@b.example failed  (smtp;the list; is closed)"},
		{"folds", "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822;\n a@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550\n\t5.1.1 no\n",
			"mx.example | rfc822;a@b.example failed 5.1.1 (smtp;550 5.1.1 no)"},
		{"only the original address", "Reporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n",
			"mx.example | rfc822;a@b.example failed 5.1.1"},
		{"internationalized", "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: utf-8; j\\x{F6}rg@b.example\nAction: failed\nStatus: 5.1.1\n",
			"mx.example | utf-8;jörg@b.example failed 5.1.1"},
		{"unknown words", "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: vanished\nStatus: bad\n",
			"mx.example | rfc822;a@b.example  "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "Content-Type: multipart/report; boundary=B\n\n--B\n\ntext\n--B\nContent-Type: message/delivery-status\n\n" + tc.status + "\n--B--\n"
			r, err := Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, brief(r)); diff != "" {
				t.Error(diff)
			}
			if r.Text != "text\n" {
				t.Errorf("text %q", r.Text)
			}
		})
	}
}

func TestParseReadsReportsInFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/reports/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no reports", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			r, err := Parse(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			got := brief(r) + "\n"
			for _, f := range r.Original.All("Message-ID") {
				got += f.Text() + "\n"
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOtherMailIsNoReport(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                "",
		"plain mail":             "Subject: x\n\nFinal-Recipient: rfc822; a@b.example\n",
		"a report on no one":     "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n--B--\n",
		"a disposition report":   "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@b.example\n\n--B--\n",
		"a report that was sent": "Content-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\n\n--B--\n",
	} {
		if r, err := Parse(strings.NewReader(text)); !errors.Is(err, ErrNoReport) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	head := "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
	many := head + strings.Repeat("Final-Recipient: rfc822; a@b.example\n\n", 50_000) + "--B--\n"
	r, err := Parse(strings.NewReader(many))
	if err != nil || len(r.Recipients) != maxRecipients {
		t.Errorf("%d recipients, %v", len(r.Recipients), err)
	}
	long := head + "Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: smtp; " + strings.Repeat("x\n ", 1<<20) + "\n\n--B--\n"
	r, err = Parse(strings.NewReader(long))
	if err != nil || len(r.Recipients) != 1 || len(r.Recipients[0].Diagnostic.Text) > maxFieldText {
		t.Errorf("%d recipients, %v", len(r.Recipients), err)
	}
}

func TestReportsOfOthers(t *testing.T) {
	const external = "../../../shared/testdata-external/mime"
	if _, err := os.Stat(external); err != nil {
		t.Skipf("no external messages: %v", err)
	}
	for file, want := range map[string]string{
		"nodemailer/delivery-status.eml":                      "amazonses.com | rfc822;xxxx@xxxx.com failed 5.1.1",
		"mimekit/messages__delivery-status.txt":               "mm1 | rfc822;newsletter-request@imusic.com failed  (x-local;500 (err.nosuchuser))",
		"mimekit/messages__delivery-status-no-blank-line.txt": "mm1 | rfc822;newsletter-request@imusic.com failed  (x-local;500 (err.nosuchuser))",
		"cpython/msg_16.txt":                                  "cougar.noc.ucla.edu | rfc822;jangel1@cougar.noc.ucla.edu failed 5.0.0",
		"mikel/multipart_report_emails__report_422.eml":       "mail11.ttttt.com.au | rfc822;fraser@oooooooo.com.au delayed 4.2.2 (smtp;452 4.2.2 <fraser@oooooooo.com.au>... Mailbox full)",
		"enmime/dsn__dsn_with_multipart_alternative.raw":      "1234.prod.outlook.com | rfc822;non-existing@example.com failed 5.1.10 (smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound)",
		"enmime/dsn__delayed_dsn.raw":                         "sun2.nsfnet-relay.ac.uk | rfc822;thomas@de-montfort.ac.uk delayed 4.0.0",
	} {
		f, err := os.Open(filepath.Join(external, file))
		if err != nil {
			t.Error(err)
			continue
		}
		r, err := Parse(f)
		f.Close()
		got := brief(r)
		if strings.HasPrefix(file, "nodemailer") {
			got, _, _ = strings.Cut(got, " (")
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", file, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/reports/*.eml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	if data, err := Compose(sample(f)); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What was read can be told on: its texts are single lines.
		for _, c := range r.Recipients {
			for _, s := range []string{c.Final.Text, c.Original.Text, c.Diagnostic.Text, c.RemoteMTA.Text, c.Status, r.Subject, r.EnvelopeID, r.From.Name} {
				if strings.ContainsAny(s, "\r\n\x00") {
					t.Fatalf("a line break in %q", s)
				}
			}
		}
		r.Original = append(message.Header(nil), r.Original...)
		if out, err := Compose(r); err == nil {
			checkLines(t, out)
			if _, err := Parse(bytes.NewReader(out)); err != nil {
				t.Errorf("what was composed is not read: %v", err)
			}
		}
	})
}
