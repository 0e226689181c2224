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
	block // quarantine and rejection too
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
	case s.override && s.halt.verdict == Block:
		m.rank = blockWithOverride
	default:
		m.rank = block
	}
	return m
}

func (m match) deletes() bool { return m.rank > unrestricted && m.spec.halt.verdict == Delete }

// steps is what a walk over matched rules came to.
type steps struct {
	enforced *spec // nil when nothing halts
	edits    []Edit
	of       []*spec // the rule of each edit
	tip      *spec   // whose policy tip is shown; nil for none
	states   map[*rules.Rule]State
}

// walk processes matched rules in order (design: "The walk"). Non-halting
// actions are collected. The first halting action looks ahead over this rule and
// the remaining ones: the first with the most restrictive action is enforced and
// the others are halted by it. What was collected before the first halting
// action is dropped with a block, and kept with a quarantine together with the
// edits of the quarantining rule, for the release.
func walk(matches []match) steps {
	st := steps{states: make(map[*rules.Rule]State, len(matches))}
	for i, m := range matches {
		if m.rank == unrestricted {
			st.draft(m.spec)
			if st.tip == nil && m.spec.tip != "" {
				st.tip = m.spec
			}
			st.states[m.spec.rule] = Applied
			continue
		}
		st.halt(matches, i)
		return st
	}
	return st
}

// draft collects the edits of a rule.
func (st *steps) draft(s *spec) {
	for _, e := range s.edits {
		st.edits, st.of = append(st.edits, e), append(st.of, s)
	}
}

// halt ends the walk at rule i.
func (st *steps) halt(matches []match, i int) {
	st.enforced = strictest(matches[i:])
	st.tip = st.enforced
	before := Halted
	if st.enforced.halt.verdict == Quarantine {
		st.draft(st.enforced)
		before = Applied
	} else {
		st.edits, st.of = nil, nil
	}
	for j, o := range matches {
		st.states[o.spec.rule] = Halted
		if j < i {
			st.states[o.spec.rule] = before
		}
	}
	st.states[st.enforced.rule] = Enforced
}

// strictest gives the first of the most restrictive rules. A rule that deletes
// is taken only where it stands first: no look-ahead ends in a deletion.
func strictest(matches []match) *spec {
	best := matches[0]
	if best.deletes() {
		return best.spec
	}
	for _, m := range matches[1:] {
		if m.rank > best.rank && !m.deletes() {
			best = m
		}
	}
	return best.spec
}
