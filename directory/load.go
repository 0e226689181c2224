package directory

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// LoadFile reads a people file:
//
//	people:
//	  - address: anna@example.com
//	    proxies: [a.smith@example.com]
//	    name: Anna Smith
//	    logins: [anna]
//	    manager: boss@example.com
//	    guest: false
//	    language: [de-AT, en]
//	    units: [North]
//	    attributes: {Department: Sales, Title: [Buyer, Deputy]}
//	groups:
//	  - address: sales@example.com
//	    name: Sales
//	    members: [anna@example.com, north@example.com, agent@partner.example]
//	    plain: true
//
// Only addresses and members are required. Attributes are written with either
// spelling of [AttributeName]; DisplayName, Email, Manager and UserLogonName
// follow from the other keys where they are not written. Groups may hold groups,
// also in a circle.
//
// Problems holds every mistake; the file is nil when one of them is an error.
func LoadFile(name string, data []byte) (*File, []strictyaml.Problem) {
	r, root := strictyaml.Parse(name, data)
	if root == nil {
		return nil, r.Problems
	}
	l := &loader{
		Reader: r,
		file: &File{
			personByKey:   make(map[string]*Person),
			personByLogin: make(map[string]*Person),
			groupByKey:    make(map[string]int),
			groupByName:   make(map[string][]int),
			units:         make(map[string]bool),
			memberOf:      make(map[string][]int),
		},
		taken: make(map[string]string),
	}
	m := r.Mapping(root, "", "people", "groups")
	if e, ok := m.Get("people"); ok {
		for i, n := range r.List(e.Value, e.Field) {
			l.person(n, strictyaml.Index(e.Field, i))
		}
	}
	if e, ok := m.Get("groups"); ok {
		for i, n := range r.List(e.Value, e.Field) {
			l.group(n, strictyaml.Index(e.Field, i))
		}
	}
	l.linkManagers()
	l.linkLogins()
	l.linkMembers()
	for _, p := range l.file.people {
		l.derive(p)
	}
	strictyaml.Sort(r.Problems)
	if r.Failed() {
		return nil, r.Problems
	}
	return l.file, r.Problems
}

// loader reads the entries one by one and links them when all are known.
type loader struct {
	*strictyaml.Reader
	file     *File
	taken    map[string]string // key of an address to the field that has it
	managers []reference
	logins   []reference
	members  [][]reference // by group
}

// reference is something written in the file that names another entry.
type reference struct {
	person *Person
	path   message.Path
	text   string
	node   *strictyaml.Node
	field  string
}

func (l *loader) person(n *strictyaml.Node, field string) {
	m := l.Mapping(n, field, "address", "proxies", "name", "logins", "manager", "guest", "language", "units", "attributes")
	if m == nil {
		return
	}
	p := &Person{}
	if e, ok := m.Require("address", "write the person's address, as in `address: anna@example.com`"); ok {
		p.Address, _ = l.own(e.Value, e.Field)
	}
	if e, ok := m.Get("proxies"); ok {
		for i, n := range l.List(e.Value, e.Field) {
			if a, ok := l.own(n, strictyaml.Index(e.Field, i)); ok {
				p.Proxies = append(p.Proxies, a)
			}
		}
	}
	if e, ok := m.Get("name"); ok {
		p.Name, _ = l.Text(e.Value, e.Field)
	}
	if e, ok := m.Get("logins"); ok {
		texts, nodes, _ := l.Texts(e.Value, e.Field)
		for i, t := range texts {
			l.logins = append(l.logins, reference{person: p, text: t, node: nodes[i], field: e.Field})
		}
		p.Logins = texts
	}
	if e, ok := m.Get("manager"); ok {
		if a, ok := l.address(e.Value, e.Field); ok {
			l.managers = append(l.managers, reference{person: p, path: a, node: e.Value, field: e.Field})
		}
	}
	if e, ok := m.Get("guest"); ok {
		p.Guest, _ = l.Bool(e.Value, e.Field)
	}
	if e, ok := m.Get("language"); ok {
		l.language(p, e)
	}
	if e, ok := m.Get("units"); ok {
		p.Units, _, _ = l.Texts(e.Value, e.Field)
		for _, u := range p.Units {
			l.file.units[foldName(u)] = true
		}
	}
	p.Attributes = make(map[string][]string)
	if e, ok := m.Get("attributes"); ok {
		l.attributes(p, e)
	}
	l.file.people = append(l.file.people, p)
	for _, a := range slices.Concat([]message.Path{p.Address}, p.Proxies) {
		if !a.IsNull() && l.file.personByKey[a.Key()] == nil {
			l.file.personByKey[a.Key()] = p
		}
	}
}

// language reads what somebody prefers to read: one language, or several, the best
// first.
func (l *loader) language(p *Person, e strictyaml.Entry) {
	texts, nodes, _ := l.Texts(e.Value, e.Field)
	for i, t := range texts {
		if _, err := language.Parse(t); err != nil {
			l.Errorf(nodes[i], e.Field, "write a language as `de` or `pt-BR`", "%q is no language", t)
			return
		}
	}
	p.Language = strings.Join(texts, ", ")
}

func (l *loader) attributes(p *Person, e strictyaml.Entry) {
	for _, a := range l.Mapping(e.Value, e.Field).Entries() {
		name, ok := AttributeName(a.Key)
		if !ok {
			write := "write one of " + attributeList()
			if near := ClosestAttribute(a.Key); near != "" {
				write = "did you mean `" + near + "`?"
			}
			l.Errorf(a.At, a.Field, write, "unknown attribute %q", a.Key)
			continue
		}
		if _, twice := p.Attributes[name]; twice {
			l.Errorf(a.At, a.Field, "write the attribute once, with a list of values", "the attribute %s is written twice", name)
			continue
		}
		p.Attributes[name], _, _ = l.Texts(a.Value, a.Field)
	}
}

