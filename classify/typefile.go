package classify

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// definition is a type as its file says it.
type definition struct {
	info      Type
	proximity int
	primaries map[string]primaryDef
	evidence  map[string]evidenceDef
	patterns  []patternDef
	match     []matchSample
	noMatch   []string
}

type primaryDef struct {
	formats    []string
	delimiters string
	free       bool
	upper      bool // letters must be capitals
	check      checkName
}

// checkName is the name of a row of checks, or empty.
type checkName string

func (n checkName) row() *checkRow {
	for i := range checks {
		if checks[i].name == string(n) {
			return &checks[i]
		}
	}
	return nil
}

func (n checkName) function() checkFunc {
	if row := n.row(); row != nil {
		return row.check
	}
	return nil
}

// evidenceDef is a list of words or the name of a function.
type evidenceDef struct {
	words    []string
	function string
}

type patternDef struct {
	confidence int
	primary    string
	all        []string
	any        []groupDef
}

type groupDef struct {
	min, max int
	of       []string
}

// matchSample is a text with as many instances of the confidence as said.
type matchSample struct {
	text              string
	confidence, count int
}

// readList reads a list of words that several types share.
func readList(file string, data []byte) ([]string, []strictyaml.Problem) {
	r, root := strictyaml.Parse(file, data)
	if root == nil {
		return nil, r.Problems
	}
	m := r.Mapping(root, "", "words")
	var words []string
	if e, ok := m.Require("words", "write the words as a list"); ok {
		words = readWords(r, e)
	}
	return words, r.Problems
}

// maxTerm is the size of the longest word or phrase in octets.
const maxTerm = 400

func readWords(r *strictyaml.Reader, e strictyaml.Entry) []string {
	words, nodes, _ := r.Texts(e.Value, e.Field)
	for i, w := range words {
		if foldTerm(w) == "" {
			r.Errorf(nodes[i], e.Field, "", "the word is blank")
		}
		if len(w) > maxTerm {
			r.Errorf(nodes[i], e.Field, "", "the word has more than %d octets", maxTerm)
		}
	}
	return words
}

// typeReader reads one type file.
type typeReader struct {
	*strictyaml.Reader
	lists map[string][]string
	def   *definition
	named []strictyaml.Entry // primaries and evidence
	used  map[string]bool    // which of them patterns name, by field
}

var idPattern = regexp.MustCompile(`^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|postern:[a-z0-9]+(?:-[a-z0-9]+)*)$`)

