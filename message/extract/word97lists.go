package extract

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// wordLists makes up the numbers of lists as Word does ([MS-DOC] section 2.4.6.3).
type wordLists struct {
	levels    map[uint32][]listLevel // by the identifier of the list
	overrides []listOverride         // by the index that paragraphs give
	styles    []wordMark             // properties of paragraph styles
	bases     []int
	counters  map[uint32]*[9]int
	started   map[[2]int]bool // levels whose start was overridden already
}

// listLevel is how one level of a list is numbered (section 2.9.150).
type listLevel struct {
	start  int
	format byte
	legal  bool
	limit  int // levels above it restart the numbers
	follow byte
	text   []uint16 // those below 9 stand for the number of a level
}

type listOverride struct {
	list   uint32
	starts map[int]int
	levels map[int]listLevel
}

const mostLists = 10000

// readWordLists reads lists, their overrides and the styles that use them; nil
// when the document has none.
func readWordLists(w *wordFile) *wordLists {
	l := &wordLists{levels: map[uint32][]listLevel{}, counters: map[uint32]*[9]int{}, started: map[[2]int]bool{}}
	l.readLists(w)
	if len(l.levels) == 0 {
		return nil
	}
	l.readOverrides(w)
	l.readStyles(w)
	return l
}

func (l *wordLists) readLists(w *wordFile) {
	at := int64(le32(w.main, fibTables+8*73))
	if le32(w.main, fibTables+8*73+4) == 0 {
		return
	}
	b := within(w.table, at, int64(len(w.table)))
	count := min(le16(b, 0), mostLists)
	heads := within(b, 2, int64(28*count))
	rest := within(b, int64(2+28*count), int64(len(b)))
	for ; len(heads) >= 28; heads = heads[28:] {
		n := 9
		if heads[26]&1 != 0 {
			n = 1
		}
		levels := make([]listLevel, 0, n)
		for range n {
			level, size := readListLevel(rest)
			if size == 0 {
				return
			}
			levels = append(levels, level)
			rest = rest[size:]
		}
		l.levels[le32(heads, 0)] = levels
	}
}

// readListLevel reads a level and gives its size; 0 for a damaged one.
func readListLevel(b []byte) (listLevel, int) {
	if len(b) < 30 {
		return listLevel{}, 0
	}
	level := listLevel{start: int(int32(le32(b, 0))), format: b[4], legal: b[5]&4 != 0, limit: 9, follow: b[15]}
	if b[5]&8 != 0 {
		level.limit = int(b[26])
	}
	at := 28 + int(b[24]) + int(b[25])
	n := le16(b, at)
	if n > 255 || at+2+2*n > len(b) {
		return listLevel{}, 0
	}
	for i := range n {
		level.text = append(level.text, uint16(le16(b, at+2+2*i)))
	}
	return level, at + 2 + 2*n
}

func (l *wordLists) readOverrides(w *wordFile) {
	b := w.tablePart(74)
	count := int(min(le32(b, 0), mostLists))
	heads := within(b, 4, int64(16*count))
	// The overridden levels follow, beyond what the length covers in some files.
	from := int64(le32(w.main, fibTables+8*74)) + int64(4+16*count)
	rest := within(w.table, from, int64(len(w.table)))
	for ; len(heads) >= 16; heads = heads[16:] {
		o := listOverride{list: le32(heads, 0), starts: map[int]int{}, levels: map[int]listLevel{}}
		rest = rest[min(4, len(rest)):]
		for range min(int(heads[12]), 9) {
			if len(rest) < 8 {
				break
			}
			flags := le32(rest, 4)
			level := int(flags & 15)
			if flags&16 != 0 {
				o.starts[level] = int(int32(le32(rest, 0)))
			}
			rest = rest[8:]
			if flags&32 != 0 {
				form, size := readListLevel(rest)
				if size == 0 {
					break
				}
				if flags&16 != 0 {
					o.starts[level] = form.start
				}
				o.levels[level] = form
				rest = rest[size:]
			}
		}
		l.overrides = append(l.overrides, o)
	}
}

