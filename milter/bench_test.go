package milter_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
)

// BenchmarkSession is one SMTP session with one message, as Postfix shows it to a
// filter that delivers everything. It counts both ends: the client's part is some
// third of it.
func BenchmarkSession(b *testing.B) {
	for _, bench := range []struct {
		name, addr string
		size       int
	}{
		{"unix/10KB", "", 10 << 10},
		{"unix/100KB", "", 100 << 10},
		{"unix/1MB", "", 1 << 20},
		{"tcp/10KB", "127.0.0.1:0", 10 << 10},
		{"tcp/1MB", "127.0.0.1:0", 1 << 20},
	} {
		b.Run(bench.name, func(b *testing.B) {
			addr := bench.addr
			if addr == "" {
				addr = "unix:" + b.TempDir() + "/m.sock"
			}
			s := startOn(b, milter.Config{Filter: passFilter{}}, addr)
			body := []byte(strings.Repeat("All work and no play makes Jack a dull boy, they say.\r\n", bench.size/55))
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				session(b, s, body)
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N)/1e3, "cpu-µs/op")
		})
	}
}

func cpu() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

func session(b *testing.B, s *server, body []byte) {
	c := miltertest.New(s.dialQuiet(b))
	must(b, c.Negotiate(miltertest.FullVersion, miltertest.FullActions, miltertest.FullProtocol))
	c.Macros('C', "j", "mx.example.com", "{daemon_name}", "MX", "{client_addr}", "192.0.2.1")
	c.Connect("client.example", netip.MustParseAddrPort("192.0.2.1:4711"))
	c.Macros('H')
	c.Helo("client.example")
	c.Macros('M', "{mail_addr}", "a@example.com")
	accepted(b)(c.Mail("<a@example.com>", "SIZE=10000"))
	c.Macros('R', "{rcpt_addr}", "b@example.net")
	accepted(b)(c.Rcpt("<b@example.net>"))
	c.Macros('T', "i", "4Queue")
	c.Data()
	for n := range 12 {
		c.Macros('L', "i", "4Queue")
		c.Header(fmt.Sprintf("X-Field-%d", n), " some value that a header field may have")
	}
	c.Macros('N', "i", "4Queue")
	c.EndOfHeader()
	c.Macros('B', "i", "4Queue")
	c.Body(body)
	c.Macros('E', "i", "4Queue")
	if r, err := c.EndOfMessage(); err != nil || r.Verdict.Command != 'c' {
		b.Fatal(r, err)
	}
	c.Abort()
	must(b, c.Quit())
}

// passFilter delivers everything.
type passFilter struct{}

func (passFilter) Judge(context.Context, *message.Message) actions.Outcome {
	return actions.Outcome{Verdict: actions.Deliver}
}

func (passFilter) Done(*message.Message, actions.Outcome, time.Duration, error) {}
