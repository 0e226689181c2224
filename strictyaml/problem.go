package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity tells an error, which keeps a file from being used, from a hint.
type Severity int

// The severities.
const (
	Error Severity = iota
	Hint
)

func (s Severity) String() string {
	if s == Hint {
		return "hint"
	}
	return "error"
}

// Problem is one mistake in a file. Line and Column start at 1; both are 0 when
// the mistake has no place, as with a file that cannot be read.
type Problem struct {
	Severity Severity
	File     string
	Line     int
	Column   int
	// Field is the path of keys that leads to the value, as "rules[0].actions".
	Field string
	// What says what is wrong.
	What string
	// Write says what to write instead; empty when What says all.
	Write string
}

// String gives "file:line:column: field: what (write)", without the parts that
// are not known.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", s, p.Line, p.Column)
	}
	if p.Severity == Hint {
		s += ": hint"
	}
	if p.Field != "" {
		s += ": " + p.Field
	}
	s += ": " + p.What
	if p.Write != "" {
		s += "; " + p.Write
	}
	return s
}

// Sort puts problems in the order of files, lines and columns.
func Sort(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Errors tells whether one of the problems is more than a hint.
func Errors(ps []Problem) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}
