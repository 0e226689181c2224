package extract

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

var formatRTF = Format{
	Name:       "RTF",
	MediaTypes: []string{"text/rtf", "application/rtf"},
	Extensions: []string{"rtf"},
	Properties: true,
	Nested:     true,
	Label:      true,
	rank:       bySignature,
	sniff:      isRTF,
	read:       readRTF,
}

// isRTF looks for the beginning that readers ask for; Word takes less than the
// specification says.
func isRTF(r *reader) bool {
	head := bytes.TrimLeft(r.content[:min(len(r.content), 256)], "\xef\xbb\xbf \t\r\n")
	return bytes.HasPrefix(head, []byte(`{\rtf`)) || bytes.HasPrefix(head, []byte(`{\rt`)) && bytes.IndexByte(head, '}') < 0 && r.extension() == "rtf"
}

// rtfDepth is how deep groups may be nested. Programs write about twenty levels.
const rtfDepth = 2000

// rtfState is what a group inherits and gives back at its end.
type rtfState struct {
	dest     rtfDest
	sink     *rtfSink
	font     int
	skip     int // characters that stand for one of Unicode
	noText   bool
	inTable  bool
	begins   bool // nothing but "\*" was read of the group
	starred  bool
	first    bool // of a pair of which the second is read
	property string
}

// rtfSink collects text.
type rtfSink struct {
	b     []byte
	tabs  int
	began bool
}

type rtfReader struct {
	*reader
	s         []byte
	i         int
	state     rtfState
	stack     []rtfState
	body      *rtfSink
	cp        int // of the document
	fonts     map[int]int
	plain     int // default font
	pending   []byte
	units     []uint16
	toSkip    int // characters yet to be skipped behind one of Unicode
	html      bool
	fromText  bool
	asides    []string
	codes     map[string]bool
	tableFont int
	name      string // of a property or a shape's property
}

func readRTF(r *reader) {
	x := newRTF(r, r.content)
	x.run()
	x.finish()
}

func newRTF(r *reader, content []byte) *rtfReader {
	x := &rtfReader{reader: r, s: content, cp: cpWestern, fonts: map[int]int{}, codes: map[string]bool{}, body: &rtfSink{}}
	x.state = rtfState{sink: x.body, skip: 1, font: -1}
	return x
}

// finish writes what was collected.
func (x *rtfReader) finish() {
	// What was read before a limit was met was still read.
	ended := x.ended
	x.ended = false
	x.endText()
	if x.html {
		x.write(x.htmlText(string(x.body.b)))
	} else {
		x.write(string(x.body.b))
	}
	for _, s := range x.asides {
		x.newLine()
		x.write(s)
	}
	x.ended = x.ended || ended
	x.writeProperties()
	x.labelsOfProperties()
}

// htmlText renders HTML.
func (r *reader) htmlText(html string) string {
	in := &reader{ctx: r.ctx, content: []byte(html), hint: Hint{MediaType: "text/html", Charset: "utf-8"}, lim: r.lim, formats: r.formats, left: r.left, depth: r.depth}
	in.doc.Status = Complete
	readHTML(in)
	if in.doc.Status != Complete {
		r.fail(in.doc.Status, in.doc.Detail)
	}
	return in.out.String()
}

// run goes over groups, control words and text.
func (x *rtfReader) run() {
	for n := 0; x.i < len(x.s) && !x.ended; n++ {
		if n&0xfff == 0 && x.expired() {
			return
		}
		switch c := x.s[x.i]; c {
		case '{':
			x.i++
			x.open()
		case '}':
			x.i++
			x.close()
			if len(x.stack) == 0 {
				x.behind()
				return
			}
		case '\\':
			x.control()
		case '\r', '\n':
			x.i++
		default:
			x.run8()
		}
	}
	if len(x.stack) > 0 {
		x.endText()
		x.fail(Corrupt, "the document is cut off")
		for len(x.stack) > 0 {
			x.close()
		}
	}
}

// behind looks at what follows the document. Readers do not show it.
func (x *rtfReader) behind() {
	rest := bytes.Trim(x.s[x.i:], "\x00\r\n\t \x1a")
	if len(rest) > 0 {
		x.defect("octets behind the end of the document")
		x.asides = append(x.asides, strings.ToValidUTF8(codePageText(rest, x.cp), "\ufffd"))
	}
}

func (x *rtfReader) open() {
	x.endText()
	if len(x.stack) >= rtfDepth {
		x.end("nested deeper than the limit")
		return
	}
	x.stack = append(x.stack, x.state)
	x.state.begins, x.state.starred = true, false
	x.toSkip = 0
	if x.state.first {
		// Of a pair of texts the second is in Unicode.
		x.stack[len(x.stack)-1].first = false
		x.state.first = false
		x.state.dest = destNone
	}
}

func (x *rtfReader) close() {
	x.endText()
	x.toSkip = 0
	if len(x.stack) == 0 {
		return
	}
	inner := x.state
	x.state = x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	if inner.sink != x.state.sink || inner.dest != x.state.dest {
		x.endDest(inner)
	}
}

