package extract

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/klauspost/compress/zlib"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

func readPNG(r *reader) {
	if rest := r.pngChunks(r.content); rest != nil {
		r.behind(rest)
	}
}

// pngChunks reads the text of a PNG file (ISO/IEC 15948, section 11.3.4), and gives
// what is behind its end.
func (r *reader) pngChunks(c []byte) (rest []byte) {
	c = c[len(pngMagic):]
	for len(c) >= 8 && !r.expired() {
		n, kind := uint64(binary.BigEndian.Uint32(c)), string(c[4:8])
		data := c[8:]
		if n > uint64(len(data)) {
			if kind != "IDAT" {
				r.fail(Corrupt, damagedImage)
			}
			n = uint64(len(data))
		}
		c = data[min(n+4, uint64(len(data))):]
		data = data[:n]
		switch kind {
		case "IEND":
			return c
		case "tEXt":
			key, text, _ := bytes.Cut(data, []byte{0})
			r.pngText(string(key), text)
		case "zTXt":
			key, text, _ := bytes.Cut(data, []byte{0})
			if len(text) > 1 {
				r.pngText(string(key), r.pngInflate(text[1:]))
			}
		case "iTXt":
			r.pngInternational(data)
		case "eXIf":
			r.exif(data)
		case "IHDR", "PLTE", "IDAT", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "bKGD", "hIST", "pHYs", "sPLT", "tIME", "acTL", "fcTL", "fdAT":
		default:
			r.runs(data[:min(len(data), 1<<20)])
		}
	}
	return nil
}

// pngInternational reads a text with its language and its key in that language.
func (r *reader) pngInternational(data []byte) {
	key, data, _ := bytes.Cut(data, []byte{0})
	if len(data) < 2 {
		return
	}
	packed := data[0] == 1
	_, data, _ = bytes.Cut(data[2:], []byte{0})
	shown, text, found := bytes.Cut(data, []byte{0})
	if !found {
		r.fail(Corrupt, damagedImage)
		return
	}
	if packed {
		text = r.pngInflate(text)
	}
	if string(key) == "XML:com.adobe.xmp" {
		r.xmp(text)
		return
	}
	if len(shown) > 0 {
		r.picture("", textValue(shown))
	}
	r.pngText(string(key), text)
}

// pngInflate decompresses a text within the limits.
func (r *reader) pngInflate(data []byte) []byte {
	const most = 16 << 20
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		r.fail(Corrupt, damagedImage)
		return nil
	}
	text, cut := r.budgeted(z, int64(len(data))).fill(make([]byte, 0, 4<<10), most)
	if cut {
		r.fail(Truncated, limitMember)
	}
	return text
}

// pngText keeps a text under its key. Programs hide profiles of other formats in
// texts, in hexadecimal.
func (r *reader) pngText(key string, text []byte) {
	const raw = "Raw profile type "
	if kind, is := strings.CutPrefix(key, raw); is {
		r.rawProfile(kind, text)
		return
	}
	if key == "XML:com.adobe.xmp" || bytes.HasPrefix(text, []byte("<?xpacket")) {
		r.xmp(text)
		return
	}
	if strings.EqualFold(key, "comment") || strings.EqualFold(key, "description") {
		key = "Comments"
	}
	r.picture(key, textValue(text))
}

// rawProfile reads a profile as ImageMagick writes it: a name, a length, and
// hexadecimal digits on lines.
func (r *reader) rawProfile(kind string, text []byte) {
	fields := bytes.Fields(text)
	if len(fields) < 3 {
		return
	}
	data := make([]byte, hex.DecodedLen(len(text)))
	n, _ := hex.Decode(data, bytes.Join(fields[2:], nil))
	data = data[:n]
	switch kind {
	case "exif", "APP1":
		if exif, is := bytes.CutPrefix(data, []byte("Exif\x00\x00")); is {
			r.exif(exif)
		} else {
			r.packets(data)
			r.exif(data)
		}
	case "xmp":
		r.xmp(data)
	case "iptc", "8bim":
		r.photoshop(data)
		if bytes.HasPrefix(data, []byte{0x1c}) {
			r.iptc(data)
		}
	default:
		r.runs(data)
	}
}
