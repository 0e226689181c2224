package extract

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tiffData makes TIFF data of one directory with text in the given tags.
func tiffData(order binary.AppendByteOrder, tags map[uint16]string) []byte {
	b := []byte("II*\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, uint16(len(tags)))
	at := 8 + 2 + 12*len(tags) + 4
	var values []byte
	for tag, text := range tags {
		kind := uint16(2)
		if tag == tagComment {
			kind = 7
		} else if tag >= 0x9c9b && tag <= 0x9c9f || tag == tagXMP {
			kind = 1
		}
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, uint32(len(text)))
		if len(text) <= 4 {
			b = append(b, (text + "\x00\x00\x00\x00")[:4]...)
			continue
		}
		b = order.AppendUint32(b, uint32(at+len(values)))
		values = append(values, text...)
	}
	b = order.AppendUint32(b, 0)
	return append(b, values...)
}

func jpegOf(segments ...string) string {
	var b bytes.Buffer
	b.WriteString("\xff\xd8")
	for _, s := range segments { // the marker, then the data
		b.WriteString("\xff" + s[:1])
		var n [2]byte
		binary.BigEndian.PutUint16(n[:], uint16(len(s)-1+2))
		b.Write(n[:])
		b.WriteString(s[1:])
	}
	b.WriteString("\xff\xda\x00\x02\x12\x34\xff\x00\x56\xff\xd0\x78\xff\xd9")
	return b.String()
}

func pngOf(chunks ...string) string {
	var b bytes.Buffer
	b.WriteString(pngMagic)
	for _, c := range append(append([]string{"IHDR" + strings.Repeat("\x00", 13)}, chunks...), "IEND") {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(c)-4))
		b.Write(n[:])
		b.WriteString(c)
		binary.BigEndian.PutUint32(n[:], crc32.ChecksumIEEE([]byte(c)))
		b.Write(n[:])
	}
	return b.String()
}

