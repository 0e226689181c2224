package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// glyph is a character in its place.
type glyph struct {
	text   string
	x, y   float64 // of its origin
	ux, uy float64 // the direction of writing, of length 1
	width  float64 // along it
	room   float64 // behind it, that belongs to it: character spacing
	em     float64 // the size along the line
	high   float64 // and across it
	blank  bool
	style  int
}

// piece is text that stands together on a line.
type piece struct {
	text   []byte
	breaks []gap
	glyphs int

	x, y, ux, uy float64 // of its beginning
	ex, ey       float64 // its end
	lastX, lastY float64 // the origin of its last glyph
	last         string
	flat         bool // the last glyph has no width
	blank        bool // a blank stands behind it
	em, high     float64
	style        int

	u0, u1, v float64 // from and to along the line, and down the page
	direction *direction
}

// gap is a place between two glyphs that may part words.
type gap struct {
	at    int32
	size  float32 // in sizes of the font
	blank bool
}

const (
	wordGap  = 0.15 // of the size of a font; more parts words
	blankGap = 0.03 // likewise where a blank is written
	cellGap  = 1.0  // more parts cells and columns
	tabGap   = 0.22 // likewise where blanks are written, but not here
	overlap  = 0.3  // less than this much back is kerning
	lineGap  = 0.35 // up or down is another line

	raisedGap = 0.6 // likewise for smaller letters
)

// layout puts glyphs in reading order.
type layout struct {
	pieces []piece
	late   []piece // of what lies over the page
	open   bool    // the last piece may go on
	blanks int     // that were written
	spaced bool    // blanks are written between words
}

func (l *layout) add(g *glyph) {
	if g.blank {
		l.blanks++
	}
	if l.open && g.high > 0 {
		p := &l.pieces[len(l.pieces)-1]
		if p.takes(g) {
			return
		}
	} else if l.open {
		// Nothing can be seen of it; the order is all there is.
		p := &l.pieces[len(l.pieces)-1]
		if g.blank {
			p.text = append(p.text, ' ')
			return
		}
		p.text = append(p.text, g.text...)
		return
	}
	if g.blank {
		if l.open {
			l.pieces[len(l.pieces)-1].blank = true
		}
		return
	}
	l.pieces = append(l.pieces, piece{
		text: append(make([]byte, 0, 64), g.text...), glyphs: 1, x: g.x, y: g.y, ux: g.ux, uy: g.uy, lastX: g.x, lastY: g.y, last: g.text, em: g.em, high: g.high, style: g.style,
		flat: g.width == 0,
		ex:   g.x + g.ux*(g.width+g.room), ey: g.y + g.uy*(g.width+g.room),
	})
	l.open = true
}

// takes adds a glyph to the piece if it goes on with it.
func (p *piece) takes(g *glyph) bool {
	dx, dy := g.x-p.ex, g.y-p.ey
	along, across := dx*p.ux+dy*p.uy, dy*p.ux-dx*p.uy
	em, high := max(p.em, g.em), max(p.high, g.high)
	if math.Abs(across) > lineGap*high {
		// Small letters may stand higher, and what follows them is on the line again.
		small := math.Abs(across) < raisedGap*high && g.high < 0.9*p.high
		back := math.Abs((g.y-p.y)*p.ux-(g.x-p.x)*p.uy) < lineGap*high
		if !small && !back {
			return false
		}
	}
	if g.ux*p.ux+g.uy*p.uy < 0.7 || along > cellGap*em || along < -overlap*em && !p.flat {
		// Heavy type is often made of the same character written twice.
		return g.text == p.last && g.style == p.style && math.Hypot(g.x-p.lastX, g.y-p.lastY) < 0.12*em
	}
	if g.blank {
		p.blank = true
		return true
	}
	if g.text == p.last && math.Hypot(g.x-p.lastX, g.y-p.lastY) < 0.12*em && !p.flat {
		return true
	}
	if size := along / em; size > blankGap || p.blank && p.flat {
		p.breaks = append(p.breaks, gap{int32(len(p.text)), float32(size), p.blank})
	}
	p.text = append(p.text, g.text...)
	p.glyphs++
	p.blank, p.flat = false, g.width == 0
	p.ux, p.uy = g.ux, g.uy
	p.ex, p.ey = g.x+g.ux*(g.width+g.room), g.y+g.uy*(g.width+g.room)
	p.lastX, p.lastY, p.last = g.x, g.y, g.text
	p.em, p.high = em, high
	return true
}

