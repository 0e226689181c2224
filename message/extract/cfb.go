package extract

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// cfb is a compound file ([MS-CFB]), the container of the older Office documents.
// Reading it is lenient: what a damaged file still holds is given, and nothing is
// followed in circles or allocated by a size that the file claims.
type cfb struct {
	r        *reader
	content  []byte
	shift    uint // of the sector size
	fat      []uint32
	miniFAT  [][]byte
	cutoff   int64
	mini     []byte // the mini stream
	damaged  bool
	root     *cfbNode
	noOfRoot int
}

// cfbNode is a storage or a stream.
type cfbNode struct {
	file     *cfb
	name     string
	storage  bool
	class    [16]byte
	start    uint32
	size     int64
	children []*cfbNode
	octets   []byte
	loaded   bool
}

const (
	cfbSectorEnd   = 0xfffffffa // the first of the special sector numbers
	cfbNoEntry     = 0xffffffff
	cfbHeaderSize  = 512
	cfbEntrySize   = 128
	cfbMiniShift   = 6
	cfbMiniCutoff  = 4096
	cfbHeaderDIFAT = 109
	cfbDepth       = 64 // of storages
)

// openCFB reads the directory of a compound file; nil when it is none, or when
// nothing of its directory is left.
func openCFB(r *reader) *cfb {
	if len(r.content) < cfbHeaderSize || !bytes.HasPrefix(r.content, oleMagic) {
		return nil
	}
	h := r.content
	f := &cfb{r: r, content: r.content, shift: 9, cutoff: cfbMiniCutoff}
	if shift := binary.LittleEndian.Uint16(h[30:]); shift == 12 {
		f.shift = 12
	} else if shift != 9 {
		f.damaged = true
	}
	f.readFAT()
	dir, whole := f.chain(binary.LittleEndian.Uint32(h[48:]), int64(len(f.content)))
	f.damaged = f.damaged || !whole
	if !f.readDirectory(dir) {
		return nil
	}
	f.miniFAT, _ = f.chain(binary.LittleEndian.Uint32(h[60:]), int64(len(f.content)))
	return f
}

func (f *cfb) sectorSize() int { return 1 << f.shift }

// sector gives a sector, shorter at the end of a file that was cut off.
func (f *cfb) sector(n uint32) []byte {
	at := (int64(n) + 1) << f.shift
	if n >= cfbSectorEnd || at >= int64(len(f.content)) {
		return nil
	}
	return f.content[at:min(at+int64(f.sectorSize()), int64(len(f.content)))]
}

// readFAT lists the sectors that hold the sector allocation table (section 2.5).
func (f *cfb) readFAT() {
	h := f.content
	per := f.sectorSize() / 4
	most := len(f.content)>>f.shift/per + 1
	add := func(list []byte) {
		for ; len(list) >= 4 && len(f.fat) < most; list = list[4:] {
			n := binary.LittleEndian.Uint32(list)
			if n >= cfbSectorEnd {
				return
			}
			f.fat = append(f.fat, n)
		}
	}
	add(h[76 : 76+4*cfbHeaderDIFAT])
	next := binary.LittleEndian.Uint32(h[68:])
	for steps := 0; next < cfbSectorEnd; steps++ {
		s := f.sector(next)
		if len(f.fat) >= most {
			break
		}
		if steps > most || len(s) < f.sectorSize() {
			f.damaged = true
			break
		}
		add(s[:len(s)-4])
		next = binary.LittleEndian.Uint32(s[len(s)-4:])
	}
}

// next follows the sector allocation table.
func (f *cfb) next(n uint32) uint32 {
	i := int(n >> (f.shift - 2))
	if i >= len(f.fat) {
		return cfbNoEntry
	}
	s := f.sector(f.fat[i])
	at := int(n) & (f.sectorSize()/4 - 1) * 4
	if at+4 > len(s) {
		return cfbNoEntry
	}
	return binary.LittleEndian.Uint32(s[at:])
}

