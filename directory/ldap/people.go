package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// person is somebody of the directory, with what membership is asked by.
type person struct {
	*directory.Person
	dn      string
	folded  string
	ids     []string // values of Schema.UserID
	primary string   // the objectSid of the primary group, escaped for a filter
}

// name is what others are told of a person.
type name struct {
	text string
	addr message.Path
}

// maxFew bounds the entries that one address or name may find.
const maxFew = 10

// few finds the entries that have an address or a name. More than a few are
// ambiguous.
func (c *core) few(ctx context.Context, q query) ([]*entry, error) {
	q.max = maxFew
	found, err := c.client.search(ctx, q)
	if errors.Is(err, errTooMany) {
		err = fmt.Errorf("%w: %w", directory.ErrAmbiguous, err)
	}
	return found, err
}

// maxName is the longest address or login that is asked for, in octets: Active
// Directory keeps up to 1123 of an address. Longer ones are nobody's, and are not
// kept either.
const maxName = 1200

func tooLong(addr message.Path) bool { return len(addr.Key()) > maxName }

// person finds the person with an address.
func (c *core) person(ctx context.Context, addr message.Path) (*person, error) {
	if addr.IsNull() || addr.Domain() == "" || tooLong(addr) {
		return nil, directory.ErrNotFound
	}
	return c.people.get(ctx, addr.Key(), func(ctx context.Context) (*person, error) {
		return c.onlyPerson(ctx, c.o.Schema.withAddress(addr), func(p *person) bool {
			return holds(append(slices.Clone(p.Proxies), p.Address), addr)
		}, addr)
	})
}

func (c *core) findLogin(ctx context.Context, login string) (*person, error) {
	if strings.TrimSpace(login) == "" || len(c.o.Schema.Logins) == 0 {
		return nil, directory.ErrNotFound
	}
	if domain, rest, ok := strings.Cut(login, `\`); ok {
		if !slices.ContainsFunc(c.o.Schema.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
			return nil, directory.ErrNotFound
		}
		login = rest
	}
	// A server may compare more loosely than accounts do.
	return c.onlyPerson(ctx, anyOf(equalsAny(c.o.Schema.Logins, []string{login})...), func(p *person) bool {
		return slices.ContainsFunc(p.Logins, func(l string) bool { return strings.EqualFold(l, login) })
	}, message.Path{})
}

// onlyPerson finds the one person whom a filter matches and is found good. Of
// several the one with the primary address counts.
func (c *core) onlyPerson(ctx context.Context, filter string, good func(*person) bool, primary message.Path) (*person, error) {
	s := &c.o.Schema
	names := s.personNames()
	names = unique(append(names, slices.Concat(one(c.o.Guests.Attribute), one(c.o.Units.Attribute))...))
	found, err := c.few(ctx, query{base: s.PeopleBase, scope: ldap.ScopeWholeSubtree,
		filter: allOf(s.PeopleFilter, filter), attributes: names})
	if err != nil {
		return nil, absent(err)
	}
	var people []*person
	var entries []*entry
	for _, e := range found {
		if p := c.read(e); p != nil && good(p) {
			people, entries = append(people, p), append(entries, e)
		}
	}
	if len(people) > 1 && !primary.IsNull() {
		for i, p := range people {
			if p.Address.Key() == primary.Key() {
				people, entries = people[i:i+1], entries[i:i+1]
				break
			}
		}
	}
	switch len(people) {
	case 0:
		return nil, directory.ErrNotFound
	case 1:
		return people[0], c.complete(ctx, people[0], entries[0])
	}
	return nil, ambiguous(people[0].dn, people[1].dn)
}

// read makes a person of an entry; nil where it has no address.
func (c *core) read(e *entry) *person {
	s := &c.o.Schema
	addrs := s.addresses(e)
	if len(addrs) == 0 {
		return nil
	}
	p := &person{dn: e.dn, folded: e.folded, Person: &directory.Person{
		Address: addrs[0], Proxies: addrs[1:],
		Name:       e.first(s.Names...),
		Logins:     e.values(s.Logins...),
		Units:      c.o.Units.unitsOf(e),
		Language:   e.first(s.Language),
		Attributes: make(map[string][]string),
	}}
	if s.UserID != "" {
		p.ids = e.values(s.UserID)
	}
	if s.PrimaryGroup {
		p.primary = primaryGroup(e.raw("objectSid"), e.first("primaryGroupID"))
	}
	if g := c.o.Guests; g.Attribute != "" {
		p.Guest = slices.ContainsFunc(e.values(g.Attribute), func(v string) bool {
			return slices.ContainsFunc(g.Values, func(w string) bool { return strings.EqualFold(v, w) })
		})
	}
	for key, names := range s.Attributes {
		p.set(key, e.values(names...)...)
	}
	return p
}

// complete adds what takes further look-ups, and the attributes that follow from
// the rest.
func (c *core) complete(ctx context.Context, p *person, e *entry) error {
	s := &c.o.Schema
	if f := c.o.Guests.Filter; f != "" && !p.Guest {
		found, err := c.client.search(ctx, query{base: p.dn, scope: ldap.ScopeBaseObject, filter: f, attributes: nothing, max: 1})
		if err != nil && !errors.Is(err, errNoObject) {
			return err
		}
		p.Guest = len(found) > 0
	}
	if s.Manager != "" {
		if dn := e.first(s.Manager); dn != "" && directory.FoldDN(dn) != p.folded {
			boss, err := c.boss(ctx, dn)
			if err != nil && !errors.Is(err, directory.ErrNotFound) {
				return err
			}
			if err == nil {
				p.Manager = boss.addr
				p.derive("Manager", boss.text, boss.addr.String())
			}
		}
	}
	p.derive("DisplayName", p.Name)
	p.derive("UserLogonName", p.Logins...)
	emails := []string{p.Address.String()}
	for _, a := range p.Proxies {
		emails = append(emails, a.String())
	}
	p.derive("Email", emails...)
	return nil
}

// set sets an attribute that has values.
func (p *person) set(key string, values ...string) {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	if len(values) > 0 {
		p.Attributes[key] = values
	}
}

// derive sets an attribute that the server does not hold itself.
func (p *person) derive(key string, values ...string) {
	if _, ok := p.Attributes[key]; !ok {
		p.set(key, values...)
	}
}

// boss finds name and address of a manager. One without an address, or who is not
// there, is not found.
func (c *core) boss(ctx context.Context, dn string) (name, error) {
	return c.bosses.get(ctx, directory.FoldDN(dn), func(ctx context.Context) (name, error) {
		s := &c.o.Schema
		if ValidDN(dn) != nil {
			return name{}, directory.ErrNotFound
		}
		found, err := c.client.search(ctx, query{base: dn, scope: ldap.ScopeBaseObject, filter: s.PeopleFilter, max: 1,
			attributes: unique(slices.Concat(s.Mail, s.Proxies, s.Names))})
		if err != nil && !errors.Is(err, errNoObject) {
			return name{}, err
		}
		if len(found) == 1 {
			if addrs := s.addresses(found[0]); len(addrs) > 0 {
				return name{text: found[0].first(s.Names...), addr: addrs[0]}, nil
			}
		}
		return name{}, directory.ErrNotFound
	})
}
