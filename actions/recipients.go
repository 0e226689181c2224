package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// addedLimit is Exchange's limit for recipients added by one rule.
const addedLimit = 10

// boxes are the keys of addRecipients with those of Purview's hashtable.
var boxes = []struct{ key, purview string }{
	{"to", "addToRecipients"}, {"cc", "copyTo"}, {"bcc", "blindCopyTo"},
}

// readAddRecipients reads `{to: […], cc: […], bcc: […]}`.
func readAddRecipients(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	m := r.Mapping(n, field, "to", "cc", "bcc", "managerAs", "addToRecipients", "copyTo", "blindCopyTo", "addManagerAsRecipientType")
	if m == nil {
		return
	}
	count := 0
	for _, e := range m.Entries() {
		i := slices.IndexFunc(boxes, func(b struct{ key, purview string }) bool { return b.key == e.Key || b.purview == e.Key })
		if i < 0 {
			r.Errorf(e.At, e.Field, "take the key away", "not supported by this version")
			continue
		}
		if e.Value.Kind == 2 && len(e.Value.Content) == 0 {
			continue // an empty box adds nobody
		}
		texts, nodes, _ := r.Texts(e.Value, e.Field)
		for j, t := range texts {
			p, err := message.ParsePath(t)
			if err != nil || p.IsNull() || p.Domain() == "" {
				r.Errorf(nodes[j], e.Field, "write an address, as in `audit@example.com`", "%q is not an address", t)
				continue
			}
			count++
			s.edits = append(s.edits, Edit{Action: addRecipients, Name: boxes[i].key, Value: p.String()})
		}
	}
	switch {
	case count > addedLimit:
		r.Errorf(n, field, "name at most 10", "%d recipients are added", count)
	case count == 0 && !r.Failed():
		r.Errorf(n, field, "name somebody under `to`, `cc` or `bcc`", "nobody is added")
	}
}

// readPrependSubject reads the text put in front of the subject.
func readPrependSubject(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	if t, ok := readLine(r, n, field, headerValueLength); ok {
		s.edits = append(s.edits, Edit{Action: prependSubject, Value: t})
	}
}

// recipients collects who is added while modifications are made, each once.
type recipients struct {
	seen  map[string]bool
	mods  []Modification
	final []string
}

func newRecipients(env *message.Envelope) *recipients {
	r := &recipients{seen: make(map[string]bool, len(env.Recipients))}
	for _, rc := range env.Recipients {
		if k := rc.Path.Key(); !r.seen[k] {
			r.seen[k] = true
			r.final = append(r.final, rc.Path.String())
		}
	}
	return r
}

// add makes an address a recipient and, for To and Cc, shows it there. A blind
// copy asks for no delivery notification (RFC 3461, section 4.1), since one would
// tell the sender of it.
func (r *recipients) add(h *section, box, addr string) {
	p, err := message.ParsePath(addr)
	if err != nil {
		return
	}
	if !r.seen[p.Key()] {
		r.seen[p.Key()] = true
		m := Modification{Kind: AddRecipient, Address: p.String()}
		if box == "bcc" {
			m.Args = []string{"NOTIFY=NEVER"}
		}
		r.mods = append(r.mods, m)
		r.final = append(r.final, p.String())
	}
	if box != "bcc" {
		h.show(box, p)
	}
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
