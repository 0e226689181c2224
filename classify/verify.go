package classify

// verify puts the values that have a shape to the checks of the primaries that
// have it, but for those that the words of the text leave no chance.
func (s *scratch) verify() {
	for _, g := range s.seen {
		shape := &s.shapes[g]
		if shape.state != groupWanted {
			continue
		}
		s.live = s.live[:0]
		for _, a := range s.trie.groups[g] {
			if !s.finder.wanted[a.primary] || !s.promising(a.primary) {
				continue
			}
			if p := &s.primaries[a.primary]; a.sets == 0 && p.check == nil && p.raw == nil {
				s.lend(a.primary, shape.spans)
				continue
			}
			s.live = append(s.live, a)
		}
		if len(s.live) == 0 {
			continue
		}
		for _, at := range shape.spans {
			s.judgeShape(at)
		}
	}
}

// judgeShape puts a value to the checks of the primaries that are left.
func (s *scratch) judgeShape(at span) {
	k := 0
	for i := at.start; i < at.end; i++ {
		c := s.text[i]
		switch alnum[c] {
		case 0:
			continue
		case classSmall:
			c -= smallBit
		}
		s.value[k] = c
		k++
	}
	v := s.value[:k]
	for i := range s.live {
		a := &s.live[i]
		if a.sets != 0 && !s.trie.fits(a.sets, v) {
			continue
		}
		one := &s.primaries[a.primary]
		if one.check != nil && !one.check(v) || !s.keepsRaw(one, at) {
			continue
		}
		s.note(a.primary, at)
	}
}

// lend gives candidates to a primary that keeps them all. They are shared as long
// as it has no others.
func (s *scratch) lend(p uint16, spans []span) {
	if len(s.spans[p]) > 0 {
		s.spans[p] = append(s.spans[p], spans...)
		return
	}
	s.found = append(s.found, p)
	s.own[p], s.spans[p] = s.spans[p], spans[:len(spans):len(spans)]
	s.shared = append(s.shared, p)
}

// promising tells whether some type that is wanted may find the evidence it needs
// for a primary.
func (s *scratch) promising(p uint16) bool {
	one := &s.primaries[p]
	if one.hidden {
		return true
	}
	for _, t := range one.users {
		if s.wants(t) && s.possible(t, p) {
			return true
		}
	}
	return false
}

// possible tells whether some pattern of a primary has all the evidence it needs
// somewhere in the text.
func (s *scratch) possible(t *compiledType, p uint16) bool {
	for i := range t.patterns {
		pt := &t.patterns[i]
		if pt.primary == p && !s.noneOf(pt.wishes) {
			return true
		}
	}
	return false
}

// noneOf tells whether one of the wishes cannot hold anywhere in the text.
func (s *scratch) noneOf(wishes []wish) bool {
	for i := range wishes {
		if s.hopeless(&wishes[i]) {
			return true
		}
	}
	return false
}

// hopeless tells whether a wish cannot hold anywhere in the text. Of evidence that
// is not yet looked for it does not say so.
func (s *scratch) hopeless(w *wish) bool {
	if !w.group {
		return len(s.hits[w.list]) == 0 && !s.open(w.list)
	}
	n := 0
	for i := range w.of {
		if !s.hopeless(&w.of[i]) {
			n++
		}
	}
	return n < w.min
}

// open tells whether evidence is still to be looked for.
func (s *scratch) open(l uint16) bool {
	if s.catalog.hidden[l] >= 0 {
		return !s.revealed
	}
	return s.catalog.finders[l] != nil && !s.asked[l]
}
