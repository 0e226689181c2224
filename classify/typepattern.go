package classify

import (
	"slices"

	"github.com/postern-mail/postern/strictyaml"
)

func (r *typeReader) evidence(m *strictyaml.Mapping) {
	r.def.evidence = map[string]evidenceDef{}
	e, ok := m.Get("evidence")
	if !ok {
		return
	}
	for _, p := range r.Mapping(e.Value, e.Field).Entries() {
		em := r.Mapping(p.Value, p.Field, slices.Concat(primaryKeys, []string{"function"})...)
		r.def.evidence[p.Key] = r.evidenceOf(em, p)
		r.named = append(r.named, namedEntry{p, "evidence"})
	}
}

func (r *typeReader) evidenceOf(em *strictyaml.Mapping, p strictyaml.Entry) (def evidenceDef) {
	f, function := em.Get("function")
	if !function {
		one := r.primary(em, p)
		if len(one.words) > 0 && one.dictionary == nil {
			return evidenceDef{words: one.words}
		}
		return evidenceDef{hidden: &one}
	}
	if em != nil && len(em.Entries()) != 1 {
		r.Errorf(p.At, p.Field, "write one of `words`, `list` and `function`", "evidence is of one kind")
		return def
	}
	def.function, _ = r.Text(f.Value, f.Field)
	if evidenceFunction(def.function) == nil {
		r.Errorf(f.Value, f.Field, r.oneOfFunctions(def.function), "there is no function %q", def.function)
	}
	return def
}

func (r *typeReader) oneOfFunctions(name string) string {
	if near := strictyaml.Closest(name, evidenceFunctions); near != "" {
		return "did you mean `" + near + "`?"
	}
	write := "write "
	for i, f := range evidenceFunctions {
		switch {
		case i == len(evidenceFunctions)-1:
			write += " or "
		case i > 0:
			write += ", "
		}
		write += "`" + f + "`"
	}
	return write
}

func (r *typeReader) patterns(m *strictyaml.Mapping) {
	e, ok := m.Require("patterns", "write at least one, as in `- {confidence: 85, primary: number}`")
	if !ok {
		return
	}
	for i, n := range r.List(e.Value, e.Field) {
		r.def.patterns = append(r.def.patterns, r.pattern(n, strictyaml.Index(e.Field, i)))
	}
	for _, x := range r.named {
		if !r.used[x.kind+"."+x.Key] {
			r.Errorf(x.At, x.Field, "name it in a pattern or take it away", "no pattern uses %q", x.Key)
		}
	}
}

func (r *typeReader) pattern(n *strictyaml.Node, field string) (p patternDef) {
	pm := r.Mapping(n, field, "confidence", "primary", "proximity", "all", "any", "filters")
	if c, ok := pm.Require("confidence", "write a number from 1 to 100"); ok {
		p.confidence, _ = r.Int(c.Value, c.Field, 1, 100)
	}
	if c, ok := pm.Require("primary", "write the name of one of the primaries"); ok {
		p.primary, ok = r.Text(c.Value, c.Field)
		if _, known := r.def.primaries[p.primary]; ok && !known {
			r.Errorf(c.Value, c.Field, "", "there is no primary %q", p.primary)
		}
		r.use("primaries", p.primary)
	}
	if c, ok := pm.Get("proximity"); ok {
		p.proximity = r.proximity(c)
	}
	if c, ok := pm.Get("filters"); ok {
		p.filters = r.filters(c)
	}
	if a, ok := pm.Get("all"); ok {
		p.all = r.clauses(a, 0)
	}
	if a, ok := pm.Get("any"); ok {
		for j, g := range r.List(a.Value, a.Field) {
			p.any = append(p.any, r.group(g, strictyaml.Index(a.Field, j), 0))
		}
	}
	return p
}

// use notes that a pattern names a primary or evidence.
func (r *typeReader) use(kind, name string) { r.used[kind+"."+name] = true }

// maxGroups bounds how deep groups may lie in groups.
const maxGroups = 5

// clauses reads what evidence is wanted: names, names with a count or proximity
// of their own, and groups.
func (r *typeReader) clauses(e strictyaml.Entry, depth int) (clauses []clauseDef) {
	var seen []string
	for i, n := range r.List(e.Value, e.Field) {
		f := e.Field
		if n != e.Value {
			f = strictyaml.Index(e.Field, i)
		}
		if isMapping(n) {
			if of, _ := r.peek(n, "of"); of {
				clauses = append(clauses, r.group(n, f, depth+1))
				continue
			}
			clauses = append(clauses, r.clause(n, f))
			continue
		}
		name, ok := r.Text(n, f)
		if !ok {
			continue
		}
		r.known(n, e.Field, name)
		if slices.Contains(seen, name) {
			r.Errorf(n, e.Field, "write it once", "%q is written twice", name)
		}
		seen = append(seen, name)
		clauses = append(clauses, clauseDef{ref: name, minCount: 1})
	}
	return clauses
}

// known records a name of evidence that is not there.
func (r *typeReader) known(n *strictyaml.Node, field, name string) {
	if _, ok := r.def.evidence[name]; !ok {
		r.Errorf(n, field, "", "there is no evidence %q", name)
	}
	r.use("evidence", name)
}

func (r *typeReader) peek(n *strictyaml.Node, key string) (found bool, at *strictyaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true, n.Content[i+1]
		}
	}
	return false, nil
}

func (r *typeReader) clause(n *strictyaml.Node, field string) clauseDef {
	c := clauseDef{minCount: 1}
	m := r.Mapping(n, field, "evidence", "minCount", "uniqueResults", "proximity")
	if e, ok := m.Require("evidence", "write the name of evidence"); ok {
		if c.ref, ok = r.Text(e.Value, e.Field); ok {
			r.known(e.Value, e.Field, c.ref)
		}
	}
	if e, ok := m.Get("minCount"); ok {
		c.minCount, _ = r.Int(e.Value, e.Field, 1, 1000)
	}
	if e, ok := m.Get("uniqueResults"); ok {
		c.unique, _ = r.Bool(e.Value, e.Field)
	}
	if e, ok := m.Get("proximity"); ok {
		c.proximity = r.proximity(e)
	}
	return c
}

func (r *typeReader) group(n *strictyaml.Node, field string, depth int) clauseDef {
	g := clauseDef{group: true, min: 1}
	if depth > maxGroups {
		r.Errorf(n, field, "", "groups lie in groups more than %d deep", maxGroups)
		return g
	}
	m := r.Mapping(n, field, "min", "max", "minMatches", "maxMatches", "of")
	if of, ok := m.Require("of", "write the names of evidence as a list"); ok {
		g.of = r.clauses(of, depth)
	}
	either := func(short, long string) (strictyaml.Entry, bool) {
		e, ok := m.Get(short)
		other, twice := m.Get(long)
		switch {
		case ok && twice:
			r.Errorf(other.At, other.Field, "write one of the two", "`%s` and `%s` mean the same", short, long)
		case twice:
			return other, true
		}
		return e, ok
	}
	if e, ok := either("min", "minMatches"); ok {
		g.min, _ = r.Int(e.Value, e.Field, 0, len(g.of))
	}
	g.max = len(g.of)
	if e, ok := either("max", "maxMatches"); ok {
		g.max, _ = r.Int(e.Value, e.Field, g.min, len(g.of))
	}
	return g
}
