package extract

import (
	"bufio"
	"io"
)

// inflater64 decompresses Deflate64: Deflate (RFC 1951) with a window of 64 KB,
// two more distances, and a last length with 16 extra bits.
type inflater64 struct {
	src    io.ByteReader
	bits   uint64
	n      uint // of bits
	window [64 << 10]byte
	at     int // in the window, where the next octet goes
	out    int // in the window, the next octet that is not given yet
	have   int // octets that are not given yet
	err    error

	last    bool
	block   int // stored octets that are left; -1 in a block of codes, -2 between blocks
	copying int // octets of a match that are left
	back    int // distance of the match
	lengths huffman
	offsets huffman
}

func newInflater64(src io.Reader) io.Reader {
	return &inflater64{src: bufio.NewReader(src), block: -2}
}

func (f *inflater64) Read(p []byte) (int, error) {
	for f.have == 0 && f.err == nil {
		f.fill()
	}
	if f.have == 0 {
		return 0, f.err
	}
	n := copy(p, f.window[f.out:min(f.out+f.have, len(f.window))])
	f.out = (f.out + n) % len(f.window)
	f.have -= n
	return n, nil
}

func (f *inflater64) put(c byte) {
	f.window[f.at] = c
	f.at = (f.at + 1) % len(f.window)
	f.have++
}

// fill decompresses until half a window is there to be given.
func (f *inflater64) fill() {
	for f.have < len(f.window)/2 && f.err == nil {
		switch {
		case f.copying > 0:
			for ; f.copying > 0 && f.have < len(f.window)/2; f.copying-- {
				f.put(f.window[(f.at-f.back+len(f.window))%len(f.window)])
			}
		case f.block == -2 && f.last:
			f.err = io.EOF
		case f.block == -2:
			f.begin()
		case f.block == 0:
			f.block = -2
		case f.block > 0:
			f.put(byte(f.take(8)))
			f.block--
		default:
			f.code()
		}
	}
}

// take gives the next n bits, at most 32.
func (f *inflater64) take(n uint) uint32 {
	for f.n < n {
		c, err := f.src.ReadByte()
		if err != nil {
			if f.err == nil {
				f.err = io.ErrUnexpectedEOF
			}
			return 0
		}
		f.bits |= uint64(c) << f.n
		f.n += 8
	}
	v := uint32(f.bits & (1<<n - 1))
	f.bits >>= n
	f.n -= n
	return v
}

// begin reads the head of a block.
func (f *inflater64) begin() {
	f.last = f.take(1) == 1
	switch f.take(2) {
	case 0:
		f.take(f.n % 8)
		n := f.take(16)
		if f.take(16) != n^0xffff {
			f.fail()
			return
		}
		f.block = int(n)
	case 1:
		var lengths [288]uint8
		for i := range lengths {
			switch {
			case i < 144, i >= 280:
				lengths[i] = 8
			case i < 256:
				lengths[i] = 9
			default:
				lengths[i] = 7
			}
		}
		var offsets [32]uint8
		for i := range offsets {
			offsets[i] = 5
		}
		f.tables(lengths[:], offsets[:])
	case 2:
		f.dynamic()
	default:
		f.fail()
	}
}

func (f *inflater64) fail() {
	if f.err == nil {
		f.err = errDamaged
	}
}

func (f *inflater64) tables(lengths, offsets []uint8) {
	if !f.lengths.build(lengths) || !f.offsets.build(offsets) {
		f.fail()
	}
	f.block = -1
}

// dynamic reads the codes of a block (RFC 1951, section 3.2.7).
func (f *inflater64) dynamic() {
	literals, offsets, codes := int(f.take(5))+257, int(f.take(5))+1, int(f.take(4))+4
	var lengths [19]uint8
	for n, i := range [...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		if n < codes {
			lengths[i] = uint8(f.take(3))
		}
	}
	var h huffman
	if !h.build(lengths[:]) {
		f.fail()
		return
	}
	var all [288 + 32 + 138]uint8
	for i := 0; i < literals+offsets && f.err == nil; {
		c := f.symbol(&h)
		var times int
		var value uint8
		switch {
		case c < 16:
			times, value = 1, uint8(c)
		case c == 16:
			if i == 0 {
				f.fail()
				return
			}
			times, value = 3+int(f.take(2)), all[i-1]
		case c == 17:
			times = 3 + int(f.take(3))
		default:
			times = 11 + int(f.take(7))
		}
		for ; times > 0; times-- {
			all[i] = value
			i++
		}
	}
	f.tables(all[:literals], all[literals:literals+offsets])
}

func (f *inflater64) symbol(h *huffman) int {
	c := h.decode(f.take)
	if c < 0 {
		f.fail()
		return 0
	}
	return c
}

// code reads a literal, the end of the block, or a match.
func (f *inflater64) code() {
	c := f.symbol(&f.lengths)
	switch {
	case f.err != nil:
	case c < 256:
		f.put(byte(c))
	case c == 256:
		f.block = -2
	case c > 285:
		f.fail()
	default:
		n := c - 257
		switch {
		case n == 28:
			f.copying = 3 + int(f.take(16))
		case n < 8:
			f.copying = 3 + n
		default:
			extra := uint(n/4 - 1)
			f.copying = 3 + (4+n%4)<<extra + int(f.take(extra))
		}
		d := f.symbol(&f.offsets)
		f.back = 1 + d
		if d >= 4 {
			extra := uint(d/2 - 1)
			f.back = 1 + (2+d%2)<<extra + int(f.take(extra))
		}
		if f.err != nil {
			f.copying = 0
		}
	}
}

// huffman is a canonical Huffman code of at most 15 bits.
type huffman struct {
	count   [16]int
	symbols [288 + 32]uint16
}

// build makes the code from the lengths of its symbols, and tells whether they can
// be one.
func (h *huffman) build(lengths []uint8) bool {
	*h = huffman{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	left := 1
	for n := 1; n < 16; n++ {
		if left = left<<1 - h.count[n]; left < 0 {
			return false
		}
	}
	var at [16]int
	for n := 1; n < 15; n++ {
		at[n+1] = at[n] + h.count[n]
	}
	for s, n := range lengths {
		if n != 0 {
			h.symbols[at[n]] = uint16(s)
			at[n]++
		}
	}
	return true
}

// decode reads a symbol bit by bit; -1 where there is none.
func (h *huffman) decode(take func(uint) uint32) int {
	code, first, index := 0, 0, 0
	for n := 1; n < 16; n++ {
		code |= int(take(1))
		count := h.count[n]
		if code-count < first {
			return int(h.symbols[index+code-first])
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return -1
}
