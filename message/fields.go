package message

import (
	"path"
	"slices"
	"strings"
)

// mimeFields is what the MIME fields of one header section come to.
type mimeFields struct {
	mediaType  string // as [Part.MediaType]
	given      bool   // Content-Type is there
	params     map[string]string
	boundaries []string // candidates, the likeliest first
	encoding   encoding
	// encodings and leafTypes are all that are named, where they differ.
	encodings []encoding
	leafTypes []string
	names     []string
	disp      string
	defects   []string
}

func (m *mimeFields) defect(d string) { m.defects = append(m.defects, d) }

// encoding is a content transfer encoding.
type encoding int

const (
	identity encoding = iota
	base64Encoding
	quotedPrintable
	uuEncoding
)

// readFields reads Content-Type, Content-Transfer-Encoding and
// Content-Disposition of a header section.
func readFields(h Header, defaultType string) mimeFields {
	m := mimeFields{mediaType: defaultType}
	var typeValues, dispValues, encodings []string
	for _, f := range h {
		if len(f.Name) < len("Content-Type") || !strings.EqualFold(f.Name[:8], "content-") {
			continue
		}
		switch strings.ToLower(f.Name) {
		case "content-type":
			typeValues = append(typeValues, f.Value)
		case "content-transfer-encoding":
			encodings = append(encodings, f.Value)
		case "content-disposition":
			dispValues = append(dispValues, f.Value)
		}
	}
	types, disps := parseAll(typeValues), parseAll(dispValues)
	m.readTypes(types)
	m.readEncodings(firstAndLast(encodings))
	m.readDispositions(disps)
	m.readNames(types, disps)
	return m
}

// firstAndLast gives of many repetitions those that readers take.
func firstAndLast(values []string) []string {
	const each = 8
	if len(values) <= 2*each {
		return values
	}
	return slices.Concat(values[:each], values[len(values)-each:])
}

func parseAll(values []string) []structured {
	var all []structured
	for _, v := range firstAndLast(values) {
		all = append(all, parseStructured(v))
	}
	return all
}

func (m *mimeFields) readTypes(types []structured) {
	if len(types) == 0 {
		return
	}
	m.given = true
	if len(types) > 1 {
		m.defect("repeated Content-Type")
	}
	// Of several types the one that holds others is taken, for a leaf is what is
	// left of it when it is read wrongly.
	best := -1
	for i := range types {
		token := types[i].token
		m.defects = append(m.defects, types[i].defects...)
		if !isMediaType(token) {
			if token != "" {
				m.defect("a media type that cannot be read")
			}
			continue
		}
		if len(types) > 1 && !isContainer(token) {
			m.leafTypes = append(m.leafTypes, token)
		}
		if best < 0 || isContainer(token) && !isContainer(types[best].token) {
			best = i
		}
	}
	if best < 0 {
		best = 0
		m.mediaType = "text/plain"
	} else {
		m.mediaType = types[best].token
	}
	chosen := &types[best]
	m.params = make(map[string]string, len(chosen.params))
	for _, p := range chosen.params {
		if _, have := m.params[p.name]; !have {
			m.params[p.name] = chosen.values(p.name)[0]
		}
	}
	m.readBoundaries(types, chosen)
}

func (m *mimeFields) readBoundaries(types []structured, chosen *structured) {
	add := func(s *structured) {
		if s.repeated("boundary") {
			m.defect("repeated boundary")
		}
		if s.continued("boundary") {
			m.defect("a boundary in continuations")
		}
		for _, p := range s.params {
			if p.name == "boundary" && p.glued {
				m.defect("a comment glued to the boundary")
			}
		}
		for _, v := range s.values("boundary") {
			m.addBoundary(v)
		}
		// The raw form too, where decoding words changed it.
		for _, p := range s.params {
			if p.name == "boundary" && p.section < 0 && !p.extended {
				m.addBoundary(p.value)
			}
		}
	}
	add(chosen)
	for i := range types {
		if &types[i] != chosen {
			add(&types[i])
		}
	}
	if len(m.boundaries) > 1 {
		m.defect("boundaries that differ")
	}
	if len(m.boundaries) > 0 && len(m.boundaries[0]) > 70 {
		m.defect("a boundary of more than 70 characters")
	}
	for _, b := range m.boundaries {
		if trimmed := strings.TrimRight(b, " \t"); trimmed != b {
			m.defect("a boundary that ends in a blank")
			if trimmed != "" {
				m.boundaries = append(m.boundaries, trimmed)
			}
		}
	}
}

func (m *mimeFields) addBoundary(v string) {
	if v == "" || len(m.boundaries) >= 8 {
		return
	}
	for _, have := range m.boundaries {
		if have == v {
			return
		}
	}
	m.boundaries = append(m.boundaries, v)
}

