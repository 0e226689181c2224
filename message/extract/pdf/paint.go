package pdf

import (
	"bytes"
	"math"
	"strings"
	"unicode"
)

// matrix is a transformation (ISO 32000-2, section 8.3.3).
type matrix [6]float64

var unit = matrix{1, 0, 0, 1, 0, 0}

// times gives the transformation that does m first and then n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (f *File) matrix(v any) matrix {
	a := f.array(v)
	if len(a) != 6 {
		return unit
	}
	var m matrix
	for i := range m {
		m[i] = f.float(a[i])
	}
	return m
}

// graphics is the state that text depends on (section 9.3).
type graphics struct {
	ctm                           matrix
	font                          *font
	size, spacing, words, leading float64
	stretch, rise                 float64
	style                         int
}

// painter goes through content streams (section 7.8.2) for the text they show.
type painter struct {
	f         *File
	g         graphics
	saved     []graphics
	tm, tlm   matrix
	resources dict
	depth     int
	active    map[ref]bool
	out       *layout
	finished  func(text string) // takes the text of the layout

	span   *span // text with a text in its place
	within []bool
	extra  []string // what stands in place of text that says something else

	glyphs      int
	unknown     int // characters one after the other that nobody knows
	lastUnknown uint32
	drawn       int // curves
	area        float64
}

const (
	mostSaved    = 10_000
	mostOperands = 1_000_000
	mostGlyphs   = 200_000
	mostUnknown  = 8
	mostNested   = 20 // content streams within content streams
)

type operand struct {
	kind byte // of a number 0, else as it is written: / ( [ ] or ? for all else
	num  float64
	str  string
	val  any
}

// run goes through a content stream.
func (p *painter) run(data []byte, resources dict) {
	outer := p.resources
	p.resources = resources
	defer func() { p.resources = outer }()
	l := lexer{data: data}
	if !p.f.toil(len(data)) {
		return
	}
	var ops []operand
	for steps := 0; ; steps++ {
		if steps&1023 == 0 && p.f.expired() {
			return
		}
		l.skip()
		if l.pos >= len(data) {
			return
		}
		switch c := data[l.pos]; {
		case c >= '0' && c <= '9' || c == '-' || c == '.' || c == '+':
			if n, ok := l.number(); ok {
				ops = append(ops, operand{num: n})
				break
			}
			l.word()
		case c == '(':
			ops = append(ops, operand{kind: '(', str: l.literal()})
		case c == '<' && l.at(1) != '<':
			ops = append(ops, operand{kind: '(', str: l.hex()})
		case c == '/':
			ops = append(ops, operand{kind: '/', str: string(l.name())})
		case c == '[' || c == ']':
			l.pos++
			ops = append(ops, operand{kind: c})
		case classes[c] == delimiter:
			l.made = 0
			ops = append(ops, operand{kind: '?', val: l.value()})
		default:
			word := l.word()
			if string(word) == "BI" {
				p.inline(&l)
			} else {
				p.do(word, ops)
			}
			ops = ops[:0]
		}
		if len(ops) > mostOperands {
			p.f.end("more operands than the limit")
			return
		}
	}
}

func num(ops []operand, i int) float64 {
	if i < len(ops) {
		return ops[i].num
	}
	return 0
}

func last(ops []operand, kind byte) string {
	if n := len(ops); n > 0 && ops[n-1].kind == kind {
		return ops[n-1].str
	}
	return ""
}

