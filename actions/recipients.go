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
			if p, ok := readAddress(r, nodes[j], e.Field, t); ok {
				count++
				s.edits = append(s.edits, Edit{Action: addRecipients, Name: boxes[i].key, Value: p.String()})
			}
		}
	}
	switch {
	case count > addedLimit:
		r.Errorf(n, field, "name at most 10", "%d recipients are added", count)
	case count == 0 && !r.Failed():
		r.Errorf(n, field, "name somebody under `to`, `cc` or `bcc`", "nobody is added")
	}
}

// readRedirect reads the addresses that get the message in place of its
// recipients.
func readRedirect(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.redirectAt = n
	texts, nodes, _ := r.Texts(n, field)
	for i, t := range texts {
		if p, ok := readAddress(r, nodes[i], field, t); ok {
			s.edits = append(s.edits, Edit{Action: redirect, Value: p.String()})
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

// readPrependSubject reads the text put in front of the subject.
func readPrependSubject(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	if t, ok := readLine(r, n, field, headerValueLength); ok {
		s.edits = append(s.edits, Edit{Action: prependSubject, Value: t})
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
