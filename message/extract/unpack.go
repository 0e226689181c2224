package extract

import (
	"errors"
	"io"
)

const (
	// mostUnpacked is how many octets of one member are decompressed.
	mostUnpacked = 96 << 20
	// probed is how many octets of a member tell whether it is plain text.
	probed = 64 << 10
)

// Why a member cannot be read.
var (
	errMethod = errors.New("a compression that is not read")
	errSecret = errors.New("encrypted")
	errMemory = errors.New("a compression that needs more memory than the limit")
	errMany   = errors.New("more members than the limit")

	errDamaged = errors.New(damagedData)
)

const needsSecret = "an encrypted member"

// unpack reads a member of an archive, or what a compressed file holds. packed is
// the size of the compressed data, size the one that is declared, or -1.
func (r *reader) unpack(hint Hint, src io.Reader, packed, size int64, names ...string) *memberReader {
	mr := r.budgeted(src, packed)
	switch {
	case r.left.members <= 0:
		r.end("more members than the limit")
	case r.left.inflated <= 0:
		r.end(limitInflated)
	}
	if r.expired() {
		return mr
	}
	content, cut := mr.content(hint, size)
	mr.close()
	switch {
	case mr.limit != "":
		r.partMember(Truncated, mr.limit, hint, content, names...)
	case mr.damaged:
		r.partMember(Corrupt, damagedData, hint, content, names...)
	case cut:
		r.fail(Truncated, limitMember)
		r.partMember(Truncated, limitMember, hint, content, names...)
	case r.ended: // out of time
	default:
		r.member(hint, content, names...)
	}
	return mr
}

// content decompresses as much as is worth it, and tells whether there is more.
// Of plain text that is what the limit of characters can need.
func (mr *memberReader) content(hint Hint, size int64) (content []byte, cut bool) {
	buf := make([]byte, 0, mr.room(size, probed))
	buf, more := mr.fill(buf, probed)
	if !more {
		return buf, false
	}
	most := int64(mostUnpacked)
	lim := mr.r.lim
	lim.Characters = max(1, min(lim.Characters, mr.r.left.text))
	probe := &reader{ctx: mr.r.ctx, content: buf, hint: hint, lim: lim, formats: mr.r.formats, left: mr.r.left, depth: mr.r.depth + 1}
	if probe.isPlain() {
		most = min(most, 4*int64(lim.Characters)+8)
	}
	if room := mr.room(size, most); room > int64(cap(buf)) {
		buf = append(make([]byte, 0, room), buf...)
	}
	return mr.fill(buf, int(most))
}

// isPlain tells whether the beginning of a document is plain text.
func (r *reader) isPlain() (plain bool) {
	defer func() {
		if recover() != nil {
			plain = false
		}
	}()
	f := identify(r)
	return f != nil && f.rank == byDefault
}

// room is how much memory is set aside for a member of a declared size, which is
// believed as far as the compressed data can bear it.
func (mr *memberReader) room(size, most int64) int64 {
	if size < 0 {
		size = probed
	}
	return min(size, most, mr.most, max(mr.r.left.inflated, 0)) + 512
}

// fill reads up to most octets altogether, and tells whether there is more.
func (mr *memberReader) fill(buf []byte, most int) ([]byte, bool) {
	for {
		if len(buf) > most {
			return buf, true
		}
		if len(buf) == cap(buf) {
			buf = mr.grow(buf, most)
		}
		n, err := mr.Read(buf[len(buf):min(cap(buf), most+1)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, false
		}
	}
}

// grow makes more room: twice as much, or, instead of ever larger copies, all that
// there may be. Memory that is not written to is not taken.
func (mr *memberReader) grow(buf []byte, most int) []byte {
	const large = 8 << 20
	if len(buf) < large {
		return append(buf, 0)[:len(buf)]
	}
	room := min(int64(most)+1, int64(len(buf))+max(min(mr.most-mr.read, mr.r.left.inflated), 0)+512)
	return append(make([]byte, 0, max(room, int64(len(buf))+512)), buf...)
}

// exactReader takes an end before the declared size for damage.
type exactReader struct {
	io.Reader
	left int64
}

func exactly(src io.Reader, size int64) io.Reader {
	if size < 0 {
		return src
	}
	return &exactReader{src, size}
}

func (e *exactReader) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if e.left -= int64(n); err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (e *exactReader) Close() error {
	if c, ok := e.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
