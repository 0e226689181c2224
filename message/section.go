package message

import (
	"bytes"
	"strings"
)

// The defects of a header section.
const (
	defectNoColon     = "a header line without a colon"
	defectBlankColon  = "a blank or control character around a field name"
	defectIndented    = "a header section that begins with a blank"
	defectBlankLine   = "a line of blanks in a header section"
	defectBareCR      = "a bare CR in a header section"
	defectNoEmptyLine = "no empty line between header section and body"
	defectLineEnds    = "line ends of two kinds in a header section"
	defectLongField   = "a header field longer than mail programs read"
	limitFields       = "more header fields than the limit"
)

// longField is the size in octets from which MTAs cut a field and programs lose
// what is behind it.
const longField = 60000

// sectionReader reads the header section of a part or of a message in a file:
// CRLF or LF, and whatever else mail readers take for a field.
type sectionReader struct {
	data   []byte
	limit  int
	note   func(Signal, string)
	header Header
	// The open field: its name and where its value begins in data.
	name  string
	value int
	open  bool
	// crlf is set when a line ended in CRLF.
	crlf bool
	// lastField is the place of the last line before the empty one that is a field
	// for sure; -1 for none, -2 while not known.
	lastField int
}

// readSection reads a header section and gives it with what follows its empty
// line. Lines that are no fields are kept as fields without a name, and noticed.
func readSection(data []byte, limit int, note func(Signal, string)) (Header, []byte) {
	r := sectionReader{data: data, limit: limit, note: note, lastField: -2}
	body := r.read()
	return r.header, data[body:]
}

// read gives the place at which the body begins.
func (r *sectionReader) read() int {
	for pos := 0; pos < len(r.data); {
		line, next := r.line(pos)
		if len(line) == 0 {
			r.close(pos)
			return next
		}
		if line[0] == ' ' || line[0] == '\t' {
			switch {
			case len(bytes.Trim(line, " \t")) == 0:
				r.note(SignalDefect, defectBlankLine)
				// It ends the section, unless a field follows, or another fold and a
				// field behind it.
				after, _ := r.line(next)
				_, _, more := fieldName(after)
				if !more && len(after) > 0 && (after[0] == ' ' || after[0] == '\t') {
					more = next < r.findLastField()
				}
				if !r.open || !more {
					r.close(pos)
					return next
				}
			case !r.open:
				r.note(SignalDefect, defectIndented)
				if !r.field(pos, line) {
					return r.notField(pos)
				}
			}
			pos = next
			continue
		}
		r.close(pos)
		if len(r.header) >= r.limit {
			return r.rest(pos)
		}
		if !r.field(pos, line) {
			if r.colonBelow(line, next) {
				r.note(SignalDefect, defectBlankColon)
				_, after := r.line(next)
				r.name = string(bytes.TrimSpace(line))
				r.value = next + bytes.IndexByte(r.data[next:], ':') + 1
				r.open = true
				pos = after
				continue
			}
			r.note(SignalDefect, defectNoColon)
			if pos >= r.findLastField() {
				return r.notField(pos)
			}
			r.header = append(r.header, Field{Value: string(line)})
		}
		pos = next
	}
	r.close(len(r.data))
	return len(r.data)
}

// line gives the line at pos without its end, and the place behind it. A bare
// CR ends a line too, and is passed over where a line begins with it.
func (r *sectionReader) line(pos int) (line []byte, next int) {
	start := pos + r.returns(pos)
	if start > pos && (start == len(r.data) || r.data[start] == '\n') {
		return nil, r.lineEnd(pos, start)
	}
	if start > pos {
		r.note(SignalDefect, defectBareCR)
	}
	n := bytes.IndexAny(r.data[start:], "\r\n")
	if n < 0 {
		return r.data[start:], len(r.data)
	}
	end := start + n
	behind := end + r.returns(end)
	if behind == len(r.data) || r.data[behind] == '\n' {
		return r.data[start:end], r.lineEnd(end, behind)
	}
	r.note(SignalDefect, defectBareCR)
	return r.data[start:end], end + 1
}

// returns counts the carriage returns at pos.
func (r *sectionReader) returns(pos int) int {
	n := 0
	for pos+n < len(r.data) && r.data[pos+n] == '\r' {
		n++
	}
	return n
}

