package extract

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"github.com/postern-mail/postern/message/charset"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	htmlcharset "golang.org/x/net/html/charset"
)

var formatHTML = Format{
	Name:       "HTML",
	MediaTypes: []string{"text/html", "application/xhtml+xml"},
	Extensions: []string{"html", "htm", "xhtml"},
	plain:      true,
	rank:       byWords,
	sniff:      isHTML,
	read:       readHTML,
}

// isHTML tells whether text is HTML: labelled or named so, or it looks so and is
// not labelled as plain text, which mail readers believe.
func isHTML(r *reader) bool {
	if !r.looksLikeText() && !utf16Like(r.content) {
		t := r.hintType()
		if t != "text/html" && t != "application/xhtml+xml" || !mimetype.Detect(r.content).Is("application/octet-stream") {
			return false
		}
		return true
	}
	t := r.hintType()
	if t == "text/html" || t == "application/xhtml+xml" {
		return true
	}
	// A saved file is opened by its name.
	switch r.extension() {
	case "html", "htm", "xhtml", "xht", "shtml":
		return true
	}
	if t == "text/plain" {
		return false
	}
	mt := mimetype.Detect(r.content)
	return mt.Is("text/html") || mt.Is("application/xhtml+xml")
}

// The separators between two pieces of text, weakest first.
const (
	joined = iota
	blank
	cell
	line
)

var separators = [...]string{joined: "", blank: " ", cell: "\t", line: "\n"}

// htmlReader renders HTML as lines of text. Inline elements part nothing, so
// that a word or number in pieces is whole again.
type htmlReader struct {
	*reader
	sep   int
	began bool
	pre   int // depth of elements that keep blanks
	// foreign is the depth of elements of SVG and MathML.
	foreign int
	line    []byte
	// extra is what no reader renders: comments and attributes, a line each.
	extra strings.Builder
	seen  map[string]bool
	hiding
	// script is the text of the script or style that is open.
	script strings.Builder
}

// readHTML writes the rendered text, hidden elements included, and behind it, each
// on its own line, comments, attributes, and lines as they are without what is
// hidden in them. Scripts and what data: links hold are members.
func readHTML(r *reader) {
	content := r.needed()
	h := htmlReader{reader: r, seen: map[string]bool{}}
	label := h.label(content)
	z := html.NewTokenizer(strings.NewReader(charset.Text(content, label)))
	dropped := atom.Atom(0)
	for n := 0; ; n++ {
		if n%256 == 0 && r.expired() {
			break
		}
		tt := z.Next()
		if tt == html.ErrorToken || r.ended {
			break
		}
		switch tt {
		case html.TextToken:
			if dropped == 0 {
				h.text(z.Text())
			} else {
				h.script.Write(z.Raw())
			}
		case html.CommentToken:
			h.aside(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			a := atom.Lookup(name)
			h.closeScript(dropped)
			dropped = 0
			h.nested(a, tt == html.StartTagToken)
			if tt == html.StartTagToken && (a == atom.Svg || a == atom.Math) {
				h.foreign++
			}
			switch a {
			case atom.Script, atom.Style, atom.Textarea, atom.Title:
				switch {
				case h.foreign > 0:
					// In a drawing or a formula these hold elements, some of which end it.
					z.NextIsNotRawText()
				case tt == html.StartTagToken && (a == atom.Script || a == atom.Style):
					dropped = a
				}
			case atom.Noscript, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp:
				// Some readers show what is in them.
				z.NextIsNotRawText()
			}
			h.tag(a, tt == html.StartTagToken)
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				h.attribute(key, value)
				if tt == html.StartTagToken && hides(key, value) {
					h.hide(a)
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			h.closeScript(dropped)
			dropped = 0
			h.leave(a)
			h.endTag(a)
		}
	}
	h.closeScript(dropped)
	h.endLine()
	if extra := h.extra.String(); extra != "" {
		if h.began {
			r.write("\n")
		}
		r.write(strings.TrimSuffix(extra, "\n"))
	}
	r.unescaped(content, label, "text/html")
	if len(content) < len(r.content) {
		r.end(limitCharacters)
	}
}

// label is the character set by label, else by the document's own word (HTML
// standard, prescan of the first 1024 octets).
func (h *htmlReader) label(content []byte) string {
	if h.hint.Charset != "" && charset.Known(h.hint.Charset) {
		return h.hint.Charset
	}
	if utf16Like(content) {
		return "utf-16"
	}
	head := content[:min(len(content), 1024)]
	if _, name, certain := htmlcharset.DetermineEncoding(head, ""); certain {
		return name
	}
	return ""
}

// text writes a piece of text with its blanks collapsed.
func (h *htmlReader) text(b []byte) {
	if h.pre > 0 {
		h.put(string(b))
		return
	}
	h.line = slices.Grow(h.line[:0], len(b))
	trailing := false
	for i := 0; i < len(b); {
		if isBlank[b[i]] {
			if len(h.line) == 0 {
				h.part(blank)
			} else {
				trailing = true
			}
			i++
			continue
		}
		if trailing {
			h.line = append(h.line, ' ')
			trailing = false
		}
		// As far as words stand one blank apart.
		n := i + 1
		for n < len(b) && (!isBlank[b[n]] || b[n] == ' ' && n+1 < len(b) && !isBlank[b[n+1]]) {
			n++
		}
		h.line = append(h.line, b[i:n]...)
		i = n
	}
	h.put(string(h.line))
	if trailing {
		h.part(blank)
	}
}

// isBlank holds the white space that HTML collapses; a no-break space is none.
var isBlank = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, '\f': true}

func (h *htmlReader) put(s string) {
	if s == "" {
		return
	}
	if h.began {
		if h.sep == line {
			h.endLine()
		}
		h.write(separators[h.sep])
	}
	h.shown(separators[h.sep], s)
	h.sep, h.began = joined, true
	h.write(s)
}

// part asks for a separator before the next piece of text.
func (h *htmlReader) part(sep int) { h.sep = max(h.sep, sep) }

func (h *htmlReader) tag(a atom.Atom, open bool) {
	switch {
	case a == atom.Td || a == atom.Th:
		h.part(cell)
	case isBlock(a):
		h.part(line)
	}
	if a == atom.Pre && open {
		h.pre++
	}
}

func (h *htmlReader) endTag(a atom.Atom) {
	h.tag(a, false)
	if (a == atom.Svg || a == atom.Math) && h.foreign > 0 {
		h.foreign--
	}
	if a == atom.Pre && h.pre > 0 {
		h.pre--
	}
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Caption, atom.Center,
		atom.Dd, atom.Details, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure,
		atom.Footer, atom.Form, atom.Frameset, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head,
		atom.Header, atom.Hr, atom.Html, atom.Iframe, atom.Legend, atom.Li, atom.Main, atom.Menu, atom.Nav,
		atom.Ol, atom.Optgroup, atom.Option, atom.P, atom.Pre, atom.Section, atom.Select, atom.Summary,
		atom.Table, atom.Tbody, atom.Textarea, atom.Tfoot, atom.Thead, atom.Title, atom.Tr, atom.Ul, atom.Xmp:
		return true
	}
	return false
}

