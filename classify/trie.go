package classify

import (
	"errors"
	"math/bits"
	"slices"
)

// trie holds all layouts. Node 0 is no node, node 1 the start.
type trie struct {
	nodes []trieNode
	free  [16][]freeFormat // by which of the first four characters are digits
	// capitals says which lengths a first word of capital letters may have, and
	// lead which a first word of letters may have that one with a digit follows.
	capitals, lead uint64
	leads          [maxWord + 1][len(delimiters) + 1]nextWord // by length of that word and delimiter behind it
	maxLead        int                                        // the longest of these words
	sets           [][]charset                                // by number, from 1
	strict         [][]strictPlace                            // by number, from 1: the places of which the shape does not say all
	groups         [][]accept                                 // by group, from 1
	loose          [maxLoose + 1][]looseFormat                // by characters
	looseWith      [maxLoose + 1]bool                         // by digits: a format has so many of them, and letters
	looseOf        [maxLoose + 1]bool                         // by digits: a format has nothing else
	anyLoose       bool
}

// nextWord says which lengths a word may have, one bit for each from 1 on.
type nextWord struct{ numbers, mixed uint64 }

func (n nextWord) takes(w *word) bool {
	bit := uint64(1) << (w.len() - 1)
	return n.mixed&bit != 0 || n.numbers&bit != 0 && w.digits()
}

// strictPlace is a place of a value with the characters that may stand there.
type strictPlace struct {
	at  int
	set charset
}

// accept says that a value of a primary may end at a node.
type accept struct {
	primary uint16
	sets    uint16 // of its characters; 0 when the shape says all
}

type trieNode struct {
	nextWord                             // the lengths of digits and others
	heads    uint8                       // the classes of octets words here begin with, one bit each
	group    uint16                      // of the accepts, after settle; 0 for none
	delims   [len(delimiters) + 1]uint16 // by kind of the delimiter behind
	digits   []uint16                    // words of digits only, by length; or nil
	others   [][]trieEdge                // other words, by length; or nil
	plain    [][]uint16                  // by length: where a word of digits leads, after settle; or nil
	marks    uint16                      // the kinds of the delimiters behind, one bit each, after settle
	accepts  []accept
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
	sets     [maxWord + 1]uint16 // by length
}

func newTrie() *trie {
	return &trie{nodes: make([]trieNode, 2), sets: make([][]charset, 1), strict: make([][]strictPlace, 1)}
}

func (t *trie) node() uint16 {
	t.nodes = append(t.nodes, trieNode{})
	return uint16(len(t.nodes) - 1)
}

// addFree adds a format that may be grouped anywhere: the first four characters
// stand together, or are parted once, where the letters end.
func (t *trie) addFree(format, delims string, upper bool, primary uint16) error {
	ls, err := parseFormat(format, "", upper)
	if err != nil {
		return err
	}
	f := freeFormat{shape: ls[0].words[0], primary: primary}
	f.min, f.max = f.shape.length, ls[len(ls)-1].words[0].length
	for i := range ls {
		if n := len(ls[i].sets); f.sets[n] == 0 {
			if f.sets[n], err = t.setsOf(&ls[i]); err != nil {
				return err
			}
		}
	}
	if first := f.shape.letter&0xf | f.shape.digit&0xf; len(ls[0].words) > 1 || first != 0xf || f.shape.digit&0xf == 0 {
		return errors.New("a format grouped freely begins with four characters, 9, A or U and not all of them letters, and has no delimiters")
	}
	for i := range len(delims) {
		f.delims |= 1 << delimiterKind(delims[i])
	}
	t.free[f.shape.digit&0xf] = append(t.free[f.shape.digit&0xf], f)
	return nil
}

var errTrieFull = errors.New("the formats of all types together are too many")

// setsOf gives the number of the sets of a layout's characters, 0 when its shape
// says all.
func (t *trie) setsOf(l *layout) (uint16, error) {
	if !l.special() {
		return 0, nil
	}
	for i, s := range t.sets[1:] {
		if slices.Equal(s, l.sets) {
			return uint16(i + 1), nil
		}
	}
	if len(t.sets) > maxNodes {
		return 0, errTrieFull
	}
	t.sets = append(t.sets, l.sets)
	var strict []strictPlace
	for at, s := range l.sets {
		if s != digitSet && s != letterSet && s != anySet {
			strict = append(strict, strictPlace{at, s})
		}
	}
	t.strict = append(t.strict, strict)
	return uint16(len(t.sets) - 1), nil
}

// fits tells whether a value in capitals that has the shape has only characters of
// its sets.
func (t *trie) fits(sets uint16, v []byte) bool {
	if sets == 0 {
		return true
	}
	for _, p := range t.strict[sets] {
		if p.set>>setPlace[v[p.at]]&1 == 0 {
			return false
		}
	}
	return true
}

