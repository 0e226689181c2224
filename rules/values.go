package rules

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// entryField names the place of a value in a list, or the list itself when it is
// written as a single value.
func entryField(n *strictyaml.Node, field string, value *strictyaml.Node) string {
	if n.Kind == sequence {
		return strictyaml.Index(field, slices.Index(n.Content, value))
	}
	return field
}

func (r *reader) words(n *strictyaml.Node, field string) (*classify.Words, bool) {
	list, nodes, ok := r.texts(n, field)
	for i, w := range list {
		f := entryField(n, field, nodes[i])
		switch {
		case strings.TrimSpace(w) == "":
			r.Errorf(nodes[i], f, "write a word", "the word is blank")
			ok = false
		case strings.TrimSpace(w) != w:
			r.Errorf(nodes[i], f, fmt.Sprintf("write %q", strings.TrimSpace(w)), "a word neither begins nor ends with a blank")
			ok = false
		case strings.Contains(w, "*"):
			r.Hintf(nodes[i], f, "write a pattern for what varies", "`*` stands for itself in a word")
		}
	}
	if !ok {
		return nil, false
	}
	for i, w := range list {
		list[i] = norm.NFC.String(w) // as texts are read
	}
	compiled, err := classify.NewWords(list)
	if err != nil {
		r.Errorf(n, field, "write words", "%v", err)
		return nil, false
	}
	return compiled, true
}

// addresses reads mailboxes with a domain.
func (r *reader) addresses(n *strictyaml.Node, field string) ([]message.Path, bool) {
	list, nodes, ok := r.texts(n, field)
	paths := make([]message.Path, 0, len(list))
	for i, s := range list {
		p, err := message.ParsePath(s)
		if err != nil || p.Domain() == "" || p.Local() == "" || strings.ContainsAny(s, "<> ,;") {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), "write it as `name@example.com`", "%q is not an address", s)
			ok = false
			continue
		}
		paths = append(paths, p)
	}
	return paths, ok
}

// readGroups reads groups by address, distinguished name or name. One that the
// directory does not hold is a hint, a name that several have is an error.
func (r *reader) readGroups(n *strictyaml.Node, field string) ([]directory.Ref, bool) {
	r.needDirectory(n, field)
	list, nodes, ok := r.texts(n, field)
	groups := make([]directory.Ref, 0, len(list))
	for i, s := range list {
		g, err := directory.ParseRef(s)
		if err != nil {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), "write the address, the distinguished name or the name of a group", "%q: %v", s, err)
			ok = false
			continue
		}
		groups = append(groups, g)
	}
	if !ok {
		return groups, false
	}
	for i, g := range groups {
		if !r.asks() {
			break
		}
		err := r.lookUpGroup(g)
		switch f := entryField(n, field, nodes[i]); {
		case notFound(err):
			ok = r.unknownGroup(nodes[i], f, g) && ok
		case errors.Is(err, directory.ErrAmbiguous):
			note := r.Errorf
			if errors.Is(err, directory.ErrUnavailable) {
				note = r.Hintf // what changes without the policies does not keep them from being served
			} else {
				ok = false
			}
			note(nodes[i], f, "write the address of the group", "several groups of the directory are named %q", g)
		}
	}
	return groups, ok
}

// domains reads names of domains.
func (r *reader) domains(n *strictyaml.Node, field string) (domainSet, bool) {
	list, nodes, ok := r.texts(n, field)
	set := newDomainSet(nil)
	for i, s := range list {
		f := entryField(n, field, nodes[i])
		name, sub := strings.CutPrefix(s, ".")
		switch {
		case strings.HasPrefix(s, "*."):
			r.Errorf(nodes[i], f, fmt.Sprintf("write %q for all subdomains", s[1:]), "a domain holds no `*`")
			ok = false
			continue
		case strings.Contains(s, "@"):
			r.Errorf(nodes[i], f, fmt.Sprintf("write %q", s[strings.LastIndexByte(s, '@')+1:]), "%q is an address, not a domain", s)
			ok = false
			continue
		case !validDomain(name):
			r.Errorf(nodes[i], f, "write it as `example.com`, or `.example.com` for all subdomains", "%q is not a domain", s)
			ok = false
			continue
		}
		p, err := message.ParsePath("a@" + name)
		if err != nil {
			r.Errorf(nodes[i], f, "write it as `example.com`", "%q is not a domain", s)
			ok = false
			continue
		}
		set.add(domainKey(p), sub, r.vocabulary.Settings.Subdomains)
	}
	return set, ok
}

