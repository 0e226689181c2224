package classify

// headSet says with what the words of a list begin, so that most words of a text
// are passed over after a look at their first eight octets. It may say so of a word
// that no term begins with, and never the other way round.
type headSet struct {
	bits  []uint64
	shift uint
}

// headKey gives the first letters and digits of a text from i on, at most eight,
// in small letters, and how many they are. Sure is false when a character beyond
// ASCII, which may fold to a letter, stands behind them.
func headKey(text string, i int) (key uint64, n int, sure bool) {
	x := loadEnd(text, i)
	n = first(^(digitBits(x) | letterBits(x)) & highs)
	if n == 8 {
		return x | smallBit*ones, n, true
	}
	keep := uint64(1)<<(8*n) - 1
	return (x | smallBit*ones) & keep, n, x>>(8*n)&0x80 == 0
}

// newHeadSet makes a set of the beginnings of folded terms.
func newHeadSet(terms []string) headSet {
	size := uint(10)
	for 1<<size < 32*len(terms) && size < 22 {
		size++
	}
	h := headSet{bits: make([]uint64, 1<<size/64), shift: 64 - size}
	for _, t := range terms {
		key, _, _ := headKey(t, 0)
		at := h.place(key)
		h.bits[at>>6] |= 1 << (at & 63)
	}
	return h
}

// place spreads keys over the set.
func (h *headSet) place(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> h.shift }

func (h *headSet) has(key uint64) bool {
	at := h.place(key)
	return h.bits[at>>6]>>(at&63)&1 == 1
}
