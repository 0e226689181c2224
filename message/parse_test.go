package message

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse reads a message written with LF, as it comes from a file.
func parse(t testing.TB, s string) *Message { return parseWith(t, s, DefaultLimits) }

func parseWith(t testing.TB, s string, lim Limits) *Message {
	t.Helper()
	m, err := Read(Envelope{}, strings.NewReader(s), nil, lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// outline shows the tree: index, media type and, of leaves, the content.
func outline(t testing.TB, m *Message) []string {
	t.Helper()
	var lines []string
	m.Root.walk(func(p *Part) bool {
		line := p.Index + " " + p.MediaType
		if !p.container {
			data, err := p.Content()
			if err != nil {
				t.Error(err)
			}
			line += fmt.Sprintf(" %q", data)
		}
		lines = append(lines, line)
		return true
	})
	return lines
}

func allNotices(t testing.TB, m *Message) []Notice {
	t.Helper()
	all := slices.Clone(m.Notices)
	for p := range m.Leaves() {
		p.Content()
		all = append(all, p.Notices()...)
	}
	return all
}

func TestTreeOfParts(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"one leaf", "Subject: a\n\nHello\n", []string{`1 text/plain "Hello\n"`}},
		{"no body", "Subject: a\n", []string{`1 text/plain ""`}},
		{"mbox line", "From a@b Mon\nSubject: a\n\nHello\n", []string{`1 text/plain "Hello\n"`}},
		{"CRLF", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na\r\n\r\n--b--\r\n", []string{
			"1 multipart/mixed", `1.1 text/plain "a\r\n"`}},
		{"preamble and epilogue", "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\na\n--b--\npost\n", []string{
			"1 multipart/mixed", `1.0 text/plain "pre"`, `1.1 text/plain "a"`, `1.2 text/plain "post\n"`}},
		{"nested", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n" +
			"--i\n\na\n--i\nContent-Type: text/html\n\n<p>\n--i--\n--o\n\nb\n--o--\n", []string{
			"1 multipart/mixed", "1.1 multipart/alternative", `1.1.1 text/plain "a"`, `1.1.2 text/html "<p>"`, `1.2 text/plain "b"`}},
		{"longer boundary inside", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bc\n\n" +
			"--bc\n\na\n--bc--\n--b--\n", []string{"1 multipart/mixed", "1.1 multipart/mixed", `1.1.1 text/plain "a"`}},
		{"outer closes inner", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n" +
			"--i\n\na\n--o\n\nb\n--o--\n", []string{
			"1 multipart/mixed", "1.1 multipart/mixed", `1.1.1 text/plain "a"`, `1.2 text/plain "b"`}},
		{"parts behind the close", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b--\n--b\n\nc\n--b--\n", []string{
			"1 multipart/mixed", `1.1 text/plain "a"`, `1.2 text/plain "c"`}},
		{"text behind a delimiter", "Content-Type: multipart/mixed; boundary=b\n\n--b junk\n\na\n--b--\n", []string{
			"1 multipart/mixed", `1.1 text/plain "junk"`, `1.2 text/plain "a"`}},
		{"bare CR around delimiters", "Content-Type: multipart/mixed; boundary=b\n\n--b\r\ra\r--b--\n", []string{
			"1 multipart/mixed", `1.1 text/plain "\ra"`}},
		{"no close", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n", []string{
			"1 multipart/mixed", `1.1 text/plain "a\n"`}},
		{"no boundary parameter", "Content-Type: multipart/mixed\n\n--b\n\na\n--b--\n", []string{
			"1 multipart/mixed", `1.1 text/plain "a"`}},
		{"no delimiter", "Content-Type: multipart/mixed; boundary=b\n\na\n", []string{
			"1 multipart/mixed", `1.1 text/plain "a\n"`}},
		{"embedded message", "Content-Type: message/rfc822\n\nSubject: b\n\nHello\n", []string{
			"1 message/rfc822", `1.1 text/plain "Hello\n"`}},
		{"digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: c\n\nHello\n--b--\n", []string{
			"1 multipart/digest", "1.1 message/rfc822", `1.1.1 text/plain "Hello"`}},
		{"encoded multipart", "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n" +
			base64.StdEncoding.EncodeToString([]byte("--b\n\na\n--b--\n")) + "\n", []string{
			"1 multipart/mixed", `1.1 text/plain "a"`}},
		{"encoded leaf", "Content-Transfer-Encoding: quoted-printable\n\na=3Db\n", []string{`1 text/plain "a=b\n"`}},
		{"unreadable type", "Content-Type: what is this\n\na\n", []string{`1 text/plain "a\n"`}},
		{"bad line in a header section", "Content-Type: multipart/mixed; boundary=b\n\n--b\nno field\nContent-Transfer-Encoding: base64\n\nYQ==\n--b--\n",
			[]string{"1 multipart/mixed", `1.1 text/plain "a"`}},
		{"no empty line", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\njust text\n--b--\n",
			[]string{"1 multipart/mixed", `1.1 text/plain "just text"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outline(t, parse(t, c.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotices(t *testing.T) {
	mixed := "Content-Type: multipart/mixed; boundary=b\n\n"
	for _, c := range []struct {
		name, in string
		want     Notice
	}{
		{"repeated type", "Content-Type: text/plain\nContent-Type: text/html\n\na\n", Notice{"", SignalDefect, "repeated Content-Type"}},
		{"repeated encoding", "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nYQ==\n", Notice{"", SignalDefect, "repeated Content-Transfer-Encoding"}},
		{"repeated boundary", "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--b\n\na\n--b--\n", Notice{"", SignalDefect, "repeated boundary"}},
		{"no colon", "Subject: a\nno colon\nTo: b@c.example\n\na\n", Notice{"", SignalDefect, defectNoColon}},
		{"blank before the colon", mixed + "--b\nContent-Transfer-Encoding : base64\n\nYQ==\n--b--\n", Notice{"body", SignalDefect, defectBlankColon}},
		{"no close", mixed + "--b\n\na\n", Notice{"part 1", SignalDefect, defectUnclosed}},
		{"foreign base64", "Content-Transfer-Encoding: base64\n\nY.Q==\n", Notice{"body", SignalDefect, "characters foreign to base64"}},
		{"damaged base64", "Content-Transfer-Encoding: base64\n\n!!\n", Notice{"body", SignalUnreadable, "no base64 in a part that is said to be base64"}},
		{"S/MIME", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nx\n", Notice{"smime.p7m", SignalEncrypted, "S/MIME enveloped data"}},
		{"S/MIME of unknown kind", "Content-Type: application/pkcs7-mime; name=smime.p7m\n\nx\n", Notice{"smime.p7m", SignalEncrypted, "S/MIME enveloped data"}},
		{"PGP/MIME", "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\na\n--b--\n", Notice{"part 1", SignalEncrypted, "an encrypted multipart"}},
		{"PGP armour", "\n-----BEGIN PGP MESSAGE-----\n", Notice{"body", SignalEncrypted, detailArmour}},
		{"PGP armour, encoded", "Content-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("-----BEGIN PGP MESSAGE-----\n")) + "\n",
			Notice{"body", SignalEncrypted, detailArmour}},
		{"unknown character set", "Content-Type: text/plain; charset=x-none\n\nx\n", Notice{"body", SignalDefect, "an unknown character set"}},
		{"mark against the character set", "Content-Type: text/plain; charset=us-ascii\n\n\xff\xfeA\x00\n",
			Notice{"body", SignalDefect, "a byte order mark that contradicts the character set"}},
		{"a word before base64", "Content-Transfer-Encoding: base64\n\nhello\n" + base64.StdEncoding.EncodeToString([]byte("What nobody says is base64.")) + "\n",
			Notice{"body", SignalDefect, "a short line before the base64"}},
		{"glued delimiter", mixed + "--b\n\na\n--bx\n\nb\n--b--\n", Notice{"part 1", SignalDefect, defectGlued}},
		{"fragment that is joined", "Content-Type: message/partial; number=1\n\nx\n", Notice{"part 1", SignalDefect, "a fragment of a message, which some readers join"}},
		{"fragment", "Content-Type: message/partial; number=1\n\nx\n", Notice{"part 1", SignalIncomplete, "a fragment of a message"}},
		{"external body", "Content-Type: message/external-body\n\nx\n", Notice{"part 1", SignalIncomplete, "a body that lies elsewhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if all := allNotices(t, parse(t, c.in)); !slices.Contains(all, c.want) {
				t.Errorf("%v is not in %v", c.want, all)
			}
		})
	}
}

func TestLegalMailRaisesNothing(t *testing.T) {
	for name, in := range map[string]string{
		"one long word":         "\nDonaudampfschifffahrtsgesellschaft\n",
		"a digest":              "\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
		"prose that begins":     "\nbegin 644 is how uuencode begins.\nend\n",
		"comments":              "Content-Type: (a) text/plain (b (c)); charset=utf-8 (d)\nContent-Transfer-Encoding: (x) base64 (y)\n\nYQ==\n",
		"folds":                 "Content-Type:\n text/plain;\n\tcharset=utf-8\n\na\n",
		"blanks at delimiters":  "Content-Type: multipart/mixed; boundary=\"b c\"\n\n--b c \t\n\na\n--b c-- \n",
		"every boundary letter": "Content-Type: multipart/mixed; boundary=\"a'()+_,-./:=?9\"\n\n--a'()+_,-./:=?9\n\na\n--a'()+_,-./:=?9--\n",
		"quoted pair":           "Content-Type: multipart/mixed; boundary=\"f\\oo\"\n\n--foo\n\na\n--foo--\n",
		"preamble and epilogue": "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\na\n--b--\npost\n",
		"look-alike in text":    "\n--b\n-- \nSigned\n",
		"empty parts":           "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\nContent-Type: text/plain\n\n\n--b--\n",
		"names in both fields":  "Content-Type: text/plain; name=\"a b.txt\"\nContent-Disposition: attachment; filename*=utf-8''a%20b.txt\n\na\n",
		"signed S/MIME":         "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx\n",
		"signed PGP":            "\n-----BEGIN PGP SIGNED MESSAGE-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			if all := allNotices(t, parse(t, in)); len(all) != 0 {
				t.Errorf("noticed %v", all)
			}
			if all := allNotices(t, parse(t, strings.ReplaceAll(in, "\n", "\r\n"))); len(all) != 0 {
				t.Errorf("noticed with CRLF: %v", all)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name, fields string
		want         []string
	}{
		{"quoted", `Content-Disposition: attachment; filename="a b.docx"`, []string{"a b.docx"}},
		{"extended", `Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.docx`, []string{"Grüße.docx"}},
		{"continued", "Content-Disposition: attachment;\n filename*0*=utf-8''Gr%C3;\n filename*1*=%BC; filename*2=\".docx\"", []string{"Grü.docx"}},
		{"encoded word", `Content-Type: text/plain; name="=?utf-8?Q?Gr=C3=BC.txt?="`, []string{"Grü.txt", "=?utf-8?Q?Gr=C3=BC.txt?="}},
		{"path", `Content-Type: text/plain; name="C:\TEMP\a.txt"`, []string{`C:TEMPa.txt`, `C:\TEMP\a.txt`}},
		{"both forms", `Content-Disposition: attachment; filename="a.docx"; filename*=utf-8''b.docx`, []string{"b.docx", "a.docx"}},
		{"both fields", "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=b.txt", []string{"b.txt", "a.txt"}},
		{"unquoted blanks", "Content-Disposition: attachment; filename=my file.docx; size=3", []string{"my file.docx", "my"}},
		{"quote never closed", `Content-Disposition: attachment; filename="a.docx; size=3`, []string{"a.docx"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.fields+"\n\nx\n")
			if diff := cmp.Diff(c.want, m.Root.Names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBodyAndAttachments(t *testing.T) {
	m := parse(t, "Content-Type: multipart/mixed; boundary=b\n\n"+
		"--b\nContent-Type: text/html; charset=UTF-8\n\nbody\n"+
		"--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nnot body\n"+
		"--b\nContent-Type: text/plain; name=a.txt\n\nnot body\n"+
		"--b\nContent-Type: message/rfc822\n\nSubject: x\n\nnot body\n--b--\n")
	var leaves, attachments []string
	for p := range m.Leaves() {
		leaves = append(leaves, p.Name())
	}
	for p := range m.Attachments() {
		attachments = append(attachments, p.Name())
	}
	if diff := cmp.Diff([]string{"body", "part 1.2", "a.txt", "part 1.4.1"}, leaves); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"part 1.2", "a.txt", "part 1.4", "part 1.4.1"}, attachments); diff != "" {
		t.Error(diff)
	}
	if got := m.Root.Children[0].Charset(); got != "utf-8" {
		t.Errorf("charset %q", got)
	}
	if got := m.Root.Children[3].Size(); got != int64(len("Subject: x\n\nnot body")) {
		t.Errorf("the embedded message has %d octets", got)
	}
}

func TestSizeCountsCRLF(t *testing.T) {
	want := int64(len("Subject: a\r\n b\r\n\r\nHello\r\nworld\r\n"))
	for _, in := range []string{"Subject: a\n b\n\nHello\nworld\n", "Subject: a\r\n b\r\n\r\nHello\r\nworld\r\n"} {
		if m := parse(t, in); m.Size != want {
			t.Errorf("%d octets, not %d", m.Size, want)
		}
	}
	body := (*Budget)(nil).NewBuffer()
	body.Write([]byte("Hello\r\nworld\r\n"))
	m, err := Parse(Envelope{}, Header{{"Subject", " a\n b"}}, body, nil, Limits{})
	if err != nil || m.Size != want {
		t.Errorf("%d octets from a milter, not %d (%v)", m.Size, want, err)
	}
	m.Close()
}

func TestLimitsLeaveNothingUnseen(t *testing.T) {
	var deep, wide strings.Builder
	for i := range 30 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d.\n\n--b%d.\n", i, i)
	}
	deep.WriteString("\n4111 1111 1111 1111\n")
	wide.WriteString("Content-Type: multipart/mixed; boundary=b\n\n")
	for range 50 {
		wide.WriteString("--b\n\nx\n")
	}
	wide.WriteString("--b\n\n4111 1111 1111 1111\n--b--\n")
	fields := "A: b\nC: d\nE: 4111 1111 1111 1111\n\nx\n"
	for name, c := range map[string]struct {
		in  string
		lim Limits
	}{
		"nesting": {deep.String(), Limits{Nesting: 5}},
		"members": {wide.String(), Limits{Members: 10}},
		"fields":  {fields, Limits{HeaderFields: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			m := parseWith(t, c.in, c.lim)
			if !slices.ContainsFunc(m.Notices, func(n Notice) bool { return n.Signal == SignalIncomplete }) {
				t.Errorf("no limit in %v", m.Notices)
			}
			all := strings.Join(outline(t, m), "\n")
			for _, f := range m.Header {
				all += f.Value
			}
			if !strings.Contains(all, "4111 1111 1111 1111") {
				t.Error("what is behind the limit cannot be reached")
			}
		})
	}
}

