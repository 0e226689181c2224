package actions

import (
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// plan gives each fork its route and makes the outcome for the MTA (design: "What
// reaches the wire"). Why says why the sender cannot be told by mail.
func (e *Engine) plan(r *editor, d *Decision, why string) {
	blocked, others := d.divide()
	if len(blocked) > 0 {
		first := &d.Forks[d.first(blocked)]
		if e.refusesAll(d, blocked, others, first.spec().response) {
			e.refuse(r.m, d, first)
			return
		}
	}
	for i := range d.Forks {
		f := &d.Forks[i]
		switch f.Verdict {
		case Block:
			f.Route = Returned
			if !d.told {
				f.Verdict, f.Route, f.Why = Quarantine, Held, "the sender cannot be told: "+why
			}
		case Quarantine:
			f.Route = Held
		case Delete:
			f.Route = Deleted
		default:
			f.Route = Resubmitted
		}
	}
	d.session(r)
}

// refusesAll tells whether the message is refused for everybody in the session:
// when everybody is blocked, unless that is to be told by mail and can be, and
// when a block asks for it.
func (e *Engine) refusesAll(d *Decision, blocked, others []int, response string) bool {
	if len(others) == 0 && (response != respondNDR || !d.told) {
		return true
	}
	return slices.ContainsFunc(blocked, func(i int) bool {
		s := d.Forks[i].spec()
		return s.response == respondRejectAll || !d.told && (s.untellable == untellableRejectAll || s.untellable == "" && len(e.settings.Reviewers) == 0)
	})
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

// session lets the largest part of the delivered recipients go on with the message
// and renders the copies of the others. Forks with the same edits are one part. A
// recipient added by a rule gets one copy, whatever the forks.
func (d *Decision) session(r *editor) {
	clean, _ := r.edit(nil)
	d.Removed = clean.removed
	copies := newDeliveries(r, d.Forks)
	d.Outcome.Verdict = Discard
	for part := d.largest(); len(part) > 0 && d.Outcome.Verdict == Discard; part = d.largest() {
		d.goOn(r.m, part, copies)
	}
	for i := range d.Forks {
		if f := &d.Forks[i]; f.Route == Resubmitted && f.edited == nil {
			f.edited = copies.copy(f)
		}
		if f := &d.Forks[i]; f.Route == Resubmitted && len(f.edited.final) == 0 {
			f.Why = "who it is redirected to gets the copy of others"
		}
	}
}

// goOn lets forks go on in the session, unless nobody is left whom they go to.
func (d *Decision) goOn(m *message.Message, part []int, copies *deliveries) {
	joined := Fork{Edits: d.Forks[part[0]].Edits}
	for _, i := range part {
		joined.Recipients = append(joined.Recipients, d.Forks[i].Recipients...)
	}
	slices.Sort(joined.Recipients)
	c := copies.copy(&joined)
	if len(c.final) == 0 && len(joined.Recipients) > 0 {
		for _, i := range part {
			d.Forks[i].edited = c
		}
		return
	}
	d.Outcome.Verdict = Deliver
	d.Outcome.Modifications = c.modifications(m, &joined)
	for _, i := range part {
		f := &d.Forks[i]
		f.Route, f.FinalRecipients = InSession, f.share(m, &joined)
		f.Stripped, f.BrokenSignatures = joined.Stripped, joined.BrokenSignatures
	}
}

// largest gives the delivered forks that go on in the session: those with the
// same edits that have the most recipients together. Forks that are rendered
// already are left out.
func (d *Decision) largest() []int {
	var best []int
	most := -1
	for i, f := range d.Forks {
		if f.Route != Resubmitted || f.edited != nil || slices.Contains(best, i) {
			continue
		}
		var part []int
		n := 0
		for j, other := range d.Forks {
			if other.Route == Resubmitted && other.edited == nil && slices.Equal(f.Edits, other.Edits) {
				part = append(part, j)
				n += len(other.Recipients)
			}
		}
		if n > most {
			best, most = part, n
		}
	}
	return best
}

// share gives whom a fork goes to, of those that it and others go to together.
func (f *Fork) share(m *message.Message, joined *Fork) []string {
	others := make(map[string]bool)
	for _, i := range joined.Recipients {
		if !slices.Contains(f.Recipients, i) {
			others[m.Envelope.Recipients[i].Path.String()] = true
		}
	}
	for _, i := range f.Recipients {
		delete(others, m.Envelope.Recipients[i].Path.String())
	}
	return slices.DeleteFunc(slices.Clone(joined.FinalRecipients), func(a string) bool { return others[a] })
}
