package classify

// numberIndex tells where words begin with a digit. It is made for a block of the text
// when that is first asked for.
type numberIndex struct {
	blocks []span   // by block: its part of places; the end is 0 when it is not made
	places []uint16 // octets from the beginning of the block
}

// numberBlock is the size of a block in octets.
const numberBlock = 4096

func (x *numberIndex) reset() {
	if x.blocks, x.places = x.blocks[:0], x.places[:0]; cap(x.places) > keptSpans {
		x.places = nil
	}
}

// in gives the places of a block of the text.
func (x *numberIndex) in(text string, block int) []uint16 {
	if len(x.blocks) == 0 {
		x.blocks = append(x.blocks, make([]span, len(text)/numberBlock+1)...)
		x.places = append(x.places, 0) // so that no part ends at 0
	}
	b := &x.blocks[block]
	if b.end == 0 {
		b.start = len(x.places)
		from := block * numberBlock
		to := min(len(text), from+numberBlock)
		before := uint64(0) // whether a letter or digit stands before the next octets
		if from > 0 && isAlnum(text[from-1]) {
			before = 0x80
		}
		for i := from; i < to; i += 8 {
			var octets uint64
			if i+8 <= to {
				octets = load(text, i)
			} else {
				octets = loadEnd(text[:to], i)
			}
			digits, letters := digitBits(octets), letterBits(octets)
			heads := digits &^ ((digits|letters)<<8 | before)
			for before = (digits | letters) >> 56; heads != 0; heads &= heads - 1 {
				x.places = append(x.places, uint16(i-from+first(heads)))
			}
		}
		b.end = len(x.places)
	}
	return x.places[b.start:b.end]
}
