package extract

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
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
	z.RegisterDecompressor(zip.Deflate, newInflater)
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
					return newInflater(bytes.NewReader(data)), nil
				case zip.Store:
					return bytes.NewReader(data[:min(len(data), int(binary.LittleEndian.Uint32(h[18:])))]), nil
				}
				return nil, zip.ErrAlgorithm
			},
		})
	}
	return list
}

// inflater is a reader of compressed data that is used again once it is closed.
type inflater struct{ io.ReadCloser }

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func newInflater(src io.Reader) io.ReadCloser {
	f := inflaters.Get().(io.ReadCloser)
	// It has no dictionary, so resetting does not fail.
	_ = f.(flate.Resetter).Reset(src, nil)
	return &inflater{f}
}

func (f *inflater) Read(p []byte) (int, error) {
	if f.ReadCloser == nil {
		return 0, io.ErrClosedPipe
	}
	return f.ReadCloser.Read(p)
}

func (f *inflater) Close() error {
	if f.ReadCloser == nil {
		return nil
	}
	err := f.ReadCloser.Close()
	_ = f.ReadCloser.(flate.Resetter).Reset(bytes.NewReader(nil), nil) // lets the archive go
	inflaters.Put(f.ReadCloser)
	f.ReadCloser = nil
	return err
}

const (
	limitInflated = "more compressed data than the limit"
	limitRatio    = "compressed beyond belief"
	// Beyond this many octets a member may not be more than so many times as large
	// as its compressed data. Documents reach about a tenth of it.
	ratioFrom, ratioMost = 8 << 20, 400
)

// memberReader reads a member within the limits. A limit or damage ends it like
// the end of the data, and fails the document.
type memberReader struct {
	r    *reader
	src  io.Reader
	read int64
	most int64 // by the ratio
	over bool  // a limit was met
}

func (r *reader) open(m member) *memberReader {
	mr := &memberReader{r: r, most: max(ratioFrom, ratioMost*max(m.packed, 1))}
	var err error
	if mr.src, err = m.open(); err != nil {
		r.fail(Corrupt, "a damaged archive")
		mr.src = bytes.NewReader(nil)
	}
	return mr
}

func (mr *memberReader) Read(p []byte) (int, error) {
	if mr.over || mr.r.expired() {
		return 0, io.EOF
	}
	n, err := mr.src.Read(p)
	mr.read += int64(n)
	mr.r.left.inflated -= int64(n)
	limit := ""
	switch {
	case mr.r.left.inflated < 0:
		limit = limitInflated
	case mr.read > mr.most:
		limit = limitRatio
	}
	if limit != "" {
		mr.over = true
		mr.r.fail(Truncated, limit)
		return n, io.EOF
	}
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		mr.r.fail(Corrupt, "a damaged archive")
	}
	// The inflater may serve the next member.
	if c, ok := mr.src.(io.Closer); ok {
		c.Close()
	}
	mr.src = bytes.NewReader(nil)
	return n, io.EOF
}
