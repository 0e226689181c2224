package relay

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
)

// onWire gives what leaves by DATA, the final dot included, when a message comes
// in pieces of n octets.
func onWire(t testing.TB, message []byte, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	data := textproto.NewWriter(bufio.NewWriter(&out)).DotWriter()
	w := &wireWriter{w: data}
	for p := message; len(p) > 0; {
		k := min(n, len(p))
		if got, err := w.Write(p[:k]); got != k || err != nil {
			t.Fatalf("Write: %d, %v", got, err)
		}
		p = p[k:]
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLinesOnTheWire(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, tt := range []struct{ name, in, want string }{
		{"lines of SMTP stay", "a: b\r\n\r\nc\r\n", "a: b\r\n\r\nc\r\n.\r\n"},
		{"the last line is completed", "a\r\nb", "a\r\nb\r\n.\r\n"},
		{"bare LF ends a line", "a\nb\n", "a\r\nb\r\n.\r\n"},
		{"bare CR is a blank", "a\rb\r\n", "a b\r\n.\r\n"},
		{"CR before CRLF is a blank", "a\r\r\n", "a \r\n.\r\n"},
		{"CR at the end is a blank", "a\r", "a \r\n.\r\n"},
		{"CR alone", "\r", " \r\n.\r\n"},
		{"a dot at a line's start is doubled", ".\r\n..\r\n.a\r\n", "..\r\n...\r\n..a\r\n.\r\n"},
		{"an end of message inside is none", "a\r\n.\r\nMAIL FROM:<b>\r\n", "a\r\n..\r\nMAIL FROM:<b>\r\n.\r\n"},
		{"nor with bare line ends", "a\n.\nb\r.\rc\r\n", "a\r\n..\r\nb . c\r\n.\r\n"},
		{"nor with mixed ones", "a\n.\r\nb\r\n.\nc\r.\r\n", "a\r\n..\r\nb\r\n..\r\nc .\r\n.\r\n"},
		{"a dot behind a bare CR starts no line", "a\r.\r\nb", "a .\r\nb\r\n.\r\n"},
		{"NUL and 8-bit pass", "\x00\xff\r\n", "\x00\xff\r\n.\r\n"},
		{"long lines stay whole", long + "\r\n", long + "\r\n.\r\n"},
		{"nothing is one empty line", "", "\r\n.\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= len(tt.in)+1; n += 1 + len(tt.in)/50 {
				if got := string(onWire(t, []byte(tt.in), n)); got != tt.want {
					t.Fatalf("in pieces of %d: %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

// checkWire holds what any receiver relies on: lines end with CRLF, no other CR or
// LF is there, the first line that is a dot alone is the last, and taking the dots
// off again gives the message as documented.
func checkWire(t testing.TB, message, wire []byte) {
	t.Helper()
	if !bytes.HasSuffix(wire, []byte("\r\n.\r\n")) {
		t.Fatalf("no end in %q", wire)
	}
	if i := bytes.Index(wire, []byte("\r\n.\r\n")); i != len(wire)-5 || bytes.HasPrefix(wire, []byte(".\r\n")) {
		t.Fatalf("early end in %q", wire)
	}
	var got bytes.Buffer
	for line := range bytes.Lines(wire[:len(wire)-3]) {
		text, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok || bytes.ContainsAny(text, "\r\n") {
			t.Fatalf("line %q", line)
		}
		text = bytes.TrimPrefix(text, []byte("."))
		got.Write(text)
		got.WriteString("\r\n")
	}
	want := strings.ReplaceAll(string(message), "\r\n", "\n")
	want = strings.ReplaceAll(want, "\r", " ")
	if !strings.HasSuffix(want, "\n") {
		want += "\n"
	}
	want = strings.ReplaceAll(want, "\n", "\r\n")
	if got.String() != want {
		t.Fatalf("received %q, want %q", got.String(), want)
	}
}

func FuzzWire(f *testing.F) {
	for _, s := range []string{"", "a: b\r\n\r\n.\r\n", "\r\n.\r\n", "\n.\n", "\r.\r", "\r\r\n.\r\n", "a\r", "\x00\xff\r\n..", "a\n\r\n.\r\r\n.\r\n"} {
		for _, n := range []uint8{1, 2, 3, 255} {
			f.Add([]byte(s), n)
		}
	}
	f.Fuzz(func(t *testing.T, message []byte, n uint8) {
		checkWire(t, message, onWire(t, message, int(n)+1))
	})
}

func TestMeasure(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		utf8     bool
	}{
		{"ASCII", "a: b\r\n\r\nc\r\n", false},
		{"8-bit body", "a: b\r\n\r\n\xc3\xa4\r\n", false},
		{"8-bit header", "a: b\r\nc: \xc3\xa4\r\n\r\nc\r\n", true},
		{"8-bit body behind an empty header section", "\r\n\xc3\xa4\r\n", false},
		{"8-bit header without a body", "a: \xc3\xa4\r\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= len(tt.in); n++ {
				var m measure
				for p := []byte(tt.in); len(p) > 0; {
					k := min(n, len(p))
					if _, err := m.Write(p[:k]); err != nil {
						t.Fatal(err)
					}
					p = p[k:]
				}
				if m.size != int64(len(tt.in)) || m.utf8Header != tt.utf8 {
					t.Errorf("in pieces of %d: size %d, 8-bit header %v", n, m.size, m.utf8Header)
				}
			}
		})
	}
}

// An address taken stays one path of one command: no line ends, and no bracket or
// blank outside quotes.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"", "<>", "<a@b>", "a@b> NOTIFY=NEVER", "a@b\r\nRSET", `"a b>"@c`, `"a\"> x"@c`, `"\`, "<@a,@b:u@d>", "\xff@b", "josé@exämple.net"} {
		f.Add(s)
	}
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := bare(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(a, "\r\n\x00\t\x7f") || !strings.Contains(s, a) {
			t.Errorf("%q gives %q", s, a)
		}
		if strings.ContainsAny(quoted.ReplaceAllString(a, ""), `<> "`) {
			t.Errorf("%q ends early", a)
		}
		mailOptions([]string{"ENVID=" + s, "RET=" + s})
		rcptOptions([]string{"NOTIFY=" + s, "ORCPT=" + s, "ORCPT=utf-8;" + s})
	})
}

// What cannot be written must not count as sent.
func TestWireFails(t *testing.T) {
	w := &wireWriter{w: failing{}}
	if _, err := w.Write([]byte("a")); err == nil {
		t.Error("Write: no error")
	}
	w = &wireWriter{w: failing{}}
	if _, err := w.Write([]byte("\r")); err != nil {
		t.Error(err)
	}
	if err := w.end(); err == nil {
		t.Error("end: no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func BenchmarkWire(b *testing.B) {
	line := strings.Repeat("0123456789", 7) + "\r\n"
	message := []byte(strings.Repeat(line, 1<<20/len(line)))
	for _, n := range []int{4 << 10, 32 << 10} {
		b.Run(fmt.Sprintf("pieces=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				w := &wireWriter{w: io.Discard}
				for p := message; len(p) > 0; p = p[min(n, len(p)):] {
					if _, err := w.Write(p[:min(n, len(p))]); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
