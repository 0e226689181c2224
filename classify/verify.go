package classify

import (
	"cmp"
	"slices"
)

// verify puts the values that have a shape to the checks of the primaries that
// have it, but for those that the words of the text leave no chance.
func (s *scratch) verify() {
	for _, g := range s.seen {
		shape := &s.shapes[g]
		if shape.state != groupWanted {
			continue
		}
		if !slices.IsSortedFunc(shape.spans, byStart) {
			slices.SortStableFunc(shape.spans, byStart)
		}
		s.live = s.live[:0]
		for _, a := range s.trie.groups[g] {
			if !s.finder.wanted[a.primary] {
				continue
			}
			p := &s.primaries[a.primary]
			kept := a.sets == 0 && p.check == nil && p.raw == nil
			switch z := s.zonesOf(a.primary); {
			case !z.whole && kept:
				z.within(s, shape.spans, func(some []span) { s.noteAll(a.primary, some) })
			case !z.whole:
				z.within(s, shape.spans, func(some []span) { s.judgeShapes(some, []liveCheck{s.liveCheck(a)}) })
			case kept:
				s.lend(a.primary, shape.spans)
			default:
				s.live = append(s.live, s.liveCheck(a))
			}
		}
		if len(s.live) > 0 {
			s.judgeShapes(shape.spans, s.live)
		}
	}
}

func byStart(a, b span) int { return cmp.Compare(a.start, b.start) }

// liveCheck is what a value is put to for a primary, together in memory with those
// of others with the same shape.
type liveCheck struct {
	accept
	check checkFunc // or nil
	raw   bool      // the primary looks at the text as it is written, too
}

func (s *scratch) liveCheck(a accept) liveCheck {
	p := &s.primaries[a.primary]
	return liveCheck{a, p.check, p.raw != nil}
}

// judgeShapes puts values to the checks of some primaries.
func (s *scratch) judgeShapes(candidates []span, live []liveCheck) {
	for _, at := range candidates {
		s.judgeShape(at, live)
	}
}

// judgeShape puts a value to the checks of some primaries.
func (s *scratch) judgeShape(at span, live []liveCheck) {
	k := 0
	for i := at.start; i < at.end; i++ {
		if c := raised[s.text[i]]; c != 0 {
			s.value[k] = c
			k++
		}
	}
	s.work += len(live)
	v := s.value[:k]
	for i := range live {
		a := &live[i]
		if a.sets != 0 && !s.trie.fits(a.sets, v) {
			continue
		}
		if a.check != nil && !a.check(v) || a.raw && !s.keepsRaw(&s.primaries[a.primary], at) {
			continue
		}
		s.note(a.primary, at)
	}
}

// lend gives candidates to a primary that keeps them all. They are shared as long
// as it has no others.
func (s *scratch) lend(p uint16, spans []span) {
	if len(s.spans[p]) > 0 {
		s.noteAll(p, spans)
		return
	}
	s.found = append(s.found, p)
	s.own[p], s.spans[p] = s.spans[p], spans[:len(spans):len(spans)]
	s.shared = append(s.shared, p)
}

// noteAll adds candidates to those of a primary.
func (s *scratch) noteAll(p uint16, spans []span) {
	if len(s.spans[p]) == 0 {
		s.found = append(s.found, p)
	}
	s.spans[p] = append(s.spans[p], spans...)
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
