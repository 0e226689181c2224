package extract

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Files and text stand encoded within plain text: of old by habit, of late to
// hide them. What is found becomes a member, and its own text is looked through
// in turn.

// encodings reads what stands encoded in a text.
func (r *reader) encodings(text string) {
	if r.ended || len(text) < leastEncoded {
		return
	}
	lines := lineScanner{s: text}
	for lines.next() {
		if r.expired() {
			return
		}
		line := lines.line
		switch {
		case len(line) < 4:
		case strings.HasPrefix(line, "begin "):
			r.uuencoded(&lines)
		case strings.HasPrefix(line, "begin-base64 "):
			r.base64File(&lines)
		case strings.HasPrefix(line, "(This file must be converted with BinHex"):
			r.binHex(&lines)
		case len(line) >= leastEncoded:
			r.base64Run(&lines)
		}
	}
	if hidesInEscapes(text) {
		r.defect("quoted-printable in a text that is not said to be any")
		r.member(Hint{MediaType: "text/plain"}, escapes(text))
	}
	if hidesInUTF7(text) {
		r.defect("UTF-7 in a text that is not said to be any")
		r.member(Hint{MediaType: "text/plain", Charset: "utf-7"}, []byte(text))
	}
}

// unescaped reads text without a label once more where escape sequences made it
// one of ISO 2022: programs that do not look for these show what stands there.
func (r *reader) unescaped(content []byte, label, mediaType string) {
	if label == "" && bytes.Contains(content, []byte("\x1b$")) && !r.expired() {
		r.member(Hint{MediaType: mediaType, Charset: "us-ascii"}, content)
	}
}

// leastEncoded is the fewest characters of base64 that are looked into when
// nothing says that they are base64: enough for a number, more than most words.
const leastEncoded = 24

// lineScanner goes over the lines of a text; pos is behind the current one.
type lineScanner struct {
	s          string
	start, pos int
	line       string // without its end
}

func (l *lineScanner) next() bool {
	if l.start = l.pos; l.pos >= len(l.s) {
		return false
	}
	if n := strings.IndexByte(l.s[l.pos:], '\n'); n >= 0 {
		l.line, l.pos = l.s[l.pos:l.pos+n], l.pos+n+1
	} else {
		l.line, l.pos = l.s[l.pos:], len(l.s)
	}
	l.line = strings.TrimSuffix(l.line, "\r")
	return true
}

// back makes the current line the next one again.
func (l *lineScanner) back() { l.pos = l.start }

// uuencoded reads a file from its line "begin 644 name" on.
func (r *reader) uuencoded(l *lineScanner) {
	mode, name, found := strings.Cut(strings.TrimSpace(l.line[len("begin "):]), " ")
	if !found || len(mode) < 3 || strings.Trim(mode, "01234567") != "" {
		return
	}
	var data []byte
	for n := 0; l.next(); n++ {
		if l.line == "end" {
			break
		}
		octets, ok := uuLine(l.line)
		if !ok {
			l.back()
			if n == 0 {
				return
			}
			break
		}
		data = append(data, octets...)
	}
	if len(data) > 0 {
		r.member(Hint{Name: strings.TrimSpace(name)}, data)
	}
}

// uuLine decodes a line of uuencoded data, whose end may have lost its blanks.
func uuLine(line string) ([]byte, bool) {
	if line == "" || line[0] < ' ' || line[0] > '`' {
		return nil, false
	}
	n := int(line[0]-' ') & 0x3f
	need := (n + 2) / 3 * 4
	if len(line)-1 > need+2 || len(line)-1 < need-8 {
		return nil, false
	}
	out := make([]byte, 0, need/4*3)
	for i := 1; i <= need; i += 4 {
		var acc uint32
		for j := i; j < i+4; j++ {
			c := byte(' ')
			if j < len(line) {
				c = line[j]
			}
			if c < ' ' || c > '`' {
				return nil, false
			}
			acc = acc<<6 | uint32(c-' ')&0x3f
		}
		out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
	}
	return out[:n], true
}

