package extract

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	// deepestXML is the depth of elements that is followed. Word stops earlier.
	deepestXML = 5000
	limitXML   = "elements nested deeper than the limit"
	refusedDTD = "a document type definition"
)

// eachToken goes over the tokens of an XML document without its entities and
// external parts, until visit says false, a limit is met or the document ends.
func (r *reader) eachToken(src io.Reader, visit func(*xmlScanner, xmlKind) bool) {
	if !r.tokens(src, visit) {
		r.fail(Corrupt, "damaged XML")
	}
}

// tokens is eachToken, and tells whether the document is well-formed so far.
func (r *reader) tokens(src io.Reader, visit func(*xmlScanner, xmlKind) bool) bool {
	x := newXMLScanner(src)
	defer x.close()
	depth := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && r.expired() {
			break
		}
		kind := x.next()
		switch kind {
		case xmlStart:
			if depth++; depth > deepestXML {
				r.end(limitXML)
			}
		case xmlEnd:
			depth--
		case xmlDirective:
			r.end(refusedDTD)
		}
		if kind == xmlDone || r.ended || !visit(x, kind) || r.ended {
			break
		}
	}
	return !x.damaged
}

// wordStyle is how a part of WordprocessingML or DrawingML is read.
type wordStyle struct {
	lists *paragraphLists // of numbered paragraphs
	// model is set for slide masters and layouts: what stands in their placeholders
	// is shown nowhere.
	model bool
	// lenient is set for markup that need not be well-formed.
	lenient bool
	// shown has the lines of a part that this one repeats; they are left out.
	shown map[string]bool
}

// wordReader writes the text of one part of Office Open XML: WordprocessingML,
// DrawingML and what is like them (ECMA-376, part 1, sections 17, 20 and 21).
type wordReader struct {
	*reader
	style wordStyle
	root  string
	buf   []byte
	inTxt int // depth of elements whose text counts
	// away is the depth of elements whose text is not shown in its place: deleted
	// and moved text, codes of fields. It goes to aside, so that what is shown
	// around it stays whole.
	away  int
	aside []byte
	inner int             // octets of the text that begin no character
	seen  map[string]bool // attributes that are in aside
	// choices are the alternatives that are open (part 3, section 9.3).
	choices []alternative

	paragraphs int    // that are open: text boxes stand within
	boxes      []byte // text of text boxes, until the paragraph is at its end
	inBoxes    []int  // where open text boxes begin, in buf

	shapes, muted int // depth of shapes, and that of one that is not written

	properties, changed int // depth of paragraph properties and of former ones
	list                listPlace

	value      []byte // of a point of a chart
	formatCode []byte // of these points
	inFormat   bool
	notes      []bool // annotations of Word 2003 that are open: is the text elsewhere?
	inBox      bool   // within the state of a box to check
	checked    bool
	codes      formatCodes
	line       string // vertical place of the line, in XPS
}

// alternative is one mc:AlternateContent: Word writes a text box in two ways.
type alternative struct {
	start, startBoxes    int // of the branch that is open, in buf and boxes
	from, upto           int // of the first branch
	fromBoxes, uptoBoxes int
}

// keptWord bounds what is kept for the next part, in octets.
const keptWord = 1 << 20

var wordRooms = sync.Pool{New: func() any { return new([]byte) }}

func readWord(r *reader, src io.Reader, style wordStyle) {
	room := wordRooms.Get().(*[]byte)
	w := wordReader{reader: r, buf: (*room)[:0], style: style, codes: formatCodes{}}
	defer func() {
		if *room = w.buf; cap(w.buf) <= keptWord {
			wordRooms.Put(room)
		}
	}()
	whole := r.tokens(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			if w.root == "" {
				w.root = string(x.name)
			}
			w.start(x)
		case xmlEnd:
			w.end(x.name)
		case xmlText:
			w.text(x.text)
		}
		return r.allow(len(w.buf)+len(w.aside)+len(w.boxes)-w.inner <= r.lim.Characters)
	})
	if !whole && !style.lenient {
		r.fail(Corrupt, "damaged XML")
	}
	w.flushBoxes()
	w.freshLine()
	w.buf = append(w.buf, w.aside...)
	r.writeRead(w.style.without(string(w.buf)))
}

// allow notes that a limit of text ends the reading of a part, unless it is kept.
func (r *reader) allow(kept bool) bool {
	if !kept {
		r.fail(Truncated, limitCharacters)
	}
	return kept
}

