package classify

import (
	"errors"
	"slices"
	"unicode/utf8"
)

// automaton finds all of a set of folded terms in one pass: the deterministic
// form of Aho and Corasick's machine (Communications of the ACM 18, 1975), over
// classes of octets of the folded text.
//
// A blank in a term stands for any run of white space: a state entered by a
// blank stays where it is on the next one, so runs need no work of their own.
type automaton struct {
	class [256]uint8
	// next holds a row for each state: the state to go to by class, then the place
	// in outs of the terms that end in it. States are named by where their row
	// begins, with the flag found set on those in which a term ends.
	next   []uint32
	outs   [][]uint32 // terms, the longest first
	terms  []string
	end    uint32 // the column of outs
	states int
	idle   [256]bool // octets of ASCII that lead from the first state to itself
	heads  headSet   // of the terms
	inside bool      // terms may begin inside a word
}

// found marks a transition into a state in which a term ends.
const found = 1 << 31

// maxCells bounds the table to 256 MB, as some million characters of terms take.
const maxCells = 1 << 26

// newAutomaton builds the machine for folded terms, which must be distinct and
// not empty. It fails when they are too many.
func newAutomaton(terms []string) (*automaton, error) {
	a := &automaton{terms: terms}
	classes := 1 // class 0 is of the octets in no term
	for _, t := range terms {
		for i := range len(t) {
			if a.class[t[i]] == 0 {
				a.class[t[i]] = uint8(classes)
				classes++
			}
		}
	}
	for b := byte('a'); b <= 'z'; b++ {
		a.class[b-'a'+'A'] = a.class[b]
	}
	for b := '\t'; b <= '\r'; b++ {
		a.class[b] = a.class[' ']
	}
	a.end = uint32(classes)
	stride := classes + 1
	octets := 1
	for _, t := range terms {
		if octets += len(t); octets*stride > maxCells {
			return nil, errors.New("the words are too many to be looked for together")
		}
	}
	addState := func() int {
		a.next = append(a.next, make([]uint32, stride)...)
		a.states++
		return a.states - 1
	}
	addState()
	ends := map[int]uint32{} // state to the term that ends there
	for id, t := range terms {
		s := 0
		for i := range len(t) {
			at := s*stride + int(a.class[t[i]])
			if a.next[at] == 0 {
				to := addState() // may move a.next
				a.next[at] = uint32(to)
			}
			s = int(a.next[at])
		}
		ends[s] = uint32(id)
	}
	a.link(classes, stride, ends)
	a.heads = newHeadSet(terms)
	return a, nil
}

// link turns the tree of terms into the machine: in breadth-first order each
// missing transition is taken over from the longest proper suffix.
func (a *automaton) link(classes, stride int, ends map[int]uint32) {
	fail := make([]int, a.states)
	outs := make([][]uint32, a.states)
	queue := make([]int, 0, a.states)
	blank := int(a.class[' '])
	for c := 1; c < classes; c++ {
		if to := int(a.next[c]); to != 0 {
			queue = append(queue, to)
		}
	}
	byBlank := make([]bool, a.states)
	for i := 0; i < len(queue); i++ {
		s := queue[i]
		if id, ok := ends[s]; ok {
			outs[s] = append(outs[s], id)
		}
		outs[s] = append(outs[s], outs[fail[s]]...)
		for c := 1; c < classes; c++ {
			at := s*stride + c
			inherited := int(a.next[fail[s]*stride+c])
			if to := int(a.next[at]); to != 0 {
				fail[to] = inherited
				byBlank[to] = c == blank
				queue = append(queue, to)
			} else {
				a.next[at] = uint32(inherited)
			}
		}
	}
	for _, s := range queue {
		if byBlank[s] {
			a.next[s*stride+blank] = uint32(s)
		}
	}
	for b := range utf8.RuneSelf {
		a.idle[b] = a.next[a.class[b]] == 0
	}
	a.outs = [][]uint32{nil}
	for s := range a.states {
		row := a.next[s*stride : (s+1)*stride]
		for c := range classes {
			to := int(row[c])
			row[c] = uint32(to * stride)
			if len(outs[to]) > 0 {
				row[c] |= found
			}
		}
		if len(outs[s]) > 0 {
			row[classes] = uint32(len(a.outs))
			a.outs = append(a.outs, slices.Clip(outs[s]))
		}
	}
}

// run goes over text[from:to] and calls hit for each term that ends in it, with
// the octet behind its end, until hit gives false. Whether the term is a word of
// its own is left to hit; of terms that begin inside a word of ASCII some are not
// given.
func (a *automaton) run(text string, from, to int, hit func(term, end int) bool) {
	s := uint32(0)
	for i := from; i < to; {
		if s == 0 {
			if i = a.skip(text, i, to); i >= to {
				return
			}
		}
		if b := text[i]; b < utf8.RuneSelf {
			s = a.next[s+uint32(a.class[b])]
			i++
		} else {
			r, size := utf8.DecodeRuneInString(text[i:])
			i += size
			s = a.step(s, fold(r))
		}
		if s < found {
			continue
		}
		s &^= found
		for _, id := range a.outs[a.next[s+a.end]] {
			if !hit(int(id), i) {
				return
			}
		}
	}
}

// skip gives the next place from i on at which a term may begin.
func (a *automaton) skip(text string, i, to int) int {
	if a.inside {
		for i < to && a.idle[text[i]] {
			i++
		}
		return i
	}
	if i > 0 && i < to && isAlnum(text[i]) && isAlnum(text[i-1]) {
		i = wordStop(text, i)
	}
	for i < to {
		if !isAlnum(text[i]) {
			if !a.idle[text[i]] {
				return i
			}
			i++
			continue
		}
		key, n, sure := headKey(text, i)
		if !sure || a.heads.has(key) {
			return i
		}
		if i += n; n == 8 {
			i = wordStop(text, i)
		}
	}
	return i
}

// wordStop gives the end of the letters and digits that stand from i on.
func wordStop(text string, i int) int {
	for {
		x := loadEnd(text, i)
		n := first(^(digitBits(x) | letterBits(x)) & highs)
		if i += n; n < 8 {
			return i
		}
	}
}

// step takes the machine over one folded character.
func (a *automaton) step(s uint32, r rune) uint32 {
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	for _, b := range buf[:n] {
		s = a.next[s&^found+uint32(a.class[b])]
	}
	return s
}

// begin gives where the term that ends at octet end begins, and how many
// characters of the text it takes.
func (a *automaton) begin(text string, end, term int) (start, runes int) {
	t := a.terms[term]
	for len(t) > 0 {
		r, size := utf8.DecodeLastRuneInString(t)
		t = t[:len(t)-size]
		for {
			_, size = utf8.DecodeLastRuneInString(text[:end])
			end -= size
			runes++
			if r != ' ' || end == 0 {
				break
			}
			if before, _ := utf8.DecodeLastRuneInString(text[:end]); fold(before) != ' ' {
				break
			}
		}
	}
	return end, runes
}
