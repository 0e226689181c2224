package classify

import (
	"cmp"
	"slices"
	"sort"
)

// gather finds the evidence that types with candidates need, in the parts of the
// text that are near enough to one.
func (c *Catalog) gather(s *scratch, wanted map[*Type]bool) {
	needed := false
	for _, t := range c.types {
		ct := t.compiled
		if wanted != nil && !wanted[t] || len(ct.lists) == 0 {
			continue
		}
		with := false
		for _, p := range ct.primaries {
			if len(s.spans[p]) > 0 {
				with = true
				s.addWindows(p, ct.proximity)
			}
		}
		if with {
			needed = true
			for _, l := range ct.lists {
				s.active[l] = true
			}
		}
	}
	if !needed {
		return
	}
	s.mergeWindows()
	for _, w := range s.windows {
		from, to := s.index.octet(w.start), s.index.octet(w.end)
		c.auto.run(s.text, from, to, func(term, end int) bool {
			s.hit(c, term, end)
			return true
		})
		for l, find := range c.finders {
			if find != nil && s.active[l] {
				s.hits[l] = find(s, s.hits[l], from, to)
			}
		}
	}
}

// hit keeps a term that ends at an octet, for the lists that are needed, when it
// is a word of its own.
func (s *scratch) hit(c *Catalog, term, end int) {
	lists := c.termLists[term]
	if !slices.ContainsFunc(lists, func(l uint16) bool { return s.active[l] }) || !edge(s.text, end) {
		return
	}
	start, runes := c.auto.begin(s.text, end, term)
	if !edge(s.text, start) {
		return
	}
	at := s.index.at(end)
	for _, l := range lists {
		if s.active[l] {
			s.hits[l] = append(s.hits[l], span{at - runes, at})
		}
	}
}

// addWindows notes the neighbourhoods of the candidates of a primary.
func (s *scratch) addWindows(p uint16, proximity int) {
	for _, octets := range s.spans[p] {
		w := span{max(0, s.index.at(octets.start)-proximity), s.index.at(octets.end) + proximity}
		if n := len(s.windows); n > 0 && w.start >= s.windows[n-1].start && w.start <= s.windows[n-1].end {
			s.windows[n-1].end = max(s.windows[n-1].end, w.end)
			continue
		}
		s.windows = append(s.windows, w)
	}
}

// mergeWindows sorts the windows and joins those that touch.
func (s *scratch) mergeWindows() {
	slices.SortFunc(s.windows, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	kept := s.windows[:1]
	for _, w := range s.windows[1:] {
		if last := &kept[len(kept)-1]; w.start <= last.end {
			last.end = max(last.end, w.end)
		} else {
			kept = append(kept, w)
		}
	}
	s.windows = kept
}

// satisfied tells whether a pattern holds for a candidate, in characters.
func (s *scratch) satisfied(p *pattern, m span, proximity int) bool {
	for _, l := range p.all {
		if !near(s.hits[l], m, proximity) {
			return false
		}
	}
	for i := range p.any {
		g := &p.any[i]
		n := 0
		for _, l := range g.of {
			if near(s.hits[l], m, proximity) {
				n++
			}
		}
		if n < g.min || n > g.max {
			return false
		}
	}
	return true
}

// near tells whether a hit lies within proximity of a match: whole between the
// character so many before its first and the one so many behind its last, and
// apart from the match itself. The hits are in order of their ends.
func near(hits []span, m span, proximity int) bool {
	right := sort.Search(len(hits), func(i int) bool { return hits[i].end > m.start })
	for i := right - 1; i >= 0 && hits[i].end > m.start-proximity; i-- {
		if hits[i].start >= m.start-proximity {
			return true
		}
	}
	for i := right; i < len(hits) && hits[i].end <= m.end+proximity; i++ {
		if hits[i].start >= m.end {
			return true
		}
	}
	return false
}
