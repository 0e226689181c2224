package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// formula is what a rule asks, with `not` moved down to the conditions.
type formula struct {
	op      op // opLeaf, opAll or opAny; all of none holds always, any of none never
	leaf    *node
	negated bool // the condition does not hold
	kids    []*formula
}

// formulaOf gives what a tree of conditions asks, or the opposite of it.
func formulaOf(n *node, negated bool) *formula {
	if n == nil {
		return &formula{op: opAll}
	}
	switch {
	case n.op == opLeaf:
		return &formula{op: opLeaf, leaf: n, negated: negated}
	case n.op == opNot:
		return formulaOf(n.kids[0], !negated)
	}
	f := &formula{op: opAll}
	if (n.op == opAny) != negated {
		f.op = opAny
	}
	for _, kid := range n.kids {
		f.kids = append(f.kids, formulaOf(kid, negated))
	}
	return f
}

// formula gives when a rule matches.
func (r *Rule) formula() *formula {
	f := &formula{op: opAll, kids: []*formula{formulaOf(r.conditions, false)}}
	if r.exceptions != nil {
		f.kids = append(f.kids, formulaOf(r.exceptions, true))
	}
	return f
}

// prover finds out what follows from what. What it says follows does; it does not
// find all that follows.
type prover struct {
	// loose passes over the difference that several names of one sender make.
	loose bool
	known map[[2]*formula]bool
	sets  map[*node]map[string]bool
}

func newProver(loose bool) *prover {
	return &prover{loose: loose, known: make(map[[2]*formula]bool), sets: make(map[*node]map[string]bool)}
}

// implies tells that whenever a holds, b does.
func (p *prover) implies(a, b *formula) bool {
	if a.op == opLeaf && b.op == opLeaf {
		return p.literal(a, b)
	}
	key := [2]*formula{a, b}
	if known, ok := p.known[key]; ok {
		return known
	}
	follows := p.always(b) || p.never(a)
	each := func(list []*formula, ok func(*formula) bool) bool {
		return !slices.ContainsFunc(list, func(f *formula) bool { return !ok(f) })
	}
	switch {
	case follows:
	case b.op == opAll:
		follows = each(b.kids, func(f *formula) bool { return p.implies(a, f) })
	case a.op == opAny:
		follows = each(a.kids, func(f *formula) bool { return p.implies(f, b) })
	default:
		follows = a.op == opAll && slices.ContainsFunc(a.kids, func(f *formula) bool { return p.implies(f, b) }) ||
			b.op == opAny && slices.ContainsFunc(b.kids, func(f *formula) bool { return p.implies(a, f) })
	}
	p.known[key] = follows
	return follows
}

// literal tells that one condition, or that it does not hold, follows from
// another.
func (p *prover) literal(a, b *formula) bool {
	switch {
	case !a.negated && !b.negated:
		return p.leaf(a.leaf, b.leaf)
	case a.negated && b.negated:
		return p.leaf(b.leaf, a.leaf)
	}
	// Several names of one sender may be inside and outside, but not all the one and
	// some the other.
	if !a.negated && a.leaf.strict != b.leaf.strict && a.leaf.condition.name == "fromScope" && a.leaf.condition == b.leaf.condition {
		return a.leaf.sameSettings(b.leaf) && !strings.EqualFold(a.leaf.value.Value, b.leaf.value.Value)
	}
	// Inside and outside are one the opposite of the other, for each recipient.
	return a.leaf.condition.name == "accessScope" && b.leaf.condition.name == "accessScope" &&
		!strings.EqualFold(a.leaf.value.Value, b.leaf.value.Value)
}

