package extract

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// The methods of compression of zip archives (APPNOTE.TXT, section 4.4.5).
const (
	methodDeflate64 = 9
	methodBzip2     = 12
	methodLZMA      = 14
	methodZstdOld   = 20
	methodZstd      = 93
	methodXZ        = 95
)

// decompressor reads the data of a member, whose size is declared or 0.
func decompressor(method, flags uint16, data []byte, size uint64) (io.Reader, error) {
	src := bytes.NewReader(data)
	switch method {
	case zip.Store:
		return src, nil
	case zip.Deflate:
		return newInflater(src), nil
	case methodDeflate64:
		return newInflater64(src), nil
	case methodBzip2:
		return bzip2.NewReader(src), nil
	case methodZstd, methodZstdOld:
		return newZstd(src)
	case methodXZ:
		return newXZ(data)
	case methodLZMA:
		// Version, length of the properties, properties (section 5.8.8).
		if len(data) < 9 || binary.LittleEndian.Uint16(data[2:]) != 5 {
			return nil, zip.ErrFormat
		}
		known := int64(size)
		if flags&2 != 0 || size == 0 { // the end is marked
			known = -1
		}
		return newLZMA(data[4:9], known, unpackedMost(int64(len(data))), bytes.NewReader(data[9:]))
	}
	return nil, errMethod
}

// mostDictionary bounds the dictionary of a compression. None needs to be larger
// than all that is decompressed of a member.
const mostDictionary = mostUnpacked + 1<<20

// newZstd decompresses zstandard (RFC 8878).
func newZstd(src io.Reader) (io.Reader, error) {
	z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostDictionary),
		zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

// newLZMA decompresses LZMA with properties and dictionary size as they stand in
// front of it. The size is -1 where the end is marked. No more than most octets
// are set aside for the dictionary.
func newLZMA(properties []byte, size, most int64, src io.Reader) (io.Reader, error) {
	header := make([]byte, 0, 13)
	header = append(header, properties[0])
	header = binary.LittleEndian.AppendUint32(header, min(binary.LittleEndian.Uint32(properties[1:]), uint32(most)))
	header = binary.LittleEndian.AppendUint64(header, uint64(size))
	return lzma.NewReader(io.MultiReader(bytes.NewReader(header), src))
}

// newXZ decompresses an xz file. The dictionary is set aside as a block claims
// it, so the claims are looked at first.
func newXZ(data []byte) (io.Reader, error) {
	if dictionary := xzDictionary(data); dictionary > mostDictionary {
		return nil, errMemory
	}
	if len(data) > 13 && data[12] != 0 && data[13]&3 != 0 { // a filter besides LZMA2
		return nil, errMethod
	}
	return xz.NewReader(bytes.NewReader(data))
}

// xzDictionary gives the largest dictionary that a block of an xz file can claim:
// that of any octets that look like the filter flags of LZMA2 where a block header
// may begin, at a multiple of four octets (The .xz File Format, sections 3.1 and
// 5.3.1).
func xzDictionary(data []byte) int64 {
	largest := int64(0)
	for at := 12; at+12 <= len(data); at += 4 {
		size := (int(data[at]) + 1) * 4
		if data[at] == 0 || data[at+1]&0x3c != 0 || at+size > len(data) {
			continue
		}
		header := data[at : at+size]
		if crc32.ChecksumIEEE(header[:size-4]) != binary.LittleEndian.Uint32(header[size-4:]) {
			continue
		}
		if i := bytes.Index(header, []byte{0x21, 0x01}); i > 0 && i+2 < size {
			if n, err := lzma.DecodeDictCap(header[i+2]); err == nil {
				largest = max(largest, n)
			}
		}
	}
	return largest
}
