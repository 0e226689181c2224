package rules

import (
	"context"
	"math"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

// Bounds of counts and confidences of Purview.
const (
	maxCount      = 500
	maxConfidence = 100
)

var levels = map[string]int{"low": 65, "medium": 75, "high": 85}

// parseSensitive reads a list of types, or Purview's groups of types: one
// mapping with operator and groups, also as the only entry of a list. Keys are
// compared without case, as Purview's own exports mix them.
func parseSensitive(r *reader, n *strictyaml.Node, field string) (check, bool) {
	c := &sensitive{}
	before := len(r.Problems)
	grouped, at := n, field
	if n.Kind == sequence && len(n.Content) == 1 {
		grouped, at = n.Content[0], strictyaml.Index(field, 0)
	}
	if grouped.Kind == mapping && hasKey(grouped, "groups") {
		r.readGroupsOfTypes(grouped, at, c)
	} else {
		c.groups = []typeGroup{{types: r.readTypes(n, field)}}
	}
	if strictyaml.Errors(r.Problems[before:]) {
		return check{}, false
	}
	var types []*classify.Type
	for _, g := range c.groups {
		for _, t := range g.types {
			types = append(types, t.typ)
		}
	}
	return check{types: types, sensitive: c, message: func(ctx context.Context, s *Scan, _ bool) finding { return c.judge(ctx, s) }}, true
}

// values are the entries of a mapping whose keys are compared without case.
type values map[string]strictyaml.Entry

func (r *reader) anyCase(n *strictyaml.Node, field string, keys ...string) values {
	m := r.Mapping(n, field)
	v := make(values)
	for _, e := range m.Entries() {
		key := fold(e.Key, keys)
		if key == "" {
			write := "write " + oneOf(keys)
			if best := strictyaml.Closest(e.Key, keys); best != "" {
				write = "did you mean `" + best + "`?"
			}
			r.Errorf(e.At, e.Field, write, "unknown key %q", e.Key)
			continue
		}
		if _, twice := v[key]; twice {
			r.Errorf(e.At, e.Field, "write the key once", "the key %q is written twice", key)
			continue
		}
		v[key] = e
	}
	return v
}

func hasKey(n *strictyaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, key) {
			return true
		}
	}
	return false
}

func (r *reader) readGroupsOfTypes(n *strictyaml.Node, field string, c *sensitive) {
	v := r.anyCase(n, field, "operator", "groups")
	groups := v["groups"]
	list := r.List(groups.Value, groups.Field)
	c.all = r.operator(n, v, field, len(list))
	for i, item := range list {
		f := strictyaml.Index(groups.Field, i)
		if item.Kind != mapping {
			r.Errorf(item, f, "write `{name: Default, operator: or, sensitiveTypes: [{type: Name}]}`", "a group of types is due here")
			continue
		}
		g := r.anyCase(item, f, "name", "operator", "sensitiveTypes", "labels")
		var group typeGroup
		size := 0
		if e, ok := g["labels"]; ok {
			group.labels = r.readLabels(e)
			size += listed(e.Value)
		}
		if e, ok := g["sensitiveTypes"]; ok {
			group.types = r.readTypes(e.Value, e.Field)
			size += listed(e.Value)
		}
		if size == 0 {
			r.Errorf(item, f, "write `sensitiveTypes: [{type: Name}]`", "the group names no types")
			continue
		}
		group.all = r.operator(item, g, f, size)
		c.groups = append(c.groups, group)
	}
}

// listed counts the values of a node that may be a list.
func listed(n *strictyaml.Node) int {
	if n.Kind == sequence {
		return len(n.Content)
	}
	return 1
}

// operator reads how several are joined; it may be missing where there is one.
func (r *reader) operator(n *strictyaml.Node, v values, field string, count int) (all bool) {
	e, ok := v["operator"]
	if !ok {
		if count > 1 {
			r.Errorf(n, field, "write `operator: or` or `operator: and`", "the key \"operator\" is missing")
		}
		return false
	}
	word, _ := r.OneOf(e.Value, e.Field, "and", "or")
	return word == "and"
}

func (r *reader) readTypes(n *strictyaml.Node, field string) []typeTest {
	list := r.List(n, field)
	tests := make([]typeTest, 0, len(list))
	r.types += len(list)
	for _, item := range list {
		f := entryField(n, field, item)
		if item.Kind == scalar && item.Tag != "!!null" {
			r.Errorf(item, f, "write `{type: "+item.Value+"}`", "a type is due here")
			continue
		}
		if t, ok := r.readType(item, f); ok {
			tests = append(tests, t)
		}
	}
	return tests
}

