package edit

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// fragment gives HTML that may stand within a body without changing what is
// around it: as it is when it is whole, otherwise as browsers complete it, without
// html, head and body.
func fragment(source string) string {
	source = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\r' || r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(source, "\ufffd")))
	if isWhole(source) {
		return source
	}
	nodes, err := html.ParseFragment(strings.NewReader(source), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		// Only what is nested without end; its text is left.
		return html.EscapeString(Text(source))
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			return html.EscapeString(Text(source))
		}
	}
	return strings.TrimSpace(b.String())
}

// isWhole tells whether every element, comment and tag in HTML is closed.
func isWhole(source string) bool {
	var open []string
	s := newHTMLScan([]byte(source))
	for {
		tt, name := s.next()
		switch tt {
		case html.ErrorToken:
			return s.start == len(source) && s.end == len(source) && len(open) == 0
		case html.DoctypeToken:
			return false
		case html.StartTagToken:
			switch {
			case slices.Contains([]string{"html", "head", "body", "title", "plaintext", "frameset"}, name):
				return false
			case !isVoid(name):
				open = append(open, name)
			}
		case html.EndTagToken:
			n := len(open) - 1
			if n < 0 || open[n] != name {
				return false
			}
			open = open[:n]
		}
	}
}

// isVoid tells whether an element has no end tag.
func isVoid(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}

// references gives HTML in ASCII: other characters as numeric references.
func references(source string) string {
	var b strings.Builder
	for _, r := range source {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
	}
	return b.String()
}
