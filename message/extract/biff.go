package extract

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// biffRecord is a record of a workbook stream ([MS-XLS] section 2.1.4) with those
// that go on with it.
type biffRecord struct {
	kind  int
	at    int // offset of the record
	data  []byte
	parts [][]byte // data of the CONTINUE records behind
}

// The records that are read. Those of BIFF2 to 4 have other numbers for the same.
const (
	biffFormula          = 0x0006
	biffEOF              = 0x000a
	biffHeader           = 0x0014
	biffFooter           = 0x0015
	biffName             = 0x0018
	biffNote             = 0x001c
	biffDate1904         = 0x0022
	biffFilePass         = 0x002f
	biffContinue         = 0x003c
	biffCodePage         = 0x0042
	biffSheet            = 0x0085
	biffMulRK            = 0x00bd
	biffPivotString      = 0x00cd
	biffRString          = 0x00d6
	biffXF               = 0x00e0
	biffSST              = 0x00fc
	biffLabelSST         = 0x00fd
	biffDrawing          = 0x00ec
	biffDrawingGroup     = 0x00eb
	biffDrawingSelection = 0x00ed
	biffTXO              = 0x01b6
	biffLink             = 0x01b8
	biffValidation       = 0x01be
	biffNumber           = 0x0203
	biffLabel            = 0x0204
	biffBoolErr          = 0x0205
	biffString           = 0x0207
	biffRK               = 0x027e
	biffFormat           = 0x041e
	biffBOF              = 0x0809
	biffTip              = 0x0800
	biffHeaderFooter     = 0x089c
	biffSeriesText       = 0x100d
)

// nextBIFF reads the record at an offset.
func nextBIFF(b []byte, at int) (rec biffRecord, next int, ok bool) {
	if at+4 > len(b) {
		return rec, at, false
	}
	rec.kind, rec.at = int(binary.LittleEndian.Uint16(b[at:])), at
	size := int(binary.LittleEndian.Uint16(b[at+2:]))
	if at+4+size > len(b) {
		rec.data = b[at+4:]
		return rec, len(b), len(rec.data) > 0
	}
	rec.data = b[at+4 : at+4+size]
	next = at + 4 + size
	for next+4 <= len(b) && binary.LittleEndian.Uint16(b[next:]) == biffContinue {
		size := int(binary.LittleEndian.Uint16(b[next+2:]))
		part := b[next+4 : min(next+4+size, len(b))]
		rec.parts = append(rec.parts, part)
		next += 4 + len(part)
	}
	return rec, next, true
}

// biffText reads octets and strings that go on over CONTINUE records.
type biffText struct {
	b    []byte
	rest [][]byte
}

func (t *biffText) turn() bool {
	for len(t.b) == 0 && len(t.rest) > 0 {
		t.b, t.rest = t.rest[0], t.rest[1:]
	}
	return len(t.b) > 0
}

func (t *biffText) octet() (byte, bool) {
	if !t.turn() {
		return 0, false
	}
	c := t.b[0]
	t.b = t.b[1:]
	return c, true
}

func (t *biffText) number(n int) (v uint32) {
	for i := range n {
		c, _ := t.octet()
		v |= uint32(c) << (8 * i)
	}
	return v
}

func (t *biffText) skip(n int64) {
	for n > 0 && t.turn() {
		k := min(n, int64(len(t.b)))
		t.b = t.b[k:]
		n -= k
	}
}

// rich reads a string with formatting runs and phonetic text, as the table of
// shared strings has them (section 2.5.293). Phonetic text is not shown.
func (t *biffText) rich() (string, bool) {
	if !t.turn() {
		return "", false
	}
	n := int(t.number(2))
	flags, ok := t.octet()
	runs, phonetic := int64(0), int64(0)
	if flags&8 != 0 {
		runs = int64(t.number(2))
	}
	if flags&4 != 0 {
		phonetic = int64(t.number(4))
	}
	s := t.characters(n, flags)
	t.skip(4*runs + phonetic)
	return s, ok
}

// characters reads n characters; where they go on in the next record it tells
// anew whether they take one octet or two.
func (t *biffText) characters(n int, flags byte) string {
	var out strings.Builder
	var units []uint16
	for n > 0 {
		if len(t.b) == 0 {
			if !t.turn() {
				break
			}
			flags = t.b[0]
			t.b = t.b[1:]
			continue
		}
		if flags&1 == 0 {
			k := min(n, len(t.b))
			if len(units) > 0 {
				out.WriteString(string(utf16.Decode(units)))
				units = units[:0]
			}
			for _, c := range t.b[:k] {
				if c < utf8.RuneSelf {
					out.WriteByte(c)
				} else {
					out.WriteRune(rune(c))
				}
			}
			t.b, n = t.b[k:], n-k
			continue
		}
		if len(t.b) == 1 {
			t.b = nil
			continue
		}
		k := min(n, len(t.b)/2)
		for i := range k {
			units = append(units, binary.LittleEndian.Uint16(t.b[2*i:]))
		}
		t.b, n = t.b[2*k:], n-k
	}
	if len(units) > 0 {
		out.WriteString(string(utf16.Decode(units)))
	}
	return out.String()
}

// wideString reads a string of BIFF8 with a count of one octet or two.
func (rec *biffRecord) wideString(at, count int) string {
	if at > len(rec.data) {
		return ""
	}
	t := biffText{rec.data[at:], rec.parts}
	n := int(t.number(count))
	flags, _ := t.octet()
	if count == 2 && flags&8 != 0 {
		t.skip(2) // the number of formatting runs, which follow the text
	}
	if count == 2 && flags&4 != 0 {
		t.skip(4)
	}
	return t.characters(n, flags)
}

// narrowString reads a string of single octets with a count of one octet or two.
func (rec *biffRecord) narrowString(at, count, cp int) string {
	n := le16(rec.data, at)
	if count == 1 {
		n = 0
		if at < len(rec.data) {
			n = int(rec.data[at])
		}
	}
	return codePageText(within(rec.data, int64(at+count), int64(n)), cp)
}

// rkNumber decodes a number of 32 bits (section 2.5.217).
func rkNumber(rk uint32) float64 {
	v := 0.0
	if rk&2 != 0 {
		v = float64(int32(rk) >> 2)
	} else {
		v = math.Float64frombits(uint64(rk&^3) << 32)
	}
	if rk&1 != 0 {
		v /= 100
	}
	return v
}

// biffError names an error value (section 2.5.10).
func biffError(code byte) string {
	switch code {
	case 0x00:
		return "#NULL!"
	case 0x07:
		return "#DIV/0!"
	case 0x0f:
		return "#VALUE!"
	case 0x17:
		return "#REF!"
	case 0x1d:
		return "#NAME?"
	case 0x24:
		return "#NUM!"
	}
	return "#N/A"
}
