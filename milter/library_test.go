package milter

import (
	"bytes"
	"io"
	"net"
	"net/textproto"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-milter"
	"github.com/google/go-cmp/cmp"
)

// The guard rests on how this version of the library works. A new version has to
// pass the tests below, and those with a real mail server, before it is named
// here.
func TestLibraryVersionIsPinned(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "github.com/emersion/go-milter v0.5.0") {
		t.Error("go.mod names another version of emersion/go-milter than the guard was written for")
	}
}

// script is a connection that notes what is done to it, and in which goroutine.
type script struct {
	net.Conn // nil: no other method may be called
	in       *bytes.Reader
	steps    *steps
}

type steps struct {
	all        []string
	goroutines map[string]bool
}

func (s *steps) note(what string) {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	id, _, _ := strings.Cut(string(buf), "[")
	s.goroutines[id] = true
	if n := len(s.all); n == 0 || s.all[n-1] != what {
		s.all = append(s.all, what)
	}
}

func (s *script) Read(p []byte) (int, error) {
	s.steps.note("read")
	n, err := s.in.Read(p)
	if err == io.EOF {
		s.steps.note("end")
	}
	return n, err
}

func (s *script) Write(p []byte) (int, error) {
	s.steps.note("write " + string(p[4:5]))
	return len(p), nil
}

func (s *script) Close() error { s.steps.note("close"); return nil }

// noting is a handler that notes its calls and answers nothing or "y".
type noting struct {
	milter.NoOpMilter
	steps *steps
}

func (n noting) Header(string, string, *milter.Modifier) (milter.Response, error) {
	n.steps.note("Header")
	return nil, nil
}

func (n noting) RcptTo(string, *milter.Modifier) (milter.Response, error) {
	n.steps.note("RcptTo")
	return milter.NewResponseStr('y', "550 5.7.1 no"), nil
}

func (n noting) Headers(textproto.MIMEHeader, *milter.Modifier) (milter.Response, error) {
	n.steps.note("Headers")
	return nil, nil
}

func (n noting) Body(m *milter.Modifier) (milter.Response, error) {
	n.steps.note("Body")
	m.AddHeader("X", "y")
	m.AddRecipient("a@example.org")
	return milter.RespContinue, nil
}

// The library reads a frame, calls back, writes, and only then reads again, all
// in one goroutine; a callback without a response writes nothing; a custom
// response keeps the handler; Serve returns when the connection is closed.
func TestLibraryIsSynchronous(t *testing.T) {
	var in []byte
	for _, frame := range []string{"R<a>\x00", "LX\x00y\x00", "N", "E", "LX\x00y\x00"} {
		in = append(append(in, 0, 0, 0, byte(len(frame))), frame...)
	}
	s := &steps{goroutines: map[string]bool{}}
	g := &guard{Conn: &script{in: bytes.NewReader(in), steps: s}, closed: make(chan struct{})}
	handlers := 0
	server := milter.Server{NewMilter: func() milter.Milter { handlers++; return noting{steps: s} }}
	l := &scripted{conn: &closing{Conn: g.Conn, closed: g.closed}, closed: g.closed}
	if err := server.Serve(l); err != net.ErrClosed {
		t.Errorf("Serve: %v", err)
	}
	want := []string{
		"read", "RcptTo", "write y",
		"read", "Header",
		"read", "Headers",
		"read", "Body", "write h", "write +", "write c",
		"read", "Header",
		"read", "end", "close",
	}
	if diff := cmp.Diff(want, s.all); diff != "" {
		t.Error(diff)
	}
	if len(s.goroutines) != 1 {
		t.Errorf("%d goroutines", len(s.goroutines))
	}
	if handlers != 1 {
		t.Errorf("%d handlers for one connection", handlers)
	}
}

type closing struct {
	net.Conn
	closed chan struct{}
}

func (c *closing) Close() error { defer close(c.closed); return c.Conn.Close() }

type scripted struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *scripted) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}
func (l *scripted) Close() error   { return nil }
func (l *scripted) Addr() net.Addr { return &net.UnixAddr{} }

// countedConn counts reads and writes.
type countedConn struct {
	net.Conn
	reads, writes int
}

func (c *countedConn) Read(p []byte) (int, error)  { c.reads++; return c.Conn.Read(p) }
func (c *countedConn) Write(p []byte) (int, error) { c.writes++; return c.Conn.Write(p) }

// A megabyte of body frames is read straight into place in a few reads.
func TestFewReadsForALargeBody(t *testing.T) {
	near, far := socketPair(t)
	counted := &countedConn{Conn: near}
	frames := newFrameReader(counted, time.Minute)
	defer frames.close()
	const chunk, chunks = 65535, 64
	go func() {
		frame := append([]byte{0, 1, 0, 0, 'B'}, make([]byte, chunk)...)
		for range chunks {
			far.Write(frame)
		}
		far.Close()
	}()
	for range chunks {
		_, payload, err := frames.next(false)
		if err != nil || len(payload) != chunk {
			t.Fatalf("%d octets, %v", len(payload), err)
		}
	}
	if limit := 8 * chunks; counted.reads > limit {
		t.Errorf("%d reads for %d MB, want at most %d", counted.reads, chunk*chunks>>20, limit)
	}
	t.Logf("%d reads for %d frames of %d octets", counted.reads, chunks, chunk)
}

func socketPair(t testing.TB) (net.Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/pair.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}
