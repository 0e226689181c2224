package rules

import (
	"errors"
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// ofGroups gives for the keys that take people those that take groups.
var ofGroups = map[string]string{
	"from":                    "fromMemberOf",
	"sentTo":                  "sentToMemberOf",
	"managerAddresses":        "", // a group is nobody's manager
	"exchangeSender":          "exchangeSenderMemberOf",
	"exchangeSenderException": "exchangeSenderMemberOfException",
}

// keyOf gives the key a path of keys leads to.
func keyOf(field string) string {
	field, _, _ = strings.Cut(field[strings.LastIndexByte(field, '.')+1:], "[")
	return field
}

// asks tells whether the directory can be asked: there is one, and it has not
// failed to answer before.
func (r *reader) asks() bool { return r.vocabulary.Directory != nil && !r.silent }

// needDirectory gives a hint at what asks a directory where there is none.
func (r *reader) needDirectory(n *strictyaml.Node, field string) {
	if r.vocabulary.NoDirectory {
		r.Hintf(n, field, "add `directory: {file: people.yaml}` to postern.yaml", "there is no directory to ask, so `%s` holds for nobody", keyOf(field))
	}
}

// lookUpGroup tells whether the directory holds a group.
func (r *reader) lookUpGroup(g directory.Ref) error {
	if err, asked := r.groups[g.Key()]; asked {
		return err
	}
	// The null path is in no group: its members need not be listed.
	_, err := r.vocabulary.Directory.Member(r.asking, message.Path{}, g)
	r.heard(err)
	r.groups[g.Key()] = err
	return err
}

// isPerson tells whether an address is that of a person.
func (r *reader) isPerson(addr message.Path) bool {
	_, err := r.vocabulary.Directory.Person(r.asking, addr)
	r.heard(err)
	return err == nil
}

func (r *reader) heard(err error) {
	r.silent = r.silent || errors.Is(err, directory.ErrUnavailable) && !errors.Is(err, directory.ErrAmbiguous)
}

// mistaken records a mistake that comes of what the directory holds now. It tells
// whether the file can be used all the same.
func (r *reader) mistaken(n *strictyaml.Node, field, write, format string, args ...any) bool {
	r.Errorf(n, field, write, format, args...)
	last := &r.Problems[len(r.Problems)-1]
	if r.vocabulary.Moved == nil || !r.vocabulary.Moved(*last) {
		return false
	}
	last.Severity = strictyaml.Hint
	return true
}

// onlyPeople refuses groups where people are due: of a group nobody is the sender
// or recipient that such a condition compares with.
func (r *reader) onlyPeople(n *strictyaml.Node, field string, paths []message.Path) bool {
	instead, due := ofGroups[keyOf(field)]
	if !due || !r.asks() {
		return true
	}
	write := "write addresses of people"
	if instead != "" {
		write = "write it under `" + instead + "`"
	}
	nodes, ok := r.List(n, field), true
	for i, p := range paths {
		g, err := directory.ParseRef(p.String())
		if err != nil || !r.asks() || r.lookUpGroup(g) != nil || r.isPerson(p) {
			continue
		}
		ok = r.mistaken(nodes[i], entryField(n, field, nodes[i]), write,
			"%s is a group; `%s` compares single addresses, so no member would satisfy it", p, keyOf(field)) && ok
	}
	return ok
}

// unknownGroup says what a group is that the directory does not have: a person,
// which is a mistake, or unknown, perhaps misspelled, which is a hint.
func (r *reader) unknownGroup(n *strictyaml.Node, field string, g directory.Ref) bool {
	if p := g.Address(); !p.IsNull() && r.isPerson(p) {
		write := "write the address of a group"
		for people, groups := range ofGroups {
			if groups == keyOf(field) {
				write = "write it under `" + people + "`, or the address of a group"
			}
		}
		return r.mistaken(n, field, write, "%s is a person; `%s` takes groups, so nobody would satisfy it", p, keyOf(field))
	}
	write := ""
	if best := r.nearGroup(g); best != "" {
		write = "did you mean `" + best + "`?"
	}
	r.Hintf(n, field, write, "the directory has no group %s: nobody is in it", g)
	return true
}

// nearGroup gives a group of the directory whose address or name is much like one
// that it does not have.
func (r *reader) nearGroup(g directory.Ref) string {
	all, ok := r.vocabulary.Directory.(interface{ Groups() []*directory.Group })
	if !ok {
		return ""
	}
	var names []string
	for _, other := range all.Groups() {
		switch {
		case g.Address().IsNull():
			names = append(names, other.Name)
		case other.Address.Domain() == g.Address().Domain():
			names = append(names, other.Address.Local())
		}
	}
	if g.Address().IsNull() {
		return strictyaml.Closest(g.String(), names)
	}
	if best := strictyaml.Closest(g.Address().Local(), names); best != "" {
		return best + "@" + g.Address().Domain()
	}
	return ""
}
