package ldap

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// group is a group of the directory without its members.
type group struct {
	dn       string // empty for one of Options.Dynamic
	folded   string // of one of Options.Dynamic something no entry has
	addr     message.Path
	addrs    []message.Path // all of them
	name     string
	plain    bool
	searches []search // of a dynamic group
	broken   error    // why a search cannot be made
}

// Bounds of groups. Beyond them there is no answer: a part of the members, or of
// the groups somebody is in, would say less than the whole.
const (
	maxMembers = 10_000 // of one group
	maxGroups  = 10_000 // above one member, and dynamic ones
	maxDepth   = 50
	batch      = 50 // distinguished names in one filter
)

// head finds the one group that a reference names.
func (c *core) head(ctx context.Context, ref directory.Ref) (*group, error) {
	return c.heads.get(ctx, ref.Key(), func(ctx context.Context) (*group, error) {
		s := &c.o.Schema
		q := query{base: s.GroupBase, scope: ldap.ScopeWholeSubtree, attributes: s.groupNames()}
		var good func(*group) bool
		switch addr := ref.Address(); {
		case !addr.IsNull():
			for i := range c.o.Dynamic {
				if c.o.Dynamic[i].Address.Key() == addr.Key() {
					return c.ownGroup(i), nil
				}
			}
			q.filter = allOf(s.GroupFilter, s.withAddress(addr))
			good = func(g *group) bool { return true }
		case ref.DN() != "":
			folded := directory.FoldDN(ref.DN())
			if !directory.DNBelow(folded, directory.FoldDN(s.GroupBase)) {
				return nil, directory.ErrNotFound // nobody is asked for groups from there
			}
			q.base, q.scope, q.filter = ref.DN(), ldap.ScopeBaseObject, s.GroupFilter
			good = func(g *group) bool { return g.folded == folded }
		case ref.Name() != "":
			for i := range c.o.Dynamic {
				if d, err := directory.ParseRef(c.o.Dynamic[i].Name); err == nil && d.Key() == ref.Key() {
					return c.ownGroup(i), nil
				}
			}
			q.filter = allOf(s.GroupFilter, anyOf(equalsAny(s.Names, []string{ref.Name()})...))
			good = func(*group) bool { return true }
		default:
			return nil, directory.ErrNotFound
		}
		found, err := c.few(ctx, q)
		if errors.Is(err, errNoObject) && q.scope == ldap.ScopeBaseObject {
			return nil, directory.ErrNotFound
		}
		if err != nil {
			return nil, absent(err)
		}
		var groups []*group
		for _, e := range found {
			if g := c.readGroup(e); good(g) {
				groups = append(groups, g)
			}
		}
		switch len(groups) {
		case 0:
			return nil, directory.ErrNotFound
		case 1:
			return groups[0], nil
		}
		return nil, ambiguous(groups[0].dn, groups[1].dn)
	})
}

func (c *core) readGroup(e *entry) *group {
	s := &c.o.Schema
	g := &group{dn: e.dn, folded: e.folded, name: e.first(s.Names...)}
	if addrs := s.addresses(e); len(addrs) > 0 {
		g.addr, g.addrs = addrs[0], addrs
	}
	for _, text := range e.values(s.MemberURL...) {
		found, err := parseSearch(text)
		if err != nil && g.broken == nil {
			g.broken = fmt.Errorf("%w: the search %q of the group %s: %w", directory.ErrUnavailable, text, e.dn, err)
		}
		g.searches = append(g.searches, found)
	}
	if s.DynamicFilter != "" {
		if filter := e.first(s.DynamicFilter); filter != "" {
			base := c.o.Base
			if s.DynamicBase != "" {
				if b := e.first(s.DynamicBase); b != "" {
					base = b
				}
			}
			if err := ValidFilter(filter); err != nil {
				g.broken = fmt.Errorf("%w: the filter of the group %s: %w", directory.ErrUnavailable, e.dn, err)
			}
			g.searches = append(g.searches, search{base: base, scope: ldap.ScopeWholeSubtree, filter: filter})
		}
	}
	return g
}

// ownGroup gives a group of the options.
func (c *core) ownGroup(i int) *group {
	d := c.o.Dynamic[i]
	base := d.Base
	if base == "" {
		base = c.o.Schema.PeopleBase
	}
	return &group{
		folded: "postern:" + strconv.Itoa(i), addr: d.Address, name: d.Name, plain: d.Plain,
		searches: []search{{base: base, scope: ldap.ScopeWholeSubtree, filter: allOf(c.o.Schema.PeopleFilter, d.Filter)}},
	}
}

// subject is one whose membership is asked for.
type subject struct {
	key     string // for what is kept
	dn      string // empty for a mere address
	folded  string
	ids     []string
	addrs   []message.Path
	primary string
}

// subject finds who an address is: a person, another entry with the address, or
// neither.
func (c *core) subject(ctx context.Context, addr message.Path) (subject, error) {
	p, err := c.person(ctx, addr)
	if err == nil {
		return subject{key: "dn:" + p.folded, dn: p.dn, folded: p.folded, ids: p.ids, addrs: append(slices.Clone(p.Proxies), p.Address), primary: p.primary}, nil
	}
	if !errors.Is(err, directory.ErrNotFound) {
		return subject{}, err
	}
	stranger := subject{key: "addr:" + addr.Key(), addrs: []message.Path{addr}}
	if tooLong(addr) {
		return stranger, nil
	}
	who, err := c.others.get(ctx, addr.Key(), func(ctx context.Context) (subject, error) {
		s := &c.o.Schema
		found, err := c.few(ctx, query{base: c.o.Base, scope: ldap.ScopeWholeSubtree,
			filter: s.withAddress(addr), attributes: unique(slices.Concat(s.Mail, s.Proxies))})
		switch {
		case err != nil:
			return subject{}, absent(err)
		case len(found) == 0:
			return subject{}, directory.ErrNotFound
		case len(found) > 1:
			return subject{}, ambiguous(found[0].dn, found[1].dn)
		}
		return entrySubject(found[0].dn, s.addresses(found[0])), nil
	})
	if errors.Is(err, directory.ErrNotFound) {
		return stranger, nil
	}
	return who, err
}

