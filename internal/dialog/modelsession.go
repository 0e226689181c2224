package dialog

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/postern-mail/postern/milter/miltertest"
)

// modelSession is an SMTP session with the model.
type modelSession struct {
	model  *Model
	milter *miltertest.Client
	dead   error // why the milter cannot be asked any more

	replies [][]string
	greeted bool
	open    bool // MAIL was taken
	data    bool // text is awaited
	mail    envelope
}

func (s *modelSession) say(lines ...string) { s.replies = append(s.replies, lines) }

// Reply implements [Session].
func (s *modelSession) Reply() ([]string, error) {
	if len(s.replies) == 0 {
		return nil, errors.New("the server has nothing to say")
	}
	r := s.replies[0]
	s.replies = s.replies[1:]
	return r, nil
}

// Command implements [Session].
func (s *modelSession) Command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	path, args := splitPath(rest)
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		s.reset()
		s.greeted = true
		s.event('H', nil, func(c *miltertest.Client) (miltertest.Frame, error) { return c.Helo(rest) })
		s.say("250-model.example", "250-SIZE 30000000", "250-SMTPUTF8", "250 DSN")
	case "MAIL":
		if s.open {
			s.say("503 5.5.1 Error: nested MAIL command")
			return nil
		}
		f, ok := s.event('M', []string{"{mail_addr}", address(path)}, func(c *miltertest.Client) (miltertest.Frame, error) { return c.Mail(path, args...) })
		if s.accepted(f, ok, "250 2.1.0 Ok") {
			s.open, s.mail = true, envelope{from: address(path)}
		}
	case "RCPT":
		s.rcpt(path, args)
	case "DATA":
		if len(s.mail.to) == 0 {
			s.say("554 5.5.1 Error: no valid recipients")
			return nil
		}
		f, ok := s.event('T', []string{"i", s.mail.id}, (*miltertest.Client).Data)
		s.data = s.accepted(f, ok, "354 End data with <CR><LF>.<CR><LF>")
	case "RSET":
		s.reset()
		s.say("250 2.0.0 Ok")
	case "NOOP":
		s.say("250 2.0.0 Ok")
	case "QUIT":
		s.say("221 2.0.0 Bye")
		return s.Close(false)
	default:
		s.event('U', nil, func(c *miltertest.Client) (miltertest.Frame, error) {
			if c.Protocol&(1<<8) != 0 {
				return miltertest.Frame{Command: 'c'}, nil
			}
			return c.Command('U', append([]byte(line), 0))
		})
		s.say("502 5.5.2 Error: command not recognized")
	}
	return nil
}

func (s *modelSession) rcpt(path string, args []string) {
	to := address(path)
	switch {
	case !s.open:
		s.say("503 5.5.1 Error: need MAIL command")
		return
	case strings.HasSuffix(strings.ToLower(to), "@refused.example"):
		// The milter did not ask for recipients that are refused.
		s.say("550 5.1.1 <" + to + ">: Recipient address rejected: no such user")
		return
	}
	local, domain, _ := strings.Cut(to, "@")
	macros := []string{"{rcpt_mailer}", "smtp", "{rcpt_addr}", local + "@" + strings.ToLower(domain)}
	if s.mail.id != "" {
		macros = append(macros, "i", s.mail.id)
	}
	f, ok := s.event('R', macros, func(c *miltertest.Client) (miltertest.Frame, error) { return c.Rcpt(path, args...) })
	if s.accepted(f, ok, "250 2.1.5 Ok") {
		if s.mail.id == "" {
			s.mail.id = s.model.nextID()
		}
		if !slices.Contains(s.mail.to, to) {
			s.mail.to = append(s.mail.to, to)
		}
	}
}

// event tells the milter of a command.
func (s *modelSession) event(stage byte, macros []string, send func(*miltertest.Client) (miltertest.Frame, error)) (miltertest.Frame, bool) {
	if s.dead != nil {
		return miltertest.Frame{}, false
	}
	s.milter.Macros(stage, macros...)
	f, err := send(s.milter)
	s.dead = err
	return f, err == nil
}

// accepted says what the milter's answer makes of a command.
func (s *modelSession) accepted(f miltertest.Frame, ok bool, good string) bool {
	switch {
	case !ok:
		s.say(unavailable)
	case f.Command != 'c':
		s.say(refusal(f)...)
	default:
		s.say(good)
		return true
	}
	return false
}

// reset ends the transaction in hand.
func (s *modelSession) reset() {
	if s.open && s.dead == nil {
		s.dead = s.milter.Abort()
	}
	s.open, s.data, s.mail = false, false, envelope{}
}

// Text implements [Session].
func (s *modelSession) Text(data []byte, open bool) error {
	if !s.data {
		return errors.New("text without DATA")
	}
	if open { // what comes before the final dot is not shown to milters
		return nil
	}
	mail := s.mail
	s.data = false
	defer s.reset()
	if len(data) > limit {
		s.say("552 5.3.4 Error: message file too big")
		return nil
	}
	if s.dead != nil {
		s.say(unavailable)
		return nil
	}
	reply, err := s.model.content(s.milter, mail, bytes.Clone(data))
	switch {
	case err != nil:
		s.dead = err
		s.say(unavailable)
	case reply != nil:
		s.say(reply...)
	default:
		s.say("250 2.0.0 Ok: queued as " + mail.id)
	}
	return nil
}

// Close implements [Session].
func (s *modelSession) Close(bool) error {
	s.reset()
	if s.milter != nil {
		s.milter.Quit()
		s.milter, s.dead = nil, errors.New("closed")
	}
	return nil
}

// splitPath takes the path of MAIL or RCPT, with its brackets, from the ESMTP
// arguments.
func splitPath(rest string) (path string, args []string) {
	_, rest, _ = strings.Cut(rest, ":")
	rest = strings.TrimSpace(rest)
	end := strings.IndexByte(rest, '>')
	if end < 0 {
		path, rest, _ = strings.Cut(rest, " ")
		return path, strings.Fields(rest)
	}
	return rest[:end+1], strings.Fields(rest[end+1:])
}
