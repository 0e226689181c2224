package actions

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
