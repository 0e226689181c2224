package classify

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// naiveHits finds the words of a list by trying each at every place.
func naiveHits(text string, x *runeIndex, terms []string) (hits []span) {
	for i := range text {
		for _, term := range terms {
			if end := naiveEnd(text, i, term); end >= 0 {
				hits = append(hits, span{x.at(i), x.at(end)})
			}
		}
	}
	return hits
}

func naiveNear(hits []span, m span, proximity int) bool {
	return slices.ContainsFunc(hits, func(h span) bool {
		return h.start >= m.start-proximity && h.end <= m.end+proximity && (h.end <= m.start || h.start >= m.end)
	})
}

// naiveConfidence judges a candidate with all hits of the text, 0 for none.
func naiveConfidence(t *compiledType, primary uint16, m span, hits map[uint16][]span) (best int) {
	var holds func(w wish) bool
	holds = func(w wish) bool {
		if !w.group {
			return naiveNear(hits[w.list], m, w.proximity)
		}
		n := 0
		for _, x := range w.of {
			if holds(x) {
				n++
			}
		}
		return n >= w.min && n <= w.max
	}
	for _, p := range t.patterns {
		if p.primary == primary && !slices.ContainsFunc(p.wishes, func(w wish) bool { return !holds(w) }) {
			best = max(best, p.confidence)
		}
	}
	return best
}

// A scan gives places in the text, in order and apart, and the confidences that a
// search without automaton and windows gives.
func FuzzScan(f *testing.F) {
	f.Add("SSN 536-22-1234, aba 121000358 and 536221234")
	f.Add("カード番号４１１１１１１１１１１１１１１１ \xff visa")
	f.Add("national  insurance\u00a0number ab 12 34 56 c, NI #JK123456D")
	f.Add("SIN 130 692 544 NHS 943-476-5870 taxpayer 912-70-3456")
	f.Add("BIC DEUTDEFF DE89370400440532013000 NO 93 8601 11 17947 visa 4111-1111-1111-1111 12/24")
	f.Add(prose(400) + "121000358" + prose(290) + " aba 121000358")
	f.Add("SSN on file, its invoice no. 536221234")
	c := Builtin()
	terms := map[uint16][]string{}
	for term, uses := range c.evidence.whole.uses {
		for _, u := range uses {
			terms[u.owner] = append(terms[u.owner], c.evidence.whole.auto.terms[term])
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		found := c.Scan(text, nil)
		n := utf8.RuneCountInString(text)
		got := map[*Type]map[int]Match{}
		for _, d := range found {
			got[d.Type] = map[int]Match{}
			end := 0
			for _, m := range d.Matches {
				if m.Offset < end || m.Length <= 0 || m.Offset+m.Length > n || utf8.RuneCountInString(m.Value.Reveal()) != m.Length {
					t.Fatalf("%s: a match at %d of length %d in %d characters", d.Type.Name, m.Offset, m.Length, n)
				}
				end = m.Offset + m.Length
				got[d.Type][m.Offset] = m
			}
		}
		s := newScratch(c)
		s.text = narrow(string([]rune(text)))
		s.wanted = c.everyone
		s.run()
		s.index.build(s.text, false)
		for l := range s.hits {
			s.hits[l] = make([]span, maxZones) // no primary is passed over for want of evidence
		}
		s.verify()
		for _, typ := range c.types {
			ct := typ.compiled
			if len(ct.members) > 0 {
				continue // a bundle has what its members have
			}
			hits := map[uint16][]span{}
			for _, l := range ct.lists {
				if c.finders[l] != nil {
					hits[l] = c.finders[l](s, nil, 0, len(s.text))
				} else {
					hits[l] = naiveHits(s.text, &s.index, terms[l])
				}
			}
			for _, p := range ct.primaries {
				for _, o := range s.spans[p] {
					m := span{s.index.at(o.start), s.index.at(o.end)}
					// What stands around a number may make it less sure, never another one surer.
					want := min(naiveConfidence(ct, p, m, hits), columnLow)
					if g, ok := got[typ][m.start]; want > 0 && ok && g.Confidence < want {
						t.Errorf("%s at %d: confidence %d, want %d", typ.Name, m.start, g.Confidence, want)
					} else if want > 0 && !ok && !covered(got[typ], m, want) {
						t.Errorf("%s at %d: not found, want %d", typ.Name, m.start, want)
					}
				}
			}
			for _, g := range got[typ] {
				best := 0
				for _, p := range ct.primaries {
					for _, o := range s.spans[p] {
						if m := (span{s.index.at(o.start), s.index.at(o.end)}); m == (span{g.Offset, g.Offset + g.Length}) {
							best = max(best, naiveConfidence(ct, p, m, hits))
						}
					}
				}
				if best != g.Confidence && (best < columnLow || g.Confidence != columnLow) {
					t.Errorf("%s at %d: confidence %d, want %d", typ.Name, g.Offset, g.Confidence, best)
				}
			}
		}
	})
}

// covered tells whether a match as sure as wanted overlaps a candidate.
func covered(matches map[int]Match, m span, want int) bool {
	for _, g := range matches {
		if g.Offset < m.end && m.start < g.Offset+g.Length && g.Confidence >= want {
			return true
		}
	}
	return false
}
