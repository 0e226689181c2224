package extract

import (
	"encoding/binary"
	"strings"
	"testing"
)

// bitWriter writes bits as LZX has them: in words of 16, the most significant
// first.
type bitWriter struct {
	out  []byte
	bits uint64
	n    uint
}

func (w *bitWriter) write(v, n uint) {
	w.bits = w.bits<<n | uint64(v)
	for w.n += n; w.n >= 16; w.n -= 16 {
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(w.bits>>(w.n-16)))
	}
}

// lzxBlock compresses a text to literals of eight bits each.
func lzxBlock(text string) []byte {
	var w bitWriter
	w.write(0, 1) // no calls
	w.write(1, 3) // a block without aligned offsets
	w.write(uint(len(text)>>8), 16)
	w.write(uint(len(text)&0xff), 8)
	tree := func(symbol uint) { // a code of two: the symbol, and a run of 20 to 51 zeros
		for i := range uint(20) {
			if i == symbol || i == 18 {
				w.write(1, 4)
			} else {
				w.write(0, 4)
			}
		}
	}
	tree(9) // 8 less than nothing
	for range 256 {
		w.write(0, 1)
	}
	zeros := func(n int) { // of 30 slots of 8, or of 249 lengths
		tree(0)
		for ; n >= 20; n -= 51 {
			w.write(1, 1)
			w.write(uint(min(n, 51)-20), 5)
		}
		for ; n > 0; n-- {
			w.write(0, 1)
		}
	}
	zeros(240)
	zeros(249)
	for i := range len(text) {
		w.write(uint(text[i]), 8)
	}
	w.write(0, 16)
	return w.out
}

func cabinet(method uint16, block []byte, name, text string) string {
	le := binary.LittleEndian
	var b []byte
	b = append(b, magicCab...)
	files := 36 + 8
	data := files + 16 + len(name) + 1
	b = le.AppendUint32(b, uint32(data+8+len(block)))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(files))
	b = le.AppendUint32(b, 0)
	b = append(b, 3, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint32(b, uint32(data))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, method)
	b = le.AppendUint32(b, uint32(len(text)))
	b = append(b, make([]byte, 12)...)
	b = append(append(b, name...), 0)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, uint16(len(block)))
	b = le.AppendUint16(b, uint16(len(text)))
	return string(append(b, block...))
}

func TestCabinetCompressions(t *testing.T) {
	text := strings.Repeat("An order with the card "+cardNumber+" of today.\n", 20)
	lzx := lzxBlock(text)
	for _, c := range []struct {
		name   string
		method uint16
		block  []byte
		want   Status
	}{
		{"stored", 0, []byte(text), Complete},
		{"LZX", 15<<8 | 3, lzx, Complete},
		{"LZX with a window that cannot be", 30<<8 | 3, lzx, Unsupported},
		{"LZX, cut off", 15<<8 | 3, lzx[:len(lzx)/2], Corrupt},
		{"MSZIP that is none", 1, []byte(text), Corrupt},
		{"Quantum", 15<<8 | 2, lzx, Unsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(cabinet(c.method, c.block, "a.txt", text), Hint{})
			if len(d.Members) != 1 || d.Members[0].Status != c.want {
				t.Fatalf("%v", outline(d))
			}
			if c.want == Complete && d.Members[0].Text != text {
				t.Errorf("text %q", d.Members[0].Text)
			}
		})
	}
}
