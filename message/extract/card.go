package extract

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

var formatCalendar = Format{
	Name:       "iCalendar",
	MediaTypes: []string{"text/calendar"},
	Extensions: []string{"ics", "ifb", "vcs"},
	Nested:     true,
	rank:       byWords,
	sniff:      func(r *reader) bool { return beginsCard(r, "VCALENDAR") },
	read:       readCard,
}

var formatCard = Format{
	Name:       "vCard",
	MediaTypes: []string{"text/vcard", "text/x-vcard", "text/directory"},
	Extensions: []string{"vcf"},
	Nested:     true,
	rank:       byWords,
	sniff:      func(r *reader) bool { return beginsCard(r, "VCARD") },
	read:       readCard,
}

func beginsCard(r *reader, object string) bool {
	head := bytes.TrimSpace(bytes.TrimPrefix(r.content[:min(len(r.content), 256)], []byte("\xef\xbb\xbf")))
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return strings.EqualFold(string(bytes.TrimSpace(line)), "BEGIN:"+object)
}

// readCard writes the content lines of iCalendar (RFC 5545) and vCard (RFC 6350,
// and version 2.1 before it): unfolded, encodings and escapes undone, a line
// each. Files within are members.
func readCard(r *reader) {
	content := r.needed()
	text := charset.Text(content, r.hint.Charset)
	lines := lineScanner{s: text}
	for n := 0; lines.next(); n++ {
		if n%256 == 0 && r.expired() {
			return
		}
		var b strings.Builder
		b.WriteString(lines.line)
		for lines.pos < len(lines.s) && (lines.s[lines.pos] == ' ' || lines.s[lines.pos] == '\t') && lines.next() {
			b.WriteString(lines.line[1:])
		}
		r.contentLine(b.String(), &lines)
	}
	if len(content) < len(r.content) {
		r.end(limitCharacters)
	}
}

// contentLine writes one line: its name and parameters, and its value.
func (r *reader) contentLine(line string, rest *lineScanner) {
	colon := valueColon(line)
	if colon < 0 {
		r.write(line + "\n")
		return
	}
	head, value := line[:colon], line[colon+1:]
	params := strings.ToUpper(head)
	switch {
	case strings.Contains(params, "QUOTED-PRINTABLE"):
		for strings.HasSuffix(value, "=") && rest.next() {
			value = strings.TrimSuffix(value, "=") + rest.line
		}
		value = charset.Quick(escapes(value), cardCharset(head))
	case strings.Contains(params, "ENCODING=B") || strings.Contains(params, ";BASE64"):
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
		if err != nil {
			r.fail(Corrupt, "a damaged file within")
		}
		r.write(head + "\n")
		r.member(Hint{Name: cardName(head)}, data)
		return
	}
	r.write(head + ": " + cardText.Replace(value) + "\n")
}

var cardText = strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`)

// valueColon finds the colon before the value: parameters may be quoted.
func valueColon(line string) int {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

func cardParam(head string, names ...string) string {
	for p := range strings.SplitSeq(head, ";") {
		key, value, _ := strings.Cut(p, "=")
		for _, n := range names {
			if strings.EqualFold(key, n) {
				return strings.Trim(value, `"`)
			}
		}
	}
	return ""
}

func cardCharset(head string) string { return cardParam(head, "CHARSET") }
func cardName(head string) string {
	return cardParam(head, "X-FILENAME", "FILENAME", "X-APPLE-FILENAME")
}
