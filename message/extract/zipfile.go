package extract

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

var (
	zipMagic     = []byte("PK\x03\x04")
	zipEmpty     = []byte("PK\x05\x06") // the end of the directory, of an archive without files
	zipSplit     = []byte("PK\x07\x08") // the first volume of a split archive
	zipTemporary = []byte("PK00PK")     // a split archive that came to a single volume
)

// hasZipMagic tells whether content begins as zip archives do.
func hasZipMagic(content []byte) bool {
	return bytes.HasPrefix(content, zipMagic) || bytes.HasPrefix(content, zipEmpty) ||
		bytes.HasPrefix(content, zipSplit) || bytes.HasPrefix(content, zipTemporary)
}

// member is a file in a zip archive that may be damaged.
type member struct {
	name      string
	raw       string // name as it stands in the archive
	utf8      bool   // raw is said to be UTF-8
	unicode   string // name of the extra field for Unicode names (APPNOTE.TXT, section 4.6.9)
	encrypted bool
	method    uint16
	packed    int64 // size of the compressed data, where it is known
	size      int64 // size that is declared; -1 where it is not known
	start     int64 // where the compressed data begins; -1 where that is not known
	open      func() (io.Reader, error)
}

// directory tells members that are folders.
func (m *member) directory() bool { return strings.HasSuffix(m.name, "/") && m.size <= 0 }

// zipMembers lists the files of an archive by its central directory. When that
// is damaged it goes by the local headers, as far as they can be followed, and
// says so.
func zipMembers(content []byte) (list []member, damaged bool) {
	list, err := listedMembers(content)
	if err != nil {
		list, _ = localMembers(content, nil)
		return list, true
	}
	return list, false
}

func listedMembers(content []byte) ([]member, error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil && err != zip.ErrInsecurePath {
		return nil, err
	}
	list := make([]member, 0, len(z.File))
	for _, f := range z.File {
		m := member{
			name: f.Name, raw: f.Name, utf8: !f.NonUTF8 || f.Flags&zipUTF8 != 0, unicode: unicodeName(f.Extra, f.Name),
			encrypted: f.Flags&1 != 0 || f.Method == methodAES, method: f.Method,
			packed: int64(f.CompressedSize64), size: int64(f.UncompressedSize64), start: -1,
		}
		if at, err := f.DataOffset(); err == nil && at >= 0 && at <= int64(len(content)) {
			m.start = at
			rest := content[at:]
			data := rest[:min(uint64(len(rest)), f.CompressedSize64)]
			m.open = func() (io.Reader, error) {
				src, err := decompressor(f.Method, f.Flags, data, f.UncompressedSize64)
				if err != nil {
					return nil, err
				}
				return &checkedReader{src: src, want: f.CRC32, size: int64(f.UncompressedSize64), short: uint64(len(data)) < f.CompressedSize64}, nil
			}
		} else {
			m.open = func() (io.Reader, error) { return nil, zip.ErrFormat }
		}
		list = append(list, m)
	}
	return list, nil
}

const (
	zipUTF8   = 0x800 // flag: names are UTF-8
	methodAES = 99
)

// unicodeName gives the name of the extra field for Unicode names, if it belongs
// to the name (APPNOTE.TXT, section 4.6.9).
func unicodeName(extra []byte, name string) string {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			break
		}
		if id == 0x7075 && n > 5 && extra[0] == 1 {
			if binary.LittleEndian.Uint32(extra[1:]) == crc32.ChecksumIEEE([]byte(name)) {
				return string(extra[5:n])
			}
		}
		extra = extra[n:]
	}
	return ""
}

// localHeader is the length of a local file header without name and extra field
// (APPNOTE.TXT, section 4.3.7).
const localHeader = 30

// mostHidden is how many files are looked for that no directory lists.
const mostHidden = 10000

