package pdf

import (
	"sort"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// collection is a character collection of Adobe (Technical Notes 5078 to 5080 and
// 5093). All have ASCII first, and most of their other characters in the order of
// a national standard.
type collection struct {
	half  uint32 // where ASCII of half the width begins
	set   encoding.Encoding
	cells uint32 // characters in a row of the standard
	runs  []run
}

// run is characters in the order of the standard, from a code on.
type run struct{ cid, count, code uint32 }

var collections = map[name]*collection{
	"Japan1": {231, japanese.EUCJP, 94, []run{
		{633, 108, 0xa1a1}, {790, 26, 0xa3c1}, {816, 26, 0xa3e1}, {842, 83, 0xa4a1}, {925, 86, 0xa5a1}, {1011, 24, 0xa6a1}, {1035, 24, 0xa6c1},
		{1059, 33, 0xa7a1}, {1092, 33, 0xa7d1}, {1125, 2965, 0xb0a1}, {4090, 3388, 0xd0a1},
	}},
	"GB1": {813, simplifiedchinese.GBK, 94, []run{
		{96, 94, 0xa1a1}, {190, 50, 0xa2b1}, {262, 177, 0xa3a1}, {439, 86, 0xa5a1}, {525, 24, 0xa6a1}, {549, 53, 0xa6c1}, {602, 33, 0xa7a1},
		{635, 33, 0xa7d1}, {668, 32, 0xa8a1}, {700, 38, 0xa8c5}, {738, 76, 0xa9a4}, {940, 3755, 0xb0a1}, {4695, 3008, 0xd8a1},
	}},
	"Korea1": {8094, korean.EUCKR, 94, []run{
		{101, 163, 0xa1a1}, {264, 145, 0xa3a1}, {409, 52, 0xa4d5}, {471, 24, 0xa5c1}, {495, 24, 0xa5e1}, {519, 68, 0xa6a1}, {587, 79, 0xa7a1},
		{679, 255, 0xa8b1}, {934, 86, 0xaba1}, {1020, 33, 0xaca1}, {1053, 33, 0xacd1}, {1086, 2350, 0xb0a1}, {3436, 141, 0xcaa1}, {3598, 163, 0xcbe8},
		{3819, 171, 0xceae}, {4050, 84, 0xd0de}, {4186, 169, 0xd2f9}, {4389, 103, 0xd5af}, {4512, 91, 0xd6ce}, {4627, 344, 0xd7e5}, {5031, 93, 0xdca6},
		{5201, 101, 0xddf5}, {5372, 102, 0xdfe9}, {5499, 63, 0xe1ae}, {5562, 195, 0xe1ee}, {5773, 98, 0xe4aa}, {6063, 77, 0xe7f8}, {6479, 74, 0xeda4},
		{6553, 74, 0xedef}, {6627, 345, 0xeedc}, {6972, 60, 0xf2be}, {7052, 83, 0xf3b2}, {7135, 70, 0xf4a8}, {7205, 193, 0xf4ef}, {7455, 101, 0xf7d4},
		{7576, 108, 0xf8f1}, {7684, 67, 0xfaa3}, {7751, 126, 0xfae7}, {7877, 179, 0xfcaa},
	}},
	"CNS1": {13648, traditionalchinese.Big5, 157, []run{
		{128, 119, 0xa15d}, {249, 254, 0xa1f8}, {562, 33, 0xa3c0}, {595, 1412, 0xa440}, {2007, 424, 0xad40}, {2432, 1876, 0xafd0}, {4309, 387, 0xbbc8},
		{4696, 525, 0xbe53}, {5222, 189, 0xc1ab}, {5411, 84, 0xc2cc}, {5496, 54, 0xc361}, {5552, 90, 0xc3bb}, {5642, 354, 0xc457}, {6135, 167, 0xc9ed},
		{6302, 1840, 0xcaf8}, {8143, 108, 0xd6cd}, {8251, 537, 0xd77b}, {8789, 100, 0xdae0}, {8890, 399, 0xdba7}, {9289, 1637, 0xddfd}, {10927, 146, 0xe8a3},
		{11074, 287, 0xe976}, {11362, 116, 0xeb5b}, {11478, 137, 0xebf2}, {11615, 104, 0xecdf}, {11720, 222, 0xedaa}, {11942, 198, 0xeeec},
		{12317, 153, 0xf16c}, {12527, 113, 0xf2c3}, {12641, 142, 0xf375}, {12901, 194, 0xf4fd}, {13095, 490, 0xf664},
	}},
	"KR": {set: korean.EUCKR, cells: 94},
}

// ofCollection gives the text of a character of a collection, or nothing.
func ofCollection(order name, cid uint32) string {
	c, ok := collections[order]
	if !ok {
		return ""
	}
	i := sort.Search(len(c.runs), func(i int) bool { return c.runs[i].cid > cid }) - 1
	switch {
	case cid >= 1 && cid <= 95:
		return string(rune(' ' + cid - 1))
	case i >= 0 && cid < c.runs[i].cid+c.runs[i].count:
		return c.text(c.runs[i], cid)
	case c.half > 0 && cid >= c.half && cid < c.half+95:
		return string(rune(' ' + cid - c.half))
	}
	return ""
}

// text gives the character that is some places behind the first of a run.
func (c *collection) text(r run, cid uint32) string {
	row, cell := r.code>>8, r.code&255
	// Rows of Big5 begin with 63 cells from 0x40 on; the others are from 0xa1 on.
	at := cell - 0xa1
	low := c.cells - 94
	if low > 0 {
		at += low
		if cell < 0x80 {
			at = cell - 0x40
		}
	}
	at += cid - r.cid
	row, cell = row+at/c.cells, at%c.cells
	if cell < low {
		cell += 0x40
	} else {
		cell += 0xa1 - low
	}
	text, err := c.set.NewDecoder().String(string([]byte{byte(row), byte(cell)}))
	if err != nil || text == "\ufffd" {
		return ""
	}
	return text
}
