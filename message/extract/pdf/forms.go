package pdf

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// cleanForms undoes ligatures and the shapes that letters take in words, and
// drops what is no character.
func cleanForms(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 0xfb00 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc:
			b.WriteString(norm.NFKC.String(string(r)))
		case r >= 0xf020 && r <= 0xf07e:
			b.WriteRune(r - 0xf000) // the codes of a font of symbols
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r < ' ' || r == utf8.RuneError:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// asSeen turns the text of one glyph that is read from right to left around, as
// if its letters were glyphs.
func asSeen(s string) string {
	if r, size := utf8.DecodeRuneInString(s); size == len(s) || !isRTL(r) {
		return s
	}
	letters := []rune(s)
	slices.Reverse(letters)
	return string(letters)
}

func isRTL(r rune) bool {
	return r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc
}

// isRightToLeft tells whether most letters of a text run from right to left.
func isRightToLeft(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case isRTL(r) && unicode.IsLetter(r):
			n++
		case unicode.IsLetter(r):
			n--
		}
	}
	return n > 0
}

// logical turns a line that is written from left to right as it is seen into the
// order in which it is read.
func logical(s string) string {
	if !strings.ContainsFunc(s, isRTL) {
		return s
	}
	var runs [][]rune
	var kinds []bool
	for _, r := range s {
		right := isRTL(r) && !unicode.IsDigit(r)
		neutral := !right && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		n := len(runs) - 1
		if n >= 0 && (kinds[n] == right || neutral) {
			runs[n] = append(runs[n], r)
			continue
		}
		runs, kinds = append(runs, []rune{r}), append(kinds, right)
	}
	for i, run := range runs {
		if kinds[i] {
			slices.Reverse(run)
			continue
		}
		// A blank behind a number belongs to the words around.
		end := len(run)
		for end > 0 && (run[end-1] == ' ' || run[end-1] == '\t') {
			end--
		}
		if i+1 < len(runs) && end < len(run) {
			runs[i+1] = append(slices.Clone(run[end:]), runs[i+1]...)
			if kinds[i+1] {
				runs[i+1] = append([]rune(nil), runs[i+1]...)
			}
			runs[i] = run[:end]
		}
	}
	if isRightToLeft(s) {
		slices.Reverse(runs)
	}
	var b strings.Builder
	for _, run := range runs {
		b.WriteString(string(run))
	}
	return b.String()
}
