package audit

import "time"

// Head is what the records of all operations have.
type Head struct {
	Time time.Time
	// ID is never repeated.
	ID string
	// Reference, PolicyVersion, QueueID, AdministrativeUnit and ClientIP may be
	// empty.
	Reference          string
	PolicyVersion      string
	QueueID            string
	AdministrativeUnit string
	ClientIP           string
	// By is the login of the person who did it; empty for Postern itself.
	By string
}

// Outcome is what a record tells of a decision on a message.
type Outcome struct {
	Message         ExchangeMetaData
	Policies        []PolicyDetails
	Forks           []Fork
	Signals         []Signal
	Exception       *ExceptionInfo
	Simulated       bool
	AddressMismatch bool
	Explain         MaskedJSON
}

// Matched records a message that rules matched.
func Matched(h Head, o Outcome) (Record, error) { panic("skeleton") }

// Signalled records a message that no rule matched, but of which something could
// not be read.
func Signalled(h Head, o Outcome) (Record, error) { panic("skeleton") }

// MessageError records a message that no decision could be made on.
func MessageError(h Head, o Outcome, cause Masked) (Record, error) { panic("skeleton") }

// Decided records what was done with a held message: op is one of ItemReleased,
// ItemDeleted, ItemExtended, ItemExpired, ItemExported, ItemRejected,
// ItemRecovered, LegalHoldChanged and BlobDeleted.
func Decided(h Head, op Operation, i Item) (Record, error) { panic("skeleton") }

// Relayed records one try of the outbox.
func Relayed(h Head, r Relay) (Record, error) { panic("skeleton") }

// NotTold records a notice that was due and not sent.
func NotTold(h Head, n Notice) (Record, error) { panic("skeleton") }

// Repeated records a message that came again and got the outcome of the first.
func Repeated(h Head, r Retry) (Record, error) { panic("skeleton") }

// Loaded records a set of policies: op is PolicyLoaded, PolicyRefused or
// MonitoringChanged.
func Loaded(h Head, op Operation, p Policies) (Record, error) { panic("skeleton") }

// PolicyID gives the identifier of a policy: a digest of its name in the form of a
// UUID, the same everywhere and always.
func PolicyID(policy string) string { panic("skeleton") }

// RuleID gives the identifier of a rule of a policy, as PolicyID.
func RuleID(policy, rule string) string { panic("skeleton") }

// Validate tells of the first field that breaks the rules of its operation.
func (r *Record) Validate() error { panic("skeleton") }

// Marshal gives the record as one line of JSON without a line end; the same record
// gives the same octets.
func Marshal(r Record) ([]byte, error) { panic("skeleton") }

// Parse reads what Marshal wrote. Fields it does not know are passed over.
func Parse(line []byte) (Record, error) { panic("skeleton") }

// Chain joins a marshalled record to the one before: prev is the digest that Chain
// gave for that, empty for the first. It gives the octets to be kept, with prev in
// the field PreviousDigest, and their digest.
func Chain(prev string, line []byte) (chained []byte, digest string, err error) { panic("skeleton") }
