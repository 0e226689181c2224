package rules

import (
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// pairs says how a value that maps names to values is read: a mapping, or
// Purview's list of texts "Name:Value1,Value2".
type pairs struct {
	// noun is what the names are of, as in "a header field"; example is one entry of a
	// mapping.
	noun, example string
	// commas is set where a text of the list holds values parted by commas; otherwise
	// all behind the colon is one value.
	commas bool
	// name reads a name; ok is false where it has told of a mistake.
	name func(at *strictyaml.Node, field, text string) (name string, ok bool)
	// values reads the values of a name. The limits of values are those of one name.
	values func(n *strictyaml.Node, field string) (matcher, bool)
}

// pairTest is a name with what is looked for in the values it has in a message.
type pairTest struct {
	name string // as pairs.name gave it
	show string // as it is written
	find matcher
}

// readPairs reads a mapping of names to values.
func (r *reader) readPairs(n *strictyaml.Node, field string, p pairs) (tests []pairTest, ok bool) {
	ok = true
	add := func(at *strictyaml.Node, f, text string, value *strictyaml.Node) {
		name, known := p.name(at, f, text)
		m, good := p.values(value, f)
		if ok = ok && known && good; known && good {
			tests = append(tests, pairTest{name, text, m})
		}
	}
	if n != nil && n.Kind == mapping {
		m := r.Mapping(n, field)
		if len(n.Content) == 0 {
			r.Errorf(n, field, "write `Name: [value]`", "no %s is named", strings.Join(strings.Fields(p.noun)[1:], " "))
			return nil, false
		}
		ok = len(m.Entries()) == len(n.Content)/2
		for _, e := range m.Entries() {
			add(e.At, e.Field, strings.TrimSpace(e.Key), e.Value)
		}
		return tests, ok
	}
	list, nodes, good := r.Texts(n, field)
	ok = good
	for i, s := range list {
		f := entryField(n, field, nodes[i])
		name, value, pair := strings.Cut(s, ":")
		if !pair || strings.Trim(value, " ,") == "" {
			r.Errorf(nodes[i], f, "write a mapping, as in `{"+p.example+"}`", "%q does not name %s and a value", s, p.noun)
			ok = false
			continue
		}
		add(nodes[i], f, strings.TrimSpace(name), p.divide(nodes[i], value))
	}
	return tests, ok
}

// divide gives the values behind a colon as a node of their own.
func (p pairs) divide(at *strictyaml.Node, value string) *strictyaml.Node {
	one := func(text string) *strictyaml.Node {
		n := *at
		n.Value = strings.TrimSpace(text)
		return &n
	}
	if !p.commas || !strings.Contains(value, ",") {
		return one(value)
	}
	list := *at
	list.Kind, list.Tag, list.Value, list.Style, list.Content = sequence, "!!seq", "", 0, nil
	for v := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(v) != "" {
			list.Content = append(list.Content, one(v))
		}
	}
	return &list
}
