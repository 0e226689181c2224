package extract

import (
	"io"
	"strings"
)

// sheetWriter writes the cells of a sheet: a row a line, a tab between cells.
type sheetWriter struct {
	*reader
	wb    *workbook
	buf   []byte
	begin int // of the row, in buf
	next  int // column behind the last cell
	has   bool
}

const (
	// mostGap bounds the tabs that keep the place of empty cells in a row.
	mostGap = 32
	// sheetPortion is written at a time, in octets.
	sheetPortion = 32 << 10
)

// cell goes to a column, from 0; one that is not behind the last follows it.
func (s *sheetWriter) cell(col int) {
	if col < s.next {
		col = s.next
	}
	gap := col - s.next
	if s.has {
		gap++
	}
	for range min(gap, mostGap) {
		s.buf = append(s.buf, '\t')
	}
	s.next, s.has = col+1, true
}

// endRow ends the line of a row that has text.
func (s *sheetWriter) endRow() {
	for n := len(s.buf); n > s.begin && s.buf[n-1] == '\t'; n-- {
		s.buf = s.buf[:n-1]
	}
	if len(s.buf) > s.begin {
		s.buf = append(s.buf, '\n')
	}
	s.begin, s.next, s.has = len(s.buf), 0, false
	if len(s.buf) > sheetPortion {
		s.flush()
	}
}

func (s *sheetWriter) flush() {
	s.writeRead(string(s.buf))
	s.buf, s.begin = s.buf[:0], 0
}

// number writes a number as its cell shows it.
func (s *sheetWriter) number(stored []byte, style int) {
	s.buf = appendNumber(s.buf, stored, s.wb.format(style), s.wb.from1904)
}

// portion gives out what a row of very many cells has so far.
func (s *sheetWriter) portion() {
	if len(s.buf) > 16*sheetPortion {
		s.flush()
	}
}

// sheetReader reads a worksheet (ECMA-376, part 1, section 18.3).
type sheetReader struct {
	sheetWriter
	value   []byte
	kind    []byte // of the cell: s, b, e, n, str, inlineStr, d
	column  int
	style   int
	inValue bool
	inCell  bool
	formula []byte
	inForm  bool
	macros  bool // the formulas are a program
	aside   []byte
	seen    map[string]bool
}

// readSheet writes the cells of a sheet, its header and footer, and then its
// comments, text boxes and charts.
func (p *officePackage) readSheet(at *part, wb *workbook) {
	if at == nil || at.done {
		return
	}
	if wb.codes == nil {
		wb.codes = formatCodes{}
	}
	s := sheetReader{sheetWriter: sheetWriter{reader: p.reader, wb: wb}}
	p.load(at, func(src io.Reader) {
		p.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
			switch kind {
			case xmlStart:
				s.start(x)
			case xmlText:
				switch {
				case s.inValue:
					s.value = append(s.value, x.text...)
				case s.inForm:
					s.formula = append(s.formula, x.text...)
				}
			case xmlEnd:
				s.end(x.name)
			}
			return p.allow(len(s.value)+len(s.formula) < mostShared)
		})
		s.endRow()
		s.buf = append(s.buf, s.aside...)
		s.flush()
	})
	p.readBelonging(at)
}

func (s *sheetReader) start(x *xmlScanner) {
	switch string(x.name) {
	case "macrosheet":
		s.macros = true
		s.doc.Executable = "Excel 4.0 macros"
	case "row":
		s.endRow()
		s.column = -1
	case "c":
		s.startCell(x)
	case "v", "t":
		s.inValue = true
	case "rPh":
		s.value = append(s.value, ' ')
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter":
		s.inValue, s.value = true, s.value[:0]
	case "f", "formula", "formula1", "formula2":
		s.inForm, s.formula = true, s.formula[:0]
	case "hyperlink":
		s.note(x.attribute("display"))
		s.note(x.attribute("tooltip"))
	case "dataValidation":
		for _, name := range [...]string{"promptTitle", "prompt", "errorTitle", "error"} {
			s.note(x.attribute(name))
		}
	}
}

