package extract

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"path"
	"strings"
)

var formatExcelBinary = officeFormat("Microsoft Excel binary", true, "xlsb")

// The records of binary workbooks that are read ([MS-XLSB], section 2.3).
const (
	brtRowHdr            = 0
	brtCellBlank         = 1
	brtCellRk            = 2
	brtCellError         = 3
	brtCellBool          = 4
	brtCellReal          = 5
	brtCellSt            = 6
	brtCellIsst          = 7
	brtFmlaString        = 8
	brtFmlaNum           = 9
	brtFmlaBool          = 10
	brtFmlaError         = 11
	brtShortBlank        = 12
	brtShortIsst         = 18
	brtSSTItem           = 19
	brtName              = 39
	brtFmt               = 44
	brtXF                = 47
	brtCellRString       = 62
	brtWbProp            = 153
	brtBundleSh          = 156
	brtBeginHeaderFooter = 479
	brtHLink             = 494
	brtBeginCellXFs      = 617
	brtEndCellXFs        = 618
	brtCommentAuthor     = 632
	brtCommentText       = 637
)

// eachRecord goes over the records of a binary part (section 2.1.4) until visit
// says false. A record is valid until the next one.
func (r *reader) eachRecord(src io.Reader, visit func(id int, data []byte) bool) {
	in := bufio.NewReaderSize(src, 32<<10)
	var room bytes.Buffer
	varint := func(bytes int) (int, error) {
		n := 0
		for i := range bytes {
			b, err := in.ReadByte()
			if err != nil {
				return n, err
			}
			n |= int(b&0x7f) << (7 * i)
			if b&0x80 == 0 {
				break
			}
		}
		return n, nil
	}
	for n := 0; ; n++ {
		if n%256 == 0 && r.expired() {
			return
		}
		id, err := varint(2)
		if err == io.EOF {
			return
		}
		size, err := varint(4)
		if err != nil {
			r.fail(Corrupt, "a damaged binary workbook")
			return
		}
		room.Reset()
		if got, _ := io.CopyN(&room, in, int64(size)); got < int64(size) {
			r.fail(Corrupt, "a damaged binary workbook")
			visit(id, room.Bytes())
			return
		}
		if !visit(id, room.Bytes()) || r.ended {
			return
		}
	}
}

