package classify

import (
	"slices"
	"strings"
	"time"
)

// A keyword in the heading of a table is evidence for every number near it, and a
// check digit is right by chance in one of ten. So a number whose keyword stands
// in another line is compared with those around it that are written alike: where
// these are numbers of something else, the confidence sinks to low.
const (
	columnReach = 2048 // octets looked at on each side
	columnCells = 40   // numbers taken on each side
	columnLeast = 10   // numbers that make a column
	columnRight = 4    // numbers with a right check digit that are no chance, if every second is
	columnLow   = 65   // the most that a number of such a column is worth
	countedStep = 100  // farthest of the numbers counted up with one

	// columnEffort is how many octets are looked at in all for each of the text, and
	// columnFloor for a short one; what is found beyond that stays as sure as it is.
	columnEffort = 16
	columnFloor  = 1 << 17
)

// column holds the numbers around one, written alike and all different.
type column struct {
	primary uint16
	at      int    // octet of the value it was made for
	value   string // that value
	cells   []string
	seen    [4]uint64 // by a hash of the last octets: those of some cell
	rows    int       // as many as cells, and those that are repeated
	right   int       // of cells: keep the checks of the primary
	anyway  int       // of those: keep them with another last digit too
	dates   int       // of cells: begin with a date
	digests int       // hexadecimal like the value, and written otherwise
}

// inColumn tells whether a candidate is, by the numbers around it, one of a column
// of something else: of numbers that mostly break the rule it keeps, of numbers
// counted up, of dates, of parts of longer names, or of a column that has another
// heading. A number with a name of its own in front is told from the others too.
func (s *scratch) inColumn(x *instance) bool {
	one := &s.primaries[x.primary]
	value := s.text[x.octets.start:x.octets.end]
	if one.secret || one.raw != nil || len(value) > maxWord || s.effort <= 0 {
		return false
	}
	if s.named(x) {
		return true
	}
	if s.besides(x) {
		return false
	}
	c := &s.column
	if c.primary != x.primary || x.octets.start < c.at || x.octets.start > c.at+columnReach/2 || !alike(c.value, value) {
		c.primary, c.at, c.value = x.primary, x.octets.start, value
		s.fillColumn(x.octets)
	}
	n := len(c.cells)
	if c.right >= columnRight && c.right*2 >= n && c.anyway*2 <= c.right {
		return false
	}
	if c.digests >= columnLeast/2 && c.digests+n >= columnLeast {
		return true
	}
	// Of n numbers of which every second one is right, so few are next to never.
	if n >= columnLeast && (one.check != nil && c.right*4 <= n-8 && !s.beneath(x) || c.dates*2 > n && isDateTime(value) || counted(value, c.cells) && (one.check != nil || !s.entitled(x))) {
		return true
	}
	return c.rows >= columnLeast && (s.glued(x.octets) || s.elsewhere(x) || s.headed(x))
}

// changeDigit makes the last digit of a value another one, if there is any.
func changeDigit(value []byte) bool {
	for i, c := range slices.Backward(value) {
		if isDigit(c) {
			value[i] = '0' + (c-'0'+1)%10
			return true
		}
	}
	return false
}

// glued tells whether a dash, point or stroke joins a candidate to letters or
// digits before it or to digits behind it, as in INV-123456.
func (s *scratch) glued(at span) bool {
	joins := func(sign int) bool { return strings.IndexByte("-./_", s.text[sign]) >= 0 }
	return at.start > 1 && joins(at.start-1) && isAlnum(s.text[at.start-2]) ||
		at.end+1 < len(s.text) && joins(at.end) && isDigit(s.text[at.end+1])
}

// lineOf gives where the line begins and ends that a piece of the text stands in,
// in octets; of a long line what is near.
func (s *scratch) lineOf(start, end int) (from, to int) {
	from = charBoundary(s.text, start-columnReach)
	from += strings.LastIndexByte(s.text[from:start], '\n') + 1
	to = charBoundary(s.text, end+columnReach)
	if n := strings.IndexByte(s.text[end:to], '\n'); n >= 0 {
		to = end + n
	}
	s.effort -= 64 + (to-from)/4
	return from, to
}

