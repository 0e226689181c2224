package extract

import (
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var formatDOC = Format{
	Name:       "Microsoft Word 97-2003",
	MediaTypes: []string{"application/msword"},
	Extensions: []string{"doc", "dot"},
	Properties: true,
	Nested:     true,
	Protection: true,
	Label:      true,
	rank:       byStructure,
	sniff:      isOLE(oleWord),
	read:       readOLE(readDOC),
}

// wordFile is a document of Word 97 to 2003 ([MS-DOC]) or of Word 6 and 95.
type wordFile struct {
	r      *reader
	main   []byte // the stream WordDocument
	table  []byte // 1Table or 0Table; in older documents the main one
	data   []byte
	old    bool // Word 6 or 95
	cp     int  // code page of single octets
	pieces []wordPiece
	marks  []wordMark // properties of paragraphs by the place of their mark
	lists  *wordLists
	codes  map[string]bool
	behind []string // field codes
}

// wordPiece is a piece of the text: characters first to end are stored from fc on.
type wordPiece struct {
	first, end int
	fc         int64
	wide       bool
}

// The places of the file information block ([MS-DOC] section 2.5, and the one of
// Word 6).
const (
	fibFlags     = 0x0a
	fibEncrypted = 0x0100
	fibTable1    = 0x0200
	fibXOR       = 0x8000
	fibKey       = 0x0e
	fibMin       = 0x18
	fibMax       = 0x1c
	fibCounts    = 0x4c // characters of the main text and of the others
	fibTables    = 0x9a
	fibOldCounts = 0x34
	fibOldCLX    = 0x160
)

// tablePart gives a part of the table stream by its index in the file
// information block (section 2.5.6).
func (w *wordFile) tablePart(index int) []byte {
	at := fibTables + 8*index
	return within(w.table, int64(le32(w.main, at)), int64(le32(w.main, at+4)))
}

func readDOC(r *reader, f *cfb) {
	w := &wordFile{r: r, main: f.root.stream("WordDocument"), data: f.root.stream("Data"), cp: cpWestern, codes: map[string]bool{}}
	if len(w.main) < fibCounts {
		r.fail(Corrupt, "a damaged Word document")
		r.textRuns(w.main)
		return
	}
	version, flags := le16(w.main, 2), le16(w.main, fibFlags)
	name, other := "0Table", "1Table"
	if flags&fibTable1 != 0 {
		name, other = other, name
	}
	if w.table = f.root.stream(name); w.table == nil {
		w.table = f.root.stream(other)
	}
	w.old = version < 106
	if w.old {
		w.table = w.main
		w.cp = codePageOfLanguage(le16(w.main, 6))
		if le16(w.main, 0x14) == 256 {
			w.cp = cpMac
		}
	}
	if flags&fibEncrypted != 0 && !w.decrypt(flags) {
		r.doc.Encryption = "an encrypted Word document"
		r.fail(Protected, "an encrypted Word document")
		return
	}
	if version < 101 {
		if ident := le16(w.main, 0); ident == 0xa5db || ident == 0xa59b || ident == 0xa59c {
			r.fail(Unsupported, "a document of Word 2 or older")
		}
		r.fail(Corrupt, "a damaged Word document")
		r.textRuns(w.main)
		return
	}
	w.readPieces()
	if len(w.pieces) == 0 {
		r.fail(Corrupt, "a damaged Word document")
		r.textRuns(w.main)
		r.textRuns(w.table)
		return
	}
	if !w.old {
		w.readMarks()
		w.lists = readWordLists(w)
	}
	w.writeAll()
	if !w.old {
		w.readDrawings()
	}
	w.readPool(f)
}

// readDrawings writes word art and the descriptions of pictures. The records of
// drawings stand behind the blip store, each with an octet before it (section
// 2.9.172).
func (w *wordFile) readDrawings() {
	art := w.tablePart(50)
	group, ok := recordAt(art, 0)
	if !ok {
		return
	}
	before := len(w.behind)
	for at := 8 + len(group.data); at+9 <= len(art) && !w.r.expired(); {
		rec, _ := recordAt(art, at+1)
		w.r.drawings(rec.data, 0, w.keepCode)
		at += 9 + len(rec.data)
	}
	for _, s := range w.behind[before:] {
		w.r.newLine()
		w.r.write(s + "\n")
	}
}

// readPool reads the embedded objects.
func (w *wordFile) readPool(f *cfb) {
	if pool := f.root.child("ObjectPool"); pool != nil {
		for _, c := range pool.children {
			if c.storage {
				w.r.oleObject(c)
			}
		}
	}
}

// readPieces reads the piece table (section 2.8.35). Old documents that were
// saved whole have none.
func (w *wordFile) readPieces() {
	clx := []byte(nil)
	if w.old {
		clx = within(w.table, int64(le32(w.main, fibOldCLX)), int64(le32(w.main, fibOldCLX+4)))
	} else {
		clx = w.tablePart(33)
	}
	for len(clx) >= 3 && clx[0] == 1 { // property lists of fast saving
		clx = clx[min(3+le16(clx, 1), len(clx)):]
	}
	if len(clx) >= 5 && clx[0] == 2 {
		plc := within(clx, 5, int64(le32(clx, 1)))
		n := (len(plc) - 4) / 12
		for i := range max(n, 0) {
			p := wordPiece{first: int(le32(plc, 4*i)), end: int(le32(plc, 4*i+4))}
			fc := le32(plc, 4*(n+1)+8*i+2)
			p.fc, p.wide = int64(fc), true
			switch {
			case w.old:
				p.wide = false
			case fc&(1<<30) != 0:
				p.fc, p.wide = int64(fc&^(1<<30))/2, false
			}
			if p.end <= p.first || p.fc >= int64(len(w.main)) {
				continue
			}
			w.pieces = append(w.pieces, p)
		}
	}
	if len(w.pieces) == 0 && w.old {
		from, to := int64(le32(w.main, fibMin)), int64(le32(w.main, fibMax))
		if to = min(to, int64(len(w.main))); from < to {
			w.pieces = []wordPiece{{end: int(to - from), fc: from}}
		}
	}
	sort.SliceStable(w.pieces, func(i, j int) bool { return w.pieces[i].first < w.pieces[j].first })
}

// writeAll writes the main text and behind it footnotes, headers, comments,
// endnotes and text boxes (section 2.4.1).
func (w *wordFile) writeAll() {
	counts, n := fibCounts, 8
	if w.old {
		counts = fibOldCounts
	}
	last := 0
	for _, p := range w.pieces {
		last = max(last, p.end)
	}
	at := 0
	for i := range n {
		count := int(le32(w.main, counts+4*i))
		if count < 0 || count > last-at {
			count = last - at
		}
		w.writeRange(at, at+count)
		at += count
		w.r.newLine()
	}
	w.writeRange(at, last)
	w.r.newLine()
	for _, c := range w.behind {
		w.r.write(c + "\n")
	}
}

// wordWriter writes a range of the text.
type wordWriter struct {
	*wordFile
	para    []byte
	fields  []int // where the codes of the open fields begin in para; -1 in results
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
	for i, c := range b {
		if x.r.ended {
			return
		}
		if c < utf8.RuneSelf {
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

// inCode tells whether the text belongs to the code of a field.
func (x *wordWriter) inCode() bool {
	for _, f := range x.fields {
		if f >= 0 {
			return true
		}
	}
	return false
}

// paragraph ends a paragraph, which within a table does not end the line.
func (x *wordWriter) paragraph(fc int64) {
	if x.inCode() {
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
