package rules

import (
	"regexp/syntax"
	"unicode"
)

// RE2 takes letters of ASCII alone for those of words where a pattern asks for the
// edge of one (`\b`), so that `\bмир\b` never matches. wordEdges writes such a
// pattern without edges: what stands on both sides of one is known from the
// pattern, or is the character before or behind all that matches, which may then
// be part of it as only the match itself is asked for. It is nil where the pattern is too
// involved.
func wordEdges(re *syntax.Regexp) *syntax.Regexp {
	e := &edges{}
	out := e.settle([]*syntax.Regexp{re})
	if e.failed {
		return nil
	}
	return out
}

// mostPieces bounds the work on one pattern.
const mostPieces = 2000

type edges struct {
	pieces int
	failed bool
}

func (e *edges) fail() *syntax.Regexp {
	e.failed = true
	return nothing
}

var (
	nothing = &syntax.Regexp{Op: syntax.OpNoMatch}
	empty   = &syntax.Regexp{Op: syntax.OpEmptyMatch}
)

func classOf(pairs []rune) *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpCharClass, Rune: pairs}
}

func alternate(list ...*syntax.Regexp) *syntax.Regexp {
	var kept []*syntax.Regexp
	for _, re := range list {
		if re.Op != syntax.OpNoMatch {
			kept = append(kept, re)
		}
	}
	switch len(kept) {
	case 0:
		return nothing
	case 1:
		return kept[0]
	}
	return &syntax.Regexp{Op: syntax.OpAlternate, Sub: kept}
}

func concat(list ...*syntax.Regexp) *syntax.Regexp {
	var kept []*syntax.Regexp
	for _, re := range list {
		switch re.Op {
		case syntax.OpNoMatch:
			return nothing
		case syntax.OpEmptyMatch:
		case syntax.OpConcat:
			kept = append(kept, re.Sub...)
		default:
			kept = append(kept, re)
		}
	}
	switch len(kept) {
	case 0:
		return empty
	case 1:
		return kept[0]
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: kept}
}

func isEdge(re *syntax.Regexp) bool {
	return re.Op == syntax.OpWordBoundary || re.Op == syntax.OpNoWordBoundary
}

func hasEdge(re *syntax.Regexp) bool {
	if isEdge(re) {
		return true
	}
	for _, sub := range re.Sub {
		if hasEdge(sub) {
			return true
		}
	}
	return false
}

// settle takes the edges out of a whole pattern, which is written as pieces one
// behind the other.
func (e *edges) settle(list []*syntax.Regexp) *syntax.Regexp {
	if e.pieces += len(list); e.pieces > mostPieces || e.failed {
		return e.fail()
	}
	for i, re := range list {
		if !hasEdge(re) {
			continue
		}
		before, behind := list[:i:i], list[i+1:]
		switch re.Op {
		case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
			return e.divide(re.Op == syntax.OpWordBoundary, before, behind)
		case syntax.OpCapture:
			return e.settle(joined(before, re.Sub, behind))
		case syntax.OpConcat:
			return e.settle(joined(before, re.Sub, behind))
		case syntax.OpQuest:
			return alternate(e.settle(joined(before, behind)), e.settle(joined(before, re.Sub, behind)))
		case syntax.OpAlternate:
			var all []*syntax.Regexp
			for _, sub := range re.Sub {
				all = append(all, e.settle(joined(before, []*syntax.Regexp{sub}, behind)))
			}
			return alternate(all...)
		}
		return e.fail()
	}
	return concat(list...)
}

