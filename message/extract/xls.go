package extract

import (
	"math"
	"sort"
	"strings"
)

var formatXLS = Format{
	Name:       "Microsoft Excel 97-2003",
	MediaTypes: []string{"application/vnd.ms-excel"},
	Extensions: []string{"xls", "xlt"},
	Properties: true,
	Nested:     true,
	Protection: true,
	Label:      true,
	rank:       byStructure,
	sniff:      func(r *reader) bool { return isBIFF(r.content) || kindOfOLE(r) == oleExcel },
	read:       readXLS,
}

// isBIFF tells a workbook that is not in a compound file, as Excel 2 to 4 wrote
// them and some programs still do.
func isBIFF(b []byte) bool {
	if len(b) < 12 || b[0] != 9 || b[3] != 0 {
		return false
	}
	switch b[1] {
	case 0:
		return b[2] == 4 && (b[6] == 0x10 || b[6] == 0x20 || b[6] == 0x40) && b[7] == 0
	case 2, 4:
		return b[2] == 6 && (b[6] == 0x10 || b[6] == 0x20 || b[6] == 0x40 || b[7] == 1)
	case 8:
		return (b[2] == 8 || b[2] == 16) && b[4] == 0 && (b[5] == 5 || b[5] == 6)
	}
	return false
}

func readXLS(r *reader) {
	if isBIFF(r.content) {
		w := workbookFile{r: r, b: r.content}
		w.read()
		return
	}
	readOLE(func(r *reader, f *cfb) {
		seen := false
		for _, name := range [...]string{"Workbook", "Book"} {
			if n := f.root.child(name); n != nil && !n.storage {
				// A file for two versions of Excel says everything twice.
				if seen && r.doc.Status == Complete && r.chars > 0 {
					break
				}
				w := workbookFile{r: r, b: n.data()}
				w.read()
				seen = true
			}
		}
		readPivots(r, f)
		for _, c := range f.root.children {
			if c.storage && strings.HasPrefix(c.name, "MBD") {
				r.oleObject(c)
			}
		}
	})(r)
}

// readPivots writes the texts that pivot tables keep of their sources, whether or
// not these are in the workbook.
func readPivots(r *reader, f *cfb) {
	cache := f.root.child("_SX_DB_CUR")
	if cache == nil {
		return
	}
	seen := map[string]bool{}
	for _, c := range cache.children {
		b := c.data()
		for at, ok := 0, true; ok && !r.expired(); {
			var rec biffRecord
			if rec, at, ok = nextBIFF(b, at); ok && rec.kind == biffPivotString {
				if s := rec.wideString(0, 2); s != "" && !seen[s] && len(seen) < 100_000 {
					seen[s] = true
					r.write(s + "\n")
				}
			}
		}
	}
}

// workbookFile is a workbook of any version of the binary format.
type workbookFile struct {
	r         *reader
	b         []byte
	version   int // 2, 3, 4, 5 or 8
	cp        int
	date1904  bool
	shared    []string
	formats   map[int]string
	codes     formatCodes
	lastStyle int           // of the number that was written last
	shown     *numberFormat // its format; nil for none or General
	styles    []int         // number formats of the cell styles
	sheets    []boundSheet
	key       biffKey
	// Of the sheet that is read.
	cells           []sheetCell
	size            int
	pending         *sheetCell // a formula whose text is yet to come
	asides          []string   // texts that are not in cells
	links, literals map[string]bool
	drawing         []byte // records of drawings, which go on from one record to another
}

type boundSheet struct {
	at    int
	name  string
	kind  byte
	state byte
}

type sheetCell struct {
	row, column int
	text        string
}

func (w *workbookFile) read() {
	w.cp, w.formats, w.codes, w.lastStyle = cpWestern, map[int]string{}, formatCodes{}, -1
	w.links, w.literals = map[string]bool{}, map[string]bool{}
	depth, sheet := 0, -1
	began := false
	for at, ok := 0, true; ok; {
		if w.r.expired() {
			break
		}
		var rec biffRecord
		rec, at, ok = nextBIFF(w.b, at)
		if !ok {
			break
		}
		if w.key != nil {
			w.key(&rec)
		}
		switch rec.kind {
		case biffBOF, 0x0009, 0x0209, 0x0409:
			began = true
			w.begin(&rec)
			if depth++; depth == 1 {
				sheet = w.sheetAt(rec.at)
				w.title(sheet, le16(rec.data, 2))
			}
		case biffEOF:
			if depth--; depth <= 0 {
				depth = 0
				w.endSheet()
			}
		case biffFilePass:
			if !w.unlock(&rec) {
				return
			}
		default:
			w.record(&rec)
		}
	}
	w.endSheet()
	if !began {
		w.r.fail(Corrupt, "a damaged workbook")
		w.r.textRuns(w.b)
	} else if depth > 0 {
		w.r.fail(Corrupt, "a damaged workbook")
	}
}

// begin tells the version.
func (w *workbookFile) begin(rec *biffRecord) {
	switch rec.kind {
	case 0x0009:
		w.version = 2
	case 0x0209:
		w.version = 3
	case 0x0409:
		w.version = 4
	default:
		w.version = 5
		if le16(rec.data, 0) >= 0x0600 {
			w.version = 8
		}
	}
	if le16(rec.data, 2) == 0x40 && w.r.doc.Executable == "" {
		w.r.doc.Executable = "Excel 4.0 macros"
	}
}

func (w *workbookFile) sheetAt(at int) int {
	for i, s := range w.sheets {
		if s.at == at {
			return i
		}
	}
	return -1
}

