package classify

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	re2 "github.com/wasilibs/go-re2"
)

// expression is a regular expression of a type with what is known of its matches.
type expression struct {
	text string
	re   *regexp.Regexp
	fast *re2.Regexp // of expressions whose pieces may be long
	// has is what each match has; nothing when the expression is to be looked for
	// with the set.
	has requirement
	// longest is the most octets of a match.
	longest int
}

const (
	maxRegex = 1024 // characters of an expression
	// reach is how far an expression without a bound of its own is followed, in
	// octets.
	reach = 4096
	// margin is how many octets around the place of a match are shown to the
	// expression, so that its ends see what is next to them.
	margin = 2 * utf8.UTFMax
)

// compileExpression compiles an expression and finds what each match has.
func compileExpression(text string) (*expression, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	x := &expression{text: text, re: re}
	if x.longest = longest(tree); x.longest < 0 || x.longest > reach {
		x.longest = reach
	}
	if best := required(tree); best.cost() <= maxCost {
		x.has = best
		if x.has.before < 0 || x.has.before > reach {
			x.has.before = reach
		}
	}
	return x, nil
}

// longest gives the most octets an expression matches, -1 for no bound.
func longest(re *syntax.Regexp) int {
	sum := 0
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			n := utf8.RuneLen(r)
			if re.Flags&syntax.FoldCase != 0 {
				n = max(n, 3) // k and s have a form beyond ASCII
			}
			sum += max(n, 1)
		}
	case syntax.OpCharClass:
		if n := len(re.Rune); n > 0 {
			sum = max(utf8.RuneLen(re.Rune[n-1]), 1)
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		sum = utf8.UTFMax
	case syntax.OpCapture, syntax.OpQuest:
		sum = longest(re.Sub[0])
	case syntax.OpRepeat:
		n := longest(re.Sub[0])
		if re.Max < 0 || n < 0 {
			return -1
		}
		sum = n * re.Max
	case syntax.OpStar, syntax.OpPlus:
		return -1
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			n := longest(sub)
			if n < 0 {
				return -1
			}
			sum += n
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n := longest(sub)
			if n < 0 {
				return -1
			}
			sum = max(sum, n)
		}
	}
	return sum
}

// slowPiece is the size in octets from which a piece is worth the call of RE2.
const slowPiece = 256

// maxRegexMatches bounds the matches of one expression in one text, so that an
// expression that looks far ahead for each costs time linear in the text.
const maxRegexMatches = 10_000

// each calls match with the places of the matches in text[from:to]. Where the
// piece is cut out of a longer text, what the expression finds at its very edge
// is left out, as it does not see what stands before. Of an expression with a
// group the group is the value.
func (x *expression) each(text string, from, to int, match func(start, end int)) {
	find := x.re.FindAllStringSubmatchIndex
	if x.fast != nil && to-from > slowPiece {
		find = x.fast.FindAllStringSubmatchIndex
	}
	for _, loc := range find(text[from:to], maxRegexMatches) {
		start, end := loc[0], loc[1]
		if start == 0 && from > 0 {
			continue
		}
		if len(loc) > 2 && loc[2] >= 0 {
			start, end = loc[2], loc[3]
		}
		if end > start {
			match(from+start, from+end)
		}
	}
}

// pieceAround gives the piece of a text in which a match with a sequence at a
// place lies; none when what belongs behind it is not there.
func (x *expression) pieceAround(text string, at int) (from, to int, ok bool) {
	if n := x.has.within; n > 0 {
		i, end := at, min(len(text), at+n)
		for i < end && !x.has.behind.has(text[i]) {
			i++
		}
		if i == end {
			return 0, 0, false
		}
	}
	return charBoundary(text, at-x.has.before-margin), charBoundary(text, at+x.longest+margin), true
}

// charBoundary gives the last place up to i at which a character begins.
func charBoundary(text string, i int) int {
	if i <= 0 {
		return 0
	}
	if i >= len(text) {
		return len(text)
	}
	for i > 0 && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}