func joined(lists ...[]*syntax.Regexp) []*syntax.Regexp {
	var all []*syntax.Regexp
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// divide takes an edge out: the characters on its sides are a word's and another
// (or, where no edge is to be, of one kind).
func (e *edges) divide(edge bool, before, behind []*syntax.Regexp) *syntax.Regexp {
	var all []*syntax.Regexp
	for _, word := range []bool{true, false} {
		left := e.near(before, word, true, 0)
		if left.Op == syntax.OpNoMatch {
			continue
		}
		right := e.near(behind, word != edge, false, 0)
		if right.Op == syntax.OpNoMatch {
			continue
		}
		all = append(all, e.settle(flat(left, right)))
	}
	return alternate(all...)
}

func flat(list ...*syntax.Regexp) []*syntax.Regexp {
	var out []*syntax.Regexp
	for _, re := range list {
		if re.Op == syntax.OpConcat {
			out = append(out, re.Sub...)
		} else {
			out = append(out, re)
		}
	}
	return out
}

// mostSteps bounds how far one side of an edge is looked into.
const mostSteps = 60

// near gives what pieces match whose character next to the edge is one of words,
// or none: the last one on the left side of it, the first one on the right side.
func (e *edges) near(list []*syntax.Regexp, word, left bool, steps int) *syntax.Regexp {
	if e.pieces++; steps > mostSteps || e.pieces > mostPieces || e.failed {
		return e.fail()
	}
	if len(list) == 0 {
		return e.outside(word, left)
	}
	re, rest := list[0], list[1:]
	if left {
		re, rest = list[len(list)-1], list[:len(list)-1:len(list)-1]
	}
	// with puts pieces in the place of re.
	with := func(pieces ...*syntax.Regexp) []*syntax.Regexp {
		if left {
			return joined(rest, pieces)
		}
		return joined(pieces, rest)
	}
	// more takes one turn out of a repetition, next to the edge.
	more := func(others *syntax.Regexp) *syntax.Regexp {
		if left {
			return e.near(with(others, re.Sub[0]), word, left, steps+1)
		}
		return e.near(with(re.Sub[0], others), word, left, steps+1)
	}
	less := func() *syntax.Regexp { return e.near(rest, word, left, steps+1) }
	switch re.Op {
	case syntax.OpEmptyMatch:
		return less()
	case syntax.OpLiteral:
		c := re.Rune[0]
		if left {
			c = re.Rune[len(re.Rune)-1]
		}
		if isWordRune(c) != word {
			return nothing
		}
		return concat(list...)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return concat(with(e.only(re, word))...)
	case syntax.OpCapture, syntax.OpConcat:
		return e.near(with(re.Sub...), word, left, steps+1)
	case syntax.OpAlternate:
		var all []*syntax.Regexp
		for _, sub := range re.Sub {
			all = append(all, e.near(with(sub), word, left, steps+1))
		}
		return alternate(all...)
	case syntax.OpQuest:
		return alternate(less(), e.near(with(re.Sub[0]), word, left, steps+1))
	case syntax.OpStar:
		return alternate(less(), more(re))
	case syntax.OpPlus:
		return more(&syntax.Regexp{Op: syntax.OpStar, Sub: re.Sub, Flags: re.Flags})
	case syntax.OpRepeat:
		fewer := &syntax.Regexp{Op: syntax.OpRepeat, Sub: re.Sub, Flags: re.Flags, Min: max(re.Min-1, 0), Max: re.Max}
		if re.Max > 0 {
			fewer.Max--
		}
		if fewer.Max == 0 {
			fewer = empty
		}
		if re.Min > 0 {
			return more(fewer)
		}
		if re.Max == 0 {
			return less()
		}
		return alternate(less(), more(fewer))
	case syntax.OpBeginText, syntax.OpBeginLine:
		if left {
			return onlyOther(word, list)
		}
	case syntax.OpEndText, syntax.OpEndLine:
		if !left {
			return onlyOther(word, list)
		}
	}
	return e.fail()
}

// onlyOther is for the ends of texts and lines, beyond which no word goes on.
func onlyOther(word bool, list []*syntax.Regexp) *syntax.Regexp {
	if word {
		return nothing
	}
	return concat(list...)
}

// outside is the character before or behind all that the pattern matches.
func (e *edges) outside(word, left bool) *syntax.Regexp {
	switch {
	case word:
		return classOf(wordRunes)
	case left:
		return alternate(&syntax.Regexp{Op: syntax.OpBeginText}, classOf(otherRunes))
	}
	return alternate(&syntax.Regexp{Op: syntax.OpEndText}, classOf(otherRunes))
}

// only gives the characters of a class that are those of words, or those that
// are not.
func (e *edges) only(re *syntax.Regexp, word bool) *syntax.Regexp {
	ranges := re.Rune
	switch re.Op {
	case syntax.OpAnyChar:
		ranges = []rune{0, unicode.MaxRune}
	case syntax.OpAnyCharNotNL:
		ranges = []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	}
	away := otherRunes
	if !word {
		away = wordRunes
	}
	left := without(ranges, away)
	if len(left) == 0 {
		return nothing
	}
	return classOf(left)
}

// isWordRune tells the characters of words.
func isWordRune(c rune) bool {
	for i := 0; i+1 < len(wordRunes); i += 2 {
		if c <= wordRunes[i+1] {
			return c >= wordRunes[i]
		}
	}
	return false
}

// wordRunes are the characters of words, and otherRunes all others.
var (
	wordRunes  = runesOf("[" + wordSet + "]")
	otherRunes = runesOf("[^" + wordSet + "]")
)