func (t *trie) add(l layout, primary uint16) error {
	if len(t.nodes) > maxNodes {
		return errTrieFull
	}
	sets, err := t.setsOf(&l)
	if err != nil {
		return err
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
			n = t.delimiter(n, l.delims[i-1])
		}
		n = t.word(n, w)
	}
	if len(l.delims) == len(l.words) {
		n = t.delimiter(n, l.delims[len(l.words)-1])
	}
	a := accept{primary, sets}
	for _, b := range t.nodes[n].accepts {
		if b == a {
			return nil
		}
	}
	t.nodes[n].accepts = append(t.nodes[n].accepts, a)
	return nil
}

// delimiter gives the node behind a delimiter, added when it is not there.
func (t *trie) delimiter(n uint16, kind uint8) uint16 {
	to := t.nodes[n].delims[kind]
	if to == 0 {
		to = t.node()
		t.nodes[n].delims[kind] = to
	}
	return to
}

// word gives the node behind a word, added when it is not there.
func (t *trie) word(n uint16, w groupShape) uint16 {
	if w.digit == uint64(1)<<w.length-1 {
		if t.nodes[n].digits == nil {
			t.nodes[n].digits = make([]uint16, maxWord+1)
		}
		t.nodes[n].numbers |= 1 << (w.length - 1)
		t.nodes[n].heads |= 1 << classDigit
		to := t.nodes[n].digits[w.length]
		if to == 0 {
			to = t.node()
			t.nodes[n].digits[w.length] = to
		}
		return to
	}
	if t.nodes[n].others == nil {
		t.nodes[n].others = make([][]trieEdge, maxWord+1)
	}
	t.nodes[n].mixed |= 1 << (w.length - 1)
	t.nodes[n].heads |= w.heads()
	edges := &t.nodes[n].others[w.length]
	for _, e := range *edges {
		if e.shape == w {
			return e.to
		}
	}
	to := uint16(len(t.nodes))
	*edges = append(*edges, trieEdge{w, to})
	return t.node()
}

// heads gives the classes of the octets with which such a word begins, one bit
// each.
func (g *groupShape) heads() (classes uint8) {
	if g.letter&1 == 0 {
		classes |= 1 << classDigit
	}
	if g.digit&1 == 0 {
		classes |= 1 << classCapital
		if g.capital&1 == 0 {
			classes |= 1 << classSmall
		}
	}
	return classes
}

// settle notes where words of digits lead, and what may stand behind a word.
func (n *trieNode) settle() {
	for kind, to := range n.delims {
		if to != 0 {
			n.marks |= 1 << kind
		}
	}
	add := func(size int, to uint16) {
		if n.plain == nil {
			n.plain = make([][]uint16, maxWord+1)
		}
		n.plain[size] = append(n.plain[size], to)
	}
	for size, to := range n.digits {
		if to != 0 {
			add(size, to)
		}
	}
	for size, edges := range n.others {
		for i := range edges {
			if edges[i].shape.letter == 0 {
				add(size, edges[i].to)
			}
		}
	}
}

// settle numbers the sets of primaries that may end at one node, and notes what
// may follow a first word of letters.
func (t *trie) settle() {
	t.groups = make([][]accept, 1)
	for i := range t.nodes {
		n := &t.nodes[i]
		n.settle()
		if len(n.accepts) == 0 {
			continue
		}
		n.group = uint16(len(t.groups))
		t.groups = append(t.groups, n.accepts)
	}
	for n := range t.loose {
		for i := range t.loose[n] {
			f := &t.loose[n][i]
			least, most := 0, 0 // digits
			for _, w := range f.words {
				least += bits.OnesCount64(w.digit)
				most += w.length - bits.OnesCount64(w.letter)
			}
			for k := least; k <= min(most, n-1); k++ {
				t.looseWith[k] = true
			}
			t.looseOf[n] = t.looseOf[n] || most == n
			f.group = uint16(len(t.groups))
			t.groups = append(t.groups, f.accepts)
		}
	}
	t.maxLead = max(bits.Len64(t.lead)-1, 3) // of values grouped freely up to three
	root := &t.nodes[1]
	for length := range root.others {
		for _, e := range root.others[length] {
			if e.shape.digit != 0 || t.lead>>length&1 == 0 {
				continue
			}
			for kind, to := range t.nodes[e.to].delims {
				if to != 0 {
					t.leads[length][kind].numbers |= t.nodes[to].numbers
					t.leads[length][kind].mixed |= t.nodes[to].mixed
				}
			}
		}
	}
}
