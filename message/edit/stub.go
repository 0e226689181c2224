package edit

import "github.com/postern-mail/postern/message"

// Disclaim puts a disclaimer into the text that mail readers show as the body.
func (d *Draft) Disclaim(x Disclaimer) error { return UnalterableError{Unreadable} }

// Strip replaces the parts that which selects by a text with the notice.
func (d *Draft) Strip(which func(*message.Part) bool, notice func(name string) string) (names []string, err error) {
	return nil, UnalterableError{Unreadable}
}

// Wrap makes a message of the disclaimer with the message as it is attached.
func (d *Draft) Wrap(x Disclaimer, inner message.Header) error { return UnalterableError{Unreadable} }
