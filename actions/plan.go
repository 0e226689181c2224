package actions

import (
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// plan gives each fork its route and makes the outcome for the MTA (design: "What
// reaches the wire"). Why says why the sender cannot be told by mail.
func (e *Engine) plan(m *message.Message, d *Decision, why string) {
	blocked, others := d.divide()
	if len(blocked) > 0 {
		first := &d.Forks[d.first(blocked)]
		response := specOf(first.DecidedBy).response
		switch {
		case slices.ContainsFunc(blocked, func(i int) bool { return specOf(d.Forks[i].DecidedBy).response == respondRejectAll }),
			len(others) == 0 && (response != respondNDR || !d.told):
			e.refuse(m, d, first)
			return
		}
		for _, i := range blocked {
			f := &d.Forks[i]
			switch {
			case d.told:
				f.Route = Returned
			case specOf(f.DecidedBy).untellable == untellableRejectAll:
				e.refuse(m, d, first)
				return
			default:
				f.Verdict, f.Route, f.Why = Quarantine, Held, "the sender cannot be told: "+why
			}
		}
	}
	for _, i := range others {
		f := &d.Forks[i]
		switch f.Verdict {
		case Quarantine:
			f.Route = Held
		case Delete:
			f.Route = Deleted
		default:
			f.Route = Resubmitted
		}
	}
	d.session(m)
}

// divide gives the forks that are blocked and those that are not.
func (d *Decision) divide() (blocked, others []int) {
	for i, f := range d.Forks {
		if f.Verdict == Block {
			blocked = append(blocked, i)
		} else {
			others = append(others, i)
		}
	}
	return blocked, others
}

// first gives the fork among those named whose rule comes first.
func (d *Decision) first(forks []int) int {
	best, at := forks[0], len(d.Evaluation.Rules)
	for _, i := range forks {
		place := slices.IndexFunc(d.Evaluation.Rules, func(r rules.RuleResult) bool { return r.Rule == d.Forks[i].DecidedBy })
		if place < at {
			best, at = i, place
		}
	}
	return best
}

// session lets the largest delivered fork go on with the message and renders all
// delivered ones. A recipient added by a rule gets one copy, whatever the forks.
func (d *Decision) session(m *message.Message) {
	largest := -1
	for i, f := range d.Forks {
		if f.Route == Resubmitted && (largest < 0 || len(f.Recipients) > len(d.Forks[largest].Recipients)) {
			largest = i
		}
	}
	clean, _ := edit(m, nil, d.Ours)
	d.Removed = clean.removed
	if largest < 0 {
		d.Outcome.Verdict = Discard
		return
	}
	d.Forks[largest].Route = InSession
	copies := newDeliveries(m, d.Forks, d.Ours)
	session := &d.Forks[largest]
	d.Outcome.Verdict = Deliver
	d.Outcome.Modifications = copies.copy(session).modifications(m, session)
	for i := range d.Forks {
		if f := &d.Forks[i]; f.Route == Resubmitted {
			f.edited = copies.copy(f)
		}
	}
}