// do does one operation.
func (p *painter) do(op []byte, ops []operand) {
	g := &p.g
	switch string(op) {
	case "q":
		if len(p.saved) < mostSaved {
			p.saved = append(p.saved, *g)
		}
	case "Q":
		if n := len(p.saved); n > 0 {
			*g, p.saved = p.saved[n-1], p.saved[:n-1]
		}
	case "cm":
		if len(ops) >= 6 {
			g.ctm = matrixOf(ops).times(g.ctm)
		}
	case "BT":
		p.tm, p.tlm = unit, unit
	case "Tf":
		if len(ops) >= 2 {
			n := len(ops)
			p.setFont(p.f.dict(p.resources["Font"])[name(ops[n-2].str)])
			g.size = ops[n-1].num
		}
	case "Td":
		p.move(num(ops, 0), num(ops, 1))
	case "TD":
		g.leading = -num(ops, 1)
		p.move(num(ops, 0), num(ops, 1))
	case "Tm":
		if len(ops) >= 6 {
			p.tlm = matrixOf(ops)
			p.tm = p.tlm
		}
	case "T*":
		p.move(0, -g.leading)
	case "Tc":
		g.spacing = num(ops, 0)
	case "Tw":
		g.words = num(ops, 0)
	case "Tz":
		g.stretch = num(ops, 0) / 100
	case "TL":
		g.leading = num(ops, 0)
	case "Ts":
		g.rise = num(ops, 0)
	case "Tr":
		g.style = g.style&^7 | int(num(ops, 0))&7
	case "Tj":
		p.show(last(ops, '('))
	case "'":
		p.move(0, -g.leading)
		p.show(last(ops, '('))
	case "\"":
		g.words, g.spacing = num(ops, 0), num(ops, 1)
		p.move(0, -g.leading)
		p.show(last(ops, '('))
	case "TJ":
		for _, o := range ops {
			switch o.kind {
			case '(':
				p.show(o.str)
			case 0:
				p.shift(-o.num / 1000 * g.size)
			}
		}
	case "Do":
		p.object(p.f.dict(p.resources["XObject"])[name(last(ops, '/'))])
	case "gs":
		p.state(p.f.dict(p.f.dict(p.resources["ExtGState"])[name(last(ops, '/'))]))
	case "BDC":
		p.begin(ops)
	case "BMC":
		p.begin(nil)
	case "EMC":
		p.finish()
	case "c", "v", "y":
		p.drawn++
	}
}

func matrixOf(ops []operand) (m matrix) {
	for i := range m {
		m[i] = ops[len(ops)-6+i].num
	}
	return m
}

func (p *painter) setFont(v any) {
	p.g.font = p.f.font(v)
	if p.g.font != nil && p.g.font.lies {
		p.f.lies = true
	}
	p.g.style &= 7
	if r, ok := v.(ref); ok {
		p.g.style |= r.num << 3
	}
}

func (p *painter) move(x, y float64) {
	p.tlm = matrix{1, 0, 0, 1, x, y}.times(p.tlm)
	p.tm = p.tlm
}

// shift goes on along the line, by a distance of text space that is not stretched
// yet.
func (p *painter) shift(d float64) {
	if p.g.font != nil && p.g.font.vertical {
		p.tm = matrix{1, 0, 0, 1, 0, d}.times(p.tm)
		return
	}
	p.tm = matrix{1, 0, 0, 1, d * p.g.stretch, 0}.times(p.tm)
}

// show shows a string (section 9.4.3).
func (p *painter) show(s string) {
	t, g := p.g.font, &p.g
	if t == nil || s == "" {
		if s != "" {
			p.f.harm("text in a font that is missing")
		}
		return
	}
	m := p.tm.times(g.ctm)
	ax, ay := m[0], m[1]
	if t.vertical {
		ax, ay = -m[2], -m[3]
	}
	length := math.Hypot(ax, ay)
	along := g.stretch
	if t.vertical {
		along = 1
	}
	item := glyph{em: math.Abs(g.size) * length * math.Abs(along), high: math.Abs(g.size) * math.Hypot(m[2], m[3]), style: g.style}
	if t.vertical {
		item.high = math.Abs(g.size) * math.Hypot(m[0], m[1])
	}
	if length > 0 {
		item.ux, item.uy = ax/length, ay/length
	} else {
		item.ux, item.high = 1, 0
	}
	if g.size*along < 0 {
		item.ux, item.uy = -item.ux, -item.uy
	}
	at := 0.0 // along the line, in text space
	ox, oy := m[4]+g.rise*m[2], m[5]+g.rise*m[3]
	for len(s) > 0 {
		c, n := t.next(s)
		s = s[max(n, 1):]
		if t.vertical {
			c.width = 1
		}
		room := g.spacing
		if c.blank {
			room += g.words
		}
		item.x, item.y = ox+at*ax, oy+at*ay
		item.width, item.room = math.Abs(c.width*g.size*along)*length, room*along*length
		at += (c.width*g.size + room) * along
		p.character(t, &c, &item)
	}
	if t.vertical {
		p.tm = matrix{1, 0, 0, 1, 0, -at}.times(p.tm)
		return
	}
	p.tm = matrix{1, 0, 0, 1, at, 0}.times(p.tm)
}