func deflated(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func wideText(s string) string {
	return string(utf16le(s)) + "\x00\x00"
}

const xmpPacket = `<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:dc="d" dc:rights="R ` + cardNumber + `">` +
	`<dc:creator><rdf:Seq><rdf:li>Ann Example</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

// TestImages holds that a number is found wherever an image can carry text.
func TestImages(t *testing.T) {
	iptc := "\x1c\x02\x78\x00\x13" + cardNumber + "\x1c\x02\x50\x00\x03Ann"
	resource := "8BIM\x04\x04\x00\x00\x00\x00\x00" + string(rune(len(iptc))) + iptc
	riff := func(chunks string) string {
		return "RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(chunks)))) + "WEBP" + chunks
	}
	chunk := func(id, data string) string {
		s := id + string(binary.LittleEndian.AppendUint32(nil, uint32(len(data)))) + data
		if len(data)%2 == 1 {
			s += "\x00"
		}
		return s
	}
	gif := "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
	picture := "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
	heic := "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
	box := func(kind, data string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(data)))) + kind + data
	}
	for _, c := range []struct{ name, content, mediaType string }{
		{"JPEG comment", jpegOf("\xfe" + cardNumber), "image/jpeg"},
		{"JPEG EXIF description", jpegOf("\xe1Exif\x00\x00" + string(tiffData(binary.BigEndian, map[uint16]string{0x010e: cardNumber}))), "image/jpeg"},
		{"JPEG EXIF comment", jpegOf("\xe1Exif\x00\x00" + string(tiffData(binary.LittleEndian, map[uint16]string{tagComment: "ASCII\x00\x00\x00" + cardNumber}))), "image/jpeg"},
		{"JPEG EXIF comment in UTF-16", jpegOf("\xe1Exif\x00\x00" + string(tiffData(binary.BigEndian, map[uint16]string{tagComment: "UNICODE\x00" + wideText(cardNumber)}))), "image/jpeg"},
		{"JPEG keywords of Windows", jpegOf("\xe1Exif\x00\x00" + string(tiffData(binary.LittleEndian, map[uint16]string{0x9c9e: wideText(cardNumber)}))), "image/jpeg"},
		{"JPEG unknown tag", jpegOf("\xe1Exif\x00\x00" + string(tiffData(binary.LittleEndian, map[uint16]string{0xfde8: cardNumber}))), "image/jpeg"},
		{"JPEG XMP", jpegOf("\xe1http://ns.adobe.com/xap/1.0/\x00" + xmpPacket), "image/jpeg"},
		{"JPEG XMP in pieces", jpegOf("\xe1http://ns.adobe.com/xmp/extension/\x00"+strings.Repeat("A", 40)+xmpPacket[:180], "\xe1http://ns.adobe.com/xmp/extension/\x00"+strings.Repeat("A", 40)+xmpPacket[180:]), "image/jpeg"},
		{"JPEG IPTC", jpegOf("\xedPhotoshop 3.0\x00" + resource), "image/jpeg"},
		{"JPEG segment of an application", jpegOf("\xebany\x00" + cardNumber), "image/jpeg"},
		{"JPEG, text behind", jpegOf() + "The card: " + cardNumber, "image/jpeg"},
		{"JPEG, archive behind", jpegOf() + string(zipped(t, "a.txt: "+cardNumber)), "image/jpeg"},
		{"JPEG, second picture behind", jpegOf() + jpegOf("\xfe"+cardNumber), "image/jpeg"},
		{"PNG tEXt", pngOf("tEXtComment\x00" + cardNumber), "image/png"},
		{"PNG zTXt", pngOf("zTXtComment\x00\x00" + deflated(cardNumber)), "image/png"},
		{"PNG iTXt", pngOf("iTXtTitle\x00\x00\x00de\x00Titel\x00" + cardNumber), "image/png"},
		{"PNG compressed iTXt", pngOf("iTXtTitle\x00\x01\x00\x00\x00" + deflated(cardNumber)), "image/png"},
		{"PNG XMP", pngOf("iTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00" + xmpPacket), "image/png"},
		{"PNG EXIF", pngOf("eXIf" + string(tiffData(binary.BigEndian, map[uint16]string{0x013b: cardNumber}))), "image/png"},
		{"PNG profile in digits", pngOf("zTXtRaw profile type exif\x00\x00" + deflated("\nexif\n 99\n"+hex.EncodeToString(append([]byte("Exif\x00\x00"), tiffData(binary.LittleEndian, map[uint16]string{0x013b: cardNumber})...))+"\n")), "image/png"},
		{"PNG unknown chunk", pngOf("prVt" + cardNumber), "image/png"},
		{"PNG, text behind", pngOf() + cardNumber, "image/png"},
		{"GIF comment", gif + "\x21\xfe\x13" + cardNumber + "\x00" + picture + ";", "image/gif"},
		{"GIF plain text", gif + picture + "\x21\x01\x0c" + strings.Repeat("\x00", 12) + "\x13" + cardNumber + "\x00;", "image/gif"},
		{"GIF XMP", gif + "\x21\xff\x0bXMP DataXMP" + xmpPacket + "\x01\x00" + picture + ";", "image/gif"},
		{"GIF, text behind", gif + picture + ";" + cardNumber, "image/gif"},
		{"TIFF", string(tiffData(binary.LittleEndian, map[uint16]string{0x010e: "Orders", 0x013b: cardNumber})), "image/tiff"},
		{"TIFF XMP", string(tiffData(binary.BigEndian, map[uint16]string{tagXMP: xmpPacket})), "image/tiff"},
		{"WebP EXIF", riff(chunk("VP8 ", "abc") + chunk("EXIF", string(tiffData(binary.LittleEndian, map[uint16]string{0x8298: cardNumber})))), "image/webp"},
		{"WebP XMP", riff(chunk("VP8 ", "abc") + chunk("XMP ", xmpPacket)), "image/webp"},
		{"WebP, text behind", riff(chunk("VP8 ", "abc")) + cardNumber, "image/webp"},
		{"HEIC EXIF", heic + box("mdat", "\x00\x00\x00\x06Exif\x00\x00"+string(tiffData(binary.BigEndian, map[uint16]string{0x010e: cardNumber}))), "image/heic"},
		{"HEIC XMP", heic + box("mdat", xmpPacket), "image/heic"},
		{"HEIC, text behind", heic + box("mdat", "abc") + "Text behind: " + cardNumber, "image/heic"},
		{"BMP, text behind", "BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00" + strings.Repeat("\x00", 40) + cardNumber, "image/bmp"},
		{"SVG", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><text>4111 1111 <tspan>1111</tspan> 1111</text></svg>`, "image/svg+xml"},
		{"SVG title", `<svg xmlns="http://www.w3.org/2000/svg"><title>` + cardNumber + `</title><path d="M 1 2"/></svg>`, "image/svg+xml"},
		{"SVG link", `<svg xmlns="http://www.w3.org/2000/svg"><a xlink:href="http://x.example/?` + cardNumber + `"><text>x</text></a></svg>`, "image/svg+xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{})
			checkDocument(t, d, DefaultLimits)
			if d.MediaType != c.mediaType || len(unread(d)) > 0 || d.Status != Complete {
				t.Errorf("%s, %v", d.MediaType, outline(d))
			}
			if !strings.Contains(allText(d), cardNumber) {
				t.Errorf("text %q", allText(d))
			}
			within := strings.Contains(c.name, "text behind") || strings.Contains(c.name, "archive behind")
			if within != (len(d.Defects) > 0) {
				t.Errorf("defects %q", d.Defects)
			}
		})
	}
}

