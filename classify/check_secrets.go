package classify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strings"
)

// secretChecks are the rules for addresses and credentials. They get the text as
// it is written.
var secretChecks = []checkRow{
	{name: "austriaIdentityCard", check: austriaIdentityCard, raw: true},
	{name: "ipv4", check: ipv4, raw: true},
	{name: "ipv4Host", check: ipv4Host, raw: true},
	{name: "ipv6", check: ipv6, raw: true},
	{name: "ipv6Host", check: ipv6Host, raw: true},
	{name: "jsonWebToken", check: jsonWebToken, raw: true},
	{name: "mixedCase", check: mixedCase, raw: true},
	{name: "password", check: password, raw: true},
}

// austriaIdentityCard wants signs of padding at the end only, and small and
// capital letters: base64 of RFC 4648, as the Personenbindung writes it.
func austriaIdentityCard(v []byte) bool {
	return len(v) == 24 && strings.IndexByte(string(v[:22]), '=') < 0 && mixedCase(v)
}

// special are the networks of RFC 6890 whose addresses are nobody's: this network,
// loopback and the three for documentation (RFC 5737).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("255.0.0.0/8"),
}

// ipv4 keeps RFC 791 in the notation of RFC 6943: four numbers to 255 without zeros
// in front, and not of a network that is nobody's.
func ipv4(v []byte) bool {
	a, err := netip.ParseAddr(string(v))
	if err != nil || !a.Is4() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// ipv6 keeps RFC 4291: eight groups or a double colon, and neither loopback, nor
// unspecified, nor for documentation (RFC 3849). Abbreviations of three characters
// and fewer are too like other things.
func ipv6(v []byte) bool {
	if len(v) < 6 || bytes.Count(v, []byte(":")) < 2 {
		return false
	}
	a, err := netip.ParseAddr(string(v))
	return err == nil && a.Is6() && !a.IsLoopback() && !documentation6.Contains(a)
}

// ipv4Host keeps ipv4 and can be the address of somebody on the Internet: it is not
// private (RFC 1918, RFC 6598), link-local, multicast or reserved, nor that of a
// network. Four numbers below 32 are of one address in four thousand, and of most
// versions and of the addresses that are known by heart.
func ipv4Host(v []byte) bool {
	if !ipv4(v) {
		return false
	}
	a, _ := netip.ParseAddr(string(v))
	b := a.As4()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared4.Contains(a) && b[0] < 240 && b[3] != 0 && max(b[0], b[1], b[2], b[3]) >= 32
}

// ipv6Host keeps ipv6 and can be the address of somebody on the Internet: RFC 4291
// gives 2000::/3 for these. With no host in it, it is the address of a network.
func ipv6Host(v []byte) bool {
	if !ipv6(v) {
		return false
	}
	a, _ := netip.ParseAddr(string(v))
	b := a.As16()
	return global6.Contains(a) && [8]byte(b[8:]) != [8]byte{}
}

var (
	shared4 = netip.MustParsePrefix("100.64.0.0/10")
	global6 = netip.MustParsePrefix("2000::/3")
)

var documentation6 = netip.MustParsePrefix("2001:db8::/32")

// jsonWebToken keeps RFC 7519: a header that is a JSON object with an algorithm,
// and a second part.
func jsonWebToken(v []byte) bool {
	parts := strings.Split(string(v), ".")
	if len(parts) < 2 || len(parts) > 5 || len(parts[1]) < 8 {
		return false
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return false
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	return json.Unmarshal(head, &header) == nil && header.Algorithm != ""
}

// mixedCase wants a digit, a small and a capital letter, which words and
// hexadecimal digests do not have together.
func mixedCase(v []byte) bool {
	var seen [classCapital + 1]bool
	for _, c := range v {
		seen[alnum[c]] = true
	}
	return seen[classDigit] && seen[classSmall] && seen[classCapital]
}

// password wants what a person or program would choose rather than the code around
// it: six characters, of which not all are letters of one case, and no sign of a
// call, a variable or a path.
func password(v []byte) bool {
	if len(v) < 6 {
		return false
	}
	var seen [classCapital + 1]bool
	for i, c := range v {
		k := alnum[c]
		seen[k] = true
		if c == '(' && i > 0 && i+1 < len(v) || c == ')' && i+1 == len(v) {
			return false
		}
	}
	kinds := 0
	for _, s := range seen {
		if s {
			kinds++
		}
	}
	s := string(v)
	return kinds > 1 && !strings.ContainsAny(s[:1], "$%{<[(&@") && !strings.Contains(s, "://") && !strings.Contains(s, "->")
}

// botKey keeps the form of a bot's key: four parts of 11, 3, 3 and 43 characters
// with points between them.
func botKey(v []byte) bool {
	return len(v) == 63 && v[11] == '.' && v[15] == '.' && v[19] == '.' && bytes.Count(v, []byte(".")) == 3
}
