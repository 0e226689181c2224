package actions

import (
	"slices"

	"github.com/postern-mail/postern/message"
)

// unalteredText begins what a sender reads whose message cannot take a disclaimer.
const unalteredText = "A text that policy asks for cannot be put into this message: "

// rehearse makes the edits of bodies before it is known which way forks go: one that
// cannot be made may hold or block its fork.
func (d *Decision) rehearse(r *editor) {
	for i := range d.Forks {
		f := &d.Forks[i]
		if f.Verdict != Deliver || !slices.ContainsFunc(f.Edits, Edit.alters) {
			continue
		}
		c, _ := r.edit(f.Edits)
		edits, of := f.Edits, f.of
		var kept []Edit
		for n, e := range edits {
			if !slices.ContainsFunc(c.troubles, func(at trouble) bool { return at.at == n && at.remedy == FailureHeld }) {
				kept = append(kept, e)
			}
		}
		for _, at := range c.troubles {
			s, action := of[at.at], edits[at.at].Action
			f.fail(s, action, at.reason, at.remedy)
			switch {
			case f.Verdict != Deliver || !at.fatal():
			case at.remedy == FailureBlocked:
				f.decideFor(s, &halt{verdict: Block, text: unalteredText + at.reason + ".", enhanced: "5.7.1"}, action+": "+at.reason)
			default:
				f.decideFor(s, &halt{verdict: Quarantine}, action+": "+at.reason)
				f.Edits = kept // whoever releases it lets the attachments through
			}
		}
	}
}

// told notes what the edits of a copy did that people are told of.
func (f *Fork) told(m *message.Message, c *edited) {
	f.Stripped = c.stripped
	f.BrokenSignatures = brokenSignatures(m, c)
}
