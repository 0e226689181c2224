package rules

import (
	"regexp/syntax"
	"slices"
	"sync"
	"unicode/utf8"

	re2 "github.com/wasilibs/go-re2"

	"github.com/postern-mail/postern/classify"
)

// Expression is a regular expression as patterns of conditions are, for what asks
// where it matches: of .NET's flavour, without case, unanchored, in linear time. It
// is safe for concurrent use.
type Expression struct {
	compiled
	// exact matches a text as a whole, whatever stands beside it; nil where the
	// pattern does not ask for the edges of words.
	exact func() *re2.Regexp
}

// NewExpression reads a pattern. With an error comes what to write instead; it may
// be empty.
func NewExpression(pattern string) (e *Expression, write string, err error) {
	c, write, err := compilePattern(pattern)
	if err != nil {
		return nil, write, err
	}
	e = &Expression{compiled: c}
	if mapped, err := mapPattern(pattern, false); err == nil && mapped.edges {
		e.exact = sync.OnceValue(func() *re2.Regexp { return withoutEdges(mapped) })
	}
	return e, "", nil
}

// withoutEdges compiles a pattern for whole texts, at whatever edges they stand.
func withoutEdges(mapped *dotnet) *re2.Regexp {
	flags := syntax.Perl
	if mapped.cased {
		flags |= syntax.FoldCase
	}
	tree, err := syntax.Parse(mapped.out.String(), flags)
	if err != nil {
		return nil
	}
	var strip func(*syntax.Regexp)
	strip = func(re *syntax.Regexp) {
		if re.Op == syntax.OpWordBoundary || re.Op == syntax.OpNoWordBoundary {
			*re = *empty
		}
		for _, sub := range re.Sub {
			strip(sub)
		}
	}
	strip(tree)
	re, err := re2.Compile(`(?i)\A(?:` + tree.String() + `)\z`)
	if err != nil {
		return nil
	}
	return re
}

// Empty tells whether the pattern matches the empty text.
func (e *Expression) Empty() bool { return e.plain.MatchString("") }

// Find gives the places in a text, from octet to octet, where the pattern matches
// something, in order and without overlaps.
func (e *Expression) Find(text string) [][2]int {
	found := e.find(text)
	if !e.digits {
		return found
	}
	narrow := classify.Narrow(text)
	if narrow == text {
		return found
	}
	// One character stands for one, of fewer octets.
	more := e.find(narrow)
	at, from := 0, 0
	place := func(n int) int {
		for from < n {
			_, size := utf8.DecodeRuneInString(narrow[from:])
			from += size
			_, size = utf8.DecodeRuneInString(text[at:])
			at += size
		}
		return at
	}
	for i := range more {
		more[i][0] = place(more[i][0])
		more[i][1] = place(more[i][1])
	}
	return merged(append(found, more...))
}

// merged puts places in order and makes one of those that overlap.
func merged(list [][2]int) [][2]int {
	slices.SortFunc(list, func(a, b [2]int) int { return a[0] - b[0] })
	out := list[:0]
	for _, p := range list {
		if n := len(out); n > 0 && p[0] < out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], p[1])
			continue
		}
		out = append(out, p)
	}
	return out
}

func (e *Expression) find(text string) [][2]int {
	small := lowered(text)
	ascii := small.ascii
	maybe := e.needs.maybe(small)
	small.release()
	switch {
	case !maybe:
		return nil
	case ascii:
		return somewhere(e.plain.FindAllStringIndex(text, -1))
	case e.exact == nil || e.exact() == nil:
		return somewhere(e.all().FindAllStringIndex(text, -1))
	}
	return e.findBetweenEdges(text)
}

// somewhere leaves out matches of nothing.
func somewhere(all [][]int) [][2]int {
	var list [][2]int
	for _, p := range all {
		if p[0] < p[1] {
			list = append(list, [2]int{p[0], p[1]})
		}
	}
	return list
}

// findBetweenEdges finds a pattern that asks for the edges of words in a text that
// is not ASCII. What stands beside an edge may be part of such a match (see
// wordEdges): it is taken off again.
func (e *Expression) findBetweenEdges(text string) [][2]int {
	var list [][2]int
	re, from := e.all(), 0
	for from < len(text) {
		p := re.FindStringIndex(text[from:])
		if p == nil {
			return list
		}
		p[0], p[1] = p[0]+from, p[1]+from
		a, b := e.trimmed(text, p[0], p[1])
		_, size := utf8.DecodeRuneInString(text[from:])
		switch {
		case a == b || from > 0 && a == from && !edgeAt(text, a):
			// Behind a match the text seems to begin anew.
			from += size
		default:
			list = append(list, [2]int{a, b})
			from = b
		}
	}
	return list
}

// trimmed takes off the first and the last character of a match where that is
// beside an edge and not of what matches.
func (e *Expression) trimmed(text string, a, b int) (int, int) {
	_, first := utf8.DecodeRuneInString(text[a:b])
	_, last := utf8.DecodeLastRuneInString(text[a:b])
	head := first < b-a && edgeAt(text, a+first)
	tail := last < b-a && edgeAt(text, b-last)
	exact := e.exact()
	for _, c := range []struct {
		due  bool
		a, b int
	}{{true, a, b}, {head, a + first, b}, {tail, a, b - last}, {head && tail && first+last < b-a, a + first, b - last}} {
		if c.due && exact.MatchString(text[c.a:c.b]) {
			return c.a, c.b
		}
	}
	return a, b
}

// edgeAt tells whether a word begins or ends before the octet n.
func edgeAt(text string, n int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:n])
	behind, _ := utf8.DecodeRuneInString(text[n:])
	return (n > 0 && isWordRune(before)) != (n < len(text) && isWordRune(behind))
}