func (l *loader) group(n *strictyaml.Node, field string) {
	m := l.Mapping(n, field, "address", "name", "members", "plain")
	if m == nil {
		return
	}
	g := &Group{}
	if e, ok := m.Require("address", "write the group's address, as in `address: sales@example.com`"); ok {
		g.Address, _ = l.own(e.Value, e.Field)
	}
	if e, ok := m.Get("name"); ok {
		if g.Name, ok = l.Text(e.Value, e.Field); ok && foldName(g.Name) != "" {
			l.file.groupByName[foldName(g.Name)] = append(l.file.groupByName[foldName(g.Name)], len(l.file.groups))
		}
	}
	var refs []reference
	if e, ok := m.Require("members", "write the members' addresses, as in `members: [anna@example.com]`"); ok {
		for i, n := range l.List(e.Value, e.Field) {
			f := strictyaml.Index(e.Field, i)
			if a, ok := l.address(n, f); ok {
				refs = append(refs, reference{path: a, node: n, field: f})
			}
		}
	}
	if e, ok := m.Get("plain"); ok {
		g.Plain, _ = l.Bool(e.Value, e.Field)
	}
	if !g.Address.IsNull() {
		if _, twice := l.file.groupByKey[g.Address.Key()]; !twice {
			l.file.groupByKey[g.Address.Key()] = len(l.file.groups)
		}
	}
	l.file.groups = append(l.file.groups, g)
	l.members = append(l.members, refs)
}

// address reads a mailbox with a domain.
func (l *loader) address(n *strictyaml.Node, field string) (message.Path, bool) {
	text, ok := l.Text(n, field)
	if !ok {
		return message.Path{}, false
	}
	p, err := message.ParsePath(text)
	// ParsePath takes what MTAs hand over; an administrator writes quotes where
	// they are due.
	unquoted := strings.HasPrefix(p.String(), `"`) && !strings.HasPrefix(strings.TrimLeft(text, " <"), `"`)
	if err != nil || p.Local() == "" || p.Domain() == "" || unquoted || strings.ContainsAny(p.Domain(), " \t\r\n,;<>@\"()") {
		l.Errorf(n, field, "write an address, as in `anna@example.com`", "%q is not an address", text)
		return message.Path{}, false
	}
	return p, true
}

// own reads an address that belongs to one entry alone.
func (l *loader) own(n *strictyaml.Node, field string) (message.Path, bool) {
	p, ok := l.address(n, field)
	if !ok {
		return p, false
	}
	if first, twice := l.taken[p.Key()]; twice {
		l.Errorf(n, field, "give each address to one person or group", "the address %s is already in %s", p, first)
		return p, false
	}
	l.taken[p.Key()] = field
	return p, true
}

func (l *loader) linkManagers() {
	for _, ref := range l.managers {
		boss := l.file.personByKey[ref.path.Key()]
		switch {
		case boss == nil:
			l.Errorf(ref.node, ref.field, "write the address of a person in this file", "the manager %s is not a person in this file", ref.path)
		case boss == ref.person:
			l.Errorf(ref.node, ref.field, "write the address of another person", "%s is named as their own manager", ref.path)
		default:
			ref.person.Manager = boss.Address
		}
	}
}

func (l *loader) linkLogins() {
	for _, ref := range l.logins {
		key := strings.ToLower(ref.text)
		if other := l.file.personByLogin[key]; other != nil {
			l.Errorf(ref.node, ref.field, "give each login to one person, once", "the login %q is already that of %s", ref.text, other.Address)
			continue
		}
		l.file.personByLogin[key] = ref.person
		if addr, err := message.ParsePath(ref.text); err == nil && addr.Domain() != "" {
			if other := l.file.personByKey[addr.Key()]; other != nil && other != ref.person {
				l.Errorf(ref.node, ref.field, "write a login that is not the address of somebody else", "the login %q is an address of %s", ref.text, other.Address)
			}
		}
	}
}

func (l *loader) linkMembers() {
	f := l.file
	for i, refs := range l.members {
		g := f.groups[i]
		seen := make(map[string]bool, len(refs))
		for _, ref := range refs {
			addr := f.canonical(ref.path)
			key := addr.Key()
			if seen[key] {
				l.Hintf(ref.node, ref.field, "write each member once", "%s is already a member of this group", addr)
				continue
			}
			seen[key] = true
			g.Members = append(g.Members, addr)
			f.memberOf[key] = append(f.memberOf[key], i)
			_, group := f.groupByKey[key]
			if group || f.personByKey[key] != nil {
				continue
			}
			f.strangers = append(f.strangers, stranger{addr, strictyaml.Problem{
				Severity: strictyaml.Hint, File: l.File, Line: ref.node.Line, Column: ref.node.Column, Field: ref.field,
				What:  "the member " + addr.String() + " is neither a person nor a group of this file",
				Write: "add the person, or correct the address",
			}})
		}
	}
}

// derive fills attributes that follow from other keys, so that conditions on
// them hold without the value being written twice.
func (l *loader) derive(p *Person) {
	fill := func(name string, values ...string) {
		if _, written := p.Attributes[name]; written {
			return
		}
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		if len(values) > 0 {
			p.Attributes[name] = values
		}
	}
	fill("DisplayName", p.Name)
	fill("UserLogonName", slices.Clone(p.Logins)...)
	emails := []string{p.Address.String()}
	for _, a := range p.Proxies {
		emails = append(emails, a.String())
	}
	fill("Email", emails...)
	if boss := l.file.personByKey[p.Manager.Key()]; boss != nil && !p.Manager.IsNull() {
		fill("Manager", boss.Name, boss.Address.String())
	}
}
