// Package layout lays out the mail that Postern writes. A [Page] is one tree of
// blocks; it is rendered to HTML and to plain text, and both say the same because
// both are made of the same blocks in the same order.
//
// The HTML is for mail programs: its style is inline, with a style element only for
// dark colours and printing, and it loads nothing from anywhere. It holds at a width of
// 360 pixels, names its language, has real headings and tables with header cells,
// and keeps a contrast of 4.5 and more (WCAG 2.2, 1.4.3) in light and in dark. The
// text has lines of at most 78 characters (RFC 5322, section 2.1.1), longer ones
// only where a word is longer.
//
// All text is data: whatever is given stands in the page as it is, markup
// included. The one exception is [Written], for markup that was made safe before.
package layout

import (
	"strings"
	"unicode"
)

// Page is what one mail says.
type Page struct {
	// Language is a BCP 47 tag, as "en" or "de".
	Language string
	// Title is the title of the HTML document, for programs that show it; it is not
	// shown in the page and so not in the text.
	Title  string
	Blocks []Block
}

// Severity chooses the colours of a callout. It is never the only carrier of what
// a callout says.
type Severity int

// The severities.
const (
	Info Severity = iota
	Good
	Warning
	Danger
)

// Block is one piece of a page, made by one of the functions of this package.
type Block struct {
	kind     kind
	severity Severity
	text     string
	url      string
	items    []string
	rows     [][]string
	inside   []Block
}

type kind int

const (
	kindNone kind = iota
	kindTitle
	kindHeading
	kindSubheading
	kindParagraph
	kindCallout
	kindList
	kindFacts
	kindTable
	kindQuote
	kindLink
	kindButton
	kindSmall
	kindWritten
)

// Title is the first heading of a page, its level 1.
func Title(text string) Block { return Block{kind: kindTitle, text: clean(text)} }

// Heading opens a section of a page.
func Heading(text string) Block { return Block{kind: kindHeading, text: clean(text)} }

// Subheading opens a section of a section.
func Subheading(text string) Block { return Block{kind: kindSubheading, text: clean(text)} }

// Paragraph is running text. LF breaks a line.
func Paragraph(text string) Block { return Block{kind: kindParagraph, text: clean(text)} }

// Paragraphs makes a paragraph of each piece of text between blank lines.
func Paragraphs(text string) []Block {
	var all []Block
	for piece := range strings.SplitSeq(clean(text), "\n\n") {
		if piece = strings.Trim(piece, "\n"); strings.TrimSpace(piece) != "" {
			all = append(all, Paragraph(piece))
		}
	}
	return all
}

// Callout is a coloured box: what has to be seen first. Its title may be empty.
func Callout(s Severity, title string, inside ...Block) Block {
	return Block{kind: kindCallout, severity: s, text: clean(title), inside: inside}
}

// List is a bullet list.
func List(items ...string) Block { return Block{kind: kindList, items: cleanAll(items)} }

// Fact is a label and what it is the label of.
type Fact struct{ Label, Value string }

// Facts are rows of labels and values. Rows without a value are left out.
func Facts(facts ...Fact) Block {
	b := Block{kind: kindFacts}
	for _, f := range facts {
		if value := clean(f.Value); strings.TrimSpace(value) != "" {
			b.rows = append(b.rows, []string{clean(f.Label), value})
		}
	}
	return b
}

// Table has a header row and rows of as many cells; missing cells are empty, and
// further ones are left out.
func Table(header []string, rows ...[]string) Block {
	b := Block{kind: kindTable, items: cleanAll(header)}
	for _, row := range rows {
		cells := make([]string, len(header))
		copy(cells, cleanAll(row))
		b.rows = append(b.rows, cells)
	}
	return b
}

// Quote is text of somebody else, line by line as it stands.
func Quote(text string) Block { return Block{kind: kindQuote, text: clean(text)} }

// Link leads to a page on the web. The address is shown, so that people see where
// they are sent. An address that is no http, https or mailto URL is shown without
// being a link.
func Link(label, url string) Block {
	return Block{kind: kindLink, text: clean(label), url: oneLine(url)}
}

// Button is a link that is the next thing to do. Its address is shown below it.
func Button(label, url string) Block {
	return Block{kind: kindButton, text: clean(label), url: oneLine(url)}
}

// Small is small print.
func Small(text string) Block { return Block{kind: kindSmall, text: clean(text)} }

// Written is a passage of HTML that somebody else wrote and that is safe to stand
// in a page, with the text that says the same. The caller answers for both.
func Written(html, text string) Block {
	return Block{kind: kindWritten, text: clean(text), url: html}
}

// empty tells whether a block shows nothing.
func (b *Block) empty() bool {
	switch b.kind {
	case kindNone:
		return true
	case kindCallout:
		for i := range b.inside {
			if !b.inside[i].empty() {
				return false
			}
		}
	case kindList:
		return len(b.items) == 0
	case kindFacts, kindTable:
		return len(b.rows) == 0
	case kindLink, kindButton:
		return b.url == ""
	case kindWritten:
		return b.url == ""
	}
	return strings.TrimSpace(b.text) == ""
}

// clean gives text with LF line ends and without characters that mail programs
// act upon: controls other than LF and tab, and marks that turn the direction of
// writing, by which a file name can be made to look like another.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\t", " ").Replace(strings.ToValidUTF8(text, "\ufffd"))
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, text)
}

func cleanAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = clean(t)
	}
	return all
}

// oneLine makes one line of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }
