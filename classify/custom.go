package classify

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// File is a file of an administrator's own types.
type File struct {
	Name string
	Data []byte
}

// maxCustom is the most types of an administrator.
const maxCustom = 500

// typesKeys are the keys of a file of types.
var typesKeys = []string{"types", "lists", "placeholders"}

// IsTypesFile tells whether a YAML file holds types and not a policy: it has one
// of the keys `types`, `lists` and `placeholders`, and no key `policy` or `rules`.
// Where it is no YAML, lines that begin with such keys decide.
func IsTypesFile(data []byte) bool {
	r, root := strictyaml.Parse("", data)
	if root == nil && len(r.Problems) > 0 {
		return looksLikeTypes(data)
	}
	if !isMapping(root) {
		return false
	}
	is := false
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch key := root.Content[i].Value; {
		case key == "policy" || key == "rules":
			return false
		case slices.Contains(typesKeys, key):
			is = true
		}
	}
	return is
}

// DictionaryFiles lists the dictionaries a file of types names, as paths from the
// directory of the file on.
func DictionaryFiles(f File) (paths []string) {
	_, root := strictyaml.Parse(f.Name, f.Data)
	var walk func(n *strictyaml.Node)
	walk = func(n *strictyaml.Node) {
		if n == nil {
			return
		}
		for i, child := range n.Content {
			if isMapping(n) && i%2 == 1 && n.Content[i-1].Value == "dictionary" && child.Value != "" {
				if path := beside(f.Name, child.Value); !slices.Contains(paths, path) {
					paths = append(paths, path)
				}
			}
			walk(child)
		}
	}
	walk(root)
	return paths
}

// beside gives the path of a file named in another.
func beside(file, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(filepath.Dir(file), name)
}

// With gives the catalogue of the built-in types and an administrator's own.
// Open gives the content of a dictionary by the path that [DictionaryFiles] told.
// Problems holds every mistake with its place; the catalogue is nil when one of
// them is an error. Without files it is the built-in catalogue.
func With(files []File, open func(path string) ([]byte, error)) (*Catalog, []strictyaml.Problem) {
	if len(files) == 0 {
		return Builtin(), nil
	}
	l := &customLoader{open: open, lists: map[string][]wordDef{}, dictionaries: map[string]*Dictionary{}, names: map[string]string{}, faulty: map[string]bool{}}
	for name, words := range builtinLists() {
		l.lists[name] = words
	}
	l.defs = slices.Clone(builtinDefinitions())
	for _, d := range l.defs {
		for _, name := range d.names() {
			l.names[strings.ToLower(name)] = "the built-in type " + d.info.Name
		}
	}
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range files {
		l.parse(f)
	}
	// Lists may be used in another file than theirs.
	for _, f := range l.files {
		l.readLists(f)
	}
	for _, f := range l.files {
		l.readTypes(f)
	}
	for _, f := range l.files {
		l.readMembers(f)
	}
	var problems []strictyaml.Problem
	for _, f := range l.files {
		problems = append(problems, f.Problems...)
	}
	strictyaml.Sort(problems)
	if strictyaml.Errors(problems) {
		return nil, problems
	}
	c, err := compile(l.defs, l.placeholders)
	if err != nil {
		return nil, append(problems, strictyaml.Problem{File: files[0].Name, What: err.Error()})
	}
	return c, problems
}

func (d *definition) names() []string {
	return append([]string{d.info.Name, d.info.ID}, d.info.Aliases...)
}

// customLoader is the state of one With.
type customLoader struct {
	open         func(path string) ([]byte, error)
	lists        map[string][]wordDef
	dictionaries map[string]*Dictionary
	defs         []*definition
	names        map[string]string // what has a name, by the name in lower case
	placeholders Placeholders
	chosen       string // the file with `placeholders`
	files        []*customFile
	faulty       map[string]bool // names of types with mistakes, in lower case
	count        int
}

type customFile struct {
	*strictyaml.Reader
	m       *strictyaml.Mapping
	bundles []bundle
}

type bundle struct {
	def *definition
	at  strictyaml.Entry
}

