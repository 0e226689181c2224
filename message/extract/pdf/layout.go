package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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
	angle     int
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
		text: []byte(g.text), glyphs: 1, x: g.x, y: g.y, ux: g.ux, uy: g.uy, lastX: g.x, lastY: g.y, last: g.text, em: g.em, high: g.high, style: g.style,
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
		return false
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

// row is pieces beside each other.
type row struct {
	cells        []string
	u0, u1, v    float64
	em           float64
	order, group int
}

// lines gives the text in reading order and empties the layout.
func (l *layout) lines() string {
	var b strings.Builder
	var angles []int
	by := map[int][]*piece{}
	place := func(list []piece) {
		for i := range list {
			p := &list[i]
			p.part(l.spaced)
			// The end may have turned away from the beginning on a curve.
			dx, dy := p.ex-p.x, p.ey-p.y
			ux, uy := p.ux, p.uy
			if n := math.Hypot(dx, dy); n > 2*p.em && p.glyphs > 1 {
				ux, uy = dx/n, dy/n
			}
			p.angle = int(math.Round(math.Atan2(uy, ux)*90/math.Pi)) * 2
			a := float64(p.angle) * math.Pi / 180
			ux, uy = math.Cos(a), math.Sin(a)
			p.u0, p.u1 = p.x*ux+p.y*uy, p.ex*ux+p.ey*uy
			p.v = p.x*uy - p.y*ux
		}
	}
	l.judgeBlanks()
	place(l.pieces)
	place(l.late)
	for i := range l.pieces {
		p := &l.pieces[i]
		if by[p.angle] == nil {
			angles = append(angles, p.angle)
		}
		by[p.angle] = append(by[p.angle], p)
	}
	for i, angle := range angles {
		rows := inOrder(rowsOf(l.joinPieces(by[angle])))
		if i == 0 {
			rows = l.over(rows, angle)
		}
		for j := range rows {
			rows[j].write(&b, j+1 < len(rows) && goesOn(&rows[j], &rows[j+1]))
		}
	}
	if len(angles) == 0 {
		for i := range l.late {
			b.Write(l.late[i].text)
			b.WriteByte('\n')
		}
	}
	*l = layout{pieces: l.pieces[:0]}
	return b.String()
}

// goesOn tells whether a word that a hyphen breaks ends in the next row.
func goesOn(r, next *row) bool {
	text, more := r.cells[len(r.cells)-1], next.cells[0]
	text, soft := strings.CutSuffix(text, "\u00ad")
	text, hard := strings.CutSuffix(text, "-")
	if !soft && !hard {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text)
	behind, _ := utf8.DecodeRuneInString(more)
	return unicode.IsLetter(before) && unicode.IsLower(behind)
}

// write writes a row. The word that it ends with may go on in the next one.
func (r *row) write(b *strings.Builder, goesOn bool) {
	cells := r.cells
	for i, c := range cells {
		cells[i] = logical(c)
	}
	if goesOn {
		n := len(cells) - 1
		cells[n] = strings.TrimSuffix(strings.TrimSuffix(cells[n], "\u00ad"), "-")
	}
	if len(cells) > 1 && isRightToLeft(strings.Join(cells, " ")) {
		slices.Reverse(cells)
	}
	for i, c := range cells {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(c)
	}
	if !goesOn {
		b.WriteByte('\n')
	}
}

