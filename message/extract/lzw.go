package extract

import (
	"io"
)

// lzwReader decompresses the files of compress(1): LZW with codes of 9 to 16 bits,
// least significant first, in groups of eight.
type lzwReader struct {
	src    []byte
	bit    int // the next one, from the beginning of the group
	width  int
	widest int
	block  bool // code 256 empties the table
	next   int  // code that is made next
	prefix [1 << 16]uint16
	suffix [1 << 16]byte
	last   int // code before; -1 at the beginning
	first  byte
	stack  []byte // decoded octets, last first
	err    error
}

func newLZW(content []byte) io.Reader {
	z := &lzwReader{width: 9, last: -1, next: 256}
	if len(content) < 3 || content[2]&0x1f < 9 || content[2]&0x1f > 16 {
		z.err = errDamaged
		return z
	}
	z.widest, z.block = int(content[2]&0x1f), content[2]&0x80 != 0
	z.src = content[3:]
	if z.block {
		z.next = 257
	}
	return z
}

// code reads the next code. A change of width begins a new group.
func (z *lzwReader) code() int {
	if z.next > 1<<z.width-1 && z.width < z.widest {
		z.align()
		z.width++
	}
	at, shift := z.bit/8, z.bit%8
	if at+(shift+z.width+7)/8 > len(z.src) {
		z.err = io.EOF
		return -1
	}
	v := 0
	for i := 0; i < 3 && at+i < len(z.src); i++ {
		v |= int(z.src[at+i]) << (8 * i)
	}
	z.bit += z.width
	return v >> shift & (1<<z.width - 1)
}

// align goes to the end of a group of eight codes.
func (z *lzwReader) align() {
	group := z.width * 8
	z.bit = (z.bit + group - 1) / group * group
	z.src = z.src[min(z.bit/8, len(z.src)):]
	z.bit = 0
}

func (z *lzwReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(z.stack) > 0 {
			p[n] = z.stack[len(z.stack)-1]
			z.stack = z.stack[:len(z.stack)-1]
			n++
			continue
		}
		if z.err != nil {
			return n, z.err
		}
		z.decode()
	}
	return n, nil
}

func (z *lzwReader) decode() {
	c := z.code()
	switch {
	case c < 0:
		return
	case c == 256 && z.block:
		z.align()
		z.width, z.next, z.last = 9, 257, -1
		return
	case z.last < 0:
		if c > 255 {
			z.err = errDamaged
			return
		}
		z.first, z.last = byte(c), c
		z.stack = append(z.stack, byte(c))
		return
	case c > z.next || c == z.next && z.next >= 1<<z.widest:
		z.err = errDamaged
		return
	}
	at := c
	if c == z.next { // the code that is being made
		z.stack = append(z.stack, z.first)
		at = z.last
	}
	for at > 255 {
		z.stack = append(z.stack, z.suffix[at])
		at = int(z.prefix[at])
	}
	z.first = byte(at)
	z.stack = append(z.stack, z.first)
	if z.next < 1<<z.widest {
		z.prefix[z.next], z.suffix[z.next] = uint16(z.last), z.first
		z.next++
	}
	z.last = c
}
