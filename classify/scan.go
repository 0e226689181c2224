package classify

import (
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"
)

// scratch is the memory of one scan. It is kept for the next, so that a scan
// without findings allocates nothing.
type scratch struct {
	finder
	catalog    *Catalog
	wantedSome []bool      // by primary, for scans that do not want all types
	some       bool        // not all types are wanted
	types      []bool      // by type, when not all are wanted
	active     []bool      // by list: needed by a type with candidates
	ofWords    []bool      // by list: of words
	hits       [][]span    // by list, in characters, in order of their ends
	asked      []bool      // by list: its function has looked for hits
	cursors    []int       // by list: where among the hits the last match was
	marked     []bool      // by primary: its types' lists are active
	revealed   bool        // primaries that are evidence are hits
	live       []liveCheck // of the group being verified
	zones      zones       // of the primary being verified
	windows    []span      // in characters, apart and in order
	index      runeIndex
	numbers    numberIndex
	instances  []instance
	strings    []byte // values and keys, one behind the other
	keys       []span // where the keys stand in strings
	pieces     []span // by expression
	column     column
	effort     int // left for columns, in octets
}

func newScratch(c *Catalog) *scratch {
	return &scratch{
		catalog: c,
		finder: finder{trie: c.trie, tokens: &c.tokens, primaries: c.primaries, spans: make([][]span, len(c.primaries)),
			shapes: make([]shapeGroup, len(c.trie.groups)), own: make([][]span, len(c.primaries))},
		wantedSome: make([]bool, len(c.primaries)),
		types:      make([]bool, len(c.types)),
		active:     make([]bool, len(c.finders)),
		asked:      make([]bool, len(c.finders)),
		cursors:    make([]int, len(c.finders)),
		marked:     make([]bool, len(c.primaries)),
		hits:       make([][]span, len(c.finders)),
		ofWords:    c.ofWords(),
	}
}

// keptSpans bounds what a scratch keeps of a text with very many candidates.
const keptSpans = 1 << 16

func (s *scratch) reset() {
	s.text, s.work = "", 0
	for _, g := range s.seen {
		s.shapes[g] = shapeGroup{spans: emptied(s.shapes[g].spans)}
	}
	s.seen = s.seen[:0]
	if s.near = s.near[:0]; cap(s.near) > keptSpans {
		s.near = nil
	}
	for _, p := range s.shared {
		s.spans[p], s.own[p] = s.own[p], nil
	}
	s.shared = s.shared[:0]
	for _, p := range s.found {
		s.spans[p] = emptied(s.spans[p])
	}
	s.found = s.found[:0]
	for l := range s.hits {
		s.hits[l] = emptied(s.hits[l])
	}
	clear(s.active)
	clear(s.asked)
	clear(s.marked)
	s.revealed = false
	if cap(s.long) > keptSpans {
		s.long = nil
	}
	if cap(s.strings) > keptSpans {
		s.strings = nil
	}
	s.keys = emptied(s.keys)
	s.windows = emptied(s.windows)
	if cap(s.instances) > keptSpans {
		s.instances = nil
	}
	s.index.reset()
	s.numbers.reset()
	clear(s.column.cells)
	s.column = column{cells: s.column.cells[:0]}
}

func emptied(spans []span) []span {
	if cap(spans) > keptSpans {
		return nil
	}
	return spans[:0]
}

// instance is a candidate that satisfies a pattern.
type instance struct {
	octets, runes span
	confidence    int
	primary       uint16
	pattern       *pattern
}

// Scan looks for types in a text, which is one item: neither evidence nor
// proximity leaves it. wanted names the types needed; nil is all. Detections come
// in the order of the types' names, and only of types with an instance. Octets
// that are not UTF-8 count as one character each; full-width digits and letters
// and the decimal digits of all scripts are read, and given, as ASCII.
func (c *Catalog) Scan(text string, wanted map[*Type]bool) []Detection {
	return c.scan(text, wanted, func(*scratch) {})
}

