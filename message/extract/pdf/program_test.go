package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
)

// openTypeOf makes a font that only maps codes of a platform to glyphs, by a table
// of format 4.
func openTypeOf(platform, encoding uint16, first, last, delta uint16) []byte {
	var cmap bytes.Buffer
	put := func(list ...uint16) {
		for _, v := range list {
			binary.Write(&cmap, binary.BigEndian, v)
		}
	}
	put(0, 1, platform, encoding, 0, 12)                // one table, 12 octets on
	put(4, 32, 0, 4, 4, 1, 0)                           // two segments
	put(last, 0xffff, 0, first, 0xffff, delta, 1, 0, 0) // ends, starts, deltas, offsets
	var b bytes.Buffer
	b.WriteString("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00cmap\x00\x00\x00\x00")
	binary.Write(&b, binary.BigEndian, uint32(28))
	binary.Write(&b, binary.BigEndian, uint32(cmap.Len()))
	b.Write(cmap.Bytes())
	return b.Bytes()
}

// cffOf makes a font of three glyphs: .notdef, one with a standard name (21 is
// "four"), and one with a name of its own, at the codes 1 and 2.
func cffOf(own string) []byte {
	index := func(items ...string) string {
		s := string([]byte{byte(len(items) >> 8), byte(len(items)), 1, 1})
		at := 1
		for _, item := range items {
			at += len(item)
			s += string([]byte{byte(at)})
		}
		for _, item := range items {
			s += item
		}
		return s
	}
	head := "\x01\x00\x04\x01" + index("F")
	tail := index(own) + "\x00\x00" // no subroutines
	operand := func(n int) string { return string([]byte{28, byte(n >> 8), byte(n)}) }
	// The size of the top dictionary does not depend on its operands.
	top := operand(0) + "\x0f" + operand(0) + "\x10" + operand(0) + "\x11"
	at := len(head) + len(index(top)) + len(tail)
	charset := "\x00\x00\x15\x01\x87" // 21 and the first of its own, 391
	encoding := "\x00\x02\x01\x02"
	top = operand(at) + "\x0f" + operand(at+len(charset)) + "\x10" + operand(at+len(charset)+len(encoding)) + "\x11"
	return []byte(head + index(top) + tail + charset + encoding + index("\x0e", "\x0e", "\x0e"))
}

// TestFontPrograms holds that characters are known by the embedded font where the
// document does not say them.
func TestFontPrograms(t *testing.T) {
	composite := "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]>>"
	for _, c := range []struct {
		name, shown string
		font        []string
		want        string
	}{
		{"a composite font by its map from Unicode", "<00050002>", []string{composite,
			"<</Subtype/CIDFontType2/BaseFont/X/CIDToGIDMap/Identity/FontDescriptor<</FontFile2 7 0 R>>>>",
			streamOf("", string(openTypeOf(3, 1, '0', '9', 0x10000-'0'+1)))}, "41"},
		{"and a map to its glyphs", "<00010000>", []string{composite,
			"<</Subtype/CIDFontType2/BaseFont/X/CIDToGIDMap 8 0 R/FontDescriptor<</FontFile2 7 0 R>>>>",
			streamOf("", string(openTypeOf(3, 1, '0', '9', 0x10000-'0'+1))), streamOf("", "\x00\x02\x00\x05")}, "41"},
		{"a composite font by the names of its glyphs", "<00010002>", []string{composite,
			"<</Subtype/CIDFontType0/BaseFont/X/FontDescriptor<</FontFile3 7 0 R>>>>", streamOf("/Subtype/CIDFontType0C", string(cffOf("uni0031")))}, "41"},
		{"an encoding built in", "<0102>", []string{
			"<</Subtype/Type1/BaseFont/X/FontDescriptor<</Flags 4/FontFile3 6 0 R>>>>", streamOf("/Subtype/Type1C", string(cffOf("one")))}, "41"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := streamOf("", "BT /F 12 Tf 10 700 Td "+c.shown+" Tj ET")
			wants(t, objects(append([]string{catalog, pages, onePage, content}, c.font...)...), c.want)
		})
	}
}

// TestBrokenFontPrograms goes over every beginning of a font and fonts with an
// octet changed.
func TestBrokenFontPrograms(t *testing.T) {
	for _, font := range [][]byte{openTypeOf(3, 1, 0x20, 0x7e, 1), openTypeOf(3, 0, 0xf020, 0xf07e, 1), cffOf("one")} {
		for i := range font {
			for _, data := range [][]byte{font[:i], changed(font, i, 0xff), changed(font, i, 0x7f), changed(font, i, 0)} {
				name := fmt.Sprintf("%d of %d", i, len(data))
				if got := openType(data).glyphs(); len(got) > mostMappings {
					t.Errorf("%s: %d glyphs", name, len(got))
				}
				openType(data).table()
				if c := parseCFF(data); c != nil {
					c.table()
				}
			}
		}
	}
}

func changed(data []byte, i int, to byte) []byte {
	data = bytes.Clone(data)
	data[i] = to
	return data
}