// base64File reads a file from its line "begin-base64 644 name" on (POSIX
// uuencode -m).
func (r *reader) base64File(l *lineScanner) {
	_, name, _ := strings.Cut(strings.TrimSpace(l.line[len("begin-base64 "):]), " ")
	var data strings.Builder
	for l.next() && l.line != "====" {
		if !isBase64(strings.TrimSpace(l.line)) {
			l.back()
			break
		}
		data.WriteString(l.line)
	}
	if b := unbase64(data.String()); len(b) > 0 {
		r.member(Hint{Name: strings.TrimSpace(name)}, b)
	}
}

// yencoded reads the files from lines "=ybegin" on (yEnc 1.3). They are made of
// octets, whatever the character set. The parts of a file in several messages
// are read as they stand.
func (r *reader) yencoded(content []byte) {
	begin := []byte("=ybegin ")
	for !r.expired() {
		i := bytes.Index(content, begin)
		if i < 0 {
			return
		}
		atLine := i == 0 || content[i-1] == '\n'
		content = content[i:]
		line, rest, _ := bytes.Cut(content, []byte("\n"))
		content = rest
		if !atLine {
			continue
		}
		name := ""
		if _, n, found := bytes.Cut(line, []byte(" name=")); found {
			name = strings.TrimSpace(string(n))
		}
		var data []byte
		for len(content) > 0 {
			line, content, _ = bytes.Cut(content, []byte("\n"))
			if bytes.HasPrefix(line, []byte("=yend")) {
				break
			}
			if !bytes.HasPrefix(line, []byte("=ypart ")) {
				data = appendYenc(data, bytes.TrimSuffix(line, []byte("\r")))
			}
		}
		if len(data) > 0 {
			r.member(Hint{Name: name}, data)
		}
	}
}

func appendYenc(data, line []byte) []byte {
	if bytes.HasPrefix(line, []byte("..")) {
		line = line[1:] // the dot of NNTP and SMTP
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+1 < len(line) {
			i++
			c = line[i] - 64
		}
		data = append(data, c-42)
	}
	return data
}

// base64Run reads lines that are base64 throughout, or a word of base64 within a
// line, when it stands for text or for a document: words, keys and hexadecimal
// numbers look like base64 too, but stand for neither.
func (r *reader) base64Run(l *lineScanner) {
	word, _ := nextWord(l.line)
	if word == "" {
		return
	}
	if whole := strings.TrimSpace(l.line); len(whole) == len(word) {
		run := word
		if start := l.pos; l.next() {
			if isBase64(strings.TrimSpace(l.line)) {
				var b strings.Builder
				b.WriteString(run)
				for {
					b.WriteString(strings.TrimSpace(l.line))
					if !l.next() {
						break
					}
					if !isBase64(strings.TrimSpace(l.line)) {
						l.back()
						break
					}
				}
				run = b.String()
			} else {
				l.pos = start
			}
		}
		r.hidden(run)
		return
	}
	for rest := l.line; ; {
		if word, rest = nextWord(rest); word == "" {
			return
		}
		r.hidden(word)
	}
}

// nextWord finds the next word of base64 that is long enough, and what is behind
// it. It looks at the last octet that such a word would have first, so that prose
// costs little.
func nextWord(s string) (word, rest string) {
	for i := 0; i+leastEncoded <= len(s); {
		j := i + leastEncoded - 1
		for j >= i && base64Octet[s[j]] {
			j--
		}
		if j >= i {
			i = j + 1
			continue
		}
		end := i + leastEncoded
		for end < len(s) && base64Octet[s[end]] {
			end++
		}
		return s[i:end], s[end:]
	}
	return "", ""
}

// base64Octet holds the characters of both alphabets, and padding.
var base64Octet = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=" {
		t[c] = true
	}
	return t
}()

func isBase64(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if !base64Octet[s[i]] {
			return false
		}
	}
	return true
}

// unbase64 decodes base64 of either alphabet, padded or not, group by group
// where padding stands within.
func unbase64(s string) []byte {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	var out []byte
	for s != "" {
		part := s
		if i := strings.IndexByte(s, '='); i >= 0 {
			part = s[:i]
			s = strings.TrimLeft(s[i:], "=")
		} else {
			s = ""
		}
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		b, err := base64.RawStdEncoding.DecodeString(part)
		if err != nil {
			return out
		}
		out = append(out, b...)
	}
	return out
}

