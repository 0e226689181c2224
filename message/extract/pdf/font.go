package pdf

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// font tells the text and the widths of codes (ISO 32000-2, sections 9.5 to 9.10).
type font struct {
	codes    *table   // of a font with codes of one octet
	encoding *cmap    // of a composite font
	charset  *charset // of a composite font with a predefined map
	toText   *cmap
	own      func() map[uint32]string // text of the characters of a composite font, by its program
	order    name                     // of its collection: "Japan1"
	vertical bool
	wide     [256]float64
	widths   map[uint32]float64
	usual    float64
	scale    float64 // of widths
	drawn    *drawnFont
	lies     bool // shows other characters than it says
	held     dict
}

// drawnFont is a Type 3 font, whose glyphs are content streams.
type drawnFont struct {
	procs     [256]*stream
	resources dict
}

// font reads a font, once.
func (f *File) font(v any) *font {
	d := f.dict(v)
	if d == nil {
		return nil
	}
	key := any(reflect.ValueOf(d).UnsafePointer())
	if r, ok := v.(ref); ok {
		key = r
	}
	if t, ok := f.fonts[key]; ok {
		return t
	}
	const most = 500
	if len(f.fonts) >= most {
		clear(f.fonts)
	}
	t := f.newFont(d)
	if _, shared := key.(ref); !shared {
		t.held = d // so that its place is not given to another one
	}
	f.fonts[key] = t
	return t
}

func (f *File) newFont(d dict) *font {
	t := &font{scale: 0.001, usual: -1}
	switch m := f.get(d["ToUnicode"]).(type) {
	case *stream:
		data, err := f.decode(m)
		if err != nil && len(data) == 0 {
			f.harm("a damaged map of characters")
		}
		f.toil(len(data))
		t.toText = parseCMap(data)
	case name: // "Identity-H": the codes are Unicode
		if strings.HasPrefix(string(m), "Identity") {
			t.toText = &cmap{ranges: []textRange{{1, 0xffff, "\x01"}}}
		}
	}
	if f.name(d["Subtype"]) == "Type0" {
		f.composite(t, d)
		return t
	}
	f.simple(t, d)
	return t
}

// simple reads a font whose codes are octets.
func (f *File) simple(t *font, d dict) {
	kind, base := f.name(d["Subtype"]), f.name(d["BaseFont"])
	if i := strings.IndexByte(string(base), '+'); i == 6 {
		base = base[7:]
	}
	descriptor := f.dict(d["FontDescriptor"])
	program := f.program(descriptor)
	symbolic := f.number(descriptor["Flags"])&4 != 0
	var named [256]string // the names of glyphs
	t.codes = &table{}
	var builtIn *table
	switch {
	case strings.HasPrefix(string(base), "Symbol") && program == nil:
		builtIn = symbol
	case strings.Contains(string(base), "Dingbats") && program == nil:
		builtIn = zapfDingbats
	default:
		builtIn = standard
		if kind == "TrueType" {
			builtIn = winAnsi
		}
		if program != nil && (symbolic || f.get(d["Encoding"]) == nil) {
			if own := f.ownTable(program); own != nil {
				builtIn = own
			}
		}
	}
	*t.codes = *builtIn
	switch e := f.get(d["Encoding"]).(type) {
	case name:
		if b := baseEncoding(e); b != nil && !(symbolic && builtIn == symbol) {
			*t.codes = *b
		}
	case dict:
		if b := baseEncoding(f.name(e["BaseEncoding"])); b != nil {
			*t.codes = *b
		}
		f.differences(t.codes, &named, f.array(e["Differences"]))
	}
	if kind == "Type3" {
		f.drawn(t, d, &named)
	}
	t.trust(program == nil && kind != "Type3")
	f.simpleWidths(t, d, descriptor, base)
}

