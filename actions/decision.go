package actions

import (
	"context"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

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

// Edit is one change that rules make to a message, in words of policies. It is
// data: it can be kept and done later.
type Edit struct {
	Action string // setHeader, removeHeader, prependSubject, addRecipients
	Name   string // header field name; to, cc or bcc for addRecipients
	Value  string
}

// Simulation is what the walk would have done with all test policies on.
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
	// PolicyTip is what the rules tell the sender; empty when nothing.
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
	Forks           []Fork // in the order of their first recipients
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

// Effects are the doors through which a decision reaches the world.
type Effects interface {
	// NewReference gives the reference of a message, as P-7K3M9Q.
	NewReference() string
	// Record keeps what was decided, before the outcome is written. An error makes
	// the outcome a temporary failure, unless the settings accept errors.
	Record(ctx context.Context, m *message.Message, d *Decision) error
}

// DryRun is the twin of the live effects that touches nothing: what would
// happen can be asked as often as one likes.
type DryRun struct{}

// NewReference gives a reference that stands for the one a real message gets.
func (DryRun) NewReference() string { return "P-DRYRUN" }

// Record keeps nothing.
func (DryRun) Record(context.Context, *message.Message, *Decision) error { return nil }
