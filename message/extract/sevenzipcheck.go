package extract

import (
	"bytes"
	"encoding/binary"
	"io"
)

// The parts of the directory of a 7z archive (7zFormat.txt).
const (
	end7z        = 0x00
	header7z     = 0x01
	streams7z    = 0x04
	files7z      = 0x05
	pack7z       = 0x06
	unpack7z     = 0x07
	substreams7z = 0x08
	sizes7z      = 0x09
	sums7z       = 0x0a
	folder7z     = 0x0b
	unpacked7z   = 0x0c
	numbers7z    = 0x0d
	encoded7z    = 0x17

	mostDirectory = 16 << 20 // octets of a directory, decompressed
	mostFiles     = 100_000
	mostCoders    = 32 // of one block
)

// walk7z goes over a directory and checks what it claims before anything sets
// memory aside for it. The first error ends it.
type walk7z struct {
	b       []byte
	err     error
	folders []block7z
	packed  []uint64 // sizes of the packed streams
	at      uint64   // where the first of them begins
}

// block7z is what is kept of a block of compressed data ("folder").
type block7z struct {
	coders     int
	outs       uint64
	method     string
	properties []byte
	size       uint64
}

// check7z tells why a library had better not read an archive: its directory is
// encrypted, damaged, or claims more than it can hold. It gives nil otherwise.
func check7z(content []byte) error {
	const start = 32
	if len(content) < start {
		return errDamaged
	}
	at, size := binary.LittleEndian.Uint64(content[12:]), binary.LittleEndian.Uint64(content[20:])
	rest := uint64(len(content) - start)
	if at > rest || size > rest-at || size == 0 {
		return errDamaged
	}
	w := &walk7z{b: content[start+at : start+at+size]}
	id := w.octet()
	if id == encoded7z {
		w.streams()
		if w.err != nil {
			return w.err
		}
		directory, err := w.directory(content[start:])
		if err != nil {
			return err
		}
		w = &walk7z{b: directory}
		id = w.octet()
	}
	if id != header7z {
		return errDamaged
	}
	if id = w.octet(); id == streams7z {
		w.streams()
		id = w.octet()
	}
	if w.err == nil && id == files7z {
		n := w.number()
		switch {
		case n > uint64(len(w.b)): // each has a name
			w.fail(errDamaged)
		case n > mostFiles || n*uint64(len(w.folders)) > 1000*mostFiles:
			w.fail(errMany)
		}
	}
	return w.err
}

func (w *walk7z) fail(err error) {
	if w.err == nil {
		w.err = err
	}
	w.b = nil
}

func (w *walk7z) octet() byte {
	b := w.octets(1)
	if b == nil {
		return end7z
	}
	return b[0]
}

func (w *walk7z) octets(n uint64) []byte {
	if w.err != nil || n > uint64(len(w.b)) {
		w.fail(errDamaged)
		return nil
	}
	b := w.b[:n]
	w.b = w.b[n:]
	return b
}

// number reads a number whose first octet tells by its leading ones how many
// follow.
func (w *walk7z) number() uint64 {
	first := w.octet()
	v := uint64(0)
	for i, mask := 0, byte(0x80); i < 8; i, mask = i+1, mask>>1 {
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(w.octet()) << (8 * i)
	}
	return v
}

// count reads a number of things of which each needs at least an octet further on.
func (w *walk7z) count() uint64 {
	n := w.number()
	if n > uint64(len(w.b)) {
		w.fail(errDamaged)
		return 0
	}
	return n
}

// sums passes over the check sums of so many things.
func (w *walk7z) sums(n uint64) {
	if n > mostDirectory {
		w.fail(errMany)
		return
	}
	defined := n
	if w.octet() == 0 {
		defined = 0
		for i, b := range w.octets((n + 7) / 8) {
			for bit := range 8 {
				if uint64(8*i+bit) < n && b&(0x80>>bit) != 0 {
					defined++
				}
			}
		}
	}
	w.octets(4 * defined)
}

// streams goes over the packed streams, the blocks and the files in them.
func (w *walk7z) streams() {
	id := w.octet()
	if id == pack7z {
		w.at = w.number()
		n := w.count()
		if id = w.octet(); id == sizes7z {
			for i := uint64(0); i < n && w.err == nil; i++ {
				w.packed = append(w.packed, w.number())
			}
			id = w.octet()
		}
		if id == sums7z {
			w.sums(n)
			id = w.octet()
		}
		if id != end7z {
			w.fail(errDamaged)
		}
		id = w.octet()
	}
	if id == unpack7z {
		w.blocks()
		id = w.octet()
	}
	if id == substreams7z {
		w.substreams()
		id = w.octet()
	}
	if id != end7z {
		w.fail(errDamaged)
	}
}

