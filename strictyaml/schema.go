package strictyaml

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Schema is a JSON Schema (draft 2020-12), or a part of one, as encoding/json
// writes it.
type Schema map[string]any

// probe gathers what a reader asks of a value, instead of reading it.
type probe struct {
	root  *shape
	at    *Node          // stands for all values
	depth map[string]int // mappings asked for, by place
}

// shape is what is asked of a value.
type shape struct {
	forms    []Schema // any of them
	mapping  bool
	keys     map[string]*shape
	required []string
	list     bool
	refused  bool
}

// SchemaOf gives the schema of the values that a function reads: what it asks of
// its reader is written down in place of being read. Read gets a node that stands
// for any value, and the empty path of keys. What it says of mistakes is passed
// over, except that a key is not supported, which leaves the key out.
func SchemaOf(read func(r *Reader, n *Node)) Schema {
	root := &shape{}
	// Readers look at the kind of a value before they ask, so they are shown each.
	for _, n := range []*Node{
		{Kind: yaml.ScalarNode, Tag: "!!str"}, {Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}, {Kind: yaml.MappingNode, Tag: "!!map"},
		{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*Node{{Kind: yaml.ScalarNode, Tag: "!!str"}}},
	} {
		r := &Reader{probe: &probe{root: root, at: n}}
		read(r, n)
		for _, p := range r.Problems {
			if strings.HasSuffix(p.What, "not supported by this version") {
				r.probe.shape(p.Field).refused = true
			}
		}
	}
	return maps.Clone(root.schema()) // forms are shared
}

// Probing tells whether the reader only finds out what is asked.
func (r *Reader) Probing() bool { return r.probe != nil }

// shape gives that of the value a path of keys leads to. An entry of a list has
// that of the list's values.
func (p *probe) shape(field string) *shape {
	s := p.root
	for _, key := range strings.FieldsFunc(field, func(c rune) bool { return c == '.' }) {
		key, _, listed := strings.Cut(key, "[")
		if key != "" {
			if s.keys == nil {
				s.keys = make(map[string]*shape)
			}
			if s.keys[key] == nil {
				s.keys[key] = &shape{}
			}
			s = s.keys[key]
		}
		s.list = s.list || listed
	}
	return s
}

// asks notes a form of a value; it tells whether the reader only finds out.
func (r *Reader) asks(field string, form Schema) bool {
	if r.probe == nil {
		return false
	}
	s := r.probe.shape(field)
	if !slices.ContainsFunc(s.forms, func(f Schema) bool { return same(f, form) }) {
		s.forms = append(s.forms, form)
	}
	return true
}

func same(a, b any) bool {
	x, isMap := a.(Schema)
	y, both := b.(Schema)
	if isMap && both {
		return maps.EqualFunc(x, y, same)
	}
	xs, isList := a.([]any)
	ys, both := b.([]any)
	if isList && both {
		return slices.EqualFunc(xs, ys, same)
	}
	return !isMap && !isList && a == b
}

// entries gives those of a mapping with all keys known.
func (p *probe) entries(m *Mapping, keys []string) *Mapping {
	s := p.shape(m.Field)
	s.mapping = true
	if p.depth == nil {
		p.depth = make(map[string]int)
	}
	if p.depth[m.Field]++; p.depth[m.Field] > 3 {
		return m
	}
	for _, k := range keys {
		field := Join(m.Field, k)
		p.shape(field)
		m.list = append(m.list, Entry{Key: k, At: p.at, Value: p.at, Field: field})
	}
	return m
}

// The forms of single values.
var (
	textForm = Schema{"type": []any{"string", "number", "boolean"}}
	boolForm = Schema{"type": "boolean"}
	sizeForm = Schema{"anyOf": []any{Schema{"type": "integer", "minimum": 0}, Schema{"type": "string", "pattern": `^\s*[0-9]{1,15}\s*([KkMmGgTt]?[Bb])?\s*$`}}}
	spanForm = Schema{"type": "string", "pattern": `^\s*([0-9.]+(ns|us|µs|ms|s|m|h|d))+\s*$`}
	listForm = Schema{"anyOf": []any{textForm, Schema{"type": "array", "items": textForm}}}
)

// wordsForm is for words compared without case; editors offer them as they are
// spelled.
func wordsForm(words []string) Schema {
	list := make([]any, len(words))
	patterns := make([]string, len(words))
	for i, w := range words {
		list[i] = w
		var b strings.Builder
		for _, c := range w {
			if unicode.IsLetter(c) && c < 0x80 {
				b.WriteString("[" + string(unicode.ToUpper(c)) + string(unicode.ToLower(c)) + "]")
			} else {
				b.WriteString(strings.ReplaceAll(string(c), ".", `\.`))
			}
		}
		patterns[i] = b.String()
	}
	return Schema{"anyOf": []any{Schema{"enum": list}, Schema{"type": "string", "pattern": "^(" + strings.Join(patterns, "|") + ")$"}}}
}

func intForm(min, max int) Schema {
	number := Schema{"type": "integer", "minimum": min}
	if max < 1<<62 {
		number["maximum"] = max
	}
	return Schema{"anyOf": []any{number, Schema{"type": "string", "pattern": `^\s*[-+]?[0-9]+\s*$`}}}
}

func (s *shape) schema() Schema {
	forms := slices.Clone(s.forms)
	if s.mapping {
		forms = append(forms, s.object())
	}
	one := anyOf(forms)
	if s.list && len(forms) > 0 {
		return anyOf([]Schema{one, {"type": "array", "items": one}})
	}
	return one
}

func (s *shape) object() Schema {
	properties := Schema{}
	for k, v := range s.keys {
		if !v.refused {
			properties[k] = v.schema()
		}
	}
	o := Schema{"type": "object", "properties": properties, "additionalProperties": len(properties) == 0}
	if len(s.required) > 0 {
		slices.Sort(s.required)
		list := []any{}
		for _, k := range slices.Compact(s.required) {
			list = append(list, k)
		}
		o["required"] = list
	}
	return o
}

func anyOf(forms []Schema) Schema {
	switch len(forms) {
	case 0:
		return Schema{}
	case 1:
		return forms[0]
	}
	list := make([]any, len(forms))
	for i, f := range forms {
		list[i] = f
	}
	return Schema{"anyOf": list}
}
