package message

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxPath is the longest path read, in octets. RFC 5321 allows 256; programs
// allow more.
const maxPath = 4096

var (
	errPathLong    = errors.New("the address is longer than 4096 octets")
	errPathControl = errors.New("the address holds control characters")
	errPathLocal   = errors.New("the address has no local-part")
	errPathDomain  = errors.New("the address has no domain behind the @")
)

// ParsePath reads an address as MTAs hand it over: with or without angle
// brackets, `<>` or an empty text for the null path, with a source route
// (dropped), with a quoted local-part (unquoted), with no domain.
func ParsePath(s string) (Path, error) {
	if len(s) > maxPath {
		return Path{}, errPathLong
	}
	s = strings.Trim(s, " \t\r\n")
	if strings.HasPrefix(s, "<") {
		s = strings.TrimSuffix(s[1:], ">")
		s = strings.Trim(s, " \t")
	}
	if s == "" {
		return Path{}, nil
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return Path{}, errPathControl
		}
	}
	if s[0] == '@' {
		// A source route, RFC 5321 appendix C: to be accepted and ignored.
		_, rest, found := strings.Cut(s, ":")
		if !found {
			return Path{}, errPathLocal
		}
		s = strings.TrimLeft(rest, " \t")
	}
	local, rest, err := cutLocal(s)
	if err != nil {
		return Path{}, err
	}
	if !utf8.ValidString(local) {
		local = strings.ToValidUTF8(local, "\ufffd")
	}
	if rest == "" {
		if local == "" {
			return Path{}, errPathLocal
		}
		return Path{local: local}, nil
	}
	domain := strings.TrimLeft(strings.TrimRight(rest[1:], " \t."), " \t")
	if domain == "" {
		return Path{}, errPathDomain
	}
	return Path{local: local, domain: strings.ToLower(strings.ToValidUTF8(domain, "\ufffd"))}, nil
}

// cutLocal parts the local-part, unquoted, from the rest, which is empty or
// begins with the @ before the domain.
func cutLocal(s string) (local, rest string, err error) {
	if s == "" {
		return "", "", errPathLocal
	}
	if s[0] == '"' {
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			switch c := s[i]; {
			case c == '\\' && i+1 < len(s):
				i++
				b.WriteByte(s[i])
			case c == '"':
				if tail := s[i+1:]; tail == "" || tail[0] == '@' {
					return b.String(), tail, nil
				}
				return plainLocal(s)
			default:
				b.WriteByte(c)
			}
		}
	}
	return plainLocal(s)
}

// plainLocal cuts at the last @, which no domain can hold.
func plainLocal(s string) (local, rest string, err error) {
	at := strings.LastIndexByte(s, '@')
	switch {
	case at < 0:
		return s, "", nil
	case at == 0:
		return "", "", errPathLocal
	}
	return s[:at], s[at:], nil
}

// String gives the address without brackets, the local-part quoted where RFC
// 5321 asks for it; empty for the null path.
func (p Path) String() string {
	if p.IsNull() {
		return ""
	}
	local := p.local
	if !isDotString(local) {
		var b strings.Builder
		b.WriteByte('"')
		for i := 0; i < len(local); i++ {
			if local[i] == '"' || local[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(local[i])
		}
		b.WriteByte('"')
		local = b.String()
	}
	if p.domain == "" {
		return local
	}
	return local + "@" + p.domain
}

// isDotString tells whether s is a Dot-string (RFC 5321, section 4.1.2; RFC
// 6531 for octets above 127).
func isDotString(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`()<>[]:;@\,"`, c) >= 0 {
			return false
		}
	}
	return true
}

// lookup maps domains to ASCII without refusing what only a registry would.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// Key is for comparing: two paths with the same key are the same mailbox. The
// local-part is compared without case (as Exchange and Postfix's maps do),
// the domain in its ASCII form (IDNA).
func (p Path) Key() string {
	if p.IsNull() {
		return ""
	}
	local := strings.ToLower(p.local)
	if !isASCII(local) {
		local = norm.NFC.String(local)
	}
	domain := p.domain
	if !isASCII(domain) {
		if ascii, err := lookup.ToASCII(domain); err == nil {
			domain = strings.ToLower(ascii)
		}
	}
	if domain == "" {
		return local
	}
	return local + "@" + domain
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
