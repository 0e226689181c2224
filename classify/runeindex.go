package classify

import (
	"math/bits"
	"slices"
)

// runeIndex turns places in octets into places in characters and back. The text
// must be UTF-8.
type runeIndex struct {
	text   string
	ascii  bool
	counts []int32 // characters that begin before each block
}

const indexBlock = 128

func (x *runeIndex) reset() {
	x.text = ""
	if cap(x.counts) > keptSpans {
		x.counts = nil
	}
}

func (x *runeIndex) build(text string, ascii bool) {
	x.text, x.ascii = text, ascii
	x.counts = x.counts[:0]
	if ascii {
		return
	}
	n := int32(0)
	for i := 0; i <= len(text); i += indexBlock {
		x.counts = append(x.counts, n)
		n += int32(begun(text[i:min(len(text), i+indexBlock)]))
	}
}

// begun counts the characters that begin in a piece of UTF-8.
func begun(s string) int {
	n, i := 0, 0
	for ; i+8 <= len(s); i += 8 {
		x := load(s, i)
		n += 8 - bits.OnesCount64(x&^(x<<1)&highs) // those behind the first of theirs have the bits 10 in front
	}
	for ; i < len(s); i++ {
		if s[i]&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

// at gives the number of characters before octet i.
func (x *runeIndex) at(i int) int {
	if x.ascii {
		return i
	}
	block := i / indexBlock
	return int(x.counts[block]) + begun(x.text[block*indexBlock:i])
}

// octet gives where character n begins, or the end of the text.
func (x *runeIndex) octet(n int) int {
	if x.ascii {
		return min(n, len(x.text))
	}
	block, exact := slices.BinarySearch(x.counts, int32(n))
	if !exact {
		block--
	}
	left := n - int(x.counts[block])
	i := block * indexBlock
	for ; i < len(x.text); i++ {
		if x.text[i]&0xc0 != 0x80 {
			if left == 0 {
				break
			}
			left--
		}
	}
	return i
}
