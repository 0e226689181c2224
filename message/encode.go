package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// EncodeText gives text for a header field value: as it is when it is printable
// ASCII, otherwise as RFC 2047 encoded words folded with CRLF and a blank.
// Control characters are dropped, line ends and tabs become spaces. Text that
// would be read as an encoded word is encoded.
func EncodeText(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if isASCII(text) && !strings.Contains(text, "=?") {
		return text
	}
	// A word is at most 75 characters (RFC 2047, section 2), 63 of them text in
	// base64, and holds whole characters only.
	const most = 45
	var b strings.Builder
	for text != "" {
		n := 0
		for n < len(text) {
			_, size := utf8.DecodeRuneInString(text[n:])
			if n+size > most {
				break
			}
			n += size
		}
		if b.Len() > 0 {
			b.WriteString("\r\n ")
		}
		b.WriteString("=?utf-8?B?")
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(text[:n])))
		b.WriteString("?=")
		text = text[n:]
	}
	return b.String()
}
