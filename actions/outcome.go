package actions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
)

// Verdict is what becomes of a message for some of its recipients.
type Verdict string

// The verdicts.
const (
	Deliver    Verdict = "deliver"
	Block      Verdict = "block"
	Quarantine Verdict = "quarantine"
	Delete     Verdict = "delete"
	Defer      Verdict = "defer" // a temporary failure: the client tries again
	// Discard is of a whole message at the MTA alone: the client reads 250, and all
	// copies are ours.
	Discard Verdict = "discard"
)

// ModificationKind tells the changes apart that an MTA makes for us.
type ModificationKind int

// The kinds of modifications. Header indices count from 1 within the fields of
// one name, as the milter protocol does.
const (
	ChangeHeader    ModificationKind = iota // field number Index of Name gets Value
	DeleteHeader                            // field number Index of Name is removed
	AddHeader                               // Name: Value is added behind the last field
	InsertHeader                            // Name: Value becomes field Index of the section, 0 is the top
	AddRecipient                            // Address, with ESMTP Args
	DeleteRecipient                         // Address is the raw argument of RCPT
	ReplaceBody                             // Body is the body; there is one such change, the last
)

// Modification is one change to a message, in terms an MTA understands. They are
// made in order; indices are those of the message as changed so far.
type Modification struct {
	Kind    ModificationKind
	Name    string
	Index   int
	Value   string // without the leading blank; folds are CRLF and a blank
	Address string // without angle brackets
	Args    []string
	Body    []byte // read-only; valid as long as the message
}

// Format prints a modification with every verb, of its value only the length: it may
// be the subject of a message.
func (m Modification) Format(f fmt.State, _ rune) {
	// A printer that fails has no one to tell.
	_, _ = fmt.Fprintf(f, "{kind %d, %q %d, %d octets, <%s> %q, body %d octets}", int(m.Kind), m.Name, m.Index, len(m.Value), m.Address, m.Args, len(m.Body))
}

// Apply gives a header section as an MTA makes it of a modification; those of
// recipients and the body leave it as it is. It is false when there is no field of that number.
// The fields given are changed.
func (m Modification) Apply(fields message.Header) (message.Header, bool) {
	f := message.Field{Name: m.Name, Value: " " + m.Value}
	switch m.Kind {
	case AddHeader:
		return append(fields, f), true
	case InsertHeader:
		return slices.Insert(fields, m.Index, f), true
	case AddRecipient, DeleteRecipient, ReplaceBody:
		return fields, true
	}
	n := 0
	for i := range fields {
		if !strings.EqualFold(fields[i].Name, m.Name) {
			continue
		}
		if n++; n < m.Index {
			continue
		}
		if m.Kind == DeleteHeader {
			return slices.Delete(fields, i, i+1), true
		}
		fields[i].Value = f.Value
		return fields, true
	}
	return fields, false
}

// Outcome is what reaches the wire for one message.
type Outcome struct {
	// Verdict is Deliver, Block, Defer or Discard.
	Verdict Verdict
	// Reply is what the client is told with Block and Defer.
	Reply Reply
	// Modifications are made with Deliver.
	Modifications []Modification
	// Reference is the name by which people ask for the decision, as P-7K3M9Q.
	Reference string
}
