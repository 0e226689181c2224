package extract

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Images. What is read of them is the text beside the picture: EXIF, XMP, IPTC and
// comments. The picture itself is not looked at, so writing that it shows is not
// read. An image of which the picture is damaged is complete; damaged metadata is
// damage.
var (
	formatJPEG = image("JPEG", "image/jpeg", "jpg", prefixed("\xff\xd8\xff"), readJPEG)
	formatPNG  = image("PNG", "image/png", "png", prefixed(pngMagic), readPNG)
	formatGIF  = image("GIF", "image/gif", "gif", func(r *reader) bool {
		return bytes.HasPrefix(r.content, []byte("GIF87a")) || bytes.HasPrefix(r.content, []byte("GIF89a"))
	}, readGIF)
	formatTIFF = image("TIFF", "image/tiff", "tiff", func(r *reader) bool {
		return bytes.HasPrefix(r.content, []byte("II*\x00")) || bytes.HasPrefix(r.content, []byte("MM\x00*"))
	}, readTIFF)
	formatWebP = image("WebP", "image/webp", "webp", func(r *reader) bool {
		return len(r.content) > 12 && string(r.content[:4]) == "RIFF" && string(r.content[8:12]) == "WEBP"
	}, readWebP)
	formatHEIF = Format{Name: "HEIF", MediaTypes: []string{"image/heic", "image/avif", "image/jp2", "image/jxl"}, Extensions: []string{"heic", "avif", "jp2", "jxl"},
		Properties: true, rank: bySignature, sniff: isHEIF, refine: refineHEIF, read: readHEIF}
	formatBMP  = image("BMP", "image/bmp", "bmp", isBMP, readBMP)
	formatIcon = image("Icon", "image/vnd.microsoft.icon", "ico", isIcon, readIcon)
)

func image(name, mediaType, extension string, sniff func(*reader) bool, read func(*reader)) Format {
	return Format{Name: name, MediaTypes: []string{mediaType}, Extensions: []string{extension}, Properties: true,
		rank: bySignature, sniff: sniff, read: read}
}

const damagedImage = "damaged metadata of an image"

// behind reads what follows an image in its file. Cameras put a second picture or
// a film there; anything else is read one way by viewers of images and another way
// by other programs.
func (r *reader) behind(rest []byte) {
	if len(bytes.Trim(rest, "\x00\r\n\t \x1a")) < 4 || r.expired() { // padding
		return
	}
	if !isForeign(r, rest) {
		r.runs(rest[:min(len(rest), 1<<20)])
		r.packets(rest)
		return
	}
	r.defect("content behind the end of an image")
	r.member(Hint{}, rest)
}

// isForeign tells content that has no business behind an image: text, archives,
// documents and programs.
func isForeign(r *reader, rest []byte) (foreign bool) {
	if looksLikeText(rest) {
		return true
	}
	defer func() {
		if recover() != nil {
			foreign = true
		}
	}()
	at := &reader{ctx: r.ctx, content: rest, lim: r.lim, formats: r.formats, left: NewBudget(r.lim), depth: r.depth + 1}
	f := identify(at)
	if f == nil {
		return at.doc.Status == Protected || at.doc.MediaType != "" && !strings.HasPrefix(at.doc.MediaType, "video/") &&
			!strings.HasPrefix(at.doc.MediaType, "audio/") && !strings.HasPrefix(at.doc.MediaType, "image/") && at.doc.MediaType != "application/octet-stream"
	}
	return !strings.HasPrefix(f.MediaTypes[0], "image/")
}

// The markers of JPEG (ITU-T T.81, table B.1).
const (
	jpegStart   = 0xd8
	jpegEnd     = 0xd9
	jpegScan    = 0xda
	jpegApp     = 0xe0
	jpegComment = 0xfe
)

func readJPEG(r *reader) {
	c := r.content[2:]
	var extended []byte // XMP that takes more than one segment
	for len(c) >= 2 && !r.expired() {
		if c[0] != 0xff {
			from := c
			if c = fromMarker(c); c == nil {
				r.behind(from)
				break
			}
			continue
		}
		marker := c[1]
		if marker == 0xff {
			c = c[1:]
			continue
		}
		c = c[2:]
		switch {
		case marker == jpegEnd:
			r.extendedXMP(extended)
			r.behind(c)
			return
		case marker == 0 || marker == jpegStart || marker == 1 || marker >= 0xd0 && marker <= 0xd7:
			continue
		}
		if len(c) < 2 {
			break
		}
		n := int(binary.BigEndian.Uint16(c))
		if n < 2 || n > len(c) {
			if marker >= jpegApp && marker <= 0xef || marker == jpegComment {
				r.fail(Corrupt, damagedImage)
				n = max(min(n, len(c)), 2)
			} else {
				r.behind(c)
				return
			}
		}
		data := c[2:n]
		c = c[n:]
		switch {
		case marker == jpegComment:
			r.picture("Comments", textValue(data))
		case marker >= jpegApp && marker <= 0xef:
			extended = r.jpegSegment(marker-jpegApp, data, extended)
		case marker == jpegScan:
			c = fromMarker(c)
		}
	}
	r.extendedXMP(extended)
}

