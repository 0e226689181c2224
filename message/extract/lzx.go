package extract

import (
	"encoding/binary"
	"io"
)

// lzxReader decompresses LZX as cabinets hold it ([MS-PATCH], "LZX DELTA
// Compression and Decompression", less what is special to deltas).
type lzxReader struct {
	blocks *cabBlocks
	err    error

	data   []byte // of the block that is being read
	in     []byte // what is left of it
	over   int    // words behind its end that were asked for
	odd    bool   // an octet follows that makes the length even
	bits   uint64
	n      uint // of bits
	window []byte
	at     int    // in the window
	out    []byte // decompressed and not given yet
	total  int    // octets decompressed

	started   bool
	translate uint32 // size of the file for calls; 0 without
	frames    int

	kind    uint32
	left    int // octets of the block of codes that are left
	recent  [3]int
	main    lzxCode
	lengths lzxCode
	aligned lzxCode
	slots   int
}

const (
	lzxFrame   = 32 << 10
	lzxLengths = 249
)

func newLZX(blocks *cabBlocks, bits uint) (io.Reader, error) {
	if bits < 15 || bits > 21 {
		return nil, errMethod
	}
	slots := int(2 * bits)
	switch bits {
	case 20:
		slots = 42
	case 21:
		slots = 50
	}
	z := &lzxReader{blocks: blocks, window: make([]byte, 1<<bits), slots: slots, recent: [3]int{1, 1, 1}}
	z.main.lengths = make([]uint8, 256+8*slots)
	z.lengths.lengths = make([]uint8, lzxLengths)
	z.aligned.lengths = make([]uint8, 8)
	return z, nil
}

func (z *lzxReader) Read(p []byte) (int, error) {
	for len(z.out) == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.frame()
	}
	n := copy(p, z.out)
	z.out = z.out[n:]
	return n, nil
}

// fill makes sure that there are at least 32 bits, with zeros behind the end. Bits
// come in words of 16, the most significant first.
func (z *lzxReader) fill() {
	for z.n <= 32 {
		w := uint64(0)
		if len(z.in) >= 2 {
			w = uint64(binary.LittleEndian.Uint16(z.in))
			z.in = z.in[2:]
		} else if len(z.in) == 1 {
			w, z.in = uint64(z.in[0]), nil
		} else if z.over++; z.over > 8 {
			z.fail()
		}
		z.bits = z.bits<<16 | w
		z.n += 16
	}
}

func (z *lzxReader) take(n uint) uint32 {
	if n == 0 {
		return 0
	}
	z.fill()
	v := uint32(z.bits >> (z.n - n) & (1<<n - 1))
	z.n -= n
	return v
}

func (z *lzxReader) fail() {
	if z.err == nil {
		z.err = errDamaged
	}
}

// frame decompresses one block of a cabinet.
func (z *lzxReader) frame() {
	data, size, err := z.blocks.next()
	if err != nil {
		z.err = err
		return
	}
	if size > lzxFrame {
		z.fail()
		return
	}
	z.data, z.in, z.bits, z.n, z.over = data, data, 0, 0, 0
	if !z.started {
		z.started = true
		if z.take(1) == 1 {
			z.translate = z.take(16)<<16 | z.take(16)
		}
	}
	out := make([]byte, 0, size)
	for len(out) < size && z.err == nil {
		if z.left == 0 {
			z.block()
			continue
		}
		begin := len(out)
		out = z.run(out, min(size, len(out)+z.left))
		z.left -= len(out) - begin
		if z.left < 0 {
			z.fail()
		}
		if z.left == 0 && z.kind == 3 && z.odd {
			z.in, z.odd = z.in[min(1, len(z.in)):], false
		}
	}
	z.out = z.calls(out)
	z.total += len(out)
	z.frames++
}

// block reads the head of a block of codes.
func (z *lzxReader) block() {
	z.kind = z.take(3)
	z.left = int(z.take(16)<<8 | z.take(8))
	switch z.kind {
	case 2:
		for i := range z.aligned.lengths {
			z.aligned.lengths[i] = uint8(z.take(3))
		}
		z.aligned.build()
		fallthrough
	case 1:
		z.tree(z.main.lengths[:256])
		z.tree(z.main.lengths[256:])
		z.tree(z.lengths.lengths)
		if !z.main.build() || !z.lengths.build() {
			z.fail()
		}
	case 3: // not compressed; begins at a word
		if z.n%16 == 0 {
			z.take(16)
		}
		z.back()
		if len(z.in) < 12 {
			z.fail()
			return
		}
		for i := range z.recent {
			z.recent[i] = int(binary.LittleEndian.Uint32(z.in[4*i:]))
		}
		z.in = z.in[12:]
		z.odd = z.left%2 == 1
	default:
		z.fail()
	}
	if z.left == 0 {
		z.fail()
	}
}

// back gives words that were read ahead back, less those that were begun.
func (z *lzxReader) back() {
	from := len(z.data) - len(z.in) - 2*int(z.n/16)
	z.in = z.data[max(0, min(from, len(z.data))):]
	z.bits, z.n = 0, 0
}

