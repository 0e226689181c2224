package dsn

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

var errXtext = errors.New("the text is not xtext")

// EncodeXtext encodes text as xtext (RFC 3461, section 4): what is not printable
// ASCII, the plus sign and the equals sign become +XX.
func EncodeXtext(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// DecodeXtext decodes xtext. Digits in lower case are accepted.
func DecodeXtext(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c <= ' ' || c >= 0x7f || c == '=':
			return "", errXtext
		case c != '+':
			b.WriteByte(c)
		case i+2 >= len(text):
			return "", errXtext
		default:
			hi, lo := unhex(text[i+1]), unhex(text[i+2])
			if hi < 0 || lo < 0 {
				return "", errXtext
			}
			b.WriteByte(byte(hi<<4 | lo))
			i += 2
		}
	}
	return b.String(), nil
}

// encodeUTF8Address gives the utf-8-addr-xtext of an address (RFC 6533, section
// 3): ASCII, with characters as \x{…}.
func encodeUTF8Address(address string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(address, "\ufffd") {
		if r <= ' ' || r >= 0x7f || r == '+' || r == '=' || r == '\\' {
			fmt.Fprintf(&b, `\x{%02X}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// decodeUTF8Address reads the forms of an internationalized address of RFC 6533,
// section 3: \x{…} among ASCII, or UTF-8 as it is. Plain xtext is read as well.
func decodeUTF8Address(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1 || r <= ' ' || r >= 0x7f && r < 0xa0:
			return "", errXtext
		case r == '+' && i+2 < len(text) && unhex(text[i+1]) >= 2 && unhex(text[i+1]) < 8 && unhex(text[i+2]) >= 0:
			c := byte(unhex(text[i+1])<<4 | unhex(text[i+2]))
			if c == 0x7f {
				return "", errXtext
			}
			b.WriteByte(c)
			i += 3
			continue
		case r != '\\':
			b.WriteRune(r)
			i += size
			continue
		}
		hex, rest, ok := strings.Cut(text[i:], "}")
		hex, escaped := strings.CutPrefix(hex, `\x{`)
		if !ok || !escaped || len(hex) < 2 || len(hex) > 6 {
			return "", errXtext
		}
		var c rune
		for j := 0; j < len(hex); j++ {
			d := unhex(hex[j])
			if d < 0 {
				return "", errXtext
			}
			c = c<<4 | rune(d)
		}
		if !utf8.ValidRune(c) || c < ' ' || c >= 0x7f && c < 0xa0 {
			return "", errXtext
		}
		b.WriteRune(c)
		i = len(text) - len(rest)
	}
	return b.String(), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