func (r *reader) hidden(run string) {
	if strings.Trim(run, "=") == "" || !promising(run) {
		return
	}
	data := unbase64(run)
	if !isMeant(data) {
		return
	}
	r.defect("base64 in a text that is not said to be any")
	r.member(Hint{}, data)
}

// promising decodes the beginning of a run to tell at little cost whether the
// whole is worth it.
func promising(run string) bool {
	head := unbase64(run[:min(len(run), 64)&^3])
	return isMeant(head) || hasDocumentMagic(head)
}

// isMeant tells whether octets are text of people or begin like a document.
func isMeant(data []byte) bool {
	if hasDocumentMagic(data) {
		return true
	}
	// The last character may be cut off.
	for n := 0; n < 3 && len(data) > 0 && !utf8.Valid(data); n++ {
		data = data[:len(data)-1]
	}
	if len(data) < leastEncoded/2 || !utf8.Valid(data) {
		return false
	}
	return bytes.IndexFunc(data, func(c rune) bool { return c < ' ' && !strings.ContainsRune("\t\n\v\f\r", c) || c == 0x7f }) < 0
}

// hasDocumentMagic tells whether octets begin like a format that holds text.
func hasDocumentMagic(data []byte) bool {
	for _, magic := range [...]string{"PK\x03\x04", "%PDF-", "\xd0\xcf\x11\xe0\xa1\xb1", `{\rtf`, "\x1f\x8b\x08", "7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07", "\xfd7zXZ", "BZh9"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return false
}

// hidesInUTF7 tells whether a text holds characters of ASCII in shifted runs of
// UTF-7 (RFC 2152), as "+ADQAMQ-" for 41: chance does not make them.
func hidesInUTF7(text string) bool {
	const least = 6 // of the characters of a run, for two of the text
	for i := strings.IndexByte(text, '+'); i >= 0; {
		run := text[i+1:]
		n := 0
		for n < len(run) && n < 64 && run[n] != '-' && run[n] != '_' && run[n] != '=' && base64Octet[run[n]] {
			n++
		}
		if data := unbase64(run[:n]); n >= least && isASCIIWide(data) {
			return true
		}
		next := strings.IndexByte(run, '+')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// isASCIIWide tells whether octets are printable ASCII in UTF-16BE throughout.
func isASCIIWide(data []byte) bool {
	for i := 0; i+1 < len(data); i += 2 {
		if data[i] != 0 || data[i+1] < ' ' || data[i+1] > '~' {
			return false
		}
	}
	return len(data) >= 4
}

// hidesInEscapes tells whether a text holds letters and digits as escapes of
// quoted-printable in a row: no program that means to be read writes them so.
func hidesInEscapes(text string) bool {
	const row = 4
	n, at := 0, -1
	for i := strings.IndexByte(text, '='); i >= 0; {
		if i != at {
			n = 0
		}
		if c, ok := escapeAt(text, i); ok && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z') {
			if n++; n >= row {
				return true
			}
			at = i + 3
		} else if n > 0 && (strings.HasPrefix(text[i:], "=\n") || strings.HasPrefix(text[i:], "=\r\n")) {
			at = i + 1 + strings.IndexByte(text[i+1:], '\n') + 1
		} else {
			at = -1
		}
		next := strings.IndexByte(text[i+1:], '=')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

func escapeAt(s string, i int) (byte, bool) {
	if i+2 >= len(s) || hexValue(s[i+1]) < 0 || hexValue(s[i+2]) < 0 {
		return 0, false
	}
	return byte(hexValue(s[i+1])<<4 | hexValue(s[i+2])), true
}

// escapes undoes quoted-printable (RFC 2045, section 6.7); what is no escape
// stands for itself.
func escapes(text string) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '=' {
			out = append(out, text[i])
			continue
		}
		if c, ok := escapeAt(text, i); ok {
			out = append(out, c)
			i += 2
			continue
		}
		n := i + 1
		for n < len(text) && (text[n] == ' ' || text[n] == '\t' || text[n] == '\r') {
			n++
		}
		if n < len(text) && text[n] == '\n' {
			i = n
			continue
		}
		out = append(out, '=')
	}
	return out
}
