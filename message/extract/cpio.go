package extract

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

var formatCpio = Format{
	Name:       "Cpio",
	MediaTypes: []string{"application/x-cpio"},
	Extensions: []string{"cpio"},
	Nested:     true,
	rank:       bySignature,
	sniff:      isCpio,
	read:       readCpio,
}

// isCpio tells the four dialects by a header and the name behind it.
func isCpio(r *reader) bool {
	e, ok := cpioEntry(r.content)
	return ok && len(e.name) > 0
}

// cpioFile is a file of an archive.
type cpioFile struct {
	name  string
	mode  uint64
	data  []byte
	short bool // the end is missing
	next  []byte
}

const cpioEnd = "TRAILER!!!"

// cpioEntry reads the file that content begins with: in the new format with or
// without check sums, the portable one, or the old binary one of either order of
// octets.
func cpioEntry(c []byte) (e cpioFile, ok bool) {
	number := func(at, n, base int) uint64 {
		v, err := strconv.ParseUint(string(c[at:at+n]), base, 62)
		ok = ok && err == nil
		return v
	}
	ok = true
	var name, size uint64
	head, align := 0, uint64(1)
	switch {
	case len(c) >= 110 && (bytes.HasPrefix(c, []byte("070701")) || bytes.HasPrefix(c, []byte("070702"))):
		e.mode, size, name = number(14, 8, 16), number(54, 8, 16), number(94, 8, 16)
		head, align = 110, 4
	case len(c) >= 76 && bytes.HasPrefix(c, []byte("070707")):
		e.mode, name, size = number(18, 6, 8), number(59, 6, 8), number(65, 11, 8)
		head = 76
	case len(c) >= 26 && (c[0] == 0xc7 && c[1] == 0x71 || c[0] == 0x71 && c[1] == 0xc7):
		var order binary.ByteOrder = binary.LittleEndian
		if c[0] == 0x71 {
			order = binary.BigEndian
		}
		e.mode, name = uint64(order.Uint16(c[6:])), uint64(order.Uint16(c[20:]))
		size = uint64(order.Uint16(c[22:]))<<16 | uint64(order.Uint16(c[24:]))
		head, align = 26, 2
	default:
		return e, false
	}
	up := func(n uint64) uint64 { return (n + align - 1) / align * align }
	const longestName = 4096
	if !ok || name == 0 || name > longestName || uint64(head)+name > uint64(len(c)) || c[uint64(head)+name-1] != 0 {
		return e, false
	}
	e.name = string(c[head : uint64(head)+name-1])
	at := min(up(uint64(head)+name), uint64(len(c)))
	rest := c[at:]
	e.short = size > uint64(len(rest))
	size = min(size, uint64(len(rest)))
	e.data = rest[:size]
	e.next = c[min(at+up(size), uint64(len(c))):]
	return e, true
}

func readCpio(r *reader) {
	c := r.content
	for !r.expired() {
		e, ok := cpioEntry(c)
		if !ok || e.short {
			r.fail(Corrupt, damagedData)
		}
		if !ok {
			return
		}
		if e.name == cpioEnd {
			r.behindArchive(e.next)
			return
		}
		c = e.next
		names := newNameDecoder([]string{e.name}).names(e.name)
		r.write(names[0] + "\n")
		const kinds, regular, link = 0o170000, 0o100000, 0o120000
		switch kind := e.mode & kinds; {
		case e.short:
			r.partMember(Corrupt, damagedData, Hint{Name: names[0]}, e.data, names[1:]...)
			return
		case kind == link:
			r.write(string(e.data) + "\n")
		case kind == regular || len(e.data) > 0:
			r.member(Hint{Name: names[0]}, e.data, names[1:]...)
		}
	}
}

var formatRPM = Format{
	Name:       "RPM",
	MediaTypes: []string{"application/x-rpm"},
	Extensions: []string{"rpm"},
	Nested:     true,
	rank:       bySignature,
	sniff:      prefixed("\xed\xab\xee\xdb"),
	read:       readRPM,
}

// readRPM reads the archive that a package carries behind its two headers (RPM
// file format, version 4), and what the second header says.
func readRPM(r *reader) {
	r.doc.Executable = "a software package"
	const lead = 96
	rest := r.content[min(len(r.content), lead):]
	for i := range 2 {
		header, n := rpmHeader(rest)
		if n == 0 {
			r.fail(Corrupt, damagedData)
			return
		}
		if i == 0 {
			n = (n + 7) / 8 * 8
		} else {
			for _, s := range printableRuns(header, 4) {
				r.write(s + "\n")
			}
		}
		rest = rest[min(n, len(rest)):]
	}
	r.member(Hint{Name: "content"}, rest)
}

// rpmHeader gives the values of a header, and its length; 0 where there is none.
func rpmHeader(c []byte) (values []byte, n int) {
	if len(c) < 16 || !bytes.HasPrefix(c, []byte("\x8e\xad\xe8")) {
		return nil, 0
	}
	entries, size := uint64(binary.BigEndian.Uint32(c[8:])), uint64(binary.BigEndian.Uint32(c[12:]))
	begin := 16 + 16*entries
	if begin+size > uint64(len(c)) {
		return nil, 0
	}
	return c[begin : begin+size], int(begin + size)
}
