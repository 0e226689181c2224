package edit

import (
	"bytes"
)

// quotedLine is the most characters of an encoded line (RFC 2045, section 6.7).
const quotedLine = 76

// appendQuoted appends octets in quoted-printable. The column is that of the line
// it goes on. Line ends of the message stay line ends, unless the octets are
// binary; all others become escapes.
// Nothing it writes is taken for a delimiter, or changed on the way by programs
// that know lines beginning with "From " or a full stop.
func appendQuoted(dst, src []byte, column int, nl string, binary bool) []byte {
	const digits = "0123456789ABCDEF"
	ends := func(i int) bool { return !binary && bytes.HasPrefix(src[i:], []byte(nl)) }
	for i := 0; i < len(src); {
		if ends(i) {
			dst = append(dst, nl...)
			column = 0
			i += len(nl)
			continue
		}
		c := src[i]
		i++
		last := i == len(src) || ends(i)
		plain := c > ' ' && c < 0x7f && c != '=' || (c == ' ' || c == '\t') && !last
		n := 1
		if !plain {
			n = 3
		}
		// The last character of a line needs no room for a soft break.
		room := quotedLine - 1
		if last {
			room = quotedLine
		}
		if column+n > room {
			dst = append(append(dst, '='), nl...)
			column = 0
		}
		if column == 0 && plain && (c == '-' || c == '.' || c == 'F') {
			plain, n = false, 3
		}
		if plain {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', digits[c>>4], digits[c&15])
		}
		column += n
	}
	return dst
}

// quotedPlace finds in quoted-printable where the octet at pos, decoded, is
// encoded. It reads as message does.
func quotedPlace(src []byte, pos int) int {
	i := 0
	for i < len(src) {
		c := src[i]
		switch {
		case c == ' ' || c == '\t':
			n := i
			for n < len(src) && (src[n] == ' ' || src[n] == '\t') {
				n++
			}
			if n < len(src) && !lineEndAt(src, n) {
				if pos < n-i {
					return i + pos
				}
				pos -= n - i
			} else if pos == 0 {
				return i
			}
			i = n
		case c == '=':
			if i+2 < len(src) && isHex(src[i+1]) && isHex(src[i+2]) {
				if pos == 0 {
					return i
				}
				pos--
				i += 3
				continue
			}
			n := i + 1
			for n < len(src) && (src[n] == ' ' || src[n] == '\t') {
				n++
			}
			switch {
			case n >= len(src):
				i = n
			case lineEndAt(src, n):
				i = bytes.IndexByte(src[n:], '\n') + n + 1
			default:
				if pos == 0 {
					return i
				}
				pos--
				i++
			}
		default:
			if pos == 0 {
				return i
			}
			pos--
			i++
		}
	}
	return len(src)
}

func lineEndAt(src []byte, i int) bool {
	return src[i] == '\n' || src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

// spliceQuoted replaces the octets from and to, decoded, by others. What is
// encoded before and behind them stays as it is. The octets put in begin with a
// line end unless they stand where a line begins, and end with one unless they
// stand at the end.
func spliceQuoted(src []byte, from, to int, in []byte, nl string) []byte {
	e := quotedPlace(src, from)
	rest := src[e:]
	if to > from {
		rest = src[quotedPlace(src, to):]
	}
	out := make([]byte, 0, len(src)+3*len(in)+len(in)/20+16)
	out = append(out, src[:e]...)
	if n := len(bytes.TrimRight(out, " \t")); n < len(out) && bytes.HasPrefix(in, []byte(nl)) && (n == 0 || out[n-1] != '=') {
		// Blanks at the end of a line would be lost.
		out = append(append(out, '='), nl...)
	} else if n > 0 && out[n-1] == '=' {
		out = append(out, nl...) // a soft line break that the end cut off
	}
	column := len(out) - 1 - bytes.LastIndexByte(out, '\n')
	out = appendQuoted(out, in, column, nl, false)
	return append(out, rest...)
}