// wideString reads a string that begins with its length in characters, and gives
// what follows; a length of all ones is none.
func wideString(b []byte) (text string, rest []byte) {
	if len(b) < 4 {
		return "", nil
	}
	n := int64(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if n == math.MaxUint32 {
		return "", b
	}
	n = min(2*n, int64(len(b)))
	return utf16leText(b[:n]), b[n:]
}

// richString reads a text with formats and how it is spoken.
func richString(b []byte) string {
	if len(b) < 1 {
		return ""
	}
	flags := b[0]
	text, rest := wideString(b[1:])
	if flags&1 != 0 && len(rest) >= 4 {
		n := 4 * int64(binary.LittleEndian.Uint32(rest))
		rest = rest[4:]
		rest = rest[min(n, int64(len(rest))):]
	}
	if flags&2 != 0 {
		if spoken, _ := wideString(rest); spoken != "" {
			text += " " + spoken
		}
	}
	return text
}

// readBinaryWorkbook is like readWorkbook for binary parts.
func (p *officePackage) readBinaryWorkbook(main *part) {
	wb := &workbook{codes: formatCodes{}}
	var sheets []sheetOf
	var names []string
	p.load(main, func(src io.Reader) {
		p.eachRecord(src, func(id int, b []byte) bool {
			switch {
			case id == brtWbProp && len(b) > 0:
				wb.from1904 = b[0]&1 != 0
			case id == brtBundleSh && len(b) > 8 && p.allow(len(sheets) < mostRelations):
				rel, rest := wideString(b[8:])
				name, _ := wideString(rest)
				sheets = append(sheets, sheetOf{name, p.relation(main, rel)})
			case id == brtName && len(b) > 9:
				name, _ := wideString(b[9:])
				names = appendDefined(names, name, "")
			}
			return true
		})
	})
	for _, at := range p.related(main, "styles") {
		p.load(at, func(src io.Reader) { wb.readBinaryStyles(p.reader, src) })
	}
	for _, at := range p.sharedParts(main) {
		p.load(at, func(src io.Reader) {
			p.eachRecord(src, func(id int, b []byte) bool {
				if id != brtSSTItem {
					return true
				}
				wb.shared.text = appendCellText(wb.shared.text, []byte(richString(b)))
				return wb.shared.end(p.reader)
			})
		})
	}
	p.writeSheets(wb, sheets, names, func(at *part) { p.readBinarySheet(at, wb) })
}

func (wb *workbook) readBinaryStyles(r *reader, src io.Reader) {
	own := map[int]string{}
	inCells := false
	r.eachRecord(src, func(id int, b []byte) bool {
		switch {
		case id == brtBeginCellXFs:
			inCells = true
		case id == brtEndCellXFs:
			inCells = false
		case id == brtFmt && len(b) > 2 && len(own) < mostFormats:
			own[int(binary.LittleEndian.Uint16(b))], _ = wideString(b[2:])
		case id == brtXF && inCells && len(b) >= 4 && len(wb.cells) < 1<<16:
			n := int(binary.LittleEndian.Uint16(b[2:]))
			code, have := own[n]
			if !have {
				code = builtinFormats[n]
			}
			wb.cells = append(wb.cells, wb.codes.code(code))
		}
		return true
	})
}

// cellErrors are the values of errors (section 2.5.97.2).
var cellErrors = map[byte]string{0: "#NULL!", 7: "#DIV/0!", 0x0f: "#VALUE!", 0x17: "#REF!", 0x1d: "#NAME?", 0x24: "#NUM!", 0x2a: "#N/A", 0x2b: "#GETTING_DATA"}

// readBinarySheet is like readSheet for binary parts.
func (p *officePackage) readBinarySheet(at *part, wb *workbook) {
	if at == nil || at.done {
		return
	}
	if path.Ext(at.path) == ".xml" {
		p.readSheet(at, wb)
		return
	}
	if strings.HasSuffix(at.kind, "Macrosheet") {
		p.doc.Executable = "Excel 4.0 macros"
	}
	s := sheetWriter{reader: p.reader, wb: wb}
	var notes []string
	p.load(at, func(src io.Reader) {
		p.eachRecord(src, func(id int, b []byte) bool {
			switch {
			case id == brtRowHdr:
				s.endRow()
			case id >= brtCellBlank && id <= brtFmlaError || id == brtCellRString:
				if len(b) >= 8 {
					style := int(binary.LittleEndian.Uint32(b[4:]) & 0xffffff)
					s.binaryCell(id, int(binary.LittleEndian.Uint32(b)&0xfffff), style, b[8:])
				}
			case id >= brtShortBlank && id <= brtShortIsst:
				if len(b) >= 4 {
					s.binaryCell(id-brtShortBlank+brtCellBlank, s.next, int(binary.LittleEndian.Uint32(b)&0xffffff), b[4:])
				}
			case id == brtBeginHeaderFooter && len(b) > 2:
				for rest := b[2:]; len(rest) >= 4; {
					var text string
					text, rest = wideString(rest)
					notes = append(notes, headerLines(text)...)
				}
			case id == brtHLink && len(b) > 16:
				_, rest := wideString(b[16:])
				for range 3 { // location, tip and text
					var text string
					text, rest = wideString(rest)
					notes = append(notes, text)
				}
			}
			return p.allow(len(notes) < mostRelations)
		})
		s.endRow()
		s.flush()
		p.writeRead(joinLines(notes))
	})
	p.readBelonging(at)
}

// joinLines gives lines that are not empty.
func joinLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (s *sheetWriter) binaryCell(id, col, style int, b []byte) {
	if id == brtCellBlank {
		return
	}
	s.cell(col)
	f := s.wb.format(style)
	switch id {
	case brtCellRk:
		if len(b) >= 4 {
			s.buf = f.append(s.buf, rkValue(binary.LittleEndian.Uint32(b)), s.wb.from1904)
		}
	case brtCellReal, brtFmlaNum:
		if len(b) >= 8 {
			if v := math.Float64frombits(binary.LittleEndian.Uint64(b)); v-v == 0 {
				s.buf = f.append(s.buf, v, s.wb.from1904)
			}
		}
	case brtCellError, brtFmlaError:
		if len(b) >= 1 {
			s.buf = append(s.buf, cellErrors[b[0]]...)
		}
	case brtCellBool, brtFmlaBool:
		if len(b) >= 1 && b[0] != 0 {
			s.buf = append(s.buf, "TRUE"...)
		} else {
			s.buf = append(s.buf, "FALSE"...)
		}
	case brtCellSt, brtFmlaString:
		text, _ := wideString(b)
		s.buf = appendCellText(s.buf, []byte(text))
	case brtCellIsst:
		if len(b) >= 4 {
			s.buf = append(s.buf, s.wb.shared.at(int(binary.LittleEndian.Uint32(b)&math.MaxInt32))...)
		}
	case brtCellRString:
		s.buf = appendCellText(s.buf, []byte(richString(b)))
	}
	s.portion()
}

// rkValue gives the value of a number in four octets (section 2.5.122).
func rkValue(rk uint32) float64 {
	var v float64
	if rk&2 != 0 {
		v = float64(int32(rk) >> 2)
	} else {
		v = math.Float64frombits(uint64(rk&^3) << 32)
	}
	if rk&1 != 0 {
		v /= 100
	}
	return v
}

// isBinary tells the other parts of a binary workbook.
func (p *officePackage) isBinary(at *part) bool {
	return path.Ext(at.path) == ".bin" && strings.HasPrefix(p.contentType(at), "application/vnd.ms-excel.")
}

// readBinary reads a binary part that is no sheet: comments, or what has text
// among other data.
func (p *officePackage) readBinary(at *part) {
	switch at.kind {
	case "worksheet", "xlMacrosheet", "xlIntlMacrosheet", "dialogsheet", "chartsheet":
		p.readBinarySheet(at, &workbook{codes: formatCodes{}})
		return
	}
	p.load(at, func(src io.Reader) {
		var b strings.Builder
		p.eachRecord(src, func(id int, data []byte) bool {
			switch {
			case id == brtCommentText:
				b.WriteString(richString(data) + "\n")
			case id == brtCommentAuthor:
				author, _ := wideString(data)
				b.WriteString(author + "\n")
			case at.kind != "comments":
				wideRuns(&b, data)
			}
			return b.Len() <= 4*p.lim.Characters
		})
		p.writeRead(b.String())
	})
}

// wideRuns writes the runs of letters, digits and the like in UTF-16 among other
// octets.
func wideRuns(b *strings.Builder, data []byte) {
	const shortest = 4
	for i := 0; i+1 < len(data); {
		n := i
		for n+1 < len(data) && data[n+1] == 0 && data[n] >= ' ' && data[n] < 0x7f {
			n += 2
		}
		if n-i >= 2*shortest {
			b.WriteString(utf16leText(data[i:n]) + "\n")
		}
		i = max(n, i+1)
	}
}