// writeRead writes text on a line of its own. What was read counts even where a
// limit ended the reading.
func (r *reader) writeRead(text string) {
	if text == "" {
		return
	}
	ended := r.ended
	r.ended = false
	r.newLine()
	r.write(text)
	r.ended = r.ended || ended
}

// without leaves out the lines that another part has shown.
func (s *wordStyle) without(text string) string {
	if s.shown == nil {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !s.shown[strings.TrimSpace(line)] {
			b.WriteString(line)
		}
	}
	return b.String()
}

func (w *wordReader) text(text []byte) {
	switch {
	case w.inFormat:
		w.formatCode = append(w.formatCode, text...)
		return
	case w.inTxt == 0 || w.muted > 0:
		return
	case w.value != nil:
		w.value = append(w.value, text...)
		return
	case w.away > 0:
		w.aside = append(w.aside, text...)
	default:
		w.buf = append(w.buf, text...)
	}
	w.inner += len(text) - utf8.RuneCount(text)
}

func (w *wordReader) start(x *xmlScanner) {
	switch string(x.name) {
	case "t", "delText", "Text", "author":
		w.inTxt++
		if string(x.name) == "author" {
			w.asides(x, "name")
		}
	case "p":
		w.paragraphs++
		w.list = listPlace{}
	case "pPr":
		w.properties++
	case "pPrChange":
		w.changed++
	case "pStyle":
		w.list.read(w, x)
	case "ilvl":
		w.list.read(w, x)
	case "numId":
		w.list.read(w, x)
	case "v": // a value of a chart, or of a cell in another workbook
		w.inTxt++
		w.value = make([]byte, 0, 16)
	case "formatCode":
		w.inFormat, w.formatCode = true, w.formatCode[:0]
	case "text":
		if w.root == "cmLst" || w.root == "ThreadedComments" {
			w.inTxt++
		}
	case "instrText", "delInstrText", "rt":
		w.inTxt++
		w.away++
	case "del", "moveFrom":
		w.away++
	case "annotation":
		kind := x.attribute("type")
		elsewhere := kind == "Word.Deletion" || kind == "Word.Comment"
		if elsewhere {
			w.away++
		}
		w.notes = append(w.notes, elsewhere)
	case "checkBox":
		w.inBox, w.checked = true, false
	case "checked", "default":
		if w.inBox {
			v := x.attribute("val")
			w.checked = v != "0" && v != "false"
		} else {
			w.asides(x, "val")
		}
	case "Relationship":
		if x.attribute("TargetMode") == "External" {
			w.asides(x, "Target")
		}
	case "sym":
		w.symbol(x)
	case "tab", "ptab":
		if w.properties == 0 { // else a tab stop
			w.buf = append(w.buf, '\t')
		}
	case "br", "cr":
		w.buf = append(w.buf, '\n')
	case "noBreakHyphen":
		w.buf = append(w.buf, '-')
	case "txbxContent":
		w.inBoxes = append(w.inBoxes, len(w.buf))
	case "textbox":
		if w.style.lenient {
			w.inTxt++
		}
	case "AlternateContent":
		w.choices = append(w.choices, alternative{})
	case "Choice", "Fallback":
		if n := len(w.choices); n > 0 {
			w.choices[n-1].start, w.choices[n-1].startBoxes = len(w.buf), len(w.boxes)
		}
	case "sp", "pic", "graphicFrame":
		w.shapes++
	case "ph":
		if w.style.model && w.muted == 0 && isPrompt(x) {
			w.muted = max(w.shapes, 1)
		}
	case "Glyphs":
		w.glyphs(x)
	default:
		w.attributes(x)
	}
}

// isPrompt tells placeholders whose text only says what to write there.
func isPrompt(x *xmlScanner) bool {
	switch x.attribute("type") {
	case "ftr", "hdr":
		return false
	}
	return x.attribute("hasCustomPrompt") != "1"
}

// shownNowhere are the attributes, by element, that hold text of people: what
// pictures show, who wrote a comment, entries of lists, data for other programs.
var shownNowhere = map[string][]string{
	"docPr": {"descr", "title", "name"}, "cNvPr": {"descr", "title", "name"}, "imagedata": {"title", "alt"},
	"shape": {"alt", "title"}, "rect": {"alt", "title"}, "textpath": {"string"},
	"comment": {"author"}, "cmAuthor": {"name"}, "person": {"displayName"},
	"docVar": {"val"}, "listItem": {"displayText", "value"}, "alias": {"val"}, "tag": {"val"},
	"statusText": {"val"}, "helpText": {"val"}, "listEntry": {"val"}, "fldSimple": {"instr"},
	"hyperlink": {"tooltip"}, "hlink": {"dest"}, "hlinkClick": {"tooltip"}, "query": {"val"}, "connectString": {"val"}, "ocxPr": {"value"},
	"dbPr": {"connection", "command"}, "connection": {"description"}, "webPr": {"url"}, "textPr": {"sourceFile"},
	"section": {"name"}, "custShow": {"name"}, "sheetName": {"val"},
}

