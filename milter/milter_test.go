package milter_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
)

// The protocol library writes to the standard logger. Nothing of it may get
// through, since it names no connection.
var stdLog strings.Builder

func TestMain(m *testing.M) {
	log.SetOutput(&lockedWriter{w: &stdLog})
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if stdLog.Len() > 0 {
			os.Stderr.WriteString("written to the standard logger: " + stdLog.String())
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// funcFilter judges with a function and remembers what it was told.
type funcFilter struct {
	judge func(context.Context, *message.Message) actions.Outcome
	mu    sync.Mutex
	seen  []message.Envelope
	done  []error
	wake  chan struct{} // gets a value for each call of Done
}

func newFilter(judge func(context.Context, *message.Message) actions.Outcome) *funcFilter {
	return &funcFilter{judge: judge, wake: make(chan struct{}, 1000)}
}

func deliver(mods ...actions.Modification) *funcFilter {
	return newFilter(func(context.Context, *message.Message) actions.Outcome {
		return actions.Outcome{Verdict: actions.Deliver, Modifications: mods}
	})
}

func (f *funcFilter) Judge(ctx context.Context, m *message.Message) actions.Outcome {
	f.mu.Lock()
	f.seen = append(f.seen, m.Envelope)
	f.mu.Unlock()
	return f.judge(ctx, m)
}

func (f *funcFilter) Done(_ *message.Message, _ actions.Outcome, _ time.Duration, err error) {
	f.mu.Lock()
	f.done = append(f.done, err)
	f.mu.Unlock()
	f.wake <- struct{}{}
}

func (f *funcFilter) last(t *testing.T) message.Envelope {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		t.Fatal("no message was judged")
	}
	return f.seen[len(f.seen)-1]
}

// server is a running server with its socket.
type server struct {
	*milter.Server
	network, addr string
	served        chan error
}

// start serves on a UNIX socket until the test ends.
func start(t testing.TB, cfg milter.Config) *server {
	t.Helper()
	return startOn(t, cfg, "unix:"+filepath.Join(t.TempDir(), "m.sock"))
}

func startOn(t testing.TB, cfg milter.Config, addr string) *server {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = zaptest.NewLogger(t, zaptest.Level(zap.FatalLevel))
	}
	if cfg.Filter == nil {
		cfg.Filter = deliver()
	}
	l, err := milter.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{milter.NewServer(cfg), l.Addr().Network(), l.Addr().String(), make(chan error, 1)}
	go func() { s.served <- s.Serve(l) }()
	t.Cleanup(func() {
		// Whatever is still open is closed.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		s.Shutdown(ctx)
		if err := <-s.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func (s *server) dial(t testing.TB) net.Conn {
	t.Helper()
	conn := s.dialQuiet(t)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// dialQuiet leaves the closing to the caller.
func (s *server) dialQuiet(t testing.TB) net.Conn {
	conn, err := net.Dial(s.network, s.addr)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// client is a connection on which everything was agreed.
func (s *server) client(t testing.TB) *miltertest.Client {
	t.Helper()
	c := miltertest.New(s.dial(t))
	must(t, c.Negotiate(miltertest.FullVersion, miltertest.FullActions, miltertest.FullProtocol))
	return c
}

// session is a client behind HELO.
func (s *server) session(t testing.TB) *miltertest.Client {
	t.Helper()
	c := s.client(t)
	must(t, c.Macros('C', "j", "mx.example.com", "{daemon_name}", "MX"))
	accepted(t)(c.Connect("client.example", netip.MustParseAddrPort("192.0.2.1:4711")))
	must(t, c.Macros('H', "{tls_version}", "TLSv1.3"))
	accepted(t)(c.Helo("helo.example"))
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// accepted insists on "continue".
func accepted(t testing.TB) func(miltertest.Frame, error) {
	return func(f miltertest.Frame, err error) {
		t.Helper()
		must(t, err)
		if f.Command != 'c' {
			t.Fatalf("answer %q %q, want continue", f.Command, f.Payload)
		}
	}
}

// envelope sends MAIL and RCPT.
func envelope(t testing.TB, c *miltertest.Client) {
	t.Helper()
	must(t, c.Macros('M', "{auth_authen}", "", "{mail_addr}", "a@example.com"))
	accepted(t)(c.Mail("<a@example.com>"))
	must(t, c.Macros('R', "{rcpt_addr}", "b@example.net"))
	accepted(t)(c.Rcpt("<b@example.net>"))
}

// content sends header section and body, and gives the outcome.
func content(t testing.TB, c *miltertest.Client, body string) miltertest.Result {
	t.Helper()
	accepted(t)(c.Data())
	accepted(t)(c.Header("Subject", " hello"))
	accepted(t)(c.EndOfHeader())
	accepted(t)(c.Body([]byte(body)))
	must(t, c.Macros('E', "i", "4Queue"))
	r, err := c.EndOfMessage()
	must(t, err)
	return r
}

// closed waits until the server closes the connection.
func closed(t testing.TB, conn net.Conn) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil && os.IsTimeout(err) {
		t.Fatal("the connection is still open")
	}
}
