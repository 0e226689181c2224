package extract

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

var formatMetafile = Format{
	Name:       "Windows metafile",
	MediaTypes: []string{"image/emf", "image/wmf"},
	Extensions: []string{"emf", "wmf"},
	rank:       bySignature,
	sniff:      func(r *reader) bool { return isEMF(r.content) || isWMF(r.content) },
	refine: func(r *reader) {
		if !isEMF(r.content) {
			r.doc.MediaType, r.doc.Extension = "image/wmf", "wmf"
		}
	},
	read: func(r *reader) {
		if isEMF(r.content) {
			readEMF(r)
		} else {
			readWMF(r)
		}
	},
}

func isEMF(c []byte) bool {
	return len(c) > 44 && binary.LittleEndian.Uint32(c) == 1 && string(c[40:44]) == " EMF"
}

const wmfPlaceable = "\xd7\xcd\xc6\x9a"

func isWMF(c []byte) bool {
	return len(c) > 40 && bytes.HasPrefix(c, []byte(wmfPlaceable)) ||
		len(c) > 18 && (c[0] == 1 || c[0] == 2) && c[1] == 0 && c[2] == 9 && c[3] == 0 && (c[5] == 1 || c[5] == 3) && c[4] == 0
}

// pen writes pieces of text that are placed one by one: those of one height on a
// line.
type pen struct {
	r   *reader
	y   int32
	any bool
}

func (p *pen) write(y int32, s string) {
	if s == "" {
		return
	}
	switch {
	case p.any && p.y != y:
		p.r.write("\n")
	case p.any:
		p.r.write(" ")
	}
	p.any, p.y = true, y
	p.r.write(s)
}

// The records of EMF that write text ([MS-EMF], section 2.3.5).
const (
	emfPolyTextA, emfPolyTextW = 96, 97
	emfTextA, emfTextW         = 83, 84
	emfSmallText               = 108
	emfEnd                     = 14
)

func readEMF(r *reader) {
	p := pen{r: r}
	c := r.content
	for len(c) >= 8 && !r.expired() {
		kind, n := binary.LittleEndian.Uint32(c), uint64(binary.LittleEndian.Uint32(c[4:]))
		if n < 8 || n > uint64(len(c)) {
			r.fail(Corrupt, "a damaged metafile")
			break
		}
		record := c[:n]
		c = c[n:]
		switch kind {
		case emfTextA, emfTextW:
			if len(record) >= 76 {
				p.emfText(record, record[36:], kind == emfTextW)
			}
		case emfPolyTextA, emfPolyTextW:
			const item = 40
			for list := record[min(len(record), 40):]; len(list) >= item && !r.expired(); list = list[item:] {
				p.emfText(record, list, kind == emfPolyTextW)
			}
		case emfSmallText:
			p.emfSmall(record)
		case emfEnd:
			r.newLine()
			r.behind(c)
			return
		}
	}
	r.newLine()
}

// emfText writes a text object: its place, its length, and where its characters
// are in the record.
func (p *pen) emfText(record, object []byte, wide bool) {
	count, at := uint64(binary.LittleEndian.Uint32(object[8:])), uint64(binary.LittleEndian.Uint32(object[12:]))
	y := int32(binary.LittleEndian.Uint32(object[4:]))
	size := count
	if wide {
		size = 2 * count
	}
	if at > uint64(len(record)) || size > uint64(len(record))-at {
		return
	}
	p.write(y, metafileText(record[at:at+size], wide))
}

func (p *pen) emfSmall(record []byte) {
	const noBounds, narrow = 0x100, 0x200
	if len(record) < 36 {
		return
	}
	y := int32(binary.LittleEndian.Uint32(record[12:]))
	count, flags := uint64(binary.LittleEndian.Uint32(record[16:])), binary.LittleEndian.Uint32(record[20:])
	at := 36
	if flags&noBounds == 0 {
		at += 16
	}
	size := count
	if flags&narrow == 0 {
		size = 2 * count
	}
	if at <= len(record) && size <= uint64(len(record)-at) {
		p.write(y, metafileText(record[at:uint64(at)+size], flags&narrow == 0))
	}
}

func metafileText(b []byte, wide bool) string {
	if !wide {
		s, _ := charmap.Windows1252.NewDecoder().Bytes(b)
		return string(s)
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// readWMF reads the records that write text ([MS-WMF], sections 2.3.3.5 and
// 2.3.3.20).
func readWMF(r *reader) {
	p := pen{r: r}
	c := r.content
	if bytes.HasPrefix(c, []byte(wmfPlaceable)) {
		c = c[22:]
	}
	c = c[min(len(c), 18):]
	const textOut, extTextOut, end = 0x0521, 0x0a32, 0
	for len(c) >= 6 && !r.expired() {
		n, kind := 2*uint64(binary.LittleEndian.Uint32(c)), binary.LittleEndian.Uint16(c[4:])
		if n < 6 || n > uint64(len(c)) {
			r.fail(Corrupt, "a damaged metafile")
			break
		}
		record := c[6:n]
		c = c[n:]
		switch {
		case kind == end:
			r.newLine()
			r.behind(c)
			return
		case kind == textOut && len(record) >= 6:
			count := int(binary.LittleEndian.Uint16(record))
			if text := record[2:]; count+count%2+4 <= len(text) {
				p.write(int32(int16(binary.LittleEndian.Uint16(text[count+count%2:]))), metafileText(text[:count], false))
			}
		case kind == extTextOut && len(record) >= 8:
			y, count, flags := int32(int16(binary.LittleEndian.Uint16(record))), int(binary.LittleEndian.Uint16(record[4:])), binary.LittleEndian.Uint16(record[6:])
			text := record[8:]
			if flags&6 != 0 && len(text) >= 8 { // a rectangle is filled or cut
				text = text[8:]
			}
			if count <= len(text) {
				p.write(y, metafileText(text[:count], false))
			}
		}
	}
	r.newLine()
}
