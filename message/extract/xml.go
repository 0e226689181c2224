package extract

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	htmlcharset "golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// xmlKind is the kind of what an [xmlScanner] came to.
type xmlKind int

const (
	xmlStart     xmlKind = iota // a start tag, or an empty element, whose end follows
	xmlEnd                      // an end tag
	xmlText                     // characters, or a CDATA section
	xmlDirective                // a document type definition
	xmlDone                     // the end, of the document or of what can be read
	xmlPassed                   // a comment or a processing instruction; not given
)

// xmlScanner goes over the tags and characters of an XML document (XML 1.0,
// fifth edition). Comments and processing instructions are passed over; no
// entities but those of XML itself are known. It copies nothing but characters
// with references in them, and does not check that tags are paired. What programs
// write by mistake is read: attributes without quotes, unknown references, which
// stand for themselves, and characters that may not occur.
type xmlScanner struct {
	src  io.Reader
	data []byte // what was read ahead and is not used up
	room []byte // data is at its end
	eof  bool

	// damaged is set once something is not well-formed.
	damaged bool

	name       []byte // of the tag, without its prefix
	attributes []byte // of the start tag, as they stand
	text       []byte // characters, some of them where there are very many
	scratch    []byte
	closes     bool   // an empty element is still to be ended
	cdata      bool   // within a CDATA section
	passing    string // the end of what is passed over; empty outside of it
}

const (
	xmlWindow = 32 << 10 // octets read ahead
	xmlTag    = 4 << 20  // of the longest tag; pictures may stand in attributes
	xmlHeld   = 4 << 10  // of the longest reference
)

var xmlRooms = sync.Pool{New: func() any { return new([xmlWindow]byte) }}

// newXMLScanner begins with a document in the encoding of its byte order mark,
// or the one it declares (section 4.3.3), or UTF-8. The scanner is to be closed.
func newXMLScanner(src io.Reader) *xmlScanner {
	x := &xmlScanner{src: src, room: xmlRooms.Get().(*[xmlWindow]byte)[:]}
	x.data = x.room[:0]
	for len(x.data) < 4 && x.fill() {
	}
	switch {
	case bytes.HasPrefix(x.data, []byte("\xff\xfe")), bytes.HasPrefix(x.data, []byte("\xfe\xff")):
		x.decode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	case bytes.HasPrefix(x.data, []byte("\xef\xbb\xbf")):
		x.data = x.data[3:]
	}
	for !bytes.Contains(x.data, []byte("?>")) && len(x.data) < xmlHeld && x.fill() {
	}
	if end := bytes.Index(x.data, []byte("?>")); end >= 0 && bytes.HasPrefix(x.data, []byte("<?xml")) {
		declaration := xmlScanner{attributes: x.data[len("<?xml"):end]}
		label := strings.ToLower(declaration.attribute("encoding"))
		if e, name := htmlcharset.Lookup(label); e != nil && name != "utf-8" && name != "replacement" && !strings.HasPrefix(name, "utf-16") {
			x.data = x.data[end+2:]
			x.decode(e)
		}
	}
	return x
}

// decode takes all that is not used up for text of an encoding.
func (x *xmlScanner) decode(e encoding.Encoding) {
	x.src = e.NewDecoder().Reader(io.MultiReader(bytes.NewReader(bytes.Clone(x.data)), x.src))
	x.data, x.eof = x.room[:0], false
	x.fill()
}

// close lets go of the memory. No token may be used any more.
func (x *xmlScanner) close() {
	x.give()
	x.room, x.data, x.eof = nil, nil, true
}

func (x *xmlScanner) give() {
	if len(x.room) == xmlWindow {
		xmlRooms.Put((*[xmlWindow]byte)(x.room))
	}
}