// joinPieces puts pieces of a line together that were written one by one.
func (l *layout) joinPieces(list []*piece) []*piece {
	type placed struct {
		*piece
		order int
	}
	sorted := make([]placed, len(list))
	for i, p := range list {
		sorted[i] = placed{p, i}
	}
	slices.SortStableFunc(sorted, func(a, b placed) int { return compare(a.v, b.v) })
	gone := make([]bool, len(list))
	for begin := 0; begin < len(sorted); {
		end := begin + 1
		for end < len(sorted) && sorted[end].v-sorted[begin].v < lineGap*min(sorted[end].high, sorted[begin].high) {
			end++
		}
		line := sorted[begin:end]
		slices.SortStableFunc(line, func(a, b placed) int { return compare(a.u0, b.u0) })
		var open []placed // ends of the line, the latest last
		for _, p := range line {
			best := -1
			for i := len(open) - 1; i >= 0 && i >= len(open)-6; i-- {
				q := open[i]
				gap := (p.u0 - q.u1) / max(p.em, q.em)
				if gap > cellGap || gap < -overlap || math.Abs(p.v-q.v) > lineGap*max(p.high, q.high) {
					continue
				}
				if best < 0 || q.style == p.style && open[best].style != p.style {
					best = i
				}
			}
			if best < 0 {
				if twin(open, p.piece) {
					gone[p.order] = true
					continue
				}
				open = append(open, p)
				continue
			}
			q := open[best]
			switch gap := (p.u0 - q.u1) / max(p.em, q.em); {
			case l.spaced && !q.blank && gap > tabGap:
				q.text = append(q.text, '\t')
			case q.blank || gap > wordGap:
				q.text = append(q.text, ' ')
			}
			q.text = append(q.text, p.text...)
			q.u1, q.em, q.blank = max(q.u1, p.u1), max(q.em, p.em), p.blank
			// What was written first stays, in the place of the first.
			if p.order < q.order {
				gone[q.order] = true
				*p.piece = *q.piece
				open[best] = p
			} else {
				gone[p.order] = true
			}
		}
		begin = end
	}
	out := list[:0:0]
	for i, p := range list {
		if !gone[i] {
			out = append(out, p)
		}
	}
	return out
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// twin tells whether a piece is written over an equal one: heavy type and
// shadows.
func twin[T interface{ own() *piece }](open []T, p *piece) bool {
	for i := len(open) - 1; i >= 0 && i >= len(open)-6; i-- {
		q := open[i].own()
		if math.Abs(q.u0-p.u0) < 0.25*p.em && string(q.text) == string(p.text) {
			return true
		}
	}
	return false
}

func (p *piece) own() *piece { return p }

// rowsOf puts pieces in rows, in the order in which they were written: programs
// write tables row by row and columns of text one after the other.
func rowsOf(list []*piece) []row {
	var rows []row
	for i, p := range list {
		if n := len(rows) - 1; n >= 0 {
			r := &rows[n]
			if math.Abs(r.v-p.v) < lineGap*max(p.high, r.em) && p.u0 >= r.u1-overlap*p.em {
				r.cells, r.u1 = append(r.cells, string(p.text)), p.u1
				continue
			}
		}
		rows = append(rows, row{cells: []string{string(p.text)}, u0: p.u0, u1: p.u1, v: p.v, em: p.high, order: i})
	}
	return rows
}

// strand is rows that go down the page.
type strand struct {
	u0, u1, v0, v1 float64
	begin, end     int // of the rows
	colons         int // that rows end with
	group          int
}

// colon is 1 for a row that ends with one.
func (r *row) colon() int {
	if strings.HasSuffix(strings.TrimRight(r.cells[len(r.cells)-1], " "), ":") {
		return 1
	}
	return 0
}

// labels tells whether one of two strands beside each other holds the labels of
// what the other one says: most of its rows end with a colon and have a row beside
// them.
func labels(rows []row, a, b *strand) bool {
	if a.u0 > b.u0 {
		a, b = b, a
	}
	const most = 200
	left, right := rows[a.begin:a.end], rows[b.begin:b.end]
	if a.colons*2 < len(left) || len(left) > most || len(right) > most {
		return false
	}
	beside := 0
	for i, j := 0, 0; i < len(left) && j < len(right); {
		switch d := left[i].v - right[j].v; {
		case math.Abs(d) < lineGap*left[i].em:
			beside++
			i++
			j++
		case d < 0:
			i++
		default:
			j++
		}
	}
	return beside > 0 && beside*2 >= min(len(left), len(right))
}

// mostStrands is how many runs of rows are told apart on a page. Beyond it the
// order of writing says nothing.
const mostStrands = 300

// inOrder sorts rows that were written in the order of something else, such as
// their fonts. A strand is rows down the page; strands that lie in each other are
// read as one.
func inOrder(rows []row) []row {
	var strands []strand
	for i := range rows {
		r := &rows[i]
		if n := len(strands) - 1; n >= 0 && r.v > strands[n].v1-lineGap*r.em {
			s := &strands[n]
			s.u0, s.u1, s.v1, s.end = min(s.u0, r.u0), max(s.u1, r.u1), max(s.v1, r.v), i+1
			s.colons += r.colon()
			r.group = n
			continue
		}
		r.group = len(strands)
		strands = append(strands, strand{u0: r.u0, u1: r.u1, v0: r.v - r.em, v1: r.v, begin: i, end: i + 1, colons: r.colon(), group: len(strands)})
	}
	if len(strands) < 2 {
		return rows
	}
	if len(strands) > mostStrands {
		for i := range rows {
			rows[i].group = 0
		}
	} else {
		for i := range strands {
			for j := range i {
				a, b := &strands[i], &strands[j]
				if a.group != b.group && min(a.v1, b.v1) > max(a.v0, b.v0) && (min(a.u1, b.u1) > max(a.u0, b.u0) || labels(rows, a, b)) {
					from, to := max(a.group, b.group), min(a.group, b.group)
					for k := range strands[:i+1] {
						if strands[k].group == from {
							strands[k].group = to
						}
					}
				}
			}
		}
		for i := range rows {
			rows[i].group = strands[rows[i].group].group
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if a.group != b.group {
			return a.group - b.group
		}
		return compare(a.v, b.v)
	})
	return beside(rows)
}

// beside joins rows of one group that stand beside each other.
func beside(rows []row) []row {
	out := rows[:0:0]
	for begin := 0; begin < len(rows); {
		end := begin + 1
		for end < len(rows) && rows[end].group == rows[begin].group && rows[end].v-rows[begin].v < lineGap*min(rows[begin].em, rows[end].em) {
			end++
		}
		line := rows[begin:end]
		slices.SortStableFunc(line, func(a, b row) int { return compare(a.u0, b.u0) })
		for i, r := range line {
			if i > 0 {
				if n := &out[len(out)-1]; r.u0 >= n.u1-overlap*r.em {
					n.cells, n.u1 = append(n.cells, r.cells...), r.u1
					continue
				}
			}
			out = append(out, r)
		}
		begin = end
	}
	return out
}

// over puts what lies over the page, such as the values of fields, behind the
// rows that it stands beside.
func (l *layout) over(rows []row, angle int) []row {
	if len(l.late) == 0 {
		return rows
	}
	byLine := make([]int, len(rows))
	for i := range byLine {
		byLine[i] = i
	}
	slices.SortStableFunc(byLine, func(a, b int) int { return compare(rows[a].v, rows[b].v) })
	for i := range l.late {
		p := &l.late[i]
		best := -1
		if p.angle == angle {
			from, _ := slices.BinarySearchFunc(byLine, p.v-p.high, func(r int, v float64) int { return compare(rows[r].v, v) })
			for n := from; n < len(byLine) && n < from+50 && rows[byLine[n]].v < p.v+p.high; n++ {
				r := &rows[byLine[n]]
				if r.u0 < p.u0 && (best < 0 || r.u0 > rows[best].u0) {
					best = byLine[n]
				}
			}
		}
		if best < 0 {
			rows = append(rows, row{cells: []string{string(p.text)}, v: math.Inf(1)})
			continue
		}
		rows[best].cells = append(rows[best].cells, string(p.text))
	}
	return rows
}

// cleanForms undoes ligatures and the shapes that letters take in words, and
// drops what is no character.
func cleanForms(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 0xfb00 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc:
			b.WriteString(norm.NFKC.String(string(r)))
		case r >= 0xf020 && r <= 0xf07e:
			b.WriteRune(r - 0xf000) // the codes of a font of symbols
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r < ' ' || r == utf8.RuneError:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isRTL(r rune) bool {
	return r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc
}

// isRightToLeft tells whether most letters of a text run from right to left.
func isRightToLeft(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case isRTL(r) && unicode.IsLetter(r):
			n++
		case unicode.IsLetter(r):
			n--
		}
	}
	return n > 0
}

