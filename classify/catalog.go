package classify

import (
	"embed"
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
	definition *definition
	place      int // in the catalogue's list
	patterns   []pattern
	primaries  []uint16 // those of the patterns, each once
	needs      []uint16 // primaries, and those that are evidence
	lists      []uint16 // those of the patterns, each once
	filters    []filterDef
	members    []*Type // of a bundle
	dropTests  bool
	dropMocks  bool
}

const unlimited = math.MaxInt32

// pattern is one way for a candidate to be an instance.
type pattern struct {
	confidence int
	primary    uint16
	wishes     []wish // all of them must hold
	filters    []filterDef
}

// wish is for evidence: hits of a list, or between min and max of a group.
type wish struct {
	list      uint16
	proximity int // in characters; unlimited when nothing is farther away
	minCount  int
	unique    bool
	group     bool
	min, max  int
	of        []wish
}

// Catalog is a set of types compiled to be looked for together. It is safe for
// concurrent use.
type Catalog struct {
	types        []*Type
	names        map[string]*Type // by name, alias and ID in lower case
	placeholders Placeholders
	trie         *trie
	tokens       tokenTable
	regexes      regexTable
	words        keywords // of primaries
	dictionaries []ownedDictionary
	primaries    []primary
	everyone     []bool         // by primary: all wanted
	evidence     keywords       // of lists
	finders      []evidenceFunc // by list; nil for keywords and primaries
	hidden       []int          // by list: the primary that is evidence, or -1
	pool         sync.Pool
}

// primary is what is looked for, by its place.
type primary struct {
	check, raw checkFunc // of the normalised value and of the text; or nil
	secret     bool
	reach      int // characters in which some type wants evidence; 0 when none does
	users      []*compiledType
	hidden     bool // it is evidence
}

type ownedDictionary struct {
	primary uint16
	terms   *Dictionary
}

//go:embed types lists
var files embed.FS

// Builtin gives the catalogue of the types built in.
func Builtin() *Catalog { return builtin() }

var builtin = sync.OnceValue(func() *Catalog {
	defs := builtinDefinitions()
	c, err := compile(defs, Placeholders{})
	if err != nil {
		panic(fmt.Sprintf("classify: built-in types: %v", err))
	}
	return c
})

// builtinDefinitions gives what the files of the built-in types say.
var builtinDefinitions = sync.OnceValue(func() []*definition {
	defs, _, problems := loadBuiltin()
	if strictyaml.Errors(problems) {
		// The files are part of the program.
		panic(fmt.Sprintf("classify: built-in types: %v", problems))
	}
	return defs
})

// builtinLists gives the shared lists of the built-in types.
var builtinLists = sync.OnceValue(func() map[string][]wordDef {
	lists, _ := loadLists()
	return lists
})

// eachEmbedded reads the files of an embedded directory.
func eachEmbedded(dir string, use func(file string, data []byte)) (problems []strictyaml.Problem) {
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
	return problems
}

func loadLists() (lists map[string][]wordDef, problems []strictyaml.Problem) {
	lists = map[string][]wordDef{}
	more := eachEmbedded("lists", func(file string, data []byte) {
		words, ps := readList(file, data)
		lists[strings.TrimSuffix(path.Base(file), ".yaml")] = words
		problems = append(problems, ps...)
	})
	return lists, append(problems, more...)
}

func loadBuiltin() (defs []*definition, lists map[string][]wordDef, problems []strictyaml.Problem) {
	lists, problems = loadLists()
	more := eachEmbedded("types", func(file string, data []byte) {
		def, ps := readType(file, data, resources{lists: lists})
		problems = append(problems, ps...)
		if def != nil {
			defs = append(defs, def)
		}
	})
	return defs, lists, append(problems, more...)
}

// Lookup finds a type by name or alias, compared without case, or by GUID.
func (c *Catalog) Lookup(nameOrID string) (*Type, bool) {
	t, ok := c.names[strings.ToLower(nameOrID)]
	return t, ok
}

// Types lists the types by name.
func (c *Catalog) Types() []*Type { return slices.Clone(c.types) }