// readType reads a type file. The definition is nil when the file has errors.
func readType(file string, data []byte, lists map[string][]string) (*definition, []strictyaml.Problem) {
	reader, root := strictyaml.Parse(file, data)
	if root == nil {
		return nil, reader.Problems
	}
	r := &typeReader{Reader: reader, lists: lists, def: &definition{}, used: map[string]bool{}}
	d := r.def
	m := r.Mapping(root, "", "type", "id", "aliases", "recommendedConfidence", "proximity", "primaries", "evidence", "patterns", "samples")
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
	if e, ok := m.Require("proximity", "write a number of characters, as in `300`, or `unlimited`"); ok {
		d.proximity = r.proximity(e)
	}
	r.primaries(m)
	r.evidence(m)
	r.patterns(m)
	r.samples(m)
	if r.Failed() {
		return nil, r.Problems
	}
	return d, r.Problems
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

func (r *typeReader) primaries(m *strictyaml.Mapping) {
	r.def.primaries = map[string]primaryDef{}
	e, ok := m.Require("primaries", "write what is looked for, as in `number: {formats: [\"999-99-9999\"]}`")
	if !ok {
		return
	}
	for _, p := range r.Mapping(e.Value, e.Field).Entries() {
		r.def.primaries[p.Key] = r.primary(p)
		r.named = append(r.named, p)
	}
}

func (r *typeReader) primary(e strictyaml.Entry) (p primaryDef) {
	m := r.Mapping(e.Value, e.Field, "formats", "delimiters", "grouping", "case", "check")
	if d, ok := m.Get("delimiters"); ok {
		p.delimiters, _ = r.Text(d.Value, d.Field)
		for _, c := range p.delimiters {
			if c > 0x7f || delimiterKind(byte(c)) == 0 {
				r.Errorf(d.Value, d.Field, "write some of `"+delimiters+"`", "%q is not a delimiter", c)
				p.delimiters = ""
				break
			}
		}
	}
	if g, ok := m.Get("grouping"); ok {
		s, _ := r.OneOf(g.Value, g.Field, "free", "fixed")
		p.free = s == "free"
	}
	if g, ok := m.Get("case"); ok {
		s, _ := r.OneOf(g.Value, g.Field, "any", "upper")
		p.upper = s == "upper"
	}
	var row *checkRow
	if c, ok := m.Get("check"); ok {
		if s, ok := r.Text(c.Value, c.Field); ok {
			p.check = checkName(s)
			if row = p.check.row(); row == nil {
				names := make([]string, len(checks))
				for i := range checks {
					names[i] = checks[i].name
				}
				write := "write one of " + strings.Join(names, ", ")
				if near := strictyaml.Closest(s, names); near != "" {
					write = "did you mean `" + near + "`?"
				}
				r.Errorf(c.Value, c.Field, write, "there is no check %q", s)
			}
		}
	}
	f, ok := m.Require("formats", "write at least one, as in `[\"999-99-9999\"]`")
	if !ok {
		return p
	}
	formats, nodes, _ := r.Texts(f.Value, f.Field)
	for i, mask := range formats {
		if err := tryFormat(mask, p, row); err != nil {
			r.Errorf(nodes[i], f.Field, "", "the format %q cannot be used: %v", mask, err)
		}
	}
	p.formats = formats
	return p
}

// tryFormat tells what is wrong with a format and its use with a check.
func tryFormat(mask string, p primaryDef, row *checkRow) error {
	layouts, err := parseFormat(mask, p.delimiters, p.upper)
	if err != nil {
		return err
	}
	if p.free {
		if err := newTrie().addFree(mask, p.delimiters, p.upper, 0); err != nil {
			return err
		}
	}
	if row == nil {
		return nil
	}
	for _, l := range layouts {
		total, digits := 0, true
		for _, w := range l.words {
			total += w.length
			digits = digits && w.digit == uint64(1)<<w.length-1
		}
		if total < row.min || total > row.max || !row.letters && !digits {
			kind := "digits"
			if row.letters {
				kind = "letters or digits"
			}
			length := strconv.Itoa(row.min)
			if row.max > row.min {
				length += " to " + strconv.Itoa(row.max)
			}
			return fmt.Errorf("the check %s is for %s %s", row.name, length, kind)
		}
	}
	return nil
}

func (r *typeReader) evidence(m *strictyaml.Mapping) {
	r.def.evidence = map[string]evidenceDef{}
	e, ok := m.Get("evidence")
	if !ok {
		return
	}
	for _, p := range r.Mapping(e.Value, e.Field).Entries() {
		em := r.Mapping(p.Value, p.Field, "words", "list", "function")
		if len(em.Entries()) != 1 {
			r.Errorf(p.At, p.Field, "write one of `words`, `list` and `function`", "evidence is of one kind")
			continue
		}
		var def evidenceDef
		switch one := em.Entries()[0]; one.Key {
		case "words":
			def.words = readWords(r.Reader, one)
		case "list":
			name, ok := r.Text(one.Value, one.Field)
			def.words = r.lists[name]
			if ok && def.words == nil {
				r.Errorf(one.Value, one.Field, "", "there is no list %q", name)
			}
		case "function":
			def.function, ok = r.Text(one.Value, one.Field)
			if ok && evidenceFunction(def.function) == nil {
				r.Errorf(one.Value, one.Field, "write `euDate` or `expirationDate`", "there is no function %q", def.function)
			}
		}
		r.def.evidence[p.Key] = def
		r.named = append(r.named, p)
	}
}

func (r *typeReader) patterns(m *strictyaml.Mapping) {
	e, ok := m.Require("patterns", "write at least one, as in `- {confidence: 85, primary: number}`")
	if !ok {
		return
	}
	for i, n := range r.List(e.Value, e.Field) {
		var p patternDef
		pm := r.Mapping(n, strictyaml.Index(e.Field, i), "confidence", "primary", "all", "any")
		if c, ok := pm.Require("confidence", "write a number from 1 to 100"); ok {
			p.confidence, _ = r.Int(c.Value, c.Field, 1, 100)
		}
		if c, ok := pm.Require("primary", "write the name of one of the primaries"); ok {
			p.primary, ok = r.Text(c.Value, c.Field)
			if _, known := r.def.primaries[p.primary]; ok && !known {
				r.Errorf(c.Value, c.Field, "", "there is no primary %q", p.primary)
			}
			r.used["primaries."+p.primary] = true
		}
		if a, ok := pm.Get("all"); ok {
			p.all = r.refs(a)
		}
		if a, ok := pm.Get("any"); ok {
			for j, g := range r.List(a.Value, a.Field) {
				p.any = append(p.any, r.group(g, strictyaml.Index(a.Field, j)))
			}
		}
		r.def.patterns = append(r.def.patterns, p)
	}
	for _, x := range r.named {
		if !r.used[x.Field] {
			r.Errorf(x.At, x.Field, "name it in a pattern or take it away", "no pattern uses %q", x.Key)
		}
	}
}

func (r *typeReader) group(n *strictyaml.Node, field string) (g groupDef) {
	m := r.Mapping(n, field, "min", "max", "of")
	g.min = 1
	if of, ok := m.Require("of", "write the names of evidence as a list"); ok {
		g.of = r.refs(of)
	}
	if e, ok := m.Get("min"); ok {
		g.min, _ = r.Int(e.Value, e.Field, 0, len(g.of))
	}
	g.max = len(g.of)
	if e, ok := m.Get("max"); ok {
		g.max, _ = r.Int(e.Value, e.Field, g.min, len(g.of))
	}
	return g
}

// refs reads names of evidence.
func (r *typeReader) refs(e strictyaml.Entry) []string {
	names, nodes, _ := r.Texts(e.Value, e.Field)
	for i, name := range names {
		if _, ok := r.def.evidence[name]; !ok {
			r.Errorf(nodes[i], e.Field, "", "there is no evidence %q", name)
		}
		if slices.Contains(names[:i], name) {
			r.Errorf(nodes[i], e.Field, "write it once", "%q is written twice", name)
		}
		r.used["evidence."+name] = true
	}
	return names
}

func (r *typeReader) samples(m *strictyaml.Mapping) {
	const both = "write texts that must match and texts that must not"
	e, ok := m.Require("samples", both)
	if !ok {
		return
	}
	sm := r.Mapping(e.Value, e.Field, "match", "noMatch")
	if s, ok := sm.Require("match", both); ok {
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
	if s, ok := sm.Require("noMatch", both); ok {
		r.def.noMatch, _, _ = r.Texts(s.Value, s.Field)
	}
}
