package directory

import (
	"errors"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/message"
)

// Ref names a group as administrators write it: by its address, its
// distinguished name or its name. The zero Ref names none. Refs with the same
// [Ref.Key] name the same group in the same way.
type Ref struct {
	addr message.Path
	dn   string
	name string
}

// maxRef is the longest text that names a group, in octets.
const maxRef = 1024

// Errors of texts that name no group.
var (
	errRefEmpty = errors.New("no group is named")
	errRefLong  = errors.New("the name of a group has at most 1024 octets")
	errRefText  = errors.New("the name of a group holds no control characters")
)

// ParseRef reads the name of a group. A mailbox with a domain is an address,
// parts such as `cn=Sales,dc=example,dc=com` are a distinguished name (RFC 4514),
// and anything else is a name.
func ParseRef(text string) (Ref, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Ref{}, errRefEmpty
	case len(text) > maxRef:
		return Ref{}, errRefLong
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return Ref{}, errRefText
	}
	if p, err := message.ParsePath(text); err == nil && p.Local() != "" && p.Domain() != "" &&
		(strings.HasPrefix(text, `"`) || !strings.ContainsAny(text, " ,;<>")) {
		return Ref{addr: p}, nil
	}
	if strings.Contains(text, "=") {
		if dn, err := ldap.ParseDN(text); err == nil && len(dn.RDNs) > 1 {
			return Ref{dn: text}, nil
		}
	}
	return Ref{name: text}, nil
}

// AddressRef names a group by its address.
func AddressRef(addr message.Path) Ref { return Ref{addr: addr} }

// Address is the address that names the group; null when something else does.
func (r Ref) Address() message.Path { return r.addr }

// DN is the distinguished name that names the group; empty when something else
// does.
func (r Ref) DN() string { return r.dn }

// Name is the name of the group; empty when something else names it.
func (r Ref) Name() string { return r.name }

// String gives the text that names the group.
func (r Ref) String() string {
	if !r.addr.IsNull() {
		return r.addr.String()
	}
	return r.dn + r.name
}

// Key is for comparing. Case and repeated blanks do not count. No address has the
// key of a name or a distinguished name, whatever its local-part is.
func (r Ref) Key() string {
	switch {
	case !r.addr.IsNull():
		return r.addr.Key()
	case r.dn != "":
		return "\ndn:" + FoldDN(r.dn)
	}
	return "\nname:" + foldName(r.name)
}

// FoldDN gives the form of a distinguished name for comparing: without the
// blanks around its parts, in small letters, values escaped alike. What is no
// distinguished name is put into small letters.
func FoldDN(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return strings.ToLower(dn)
	}
	// Letters beyond ASCII are escaped in what String gives.
	for _, rdn := range parsed.RDNs {
		for _, a := range rdn.Attributes {
			a.Value = strings.ToLower(a.Value)
		}
	}
	return strings.ToLower(parsed.String())
}

// DNBelow tells whether an entry is another one, or lies below it. Both are folded.
// Below the empty name is everything.
func DNBelow(dn, base string) bool {
	if base == "" || dn == base {
		return true
	}
	above, ok := strings.CutSuffix(dn, ","+base)
	// A comma behind an odd number of backslashes is part of a value.
	return ok && (len(above)-len(strings.TrimRight(above, `\`)))%2 == 0
}

// foldName gives the form of a name for comparing: in small letters, with single
// blanks.
func foldName(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), " ")
}
