package extract

import (
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// wordWriter writes a range of the text.
type wordWriter struct {
	*wordFile
	para    []byte
	fields  []int // where the codes of the open fields begin in para; -1 in results
	open    int   // fields whose code is read
	tabs    int   // cells that ended since the last text
	began   bool  // the row has text
	wasCell bool  // the last character ended a cell
	empty   int   // lines
}

// writeRange writes the characters first to end.
func (w *wordFile) writeRange(first, end int) {
	if first >= end {
		return
	}
	x := wordWriter{wordFile: w}
	i := sort.Search(len(w.pieces), func(i int) bool { return w.pieces[i].end > first })
	for ; i < len(w.pieces) && w.pieces[i].first < end; i++ {
		p := w.pieces[i]
		from, to := max(p.first, first), min(p.end, end)
		if from >= to {
			continue
		}
		first = to
		if w.r.expired() {
			return
		}
		if p.wide {
			x.wide(p.fc+2*int64(from-p.first), to-from)
		} else {
			x.narrow(p.fc+int64(from-p.first), to-from)
		}
	}
	x.closeFields()
	x.flush("")
}

func (x *wordWriter) wide(fc int64, n int) {
	b := within(x.main, fc, 2*int64(n))
	for i := 0; i+1 < len(b) && !x.r.ended; i += 2 {
		if b[i+1] == 0 && b[i]-' ' < utf8.RuneSelf-' ' {
			x.para = append(x.para, b[i])
			x.wasCell = false
			continue
		}
		u := rune(b[i]) | rune(b[i+1])<<8
		if utf16.IsSurrogate(u) && i+3 < len(b) {
			if c := utf16.DecodeRune(u, rune(b[i+2])|rune(b[i+3])<<8); c != utf8.RuneError {
				x.put(c, 0)
				i += 2
				continue
			}
		}
		x.put(u, fc+int64(i))
	}
}

func (x *wordWriter) narrow(fc int64, n int) {
	b := within(x.main, fc, int64(n))
	if _, multi := doubleByte[x.cp]; multi && !isASCII(b) {
		for _, c := range codePageText(b, x.cp) {
			x.put(c, 0)
		}
		return
	}
	table, have := singleByte[x.cp]
	if !have {
		table = singleByte[cpWestern]
	}
	for i := 0; i < len(b) && !x.r.ended; i++ {
		n := i
		for n < len(b) && b[n]-' ' < utf8.RuneSelf-' ' {
			n++
		}
		if n > i {
			x.para = append(x.para, b[i:n]...)
			x.wasCell = false
			if i = n; i == len(b) {
				return
			}
		}
		if c := b[i]; c < utf8.RuneSelf {
			x.put(rune(c), fc+int64(i))
		} else {
			x.put(table.DecodeByte(c), 0)
		}
	}
}

// put takes a character that stands at an offset of the main stream.
func (x *wordWriter) put(c rune, fc int64) {
	if c >= ' ' {
		x.wasCell = false
		x.para = utf8.AppendRune(x.para, c)
		if len(x.para) > 1<<16 && len(x.fields) == 0 {
			x.text("")
		}
		return
	}
	cell := x.wasCell
	x.wasCell = false
	switch c {
	case '\r':
		x.paragraph(fc)
	case 7:
		x.wasCell = true
		x.cellMark(fc, cell)
	case '\t':
		x.para = append(x.para, '\t')
	case '\n', 11, 12, 14:
		x.para = append(x.para, '\n')
	case 0x13:
		x.fields = append(x.fields, len(x.para))
		x.open++
	case 0x14:
		x.endCode()
	case 0x15:
		x.endCode()
		if n := len(x.fields); n > 0 {
			x.fields = x.fields[:n-1]
		}
	case 0x1e:
		x.para = append(x.para, '-')
	}
}

// endCode moves the code of the innermost field behind the text.
func (x *wordWriter) endCode() {
	n := len(x.fields) - 1
	if n < 0 || x.fields[n] < 0 {
		return
	}
	at := min(x.fields[n], len(x.para))
	x.keepCode(string(x.para[at:]))
	x.para = x.para[:at]
	x.fields[n] = -1
	x.open--
}

// closeFields settles the fields that were never closed.
func (x *wordWriter) closeFields() {
	for len(x.fields) > 0 {
		x.endCode()
		x.fields = x.fields[:len(x.fields)-1]
	}
}

// keepCode keeps the code of a field once: of a link its address.
func (w *wordFile) keepCode(code string) {
	const most = 10000
	code = fieldCode(code)
	if code == "" || w.codes[code] || len(w.behind) >= most {
		return
	}
	w.codes[code] = true
	w.behind = append(w.behind, code)
}

// fieldCode gives what is worth reading of a field's code; that of a table of
// contents and of page numbers is not.
func fieldCode(code string) string {
	code = strings.TrimSpace(code)
	verb, rest, _ := strings.Cut(code, " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToUpper(verb) {
	case "PAGE", "NUMPAGES", "PAGEREF", "TOC", "SECTIONPAGES":
		if len(rest) < 40 {
			return ""
		}
	case "HYPERLINK":
		if strings.Contains(rest, `"_Toc`) {
			return ""
		}
		return strings.TrimSpace(strings.ReplaceAll(rest, `"`, " "))
	}
	return code
}

// paragraph ends a paragraph, which within a table does not end the line.
func (x *wordWriter) paragraph(fc int64) {
	if x.open > 0 {
		x.para = append(x.para, ' ')
		return
	}
	m := x.mark(fc)
	switch {
	case m.innerRow:
		x.flush("\n")
	case m.innerCell:
		x.text("")
		x.tabs++
	case m.inTable:
		if len(x.para) > 0 {
			x.number(m)
			x.text(" ")
		}
	default:
		x.number(m)
		x.flush("\n")
	}
}

// cellMark ends a cell, or the row.
func (x *wordWriter) cellMark(fc int64, afterCell bool) {
	x.closeFields()
	m := x.mark(fc)
	x.number(m)
	switch {
	case m.rowEnd, afterCell && len(x.marks) == 0:
		x.flush("\n")
	default:
		x.text("")
		x.tabs++
	}
}

// number puts the number of a list before the paragraph.
func (x *wordWriter) number(m wordMark) {
	if x.lists == nil {
		return
	}
	if n := x.lists.number(m); n != "" {
		x.para = append([]byte(n), x.para...)
	}
}

// text writes what the paragraph holds so far, and what is to part it from more.
func (x *wordWriter) text(end string) {
	if len(x.para) == 0 {
		return
	}
	if x.began || x.tabs > 0 {
		x.r.write(strings.Repeat("\t", min(x.tabs, 100)))
	}
	x.tabs, x.began = 0, true
	x.para = append(x.para, end...)
	x.r.write(string(x.para))
	x.para = x.para[:0]
}

// flush writes the paragraph and ends the line. Of many empty lines one is left.
func (x *wordWriter) flush(end string) {
	if len(x.para) == 0 && !x.began {
		if x.empty++; x.empty > 1 {
			end = ""
		}
	} else {
		x.empty = 0
	}
	x.text("")
	x.r.write(end)
	x.tabs, x.began = 0, false
}