// scan is Scan, and shows the memory of the scan when it is done.
func (c *Catalog) scan(text string, wanted map[*Type]bool, done func(s *scratch)) []Detection {
	ascii := isASCII(text)
	if !ascii {
		if !utf8.ValidString(text) {
			text = string([]rune(text))
		}
		text = narrow(text)
	}
	s := c.pool.Get().(*scratch)
	defer func() {
		done(s)
		s.reset()
		c.pool.Put(s)
	}()
	s.text = text
	s.want(c, wanted)
	s.run()
	if len(c.regexes.list) > 0 {
		s.expressions(&c.regexes)
	}
	c.words.run(text, 0, len(text), s.finder.wanted, func(p uint16, start, end, _ int) { s.whole(p, start, end) })
	for _, d := range c.dictionaries {
		if s.finder.wanted[d.primary] {
			d.terms.each(text, 0, len(text), func(start, end int) { s.whole(d.primary, start, end) })
		}
	}
	if len(s.found) == 0 && len(s.seen) == 0 {
		return nil
	}
	s.index.build(text, ascii)
	s.effort = columnEffort*len(text) + columnFloor
	s.gather()
	s.verify()
	s.reveal()
	return c.judgeAll(s)
}

// want notes the types and primaries wanted; nil is all.
func (s *scratch) want(c *Catalog, wanted map[*Type]bool) {
	s.some = wanted != nil
	if !s.some {
		s.finder.wanted = c.everyone
		return
	}
	s.finder.wanted = s.wantedSome
	clear(s.wantedSome)
	clear(s.types)
	for t, want := range withMembers(wanted) {
		s.types[t.compiled.place] = want
		for _, p := range t.compiled.needs {
			s.wantedSome[p] = true
		}
	}
}

// wants tells whether a type is wanted.
func (s *scratch) wants(t *compiledType) bool { return !s.some || s.types[t.place] }

// withMembers adds the members of the bundles wanted.
func withMembers(wanted map[*Type]bool) map[*Type]bool {
	all := wanted
	for t, want := range wanted {
		if !want {
			continue
		}
		for _, m := range t.compiled.members {
			if !all[m] {
				if len(all) == len(wanted) {
					all = maps.Clone(wanted)
				}
				all[m] = true
			}
		}
	}
	return all
}

// judgeAll gives the instances of all types wanted.
func (c *Catalog) judgeAll(s *scratch) []Detection {
	var found []Detection
	for _, t := range c.types {
		if !s.wants(t.compiled) || len(t.compiled.members) > 0 {
			continue
		}
		if matches := s.judge(t.compiled); len(matches) > 0 {
			found = append(found, Detection{Type: t, Matches: matches})
		}
	}
	if len(found) == 0 {
		return nil
	}
	var bundles []Detection
	for _, t := range c.types {
		if len(t.compiled.members) == 0 || !s.wants(t.compiled) {
			continue
		}
		if matches := bundled(t.compiled.members, found); len(matches) > 0 {
			bundles = append(bundles, Detection{Type: t, Matches: matches})
		}
	}
	if len(bundles) > 0 {
		found = append(found, bundles...)
		slices.SortStableFunc(found, func(a, b Detection) int {
			return cmp.Compare(slices.Index(c.types, a.Type), slices.Index(c.types, b.Type))
		})
	}
	return found
}

// bundled gives the instances of the members of a bundle; of those that overlap
// the surest, then the longest.
func bundled(members []*Type, found []Detection) []Match {
	var all []*Match
	for i := range found {
		if slices.Contains(members, found[i].Type) {
			for j := range found[i].Matches {
				all = append(all, &found[i].Matches[j])
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Match) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return cmp.Or(b.Confidence-a.Confidence, b.Length-a.Length)
	})
	kept := all[:0]
	for _, m := range all {
		if n := len(kept); n == 0 || m.Offset >= kept[n-1].Offset+kept[n-1].Length {
			kept = append(kept, m)
		} else if m.Confidence > kept[n-1].Confidence {
			kept[n-1] = m
		}
	}
	if len(kept) == 0 {
		return nil
	}
	matches := make([]Match, len(kept))
	for i, m := range kept {
		matches[i] = *m
	}
	return matches
}