// part puts the blanks between the words of a piece. Where letters are spaced
// out, a word ends at a gap that is larger than the others.
// A gap where programs write no blank, though they do elsewhere, is between cells.
func (p *piece) part(spaced bool) {
	if len(p.breaks) == 0 {
		return
	}
	least := float32(wordGap)
	var sizes []float32 // between letters or digits
	for _, b := range p.breaks {
		if b.size > wordGap && !b.blank && isWord(p.text[b.at-1]) && isWord(p.text[b.at]) {
			sizes = append(sizes, b.size)
		}
	}
	if len(sizes) >= 4 && len(sizes)*10 >= p.inWords()*6 {
		slices.Sort(sizes)
		least = sizes[len(sizes)/2]*1.5 + 0.05
		spaced = false
	}
	out := make([]byte, 0, len(p.text)+len(p.breaks))
	from := int32(0)
	for _, b := range p.breaks {
		if b.size > least || b.blank {
			out = append(out, p.text[from:b.at]...)
			from = b.at
			if spaced && !b.blank && b.size > tabGap {
				out = append(out, '\t')
				continue
			}
			out = append(out, ' ')
		}
	}
	p.text, p.breaks = append(out, p.text[from:]...), nil
}

// judgeBlanks tells whether the page has blanks between its words: many programs
// go on to the next word instead.
func (l *layout) judgeBlanks() {
	gaps := 0
	for i := range l.pieces {
		for _, b := range l.pieces[i].breaks {
			if !b.blank && b.size > wordGap {
				gaps++
			}
		}
	}
	l.spaced = l.blanks > gaps
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= utf8.RuneSelf
}

// inWords counts the places between two letters or digits.
func (p *piece) inWords() (n int) {
	last := false
	for _, c := range p.text {
		if c >= 0x80 && c < 0xc0 {
			continue // goes on with a character
		}
		if isWord(c) && last {
			n++
		}
		last = isWord(c)
	}
	return n
}

// lines gives the text in reading order and empties the layout.
func (l *layout) lines() string {
	l.judgeBlanks()
	turned := map[int]*direction{}
	var order []*direction
	for _, list := range [...][]piece{l.pieces, l.late} {
		for i := range list {
			p := &list[i]
			p.part(l.spaced)
			angle := p.angle()
			key := int(math.Round(angle * 180 / math.Pi / sameAngle))
			d := turned[key]
			if d == nil {
				d = &direction{}
				turned[key] = d
				order = append(order, d)
			}
			d.angles += angle
			d.count++
			p.direction = d
		}
	}
	for _, list := range [...][]piece{l.pieces, l.late} {
		for i := range list {
			list[i].place()
		}
	}
	for i := range l.pieces {
		d := l.pieces[i].direction
		d.pieces = append(d.pieces, &l.pieces[i])
	}
	var b strings.Builder
	for i, d := range order {
		rows := inOrder(rowsOf(l.joinPieces(d.pieces)))
		if i == 0 {
			rows = l.over(rows, d)
		}
		for j := range rows {
			rows[j].write(&b, j+1 < len(rows) && goesOn(&rows[j], &rows[j+1]))
		}
	}
	*l = layout{pieces: l.pieces[:0]}
	return b.String()
}

// sameAngle is by how many degrees lines may differ that are read together:
// pages are scanned askew.
const sameAngle = 8

// direction is the pieces that are written in about the same direction.
type direction struct {
	pieces []*piece
	angles float64 // of all, together
	count  int
}

// angle gives the direction of a piece. The end may have turned away from the
// beginning, on a curve.
func (p *piece) angle() float64 {
	dx, dy := p.ex-p.x, p.ey-p.y
	if p.glyphs < 2 || math.Hypot(dx, dy) < 2*p.em {
		dx, dy = p.ux, p.uy
	}
	a := math.Atan2(dy, dx)
	if a < -math.Pi+sameAngle*math.Pi/360 {
		a += 2 * math.Pi // upside down is one direction
	}
	return a
}

// place gives where a piece is along the lines of its direction and down from
// one to the next.
func (p *piece) place() {
	sin, cos := math.Sincos(p.direction.angles / float64(p.direction.count))
	p.u0, p.u1 = p.x*cos+p.y*sin, p.ex*cos+p.ey*sin
	p.v = p.x*sin - p.y*cos
}
