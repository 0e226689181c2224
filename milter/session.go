package milter

import (
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"runtime/debug"

	"github.com/emersion/go-milter"
	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
)

// session is the handler of one MTA connection. The library calls it from one
// goroutine.
type session struct {
	*guard
	cfg *Config
	log *zap.Logger

	connection
	tx *transaction // nil outside a transaction
}

// connection is what lasts as long as the SMTP session.
type connection struct {
	peer peer
	helo string
}

func newSession(g *guard, cfg *Config, log *zap.Logger) *session {
	return &session{guard: g, cfg: cfg, log: log}
}

// proceed is the answer "continue", or none where the MTA waits for none.
func (s *session) proceed() milter.Response {
	if s.silent(s.command) {
		return nil
	}
	return milter.RespContinue
}

// reply answers with an SMTP reply.
func (s *session) reply(r actions.Reply, simulated bool) milter.Response {
	return milter.NewResponseStr(respReplyCode, replyText(r, simulated))
}

// failed keeps a panic in a callback from ending the connection; the message in
// hand gets our failure at its end.
func (s *session) failed(resp *milter.Response) {
	if v := recover(); v != nil {
		s.log.Error("panic in a milter command", zap.String("command", string(s.command)), zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		if s.tx != nil {
			s.tx.fault = fmt.Errorf("panic: %v", v)
		}
		*resp = s.proceed()
	}
}

// Connect begins a connection.
func (s *session) Connect(string, string, uint16, net.IP, *milter.Modifier) (milter.Response, error) {
	s.connection = connection{peer: s.guard.client}
	return s.proceed(), nil
}

// Helo takes the name the client gave; with STARTTLS it comes again.
func (s *session) Helo(string, *milter.Modifier) (resp milter.Response, _ error) {
	name := s.payload
	if n := len(name); n > 0 && name[n-1] == 0 {
		name = name[:n-1]
	}
	s.helo = string(name)
	return s.proceed(), nil
}

// MailFrom begins a transaction. All earlier message state dies here.
func (s *session) MailFrom(string, *milter.Modifier) (resp milter.Response, _ error) {
	defer s.failed(&resp)
	s.drop()
	address, args, err := parsePath(s.payload)
	if err != nil {
		return s.refuseFrame(err)
	}
	// Whatever becomes of errors: mail that there is no room for is put off, so that
	// filling the room opens no way past the filter.
	if err := s.cfg.Budget.Check(); err != nil {
		s.counts.failed(FailureNoRoom)
		s.log.Error("no room for a message", zap.Error(err))
		return s.reply(replyBusy, s.simulated()), nil
	}
	s.tx = newTransaction(s.cfg)
	s.counts.receiving.Add(1)
	s.tx.simulated = s.simulated()
	s.tx.env.MailArgs = args
	if s.tx.env.ReversePath, err = s.reversePath(address); err != nil {
		s.tx.fault = fmt.Errorf("reverse-path: %w", err)
	}
	return milter.RespContinue, nil
}

// reversePath reads the argument of MAIL. A client may leave out the domain, and
// the mail then leaves with that of the MTA, which {mail_addr} shows.
func (s *session) reversePath(address string) (message.Path, error) {
	p, err := message.ParsePath(address)
	if err != nil || !p.IsNull() && p.Domain() == "" {
		if full, bad := message.ParsePath(s.get("mail_addr", "M")); bad == nil && full.Domain() != "" {
			return full, nil
		}
	}
	return p, err
}

// RcptTo adds a recipient that the MTA took.
func (s *session) RcptTo(string, *milter.Modifier) (resp milter.Response, _ error) {
	defer s.failed(&resp)
	address, args, err := parsePath(s.payload)
	if err != nil {
		return s.refuseFrame(err)
	}
	if s.tx == nil {
		return s.refuseFrame(s.misplaced())
	}
	canonical := s.get("rcpt_addr", "R")
	s.macros.forget("R") // the next recipient may come without macros
	if !s.tx.addRecipient(address, canonical, args) {
		return s.reply(replyRecipients, s.tx.simulated), nil
	}
	return milter.RespContinue, nil
}

// Header takes one header field.
func (s *session) Header(string, string, *milter.Modifier) (resp milter.Response, _ error) {
	defer s.failed(&resp)
	name, value, err := parseHeader(s.payload)
	if err != nil {
		return s.refuseFrame(err)
	}
	if s.tx == nil {
		return s.refuseFrame(s.misplaced())
	}
	s.tx.addField(name, s.received(value))
	return s.proceed(), nil
}

// Headers ends the header section.
func (s *session) Headers(textproto.MIMEHeader, *milter.Modifier) (milter.Response, error) {
	return s.proceed(), nil
}

// BodyChunk takes octets of the body.
func (s *session) BodyChunk([]byte, *milter.Modifier) (resp milter.Response, _ error) {
	defer s.failed(&resp)
	if s.tx == nil {
		return s.refuseFrame(s.misplaced())
	}
	s.tx.addBody(s.payload)
	return s.proceed(), nil
}

// Body is the end of the message: it is judged and the outcome written.
func (s *session) Body(m *milter.Modifier) (resp milter.Response, _ error) {
	tx := s.tx
	if tx == nil {
		return s.refuseFrame(s.misplaced())
	}
	s.tx = nil
	s.counts.receiving.Add(-1)
	s.counts.judging.Add(1)
	defer s.counts.judging.Add(-1)
	tx.addBody(s.payload)
	s.identify(tx)
	return s.finish(tx, m), nil
}

// Abort ends a transaction without a message.
func (s *session) Abort(*milter.Modifier) error {
	s.drop()
	return nil
}

// drop lets go of the transaction in hand.
func (s *session) drop() {
	if s.tx != nil {
		s.tx.close()
		s.tx = nil
		s.counts.receiving.Add(-1)
	}
}

// refuseFrame closes the connection: the MTA then applies its default action,
// which is safer than guessing what it meant.
func (s *session) refuseFrame(err error) (milter.Response, error) {
	s.reject(err)
	return nil, nil
}

// identify completes the envelope with what the session knows.
func (s *session) identify(tx *transaction) {
	env := &tx.env
	env.ClientName, env.HELO, env.ClientAddr = s.peer.name, s.helo, s.peer.addr
	if !env.ClientAddr.IsValid() {
		env.ClientAddr = parseAddr(s.get("client_addr", "CHM"))
	}
	env.TLSVersion = s.get("tls_version", "CHM")
	// Never {auth_author}: that is what the client writes behind AUTH=.
	env.Authenticated = s.get("auth_authen", "M")
	env.Listener = s.get("daemon_name", "CHM")
	env.Hostname = s.get("j", "CHM")
	env.QueueID = s.get("i", "MRTLNBE")
	env.Simulated = tx.simulated
	env.Macros = s.all()
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// simulated tells whether a message comes from sendmail(1): Postfix then makes
// up a client at port 0 and knows the queue identifier at MAIL, which for SMTP
// it makes later.
func (s *session) simulated() bool {
	return s.peer.name == "localhost" && s.peer.addr == loopback && s.helo == "localhost" &&
		(s.peer.port == 0 || s.get("i", "M") != "")
}
