package dsn

import (
	"time"

	"github.com/postern-mail/postern/message"
)

// Typed is a text with the name of the space it is to be read in, as
// "rfc822; user@example.com" (RFC 3464, section 2.1.2). The zero Typed is an
// absent one.
type Typed struct {
	Type string // lower case: dns, rfc822, utf-8, smtp, x-…
	Text string // decoded
}

// IsZero tells whether t is absent.
func (t Typed) IsZero() bool { return t == Typed{} }

// DNS gives the name of a mail server, for Reporting-MTA and Remote-MTA.
func DNS(name string) Typed { return Typed{Type: "dns", Text: name} }

// SMTP gives the reply of a mail server, for Diagnostic-Code.
func SMTP(reply string) Typed { return Typed{Type: "smtp", Text: reply} }

// Address gives a forward-path, for Final-Recipient: of the type rfc822, or
// utf-8 when the address is not ASCII (RFC 6533, section 3).
func Address(p message.Path) Typed {
	if s := p.String(); isASCII(s) {
		return Typed{Type: "rfc822", Text: s}
	} else {
		return Typed{Type: "utf-8", Text: s}
	}
}

// Action says what became of a recipient (RFC 3464, section 2.3.3).
type Action string

// The actions. Compose writes failed and delayed; Parse reads all.
const (
	Failed    Action = "failed"
	Delayed   Action = "delayed"
	Delivered Action = "delivered"
	Relayed   Action = "relayed"
	Expanded  Action = "expanded"
)

// Recipient is what a report says of one recipient (RFC 3464, section 2.3).
type Recipient struct {
	// Original is the ORCPT of the RCPT command; absent when none was given.
	Original Typed
	Final    Typed
	Action   Action
	// Status is the enhanced status code (RFC 3463), as 5.7.1.
	Status string
	// Diagnostic is the reply behind the status; may be absent.
	Diagnostic Typed
	// RemoteMTA is the server that gave the diagnostic; may be absent.
	RemoteMTA Typed
	// LastAttempt and WillRetryUntil are zero when not known.
	LastAttempt    time.Time
	WillRetryUntil time.Time
}

// Report is a delivery status notification.
type Report struct {
	// MessageID is that of the report itself, with angle brackets.
	MessageID string
	Date      time.Time
	From      Mailbox
	To        message.Path
	Subject   string
	// References are Message-IDs of the message reported on, with angle brackets;
	// the last is the one replied to.
	References []string
	// Extra are further fields of the header section, as a loop mark. Values are
	// text.
	Extra message.Header
	// Text is what people read, lines ended by LF.
	Text string
	// HTML says the same for programs that show it; empty for none. It is composed
	// and not read.
	HTML string
	// Language is that of Text and HTML, as a BCP 47 tag; may be empty. It is
	// composed and not read.
	Language string

	ReportingMTA Typed
	// ArrivalDate is when the message reported on was taken; may be zero.
	ArrivalDate time.Time
	// EnvelopeID is the decoded ENVID of the MAIL command; may be empty.
	EnvelopeID string
	Recipients []Recipient
	// Original is the header section of the message reported on, as far as it is
	// given back.
	Original message.Header
}

// UTF8 tells whether the composed report has UTF-8 in its header section, so that
// MAIL must carry SMTPUTF8 (RFC 6531): when an address in it is not ASCII and has
// no ASCII form.
func (r *Report) UTF8() bool { return needsUTF8(r.To) || needsUTF8(r.From.Path) }
