package notice

import (
	"time"

	"github.com/postern-mail/postern/message"
)

// Kind tells the notices apart.
type Kind string

// The kinds.
const (
	KindBlock    Kind = "ndr"      // a policy refused recipients
	KindDelivery Kind = "delivery" // a re-injection or a release failed
	KindExpiry   Kind = "expiry"   // a held message expired unreleased
	KindDigest   Kind = "digest"   // what is held, for a reviewer
	KindHeld     Kind = "held"     // a message was held that nobody else is told of
	KindAlert    Kind = "alert"    // an alert was raised
	KindRejected Kind = "rejected" // a held message was looked at and refused
	KindDelay    Kind = "delay"    // a message waits
	// KindNotification tells sender, owner, manager or named people of a match.
	KindNotification Kind = "notification"
	// KindRecipient is what a rule says to the recipients of a message.
	KindRecipient Kind = "recipientNotice"
	// KindSummary tells at once of several messages that nobody was written to about.
	KindSummary Kind = "notificationSummary"
	// KindIncident tells of a message that rules matched.
	KindIncident Kind = "incidentReport"
)

// Notice is one mail, ready to be sent. Its reverse-path is the null path.
type Notice struct {
	Kind Kind
	To   []message.Path
	// UTF8 tells that MAIL must carry SMTPUTF8.
	UTF8 bool
	// MessageID has angle brackets.
	MessageID string
	// Reference is that of the decision; empty for a digest.
	Reference string
	// Named are the recipients that a report names, and Unnamed those it leaves out
	// because the sender wished so: indices into what it was made of.
	Named, Unnamed []int
	// Bytes are the whole message, lines ended by CRLF, ASCII unless UTF8.
	Bytes []byte
}

// ReversePath is the null path: a notice is never answered by a bounce.
func (Notice) ReversePath() message.Path { return message.Path{} }

// Original is the message that a report is about.
type Original struct {
	// Reference is the name of the decision, as P-7K3M9Q.
	Reference string
	// ReversePath is where the report goes.
	ReversePath message.Path
	// MailArgs are the ESMTP arguments of MAIL.
	MailArgs []string
	Header   message.Header
	Arrival  time.Time
	// Language is what the sender prefers, as an Accept-Language header field lists
	// it; empty is the language of the settings.
	Language string
}

// Block is a message that policies refused for recipients, with others delivered
// or without a 550.
type Block struct {
	Original
	// Recipients are those refused, with their ESMTP arguments.
	Recipients []message.Recipient
	// Tip is what the policies tell the sender; may be empty.
	Tip string
	// LearnMore is a URL that goes before that of the settings; may be empty.
	LearnMore string
	// Status is the enhanced status code; empty is 5.7.1.
	Status string
	// Notification is the user notification to the sender that the report takes the
	// place of: what it says of the match, or its own text, stands in the report. nil
	// for none.
	Notification *Notification
}

// Failure is a message that could not be delivered after it was taken.
type Failure struct {
	Original
	// Released tells that the message had been held.
	Released   bool
	Recipients []FailedRecipient
}

// FailedRecipient is a recipient whom a message could not be delivered to.
type FailedRecipient struct {
	message.Recipient
	// Reply is the last reply of the server, as "550 5.1.1 unknown"; may be empty.
	Reply string
	// RemoteMTA is the name of the server; may be empty.
	RemoteMTA string
	// Expired tells that tries were given up after temporary failures.
	Expired     bool
	LastAttempt time.Time // may be zero
}

// Expiry is a message that was held and that nobody released in time.
type Expiry struct {
	Original
	Recipients []message.Recipient
	// Tip is what the policies tell the sender; may be empty.
	Tip string
	// LearnMore is as that of Block.
	LearnMore string
}

// Rejection is a message that was held, looked at and not released.
type Rejection struct {
	Original
	Recipients []message.Recipient
	// Tip is what the policies tell the sender; may be empty.
	Tip string
	// LearnMore is as that of Block.
	LearnMore string
	// Comment is what the person who decided says to the sender; may be empty.
	Comment string
}

// Delay is a message that waits, held by a policy or queued for a server.
type Delay struct {
	Original
	Recipients []message.Recipient
	// Queued tells that it waits for a server, not for a person.
	Queued bool
	// Until is when waiting ends, and the sender is told again; zero for never.
	Until time.Time
	// Tip is what the policies tell the sender; may be empty.
	Tip string
	// LearnMore is as that of Block.
	LearnMore string
}

// Held is one held message as reviewers are told of it. Text of the message is
// not among it.
type Held struct {
	Item      string // the identifier that commands take
	Reference string
	Sender    message.Path
	// Recipients are those the message is held for.
	Recipients []message.Path
	Policy     string
	Rule       string
	Reason     string // in plain words, without content of the message
	Size       int64  // octets
	Since      time.Time
	Expires    time.Time // zero for never
}

// Digest is what one reviewer is told once a day.
type Digest struct {
	To message.Path
	// Language is what the reviewer prefers, as that of Original.
	Language string
	Items    []Held
}
