package classify

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// compile makes one catalogue of types. Primaries and evidence that are the same
// in several types are looked for once.
func compile(defs []*definition, dummies Placeholders) (*Catalog, error) {
	c := &Catalog{names: map[string]*Type{}, trie: newTrie(), words: newKeywords(), evidence: newKeywords(), placeholders: dummies}
	b := builder{catalog: c, primaries: map[string]uint16{}, lists: map[string]uint16{}}
	for _, d := range defs {
		t := d.info
		if err := b.add(&t, d); err != nil {
			return nil, fmt.Errorf("%s: %w", d.info.Name, err)
		}
		for _, name := range append([]string{t.Name, t.ID}, t.Aliases...) {
			name = strings.ToLower(name)
			if other := c.names[name]; other != nil && other != &t {
				return nil, fmt.Errorf("%q names both %s and %s", name, other.Name, t.Name)
			}
			c.names[name] = &t
		}
		c.types = append(c.types, &t)
	}
	if err := b.bundles(); err != nil {
		return nil, err
	}
	slices.SortFunc(c.types, func(a, b *Type) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	if err := errors.Join(c.words.compile(), c.evidence.compile(), c.regexes.compile()); err != nil {
		return nil, err
	}
	c.trie.settle()
	for i, t := range c.types {
		ct := t.compiled
		ct.place = i
		for _, p := range ct.primaries {
			c.primaries[p].users = append(c.primaries[p].users, ct)
		}
	}
	for _, p := range c.hidden {
		if p >= 0 {
			c.primaries[p].hidden = true
		}
	}
	c.everyone = make([]bool, max(len(c.primaries), len(c.finders)))
	for i := range c.everyone {
		c.everyone[i] = true
	}
	c.pool.New = func() any { return newScratch(c) }
	return c, nil
}

// builder gives places in the catalogue's tables.
type builder struct {
	catalog   *Catalog
	primaries map[string]uint16 // by what they look for
	lists     map[string]uint16
}

// bundles finds the members of bundles, which may not be bundles themselves.
func (b *builder) bundles() error {
	for _, t := range b.catalog.types {
		for _, name := range t.compiled.definition.members {
			m, ok := b.catalog.names[strings.ToLower(name)]
			if !ok {
				return fmt.Errorf("%s: there is no type %q", t.Name, name)
			}
			if len(m.compiled.definition.members) > 0 {
				return fmt.Errorf("%s: %s is a bundle and cannot be in one", t.Name, m.Name)
			}
			t.compiled.members = append(t.compiled.members, m)
		}
	}
	return nil
}

func (b *builder) add(t *Type, d *definition) error {
	dummies := b.catalog.placeholders
	ct := &compiledType{definition: d, filters: d.filters,
		dropTests: d.dummies == dummyDrop || d.dummies == dummyDefault && dummies.DropTestNumbers,
		dropMocks: d.dummies == dummyDrop || d.dummies == dummyDefault && !dummies.KeepMockSecrets}
	t.compiled = ct
	primaries := map[string]uint16{}
	for name, p := range d.primaries {
		id, err := b.primary(p)
		if err != nil {
			return err
		}
		primaries[name] = id
	}
	lists := map[string]uint16{}
	for name, e := range d.evidence {
		id, err := b.list(e)
		if err != nil {
			return err
		}
		lists[name] = id
		if h := b.catalog.hidden[id]; h >= 0 && !slices.Contains(ct.needs, uint16(h)) {
			ct.needs = append(ct.needs, uint16(h))
		}
		if !slices.Contains(ct.lists, id) {
			ct.lists = append(ct.lists, id)
		}
	}
	for _, p := range d.patterns {
		proximity := cmp.Or(p.proximity, d.proximity)
		reach := 0
		cp := pattern{confidence: p.confidence, primary: primaries[p.primary], filters: p.filters}
		cp.wishes = wishes(append(slices.Clone(p.all), p.any...), lists, proximity, &reach)
		ct.patterns = append(ct.patterns, cp)
		if !slices.Contains(ct.primaries, cp.primary) {
			ct.primaries = append(ct.primaries, cp.primary)
		}
		known := &b.catalog.primaries[cp.primary]
		known.reach = max(known.reach, reach)
	}
	for _, p := range ct.primaries {
		if !slices.Contains(ct.needs, p) {
			ct.needs = append(ct.needs, p)
		}
	}
	// The best comes first, so that the first pattern that holds decides.
	slices.SortStableFunc(ct.patterns, func(a, b pattern) int { return cmp.Compare(b.confidence, a.confidence) })
	return nil
}

// wishes compiles clauses; reach grows to the farthest of them.
func wishes(defs []clauseDef, lists map[string]uint16, proximity int, reach *int) []wish {
	ws := make([]wish, 0, len(defs))
	for _, d := range defs {
		w := wish{proximity: cmp.Or(d.proximity, proximity), minCount: d.minCount, unique: d.unique, group: d.group, min: d.min, max: d.max}
		if d.group {
			w.of = wishes(d.of, lists, proximity, reach)
		} else {
			w.list = lists[d.ref]
			*reach = max(*reach, w.proximity)
		}
		ws = append(ws, w)
	}
	return ws
}

func (p *primaryDef) key() string {
	var b strings.Builder
	fmt.Fprint(&b, p.checks.key(), p.free, p.loose, p.upper, p.secret, p.delimiters, p.formats, p.words)
	if p.token != nil {
		fmt.Fprint(&b, "token", p.token.alphabet, p.token.min, p.token.max, p.token.suffix)
	}
	if p.regex != nil {
		b.WriteString("regex" + p.regex.text)
	}
	if p.dictionary != nil {
		fmt.Fprintf(&b, "dictionary%p", p.dictionary)
	}
	return b.String()
}

func (b *builder) primary(p primaryDef) (uint16, error) {
	key := p.key()
	if id, ok := b.primaries[key]; ok {
		return id, nil
	}
	c := b.catalog
	if len(c.primaries) >= math.MaxUint16 || len(c.finders) >= math.MaxUint16 {
		return 0, errors.New("there are too many types")
	}
	id := uint16(len(c.primaries))
	b.primaries[key] = id
	one := primary{secret: p.secret}
	one.check, one.raw = p.checks.functions(len(p.formats) > 0)
	c.primaries = append(c.primaries, one)
	switch {
	case p.token != nil:
		c.tokens.add(p.token, p.checks.marked(), id)
	case p.regex != nil:
		c.regexes.add(p.regex, id)
	case p.dictionary != nil:
		c.dictionaries = append(c.dictionaries, ownedDictionary{id, p.dictionary})
	case len(p.words) > 0:
		c.words.add(id, p.words)
	}
	for _, f := range p.formats {
		if p.free {
			if err := c.trie.addFree(f, p.delimiters, p.upper, id); err != nil {
				return 0, fmt.Errorf("format %q: %w", f, err)
			}
			continue
		}
		layouts, err := parseFormat(f, p.delimiters, p.upper)
		if err != nil {
			return 0, fmt.Errorf("format %q: %w", f, err)
		}
		add := c.trie.add
		if p.loose {
			add = c.trie.addLoose
		}
		for _, l := range layouts {
			if err := add(l, id); err != nil {
				return 0, fmt.Errorf("format %q: %w", f, err)
			}
		}
	}
	return id, nil
}

func (b *builder) list(e evidenceDef) (uint16, error) {
	hidden, key := -1, "function "+e.function
	switch {
	case e.hidden != nil && e.hidden.dictionary != nil:
		key = fmt.Sprintf("dictionary %p", e.hidden.dictionary)
	case e.hidden != nil:
		p, err := b.primary(*e.hidden)
		if err != nil {
			return 0, err
		}
		hidden, key = int(p), fmt.Sprint("primary ", p)
	case e.function == "":
		key = fmt.Sprintf("%v", e.words)
	}
	if id, ok := b.lists[key]; ok {
		return id, nil
	}
	c := b.catalog
	id := uint16(len(c.finders))
	b.lists[key] = id
	find := evidenceFunction(e.function)
	if e.hidden != nil && e.hidden.dictionary != nil {
		find = e.hidden.dictionary.evidence
	}
	c.finders = append(c.finders, find)
	c.hidden = append(c.hidden, hidden)
	c.evidence.add(id, e.words)
	return id, nil
}

// evidence finds the terms of a dictionary as evidence.
func (d *Dictionary) evidence(s *scratch, hits []span, from, to int) []span {
	d.each(s.text, from, to, func(start, end int) {
		hits = append(hits, span{s.index.at(start), s.index.at(end)})
	})
	return hits
}
