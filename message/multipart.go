package message

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
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
	defectGlued      = "text glued to a delimiter"
	defectPrefix     = "a boundary that begins with that of the multipart around it"
)

// delimiter is a delimiter line (RFC 2046, section 5.1.1).
type delimiter struct {
	start int // of the line end before it, which belongs to it
	end   int // behind its line
	close bool
	tail  []byte // text behind it in its line
}

// delimiters are those of one boundary, in order.
type delimiters struct {
	list []delimiter
	// more is set when the search ended at the most asked for.
	more         bool
	junk, indent bool
	glued        bool // a line begins like a delimiter and goes on at once
}

// findDelimiters finds at most that many delimiter lines of a boundary. White
// space behind one is legal; text behind white space is not and makes a
// delimiter for some readers; text at once makes another boundary, but a
// delimiter for readers that compare the beginning of lines: those are found
// when glued is asked for.
func findDelimiters(raw []byte, boundary string, most int, glued bool) delimiters {
	var d delimiters
	needle := []byte("--" + boundary)
	within := longerBoundaries{}
	for pos := 0; pos < len(raw); {
		i := bytes.Index(raw[pos:], needle)
		if i < 0 {
			break
		}
		i += pos
		pos = i + len(needle)
		start, indent, ok := lineStart(raw, i)
		if !ok {
			continue
		}
		tail, end := lineTail(raw, pos)
		closing, text, apart := delimiterTail(tail)
		if !apart {
			if within.declares(raw, boundary, tail) {
				continue
			}
			d.glued = true
			if !glued {
				continue
			}
		}
		if len(d.list) == most {
			d.more = true
			break
		}
		d.junk, d.indent = d.junk || len(text) > 0, d.indent || indent
		d.list = append(d.list, delimiter{start: start, end: end, close: closing, tail: text})
		pos = end
	}
	return d
}

// longerBoundaries keeps which tails make a boundary of a multipart within.
type longerBoundaries map[string]bool

// declares tells whether a boundary that goes on with the tail of a line is
// declared in a body: then the line is a delimiter of that one. A body is gone
// over for a few tails only; honest ones have one or two.
func (l longerBoundaries) declares(raw []byte, boundary string, tail []byte) bool {
	const most = 16
	t := string(bytes.TrimSuffix(bytes.TrimRight(tail, " \t"), []byte("--")))
	declared, known := l[t]
	if !known && len(l) < most {
		declared = bytes.Contains(raw, []byte("oundary="+boundary+t)) || bytes.Contains(raw, []byte(`oundary="`+boundary+t))
		l[t] = declared
	}
	return declared
}

// lineTail gives the rest of the line at pos, and the place behind it. A bare CR
// ends a line too.
func lineTail(raw []byte, pos int) (tail []byte, end int) {
	n := bytes.IndexAny(raw[pos:], "\r\n")
	if n < 0 {
		return raw[pos:], len(raw)
	}
	end = pos + n + 1
	if raw[pos+n] == '\r' {
		// Several CRs may stand before the LF.
		for lf := end; lf < len(raw); lf++ {
			if raw[lf] == '\n' {
				end = lf + 1
			}
			if raw[lf] != '\r' {
				break
			}
		}
	}
	return raw[pos : pos+n], end
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

// delimiterTail reads what stands behind the boundary in its line, and whether it
// stands apart from it.
func delimiterTail(tail []byte) (closing bool, text []byte, apart bool) {
	if rest, found := bytes.CutPrefix(tail, []byte("--")); found {
		closing, tail = true, rest
	}
	return closing, bytes.TrimSpace(tail), len(tail) == 0 || tail[0] == ' ' || tail[0] == '\t'
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
			if d := findDelimiters(raw[pos:], string(b), 2, false); len(d.list) == 2 {
				return string(b)
			}
		}
		pos = next
	}
	return ""
}

// reading is one way to split a body.
type reading struct {
	boundary string
	delims   delimiters
}

// readings gives the ways to split the body of p: one for each boundary that
// has delimiters in it. They are looked for in the body as received and, when it
// has none, in the decoded one.
func (w *walker) readings(p *Part, m *mimeFields) (raw []byte, found []reading) {
	if found = w.readingsOf(p.raw, m); len(found) == 0 && p.encoding != identity {
		raw = w.decoded(p)
		return raw, w.readingsOf(raw, m)
	}
	p.encoding = identity
	return p.raw, found
}

