package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
)

var zipMagic = []byte("PK\x03\x04")

// member is a file in a zip archive that may be damaged.
type member struct {
	name      string
	encrypted bool
	packed    int64 // size of the compressed data, where it is known
	open      func() (io.Reader, error)
}

// zipMembers lists the files of an archive by its central directory. When that
// is damaged it goes by the local headers, as far as they can be followed, and
// says so.
func zipMembers(content []byte) (list []member, damaged bool) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return localMembers(content), true
	}
	list = make([]member, 0, len(z.File))
	for _, f := range z.File {
		list = append(list, member{
			name:      f.Name,
			encrypted: f.Flags&1 != 0,
			packed:    int64(f.CompressedSize64),
			open:      func() (io.Reader, error) { return f.Open() },
		})
	}
	return list, false
}

// localMembers goes from one local file header to the next (APPNOTE.TXT, section
// 4.3.7).
func localMembers(content []byte) []member {
	const header, most = 30, 10000
	var list []member
	for pos := 0; len(list) < most; {
		i := bytes.Index(content[pos:], zipMagic)
		if i < 0 {
			break
		}
		pos += i
		h := content[pos:]
		if len(h) < header {
			break
		}
		name, extra := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
		pos += len(zipMagic)
		if len(h) < header+name+extra {
			continue
		}
		data := h[header+name+extra:]
		method := binary.LittleEndian.Uint16(h[8:])
		list = append(list, member{
			name:      string(h[header : header+name]),
			encrypted: h[6]&1 != 0,
			packed:    int64(len(data)),
			open: func() (io.Reader, error) {
				switch method {
				case zip.Deflate:
					return flate.NewReader(bytes.NewReader(data)), nil
				case zip.Store:
					return bytes.NewReader(data[:min(len(data), int(binary.LittleEndian.Uint32(h[18:])))]), nil
				}
				return nil, zip.ErrAlgorithm
			},
		})
	}
	return list
}

const (
	limitInflated = "more compressed data than the limit"
	limitRatio    = "compressed beyond belief"
	// Beyond this many octets a member may not be more than so many times as large
	// as its compressed data. Documents reach about a tenth of it.
	ratioFrom, ratioMost = 8 << 20, 400
)

// inflate reads a member whole, within the limits. It gives what could be read,
// and fails the document when that is not all.
func (r *reader) inflate(m member, left *int64) []byte {
	src, err := m.open()
	if err != nil {
		r.fail(Corrupt, "a damaged archive")
		return nil
	}
	var out bytes.Buffer
	for {
		if r.expired() {
			return out.Bytes()
		}
		n, err := io.CopyN(&out, src, min(1<<20, *left+1))
		*left -= n
		switch {
		case *left < 0:
			r.end(limitInflated)
		case out.Len() > ratioFrom && int64(out.Len()) > ratioMost*max(m.packed, 1):
			r.end(limitRatio)
		case err == io.EOF:
			return out.Bytes()
		case err != nil:
			r.fail(Corrupt, "a damaged archive")
			return out.Bytes()
		}
		if r.ended {
			return out.Bytes()
		}
	}
}
