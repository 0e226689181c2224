package classify

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A format is a mask of the texts a primary element may have:
//
//	9  a digit             ~  one of the element's delimiters, the same each time
//	A  a letter            {n}, {m,n} behind one of 9 A U X C: that many of it
//	U  a capital letter    any character of delimiters stands for itself
//	X  a letter or digit
//	C  a capital letter or digit
//
// Formats are compiled into one table over words, maximal runs of ASCII letters
// and digits: a word is looked up by its length and by which of its characters
// are digits, then the delimiter behind it, then the next word.

// delimiters are the characters that may stand between the groups of a value. A
// blank stands for the no-break and narrow ones too, a dash for the typographic.
const delimiters = ` -./\:+(`

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
	words  []groupShape
	delims []uint8 // one less than words; places in delimiters, from 1
}

// parseFormat expands a format into layouts.
func parseFormat(format, delims string) ([]layout, error) {
	if len(format) > maxFormat {
		return nil, fmt.Errorf("it is longer than %d characters", maxFormat)
	}
	variants := delims
	if !strings.Contains(format, "~") {
		variants = " " // one round, the delimiter is not used
	} else if delims == "" {
		return nil, errors.New("it has a `~` and the element has no delimiters")
	}
	var all []layout
	for i := range len(variants) {
		ls, err := expand(strings.ReplaceAll(format, "~", variants[i:i+1]))
		if err != nil {
			return nil, err
		}
		if all = append(all, ls...); len(all) > maxVariants {
			return nil, fmt.Errorf("it stands for more than %d ways of writing", maxVariants)
		}
	}
	for _, l := range all {
		if err := l.check(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func expand(mask string) ([]layout, error) {
	all := []layout{{words: make([]groupShape, 1)}}
	for mask != "" {
		c := mask[0]
		mask = mask[1:]
		if k := delimiterKind(c); k != 0 {
			for i := range all {
				l := &all[i]
				l.words = append(l.words, groupShape{})
				l.delims = append(l.delims, k)
			}
			continue
		}
		if !strings.ContainsRune("9AUXC", rune(c)) {
			return nil, fmt.Errorf("%q has no meaning in a format", c)
		}
		lo, hi, rest, err := counts(mask)
		if err != nil {
			return nil, err
		}
		mask = rest
		if len(all)*(hi-lo+1) > maxVariants {
			return nil, fmt.Errorf("it stands for more than %d ways of writing", maxVariants)
		}
		var grown []layout
		for _, l := range all {
			for n := lo; n <= hi; n++ {
				g, err := l.grow(c, n)
				if err != nil {
					return nil, err
				}
				grown = append(grown, g)
			}
		}
		all = grown
	}
	return all, nil
}

// counts reads {n} or {m,n} at the head of a mask; without one it is once.
func counts(mask string) (lo, hi int, rest string, err error) {
	if !strings.HasPrefix(mask, "{") {
		return 1, 1, mask, nil
	}
	inside, rest, ok := strings.Cut(mask[1:], "}")
	if !ok {
		return 0, 0, "", errors.New("a `{` is not closed")
	}
	from, to, ranged := strings.Cut(inside, ",")
	lo, err1 := strconv.Atoi(from)
	hi, err2 := lo, error(nil)
	if ranged {
		hi, err2 = strconv.Atoi(to)
	}
	if err1 != nil || err2 != nil || lo < 1 || hi < lo || hi > maxWord {
		return 0, 0, "", fmt.Errorf("{%s} is not a count from 1 to %d", inside, maxWord)
	}
	return lo, hi, rest, nil
}

// grow gives the layout with n characters of class c behind it.
func (l layout) grow(c byte, n int) (layout, error) {
	g := layout{words: append([]groupShape(nil), l.words...), delims: append([]uint8(nil), l.delims...)}
	w := &g.words[len(g.words)-1]
	if w.length+n > maxWord {
		return layout{}, fmt.Errorf("it has a group of more than %d characters", maxWord)
	}
	for range n {
		bit := uint64(1) << w.length
		switch c {
		case '9':
			w.digit |= bit
		case 'A':
			w.letter |= bit
		case 'U':
			w.letter |= bit
			w.capital |= bit
		case 'C':
			w.capital |= bit
		}
		w.length++
	}
	return g, nil
}

// check refuses what the scanner would not come upon: it looks at words with a
// digit, at the word before one, and at words of capitals only.
func (l *layout) check() error {
	total := 0
	for _, w := range l.words {
		if w.length == 0 {
			return errors.New("a delimiter must stand between two groups")
		}
		total += w.length
	}
	if total > maxWord {
		return fmt.Errorf("it has more than %d characters", maxWord)
	}
	if l.capitals() || l.lead() || !l.words[0].letters() {
		return nil
	}
	return fmt.Errorf("it needs a digit in its first or second group, or a first group of at least %d capital letters", minCapitals)
}

func (g *groupShape) letters() bool { return g.letter == uint64(1)<<g.length-1 }

// capitals tells whether the first word may be capitals only.
func (l *layout) capitals() bool {
	w := &l.words[0]
	return w.length >= minCapitals && w.digit == 0 && w.capital == uint64(1)<<w.length-1
}

// lead tells whether the first word is letters and one with a digit follows.
func (l *layout) lead() bool {
	return len(l.words) > 1 && l.words[0].letters() && !l.words[1].letters()
}

func delimiterKind(c byte) uint8 { return uint8(strings.IndexByte(delimiters, c) + 1) }

// trie holds all layouts. Node 0 is no node, node 1 the start.
type trie struct {
	nodes []trieNode
	free  [16][]freeFormat // by which of the first four characters are digits
	// capitals says which lengths a first word of capital letters may have, and
	// lead which a first word of letters may have that one with a digit follows.
	capitals, lead uint64
}

type trieNode struct {
	digits  []uint16                    // words of digits only, by length; or nil
	mixed   [][]trieEdge                // other words, by length; or nil
	delims  [len(delimiters) + 1]uint16 // by kind of the delimiter behind
	accepts []uint16                    // primaries that may end here
}

// number gives the node behind a word of n digits, or 0.
func (n *trieNode) number(length int) uint16 {
	if n.digits == nil {
		return 0
	}
	return n.digits[length]
}

// others gives the words of a length that are not digits only.
func (n *trieNode) others(length int) []trieEdge {
	if n.mixed == nil {
		return nil
	}
	return n.mixed[length]
}

type trieEdge struct {
	shape groupShape
	to    uint16
}

// freeFormat is a format whose value may be grouped anywhere, but not among the
// first digits or letters.
type freeFormat struct {
	shape    groupShape // of the shortest value
	min, max int
	delims   uint16 // bits by kind of delimiter
	primary  uint16
}

func newTrie() *trie { return &trie{nodes: make([]trieNode, 2)} }

func (t *trie) node() uint16 {
	t.nodes = append(t.nodes, trieNode{})
	return uint16(len(t.nodes) - 1)
}

// addFree adds a format that may be grouped anywhere: the first four characters
// stand together, or are parted once, where the letters end.
func (t *trie) addFree(format, delims string, primary uint16) error {
	ls, err := parseFormat(format, "")
	if err != nil {
		return err
	}
	f := freeFormat{shape: ls[0].words[0], primary: primary}
	f.min, f.max = f.shape.length, ls[len(ls)-1].words[0].length
	if first := f.shape.letter&0xf | f.shape.digit&0xf; len(ls[0].words) > 1 || first != 0xf || f.shape.digit&0xf == 0 {
		return errors.New("a format grouped freely begins with four characters, 9, A or U and not all of them letters, and has no delimiters")
	}
	for i := range len(delims) {
		f.delims |= 1 << delimiterKind(delims[i])
	}
	t.free[f.shape.digit&0xf] = append(t.free[f.shape.digit&0xf], f)
	return nil
}

func (t *trie) add(l layout, primary uint16) error {
	if len(t.nodes) > maxNodes {
		return errors.New("the formats of all types together are too many")
	}
	if l.lead() {
		t.lead |= 1 << l.words[0].length
	}
	if l.capitals() {
		t.capitals |= 1 << l.words[0].length
	}
	n := uint16(1)
	for i, w := range l.words {
		if i > 0 {
			k := l.delims[i-1]
			to := t.nodes[n].delims[k]
			if to == 0 {
				to = t.node()
				t.nodes[n].delims[k] = to
			}
			n = to
		}
		n = t.word(n, w)
	}
	for _, p := range t.nodes[n].accepts {
		if p == primary {
			return nil
		}
	}
	t.nodes[n].accepts = append(t.nodes[n].accepts, primary)
	return nil
}

// word gives the node behind a word, added when it is not there.
func (t *trie) word(n uint16, w groupShape) uint16 {
	if w.digit == uint64(1)<<w.length-1 {
		if t.nodes[n].digits == nil {
			t.nodes[n].digits = make([]uint16, maxWord+1)
		}
		to := t.nodes[n].digits[w.length]
		if to == 0 {
			to = t.node()
			t.nodes[n].digits[w.length] = to
		}
		return to
	}
	if t.nodes[n].mixed == nil {
		t.nodes[n].mixed = make([][]trieEdge, maxWord+1)
	}
	edges := &t.nodes[n].mixed[w.length]
	for _, e := range *edges {
		if e.shape == w {
			return e.to
		}
	}
	to := uint16(len(t.nodes))
	*edges = append(*edges, trieEdge{w, to})
	return t.node()
}
