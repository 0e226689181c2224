package actions

import (
	"github.com/postern-mail/postern/rules"
)

// restrictiveness orders what a rule does to a fork; a higher one wins the
// look-ahead. Waiting actions stand between the two kinds of blocks.
type restrictiveness int

const (
	unrestricted restrictiveness = iota
	blockWithOverride
	waitsForDecision
	block
)

// match is a matched rule as one fork sees it.
type match struct {
	spec *spec
	rank restrictiveness
}

// see gives a rule as recipients see it who are inside or outside the
// organisation: blockAccess perUser is nothing to people inside.
func see(s *spec, outside bool) match {
	m := match{spec: s}
	switch {
	case s.halt == nil || s.halt.outsideOnly && !outside:
	case s.override:
		m.rank = blockWithOverride
	default:
		m.rank = block
	}
	return m
}

// steps is what a walk over matched rules came to.
type steps struct {
	enforced *spec // nil when nothing halts
	edits    []Edit
	tip      string
	states   map[*rules.Rule]State
}

// walk processes matched rules in order (design: "The walk"). Non-halting
// actions are collected. The first halting action looks ahead over this rule and
// the remaining ones: the first with the most restrictive action is enforced, all
// others are halted by it, and what was collected is dropped with the block.
func walk(matches []match) steps {
	st := steps{states: make(map[*rules.Rule]State, len(matches))}
	for i, m := range matches {
		if m.rank == unrestricted {
			st.edits = append(st.edits, m.spec.edits...)
			if st.tip == "" {
				st.tip = m.spec.tip
			}
			st.states[m.spec.rule] = Applied
			continue
		}
		st.enforced = strictest(matches[i:])
		st.edits, st.tip = nil, st.enforced.tip
		for _, o := range matches {
			st.states[o.spec.rule] = Halted
		}
		st.states[st.enforced.rule] = Enforced
		return st
	}
	return st
}

// strictest gives the first of the most restrictive rules.
func strictest(matches []match) *spec {
	best := matches[0]
	for _, m := range matches[1:] {
		if m.rank > best.rank {
			best = m
		}
	}
	return best.spec
}
