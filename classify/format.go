package classify

import "math/bits"

// A format is a mask of the texts a primary element may have:
//
//	9  a digit             'NL'     these letters and digits
//	A  a letter            [13-5A]  one of these letters and digits
//	U  a capital letter    ~        one of the element's delimiters, the same each time
//	X  a letter or digit   any character of delimiters stands for itself
//	C  a capital letter or digit
//
// Behind one of these may stand {n} or {m,n} for that many of it, {m|n} for
// either number, and ? for one or none; behind a delimiter only ?. Letters of '…'
// and […] stand for both cases. A mask may end in a delimiter, which is then part
// of the value.
//
// Formats are compiled into one table over words, maximal runs of ASCII letters
// and digits: a word is looked up by its length and by which of its characters
// are digits, then the delimiter behind it, then the next word.

// delimiters are the characters that may stand between the groups of a value. A
// blank stands for the no-break and narrow ones too, a dash for the typographic.
const delimiters = ` -./\:+()<*_=,`

// smallBit is what tells a small letter of ASCII from the capital.
const smallBit = 'a' - 'A'

const (
	maxWord     = 64                  // characters of the longest word and value
	maxFormat   = 200                 // characters of a mask
	maxVariants = 512                 // sequences of words one format may expand to
	maxNodes    = 1<<16 - 1 - maxWord // of the table of all formats
)

// groupShape says what one word of a format must be. The bits stand for
// characters from the first on.
type groupShape struct {
	length  int
	digit   uint64 // must be digits
	letter  uint64 // must be letters
	capital uint64 // must not be small letters
}

func (g *groupShape) fits(w *word) bool {
	return w.digit&g.letter == 0 && ^w.digit&g.digit == 0 && w.small&g.capital == 0
}

// layout is one way of writing a value: words and the delimiters between them.
type layout struct {
	words []groupShape
	// delims are places in delimiters, from 1: one less than words, or as many when
	// the value ends in one.
	delims []uint8
	sets   []charset // by character of the value
}

// charset is a set of digits and capital letters, one bit each, the digits first.
type charset uint64

const (
	digitSet  charset = 1<<10 - 1
	letterSet charset = 1<<36 - 1 - digitSet
	anySet            = digitSet | letterSet
)

// setOf gives the set of one letter or digit, none for another character.
func setOf(c byte) charset {
	switch alnum[c] {
	case classDigit:
		return 1 << (c - '0')
	case classSmall:
		return 1 << (c - 'a' + 10)
	case classCapital:
		return 1 << (c - 'A' + 10)
	}
	return 0
}

// setPlace gives the bit of a digit or capital in sets, by octet.
var setPlace = func() (t [256]uint8) {
	for c := range t {
		t[c] = uint8(bits.TrailingZeros64(uint64(setOf(byte(c))))) // 64 for others
	}
	return t
}()