// character notes a character of a font in its place.
func (p *painter) character(t *font, c *shown, item *glyph) {
	if p.glyphs++; p.glyphs%mostGlyphs == 0 {
		p.flush()
	}
	if t.drawn != nil && c.code < 256 {
		if proc := t.drawn.procs[c.code]; proc != nil && p.f.showsText(proc) {
			p.within3(t, proc, item)
			c.known = true
		}
	}
	if !c.known {
		// Marks and ornaments are often unknown, words are not.
		if c.code != p.lastUnknown {
			p.unknown++
			p.lastUnknown = c.code
		}
		if p.unknown >= mostUnknown {
			p.f.unread = "text in a font that does not say which characters it shows"
		}
		if p.span != nil {
			item.text = ""
			p.hold(item)
		}
		return
	}
	item.text = clean(c.text)
	item.blank = item.text == " " || len(item.text) > 1 && strings.TrimSpace(item.text) == ""
	if !item.blank {
		p.unknown = 0
	}
	if item.text == "" {
		return
	}
	if p.span != nil {
		p.hold(item)
		return
	}
	p.out.add(item)
}

// flush gives the text of the layout away.
func (p *painter) flush() { p.finished(p.out.lines()) }

// within3 runs the content stream of a glyph that shows text itself.
func (p *painter) within3(t *font, proc *stream, item *glyph) {
	resources := t.drawn.resources
	if resources == nil {
		resources = p.resources
	}
	ctm := matrix{item.em * t.scale, 0, 0, item.high * t.scale, 0, 0}
	ctm = ctm.times(matrix{item.ux, item.uy, -item.uy, item.ux, item.x, item.y})
	p.form(proc, resources, ctm)
}

// state sets what a dictionary of graphics parameters says.
func (p *painter) state(d dict) {
	if a := p.f.array(d["Font"]); len(a) == 2 {
		p.setFont(a[0])
		p.g.size = p.f.float(a[1])
	}
	if s, ok := p.f.get(p.f.dict(d["SMask"])["G"]).(*stream); ok && p.f.once(s) {
		p.form(s, p.f.formResources(s, p.resources), p.f.matrix(s.dict["Matrix"]).times(p.g.ctm))
	}
}

// object paints a picture or a form.
func (p *painter) object(v any) {
	s, ok := p.f.get(v).(*stream)
	if !ok {
		return
	}
	switch p.f.name(s.dict["Subtype"]) {
	case "Image":
		p.picture()
	case "Form", "":
		p.form(s, p.f.formResources(s, p.resources), p.f.matrix(s.dict["Matrix"]).times(p.g.ctm))
	}
}

func (p *painter) picture() {
	m := p.g.ctm
	p.area += math.Abs(m[0]*m[3] - m[1]*m[2])
}

func (f *File) formResources(s *stream, outer dict) dict {
	if d := f.dict(s.dict["Resources"]); d != nil {
		return d
	}
	return outer
}

// form runs a content stream within another one.
func (p *painter) form(s *stream, resources dict, ctm matrix) {
	if p.active[s.ref] || p.depth >= mostNested || p.f.silent[s.ref] || p.f.expired() {
		return
	}
	data, ok := p.f.content(s)
	if !ok {
		return
	}
	p.active[s.ref] = true
	p.depth++
	g, tm, tlm, saved := p.g, p.tm, p.tlm, p.saved
	glyphs, area := p.glyphs, p.area
	p.g = graphics{ctm: ctm, stretch: 1, font: g.font, size: g.size}
	p.saved = nil
	p.run(data, resources)
	if p.glyphs == glyphs && p.area == area && len(p.active) == 1 {
		p.f.silent[s.ref] = true // need not be run again
	}
	p.g, p.tm, p.tlm, p.saved = g, tm, tlm, saved
	p.depth--
	delete(p.active, s.ref)
}

// inline passes over a picture within the content stream (section 8.9.7).
func (p *painter) inline(l *lexer) {
	p.picture()
	if i := bytes.Index(l.data[l.pos:], []byte("ID")); i >= 0 {
		l.pos += i + 2
	}
	for l.pos < len(l.data) {
		i := bytes.Index(l.data[l.pos:], []byte("EI"))
		if i < 0 {
			l.pos = len(l.data)
			return
		}
		at := l.pos + i
		l.pos = at + 2
		if !isBlank(l.data[at-1]) || l.pos < len(l.data) && !isBlank(l.data[l.pos]) {
			continue
		}
		ahead := l.data[l.pos:min(len(l.data), l.pos+16)]
		if !bytes.ContainsFunc(ahead, func(r rune) bool { return r > '~' || r < ' ' && !unicode.IsSpace(r) && r != 0 }) {
			return
		}
	}
}

// isBlank tells white space but for the octet 0, which pictures are full of.
func isBlank(c byte) bool { return c != 0 && classes[c] == white }