// besides tells whether a word of its pattern stands in the same line as a
// candidate. Dates and numbers beside it may be cells of the same row.
func (s *scratch) besides(x *instance) bool {
	from, to := s.lineOf(x.octets.start, x.octets.end)
	return s.holdsIn(x.pattern.wishes, span{s.index.at(from), s.index.at(to)})
}

// beneath tells whether a word of its pattern ends the line above a candidate that
// begins its own: nothing but blanks and marks stands between.
func (s *scratch) beneath(x *instance) bool {
	end := x.octets.start
	for end > 0 && x.octets.start-end <= namedNear && s.text[end-1] < 0x80 && !isAlnum(s.text[end-1]) {
		end--
	}
	return s.anyWord(x.pattern.wishes, span{s.index.at(end), x.runes.start}, false, func(*wish, span) bool { return true })
}

// holdsIn tells whether some word wished for lies in a piece of the text.
func (s *scratch) holdsIn(wishes []wish, in span) bool {
	return s.anyWord(wishes, in, false, func(_ *wish, h span) bool { return h.start >= in.start })
}

// anyWord tells whether use holds for some word wished for that ends in a piece of
// the text, or within the proximity of it when near is set.
func (s *scratch) anyWord(wishes []wish, in span, near bool, use func(w *wish, h span) bool) bool {
	for i := range wishes {
		w := &wishes[i]
		if w.group {
			if w.max > 0 && s.anyWord(w.of, in, near, use) {
				return true
			}
			continue
		}
		if !s.ofWords[w.list] {
			continue
		}
		from, to := in.start, in.end
		if near {
			from, to = from-w.proximity, to+w.proximity
		}
		hits := s.hits[w.list]
		i, _ := slices.BinarySearchFunc(hits, from, func(h span, at int) int { return h.end - at })
		for ; i < len(hits) && hits[i].end <= to; i++ {
			if use(w, hits[i]) {
				return true
			}
		}
	}
	return false
}

// fillColumn collects what is written like the text at a place, around it.
func (s *scratch) fillColumn(at span) {
	c := &s.column
	c.cells, c.seen, c.rows, c.right, c.anyway, c.dates, c.digests = c.cells[:0], [4]uint64{}, 0, 0, 0, 0, 0
	digest := isDigest(c.value)
	n, number, plain := len(c.value), isDigit(c.value[0]), onlyDigits(c.value)
	// begins tells whether something as long as the value stands at octet i.
	begins := func(i int) bool {
		if i+n < len(s.text) && alnum[s.text[i+n]] != 0 {
			return false
		}
		k := alnum[s.text[i]]
		return k != 0 && (digest || number == (k == classDigit)) && (i == 0 || alnum[s.text[i-1]] == 0)
	}
	take := func(cell string) {
		switch {
		case plain && !onlyDigits(cell), !plain && !alike(c.value, cell):
			if digest && isDigest(cell) {
				c.digests++
			}
		default:
			if cell != c.value {
				c.add(cell)
			}
			c.rows++
		}
	}
	from, to := max(0, at.start-columnReach), min(len(s.text), at.end+columnReach)
	looked := at
	s.eachBefore(at.start-n-1, from, number && !digest, func(i int) bool {
		looked.start = i
		if begins(i) {
			take(s.text[i : i+n])
		}
		return len(c.cells) < columnCells
	})
	most := len(c.cells) + columnCells
	s.eachBehind(at.end+1, to-n, number && !digest, func(i int) bool {
		looked.end = i
		if begins(i) {
			take(s.text[i : i+n])
		}
		return len(c.cells) < most
	})
	s.work += len(c.cells) + c.rows
	s.effort -= 64 + looked.end - looked.start + len(c.cells)*len(c.value)
	check := s.primaries[c.primary].check
	for _, cell := range c.cells {
		s.long = normalise(s.long[:0], cell)
		if check != nil && check(s.long) {
			c.right++
			if changeDigit(s.long) && check(s.long) {
				c.anyway++
			}
		}
		if isDateTime(cell) {
			c.dates++
		}
	}
}

