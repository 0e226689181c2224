package rules

import (
	"cmp"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/strictyaml"
)

const (
	sequence = yaml.SequenceNode
	mapping  = yaml.MappingNode
	scalar   = yaml.ScalarNode
)

// place is where a node of conditions is read.
type place struct {
	path   string // for people who ask why
	field  string // for problems
	strict bool
	depth  int
}

func (p place) below(key string) place {
	p.path, p.field = strictyaml.Join(p.path, key), strictyaml.Join(p.field, key)
	return p
}

func (p place) item(i int) place {
	p.path, p.field = strictyaml.Index(p.path, i), strictyaml.Index(p.field, i)
	return p
}

// readConditions reads the mapping of conditions of a rule. It is nil when
// there is a mistake.
func (r *reader) readConditions(n *strictyaml.Node, field string) *node {
	return r.readMapping(n, place{path: "conditions", field: field}, opAll)
}

// readExceptions reads the exceptions of a rule, any of which exempts: a
// mapping, or a list of mappings with one exception each.
func (r *reader) readExceptions(n *strictyaml.Node, field string) *node {
	r.exception = true
	defer func() { r.exception = false }()
	at := place{path: "exceptions", field: field, strict: true}
	if n.Kind != sequence {
		return r.readMapping(n, at, opAny)
	}
	top := &node{op: opAny, path: at.path}
	for i, item := range r.List(n, field) {
		at := at.item(i)
		if item.Kind == mapping && len(item.Content) > 2 && !isPair(item) {
			r.Errorf(item, at.field, "write a list entry for each when one is enough, or `all:` before them when all are due",
				"an entry of exceptions holds one exception")
			continue
		}
		top.add(r.readMapping(item, at, opAny))
	}
	return top.done()
}

// isPair tells a mapping that holds one condition in two keys.
func isPair(n *strictyaml.Node) bool {
	if len(n.Content) != 4 {
		return false
	}
	first, second := n.Content[0].Value, n.Content[2].Value
	beside := func(a, b string) bool { c := secondOf(b); return c != nil && c.name == a }
	return beside(first, second) || beside(second, first)
}

// readMapping reads keys that are joined by all or any.
func (r *reader) readMapping(n *strictyaml.Node, at place, join op) *node {
	if n.Kind != mapping {
		write := "write a condition with its value, as in `accessScope: notInOrganization`"
		if n.Kind == sequence {
			write = "take the `-` before each condition away, or write `all:` or `any:` before the list"
		}
		said := "a list"
		if n.Kind == scalar {
			said = "the text " + quote(n.Value)
		}
		r.Errorf(n, at.field, write, "%s stands where conditions are due, each a key with its value", said)
		return nil
	}
	m := r.keys(n, at.field, conditionKeys)
	if m == nil {
		return nil
	}
	if len(n.Content) == 0 {
		write := "write at least one, as in `accessScope: notInOrganization`"
		if at.path == "conditions" {
			write += "; for all mail `messageSizeOver: 1B`"
		}
		r.Errorf(n, at.field, write, "there is no condition")
		return nil
	}
	top := &node{op: join, path: at.path}
	for _, e := range m.Entries() {
		if c := secondOf(e.Key); c != nil {
			if _, ok := m.Get(c.name); !ok {
				r.Errorf(e.At, e.Field, "write `"+c.name+"` beside it", "%s says nothing alone", e.Key)
			}
			continue
		}
		// The value of a key that is wrong in its capitals alone is read too, so that all
		// its mistakes are told at once.
		if name := fold(e.Key, conditionKeys.known); name == e.Key || lookupCondition(name) != nil && lookupCondition(name).with == "" {
			e.Key = name
			top.add(r.readEntry(m, e, at))
		}
	}
	return top.done()
}

func (r *reader) readEntry(m *strictyaml.Mapping, e strictyaml.Entry, at place) *node {
	switch e.Key {
	case "all", "any", "not":
	default:
		return r.readLeaf(m, e, at)
	}
	at = at.below(e.Key)
	at.depth++
	if at.depth > maxNesting {
		r.Errorf(e.At, at.field, "nest less", "all, any and not are nested more than %d deep", maxNesting)
		return nil
	}
	group := &node{op: opAll, path: at.path}
	switch e.Key {
	case "any":
		group.op = opAny
	case "not":
		at.strict = !at.strict
	}
	if e.Value.Kind == sequence {
		for i, item := range r.List(e.Value, at.field) {
			group.add(r.readMapping(item, at.item(i), opAll))
		}
	} else {
		group.add(r.readMapping(e.Value, at, group.op))
	}
	group = group.done()
	if e.Key == "not" && group != nil {
		return &node{op: opNot, path: at.path, kids: []*node{group}, cost: group.cost}
	}
	return group
}

func (r *reader) readLeaf(m *strictyaml.Mapping, e strictyaml.Entry, at place) *node {
	c := lookupCondition(e.Key)
	var second strictyaml.Entry
	if c.with != "" {
		var ok bool
		if second, ok = m.Get(c.with); !ok && !c.optional {
			r.Errorf(e.At, e.Field, "write `"+c.with+"` beside it", "%s says nothing alone", c.name)
			return nil
		}
	}
	if r.exception && c.noException {
		r.Errorf(e.At, e.Field, "write it under `conditions`, with `not` when the opposite is meant", "%s has no form as an exception", c.name)
		return nil
	}
	r.limit, r.values = c.limit(), 0
	sought := len(r.sought)
	chk, ok := c.read(r, e, second)
	if !ok {
		return nil
	}
	key := r.leafKey(c, at.strict, e.Value, second.Value)
	if inverted := r.vocabulary.Inverted; inverted != nil && inverted(c.name, at.path) {
		chk, key = chk.inverted(), key+" inverted"
	}
	written := sync.OnceValue(func() string {
		if second.Value == nil {
			return strictyaml.Flow(e.Value)
		}
		return strictyaml.Flow(e.Value) + ", " + c.with + ": " + strictyaml.Flow(second.Value)
	})
	leaf := &node{op: opLeaf, path: at.path, condition: c, value: e.Value, second: second.Value, written: written, location: r.rule.location, check: chk, cost: c.cost, strict: at.strict, index: len(r.rule.leaves)}
	if r.share(leaf, key) {
		r.sought = r.sought[:sought]
	}
	r.rule.leaves = append(r.rule.leaves, leaf)
	return leaf
}

// add puts a node below; nil stands for one with a mistake.
func (n *node) add(kid *node) {
	if kid != nil {
		n.kids = append(n.kids, kid)
		n.cost = max(n.cost, kid.cost)
	}
}

// done sorts what is below, so that the cheapest is asked first; a single node
// stands for itself.
func (n *node) done() *node {
	switch len(n.kids) {
	case 0:
		return nil
	case 1:
		return n.kids[0]
	}
	slices.SortStableFunc(n.kids, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	return n
}
