package extract

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zlib"
	"github.com/pierrec/lz4/v4"
)

// Files that hold one other file, compressed. It is their only member.
var (
	formatGzip   = compressed("Gzip", "application/gzip", "gz", isGzip, readGzip)
	formatBzip2  = compressed("Bzip2", "application/x-bzip2", "bz2", isBzip2, readBzip2)
	formatXZ     = compressed("XZ", "application/x-xz", "xz", prefixed("\xfd7zXZ\x00"), readXZ)
	formatLZMA   = compressed("LZMA", "application/x-lzma", "lzma", isLZMA, readLZMA)
	formatLzip   = compressed("Lzip", "application/lzip", "lz", isLzip, readLzip)
	formatZstd   = compressed("Zstandard", "application/zstd", "zst", isZstd, readZstd)
	formatLZ4    = compressed("LZ4", "application/x-lz4", "lz4", prefixed("\x04\x22\x4d\x18"), readLZ4)
	formatBrotli = compressed("Brotli", "application/x-brotli", "br", isBrotli, readBrotli)
	formatSnappy = compressed("Snappy", "application/x-snappy-framed", "sz", prefixed("\xff\x06\x00\x00sNaPpY"), readSnappy)
	formatZlib   = compressed("Zlib", "application/zlib", "zz", isZlib, readZlib)
	formatZ      = compressed("Compress", "application/x-compress", "Z", prefixed("\x1f\x9d"), readZ)
)

func compressed(name, mediaType, extension string, sniff func(*reader) bool, read func(*reader)) Format {
	return Format{Name: name, MediaTypes: []string{mediaType}, Extensions: []string{extension}, Nested: true,
		rank: bySignature, sniff: sniff, read: read}
}

// prefixed tells formats by their first octets.
func prefixed(magic string) func(*reader) bool {
	return func(r *reader) bool { return bytes.HasPrefix(r.content, []byte(magic)) }
}

// innerName is the name of a compressed file without what its format adds.
func innerName(name string) string {
	base := baseName(name)
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	switch strings.ToLower(ext) {
	case ".tgz", ".tbz", ".tbz2", ".txz", ".tlz", ".tzst", ".taz":
		return stem + ".tar"
	case ".svgz":
		return stem + ".svg"
	case ".emz":
		return stem + ".emf"
	case ".wmz":
		return stem + ".wmf"
	case ".gz", ".bz2", ".bz", ".xz", ".lzma", ".lz", ".zst", ".zstd", ".lz4", ".br", ".sz", ".zz", ".zlib", ".deflatez", ".z", ".gzip", ".bzip2":
		return stem
	}
	return ""
}

// inner reads the file within a compressed one.
func (r *reader) inner(src io.Reader, err error, size int64, names ...string) {
	name := innerName(r.hint.Name)
	if name == "" && len(names) > 0 {
		name, names = names[0], names[1:]
	}
	if name != "" {
		r.write(name + "\n")
	}
	switch err {
	case nil:
		r.unpack(Hint{Name: name}, src, int64(len(r.content)), size, names...)
	case errMemory:
		r.fail(Truncated, err.Error())
	case errMethod:
		r.fail(Unsupported, err.Error())
	default:
		r.fail(Corrupt, damagedData)
	}
}

func isGzip(r *reader) bool {
	return bytes.HasPrefix(r.content, []byte("\x1f\x8b")) && len(r.content) > 3 && r.content[2] == 8
}

// readGzip reads all parts of a gzip file as one (RFC 1952, section 2.2).
func readGzip(r *reader) {
	src := bytes.NewReader(r.content)
	z, err := gzip.NewReader(src)
	var names []string
	size := int64(-1)
	if err == nil {
		if z.Name != "" {
			names = newNameDecoder([]string{z.Name}).names(z.Name)
		}
		if z.Comment != "" {
			r.write(z.Comment + "\n")
		}
		size = int64(binary.LittleEndian.Uint32(r.content[len(r.content)-4:]))
	}
	r.inner(&gzipReader{r: z, reader: r, src: src}, err, size, names...)
}

// gzipReader takes octets behind the last part for none of the file, as gzip does.
type gzipReader struct {
	r      *gzip.Reader
	reader *reader
	src    *bytes.Reader
	some   bool
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.some = g.some || n > 0
	if err == gzip.ErrHeader && g.some {
		const head = 10
		c := g.reader.content
		if behind := c[max(0, len(c)-g.src.Len()-head):]; len(bytes.Trim(behind, "\x00")) > 0 { // padding is usual
			g.reader.defect("content behind the end of a compressed file")
		}
		err = io.EOF
	}
	return n, err
}

