package classify

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	re2 "github.com/wasilibs/go-re2"
	"github.com/wasilibs/go-re2/experimental"
)

// regexTable looks for all regular expressions together: those of which each
// match has a sequence of octets are run only around one, and the others only in the
// pieces of the text in which RE2's set says that they match.
type regexTable struct {
	list      []ownedExpression
	found     *sequences
	owners    [][]int // expressions by sequence
	set       *experimental.Set
	setOwners []int // expressions by their place in the set
	overlap   int   // octets that a piece given to the set shows of its neighbours
}

type ownedExpression struct {
	*expression
	primary uint16
}

const (
	// chunk is the size of the pieces given to the set, in octets, and maxOverlap the
	// most each shows of its neighbours: longer values may be missed at an edge.
	chunk      = 1024
	maxOverlap = 512
	// setMemory bounds the automaton of the set, in octets.
	setMemory = 64 << 20
)

func (t *regexTable) add(x *expression, primary uint16) {
	t.list = append(t.list, ownedExpression{x, primary})
}

func (t *regexTable) compile() error {
	places := map[string]int{}
	var all []sequence
	var exprs []string
	for i, x := range t.list {
		if !x.has.ok() || x.vague() {
			var err error
			if t.list[i].fast, err = re2.Compile(x.text); err != nil {
				return fmt.Errorf("a regular expression cannot be used: %w", err)
			}
		}
		if !x.has.ok() {
			exprs = append(exprs, x.text)
			t.setOwners = append(t.setOwners, i)
			t.overlap = max(t.overlap, min(x.longest+utf8.UTFMax, maxOverlap))
			continue
		}
		for _, q := range x.has.sequences {
			key := fmt.Sprint(q)
			at, ok := places[key]
			if !ok {
				at = len(all)
				places[key] = at
				all = append(all, q)
				t.owners = append(t.owners, nil)
			}
			t.owners[at] = append(t.owners[at], i)
		}
	}
	if len(all) > math.MaxUint16 {
		return errors.New("the regular expressions are too many")
	}
	if len(all) > 0 {
		t.found = newSequences(all)
	}
	if len(exprs) == 0 {
		return nil
	}
	set, err := experimental.CompileSetWithOptions(exprs, experimental.CompileOptions{MaxMem: setMemory})
	if err != nil {
		return fmt.Errorf("the regular expressions cannot be looked for together: %w", err)
	}
	t.set = set
	return nil
}

// vague tells whether numbers or capitals of any kind meet what the expression
// has, so that in some texts much of it does.
func (x *expression) vague() bool {
	return slices.ContainsFunc(x.has.sequences, func(q sequence) bool {
		wide := 0
		for i := range q {
			if rateOf(&q[i]) > 0.03 && bits.OnesCount64(q[i][0])+bits.OnesCount64(q[i][1]) > 2 {
				wide++
			}
		}
		return wide > len(q)/2
	})
}

// expressions looks for the expressions wanted.
func (s *scratch) expressions(t *regexTable) {
	if !slices.ContainsFunc(t.list, func(x ownedExpression) bool { return s.wanted[x.primary] }) {
		return
	}
	if len(s.pieces) < len(t.list) {
		s.pieces = make([]span, len(t.list))
	}
	if t.found != nil {
		t.found.run(s.text, func(id, start int) {
			for _, i := range t.owners[id] {
				x := &t.list[i]
				if !s.wanted[x.primary] {
					continue
				}
				if from, to, ok := x.pieceAround(s.text, start); ok {
					s.piece(t, i, from, to)
				}
			}
		})
	}
	s.chunks(t)
	for i := range s.pieces {
		s.flush(t, i)
	}
}

// chunks asks the set where the expressions without a literal match.
func (s *scratch) chunks(t *regexTable) {
	some := false
	for _, i := range t.setOwners {
		some = some || s.wanted[t.list[i].primary]
	}
	if !some {
		return
	}
	for at := 0; at < len(s.text); at += chunk {
		from, to := charBoundary(s.text, at-t.overlap), charBoundary(s.text, at+chunk+t.overlap)
		ids, err := t.set.FindAllStringWithError(s.text[from:to], len(t.setOwners))
		if err != nil {
			// The set ran out of memory: each expression looks for itself.
			for _, i := range t.setOwners {
				s.piece(t, i, from, to)
			}
			continue
		}
		for _, id := range ids {
			s.piece(t, t.setOwners[id], from, to)
		}
	}
}

// piece notes a piece of the text in which an expression may match. Pieces come
// nearly in order; those that touch are searched as one.
func (s *scratch) piece(t *regexTable, i, from, to int) {
	p := &s.pieces[i]
	if p.end > 0 && from <= p.end {
		p.start, p.end = min(p.start, from), max(p.end, to)
		return
	}
	s.flush(t, i)
	*p = span{from, to}
}

// flush searches the piece of an expression.
func (s *scratch) flush(t *regexTable, i int) {
	p := s.pieces[i]
	if p.end == 0 {
		return
	}
	s.pieces[i] = span{}
	x := t.list[i]
	if !s.wanted[x.primary] {
		return
	}
	s.work += p.end - p.start
	x.each(s.text, p.start, p.end, func(start, end int) { s.whole(x.primary, start, end) })
}
