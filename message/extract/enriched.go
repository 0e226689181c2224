package extract

import (
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

var formatEnriched = Format{
	Name:       "Enriched text",
	MediaTypes: []string{"text/enriched", "text/richtext"},
	Extensions: []string{"etf"},
	rank:       byWords,
	sniff: func(r *reader) bool {
		t := r.hintType()
		return (t == "text/enriched" || t == "text/richtext") && r.looksLikeText()
	},
	read: readEnriched,
}

// readEnriched writes text without its formatting commands (RFC 1896): "<<" is a
// character, what stands in <param> is no text, a single line end is a blank.
func readEnriched(r *reader) {
	if r.expired() {
		return
	}
	content := r.needed()
	s := charset.Text(content, r.hint.Charset)
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	hidden := false
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "<<"):
			b.WriteByte('<')
			i += 2
		case s[i] == '<':
			end := strings.IndexByte(s[i:], '>')
			if end < 0 {
				b.WriteString(s[i:])
				i = len(s)
				break
			}
			switch command := strings.ToLower(s[i+1 : i+end]); command {
			case "param":
				hidden = true
			case "/param":
				hidden = false
			case "nl", "paragraph", "/paragraph":
				b.WriteByte('\n')
			}
			i += end + 1
		case hidden:
			i++
		case s[i] == '\n':
			n := i
			for n < len(s) && s[n] == '\n' {
				n++
			}
			if n == i+1 {
				b.WriteByte(' ')
			}
			for ; i+1 < n; i++ {
				b.WriteByte('\n')
			}
			i = n
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	r.write(b.String())
	if len(content) < len(r.content) {
		r.end(limitCharacters)
	}
}
