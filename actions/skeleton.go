package actions

import (
	"context"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// OnError says what becomes of a message that could not be decided on.
type OnError string

// The choices.
const (
	OnErrorTempfail OnError = "tempfail" // 451 4.3.0
	OnErrorAccept   OnError = "accept"   // it passes; recorded
)

// Settings of the engine.
type Settings struct {
	// BlockText is the text of a 550 to a session that is not ours.
	BlockText string
	// LearnMore is a URL added to refusals of sessions that are ours; may be empty.
	LearnMore string
	OnError   OnError
}

// Engine runs policies over messages. It is safe for concurrent use.
type Engine struct{ settings Settings }

// NewEngine gives an engine.
func NewEngine(s Settings) *Engine { return &Engine{settings: s} }

// Vocabulary reads the actions of rules for [rules.Load].
func Vocabulary() rules.ActionKeys { panic("skeleton") }

// Load loads policies with the actions of this package and checks what concerns
// several rules together. The set is nil when a problem is an error.
func Load(files []rules.File, v rules.Vocabulary) (*rules.Set, []strictyaml.Problem) {
	panic("skeleton")
}

// State is what became of a matched rule in a fork.
type State string

// The states.
const (
	Applied   State = "applied"   // its actions are done
	Enforced  State = "enforced"  // it decides the verdict
	Halted    State = "halted"    // not applied because another rule is enforced
	Simulated State = "simulated" // of a policy in a test mode
	Stopped   State = "stopped"   // not evaluated behind stopPolicyProcessing
)

// RuleState is a rule with its state.
type RuleState struct {
	Rule  *rules.Rule
	State State
}

// Edit is one change that rules make to a message, in words of policies.
type Edit struct {
	Action string // setHeader, removeHeader, prependSubject, addRecipients
	Name   string // header field name; to, cc or bcc for addRecipients
	Value  string
}

// Simulation is what test policies would have done.
type Simulation struct {
	Verdict   Verdict
	DecidedBy *rules.Rule // nil when no rule decides
}

// Fork is the recipients of a message for whom the same is done.
type Fork struct {
	Recipients []int // indices into Envelope.Recipients
	Verdict    Verdict
	DecidedBy  *rules.Rule // nil when no rule decides
	Reply      *Reply      // with Block and Defer
	// PolicyTip is what the sender is told by the rules; empty when nothing.
	PolicyTip string
	Edits     []Edit
	// FinalRecipients are the addresses the fork goes to; none with Block and Defer.
	FinalRecipients []string
	Rules           []RuleState
	Simulated       Simulation
}

// Decision is everything that was decided on one message.
type Decision struct {
	Reference       string
	PolicyVersion   string
	Ours            bool // the session is ours
	Evaluation      *rules.Evaluation
	Forks           []Fork // first the one with the first recipient
	Notices         []message.Notice
	AddressMismatch bool
	// Removed counts the reserved header fields taken out (X-Postern-* and others).
	Removed int
	// Err is why no decision could be made (then the verdict is Defer, or Deliver
	// with OnErrorAccept); nil otherwise.
	Err error
	// Outcome is what reaches the wire.
	Outcome Outcome
}

// Effects are the doors through which a decision reaches the world. The live
// twin is made by the command line; [DryRun] is the other.
type Effects interface {
	// NewReference gives the reference of a message, as P-7K3M9Q.
	NewReference() string
	// Record keeps what was decided, before the outcome is written. An error makes
	// the outcome a temporary failure.
	Record(ctx context.Context, m *message.Message, d *Decision) error
}

// Run decides on a message. It never fails: an error becomes the outcome that
// the settings say.
func (e *Engine) Run(ctx context.Context, set *rules.Set, scan *rules.Scan, fx Effects) *Decision {
	panic("skeleton")
}
