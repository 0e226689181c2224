package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/rules"
)

// resolver fills in what edits leave open until a message is there: who the manager
// of the sender is. Each is looked up once for a message.
type resolver struct {
	ctx  context.Context
	scan *rules.Scan

	manager *answer
	author  *person
	strips  map[*rules.Selection]string // the parts that each takes out
}

// person is whom the directory knows; p is nil for nobody.
type person struct {
	p   *directory.Person
	err error // why it cannot be known now
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
	f.Edits = nil
	for i, e := range st.edits {
		s := st.of[i]
		filled, why, err := r.fill(e, s)
		switch {
		case err != nil && f.Verdict != Deliver:
			f.fail(s, e.Action, err.Error(), FailureContinued) // no rule that edits is stricter
		case err != nil:
			unknown = append(unknown, unknownRule{match: match{spec: s}, reason: e.Action + ": " + err.Error()})
		case why != "":
			f.failOr(s, e.Action, why)
		default:
			f.Edits, f.of = append(f.Edits, filled), append(f.of, s)
		}
	}
	return unknown
}

// simulated fills in the edits of a simulation. Nothing comes of those that cannot be
// done.
func (r *resolver) simulated(st steps) []Edit {
	var edits []Edit
	for i, e := range st.edits {
		if filled, why, err := r.fill(e, st.of[i]); why == "" && err == nil {
			edits = append(edits, filled)
		}
	}
	return edits
}

// fill gives an edit of a rule with nothing left open; otherwise why says what is
// missing, or err why it cannot be known.
func (r *resolver) fill(e Edit, s *spec) (filled Edit, why string, err error) {
	switch {
	case e.Value == senderManager:
		m := r.managerOf()
		e.Value = m.text
		return e, m.why, m.err
	case e.Action == disclaim && token.MatchString(e.Value):
		p := r.authorOf()
		e.Value = expand(e.Value, p.p)
		return e, "", p.err
	case e.Action == strip:
		if r.scan.IsEncrypted() {
			return e, "the message is encrypted, and what is attached cannot be seen", nil
		}
		e.Parts = r.partsOf(s)
		if err := r.scan.Err(); err != nil {
			return e, "", fmt.Errorf("the attachments could not be read: %w", err)
		}
		if s.onActionError == errorContinue {
			e.OnError = errorContinue
		}
	}
	return e, "", nil
}

// partsOf gives the parts that stripAttachment of a rule takes out.
func (r *resolver) partsOf(s *spec) string {
	parts, known := r.strips[s.selection]
	if !known {
		var list []string
		for _, a := range r.scan.Select(r.ctx, s.selection) {
			list = append(list, placeOf(a.Part, a.File))
		}
		parts = strings.Join(list, " ")
		if r.strips == nil {
			r.strips = make(map[*rules.Selection]string)
		}
		r.strips[s.selection] = parts
	}
	return parts
}

// authorOf gives the person whom readers see as the sender.
func (r *resolver) authorOf() person {
	if r.author != nil {
		return *r.author
	}
	a := person{}
	p, err := r.scan.Author(r.ctx)
	switch {
	case err == nil:
		a.p = p
	case !errors.Is(err, directory.ErrNotFound):
		a.err = errSilent
	}
	r.author = &a
	return a
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