// fill reads more behind what is not used up, and tells whether there was any.
func (x *xmlScanner) fill() bool {
	if x.eof {
		return false
	}
	if len(x.data) == len(x.room) {
		if len(x.room) >= xmlTag {
			return false
		}
		larger := make([]byte, 2*len(x.room))
		copy(larger, x.data)
		x.give()
		x.room, x.data = larger, larger[:len(x.data)]
	}
	held := copy(x.room, x.data)
	n := held
	// At least as much again, so that a token that is long is not looked at for
	// each small read.
	for empty := 0; n < len(x.room) && n < 2*held || n == held; {
		got, err := x.src.Read(x.room[n:])
		n += got
		if empty++; got > 0 {
			empty = 0
		}
		if err != nil || empty > 100 {
			x.eof = true
			x.damaged = x.damaged || err != io.EOF
			break
		}
	}
	x.data = x.room[:n]
	return n > held
}

// next gives the next token. What it gave before is not valid any more.
func (x *xmlScanner) next() xmlKind {
	if x.closes {
		x.closes = false
		return xmlEnd
	}
	for {
		ended := x.eof
		kind, whole := x.token()
		switch {
		case kind == xmlPassed && whole:
			continue
		case whole:
			return kind
		case x.fill(), x.eof && !ended:
			continue
		case kind == xmlPassed || len(x.data) > 0 || x.cdata:
			x.damaged = true
		}
		return xmlDone
	}
}

// token reads what begins the data. It is not whole when the data ends within.
func (x *xmlScanner) token() (kind xmlKind, whole bool) {
	d := x.data
	switch {
	case x.passing != "":
		return x.pass()
	case x.cdata:
		return x.section()
	case len(d) == 0:
		return xmlDone, false
	case d[0] != '<':
		return x.characters()
	case len(d) < 3 && !x.eof, len(d) < 2:
		return xmlDone, false
	case d[1] == '/':
		return x.tag(2)
	case d[1] == '?':
		x.damaged = x.damaged || len(d) < 3 || !isNameByte[d[2]]
		x.data, x.passing = d[2:], "?>"
		return x.pass()
	case d[1] != '!':
		return x.tag(1)
	case len(d) < len("<![CDATA[") && !x.eof:
		return xmlDone, false
	case bytes.HasPrefix(d, []byte("<!--")):
		x.data, x.passing = d[4:], "-->"
		return x.pass()
	case bytes.HasPrefix(d, []byte("<![CDATA[")):
		x.data, x.cdata = d[len("<![CDATA["):], true
		return x.section()
	}
	return x.doctype()
}

// doctype passes over a document type definition that stands elsewhere: it is
// never fetched. One with declarations of its own is given.
func (x *xmlScanner) doctype() (xmlKind, bool) {
	d := x.data
	n := bytes.IndexAny(d, "[>")
	switch {
	case n < 0 && len(d) < xmlHeld && !x.eof:
		return xmlDone, false
	case n < 0 || d[n] == '[' || !bytes.HasPrefix(d, []byte("<!DOCTYPE")):
		return xmlDirective, true
	}
	x.data = d[n+1:]
	return xmlPassed, true
}

// broken ends the reading at markup that cannot be read.
func (x *xmlScanner) broken() (xmlKind, bool) {
	x.damaged, x.eof, x.data = true, true, nil
	return xmlDone, true
}

// pass goes behind a comment or a processing instruction, or as far as there is
// data.
func (x *xmlScanner) pass() (xmlKind, bool) {
	n := bytes.Index(x.data, []byte(x.passing))
	whole := n >= 0
	if !whole {
		n = max(0, len(x.data)-len(x.passing)+1)
	}
	// Hyphens in a row may stand at the end of a comment only.
	if x.passing == "-->" && bytes.Contains(x.data[:min(n+1, len(x.data))], []byte("--")) {
		x.damaged = true
	}
	x.data = x.data[n:]
	if whole {
		x.data = x.data[len(x.passing):]
		x.passing = ""
	}
	return xmlPassed, whole
}

