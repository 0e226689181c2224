package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// members collects the addresses of a group, each once.
type members struct {
	list []message.Path
	seen map[string]bool
}

func (m *members) add(addrs []message.Path) {
	if len(addrs) == 0 || m.seen[addrs[0].Key()] {
		return
	}
	m.seen[addrs[0].Key()] = true
	m.list = append(m.list, addrs[0])
}

// errManyMembers is an answer: the group is larger than what is read of one.
var errManyMembers = fmt.Errorf("%w: %w: the group has more than %d members", directory.ErrUnavailable, errTooMany, maxMembers)

// withMembers gives a group with its direct members. Those without an address
// get no mail and are left out.
func (c *core) withMembers(ctx context.Context, g *group) (*directory.Group, error) {
	m := &members{seen: make(map[string]bool)}
	if g.dn != "" {
		if err := c.namedMembers(ctx, g, m); err != nil {
			return nil, err
		}
	}
	if g.broken != nil {
		return nil, g.broken
	}
	s := &c.o.Schema
	for _, q := range g.searches {
		if err := c.addresses(ctx, m, query{base: q.base, scope: q.scope, filter: q.filter}); err != nil {
			return nil, err
		}
	}
	if s.PrimaryGroup && g.dn != "" {
		if err := c.primaryMembers(ctx, g, m); err != nil {
			return nil, err
		}
	}
	if len(m.list) > maxMembers {
		return nil, errManyMembers
	}
	plain := g.plain
	if s.PlainFilter != "" && g.dn != "" {
		found, err := c.client.search(ctx, query{base: g.dn, scope: ldap.ScopeBaseObject, filter: s.PlainFilter, attributes: nothing, max: 1})
		if err != nil && !errors.Is(err, errNoObject) {
			return nil, err
		}
		plain = len(found) > 0
	}
	return &directory.Group{Address: g.addr, Name: g.name, DN: g.dn, Members: m.list, Plain: plain}, nil
}

// addresses adds the addresses of the entries that a query finds.
func (c *core) addresses(ctx context.Context, m *members, q query) error {
	q.max, q.attributes = maxMembers, unique(slices.Concat(c.o.Schema.Mail, c.o.Schema.Proxies))
	found, err := c.client.search(ctx, q)
	if err != nil {
		return absent(err)
	}
	for _, e := range found {
		m.add(c.o.Schema.addresses(e))
	}
	return nil
}

// namedMembers adds the members that the entry of a group names.
func (c *core) namedMembers(ctx context.Context, g *group, m *members) error {
	s := &c.o.Schema
	e, err := c.whole(ctx, g)
	if err != nil {
		return err
	}
	for _, text := range e.values(s.MemberMail...) {
		if p, err := message.ParsePath(text); err == nil && p.Domain() != "" {
			m.add([]message.Path{p})
		}
	}
	logins := e.values(s.MemberID...)
	if len(logins)+len(m.list) > maxMembers {
		return errManyMembers
	}
	for part := range slices.Chunk(logins, batch) {
		q := query{base: s.PeopleBase, scope: ldap.ScopeWholeSubtree, filter: allOf(s.PeopleFilter, anyOf(equalsAny(one(s.UserID), part)...))}
		if err := c.addresses(ctx, m, q); err != nil {
			return err
		}
	}
	var dns []string
	for _, dn := range e.values(s.MemberDN...) {
		// A unique name may have an identifier behind it (RFC 4517, section 3.3.21).
		if i := strings.LastIndex(dn, "#'"); i > 0 && strings.HasSuffix(dn, "'B") {
			dn = dn[:i]
		}
		if ValidDN(dn) == nil {
			dns = append(dns, dn)
		}
	}
	if len(dns) > maxMembers {
		return errManyMembers
	}
	for part := range slices.Chunk(dns, batch) {
		if err := c.entries(ctx, m, part); err != nil {
			return err
		}
	}
	return nil
}

// entries adds the addresses of entries by distinguished name: many in one search
// where they are below the base, and one by one where they are not.
func (c *core) entries(ctx context.Context, m *members, dns []string) error {
	s := &c.o.Schema
	attributes := unique(slices.Concat(s.Mail, s.Proxies))
	byDN := make(map[string]*entry)
	if s.EntryDN != "" {
		found, err := c.client.search(ctx, query{base: c.o.Base, scope: ldap.ScopeWholeSubtree, max: maxMembers,
			filter: anyOf(equalsAny([]string{s.EntryDN}, dns)...), attributes: attributes})
		if err != nil {
			return absent(err)
		}
		for _, e := range found {
			byDN[e.folded] = e
		}
	}
	for _, dn := range dns {
		e := byDN[directory.FoldDN(dn)]
		if e == nil {
			found, err := c.client.search(ctx, query{base: dn, scope: ldap.ScopeBaseObject, filter: anything, attributes: attributes, max: 1})
			if errors.Is(err, errNoObject) {
				continue // a name that stayed behind its entry
			}
			if err != nil {
				return err
			}
			if len(found) != 1 {
				continue
			}
			e = found[0]
		}
		m.add(s.addresses(e))
	}
	return nil
}

// maxParts bounds the parts in which the members of a group come; servers give a
// thousand or more at a time.
const maxParts = 100

// whole reads the entry of a group with all its members, also where the server
// gives them in parts ([MS-ADTS], section 3.1.1.3.1.3.3).
func (c *core) whole(ctx context.Context, g *group) (*entry, error) {
	attributes := c.o.Schema.memberNames()
	var whole *entry
	for range maxParts {
		found, err := c.client.search(ctx, query{base: g.dn, scope: ldap.ScopeBaseObject, filter: anything, attributes: attributes, max: 1})
		if errors.Is(err, errNoObject) || err == nil && len(found) != 1 {
			return nil, directory.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		e := found[0]
		if whole == nil {
			whole = e
		} else {
			for n, v := range e.attrs {
				whole.attrs[n] = append(whole.attrs[n], v...)
			}
		}
		if len(e.rest) == 0 {
			return whole, nil
		}
		attributes = nil
		for n, last := range e.rest {
			next, err := strconv.Atoi(last)
			if err != nil || len(whole.attrs[n]) > maxMembers {
				return nil, errManyMembers
			}
			attributes = append(attributes, n+";range="+strconv.Itoa(next+1)+"-*")
		}
	}
	return nil, errManyMembers
}

// primaryMembers adds those whose primary group it is: the group does not name
// them.
func (c *core) primaryMembers(ctx context.Context, g *group, m *members) error {
	found, err := c.client.search(ctx, query{base: g.dn, scope: ldap.ScopeBaseObject, filter: anything, attributes: []string{"objectSid"}, max: 1})
	if err != nil && !errors.Is(err, errNoObject) {
		return err
	}
	if len(found) != 1 {
		return nil
	}
	rid, ok := lastPart(found[0].raw("objectSid"))
	if !ok {
		return nil
	}
	s := &c.o.Schema
	return c.addresses(ctx, m, query{base: s.PeopleBase, scope: ldap.ScopeWholeSubtree, filter: allOf(s.PeopleFilter, equals("primaryGroupID", rid))})
}
