package notice

import (
	"encoding/json"
	"time"
)

// IncidentContent says what an incident report holds: a set of the contents below.
// Reference, time, Message-ID of the message and what became of it stand in every
// report.
type IncidentContent uint32

// The contents. The first eleven are Purview's; the others are those of transport
// rules of which Purview has none, or only a larger one.
const (
	ContentDetails    IncidentContent = 1 << iota // masked values with the text around them
	ContentDetections                             // types with their counts
	ContentAuthor                                 // of documents
	ContentModifier                               // who changed documents last
	ContentItem                                   // sender, recipients, date and size
	ContentOriginal                               // the message itself
	ContentRules                                  // rules with their actions and reasons
	ContentLabels                                 // sensitivity labels
	ContentService
	ContentSeverity
	ContentTitle // the subject
	ContentSender
	ContentTo
	ContentCc
	ContentBcc
	ContentOverride
	ContentFalsePositive
	contentEnd
)

// Sets of contents.
const (
	ContentAll     = contentEnd - 1
	ContentDefault = ContentAuthor | ContentItem | ContentRules | ContentService | ContentTitle
)

// contentWords are the contents as reports for programs name them, by place.
var contentWords = []string{
	"detectionDetails", "detections", "documentAuthor", "documentLastModifier", "matchedItem", "originalContent", "rulesMatched",
	"sensitivityLabel", "service", "severity", "title", "sender", "recipients", "cc", "bcc", "override", "falsePositive",
}

// Has tells whether one of some contents is wanted.
func (c IncidentContent) Has(some IncidentContent) bool { return c&some != 0 }

// Words names the contents, in the order of the constants.
func (c IncidentContent) Words() []string {
	words := []string{}
	for i, w := range contentWords {
		if c.Has(1 << i) {
			words = append(words, w)
		}
	}
	return words
}

// MarshalJSON gives the names of the contents.
func (c IncidentContent) MarshalJSON() ([]byte, error) { return json.Marshal(c.Words()) }

// UnmarshalJSON reads names of contents. Those it does not know, of a later version,
// are passed over.
func (c *IncidentContent) UnmarshalJSON(data []byte) error {
	var words []string
	if err := json.Unmarshal(data, &words); err != nil {
		return err
	}
	*c = 0
	for _, word := range words {
		for i, w := range contentWords {
			if w == word {
				*c |= 1 << i
			}
		}
	}
	return nil
}

// IncidentVersion is that of the JSON form of [Incident]. Members may be added to
// it; what is there keeps its meaning.
const IncidentVersion = 1

// Incident is what a report tells of a message that rules matched. It is data: its
// JSON form is the part of a report that programs read (docs/schema), and what is
// kept with a held message for the report on the decision. Texts that come from the
// message are masked by whoever makes it. Members that were not asked for are left
// out.
type Incident struct {
	Version   int       `json:"version"`
	Reference string    `json:"reference"`
	Time      time.Time `json:"time"` // of the match
	// Contents are those that were asked for.
	Contents IncidentContent `json:"contents"`
	// Simulated tells that all rules that report are of policies in a test mode.
	Simulated bool `json:"simulated"`
	// Severity is the highest of all rules hit: None, Low, Medium or High.
	Severity string `json:"severity,omitempty"`
	// Service is where the message was judged.
	Service string          `json:"service,omitempty"`
	Message IncidentMessage `json:"message"`
	// Verdicts say what became of the message, in the order of its first recipients.
	Verdicts []IncidentVerdict `json:"verdicts"`
	// Rules are those that report to whom this goes, in the order they are judged in.
	Rules []IncidentRule `json:"rules,omitempty"`
	// OtherRules matched too, and report to others or to nobody.
	OtherRules []IncidentRule `json:"otherRules,omitempty"`
	// Evidence is a share of what was found for the rules, EvidenceTotal how much that
	// was.
	Evidence      []IncidentEvidence `json:"evidence,omitempty"`
	EvidenceTotal int                `json:"evidenceTotal,omitempty"`
	// Documents are attachments of which something is known, MoreDocuments how many
	// are left out.
	Documents     []IncidentDocument `json:"documents,omitempty"`
	MoreDocuments int                `json:"moreDocuments,omitempty"`
	// Labels are the sensitivity labels of the message itself.
	Labels   []string          `json:"labels,omitempty"`
	Override *IncidentOverride `json:"override,omitempty"`
	// FalsePositive is set where it was asked for: whether the sender reported one.
	FalsePositive *bool         `json:"falsePositive,omitempty"`
	Original      *IncidentCopy `json:"original,omitempty"`
	// Decision is set in the report on the decision on a held message.
	Decision *IncidentDecision `json:"decision,omitempty"`
	// FirstReport is the Message-ID of the report with the match, in one on a
	// decision; empty where there was none.
	FirstReport string `json:"firstReport,omitempty"`
}

