package extract

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// The code pages of Windows that the older Office formats name.
const (
	cpWestern = 1252
	cpUTF16   = 1200
	cpMac     = 10000
	cpUTF8    = 65001
)

var singleByte = map[int]*charmap.Charmap{
	437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 855: charmap.CodePage855, 858: charmap.CodePage858,
	860: charmap.CodePage860, 862: charmap.CodePage862, 863: charmap.CodePage863, 865: charmap.CodePage865, 866: charmap.CodePage866,
	874: charmap.Windows874, 1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252,
	1253: charmap.Windows1253, 1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256,
	1257: charmap.Windows1257, 1258: charmap.Windows1258, cpMac: charmap.Macintosh, 10007: charmap.MacintoshCyrillic,
	20866: charmap.KOI8R, 21866: charmap.KOI8U, 28591: charmap.ISO8859_1, 28592: charmap.ISO8859_2, 28593: charmap.ISO8859_3,
	28594: charmap.ISO8859_4, 28595: charmap.ISO8859_5, 28596: charmap.ISO8859_6, 28597: charmap.ISO8859_7, 28598: charmap.ISO8859_8,
	28599: charmap.ISO8859_9, 28605: charmap.ISO8859_15,
}

var doubleByte = map[int]encoding.Encoding{
	932: japanese.ShiftJIS, 936: simplifiedchinese.GBK, 949: korean.EUCKR, 950: traditionalchinese.Big5, 1361: korean.EUCKR,
	10001: japanese.ShiftJIS, 10002: traditionalchinese.Big5, 10003: korean.EUCKR, 10008: simplifiedchinese.GBK,
	20932: japanese.EUCJP, 20936: simplifiedchinese.GBK, 50220: japanese.ISO2022JP, 50221: japanese.ISO2022JP,
	50222: japanese.ISO2022JP, 51932: japanese.EUCJP, 51936: simplifiedchinese.GBK, 51949: korean.EUCKR, 54936: simplifiedchinese.GB18030,
}

// codePageText converts octets of a Windows code page; one that is not known is
// taken for 1252, and for UTF-8 where the octets are.
func codePageText(b []byte, cp int) string {
	switch cp {
	case cpUTF16:
		return utf16leText(b)
	case cpUTF8, 20127, 0:
		if utf8.Valid(b) {
			return string(b)
		}
	}
	if isASCII(b) {
		if cp < 50220 || cp > 50222 {
			return string(b)
		}
	}
	if e, have := doubleByte[cp]; have {
		out, err := e.NewDecoder().Bytes(b)
		if err == nil {
			return string(out)
		}
	}
	table, have := singleByte[cp]
	if !have {
		table = charmap.Windows1252
	}
	var out strings.Builder
	out.Grow(len(b) + len(b)/4)
	for _, c := range b {
		if c < utf8.RuneSelf {
			out.WriteByte(c)
		} else {
			out.WriteRune(table.DecodeByte(c))
		}
	}
	return out.String()
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// utf16leText converts little-endian UTF-16; an odd octet at the end is dropped.
func utf16leText(b []byte) string {
	var out strings.Builder
	out.Grow(len(b)/2 + 8)
	for ; len(b) >= 2; b = b[2:] {
		u := rune(binary.LittleEndian.Uint16(b))
		switch {
		case u < utf8.RuneSelf:
			out.WriteByte(byte(u))
			continue
		case utf16.IsSurrogate(u) && len(b) >= 4:
			if r := utf16.DecodeRune(u, rune(binary.LittleEndian.Uint16(b[2:]))); r != utf8.RuneError {
				out.WriteRune(r)
				b = b[2:]
				continue
			}
		}
		out.WriteRune(u) // half a pair becomes U+FFFD
	}
	return out.String()
}

// untilZero gives what stands before the first zero octet.
func untilZero(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// le16 and le32 read numbers where octets may be missing: those are zero.
func le16(b []byte, at int) int {
	if at < 0 || at+2 > len(b) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b[at:]))
}

func le32(b []byte, at int) uint32 {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return binary.LittleEndian.Uint32(b[at:])
}

// within gives size octets at an offset, or as many as there are.
func within(b []byte, at, size int64) []byte {
	if at < 0 || size <= 0 || at >= int64(len(b)) {
		return nil
	}
	return b[at:min(at+size, int64(len(b)))]
}
