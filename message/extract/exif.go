package extract

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// exifNames are the tags of TIFF and EXIF that hold text (CIPA DC-008, section
// 4.6), under the names that programs show.
var exifNames = map[uint16]string{
	0x010d: "DocumentName", 0x010e: "Title", 0x010f: "Make", 0x0110: "Model", 0x011d: "PageName", 0x0131: "Software",
	0x0132: "ModifyDate", 0x013b: "Author", 0x013c: "HostComputer", 0x014d: "InkNames", 0x8298: "Copyright",
	0x9003: "DateTimeOriginal", 0x9004: "CreateDate", 0x9286: "Comments", 0xa004: "RelatedSoundFile", 0xa420: "ImageUniqueID",
	0xa430: "Owner", 0xa431: "SerialNumber", 0xa433: "LensMake", 0xa434: "LensModel", 0xa435: "LensSerialNumber",
	0x9c9b: "Title", 0x9c9c: "Comments", 0x9c9d: "Author", 0x9c9e: "Keywords", 0x9c9f: "Subject",
}

// The tags that lead to other metadata.
const (
	tagXMP       = 0x02bc
	tagIPTC      = 0x83bb
	tagPhotoshop = 0x8649
	tagExif      = 0x8769
	tagGPS       = 0x8825
	tagInterop   = 0xa005
	tagSubIFDs   = 0x014a
	tagComment   = 0x9286
	tagMaker     = 0x927c
	tagGPSMethod = 0x001b
	tagGPSArea   = 0x001c
)

// exifReader walks the directories of TIFF data.
type exifReader struct {
	r     *reader
	b     []byte
	order binary.ByteOrder
	seen  map[uint32]bool
	queue []uint32
	tags  int
	work  int // octets of values looked at
}

// exif keeps the text in TIFF data: an image of that format, or what cameras put
// into others (TIFF 6.0, section 2). It tells whether there was a directory.
func (r *reader) exif(b []byte) bool {
	e := exifReader{r: r, b: b, seen: map[uint32]bool{}}
	switch {
	case len(b) < 8:
		return false
	case b[0] == 'I' && b[1] == 'I':
		e.order = binary.LittleEndian
	case b[0] == 'M' && b[1] == 'M':
		e.order = binary.BigEndian
	default:
		return false
	}
	read := false
	e.queue = append(e.queue, e.order.Uint32(b[4:]))
	for len(e.queue) > 0 && !r.expired() {
		at := e.queue[0]
		e.queue = e.queue[1:]
		if at != 0 && !e.seen[at] {
			e.seen[at] = true
			read = e.directory(at) || read
		}
	}
	return read
}

func (e *exifReader) directory(at uint32) bool {
	const most = 50_000 // tags of an image
	if uint64(at)+2 > uint64(len(e.b)) {
		return false
	}
	n := int(e.order.Uint16(e.b[at:]))
	entries := e.b[at+2:]
	for i := 0; i < n && len(entries) >= 12 && !e.r.expired(); i++ {
		if e.tags++; e.tags > most {
			e.r.end("more metadata than an image holds")
			break
		}
		e.tag(entries[:12])
		entries = entries[12:]
	}
	if len(entries) >= 4 {
		e.queue = append(e.queue, e.order.Uint32(entries))
	}
	return true
}

func (e *exifReader) tag(entry []byte) {
	tag, kind, count := e.order.Uint16(entry), e.order.Uint16(entry[2:]), e.order.Uint32(entry[4:])
	sizes := [...]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
	if int(kind) >= len(sizes) || sizes[kind] == 0 && kind != 129 {
		return
	}
	size := sizes[kind] * uint64(count)
	value := entry[8:12]
	if size > 4 {
		at := uint64(e.order.Uint32(entry[8:]))
		if at > uint64(len(e.b)) {
			return
		}
		value = e.b[at:]
	}
	value = value[:min(size, uint64(len(value)))]
	// Values that overlap could be looked at again and again.
	if e.work += len(value); e.work > 4*len(e.b)+1<<20 {
		e.r.end("more metadata than an image holds")
		return
	}
	switch tag {
	case tagExif, tagGPS, tagInterop, tagSubIFDs:
		for ; len(value) >= 4 && len(e.queue) < 100; value = value[4:] {
			e.queue = append(e.queue, e.order.Uint32(value))
		}
	case tagXMP:
		e.r.xmp(value)
	case tagIPTC:
		e.r.iptc(value)
	case tagPhotoshop:
		e.r.photoshop(value)
	case tagComment, tagGPSMethod, tagGPSArea:
		e.r.picture(exifNames[tag], e.comment(value))
	case tagMaker:
		e.r.runs(value)
	case 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f: // what Windows Explorer writes
		e.r.picture(exifNames[tag], utf16Value(value, binary.LittleEndian))
	default:
		switch {
		case kind == 2 || kind == 129:
			e.r.picture(exifNames[tag], textValue(value))
		case kind == 7 && len(value) > 8 && len(value) < 64<<10, kind == 1 && len(value) > 16 && len(value) < 64<<10:
			e.r.runs(value)
		}
	}
}

