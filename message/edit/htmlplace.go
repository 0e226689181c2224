package edit

import (
	"bytes"

	"golang.org/x/net/html"
)

// htmlScan goes over the tokens of HTML by their places.
type htmlScan struct {
	z          *html.Tokenizer
	src        []byte
	start, end int // of the token
	// raw is the element whose text holds no tags, and where its start tag begins.
	raw      string
	rawStart int
	open     openTags
}

func newHTMLScan(src []byte) *htmlScan {
	return &htmlScan{z: html.NewTokenizer(bytes.NewReader(src)), src: src}
}

// next reads a token. Its name is that of a tag. At the end, or at a token that is
// never closed, it is an error token and start is the last place at which a reader
// still shows text.
func (s *htmlScan) next() (tt html.TokenType, name string) {
	s.start = s.end
	tt = s.z.Next()
	s.end = min(s.start+len(s.z.Raw()), len(s.src))
	switch tt {
	case html.CommentToken, html.DoctypeToken:
		if !isClosed(s.src[s.start:s.end]) {
			tt = html.ErrorToken
		}
	case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
		if s.src[s.end-1] != '>' {
			tt = html.ErrorToken
			break
		}
		b, _ := s.z.TagName()
		name = string(b)
		s.nested(tt, name)
	}
	if tt == html.ErrorToken && s.raw != "" {
		s.start = s.rawStart
	}
	return tt, name
}

// nested follows which elements are open, and within which no tags are read.
func (s *htmlScan) nested(tt html.TokenType, name string) {
	if tt == html.EndTagToken {
		if name == s.raw {
			s.raw = ""
		}
		s.open.end(name)
		return
	}
	foreign := s.open.inForeign()
	switch name {
	case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext":
		switch {
		case foreign:
			s.z.NextIsNotRawText()
		case name != s.raw:
			s.raw, s.rawStart = name, s.start
		}
		return
	case "noscript":
		s.z.NextIsNotRawText() // mail readers run no scripts
	}
	if tt != html.SelfClosingTagToken || !foreign && name != "svg" && name != "math" {
		s.open.start(name)
	}
}

// isClosed tells whether a comment or declaration has its end.
func isClosed(raw []byte) bool {
	if !bytes.HasPrefix(raw, []byte("<!--")) {
		return bytes.HasSuffix(raw, []byte(">"))
	}
	return bytes.HasSuffix(raw, []byte("-->")) || bytes.HasSuffix(raw, []byte("--!>")) || string(raw) == "<!-->"
}

// placeBehind finds where text is put behind all that HTML shows: before the last
// end tag of its body, else before that of the document, else at the end, but
// before a comment, tag or element that is never closed and would swallow it. The
// end tags are of the elements that are open there: they would hide it or give it
// another look.
func placeBehind(src []byte) (pos int, closing string) {
	s := newHTMLScan(src)
	body, document := -1, -1
	var bodyOpen, documentOpen string
	for {
		tt, name := s.next()
		switch {
		case tt == html.ErrorToken && body >= 0:
			return body, bodyOpen
		case tt == html.ErrorToken && document >= 0:
			return document, documentOpen
		case tt == html.ErrorToken:
			return s.start, s.open.closing()
		case tt == html.EndTagToken && name == "body":
			body, bodyOpen = s.start, s.open.closing()
		case tt == html.EndTagToken && name == "html":
			document, documentOpen = s.start, s.open.closing()
		}
	}
}

// placeBefore finds where text is put before all that HTML shows: behind the start
// tag of its body, or behind what belongs into a head where there is none.
func placeBefore(src []byte) int {
	s := newHTMLScan(src)
	for {
		tt, name := s.next()
		switch tt {
		case html.ErrorToken:
			return s.start
		case html.TextToken:
			if s.raw == "" && len(bytes.TrimSpace(src[s.start:s.end])) > 0 {
				return s.start
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			switch name {
			case "body":
				return s.end
			case "html", "head", "meta", "link", "base", "title", "style", "script":
			default:
				return s.start
			}
		case html.EndTagToken:
			switch name {
			case "head", "title", "style", "script", "meta", "link", "base":
			default:
				return s.start
			}
		}
	}
}