func isBzip2(r *reader) bool {
	c := r.content
	return len(c) > 10 && bytes.HasPrefix(c, []byte("BZh")) && c[3] >= '1' && c[3] <= '9' &&
		(string(c[4:10]) == "1AY&SY" || string(c[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

func readBzip2(r *reader) { r.inner(bzip2.NewReader(bytes.NewReader(r.content)), nil, -1) }

func readXZ(r *reader) {
	src, err := newXZ(r.content)
	r.inner(src, err, -1)
}

// isLZMA tells the files of LZMA Utils. They have no signature, so all of the
// header must be as programs write it, or the name must say it.
func isLZMA(r *reader) bool {
	c := r.content
	if len(c) < 14 || c[0] >= 9*5*5 || c[13] != 0 {
		return false
	}
	if ext := r.extension(); ext == "lzma" || ext == "tlz" {
		return true
	}
	dictionary, size := binary.LittleEndian.Uint32(c[1:]), binary.LittleEndian.Uint64(c[5:])
	usual := dictionary != 0 && (dictionary&(dictionary-1) == 0 || dictionary == 1<<32-1 || dictionary&(dictionary-1)&(dictionary-2) == 0)
	return c[0] == 0x5d && usual && dictionary >= 1<<12 && (size == 1<<64-1 || size < 1<<40)
}

func readLZMA(r *reader) {
	size := int64(binary.LittleEndian.Uint64(r.content[5:]))
	if size < 0 {
		size = -1
	}
	src, err := newLZMA(r.content[:5], size, unpackedMost(int64(len(r.content))), bytes.NewReader(r.content[13:]))
	if err == nil {
		src = exactly(src, size)
	}
	r.inner(src, err, size)
}

// isLzip tells version 1 of lzip, the only one that is in use.
func isLzip(r *reader) bool {
	return len(r.content) > lzipHead+lzipTail && bytes.HasPrefix(r.content, []byte("LZIP\x01"))
}

const lzipHead, lzipTail = 6, 20

// readLzip reads all members of a file of lzip as one. Each ends with its own
// length, so they are found from the end (RFC draft-diaz-lzip, section 2).
func readLzip(r *reader) {
	var parts [][]byte
	rest := r.content
	for len(rest) > lzipHead+lzipTail {
		n := binary.LittleEndian.Uint64(rest[len(rest)-8:])
		if n > uint64(len(rest)) || n <= lzipHead+lzipTail || !bytes.HasPrefix(rest[uint64(len(rest))-n:], []byte("LZIP\x01")) {
			break
		}
		parts = append(parts, rest[uint64(len(rest))-n:])
		rest = rest[:uint64(len(rest))-n]
	}
	if len(rest) > 0 { // cut off, or something follows
		parts = [][]byte{r.content}
	}
	slices.Reverse(parts)
	r.inner(&lzipReader{parts: parts}, nil, -1)
}

// lzipReader decompresses one member after the other.
type lzipReader struct {
	parts [][]byte
	at    io.Reader
}

func (z *lzipReader) Read(p []byte) (int, error) {
	for {
		if z.at == nil {
			if len(z.parts) == 0 {
				return 0, io.EOF
			}
			part := z.parts[0]
			z.parts = z.parts[1:]
			// A power of two, less some sixteenths of it.
			size := uint32(1) << (part[5] & 0x1f)
			size -= size / 16 * uint32(part[5]>>5)
			src, err := newLZMA(binary.LittleEndian.AppendUint32([]byte{0x5d}, size), -1, unpackedMost(int64(len(part))), bytes.NewReader(part[lzipHead:]))
			if err != nil {
				return 0, err
			}
			z.at = src
		}
		n, err := z.at.Read(p)
		if err == io.EOF {
			z.at, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// isZstd also takes files that begin with a frame to be skipped (RFC 8878, section
// 3.1.2).
func isZstd(r *reader) bool {
	c := r.content
	if len(c) < 8 {
		return false
	}
	if m := binary.LittleEndian.Uint32(c); m&^0xf == 0x184d2a50 {
		n := uint64(binary.LittleEndian.Uint32(c[4:])) + 8
		return n+4 <= uint64(len(c)) && binary.LittleEndian.Uint32(c[n:]) == 0xfd2fb528
	}
	return binary.LittleEndian.Uint32(c) == 0xfd2fb528
}

func readZstd(r *reader) {
	src, err := newZstd(bytes.NewReader(r.content))
	r.inner(src, err, -1)
}

func readLZ4(r *reader) {
	z := lz4.NewReader(bytes.NewReader(r.content))
	err := z.Apply(lz4.ConcurrencyOption(1))
	r.inner(z, err, -1)
}

// isBrotli goes by the name: Brotli has no signature (RFC 7932). What does not
// decompress is none.
func isBrotli(r *reader) bool {
	if r.extension() != "br" {
		return false
	}
	var first [16]byte
	n, err := io.ReadFull(brotli.NewReader(bytes.NewReader(r.content)), first[:])
	return n > 0 && (err == nil || err == io.ErrUnexpectedEOF)
}

func readBrotli(r *reader) {
	r.inner(bufio.NewReader(brotli.NewReader(bytes.NewReader(r.content))), nil, -1)
}

func readSnappy(r *reader) {
	// Blocks of the format hold 64 KB at most.
	r.inner(s2.NewReader(bytes.NewReader(r.content), s2.ReaderMaxBlockSize(1<<20)), nil, -1)
}

// isZlib tells Deflate with a head of two octets (RFC 1950). These are also letters,
// so what does not decompress is none.
func isZlib(r *reader) bool {
	c := r.content
	if len(c) < 8 || c[0] != 0x78 || c[1]&0x20 != 0 || (uint(c[0])<<8|uint(c[1]))%31 != 0 || looksLikeText(c) {
		return false
	}
	z, err := zlib.NewReader(bytes.NewReader(c))
	if err != nil {
		return false
	}
	var first [256]byte
	n, err := io.ReadFull(z, first[:])
	return n > 0 && (err == nil || err == io.ErrUnexpectedEOF)
}

func readZlib(r *reader) {
	z, err := zlib.NewReader(bytes.NewReader(r.content))
	r.inner(z, err, -1)
}

func readZ(r *reader) { r.inner(newLZW(r.content), nil, -1) }
