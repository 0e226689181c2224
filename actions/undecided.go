package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// Remedy is what was done about a rule that could not be judged.
type Remedy string

// The remedies.
const (
	RemedyIgnored  Remedy = "ignored"  // ruleErrorAction: ignore
	RemedyRetried  Remedy = "retried"  // a temporary failure: the client tries again
	RemedyBlocked  Remedy = "blocked"  // retryThenBlock, when it was tried often enough
	RemedyHeld     Remedy = "held"     // onError: quarantine
	RemedyAccepted Remedy = "accepted" // onError: accept
)

// Undecided is a rule of an enforced policy that could not be judged for some
// recipients, and that could have changed what becomes of them.
type Undecided struct {
	Rule       *rules.Rule
	Recipients []int // indices into Envelope.Recipients, ascending
	Reason     string
	Remedy     Remedy
}

// Bounds of retryThenBlock: whichever is reached first ends it.
const (
	retryAttempts = 3
	retrySpan     = time.Hour
)

// undecidedText is what a sender reads of a block by a rule that was never judged:
// the words of the rule would say what nobody knows.
const undecidedText = "The message could not be checked against policy and was not sent."

// history is how often a message was put off before, asked for once.
type history struct {
	fx    Effects
	scan  *rules.Scan
	asked bool
	over  bool
	tried string // in words
}

// ended tells whether a message has been put off often or long enough. When that
// cannot be known, it has not.
func (h *history) ended(ctx context.Context) bool {
	if !h.asked {
		h.asked = true
		if n, span, err := h.fx.Deferred(ctx, h.scan); err == nil {
			h.over = n >= retryAttempts || n > 0 && span >= retrySpan
			h.tried = fmt.Sprintf("it was put off %d times in %s", n, span.Round(time.Second))
		}
	}
	return h.over
}

// remedy decides on the forks for which a rule that matters could not be judged.
// The message is put off when one of them asks for it.
func (e *Engine) remedy(ctx context.Context, d *Decision, open [][]unknownRule, h *history) (putOff bool) {
	for i, list := range open {
		f := &d.Forks[i]
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b unknownRule) int { return e.weight(ctx, b, h) - e.weight(ctx, a, h) })
		for _, u := range list {
			remedy := e.remedyOf(ctx, u, h)
			d.undecided(u, f.Recipients, remedy)
			if remedy != RemedyIgnored && d.Err == nil {
				d.Err = u.err()
			}
			if remedy == RemedyBlocked || remedy == RemedyHeld {
				f.settleFor(u, remedy, h.tried)
				break // no other rule could be stricter
			}
			putOff = putOff || remedy == RemedyRetried
			d.counted = d.counted || remedy == RemedyRetried && u.spec.rule.ErrorAction == rules.RetryThenBlock
		}
	}
	return putOff
}

// weight puts the remedies first that settle a fork.
func (e *Engine) weight(ctx context.Context, u unknownRule, h *history) int {
	switch e.remedyOf(ctx, u, h) {
	case RemedyBlocked, RemedyHeld:
		return 1
	}
	return 0
}

func (e *Engine) remedyOf(ctx context.Context, u unknownRule, h *history) Remedy {
	switch u.spec.rule.ErrorAction {
	case rules.Ignore:
		return RemedyIgnored
	case rules.RetryThenBlock:
		if h.ended(ctx) {
			return RemedyBlocked
		}
		return RemedyRetried
	}
	switch e.settings.OnError {
	case OnErrorAccept:
		return RemedyAccepted
	case OnErrorQuarantine:
		return RemedyHeld
	}
	return RemedyRetried
}

func (u unknownRule) err() error {
	return fmt.Errorf("rule %q could not be judged: %s", u.spec.rule.Name, u.reason)
}

// undecided notes a rule for the recipients of a fork.
func (d *Decision) undecided(u unknownRule, recipients []int, remedy Remedy) {
	i := slices.IndexFunc(d.Undecided, func(o Undecided) bool { return o.Rule == u.spec.rule && o.Remedy == remedy })
	if i < 0 {
		i = len(d.Undecided)
		d.Undecided = append(d.Undecided, Undecided{Rule: u.spec.rule, Reason: u.reason, Remedy: remedy})
	}
	all := append(slices.Clone(d.Undecided[i].Recipients), recipients...)
	slices.Sort(all)
	d.Undecided[i].Recipients = all
}

// settleFor blocks or holds a fork because of a rule that could not be judged.
// Edits of the rules that matched are dropped with a block and kept with a hold.
func (f *Fork) settleFor(u unknownRule, remedy Remedy, tried string) {
	f.PolicyTip = ""
	f.DecidedBy = u.spec.rule
	f.by = &spec{rule: u.spec.rule, file: u.spec.file, halt: &halt{verdict: Block, text: undecidedText, enhanced: "5.7.1"},
		response: u.spec.response, untellable: u.spec.untellable}
	f.Verdict = Block
	f.Reason = u.err().Error()
	if remedy == RemedyHeld {
		f.Verdict, f.by.halt.verdict = Quarantine, Quarantine
	} else {
		f.Edits = nil
		f.Reason += ", and " + tried
	}
	for j := range f.Rules {
		if s := &f.Rules[j].State; (*s == Applied || *s == Enforced) && remedy == RemedyBlocked || *s == Enforced {
			*s = Halted
		}
	}
	if i := slices.IndexFunc(f.Rules, func(r RuleState) bool { return r.Rule == u.spec.rule }); i >= 0 {
		f.Rules[i].State = Enforced // it matched, and an action of it could not be done
		return
	}
	f.Rules = append(f.Rules, RuleState{Rule: u.spec.rule, State: Enforced})
}

// errPanicked is why a message is held without being read.
var errPanicked = errors.New("the process died of the message twice")

// Uninspectable holds a message for all its recipients without reading it: the process
// has died of it. The sender is not told, since nothing of the message can be.
func (e *Engine) Uninspectable(ctx context.Context, set *rules.Set, scan *rules.Scan, fx Effects) *Decision {
	d := &Decision{
		Reference: fx.NewReference(), PolicyVersion: set.Version, Ours: scan.Ours(), Evaluation: &rules.Evaluation{},
		Notices: scan.Message.Notices, Err: errPanicked, bare: true,
	}
	d.Outcome.Reference = d.Reference
	d.holdAll(scan.Message, errPanicked.Error())
	e.plan(&editor{m: scan.Message, ours: d.Ours}, d, "it is not read")
	return e.keep(ctx, scan, d, fx)
}

// holdAll makes one held fork of the whole message. The rules have not been
// judged, or not so that one could rely on it.
func (d *Decision) holdAll(m *message.Message, reason string) {
	all := make([]int, len(m.Envelope.Recipients))
	for i := range all {
		all[i] = i
	}
	d.Forks = []Fork{{
		Recipients: all, Verdict: Quarantine, Reason: reason, Simulated: Simulation{Verdict: Deliver},
		by: &spec{halt: &halt{verdict: Quarantine}},
	}}
	d.Undecided = nil
}
