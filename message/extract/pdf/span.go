package pdf

import (
	"strings"
	"unicode"
)

// span is marked content with ActualText (section 14.9.4).
type span struct {
	text   string
	glyphs []glyph
}

// begin begins marked content.
func (p *painter) begin(ops []operand) {
	if len(p.within) >= mostSaved {
		return
	}
	text := ""
	if n := len(ops); n > 0 && p.span == nil {
		d, _ := ops[n-1].val.(dict)
		if ops[n-1].kind == '/' && n > 1 {
			d = p.f.dict(p.f.dict(p.resources["Properties"])[name(ops[n-1].str)])
		}
		text = p.f.text(d["ActualText"])
	}
	p.within = append(p.within, text != "")
	if text != "" {
		p.span = &span{text: text}
	}
}

// finish ends marked content.
func (p *painter) finish() {
	n := len(p.within) - 1
	if n < 0 {
		return
	}
	if p.within[n] {
		p.settle()
	}
	p.within = p.within[:n]
}

// hold keeps a glyph until it is known which text counts.
func (p *painter) hold(g *glyph) {
	if len(p.span.glyphs) < 20_000 {
		p.span.glyphs = append(p.span.glyphs, *g)
		return
	}
	p.out.add(g)
}

// settle writes what is shown. What is said in its place counts where the glyphs
// have no text, or none of Latin letters and digits, which fonts may not know.
// The other one is written behind the page.
func (p *painter) settle() {
	s := p.span
	p.span = nil
	if s == nil || len(s.glyphs) == 0 {
		return
	}
	var b strings.Builder
	for _, g := range s.glyphs {
		b.WriteString(g.text)
	}
	seen, said := squeeze(b.String()), squeeze(s.text)
	if seen == "" || seen != said && said != "" && !strings.ContainsFunc(seen, isLatin) {
		g, end := s.glyphs[0], s.glyphs[len(s.glyphs)-1]
		g.text = logical(cleanForms(s.text)) // as it would be seen
		g.blank = strings.TrimSpace(g.text) == ""
		g.width = max(g.width, (end.x-g.x)*g.ux+(end.y-g.y)*g.uy+end.width)
		if g.text != "" {
			p.out.add(&g)
		}
		if len(seen) > 6 && !strings.Contains(said, seen) {
			p.extra = append(p.extra, b.String())
		}
		return
	}
	for i := range s.glyphs {
		if s.glyphs[i].text != "" {
			p.out.add(&s.glyphs[i])
		}
	}
	if said != "" && said != seen && !strings.Contains(seen, said) {
		p.extra = append(p.extra, s.text)
	}
}

func isLatin(r rune) bool { return r < 0x250 }

// squeeze gives the letters and digits of a text in lower case.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
