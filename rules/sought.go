package rules

import (
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

// sought is what a condition looks for in long texts. One pass over a text tells
// for all conditions of a set which of them need to look closer.
type sought struct {
	find matcher
	// plain is find for one reading of a text, and all tells whether the readings over
	// the ends of lines are asked too.
	plain matcher
	all   bool
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
	s := &sought{find: findWords(words), plain: inWords(words), all: true, words: words}
	r.sought = append(r.sought, s)
	return s, true
}

// seekPatterns reads patterns to be looked for in long texts.
func (r *reader) seekPatterns(n *strictyaml.Node, field string) (*sought, bool) {
	p, ok := r.readPatterns(n, field)
	if !ok {
		return nil, false
	}
	s := &sought{find: findPatterns(p), plain: inPatterns(p)}
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
	for i, reading := range c.readings() {
		if i >= textReadings && !s.all {
			break
		}
		if reading == "" && i > 0 {
			continue
		}
		if what, found = s.plain(reading); found {
			return what, true
		}
	}
	return "", false
}

// textReadings is how many of the readings of a content are those of its text as it
// stands; the others go on over the ends of lines.
const textReadings = 2

// readings gives the readings of the text of a content: as it stands and as people
// see it, then both over the ends of lines. Those that say nothing new are empty.
func (c *content) readings() [2 * textReadings]string {
	if c.seen == nil {
		c.seen = new([2 * textReadings]string)
		add := func(i int, text string) {
			c.seen[i] = text
			if reading, removed := reveal(text); removed != nil {
				c.seen[i+1] = reading
			}
		}
		add(0, c.doc.Text)
		if reading, wrapped := unwrapped(c.doc.Text); wrapped {
			add(textReadings, reading)
		}
	}
	return *c.seen
}

// listed tells of which lists of an index something stands in a text, in any of its
// readings. It is found out once for all conditions of a set.
func (c *content) listed(index *classify.Index) []bool {
	if c.index != index {
		c.index, c.has = index, make([]bool, index.Lists())
		for _, reading := range c.readings() {
			index.Find(reading, c.has)
		}
	}
	return c.has
}
