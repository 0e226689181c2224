package dialog

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/milter/miltertest"
)

// Model is a mail server that acts towards its milter as Postfix 3.7 does, with
// the names of its events, their order, macros, and the meaning of the milter's
// changes. It delivers to memory.
type Model struct {
	// Dial opens a connection to the milter.
	Dial func() (net.Conn, error)
	// Actions and Protocol are what is offered; zero is everything.
	Actions, Protocol uint32
	// Timeout is how long a reply of the milter may take; 30 seconds without a
	// value.
	Timeout time.Duration

	mu        sync.Mutex
	queueID   int
	delivered []Delivered
}

var _ MTA = (*Model)(nil)

// limit is the largest message that is taken, in octets.
const limit = 30_000_000

// Open implements [MTA].
func (m *Model) Open() (Session, error) {
	s := &modelSession{model: m}
	s.say("220 model.example ESMTP")
	s.milter, s.dead = m.connect("client.example", netip.MustParseAddrPort("127.0.0.1:40000"))
	return s, nil
}

// connect begins a milter session.
func (m *Model) connect(client string, addr netip.AddrPort) (*miltertest.Client, error) {
	conn, err := m.Dial()
	if err != nil {
		return nil, err
	}
	c := miltertest.New(conn)
	if c.Timeout = m.Timeout; c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	acts, protocol := m.Actions, m.Protocol
	if acts == 0 {
		acts = miltertest.FullActions
	}
	if protocol == 0 {
		protocol = miltertest.FullProtocol
	}
	if err := c.Negotiate(miltertest.FullVersion, acts, protocol); err != nil {
		conn.Close()
		return nil, err
	}
	c.Macros('C', "j", "model.example", "{daemon_name}", "model.example", "{client_addr}", addr.Addr().String(), "v", "Model")
	if _, err := c.Connect(client, addr); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Delivered implements [MTA].
func (m *Model) Delivered() ([]Delivered, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.delivered
	m.delivered = nil
	return all, nil
}

func (m *Model) deliver(d Delivered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delivered = append(m.delivered, d)
}

func (m *Model) nextID() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queueID++
	return fmt.Sprintf("4Model%04d", m.queueID)
}

// Submit implements [MTA]. A message that is refused comes back as a bounce; one
// that is put off stays in the queue for ever.
func (m *Model) Submit(from string, to []string, data []byte) error {
	c, err := m.connect("localhost", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return err
	}
	defer c.Quit()
	mail := envelope{id: m.nextID(), from: from}
	c.Macros('H')
	if _, err := c.Helo("localhost"); err != nil {
		return err
	}
	c.Macros('M', "i", mail.id, "{mail_addr}", from)
	if f, err := c.Mail(from); err != nil || f.Command != 'c' {
		return err
	}
	for _, r := range to {
		c.Macros('R', "i", mail.id, "{rcpt_addr}", r)
		if f, err := c.Rcpt(r); err != nil || f.Command != 'c' {
			return err
		}
		mail.to = append(mail.to, r)
	}
	c.Macros('T', "i", mail.id)
	if _, err := c.Data(); err != nil {
		return err
	}
	reply, err := m.content(c, mail, data)
	c.Abort()
	if err != nil || reply == nil {
		return err
	}
	if reply[0][0] == '5' {
		text := "From: MAILER-DAEMON\r\nX-Test-Id: bounce\r\n\r\nhost said: " + strings.Join(reply, "__") + "\r\n"
		m.deliver(Delivered{To: []string{from}, Data: []byte(text)})
	}
	return nil
}

// envelope is what the model knows of a message before its text.
type envelope struct {
	id   string
	from string // without brackets
	to   []string
}

// content shows the text of a message to the milter and does what it says. The
// reply is nil when the message was delivered.
func (m *Model) content(c *miltertest.Client, mail envelope, data []byte) (reply []string, err error) {
	text := parseText(data)
	for _, field := range text.header {
		c.Macros('L', "i", mail.id)
		if f, err := c.Header(field.name, field.wire(c.Protocol)); err != nil || f.Command != 'c' {
			return refusal(f), err
		}
	}
	c.Macros('N', "i", mail.id)
	if f, err := c.EndOfHeader(); err != nil || f.Command != 'c' {
		return refusal(f), err
	}
	c.Macros('B', "i", mail.id)
	if f, err := c.Body(text.body); err != nil || f.Command != 'c' {
		return refusal(f), err
	}
	c.Macros('E', "i", mail.id)
	result, err := c.EndOfMessage()
	switch {
	case err != nil:
		return nil, err
	case result.Late > 0:
		return nil, errors.New("a progress frame behind an edit")
	case result.Verdict.Command == 'd':
		return nil, nil
	case result.Verdict.Command != 'c':
		return refusal(result.Verdict), nil
	}
	text.header = append([]field{{name: "Received", value: " by model.example (Model) id " + mail.id}}, text.header...)
	for _, e := range result.Edits {
		if err := text.edit(e, &mail, c.Protocol); err != nil {
			return nil, err
		}
	}
	m.deliver(Delivered{From: mail.from, To: mail.to, Data: text.bytes()})
	return nil, nil
}

// unavailable is what a client is told when the milter cannot be asked.
const unavailable = "451 4.7.1 Service unavailable - try again later"

func refusal(f miltertest.Frame) []string {
	switch f.Command {
	case 'y':
		return miltertest.ReplyText(f)
	case 'r':
		return []string{"550 5.7.1 Command rejected"}
	}
	return []string{unavailable}
}
