package rules

// Outline is a condition of a rule as it was compiled, or conditions joined.
type Outline struct {
	// Op is all, any or not; empty for a condition.
	Op   string
	Path string // "conditions.all[0]" …
	// Condition is the name of a condition, and Value its value in one
	// line, with the other half of a pair.
	Condition string
	Value     string
	Kind      Kind
	Cost      Cost
	// Kids are what is joined, in the order in which it is asked.
	Kids []Outline
}

// Cost is what the answer of a condition takes.
type Cost int

// Word is low, medium or high. That of Purview's table is of another system.
func (c Cost) Word() string {
	switch {
	case c >= costText:
		return "high"
	case c >= costDirectory:
		return "medium"
	}
	return "low"
}

// Step names what has to be had for an answer.
func (c Cost) Step() string {
	switch {
	case c >= costClassify:
		return "types of information are looked for"
	case c >= costDocuments:
		return "attachments are read"
	case c >= costText:
		return "text is read"
	case c >= costRecipient:
		return "each recipient is looked up"
	case c >= costDirectory:
		return "the sender is looked up"
	case c >= costNames:
		return "names of attachments are read"
	case c >= costHeader:
		return "the header section is read"
	}
	return "the session is looked at"
}

// Outline gives the conditions and the exceptions of a rule as they were
// compiled; the exceptions are nil when there are none.
func (r *Rule) Outline() (conditions, exceptions *Outline) {
	c := r.conditions.outline()
	if r.exceptions == nil {
		return &c, nil
	}
	e := r.exceptions.outline()
	return &c, &e
}

// Leaves gives the single conditions of a rule in the order of the file: that of
// [RuleResult].Conditions.
func (r *Rule) Leaves() []Outline {
	list := make([]Outline, len(r.leaves))
	for i, l := range r.leaves {
		list[i] = l.outline()
	}
	return list
}

func (n *node) outline() Outline {
	o := Outline{Path: n.path, Cost: Cost(n.cost)}
	switch n.op {
	case opLeaf:
		o.Condition, o.Value, o.Kind = n.condition.name, n.written(), n.condition.kind
		return o
	case opNot:
		o.Op = "not"
	case opAny:
		o.Op = "any"
	default:
		o.Op = "all"
	}
	for _, kid := range n.kids {
		o.Kids = append(o.Kids, kid.outline())
	}
	return o
}

// Judged tells for whom a rule answers: MessageWide, or PerRecipient when it may
// match some recipients and not others.
func (r *Rule) Judged() Kind {
	if r.PerRecipient {
		return PerRecipient
	}
	return MessageWide
}

// Cost is that of the dearest condition of a rule.
func (r *Rule) Cost() Cost {
	most := r.conditions.cost
	if r.exceptions != nil {
		most = max(most, r.exceptions.cost)
	}
	return Cost(most)
}
