package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// Lint gives hints at rules that can never act, or not as they are written: whose
// conditions contradict each other or hold for every message, whose exceptions
// repeat a condition or exempt nothing, and that stand behind a rule which stops
// the processing of all they would match. What it says is so; it does not find
// all there is.
func (s *Set) Lint() []strictyaml.Problem {
	var hints []strictyaml.Problem
	loose := newProver(true)
	for _, p := range s.Policies {
		if p.Mode == Disable {
			continue
		}
		off := 0
		for _, r := range p.Rules {
			if r.Disabled {
				off++
				continue
			}
			hints = append(hints, r.lint(loose)...)
		}
		if off > 0 && off == len(p.Rules) {
			hints = append(hints, p.Rules[0].Hint("write `mode: disable`, or enable a rule", "all rules of policy %q are disabled, so it does nothing", p.Name))
		}
	}
	return append(hints, s.stopped()...)
}

// Hint makes a hint at a rule.
func (r *Rule) Hint(write, format string, args ...any) strictyaml.Problem {
	return strictyaml.Problem{Severity: strictyaml.Hint, File: r.Policy.File, Line: r.line, Column: r.column, Field: r.field,
		What: fmt.Sprintf(format, args...), Write: write}
}

// hintAt makes a hint at one of the conditions of a rule.
func (r *Rule) hintAt(n *node, write, format string, args ...any) strictyaml.Problem {
	h := r.Hint(write, format, args...)
	h.Field = r.field + "." + n.where()
	if n.value != nil {
		h.Line, h.Column = n.value.Line, n.value.Column
	}
	return h
}

// where names the place of a condition in its rule.
func (n *node) where() string { return strictyaml.Join(n.path, n.condition.name) }

func (f *formula) where() string {
	if f.negated && !strings.HasPrefix(f.leaf.path, "exceptions") {
		return "`" + f.leaf.where() + "` (which must not hold)"
	}
	return "`" + f.leaf.where() + "`"
}

// lint looks at a rule alone.
func (r *Rule) lint(p *prover) []strictyaml.Problem {
	conditions := formulaOf(r.conditions, false)
	if a, b := p.clash(conditions); a != nil {
		return []strictyaml.Problem{r.hintAt(b.leaf, "take one away, or write `any` where one of them is enough",
			"it contradicts %s: the rule never matches", a.where())}
	}
	var hints []strictyaml.Problem
	for _, l := range r.leaves {
		if l.condition.name == "nonBifurcatingAccessScope" && l.trivial() {
			hints = append(hints, r.hintAt(l, "take it away, or write `hasInternal` or `hasExternal`", "`none` asks nothing: the condition always holds"))
		}
	}
	if f := r.tautology(p, conditions); f != nil {
		hints = append(hints, r.hintAt(f.leaf, "take away what is not meant", "this or what stands beside it always holds: the conditions are those of every message"))
	}
	if r.exceptions == nil {
		return hints
	}
	kids := []*node{r.exceptions}
	if r.exceptions.op == opAny {
		kids = r.exceptions.kids
	}
	for _, kid := range kids {
		exempt := formulaOf(kid, false)
		at := first(exempt)
		if at.op != opLeaf {
			continue
		}
		switch {
		case p.implies(conditions, exempt):
			hints = append(hints, r.hintAt(at.leaf, "take it away, or name in it what the conditions do not",
				"the exception holds whenever the conditions do: the rule never matches"))
		case p.exclude(conditions, exempt):
			hints = append(hints, r.hintAt(at.leaf, "take it away, or take away what contradicts it",
				"the exception never holds together with the conditions: it exempts nothing"))
		}
	}
	return hints
}

// tautology gives a condition of an `any` that always holds though none of its
// conditions does.
func (r *Rule) tautology(p *prover, f *formula) *formula {
	for _, part := range conjuncts(f, nil) {
		if part.op == opAny && p.always(part) {
			if at := first(part); at.op == opLeaf && !at.leaf.trivial() {
				return at
			}
		}
	}
	return nil
}

// InsideOnly tells that a rule holds for recipients inside the organisation
// alone; false says nothing.
func (r *Rule) InsideOnly() bool {
	return slices.ContainsFunc(conjuncts(r.formula(), nil), func(f *formula) bool {
		if f.op != opLeaf {
			return false
		}
		name := f.leaf.condition.name
		inside := strings.EqualFold(f.leaf.value.Value, "inOrganization")
		return name == "accessScope" && inside != f.negated || name == "sentToScope" && inside && !f.negated
	})
}

// constant tells whether a rule is enforced, and at all times.
func (r *Rule) constant() bool {
	return r.Policy.Mode.Enforced() && !r.Disabled && r.Activation.IsZero() && r.Expiry.IsZero()
}

// Behind gives the rules that hold only where an earlier one does which ends
// something, with the first such rule: it has weaker conditions and at least the
// same scope, and is enforced at all times. What is not certain is left out.
func (s *Set) Behind(ends func(*Rule) bool) map[*Rule]*Rule {
	type end struct {
		rule *Rule
		f    *formula
	}
	behind := make(map[*Rule]*Rule)
	var before []end
	p := newProver(false)
	for _, policy := range s.Policies {
		for _, r := range policy.Rules {
			if policy.Mode == Disable || r.Disabled {
				continue
			}
			f := r.formula()
			if p.never(f) {
				continue
			}
			for _, e := range before {
				if e.rule.PerComponent == r.PerComponent && e.rule.Policy.scope.covers(&policy.scope) && p.implies(f, e.f) {
					behind[r] = e.rule
					break
				}
			}
			if r.constant() && ends(r) {
				before = append(before, end{r, f})
			}
		}
	}
	return behind
}

// stopped gives hints at rules behind those that stop, and one at a rule that
// stops everything.
func (s *Set) stopped() []strictyaml.Problem {
	behind := s.Behind(func(r *Rule) bool { return r.Stop })
	p := newProver(false)
	var hints []strictyaml.Problem
	for _, policy := range s.Policies {
		for _, r := range policy.Rules {
			count := 0
			for _, e := range behind {
				if e == r {
					count++
				}
			}
			if e := behind[r]; e != nil && !p.always(e.formula()) {
				hints = append(hints, r.Hint("put it before that rule, or give it conditions of its own",
					"the rule is never evaluated: rule %q of policy %q holds for all that it does, and stops", e.Name, e.Policy.Name))
			} else if count > 0 && p.always(r.formula()) {
				hints = append(hints, r.Hint("put it last, or give it conditions", "it stops the processing of every message it is for: the rules behind it, %d, are never evaluated", count))
			}
		}
	}
	return hints
}
