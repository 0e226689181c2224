package extract

import (
	"encoding/binary"
	"sort"
)

// wordMark is what is known of a paragraph: it ends at the mark that stands
// before the offset end.
type wordMark struct {
	begin, end          int64
	style               int
	list, level         int // list is 0 for none, else 1 plus the index
	hasList             bool
	inTable, rowEnd     bool
	innerCell, innerRow bool
	hasLevel            bool
}

// readMarks reads the properties of all paragraphs ([MS-DOC] sections 2.8.6 and
// 2.9.180).
func (w *wordFile) readMarks() {
	plc := w.tablePart(13)
	n := (len(plc) - 4) / 8
	seen := map[uint32]bool{}
	for i := range max(n, 0) {
		pn := le32(plc, 4*(n+1)+4*i) & 0x3fffff
		page := within(w.main, int64(pn)*512, 512)
		if len(page) < 512 || seen[pn] || w.r.expired() {
			continue
		}
		seen[pn] = true
		runs := int(page[511])
		for k := range runs {
			at := 4*(runs+1) + 13*k
			if at >= 511 {
				break
			}
			m := wordMark{begin: int64(le32(page, 4*k)), end: int64(le32(page, 4*k+4))}
			if off := 2 * int(page[at]); off > 0 && off < 511 {
				size := 2*int(page[off]) - 1
				if page[off] == 0 {
					off++
					size = 2 * int(page[off])
				}
				if papx := within(page[:511], int64(off)+1, int64(size)); len(papx) >= 2 {
					m.style = le16(papx, 0)
					m.apply(papx[2:], w.data, 0)
				}
			}
			w.marks = append(w.marks, m)
		}
	}
	sort.SliceStable(w.marks, func(i, j int) bool { return w.marks[i].end < w.marks[j].end })
}

// mark finds the properties of the paragraph whose mark stands at an offset.
func (w *wordFile) mark(fc int64) wordMark {
	i := sort.Search(len(w.marks), func(i int) bool { return w.marks[i].end > fc })
	if i < len(w.marks) && w.marks[i].begin <= fc && fc > 0 {
		return w.marks[i]
	}
	return wordMark{}
}

// The property modifiers of a paragraph that are of interest here (section 2.6.2).
const (
	sprmInTable   = 0x2416
	sprmRowEnd    = 0x2417
	sprmInnerCell = 0x244b
	sprmInnerRow  = 0x244c
	sprmLevel     = 0x260a
	sprmList      = 0x460b
	sprmHuge      = 0x6646
	sprmHugeOld   = 0x6645
	sprmTable     = 0xd608
	sprmTabs      = 0xc615
)

// apply applies a list of property modifiers.
func (m *wordMark) apply(list, data []byte, depth int) {
	for len(list) >= 3 {
		op := int(binary.LittleEndian.Uint16(list))
		arg := list[2:]
		size := 0
		switch op >> 13 {
		case 0, 1:
			size = 1
		case 2, 4, 5:
			size = 2
		case 3:
			size = 4
		case 7:
			size = 3
		case 6:
			size = 1 + int(arg[0])
			if op == sprmTable {
				size = 1 + le16(arg, 0)
			} else if op == sprmTabs && arg[0] == 255 {
				return
			}
		}
		if size > len(arg) {
			return
		}
		switch op {
		case sprmInTable:
			m.inTable = arg[0] != 0
		case sprmRowEnd:
			m.rowEnd = arg[0] != 0
		case sprmInnerCell:
			m.innerCell = arg[0] != 0
		case sprmInnerRow:
			m.innerRow = arg[0] != 0
		case sprmLevel:
			m.level, m.hasLevel = int(arg[0]), true
		case sprmList:
			m.list, m.hasList = le16(arg, 0), true
		case sprmHuge, sprmHugeOld:
			if at := int64(le32(arg, 0)); depth == 0 {
				m.apply(within(data, at+2, int64(le16(data, int(at)))), data, 1)
			}
		}
		list = arg[size:]
	}
}
