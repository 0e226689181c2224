package extract

import "io"

// readDisguised looks into the parts that hold no text by what they are said to
// be, fonts and settings of printers say: what is a document or text after all is
// read. Markup without text is left out.
func (p *officePackage) readDisguised() {
	for _, at := range p.parts {
		if at.done || p.expired() {
			continue
		}
		p.load(at, func(src io.Reader) {
			data, ok := p.whole32(at.name, src)
			if ok && len(data) > 0 && !isXML(data) && isForeign(p.reader, data) {
				p.member(Hint{Name: baseName(at.name)}, data)
			}
		})
	}
}
