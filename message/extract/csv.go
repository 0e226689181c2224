package extract

import (
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

var formatCSV = Format{
	Name:       "CSV",
	MediaTypes: []string{"text/csv", "text/tab-separated-values"},
	Extensions: []string{"csv", "tsv"},
	plain:      true,
	rank:       byWords,
	sniff:      isCSV,
	read:       readCSV,
}

// isCSV tells by name or label whether text is a table; content alone cannot.
func isCSV(r *reader) bool {
	t, ext := r.hintType(), r.extension()
	labelled := t == "text/csv" || t == "application/csv" || t == "text/tab-separated-values" || ext == "csv" || ext == "tsv"
	return labelled && (r.looksLikeText() || utf16Like(r.content))
}

// readCSV writes one row a line, cells parted by tabs, so that numbers of two
// cells never join. It takes any of the usual separators (RFC 4180 and what
// programs make of it).
func readCSV(r *reader) {
	content := r.needed()
	label := r.hint.Charset
	if label == "" && utf16Like(content) {
		label = "utf-16"
	}
	s := charset.Text(content, label)
	c := csvReader{s: s, sep: separator(s)}
	var rows strings.Builder
	for n := 0; c.i < len(c.s); n++ {
		if n%256 == 0 && r.expired() {
			break
		}
		cell, end := c.cell()
		if n == 0 {
			rows.Grow(min(len(c.s), csvPortion) + len(cell) + len(end))
		}
		rows.WriteString(cell)
		rows.WriteString(end)
		if rows.Len() >= csvPortion {
			r.write(rows.String())
			rows.Reset()
			if r.ended {
				return
			}
		}
	}
	ended := r.ended
	r.ended = false
	r.write(rows.String())
	r.ended = r.ended || ended
	if len(content) < len(r.content) {
		r.end(limitCharacters)
	}
}

// csvPortion is how many octets of rows are written at a time.
const csvPortion = 64 << 10

type csvReader struct {
	s   string
	i   int
	sep byte
	// plain is set once a quotation mark was found that is never closed: later
	// ones stand for themselves.
	plain bool
}

// separator is the character that occurs most often in the first line.
func separator(s string) byte {
	line, _, _ := strings.Cut(s, "\n")
	line = line[:min(len(line), 4096)]
	if sep, found := strings.CutPrefix(line, "sep="); found && sep != "" {
		return sep[0]
	}
	best := byte(',')
	for _, c := range []byte(";\t|") {
		if strings.Count(line, string(c)) > strings.Count(line, string(best)) {
			best = c
		}
	}
	return best
}

// cell gives the next cell and what parts it from the one behind it.
func (c *csvReader) cell() (cell, end string) {
	if !c.plain && c.s[c.i] == '"' {
		if text, n, ok := quotedCell(c.s[c.i:]); ok {
			c.i += n
			rest, end := c.bare()
			return text + rest, end
		}
		c.plain = true
	}
	return c.bare()
}

// bare reads as far as the separator or the line end.
func (c *csvReader) bare() (cell, end string) {
	start := c.i
	for ; c.i < len(c.s); c.i++ {
		switch ch := c.s[c.i]; {
		case ch == c.sep:
			cell = c.s[start:c.i]
			c.i++
			return cell, "\t"
		case ch == '\n' || ch == '\r':
			cell = c.s[start:c.i]
			c.i++
			if ch == '\r' && c.i < len(c.s) && c.s[c.i] == '\n' {
				c.i++
			}
			return cell, "\n"
		}
	}
	return c.s[start:], ""
}

// quotedCell reads the quoted cell that begins s: line ends become blanks, so
// that a row stays a line.
func quotedCell(s string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			if i+1 < len(s) && s[i+1] == '"' {
				b.WriteByte('"')
				i++
				continue
			}
			return b.String(), i + 1, true
		case '\r', '\n':
			b.WriteByte(' ')
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}
