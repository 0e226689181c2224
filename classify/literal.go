package classify

// literals finds a set of short texts anywhere in a text, ASCII letters compared
// without case: Wu and Manber's method (University of Arizona, TR-94-17, 1994)
// with blocks of two octets. Text is stepped over by as much as the octets at the
// end of a window of the shortest literal's length allow.
type literals struct {
	least   int         // octets of the shortest literal
	shift   []uint8     // by block
	bucket  []uint16    // by block: the literals of which the window ends so
	buckets [][]literal // from 1
}

// literal is a text in small letters with the number it is told by.
type literal struct {
	text string
	id   int
}

// minLiteral is the fewest octets of a literal that is worth looking for.
const minLiteral = 3

const smallBit = 'a' - 'A'

// block gives a number for two octets that is the same in either case; that some
// others share it does no harm.
func block(a, b byte) uint16 { return uint16(a|smallBit)<<8 | uint16(b|smallBit) }

// newLiterals compiles texts of at least minLiteral octets.
func newLiterals(texts []string) *literals {
	l := &literals{least: maxTerm, shift: make([]uint8, 1<<16), bucket: make([]uint16, 1<<16), buckets: make([][]literal, 1)}
	for _, t := range texts {
		l.least = min(l.least, len(t))
	}
	for i := range l.shift {
		l.shift[i] = uint8(min(l.least-1, 255))
	}
	for id, t := range texts {
		for i := 1; i < l.least; i++ {
			b := block(t[i-1], t[i])
			l.shift[b] = min(l.shift[b], uint8(min(l.least-1-i, 255)))
		}
		b := block(t[l.least-2], t[l.least-1])
		if l.bucket[b] == 0 {
			l.bucket[b] = uint16(len(l.buckets))
			l.buckets = append(l.buckets, nil)
		}
		l.buckets[l.bucket[b]] = append(l.buckets[l.bucket[b]], literal{t, id})
	}
	return l
}

// run calls hit with each literal in the text and where it begins, in order of
// the places.
func (l *literals) run(text string, hit func(id, start int)) {
	for i := l.least - 1; i < len(text); {
		b := block(text[i-1], text[i])
		if s := l.shift[b]; s > 0 {
			i += int(s)
			continue
		}
		start := i - l.least + 1
		for _, c := range l.buckets[l.bucket[b]] {
			if hasLiteral(text, start, c.text) {
				hit(c.id, start)
			}
		}
		i++
	}
}

// hasLiteral tells whether a literal stands at a place.
func hasLiteral(text string, at int, lit string) bool {
	if len(text)-at < len(lit) {
		return false
	}
	for i := range len(lit) {
		c := text[at+i]
		if 'A' <= c && c <= 'Z' {
			c += smallBit
		}
		if c != lit[i] {
			return false
		}
	}
	return true
}