// tree reads lengths of codes as differences to those of the block before.
func (z *lzxReader) tree(lengths []uint8) {
	pre := lzxCode{lengths: make([]uint8, 20)}
	for i := range pre.lengths {
		pre.lengths[i] = uint8(z.take(4))
	}
	if !pre.build() {
		z.fail()
	}
	for i := 0; i < len(lengths) && z.err == nil; {
		times, c := 1, z.symbol(&pre)
		value := uint8(0)
		switch c {
		case 17:
			times = 4 + int(z.take(4))
		case 18:
			times = 20 + int(z.take(5))
		case 19:
			times = 4 + int(z.take(1))
			c = z.symbol(&pre)
			if c > 16 {
				z.fail()
				return
			}
			value = uint8((int(lengths[i]) - c + 17) % 17)
		default:
			value = uint8((int(lengths[i]) - c + 17) % 17)
		}
		for ; times > 0 && i < len(lengths); times-- {
			lengths[i] = value
			i++
		}
	}
}

func (z *lzxReader) put(out []byte, c byte) []byte {
	z.window[z.at] = c
	z.at = (z.at + 1) % len(z.window)
	return append(out, c)
}

// run decompresses codes of the block until out has so many octets.
func (z *lzxReader) run(out []byte, end int) []byte {
	if z.kind == 3 {
		n := min(end-len(out), len(z.in))
		for _, c := range z.in[:n] {
			out = z.put(out, c)
		}
		if z.in = z.in[n:]; n == 0 {
			z.fail()
		}
		return out
	}
	for len(out) < end && z.err == nil {
		c := z.symbol(&z.main)
		if c < 256 {
			out = z.put(out, byte(c))
			continue
		}
		c -= 256
		length := c%8 + 2
		if length == 9 {
			length += z.symbol(&z.lengths)
		}
		distance := z.distance(c / 8)
		if distance <= 0 || distance > len(z.window) || len(out)+length > cap(out) {
			z.fail()
			break
		}
		for range length {
			out = z.put(out, z.window[(z.at-distance+len(z.window))%len(z.window)])
		}
	}
	return out
}

// distance reads how far back a match lies.
func (z *lzxReader) distance(slot int) int {
	switch slot {
	case 0:
		return z.recent[0]
	case 1:
		z.recent[0], z.recent[1] = z.recent[1], z.recent[0]
		return z.recent[0]
	case 2:
		z.recent[0], z.recent[2] = z.recent[2], z.recent[0]
		return z.recent[0]
	}
	extra := uint(17)
	base := (slot - 34) << 17
	if slot < 36 {
		extra = uint(slot/2 - 1)
		if slot < 4 {
			extra = 0
		}
		base = (2 + slot%2) << extra
		if slot < 4 {
			base = slot
		}
	}
	d := base
	if z.kind == 2 && extra >= 3 {
		d += int(z.take(extra-3)) << 3
		d += z.symbol(&z.aligned)
	} else {
		d += int(z.take(extra))
	}
	d -= 2
	z.recent[2], z.recent[1], z.recent[0] = z.recent[1], z.recent[0], d
	return d
}

// calls turns the absolute addresses of x86 calls back to relative ones, in the
// first 32768 frames.
func (z *lzxReader) calls(out []byte) []byte {
	if z.translate == 0 || z.frames >= 1<<15 || len(out) <= 10 {
		return out
	}
	for i := 0; i < len(out)-10; i++ {
		if out[i] != 0xe8 {
			continue
		}
		v, pos := int32(binary.LittleEndian.Uint32(out[i+1:])), int32(z.total+i)
		if v >= -pos && v < int32(z.translate) {
			if v >= 0 {
				v -= pos
			} else {
				v += int32(z.translate)
			}
			binary.LittleEndian.PutUint32(out[i+1:], uint32(v))
		}
		i += 4
	}
	return out
}

func (z *lzxReader) symbol(c *lzxCode) int {
	z.fill()
	v := uint32(z.bits >> (z.n - 16) & 0xffff)
	s, n := c.find(v)
	if n == 0 {
		z.fail()
		return 0
	}
	z.n -= n
	return s
}

// lzxCode is a canonical code of at most 16 bits, most significant first.
type lzxCode struct {
	lengths []uint8
	first   [17]uint32 // code, of each length
	count   [17]int
	index   [17]int
	symbols []uint16
}

func (c *lzxCode) build() bool {
	c.count = [17]int{}
	for _, n := range c.lengths {
		c.count[n]++
	}
	c.count[0] = 0
	code, at, used := uint32(0), 0, uint32(0)
	for n := 1; n <= 16; n++ {
		code <<= 1
		c.first[n], c.index[n] = code, at
		code += uint32(c.count[n])
		at += c.count[n]
		used += uint32(c.count[n]) << (16 - n)
	}
	if used > 1<<16 {
		return false
	}
	c.symbols = make([]uint16, at)
	next := c.index
	for s, n := range c.lengths {
		if n > 0 {
			c.symbols[next[n]] = uint16(s)
			next[n]++
		}
	}
	return true
}

// find gives the symbol that 16 bits begin with, and its length; 0 for none.
func (c *lzxCode) find(v uint32) (symbol int, n uint) {
	for n = 1; n <= 16; n++ {
		code := v >> (16 - n)
		if i := int(code) - int(c.first[n]); i >= 0 && i < c.count[n] {
			return int(c.symbols[c.index[n]+i]), n
		}
	}
	return 0, 0
}