// logical turns a line that is written from left to right as it is seen into the
// order in which it is read.
func logical(s string) string {
	if !strings.ContainsFunc(s, isRTL) {
		return s
	}
	var runs [][]rune
	var kinds []bool
	for _, r := range s {
		right := isRTL(r) && !unicode.IsDigit(r)
		neutral := !right && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		n := len(runs) - 1
		if n >= 0 && (kinds[n] == right || neutral) {
			runs[n] = append(runs[n], r)
			continue
		}
		runs, kinds = append(runs, []rune{r}), append(kinds, right)
	}
	for i, run := range runs {
		if kinds[i] {
			slices.Reverse(run)
			continue
		}
		// A blank behind a number belongs to the words around.
		end := len(run)
		for end > 0 && (run[end-1] == ' ' || run[end-1] == '\t') {
			end--
		}
		if i+1 < len(runs) && end < len(run) {
			runs[i+1] = append(slices.Clone(run[end:]), runs[i+1]...)
			if kinds[i+1] {
				runs[i+1] = append([]rune(nil), runs[i+1]...)
			}
			runs[i] = run[:end]
		}
	}
	if isRightToLeft(s) {
		slices.Reverse(runs)
	}
	var b strings.Builder
	for _, run := range runs {
		b.WriteString(string(run))
	}
	return b.String()
}