func (l *customLoader) parse(f File) {
	r, root := strictyaml.Parse(f.Name, f.Data)
	file := &customFile{Reader: r}
	l.files = append(l.files, file)
	if root != nil {
		file.m = r.Mapping(root, "", typesKeys...)
	}
}

func (l *customLoader) readLists(f *customFile) {
	if e, ok := f.m.Get("placeholders"); ok {
		l.readPlaceholders(f, e)
	}
	e, ok := f.m.Get("lists")
	if !ok {
		return
	}
	for _, list := range f.Mapping(e.Value, e.Field).Entries() {
		if _, twice := l.lists[list.Key]; twice {
			f.Errorf(list.At, list.Field, "give it another name", "there is a list %q already", list.Key)
			continue
		}
		if isMapping(list.Value) {
			l.lists[list.Key] = readWordKeys(f.Reader, f.Mapping(list.Value, list.Field, wordKeys...))
		} else {
			l.lists[list.Key] = readWords(f.Reader, list)
		}
	}
}

func (l *customLoader) readPlaceholders(f *customFile, e strictyaml.Entry) {
	if l.chosen != "" {
		f.Errorf(e.At, e.Field, "write it once", "placeholders are set in %s already", l.chosen)
		return
	}
	l.chosen = f.File
	m := f.Mapping(e.Value, e.Field, "testNumbers", "mockSecrets")
	if t, ok := m.Get("testNumbers"); ok {
		l.placeholders.DropTestNumbers = readDummies(f.Reader, t) == dummyDrop
	}
	if t, ok := m.Get("mockSecrets"); ok {
		l.placeholders.KeepMockSecrets = readDummies(f.Reader, t) == dummyKeep
	}
}

func (l *customLoader) readTypes(f *customFile) {
	e, ok := f.m.Get("types")
	if !ok {
		return
	}
	with := resources{lists: l.lists, custom: true, dictionary: func(name string) (*Dictionary, error) {
		return l.dictionary(beside(f.File, name))
	}}
	for i, n := range f.List(e.Value, e.Field) {
		field := strictyaml.Index(e.Field, i)
		if l.count++; l.count == maxCustom+1 {
			f.Errorf(n, field, "take types away", "this is type number %d, at most %d are allowed", l.count, maxCustom)
		}
		before := len(f.Problems)
		d := readDefinition(f.Reader, n, field, with)
		if strictyaml.Errors(f.Problems[before:]) {
			namesOf(n, l.faulty)
			continue
		}
		m := f.Mapping(n, field)
		for _, key := range []string{"type", "id", "aliases"} {
			at, ok := m.Get(key)
			if !ok {
				continue
			}
			texts, nodes, _ := f.Texts(at.Value, at.Field)
			for j, name := range texts {
				lower := strings.ToLower(name)
				if other, taken := l.names[lower]; taken {
					f.Errorf(nodes[j], at.Field, "give it another one", "%q is a name of %s", name, other)
				}
				l.names[lower] = d.info.Name
			}
		}
		if at, ok := m.Get("members"); ok {
			f.bundles = append(f.bundles, bundle{d, at})
		}
		d.custom = true
		l.defs = append(l.defs, d)
	}
}

// readMembers checks the members of bundles, once all types are known.
func (l *customLoader) readMembers(f *customFile) {
	for _, b := range f.bundles {
		texts, nodes, _ := f.Texts(b.at.Value, b.at.Field)
		for i, name := range texts {
			at := slices.IndexFunc(l.defs, func(d *definition) bool {
				return slices.ContainsFunc(d.names(), func(n string) bool { return strings.EqualFold(n, name) })
			})
			switch {
			case at < 0 && l.faulty[strings.ToLower(strings.TrimSpace(name))]: // told already
			case at < 0:
				f.Errorf(nodes[i], b.at.Field, "write the name or id of a type", "there is no type %q", name)
			case len(l.defs[at].members) > 0:
				f.Errorf(nodes[i], b.at.Field, "write its members", "%q is a bundle itself", name)
			}
		}
	}
}

func (l *customLoader) dictionary(path string) (*Dictionary, error) {
	if d := l.dictionaries[path]; d != nil {
		return d, nil
	}
	data, err := l.open(path)
	if err != nil {
		return nil, err
	}
	d, err := NewDictionary(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.dictionaries[path] = d
	return d, nil
}