// characters reads as far as the next tag, or what there is when that is much.
func (x *xmlScanner) characters() (xmlKind, bool) {
	n := bytes.IndexByte(x.data, '<')
	if n < 0 {
		if n = x.portion(); n == 0 {
			return xmlDone, false
		}
	}
	raw := x.data[:n]
	if bytes.IndexByte(raw, ']') >= 0 && bytes.Contains(raw, []byte("]]>")) {
		x.damaged = true
	}
	x.clean(raw)
	x.data = x.data[n:]
	x.text = x.expand(raw)
	return xmlText, true
}

// section reads characters of a CDATA section.
func (x *xmlScanner) section() (xmlKind, bool) {
	end := []byte("]]>")
	n := bytes.Index(x.data, end)
	if n < 0 {
		if n = x.portion(); n == 0 || x.eof {
			return xmlDone, false
		}
		end = nil
	}
	raw := x.data[:n]
	x.clean(raw)
	x.data, x.cdata = x.data[n+len(end):], end == nil
	x.text = x.lines(raw)
	return xmlText, true
}

// portion gives how many of the octets may be taken for text when its end is not
// among them: all at the end of the document, many when there are many, else
// none. No character, reference, line end or delimiter is cut apart.
func (x *xmlScanner) portion() int {
	n := len(x.data)
	if x.eof {
		return n
	}
	if n < xmlWindow {
		return 0
	}
	if i := bytes.LastIndexByte(x.data[n-xmlHeld:], '&'); i >= 0 && bytes.IndexByte(x.data[n-xmlHeld+i:], ';') < 0 {
		n += i - xmlHeld
	}
	for n > 0 && (x.data[n-1] == '\r' || x.data[n-1] == ']' || n < len(x.data) && !utf8.RuneStart(x.data[n])) {
		n--
	}
	if r, size := utf8.DecodeLastRune(x.data[:n]); r == utf8.RuneError && size == 1 {
		// The last character may go on behind the data.
		for back := 1; back <= utf8.UTFMax && back < n; back++ {
			if utf8.RuneStart(x.data[n-back]) {
				return n - back
			}
		}
	}
	return n
}

func (x *xmlScanner) clean(raw []byte) { x.damaged = x.damaged || !cleanXML(raw) }

// isNameByte holds the octets of names. Those of characters beyond ASCII are
// taken for such.
var isNameByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= utf8.RuneSelf || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '_' || c == ':' || c == '.' || c == '-'
	}
	return t
}()

// nameEnd gives the place behind the name at d[i], or i when there is none.
func nameEnd(d []byte, i int) int {
	if i >= len(d) || d[i] == '-' || d[i] == '.' || d[i]-'0' < 10 {
		return i
	}
	for i < len(d) && isNameByte[d[i]] {
		i++
	}
	return i
}

// localName gives a name without its prefix.
func localName(name []byte) (local []byte, ok bool) {
	n := -1
	for i, c := range name {
		if c == ':' {
			if n >= 0 {
				return nil, false
			}
			n = i
		}
	}
	if n <= 0 || n == len(name)-1 {
		return name, true
	}
	return name[n+1:], true
}

func blanks(d []byte, i int) int {
	for i < len(d) && (d[i] == ' ' || d[i] == '\n' || d[i] == '\t' || d[i] == '\r') {
		i++
	}
	return i
}

// tag reads the tag whose name stands at an octet of the data: a start tag at 1,
// an end tag at 2.
func (x *xmlScanner) tag(begin int) (xmlKind, bool) {
	d := x.data
	end := nameEnd(d, begin)
	if end == len(d) {
		return xmlDone, false
	}
	var ok bool
	if x.name, ok = localName(d[begin:end]); !ok || end == begin {
		return x.broken()
	}
	if d[end] == '>' && ascii(d[begin:end]) {
		// Most tags are no more than a name.
		x.attributes, x.data = nil, d[end+1:]
		if begin == 1 {
			return xmlStart, true
		}
		return xmlEnd, true
	}
	kind, i := xmlEnd, end
	if begin == 1 {
		kind = xmlStart
	}
	for {
		i = blanks(d, i)
		if i == len(d) {
			return xmlDone, false
		}
		switch c := d[i]; {
		case c == '>':
			x.attributes, x.data = d[end:i], d[i+1:]
			x.clean(d[begin:i])
			return kind, true
		case kind == xmlEnd:
			return x.broken()
		case c == '/':
			if i+1 == len(d) {
				return xmlDone, false
			}
			if d[i+1] != '>' {
				return x.broken()
			}
			x.attributes, x.data, x.closes = d[end:i], d[i+2:], true
			x.clean(d[begin:i])
			return kind, true
		}
		var value []byte
		if _, value, i, ok = attributeAt(d, i); !ok {
			return x.broken()
		}
		if i == len(d) {
			return xmlDone, false
		}
		if bytes.IndexByte(value, '<') >= 0 {
			x.damaged = true
		}
	}
}

