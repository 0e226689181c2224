package actions

import (
	"context"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
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
// data: it can be kept and done later. Two edits that are equal do the same.
type Edit struct {
	Action string `json:"action"` // as the key of policies
	// Name is that of a header field; of addRecipients it is to, cc or bcc, of
	// modifySubject the strategy, of applyHtmlDisclaimer the location, and of
	// stripAttachment what is taken out, in words.
	Name  string `json:"name"`
	Value string `json:"value"`
	// Patterns are those of modifySubject, one on a line.
	Patterns string `json:"patterns,omitempty"`
	// Fallback of applyHtmlDisclaimer is wrap, ignore or reject.
	Fallback string `json:"fallback,omitempty"`
	// Parts are those that stripAttachment takes out, as [message.Part.Index] names
	// them, parted by blanks. OnError is continue where a copy of which they cannot be
	// taken out goes on with them; otherwise it is not sent.
	Parts   string `json:"parts,omitempty"`
	OnError string `json:"onError,omitempty"`
}

// Route is the way a fork takes.
type Route int

// The routes.
const (
	Refused     Route = iota // with the whole message, in the session
	InSession                // goes on with the message at the MTA
	Resubmitted              // goes on from the outbox, with edits of its own
	Held                     // stays in the store
	Returned                 // refused by an NDR from us
	Deleted                  // recorded, and gone
)

// Simulation is what the walk would have done with all test policies on.
type Simulation struct {
	Verdict   Verdict
	DecidedBy *rules.Rule // nil when no rule decides
	Edits     []Edit
}

// Fork is the recipients of a message for whom the same is done.
type Fork struct {
	Recipients []int // indices into Envelope.Recipients
	Verdict    Verdict
	Route      Route
	DecidedBy  *rules.Rule // nil when no rule decides
	Reply      *Reply      // with Block and Defer
	// PolicyTip is what the rules tell the sender; empty when nothing.
	PolicyTip string
	Edits     []Edit
	// Why says why the route is not the usual one of the verdict; may be empty.
	Why string
	// FinalRecipients are the addresses the fork goes to; none when it goes nowhere.
	FinalRecipients []string
	// Item names the held message that keeps the fork; the live effects set it.
	Item      string
	Rules     []RuleState
	Simulated Simulation
	// Notices is the mail that the fork asks for.
	Notices []Planned

	// Reason says why the fork is blocked or held though no rule was judged to ask for
	// it; empty otherwise.
	Reason string

	tipOf  *spec  // whose policy tip it is; nil for none
	tested tested // what the tests of policies would tell
	// Stripped are the names of the attachments taken out, masked.
	Stripped []string
	// BrokenSignatures are the domains of DKIM signatures of the author's own domain
	// that do not hold any more after the edits; whether they did before is not known.
	BrokenSignatures []string
	// Failures are the actions that could not be done as their rules say.
	Failures []Failure

	of     []*spec // the rule of each edit
	by     *spec   // what decides in the place of the actions of DecidedBy
	edited *edited // of a fork that is resubmitted
	again  bool    // done when the message came before
}

// spec gives what decides on a blocked or held fork.
func (f *Fork) spec() *spec {
	if f.by != nil {
		return f.by
	}
	return specOf(f.DecidedBy)
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
	// Undecided are the rules that could not be judged and could have changed what
	// becomes of the message, with what was done about each.
	Undecided []Undecided
	// Alerts are the matches that raise alerts, or are counted towards them.
	Alerts []AlertPlan
	// Err is why the rules could not decide; nil where they did, and where all that
	// could not be judged is to be ignored.
	Err error
	// Outcome is what reaches the wire.
	Outcome Outcome
	// Untold is mail that was due to people and is not sent, with the reasons.
	Untold []Untold

	told    bool          // the sender may be told by mail
	mute    notice.Reason // why not
	proven  bool          // the reverse-path is that of an inside sender in a session of ours
	reader  reader        // the sender
	counted bool          // when put off, the attempt counts (retryThenBlock)
	bare    bool          // nothing of the message may be read but its envelope

	reports []*plannedReport
}

// Effects are the doors through which a decision reaches the world.
type Effects interface {
	// NewReference gives the reference of a message, as P-7K3M9Q.
	NewReference() string
	// Deferred tells how often the message was put off before because a rule with
	// ruleErrorAction: retryThenBlock could not be judged, and how long ago that was
	// first.
	Deferred(ctx context.Context, scan *rules.Scan) (attempts int, since time.Duration, err error)
	// Record keeps what was decided, before the outcome is written. An error makes
	// the outcome a temporary failure, unless the settings accept errors and nothing
	// of the outcome rests on what was to be kept.
	Record(ctx context.Context, scan *rules.Scan, d *Decision) error
}

// DryRun is the twin of the live effects that touches nothing: what would
// happen can be asked as often as one likes.
type DryRun struct{}

// NewReference gives a reference that stands for the one a real message gets.
func (DryRun) NewReference() string { return "P-DRYRUN" }

// Deferred knows of no attempt before.
func (DryRun) Deferred(context.Context, *rules.Scan) (int, time.Duration, error) { return 0, 0, nil }

// Record keeps nothing.
func (DryRun) Record(context.Context, *rules.Scan, *Decision) error { return nil }

// Verdict is the message's in one word: that of the fork that goes on in the
// session, otherwise of the first.
func (d *Decision) Verdict() Verdict {
	for _, f := range d.Forks {
		if f.Route == InSession {
			return f.Verdict
		}
	}
	return d.Forks[0].Verdict
}
