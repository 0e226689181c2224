package classify

import (
	"cmp"
	"slices"
	"sort"
)

// gather finds the words that types with candidates need, in the parts of the
// text that are near enough to one.
func (s *scratch) gather() {
	c := s.catalog
	for _, p := range s.found {
		s.mark(p)
	}
	for _, g := range s.seen {
		for _, a := range s.trie.groups[g] {
			s.mark(a.primary)
		}
	}
	if len(s.near) == 0 {
		return
	}
	for _, n := range s.near {
		s.windows = append(s.windows, span{max(0, s.index.at(n.start)-n.reach), s.index.at(n.end) + n.reach})
	}
	s.mergeWindows()
	for i, w := range s.windows {
		from, to := s.index.octet(w.start), s.index.octet(w.end)
		s.windows[i] = span{from, to}
		s.work += to - from
		c.evidence.run(s.text, from, to, s.active, func(l uint16, _, end, runes int) {
			at := s.index.at(end)
			s.hits[l] = append(s.hits[l], span{at - runes, at})
		})
	}
	if c.evidence.inside.auto != nil {
		for l, hits := range s.hits {
			if s.active[l] && !slices.IsSortedFunc(hits, byEnd) {
				slices.SortFunc(hits, byEnd)
			}
		}
	}
}

// mark makes the lists active that types want for candidates of a primary.
func (s *scratch) mark(p uint16) {
	if s.marked[p] || !s.finder.wanted[p] {
		return
	}
	s.marked[p] = true
	for _, t := range s.primaries[p].users {
		if s.wants(t) {
			for _, l := range t.lists {
				s.active[l] = true
			}
		}
	}
}

// reveal makes hits of the primaries that are evidence.
func (s *scratch) reveal() {
	for l, p := range s.catalog.hidden {
		if p >= 0 && s.active[l] {
			for _, o := range s.spans[p] {
				s.hits[l] = append(s.hits[l], span{s.index.at(o.start), s.index.at(o.end)})
			}
			slices.SortFunc(s.hits[l], byEnd)
		}
	}
	s.revealed = true
}

// hitsOf gives the hits of a list. Functions look for theirs when they are first
// asked, as words near by often decide without them.
func (s *scratch) hitsOf(l uint16) []span {
	if find := s.catalog.finders[l]; find != nil && !s.asked[l] {
		s.asked[l] = true
		for _, w := range s.windows {
			s.work += w.end - w.start
			s.hits[l] = find(s, s.hits[l], w.start, w.end)
		}
	}
	return s.hits[l]
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
			return near(s.hitsOf(w.list), m, w.proximity, &s.cursors[w.list])
		}
		return s.count(w, m) >= w.minCount
	}
	n := 0
	for i := range w.of {
		if s.holds(&w.of[i], m) {
			if n++; n >= w.min && w.max >= len(w.of) {
				return true
			}
		}
	}
	return n >= w.min && n <= w.max
}

// count gives how many hits, or how many different ones, lie near a match.
func (s *scratch) count(w *wish, m span) int {
	var seen map[string]bool
	n, hits := 0, s.hitsOf(w.list)
	i, _ := slices.BinarySearchFunc(hits, m.start-w.proximity, func(h span, at int) int { return h.end - at })
	for _, h := range hits[i:] {
		s.work++
		if h.end > m.end+w.proximity {
			break
		}
		if h.start < m.start-w.proximity || h.start < m.end && h.end > m.start {
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
// apart from the match itself. The hits are in order of their ends; the cursor is
// where the last match was among them, as the next is seldom far away.
func near(hits []span, m span, proximity int, cursor *int) bool {
	right := min(*cursor, len(hits))
	if far := 32; right+far < len(hits) && hits[right+far].end <= m.start || right > far && hits[right-far].end > m.start {
		right = sort.Search(len(hits), func(i int) bool { return hits[i].end > m.start })
	}
	for right < len(hits) && hits[right].end <= m.start {
		right++
	}
	for right > 0 && hits[right-1].end > m.start {
		right--
	}
	*cursor = right
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
