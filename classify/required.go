package classify

import (
	"math"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// octetSet is a set of octets of ASCII and beyond.
type octetSet [4]uint64

func (s *octetSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *octetSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 == 1 }

// sequence is a row of octets, each of a set of its own.
type sequence []octetSet

const (
	minSequence  = 3  // octets of a sequence that is worth looking for
	maxSequence  = 32 // and of the longest made
	maxSequences = 64 // alternatives of a requirement
)

// at tells whether the sequence stands at a place of a text.
func (q sequence) at(text string, i int) bool {
	if i < 0 || len(text)-i < len(q) {
		return false
	}
	for k := range q {
		if !q[k].has(text[i+k]) {
			return false
		}
	}
	return true
}

// requirement is a set of sequences of which every match has one.
type requirement struct {
	sequences []sequence
	before    int // octets between the beginning of a match and its sequence at most; -1 for no bound
	// behind is a set of which an octet stands within so many from the beginning of the
	// sequence on; 0 when nothing is known.
	behind octetSet
	within int
}

func (q *requirement) ok() bool { return len(q.sequences) > 0 }

// maxCost is from which cost on an expression is looked for with the set.
const maxCost = 4

// cost estimates what it takes to look for the requirement, in nanoseconds for an
// octet of ordinary text: to come upon a pair of octets, and to run the expression.
func (q *requirement) cost() float64 {
	const look, run, telling = 8, 2000, 4
	if !q.ok() {
		return math.Inf(1)
	}
	sum := 0.0
	for _, s := range q.sequences {
		rates := make([]float64, len(s))
		for i := range s {
			rates[i] = rateOf(&s[i])
		}
		for parity := range 2 {
			at := rarest(s, parity)
			sum += rates[at] * rates[at+1] * look
		}
		// Neighbours are alike in real text, so that not all of them tell more.
		slices.Sort(rates)
		met := 1.0
		for _, r := range rates[:min(telling, len(rates))] {
			met *= r
		}
		sum += met * run
	}
	if q.before < 0 {
		sum *= 4
	}
	return sum
}

// rateOf estimates how often an octet of ordinary text is one of a set.
func rateOf(s *octetSet) float64 {
	sum := 0.0
	for b := range 256 {
		if s.has(byte(b)) {
			sum += octetRates[b]
		}
	}
	return sum
}

// octetRates are rough rates of the octets in mail: letters as in English, one
// capital for twenty small letters, and more digits than prose has.
var octetRates = func() (t [256]float64) {
	for b := range t {
		t[b] = 0.0005
	}
	for i, perMille := range []float64{62, 12, 22, 33, 98, 17, 16, 46, 54, 1, 6, 32, 19, 54, 58, 15, 1, 47, 49, 70, 22, 8, 18, 1, 15, 1} {
		t['a'+i] = perMille / 1000
		t['A'+i] = perMille / 20000
	}
	for d := byte('0'); d <= '9'; d++ {
		t[d] = 0.012
	}
	for _, b := range []byte(".,\n-/:=") {
		t[b] = 0.01
	}
	t[' '] = 0.15
	return t
}()

// required finds what each match of an expression has.
func required(re *syntax.Regexp) requirement {
	switch re.Op {
	case syntax.OpCapture:
		return required(re.Sub[0])
	case syntax.OpAlternate:
		if all, ok := spelled(re); ok {
			return requirementOf(all)
		}
		var all requirement
		for _, sub := range re.Sub {
			q := required(sub)
			if !q.ok() || len(all.sequences)+len(q.sequences) > maxSequences {
				return requirement{}
			}
			all.sequences = append(all.sequences, q.sequences...)
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
	return requiredOfRow([]*syntax.Regexp{re})
}

// requiredOfRow gives the best requirement of expressions that stand in a row.
// Neighbours that can be spelled out make longer sequences together: the parser
// takes common beginnings of alternatives apart.
func requiredOfRow(row []*syntax.Regexp) (best requirement) {
	bestAt := 0 // octets from the beginning of the row to that of the sequence, at most
	before := 0
	consider := func(q requirement, at int) {
		if !q.ok() {
			return
		}
		if q.before = addBound(at, q.before); q.cost() < best.cost() {
			best, bestAt = q, q.before
		}
	}
	run, runAt := []sequence{{}}, 0
	for _, sub := range row {
		all, ok := spelled(sub)
		head, repeated := repeatedHead(sub)
		if repeated {
			all, ok = head, true
		}
		if joined, fits := join(run, all); ok && fits {
			run = joined
		} else {
			consider(requirementOf(run), runAt)
			if !ok {
				consider(required1(sub), before)
			}
			run, runAt = all, before
			if !ok {
				run, runAt = []sequence{{}}, addBound(before, longest(sub))
			}
		}
		if repeated {
			// The last of them stand next to what follows.
			consider(requirementOf(run), runAt)
			run, runAt = head, addBound(before, longest(sub))
			if runAt >= 0 {
				runAt -= len(head[0])
			}
		}
		before = addBound(before, longest(sub))
	}
	consider(requirementOf(run), runAt)
	if best.ok() && bestAt >= 0 {
		best.tail(row, bestAt)
	}
	return best
}

// required1 finds what an expression has that is no row.
func required1(re *syntax.Regexp) requirement {
	switch re.Op {
	case syntax.OpCapture, syntax.OpAlternate, syntax.OpConcat:
		return required(re)
	case syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpLiteral:
		if q, _ := literalSequence(re); q != nil && len(q[0]) > maxSequence {
			return requirementOf([]sequence{q[0][:maxSequence]})
		}
	}
	return requirement{}
}

// addBound adds numbers of octets of which -1 is no bound.
func addBound(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// tail notes an octet of rare signs that each match has behind its sequence.
func (q *requirement) tail(row []*syntax.Regexp, at int) {
	const most, far = 0.04, 100
	end := 0 // the most octets up to the end of the expression before
	for _, sub := range row {
		start := end
		if end = addBound(end, longest(sub)); end < 0 || end > at+far {
			return
		}
		one, ok := spelled(sub)
		if !ok {
			one, ok = repeatedHead(sub)
		}
		if !ok || start <= at {
			continue
		}
		var all octetSet
		for _, s := range one {
			if len(s) == 0 {
				return
			}
			for i := range all {
				all[i] |= s[0][i]
			}
		}
		if rateOf(&all) < most {
			q.behind, q.within = all, end
			return
		}
	}
}

// requirementOf makes a requirement of sequences when they are long enough.
func requirementOf(all []sequence) requirement {
	for _, s := range all {
		if len(s) < minSequence {
			return requirement{}
		}
	}
	return requirement{sequences: all}
}

// join puts each of some sequences behind each of others, when what comes of it is
// few and short.
func join(all, more []sequence) (joined []sequence, ok bool) {
	if len(all)*len(more) > maxSequences {
		return nil, false
	}
	for _, a := range all {
		for _, b := range more {
			if len(a)+len(b) > maxSequence {
				return nil, false
			}
			joined = append(joined, append(a[:len(a):len(a)], b...))
		}
	}
	return joined, len(joined) > 0
}

// repeatedHead gives what stands at the beginning, and at the end, of one class
// that is repeated a varying number of times.
func repeatedHead(re *syntax.Regexp) (head []sequence, ok bool) {
	least := 1
	switch {
	case re.Op == syntax.OpRepeat && re.Min > 0 && (re.Min != re.Max || re.Min > maxSequence):
		least = min(re.Min, maxSequence)
	case re.Op == syntax.OpPlus:
	default:
		return nil, false
	}
	one, ok := spelled(re.Sub[0])
	if !ok || len(one) != 1 || len(one[0]) != 1 {
		return nil, false
	}
	s := make(sequence, least)
	for i := range s {
		s[i] = one[0][0]
	}
	return []sequence{s}, true
}

// spelled gives all sequences an expression matches, when they are few and short.
func spelled(re *syntax.Regexp) (all []sequence, ok bool) {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return []sequence{{}}, true
	case syntax.OpLiteral:
		return literalSequence(re)
	case syntax.OpCapture:
		return spelled(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, ok := spelled(sub)
			if !ok || len(all)+len(more) > maxSequences {
				return nil, false
			}
			all = append(all, more...)
		}
		return all, true
	case syntax.OpRepeat:
		if re.Min != re.Max || re.Min > maxSequence {
			return nil, false
		}
		one, ok := spelled(re.Sub[0])
		all = []sequence{{}}
		for range re.Min {
			if !ok {
				return nil, false
			}
			all, ok = join(all, one)
		}
		return all, ok
	case syntax.OpConcat:
		all = []sequence{{}}
		for _, sub := range re.Sub {
			more, ok := spelled(sub)
			if !ok {
				return nil, false
			}
			if all, ok = join(all, more); !ok {
				return nil, false
			}
		}
		return all, true
	case syntax.OpCharClass:
		var s octetSet
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				switch {
				case r < utf8.RuneSelf:
					s.add(byte(r))
				case r != longS && r != kelvin:
					return nil, false
				}
			}
		}
		return []sequence{{s}}, len(re.Rune) > 0
	}
	return nil, false
}

// The letters beyond ASCII that fold to s and k. Expressions that take both cases
// are not looked for where these stand.
const (
	longS  = 'ſ'
	kelvin = '\u212a'
)

// literalSequence gives a literal. Letters beyond ASCII in both cases are left to
// the expression, as their cases differ in length.
func literalSequence(re *syntax.Regexp) ([]sequence, bool) {
	var q sequence
	for _, r := range re.Rune {
		folded := re.Flags&syntax.FoldCase != 0
		if r >= utf8.RuneSelf && folded {
			return nil, false
		}
		var buf [utf8.UTFMax]byte
		for _, b := range buf[:utf8.EncodeRune(buf[:], r)] {
			var s octetSet
			s.add(b)
			if folded && alnum[b] > classDigit {
				s.add(b ^ smallBit)
			}
			q = append(q, s)
		}
	}
	return []sequence{q}, len(q) <= maxSequence
}
