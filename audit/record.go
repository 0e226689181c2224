package audit

import "time"

// Operation says what a record is about.
type Operation string

// The operations on messages by policies. DlpRuleMatch is Purview's.
const (
	DlpRuleMatch      Operation = "DlpRuleMatch"      // rules matched
	MessageSignalled  Operation = "MessageSignalled"  // nothing matched, but something could not be read
	MessageFailed     Operation = "MessageFailed"     // no decision could be made
	RetrySuppressed   Operation = "RetrySuppressed"   // a retry of the client repeated an outcome
	RelayResult       Operation = "RelayResult"       // the outbox tried to send
	NoticeNotSent     Operation = "NoticeNotSent"     // a notice was due and not sent
	ItemReleased      Operation = "ItemReleased"      // a held message was let go
	ItemDeleted       Operation = "ItemDeleted"       // a held message was deleted by a person
	ItemExtended      Operation = "ItemExtended"      // its time was prolonged
	ItemExpired       Operation = "ItemExpired"       // its time was over
	ItemExported      Operation = "ItemExported"      // its content was read by a person
	ItemRejected      Operation = "ItemRejected"      // a person or a deadline said no
	ItemRecovered     Operation = "ItemRecovered"     // it was rebuilt from its blob, or confirmed
	LegalHoldChanged  Operation = "LegalHoldChanged"  // it may not, or may again, be deleted
	BlobDeleted       Operation = "BlobDeleted"       // its content was removed for good
	PolicyLoaded      Operation = "PolicyLoaded"      // a set of policies went live
	PolicyRefused     Operation = "PolicyRefused"     // a set of policies was bad; the old one stays
	MonitoringChanged Operation = "MonitoringChanged" // all policies only test, or enforce again
	PersonErased      Operation = "PersonErased"      // what was stored of a person was erased
	AlertTriggered    Operation = "AlertTriggered"    // matches have raised an alert
	AlertUpdated      Operation = "AlertUpdated"      // somebody has changed an alert
)

// The constants of every record (exchange-dlp schema).
const (
	RecordType = 13 // ComplianceDLPExchange
	Workload   = "Exchange"
	Agent      = "DlpAgent" // UserKey of what no person did
)

// Record is one line of history. Its fields are data once it is made by one of the
// constructors; Marshal refuses a record that breaks the rules of Validate.
type Record struct {
	CreationTime time.Time `json:"CreationTime"`
	ID           string    `json:"Id"`
	RecordType   int       `json:"RecordType"`
	Operation    Operation `json:"Operation"`
	// UserKey is DlpAgent, or the login of the person who did it.
	UserKey  string `json:"UserKey"`
	Workload string `json:"Workload"`
	ClientIP string `json:"ClientIP,omitempty"`
	// IncidentID joins the records of one message: its reference.
	IncidentID string `json:"IncidentId,omitempty"`

	ExchangeMetaData                 *ExchangeMetaData `json:"ExchangeMetaData,omitempty"`
	PolicyDetails                    []PolicyDetails   `json:"PolicyDetails,omitempty"`
	SensitiveInfoDetectionIsIncluded bool              `json:"SensitiveInfoDetectionIsIncluded"`
	ExceptionInfo                    *ExceptionInfo    `json:"ExceptionInfo,omitempty"`

	AdministrativeUnit string `json:"AdministrativeUnit,omitempty"`
	// Reference is the name by which people ask for a decision, as P-7K3M9Q.
	Reference     string `json:"Reference,omitempty"`
	PolicyVersion string `json:"PolicyVersion,omitempty"`
	QueueID       string `json:"QueueId,omitempty"`
	// Simulated tells that only policies in a test mode matched.
	Simulated bool `json:"Simulated,omitempty"`
	// AddressMismatch tells that header From, reverse-path and login disagree.
	AddressMismatch bool     `json:"AddressMismatch,omitempty"`
	Forks           []Fork   `json:"Forks,omitempty"`
	Signals         []Signal `json:"Signals,omitempty"`
	Item            *Item    `json:"Item,omitempty"`
	Relay           *Relay   `json:"Relay,omitempty"`
	Notice          *Notice  `json:"Notice,omitempty"`
	// Notices are the mails written because of a message.
	Notices  []Sent    `json:"Notices,omitempty"`
	Retry    *Retry    `json:"Retry,omitempty"`
	Policies *Policies `json:"Policies,omitempty"`
	Erasure  *Erasure  `json:"Erasure,omitempty"`
	Alert    *Alert    `json:"Alert,omitempty"`
	// Error is the cause of MessageFailed.
	Error Masked `json:"Error,omitzero"`
	// Explain is the whole decision as `explain --json` shows it.
	Explain MaskedJSON `json:"Explain,omitzero"`
}

