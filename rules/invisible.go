package rules

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/classify"
)

// mayHide holds the octets with which an invisible character begins in UTF-8.
var mayHide = func() (t [256]bool) {
	for c := range ' ' {
		t[c] = invisible(c)
	}
	for _, c := range []byte{0x7f, 0xc2, 0xcd, 0xd8, 0xdb, 0xdc, 0xe0, 0xe1, 0xe2, 0xe3, 0xef, 0xf0, 0xf3} {
		t[c] = true
	}
	return t
}()

// invisible tells the characters that a mail reader does not show and that may
// stand inside a word or a number to hide it: format characters, variation
// selectors and controls.
func invisible(c rune) bool {
	switch {
	case c < ' ':
		return c != '\t' && c != '\n' && c != '\r' && c != '\v' && c != '\f'
	case c < 0x7f:
		return false
	}
	return c <= 0x9f || unicode.In(c, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// pastPrintable passes over ASCII that is seen, from text[i] on, in steps of 16
// octets.
func pastPrintable(text string, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+16 <= len(text); i += 16 {
		s := text[i : i+16]
		x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		y := uint64(s[8]) | uint64(s[9])<<8 | uint64(s[10])<<16 | uint64(s[11])<<24 | uint64(s[12])<<32 | uint64(s[13])<<40 | uint64(s[14])<<48 | uint64(s[15])<<56
		// Below a blank, DEL, or beyond ASCII.
		if (x|(x-' '*ones)|(x+ones)|y|(y-' '*ones)|(y+ones))&highs != 0 {
			break
		}
	}
	return i
}

// firstInvisible gives the place of the first invisible character in octets, or
// -1.
func firstInvisible(text string) int {
	for i := 0; i < len(text); {
		i = pastPrintable(text, i)
		for end := min(i+16, len(text)); i < end; i++ {
			if mayHide[text[i]] {
				if c, _ := utf8.DecodeRuneInString(text[i:]); invisible(c) {
					return i
				}
			}
		}
	}
	return -1
}

// reveal gives a second reading of a text, without invisible characters and with
// letters and their marks composed (NFC), and which characters of the text are not
// in it. There is none for most texts.
func reveal(text string) (reading string, removed []int) {
	reading, removed = visible(text)
	if mayCompose(reading) {
		reading, removed = compose(reading, removed)
	}
	return reading, removed
}

// visible takes invisible characters out.
func visible(text string) (reading string, removed []int) {
	first := firstInvisible(text)
	if first < 0 {
		return text, nil
	}
	var b strings.Builder
	b.Grow(len(text))
	b.WriteString(text[:first])
	at := utf8.RuneCountInString(text[:first])
	for _, c := range text[first:] {
		if invisible(c) {
			removed = append(removed, at)
		} else {
			b.WriteRune(c)
		}
		at++
	}
	return b.String(), removed
}

// mayCompose tells whether a text holds marks that make one character with the
// letter before them, in the scripts in which programs write them apart: those of
// Latin, Greek and Cyrillic, of Kana, and the letters of Hangul.
func mayCompose(text string) bool {
	if strings.IndexByte(text, 0xcc) >= 0 || strings.IndexByte(text, 0xcd) >= 0 { // U+0300 to U+037F
		return true
	}
	return strings.Contains(text, "\u3099") || strings.Contains(text, "\u309a") || strings.Contains(text, "\xe1\x85") || strings.Contains(text, "\xe1\x86")
}

// compose makes one character of letters and their marks. Removed are the places,
// in characters of a text, of those that the reading is without already.
func compose(reading string, removed []int) (string, []int) {
	var b strings.Builder
	b.Grow(len(reading))
	all := slices.Clone(removed)
	at, known := 0, 0 // the place in the text, and the next of those removed
	pass := func(characters int) {
		for characters > 0 || known < len(removed) && removed[known] == at {
			if known < len(removed) && removed[known] == at {
				known++
				at++
				continue
			}
			step := characters
			if known < len(removed) {
				step = min(step, removed[known]-at)
			}
			at += step
			characters -= step
		}
	}
	for rest := reading; rest != ""; {
		n := norm.NFC.QuickSpanString(rest)
		pass(utf8.RuneCountInString(rest[:n]))
		b.WriteString(rest[:n])
		if rest = rest[n:]; rest == "" {
			break
		}
		n = norm.NFC.NextBoundaryInString(rest, true)
		piece, written := rest[:n], norm.NFC.String(rest[:n])
		rest = rest[n:]
		kept := min(utf8.RuneCountInString(piece), utf8.RuneCountInString(written))
		if utf8.RuneCountInString(written) > kept {
			written = piece // some characters are written as two
		}
		pass(kept)
		for range utf8.RuneCountInString(piece) - kept {
			all = append(all, at)
			at++
			pass(0)
		}
		b.WriteString(written)
	}
	slices.Sort(all)
	return b.String(), all
}

// either makes a matcher look at both readings of a text.
func either(m matcher) matcher {
	return func(text string) (string, bool) {
		what, found := m(text)
		if !found {
			if reading, removed := reveal(text); removed != nil {
				return m(reading)
			}
		}
		return what, found
	}
}

// detect looks for types in both readings of a text. Offsets are those of the
// text; what both readings show is one instance, with the higher confidence.
func detect(types *classify.Catalog, text string, wanted map[*classify.Type]bool) []classify.Detection {
	found := types.Scan(text, wanted)
	reading, removed := reveal(text)
	if removed == nil {
		return found
	}
	origin := func(offset int) int {
		return offset + sort.Search(len(removed), func(i int) bool { return removed[i]-i > offset })
	}
	for _, d := range types.Scan(reading, wanted) {
		i := slices.IndexFunc(found, func(f classify.Detection) bool { return f.Type == d.Type })
		if i < 0 {
			i = len(found)
			found = append(found, classify.Detection{Type: d.Type})
		}
		at := make(map[int]int, len(found[i].Matches))
		for j, m := range found[i].Matches {
			at[m.Offset] = j
		}
		for _, m := range d.Matches {
			end := origin(m.Offset+m.Length-1) + 1
			m.Offset = origin(m.Offset)
			m.Length = end - m.Offset
			if j, both := at[m.Offset]; !both {
				found[i].Matches = append(found[i].Matches, m)
			} else if m.Confidence > found[i].Matches[j].Confidence {
				found[i].Matches[j] = m
			}
		}
		slices.SortStableFunc(found[i].Matches, func(a, b classify.Match) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	return found
}