func TestImageProperties(t *testing.T) {
	d := extract(jpegOf("\xe1Exif\x00\x00"+string(tiffData(binary.BigEndian, map[uint16]string{0x013b: "Ann Example", 0x010e: "Orders", 0x0131: "Paint"}))), Hint{})
	for name, want := range map[string]string{"Author": "Ann Example", "Title": "Orders", "Software": "Paint"} {
		if d.Properties[name] != want {
			t.Errorf("%s: %q, not %q", name, d.Properties[name], want)
		}
	}
	if d := extract(jpegOf("\xe1http://ns.adobe.com/xap/1.0/\x00"+xmpPacket), Hint{}); d.Properties["Author"] != "Ann Example" {
		t.Errorf("XMP: %q", d.Properties)
	}
}

// A picture that is cut off has still been read; metadata that is cut off has not.
func TestDamagedImages(t *testing.T) {
	comment := jpegOf("\xfe" + cardNumber)
	text := pngOf("tEXtComment\x00" + cardNumber)
	for name, c := range map[string]struct {
		content string
		want    Status
	}{
		"JPEG without its end":    {comment[:len(comment)-4], Complete},
		"JPEG cut in a comment":   {comment[:15], Corrupt},
		"PNG without its end":     {text[:len(text)-12], Complete},
		"PNG cut in a text":       {text[:50], Corrupt},
		"PNG with a broken text":  {pngOf("zTXtComment\x00\x00garbage"), Corrupt},
		"TIFF without a content":  {"II*\x00\xff\xff\xff\xff", Corrupt},
		"TIFF that leads in ring": {"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00", Complete},
		"GIF cut in its head":     {"GIF89a\x01", Corrupt},
	} {
		if d := extract(c.content, Hint{}); d.Status != c.want {
			t.Errorf("%s: %s %q, not %s", name, d.Status, d.Detail, c.want)
		}
	}
	bomb := pngOf("zTXtComment\x00\x00" + deflated(strings.Repeat(" ", 40<<20)))
	if d := extract(bomb, Hint{}); d.Status != Truncated {
		t.Errorf("a text that is a bomb: %s", d.Status)
	}
}

func FuzzImage(f *testing.F) {
	files, _ := filepath.Glob("testdata/samples/*")
	for _, file := range files {
		switch filepath.Ext(file) {
		case ".jpg", ".png", ".gif", ".tiff", ".webp", ".heic", ".bmp", ".ico", ".svg", ".emf":
			content, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	f.Add([]byte(pngOf("zTXtComment\x00\x00"+deflated("x"), "iTXtTitle\x00\x01\x00\x00\x00"+deflated("y"))))
	f.Fuzz(func(t *testing.T, content []byte) {
		lim := Limits{Characters: 10_000, Inflated: 1 << 20, Members: 50}
		checkDocument(t, Extract(context.Background(), content, Hint{}, lim), lim)
	})
}

func BenchmarkImage(b *testing.B) {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * 7919 >> 3 & 0xfe)
	}
	photo := jpegOf("\xe1Exif\x00\x00"+string(tiffData(binary.BigEndian, map[uint16]string{0x010e: cardNumber})), "\xfe"+cardNumber)
	photo = photo[:len(photo)-2] + string(data) + "\xff\xd9"
	chunks := []string{"tEXtComment\x00" + cardNumber}
	for i := range 16 {
		chunks = append(chunks, "IDAT"+string(data[i<<16:(i+1)<<16]))
	}
	for name, content := range map[string]string{"JPEG": photo, "PNG": pngOf(chunks...)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if d := extract(content, Hint{}); d.Status != Complete || d.Text == "" {
					b.Fatal(fmt.Sprint(outline(d)))
				}
			}
		})
	}
}