func isContainer(mediaType string) bool {
	return strings.HasPrefix(mediaType, "multipart/") || isEmbedded(mediaType)
}

func isEmbedded(mediaType string) bool {
	switch mediaType {
	case "message/rfc822", "message/global", "message/news":
		return true
	}
	return false
}

// isMediaType tells whether s is a type and a subtype (RFC 2045, section 5.1).
func isMediaType(s string) bool {
	slash := strings.IndexByte(s, '/')
	if slash <= 0 || slash == len(s)-1 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || c == '/' && i != slash || strings.IndexByte(`()<>@,;:\"[]?=`, c) >= 0 {
			return false
		}
	}
	return true
}

func (m *mimeFields) readEncodings(values []string) {
	known := false
	for _, v := range values {
		es, plain := readEncoding(v)
		if !plain {
			m.defect("a transfer encoding that readers take differently")
			m.addEncoding(identity)
		}
		for _, e := range es {
			if plain && e == uuEncoding {
				m.defect("a transfer encoding outside of MIME")
			}
			m.addEncoding(e)
			// The first that changes anything is the likeliest.
			if !known || m.encoding == identity {
				m.encoding, known = e, true
			}
		}
	}
	if len(values) > 1 {
		m.defect("repeated Content-Transfer-Encoding")
	}
}

func (m *mimeFields) addEncoding(e encoding) {
	if !slices.Contains(m.encodings, e) {
		m.encodings = append(m.encodings, e)
	}
}

// readEncoding reads one field value. It gives the tokens of RFC 2045, section
// 6.1, or of uuencode that are found in it, and whether it is one of them and
// legal comments.
func readEncoding(v string) (found []encoding, plain bool) {
	text := strings.ToLower(stripComments(unfold(v)))
	if e, known := encodingToken(strings.Trim(text, " \t")); known {
		return []encoding{e}, true
	}
	text = strings.ToLower(decodeText(text))
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == '"' || r == '\'' {
			return -1
		}
		return r
	}, text)
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t,;", r) })
	for _, w := range words {
		if e, ok := encodingToken(w); ok && !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		joined := strings.Join(words, "")
		switch {
		case strings.Contains(joined, "base64"), strings.Contains(joined, "base-64"):
			found = append(found, base64Encoding)
		case strings.Contains(joined, "quoted-printable"), strings.Contains(joined, "quoted_printable"):
			found = append(found, quotedPrintable)
		}
	}
	return found, false
}

func encodingToken(s string) (encoding, bool) {
	switch s {
	case "7bit", "8bit", "binary", "":
		return identity, true
	case "base64":
		return base64Encoding, true
	case "quoted-printable":
		return quotedPrintable, true
	case "x-uuencode", "x-uue", "uuencode", "uue":
		return uuEncoding, true
	}
	return identity, false
}

// stripComments puts a blank in place of each comment.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	var sc scanner
	for i := 0; i < len(s); {
		if s[i] != '(' {
			b.WriteByte(s[i])
			i++
			continue
		}
		i = sc.commentEnd(s, i)
		b.WriteByte(' ')
	}
	return b.String()
}

func (m *mimeFields) readDispositions(disps []structured) {
	if len(disps) > 1 {
		m.defect("repeated Content-Disposition")
	}
	for i := range disps {
		m.defects = append(m.defects, disps[i].defects...)
		switch disps[i].token {
		case "":
		case "inline":
			if m.disp == "" {
				m.disp = "inline"
			}
		default:
			// RFC 2183, section 2.8: what is not known is an attachment.
			m.disp = "attachment"
		}
	}
}

// readNames collects file names: of Content-Disposition first, then the name
// parameter of Content-Type (RFC 2183, section 2.3).
func (m *mimeFields) readNames(types, disps []structured) {
	for i := range disps {
		for _, v := range disps[i].values("filename") {
			m.addName(v)
		}
	}
	for i := range types {
		for _, v := range types[i].values("name") {
			m.addName(v)
		}
	}
	for i := range disps {
		for _, v := range disps[i].values("name") {
			m.addName(v)
		}
	}
	for _, n := range m.names[min(1, len(m.names)):] {
		if extension(n) != extension(m.names[0]) {
			m.defect("file names of different types")
			break
		}
	}
	for i := range disps {
		for _, v := range disps[i].asWritten("filename") {
			m.addName(utf8Text(v))
		}
	}
	for i := range types {
		for _, v := range types[i].asWritten("name") {
			m.addName(utf8Text(v))
		}
	}
}

// mostNames is how many file names of one part are kept.
const mostNames = 32

func (m *mimeFields) addName(v string) {
	v = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, v))
	if v == "" || len(m.names) >= mostNames {
		return
	}
	for _, have := range m.names {
		if have == v {
			return
		}
	}
	m.names = append(m.names, v)
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }
