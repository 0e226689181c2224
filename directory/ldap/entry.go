package ldap

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/net/idna"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// entry is one of the server's, with the values that were asked for.
type entry struct {
	dn     string
	folded string // for comparing
	attrs  map[string][][]byte
	// rest are attributes of which a part of the values came, by name, and where
	// the next part begins.
	rest map[string]string
}

func newEntry(e *ldap.Entry) *entry {
	out := &entry{dn: e.DN, folded: directory.FoldDN(e.DN), attrs: make(map[string][][]byte, len(e.Attributes))}
	for _, a := range e.Attributes {
		name, option, _ := strings.Cut(strings.ToLower(a.Name), ";range=")
		if _, last, ok := strings.Cut(option, "-"); ok && last != "*" {
			if out.rest == nil {
				out.rest = make(map[string]string)
			}
			out.rest[name] = last
		}
		out.attrs[name] = append(out.attrs[name], a.ByteValues...)
	}
	return out
}

// fewValues are compared with each other one by one.
const fewValues = 32

// values gives the values of attributes, in the order of the names. What is no
// text is left out.
func (e *entry) values(names ...string) []string {
	var out []string
	var seen map[string]bool // of many values
	for _, name := range names {
		for _, v := range e.attrs[strings.ToLower(name)] {
			s := strings.TrimSpace(string(v))
			if s == "" || !utf8.ValidString(s) || seen[s] || seen == nil && slices.Contains(out, s) {
				continue
			}
			out = append(out, s)
			switch {
			case seen != nil:
				seen[s] = true
			case len(out) == fewValues:
				seen = make(map[string]bool)
				for _, v := range out {
					seen[v] = true
				}
			}
		}
	}
	return out
}

// first gives the first value of the first attribute that has one.
func (e *entry) first(names ...string) string {
	for _, name := range names {
		if v := e.values(name); len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// raw gives the octets of an attribute with one value.
func (e *entry) raw(name string) []byte {
	if v := e.attrs[strings.ToLower(name)]; len(v) == 1 {
		return v[0]
	}
	return nil
}

// addresses gives the addresses of an entry, the primary one first; none where it
// has no address.
func (s *Schema) addresses(e *entry) []message.Path {
	var primary, others []message.Path
	seen := make(map[string]bool)
	add := func(list *[]message.Path, text string) {
		p, err := message.ParsePath(text)
		if err != nil || p.Local() == "" || p.Domain() == "" || strings.ContainsAny(p.Domain(), " ,;<>@\"()") {
			return
		}
		if key := p.Key(); !seen[key] {
			seen[key] = true
			*list = append(*list, p)
		}
	}
	proxies := e.values(s.Proxies...)
	for _, v := range proxies {
		if rest, ok := strings.CutPrefix(v, "SMTP:"); ok && len(primary) == 0 {
			add(&primary, rest)
		}
	}
	for _, v := range e.values(s.Mail...) {
		add(&others, v)
	}
	for _, v := range proxies {
		kind, rest, typed := strings.Cut(v, ":")
		switch {
		case typed && strings.EqualFold(kind, "smtp"):
			add(&others, rest)
		case !typed || strings.Contains(kind, "@"):
			add(&others, v)
		}
	}
	return append(primary, others...)
}

// holds tells whether an address is among others.
func holds(list []message.Path, addr message.Path) bool {
	key := addr.Key()
	return slices.ContainsFunc(list, func(p message.Path) bool { return p.Key() == key })
}

// Filters. Every value is escaped (RFC 4515, section 3).

func equals(name, value string) string { return "(" + name + "=" + ldap.EscapeFilter(value) + ")" }

func allOf(filters ...string) string { return "(&" + strings.Join(filters, "") + ")" }

// anyOf of nothing matches nothing.
func anyOf(filters ...string) string { return "(|" + strings.Join(filters, "") + ")" }

// equalsAny matches entries in which one of the attributes has one of the values.
func equalsAny(names, values []string) []string {
	var out []string
	for _, n := range names {
		for _, v := range values {
			out = append(out, equals(n, v))
		}
	}
	return out
}

// spellings gives the texts under which servers keep an address.
func spellings(addr message.Path) []string {
	out := []string{addr.String()}
	add := func(s string) {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, s) }) {
			out = append(out, s)
		}
	}
	add(addr.Key())
	// Directories keep internationalised domains in either form, whichever came.
	local := strings.TrimSuffix(out[0], addr.Domain())
	for _, form := range []func(string) (string, error){idna.Lookup.ToASCII, idna.Display.ToUnicode} {
		if domain, err := form(addr.Domain()); err == nil && domain != "" {
			add(local + domain)
		}
	}
	return out
}

// withAddress matches entries with an address.
func (s *Schema) withAddress(addr message.Path) string {
	texts := spellings(addr)
	typed := make([]string, len(texts))
	for i, t := range texts {
		typed[i] = "smtp:" + t
	}
	return anyOf(append(equalsAny(s.Mail, texts), equalsAny(s.Proxies, append(slices.Clone(texts), typed...))...)...)
}