// readStyles reads the paragraph properties of the styles (section 2.9.271).
func (l *wordLists) readStyles(w *wordFile) {
	b := w.tablePart(1)
	head := le16(b, 0)
	count, base := le16(b, 2), le16(b, 4)
	b = b[min(2+head, len(b)):]
	for range min(count, 4096) {
		if len(b) < 2 {
			return
		}
		size := le16(b, 0)
		std := within(b, 2, int64(size))
		b = b[min(2+size, len(b)):]
		mark, parent := wordMark{}, 0xfff
		if len(std) >= base+2 && base >= 10 && std[2]&15 == 1 {
			parent = le16(std, 2) >> 4
			at := base + 2 + 2*le16(std, base) + 2
			if n := le16(std, at); n >= 2 {
				if papx := within(std, int64(at)+2, int64(n)); len(papx) >= 2 {
					mark.apply(papx[2:], w.data, 0)
				}
			}
		}
		l.styles, l.bases = append(l.styles, mark), append(l.bases, parent)
	}
}

// of gives list and level of a paragraph: its own or those of its style.
func (l *wordLists) of(m wordMark) (list, level int) {
	list, level = m.list, m.level
	hasList, hasLevel := m.hasList, m.hasLevel
	for style, depth := m.style, 0; style < len(l.styles) && depth < 20 && !(hasList && hasLevel); depth++ {
		s := l.styles[style]
		if !hasList && s.hasList {
			list, hasList = s.list, true
		}
		if !hasLevel && s.hasLevel {
			level, hasLevel = s.level, true
		}
		style = l.bases[style]
	}
	return list, level
}

// number counts the paragraph and gives its number as it is shown, with what
// parts it from the text; empty when it has none.
func (l *wordLists) number(m wordMark) string {
	index, level := l.of(m)
	if index <= 0 || index > len(l.overrides) || level < 0 || level > 8 {
		return ""
	}
	o := l.overrides[index-1]
	levels := l.levels[o.list]
	if len(levels) == 0 {
		return ""
	}
	level = min(level, len(levels)-1)
	form := func(i int) listLevel {
		if f, have := o.levels[i]; have {
			return f
		}
		return levels[min(i, len(levels)-1)]
	}
	c := l.counters[o.list]
	if c == nil {
		c = &[9]int{}
		for i := range c {
			c[i] = form(i).start - 1
		}
		l.counters[o.list] = c
	}
	for i, start := range o.starts {
		if i <= 8 && !l.started[[2]int{index, i}] && i == level {
			l.started[[2]int{index, i}] = true
			c[i] = start - 1
		}
	}
	c[level]++
	for i := level + 1; i < 9; i++ {
		if level < form(i).limit {
			c[i] = form(i).start - 1
		}
	}
	f := form(level)
	if f.format == 23 {
		return "• "
	}
	var out strings.Builder
	var plain []uint16
	for _, u := range f.text {
		if u >= 9 {
			plain = append(plain, u)
			continue
		}
		out.WriteString(string(utf16.Decode(plain)))
		plain = plain[:0]
		of := form(int(u))
		n := c[u]
		if int(u) < level && n < of.start {
			n = of.start
			c[u] = n
		}
		if f.legal {
			of.format = 0
		}
		out.WriteString(listNumber(n, of.format))
	}
	out.WriteString(string(utf16.Decode(plain)))
	if s := out.String(); s != "" && f.follow != 2 {
		return s + " "
	}
	return out.String()
}

// listNumber writes a number in a format of [MS-OSHARED] section 2.2.1.3; those
// of other scripts come as digits.
func listNumber(n int, format byte) string {
	digits := strconv.Itoa(n)
	switch format {
	case 1:
		return roman(n)
	case 2:
		return strings.ToLower(roman(n))
	case 3, 4:
		first := byte('A')
		if format == 4 {
			first = 'a'
		}
		if n < 1 || n > 26*20 {
			return digits
		}
		return strings.Repeat(string(first+byte((n-1)%26)), (n-1)/26+1)
	case 5:
		suffix := "th"
		if n%100 < 11 || n%100 > 13 {
			switch n % 10 {
			case 1:
				suffix = "st"
			case 2:
				suffix = "nd"
			case 3:
				suffix = "rd"
			}
		}
		return digits + suffix
	case 22:
		if n >= 0 && n < 10 {
			return "0" + digits
		}
	case 23, 255:
		return ""
	}
	return digits
}
