package classify

import (
	"strings"
	"unicode/utf8"
)

// begins tells whether a value may begin with w: not inside a longer word,
// behind a sign that makes w part of a longer number, or behind another group of
// digits and a point or dash.
func (f *finder) begins(w *word) bool {
	i := w.start
	if i == 0 {
		return true
	}
	if !edge(f.text, i) {
		return false
	}
	switch c := f.text[i-1]; {
	case c == '+':
		return false
	case c == '.' || c == '-' && w.len() < longRun:
		return i < 2 || !isDigit(f.text[i-2]) || !isDigit(f.text[i])
	}
	return true
}

// longRun is the length from which an undivided run is a value of its own even
// where a dash and digits are next to it, as in lists of cards with their dates.
const longRun = 13

// ends tells whether the value may end at an octet, as begins does; and not before
// the rest of a name, when it has points in it.
func (f *finder) ends(end int) bool {
	if end == len(f.text) {
		return true
	}
	if !edge(f.text, end) {
		return false
	}
	c := f.text[end]
	if c == '.' && end+1 < len(f.text) && alnum[f.text[end+1]] == classSmall && strings.IndexByte(f.text[f.start:end], '.') >= 0 {
		return false // of a name, as in 17.113.0.203.in-addr.arpa
	}
	if c != '.' && c != '-' || end+1 == len(f.text) || !isDigit(f.text[end+1]) || !isDigit(f.text[end-1]) {
		return true
	}
	if c == '-' && end-f.start >= longRun {
		for i := f.start; i < end; i++ {
			if f.text[i] == '-' {
				return false
			}
		}
		return true
	}
	return false
}

// delimiterAt gives the kind of the delimiter at octet i of the text, 0 for none,
// and its size in octets.
func delimiterAt(text string, i int) (kind uint8, size int) {
	if i >= len(text) {
		return 0, 0
	}
	if c := text[i]; c < utf8.RuneSelf {
		return kinds[c], 1
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	return wideKind(r), size
}

// delimiterBefore gives the delimiter that ends at octet i.
func delimiterBefore(text string, i int) (kind uint8, size int) {
	if i == 0 {
		return 0, 0
	}
	if c := text[i-1]; c < utf8.RuneSelf {
		return kinds[c], 1
	}
	r, size := utf8.DecodeLastRuneInString(text[:i])
	return wideKind(r), size
}

var kinds = func() (t [256]uint8) {
	for c := range t {
		t[c] = delimiterKind(byte(c))
	}
	return t
}()

// wideKind gives the kind of a delimiter beyond ASCII: blanks and dashes as word
// processors and web pages set them.
func wideKind(r rune) uint8 {
	switch {
	case r == 0x00a0, r >= 0x2000 && r <= 0x200a, r == 0x202f, r == 0x205f, r == 0x3000:
		return delimiterKind(' ')
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xfe63, r == 0xff0d:
		return delimiterKind('-')
	}
	return 0
}
