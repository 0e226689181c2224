package extract

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/snappy"
)

const applePrefix = "application/vnd.apple."

var formatIWork = Format{
	Name:       "Apple iWork",
	MediaTypes: []string{applePrefix + "pages", applePrefix + "numbers", applePrefix + "keynote"},
	Extensions: []string{"pages", "numbers", "key"},
	Nested:     true, Protection: true,
	rank: byStructure,
	sniff: func(r *reader) bool {
		k := kindOfZip(r)
		return k != nil && strings.HasPrefix(k.mediaType, applePrefix)
	},
	refine: refineZipKind,
	read:   readIWork,
}

func refineZipKind(r *reader) {
	r.doc.MediaType, r.doc.Extension = r.zipKind.mediaType, r.zipKind.extension
}

// iWorkKind tells the packages of Pages, Numbers and Keynote.
func iWorkKind(r *reader, list []member, names map[string]*member) *zipKind {
	is := false
	for _, name := range [...]string{"index.apxl", "index.apxl.gz", "index.zip", "index/document.iwa", ".iwpv2", ".iwph"} {
		is = is || names[name] != nil
	}
	is = is || names["index.xml"] != nil && names["buildversionhistory.plist"] != nil
	if !is {
		return nil
	}
	kind := r.extension()
	switch {
	case names["index.apxl"] != nil || names["index.apxl.gz"] != nil || names["index/presentation.iwa"] != nil:
		kind = "key"
	case names["index/calculationengine.iwa"] != nil && kind != "pages" && kind != "key":
		kind = "numbers"
	case names["index.xml"] != nil:
		kind = "pages"
		if bytes.Contains(r.peek(names["index.xml"]), []byte("<ls:document")) {
			kind = "numbers"
		}
	}
	for _, m := range list {
		if strings.HasPrefix(strings.ToLower(m.name), "index/slide") {
			kind = "key"
		}
	}
	switch kind {
	case "numbers":
		return &zipKind{"numbers", applePrefix + "numbers"}
	case "key":
		return &zipKind{"key", applePrefix + "keynote"}
	}
	return &zipKind{"pages", applePrefix + "pages"}
}

// readIWork reads the text that older versions keep as XML, and that of newer
// ones without the numbers in tables, whose form Apple has not published. What
// the programs made to show the document is a member.
func readIWork(r *reader) {
	list, damaged := r.wholeArchive()
	p := openPackage(r, list)
	if p.byPath[".iwpv2"] != nil || p.byPath[".iwph"] != nil {
		p.secret()
	}
	newer := false
	for _, at := range p.parts {
		base := path.Base(at.path)
		switch {
		case p.expired():
			return
		case base == "index.xml" || base == "index.apxl":
			if _, err := at.open(); err == errMethod {
				p.secret() // the password of these versions shows as an unknown method
				at.done = true
			}
			p.load(at, func(src io.Reader) { readAppleXML(r, src) })
		case strings.HasSuffix(base, ".iwa"):
			newer = true
			p.load(at, func(src io.Reader) { readAppleArchive(r, src) })
		case strings.HasSuffix(base, ".plist"), strings.HasPrefix(base, ".iw"), strings.HasSuffix(base, ".chrtshr"):
			at.done = true
		default:
			p.readWithin(at)
		}
	}
	r.endArchive(list, damaged)
	if newer {
		r.fail(Unsupported, "the numbers in tables of iWork documents are not read")
	}
}

func (p *officePackage) secret() {
	p.fail(Protected, needsSecret)
	p.doc.Encryption = "encrypted iWork"
}

// readAppleXML writes the paragraphs and cells of a document of iWork '09 or
// older.
func readAppleXML(r *reader, src io.Reader) {
	var b strings.Builder
	inText, columns, cell := 0, 0, 0
	end := func(c byte) {
		if s := b.String(); s != "" && s[len(s)-1] != '\n' {
			b.WriteByte(c)
		}
	}
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		name := string(x.name)
		switch kind {
		case xmlStart:
			switch name {
			case "p":
				inText++
			case "tab":
				b.WriteByte('\t')
			case "br", "lnbr", "crbr":
				b.WriteByte('\n')
			case "link":
				if to := x.attribute("href"); to != "" {
					b.WriteString(to + " ")
				}
			case "grid":
				columns, _ = strconv.Atoi(x.attribute("numcols"))
				cell = 0
				end('\n')
			case "ct", "string":
				b.WriteString(x.attribute("s") + x.attribute("string"))
			case "n", "rn", "du":
				b.Write(appendNumber(nil, []byte(x.attribute("v")), nil, false))
			case "d":
				b.WriteString(x.attribute("cell-date"))
			}
		case xmlText:
			if inText > 0 {
				b.Write(x.text)
			}
		case xmlEnd:
			switch name {
			case "p":
				inText = max(inText-1, 0)
				end('\n')
			case "t", "n", "rn", "d", "s", "g", "b", "f", "o", "du":
				if cell++; columns > 0 && cell%columns == 0 {
					end('\n')
				} else if columns > 0 {
					b.WriteByte('\t')
				}
			case "grid":
				columns = 0
				end('\n')
			case "string":
				end('\n')
			}
		}
		return b.Len() <= 4*r.lim.Characters
	})
	r.writeRead(b.String())
}

