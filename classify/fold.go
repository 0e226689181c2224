package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold gives the character that stands for r when texts are compared: lower
// case, narrow for the full-width forms of ASCII and the decimal digits of all
// scripts, a blank for every white space, and the ASCII form of typographic quotes and dashes. It maps one character to
// one, so that folding does not move offsets.
func fold(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r >= '\t' && r <= '\r':
			return ' '
		}
		return r
	case r >= 0x3040 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3:
		return r // kana, Han and Hangul have no case
	case r >= 0xff01 && r <= 0xff5e:
		return fold(r - 0xfee0)
	case r >= 0x2010 && r <= 0x2015, r == 0x2212:
		return '-'
	case unicode.IsSpace(r):
		return ' '
	}
	if d := decimal(r); d >= 0 {
		return '0' + d
	}
	switch r {
	case '\u2018', '\u2019', '\u02bc':
		return '\''
	case '\u201c', '\u201d':
		return '"'
	case 'ς':
		return 'σ'
	case 'ſ':
		return 's'
	}
	return unicode.ToLower(r)
}

// foldTerm folds a word or phrase, with each run of white space made one blank
// and none at its ends.
func foldTerm(s string) string {
	var b strings.Builder
	blank := false
	for _, r := range s {
		r = fold(r)
		if r == ' ' {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isWord tells whether r belongs to words rather than between them.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlnum(byte(r))
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// Unspaced tells whether r is of a script that sets no blanks between words,
// or, as Korean, hangs endings on them, so that a word may begin or end anywhere.
func Unspaced(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r <= 0x0eff: // Thai, Lao
		return true
	case r >= 0x1000 && r <= 0x11ff: // Myanmar, Georgian in between, Hangul Jamo
		return r < 0x10a0 || r >= 0x1100
	case r >= 0x1780 && r <= 0x17ff: // Khmer
		return true
	case r >= 0x1950 && r <= 0x19ff, r >= 0x1a20 && r <= 0x1aaf, r >= 0x1b00 && r <= 0x1b7f: // Tai Le, New Tai Lue, Tai Tham, Balinese
		return true
	case r >= 0xa960 && r <= 0xa9ff, r >= 0xaa60 && r <= 0xaadf: // Javanese, Tai Viet, and more of Hangul and Myanmar
		return true
	case r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7ff, r >= 0xf900 && r <= 0xfaff, r >= 0xff66 && r <= 0xffdc:
		return true
	}
	return r >= 0x16fe0 && r <= 0x18dff || r >= 0x1aff0 && r <= 0x1b2ff || r >= 0x20000 && r <= 0x3ffff
}

// joined tells whether two neighbouring characters lie inside one word.
func joined(a, b rune) bool {
	return isWord(a) && isWord(b) && !Unspaced(a) && !Unspaced(b)
}

// edge tells whether a word may begin or end before octet i of the text.
func edge(text string, i int) bool {
	if i <= 0 || i >= len(text) {
		return true
	}
	if a, b := text[i-1], text[i]; a < utf8.RuneSelf && b < utf8.RuneSelf {
		return !isAlnum(a) || !isAlnum(b)
	}
	a, _ := utf8.DecodeLastRuneInString(text[:i])
	b, _ := utf8.DecodeRuneInString(text[i:])
	return !joined(a, b)
}

// Narrow gives the text with full-width digits and letters, and the decimal digits
// of all scripts, made ASCII, one character for one; the same text when there is
// none.
func Narrow(text string) string { return narrow(text) }

// narrow gives the text with full-width digits and letters, and the decimal
// digits of all scripts, made ASCII, one character for one; the same text when
// there is none.
func narrow(text string) string {
	for i := 0; i < len(text); i++ {
		if mayNarrow[text[i]] {
			if r, _ := utf8.DecodeRuneInString(text[i:]); narrowRune(r) != r {
				return text[:i] + strings.Map(narrowRune, text[i:])
			}
		}
	}
	return text
}

// mayNarrow holds the octets with which a character that narrow changes begins
// in UTF-8.
var mayNarrow = func() (t [256]bool) {
	var b [utf8.UTFMax]byte
	for _, ranges := range [][]unicode.Range16{unicode.Nd.R16, {{Lo: 0xff01, Hi: 0xff5e}}} {
		for _, r := range ranges {
			for c := rune(r.Lo); c <= rune(r.Hi); c++ {
				utf8.EncodeRune(b[:], c)
				t[b[0]] = t[b[0]] || c >= utf8.RuneSelf
			}
		}
	}
	t[0xf0] = true // digits beyond 16 bits
	return t
}()

func narrowRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xfee0
	case r >= 0x2000 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3:
		return r // symbols, kana, Han and Hangul, none of which are digits
	}
	if d := decimal(r); d >= 0 {
		return '0' + d
	}
	return r
}

// decimal gives the value of a decimal digit of any script, or -1. Unicode
// encodes them in rows of ten that begin with the zero.
func decimal(r rune) rune {
	const first = 0x660 // beyond ASCII
	if r < first || !unicode.Is(unicode.Nd, r) {
		return -1
	}
	for _, t := range unicode.Nd.R16 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return -1
}
