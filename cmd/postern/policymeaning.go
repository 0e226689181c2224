package main

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// policyText is a policy file taken apart: what it means, without ways of writing.
type policyText struct {
	name, mode, file string
	settings         []namedValue // other keys but comment and priority
	rules            []ruleText
}

type ruleText struct {
	name     string
	settings []namedValue // other keys but comment
	clauses  []clause     // all of which must hold
	actions  []namedValue
}

// namedValue is a key with its value.
type namedValue struct {
	name, text, meaning string
}

func (v namedValue) String() string { return v.name + ": " + v.text }

// clause is one of the things that must hold for a rule: a condition, one that
// must not hold, or several of which one must. An exception is the same as a
// condition under `not`.
type clause struct {
	part    string // "condition" or "exception"
	name    string // of a single condition
	text    string // its value, or all of several
	meaning string
	values  []string // of a list of single values
}

func (c clause) String() string {
	if c.name == "" {
		return c.part + " " + c.text
	}
	return c.part + " " + c.name + ": " + c.text
}

// policyTexts takes policy files apart. Files with other things are passed over.
func policyTexts(files []rules.File) []policyText {
	var list []policyText
	for _, f := range files {
		r, root := strictyaml.Parse(f.Name, f.Data)
		if root == nil {
			continue
		}
		p := policyText{name: f.Name, file: f.Name}
		for _, e := range r.Mapping(root, "").Entries() {
			switch e.Key {
			case "policy":
				p.name = e.Value.Value
			case "mode":
				p.mode = e.Value.Value
			case "comment", "priority":
			case "rules":
				for _, n := range e.Value.Content {
					p.rules = append(p.rules, readRuleText(r, n))
				}
			default:
				p.settings = append(p.settings, setting(e))
			}
		}
		list = append(list, p)
	}
	return list
}

func setting(e strictyaml.Entry) namedValue {
	return namedValue{e.Key, strictyaml.Flow(e.Value), strings.ToLower(strictyaml.Meaning(e.Value))}
}

func readRuleText(r *strictyaml.Reader, n *strictyaml.Node) (t ruleText) {
	all := &formula{op: "all"}
	for _, e := range r.Mapping(n, "").Entries() {
		switch e.Key {
		case "rule":
			t.name = e.Value.Value
		case "comment":
		case "conditions":
			all.kids = append(all.kids, readFormula(e.Value, "all"))
		case "exceptions":
			all.kids = append(all.kids, &formula{op: "not", kids: []*formula{readFormula(e.Value, "any")}})
		case "actions":
			t.actions = readActionTexts(r, e.Value)
		default:
			if s := setting(e); s.text != "false" {
				t.settings = append(t.settings, s)
			}
		}
	}
	for _, f := range all.normal(false).conjuncts() {
		t.clauses = append(t.clauses, f.clause())
	}
	return t
}

// readActionTexts reads actions; Purview's way to write blockAccess is that of
// ours.
func readActionTexts(r *strictyaml.Reader, n *strictyaml.Node) (list []namedValue) {
	scope := "all"
	for _, e := range r.Mapping(n, "").Entries() {
		if e.Key == "blockAccessScope" {
			scope = strings.ToLower(e.Value.Value[:min(1, len(e.Value.Value))]) + e.Value.Value[min(1, len(e.Value.Value)):]
		}
	}
	for _, e := range r.Mapping(n, "").Entries() {
		v := namedValue{e.Key, strictyaml.Flow(e.Value), strictyaml.Meaning(e.Value)}
		switch {
		case e.Key == "blockAccessScope":
			continue
		case e.Key == "blockAccess" && e.Value.Tag == "!!bool":
			v.text, v.meaning = scope, strictyaml.Meaning(&strictyaml.Node{Kind: yaml.ScalarNode, Value: scope})
		}
		list = append(list, v)
	}
	return list
}

// formula is conditions joined by all, any and not; without op it is one.
type formula struct {
	op    string
	kids  []*formula
	name  string
	value *strictyaml.Node
}

// readFormula reads a mapping of conditions, or a list of such.
func readFormula(n *strictyaml.Node, join string) *formula {
	f := &formula{op: join}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			f.kids = append(f.kids, readFormula(item, "all"))
		}
		return f
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		switch key {
		case "all", "any":
			f.kids = append(f.kids, readFormula(value, key))
		case "not":
			f.kids = append(f.kids, &formula{op: "not", kids: []*formula{readFormula(value, "all")}})
		default:
			if isSecond, second := pairOf(n, key); second != nil {
				value = &strictyaml.Node{Kind: yaml.MappingNode, Content: []*strictyaml.Node{n.Content[i], value, second[0], second[1]}}
			} else if isSecond {
				continue // it is told with the other half
			}
			f.kids = append(f.kids, &formula{name: key, value: value})
		}
	}
	return f
}