// judge gives the instances of a type.
func (s *scratch) judge(t *compiledType) []Match {
	s.instances = s.instances[:0]
	for _, p := range t.primaries {
		if len(s.spans[p]) == 0 || !s.possible(t, p) {
			continue
		}
		for _, octets := range s.spans[p] {
			if (t.dropMocks || t.dropTests) && s.dummy(t, p, octets) || !keepsAll(t.filters, s.text, octets.start, octets.end) {
				continue
			}
			s.work++
			runes := span{s.index.at(octets.start), s.index.at(octets.end)}
			for i := range t.patterns {
				pt := &t.patterns[i]
				if pt.primary == p && s.satisfied(pt.wishes, runes) && keepsAll(pt.filters, s.text, octets.start, octets.end) {
					s.instances = append(s.instances, instance{octets, runes, pt.confidence, p, pt})
					break
				}
			}
		}
	}
	if len(s.instances) == 0 {
		return nil
	}
	// Of candidates that overlap the surest stays, then the longest.
	if !slices.IsSortedFunc(s.instances, surest) {
		slices.SortFunc(s.instances, surest)
	}
	kept := s.instances[:1]
	for _, x := range s.instances[1:] {
		last := &kept[len(kept)-1]
		switch {
		case x.octets.start >= last.octets.end:
			kept = append(kept, x)
		case x.confidence > last.confidence:
			*last = x
		}
	}
	s.column.value = "" // what is found does not hang on the types before
	matches := make([]Match, len(kept))
	for i, x := range kept {
		clear, secret := s.text[x.octets.start:x.octets.end], s.primaries[x.primary].secret
		if x.confidence > columnLow && !t.definition.custom && s.inColumn(&x) {
			x.confidence = columnLow
		}
		s.long = appendKey(s.long[:0], clear, secret)
		key := len(s.strings) + len(clear)
		s.strings = appendKeyOf(append(s.strings, clear...), s.long)
		s.keys = append(s.keys, span{key, len(s.strings)})
		matches[i] = Match{
			Offset: x.runes.start, Length: x.runes.end - x.runes.start, Confidence: x.confidence,
			Placeholder: secret && isMockSecret(clear) || !secret && isTestNumber(s.long),
		}
	}
	// One piece of memory holds the values and keys of all.
	all, from := string(s.strings), 0
	for i, k := range s.keys {
		matches[i].Value, matches[i].Key = Value{all[from:k.start]}, all[k.start:k.end]
		from = k.end
	}
	s.strings, s.keys = s.strings[:0], s.keys[:0]
	return matches
}

// surest orders instances by where they begin, then by confidence and length.
func surest(a, b instance) int {
	if a.octets.start != b.octets.start {
		return a.octets.start - b.octets.start
	}
	return cmp.Or(b.confidence-a.confidence, b.octets.end-a.octets.end)
}

// dummy tells whether a candidate is made up and to be dropped for it.
func (s *scratch) dummy(t *compiledType, p uint16, at span) bool {
	value := s.text[at.start:at.end]
	if s.primaries[p].secret {
		return t.dropMocks && isMockSecret(value)
	}
	if !t.dropTests {
		return false
	}
	s.long = normalise(s.long[:0], value)
	return isTestNumber(s.long)
}

// appendKey appends what instances are counted by: numbers without delimiters and
// in capitals, words folded, secrets as they are.
func appendKey(to []byte, value string, secret bool) []byte {
	if secret {
		return append(to, value...)
	}
	if n := len(to); isASCII(value) {
		if to = normalise(to, value); len(to) > n {
			return to
		}
	}
	return append(to, foldTerm(value)...)
}

// normalise appends a value without delimiters and in capitals.
func normalise(to []byte, value string) []byte {
	for i := range len(value) {
		switch c := value[i]; alnum[c] {
		case 0:
		case classSmall:
			to = append(to, c-'a'+'A')
		default:
			to = append(to, c)
		}
	}
	return to
}
