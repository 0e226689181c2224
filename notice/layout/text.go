package layout

import (
	"strings"
	"unicode/utf8"
)

// width is how long lines of the text become at most, in characters.
const width = 76

// Text renders the page as plain text with LF line ends, the last line ended.
func (p Page) Text() string {
	var b strings.Builder
	for _, block := range textBlocks(p.Blocks, width) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(block)
	}
	return b.String()
}

// textBlocks gives the text of each block that shows something.
func textBlocks(blocks []Block, width int) []string {
	var all []string
	for i := range blocks {
		if !blocks[i].empty() {
			all = append(all, blocks[i].plain(width))
		}
	}
	return all
}

// plain gives the lines of a block, each ended by LF.
func (b *Block) plain(width int) string {
	switch b.kind {
	case kindTitle:
		return underlined(b.text, "=", width)
	case kindHeading:
		return underlined(b.text, "-", width)
	case kindSubheading, kindParagraph, kindSmall:
		return wrapped(b.text, "", "", width)
	case kindCallout:
		inside := textBlocks(b.inside, width-2)
		if strings.TrimSpace(b.text) != "" {
			inside = append([]string{underlined(b.text, "-", width-2)}, inside...)
		}
		return barred(strings.Join(inside, "\n"))
	case kindList:
		var lines strings.Builder
		for _, item := range b.items {
			lines.WriteString(wrapped(item, "* ", "  ", width))
		}
		return lines.String()
	case kindFacts:
		return factLines(b.rows, width)
	case kindTable:
		return tableLines(append([][]string{b.items}, b.rows...), width)
	case kindQuote:
		return wrapped(b.text, "> ", "> ", width)
	case kindLink:
		return wrapped(b.text+": "+shown(b.url), "", "    ", width)
	case kindButton:
		return wrapped(b.text, "", "", width) + wrapped(b.url, "    ", "    ", width)
	case kindWritten:
		return wrapped(strings.Trim(b.text, "\n"), "", "", width)
	}
	return ""
}

// underlined gives a heading.
func underlined(text, with string, width int) string {
	lines := wrapped(text, "", "", width)
	longest := 0
	for line := range strings.Lines(lines) {
		longest = max(longest, utf8.RuneCountInString(line)-1)
	}
	return lines + strings.Repeat(with, min(longest, width)) + "\n"
}

// factLines puts labels beside their values where they are short, else above.
func factLines(rows [][]string, width int) string {
	column := 0
	for _, row := range rows {
		column = max(column, utf8.RuneCountInString(row[0])+2)
	}
	var b strings.Builder
	for _, row := range rows {
		label := oneLine(row[0]) + ":"
		if column > width/2 {
			b.WriteString(wrapped(label, "", "", width) + wrapped(row[1], "    ", "    ", width))
			continue
		}
		label += strings.Repeat(" ", column-utf8.RuneCountInString(label))
		b.WriteString(wrapped(row[1], label, strings.Repeat(" ", column), width))
	}
	return b.String()
}

// tableLines lines up columns where they fit, and puts each cell on a line of its
// own where they do not.
func tableLines(rows [][]string, width int) string {
	columns := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			columns[i] = max(columns[i], utf8.RuneCountInString(oneLine(cell)))
		}
	}
	total := 0
	for _, w := range columns {
		total += w + 2
	}
	var b strings.Builder
	for n, row := range rows {
		if total-2 > width {
			if n > 0 {
				b.WriteByte('\n')
			}
			for i, cell := range row {
				indent := strings.Repeat(" ", min(i, 1)*4)
				if cell = oneLine(cell); cell != "" {
					b.WriteString(wrapped(cell, indent, indent, width))
				}
			}
			continue
		}
		var line strings.Builder
		for i, cell := range row {
			cell = oneLine(cell)
			line.WriteString(cell + strings.Repeat(" ", columns[i]+2-utf8.RuneCountInString(cell)))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		if n == 0 {
			b.WriteString(strings.Repeat("-", total-2) + "\n")
		}
	}
	return b.String()
}

// wrapped breaks text into lines of at most width characters, the first opened
// with first and all others with other. Line ends of the text are kept, and words
// are never broken.
func wrapped(text, first, other string, width int) string {
	var b strings.Builder
	open := first
	for line := range strings.SplitSeq(text, "\n") {
		column, words := 0, 0
		b.WriteString(open)
		column = utf8.RuneCountInString(open)
		for word := range strings.FieldsSeq(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case words > 0 && column+1+n > width:
				b.WriteString("\n" + other)
				column = utf8.RuneCountInString(other)
			case words > 0:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column, words = column+n, words+1
		}
		b.WriteByte('\n')
		open = other
	}
	// No line ends in a blank: transport may drop them, and so break a signature.
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// barred puts a bar before each line.
func barred(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("| "+strings.TrimSuffix(line, "\n"), " ") + "\n")
	}
	return b.String()
}
