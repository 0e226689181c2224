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
		if slices.ContainsFunc(ct.primaries, func(p uint16) bool { return len(s.spans[p]) > 0 }) {
			needed = true
			for _, l := range ct.lists {
				s.active[l] = true
			}
		}
	}
	if !needed {
		return
	}
	for l, p := range c.hidden {
		if p >= 0 && s.active[l] {
			for _, o := range s.spans[p] {
				s.hits[l] = append(s.hits[l], span{s.index.at(o.start), s.index.at(o.end)})
			}
			slices.SortFunc(s.hits[l], byEnd)
		}
	}
	if len(s.near) == 0 {
		return
	}
	for _, n := range s.near {
		s.windows = append(s.windows, span{max(0, s.index.at(n.start)-n.reach), s.index.at(n.end) + n.reach})
	}
	s.mergeWindows()
	for _, w := range s.windows {
		from, to := s.index.octet(w.start), s.index.octet(w.end)
		c.evidence.run(s.text, from, to, s.active, func(l uint16, _, end, runes int) {
			at := s.index.at(end)
			s.hits[l] = append(s.hits[l], span{at - runes, at})
		})
		for l, find := range c.finders {
			if find != nil && s.active[l] {
				s.hits[l] = find(s, s.hits[l], from, to)
			}
		}
	}
	if c.evidence.inside.auto != nil {
		for l, hits := range s.hits {
			if s.active[l] && !slices.IsSortedFunc(hits, byEnd) {
				slices.SortFunc(hits, byEnd)
			}
		}
	}
}

func byEnd(a, b span) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start)) }

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

// satisfied tells whether all wishes hold for a candidate, in characters.
func (s *scratch) satisfied(wishes []wish, m span) bool {
	for i := range wishes {
		if !s.holds(&wishes[i], m) {
			return false
		}
	}
	return true
}

func (s *scratch) holds(w *wish, m span) bool {
	if !w.group {
		if w.minCount <= 1 {
			return near(s.hits[w.list], m, w.proximity)
		}
		return s.count(w, m) >= w.minCount
	}
	n := 0
	for i := range w.of {
		if s.holds(&w.of[i], m) {
			n++
		}
	}
	return n >= w.min && n <= w.max
}

// count gives how many hits, or how many different ones, lie near a match.
func (s *scratch) count(w *wish, m span) int {
	var seen map[string]bool
	n := 0
	for _, h := range s.hits[w.list] {
		if h.start < m.start-w.proximity || h.end > m.end+w.proximity || h.start < m.end && h.end > m.start {
			continue
		}
		if w.unique {
			text := foldTerm(s.text[s.index.octet(h.start):s.index.octet(h.end)])
			if seen[text] {
				continue
			}
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[text] = true
		}
		if n++; n >= w.minCount {
			break
		}
	}
	return n
}

// near tells whether a hit lies within proximity of a match: whole between the
// character so many before its first and the one so many behind its last, and
// apart from the match itself. The hits are in order of their ends.
func near(hits []span, m span, proximity int) bool {
	if len(hits) == 0 {
		return false
	}
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
