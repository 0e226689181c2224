package edit

import (
	"strings"
	"unicode/utf8"
)

// width is the most characters of a line that is laid out (RFC 5322, section
// 2.1.1, and RFC 3676, section 4.2).
const width = 76

// lay breaks text into lines. Where the part is format=flowed (RFC 3676) the breaks
// within a paragraph are soft, with a further blank under DelSp=yes, and lines that
// would be taken for quotes are stuffed. The last line of each paragraph is fixed,
// so that it is not joined with what follows.
func lay(text string, flowed, delSp bool, nl string) string {
	soft := ""
	if flowed {
		soft = " "
		if delSp {
			soft = "  "
		}
	}
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString(nl)
		}
		column := 0
		for _, word := range strings.FieldsFunc(paragraph, func(r rune) bool { return r == ' ' || r == '\t' }) {
			n := utf8.RuneCountInString(word)
			switch {
			case column == 0:
			case column+1+n+len(soft) > width:
				b.WriteString(soft + nl)
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			if column == 0 && flowed && (word[0] == '>' || word == "From") {
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += n
		}
	}
	return b.String()
}

// key is text without white space, to compare texts that were laid out in
// different ways.
func key(text string) string {
	return strings.Join(strings.Fields(text), "")
}
