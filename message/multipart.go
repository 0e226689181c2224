package message

import (
	"bytes"
	"strconv"
)

// The defects of a multipart.
const (
	defectNoBoundary = "a multipart without a boundary"
	defectNoDelim    = "a multipart without delimiters"
	defectUnclosed   = "a multipart without its close delimiter"
	defectEarlyClose = "parts behind the close delimiter"
	defectJunk       = "text behind a delimiter in its line"
	defectIndent     = "a delimiter that does not begin its line"
	defectEncoded    = "a multipart that is encoded"
)

// delimiter is a delimiter line (RFC 2046, section 5.1.1).
type delimiter struct {
	start int // of the line end before it, which belongs to it
	end   int // behind its line
	close bool
}

// delimiters are those of one boundary, in order.
type delimiters struct {
	list []delimiter
	// more is set when the search ended at the most asked for.
	more         bool
	junk, indent bool
}

// findDelimiters finds at most that many delimiter lines of a boundary. White
// space behind one is legal; text behind white space is not and makes a
// delimiter for some readers; text at once makes another boundary.
func findDelimiters(raw []byte, boundary string, most int) delimiters {
	var d delimiters
	needle := []byte("--" + boundary)
	for pos := 0; pos < len(raw); {
		i := bytes.Index(raw[pos:], needle)
		if i < 0 {
			break
		}
		i += pos
		pos = i + len(needle)
		line, end := raw[pos:], len(raw)
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line, end = line[:n], pos+n+1
		}
		start, indent, ok := lineStart(raw, i)
		if !ok {
			continue
		}
		closing, junk, ok := delimiterTail(line)
		if !ok {
			continue
		}
		if len(d.list) == most {
			d.more = true
			break
		}
		d.junk, d.indent = d.junk || junk, d.indent || indent
		d.list = append(d.list, delimiter{start: start, end: end, close: closing})
		pos = end
	}
	return d
}

// mostIndent is how many blanks may stand before a delimiter.
const mostIndent = 64

// lineStart tells whether only blanks stand before i in its line, and gives
// where the line end before them begins.
func lineStart(raw []byte, i int) (start int, indent, ok bool) {
	j := i
	for j > 0 && i-j < mostIndent && (raw[j-1] == ' ' || raw[j-1] == '\t') {
		j--
	}
	indent = j < i
	switch {
	case j == 0:
		return 0, indent, true
	case raw[j-1] == '\n':
		if j > 1 && raw[j-2] == '\r' {
			return j - 2, indent, true
		}
		return j - 1, indent, true
	case raw[j-1] == '\r':
		// A bare CR ends a line for some readers.
		return j - 1, true, true
	}
	return 0, false, false
}

// delimiterTail reads what stands behind the boundary in its line.
func delimiterTail(tail []byte) (closing, junk, ok bool) {
	tail = bytes.TrimRight(tail, "\r")
	if rest, found := bytes.CutPrefix(tail, []byte("--")); found {
		closing, tail = true, rest
	}
	if len(tail) == 0 {
		return closing, false, true
	}
	if tail[0] != ' ' && tail[0] != '\t' && tail[0] != '\r' {
		return false, false, false
	}
	return closing, len(bytes.TrimSpace(tail)) > 0, true
}

// guessBoundary looks for the first line that could be a delimiter: two hyphens
// and a text that comes again in that place.
func guessBoundary(raw []byte) string {
	tries := 0
	for pos := 0; pos < len(raw) && tries < 8; {
		line, next := raw[pos:], len(raw)
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line, next = line[:n], pos+n+1
		}
		line = bytes.TrimSpace(line)
		if b, found := bytes.CutPrefix(line, []byte("--")); found && len(b) > 0 && len(b) <= 200 && b[0] != ' ' {
			tries++
			if d := findDelimiters(raw[pos:], string(b), 2); len(d.list) == 2 {
				return string(b)
			}
		}
		pos = next
	}
	return ""
}

// choose gives the delimiters of the first boundary that has any, in the body as
// received or, when that has none, in the decoded one.
func (w *walker) choose(p *Part, m *mimeFields) (raw []byte, boundary string, d delimiters) {
	most := w.msg.limits.Members + 1
	try := func(raw []byte) bool {
		for _, boundary = range m.boundaries {
			if d = findDelimiters(raw, boundary, most); len(d.list) > 0 {
				return true
			}
		}
		if len(m.boundaries) == 0 {
			boundary = guessBoundary(raw)
			if boundary != "" {
				d = findDelimiters(raw, boundary, most)
			}
		}
		return len(d.list) > 0
	}
	if !try(p.raw) && p.encoding != identity {
		raw = w.decoded(p)
		if w.err == nil {
			try(raw)
		}
		return raw, boundary, d
	}
	p.encoding = identity
	return p.raw, boundary, d
}

// multipart reads the parts of p.
func (w *walker) multipart(p *Part, m *mimeFields, depth int) {
	if len(m.boundaries) == 0 {
		w.note(p, SignalDefect, defectNoBoundary)
	}
	if p.encoding != identity {
		w.note(p, SignalDefect, defectEncoded)
	}
	raw, _, d := w.choose(p, m)
	if w.err != nil {
		return
	}
	if len(d.list) == 0 {
		if len(bytes.TrimSpace(raw)) > 0 {
			w.note(p, SignalDefect, defectNoDelim)
		}
		w.unread(p, raw)
		return
	}
	if d.junk {
		w.note(p, SignalDefect, defectJunk)
	}
	if d.indent {
		w.note(p, SignalDefect, defectIndent)
	}
	w.text(p, 0, raw[:d.list[0].start])
	defaultType := "text/plain"
	if p.MediaType == "multipart/digest" {
		defaultType = "message/rfc822" // RFC 2046, section 5.1.5
	}
	number, closed := 0, false
	for i, delim := range d.list {
		end := len(raw)
		if i+1 < len(d.list) {
			end = max(d.list[i+1].start, delim.end)
		}
		section := raw[delim.end:end]
		if delim.close {
			closed = true
			if len(bytes.TrimSpace(section)) == 0 {
				continue
			}
		} else if closed {
			w.note(p, SignalDefect, defectEarlyClose)
			closed = false
		}
		number++
		if w.members >= w.msg.limits.Members || d.more && i == len(d.list)-1 {
			w.note(p, SignalIncomplete, limitMembers)
			w.text(p, number, raw[delim.end:])
			return
		}
		if delim.close {
			w.members++
			w.text(p, number, section)
			continue
		}
		w.child(p, number, section, defaultType, depth)
		if w.err != nil {
			return
		}
	}
	if !closed {
		w.note(p, SignalDefect, defectUnclosed)
	}
}

// child reads one part of p: header section, empty line, body.
func (w *walker) child(p *Part, number int, section []byte, defaultType string, depth int) {
	w.members++
	c := &Part{Index: p.Index + "." + strconv.Itoa(number), msg: w.msg, embedded: p.embedded}
	c.Header, c.raw = readSection(section, w.msg.limits.HeaderFields, func(s Signal, d string) { w.note(c, s, d) })
	p.Children = append(p.Children, c)
	w.part(c, defaultType, depth+1)
}
