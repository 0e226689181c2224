package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

var formatCab = Format{
	Name:       "Cabinet",
	MediaTypes: []string{"application/vnd.ms-cab-compressed"},
	Extensions: []string{"cab"},
	Nested:     true,
	rank:       bySignature,
	sniff:      func(r *reader) bool { return isCabinet(r.content) },
	read:       readCab,
}

const magicCab = "MSCF\x00\x00\x00\x00"

func isCabinet(c []byte) bool {
	return len(c) >= 36 && bytes.HasPrefix(c, []byte(magicCab)) && c[25] == 1 && binary.LittleEndian.Uint32(c[16:]) < uint32(min(len(c), 1<<31-1))
}

// cabFolder is a run of compressed data that holds one or more files ([MS-CAB],
// section 2.2).
type cabFolder struct {
	data    []byte // from the first block on
	blocks  int
	method  uint16
	reserve int // octets of each block's head for the program that made it
}

type cabFile struct {
	name   string
	size   int64
	offset int64 // in the decompressed folder
	folder int
	utf8   bool
}

// readCab reads the files of a cabinet. Of cabinets of a set those files that
// begin or end in another one are left.
func readCab(r *reader) {
	folders, files, ok := cabDirectory(r.content)
	if !ok {
		r.fail(Corrupt, damagedData)
	}
	slices.SortStableFunc(files, func(a, b cabFile) int {
		return cmp.Or(cmp.Compare(a.folder, b.folder), cmp.Compare(a.offset, b.offset))
	})
	var raw []string
	for _, f := range files {
		raw = append(raw, f.name)
	}
	decoder := newNameDecoder(raw)
	at, pos := -1, int64(0)
	var src *memberReader
	for _, f := range files {
		if r.expired() {
			return
		}
		names := decoder.names(f.name)
		r.write(names[0] + "\n")
		if f.folder >= len(folders) {
			r.fail(Truncated, missingVolume)
			r.unreadMember(names[0], f.size, Truncated, missingVolume)
			continue
		}
		if f.folder != at || f.offset < pos {
			stream, err := folders[f.folder].open()
			if err != nil {
				r.unreadMember(names[0], f.size, Unsupported, err.Error())
				continue
			}
			src = r.budgeted(stream, 0)
			src.most = 1 << 62 // each file is held to the ratio
			at, pos = f.folder, 0
		}
		skipped, _ := io.CopyN(io.Discard, src, f.offset-pos)
		pos += skipped
		file := &cabReader{src: src, left: f.size}
		before := r.left.inflated
		mr := r.unpack(Hint{Name: names[0]}, exactly(file, f.size), int64(len(r.content)), f.size, names[1:]...)
		r.left.inflated = before - mr.read // it was counted twice
		pos += mr.read
	}
}

// cabReader reads one file of a folder.
type cabReader struct {
	src  *memberReader
	left int64
}

func (c *cabReader) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.EOF
	}
	n, err := c.src.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == io.EOF && c.src.damaged {
		err = errDamaged
	}
	return n, err
}

// cabDirectory lists the folders and files of a cabinet, and tells whether all of
// the list could be read.
func cabDirectory(c []byte) (folders []cabFolder, files []cabFile, ok bool) {
	count, many := int(binary.LittleEndian.Uint16(c[26:])), int(binary.LittleEndian.Uint16(c[28:]))
	flags := binary.LittleEndian.Uint16(c[30:])
	rest := c[36:]
	folderReserve, blockReserve := 0, 0
	if flags&4 != 0 {
		if len(rest) < 4 {
			return nil, nil, false
		}
		head := int(binary.LittleEndian.Uint16(rest))
		folderReserve, blockReserve = int(rest[2]), int(rest[3])
		rest = rest[min(len(rest), 4+head):]
	}
	for _, flag := range [...]uint16{1, 2} { // the cabinets before and behind
		for i := 0; i < 2 && flags&flag != 0; i++ {
			_, behind, _ := bytes.Cut(rest, []byte{0})
			rest = behind
		}
	}
	for range count {
		if len(rest) < 8+folderReserve {
			return folders, nil, false
		}
		at := binary.LittleEndian.Uint32(rest)
		f := cabFolder{blocks: int(binary.LittleEndian.Uint16(rest[4:])), method: binary.LittleEndian.Uint16(rest[6:]), reserve: blockReserve}
		if uint64(at) <= uint64(len(c)) {
			f.data = c[at:]
		}
		folders = append(folders, f)
		rest = rest[8+folderReserve:]
	}
	rest = c[min(len(c), int(binary.LittleEndian.Uint32(c[16:]))):]
	for range many {
		if len(rest) < 17 {
			return folders, files, false
		}
		name, behind, found := bytes.Cut(rest[16:], []byte{0})
		if !found {
			return folders, files, false
		}
		f := cabFile{name: string(name), size: int64(binary.LittleEndian.Uint32(rest)), offset: int64(binary.LittleEndian.Uint32(rest[4:])),
			folder: int(binary.LittleEndian.Uint16(rest[8:]))}
		f.utf8 = rest[14]&0x80 != 0 && utf8.ValidString(f.name)
		files = append(files, f)
		rest = behind
	}
	return folders, files, true
}

func (f *cabFolder) open() (io.Reader, error) {
	switch f.method & 0xf {
	case 0, 1:
		return &cabBlocks{folder: f}, nil
	case 3:
		return newLZX(&cabBlocks{folder: f, raw: true}, uint(f.method>>8&0x1f))
	}
	return nil, errMethod
}

// cabBlocks reads the blocks of a folder: stored, or each of them deflated with
// the 32 KB before it as dictionary (MSZIP).
type cabBlocks struct {
	folder  *cabFolder
	at      int
	n       int
	raw     bool
	inflate io.ReadCloser
	out     []byte // of the last block; the dictionary of the next
	pending []byte
}

// next gives the data of the next block and how much it decompresses to.
func (b *cabBlocks) next() (data []byte, size int, err error) {
	f := b.folder
	if b.n == f.blocks {
		return nil, 0, io.EOF
	}
	head := 8 + f.reserve
	if len(f.data)-b.at < head {
		return nil, 0, io.ErrUnexpectedEOF
	}
	packed := int(binary.LittleEndian.Uint16(f.data[b.at+4:]))
	size = int(binary.LittleEndian.Uint16(f.data[b.at+6:]))
	if len(f.data)-b.at-head < packed {
		return nil, 0, io.ErrUnexpectedEOF
	}
	data = f.data[b.at+head:][:packed]
	b.at += head + packed
	b.n++
	return data, size, nil
}

func (b *cabBlocks) Read(p []byte) (int, error) {
	for len(b.pending) == 0 {
		data, size, err := b.next()
		if err != nil {
			return 0, err
		}
		if b.folder.method&0xf == 0 {
			b.pending = data
			continue
		}
		if len(data) < 2 || data[0] != 'C' || data[1] != 'K' {
			return 0, errDamaged
		}
		src := bytes.NewReader(data[2:])
		if b.inflate == nil {
			b.inflate = flate.NewReader(nil)
		}
		if err := b.inflate.(flate.Resetter).Reset(src, b.out); err != nil {
			return 0, err
		}
		out := make([]byte, size)
		if n, err := io.ReadFull(b.inflate, out); err != nil {
			b.pending = out[:n]
			b.folder.blocks = b.n // nothing more can be read
			if n == 0 {
				return 0, errDamaged
			}
			return copy(p, b.pending), errDamaged
		}
		b.out, b.pending = out, out
	}
	n := copy(p, b.pending)
	b.pending = b.pending[n:]
	return n, nil
}