// readAppleArchive writes the text of a file of objects: chunks that are
// compressed with Snappy hold messages of Protocol Buffers.
func readAppleArchive(r *reader, src io.Reader) {
	packed, ok := r.whole32("Document.iwa", src)
	if !ok {
		return
	}
	var plain []byte
	for len(packed) >= 4 && packed[0] == 0 && !r.expired() {
		n := int(packed[1]) | int(packed[2])<<8 | int(packed[3])<<16
		chunk := packed[4:min(4+n, len(packed))]
		packed = packed[4+len(chunk):]
		if size, err := snappy.DecodedLen(chunk); err != nil || size > 1<<20 {
			r.fail(Corrupt, damagedData)
			return
		}
		piece, err := snappy.Decode(nil, chunk)
		if err != nil {
			r.fail(Corrupt, damagedData)
			return
		}
		if r.left.inflated -= int64(len(piece)); r.left.inflated < 0 || len(plain) > mostShared {
			r.fail(Truncated, limitInflated)
			return
		}
		plain = append(plain, piece...)
	}
	var b strings.Builder
	for len(plain) > 0 && !r.expired() {
		info, rest, ok := protoBytes(plain)
		if !ok {
			break
		}
		plain = rest
		eachField(info, func(field int, _ uint64, message []byte) {
			if field != 2 {
				return
			}
			kind, length := uint64(0), uint64(0)
			eachField(message, func(field int, value uint64, _ []byte) {
				switch field {
				case 1:
					kind = value
				case 3:
					length = value
				}
			})
			body := plain[:min(length, uint64(len(plain)))]
			plain = plain[len(body):]
			appleText(&b, kind, body)
		})
	}
	r.writeRead(b.String())
}

// appleText writes the text of an object of one of the types that have some.
func appleText(b *strings.Builder, kind uint64, body []byte) {
	const storage, storageOld, dataList, comment = 2001, 2005, 6005, 3056
	eachField(body, func(field int, _ uint64, value []byte) {
		switch {
		case (kind == storage || kind == storageOld) && field == 3, kind == comment && field == 1:
			b.Write(bytes.ToValidUTF8(value, nil))
			b.WriteByte('\n')
		case kind == dataList && field == 3: // an entry of a table of strings
			eachField(value, func(field int, _ uint64, text []byte) {
				if field == 3 && len(text) > 0 {
					b.Write(bytes.ToValidUTF8(text, nil))
					b.WriteByte('\n')
				}
			})
		}
	})
}

// eachField goes over the fields of a message of Protocol Buffers.
func eachField(message []byte, visit func(field int, value uint64, data []byte)) {
	for len(message) > 0 {
		key, n := protoVarint(message)
		if n == 0 {
			return
		}
		message = message[n:]
		switch key & 7 {
		case 0:
			v, n := protoVarint(message)
			if n == 0 {
				return
			}
			message = message[n:]
			visit(int(key>>3), v, nil)
		case 1, 5:
			width := 8
			if key&7 == 5 {
				width = 4
			}
			if len(message) < width {
				return
			}
			message = message[width:]
		case 2:
			data, rest, ok := protoBytes(message)
			if !ok {
				return
			}
			message = rest
			visit(int(key>>3), 0, data)
		default:
			return
		}
	}
}

func protoVarint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 10 {
		v |= uint64(b[n]&0x7f) << (7 * n)
		n++
		if b[n-1]&0x80 == 0 {
			return v, n
		}
	}
	return 0, 0
}

func protoBytes(b []byte) (data, rest []byte, ok bool) {
	size, n := protoVarint(b)
	if n == 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}
