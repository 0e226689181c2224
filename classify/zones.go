package classify

import (
	"cmp"
	"slices"
	"sort"
)

// zones are the parts of a text where a candidate of a primary may have the evidence
// that its types want: near one of the words that they cannot do without.
type zones struct {
	whole bool   // anywhere
	parts []span // in characters, apart and in order
}

// maxZones is how many hits make zones; where there are more, candidates are looked
// at everywhere.
const maxZones = 1 << 10

// zonesOf finds the zones of a primary.
func (s *scratch) zonesOf(p uint16) *zones {
	z := &s.zones
	z.parts, z.whole = z.parts[:0], s.primaries[p].hidden
	for _, t := range s.primaries[p].users {
		if z.whole {
			break
		}
		if !s.wants(t) {
			continue
		}
		for i := range t.patterns {
			if pt := &t.patterns[i]; pt.primary == p && !s.noneOf(pt.wishes) {
				s.addZones(z, pt.wishes)
			}
		}
	}
	if z.whole || len(z.parts) < 2 {
		return z
	}
	slices.SortFunc(z.parts, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	kept := z.parts[:1]
	for _, w := range z.parts[1:] {
		if last := &kept[len(kept)-1]; w.start <= last.end {
			last.end = max(last.end, w.end)
		} else {
			kept = append(kept, w)
		}
	}
	z.parts = kept
	return z
}

// addZones adds where wishes may hold: near the hits of the one that has fewest.
func (s *scratch) addZones(z *zones, wishes []wish) {
	var gate *wish
	least := maxZones - len(z.parts)
	for i := range wishes {
		if n := s.hitsFor(&wishes[i]); n < least {
			gate, least = &wishes[i], n
		}
	}
	if gate == nil {
		z.whole = true
		return
	}
	s.addHits(z, gate)
}

// hitsFor counts the hits of which a wish needs one near by, maxZones when it may do
// without, or when they are not known yet.
func (s *scratch) hitsFor(w *wish) int {
	if !w.group {
		if w.proximity == unlimited || s.open(w.list) {
			return maxZones
		}
		return len(s.hits[w.list])
	}
	if w.min == 0 {
		return maxZones
	}
	n := 0
	for i := range w.of {
		n += s.hitsFor(&w.of[i])
	}
	return min(n, maxZones)
}

func (s *scratch) addHits(z *zones, w *wish) {
	if w.group {
		for i := range w.of {
			s.addHits(z, &w.of[i])
		}
		return
	}
	for _, h := range s.hits[w.list] {
		z.parts = append(z.parts, span{max(0, h.start-w.proximity), h.end + w.proximity})
	}
}

// maxFormatted is the most octets of a candidate that has the shape of a format.
const maxFormatted = 512

// within calls use with the candidates that lie in the zones, or at their edges. The
// candidates are in order.
func (z *zones) within(s *scratch, candidates []span, use func(some []span)) {
	if z.whole {
		use(candidates)
		return
	}
	for _, part := range z.parts {
		from, to := s.index.octet(part.start)-maxFormatted, s.index.octet(part.end)
		i := sort.Search(len(candidates), func(i int) bool { return candidates[i].start >= from })
		candidates = candidates[i:]
		n := sort.Search(len(candidates), func(i int) bool { return candidates[i].start > to })
		if n > 0 {
			use(candidates[:n])
			candidates = candidates[n:]
		}
	}
}
