package pdf

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// program is the font program that is embedded in a file. It is read for what
// the document leaves out: which characters its glyphs are.
type program struct {
	kind   name // FontFile, FontFile2 or FontFile3
	stream *stream
}

// program gives the embedded program of a font, or nil.
func (f *File) program(descriptor dict) *program {
	for _, k := range [...]name{"FontFile", "FontFile2", "FontFile3"} {
		if s, ok := f.get(descriptor[k]).(*stream); ok {
			return &program{kind: k, stream: s}
		}
	}
	return nil
}

// ownTable gives the encoding that the program of a simple font has built in, or
// nil.
func (f *File) ownTable(p *program) *table {
	data, _ := f.decode(p.stream)
	f.toil(len(data))
	switch {
	case p.kind == "FontFile":
		return typeOneTable(data)
	case p.kind == "FontFile3" && !bytes.HasPrefix(data, []byte("OTTO")):
		if c := parseCFF(data); c != nil {
			return c.table()
		}
	default:
		return openType(data).table()
	}
	return nil
}

// ownGlyphs gives the text of the characters of a composite font.
func (f *File) ownGlyphs(p *program, toGlyph any) map[uint32]string {
	data, _ := f.decode(p.stream)
	f.toil(len(data))
	var glyphs map[uint32]string
	if p.kind == "FontFile3" && !bytes.HasPrefix(data, []byte("OTTO")) {
		if c := parseCFF(data); c != nil && !c.byCID {
			glyphs = map[uint32]string{}
			for i, t := range c.glyphs {
				glyphs[uint32(i)] = t
			}
		}
	} else {
		glyphs = openType(data).glyphs()
	}
	s, ok := toGlyph.(*stream)
	if !ok || len(glyphs) == 0 {
		return glyphs
	}
	list, _ := f.decode(s)
	byCID := map[uint32]string{}
	for i := 0; i+1 < len(list) && i < 1<<17; i += 2 {
		if t := glyphs[uint32(binary.BigEndian.Uint16(list[i:]))]; t != "" {
			byCID[uint32(i/2)] = t
		}
	}
	return byCID
}

// typeOneTable reads the encoding in the clear part of a Type 1 program: lines
// like "dup 65 /A put".
func typeOneTable(data []byte) *table {
	i := bytes.Index(data, []byte("/Encoding"))
	if i < 0 {
		return nil
	}
	l := lexer{data: data[:min(len(data), i+32<<10)], pos: i + len("/Encoding")}
	if l.skip(); bytes.HasPrefix(l.data[l.pos:], []byte("StandardEncoding")) {
		return standard
	}
	var t table
	var held [2]any
	for {
		v := l.value()
		switch v {
		case done{}, keyword("def"), keyword("readonly"), keyword("eexec"):
			return &t
		case keyword("put"):
			code, ok := held[0].(float64)
			n, ok2 := held[1].(name)
			if ok && ok2 && code >= 0 && code < 256 {
				t[int(code)] = glyphText(string(n))
			}
		}
		held[0], held[1] = held[1], v
	}
}

// openType is a font in tables (ISO/IEC 14496-22).
type openType []byte

// sub gives a table, or nothing.
func (o openType) sub(tag string) []byte {
	if len(o) < 12 {
		return nil
	}
	for i := range min(int(binary.BigEndian.Uint16(o[4:])), 64) {
		at := 12 + 16*i
		if at+16 > len(o) {
			break
		}
		if string(o[at:at+4]) == tag {
			begin, size := int(binary.BigEndian.Uint32(o[at+8:])), int(binary.BigEndian.Uint32(o[at+12:]))
			if begin <= len(o) {
				return o[begin:min(len(o), begin+size)]
			}
		}
	}
	return nil
}

// mostMappings is how many codes of a font are looked at.
const mostMappings = 200_000

// maps goes through the maps from codes to glyphs. Those by Unicode come with
// the platform that says so.
func (o openType) maps(visit func(platform, encoding uint16, code rune, glyph uint16)) {
	t := o.sub("cmap")
	if len(t) < 4 {
		return
	}
	left := mostMappings
	for i := range min(int(binary.BigEndian.Uint16(t[2:])), 32) {
		at := 4 + 8*i
		if at+8 > len(t) {
			return
		}
		platform, encoding := binary.BigEndian.Uint16(t[at:]), binary.BigEndian.Uint16(t[at+2:])
		begin := int(binary.BigEndian.Uint32(t[at+4:]))
		if begin+8 > len(t) {
			continue
		}
		eachMapping(t[begin:], &left, func(code rune, glyph uint16) {
			if glyph != 0 {
				visit(platform, encoding, code, glyph)
			}
		})
	}
}