func (w *walk7z) blocks() {
	if w.octet() != folder7z {
		w.fail(errDamaged)
	}
	n := w.count()
	if w.octet() != 0 {
		w.fail(errDamaged)
	}
	packed := uint64(0)
	for i := uint64(0); i < n && w.err == nil; i++ {
		block, in := w.block()
		w.folders = append(w.folders, block)
		packed += in
	}
	if packed > uint64(len(w.packed)) {
		w.fail(errDamaged)
	}
	if w.octet() != unpacked7z {
		w.fail(errDamaged)
	}
	for i := range w.folders {
		for range w.folders[i].outs {
			w.folders[i].size = w.number()
		}
	}
	id := w.octet()
	if id == sums7z {
		w.sums(n)
		id = w.octet()
	}
	if id != end7z {
		w.fail(errDamaged)
	}
}

// block goes over a block and gives how many packed streams it reads.
func (w *walk7z) block() (b block7z, packed uint64) {
	n := w.count()
	if n == 0 || n > mostCoders {
		w.fail(errDamaged)
	}
	ins := uint64(0)
	for i := uint64(0); i < n && w.err == nil; i++ {
		flags := w.octet()
		method := string(w.octets(uint64(flags & 0xf)))
		in, out := uint64(1), uint64(1)
		if flags&0x10 != 0 {
			in, out = w.count(), w.count()
		}
		if in > mostCoders || out > mostCoders {
			w.fail(errDamaged)
		}
		b.properties = nil
		if flags&0x20 != 0 {
			b.properties = w.octets(w.count())
		}
		if b.method != methodSecret7z {
			b.method = method
		}
		ins, b.outs = ins+in, b.outs+out
	}
	b.coders = int(n)
	if w.err != nil || b.outs == 0 || ins < b.outs {
		w.fail(errDamaged)
		return b, 0
	}
	for range b.outs - 1 {
		if w.number() >= ins || w.number() >= b.outs {
			w.fail(errDamaged)
		}
	}
	packed = ins - (b.outs - 1)
	if packed > 1 {
		for range packed {
			if w.number() >= ins {
				w.fail(errDamaged)
			}
		}
	}
	return b, packed
}

func (w *walk7z) substreams() {
	counts := make([]uint64, len(w.folders))
	total := uint64(0)
	id := w.octet()
	for i := range counts {
		counts[i] = 1
		if id == numbers7z {
			counts[i] = w.number()
		}
		if total += counts[i]; counts[i] > mostFiles || total > mostFiles {
			w.fail(errMany)
			return
		}
	}
	if id == numbers7z {
		id = w.octet()
	}
	if id == sizes7z {
		for _, n := range counts {
			for i := uint64(1); i < n; i++ {
				w.number()
			}
		}
		id = w.octet()
	}
	if id == sums7z {
		w.sums(total)
		id = w.octet()
	}
	if id != end7z {
		w.fail(errDamaged)
	}
}

const (
	methodCopy7z   = "\x00"
	methodLZMA7z   = "\x03\x01\x01"
	methodLZMA27z  = "\x21"
	methodSecret7z = "\x06\xf1\x07\x01"
)

// directory decompresses a directory that is packed like a file.
func (w *walk7z) directory(streams []byte) ([]byte, error) {
	if len(w.folders) != 1 || len(w.packed) == 0 {
		return nil, errDamaged
	}
	f := w.folders[0]
	if f.method == methodSecret7z {
		return nil, errSecret
	}
	if w.at > uint64(len(streams)) || w.packed[0] > uint64(len(streams))-w.at {
		return nil, errDamaged
	}
	if f.coders != 1 {
		return nil, errMethod
	}
	if f.size > mostDirectory {
		return nil, errMany
	}
	packed := io.NopCloser(bytes.NewReader(streams[w.at : w.at+w.packed[0]]))
	var src io.ReadCloser
	var err error
	switch f.method {
	case methodCopy7z:
		src = packed
	case methodLZMA7z:
		src, err = lzma7z(f.properties, f.size, []io.ReadCloser{packed})
	case methodLZMA27z:
		src, err = lzma27z(f.properties, f.size, []io.ReadCloser{packed})
	default:
		return nil, errMethod
	}
	if err != nil {
		return nil, errDamaged
	}
	b, err := io.ReadAll(io.LimitReader(src, int64(f.size)))
	if err != nil || uint64(len(b)) != f.size {
		return nil, errDamaged
	}
	return b, nil
}
