package actions

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// Exchange's limits for header fields that rules write, in characters.
const (
	headerNameLength  = 64
	headerValueLength = 128
)

// The actions that make edits.
const (
	setHeader      = "setHeader"
	removeHeader   = "removeHeader"
	prependSubject = "prependSubject"
	modifySubject  = "modifySubject"
	addRecipients  = "addRecipients"
	redirect       = "redirectMessageTo"
	disclaim       = "applyHtmlDisclaimer"
	strip          = "stripAttachment"
)

// readSetHeader reads `{Name: value}`, or Purview's list of "Name:value".
func readSetHeader(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	seen := make(map[string]bool)
	add := func(at *strictyaml.Node, f, name, value string) {
		key := strings.ToLower(name)
		if seen[key] {
			r.Errorf(at, f, "give it one value", "%s is set twice, and has one value", name)
			return
		}
		seen[key] = true
		if headerName(r, at, f, name) && lineOK(r, at, f, value, headerValueLength) {
			s.edits = append(s.edits, Edit{Action: setHeader, Name: name, Value: value})
		}
	}
	if n.Kind == yaml.MappingNode {
		m := r.Mapping(n, field)
		for _, e := range m.Entries() {
			if v, ok := r.Text(e.Value, e.Field); ok {
				add(e.Value, e.Field, e.Key, v)
			}
		}
		if m != nil && len(m.Entries()) == 0 {
			r.Errorf(n, field, "write `Name: value`", "there is no header field")
		}
		return
	}
	texts, nodes, _ := r.Texts(n, field)
	for i, t := range texts {
		name, value, ok := strings.Cut(t, ":")
		if !ok {
			r.Errorf(nodes[i], field, "write `Name: value`", "%q holds no colon", t)
			continue
		}
		add(nodes[i], field, strings.TrimSpace(name), strings.TrimSpace(value))
	}
}

// readRemoveHeader reads a list of "Name", or "Name: value" for the fields with
// that value only.
func readRemoveHeader(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	var items []*strictyaml.Node
	if n.Kind == yaml.MappingNode {
		for _, e := range r.Mapping(n, field).Entries() {
			if v, ok := r.Text(e.Value, e.Field); ok && headerName(r, e.At, e.Field, e.Key) && lineOK(r, e.Value, e.Field, v, headerValueLength) {
				s.edits = append(s.edits, Edit{Action: removeHeader, Name: e.Key, Value: v})
			}
		}
		return
	}
	items = r.List(n, field)
	for i, it := range items {
		f := field
		if n.Kind == yaml.SequenceNode {
			f = strictyaml.Index(field, i)
		}
		if it.Kind == yaml.MappingNode { // YAML reads `- X-Tag: old` so
			readRemoveHeader(r, it, f, s)
			continue
		}
		t, ok := r.Text(it, f)
		if !ok {
			continue
		}
		name, value, valued := strings.Cut(t, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case valued && value == "":
			r.Errorf(it, f, fmt.Sprintf("write `%s` to remove all of them, or a value", name), "there is no value behind the colon")
		case headerName(r, it, f, name) && (!valued || lineOK(r, it, f, value, headerValueLength)):
			s.edits = append(s.edits, Edit{Action: removeHeader, Name: name, Value: value})
		}
	}
}

// refusedFields are those that no rule may touch, with the reason. A name that
// ends in "-" stands for all that begin so.
var refusedFields = []struct{ name, why string }{
	{"arc-", "belongs to a signature"},
	{"authentication-results", "is a trace field"},
	{"content-", "describes the MIME structure"},
	{"delivered-to", "is a trace field"},
	{"dkim-signature", "belongs to a signature"},
	{"domainkey-signature", "belongs to a signature"},
	{"mime-version", "describes the MIME structure"},
	{"msip_justification", "is written by Postern alone"},
	{"received", "is a trace field"},
	{"received-spf", "is a trace field"},
	{"resent-", "is a trace field"},
	{"return-path", "is a trace field"},
	{"x-original-to", "is a trace field"},
	{"x-postern-", "is written by Postern alone"},
}

