package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/bodgit/sevenzip"
	"github.com/stangelandcl/ppmd"
	"github.com/ulikunitz/xz/lzma"
)

var format7z = Format{
	Name:       "7z",
	MediaTypes: []string{"application/x-7z-compressed"},
	Extensions: []string{"7z"},
	Nested:     true,
	Protection: true,
	rank:       bySignature,
	sniff:      prefixed(magic7z),
	read:       read7z,
}

const magic7z = "7z\xbc\xaf\x27\x1c"

// read7z reads the files of an archive in the order of its blocks.
func read7z(r *reader) {
	registerMethods()
	if err := check7z(r.content); err != nil { // before the library does
		if ext := r.extension(); err == errDamaged && len(ext) == 3 && strings.Trim(ext, "0123456789") == "" {
			r.fail(Truncated, missingVolume)
		}
		r.fail7z(err)
		return
	}
	z, err := sevenzip.NewReader(bytes.NewReader(r.content), int64(len(r.content)))
	if err != nil {
		r.fail7z(err)
		return
	}
	packed := int64(len(r.content))
	ended := map[int]bool{} // blocks of which no more is read
	for i, f := range z.File {
		if r.expired() {
			return
		}
		r.write(f.Name + "\n")
		if f.UncompressedSize == 0 && (f.FileInfo().IsDir() || strings.HasSuffix(f.Name, "/")) {
			continue
		}
		size := int64(min(f.UncompressedSize, 1<<62))
		if ended[f.Stream] && size > 0 {
			r.unreadMember(f.Name, size, Truncated, limitInflated)
			continue
		}
		src, err := f.Open()
		if err != nil {
			r.unread7z(f, err)
			continue
		}
		p := &probe7z{src: src}
		if p.begin(); p.err != nil {
			src.Close()
			r.unread7z(f, p.err)
			continue
		}
		mr := r.unpack(Hint{Name: f.Name}, exactly(io.MultiReader(p), size), packed, size)
		if mr.limit != "" || mr.damaged {
			ended[f.Stream] = size > 0
		} else if i+1 < len(z.File) && mr.read < size {
			// The library would go to the next file without a limit.
			rest := r.budgeted(p, packed)
			rest.most = 1 << 62 // it is not kept
			if _, err := io.Copy(io.Discard, rest); err != nil || rest.over || rest.damaged {
				ended[f.Stream] = true
			}
		}
		p.Close()
	}
}

// probe7z reads the first octet ahead: an archive tells only then that it is
// encrypted.
type probe7z struct {
	src   io.ReadCloser
	first []byte
	err   error
}

func (p *probe7z) begin() {
	var one [1]byte
	n, err := p.src.Read(one[:])
	p.first = one[:n]
	if n == 0 && err != nil && err != io.EOF {
		p.err = err
	}
}

func (p *probe7z) Read(b []byte) (int, error) {
	if len(p.first) > 0 && len(b) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.src.Read(b)
}

func (p *probe7z) Close() error { return p.src.Close() }

// fail7z says why no file of an archive can be read.
func (r *reader) fail7z(err error) {
	switch {
	case errors.Is(err, errSecret):
		r.doc.Encryption = "encrypted with AES, names hidden"
		r.fail(Protected, "an archive with hidden names")
	case errors.Is(err, errMemory):
		r.fail(Truncated, errMemory.Error())
	case errors.Is(err, errMany):
		r.fail(Truncated, errMany.Error())
	case errors.Is(err, errMethod):
		r.fail(Unsupported, errMethod.Error())
	default:
		r.fail(Corrupt, damagedData)
	}
}

// unread7z says why a file of an archive cannot be read.
func (r *reader) unread7z(f *sevenzip.File, err error) {
	size := int64(min(f.UncompressedSize, 1<<62))
	switch {
	case errors.Is(err, errSecret):
		r.doc.Encryption = "encrypted with AES"
		r.fail(Protected, needsSecret)
		r.unreadMember(f.Name, size, Protected, needsSecret)
	case errors.Is(err, errMemory):
		r.fail(Truncated, errMemory.Error())
		r.unreadMember(f.Name, size, Truncated, errMemory.Error())
	case strings.Contains(err.Error(), "unsupported compression"):
		r.unreadMember(f.Name, size, Unsupported, errMethod.Error())
	default:
		r.fail(Corrupt, damagedData)
		r.unreadMember(f.Name, size, Corrupt, damagedData)
	}
}

var methods7z sync.Once

// registerMethods takes the place of the library's decompressors that set memory
// aside as an archive claims it, and adds Deflate64. Nothing is decrypted.
func registerMethods() {
	methods7z.Do(func() {
		sevenzip.RegisterDecompressor([]byte{0x03, 0x01, 0x01}, lzma7z)
		sevenzip.RegisterDecompressor([]byte{0x21}, lzma27z)
		sevenzip.RegisterDecompressor([]byte{0x06, 0xf1, 0x07, 0x01}, secret7z)
		sevenzip.RegisterDecompressor([]byte{0x04, 0x01, 0x09}, deflate647z)
		sevenzip.RegisterDecompressor([]byte{0x03, 0x04, 0x01}, ppmd7z)
	})
}

// stream7z is a decompressor's output together with what it reads from.
type stream7z struct {
	io.Reader
	io.Closer
}

func lzma7z(properties []byte, size uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 || len(properties) != 5 || size >= 1<<63 {
		return nil, errDamaged
	}
	src, err := newLZMA(properties, int64(size), mostDictionary, in[0])
	if err != nil {
		return nil, err
	}
	return stream7z{src, in[0]}, nil
}

func lzma27z(properties []byte, size uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 || len(properties) != 1 {
		return nil, errDamaged
	}
	dictionary, err := lzma.DecodeDictCap(properties[0])
	if err != nil {
		return nil, err
	}
	dictionary = min(dictionary, mostDictionary, int64(max(min(size, mostDictionary), lzma.MinDictCap)))
	src, err := lzma.Reader2Config{DictCap: int(max(dictionary, lzma.MinDictCap))}.NewReader2(in[0])
	if err != nil {
		return nil, err
	}
	return stream7z{src, in[0]}, nil
}

func deflate647z(_ []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 {
		return nil, errDamaged
	}
	return stream7z{newInflater64(in[0]), in[0]}, nil
}

// secretReader stands for what is encrypted.
type secretReader struct{ io.Closer }

func (secretReader) Read([]byte) (int, error) { return 0, errSecret }

func secret7z(_ []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 {
		return nil, errDamaged
	}
	return secretReader{in[0]}, nil
}

func ppmd7z(properties []byte, size uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 || len(properties) != 5 || size >= 1<<62 {
		return nil, errDamaged
	}
	memory := binary.LittleEndian.Uint32(properties[1:])
	if memory > mostDictionary {
		return nil, errMemory
	}
	src, err := ppmd.NewH7zReader(in[0], int(properties[0]), int(memory), int(size))
	if err != nil {
		return nil, err
	}
	return stream7z{&src, in[0]}, nil
}
