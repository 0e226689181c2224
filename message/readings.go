package message

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// otherReadings adds below a leaf what other mail readers may make of it: the
// other encodings and types its fields name, base64 that is not said to be any,
// and files uuencoded within text. They are leaves of the same name.
func (w *walker) otherReadings(p *Part, m *mimeFields) {
	for _, e := range m.encodings {
		if e != p.encoding {
			w.reading(p, p.raw, e)
		}
	}
	for _, t := range m.leafTypes {
		if t != p.MediaType && (t == "text/html" || p.MediaType == "text/html") {
			if alt := w.reading(p, p.raw, p.encoding); alt != nil {
				alt.MediaType = t
			}
		}
	}
	w.hiddenEncodings(p)
}

// hiddenEncodings adds what stands encoded in octets that are not said to be.
func (w *walker) hiddenEncodings(p *Part) {
	if p.encoding != identity {
		return
	}
	if hidesBase64(p.raw) {
		w.note(p, SignalDefect, "base64 in a part that is not said to be base64")
		w.reading(p, p.raw, base64Encoding)
	}
	if strings.HasPrefix(p.MediaType, "text/") {
		w.uuFiles(p)
	}
}

// reading adds a leaf that is p read in another way, unless a limit is met.
func (w *walker) reading(p *Part, raw []byte, e encoding) *Part {
	if w.members >= w.msg.limits.Members {
		w.note(p, SignalIncomplete, limitMembers)
		return nil
	}
	w.members++
	alt := &Part{Index: p.Index + "." + strconv.Itoa(len(p.Children)+1), Header: p.Header, MediaType: p.MediaType, Params: p.Params,
		Disposition: p.Disposition, Names: p.Names, msg: w.msg, raw: raw, encoding: e, embedded: p.embedded, another: true}
	p.Children = append(p.Children, alt)
	return alt
}

// leastHidden is the fewest octets of base64 that are looked into when nothing
// says that they are base64. It is enough for a number and few words have it.
const leastHidden = 24

// hidesBase64 tells whether octets are base64 throughout that stands for text or
// for a document. Words and hexadecimal numbers look like base64 too, but stand
// for neither.
func hidesBase64(raw []byte) bool {
	const looked = 4096
	head := bytes.TrimSpace(raw[:min(len(raw), looked)])
	if len(head) < leastHidden {
		return false
	}
	for _, c := range head {
		if v := b64Table[c]; v == b64Foreign || c == ' ' || c == '\t' {
			return false
		}
	}
	data, _ := decodeBase64(nil, head)
	for _, magic := range [...]string{"PK\x03\x04", "%PDF-", "\xd0\xcf\x11\xe0", `{\rtf`} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	// The last character may be cut off.
	for len(data) > 0 && len(raw) > looked && !utf8.RuneStart(data[len(data)-1]) {
		data = data[:len(data)-1]
	}
	text := utf8.Valid(data) || len(raw) > looked && utf8.Valid(data[:max(0, len(data)-1)])
	return text && bytes.IndexFunc(data, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\v\f\r", r) }) < 0
}

// uuFiles adds the files that stand uuencoded in a text.
func (w *walker) uuFiles(p *Part) {
	needle := []byte("begin ")
	for pos := 0; pos < len(p.raw); {
		i := bytes.Index(p.raw[pos:], needle)
		if i < 0 {
			return
		}
		i += pos
		pos = i + len(needle)
		if i > 0 && p.raw[i-1] != '\n' {
			continue
		}
		line, next := lineTail(p.raw, i)
		name, ok := uuBegin(line)
		if first, _ := lineTail(p.raw, next); !ok || !isUULine(first) {
			continue
		}
		end := uuEnd(p.raw, next)
		alt := w.reading(p, p.raw[i:end], uuEncoding)
		if alt == nil {
			return
		}
		f := mimeFields{}
		f.addName(utf8Text(name))
		alt.MediaType, alt.Params, alt.Disposition, alt.Names = "application/octet-stream", nil, "attachment", f.names
		pos = end
	}
}

// uuEnd gives the place behind the uuencoded lines from pos on, and the line
// "end" when it follows.
func uuEnd(raw []byte, pos int) int {
	for pos < len(raw) {
		line, next := lineTail(raw, pos)
		if bytes.Equal(bytes.TrimSpace(line), []byte("end")) {
			return next
		}
		if !isUULine(line) {
			return pos
		}
		pos = next
	}
	return pos
}

// isUULine tells whether a line has as many characters as its first one says;
// blanks at its end may be lost.
func isUULine(line []byte) bool {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return false
	}
	need := (int(line[0]-' ')&0x3f + 2) / 3 * 4
	if len(line)-1 > need+2 || len(line)-1 < need-8 {
		return false
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}
