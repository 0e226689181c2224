package classify

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	re2 "github.com/wasilibs/go-re2"
)

// expression is a regular expression of a type with what is known of its matches.
type expression struct {
	text string
	re   *regexp.Regexp
	fast *re2.Regexp // of expressions without literals, whose pieces are longer
	// literals are texts of which each match has one; none when the expression has
	// to be looked for with the set.
	literals []string
	// before is the most octets between the beginning of a match and its literal.
	before int
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
	margin = 64
)

// compileExpression compiles an expression and finds its literals.
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
	if best := required(tree); best.ok() {
		x.literals, x.before = best.texts, best.before
		if x.before < 0 || x.before > reach {
			x.before = reach
		}
	}
	return x, nil
}

// requirement is a set of texts of which every match has one, and how far behind
// its beginning, -1 for no bound.
type requirement struct {
	texts  []string
	before int
}

// maxLiterals bounds the alternatives of a requirement.
const maxLiterals = 64

// rareSigns are characters that prose has few of.
const rareSigns = `%=_{}<>\$#@~^|&;+*![]`

func (q requirement) ok() bool { return len(q.texts) > 0 }

// score is higher for requirements that fewer texts meet.
func (q requirement) score() int {
	if !q.ok() {
		return -1
	}
	least := maxTerm
	for _, t := range q.texts {
		least = min(least, len(t))
	}
	s := min(least, 12) * 10
	if !slices.ContainsFunc(q.texts, func(t string) bool { return !strings.ContainsAny(t, rareSigns) }) {
		s += 40 // prose has few of them
	}
	if q.before < 0 {
		s -= 15
	}
	return s - min(len(q.texts), 10)
}

func required(re *syntax.Regexp) requirement {
	switch re.Op {
	case syntax.OpLiteral:
		if t, ok := literalText(re); ok && len(t) >= minLiteral {
			return requirement{texts: []string{t}}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpAlternate:
		if texts, ok := spelled(re); ok {
			return requirementOf(texts)
		}
		var all requirement
		for _, sub := range re.Sub {
			q := required(sub)
			if !q.ok() || len(all.texts)+len(q.texts) > maxLiterals {
				return requirement{}
			}
			all.texts = append(all.texts, q.texts...)
			if all.before >= 0 && q.before >= 0 {
				all.before = max(all.before, q.before)
			} else {
				all.before = -1
			}
		}
		return all
	case syntax.OpConcat:
		return requiredOfRow(re.Sub)
	}
	return requirement{}
}

// requiredOfRow gives the best requirement of expressions that stand in a row.
// Neighbours that can be spelled out make longer texts together: the parser takes
// common beginnings of alternatives apart.
func requiredOfRow(row []*syntax.Regexp) (best requirement) {
	before := 0
	consider := func(q requirement, at int) {
		if !q.ok() {
			return
		}
		if at < 0 || q.before < 0 {
			q.before = -1
		} else {
			q.before += at
		}
		if q.score() > best.score() {
			best = q
		}
	}
	run, runAt := []string{""}, 0
	for _, sub := range row {
		texts, ok := spelled(sub)
		if ok && len(run)*len(texts) <= maxLiterals {
			joined := make([]string, 0, len(run)*len(texts))
			for _, a := range run {
				for _, b := range texts {
					joined = append(joined, a+b)
				}
			}
			run = joined
		} else {
			consider(requirementOf(run), runAt)
			consider(required(sub), before)
			run, runAt = []string{""}, before
			if n := longest(sub); n < 0 || before < 0 {
				runAt = -1
			} else {
				runAt += n
			}
		}
		if n := longest(sub); n < 0 || before < 0 {
			before = -1
		} else {
			before += n
		}
	}
	consider(requirementOf(run), runAt)
	return best
}

// requirementOf makes a requirement of texts when they are long enough.
func requirementOf(texts []string) requirement {
	if slices.ContainsFunc(texts, func(t string) bool { return len(t) < minLiteral }) {
		return requirement{}
	}
	slices.Sort(texts)
	return requirement{texts: slices.Compact(texts)}
}

// spelled gives all texts an expression matches, in small letters, when they are
// few.
func spelled(re *syntax.Regexp) (texts []string, ok bool) {
	switch re.Op {
	case syntax.OpLiteral:
		t, ok := literalText(re)
		return []string{t}, ok
	case syntax.OpCapture:
		return spelled(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, ok := spelled(sub)
			if !ok || len(texts)+len(more) > maxLiterals {
				return nil, false
			}
			texts = append(texts, more...)
		}
		return texts, true
	case syntax.OpConcat:
		texts = []string{""}
		for _, sub := range re.Sub {
			more, ok := spelled(sub)
			if !ok || len(texts)*len(more) > maxLiterals {
				return nil, false
			}
			joined := make([]string, 0, len(texts)*len(more))
			for _, a := range texts {
				for _, b := range more {
					joined = append(joined, a+b)
				}
			}
			texts = joined
		}
		return texts, true
	case syntax.OpCharClass:
		const few = 8
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r >= utf8.RuneSelf || len(texts) == few {
					return nil, false
				}
				texts = append(texts, strings.ToLower(string(r)))
			}
		}
		return texts, len(texts) > 0
	}
	return nil, false
}

// literalText gives a literal in small letters. Letters beyond ASCII are left to
// the expression, as their cases differ in length.
func literalText(re *syntax.Regexp) (string, bool) {
	var b strings.Builder
	for _, r := range re.Rune {
		if r >= utf8.RuneSelf && re.Flags&syntax.FoldCase != 0 {
			return "", false
		}
		if 'A' <= r && r <= 'Z' {
			r += smallBit
		}
		b.WriteRune(r)
	}
	return b.String(), true
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

// maxRegexMatches bounds the matches of one expression in one text, so that an
// expression that looks far ahead for each costs time linear in the text.
const maxRegexMatches = 10_000

// each calls match with the places of the matches in text[from:to]. Where the
// piece is cut out of a longer text, what the expression finds at its very edge
// is left out, as it does not see what stands before. Of an expression with a
// group the group is the value.
func (x *expression) each(text string, from, to int, match func(start, end int)) {
	find := x.re.FindAllStringSubmatchIndex
	if x.fast != nil {
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

// pieceAround gives the piece of a text in which a match with a literal at a place
// lies.
func (x *expression) pieceAround(text string, literal int) (from, to int) {
	return charBoundary(text, literal-x.before-margin), charBoundary(text, literal+x.longest+margin)
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
