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

// isSVG tells drawings by their first element. Within HTML the same element needs
// no name space, and what has none is left to that format.
func isSVG(r *reader) bool {
	head := r.content[:min(len(r.content), sniffed)]
	wide := utf16Like(head)
	if !wide && (!bytes.Contains(head, []byte("svg")) || !looksLikeText(head)) || r.hintType() == "text/html" {
		return false
	}
	if !wide && !bytes.Contains(head, []byte("http://www.w3.org/2000/svg")) && !bytes.Contains(head, []byte("<!DOCTYPE svg")) &&
		r.extension() != "svg" && r.hintType() != "image/svg+xml" {
		return false
	}
	begin := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if !wide && !hasUnicodeMark(head) && !bytes.HasPrefix(begin, []byte("<")) {
		return false
	}
	x := newXMLScanner(bytes.NewReader(head))
	defer x.close()
	const most = 100 // comments and the like in front
	for range most {
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
	apart := false // the next text begins a line
	for !r.expired() {
		switch x.next() {
		case xmlDone:
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
				apart = true
			default:
				apart = true
			}
			r.svgAttributes(x)
		case xmlEnd:
			switch string(x.name) {
			case "text", "title", "desc", "p", "div", "li", "td", "script", "style":
				apart = true
			}
		case xmlText:
			text := string(x.text)
			if strings.TrimSpace(text) == "" {
				continue
			}
			if apart {
				r.newLine()
				apart = false
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