func (w *wordReader) attributes(x *xmlScanner) {
	if len(x.attributes) == 0 {
		return
	}
	if names, have := shownNowhere[string(x.name)]; have {
		w.asides(x, names...)
		return
	}
	if string(x.name) == "Cell" && w.root != "Workbook" {
		// Data of a shape of Visio.
		if n := x.attribute("N"); n == "Value" || n == "Label" || n == "Prompt" {
			w.asides(x, "V")
		}
		return
	}
	if w.root == "pivotCacheDefinition" || w.root == "pivotCacheRecords" {
		switch string(x.name) {
		case "s", "n", "d", "b", "e":
			w.buf = append(append(w.buf, x.attribute("v")...), '\t')
		case "cacheField":
			w.freshLine()
			w.buf = append(append(w.buf, x.attribute("name")...), '\t')
		}
	}
}

// asides keeps attributes, each value once.
func (w *wordReader) asides(x *xmlScanner, names ...string) {
	if w.muted > 0 {
		return
	}
	for _, name := range names {
		v := x.attribute(name)
		// "Picture 1" is not a name that anyone gave.
		if v == "" || w.seen[v] || name == "name" && bytes.HasSuffix(x.name, []byte("Pr")) && !strings.Contains(v, ".") {
			continue
		}
		if w.seen == nil {
			w.seen = map[string]bool{}
		}
		w.seen[v] = true
		w.freshAside()
		w.aside = append(append(w.aside, v...), '\n')
	}
}

// symbol writes a character of a font of symbols; those of letters and digits lie
// 0xF000 above them.
func (w *wordReader) symbol(x *xmlScanner) {
	n, err := strconv.ParseUint(x.attribute("char"), 16, 32)
	if err != nil {
		return
	}
	if n >= 0xf020 && n < 0xf0ff {
		n -= 0xf000
	}
	w.buf = utf8.AppendRune(w.buf, rune(n))
}

// glyphs writes a run of an XPS page (ECMA-388, section 12.1).
func (w *wordReader) glyphs(x *xmlScanner) {
	s := strings.TrimPrefix(x.attribute("UnicodeString"), "{}")
	if y := x.attribute("OriginY"); y != w.line {
		w.line = y
		w.freshLine()
	} else if n := len(w.buf); n > 0 && w.buf[n-1] != '\n' && w.buf[n-1] != ' ' {
		w.buf = append(w.buf, ' ')
	}
	w.buf = append(w.buf, s...)
}

func (w *wordReader) end(name []byte) {
	switch string(name) {
	case "t", "delText":
		w.inTxt = max(w.inTxt-1, 0)
	case "Text", "author":
		w.inTxt = max(w.inTxt-1, 0)
		w.freshLine()
	case "text":
		if w.root == "cmLst" || w.root == "ThreadedComments" {
			w.inTxt = max(w.inTxt-1, 0)
			w.freshLine()
		}
	case "v":
		w.inTxt = max(w.inTxt-1, 0)
		w.endValue()
	case "formatCode":
		w.inFormat = false
	case "strCache", "numCache", "strLit", "numLit", "lvl", "strDim", "numDim", "row", "r", "cacheField":
		pivot := strings.HasPrefix(w.root, "pivotCache")
		if pivot || string(name) != "r" && (w.root == "chartSpace" || w.root == "externalLink") {
			w.trim("\t")
			w.freshLine()
			w.formatCode = w.formatCode[:0]
		}
	case "comment", "si", "cm", "threadedComment", "Glyphs":
		if string(name) != "Glyphs" {
			w.freshLine()
		}
	case "instrText", "delInstrText", "rt":
		w.inTxt = max(w.inTxt-1, 0)
		w.leave()
	case "del", "moveFrom":
		w.leave()
	case "annotation":
		if n := len(w.notes); n > 0 {
			if w.notes[n-1] {
				w.leave()
			}
			w.notes = w.notes[:n-1]
		}
	case "checkBox":
		w.inBox = false
		if w.checked {
			w.buf = append(w.buf, "|X|"...)
		} else {
			w.buf = append(w.buf, "|_|"...)
		}
	case "pPr":
		w.properties = max(w.properties-1, 0)
		if w.properties == 0 && w.changed == 0 && w.style.lists != nil {
			w.number()
		}
	case "pPrChange":
		w.changed = max(w.changed-1, 0)
	case "p":
		if w.muted == 0 && !bytes.HasSuffix(w.buf, []byte("\n\n")) {
			w.buf = append(w.buf, '\n')
		}
		if w.paragraphs = max(w.paragraphs-1, 0); w.paragraphs == 0 {
			w.flushBoxes()
		}
	case "textbox":
		if w.style.lenient {
			w.inTxt = max(w.inTxt-1, 0)
			w.freshLine()
		}
	case "txbxContent":
		w.endBox()
	case "tc":
		// The paragraph of a cell ended its line; a tab parts cells.
		w.trim("\n")
		w.buf = append(w.buf, '\t')
	case "tr":
		w.trim("\t")
		w.buf = append(w.buf, '\n')
	case "sp", "pic", "graphicFrame":
		if w.muted >= w.shapes {
			w.muted = 0
		}
		w.shapes = max(w.shapes-1, 0)
	case "Choice":
		if n := len(w.choices); n > 0 {
			a := &w.choices[n-1]
			a.from, a.upto = a.start, len(w.buf)
			a.fromBoxes, a.uptoBoxes = a.startBoxes, len(w.boxes)
		}
	case "Fallback":
		w.fallback()
	case "AlternateContent":
		if n := len(w.choices); n > 0 {
			w.choices = w.choices[:n-1]
		}
	}
}

