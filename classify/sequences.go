package classify

import "slices"

// sequences finds a set of sequences anywhere in a text. Of each a pair of octets
// is known that stands at an even distance from its beginning, and one at an odd
// distance, so that a look at every second pair of the text is enough: wherever a
// sequence begins, one of the two is among them.
type sequences struct {
	hot   [1 << 16]bool   // by pair
	bring [1 << 16]uint16 // by pair: the place in refs
	refs  [][]sequenceRef // from 1
	all   []sequence
}

// sequenceRef is a sequence of which a pair is some octets behind the beginning.
type sequenceRef struct {
	id     uint16
	offset uint8
}

// newSequences compiles sequences of at least minSequence octets.
func newSequences(all []sequence) *sequences {
	t := &sequences{refs: make([][]sequenceRef, 1), all: all}
	byPair := map[uint16][]sequenceRef{}
	for id, q := range all {
		for parity := range 2 {
			at := rarest(q, parity)
			for a := range 256 {
				if !q[at].has(byte(a)) {
					continue
				}
				for b := range 256 {
					if q[at+1].has(byte(b)) {
						pair := uint16(a) | uint16(b)<<8
						byPair[pair] = append(byPair[pair], sequenceRef{uint16(id), uint8(at)})
					}
				}
			}
		}
	}
	for pair, refs := range byPair {
		t.hot[pair] = true
		t.bring[pair] = uint16(len(t.refs))
		if same := slices.IndexFunc(t.refs[1:], func(r []sequenceRef) bool { return slices.Equal(r, refs) }); len(byPair) < 1<<12 && same >= 0 {
			t.bring[pair] = uint16(same + 1)
			continue
		}
		t.refs = append(t.refs, refs)
	}
	return t
}

// rarest gives the place of the pair that ordinary text has least, of those at an
// even or an odd distance from the beginning of a sequence.
func rarest(q sequence, parity int) int {
	best, least := parity, 2.0
	for i := parity; i+1 < len(q); i += 2 {
		if r := rateOf(&q[i]) * rateOf(&q[i+1]); r < least {
			best, least = i, r
		}
	}
	return best
}

// run calls hit with each sequence in the text and where it begins. The places come
// in order but for the length of a sequence.
func (t *sequences) run(text string, hit func(id, start int)) {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		x := load(text, i)
		if t.hot[uint16(x)] || t.hot[uint16(x>>16)] || t.hot[uint16(x>>32)] || t.hot[uint16(x>>48)] {
			for k := i; k < i+8; k += 2 {
				t.look(text, k, hit)
			}
		}
	}
	for ; i+2 <= len(text); i += 2 {
		t.look(text, i, hit)
	}
}

// look tries the sequences that have the pair at a place.
func (t *sequences) look(text string, i int, hit func(id, start int)) {
	pair := uint16(text[i]) | uint16(text[i+1])<<8
	if !t.hot[pair] {
		return
	}
	for _, r := range t.refs[t.bring[pair]] {
		if start := i - int(r.offset); t.all[r.id].at(text, start) {
			hit(int(r.id), start)
		}
	}
}