func (r *reader) readType(n *strictyaml.Node, field string) (typeTest, bool) {
	v := r.anyCase(n, field, "type", "name", "id", "minCount", "maxCount", "minConfidence", "maxConfidence", "confidenceLevel", "classifierType")
	if n.Kind != mapping {
		return typeTest{}, false
	}
	t := typeTest{minCount: 1, maxCount: math.MaxInt, maxConfidence: maxConfidence}
	t.typ = r.lookupType(n, field, v)
	if e, ok := v["classifierType"]; ok && !strings.EqualFold(e.Value.Value, "content") {
		r.Errorf(e.At, e.Field, "take it away", "a classifier that is no sensitive information type is not supported by this version")
	}
	if e, ok := v["minCount"]; ok {
		t.minCount, _ = r.Int(e.Value, e.Field, 1, maxCount)
	}
	if e, ok := v["maxCount"]; ok && !strings.EqualFold(e.Value.Value, "any") && e.Value.Value != "-1" {
		t.maxCount, ok = r.Int(e.Value, e.Field, 1, maxCount)
		if ok && t.maxCount < t.minCount {
			r.Errorf(e.Value, e.Field, "write `any`, or a number not below minCount", "%d is less than minCount", t.maxCount)
		}
	}
	if t.typ != nil {
		t.minConfidence = t.typ.Recommended
	}
	level, hasLevel := v["confidenceLevel"]
	if hasLevel {
		word, _ := r.OneOf(level.Value, level.Field, "low", "medium", "high")
		t.minConfidence = levels[word]
	}
	if e, ok := v["minConfidence"]; ok {
		low, _ := r.Int(e.Value, e.Field, 0, maxConfidence)
		if hasLevel && low != t.minConfidence && t.minConfidence != 0 {
			r.Errorf(level.At, level.Field, "write one of the two", "confidenceLevel and minConfidence say different things")
		}
		t.minConfidence = low
	}
	if e, ok := v["maxConfidence"]; ok {
		t.maxConfidence, ok = r.Int(e.Value, e.Field, 1, maxConfidence)
		if ok && t.maxConfidence < t.minConfidence {
			r.Errorf(e.Value, e.Field, "write `100`, or a number not below the least confidence", "%d is less than the least confidence, %d", t.maxConfidence, t.minConfidence)
		}
	}
	return t, t.typ != nil
}

// lookupType finds the type named. An id counts before a name, as names of
// exported policies may be in another language.
func (r *reader) lookupType(n *strictyaml.Node, field string, v values) *classify.Type {
	name, named := v["type"]
	if other, ok := v["name"]; ok {
		if named {
			r.Errorf(other.At, other.Field, "write one of the two", "`type` and `name` mean the same")
			return nil
		}
		name, named = other, true
	}
	id, identified := v["id"]
	switch {
	case r.vocabulary.Types == nil:
		r.Errorf(n, field, "", "no types of sensitive information are known here")
	case identified:
		s, ok := r.Text(id.Value, id.Field)
		if !ok {
			return nil
		}
		t, ok := r.vocabulary.Types.Lookup(s)
		if full, known := classify.Unsupported(s); !ok && known {
			r.Errorf(id.Value, id.Field, "take it away", "the type %q is not supported by this version", full)
			return nil
		}
		if !ok && r.faulty(s) {
			return &classify.Type{Name: s}
		}
		if !ok {
			r.Errorf(id.Value, id.Field, "write the GUID of a type, or its name under `type`", "there is no type with the id %q", s)
			return nil
		}
		if named {
			if other, ok := r.vocabulary.Types.Lookup(name.Value.Value); ok && other != t {
				r.Errorf(name.Value, name.Field, "write one of the two", "the name %q and the id are of different types", name.Value.Value)
				return nil
			}
		}
		return t
	case named:
		s, ok := r.Text(name.Value, name.Field)
		if !ok {
			return nil
		}
		if t, ok := r.vocabulary.Types.Lookup(s); ok {
			return t
		}
		if full, ok := classify.Unsupported(s); ok {
			r.Errorf(name.Value, name.Field, "take it away", "the type %q is not supported by this version", full)
			return nil
		}
		if r.faulty(s) {
			return &classify.Type{Name: s}
		}
		r.Errorf(name.Value, name.Field, r.nearType(s), "there is no type %q", s)
	case n.Kind == mapping:
		r.Errorf(n, field, "write `type: Credit card number`", "the key \"type\" is missing")
	}
	return nil
}

// faulty tells whether a name is that of a type whose file has mistakes, which are
// told there. A type without content stands for it: nothing is judged by a set of
// policies beside a mistake.
func (r *reader) faulty(name string) bool {
	return r.vocabulary.Faulty != nil && r.vocabulary.Faulty(name)
}

func (r *reader) nearType(s string) string {
	var names []string
	for _, t := range r.vocabulary.Types.Types() {
		names = append(names, t.Name)
		names = append(names, t.Aliases...)
	}
	if best := strictyaml.Closest(s, names); best != "" {
		return "did you mean `" + best + "`?"
	}
	return "write the name or the GUID of a type"
}
