package dsn

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
)

// readBack gives what a reader makes of the fields written.
func readBack(t testing.TB, b *Builder) message.Header {
	t.Helper()
	if b.Err() != nil {
		t.Fatal(b.Err())
	}
	m, err := message.Read(message.Envelope{}, strings.NewReader(b.String()+"\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	for line := range strings.SplitSeq(b.String(), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d octets", len(line))
		}
	}
	return m.Header
}

func TestTextComesBack(t *testing.T) {
	for _, text := range []string{
		"", "plain", "two  blanks", strings.Repeat("word ", 60) + "end", strings.Repeat("x", 5000), "Grüße", "=?utf-8?Q?not_a_word?=",
		strings.Repeat("ü", 300), "a 📧 b", strings.Repeat("y", 70), "(comment) \"quoted\" <a@b.example>, c:d;",
	} {
		var b Builder
		b.Text("Subject", text)
		b.Text("X-A-Long-Name-Of-A-Field-With-Little-Room-Behind-It", text)
		h := readBack(t, &b)
		if len(h) != 2 || h[0].Text() != text || h[1].Text() != text {
			t.Errorf("%.60q: %.200q", text, h)
		}
	}
}

func TestTextLosesBreaks(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\nBcc: x@y.example": "a  Bcc: x@y.example",
		"a\n\nb":                "a  b",
		"a\x00b\x1b[1mc":        "ab[1mc",
		"a\u2028b\u0085c":       "a bc",
		"a\xffb":                "a\ufffdb",
	} {
		var b Builder
		b.Text("Subject", text)
		if h := readBack(t, &b); len(h) != 1 || h[0].Text() != want {
			t.Errorf("%q: %q, want %q", text, h, want)
		}
	}
}

func TestMailboxesComeBack(t *testing.T) {
	for _, tc := range []struct{ name, address, want string }{
		{"Ann", "ann@example.com", "ann@example.com"},
		{`Ann "the" \ Boss, <x@y.example>`, "ann@example.com", "ann@example.com"},
		{"Änn\r\nBcc: x@y.example", "ann@example.com", "ann@example.com"},
		{strings.Repeat("long name ", 30), "ann@example.com", "ann@example.com"},
		{"", `"a b"@example.com`, `"a b"@example.com`},
		{"", "ann@bücher.example", "ann@xn--bcher-kva.example"},
	} {
		var b Builder
		b.Mailboxes("To", Mailbox{tc.name, path(t, tc.address)}, Mailbox{}, Mailbox{Path: path(t, "second@example.com")})
		h := readBack(t, &b)
		if got := h.Addresses("To"); len(h) != 1 || len(got) != 2 || got[0].String() != tc.want || got[1].String() != "second@example.com" {
			t.Errorf("%s: %v in %q", tc.address, got, h)
		}
	}
	b := Builder{}
	b.Mailboxes("To", Mailbox{Path: path(t, "änn@example.com")})
	if b.Err() == nil {
		t.Errorf("an address without an ASCII form is written: %q", b.String())
	}
	b = Builder{}
	b.Mailboxes("To", Mailbox{})
	b.MessageIDs("References", "none", "<a b>", "<a\r\n@b>")
	if b.String() != "" {
		t.Errorf("fields without a value: %q", b.String())
	}
}

func TestParseMailbox(t *testing.T) {
	for text, want := range map[string]string{
		"policy@example.com":                                "|policy@example.com",
		"Example mail policy <policy@example.com>":          "Example mail policy|policy@example.com",
		`"Policy, \"mail\" (Example)" <policy@example.com>`: `Policy, "mail" (Example)|policy@example.com`,
		"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= <policy@example.com>":  "Grüße|policy@example.com",
		"<policy@example.com>":                              "|policy@example.com",
	} {
		m, err := ParseMailbox(text)
		if got := m.Name + "|" + m.Path.String(); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "nobody", "a@b.example, c@d.example", "A <a@b.example>\r\nX: y", "<>"} {
		if m, err := ParseMailbox(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, m)
		}
	}
}

func TestOddTimesHaveAForm(t *testing.T) {
	for _, year := range []int{-5, 0, 1, 1899, 10_000, 300_000} {
		var b Builder
		b.Date("Date", time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC))
		if h := readBack(t, &b); parseTime(h[0].Text()).IsZero() {
			t.Errorf("year %d: %q", year, h)
		}
	}
}

func TestFieldsGivenBackStayWhatTheyAre(t *testing.T) {
	r := sample(t)
	r.Original = message.Header{
		{Name: "Subject", Value: " a\r\nBcc: x@y.example\n\nbody\r\n"},
		{Name: "", Value: "no field"}, {Name: "Bad Name", Value: " x"},
		{Name: "Comments", Value: "b\x00\rc"},
	}
	data, err := Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Original) != 2 || got.Original[0].Text() != "a Bcc: x@y.example body" || got.Original[1].Text() != "bc" {
		t.Errorf("%q", got.Original)
	}
	r.Original = nil
	for range 2000 {
		r.Original = append(r.Original, message.Field{Name: "X-Many", Value: strings.Repeat("x", 100)})
	}
	data, err = Compose(r)
	if err != nil || len(data) > maxOriginal+10_000 {
		t.Errorf("%d octets, %v", len(data), err)
	}
}
