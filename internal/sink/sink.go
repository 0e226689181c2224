package sink

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// Message is what one SMTP transaction delivered.
type Message struct {
	From string // the reverse-path without brackets; empty for the null one
	To   []Recipient
	// UTF8, Return and EnvelopeID are the parameters SMTPUTF8, RET and ENVID of
	// MAIL; EightBit tells BODY=8BITMIME.
	UTF8       bool
	EightBit   bool
	Return     string
	EnvelopeID string
	// Data is header section and body as received, dots unstuffed.
	Data []byte
}

// Recipient is one forward-path with its DSN parameters.
type Recipient struct {
	Address  string
	Notify   []string
	Original string // ORCPT, without its type
}

// Recipients gives the addresses in the order received.
func (m *Message) Recipients() []string {
	var all []string
	for _, r := range m.To {
		all = append(all, r.Address)
	}
	return all
}

// Header gives the values of all fields of a name in order, unfolded, without
// blanks around them.
func (m *Message) Header(name string) []string {
	// What is read before a mistake is kept.
	h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(m.Data))).ReadMIMEHeader()
	return h.Values(name)
}

// ID is the Message-ID without angle brackets.
func (m *Message) ID() string {
	for _, v := range m.Header("Message-Id") {
		return strings.Trim(strings.TrimSpace(v), "<>")
	}
	return ""
}

// Refused gives, sorted, the recipients that a delivery status notification says it
// is about (the field Final-Recipient of RFC 3464); none for any other message.
func (m *Message) Refused() []string {
	var all []string
	for line := range strings.Lines(string(m.Data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		kind, address, ok := strings.Cut(value, ";")
		if ok && strings.EqualFold(name, "Final-Recipient") && strings.EqualFold(strings.TrimSpace(kind), "rfc822") {
			all = append(all, strings.TrimSpace(address))
		}
	}
	slices.Sort(all)
	return all
}

// Sink is a running server.
type Sink struct {
	server   *smtp.Server
	listener net.Listener
	dir      string

	mu      sync.Mutex
	kept    []*Message
	changed chan struct{} // closed and replaced with each message
}

// Options say what a sink does besides keeping messages.
type Options struct {
	// Dir, when not empty, is where each message is also written, as 0001.eml and
	// so on in the order of arrival, its envelope beside it as 0001.envelope.
	Dir string
	// DSN announces delivery status notifications (RFC 3461), so that Notify,
	// Original, Return and EnvelopeID are filled. Postfix then makes an ORCPT of
	// every recipient, which the server refuses where it is not ASCII.
	DSN bool
}

// Start serves on a free loopback port.
func Start(opt Options) (*Sink, error) {
	dir := opt.Dir
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{listener: l, dir: dir, changed: make(chan struct{})}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "sink.example.net"
	s.server.EnableSMTPUTF8 = true
	s.server.EnableDSN = opt.DSN
	s.server.MaxLineLength = 1 << 20
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		// It ends with an error only by Close.
		_ = s.server.Serve(l)
	}()
	return s, nil
}

// Addr is the host:port of the server.
func (s *Sink) Addr() string { return s.listener.Addr().String() }

// Messages gives what was delivered so far, in order of arrival.
func (s *Sink) Messages() []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept)
}

// Wait waits until the messages for which want is true are n or more, and gives
// them. When the context ends first it gives those there are, with an error.
func (s *Sink) Wait(ctx context.Context, n int, want func(*Message) bool) ([]*Message, error) {
	for {
		s.mu.Lock()
		var found []*Message
		for _, m := range s.kept {
			if want(m) {
				found = append(found, m)
			}
		}
		changed := s.changed
		s.mu.Unlock()
		if len(found) >= n {
			return found, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return found, fmt.Errorf("%d of %d messages came: %w", len(found), n, ctx.Err())
		}
	}
}

// ByID is for Wait: the messages with a Message-ID, given without brackets.
func ByID(id string) func(*Message) bool { return func(m *Message) bool { return m.ID() == id } }

// ByRecipient is for Wait: the messages delivered to an address.
func ByRecipient(address string) func(*Message) bool {
	return func(m *Message) bool { return slices.Contains(m.Recipients(), address) }
}

// Close ends the server and its connections.
func (s *Sink) Close() error { return s.server.Close() }

func (s *Sink) keep(m *Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir != "" {
		name := filepath.Join(s.dir, fmt.Sprintf("%04d", len(s.kept)+1))
		envelope := fmt.Sprintf("MAIL FROM:<%s>\nRCPT TO:<%s>\n", m.From, strings.Join(m.Recipients(), ">\nRCPT TO:<"))
		if err := os.WriteFile(name+".envelope", []byte(envelope), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(name+".eml", m.Data, 0o644); err != nil {
			return err
		}
	}
	s.kept = append(s.kept, m)
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// Session is one SMTP session.
type session struct {
	sink    *Sink
	message *Message
}

func (s *session) Reset()        { s.message = nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	s.message = &Message{From: from, UTF8: opts.UTF8, EightBit: opts.Body == smtp.Body8BitMIME,
		Return: string(opts.Return), EnvelopeID: opts.EnvelopeID}
	return nil
}

func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	r := Recipient{Address: to, Original: opts.OriginalRecipient}
	for _, n := range opts.Notify {
		r.Notify = append(r.Notify, string(n))
	}
	s.message.To = append(s.message.To, r)
	return nil
}

func (s *session) Data(r io.Reader) error {
	var err error
	if s.message.Data, err = io.ReadAll(r); err != nil {
		return err
	}
	return s.sink.keep(s.message)
}
