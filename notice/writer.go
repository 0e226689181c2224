package notice

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

// Settings of a Writer.
type Settings struct {
	// From is who notices come from, as "Example mail policy <policy@example.com>".
	From dsn.Mailbox
	// Organization is its name in sentences.
	Organization string
	// Texts are the sentences; nil takes those that come with Postern.
	Texts *Texts
	// Language is that of people whose preference is not known, or is for a language
	// that there are no texts of; empty is en.
	Language string
	// Contact says in a few words whom people ask: an address, a telephone number;
	// may be empty.
	Contact string
	// Zone is that of times in texts; nil is UTC.
	Zone *time.Location
	// LearnMore is an http or https URL; may be empty.
	LearnMore string
	// Hostname is the name of this server, for Message-IDs and reports.
	Hostname string
	// InstallID names this installation in the loop mark: letters, digits, dots
	// and hyphens.
	InstallID string
	// Key is the secret of the loop mark, at least 16 octets.
	Key []byte
	// Own are further service addresses that are never answered.
	Own []message.Path
	// Now is the clock.
	Now func() time.Time
	// NewID gives identifiers that are never repeated, of letters, digits, dots and
	// hyphens.
	NewID func() string
}

// Writer writes notices. It is safe for concurrent use when Now and NewID are.
type Writer struct {
	s     Settings
	own   map[string]bool
	texts *Texts
}

// New checks the settings.
func New(s Settings) (*Writer, error) {
	switch {
	case s.From.Path.IsNull() || s.From.Path.Domain() == "":
		return nil, errors.New("notices have no sender's address")
	case (&dsn.Report{From: s.From}).UTF8():
		return nil, errors.New("the sender's address of notices has no ASCII form")
	case strings.TrimSpace(s.Organization) == "":
		return nil, errors.New("the organization has no name")
	case !isName(s.Hostname):
		return nil, fmt.Errorf("%q is no name of a server", s.Hostname)
	case !isName(s.InstallID):
		return nil, fmt.Errorf("%q cannot name an installation", s.InstallID)
	case len(s.Key) < 16:
		return nil, errors.New("the key of the loop mark is shorter than 16 octets")
	case s.Now == nil || s.NewID == nil:
		return nil, errors.New("there is no clock or no source of identifiers")
	}
	if err := checkURL(s.LearnMore); err != nil {
		return nil, err
	}
	if s.Texts == nil {
		texts, err := builtIn()
		if err != nil {
			return nil, err
		}
		s.Texts = texts
	}
	if s.Language == "" {
		s.Language = "en"
	}
	if !s.Texts.Has(s.Language) {
		return nil, fmt.Errorf("there are no texts of notices in the language %q; there are: %s", s.Language, strings.Join(s.Texts.Languages(), ", "))
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	s.Contact = line(s.Contact, lineLength)
	w := &Writer{s: s, own: map[string]bool{s.From.Path.Key(): true}, texts: s.Texts}
	for _, p := range s.Own {
		w.own[p.Key()] = true
	}
	return w, nil
}

// checkURL tells of a URL that people cannot be sent to.
func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(text, " \t\r\n") {
		return fmt.Errorf("%q is no http or https URL", text)
	}
	return nil
}

// isName tells whether s is of letters, digits, dots and hyphens.
func isName(s string) bool {
	return s != "" && len(s) <= 255 && strings.IndexFunc(s, func(r rune) bool {
		return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
	}) < 0
}

// newMessageID gives the identifier of a notice.
func (w *Writer) newMessageID() (string, error) {
	id := w.s.NewID()
	if !isName(id) {
		return "", fmt.Errorf("%q cannot identify a notice", id)
	}
	return "<" + id + "@" + w.s.Hostname + ">", nil
}
