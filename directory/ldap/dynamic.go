package ldap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
)

// search finds the members of a dynamic group.
type search struct {
	base   string
	scope  int
	filter string
}

// parseSearch reads a URL of a search (RFC 4516): `ldap:///BASE??sub?FILTER`. The
// attributes it names do not count, and a host is refused: no server is asked but
// those of the configuration.
func parseSearch(text string) (search, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !strings.EqualFold(scheme, "ldap") && !strings.EqualFold(scheme, "ldaps") {
		return search{}, errors.New("it is no URL of a search")
	}
	host, rest, _ := strings.Cut(rest, "/")
	if host != "" {
		return search{}, errors.New("it names a server")
	}
	parts := strings.Split(rest, "?")
	if len(parts) > 5 {
		return search{}, errors.New("it has too many parts")
	}
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil {
			return search{}, errors.New("it is escaped badly")
		}
		parts[i] = plain
	}
	parts = append(parts, make([]string, 5-len(parts))...)
	if strings.HasPrefix(parts[4], "!") {
		return search{}, errors.New("it has an extension that is not known")
	}
	out := search{base: parts[0], filter: parts[3]}
	if err := ValidDN(out.base); err != nil {
		return search{}, fmt.Errorf("its base: %w", err)
	}
	switch strings.ToLower(parts[2]) {
	case "", "base":
		out.scope = ldap.ScopeBaseObject
	case "one":
		out.scope = ldap.ScopeSingleLevel
	case "sub":
		out.scope = ldap.ScopeWholeSubtree
	case "children", "subordinate", "subord":
		out.scope = ldap.ScopeChildren
	default:
		return search{}, errors.New("its scope is not known")
	}
	if out.filter == "" {
		out.filter = anything
	}
	if err := ValidFilter(out.filter); err != nil {
		return search{}, fmt.Errorf("its filter: %w", err)
	}
	return out, nil
}

// covers tells whether an entry, folded, is where the search looks.
func (s search) covers(dn string) bool {
	base := directory.FoldDN(s.base)
	switch s.scope {
	case ldap.ScopeBaseObject:
		return dn == base
	case ldap.ScopeSingleLevel:
		parsed, err := ldap.ParseDN(dn)
		if err != nil || len(parsed.RDNs) == 0 {
			return false
		}
		parent := ldap.DN{RDNs: parsed.RDNs[1:]}
		return directory.FoldDN(parent.String()) == base
	case ldap.ScopeChildren:
		return dn != base && directory.DNBelow(dn, base)
	}
	return directory.DNBelow(dn, base)
}

// dynamicGroups gives all groups that are searches.
func (c *core) dynamicGroups(ctx context.Context) ([]*group, error) {
	return c.dynamic.get(ctx, "", func(ctx context.Context) ([]*group, error) {
		s := &c.o.Schema
		var all []*group
		for i := range c.o.Dynamic {
			all = append(all, c.ownGroup(i))
		}
		var filters []string
		for _, n := range slices.Concat(s.MemberURL, one(s.DynamicFilter)) {
			filters = append(filters, "("+n+"=*)")
		}
		if len(filters) == 0 {
			return all, nil
		}
		found, err := c.client.search(ctx, query{base: s.GroupBase, scope: ldap.ScopeWholeSubtree, max: maxGroups,
			filter: allOf(s.GroupFilter, anyOf(filters...)), attributes: s.groupNames()})
		if err != nil {
			return nil, absent(err)
		}
		for _, e := range found {
			if g := c.readGroup(e); len(g.searches) > 0 {
				all = append(all, g)
			}
		}
		return all, nil
	})
}

// dynamicMember tells whether somebody is found by the search of a group, or of
// one inside it.
func (c *core) dynamicMember(ctx context.Context, who subject, goal *group) (bool, error) {
	if who.dn == "" {
		return false, nil
	}
	all, err := c.dynamicGroups(ctx)
	if err != nil {
		return false, err
	}
	var failed error
	for _, g := range all {
		if g.folded != goal.folded {
			if g.dn == "" {
				continue // nothing of the directory holds a group of the options
			}
			up, err := c.groupsAbove(ctx, entrySubject(g.dn, g.addrs))
			if err != nil {
				failed = err
				continue
			}
			if !up.folded[goal.folded] {
				continue
			}
		}
		in, err := c.finds(ctx, g, who)
		if in {
			return true, nil
		}
		if err != nil {
			failed = err
		}
	}
	return false, failed
}

// finds tells whether the search of a group finds somebody.
func (c *core) finds(ctx context.Context, g *group, who subject) (bool, error) {
	return c.matches.get(ctx, who.folded+"\n"+g.folded, func(ctx context.Context) (bool, error) {
		for _, s := range g.searches {
			if s.filter == "" || !s.covers(who.folded) {
				continue
			}
			found, err := c.client.search(ctx, query{base: who.dn, scope: ldap.ScopeBaseObject, filter: s.filter, attributes: nothing, max: 1})
			if err != nil && !errors.Is(err, errNoObject) {
				return false, err
			}
			if len(found) > 0 {
				return true, nil
			}
		}
		return false, g.broken
	})
}