// ExchangeMetaData is what a record says of a message.
type ExchangeMetaData struct {
	MessageID      string    `json:"MessageID"`
	From           string    `json:"From"` // the reverse-path; empty for the null path
	To             []string  `json:"To"`
	CC             []string  `json:"CC,omitempty"`
	BCC            []string  `json:"BCC,omitempty"`
	Subject        Masked    `json:"Subject"`
	Sent           time.Time `json:"Sent,omitzero"` // the Date field, in UTC
	RecipientCount int       `json:"RecipientCount"`
	Size           int64     `json:"Size,omitempty"` // octets
	// AttachmentNames are those of the first attachments.
	AttachmentNames []Masked `json:"AttachmentNames,omitempty"`
}

// PolicyDetails is one policy with those of its rules that matched.
type PolicyDetails struct {
	PolicyID   string `json:"PolicyId"` // as PolicyID gives it
	PolicyName string `json:"PolicyName"`
	Rules      []Rule `json:"Rules"`
}

// Rule is one rule that matched.
type Rule struct {
	RuleID   string `json:"RuleId"` // as RuleID gives it
	RuleName string `json:"RuleName"`
	// Actions are the names of the actions that were done.
	Actions           []string          `json:"Actions"`
	OverriddenActions []string          `json:"OverriddenActions,omitempty"`
	Severity          string            `json:"Severity,omitempty"` // None, Low, Medium, High
	RuleMode          RuleMode          `json:"RuleMode"`
	State             string            `json:"State,omitempty"` // applied, enforced, halted, …
	ConditionsMatched ConditionsMatched `json:"ConditionsMatched"`
}

// RuleMode is the mode of a rule's policy in Purview's words.
type RuleMode string

// The modes.
const (
	Enforce        RuleMode = "Enforce"
	AuditAndNotify RuleMode = "Audit with Notify"
	AuditOnly      RuleMode = "Audit only"
)

// ConditionsMatched is why a rule matched.
type ConditionsMatched struct {
	DocumentProperties   []NameValue            `json:"DocumentProperties,omitempty"`
	OtherConditions      []NameValue            `json:"OtherConditions,omitempty"`
	SensitiveInformation []SensitiveInformation `json:"SensitiveInformation,omitempty"`
}

// NameValue is a condition or a property with what it found.
type NameValue struct {
	Name  string `json:"Name"`
	Value Masked `json:"Value"`
}

// SensitiveInformation is one sensitive information type found in one place.
type SensitiveInformation struct {
	SensitiveType                string `json:"SensitiveType"` // its GUID
	SensitiveInformationTypeName string `json:"SensitiveInformationTypeName"`
	Count                        int    `json:"Count"`
	UniqueCount                  int    `json:"UniqueCount"`
	Confidence                   int    `json:"Confidence"` // percent
	// Location is "Message Body" or the name of an attachment.
	Location   Masked      `json:"Location"`
	Detections *Detections `json:"SensitiveInformationDetections,omitempty"`
	Attributes []Attribute `json:"SensitiveInformationDetailedClassificationAttributes,omitempty"`
}

// Detections are the values that were found.
type Detections struct {
	DetectedValues   []DetectedValue `json:"DetectedValues"`
	ResultsTruncated bool            `json:"ResultsTruncated"`
}

// DetectedValue is one value with the text around it.
type DetectedValue struct {
	Value   Masked `json:"Value"`
	Context Masked `json:"Context,omitzero"`
}

// Attribute is how many values reached one level of confidence.
type Attribute struct {
	Confidence int  `json:"Confidence"`
	Count      int  `json:"Count"`
	IsMatch    bool `json:"IsMatch"`
}

// ExceptionInfo is what a sender said against a match.
type ExceptionInfo struct {
	Reason        string   `json:"Reason,omitempty"` // override, acknowledgement, falsePositive
	FalsePositive bool     `json:"FalsePositive"`
	Justification Masked   `json:"Justification,omitzero"`
	Rules         []string `json:"Rules,omitempty"` // their RuleIds
}

// Fork is what became of some recipients of a message.
type Fork struct {
	Recipients []string `json:"Recipients"`
	Verdict    string   `json:"Verdict"`
	// DecidedBy names policy and rule; both empty when no rule decides.
	Policy string `json:"Policy,omitempty"`
	Rule   string `json:"Rule,omitempty"`
	// FinalRecipients are whom it goes to, with those that rules added.
	FinalRecipients []string `json:"FinalRecipients,omitempty"`
	// Item is the held message that keeps the fork.
	Item string `json:"Item,omitempty"`
	// Simulated is the verdict with all policies enforced.
	Simulated string `json:"Simulated,omitempty"`
}