// pairOf gives the other half of a condition whose value stands in two keys, with
// its key; isSecond tells that the key given is the second of such, and the other is
// there.
func pairOf(n *strictyaml.Node, key string) (isSecond bool, second []*strictyaml.Node) {
	find := func(name string) []*strictyaml.Node {
		for i := 0; i+1 < len(n.Content) && name != ""; i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i : i+2]
			}
		}
		return nil
	}
	for _, c := range rules.Conditions() {
		switch key {
		case c.Name:
			second = find(c.With)
		case c.With:
			isSecond = isSecond || find(c.Name) != nil
		}
	}
	return isSecond, second
}

// normal gives a formula of the same meaning in which not stands before single
// conditions only and no all stands in an all. Two of the same meaning that differ
// in ways of writing become the same.
func (f *formula) normal(negated bool) *formula {
	switch {
	case f.op == "not":
		return f.kids[0].normal(!negated)
	case f.op == "" && negated:
		return &formula{op: "not", kids: []*formula{f}}
	case f.op == "":
		return f
	}
	out := &formula{op: f.op}
	if negated {
		out.op = map[string]string{"all": "any", "any": "all"}[f.op]
	}
	for _, kid := range f.kids {
		k := kid.normal(negated)
		if k.op == out.op {
			out.kids = append(out.kids, k.kids...)
		} else {
			out.kids = append(out.kids, k)
		}
	}
	slices.SortStableFunc(out.kids, func(a, b *formula) int { return strings.Compare(a.meaning(), b.meaning()) })
	out.kids = slices.CompactFunc(out.kids, func(a, b *formula) bool { return a.meaning() == b.meaning() })
	if len(out.kids) == 1 {
		return out.kids[0]
	}
	return out
}

func (f *formula) conjuncts() []*formula {
	if f.op == "all" {
		return f.kids
	}
	return []*formula{f}
}

func (f *formula) meaning() string {
	if f.op == "" {
		return f.name + "=" + valueMeaning(f.name, f.value)
	}
	var kids []string
	for _, k := range f.kids {
		kids = append(kids, k.meaning())
	}
	return f.op + "(" + strings.Join(kids, ";") + ")"
}

// text gives a formula as it could be written.
func (f *formula) text() string {
	switch f.op {
	case "":
		return f.name + ": " + strictyaml.Flow(f.value)
	case "not":
		return "not: {" + f.kids[0].text() + "}"
	}
	var kids []string
	for _, k := range f.kids {
		kids = append(kids, "{"+k.text()+"}")
	}
	return f.op + ": [" + strings.Join(kids, ", ") + "]"
}

func (f *formula) clause() clause {
	c := clause{part: "condition", meaning: f.meaning()}
	if f.op == "not" {
		c.part, f = "exception", f.kids[0]
	}
	if f.op != "" {
		c.text = f.text()
		return c
	}
	c.name, c.text = f.name, strictyaml.Flow(f.value)
	if f.value.Kind == yaml.ScalarNode {
		c.values = []string{c.text}
	}
	for _, n := range f.value.Content {
		if f.value.Kind != yaml.SequenceNode || n.Kind != yaml.ScalarNode {
			c.values = nil
			break
		}
		c.values = append(c.values, strictyaml.Flow(n))
	}
	return c
}

// valueMeaning gives what the value of a condition means. Case counts in patterns
// alone.
func valueMeaning(name string, n *strictyaml.Node) string {
	switch {
	case name == "contentContainsSensitiveInformation":
		types := plainTypes(n)
		if grouped := slices.ContainsFunc(types.Content, func(k *strictyaml.Node) bool { return k.Value == "groups" }); n.Kind == yaml.MappingNode && !grouped {
			types = &strictyaml.Node{Kind: yaml.SequenceNode, Content: []*strictyaml.Node{types}}
		}
		return strings.ToLower(strictyaml.Meaning(types))
	case strings.HasSuffix(name, "SizeOver"):
		r := strictyaml.Reader{}
		if size, ok := r.Size(n, ""); ok {
			return strconv.FormatInt(size, 10)
		}
	case strings.HasSuffix(name, "Patterns"):
		return strictyaml.Meaning(n)
	}
	return strings.ToLower(strictyaml.Meaning(n))
}

// levels are the confidences of levels.
var levels = map[string]string{"low": "65", "medium": "75", "high": "85"}

// plainTypes gives the value of a condition on sensitive information without what
// holds anyway, a level as its number, and one type as a list of one.
func plainTypes(n *strictyaml.Node) *strictyaml.Node {
	out := *n
	out.Content = nil
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			out.Content = append(out.Content, plainTypes(c))
		}
		return &out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := *n.Content[i], plainTypes(n.Content[i+1])
		key.Value = strings.ToLower(key.Value)
		switch v := strings.ToLower(value.Value); {
		case key.Value == "mincount" && v == "1", key.Value == "maxcount" && (v == "any" || v == "-1"),
			key.Value == "maxconfidence" && v == "100", key.Value == "classifiertype":
			continue
		case key.Value == "name" && value.Kind == yaml.ScalarNode:
			key.Value = "type"
		case key.Value == "confidencelevel" && levels[v] != "":
			key.Value, value.Value = "minconfidence", levels[v]
		}
		out.Content = append(out.Content, &key, value)
	}
	return &out
}