func eachMapping(t []byte, left *int, visit func(rune, uint16)) {
	u16 := func(i int) int {
		if i < 0 || i+2 > len(t) {
			return 0
		}
		return int(binary.BigEndian.Uint16(t[i:]))
	}
	u32 := func(i int) int { return u16(i)<<16 | u16(i+2) }
	switch u16(0) {
	case 0:
		for i := 6; i < min(len(t), 262); i++ {
			visit(rune(i-6), uint16(t[i]))
		}
	case 4:
		n := u16(6) / 2
		for i := range n {
			end, start := u16(14+2*i), u16(16+2*n+2*i)
			delta, offset := u16(16+4*n+2*i), u16(16+6*n+2*i)
			for c := start; c <= end && c < 0xffff; c++ {
				if *left--; *left < 0 {
					return
				}
				g := c + delta
				if offset != 0 {
					if g = u16(16 + 6*n + 2*i + offset + 2*(c-start)); g != 0 {
						g += delta
					}
				}
				visit(rune(c), uint16(g))
			}
		}
	case 6:
		for i := range min(u16(8), len(t)) {
			visit(rune(u16(6)+i), uint16(u16(10+2*i)))
		}
	case 12:
		for i := range min(u32(12), len(t)/12) {
			at := 16 + 12*i
			for c, end := u32(at), u32(at+4); c <= end && c <= 0x10ffff; c++ {
				if *left--; *left < 0 {
					return
				}
				visit(rune(c), uint16(u32(at+8)+c-u32(at)))
			}
		}
	}
}

// glyphs gives the characters of glyphs, by the maps from Unicode and the names.
func (o openType) glyphs() map[uint32]string {
	m := o.names()
	o.maps(func(platform, encoding uint16, code rune, glyph uint16) {
		if platform == 0 || platform == 3 && (encoding == 1 || encoding == 10) {
			if have, ok := m[uint32(glyph)]; !ok || len(have) > 1 && code < 0x80 && code > ' ' {
				m[uint32(glyph)] = string(code)
			}
		}
	})
	return m
}

// names gives the characters of glyphs by their names in the table "post".
func (o openType) names() map[uint32]string {
	m := map[uint32]string{}
	t := o.sub("post")
	if len(t) < 34 || binary.BigEndian.Uint32(t) != 0x20000 {
		return m
	}
	count := int(binary.BigEndian.Uint16(t[32:]))
	var list []string
	for rest := t[min(len(t), 34+2*count):]; len(rest) > 0; {
		n := min(int(rest[0]), len(rest)-1)
		list = append(list, string(rest[1:1+n]))
		rest = rest[1+n:]
	}
	for i := range count {
		if 36+2*i > len(t) {
			break
		}
		// Below 258 are the glyphs of the Macintosh, which start with ASCII.
		switch n := int(binary.BigEndian.Uint16(t[34+2*i:])); {
		case n >= 3 && n < 98:
			m[uint32(i)] = string(rune(' ' + n - 3))
		case n >= 258 && n-258 < len(list):
			if s := glyphText(list[n-258]); s != "" {
				m[uint32(i)] = s
			}
		}
	}
	return m
}

// table gives the characters of the codes of a font of symbols.
func (o openType) table() *table {
	glyphs := o.glyphs()
	var t table
	found := 0
	o.maps(func(platform, encoding uint16, code rune, glyph uint16) {
		if platform == 3 && encoding == 0 {
			code &= 0xff
		} else if platform != 1 {
			return
		}
		if s := glyphs[uint32(glyph)]; s != "" && code < 256 && t[code] == "" {
			t[code] = s
			found++
		}
	})
	if found == 0 {
		return nil
	}
	return &t
}

// cff is a font of the Compact Font Format (Adobe Technical Note 5176).
type cff struct {
	glyphs  []string // the text of each
	byCID   bool
	codes   [256]uint16 // glyphs
	builtIn bool        // has an encoding of its own
}

// cffNames are the texts of the standard strings, in order, as far as they are
// the letters of languages.
var cffNames = func() (list []string) {
	list = append(list, "")
	for _, t := range standard {
		if t != "" {
			list = append(list, t)
		}
	}
	list = append(list, strings.Fields("¹ ¬ µ ™ Ð ½ ± Þ ¼ ÷ ¦ ° þ ¾ ² ® − ð × ³ © Á Â Ä À Å Ã Ç É Ê Ë È Í Î Ï Ì Ñ Ó Ô Ö Ò Õ Š Ú Û Ü Ù Ý Ÿ Ž "+
		"á â ä à å ã ç é ê ë è í î ï ì ñ ó ô ö ò õ š ú û ü ù ý ÿ ž")...)
	for len(list) < 239 {
		list = append(list, "")
	}
	return append(list, strings.Fields("0 1 2 3 4 5 6 7 8 9")...)
}()

const cffStrings = 391 // standard strings

