package extract

import (
	"bytes"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/postern-mail/postern/message/charset"
)

var formatText = Format{
	Name:       "Text",
	MediaTypes: []string{"text/plain"},
	Extensions: []string{"txt"},
	plain:      true,
	rank:       byDefault,
	sniff:      isText,
	refine:     refineText,
	read:       readText,
}

// isText tells whether a document is text: by its octets, or because it is
// labelled as text and looks like nothing else.
func isText(r *reader) bool {
	if r.looksLikeText() {
		return true
	}
	t := r.hintType()
	labelled := strings.HasPrefix(t, "text/") || isTextExtension(r.extension())
	if utf16Like(r.content) && (labelled || t == "") {
		return true
	}
	if !labelled {
		return false
	}
	// What is labelled as text is shown as text, whatever octets it holds, unless
	// a signature says what it is.
	mt := mimetype.Detect(r.content)
	return mt.Is("application/octet-stream") || mt.Is("text/plain")
}

func isTextExtension(ext string) bool {
	switch ext {
	case "txt", "text", "log", "md", "csv", "tsv", "json", "xml", "yaml", "yml", "ini", "conf", "sql", "eml", "htm", "html":
		return true
	}
	return false
}

// utf16Like tells whether nearly every other octet is zero.
func utf16Like(content []byte) bool {
	head := content[:min(len(content), 1024)]
	if len(head) < 8 {
		return false
	}
	zeros := [2]int{}
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	return zeros[0] > half*3/4 && zeros[1] < half/8 || zeros[1] > half*3/4 && zeros[0] < half/8
}

// refineText names the kind of text where content tells it.
func refineText(r *reader) {
	if t := r.hintType(); t == "text/plain" {
		return
	}
	mt := mimetype.Detect(r.content)
	for p := mt; p != nil; p = p.Parent() {
		if p.Is("text/plain") && !mt.Is("text/plain") && !mt.Is("text/html") && !mt.Is("text/csv") {
			r.doc.MediaType, _, _ = strings.Cut(mt.String(), ";")
			r.doc.Extension = strings.TrimPrefix(mt.Extension(), ".")
			return
		}
	}
}

// needed gives as much of the content as the limit of characters can need: no
// usual encoding takes more than four octets for one.
func (r *reader) needed() []byte {
	if most := 4*int64(r.lim.Characters) + 4; int64(len(r.content)) > most {
		return r.content[:most]
	}
	return r.content
}

func readText(r *reader) {
	if r.expired() {
		return
	}
	content := r.needed()
	label := r.hint.Charset
	if label == "" && bytes.IndexByte(content[:min(len(content), 1024)], 0) >= 0 && utf16Like(content) {
		label = "utf-16"
	}
	text := charset.Text(content, label)
	if r.hint.Flowed {
		text = unflow(text, r.hint.DelSp)
	}
	r.write(text)
	r.encodings(text)
	r.unescaped(content, label, "text/plain")
	r.yencoded(content)
	r.mailInText()
	if len(content) < len(r.content) {
		r.end(limitCharacters)
	}
}

// unflow joins the lines of flowed text to paragraphs, as mail readers show them
// (RFC 3676, section 4): a line that ends in a blank goes on in the next one of
// the same depth of quotation.
func unflow(s string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(s))
	open, depth := false, 0
	for s != "" {
		line, rest, more := strings.Cut(s, "\n")
		s = rest
		line = strings.TrimSuffix(line, "\r")
		text := strings.TrimLeft(line, ">")
		quotes := len(line) - len(text)
		text = strings.TrimPrefix(text, " ")
		signature := text == "-- "
		if open && (quotes != depth || signature) {
			b.WriteByte('\n')
			open = false
		}
		if !open && quotes > 0 {
			b.WriteString(line[:quotes])
			b.WriteByte(' ')
		}
		open, depth = strings.HasSuffix(text, " ") && !signature, quotes
		if open && delsp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if more && !open {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
