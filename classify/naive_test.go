package classify

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// naiveCandidates tries each way of writing of a primary at each place of a text.
func naiveCandidates(t *testing.T, text string, p *primaryDef) map[span]bool {
	t.Helper()
	found := map[span]bool{}
	check, raw := p.checks.functions(true)
	for _, format := range p.formats {
		layouts, err := parseFormat(format, p.delimiters, p.upper)
		if err != nil {
			t.Fatal(err)
		}
		for i := range text {
			if !isAlnum(text[i]) || i > 0 && isAlnum(text[i-1]) {
				continue
			}
			for _, l := range layouts {
				end, value := naiveLayout(text, i, &l)
				if end > 0 && (check == nil || check(value)) && (raw == nil || raw([]byte(text[i:end]))) {
					found[span{i, end}] = true
				}
			}
		}
	}
	return found
}

// naiveLayout gives the end of a value that is written like a layout from octet i on,
// 0 when there is none, and the value.
func naiveLayout(text string, i int, l *layout) (end int, value []byte) {
	f := finder{text: text, start: i}
	numbered := false // a digit is in the first word or the second, or the first is capitals
	for n, shape := range l.words {
		w := word{start: i, end: i}
		for w.end < len(text) && isAlnum(text[w.end]) {
			w.end++
		}
		if w.len() != shape.length || n == 0 && !f.begins(&w) {
			return 0, nil
		}
		if written := text[w.start:w.end]; n < 2 && strings.ContainsAny(written, "0123456789") ||
			n == 0 && len(written) >= minCapitals && written == strings.ToUpper(written) {
			numbered = true
		}
		for k := range w.len() {
			c := text[i+k]
			if shape.capital>>k&1 == 1 && alnum[c] == classSmall || setOf(c)&l.sets[len(value)] == 0 {
				return 0, nil
			}
			value = append(value, strings.ToUpper(string(c))...)
		}
		i = w.end
		if n == len(l.delims) {
			break
		}
		kind, size := delimiterAt(text, i)
		if kind != l.delims[n] {
			return 0, nil
		}
		i += size
	}
	if !numbered || len(l.delims) < len(l.words) && !f.ends(i) {
		return 0, nil
	}
	return i, value
}

// The candidates of a scan are those that a search finds which tries each format at
// each place.
func TestCandidatesAreThoseOfASimpleSearch(t *testing.T) {
	defs, _, _ := loadBuiltin()
	r := rand.New(rand.NewPCG(21, 22))
	for _, d := range defs {
		if len(d.members) > 0 {
			continue
		}
		c, err := compile([]*definition{d}, Placeholders{})
		if err != nil {
			t.Fatal(err)
		}
		var simple []*primaryDef
		all := true
		for _, p := range d.primaries {
			if len(p.formats) > 0 && !p.free && !p.loose {
				simple = append(simple, &p)
			} else {
				all = false
			}
		}
		var texts []string
		for _, m := range d.match {
			texts = append(texts, m.text, mutated(r, m.text), mutated(r, m.text))
		}
		for _, m := range d.noMatch {
			texts = append(texts, m.text)
		}
		for _, text := range texts {
			if text = narrow(string([]rune(text))); len(text) > 500 || len(simple) == 0 {
				continue
			}
			want := map[span]bool{}
			for _, p := range simple {
				for at := range naiveCandidates(t, text, p) {
					want[at] = true
				}
			}
			got := candidatesOf(c, text)
			for at := range want {
				if !got[at] {
					t.Errorf("%s: octets %v of %q are no candidate", d.info.Name, at, text)
				}
			}
			for at := range got {
				if all && !want[at] {
					t.Errorf("%s: octets %v of %q are a candidate", d.info.Name, at, text)
				}
			}
		}
	}
}

// candidatesOf gives the candidates of the type of a catalogue, whatever stands near
// them.
func candidatesOf(c *Catalog, text string) map[span]bool {
	s := newScratch(c)
	s.text, s.wanted = text, c.everyone
	s.run()
	s.index.build(text, false)
	for l := range s.hits {
		s.hits[l] = make([]span, maxZones)
	}
	s.verify()
	found := map[span]bool{}
	for _, p := range c.types[0].compiled.primaries {
		for _, at := range s.spans[p] {
			found[at] = true
		}
	}
	return found
}

// mutated gives a text with some of its characters changed.
func mutated(r *rand.Rand, text string) string {
	b := []byte(text)
	for range 3 {
		if i := r.IntN(len(b)); b[i] < 0x80 {
			b[i] = "0123456789AZaz -./"[r.IntN(18)]
		}
	}
	return string(b)
}
