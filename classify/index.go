package classify

import "errors"

// Index tells in one pass over a text which of many lists have something in it:
// lists of words as [Words] finds them, and lists of pieces, which may stand
// anywhere. It is safe for concurrent use.
type Index struct {
	words, pieces terms
	size          int
}

// terms are terms looked for by one automaton.
type terms struct {
	auto *automaton // nil without any
	of   [][]int    // of each term, the numbers of the lists that have it
}

// NewIndex compiles lists of words and lists of pieces of text. The lists are
// numbered from 0, those of words first. Pieces are compared as words are, and may
// begin and end inside of words. It fails when they are too many to be looked for
// together, and on a piece that is blank.
func NewIndex(words []*Words, pieces [][]string) (*Index, error) {
	x := &Index{size: len(words) + len(pieces)}
	var err error
	lists := make([][]string, 0, len(words))
	for _, w := range words {
		lists = append(lists, w.auto.terms)
	}
	if x.words, err = newTerms(lists, 0); err != nil {
		return nil, err
	}
	lists = lists[:0]
	for _, list := range pieces {
		folded := make([]string, 0, len(list))
		for _, p := range list {
			t := foldTerm(p)
			if t == "" {
				return nil, errors.New("a piece to be looked for is blank")
			}
			folded = append(folded, t)
		}
		lists = append(lists, folded)
	}
	if x.pieces, err = newTerms(lists, len(words)); err != nil {
		return nil, err
	}
	if x.pieces.auto != nil {
		x.pieces.auto.inside = true
	}
	return x, nil
}

// newTerms compiles lists of folded terms that are numbered from first on.
func newTerms(lists [][]string, first int) (t terms, err error) {
	var all []string
	id := make(map[string]int)
	for n, list := range lists {
		for _, s := range list {
			i, known := id[s]
			if !known {
				i = len(all)
				id[s], all, t.of = i, append(all, s), append(t.of, nil)
			}
			t.of[i] = append(t.of[i], first+n)
		}
	}
	if len(all) > 0 {
		t.auto, err = newAutomaton(all)
	}
	return t, err
}

// Lists gives how many lists there are.
func (x *Index) Lists() int { return x.size }

// Find sets has for each list of which something stands in the text; it leaves the
// others as they are. Has is as long as there are lists.
func (x *Index) Find(text string, has []bool) {
	for _, t := range []*terms{&x.words, &x.pieces} {
		if t.auto == nil {
			continue
		}
		anywhere := t.auto.inside
		t.auto.run(text, 0, len(text), func(id, end int) bool {
			for _, list := range t.of[id] {
				if !has[list] {
					has[list] = anywhere || t.auto.isWord(text, id, end)
				}
			}
			return true
		})
	}
}