// run8 takes the text up to the next control character.
func (x *rtfReader) run8() {
	x.state.begins = false
	n := x.i
	for n < len(x.s) {
		c := x.s[n]
		if c == '\\' || c == '{' || c == '}' || c == '\r' || c == '\n' {
			break
		}
		n++
	}
	text := x.s[x.i:n]
	x.i = n
	if x.toSkip > 0 {
		k := min(x.toSkip, len(text))
		text = text[k:]
		x.toSkip -= k
	}
	if x.state.dest == destNone || x.state.noText || len(text) == 0 {
		return
	}
	x.endUnits()
	x.pending = append(x.pending, text...)
	if len(x.pending) > 1<<16 {
		x.endText()
	}
}

// control reads a control word or symbol.
func (x *rtfReader) control() {
	x.i++
	if x.i >= len(x.s) {
		return
	}
	c := x.s[x.i]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		x.i++
		x.symbol(c)
		return
	}
	begin := x.i
	for x.i < len(x.s) && x.s[x.i]|0x20 >= 'a' && x.s[x.i]|0x20 <= 'z' {
		x.i++
	}
	word := x.s[begin:x.i]
	value, has, negative := 0, false, false
	if x.i+1 < len(x.s) && x.s[x.i] == '-' && x.s[x.i+1] >= '0' && x.s[x.i+1] <= '9' {
		negative = true
		x.i++
	}
	for x.i < len(x.s) && x.s[x.i] >= '0' && x.s[x.i] <= '9' {
		if value < 1<<28 {
			value = value*10 + int(x.s[x.i]-'0')
		}
		has = true
		x.i++
	}
	if negative {
		value = -value
	}
	if x.i < len(x.s) && x.s[x.i] == ' ' {
		x.i++
	}
	if x.toSkip > 0 && string(word) != "bin" {
		x.toSkip--
		return
	}
	if len(word) > 32 {
		return
	}
	x.word(string(word), value, has)
	x.state.begins = false
}

// symbol reads a control symbol.
func (x *rtfReader) symbol(c byte) {
	if c == '*' {
		x.state.starred = x.state.begins
		return
	}
	if x.toSkip > 0 {
		x.toSkip--
		if c == '\'' {
			x.i = min(x.i+2, len(x.s))
		}
		return
	}
	x.state.begins = false
	switch c {
	case '\'':
		if x.i+2 <= len(x.s) {
			hi, lo := int(hexValue(x.s[x.i])), int(hexValue(x.s[x.i+1]))
			if hi < 0 || lo < 0 {
				return
			}
			x.i += 2
			if x.state.dest != destNone && !x.state.noText {
				x.endUnits()
				x.pending = append(x.pending, byte(hi<<4|lo))
			}
		}
	case '\\', '{', '}':
		if x.state.dest != destNone && !x.state.noText {
			x.endUnits()
			x.pending = append(x.pending, c)
		}
	case '~':
		x.put("\u00a0")
	case '_':
		x.put("-")
	case '\r', '\n':
		x.paragraph()
	}
}

// endText decodes the octets that were collected, in the code page of the font.
func (x *rtfReader) endText() {
	x.endUnits()
	if len(x.pending) == 0 {
		return
	}
	cp := x.cp
	if at, have := x.fonts[x.state.font]; have && at != 0 {
		cp = at
	}
	s := codePageText(x.pending, cp)
	x.pending = x.pending[:0]
	x.put(s)
}

func (x *rtfReader) endUnits() {
	if len(x.units) == 0 {
		return
	}
	s := string(utf16.Decode(x.units))
	x.units = x.units[:0]
	x.put(s)
}

// put appends text to what the group's destination collects.
func (x *rtfReader) put(s string) {
	if x.state.dest == destNone || x.state.noText || s == "" {
		return
	}
	if len(x.pending) > 0 {
		x.endText()
	}
	if x.state.dest != destText {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	k := x.state.sink
	if k == x.body && len(k.b) > 4*x.lim.Characters+8 {
		x.end(limitCharacters)
		return
	}
	if k.tabs > 0 {
		k.b = append(k.b, strings.Repeat("\t", min(k.tabs, 100))...)
		k.tabs = 0
	}
	k.b = append(k.b, s...)
	k.began = true
}

// paragraph ends a paragraph, which within a cell does not end the line.
func (x *rtfReader) paragraph() {
	x.endText()
	switch {
	case x.html:
		x.put("\r\n")
	case x.state.dest == destNone || x.state.noText:
	case x.state.inTable && x.state.sink == x.body:
		if x.state.sink.began {
			x.put(" ")
		}
	default:
		x.newRow()
	}
}

// newRow ends the line of the text.
func (x *rtfReader) newRow() {
	if x.state.dest == destNone || x.state.noText {
		return
	}
	k := x.state.sink
	k.tabs, k.began = 0, false
	if n := len(k.b); n >= 2 && k.b[n-1] == '\n' && k.b[n-2] == '\n' {
		return
	}
	if len(k.b) > 0 {
		k.b = append(k.b, '\n')
	}
}
