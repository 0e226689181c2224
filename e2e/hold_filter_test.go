//go:build e2e

package e2e

import (
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
)

// counter is an after-queue content filter: it counts each message by its
// recipients and gives it back unchanged to the listener behind it.
type counter struct {
	address string
	next    atomic.Value // host:port

	mu   sync.Mutex
	seen map[string]int
}

func startCounter(t *testing.T) *counter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &counter{address: l.Addr().String(), seen: map[string]int{}}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counted{filter: f}, nil }))
	s.Domain, s.EnableSMTPUTF8, s.MaxLineLength = "filter.example.com", true, 1<<20
	s.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		// It ends with an error only by Close.
		_ = s.Serve(l)
	}()
	t.Cleanup(func() { s.Close() })
	return f
}

// param is the line of main.cf that leads mail through the filter.
func (f *counter) param() string {
	host, port, _ := strings.Cut(f.address, ":")
	return "content_filter = smtp:[" + host + "]:" + port
}

// count tells how often a recipient's mail has passed.
func (f *counter) count(recipient string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[recipient]
}

type counted struct {
	filter *counter
	from   string
	opt    *smtp.MailOptions
	to     []string
}

func (s *counted) Reset()        { s.to = nil }
func (s *counted) Logout() error { return nil }

func (s *counted) Mail(from string, opt *smtp.MailOptions) error {
	s.from, s.opt = from, opt
	return nil
}

func (s *counted) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *counted) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.filter.mu.Lock()
	for _, to := range s.to {
		s.filter.seen[to]++
	}
	s.filter.mu.Unlock()
	c, err := smtp.Dial(s.filter.next.Load().(string))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail(s.from, s.opt); err != nil {
		return err
	}
	for _, to := range s.to {
		if err := c.Rcpt(to, nil); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}