// fromMarker passes over the data of a picture.
func fromMarker(c []byte) []byte {
	for {
		i := bytes.IndexByte(c, 0xff)
		if i < 0 || i+1 >= len(c) {
			return nil
		}
		if m := c[i+1]; m != 0 && (m < 0xd0 || m > 0xd7) && m != 0xff {
			return c[i:]
		}
		c = c[i+1:]
	}
}

// jpegSegment reads a segment of an application.
func (r *reader) jpegSegment(n byte, data, extended []byte) []byte {
	const most, adobe = 16 << 20, "http://ns.adobe.com/xap/1.0/\x00"
	const more = "http://ns.adobe.com/xmp/extension/\x00"
	switch {
	case n == 1 && bytes.HasPrefix(data, []byte("Exif\x00")):
		r.exif(data[min(6, len(data)):])
	case n == 1 && bytes.HasPrefix(data, []byte(adobe)):
		r.xmp(data[len(adobe):])
	case n == 1 && bytes.HasPrefix(data, []byte(more)) && len(data) > len(more)+40:
		if len(extended) >= most {
			r.fail(Truncated, "more metadata than an image holds")
			return extended
		}
		extended = append(extended, data[len(more)+40:]...)
	case n == 13 && bytes.HasPrefix(data, []byte("Photoshop 3.0\x00")):
		r.photoshop(data[len("Photoshop 3.0\x00"):])
	case n == 0, n == 2, n == 14: // JFIF, colour profiles and pointers, Adobe
	default:
		r.runs(data)
	}
	return extended
}

func (r *reader) extendedXMP(data []byte) {
	if len(data) > 0 {
		r.xmp(data)
	}
}

func readTIFF(r *reader) {
	if !r.exif(r.content) && !r.expired() {
		r.fail(Corrupt, damagedImage)
	}
}

// readGIF reads comments, plain text and XMP (GIF89a, sections 24 to 26).
func readGIF(r *reader) {
	c := r.content
	if len(c) < 13 {
		r.fail(Corrupt, damagedImage)
		return
	}
	table := func(flags byte, at int) int {
		if flags&0x80 != 0 {
			return at + 3<<(flags&7+1)
		}
		return at
	}
	c = c[min(len(c), table(c[10], 13)):]
	for len(c) > 0 && !r.expired() {
		switch c[0] {
		case 0x3b:
			r.behind(c[1:])
			return
		case 0x2c:
			if len(c) < 10 {
				return
			}
			c = c[min(len(c), table(c[9], 10)+1):]
			_, c = gifBlocks(c, false)
		case 0x21:
			if len(c) < 3 {
				return
			}
			label, from := c[1], c[2:]
			var data []byte
			data, c = gifBlocks(from, label == 0xfe || label == 1 || label == 0xff)
			switch {
			case label == 0xfe:
				r.picture("Comments", textValue(data))
			case label == 1 && len(data) > 12:
				r.picture("", textValue(data[12:]))
			case label == 0xff && bytes.HasPrefix(data, []byte("XMP DataXMP")):
				// The packet stands there as it is, not in blocks.
				r.packets(from[:len(from)-len(c)])
			case label == 0xff && !bytes.HasPrefix(data, []byte("NETSCAPE2.0")) && len(data) > 11:
				r.runs(data[11:])
			}
		case 0:
			c = c[1:]
		default:
			r.behind(c)
			return
		}
	}
}

// gifBlocks goes over the blocks of an extension or a picture and gives what is
// behind, and on demand their data.
func gifBlocks(c []byte, keep bool) (data, rest []byte) {
	for len(c) > 0 {
		n := int(c[0])
		c = c[1:]
		if n == 0 {
			break
		}
		n = min(n, len(c))
		if keep {
			data = append(data, c[:n]...)
		}
		c = c[n:]
	}
	return data, c
}

// readWebP goes over the chunks of a RIFF file.
func readWebP(r *reader) {
	c := r.content
	size := uint64(binary.LittleEndian.Uint32(c[4:])) + 8
	end := min(size+size%2, uint64(len(c)))
	chunks := c[12:max(end, 12)]
	for len(chunks) >= 8 && !r.expired() {
		id, n := string(chunks[:4]), uint64(binary.LittleEndian.Uint32(chunks[4:]))
		data := chunks[8:]
		chunks = data[min(n+n%2, uint64(len(data))):]
		data = data[:min(n, uint64(len(data)))]
		switch id {
		case "EXIF":
			r.exif(bytes.TrimPrefix(data, []byte("Exif\x00\x00")))
		case "XMP ":
			r.xmp(data)
		case "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP":
		default:
			r.runs(data)
		}
	}
	if !r.expired() {
		r.behind(c[end:])
	}
}