// headerName checks the name of a field that rules change: a token of printable
// ASCII without blank and colon (RFC 5322, section 2.2), within Exchange's limit.
func headerName(r *strictyaml.Reader, n *strictyaml.Node, field, name string) bool {
	bad := func(c rune) bool { return c <= ' ' || c > '~' || c == ':' }
	switch {
	case name == "":
		r.Errorf(n, field, "write the name of a header field", "the name is empty")
		return false
	case strings.ContainsFunc(name, bad):
		r.Errorf(n, field, "write letters, digits and hyphens", "%q is not the name of a header field", name)
		return false
	case len(name) > headerNameLength:
		r.Errorf(n, field, fmt.Sprintf("write at most %d characters", headerNameLength), "the name has %d characters", len(name))
		return false
	}
	l := strings.ToLower(name)
	for _, f := range refusedFields {
		if l == f.name || strings.HasSuffix(f.name, "-") && strings.HasPrefix(l, f.name) {
			r.Errorf(n, field, "choose another field", "%s %s and cannot be changed by a rule", name, f.why)
			return false
		}
	}
	return true
}

// section is a header section while modifications are made: it keeps the
// indices right that the MTA will count.
type section struct {
	fields message.Header
	mods   []Modification
}

func (s *section) add(name, value string) {
	s.fields = append(s.fields, message.Field{Name: name, Value: " " + value})
	s.mods = append(s.mods, Modification{Kind: AddHeader, Name: name, Value: value})
}

// change gives field i, which is the one of its name with that index, a new
// value.
func (s *section) change(i, index int, value string) {
	f := &s.fields[i]
	s.mods = append(s.mods, Modification{Kind: ChangeHeader, Name: f.Name, Index: index, Value: value})
	f.Value = " " + value
}

// remove takes the fields away that satisfy drop, from the last to the first:
// the indices of a name shift at once when one of its fields goes. Its time is
// linear, since strangers choose how many there are.
func (s *section) remove(drop func(message.Field) bool) (removed int) {
	var gone []int // in falling order
	for i := len(s.fields) - 1; i >= 0; i-- {
		if drop(s.fields[i]) {
			gone = append(gone, i)
		}
	}
	if len(gone) == 0 {
		return 0
	}
	index := make([]int, len(s.fields))
	seen := make(map[string]int)
	for i, f := range s.fields {
		name := strings.ToLower(f.Name)
		seen[name]++
		index[i] = seen[name]
	}
	for _, i := range gone {
		s.mods = append(s.mods, Modification{Kind: DeleteHeader, Name: s.fields[i].Name, Index: index[i]})
	}
	kept := make(message.Header, 0, len(s.fields)-len(gone))
	next := len(gone) - 1
	for i, f := range s.fields {
		if next >= 0 && gone[next] == i {
			next--
			continue
		}
		kept = append(kept, f)
	}
	s.fields = kept
	return len(gone)
}

// places gives where the fields of a name stand.
func (s *section) places(name string) []int {
	var out []int
	for i, f := range s.fields {
		if strings.EqualFold(f.Name, name) {
			out = append(out, i)
		}
	}
	return out
}

// set gives the first field of a name a text and takes the others away, or adds
// the field.
func (s *section) set(name, text string) { s.put(name, message.EncodeText(text)) }

// put does so with a value as it is written.
func (s *section) put(name, value string) {
	at := s.places(name)
	if len(at) == 0 {
		s.add(name, value)
		return
	}
	if len(at) > 1 {
		seen := len(at)
		s.remove(func(f message.Field) bool {
			if !strings.EqualFold(f.Name, name) {
				return false
			}
			seen--
			return seen > 0
		})
	}
	s.change(at[0], 1, value)
}
