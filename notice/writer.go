package notice

import (
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
	// Language of the texts, as en, the only one so far; empty is en.
	Language string
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
	s   Settings
	own map[string]bool
}

// New checks the settings.
func New(s Settings) (*Writer, error) { panic("skeleton") }

// Reason says why a notice is not sent, or whom one may not answer.
type Reason string

// The reasons.
const (
	ReasonNullSender    Reason = "nullReversePath"
	ReasonAutoSubmitted Reason = "autoSubmitted"
	ReasonPrecedence    Reason = "precedence"
	ReasonList          Reason = "mailingList"
	ReasonRoleAddress   Reason = "roleAddress" // owner-…, …-request, mailer-daemon, postmaster
	ReasonOwnAddress    Reason = "ownAddress"
	ReasonLoopMark      Reason = "loopMark"
	ReasonNotify        Reason = "notify" // the sender wished not to hear of any recipient
	ReasonNobody        Reason = "nobody" // there is no one to write to, or nothing to say
)

// NotSent is the error of a notice that is not to be sent. It is for the record:
// a report that is not sent counts as nobody told, unless Reason is ReasonNotify.
type NotSent struct{ Reason Reason }

func (e *NotSent) Error() string { return "the notice is not sent: " + string(e.Reason) }

// MayAnswer tells whether mail with this header section and reverse-path may be
// answered at all, and otherwise why not (RFC 3834, section 2).
func (w *Writer) MayAnswer(h message.Header, reversePath message.Path) (bool, Reason) {
	panic("skeleton")
}

// BlockNDR tells a sender which recipients policies refused, and why. It goes to
// the reverse-path, if that may be answered, and names the recipients whose NOTIFY
// does not forbid it. An error of the type [*NotSent] says why there is none.
func (w *Writer) BlockNDR(b Block) (Notice, error) { panic("skeleton") }

// DeliveryDSN tells a sender which recipients a message could not be delivered to
// after it was taken. As BlockNDR.
func (w *Writer) DeliveryDSN(f Failure) (Notice, error) { panic("skeleton") }

// ExpiryNDR tells a sender that a held message was not released in time. As
// BlockNDR.
func (w *Writer) ExpiryNDR(e Expiry) (Notice, error) { panic("skeleton") }

// Digest tells a reviewer what is held, and first what expires within three days.
// Without items it is [*NotSent].
func (w *Writer) Digest(d Digest) (Notice, error) { panic("skeleton") }

// HeldNotice tells reviewers of a message that was held because its sender may not
// be told of a block.
func (w *Writer) HeldNotice(to []message.Path, h Held) (Notice, error) { panic("skeleton") }
