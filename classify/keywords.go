package classify

import "slices"

// keywords looks for the words of several owners, which are lists of evidence or
// primary elements, in one pass.
type keywords struct {
	whole, inside keywordSet
}

type keywordSet struct {
	auto   *automaton
	terms  map[string]int
	uses   [][]keywordUse // by term
	owners []uint16       // of all words
}

// keywordUse is an owner of a term; exact is how the term must be written, empty
// when case does not count.
type keywordUse struct {
	owner uint16
	exact string
}

func newKeywords() keywords {
	return keywords{whole: keywordSet{terms: map[string]int{}}, inside: keywordSet{terms: map[string]int{}}}
}

func (k *keywords) add(owner uint16, words []wordDef) {
	for _, w := range words {
		set := &k.whole
		if w.anywhere {
			set = &k.inside
		}
		folded := foldTerm(w.text)
		term, ok := set.terms[folded]
		if !ok {
			term = len(set.uses)
			set.terms[folded] = term
			set.uses = append(set.uses, nil)
		}
		use := keywordUse{owner: owner}
		if w.exact {
			use.exact = w.text
		}
		if !slices.Contains(set.owners, owner) {
			set.owners = append(set.owners, owner)
		}
		if !slices.Contains(set.uses[term], use) {
			set.uses[term] = append(set.uses[term], use)
		}
	}
}

func (k *keywords) compile() error {
	for _, set := range []*keywordSet{&k.whole, &k.inside} {
		if len(set.terms) == 0 {
			continue
		}
		terms := make([]string, len(set.terms))
		for t, i := range set.terms {
			terms[i] = t
		}
		auto, err := newAutomaton(terms)
		if err != nil {
			return err
		}
		auto.inside = set == &k.inside
		set.auto, set.terms = auto, nil
	}
	return nil
}

// run calls hit with each word of a wanted owner in text[from:to]: where it
// begins and ends, in octets, and its characters.
func (k *keywords) run(text string, from, to int, wanted []bool, hit func(owner uint16, start, end, runes int)) {
	for _, set := range []*keywordSet{&k.whole, &k.inside} {
		if set.auto == nil || !slices.ContainsFunc(set.owners, func(o uint16) bool { return wanted[o] }) {
			continue
		}
		set.auto.run(text, from, to, func(term, end int) bool {
			uses := set.uses[term]
			if !set.auto.inside && !edge(text, end) || !slices.ContainsFunc(uses, func(u keywordUse) bool { return wanted[u.owner] }) {
				return true
			}
			start, runes := set.auto.begin(text, end, term)
			if start < from || !set.auto.inside && !edge(text, start) {
				return true
			}
			for _, u := range uses {
				if wanted[u.owner] && (u.exact == "" || u.exact == text[start:end]) {
					hit(u.owner, start, end, runes)
				}
			}
			return true
		})
	}
}