// localMembers goes from one local file header to the next and lists the files
// whose data is not among the known ones. It does not look into the data of known
// files: archives may hold others. What the headers of known files say is given
// by where their data begins.
func localMembers(content []byte, known []member) (list []member, headers map[int64]member) {
	headers = make(map[int64]member, len(known))
	covered := spans(known)
	split := 0 // where the next data descriptor may be
	descriptor := func(from int) int {
		if split >= 0 && split < from {
			if split = bytes.Index(content[from:], zipSplit); split >= 0 {
				split += from
			}
		}
		return split
	}
	pos := 0
	for len(list) < mostHidden {
		for len(covered) > 0 && int64(pos) >= covered[0].start {
			pos, covered = max(pos, int(covered[0].end)), covered[1:]
		}
		end := len(content)
		if len(covered) > 0 {
			end = int(covered[0].start)
		}
		i := bytes.Index(content[pos:end], zipMagic)
		if i < 0 {
			if len(covered) == 0 {
				break
			}
			pos = end
			continue
		}
		pos += i
		m, data, ok := localMember(content[pos:], func(from int) int { return descriptor(pos+from) - pos })
		if !ok {
			pos += len(zipMagic)
			continue
		}
		m.start = int64(pos + data)
		if len(covered) > 0 && covered[0].start == m.start {
			pos = int(m.start)
			headers[m.start] = m
			continue
		}
		pos += data
		if m.size >= 0 && m.packed > 0 {
			pos += int(min(m.packed, int64(len(content)-pos)))
		}
		list = append(list, m)
	}
	return list, headers
}

// localMember reads the local file header that h begins with, and tells where the
// data begins. descriptor tells where behind a place the next data descriptor may
// be.
func localMember(h []byte, descriptor func(int) int) (m member, at int, ok bool) {
	if len(h) < localHeader {
		return m, 0, false
	}
	flags, method := binary.LittleEndian.Uint16(h[6:]), binary.LittleEndian.Uint16(h[8:])
	sum, packed, size := binary.LittleEndian.Uint32(h[14:]), binary.LittleEndian.Uint32(h[18:]), binary.LittleEndian.Uint32(h[22:])
	name, extra := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
	at = localHeader + name + extra
	if len(h) < at || name == 0 || method > methodAES {
		return m, 0, false
	}
	raw := string(h[localHeader : localHeader+name])
	m = member{name: raw, raw: raw, utf8: flags&zipUTF8 != 0, unicode: unicodeName(h[localHeader+name:at], raw),
		encrypted: flags&1 != 0 || method == methodAES, method: method, size: -1}
	data, short := h[at:], false
	if flags&8 == 0 && packed != 1<<32-1 { // otherwise the sizes stand behind the data, or in the extra field
		m.size = int64(size)
		short = int64(packed) > int64(len(data))
		data = data[:min(int64(len(data)), int64(packed))]
	} else if method == zip.Store {
		if i := descriptor(at); i > at {
			data = data[:i-at]
		}
	}
	m.packed = int64(len(data))
	m.open = func() (io.Reader, error) {
		src, err := decompressor(method, flags, data, 0)
		if err != nil || m.size < 0 {
			return src, err
		}
		return &checkedReader{src: src, want: sum, size: m.size, short: short}, nil
	}
	return m, at, true
}

// span is a part of an archive.
type span struct{ start, end int64 }

// spans gives where the data of members lies, in order.
func spans(list []member) []span {
	var s []span
	for _, m := range list {
		if m.start >= 0 {
			s = append(s, span{m.start, m.start + max(m.packed, 0)})
		}
	}
	slices.SortFunc(s, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	return s
}

// checkedReader compares what was read with the size and the check sum that the
// archive states.
type checkedReader struct {
	src   io.Reader
	sum   uint32
	read  int64
	want  uint32
	size  int64
	short bool // data is missing
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:n])
	c.read += int64(n)
	if err == io.EOF && (c.sum != c.want || c.read != c.size || c.short) {
		err = zip.ErrChecksum
	}
	return n, err
}

func (c *checkedReader) Close() error {
	if closer, ok := c.src.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