func ascii(name []byte) bool {
	for _, c := range name {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lines gives characters with each line end made a line feed (section 2.11).
func (x *xmlScanner) lines(raw []byte) []byte {
	if bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	out := x.scratch[:0]
	for i, c := range raw {
		switch {
		case c == '\r':
			out = append(out, '\n')
		case c == '\n' && i > 0 && raw[i-1] == '\r':
		default:
			out = append(out, c)
		}
	}
	x.scratch = out
	return out
}

// expand gives characters with their references replaced and each line end made
// a line feed.
func (x *xmlScanner) expand(raw []byte) []byte {
	if bytes.IndexByte(raw, '&') < 0 {
		return x.lines(raw)
	}
	out := x.scratch[:0]
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&':
			r, size := x.reference(raw[i:])
			if size == 0 {
				out = append(out, c)
				continue
			}
			out = utf8.AppendRune(out, r)
			i += size - 1
		case c == '\r':
			out = append(out, '\n')
		case c == '\n' && i > 0 && raw[i-1] == '\r':
		default:
			out = append(out, c)
		}
	}
	x.scratch = out
	return out
}

var xmlEntities = [...]struct {
	written string
	means   rune
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}

// reference reads the reference that begins s, an ampersand; its size is 0 when
// it is none that is known.
func (x *xmlScanner) reference(s []byte) (r rune, size int) {
	if len(s) < 2 || s[1] != '#' {
		for _, e := range xmlEntities {
			if bytes.HasPrefix(s, []byte(e.written)) {
				return e.means, len(e.written)
			}
		}
		return 0, 0
	}
	base, i := rune(10), 2
	if i < len(s) && s[i] == 'x' {
		base, i = 16, 3
	}
	begin := i
	for ; i < len(s); i++ {
		v := hexValue(s[i])
		if v < 0 || v >= base {
			break
		}
		if r = r*base + v; r > utf8.MaxRune {
			r = utf8.MaxRune + 1 // and stays beyond it
		}
	}
	if i == begin || i >= len(s) || s[i] != ';' || r > utf8.MaxRune {
		return 0, 0
	}
	if !mayOccur(r) && utf8.ValidRune(r) {
		x.damaged = true
		r = utf8.RuneError
	}
	return r, i + 1
}

func hexValue(c byte) rune {
	switch {
	case c-'0' < 10:
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

// mayOccur tells the characters of XML (section 2.2).
func mayOccur(r rune) bool {
	return r >= ' ' && r < 0xd800 || r == '\t' || r == '\n' || r == '\r' || r >= 0xe000 && r <= 0xfffd || r >= 0x10000
}

// cleanXML tells whether octets are UTF-8 of characters that may occur.
func cleanXML(data []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	if !utf8.Valid(data) {
		return false
	}
	for i := 0; i < len(data); {
		if i+8 <= len(data) {
			b := data[i : i+8]
			w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
				uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
			// Nothing below a blank and nothing beyond ASCII.
			if (w-' '*ones|w)&highs == 0 {
				i += 8
				continue
			}
		}
		r, size := rune(data[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(data[i:])
		}
		if !mayOccur(r) {
			return false
		}
		i += size
	}
	return true
}
