package edit

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
)

// seeds are messages of every kind that is edited in a way of its own.
var seeds = []string{
	"From: a@b.test\n\nhello\n",
	plainHead + "iso-2022-jp\n\n\x1b$B5!L)\x1b(B\n",
	plainHead + "utf-8\nContent-Transfer-Encoding: quoted-printable\n\na=\n  =\n",
	plainHead + "utf-8\nContent-Transfer-Encoding: base64\n\naGVsbG8K\n",
	plainHead + "utf-16\nContent-Transfer-Encoding: base64\n\n//5oAGkA\n",
	"Content-Type: text/html\n\n<html><body><table>x</body><!--",
	"From: a@b.test\n\nx\nbegin 644 a word that begins no file",
	"MIME-Version: 1.0\n" + multipart("mixed", multipart("alternative", textPart, htmlPart), filePart, mailPart),
	"Content-Type: text/plain\n\nhello\nbegin 644 a.exe\n#0V%T\n`\nend\nbye\n=ybegin line=128 size=3 name=a\n=8:\n=yend\n",
}

// outcome holds an edit to what holds of all of them.
func outcome(t *testing.T, raw string, m *message.Message, d *Draft, err error, most int) {
	_, body, changed := d.Result()
	var u UnalterableError
	switch {
	case err != nil && !errors.As(err, &u):
		t.Fatal(err)
	case err != nil && changed:
		t.Fatal("an edit that failed has changed the message")
	case len(body) > most:
		t.Fatalf("%d octets became %d", len(raw), len(body))
	case changed && hasEightBit(body) && !hasEightBit(m.Body()):
		t.Fatal("7 bits have become 8")
	}
}

func FuzzDisclaim(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, notice, false)
		f.Add(crlf(s), "<b>N<!--", true)
	}
	f.Fuzz(func(t *testing.T, raw, html string, prepend bool) {
		m := read(t, raw)
		d := New(m)
		err := d.Disclaim(Disclaimer{html, prepend})
		// A part that becomes UTF-8 in quoted-printable grows to nine times its size.
		outcome(t, raw, m, d, err, 12*len(raw)+mostBodies*40*len(html)+8192)
		if _, _, changed := d.Result(); !changed || strings.Contains(html, "<") {
			return
		}
		for p := range m.Leaves() {
			if p.IsBody() {
				continue
			}
			if _, body, _ := d.Result(); !strings.Contains(string(body), string(p.Raw())) {
				t.Fatalf("part %s is no longer what it was", p.Index)
			}
		}
	})
}

func FuzzStrip(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
		f.Add(crlf(s))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		m := read(t, raw)
		d := New(m)
		_, err := d.Strip(func(p *message.Part) bool { return !p.IsBody() }, func(name string) string { return "removed" })
		outcome(t, raw, m, d, err, 12*len(raw)+len(raw)*40+8192)
	})
}

func FuzzPlaces(f *testing.F) {
	for _, s := range []string{"<body>x</body>", "<table><tr>x<!-- </body>", "<svg><style></body>", "x<a href='", "<!doctype html><html><head><title>a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if pos, _ := placeBehind([]byte(s)); pos < 0 || pos > len(s) {
			t.Fatal(pos)
		}
		if pos := placeBefore([]byte(s)); pos < 0 || pos > len(s) {
			t.Fatal(pos)
		}
	})
}

func BenchmarkDisclaim(b *testing.B) {
	raw := crlf("MIME-Version: 1.0\n" + multipart("alternative", textPart+strings.Repeat("A line of text.\n", 3000), htmlPart+strings.Repeat("<p>A line of text.</p>\n", 2500)))
	m := read(b, raw)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		d := New(m)
		if err := d.Disclaim(Disclaimer{HTML: notice}); err != nil {
			b.Fatal(err)
		}
		d.Result()
	}
}
