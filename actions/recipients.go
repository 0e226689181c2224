package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// addedLimit is Exchange's limit for recipients added by one rule.
const addedLimit = 10

// boxes are the keys of addRecipients with those of Purview's hashtable.
var boxes = []spelling{{"to", "addToRecipients"}, {"cc", "copyTo"}, {"bcc", "blindCopyTo"}, {"managerAs", "addManagerAsRecipientType"}}

// senderManager stands for the address of the sender's manager, which is looked up
// when a message is decided on. It is no address.
const senderManager = "%%Manager%%"

// readAddRecipients reads `{to: […], cc: […], bcc: […], managerAs: cc}`.
func readAddRecipients(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	count := 0
	add := func(box, address string) {
		count++
		s.edits = append(s.edits, Edit{Action: addRecipients, Name: box, Value: address})
	}
	good := hashtable(r, n, field, boxes, nil, func(key string, e strictyaml.Entry) {
		if key == "managerAs" {
			if box, ok := r.OneOf(e.Value, e.Field, "to", "cc", "bcc"); ok {
				s.managerAt = e.Value
				add(box, senderManager)
			}
			return
		}
		if e.Value.Kind == yaml.SequenceNode && len(e.Value.Content) == 0 {
			return // an empty box adds nobody
		}
		texts, nodes, _ := r.Texts(e.Value, e.Field)
		for j, t := range texts {
			if p, ok := readAddress(r, nodes[j], e.Field, t); ok {
				add(key, p.String())
				s.targets = append(s.targets, target{p, nodes[j], e.Field})
			}
		}
	})
	switch {
	case count > addedLimit:
		r.Errorf(n, field, "name at most 10", "%d recipients are added", count)
	case good && count == 0 && !r.Failed():
		r.Errorf(n, field, "name somebody under `to`, `cc` or `bcc`", "nobody is added")
	}
}

// target is an address that mail is sent to by an action, with its place.
type target struct {
	path  message.Path
	at    *strictyaml.Node
	field string
}

// maxAsking bounds the time of asking the directory about the targets of a set.
const maxAsking = 20 * time.Second

// checkTargets refuses groups of the directory as recipients: Exchange takes single
// addresses, and nobody would know how many people a rule sends to. What the
// directory does not answer now is taken as it is written.
func checkTargets(set *rules.Set, v rules.Vocabulary) (problems []strictyaml.Problem) {
	ctx, cancel := context.WithTimeout(context.Background(), maxAsking)
	defer cancel()
	seen := make(map[string]bool)
	for s := range specs(set) {
		if s.managerAt != nil && v.NoDirectory {
			problems = append(problems, strictyaml.Problem{
				Severity: strictyaml.Hint, File: s.file, Line: s.managerAt.Line, Column: s.managerAt.Column, Field: addRecipients + ".managerAs",
				What: "there is no directory to ask, so nobody has a manager", Write: "add `directory: {file: people.yaml}` to postern.yaml",
			})
		}
		for _, t := range s.targets {
			key := t.path.Key()
			group, known := seen[key]
			if !known {
				var err error
				if group, err = rules.IsGroup(ctx, v.Directory, t.path); err != nil {
					v.Directory = nil // it is not asked again
				}
				seen[key] = group
			}
			if !group {
				continue
			}
			p := strictyaml.Problem{
				File: s.file, Line: t.at.Line, Column: t.at.Column, Field: t.field,
				What: fmt.Sprintf("%s is a group; mail is sent to single addresses", t.path), Write: "write the addresses of people",
			}
			if v.Moved != nil && v.Moved(p) {
				p.Severity = strictyaml.Hint
			}
			problems = append(problems, p)
		}
	}
	return problems
}

// readRedirect reads the addresses that get the message in place of its
// recipients.
func readRedirect(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.redirectAt = n
	texts, nodes, _ := r.Texts(n, field)
	for i, t := range texts {
		if p, ok := readAddress(r, nodes[i], field, t); ok {
			s.edits = append(s.edits, Edit{Action: redirect, Value: p.String()})
			s.targets = append(s.targets, target{p, nodes[i], field})
		}
	}
}

func readAddress(r *strictyaml.Reader, n *strictyaml.Node, field, text string) (message.Path, bool) {
	p, err := message.ParsePath(text)
	if err != nil || p.IsNull() || p.Domain() == "" {
		r.Errorf(n, field, "write an address, as in `audit@example.com`", "%q is not an address", text)
		return message.Path{}, false
	}
	return p, true
}

// show puts an address into the To or Cc field unless it stands there.
func (s *section) show(box string, p message.Path) {
	name := strings.ToUpper(box[:1]) + box[1:]
	if slices.ContainsFunc(s.fields.Addresses(name), func(a message.Path) bool { return a.Key() == p.Key() }) {
		return
	}
	at := s.places(name)
	if len(at) == 0 {
		s.add(name, p.String())
		return
	}
	i := at[len(at)-1]
	old := strings.TrimRight(strings.TrimLeft(s.fields[i].Value, " \t\r\n"), " \t\r\n,")
	if old == "" {
		s.change(i, len(at), p.String())
		return
	}
	s.change(i, len(at), old+",\r\n "+p.String())
}
