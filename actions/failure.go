package actions

import (
	"slices"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// The values of onActionError.
const (
	errorQuarantine = "quarantine"
	errorContinue   = "continue"
)

func readOnActionError(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.onErrorAt = n
	s.onActionError, _ = r.OneOf(n, field, errorQuarantine, errorContinue)
}

// mayFail tells whether the rule has an action that onActionError is about.
func (s *spec) mayFail() bool {
	return slices.ContainsFunc(s.edits, func(e Edit) bool { return e.Action == strip || e.Value == senderManager })
}

// FailureRemedy is what was done where an action could not be done.
type FailureRemedy string

// The remedies.
const (
	FailureContinued FailureRemedy = "continued" // onActionError: continue
	FailureHeld      FailureRemedy = "held"      // onActionError: quarantine
	FailureWrapped   FailureRemedy = "wrapped"   // fallback: wrap
	FailureIgnored   FailureRemedy = "ignored"   // fallback: ignore
	FailureBlocked   FailureRemedy = "blocked"   // fallback: reject
)

// Failure is an action that could not be done to a fork as its rule says.
type Failure struct {
	Rule   *rules.Rule
	Action string
	Reason string
	Remedy FailureRemedy
}

// fail notes an action of a rule that could not be done.
func (f *Fork) fail(s *spec, action, reason string, remedy FailureRemedy) {
	failed := Failure{Rule: s.rule, Action: action, Reason: reason, Remedy: remedy}
	if !slices.Contains(f.Failures, failed) {
		f.Failures = append(f.Failures, failed)
	}
}

// failOr does what onActionError of the rule says about an action that cannot be
// done: the fork goes on without it, or is held.
func (f *Fork) failOr(s *spec, action, reason string) {
	if s.onActionError == errorContinue {
		f.fail(s, action, reason, FailureContinued)
		return
	}
	f.fail(s, action, reason, FailureHeld)
	if f.Verdict == Deliver {
		f.decideFor(s, &halt{verdict: Quarantine}, action+": "+reason)
	}
}

// decideFor blocks or holds a fork that was to be delivered, because of an action
// that cannot be done. Edits are dropped with a block and kept with a hold, as a
// halting action does.
func (f *Fork) decideFor(s *spec, h *halt, reason string) {
	f.Verdict, f.DecidedBy, f.Reason = h.verdict, s.rule, reason
	f.by = &spec{rule: s.rule, file: s.file, halt: h, tip: s.tip, response: s.response, untellable: s.untellable}
	if h.verdict == Block {
		f.Edits = nil
		f.PolicyTip = s.tip
	}
	for j := range f.Rules {
		switch r := &f.Rules[j]; {
		case r.Rule == s.rule:
			r.State = Enforced
		case r.State == Applied && h.verdict == Block:
			r.State = Halted
		}
	}
}
