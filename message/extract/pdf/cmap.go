package pdf

import (
	"slices"
	"sort"
	"unicode/utf16"
	"unicode/utf8"
)

// cmap maps codes to characters of a collection (an Encoding) or to text (a
// ToUnicode map); ISO 32000-2, sections 9.7.5 and 9.10.3.
type cmap struct {
	spaces   []codespace
	cids     []cidRange
	texts    map[uint32]string
	ranges   []textRange
	vertical bool
	sorted   bool
}

type codespace struct {
	size   int
	lo, hi uint32
}

type cidRange struct{ lo, hi, cid uint32 }

type textRange struct {
	lo, hi uint32
	text   string // of lo; the last unit counts up
}

// mostMapped is how many codes a map may list.
const mostMapped = 300_000

// parseCMap reads a map.
func parseCMap(data []byte) *cmap {
	m := &cmap{texts: map[uint32]string{}}
	l := lexer{data: data}
	var held []any
	for {
		v := l.value()
		word, ok := v.(keyword)
		if _, over := v.(done); over {
			break
		}
		if !ok {
			if held = append(held, v); len(held) > 4*mostMapped {
				break
			}
			continue
		}
		switch word {
		case "def":
			if len(held) >= 2 && held[len(held)-2] == any(name("WMode")) {
				m.vertical = number(held[len(held)-1]) == 1
			}
		case "endcodespacerange":
			for i := 0; i+1 < len(held); i += 2 {
				lo, ok := held[i].(string)
				hi, ok2 := held[i+1].(string)
				if ok && ok2 && len(lo) > 0 && len(lo) <= 4 && len(m.spaces) < 100 {
					m.spaces = append(m.spaces, codespace{len(lo), codeOf(lo), codeOf(hi)})
				}
			}
		case "endcidchar", "endbfchar":
			for i := 0; i+1 < len(held); i += 2 {
				if code, ok := held[i].(string); ok {
					m.one(codeOf(code), held[i+1])
				}
			}
		case "endcidrange", "endbfrange":
			for i := 0; i+2 < len(held); i += 3 {
				lo, ok := held[i].(string)
				hi, ok2 := held[i+1].(string)
				if ok && ok2 {
					m.many(codeOf(lo), codeOf(hi), held[i+2])
				}
			}
		}
		held = held[:0]
	}
	return m
}

func codeOf(s string) (code uint32) {
	for i := range len(s) {
		code = code<<8 | uint32(s[i])
	}
	return code
}

func (m *cmap) one(code uint32, to any) {
	switch x := to.(type) {
	case float64:
		if len(m.cids) < mostMapped {
			m.cids = append(m.cids, cidRange{code, code, uint32(int64(x))})
		}
	case string:
		if len(m.texts) < mostMapped {
			m.texts[code] = unicodeText(x)
		}
	case name:
		if len(m.texts) < mostMapped {
			m.texts[code] = glyphText(string(x))
		}
	}
}

func (m *cmap) many(lo, hi uint32, to any) {
	if hi < lo {
		return
	}
	switch x := to.(type) {
	case float64:
		if len(m.cids) < mostMapped {
			m.cids = append(m.cids, cidRange{lo, hi, uint32(int64(x))})
		}
	case string:
		if len(m.ranges) < mostMapped {
			m.ranges = append(m.ranges, textRange{lo, hi, unicodeText(x)})
		}
	case array:
		for i, v := range x {
			if code := lo + uint32(i); code >= lo && code <= hi {
				m.one(code, v)
			}
		}
	}
}

// unicodeText reads UTF-16, as the text of a map is.
func unicodeText(s string) string {
	if len(s) == 1 {
		return string(rune(s[0]))
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}

func (m *cmap) sort() {
	if m.sorted {
		return
	}
	m.sorted = true
	slices.SortStableFunc(m.cids, func(a, b cidRange) int { return int(int64(a.lo) - int64(b.lo)) })
	slices.SortStableFunc(m.ranges, func(a, b textRange) int { return int(int64(a.lo) - int64(b.lo)) })
}

// text gives what a code stands for.
func (m *cmap) text(code uint32) (string, bool) {
	if t, ok := m.texts[code]; ok {
		return t, true
	}
	m.sort()
	i := sort.Search(len(m.ranges), func(i int) bool { return m.ranges[i].lo > code }) - 1
	if i < 0 || m.ranges[i].hi < code {
		return "", false
	}
	r := m.ranges[i]
	if r.text == "" {
		return "", true
	}
	last, size := utf8.DecodeLastRuneInString(r.text)
	return r.text[:len(r.text)-size] + string(last+rune(code-r.lo)), true
}

// cid gives the character of a code, or 0.
func (m *cmap) cid(code uint32) uint32 {
	m.sort()
	i := sort.Search(len(m.cids), func(i int) bool { return m.cids[i].lo > code }) - 1
	if i < 0 || m.cids[i].hi < code {
		return 0
	}
	return m.cids[i].cid + code - m.cids[i].lo
}

// next gives the code that a string begins with and its length.
func (m *cmap) next(s string) (code uint32, size int) {
	for n := 1; n <= 4 && n <= len(s); n++ {
		code = code<<8 | uint32(s[n-1])
		for _, c := range m.spaces {
			if c.size == n && within(code, c, n) {
				return code, n
			}
		}
	}
	n := 2
	if len(m.spaces) > 0 {
		n = m.spaces[0].size
	}
	n = min(n, len(s))
	return codeOf(s[:n]), n
}

// within tells whether each octet of a code is in the range.
func within(code uint32, c codespace, size int) bool {
	for i := range size {
		b := code >> (8 * i) & 255
		if b < c.lo>>(8*i)&255 || b > c.hi>>(8*i)&255 {
			return false
		}
	}
	return true
}
