package charset

import (
	"strings"
	"unicode/utf16"
)

// utf7 decodes UTF-7 (RFC 2152). Damage is passed over: an octet that can be
// no part of a shifted run ends it and stands for itself.
func utf7(b []byte) string {
	var out strings.Builder
	out.Grow(len(b))
	for i := 0; i < len(b); {
		c := b[i]
		i++
		if c != '+' {
			if c < 0x80 {
				out.WriteByte(c)
			} else {
				out.WriteRune(rune(c)) // as Latin-1
			}
			continue
		}
		if i < len(b) && b[i] == '-' {
			out.WriteByte('+')
			i++
			continue
		}
		i = shifted(&out, b, i)
	}
	return out.String()
}

// shifted decodes a run of modified base64 that begins at b[i] and gives the
// place behind it.
func shifted(out *strings.Builder, b []byte, i int) int {
	var bits uint32
	var n uint
	var high rune
	for ; i < len(b); i++ {
		v := sextet(b[i])
		if v < 0 {
			break
		}
		bits = bits<<6 | uint32(v)
		n += 6
		if n < 16 {
			continue
		}
		n -= 16
		r := rune(bits >> n & 0xffff)
		switch {
		case high != 0 && utf16.IsSurrogate(r) && r >= 0xdc00:
			out.WriteRune(utf16.DecodeRune(high, r))
			high = 0
			continue
		case high != 0:
			out.WriteRune('\ufffd')
			high = 0
		}
		if r >= 0xd800 && r < 0xdc00 {
			high = r
			continue
		}
		out.WriteRune(r)
	}
	if high != 0 {
		out.WriteRune('\ufffd')
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	return i
}

func sextet(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
