package pdf

import (
	"bytes"
	"encoding/binary"
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