func baseEncoding(n name) *table {
	switch n {
	case "WinAnsiEncoding":
		return winAnsi
	case "MacRomanEncoding":
		return macRoman
	case "StandardEncoding":
		return standard
	case "PDFDocEncoding":
		return pdfDoc
	}
	return nil
}

// differences puts the glyphs that are named in place of others. Names that only
// number glyphs are codes of characters, as old programs wrote them.
func (f *File) differences(codes *table, named *[256]string, list array) {
	const most = 2048
	code := 0
	for _, v := range list[:min(len(list), most)] {
		switch x := f.get(v).(type) {
		case float64:
			code = int(x)
		case name:
			if code >= 0 && code < 256 {
				named[code] = string(x)
				codes[code] = glyphText(string(x))
				if codes[code] == "" {
					codes[code] = numbered(string(x))
				}
			}
			code++
		}
	}
}

// numbered gives the character of a name like "c65" or "G41".
func numbered(n string) string {
	if len(n) < 3 || len(n) > 4 {
		return ""
	}
	base := 10
	switch n[0] {
	case 'G':
		base = 16
	case 'c', 'C', 'a', 'B':
	default:
		return ""
	}
	code, err := strconv.ParseUint(n[1:], base, 8)
	if err != nil {
		return ""
	}
	return winAnsi[code]
}

// trust puts the text that the font's own map gives over that of its encoding.
// Of a font that is not embedded everyone sees what the encoding says, whatever
// the map claims.
func (t *font) trust(seen bool) {
	if t.toText == nil {
		return
	}
	for code := range t.codes {
		text, ok := t.toText.text(uint32(code))
		if !ok || text == "" || text == "\x00" {
			continue
		}
		if have := t.codes[code]; seen && isPlain(have) {
			if isPlain(text) && !strings.EqualFold(text, have) {
				t.lies = true
			}
			continue
		}
		t.codes[code] = text
	}
}

// isPlain tells whether a text is one ASCII letter or digit.
func isPlain(s string) bool {
	return len(s) == 1 && (s[0] >= '0' && s[0] <= '9' || s[0] >= 'A' && s[0] <= 'Z' || s[0] >= 'a' && s[0] <= 'z')
}

func (f *File) simpleWidths(t *font, d, descriptor dict, base name) {
	missing := f.float(descriptor["MissingWidth"])
	begin, list := f.number(d["FirstChar"]), f.array(d["Widths"])
	for code := range t.wide {
		w := missing
		if i := code - begin; i >= 0 && i < len(list) {
			w = f.float(list[i])
		} else if len(list) == 0 && w == 0 {
			w = usualWidth(base, t.codes[code])
		}
		t.wide[code] = w
	}
	if t.drawn != nil {
		if m := f.array(d["FontMatrix"]); len(m) == 6 {
			if a := f.float(m[0]); a != 0 {
				t.scale = a
			}
		}
	}
}

// drawn reads the glyphs of a Type 3 font.
func (f *File) drawn(t *font, d dict, named *[256]string) {
	t.drawn = &drawnFont{resources: f.dict(d["Resources"])}
	procs := f.dict(d["CharProcs"])
	for code, n := range named {
		if n != "" {
			t.drawn.procs[code], _ = f.get(procs[name(n)]).(*stream)
		}
	}
}

