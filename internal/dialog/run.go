package dialog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MTA is a mail server that dialogs are held with.
type MTA interface {
	// Open begins an SMTP session; the greeting is the first reply.
	Open() (Session, error)
	// Submit hands a message over as sendmail(1) does, from an address without
	// brackets, empty for the null path. It does not wait for the verdict.
	Submit(from string, to []string, data []byte) error
	// Delivered gives everything delivered since the last call, bounces included.
	// It waits until the server has nothing left that can be delivered at once.
	Delivered() ([]Delivered, error)
}

// Session is one SMTP connection. No call waits for ever.
type Session interface {
	// Command sends a line, to which CRLF is added.
	Command(line string) error
	// Text sends message text, dots stuffed, and the final dot unless open is set.
	Text(data []byte, open bool) error
	// Reply takes one reply, all lines of it, without line ends.
	Reply() ([]string, error)
	// Close closes the connection, with a TCP reset if abrupt is set.
	Close(abrupt bool) error
}

// Run holds the dialog with a mail server. The error names every expectation
// that was not met, with its line.
func Run(d *Dialog, mta MTA) error {
	r := runner{mta: mta}
	defer r.close(false)
	for _, s := range d.Steps {
		if err := r.step(s); err != nil {
			return fmt.Errorf("%s:%d: %w", d.Name, s.Line, err)
		}
	}
	r.close(false)
	delivered, err := mta.Delivered()
	if err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	var problems []error
	for _, s := range d.Sinks {
		for _, err := range s.Check(delivered) {
			problems = append(problems, fmt.Errorf("%s:%d: %w", d.Name, s.Line, err))
		}
	}
	for _, b := range d.Bounces {
		if err := b.Check(delivered); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", d.Name, b.Line, err))
		}
	}
	return errors.Join(problems...)
}

type runner struct {
	mta     MTA
	session Session
}

var errNoSession = errors.New("no session is open")

func (r *runner) step(s Step) error {
	switch s.Kind {
	case Open:
		r.close(false)
		var err error
		if r.session, err = r.mta.Open(); err != nil {
			return err
		}
		return r.expect([]string{"220"})
	case Submit:
		return r.mta.Submit(s.From, s.To, s.Data)
	}
	if r.session == nil {
		return errNoSession
	}
	switch s.Kind {
	case Command:
		return r.session.Command(s.Lines[0])
	case Reply:
		return r.expect(s.Lines)
	case Text, Partial:
		return r.session.Text(s.Data, s.Kind == Partial)
	case Disconnect, Reset:
		r.close(s.Kind == Reset)
	}
	return nil
}

func (r *runner) close(abrupt bool) {
	if r.session != nil {
		r.session.Close(abrupt)
		r.session = nil
	}
}

func (r *runner) expect(want []string) error {
	got, err := r.session.Reply()
	if err != nil {
		return fmt.Errorf("no reply %s: %w", want[0], err)
	}
	if len(want) == 1 && len(want[0]) == 3 {
		for _, line := range got {
			if !strings.HasPrefix(line, want[0]) {
				return fmt.Errorf("reply %q, want %s", got, want[0])
			}
		}
		return nil
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("reply %q, want %q", got, want)
	}
	return nil
}