func (w *walker) readingsOf(raw []byte, m *mimeFields) []reading {
	most := w.msg.limits.Members + 1
	var found []reading
	for _, b := range m.boundaries {
		d := findDelimiters(raw, b, most, false)
		if len(d.list) > 0 {
			found = append(found, reading{b, d})
		}
		if d.glued {
			found = append(found, reading{b, findDelimiters(raw, b, most, true)})
		}
	}
	if len(found) > 0 {
		return found
	}
	if b := guessBoundary(raw); b != "" {
		return []reading{{b, findDelimiters(raw, b, most, false)}}
	}
	if d := findDelimiters(raw, "", most, false); len(m.boundaries) == 0 && len(d.list) > 1 {
		return []reading{{"", d}}
	}
	return nil
}

// multipart reads the parts of p, in every way there is to split it.
func (w *walker) multipart(p *Part, m *mimeFields, depth int) {
	if len(m.boundaries) == 0 {
		w.note(p, SignalDefect, defectNoBoundary)
	}
	if p.encoding != identity {
		w.note(p, SignalDefect, defectEncoded)
	}
	cost := len(p.raw) * max(1, len(m.boundaries))
	if p.encoding != identity {
		cost *= decodeFactor
	}
	if !w.enter(p, cost) {
		return
	}
	raw, found := w.readings(p, m)
	if w.err != nil {
		return
	}
	if len(found) == 0 {
		if len(bytes.TrimSpace(raw)) > 0 {
			w.note(p, SignalDefect, defectNoDelim)
		}
		w.unread(p, raw)
		return
	}
	if len(m.boundaries) > 0 && !slices.Contains(m.boundaries, found[0].boundary) {
		w.note(p, SignalDefect, defectNoDelim)
	}
	w.split(p, m, raw, found, depth)
}

// split reads the parts of p in every way found.
func (w *walker) split(p *Part, m *mimeFields, raw []byte, found []reading, depth int) {
	s := splitter{walker: w, part: p, raw: raw, depth: depth, defaultType: "text/plain", number: len(p.Children)}
	if p.MediaType == "multipart/digest" {
		s.defaultType = "message/rfc822" // RFC 2046, section 5.1.5
	}
	for i, r := range found {
		for _, outer := range w.boundaries {
			if len(m.boundaries) > 0 && strings.HasPrefix(r.boundary, outer) {
				w.note(p, SignalDefect, defectPrefix)
			}
		}
		w.boundaries = append(w.boundaries, r.boundary)
		s.split(r.delims, i == 0)
		w.boundaries = w.boundaries[:len(w.boundaries)-1]
		if w.err != nil {
			return
		}
	}
}

// splitter makes the children of one multipart.
type splitter struct {
	*walker
	part        *Part
	raw         []byte
	depth       int
	defaultType string
	number      int // of the last child
}

// split reads the parts between delimiters. The preamble is kept once.
func (s *splitter) split(d delimiters, first bool) {
	p := s.part
	if d.junk {
		s.note(p, SignalDefect, defectJunk)
	}
	if d.indent {
		s.note(p, SignalDefect, defectIndent)
	}
	if d.glued {
		s.note(p, SignalDefect, defectGlued)
	}
	if first {
		s.text(p, 0, s.raw[:d.list[0].start])
	}
	closed := false
	for i, delim := range d.list {
		end := len(s.raw)
		if i+1 < len(d.list) {
			end = max(d.list[i+1].start, delim.end)
		}
		if len(delim.tail) > 0 {
			s.number++
			s.text(p, s.number, delim.tail)
		}
		section := s.raw[delim.end:end]
		if delim.close {
			closed = true
			if len(bytes.TrimSpace(section)) == 0 {
				continue
			}
		} else if closed {
			s.note(p, SignalDefect, defectEarlyClose)
			closed = false
		}
		s.number++
		if s.members >= s.msg.limits.Members || d.more && i == len(d.list)-1 {
			s.note(p, SignalIncomplete, limitMembers)
			s.text(p, s.number, s.raw[delim.end:])
			return
		}
		s.members++
		if delim.close {
			s.text(p, s.number, section)
			continue
		}
		s.child(section, place{delim.end, end, first && s.inPlace()})
		if s.err != nil {
			return
		}
	}
	if !closed {
		s.note(p, SignalDefect, defectUnclosed)
	}
}

// inPlace tells whether the octets that are split are those of the part as
// received.
func (s *splitter) inPlace() bool {
	return len(s.raw) == len(s.part.raw) && (len(s.raw) == 0 || &s.raw[0] == &s.part.raw[0])
}

// child reads one part: header section, empty line, body.
func (s *splitter) child(section []byte, at place) {
	p := s.part
	c := &Part{Index: p.Index + "." + strconv.Itoa(s.number), msg: s.msg, embedded: p.embedded, place: at}
	c.Header, c.raw = readSection(section, s.msg.limits.HeaderFields, func(sig Signal, d string) { s.note(c, sig, d) })
	p.Children = append(p.Children, c)
	s.walker.part(c, s.defaultType, s.depth+1)
}
