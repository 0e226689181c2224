package extract

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

var formatExcel = officeFormat("Microsoft Excel", true, "xlsx", "xlsm", "xltx", "xltm", "xlam")

// workbook is what the sheets of a workbook share.
type workbook struct {
	shared   sharedStrings
	cells    []*numberFormat // by the number of a cell's format; nil is General
	codes    formatCodes
	from1904 bool // dates count from 1904
}

// sheetOf is a sheet as the workbook lists it.
type sheetOf struct {
	name string
	at   *part
}

// readWorkbook writes the sheets in their order, each with its comments, text
// boxes and charts, and then the names that the workbook defines and the strings
// that no cell has any more.
func (p *officePackage) readWorkbook(main *part) {
	wb := &workbook{codes: formatCodes{}}
	var sheets []sheetOf
	var names []string
	inName, name := false, ""
	var value []byte
	p.load(main, func(src io.Reader) {
		p.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
			switch {
			case kind == xmlText:
				if inName && p.allow(len(value) < longestName) {
					value = append(value, x.text...)
				}
			case kind == xmlEnd:
				if inName && string(x.name) == "definedName" {
					inName = false
					names = appendDefined(names, name, string(value))
				}
			case string(x.name) == "workbookPr":
				wb.from1904 = isTrue(x.attribute("date1904"))
			case string(x.name) == "sheet" && p.allow(len(sheets) < mostRelations):
				sheets = append(sheets, sheetOf{x.attribute("name"), p.relation(main, x.related())})
			case string(x.name) == "definedName":
				inName, name, value = true, x.attribute("name"), value[:0]
			}
			return true
		})
	})
	for _, at := range p.related(main, "styles") {
		p.load(at, func(src io.Reader) { wb.readStyles(p.reader, src) })
	}
	for _, at := range p.sharedParts(main) {
		p.load(at, func(src io.Reader) { wb.shared.readXML(p.reader, src) })
	}
	p.writeSheets(wb, sheets, names, func(at *part) { p.readSheet(at, wb) })
}

// longestName bounds the formula of a defined name, in octets.
const longestName = 64 << 10

func isTrue(s string) bool { return s == "1" || s == "true" || s == "on" }

// appendDefined keeps a defined name, unless Excel made it up itself.
func appendDefined(names []string, name, value string) []string {
	if strings.HasPrefix(name, "_xlnm.") || len(names) >= mostRelations {
		return names
	}
	return append(names, name+"\t"+value)
}

func (p *officePackage) sharedParts(main *part) []*part {
	if list := p.related(main, "sharedStrings"); len(list) > 0 {
		return list
	}
	for _, name := range [...]string{"xl/sharedstrings.xml", "xl/sharedstrings.bin"} {
		if at := p.byPath[name]; at != nil {
			return []*part{at}
		}
	}
	return nil
}

// writeSheets writes sheets, and what is not on any.
func (p *officePackage) writeSheets(wb *workbook, sheets []sheetOf, names []string, read func(*part)) {
	for _, s := range sheets {
		if p.expired() {
			return
		}
		p.newLine()
		p.write(s.name + "\n")
		if s.at != nil {
			read(s.at)
		}
	}
	for _, at := range p.sorted() {
		if m := p.markupOf(at); m != "" || strings.HasPrefix(at.path, "xl/worksheets/sheet") {
			read(at) // one that the workbook does not list
		}
	}
	for _, n := range names {
		if p.expired() {
			return
		}
		p.newLine()
		p.write(n + "\n")
	}
	wb.shared.writeUnused(p.reader)
}

// readStyles keeps the number formats of cells (ECMA-376, part 1, section 18.8).
func (wb *workbook) readStyles(r *reader, src io.Reader) {
	own := map[string]string{}
	inCells := false
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch {
		case kind == xmlEnd && string(x.name) == "cellXfs":
			inCells = false
		case kind != xmlStart:
		case string(x.name) == "cellXfs":
			inCells = true
		case string(x.name) == "numFmt":
			if len(own) < mostFormats {
				own[x.attribute("numFmtId")] = x.attribute("formatCode")
			}
		case inCells && string(x.name) == "xf" && len(wb.cells) < 1<<16:
			id := x.attribute("numFmtId")
			code, have := own[id]
			if !have {
				n, _ := strconv.Atoi(id)
				code = builtinFormats[n]
			}
			wb.cells = append(wb.cells, wb.codes.code(code))
		}
		return true
	})
}

// format gives the format of the cell style with a number.
func (wb *workbook) format(style int) *numberFormat {
	if style < 0 || style >= len(wb.cells) {
		return nil
	}
	return wb.cells[style]
}

// sharedStrings are the texts of cells, which cells name by their number.
type sharedStrings struct {
	text []byte
	ends []uint32
	used []uint64 // a bit for each
}

// mostShared bounds the shared strings, in octets.
const mostShared = 64 << 20

// readXML reads the table (ECMA-376, part 1, section 18.4). How a text is spoken
// stands behind it.
func (t *sharedStrings) readXML(r *reader, src io.Reader) {
	inText := false
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			switch string(x.name) {
			case "t":
				inText = true
			case "rPh":
				t.text = append(t.text, ' ')
			}
		case xmlText:
			if inText {
				t.text = appendCellText(t.text, x.text)
			}
		case xmlEnd:
			switch string(x.name) {
			case "t":
				inText = false
			case "si":
				return t.end(r)
			}
		}
		return true
	})
}

// end keeps the string that was begun.
func (t *sharedStrings) end(r *reader) bool {
	if len(t.text) > mostShared {
		r.fail(Truncated, limitCharacters)
		return false
	}
	t.ends = append(t.ends, uint32(len(t.text)))
	return true
}

// at gives the string with a number.
func (t *sharedStrings) at(n int) []byte {
	if n < 0 || n >= len(t.ends) {
		return nil
	}
	if t.used == nil {
		t.used = make([]uint64, len(t.ends)/64+1)
	}
	t.used[n/64] |= 1 << (n % 64)
	return t.string(n)
}

func (t *sharedStrings) string(n int) []byte {
	from := uint32(0)
	if n > 0 {
		from = t.ends[n-1]
	}
	return t.text[from:t.ends[n]]
}

// writeUnused writes the strings that no cell has: what was deleted may be left.
func (t *sharedStrings) writeUnused(r *reader) {
	for n := range t.ends {
		if t.used != nil && t.used[n/64]&(1<<(n%64)) != 0 {
			continue
		}
		if n%256 == 0 && r.expired() {
			return
		}
		if s := t.string(n); len(s) > 0 {
			r.newLine()
			r.write(string(s) + "\n")
		}
	}
}

// appendCellText appends text of a cell, in one line.
func appendCellText(dst, text []byte) []byte {
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\t') < 0 && bytes.IndexByte(text, '_') < 0 {
		return append(dst, text...)
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\n' || c == '\t' || c == '\r':
			c = ' '
		case c == '_' && i+6 < len(text) && text[i+1] == 'x' && text[i+6] == '_':
			// A character that XML has none of (section 22.9.2.19).
			if n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16); err == nil {
				if n < ' ' {
					n = ' '
				}
				dst = append(dst, string(rune(n))...)
				i += 6
				continue
			}
		}
		dst = append(dst, c)
	}
	return dst
}