// attribute keeps the values that are no matter of looks.
func (h *htmlReader) attribute(key, value []byte) {
	switch string(key) {
	case "class", "id", "width", "height", "border", "align", "valign", "bgcolor", "color", "face", "size", "cellpadding", "cellspacing",
		"rel", "type", "target", "lang", "dir", "charset", "http-equiv", "method", "enctype", "rowspan", "colspan", "hspace", "vspace", "nowrap", "role":
		return
	case "style":
		if bytes.Contains(value, []byte("data:")) {
			h.dataLinks(string(value))
		}
		return
	}
	if len(key) > 5 && string(key[:5]) == "xmlns" || len(value) == 0 || h.seen[string(value)] {
		return
	}
	text := string(value)
	if h.dataLinks(text) {
		return
	}
	h.aside(text)
	if strings.IndexByte(text, '%') >= 0 {
		if plain, err := url.PathUnescape(text); err == nil && plain != text {
			h.aside(charset.Quick([]byte(plain), ""))
		}
	}
}

// closeScript reads a script or style that ends. A script may hold text and
// files that it shows or saves once it runs; of styles only what they add to the
// text is worth reading.
func (h *htmlReader) closeScript(a atom.Atom) {
	if a == 0 || h.script.Len() == 0 {
		return
	}
	text := h.script.String()
	h.script.Reset()
	switch {
	case strings.TrimSpace(text) == "":
	case a == atom.Script:
		h.member(Hint{MediaType: "text/plain", Charset: "utf-8"}, []byte(text))
	default:
		if strings.Contains(text, "content:") {
			h.aside(text)
		}
		h.dataLinks(text)
	}
}

// aside keeps a text once, on a line of its own, for the end.
func (h *htmlReader) aside(s string) {
	s = strings.TrimFunc(s, unicode.IsSpace)
	if s == "" || h.seen[s] || h.extra.Len() > utf8.UTFMax*h.lim.Characters {
		return
	}
	h.seen[s] = true
	h.extra.WriteString(s)
	h.extra.WriteByte('\n')
}
