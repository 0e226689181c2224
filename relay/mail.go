package relay

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Mail is one message to be sent to some recipients in one transaction.
type Mail struct {
	// From is the reverse-path, with or without angle brackets; empty or "<>" is
	// the null path.
	From string
	// MailArgs are the ESMTP arguments of MAIL as they were given, as RET=HDRS.
	// RET, ENVID, SMTPUTF8 and REQUIRETLS are repeated; SIZE and BODY are made
	// anew; any other is left out.
	MailArgs []string
	// Recipients are sent in this order.
	Recipients []Recipient
	// Received is a header field put in front of the content, as [Received] makes
	// it; empty for none.
	Received string
	// Release, when not empty, has the field "X-Postern-Release: <Release>;
	// attempt=<Attempt>" put in front of everything.
	Release string
	// Attempt is the number of this transaction, from 1.
	Attempt int
	// Content gives the message. It is opened and read to its end twice; an error of
	// the first reading, as of a digest that does not agree, comes before anything
	// is sent.
	Content func(context.Context) (io.ReadCloser, error)
}

// Recipient is one forward-path.
type Recipient struct {
	// Index is the caller's own number of the recipient, given back in its Result.
	Index int
	// Address is the forward-path, with or without angle brackets.
	Address string
	// Args are the ESMTP arguments of RCPT as they were given. NOTIFY and ORCPT are
	// repeated to a server that announces DSN; any other is left out.
	Args []string
}

// Status says what became of one recipient in a transaction.
type Status int

const (
	// Retry: not taken, may be later; also when it is not known whether it was.
	Retry Status = iota
	// Delivered: the server has taken the message for this recipient.
	Delivered
	// Failed: refused for good.
	Failed
)

// String gives "retry", "delivered" or "failed".
func (s Status) String() string {
	switch s {
	case Delivered:
		return "delivered"
	case Failed:
		return "failed"
	}
	return "retry"
}

// Reply is a reply of the server, or one that stands for it where it could not be
// asked.
type Reply struct {
	// Code is the three digits; Enhanced the enhanced status code (RFC 3463), as
	// "5.1.1", empty where none came.
	Code     int
	Enhanced string
	// Text is the rest, its lines parted by LF, with at most 1024 octets and
	// without control characters.
	Text string
	// Local tells that no server said this: it is our own wording.
	Local bool
}

// String gives the reply on one line.
func (r Reply) String() string {
	s := fmt.Sprintf("%03d", r.Code)
	if r.Enhanced != "" {
		s += " " + r.Enhanced
	}
	if r.Text != "" {
		s += " " + strings.ReplaceAll(r.Text, "\n", " ")
	}
	return s
}

// Status gives what a reply to a recipient means: 2xx delivered, 5xx failed,
// everything else retry. Replies that say that we are not let in (530, 534, 535
// and 538, RFC 4954) are about the session, not the message: retry.
func (r Reply) Status() Status {
	switch r.Code {
	case 530, 534, 535, 538:
		return Retry
	}
	switch r.Code / 100 {
	case 2:
		return Delivered
	case 5:
		return Failed
	}
	return Retry
}

// Result is what became of one recipient.
type Result struct {
	// Recipient and Address are the Index and Address of the Recipient.
	Recipient int
	Address   string
	Status    Status
	Reply     Reply
}

// Report is what came of one transaction.
type Report struct {
	// Results has one entry for each recipient, in their order.
	Results []Result
	// QueueID is the server's name for the message, empty where nothing was
	// delivered or the server did not tell.
	QueueID string
	// Unknown tells that the connection was lost between the final dot and its
	// reply: the recipients with Retry may have the message already.
	Unknown bool
	// Err is the error that ended the session early: no connection, no greeting, no
	// TLS, a login refused, a time-out, content that could not be read. It is nil
	// when every command got its reply, whatever that was.
	Err error
}
