package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/nwaples/rardecode/v2"
)

var formatRAR = Format{
	Name:       "RAR",
	MediaTypes: []string{"application/vnd.rar"},
	Extensions: []string{"rar"},
	Nested:     true,
	Protection: true,
	rank:       bySignature,
	sniff:      prefixed(magicRAR),
	read:       readRAR,
}

// magicRAR begins archives of the versions 1.5 to 7.
const magicRAR = "Rar!\x1a\x07"

// readRAR reads the files of an archive one after the other, as its blocks stand.
func readRAR(r *reader) {
	z, err := rardecode.NewReader(bytes.NewReader(r.content), rardecode.MaxDictionarySize(mostDictionary), rardecode.SkipCheck)
	for err == nil && !r.expired() {
		var h *rardecode.FileHeader
		if h, err = z.Next(); err != nil {
			break
		}
		r.write(h.Name + "\n")
		if h.LinkTarget != "" {
			r.write(h.LinkTarget + "\n")
		}
		size := h.UnPackedSize
		if h.UnKnownSize {
			size = -1
		}
		switch {
		case h.IsDir:
		case h.Encrypted:
			r.doc.Encryption = "encrypted with AES"
			r.fail(Protected, needsSecret)
			r.unreadMember(h.Name, max(size, 0), Protected, needsSecret)
		default:
			src := &rarReader{src: z}
			r.unpack(Hint{Name: h.Name}, exactly(src, size), int64(len(r.content)), size)
			if src.err != nil {
				err = src.err
			}
			if isSolidRAR(r.content) {
				// The library would do so without a limit.
				rest := r.budgeted(src, int64(len(r.content)))
				rest.most = 1 << 62 // it is not kept
				if _, e := io.Copy(io.Discard, rest); e == nil && rest.over {
					r.end(limitInflated)
				}
			}
		}
	}
	switch {
	case err == nil || err == io.EOF:
	case errors.Is(err, rardecode.ErrArchiveEncrypted):
		r.doc.Encryption = "encrypted with AES, names hidden"
		r.fail(Protected, "an archive with hidden names")
	case errors.Is(err, rardecode.ErrMultiVolume), errors.Is(err, rardecode.ErrFileNameRequired), errors.Is(err, rardecode.ErrInvalidFileBlock):
		r.fail(Truncated, missingVolume)
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		r.fail(Truncated, errMemory.Error())
	case errors.Is(err, rardecode.ErrUnsupportedDecoder), errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrMultipleDecoders):
		r.fail(Unsupported, errMethod.Error())
	default:
		r.fail(Corrupt, damagedData)
	}
}

// isSolidRAR tells whether the files of an archive continue one another, which the
// main header says: that of version 4, or of 5, where numbers end with an octet
// below 128.
func isSolidRAR(c []byte) bool {
	const solid4, solid5 = 8, 4
	if len(c) < 32 {
		return false
	}
	if c[6] == 0 {
		return c[9] == 0x73 && c[10]&solid4 != 0
	}
	h := c[12:]
	var numbers [4]uint64 // size, kind, flags, and the size of an extra area or the flags of the archive
	for i := range numbers {
		v, n := binary.Uvarint(h)
		if n <= 0 {
			return true
		}
		numbers[i], h = v, h[n:]
	}
	if numbers[1] != 1 {
		return true // the header is encrypted, or another
	}
	flags := numbers[3]
	if numbers[2]&1 != 0 {
		flags, _ = binary.Uvarint(h)
	}
	return flags&solid5 != 0
}

// rarReader keeps what ended a file: the volume may end with it.
type rarReader struct {
	src io.Reader
	err error
}

func (s *rarReader) Read(p []byte) (int, error) {
	n, err := s.src.Read(p)
	if errors.Is(err, rardecode.ErrMultiVolume) {
		s.err = err
		return n, errVolume
	}
	return n, err
}
