package milter

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
)

// bytesConn is a connection on which some octets came and no more will.
type bytesConn struct {
	net.Conn // nil: no other method may be called
	in       *bytes.Reader
	step     int // how many octets a read gives at most
	out      bytes.Buffer
}

func (c *bytesConn) Read(p []byte) (int, error) {
	if len(p) > c.step {
		p = p[:c.step]
	}
	return c.in.Read(p)
}
func (c *bytesConn) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *bytesConn) SetReadDeadline(time.Time) error  { return nil }
func (c *bytesConn) SetWriteDeadline(time.Time) error { return nil }
func (c *bytesConn) Close() error                     { return nil }

func frame(command byte, payload string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)))) + string(command) + payload
}

const postfixOffer = "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"

var conversation = frame('O', postfixOffer) +
	frame('D', "Cj\x00mx.example.com\x00") + frame('C', "client\x004\x12\x67192.0.2.1\x00") +
	frame('D', "H{tls_version}\x00TLSv1.3\x00") + frame('H', "helo\x00") +
	frame('D', "M{auth_authen}\x00alice\x00") + frame('M', "<a@example.com>\x00SIZE=100\x00") +
	frame('D', "R{rcpt_addr}\x00b@example.net\x00") + frame('R', "<b@example.net>\x00") + frame('T', "") +
	frame('L', "Subject\x00 hello\x00") + frame('N', "") + frame('B', "Body\r\n") + frame('E', "") +
	frame('A', "") + frame('H', "again\x00") + frame('K', "") + frame('Q', "")

// Whatever comes, the guard feeds the library well-formed frames of known
// commands in an order in which it cannot stumble.
func FuzzGuard(f *testing.F) {
	f.Add([]byte(conversation), 1)
	f.Add([]byte(conversation), 4096)
	// Two messages without ABORT, and RSET and EHLO without one, as from Sendmail.
	twice := frame('M', "<a>\x00") + frame('R', "<b>\x00") + frame('L', "X\x00y\x00") + frame('E', "")
	f.Add([]byte(frame('O', postfixOffer)+frame('C', "client\x00U")+twice+twice+frame('M', "<a>\x00")+frame('M', "<a>\x00")), 100)
	f.Add([]byte(frame('O', postfixOffer)+frame('E', "")), 100)
	f.Add([]byte("\x00\x00\x00\x00"), 4)
	f.Add([]byte(frame('O', postfixOffer)+"\xff\xff\xff\xff"), 3)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		conn := &bytesConn{in: bytes.NewReader(in), step: 1 + step&0xffff}
		g := newGuard(conn, time.Minute, &counters{})
		defer g.frames.close()
		if err := g.negotiate(); err != nil {
			return
		}
		fed, err := io.ReadAll(io.LimitReader(g, int64(10*len(in)+100)))
		if err != nil {
			t.Fatalf("the library would log %v", err)
		}
		if g.err == nil {
			t.Fatal("the connection ended without a reason")
		}
		message, connected := false, false
		for len(fed) > 0 {
			if len(fed) < 5 || int(binary.BigEndian.Uint32(fed)) > len(fed)-4 {
				t.Fatalf("torn frame %q", fed)
			}
			command, payload := fed[4], fed[5:4+binary.BigEndian.Uint32(fed)]
			fed = fed[4+binary.BigEndian.Uint32(fed):]
			switch command {
			case 'C':
				connected = true
			case 'M':
				if message || !connected {
					t.Fatal("MAIL out of order")
				}
				message = true
			case 'A':
				message = false
			case 'R', 'L', 'N', 'B', 'E':
				if !message {
					t.Fatalf("%q outside a message", command)
				}
			case 'H':
			default:
				t.Fatalf("command %q reached the library", command)
			}
			if command == 'L' && string(payload) != "-\x00-\x00" {
				t.Fatalf("content %q reached the library", payload)
			}
		}
		if len(g.frames.buf) > bufferSizes[len(bufferSizes)-1] || len(in) < 4096 && len(g.frames.buf) > bufferSizes[1] {
			t.Fatalf("a buffer of %d octets for %d", len(g.frames.buf), len(in))
		}
	})
}

func FuzzNegotiation(f *testing.F) {
	f.Add([]byte(postfixOffer))
	f.Add([]byte("\x00\x00\x00\x02\x00\x00\x00\x3f\x00\x00\x00\x7f"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, offer []byte) {
		a, err := agree(offer)
		if err != nil {
			return
		}
		if a.version > binary.BigEndian.Uint32(offer) || a.version > ourVersion ||
			uint32(a.actions)&^binary.BigEndian.Uint32(offer[4:]) != 0 || uint32(a.protocol)&^binary.BigEndian.Uint32(offer[8:]) != 0 {
			t.Fatalf("more than was offered: %+v for %q", a, offer)
		}
		answer := a.frame()
		if int(binary.BigEndian.Uint32(answer)) != len(answer)-4 || answer[4] != 'O' {
			t.Fatalf("answer %q", answer)
		}
	})
}