// leaf tells that a condition follows from another.
func (p *prover) leaf(a, b *node) bool {
	switch {
	case b.trivial():
		return true
	case a.number == b.number:
		return true
	case a.condition != b.condition || a.strict != b.strict && !p.loose && a.condition.ofSender():
		return false
	case !a.sameSettings(b):
		return false
	case a.check.sensitive != nil && b.check.sensitive != nil:
		return a.check.sensitive.implies(b.check.sensitive)
	case strings.HasSuffix(a.condition.name, "Over"):
		x, ok := amount(a.value)
		y, good := amount(b.value)
		return ok && good && x >= y
	}
	more := p.alternatives(b)
	if more == nil {
		return false
	}
	for one := range p.alternatives(a) {
		if !more[one] && !a.condition.covered(one, more) {
			return false
		}
	}
	return len(p.alternatives(a)) > 0
}

// ofSender tells a condition on the sender, whom several addresses may name, or on
// what else a header claims more than once: an exception asks more of it.
func (c *condition) ofSender() bool {
	return slices.ContainsFunc([]string{"from", "sender", "adComparison", "anyOfTo", "anyOfCc", "between", "manager", "recipientInSender", "sclOver", "shared"},
		func(prefix string) bool { return strings.HasPrefix(c.name, prefix) })
}

// sameSettings tells whether what a rule says beside its conditions is the same
// for two of them, as far as they look at it.
func (n *node) sameSettings(o *node) bool { return n.location == o.location || !n.condition.ofSender() }

// trivial tells a condition that holds for every message.
func (n *node) trivial() bool {
	switch n.condition.name {
	case "nonBifurcatingAccessScope":
		return strings.EqualFold(n.value.Value, "none")
	case "messageSizeOver":
		size, ok := amount(n.value)
		return ok && size <= 1
	}
	return false
}

func amount(n *strictyaml.Node) (int64, bool) {
	r := &strictyaml.Reader{}
	return r.Size(n, "")
}

// alternatives gives the values of a condition, one of which is enough; nil for a
// condition that has none.
func (p *prover) alternatives(n *node) map[string]bool {
	if set, ok := p.sets[n]; ok {
		return set
	}
	set := make(map[string]bool)
	// Capitals matter in patterns, where they tell `\d` from `\D`.
	if n.second != nil || !valuesOf(n.value, "", strings.HasSuffix(n.condition.name, "Patterns"), set) {
		set = nil
	}
	p.sets[n] = set
	return set
}

// valuesOf gathers texts, those of a mapping with their key in front.
func valuesOf(n *strictyaml.Node, key string, cased bool, set map[string]bool) bool {
	add := func(s string) {
		if !cased {
			s = strings.ToLower(s)
		}
		set[key+s] = true
	}
	switch {
	case n == nil:
		return false
	case n.Kind == scalar:
		add(n.Value)
	case n.Kind == sequence:
		for _, item := range n.Content {
			if item.Kind != scalar {
				return false
			}
			add(item.Value)
		}
	case n.Kind == mapping && key == "":
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !valuesOf(n.Content[i+1], strings.ToLower(n.Content[i].Value)+": ", cased, set) {
				return false
			}
		}
	default:
		return false
	}
	return true
}

// covered tells that a value is within another one.
func (c *condition) covered(one string, more map[string]bool) bool {
	switch c.name {
	case "senderDomainIs", "recipientDomainIs":
		for other := range more {
			if strings.HasPrefix(other, ".") && strings.HasSuffix(one, other) {
				return true
			}
		}
	case "senderIPRanges":
		ir, bad := parseIPRange(one)
		for other := range more {
			if or, worse := parseIPRange(other); bad == "" && worse == "" && or.holds(ir.from) && or.holds(ir.to) {
				return true
			}
		}
	}
	return false
}

// implies tells that a condition on types follows from another: each of its
// requirements does.
func (c *sensitive) implies(o *sensitive) bool {
	formulaOfTypes := func(c *sensitive) (groups [][]typeTest, ok bool) {
		// Groups joined by or, with types joined by or, are one list of alternatives.
		var list []typeTest
		for _, g := range c.groups {
			if len(g.labels) > 0 || g.all && len(g.types) > 1 || c.all && len(c.groups) > 1 {
				return nil, false
			}
			list = append(list, g.types...)
		}
		return [][]typeTest{list}, len(list) > 0
	}
	a, ok := formulaOfTypes(c)
	b, good := formulaOfTypes(o)
	if !ok || !good {
		return false
	}
	for _, x := range a[0] {
		if !slices.ContainsFunc(b[0], x.implies) {
			return false
		}
	}
	return true
}

