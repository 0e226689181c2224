package dsn

import (
	"errors"
	"strings"

	"golang.org/x/net/idna"

	"github.com/postern-mail/postern/message"
)

// Mailbox is an address with the name that is shown for it (RFC 5322, section
// 3.4).
type Mailbox struct {
	Name string // decoded; may be empty
	Path message.Path
}

// ParseMailbox reads one mailbox as people write it: an address, or a name and an
// address in angle brackets.
func ParseMailbox(text string) (Mailbox, error) {
	h := message.Header{{Name: "From", Value: text}}
	paths := h.Addresses("From")
	if len(paths) != 1 || paths[0].IsNull() || strings.ContainsAny(text, "\r\n\x00") {
		return Mailbox{}, errors.New("it is not one address, or a name and one address in angle brackets")
	}
	b := Mailbox{Path: paths[0]}
	if name, _, ok := cutLast(h[0].Text(), "<"); ok {
		b.Name = unquote(strings.TrimSpace(name))
	}
	return b, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// unquote gives the content of a quoted-string, and other text as it is.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String()
}

// needsUTF8 tells whether a path has no ASCII form: its local-part is not ASCII,
// or its domain has no A-labels.
func needsUTF8(p message.Path) bool {
	if !isASCII(p.Local()) {
		return true
	}
	if isASCII(p.Domain()) {
		return false
	}
	_, err := idna.Lookup.ToASCII(p.Domain())
	return err != nil
}

// phrase gives a display name: a quoted-string, or encoded words.
func phrase(name string) string {
	name = cleanText(name)
	if name == "" {
		return ""
	}
	if !isASCII(name) || strings.Contains(name, "=?") || len(name) > goodLine-2 {
		return encodeWords(goodLine, name)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}