// Signal is something that could not be read, or that readers may disagree on.
type Signal struct {
	Part   Masked `json:"Part,omitzero"`
	Signal string `json:"Signal"`
	Detail string `json:"Detail,omitempty"` // a reason of ours, never content
}

// Item is what a record says of a held message.
type Item struct {
	ID         string   `json:"Id"`
	Kind       string   `json:"Kind"` // quarantine, approval, override
	State      string   `json:"State"`
	Recipients []string `json:"Recipients,omitempty"`
	// Via is how the decision came: cli, console, mail, timer.
	Via          string    `json:"Via,omitempty"`
	Expires      time.Time `json:"Expires,omitzero"`
	WithoutEdits bool      `json:"WithoutEdits,omitempty"`
	Redirect     []string  `json:"Redirect,omitempty"`
	// LegalHold tells, for LegalHoldChanged, that the message is kept from then on.
	LegalHold bool `json:"LegalHold,omitempty"`
	// Digest is the SHA-256 of the message, in hex.
	Digest  string `json:"Digest,omitempty"`
	Comment Masked `json:"Comment,omitzero"`
}

// Relay is one try of the outbox to send a message.
type Relay struct {
	Entry   string `json:"Entry"`
	Kind    string `json:"Kind"` // notice, reinject, release
	Attempt int    `json:"Attempt"`
	// RemoteQueueID is what the server called it.
	RemoteQueueID string `json:"RemoteQueueId,omitempty"`
	// PossiblyRepeated tells that an earlier try may have been delivered.
	PossiblyRepeated bool             `json:"PossiblyRepeated,omitempty"`
	Recipients       []RelayRecipient `json:"Recipients"`
}

// RelayRecipient is what became of one recipient in a try.
type RelayRecipient struct {
	Recipient string `json:"Recipient"`
	State     string `json:"State"` // delivered, pending, failed
	Reply     Masked `json:"Reply,omitzero"`
}

// Notice is a mail of Postern.
type Notice struct {
	Kind      string   `json:"Kind"`
	To        []string `json:"To,omitempty"`
	MessageID string   `json:"MessageID,omitempty"`
	// Reason says why it was not sent.
	Reason string `json:"Reason,omitempty"`
	// Recipients are those it would have named.
	Recipients []string `json:"Recipients,omitempty"`
	// Policy and Rule name the rule that asks for it; empty for none.
	Policy string `json:"Policy,omitempty"`
	Rule   string `json:"Rule,omitempty"`
	// As is what the people are to the message: sender, manager, siteAdmin, named,
	// recipient, reviewer.
	As        string `json:"As,omitempty"`
	Simulated bool   `json:"Simulated,omitempty"`
	// Effect is what became of the message: delivered, blocked, held.
	Effect string `json:"Effect,omitempty"`
	// Subject is that of the message, for a notice that waits for a summary.
	Subject Masked `json:"Subject,omitzero"`
}

// Sent is a mail that was written because of a message.
type Sent struct {
	Kind string   `json:"Kind"`
	To   []string `json:"To"`
}

// Retry is a message that came again.
type Retry struct {
	Outcome string `json:"Outcome"` // held, rejected, reinjected, released, …
	// FirstQueueID and FirstReference are those of the message that came first.
	FirstQueueID   string `json:"FirstQueueId,omitempty"`
	FirstReference string `json:"FirstReference,omitempty"`
	// Seen is how often it came, the first time included; 0 when not counted.
	Seen int `json:"Seen,omitempty"`
}

// Policies is a set of policies, loaded or refused.
type Policies struct {
	Previous string   `json:"Previous,omitempty"` // the version that was live
	Files    []string `json:"Files,omitempty"`
	Problems int      `json:"Problems,omitempty"`
	// Changes are lines for people: what was added, changed and removed.
	Changes []string `json:"Changes,omitempty"`
	// Reason is why all policies only test.
	Reason Masked `json:"Reason,omitzero"`
}

// Erasure tells that what was stored of a person was erased, not of whom.
type Erasure struct {
	// Person is a SHA-256, in hexadecimal, over a salt that is kept nowhere and the
	// person's address: who was given the salt can prove whose erasure it was.
	Person string `json:"Person"`
	// What was erased is counted by kind; Kept is what is held or waits to be sent.
	Records      int `json:"Records"`
	Items        int `json:"Items"`
	Entries      int `json:"Entries"`
	Fingerprints int `json:"Fingerprints"`
	Alerts       int `json:"Alerts"`
	Kept         int `json:"Kept"`
}
