package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/edit"
	"github.com/postern-mail/postern/rules"
)

// editor makes copies of one message. What the same edits make of it is made once.
type editor struct {
	m    *message.Message
	ours bool // the session
	made []edition
}

// edition is what edits make of a message for whomever it goes to.
type edition struct {
	edits  []Edit
	copy   edited
	people []Edit // those about recipients
}

// trouble is an edit that could not be made as its rule says.
type trouble struct {
	at     int // of the edits
	reason string
	remedy FailureRemedy
}

// fatal tells whether the copy must not be sent because of the trouble.
func (f trouble) fatal() bool { return f.remedy == FailureHeld || f.remedy == FailureBlocked }

// edit makes the header section and the body of a copy. Reserved fields of the
// client go first, whatever the rules say. It gives the edits that are about
// recipients back.
func (r *editor) edit(edits []Edit) (c *edited, people []Edit) {
	i := slices.IndexFunc(r.made, func(e edition) bool { return slices.Equal(e.edits, edits) })
	if i < 0 {
		i = len(r.made)
		r.made = append(r.made, r.make(edits))
	}
	of := r.made[i].copy
	of.fields, of.mods = slices.Clone(of.fields), slices.Clip(of.mods)
	return &of, r.made[i].people
}

func (r *editor) make(edits []Edit) edition {
	out := edition{edits: edits}
	c := &out.copy
	c.fields = slices.Clone(r.m.Header)
	c.removed = c.remove(func(f message.Field) bool { return rules.Reserved(f.Name, r.ours) })
	var draft *edit.Draft
	for i, e := range edits {
		switch e.Action {
		case setHeader:
			c.set(e.Name, e.Value)
		case removeHeader:
			c.remove(func(f message.Field) bool {
				return strings.EqualFold(f.Name, e.Name) && (e.Value == "" || strings.EqualFold(f.Text(), e.Value))
			})
		case prependSubject:
			c.prepend(e.Value)
		case modifySubject:
			c.modify(e)
		case addRecipients, redirect:
			out.people = append(out.people, e)
		case disclaim, strip:
			if draft == nil {
				draft = edit.New(r.m)
			}
			c.alter(draft, i, e)
		}
	}
	if draft == nil {
		return out
	}
	var top []edit.FieldChange
	if top, c.body, c.altered = draft.Result(); c.altered {
		c.describe(top)
	}
	return out
}

// alter makes an edit of the body.
func (c *edited) alter(draft *edit.Draft, at int, e Edit) {
	fail := func(err error, remedy FailureRemedy) {
		c.troubles = append(c.troubles, trouble{at: at, reason: err.Error(), remedy: remedy})
	}
	if e.Action == strip {
		switch err := c.strip(draft, e); {
		case err == nil:
		case e.OnError == errorContinue:
			fail(err, FailureContinued)
		default:
			fail(err, FailureHeld)
		}
		return
	}
	x := edit.Disclaimer{HTML: e.Value, Prepend: e.Name == disclaimPrepend}
	err := draft.Disclaim(x)
	switch {
	case err == nil:
	case e.Fallback == fallbackIgnore:
		fail(err, FailureIgnored)
	case e.Fallback == fallbackReject:
		fail(err, FailureBlocked)
	case draft.Wrap(x, slices.Clone(c.fields)) != nil:
		fail(err, FailureBlocked)
	default:
		fail(err, FailureWrapped)
	}
}

// describe changes the fields that tell of the body.
func (s *section) describe(top []edit.FieldChange) {
	for _, change := range top {
		if change.Remove {
			s.remove(func(f message.Field) bool { return strings.EqualFold(f.Name, change.Name) })
			continue
		}
		s.put(change.Name, change.Value)
	}
}

// alters tells whether an edit is one of the body.
func (e Edit) alters() bool { return e.Action == disclaim || e.Action == strip }
