package pdf

import (
	"encoding/binary"
	"strings"
)

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