// cffIndex reads an INDEX and gives what is behind it.
func cffIndex(data []byte, at int) (list [][]byte, next int, ok bool) {
	if at < 0 || at+2 > len(data) {
		return nil, 0, false
	}
	count := int(binary.BigEndian.Uint16(data[at:]))
	if count == 0 {
		return nil, at + 2, true
	}
	if at+3 > len(data) {
		return nil, 0, false
	}
	size := int(data[at+2])
	base := at + 3 + (count+1)*size - 1
	if size < 1 || size > 4 || base >= len(data) {
		return nil, 0, false
	}
	offset := func(i int) (n int) {
		for _, c := range data[at+3+i*size : at+3+(i+1)*size] {
			n = n<<8 | int(c)
		}
		return base + n
	}
	for i := range count {
		from, to := offset(i), offset(i+1)
		if from > to || to > len(data) || from <= base-1 {
			return nil, 0, false
		}
		list = append(list, data[from:to])
	}
	return list, offset(count), true
}

// parseCFF reads which characters the glyphs are, or gives nil.
func parseCFF(data []byte) *cff {
	if len(data) < 4 {
		return nil
	}
	_, at, ok := cffIndex(data, int(data[2]))
	if !ok {
		return nil
	}
	tops, at, ok := cffIndex(data, at)
	if !ok || len(tops) == 0 {
		return nil
	}
	names, _, ok := cffIndex(data, at)
	if !ok {
		return nil
	}
	top := cffDict(tops[0])
	shapes, _, ok := cffIndex(data, top[17])
	if !ok {
		return nil
	}
	c := &cff{glyphs: make([]string, len(shapes))}
	_, c.byCID = top[1230]
	if c.byCID {
		return c
	}
	c.charset(data, top[15], names)
	c.encoding(data, top[16])
	return c
}

// cffDict reads the operators of a dictionary with their first operand; those of
// two octets begin at 1200.
func cffDict(data []byte) map[int]int {
	m := map[int]int{}
	var held []int
	for i := 0; i < len(data); {
		b := int(data[i])
		i++
		at := func(k int) int {
			if i+k < len(data) {
				return int(data[i+k])
			}
			return 0
		}
		switch {
		case b <= 21:
			if b == 12 {
				b = 1200 + at(0)
				i++
			}
			m[b] = 0
			if len(held) > 0 {
				m[b] = held[0]
			}
			held = held[:0]
		case b == 28:
			held = append(held, int(int16(at(0)<<8|at(1))))
			i += 2
		case b == 29:
			held = append(held, int(int32(at(0)<<24|at(1)<<16|at(2)<<8|at(3))))
			i += 4
		case b == 30:
			for i < len(data) && data[i]&15 != 15 && data[i]>>4 != 15 {
				i++
			}
			i++
			held = append(held, 0)
		case b >= 32 && b <= 246:
			held = append(held, b-139)
		case b >= 247 && b <= 250:
			held = append(held, (b-247)*256+at(0)+108)
			i++
		case b >= 251 && b <= 254:
			held = append(held, -(b-251)*256-at(0)-108)
			i++
		}
	}
	return m
}

func (c *cff) charset(data []byte, at int, names [][]byte) {
	text := func(sid int) string {
		switch {
		case sid < len(cffNames):
			return cffNames[sid]
		case sid >= cffStrings && sid-cffStrings < len(names):
			return glyphText(string(names[sid-cffStrings]))
		}
		return ""
	}
	if at <= 2 { // a predefined one; the first is in the order of the strings
		for i := range c.glyphs {
			if at == 0 {
				c.glyphs[i] = text(i)
			}
		}
		return
	}
	if at >= len(data) {
		return
	}
	kind, rest := data[at], data[at+1:]
	for i := 1; i < len(c.glyphs) && len(rest) >= 2; {
		sid := int(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
		more := 0
		if kind >= 1 && len(rest) >= int(kind) {
			for _, b := range rest[:min(int(kind), 2)] {
				more = more<<8 | int(b)
			}
			rest = rest[min(int(kind), 2):]
		}
		for ; more >= 0 && i < len(c.glyphs); more-- {
			c.glyphs[i] = text(sid)
			sid++
			i++
		}
	}
}

func (c *cff) encoding(data []byte, at int) {
	if at <= 1 || at+2 > len(data) {
		return
	}
	c.builtIn = true
	kind, n, rest := data[at]&0x7f, int(data[at+1]), data[at+2:]
	glyph := uint16(1)
	for range n {
		switch {
		case kind == 0 && len(rest) >= 1:
			c.codes[rest[0]] = glyph
			glyph++
			rest = rest[1:]
		case kind == 1 && len(rest) >= 2:
			for j := 0; j <= int(rest[1]) && int(rest[0])+j < 256; j++ {
				c.codes[int(rest[0])+j] = glyph
				glyph++
			}
			rest = rest[2:]
		}
	}
}

// table gives the encoding that is built in.
func (c *cff) table() *table {
	if !c.builtIn {
		return standard
	}
	var t table
	for code, g := range c.codes {
		if int(g) < len(c.glyphs) {
			t[code] = c.glyphs[g]
		}
	}
	return &t
}