// comment reads a text with its character code in front.
func (e *exifReader) comment(b []byte) string {
	const code = 8
	if len(b) < code {
		return textValue(b)
	}
	switch label := strings.TrimRight(string(b[:code]), "\x00 "); label {
	case "UNICODE":
		order := e.order
		// Programs do not agree on the order: the one is taken that gives letters.
		if text := b[code:]; len(text) > 1 && (text[0] == 0) != (order == binary.BigEndian) && (text[0] == 0 || text[1] == 0) {
			order = binary.LittleEndian
			if text[0] == 0 {
				order = binary.BigEndian
			}
		}
		return utf16Value(b[code:], order)
	case "ASCII", "JIS", "":
		return textValue(b[code:])
	}
	return textValue(b)
}

func utf16Value(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return strings.Trim(string(utf16.Decode(units)), "\x00\ufeff ")
}

// textValue gives text that may be padded, and is UTF-8 or Windows-1252.
func textValue(b []byte) string {
	b = bytes.Trim(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), "\x00 ")
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(s)
}

// picture keeps what an image says about itself: as a property, if it has a name,
// and as text.
func (r *reader) picture(name, value string) {
	value = strings.TrimSpace(strings.ReplaceAll(value, "\x00", " "))
	if value == "" {
		return
	}
	if name != "" {
		r.property(name, value)
		r.write(name + ": ")
	}
	r.write(value + "\n")
}

// runs writes what can be read in data whose structure is not known.
func (r *reader) runs(b []byte) {
	const least = 8
	for _, s := range printableRuns(b, least) {
		r.write(s + "\n")
	}
}

// iptcNames are the fields of IPTC records that programs show (IIM 4.2, chapter 6).
var iptcNames = map[byte]string{5: "Title", 25: "Keywords", 40: "Instructions", 80: "Author", 85: "AuthorsPosition", 90: "City", 95: "State",
	101: "Country", 103: "Reference", 105: "Headline", 110: "Credit", 115: "Source", 116: "Copyright", 118: "Contact", 120: "Caption", 122: "Writer"}

// iptc keeps the fields of IPTC records (IIM 4.2, section 1.6).
func (r *reader) iptc(b []byte) {
	for len(b) >= 5 && !r.expired() {
		if b[0] != 0x1c {
			b = b[1:]
			continue
		}
		record, field, n := b[1], b[2], int(binary.BigEndian.Uint16(b[3:]))
		b = b[5:]
		if n&0x8000 != 0 || n > len(b) {
			return
		}
		if record == 2 && field != 0 || record > 2 && record < 10 {
			r.picture(iptcNames[field], textValue(b[:n]))
		}
		b = b[n:]
	}
}

// photoshop goes over image resources (Adobe Photoshop File Formats
// Specification) and keeps captions, XMP and EXIF.
func (r *reader) photoshop(b []byte) {
	for len(b) >= 12 && !r.expired() {
		if !bytes.HasPrefix(b, []byte("8BIM")) && !bytes.HasPrefix(b, []byte("MeSa")) {
			return
		}
		id := binary.BigEndian.Uint16(b[4:])
		name := 1 + int(b[6])
		at := 6 + name + name%2
		if at+4 > len(b) {
			return
		}
		size := uint64(binary.BigEndian.Uint32(b[at:]))
		data := b[at+4:]
		if size > uint64(len(data)) {
			return
		}
		b = data[min(size+size%2, uint64(len(data))):]
		data = data[:size]
		switch id {
		case 0x0404:
			r.iptc(data)
		case 0x0422, 0x0423:
			r.exif(data)
		case 0x0424:
			r.xmp(data)
		case 0x03f0, 0x040b, 0x0435: // a caption of old, the address of a link, a copyright notice
			r.picture("", textValue(data))
		}
	}
}

var xmpBegins = [][]byte{[]byte("<x:xmpmeta"), []byte("<xmpmeta"), []byte("<rdf:RDF"), []byte("<x:xapmeta")}

// xmp keeps the properties of XMP and writes all of its text (ISO 16684-1).
func (r *reader) xmp(data []byte) {
	data = bytes.Trim(data, "\x00 \r\n\t")
	if len(data) == 0 || r.expired() {
		return
	}
	readXMP(r, data)
	x := newXMLScanner(bytes.NewReader(data))
	defer x.close()
	for !r.expired() {
		switch x.next() {
		case xmlDone:
			r.newLine()
			return
		case xmlDirective:
			r.fail(Truncated, "a document type definition")
			return
		case xmlStart:
			d := x.attributes
			for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
				_, value, end, ok := attributeAt(d, i)
				if !ok {
					break
				}
				if !bytes.HasPrefix(d[i:], []byte("xmlns")) && len(value) > 0 {
					r.write(string(x.expand(value)) + "\n")
				}
				i = end
			}
		case xmlText:
			if text := strings.TrimSpace(string(x.text)); text != "" {
				r.write(text + "\n")
			}
		}
	}
}

// packets finds XMP in data whose structure does not matter, as readers of XMP may
// (ISO 16684-1, section 7.3.2), and EXIF that is marked as such.
func (r *reader) packets(b []byte) {
	for _, begin := range xmpBegins {
		rest := b
		for range 100 {
			i := bytes.Index(rest, begin)
			if i < 0 {
				break
			}
			name, _, _ := bytes.Cut(begin[1:], []byte(" "))
			end := bytes.Index(rest[i:], append([]byte("</"), name...))
			if end < 0 {
				end = len(rest) - i
			}
			r.xmp(rest[i : i+end])
			rest = rest[i+end:]
			b = rest
		}
	}
}
