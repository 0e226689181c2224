package classify

import (
	"slices"
	"strings"
)

// otherNames are what numbers are called that are of things, not of people: in front
// of a number, or in the heading of its column.
var otherNames = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`
invoice invoices order orders serial part parts article articles item items sku delivery shipment parcel tracking batch lot
quantity qty amount price total sum version revision build commit digest checksum hash timestamp date time phone telephone
mobile fax ticket issue bug page line row size bytes port
rechnung rechnungsnummer auftrag auftragsnummer artikel artikelnummer bestellung lieferschein menge betrag preis
facture commande factura pedido fattura ordine factuur`) {
		m[w] = true
	}
	return m
}()

// Numbers of these lengths may have a name of their own that counts for more than a
// keyword farther off. Longer ones are cards and accounts however they are called.
const (
	namedLeast = 6
	namedMost  = 12
	namedNear  = 16 // characters: a keyword as near counts
)

// named tells whether the word in front of a candidate calls it something else, as
// in "invoice no. 536221234", and no word of its pattern is as near.
func (s *scratch) named(x *instance) bool {
	value := s.text[x.octets.start:x.octets.end]
	if len(value) < namedLeast || len(value) > namedMost || strings.Trim(value, "0123456789") != "" {
		return false
	}
	const most = 40
	before := s.text[max(0, x.octets.start-most):x.octets.start]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	for range 3 {
		before = strings.TrimRight(before, " :#=.\"'")
		word := before[len(strings.TrimRightFunc(before, isASCIILetter)):]
		if folded := strings.ToLower(word); folded == "no" || folded == "nr" || folded == "number" || folded == "num" || folded == "id" {
			before = before[:len(before)-len(word)]
			continue
		}
		return otherNames[strings.ToLower(word)] && !s.holdsIn(x.pattern.wishes, span{x.runes.start - namedNear, x.runes.end + namedNear})
	}
	return false
}

func isASCIILetter(r rune) bool { return r < 0x80 && alnum[r] > classDigit }

// headed tells whether the column of a candidate has a heading that calls its
// numbers something else and has no word of the candidate's pattern in it, nor has
// the heading of a column without a number in the candidate's line.
func (s *scratch) headed(x *instance) bool {
	head, ok := s.headOf(x.octets.start)
	if !ok || !slices.ContainsFunc(strings.FieldsFunc(s.text[head.start:head.end], func(r rune) bool { return !isASCIILetter(r) }),
		func(word string) bool { return otherNames[strings.ToLower(word)] }) {
		return false
	}
	own := s.cellOf(x.octets.start)
	from, to := s.lineOf(head.start, head.end)
	return own.cells > 1 && !s.anyWord(x.pattern.wishes, span{s.index.at(from), s.index.at(to)}, false, func(_ *wish, h span) bool {
		c := s.cellOf(s.index.octet(h.start))
		return c.column == own.column || !s.numbered(x, own, c.column)
	})
}

// entitled tells whether the heading of a candidate's column has a word of its
// pattern in it.
func (s *scratch) entitled(x *instance) bool {
	head, ok := s.headOf(x.octets.start)
	return ok && s.holdsIn(x.pattern.wishes, span{s.index.at(head.start), s.index.at(head.end)})
}

// numbered tells whether another column has a number in the line of a candidate, of
// half its length or more: one that the heading of that column may stand for. If it
// has none, the headings may stand beside their columns.
func (s *scratch) numbered(x *instance, own cell, column int) bool {
	from, to := s.lineOf(x.octets.start, x.octets.end)
	other := s.cellIn(from, to, own.sign, column).at
	return 2*alnums(s.text[other.start:other.end]) >= alnums(s.text[x.octets.start:x.octets.end])
}

// alnums counts the letters and digits of a text with digits.
func alnums(text string) (n int) {
	if !strings.ContainsAny(text, "0123456789") {
		return 0
	}
	for i := range len(text) {
		if isAlnum(text[i]) {
			n++
		}
	}
	return n
}

// headOf gives the cell of the first of the lines above an octet that have as many
// cells as its own, in octets. It has no digit, or it is no heading.
func (s *scratch) headOf(at int) (head span, ok bool) {
	own := s.cellOf(at)
	from, _ := s.lineOf(at, at)
	least := at - columnReach
	for from > 0 && from > least {
		begin, end := s.lineOf(from-1, from-1)
		c := s.cellIn(begin, end, own.sign, own.column)
		if c.cells != own.cells || strings.TrimSpace(s.text[begin:end]) == "" {
			break
		}
		head, from = c.at, begin
	}
	return head, head.end > head.start && !strings.ContainsAny(s.text[head.start:head.end], "0123456789")
}

// elsewhere tells whether all words near a candidate stand in cells of other
// columns that have numbers of their own: in lines with as many cells as the
// candidate's.
func (s *scratch) elsewhere(x *instance) bool {
	own := s.cellOf(x.octets.start)
	if own.cells < 2 {
		return false
	}
	seen := false
	return !s.anyWord(x.pattern.wishes, x.runes, true, func(w *wish, h span) bool {
		if h.start < x.runes.start-w.proximity {
			return false
		}
		seen = true
		c := s.cellOf(s.index.octet(h.start))
		return c.cells != own.cells || c.sign != own.sign || c.column == own.column || !s.numbered(x, own, c.column)
	}) && seen
}

// cell is where something stands in a line that is divided into cells.
type cell struct {
	sign          string // between the cells
	column, cells int
	at            span // in octets
}

// cellOf finds the cell of an octet. What divides a line is a tab, bar or semicolon,
// two blanks or more, or a comma, whichever comes first of these.
func (s *scratch) cellOf(at int) cell {
	from, to := s.lineOf(at, at)
	s.work += to - from
	s.effort -= to - from
	for _, sign := range []string{"\t", "|", ";", "  ", ","} {
		if !strings.Contains(s.text[from:to], sign) {
			continue
		}
		found := cell{sign: sign}
		eachCell(s.text[from:to], sign, func(start, end int) {
			if from+start <= at {
				found.column, found.at = found.cells, span{from + start, from + end}
			}
			found.cells++
		})
		return found
	}
	return cell{cells: 1, at: span{from, to}}
}

// cellIn gives a column's cell of the line from one octet to another, and how many
// cells the line has.
func (s *scratch) cellIn(from, to int, sign string, column int) cell {
	found := cell{sign: sign, column: column}
	s.effort -= to - from
	eachCell(s.text[from:to], sign, func(start, end int) {
		if found.cells == column {
			found.at = span{from + start, from + end}
		}
		found.cells++
	})
	return found
}

// eachCell gives the cells of a line: one without a sign. Two blanks and more are
// one sign.
func eachCell(line, sign string, use func(start, end int)) {
	if sign == "" {
		use(0, len(line))
		return
	}
	for start := 0; start <= len(line); {
		end := len(line)
		if n := strings.Index(line[start:], sign); n >= 0 {
			end = start + n
		}
		if sign != "  " || strings.TrimSpace(line[start:end]) != "" {
			use(start, end)
		}
		start = end + len(sign)
	}
}
