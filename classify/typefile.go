package classify

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/postern-mail/postern/strictyaml"
)

// readList reads a list of words that several types share.
func readList(file string, data []byte) ([]wordDef, []strictyaml.Problem) {
	r, root := strictyaml.Parse(file, data)
	if root == nil {
		return nil, r.Problems
	}
	words := readWordKeys(r, r.Mapping(root, "", wordKeys...))
	if len(words) == 0 && !r.Failed() {
		r.Errorf(root, "", "write the words as a list", "the key %q is missing", "words")
	}
	return words, r.Problems
}

// wordKeys are how words are written: compared without case, with case, and also
// inside longer words.
var wordKeys = []string{"words", "exact", "anywhere"}

func readWordKeys(r *strictyaml.Reader, m *strictyaml.Mapping) (words []wordDef) {
	for _, key := range wordKeys {
		if e, ok := m.Get(key); ok {
			words = append(words, readWords(r, e)...)
		}
	}
	return words
}

// maxTerm is the size of the longest word or phrase in octets.
const maxTerm = 400

func readWords(r *strictyaml.Reader, e strictyaml.Entry) []wordDef {
	texts, nodes, _ := r.Texts(e.Value, e.Field)
	words := make([]wordDef, len(texts))
	for i, w := range texts {
		if foldTerm(w) == "" {
			r.Errorf(nodes[i], e.Field, "", "the word is blank")
		}
		if len(w) > maxTerm {
			r.Errorf(nodes[i], e.Field, "", "the word has more than %d octets", maxTerm)
		}
		words[i] = wordDef{text: w, exact: e.Key == "exact", anywhere: e.Key == "anywhere"}
	}
	return words
}

// resources are what type files refer to.
type resources struct {
	lists map[string][]wordDef
	// dictionary gives a dictionary by the name in the file; nil has none.
	dictionary func(name string) (*Dictionary, error)
	// custom is set for files of administrators, whose regular expressions are held
	// to the rules of the dialect and whose samples may be missing.
	custom bool
}

// typeReader reads one type.
type typeReader struct {
	*strictyaml.Reader
	resources
	def   *definition
	named []namedEntry
	used  map[string]bool // which of them patterns name, by kind and key
}

// namedEntry is a primary or evidence.
type namedEntry struct {
	strictyaml.Entry
	kind string
}

var idPattern = regexp.MustCompile(`^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|postern:[a-z0-9]+(?:-[a-z0-9]+)*)$`)

// readType reads a file with one type. The definition is nil when it has errors.
func readType(file string, data []byte, with resources) (*definition, []strictyaml.Problem) {
	reader, root := strictyaml.Parse(file, data)
	if root == nil {
		return nil, reader.Problems
	}
	d := readDefinition(reader, root, "", with)
	if reader.Failed() {
		return nil, reader.Problems
	}
	return d, reader.Problems
}

var (
	headKeys    = []string{"type", "id", "aliases", "recommendedConfidence", "samples"}
	patternKeys = []string{"proximity", "primaries", "evidence", "patterns", "filters", "placeholders"}
)

// readDefinition reads a type.
func readDefinition(reader *strictyaml.Reader, n *strictyaml.Node, field string, with resources) *definition {
	r := &typeReader{Reader: reader, resources: with, def: &definition{}, used: map[string]bool{}}
	d := r.def
	m := r.Mapping(n, field, slices.Concat(headKeys, patternKeys, []string{"members"})...)
	if e, ok := m.Require("type", "write the name of the type"); ok {
		d.info.Name, _ = r.Text(e.Value, e.Field)
	}
	if e, ok := m.Require("id", "write a GUID or `postern:` and a short name"); ok {
		d.info.ID, ok = r.Text(e.Value, e.Field)
		if ok && !idPattern.MatchString(d.info.ID) {
			r.Errorf(e.Value, e.Field, "write a GUID in small letters, or `postern:` and small letters, digits and dashes", "%q is not the id of a type", d.info.ID)
		}
	}
	if e, ok := m.Get("aliases"); ok {
		d.info.Aliases, _, _ = r.Texts(e.Value, e.Field)
	}
	if e, ok := m.Require("recommendedConfidence", "write a number from 1 to 100"); ok {
		d.info.Recommended, _ = r.Int(e.Value, e.Field, 1, 100)
	}
	if e, ok := m.Get("members"); ok {
		d.members, _, _ = r.Texts(e.Value, e.Field)
		for _, key := range patternKeys {
			if e, ok := m.Get(key); ok {
				r.Errorf(e.At, e.Field, "take it away", "a bundle has members and nothing to look for itself")
			}
		}
	} else {
		if e, ok := m.Require("proximity", "write a number of characters, as in `300`, or `unlimited`"); ok {
			d.proximity = r.proximity(e)
		}
		if e, ok := m.Get("filters"); ok {
			d.filters = r.filters(e)
		}
		if e, ok := m.Get("placeholders"); ok {
			d.dummies = readDummies(r.Reader, e)
		}
		r.primaries(m)
		r.evidence(m)
		r.patterns(m)
	}
	r.samples(m)
	return d
}

func (r *typeReader) proximity(e strictyaml.Entry) int {
	if e.Value.Value == "unlimited" {
		return unlimited
	}
	const most = 1 << 20
	n, err := strconv.Atoi(e.Value.Value)
	if err != nil || n < 1 || n > most {
		r.Errorf(e.Value, e.Field, fmt.Sprintf("write a number of characters from 1 to %d, or `unlimited`", most), "the proximity is not a number of characters")
	}
	return n
}

func (r *typeReader) samples(m *strictyaml.Mapping) {
	const both = "write texts that must match and texts that must not"
	e, ok := m.Get("samples")
	if !ok {
		if !r.custom {
			m.Require("samples", both)
		}
		return
	}
	sm := r.Mapping(e.Value, e.Field, "match", "noMatch")
	require := sm.Require
	if r.custom {
		require = func(key, _ string) (strictyaml.Entry, bool) { return sm.Get(key) }
	}
	if s, ok := require("match", both); ok {
		for i, n := range r.List(s.Value, s.Field) {
			x := matchSample{count: 1}
			xm := r.Mapping(n, strictyaml.Index(s.Field, i), "text", "confidence", "count")
			if t, ok := xm.Require("text", "write the text"); ok {
				x.text, _ = r.Text(t.Value, t.Field)
			}
			if c, ok := xm.Require("confidence", "write the confidence the match must have"); ok {
				x.confidence, _ = r.Int(c.Value, c.Field, 1, 100)
			}
			if c, ok := xm.Get("count"); ok {
				x.count, _ = r.Int(c.Value, c.Field, 1, 1000)
			}
			r.def.match = append(r.def.match, x)
		}
	}
	if s, ok := require("noMatch", both); ok {
		for i, n := range r.List(s.Value, s.Field) {
			f := strictyaml.Index(s.Field, i)
			x := noMatchSample{confidence: 1}
			if isMapping(n) {
				xm := r.Mapping(n, f, "text", "confidence")
				if t, ok := xm.Require("text", "write the text"); ok {
					x.text, _ = r.Text(t.Value, t.Field)
				}
				if c, ok := xm.Require("confidence", "write the confidence the text must not reach"); ok {
					x.confidence, _ = r.Int(c.Value, c.Field, 1, 100)
				}
			} else {
				x.text, _ = r.Text(n, f)
			}
			r.def.noMatch = append(r.def.noMatch, x)
		}
	}
}

// mappingKind is the kind of a node that is a mapping.
const mappingKind = 4

func isMapping(n *strictyaml.Node) bool { return n != nil && n.Kind == mappingKind }