func (s *sheetReader) startCell(x *xmlScanner) {
	s.inCell, s.column, s.style = true, s.column+1, -1
	s.kind, s.value, s.formula = s.kind[:0], s.value[:0], s.formula[:0]
	d := x.attributes
	for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
		name, value, end, ok := attributeAt(d, i)
		if !ok {
			break
		}
		if len(name) == 1 {
			switch name[0] {
			case 'r':
				s.column = columnOf(value, s.column)
			case 't':
				s.kind = append(s.kind, value...)
			case 's':
				s.style = number(value)
			}
		}
		i = end
	}
}

// columnOf reads the column of a reference such as AB12, from 0.
func columnOf(ref []byte, otherwise int) int {
	n := 0
	for _, c := range ref {
		switch {
		case c >= 'A' && c <= 'Z':
			n = n*26 + int(c-'A') + 1
		case c >= 'a' && c <= 'z':
			n = n*26 + int(c-'a') + 1
		default:
			if n == 0 {
				return otherwise
			}
			return n - 1
		}
		if n > 1<<20 {
			return otherwise
		}
	}
	return otherwise
}

// number reads a number that is not negative; -1 for what is none.
func number(s []byte) int {
	n := 0
	for _, c := range s {
		if c-'0' > 9 || n > 1<<30 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	if len(s) == 0 {
		return -1
	}
	return n
}

func (s *sheetReader) end(name []byte) {
	switch string(name) {
	case "row":
		s.endRow()
	case "c":
		s.endCell()
	case "v", "t":
		s.inValue = false
	case "f", "formula", "formula1", "formula2":
		s.inForm = false
		if s.macros {
			s.note(string(s.formula))
		} else {
			s.literals(s.formula)
		}
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter":
		s.inValue = false
		s.endRow()
		for _, line := range headerLines(string(s.value)) {
			s.note(line)
		}
	}
}

func (s *sheetReader) endCell() {
	if !s.inCell {
		return
	}
	s.inCell = false
	if len(s.value) == 0 {
		s.note(string(s.formula)) // one that was never calculated
		return
	}
	s.cell(s.column)
	switch string(s.kind) {
	case "s":
		s.buf = append(s.buf, s.wb.shared.at(number(s.value))...)
	case "b":
		if string(s.value) == "0" || string(s.value) == "false" {
			s.buf = append(s.buf, "FALSE"...)
		} else {
			s.buf = append(s.buf, "TRUE"...)
		}
	case "", "n":
		s.number(s.value, s.style)
	default:
		s.buf = appendCellText(s.buf, s.value)
	}
	s.portion()
}

// note keeps a text that stands beside the cells, once.
func (s *sheetReader) note(text string) {
	if text = strings.TrimSpace(text); text == "" || s.seen[text] {
		return
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if len(s.seen) < mostRelations {
		s.seen[text] = true
	}
	s.aside = append(append(s.aside, text...), '\n')
}

// literals keeps the longer texts that a formula has in quotes.
func (s *sheetReader) literals(formula []byte) {
	const shortest = 6
	f := string(formula)
	for {
		i := strings.IndexByte(f, '"')
		if i < 0 {
			return
		}
		n := strings.IndexByte(f[i+1:], '"')
		if n < 0 {
			return
		}
		if n >= shortest {
			s.note(f[i+1 : i+1+n])
		}
		f = f[i+n+2:]
	}
}

// headerLines gives the text of a header or footer without its codes for fonts,
// page numbers and pictures (ECMA-376, part 1, section 18.3.1.46).
func headerLines(code string) []string {
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		if code[i] != '&' || i+1 == len(code) {
			b.WriteByte(code[i])
			continue
		}
		i++
		switch c := code[i]; {
		case c == '&':
			b.WriteByte('&')
		case c == 'L' || c == 'C' || c == 'R':
			b.WriteByte('\n')
		case c == '"':
			if n := strings.IndexByte(code[i+1:], '"'); n >= 0 {
				i += n + 1
			}
		case c == 'K':
			i = min(i+6, len(code)-1)
		case c >= '0' && c <= '9':
			for i+1 < len(code) && code[i+1] >= '0' && code[i+1] <= '9' {
				i++
			}
		}
	}
	return strings.Split(b.String(), "\n")
}