// chain gives the pieces of up to size octets that begin at a sector, joined
// where sectors stand one behind the other. It tells whether all were there.
func (f *cfb) chain(start uint32, size int64) (pieces [][]byte, whole bool) {
	left := size
	whole = true
	most := len(f.content)>>f.shift + 1
	begin, length := int64(0), int64(0)
	flush := func() {
		if length > 0 {
			pieces = append(pieces, f.content[begin:begin+length])
		}
		length = 0
	}
	n := start
	for steps := 0; n < cfbSectorEnd && left > 0; steps++ {
		s := f.sector(n)
		if s == nil || steps >= most {
			whole = false
			break
		}
		at := (int64(n) + 1) << f.shift
		got := min(int64(len(s)), left)
		whole = whole && (int64(len(s)) == int64(f.sectorSize()) || got == left)
		if length > 0 && begin+length != at {
			flush()
		}
		if length == 0 {
			begin = at
		}
		length += got
		left -= got
		n = f.next(n)
	}
	flush()
	return pieces, whole
}

// join makes one piece of several. What is copied counts as unpacked.
func (f *cfb) join(pieces [][]byte) []byte {
	switch len(pieces) {
	case 0:
		return nil
	case 1:
		return pieces[0]
	}
	total := 0
	for _, p := range pieces {
		total += len(p)
	}
	if f.r.left.inflated -= int64(total); f.r.left.inflated < 0 {
		f.r.fail(Truncated, limitInflated)
		return nil
	}
	return bytes.Join(pieces, nil)
}

// readDirectory makes the tree of storages and streams (section 2.6).
func (f *cfb) readDirectory(pieces [][]byte) bool {
	var entries []*cfbNode
	var links [][3]uint32
	for _, p := range pieces {
		for ; len(p) >= cfbEntrySize; p = p[cfbEntrySize:] {
			n := binary.LittleEndian.Uint16(p[64:])
			kind := p[66]
			if kind != 1 && kind != 2 && kind != 5 {
				entries, links = append(entries, nil), append(links, [3]uint32{})
				continue
			}
			e := &cfbNode{file: f, name: cfbName(p[:min(int(n), 64)]), storage: kind != 2}
			copy(e.class[:], p[80:96])
			e.start = binary.LittleEndian.Uint32(p[116:])
			e.size = int64(binary.LittleEndian.Uint32(p[120:]))
			if f.shift == 12 {
				e.size |= int64(binary.LittleEndian.Uint32(p[124:])&0x7fffffff) << 32
			}
			if kind == 5 && f.root == nil {
				f.root, f.noOfRoot = e, len(entries)
			}
			entries = append(entries, e)
			links = append(links, [3]uint32{binary.LittleEndian.Uint32(p[68:]), binary.LittleEndian.Uint32(p[72:]), binary.LittleEndian.Uint32(p[76:])})
		}
	}
	if f.root == nil {
		if len(entries) == 0 {
			return false
		}
		f.damaged = true
		f.root, f.noOfRoot = &cfbNode{file: f, storage: true, start: cfbNoEntry}, -1
	}
	seen := make([]bool, len(entries))
	if f.noOfRoot >= 0 {
		seen[f.noOfRoot] = true
		f.hang(f.root, links[f.noOfRoot][2], entries, links, seen, 0)
	}
	if f.damaged {
		// What the broken tree does not reach was still stored.
		for i, e := range entries {
			if e != nil && !seen[i] {
				seen[i] = true
				f.root.children = append(f.root.children, e)
				if e.storage {
					f.hang(e, links[i][2], entries, links, seen, 1)
				}
			}
		}
	}
	return true
}