// lineEnd notes the kind of a line end, carriage returns from cr on and a line
// feed at lf, and gives the place behind it.
func (r *sectionReader) lineEnd(cr, lf int) int {
	switch {
	case lf-cr > 1:
		r.note(SignalDefect, defectBareCR)
	case lf-cr == 1:
		r.crlf = true
	case r.crlf:
		r.note(SignalDefect, defectLineEnds)
	}
	return min(lf+1, len(r.data))
}

// field opens the field of a line, and tells whether it is one.
func (r *sectionReader) field(pos int, line []byte) bool {
	name, colon, ok := fieldName(line)
	if !ok {
		return false
	}
	if len(name) != colon {
		r.note(SignalDefect, defectBlankColon)
	}
	// The line may begin behind carriage returns.
	start := pos
	for start < len(r.data) && r.data[start] == '\r' {
		start++
	}
	r.name, r.value, r.open = name, start+colon+1, true
	return true
}

// close ends the open field at pos, the start of the next line.
func (r *sectionReader) close(pos int) {
	if !r.open {
		return
	}
	value := bytes.TrimRight(r.data[min(r.value, pos):pos], "\r\n")
	if len(value) >= longField {
		r.note(SignalDefect, defectLongField)
	}
	r.header = append(r.header, Field{Name: r.name, Value: string(value)})
	r.open = false
}

// notField ends the section at a line that belongs to the body.
func (r *sectionReader) notField(pos int) int {
	r.note(SignalDefect, defectNoEmptyLine)
	return pos
}

// rest keeps what is behind the limit as one field without a name.
func (r *sectionReader) rest(pos int) int {
	r.note(SignalIncomplete, limitFields)
	end, body := sectionEnd(r.data, pos)
	r.header = append(r.header, Field{Value: string(r.data[pos:end])})
	return body
}

// colonBelow tells whether a name is followed by a fold and its colon.
func (r *sectionReader) colonBelow(line []byte, next int) bool {
	if next >= len(r.data) || r.data[next] != ' ' && r.data[next] != '\t' || !cleanName(bytes.TrimSpace(line)) {
		return false
	}
	below, _ := r.line(next)
	return bytes.HasPrefix(bytes.TrimLeft(below, " \t"), []byte(":"))
}

// findLastField looks, once, for the last field of the section that is one for
// sure, so that text with a colon is not taken for one.
func (r *sectionReader) findLastField() int {
	if r.lastField != -2 {
		return r.lastField
	}
	r.lastField = -1
	end, _ := sectionEnd(r.data, 0)
	for pos := 0; pos < end; {
		line := r.data[pos:end]
		next := end
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line, next = line[:n], pos+n+1
		}
		if name, _, ok := fieldName(bytes.TrimLeft(line, "\r")); ok && isCommonField(name) {
			r.lastField = pos
		}
		pos = next
	}
	return r.lastField
}

// sectionEnd finds the empty line behind pos: where it begins, and where the
// body does.
func sectionEnd(data []byte, pos int) (end, body int) {
	for pos < len(data) {
		n := bytes.IndexByte(data[pos:], '\n')
		if n < 0 {
			return len(data), len(data)
		}
		if len(bytes.Trim(data[pos:pos+n], "\r")) == 0 {
			return pos, pos + n + 1
		}
		pos += n + 1
	}
	return len(data), len(data)
}

// fieldName reads the name before the colon of a line, without the blanks and
// control characters around it, and the place of the colon.
func fieldName(line []byte) (name string, colon int, ok bool) {
	colon = bytes.IndexByte(line, ':')
	if colon <= 0 {
		return "", 0, false
	}
	clean := bytes.TrimFunc(line[:colon], func(r rune) bool { return r <= ' ' || r == 0x7f })
	return string(clean), colon, cleanName(clean)
}

// cleanName tells whether b is a field name (RFC 5322, section 2.2; RFC 6532
// adds nothing to names).
func cleanName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// isCommonField tells whether a name is one that prose does not begin with.
func isCommonField(name string) bool {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "x-") {
		return true
	}
	switch name {
	case "from", "to", "cc", "subject", "date", "mime-version", "message-id", "received":
		return true
	}
	return false
}
