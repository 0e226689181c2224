package actions

import (
	"context"
	"errors"
	"slices"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/rules"
)

// resolver fills in what edits leave open until a message is there: who the manager
// of the sender is. Each is looked up once for a message.
type resolver struct {
	ctx  context.Context
	scan *rules.Scan

	manager *answer
}

// answer is what the directory said of somebody. It is empty where nobody is known.
type answer struct {
	text string
	why  string // no answer
	err  error  // why it cannot be known now
}

// resolve fills in the edits of a fork, of which st says what rules they are of, and
// those of its simulation. It gives the rules whose edits cannot be known because the
// directory does not answer: they are as rules that could not be judged.
func (r *resolver) resolve(f *Fork, st steps) (unknown []unknownRule) {
	var kept []Edit
	for i, e := range f.Edits {
		filled, why, err := r.fill(e)
		switch s := st.of[i]; {
		case err != nil && f.Verdict != Deliver:
			f.fail(s, e.Action, err.Error(), FailureContinued) // no rule that edits is stricter
		case err != nil:
			unknown = append(unknown, unknownRule{match: match{spec: s}, reason: e.Action + ": " + err.Error()})
		case why != "":
			f.failOr(s, e.Action, why)
		default:
			kept = append(kept, filled)
		}
	}
	f.Edits = kept
	// Nothing comes of what a simulation could not do.
	f.Simulated.Edits = slices.DeleteFunc(slices.Clone(f.Simulated.Edits), func(e Edit) bool {
		_, why, err := r.fill(e)
		return why != "" || err != nil
	})
	for i, e := range f.Simulated.Edits {
		f.Simulated.Edits[i], _, _ = r.fill(e)
	}
	return unknown
}

// fill gives an edit with nothing left open; otherwise why says what is missing, or
// err why it cannot be known.
func (r *resolver) fill(e Edit) (filled Edit, why string, err error) {
	if e.Action == addRecipients && e.Value == senderManager {
		m := r.managerOf()
		e.Value = m.text
		return e, m.why, m.err
	}
	return e, "", nil
}

var errSilent = errors.New("the directory did not answer")

// managerOf gives the address of the sender's manager.
func (r *resolver) managerOf() answer {
	if r.manager != nil {
		return *r.manager
	}
	a := answer{}
	p, err := r.scan.Submitter(r.ctx)
	switch {
	case errors.Is(err, directory.ErrNotFound):
		a.why = "the sender is nobody in the directory"
		if r.scan.World.Directory == nil {
			a.why = "there is no directory"
		}
	case err != nil:
		a.err = errSilent
	case p.Manager.IsNull():
		a.why = "the sender has no manager in the directory"
	default:
		a.text = p.Manager.String()
	}
	r.manager = &a
	return a
}