// hang puts the entries of a storage's tree under it, in their order.
func (f *cfb) hang(parent *cfbNode, top uint32, entries []*cfbNode, links [][3]uint32, seen []bool, depth int) {
	if depth > cfbDepth {
		f.damaged = true
		return
	}
	var stack []uint32
	first := len(parent.children)
	var below []uint32
	for at := top; ; {
		for at < uint32(len(entries)) {
			if entries[at] == nil || seen[at] {
				f.damaged = true
				break
			}
			seen[at] = true
			stack = append(stack, at)
			at = links[at][0]
		}
		if at != cfbNoEntry && at >= uint32(len(entries)) {
			f.damaged = true
		}
		if len(stack) == 0 {
			break
		}
		at = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		parent.children = append(parent.children, entries[at])
		below = append(below, at)
		at = links[at][1]
	}
	for i, at := range below {
		if e := parent.children[first+i]; e.storage {
			f.hang(e, links[at][2], entries, links, seen, depth+1)
		}
	}
}

// cfbName decodes the name of an entry, which ends in a zero.
func cfbName(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// data gives the octets of a stream, as many as there are; nil for a storage.
func (n *cfbNode) data() []byte {
	if n == nil || n.storage {
		return nil
	}
	if !n.loaded {
		n.loaded = true
		n.octets = n.load()
	}
	return n.octets
}

func (n *cfbNode) load() []byte {
	f := n.file
	if n.size == 0 {
		return nil
	}
	if n.size < f.cutoff {
		return f.miniStream(n.start, n.size)
	}
	pieces, whole := f.chain(n.start, n.size)
	got := f.join(pieces)
	if !whole || int64(len(got)) < n.size {
		f.damaged = true
	}
	return got
}

// miniStream reads a stream that is kept in sectors of 64 octets (section 2.4).
func (f *cfb) miniStream(start uint32, size int64) []byte {
	if f.mini == nil && f.root != nil {
		pieces, _ := f.chain(f.root.start, f.root.size)
		if f.mini = f.join(pieces); f.mini == nil {
			f.mini = []byte{}
		}
	}
	var pieces [][]byte
	left, n := size, start
	begin, length := int64(0), int64(0)
	for steps := 0; n < cfbSectorEnd && left > 0 && steps <= cfbMiniCutoff>>cfbMiniShift; steps++ {
		at := int64(n) << cfbMiniShift
		if at >= int64(len(f.mini)) {
			break
		}
		got := min(1<<cfbMiniShift, left, int64(len(f.mini))-at)
		if length > 0 && begin+length != at {
			pieces = append(pieces, f.mini[begin:begin+length])
			length = 0
		}
		if length == 0 {
			begin = at
		}
		length += got
		left -= got
		n = f.nextMini(n)
	}
	if length > 0 {
		pieces = append(pieces, f.mini[begin:begin+length])
	}
	got := f.join(pieces)
	if int64(len(got)) < size {
		f.damaged = true
	}
	return got
}

func (f *cfb) nextMini(n uint32) uint32 {
	at := int64(n) * 4
	for _, p := range f.miniFAT {
		if at+4 <= int64(len(p)) {
			return binary.LittleEndian.Uint32(p[at:])
		}
		at -= int64(len(p))
		if at < 0 {
			break
		}
	}
	return cfbNoEntry
}

// child gives the storage or stream of a name, without case; nil without one.
func (n *cfbNode) child(name string) *cfbNode {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if strings.EqualFold(c.name, name) {
			return c
		}
	}
	return nil
}

// find follows a path of names.
func (n *cfbNode) find(path ...string) *cfbNode {
	for _, name := range path {
		n = n.child(name)
	}
	return n
}

// stream gives the octets of the stream of a name; nil without one.
func (n *cfbNode) stream(name string) []byte { return n.child(name).data() }

// walk goes over all streams and storages below, in order.
func (n *cfbNode) walk(visit func(*cfbNode) bool) {
	for _, c := range n.children {
		if !visit(c) {
			continue
		}
		c.walk(visit)
	}
}

// settle marks the document when its file is damaged. Called last.
func (f *cfb) settle() {
	if f.damaged {
		f.r.fail(Corrupt, "a damaged compound file")
	}
}
