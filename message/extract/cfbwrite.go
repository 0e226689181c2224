package extract

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
)

// cfbFile makes a compound file of its own of a storage, so that an embedded
// document that is kept as one is read like any file. It gives nil beyond the
// limit of unpacked octets. Extra storages or streams are put beside those of
// the storage.
func (n *cfbNode) cfbFile(extra ...*cfbNode) []byte {
	w := cfbWriter{}
	var size int64
	root := &cfbNode{name: "Root Entry", storage: true, class: n.class, children: slices.Concat(n.children, extra)}
	root.walk(func(c *cfbNode) bool { size += int64(len(c.data())) + 2*cfbEntrySize; return true })
	if n.file.r.left.inflated -= size; n.file.r.left.inflated < 0 {
		n.file.r.fail(Truncated, limitInflated)
		return nil
	}
	return w.file(root)
}

// cfbWriter lays out a compound file of version 3. All streams get whole sectors
// of their own or, small ones, a place in the mini stream.
type cfbWriter struct {
	body    []byte // sectors
	fat     []uint32
	mini    []byte
	miniFAT []uint32
	entries []byte
}

const (
	cfbChainEnd = 0xfffffffe
	cfbFATMark  = 0xfffffffd
)

// put appends sectors and gives the number of the first.
func (w *cfbWriter) put(data []byte) uint32 {
	if len(data) == 0 {
		return cfbChainEnd
	}
	first := uint32(len(w.fat))
	w.body = append(w.body, data...)
	w.body = append(w.body, make([]byte, -len(w.body)&511)...)
	for uint32(len(w.body)/512) > uint32(len(w.fat)) {
		w.fat = append(w.fat, uint32(len(w.fat)+1))
	}
	w.fat[len(w.fat)-1] = cfbChainEnd
	return first
}

func (w *cfbWriter) putMini(data []byte) uint32 {
	if len(data) == 0 {
		return cfbChainEnd
	}
	first := uint32(len(w.miniFAT))
	w.mini = append(w.mini, data...)
	w.mini = append(w.mini, make([]byte, -len(w.mini)&63)...)
	for len(w.mini)/64 > len(w.miniFAT) {
		w.miniFAT = append(w.miniFAT, uint32(len(w.miniFAT)+1))
	}
	w.miniFAT[len(w.miniFAT)-1] = cfbChainEnd
	return first
}

// entry writes a directory entry and those below it; siblings hang in a row.
func (w *cfbWriter) entry(n *cfbNode, right uint32, kind byte) int {
	at := len(w.entries)
	w.entries = append(w.entries, make([]byte, cfbEntrySize)...)
	name := utf16.Encode([]rune(n.name))
	name = name[:min(len(name), 31)]
	e := w.entries[at:]
	for i, u := range name {
		binary.LittleEndian.PutUint16(e[2*i:], u)
	}
	binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
	e[66], e[67] = kind, 1
	binary.LittleEndian.PutUint32(e[68:], cfbNoEntry)
	binary.LittleEndian.PutUint32(e[72:], right)
	copy(e[80:], n.class[:])
	if !n.storage {
		binary.LittleEndian.PutUint32(e[76:], cfbNoEntry)
		data := n.data()
		start := uint32(0)
		if len(data) < cfbMiniCutoff {
			start = w.putMini(data)
		} else {
			start = w.put(data)
		}
		binary.LittleEndian.PutUint32(e[116:], start)
		binary.LittleEndian.PutUint32(e[120:], uint32(len(data)))
		return at
	}
	top := uint32(cfbNoEntry)
	list := slices.Clone(n.children)
	slices.SortStableFunc(list, func(a, b *cfbNode) int {
		if len(a.name) != len(b.name) {
			return len(a.name) - len(b.name)
		}
		return strings.Compare(strings.ToUpper(a.name), strings.ToUpper(b.name))
	})
	for _, c := range slices.Backward(list) {
		kind := byte(2)
		if c.storage {
			kind = 1
		}
		top = uint32(w.entry(c, top, kind) / cfbEntrySize)
	}
	binary.LittleEndian.PutUint32(w.entries[at+76:], top)
	return at
}

func (w *cfbWriter) file(root *cfbNode) []byte {
	w.entry(root, cfbNoEntry, 5)
	mini := w.put(w.mini)
	binary.LittleEndian.PutUint32(w.entries[116:], mini)
	binary.LittleEndian.PutUint32(w.entries[120:], uint32(len(w.mini)))
	directory := w.put(w.entries)
	miniFAT := w.put(words(w.miniFAT))
	miniFATs := (len(w.miniFAT)*4 + 511) / 512
	// The allocation table holds itself and the sectors that list its own.
	data := len(w.fat)
	tables, lists := 0, 0
	for {
		t := (data + tables + lists + 127) / 128
		l := 0
		if t > cfbHeaderDIFAT {
			l = (t - cfbHeaderDIFAT + 126) / 127
		}
		if t == tables && l == lists {
			break
		}
		tables, lists = t, l
	}
	for range tables {
		w.fat = append(w.fat, cfbFATMark)
	}
	for range lists {
		w.fat = append(w.fat, cfbFATMark-1)
	}
	table := words(w.fat)
	for len(table)%512 != 0 {
		table = append(table, 0xff)
	}
	out := make([]byte, cfbHeaderSize, cfbHeaderSize+len(w.body)+len(table)+512*lists)
	copy(out, oleMagic)
	for at, v := range map[int]uint16{24: 0x3e, 26: 3, 28: 0xfffe, 30: 9, 32: 6} {
		binary.LittleEndian.PutUint16(out[at:], v)
	}
	list := uint32(cfbChainEnd)
	if lists > 0 {
		list = uint32(data + tables)
	}
	if miniFATs == 0 {
		miniFAT = cfbChainEnd
	}
	for at, v := range map[int]uint32{44: uint32(tables), 48: directory, 56: cfbMiniCutoff, 60: miniFAT, 64: uint32(miniFATs), 68: list, 72: uint32(lists)} {
		binary.LittleEndian.PutUint32(out[at:], v)
	}
	numbers := make([]uint32, 0, tables)
	for i := range tables {
		numbers = append(numbers, uint32(data+i))
	}
	head := slices.Clone(numbers[:min(len(numbers), cfbHeaderDIFAT)])
	for len(head) < cfbHeaderDIFAT {
		head = append(head, cfbNoEntry)
	}
	copy(out[76:], words(head))
	out = append(append(out, w.body...), table...)
	rest := numbers[min(len(numbers), cfbHeaderDIFAT):]
	for i := range lists {
		part := slices.Clone(rest[:min(len(rest), 127)])
		rest = rest[len(part):]
		for len(part) < 127 {
			part = append(part, cfbNoEntry)
		}
		next := uint32(cfbChainEnd)
		if i+1 < lists {
			next = uint32(data + tables + i + 1)
		}
		out = append(out, words(append(part, next))...)
	}
	return out
}

func words(list []uint32) []byte {
	b := make([]byte, 0, 4*len(list))
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}