func TestManyReadingsEnd(t *testing.T) {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=a%d.; boundary=b%d.\n\n--a%d.\n--b%d.\n", i, i, i, i)
	}
	b.WriteString("\n" + strings.Repeat("text\n", 1<<17))
	m := parse(t, b.String())
	if !slices.ContainsFunc(m.Notices, func(n Notice) bool { return n.Signal == SignalIncomplete }) {
		t.Error("the message is read to its end, or the end is not noticed")
	}
}

func TestContentIsSharedByGoroutines(t *testing.T) {
	budget := NewBudget(1<<20, t.TempDir())
	m, err := Read(Envelope{}, strings.NewReader("Content-Transfer-Encoding: base64\n\n"+strings.Repeat("SGVsbG8h", 5000)), budget, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if data, err := m.Root.Content(); err != nil || len(data) != 30000 {
				t.Errorf("%d octets (%v)", len(data), err)
			}
			m.Root.Notices()
			m.Root.Size()
		})
	}
	group.Wait()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if used := budget.Used(); used != 0 {
		t.Errorf("%d octets are not given back", used)
	}
}

func TestSpooledMessageIsTheSame(t *testing.T) {
	in := "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" +
		strings.Repeat("SGVsbG8h\n", 3000) + "--b--\n"
	want := outline(t, parse(t, in))
	m, err := Read(Envelope{}, strings.NewReader(in), NewBudget(0, t.TempDir()), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, outline(t, m)); diff != "" {
		t.Error(diff)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.Root.Content(); err != nil && err != errMessageClosed {
		t.Error(err)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		"Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\na\n--b--\npost\n",
		"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogYQoKYg==\n",
		"Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\n--b\nX\r\r\n\n--a--\n--b",
		"A : b\n c\nno colon\r\nContent-Type: text/plain\n \nx",
		"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\na\n--\n\nb\n----\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := Read(Envelope{}, strings.NewReader(string(in)), nil, Limits{Nesting: 8, Members: 50, HeaderFields: 50})
		if err != nil {
			t.Fatal(err)
		}
		exercise(t, m)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAJournalReportIsReadAsTheMessageItIsAbout(t *testing.T) {
	const report = "From: journal@example.com\nSubject: FW: plan\nX-MS-Journal-Report:\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\n\nSender: ann@example.com\nRecipient: bob@example.net\n--b\nContent-Type: message/rfc822\n\n" +
		"From: ann@example.com\nSubject: plan\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nsecret\n--c\n" +
		"Content-Type: message/rfc822\n\nSubject: older\n\nquoted\n--c--\n--b--\n"
	m := parse(t, report)
	var bodies []string
	for p := range m.Leaves() {
		if p.IsBody() {
			data, _ := p.Content()
			bodies = append(bodies, string(data))
		}
	}
	want := []string{"Sender: ann@example.com\nRecipient: bob@example.net", "secret"}
	if diff := cmp.Diff(want, bodies); diff != "" || m.Subject() != "FW: plan\nplan" || len(m.Headers()) != 2 {
		t.Errorf("subject %q, %d headers\n%s", m.Subject(), len(m.Headers()), diff)
	}
	m = parse(t, strings.Replace(report, "X-MS-Journal-Report:\n", "", 1))
	if m.Journaled != nil || m.Subject() != "FW: plan" {
		t.Error("a message with a message attached is no journal report")
	}
}