// composite reads a font whose codes may have several octets.
func (f *File) composite(t *font, d dict) {
	descendant := f.dict(first(f.get(d["DescendantFonts"])))
	info := f.dict(descendant["CIDSystemInfo"])
	t.order = name(f.string(info["Ordering"]))
	switch e := f.get(d["Encoding"]).(type) {
	case name:
		t.vertical = strings.HasSuffix(string(e), "-V") || e == "V"
		t.charset = predefined(string(e))
	case *stream:
		data, _ := f.decode(e)
		f.toil(len(data))
		t.encoding = parseCMap(data)
		t.vertical = t.encoding.vertical || f.number(e.dict["WMode"]) == 1
		base := f.name(e.dict["UseCMap"])
		if base != "" && len(t.encoding.cids) == 0 {
			t.encoding, t.charset = nil, predefined(string(base))
		}
	}
	descriptor := f.dict(descendant["FontDescriptor"])
	if t.charset == nil || !t.charset.text {
		if program := f.program(descriptor); program != nil {
			// Most fonts say it themselves.
			t.own = sync.OnceValue(func() map[uint32]string { return f.ownGlyphs(program, f.get(descendant["CIDToGIDMap"])) })
		}
	}
	t.usual = 1000
	if w, ok := f.get(descendant["DW"]).(float64); ok {
		t.usual = w
	}
	t.widths = map[uint32]float64{}
	if list := f.array(descendant["W"]); f.toil(8 * len(list)) {
		f.compositeWidths(t.widths, list)
	}
}

// mostWide is how many characters of a range get a width.
const mostWide = 1 << 16

func (f *File) compositeWidths(widths map[uint32]float64, list array) {
	for i := 0; i+1 < len(list); {
		begin := f.number(list[i])
		if a, ok := f.get(list[i+1]).(array); ok {
			for j, w := range a {
				if j < mostWide {
					widths[uint32(begin+j)] = f.float(w)
				}
			}
			i += 2
			continue
		}
		if i+2 >= len(list) {
			return
		}
		end, w := f.number(list[i+1]), f.float(list[i+2])
		for c := begin; c <= end && c-begin < mostWide && len(widths) < mostWide; c++ {
			widths[uint32(c)] = w
		}
		i += 3
	}
}

// shown is a character that a string shows.
type shown struct {
	text  string
	width float64 // as a part of the size
	blank bool    // the code 32, to which word spacing applies
	known bool    // what it stands for
	code  uint32
}

// next gives the character that a string begins with and the length of its code.
func (t *font) next(s string) (c shown, size int) {
	if t.codes != nil {
		code := s[0]
		c.code, c.text, c.blank = uint32(code), t.codes[code], code == ' '
		c.width = t.wide[code] * t.scale
		c.known = c.text != ""
		return c, 1
	}
	var cid uint32
	switch {
	case t.charset != nil:
		c.code, size, c.text = t.charset.next(s)
		cid = c.code
	case t.encoding != nil:
		c.code, size = t.encoding.next(s)
		cid = t.encoding.cid(c.code)
	default:
		size = min(2, len(s))
		c.code = codeOf(s[:size])
		cid = c.code
	}
	c.blank = size == 1 && s[0] == ' '
	if t.toText != nil {
		if text, ok := t.toText.text(c.code); ok && text != "" && text != "\x00" {
			c.text = text
		}
	}
	if c.text == "" && (t.charset == nil || !t.charset.text) {
		c.text = ofCollection(t.order, cid)
		if c.text == "" && t.own != nil {
			c.text = t.own()[cid]
		}
	}
	c.known = c.text != ""
	if t.charset != nil && t.charset.text {
		cid = 0
		if r, size := utf8.DecodeRuneInString(c.text); size == len(c.text) && r >= ' ' && r <= '~' {
			cid = uint32(r) - ' ' + 1 // where all collections have ASCII
		}
	}
	w, ok := t.widths[cid]
	if !ok {
		w = t.usual
		if cid != 0 && t.charset != nil && t.charset.text {
			w = 500
		}
	}
	c.width = w * t.scale
	return c, size
}

// clean gives the text of a character as it is searched for: without forms that
// only printing knows.
func clean(s string) string {
	if len(s) == 1 && s[0] >= ' ' {
		return s
	}
	for _, r := range s {
		if r < ' ' || r >= 0xfb00 && r <= 0xfb4f || r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc || r == unicode.ReplacementChar || r >= 0xf000 && r <= 0xf0ff {
			return asSeen(cleanForms(s))
		}
	}
	return asSeen(s)
}