func FuzzMacros(f *testing.F) {
	f.Add([]byte("M{auth_authen}\x00alice\x00i\x004Q\x00"), []byte("R{rcpt_addr}\x00b@example.net\x00"))
	f.Add([]byte("M"), []byte("M\x00\x00"))
	f.Add([]byte("{"), []byte("C{}\x00x\x00"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var m macros
		firstErr := m.set(first)
		before := m.get("auth_authen", "M")
		if err := m.set(second); err == nil && second[0] != 'M' && m.get("auth_authen", "M") != before {
			t.Fatal("a packet for one stage changed another")
		}
		m.get("i", stages)
		m.forget(stages)
		if firstErr == nil && m.get("auth_authen", stages) != "" {
			t.Fatal("not forgotten")
		}
	})
}

func FuzzPathArguments(f *testing.F) {
	f.Add([]byte("<a@example.com>\x00SIZE=100\x00SMTPUTF8\x00"))
	f.Add([]byte("\x00"))
	f.Add([]byte("<>\x00"))
	f.Add([]byte("a@b"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		address, args, err := parsePath(payload)
		if err != nil {
			return
		}
		if len(args) > maxArguments {
			t.Fatalf("%d arguments", len(args))
		}
		if back := strings.Join(append([]string{address}, args...), "\x00") + "\x00"; back != string(payload) {
			t.Fatalf("%q read as %q %q", payload, address, args)
		}
	})
}

func FuzzHeaderFrame(f *testing.F) {
	f.Add([]byte("Subject\x00 hello\n\tworld\x00"))
	f.Add([]byte("X\x00\x00"))
	f.Add([]byte("\x00\x00"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		name, value, err := parseHeader(payload)
		if err == nil && (name == "" || name+"\x00"+value+"\x00" != string(payload)) {
			t.Fatalf("%q read as %q %q", payload, name, value)
		}
	})
}

// A reply is always one that every client understands: one code on all lines,
// printable ASCII, no line too long, no format directive.
func FuzzReply(f *testing.F) {
	f.Add(550, "5.7.1", "This message holds card numbers\n100% sure", false)
	f.Add(451, "", "\r\n250 Ok\r\n", true)
	f.Add(0, "5.7.1\r\n", "%s%n\x00\xff\u202e", false)
	f.Add(599, "5.999.999", strings.Repeat("word ", 5000), true)
	f.Fuzz(func(t *testing.T, code int, enhanced, text string, oneLine bool) {
		for _, verdict := range []actions.Verdict{actions.Block, actions.Defer} {
			r := refusal(actions.Outcome{Verdict: verdict, Reply: actions.Reply{Code: code, Enhanced: enhanced, Lines: strings.Split(text, "\n")}})
			wire := replyText(r, oneLine)
			if bare := strings.ReplaceAll(wire, "%%", ""); strings.Contains(bare, "%") {
				t.Fatalf("a format directive in %q", wire)
			}
			lines := strings.Split(strings.ReplaceAll(wire, "%%", "%"), "\r\n")
			if len(lines) > 20 || oneLine && len(lines) != 1 {
				t.Fatalf("%d lines", len(lines))
			}
			for i, line := range lines {
				separator := byte('-')
				if i == len(lines)-1 {
					separator = ' '
				}
				class := map[actions.Verdict]byte{actions.Block: '5', actions.Defer: '4'}[verdict]
				if len(line) < 10 || len(line) > 510 || line[:3] != lines[0][:3] || line[0] != class || line[3] != separator ||
					line[4] != class || line[5] != '.' || !strings.Contains(line[5:], " ") {
					t.Fatalf("line %q of %q", line, lines)
				}
				if strings.IndexFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
					t.Fatalf("line %q is not printable", line)
				}
			}
		}
	})
}

// No value of a header field makes another field.
func FuzzFieldValue(f *testing.F) {
	f.Add("plain")
	f.Add("a\r\nBcc: b\r\n\tc\n")
	f.Fuzz(func(t *testing.T, value string) {
		s := &session{guard: &guard{}}
		got := s.fieldValue(value)
		for i := range len(got) {
			if got[i] == '\r' || got[i] == 0 || got[i] == '\n' && (i+1 == len(got) || got[i+1] != ' ' && got[i+1] != '\t') {
				t.Fatalf("%q became %q", value, got)
			}
		}
	})
}