// title writes the name of the sheet that begins, as the tab below it shows it.
func (w *workbookFile) title(sheet, kind int) {
	if sheet < 0 || kind == 5 {
		return
	}
	if w.sheets[sheet].kind == 1 && w.r.doc.Executable == "" {
		w.r.doc.Executable = "Excel 4.0 macros"
	}
	w.r.newLine()
	w.r.write(w.sheets[sheet].name + "\n")
	w.sheets[sheet].name = ""
}

// string reads a string of the version's kind.
func (w *workbookFile) string(rec *biffRecord, at, count int) string {
	if w.version == 8 {
		return rec.wideString(at, count)
	}
	return rec.narrowString(at, count, w.cp)
}

// record reads a record of the workbook or of a sheet.
func (w *workbookFile) record(rec *biffRecord) {
	d := rec.data
	switch rec.kind {
	case biffCodePage:
		if cp := le16(d, 0); cp != cpUTF16 {
			w.cp = cp
			switch cp {
			case 0x8000:
				w.cp = cpMac
			case 0x8001:
				w.cp = cpWestern
			}
		}
	case biffDate1904:
		w.date1904 = le16(d, 0) != 0
	case biffSheet:
		if len(d) >= 8 && len(w.sheets) < 10_000 {
			w.sheets = append(w.sheets, boundSheet{int(le32(d, 0)), w.string(rec, 6, 1), d[5], d[4] & 3})
		}
	case biffFormat, 0x001e:
		w.numberFormat(rec)
	case biffXF, 0x0043, 0x0243, 0x0443:
		w.style(rec)
	case biffSST:
		w.sharedStrings(rec)
	case biffHeader, biffFooter:
		if count := 2; len(d) > 0 {
			if w.version < 8 {
				count = 1
			}
			w.aside(strings.Join(headerLines(w.string(rec, 0, count)), "\n"))
		}
	case biffHeaderFooter:
		w.moreHeaders(rec)
	case biffNote:
		if w.version < 8 && len(d) > 6 {
			w.aside(codePageText(within(d, 6, int64(le16(d, 4))), w.cp))
		}
	case biffTXO:
		if n := le16(d, 10); n > 0 && len(rec.parts) > 0 {
			t := biffText{rest: rec.parts}
			flags, _ := t.octet()
			w.aside(t.characters(n, flags))
		}
	case biffLink:
		w.link(d)
	case biffTip:
		if len(d) > 10 {
			w.aside(strings.TrimRight(utf16leText(d[10:]), "\x00"))
		}
	case biffValidation:
		w.validation(rec)
	case biffDrawing, biffDrawingGroup, biffDrawingSelection:
		w.drawing = append(w.drawing, rec.data...)
		for _, p := range rec.parts {
			w.drawing = append(w.drawing, p...)
		}
	case biffSeriesText:
		w.aside(w.string(rec, 2, 1))
	case biffName:
		w.definedName(rec)
	default:
		w.cellRecord(rec)
	}
}

// endSheet writes the rows and what stands beside them.
func (w *workbookFile) endSheet() {
	w.writeCells()
	w.r.drawings(w.drawing, 0, w.aside)
	w.drawing = w.drawing[:0]
	for _, s := range w.asides {
		w.r.write(s + "\n")
	}
	w.asides, w.pending, w.size = nil, nil, 0
}

// writeCells writes the cells that were read, a row a line.
func (w *workbookFile) writeCells() {
	ordered := func(i, j int) bool {
		a, b := &w.cells[i], &w.cells[j]
		return a.row < b.row || a.row == b.row && a.column < b.column
	}
	if !sort.SliceIsSorted(w.cells, ordered) {
		sort.SliceStable(w.cells, ordered)
	}
	const widest = 64 // empty cells that keep their place
	var line strings.Builder
	row, column := -1, 0
	for i := range w.cells {
		c := &w.cells[i]
		if c.row != row {
			if row >= 0 {
				line.WriteByte('\n')
			}
			if line.Len() > 1<<15 {
				w.r.write(line.String())
				line.Reset()
				if w.r.expired() {
					break
				}
			}
			row, column = c.row, 0
		}
		for range min(c.column-column, widest) {
			line.WriteByte('\t')
		}
		column = c.column
		line.WriteString(c.text)
	}
	if line.Len() > 0 {
		line.WriteByte('\n')
		w.r.write(line.String())
	}
	w.cells = w.cells[:0]
}

// cell keeps the value of a cell.
func (w *workbookFile) cell(row, column int, text string) {
	const most = 1 << 18
	w.cells = append(w.cells, sheetCell{row, column, text})
	w.size += len(text) + 1
	if len(w.cells) >= most || w.size > 4*w.r.lim.Characters {
		w.writeCells()
		w.size = 0
	}
}

// number keeps a number as its style shows it.
func (w *workbookFile) number(row, column, style int, v float64) {
	if v-v != 0 {
		w.cell(row, column, biffError(0x24)) // no number
		return
	}
	if style != w.lastStyle {
		format := 0
		if style < len(w.styles) {
			format = w.styles[style]
		}
		code, have := w.formats[format]
		if !have && w.version >= 5 {
			code = builtinFormats[format]
		}
		w.lastStyle, w.shown = style, w.codes.code(code)
	}
	w.cell(row, column, string(w.shown.append(nil, v, w.date1904)))
}

func float64At(b []byte, at int) float64 {
	return math.Float64frombits(uint64(le32(b, at)) | uint64(le32(b, at+4))<<32)
}
