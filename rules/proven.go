package rules

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
)

// isClosed tells a message of which nothing but what needs a key can be read: all
// its parts are S/MIME or PGP by their content. What a part is called, and text
// beside what is encrypted, is written by anybody.
func isClosed(m *message.Message) bool {
	own := ownParts(m)
	if m.Journaled != nil {
		own = slices.DeleteFunc(own, func(p *message.Part) bool { return !strings.HasPrefix(p.Index, m.Journaled.Index+".") })
	}
	closed := false
	for p := range m.Leaves() {
		if !slices.Contains(own, p) {
			if m.Journaled == nil || strings.HasPrefix(p.Index, m.Journaled.Index+".") {
				return false // a message attached
			}
			continue // the journal report
		}
		data, err := p.Content()
		data = bytes.TrimSpace(data)
		switch {
		case err != nil:
			return false
		case len(data) == 0:
		case p.MediaType == "application/pgp-encrypted" && strings.EqualFold(string(data), "Version: 1"): // RFC 3156, section 4
		case isCMS(p) && isEnveloped(m, p) && isEnvelopedData(data), isArmoured(data):
			closed = true
		default:
			return false
		}
	}
	return closed
}

// The object identifiers of CMS enveloped-data (RFC 5652, section 6.1) and
// authenticated-enveloped-data (RFC 5083, section 2.1).
var (
	envelopedData     = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}
	authEnvelopedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17}
)

// isEnvelopedData tells CMS that needs a key by how it begins: a sequence of an
// object identifier and the rest.
func isEnvelopedData(data []byte) bool {
	const sequenceTag, longestStart = 0x30, 32
	start := data[:min(len(data), longestStart)]
	return len(start) > 0 && start[0] == sequenceTag && (bytes.Contains(start, envelopedData) || bytes.Contains(start, authEnvelopedData))
}

// Bounds of the lines of an armoured PGP message: those of fields in front of the
// data, and the longest line of data, in octets.
const (
	armourFields = 6
	armourLine   = 200
)

// isArmoured tells octets that are one PGP message in armour and nothing besides
// (RFC 9580, section 6.2), whose first packet is of those that encrypted messages
// begin with.
func isArmoured(data []byte) bool {
	lines := bytes.Split(data, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " \t\r")
	}
	last := len(lines) - 1
	if last < 2 || string(lines[0]) != "-----BEGIN PGP MESSAGE-----" || string(lines[last]) != "-----END PGP MESSAGE-----" {
		return false
	}
	lines = lines[1:last]
	blank := slices.IndexFunc(lines, func(l []byte) bool { return len(l) == 0 })
	if blank < 0 || blank > armourFields || slices.ContainsFunc(lines[:blank], func(l []byte) bool { return !isArmourField(l) }) {
		return false
	}
	lines = slices.DeleteFunc(lines[blank:], func(l []byte) bool { return len(l) == 0 })
	foreign := func(l []byte) bool {
		return len(l) > armourLine || bytes.ContainsFunc(l, func(c rune) bool {
			return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '='
		})
	}
	if len(lines) == 0 || len(lines[0]) < 4 || slices.ContainsFunc(lines, foreign) {
		return false
	}
	first, err := base64.StdEncoding.DecodeString(string(lines[0][:4]))
	return err == nil && beginsEncrypted(first[0])
}

func isArmourField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	return ok && slices.Contains([]string{"Version", "Comment", "Charset", "Hash", "MessageID"}, string(name)) && len(line) <= armourLine
}

// beginsEncrypted tells the first octet of packets that encrypted messages begin
// with (RFC 9580, sections 4.2 and 5): session keys, encrypted data and the marker.
func beginsEncrypted(first byte) bool {
	tag := first & 0x3f
	switch {
	case first&0x80 == 0:
		return false
	case first&0x40 == 0:
		tag >>= 2 // of the older form
	}
	return slices.Contains([]byte{1, 3, 9, 10, 18, 20}, tag)
}

// rightsManaged is how protected mail begins ([MS-OXORMMS], section 2.1.4).
var rightsManaged = []byte{0x76, 0xe8, 0x04, 0x60, 0xc4, 0x11, 0xe3, 0x86}

// hasProtected tells a message with a part that is protected mail by its content.
func hasProtected(m *message.Message) bool {
	return slices.ContainsFunc(ownParts(m), func(p *message.Part) bool {
		data, err := p.Content()
		return err == nil && bytes.HasPrefix(data, rightsManaged)
	})
}
