package extract

import (
	"bytes"
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
		}
	}
	switch {
	case err == nil || err == io.EOF:
	case errors.Is(err, rardecode.ErrArchiveEncrypted):
		r.doc.Encryption = "encrypted with AES, names hidden"
		r.fail(Protected, "an archive with hidden names")
	case errors.Is(err, rardecode.ErrMultiVolume), errors.Is(err, rardecode.ErrFileNameRequired):
		r.fail(Truncated, "a volume of an archive; the others are missing")
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		r.fail(Truncated, errMemory.Error())
	case errors.Is(err, rardecode.ErrUnsupportedDecoder), errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrMultipleDecoders):
		r.fail(Unsupported, errMethod.Error())
	default:
		r.fail(Corrupt, damagedData)
	}
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
	}
	return n, err
}