// IncidentMessage is what a report says of the message. A list of addresses has at
// most ten; the number beside it tells how many are left out.
type IncidentMessage struct {
	MessageID string    `json:"messageId"`
	Subject   string    `json:"subject,omitempty"`
	Sender    string    `json:"sender,omitempty"` // the reverse-path; "<>" for the null path
	From      string    `json:"from,omitempty"`   // the From field, where it differs
	To        []string  `json:"to,omitempty"`
	MoreTo    int       `json:"moreTo,omitempty"`
	Cc        []string  `json:"cc,omitempty"`
	MoreCc    int       `json:"moreCc,omitempty"`
	Bcc       []string  `json:"bcc,omitempty"`
	MoreBcc   int       `json:"moreBcc,omitempty"`
	Sent      time.Time `json:"sent,omitzero"`  // the Date field, in UTC
	Size      int64     `json:"size,omitempty"` // octets
	Client    string    `json:"client,omitempty"`
	Login     string    `json:"login,omitempty"`
	QueueID   string    `json:"queueId,omitempty"`
	// Parts are the attachments.
	Parts     []string `json:"parts,omitempty"`
	MoreParts int      `json:"moreParts,omitempty"`
}

// IncidentVerdict is what became of a message for some of its recipients.
type IncidentVerdict struct {
	Recipients     []string `json:"recipients"` // at most ten
	MoreRecipients int      `json:"moreRecipients,omitempty"`
	// Verdict is deliver, block, quarantine or delete.
	Verdict string `json:"verdict"`
	// Policy and Rule name what decided; empty when no rule did.
	Policy string `json:"policy,omitempty"`
	Rule   string `json:"rule,omitempty"`
	// Reason says in plain words why the verdict is none that a rule asked for.
	Reason string `json:"reason,omitempty"`
	// Simulated is the verdict with all policies enforced, where it is another.
	Simulated string `json:"simulated,omitempty"`
	// Item names the held message, and Until is when it expires.
	Item  string    `json:"item,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// IncidentRule is a rule that matched.
type IncidentRule struct {
	Policy   string `json:"policy"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	// State is what became of the rule: applied, enforced, halted or simulated.
	State string `json:"state"`
	// Actions are the names of the actions that were done.
	Actions []string `json:"actions,omitempty"`
	// Conditions are those that held, with the reason.
	Conditions []IncidentCondition `json:"conditions,omitempty"`
	// Recipients are how many of the message the rule matched for.
	Recipients int `json:"recipients,omitempty"`
	// Detections are the sensitive information types found.
	Detections []IncidentDetection `json:"detections,omitempty"`
}

// IncidentCondition is a condition that held.
type IncidentCondition struct {
	Condition string `json:"condition"`
	Reason    string `json:"reason,omitempty"`
}

// IncidentDetection is a sensitive information type that was found.
type IncidentDetection struct {
	Type        string `json:"type"`
	ID          string `json:"id,omitempty"`
	Count       int    `json:"count"`
	UniqueCount int    `json:"uniqueCount"`
	Confidence  int    `json:"confidence"` // percent, of the surest
	// Recommended is the least confidence that the type recommends.
	Recommended int      `json:"recommendedConfidence,omitempty"`
	Parts       []string `json:"parts,omitempty"`
}

// IncidentEvidence is one value that was found, masked, with the text around it in
// which everything else found is masked too.
type IncidentEvidence struct {
	Type       string `json:"type"`
	Part       string `json:"part"`
	Value      string `json:"value"`
	Confidence int    `json:"confidence"`
	// Before and After are at most 150 characters each.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// IncidentDocument is what is known of a document.
type IncidentDocument struct {
	Part         string   `json:"part"`
	Author       string   `json:"author,omitempty"`
	LastModifier string   `json:"lastModifier,omitempty"`
	Labels       []string `json:"labels,omitempty"`
}

// IncidentOverride tells whether the sender overrode a block of this message.
type IncidentOverride struct {
	Overridden bool     `json:"overridden"`
	Recipients []string `json:"recipients,omitempty"`
	// Justification is in the words of the sender, at most 100 characters.
	Justification string `json:"justification,omitempty"`
}

// IncidentCopy tells whether the message is attached, and otherwise why not: off,
// notAuthoritative, tooLarge or unreadable.
type IncidentCopy struct {
	Attached bool   `json:"attached"`
	Reason   string `json:"reason,omitempty"`
	Size     int64  `json:"size"` // octets
}

// IncidentDecision is the decision on a held message.
type IncidentDecision struct {
	Item string `json:"item"`
	// Event is release, approve, override, reject, delete or expire.
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
	// By is the login of who decided; empty where nobody did.
	By      string `json:"by,omitempty"`
	Comment string `json:"comment,omitempty"`
	// Recipients are those it was decided for, and Redirect who gets it in their place.
	Recipients   []string `json:"recipients"`
	Redirect     []string `json:"redirect,omitempty"`
	WithoutEdits bool     `json:"withoutEdits,omitempty"`
	// StillHeld names the item that keeps the message for the others.
	StillHeld string `json:"stillHeld,omitempty"`
}