// entrySubject makes a subject of an entry that is no person, with all addresses it
// has: whoever comes upon the entry makes the same of it.
func entrySubject(dn string, addrs []message.Path) subject {
	folded := directory.FoldDN(dn)
	return subject{key: "dn:" + folded, dn: dn, folded: folded, addrs: addrs}
}

// ambiguous says that an address or a name is that of two entries.
func ambiguous(one, other string) error {
	return fmt.Errorf("%w: %w: %s and %s", directory.ErrUnavailable, directory.ErrAmbiguous, one, other)
}

func (c *core) member(ctx context.Context, addr message.Path, ref directory.Ref) (bool, error) {
	goal, err := c.head(ctx, ref)
	if err != nil || addr.IsNull() {
		return false, err
	}
	who, err := c.subject(ctx, addr)
	if err != nil {
		return false, err
	}
	up, err := c.groupsAbove(ctx, who)
	if err != nil {
		return false, err
	}
	if up.folded[goal.folded] {
		return true, nil
	}
	return c.dynamicMember(ctx, who, goal)
}

// above is all groups that hold somebody, directly or by way of others.
type above struct {
	folded map[string]bool
	addrs  []message.Path
}

func (c *core) groupsAbove(ctx context.Context, who subject) (above, error) {
	up, err := c.above.get(ctx, who.key, func(ctx context.Context) (above, error) {
		s := &c.o.Schema
		up := above{folded: make(map[string]bool)}
		var level []string // distinguished names whose groups are asked for next
		add := func(filters ...string) error {
			if len(filters) == 0 {
				return nil
			}
			found, err := c.client.search(ctx, query{base: s.GroupBase, scope: ldap.ScopeWholeSubtree, max: maxGroups,
				filter: allOf(s.GroupFilter, anyOf(filters...)), attributes: unique(slices.Concat(s.Mail, s.Proxies))})
			if err != nil {
				return absent(err)
			}
			for _, e := range found {
				if !up.folded[e.folded] {
					up.folded[e.folded] = true
					level = append(level, e.dn)
					up.addrs = append(up.addrs, s.addresses(e)...)
				}
			}
			return nil
		}
		first := equalsAny(s.MemberID, who.ids)
		for _, a := range who.addrs {
			first = append(first, equalsAny(s.MemberMail, spellings(a))...)
		}
		if who.dn != "" {
			first = append(first, s.holding(who.dn)...)
		}
		if err := add(first...); err != nil {
			return above{}, err
		}
		if s.InChain && len(s.MemberID)+len(s.MemberMail) == 0 {
			level = nil // all above were found at once
		}
		if who.primary != "" {
			// Written by hand: the octets are escaped already.
			if err := add("(objectSid=" + who.primary + ")"); err != nil {
				return above{}, err
			}
		}
		for depth := 0; len(level) > 0; depth++ {
			if depth > maxDepth || len(up.folded) > maxGroups {
				return above{}, fmt.Errorf("%w: %w: groups are nested too deeply, or are too many", directory.ErrUnavailable, errTooMany)
			}
			if s.InChain && depth > 0 {
				break
			}
			now := level
			level = nil
			for part := range slices.Chunk(now, batch) {
				var filters []string
				for _, dn := range part {
					filters = append(filters, s.holding(dn)...)
				}
				if err := add(filters...); err != nil {
					return above{}, err
				}
			}
		}
		if who.dn == "" && len(up.folded) == 0 {
			return above{}, directory.ErrNotFound // kept with the strangers
		}
		return up, nil
	})
	if errors.Is(err, directory.ErrNotFound) {
		return above{}, nil
	}
	return up, err
}

// holding matches the groups that hold an entry; with Active Directory's rule
// also those above them.
func (s *Schema) holding(dn string) []string {
	if !s.InChain {
		return equalsAny(s.MemberDN, []string{dn})
	}
	var out []string
	for _, n := range s.MemberDN {
		out = append(out, "("+n+inChain+"="+ldap.EscapeFilter(dn)+")")
	}
	return out
}

// primaryGroup gives the objectSid of the group that a person's primaryGroupID
// names, as a filter wants it: that of the person with another last part
// ([MS-DTYP], section 2.4.2).
func primaryGroup(sid []byte, id string) string {
	rid, err := strconv.ParseUint(id, 10, 32)
	if _, ok := lastPart(sid); !ok || err != nil {
		return ""
	}
	sid = binary.LittleEndian.AppendUint32(slices.Clone(sid[:len(sid)-4]), uint32(rid))
	var b strings.Builder
	for _, octet := range sid {
		fmt.Fprintf(&b, `\%02x`, octet)
	}
	return b.String()
}

// lastPart gives the last part of an objectSid, which names an account within its
// domain; false for what is none.
func lastPart(sid []byte) (string, bool) {
	if len(sid) < 12 || len(sid) != 8+4*int(sid[1]) {
		return "", false
	}
	return strconv.FormatUint(uint64(binary.LittleEndian.Uint32(sid[len(sid)-4:])), 10), true
}
