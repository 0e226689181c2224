package extract

import (
	"io"
	"strings"
)

var formatPowerPoint = officeFormat("Microsoft PowerPoint", true, "pptx", "pptm", "ppsx", "ppsm", "potx", "potm", "ppam")

// readPresentation writes the slides in the order in which they are shown, each
// with its notes, comments, charts and diagrams. What stands on masters and
// layouts comes behind them.
func (p *officePackage) readPresentation(main *part) {
	var slides []*part
	p.load(main, func(src io.Reader) {
		p.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
			if kind == xmlStart && string(x.name) == "sldId" && len(slides) < mostRelations {
				if at := p.relation(main, x.related()); at != nil {
					slides = append(slides, at)
				}
			}
			return true
		})
	})
	for _, at := range slides {
		p.readPart(at)
	}
	for _, at := range p.sorted() {
		if at.kind == "slide" {
			p.readPart(at) // one that the list leaves out
		}
	}
	for _, at := range p.related(main, "slideMaster", "notesMaster", "handoutMaster") {
		p.readPart(at)
		for _, layout := range p.related(at, "slideLayout") {
			p.readPart(layout)
		}
	}
}

// isModel tells the parts whose placeholders are only to be filled in.
func (p *officePackage) isModel(at *part) bool {
	switch at.kind {
	case "slideMaster", "slideLayout", "notesMaster", "handoutMaster":
		return true
	}
	t := p.contentType(at)
	return strings.HasSuffix(t, "slidemaster+xml") || strings.HasSuffix(t, "slidelayout+xml")
}
