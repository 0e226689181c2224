package classify

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/postern-mail/postern/strictyaml"
)

// Type is a sensitive information type.
type Type struct {
	Name    string // as shown
	ID      string // a GUID, or "postern:slug"
	Aliases []string
	// Recommended is the confidence used where a rule names none, 1 to 100.
	Recommended int
	compiled    *compiledType
}

// compiledType is a type as the engine needs it. Primaries and lists are places
// in the catalogue's tables.
type compiledType struct {
	proximity int // in characters; unlimited when nothing is farther away
	patterns  []pattern
	primaries []uint16 // those of the patterns, each once
	lists     []uint16 // those of the patterns, each once
}

const unlimited = math.MaxInt32

// pattern is one way for a candidate to be an instance.
type pattern struct {
	confidence int
	primary    uint16
	all        []uint16 // lists that must have a hit near by
	any        []group
}

// group wants hits of at least min and at most max of its lists.
type group struct {
	min, max int
	of       []uint16
}

// Catalog is a set of types compiled to be looked for together. It is safe for
// concurrent use.
type Catalog struct {
	types     []*Type
	names     map[string]*Type // by name, alias and ID in lower case
	trie      *trie
	checks    []checkFunc // by primary
	everyone  []bool      // by primary: all wanted
	auto      *automaton
	termLists [][]uint16     // by term: the lists it is in
	finders   []evidenceFunc // by list; nil for keywords
	pool      sync.Pool
}

//go:embed types lists
var files embed.FS

// Builtin gives the catalogue of the types built in.
func Builtin() *Catalog { return builtin() }

var builtin = sync.OnceValue(func() *Catalog {
	defs, problems := loadBuiltin()
	if strictyaml.Errors(problems) {
		// The files are part of the program.
		panic(fmt.Sprintf("classify: built-in types: %v", problems))
	}
	c, err := compile(defs)
	if err != nil {
		panic(fmt.Sprintf("classify: built-in types: %v", err))
	}
	return c
})

func loadBuiltin() (defs []*definition, problems []strictyaml.Problem) {
	read := func(dir string, use func(file string, data []byte)) {
		entries, err := files.ReadDir(dir)
		if err != nil {
			problems = append(problems, strictyaml.Problem{File: dir, What: err.Error()})
		}
		for _, e := range entries {
			file := path.Join(dir, e.Name())
			data, err := files.ReadFile(file)
			if err != nil {
				problems = append(problems, strictyaml.Problem{File: file, What: err.Error()})
				continue
			}
			use(file, data)
		}
	}
	lists := map[string][]string{}
	read("lists", func(file string, data []byte) {
		words, ps := readList(file, data)
		lists[strings.TrimSuffix(path.Base(file), ".yaml")] = words
		problems = append(problems, ps...)
	})
	read("types", func(file string, data []byte) {
		def, ps := readType(file, data, lists)
		problems = append(problems, ps...)
		if def != nil {
			defs = append(defs, def)
		}
	})
	return defs, problems
}

// compile makes one catalogue of types. Primaries and evidence that are the same
// in several types are looked for once.
func compile(defs []*definition) (*Catalog, error) {
	c := &Catalog{names: map[string]*Type{}, trie: newTrie()}
	b := builder{catalog: c, primaries: map[string]uint16{}, lists: map[string]uint16{}, terms: map[string]int{}}
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
	slices.SortFunc(c.types, func(a, b *Type) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	auto, err := newAutomaton(b.sortedTerms())
	if err != nil {
		return nil, err
	}
	c.auto = auto
	c.everyone = make([]bool, len(c.checks))
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
	terms     map[string]int
}

func (b *builder) add(t *Type, d *definition) error {
	ct := &compiledType{proximity: d.proximity}
	t.compiled = ct
	primaries := map[string]uint16{}
	for name, p := range d.primaries {
		id, err := b.primary(p)
		if err != nil {
			return err
		}
		primaries[name] = id
	}
	lists := func(refs []string) (ids []uint16) {
		for _, ref := range refs {
			id := b.list(d.evidence[ref])
			ids = append(ids, id)
			if !slices.Contains(ct.lists, id) {
				ct.lists = append(ct.lists, id)
			}
		}
		return ids
	}
	for _, p := range d.patterns {
		cp := pattern{confidence: p.confidence, primary: primaries[p.primary], all: lists(p.all)}
		for _, g := range p.any {
			cp.any = append(cp.any, group{min: g.min, max: g.max, of: lists(g.of)})
		}
		ct.patterns = append(ct.patterns, cp)
		if !slices.Contains(ct.primaries, cp.primary) {
			ct.primaries = append(ct.primaries, cp.primary)
		}
	}
	// The best comes first, so that the first pattern that holds decides.
	slices.SortStableFunc(ct.patterns, func(a, b pattern) int { return cmp.Compare(b.confidence, a.confidence) })
	return nil
}

func (b *builder) primary(p primaryDef) (uint16, error) {
	key := fmt.Sprint(p.check, p.free, p.upper, p.delimiters, p.formats)
	if id, ok := b.primaries[key]; ok {
		return id, nil
	}
	c := b.catalog
	if len(c.checks) > math.MaxUint16 || len(c.finders) > math.MaxUint16 {
		return 0, errors.New("there are too many types")
	}
	id := uint16(len(c.checks))
	b.primaries[key] = id
	c.checks = append(c.checks, p.check.function())
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
		for _, l := range layouts {
			if err := c.trie.add(l, id); err != nil {
				return 0, fmt.Errorf("format %q: %w", f, err)
			}
		}
	}
	return id, nil
}

func (b *builder) list(e evidenceDef) uint16 {
	key := "function " + e.function
	if e.function == "" {
		key = "words\n" + strings.Join(e.words, "\n")
	}
	if id, ok := b.lists[key]; ok {
		return id
	}
	c := b.catalog
	id := uint16(len(c.finders))
	b.lists[key] = id
	c.finders = append(c.finders, evidenceFunction(e.function))
	for _, w := range e.words {
		w = foldTerm(w)
		term, ok := b.terms[w]
		if !ok {
			term = len(c.termLists)
			b.terms[w] = term
			c.termLists = append(c.termLists, nil)
		}
		if !slices.Contains(c.termLists[term], id) {
			c.termLists[term] = append(c.termLists[term], id)
		}
	}
	return id
}

// sortedTerms gives the terms in the order of their places.
func (b *builder) sortedTerms() []string {
	terms := make([]string, len(b.terms))
	for t, i := range b.terms {
		terms[i] = t
	}
	return terms
}

// Lookup finds a type by name or alias, compared without case, or by GUID.
func (c *Catalog) Lookup(nameOrID string) (*Type, bool) {
	t, ok := c.names[strings.ToLower(nameOrID)]
	return t, ok
}

// Types lists the types by name.
func (c *Catalog) Types() []*Type { return slices.Clone(c.types) }