// eachBefore calls use with the octets from one down to another, or with those at
// which a number begins, until it gives false.
func (s *scratch) eachBefore(i, from int, numbers bool, use func(i int) bool) {
	if !numbers {
		for ; i >= from && use(i); i-- {
		}
		return
	}
	for block := i / numberBlock; i >= from && block >= from/numberBlock; block-- {
		for _, place := range slices.Backward(s.numbers.in(s.text, block)) {
			at := block*numberBlock + int(place)
			if at < from || at <= i && !use(at) {
				return
			}
		}
	}
}

// eachBehind calls use with the octets from one up to another, or with those at which
// a number begins, until it gives false.
func (s *scratch) eachBehind(i, to int, numbers bool, use func(i int) bool) {
	if !numbers {
		for ; i <= to && use(i); i++ {
		}
		return
	}
	for block := i / numberBlock; block <= to/numberBlock; block++ {
		for _, place := range s.numbers.in(s.text, block) {
			at := block*numberBlock + int(place)
			if at > to || at >= i && !use(at) {
				return
			}
		}
	}
}

// add adds a cell to a column, if it is new.
func (c *column) add(cell string) {
	key := loadEnd(cell, max(0, len(cell)-8)) * 0x9e3779b97f4a7c15 >> 56
	bit := uint64(1) << (key & 63)
	if c.seen[key>>6]&bit != 0 && slices.Contains(c.cells, cell) {
		return
	}
	c.seen[key>>6] |= bit
	c.cells = append(c.cells, cell)
}

// onlyDigits tells whether a text is digits throughout.
func onlyDigits(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if digitBits(load(s, i)) != highs {
			return false
		}
	}
	for ; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// alike tells whether two texts have digits, letters and other signs in the same
// places.
func alike(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := alnum[a[i]], alnum[b[i]]
		if (x == classDigit) != (y == classDigit) || (x == 0) != (y == 0) || x == 0 && a[i] != b[i] {
			return false
		}
	}
	return true
}

// isDigest tells whether a value may be a hexadecimal number: eight or more digits
// and letters up to f, both and of one case.
func isDigest(v string) bool {
	if len(v) < 8 {
		return false
	}
	var seen [classCapital + 1]bool
	for i := range len(v) {
		if v[i] > 'f' || v[i] > 'F' && v[i] < 'a' || !isAlnum(v[i]) {
			return false
		}
		seen[alnum[v[i]]] = true
	}
	return seen[classDigit] && seen[classSmall] != seen[classCapital]
}

// counted tells whether five or more of the cells are so near to a number that they
// are counted up with it. The numbers have six digits or more, of which so many
// would hardly fall so near by chance.
func counted(value string, cells []string) bool {
	n, ok := ordinal(value)
	if !ok {
		return false
	}
	near := 0
	for _, cell := range cells {
		if m, _ := ordinal(cell); m != n && m-n <= countedStep && n-m <= countedStep {
			near++
		}
	}
	return near >= 5
}

// ordinal gives the digits of a value as a number, when they are six to eighteen.
func ordinal(value string) (n int, ok bool) {
	digits := 0
	for i := range len(value) {
		if isDigit(value[i]) {
			n = n*10 + int(value[i]-'0')
			if digits++; digits > 18 {
				return 0, false
			}
		}
	}
	return n, digits >= 6
}

// isDateTime tells whether a text begins with year, month and day of 1900 to 2099,
// in eight digits.
func isDateTime(value string) bool {
	if len(value) < 8 || value[:2] != "19" && value[:2] != "20" {
		return false
	}
	_, err := time.Parse("20060102", value[:8])
	return err == nil
}

// ofWords tells of each list of evidence whether it is one of words.
func (c *Catalog) ofWords() []bool {
	of := make([]bool, len(c.finders))
	for l := range of {
		of[l] = c.finders[l] == nil && c.hidden[l] < 0
	}
	return of
}