// endValue writes a value of a chart in the format of its numbers.
func (w *wordReader) endValue() {
	if w.value == nil {
		return
	}
	if len(w.formatCode) > 0 {
		w.buf = appendNumber(w.buf, w.value, w.codes.code(string(w.formatCode)), false)
	} else {
		w.buf = appendNumber(w.buf, w.value, nil, false)
	}
	w.inner += len(w.value) - utf8.RuneCount(w.value)
	w.buf = append(w.buf, '\t')
	w.value = nil
}

// endBox puts the text of a text box behind the paragraph that it stands in: it
// floats somewhere on the page.
func (w *wordReader) endBox() {
	n := len(w.inBoxes)
	if n == 0 {
		return
	}
	if from := w.inBoxes[n-1]; from <= len(w.buf) && w.paragraphs > 0 {
		w.boxes = append(w.boxes, w.buf[from:]...)
		w.buf = w.buf[:from]
	}
	w.inBoxes = w.inBoxes[:n-1]
}

func (w *wordReader) flushBoxes() {
	if len(w.inBoxes) == 0 && len(w.boxes) > 0 {
		w.freshLine()
		w.buf = append(w.buf, w.boxes...)
		w.boxes = w.boxes[:0]
	}
}

// fallback drops the second form of a text that was written in its first form.
func (w *wordReader) fallback() {
	n := len(w.choices)
	if n == 0 {
		return
	}
	a := w.choices[n-1]
	if a.from > a.upto || a.upto > a.start || a.start > len(w.buf) || a.fromBoxes > a.uptoBoxes || a.uptoBoxes > a.startBoxes || a.startBoxes > len(w.boxes) {
		return
	}
	const differ = 64 // blanks at the ends
	if n := a.upto - a.from + a.uptoBoxes - a.fromBoxes - (len(w.buf) - a.start) - (len(w.boxes) - a.startBoxes); n > differ || n < -differ {
		return
	}
	first := append(bytes.Clone(w.buf[a.from:a.upto]), w.boxes[a.fromBoxes:a.uptoBoxes]...)
	second := append(bytes.Clone(w.buf[a.start:]), w.boxes[a.startBoxes:]...)
	if bytes.Equal(bytes.TrimSpace(first), bytes.TrimSpace(second)) {
		w.buf, w.boxes = w.buf[:a.start], w.boxes[:a.startBoxes]
	}
}

// leave ends an element whose text is not shown in its place.
func (w *wordReader) leave() {
	w.away = max(w.away-1, 0)
	if w.away == 0 {
		w.freshAside()
	}
}

func (w *wordReader) freshAside() {
	if n := len(w.aside); n > 0 && w.aside[n-1] != '\n' {
		w.aside = append(w.aside, '\n')
	}
}

// freshLine ends the line that was begun.
func (w *wordReader) freshLine() {
	if n := len(w.buf); n > 0 && w.buf[n-1] != '\n' {
		w.buf = append(w.buf, '\n')
	}
}

func (w *wordReader) trim(end string) { w.buf = bytes.TrimSuffix(w.buf, []byte(end)) }
