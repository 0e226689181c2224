package extract

import (
	"bytes"
	"strings"
)

var formatSVG = Format{
	Name:       "SVG",
	MediaTypes: []string{"image/svg+xml"},
	Extensions: []string{"svg"},
	rank:       byStructure,
	plain:      true,
	sniff:      isSVG,
	read:       readSVG,
}

// isSVG tells drawings by their first element.
func isSVG(r *reader) bool {
	head := r.content[:min(len(r.content), sniffed)]
	if !bytes.Contains(head, []byte("<svg")) && !bytes.Contains(head, []byte(":svg")) && !utf16Like(head) {
		return false
	}
	if !looksLikeText(head) && !utf16Like(head) {
		return false
	}
	if begin := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"); len(begin) > 0 && begin[0] != '<' && begin[0] < 0x80 && begin[0] != 0 {
		return false
	}
	x := newXMLScanner(bytes.NewReader(head))
	defer x.close()
	for range 100 {
		switch x.next() {
		case xmlStart:
			return string(x.name) == "svg"
		case xmlDone, xmlEnd:
			return false
		}
	}
	return false
}

// readSVG writes the texts of a drawing, titles and descriptions among them, and
// the addresses and scripts it holds (SVG 2, chapters 11 and 5).
func readSVG(r *reader) {
	x := newXMLScanner(bytes.NewReader(r.content))
	defer x.close()
	for !r.expired() {
		switch x.next() {
		case xmlDone:
			r.newLine()
			if x.damaged {
				r.fail(Corrupt, "a damaged drawing")
			}
			return
		case xmlDirective: // no entities are known, so nothing can expand
			continue
		case xmlStart:
			switch string(x.name) {
			case "tspan", "textPath", "a", "tref", "altGlyph":
				if x.attribute("x") != "" || x.attribute("y") != "" || x.attribute("dy") != "" {
					r.write(" ")
				}
			case "script":
				r.doc.Executable = "a drawing with a script"
				r.newLine()
			default:
				r.newLine()
			}
			r.svgAttributes(x)
		case xmlEnd:
			switch string(x.name) {
			case "text", "title", "desc", "p", "div", "li", "td", "script", "style":
				r.newLine()
			}
		case xmlText:
			text := string(x.text)
			if strings.TrimSpace(text) == "" {
				continue
			}
			r.write(text)
		}
	}
}

// svgAttributes writes what the attributes of an element say in words, and where
// links lead to.
func (r *reader) svgAttributes(x *xmlScanner) {
	d := x.attributes
	for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
		name, value, end, ok := attributeAt(d, i)
		if !ok {
			return
		}
		i = end
		switch string(name) {
		case "href", "label", "aria-label", "title", "alt", "content", "onload", "onclick":
			if !bytes.HasPrefix(value, []byte("data:")) && !bytes.HasPrefix(value, []byte("#")) && len(value) > 0 {
				r.newLine()
				r.write(string(x.expand(value)) + "\n")
			}
			if strings.HasPrefix(string(name), "on") {
				r.doc.Executable = "a drawing with a script"
			}
		}
	}
}