// isHEIF tells the images that are made of boxes, and JPEG XL without any.
func isHEIF(r *reader) bool {
	c := r.content
	if bytes.HasPrefix(c, []byte("\xff\x0a")) && len(c) > 16 && !looksLikeText(c) {
		return r.extension() == "jxl" || r.hintType() == "image/jxl"
	}
	return boxedImage(c) != ""
}

func boxedImage(c []byte) string {
	if len(c) < 16 {
		return ""
	}
	switch string(c[4:8]) {
	case "jP  ":
		return "jp2"
	case "JXL ":
		return "jxl"
	case "ftyp":
		n := min(int(binary.BigEndian.Uint32(c)), len(c), 256)
		for at := 8; at+4 <= n; at += 4 {
			switch string(c[at : at+4]) {
			case "avif", "avis":
				return "avif"
			case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
				return "heic"
			}
		}
	}
	return ""
}

func refineHEIF(r *reader) {
	if kind := boxedImage(r.content); kind != "" {
		r.doc.MediaType, r.doc.Extension = "image/"+kind, kind
	} else {
		r.doc.MediaType, r.doc.Extension = "image/jxl", "jxl"
	}
}

// readHEIF looks for metadata in all of the file: its place is told in several
// ways.
func readHEIF(r *reader) {
	c := r.content
	r.packets(c)
	const mostExif, longest = 16, 4 << 20
	for at, n := 0, 0; n < mostExif && !r.expired(); n++ {
		i := bytes.Index(c[at:], []byte("Exif\x00\x00"))
		if i < 0 {
			break
		}
		at += i + 6
		r.exif(c[at:min(len(c), at+longest)])
	}
	for at := 0; at+8 <= len(c); {
		n := uint64(binary.BigEndian.Uint32(c[at:]))
		if n == 1 && at+16 <= len(c) {
			n = binary.BigEndian.Uint64(c[at+8:])
		}
		if !isBox(string(c[at+4 : at+8])) {
			r.behind(c[at:])
			return
		}
		if n < 8 || n > uint64(len(c)-at) {
			return // up to the end
		}
		at += int(n)
		if at+8 > len(c) {
			r.behind(c[at:])
		}
	}
}

// isBox tells the kinds of boxes that images are made of.
func isBox(kind string) bool {
	switch kind {
	case "ftyp", "styp", "meta", "mdat", "idat", "moov", "moof", "mfra", "sidx", "free", "skip", "wide", "pdin", "uuid", "mpvd", "mimd",
		"jP  ", "jp2h", "jp2c", "jp2i", "xml ", "uinf", "JXL ", "jxlc", "jxlp", "jxll", "jxli", "jbrd", "brob", "jumb", "Exif", "grpl":
		return true
	}
	return false
}

func isBMP(r *reader) bool {
	c := r.content
	return len(c) > 26 && c[0] == 'B' && c[1] == 'M' && binary.LittleEndian.Uint32(c[6:]) == 0 &&
		binary.LittleEndian.Uint32(c[14:]) >= 12 && binary.LittleEndian.Uint32(c[14:]) <= 124
}

func readBMP(r *reader) {
	if r.expired() {
		return
	}
	size := binary.LittleEndian.Uint32(r.content[2:])
	if size > 26 && uint64(size) < uint64(len(r.content)) {
		r.behind(r.content[size:])
	}
}

func isIcon(r *reader) bool {
	c := r.content
	return len(c) >= 22 && c[0] == 0 && c[1] == 0 && (c[2] == 1 || c[2] == 2) && c[3] == 0 && c[4] != 0 && c[5] == 0 && c[9] == 0 &&
		uint64(binary.LittleEndian.Uint32(c[18:])) < uint64(len(c))
}

// readIcon reads the metadata of the pictures that are PNG files.
func readIcon(r *reader) {
	c := r.content
	end, work := uint64(0), 0
	for i := range int(c[4]) {
		entry := 6 + 16*i
		if entry+16 > len(c) || r.expired() {
			return
		}
		size, at := uint64(binary.LittleEndian.Uint32(c[entry+8:])), uint64(binary.LittleEndian.Uint32(c[entry+12:]))
		if at > uint64(len(c)) {
			continue
		}
		picture := c[at:min(at+size, uint64(len(c)))]
		end = max(end, at+size)
		if work += len(picture); work > 2*len(c) {
			r.end("pictures that overlap")
		}
		if bytes.HasPrefix(picture, []byte(pngMagic)) {
			r.pngChunks(picture)
		}
	}
	if end > 0 && end < uint64(len(c)) {
		r.behind(c[end:])
	}
}