func validDomain(s string) bool {
	if s == "" || strings.HasSuffix(s, ".") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, c := range label {
			if c != '-' && c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) {
				return false
			}
		}
	}
	return true
}

// domainSet is a set of domains, some with all below them.
type domainSet struct {
	exact map[string]bool
	under map[string]bool
}

// add takes in a domain, or all domains below it, or both.
func (d *domainSet) add(key string, sub, both bool) {
	if sub || both {
		d.under[key] = true
	}
	if !sub {
		d.exact[key] = true
	}
}

// newDomainSet gives the set of names as an organisation has them: one that begins
// with "." or "*." stands for all subdomains.
func newDomainSet(names []string) domainSet {
	set := domainSet{exact: make(map[string]bool), under: make(map[string]bool)}
	for _, name := range names {
		rest, sub := strings.CutPrefix(strings.TrimPrefix(name, "*"), ".")
		if p, err := message.ParsePath("a@" + rest); err == nil {
			set.add(domainKey(p), sub, false)
		}
	}
	return set
}

func (d domainSet) holds(addr message.Path) bool {
	key := domainKey(addr)
	if key == "" {
		return false
	}
	if d.exact[key] {
		return true
	}
	for rest, found := key, true; found; {
		if _, rest, found = strings.Cut(rest, "."); d.under[rest] {
			return true
		}
	}
	return false
}

// domainKey is the domain of an address in the form for comparing.
func domainKey(p message.Path) string {
	if p.Domain() == "" {
		return ""
	}
	key := p.Key()
	return key[strings.LastIndexByte(key, '@')+1:]
}

// addressSet reads addresses to compare with.
func (r *reader) addressSet(n *strictyaml.Node, field string) (map[string]bool, bool) {
	paths, ok := r.addresses(n, field)
	ok = ok && r.onlyPeople(n, field, paths)
	set := make(map[string]bool, len(paths))
	for _, p := range paths {
		set[p.Key()] = true
	}
	return set, ok
}

// ipRange is a range of addresses of one family, both ends included.
type ipRange struct{ from, to netip.Addr }

// ipRanges reads single addresses, networks (the bits of hosts may be set) and
// ranges a-b.
func (r *reader) ipRanges(n *strictyaml.Node, field string) ([]ipRange, bool) {
	list, nodes, ok := r.texts(n, field)
	ranges := make([]ipRange, 0, len(list))
	for i, s := range list {
		ir, err := parseIPRange(s)
		if err != "" {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), "write it as `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32` or `192.0.2.1-192.0.2.9`", "%q %s", s, err)
			ok = false
			continue
		}
		ranges = append(ranges, ir)
	}
	return ranges, ok
}

func parseIPRange(s string) (ipRange, string) {
	const none = "is not an IP address, network or range"
	if strings.Contains(s, "%") {
		return ipRange{}, none
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(strings.TrimSpace(s))
		if err != nil {
			return ipRange{}, none
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		p = p.Masked()
		return ipRange{p.Addr(), lastAddr(p)}, ""
	}
	a, b, isRange := strings.Cut(s, "-")
	from, err := netip.ParseAddr(strings.TrimSpace(a))
	if err != nil {
		return ipRange{}, none
	}
	from = from.Unmap()
	if !isRange {
		return ipRange{from, from}, ""
	}
	to, err := netip.ParseAddr(strings.TrimSpace(b))
	to = to.Unmap()
	switch {
	case err != nil:
		return ipRange{}, none
	case from.BitLen() != to.BitLen():
		return ipRange{}, "goes from one family of addresses to the other"
	case to.Less(from):
		return ipRange{}, "ends before it begins"
	}
	return ipRange{from, to}, ""
}

func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (ir ipRange) holds(a netip.Addr) bool {
	return a.BitLen() == ir.from.BitLen() && !a.Less(ir.from) && !ir.to.Less(a)
}

// yes reads the value of a condition that has no other value than true.
func (r *reader) yes(n *strictyaml.Node, field string) bool {
	v, ok := r.Bool(n, field)
	if ok && !v {
		r.Errorf(n, field, "write `true`, and `not` before it when the opposite is meant", "a condition that is `false` says nothing")
		return false
	}
	return ok
}
