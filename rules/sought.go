package rules

import (
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

// sought is what a condition looks for in long texts. One pass over a text tells
// for all conditions of a set which of them need to look closer.
type sought struct {
	find matcher
	// words, or pieces of which each find has one; neither when nothing is known of
	// what is found.
	words  *classify.Words
	pieces needs
	// index has the words or pieces as one of its lists; nil when find is always asked.
	index *classify.Index
	list  int
}

// Bounds of an index: a text shorter than this is looked through at once, and lists
// that would make the index too large for its use are left out, in characters.
const (
	indexedText = 256
	maxIndexed  = 200_000
)

// seekWords reads words to be looked for in long texts.
func (r *reader) seekWords(n *strictyaml.Node, field string) (*sought, bool) {
	words, ok := r.words(n, field)
	if !ok {
		return nil, false
	}
	s := &sought{find: findWords(words), words: words}
	r.sought = append(r.sought, s)
	return s, true
}

// seekPatterns reads patterns to be looked for in long texts.
func (r *reader) seekPatterns(n *strictyaml.Node, field string) (*sought, bool) {
	p, ok := r.readPatterns(n, field)
	if !ok {
		return nil, false
	}
	s := &sought{find: findPatterns(p)}
	for _, c := range p.list {
		if c.needs == nil {
			return s, true
		}
		s.pieces = append(s.pieces, c.needs...)
	}
	r.sought = append(r.sought, s)
	return s, true
}

// index makes the index of all that the conditions of a set look for.
func (l *loader) index() {
	var words []*classify.Words
	var pieces [][]string
	var indexed []*sought
	room := maxIndexed
	for _, isWords := range []bool{true, false} {
		for _, s := range l.sought {
			if (s.words != nil) != isWords {
				continue
			}
			need := 0
			if isWords {
				need = s.words.Characters()
			}
			for _, p := range s.pieces {
				need += len(p)
			}
			if need > room {
				continue
			}
			room -= need
			s.list = len(indexed)
			indexed = append(indexed, s)
			if isWords {
				words = append(words, s.words)
			} else {
				pieces = append(pieces, s.pieces)
			}
		}
	}
	index, err := classify.NewIndex(words, pieces)
	if err != nil {
		return // each condition looks for itself
	}
	for _, s := range indexed {
		s.index = index
	}
}

// seek looks for something in the text of a content that was read.
func (c *content) seek(s *sought) (what string, found bool) {
	if s.index != nil && len(c.doc.Text) >= indexedText && !c.listed(s.index)[s.list] {
		return "", false
	}
	return s.find(c.doc.Text)
}

// listed tells of which lists of an index something stands in a text, in either of
// its readings. It is found out once for all conditions of a set.
func (c *content) listed(index *classify.Index) []bool {
	if c.index != index {
		c.index, c.has = index, make([]bool, index.Lists())
		index.Find(c.doc.Text, c.has)
		if reading, removed := reveal(c.doc.Text); removed != nil {
			index.Find(reading, c.has)
		}
		if reading, wrapped := unwrapped(c.doc.Text); wrapped {
			index.Find(reading, c.has)
			if second, removed := reveal(reading); removed != nil {
				index.Find(second, c.has)
			}
		}
	}
	return c.has
}
