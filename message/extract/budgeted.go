package extract

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

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
	limitMember   = "larger than the limit"
	damagedData   = "a damaged archive"
	// Beyond this many octets a member may not be more than so many times as large
	// as its compressed data. Documents reach about a tenth of it.
	ratioFrom, ratioMost = 8 << 20, 400
)

// memberReader reads compressed data within the limits. A limit or damage ends it
// like the end of the data, and fails the document.
type memberReader struct {
	r       *reader
	src     io.Reader
	read    int64
	most    int64  // by the ratio
	over    bool   // a limit was met
	limit   string // which one
	damaged bool
}

// budgeted reads src within the limits; it decompresses so many octets.
func (r *reader) budgeted(src io.Reader, packed int64) *memberReader {
	return &memberReader{r: r, src: src, most: ratioBound(packed)}
}

// ratioBound is how many octets are decompressed of so many.
func ratioBound(packed int64) int64 { return max(ratioFrom, ratioMost*max(packed, 1)) }

// unpackedMost is how many octets at most are decompressed of a member of so many.
func unpackedMost(packed int64) int64 { return min(mostDictionary, ratioBound(packed)+1<<20) }

func (r *reader) open(m member) *memberReader {
	src, err := m.open()
	if err != nil {
		r.fail(Corrupt, damagedData)
		src = bytes.NewReader(nil)
	}
	return r.budgeted(src, m.packed)
}

func (mr *memberReader) Read(p []byte) (int, error) {
	if mr.over || mr.r.expired() {
		return 0, io.EOF
	}
	n, err := mr.src.Read(p)
	mr.read += int64(n)
	mr.r.left.inflated -= int64(n)
	switch {
	case mr.r.left.inflated < 0:
		mr.limit = limitInflated
	case mr.read > mr.most:
		mr.limit = limitRatio
	}
	if mr.limit != "" {
		mr.over = true
		mr.r.fail(Truncated, mr.limit)
		return n, io.EOF
	}
	if err == nil {
		return n, nil
	}
	switch err {
	case io.EOF:
	case errVolume:
		mr.limit = missingVolume
		mr.r.fail(Truncated, missingVolume)
	default:
		mr.damaged = true
		mr.r.fail(Corrupt, damagedData)
	}
	mr.close()
	return n, io.EOF
}

// close lets go of the source: the inflater may serve the next member.
func (mr *memberReader) close() {
	if c, ok := mr.src.(io.Closer); ok {
		c.Close()
	}
	mr.src = bytes.NewReader(nil)
}
