package mta

import (
	"errors"
	"io"
	"log"
	"net"
	"sync"

	"github.com/emersion/go-smtp"
)

// AfterFilter is the listener that an after-queue filter gives mail back to: past
// every milter and the filter, and nothing is changed there.
var AfterFilter = Listener{Name: "AFTER", Params: []string{
	"content_filter =",
	"smtpd_milters =",
	"receive_override_options = no_milters, no_header_body_checks, no_unknown_recipient_checks",
	"local_header_rewrite_clients =",
}}

// Filter is a running after-queue content filter, as a virus scanner is one: it takes
// each message by SMTP, counts it, and gives it back unchanged to an instance's
// AfterFilter.
type Filter struct {
	server   *smtp.Server
	listener net.Listener

	mu   sync.Mutex
	next string
	seen map[string]int // by recipient
}

// StartFilter serves on a free loopback port until Close. Mail that comes before Next
// is refused for the time being.
func StartFilter() (*Filter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Filter{listener: l, seen: map[string]int{}}
	f.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &filtered{filter: f}, nil }))
	f.server.Domain, f.server.EnableSMTPUTF8, f.server.MaxLineLength = "filter.example.com", true, 1<<20
	f.server.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		// It ends with an error only by Close.
		_ = f.server.Serve(l)
	}()
	return f, nil
}

// Param is the line of main.cf that leads all mail through the filter.
func (f *Filter) Param() string {
	host, port, _ := net.SplitHostPort(f.listener.Addr().String())
	return "content_filter = smtp:[" + host + "]:" + port
}

// Next says who gets the mail back: the host:port of an instance's AfterFilter.
func (f *Filter) Next(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = addr
}

// Passed is how many messages to a recipient the filter has seen.
func (f *Filter) Passed(recipient string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[recipient]
}

// Close ends the server and its connections.
func (f *Filter) Close() error { return f.server.Close() }

// note counts a message, and gives who gets it back.
func (f *Filter) note(to []string) (next string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range to {
		f.seen[r]++
	}
	return f.next
}

// filtered is one session with the filter.
type filtered struct {
	filter *Filter
	from   string
	opt    *smtp.MailOptions
	to     []string
}

func (s *filtered) Reset()        { s.to = nil }
func (s *filtered) Logout() error { return nil }

func (s *filtered) Mail(from string, opt *smtp.MailOptions) error {
	s.from, s.opt = from, opt
	return nil
}

func (s *filtered) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *filtered) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	next := s.filter.note(s.to)
	if next == "" {
		return errors.New("nobody to give it back to")
	}
	c, err := smtp.Dial(next)
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