// implies tells that a requirement follows from another.
func (t typeTest) implies(o typeTest) bool {
	return t.typ == o.typ && t.minCount >= o.minCount && t.maxCount <= o.maxCount && t.maxConfidence == o.maxConfidence &&
		(t.minConfidence == o.minConfidence || t.minConfidence > o.minConfidence && o.maxCount > maxCount)
}

// never tells that a formula cannot hold.
func (p *prover) never(f *formula) bool {
	a, _ := p.clash(f)
	return a != nil
}

// clash finds two conditions of a formula that exclude each other, so that it
// never holds.
func (p *prover) clash(f *formula) (a, b *formula) {
	switch f.op {
	case opAny:
		for _, kid := range f.kids {
			if a, b = p.clash(kid); a == nil {
				return nil, nil
			}
		}
		return a, b
	case opAll:
		all := conjuncts(f, nil)
		for i, x := range all {
			for _, y := range all[i+1:] {
				if p.exclude(x, y) {
					return first(x), first(y)
				}
			}
			if x.op != opLeaf {
				if a, b = p.clash(x); a != nil {
					return a, b
				}
			}
		}
	}
	return nil, nil
}

// first gives a condition of a formula.
func first(f *formula) *formula {
	for f.op != opLeaf && len(f.kids) > 0 {
		f = f.kids[0]
	}
	return f
}

// conjuncts gives the parts of a formula that must all hold.
func conjuncts(f *formula, list []*formula) []*formula {
	if f.op != opAll {
		return append(list, f)
	}
	for _, kid := range f.kids {
		list = conjuncts(kid, list)
	}
	return list
}

// exclude tells that two formulas cannot hold together: each way in which one may
// hold is against the other.
func (p *prover) exclude(a, b *formula) bool {
	switch {
	case a.op == opAny:
		return len(a.kids) > 0 && !slices.ContainsFunc(a.kids, func(f *formula) bool { return !p.exclude(f, b) })
	case b.op == opAny:
		return len(b.kids) > 0 && !slices.ContainsFunc(b.kids, func(f *formula) bool { return !p.exclude(a, f) })
	case a.op == opAll:
		return slices.ContainsFunc(a.kids, func(f *formula) bool { return p.exclude(f, b) })
	case b.op == opAll:
		return slices.ContainsFunc(b.kids, func(f *formula) bool { return p.exclude(a, f) })
	}
	return p.literal(a, &formula{op: opLeaf, leaf: b.leaf, negated: !b.negated})
}

// always tells that a formula holds for every message.
func (p *prover) always(f *formula) bool {
	switch f.op {
	case opLeaf:
		return !f.negated && f.leaf.trivial()
	case opAll:
		return !slices.ContainsFunc(f.kids, func(k *formula) bool { return !p.always(k) })
	}
	for i, x := range f.kids {
		if p.always(x) {
			return true
		}
		for _, y := range f.kids[i+1:] {
			if x.op == opLeaf && y.op == opLeaf && p.literal(&formula{op: opLeaf, leaf: x.leaf, negated: !x.negated}, y) {
				return true
			}
		}
	}
	return false
}

// covers tells whether a policy is for all senders another is for.
func (s *scope) covers(o *scope) bool {
	return s.open() || slices.Equal(s.units, o.units) && s.include.equal(o.include) && s.exclude.equal(o.exclude)
}

// open tells a scope that holds everybody.
func (s *scope) open() bool { return len(s.units) == 0 && s.include.empty() && s.exclude.empty() }

func (s senderSet) equal(o senderSet) bool {
	if !maps.Equal(s.users, o.users) || len(s.groups) != len(o.groups) {
		return false
	}
	for i, g := range s.groups {
		if g.Key() != o.groups[i].Key() {
			return false
		}
	}
	return true
}
