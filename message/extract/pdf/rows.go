package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// row is pieces beside each other.
type row struct {
	cells        []string
	u0, u1, v    float64
	em           float64
	order, group int
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
func (l *layout) over(rows []row, d *direction) []row {
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
		if p.direction == d {
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
