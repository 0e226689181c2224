package pdf

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// charset reads the codes of a predefined CMap (ISO 32000-2, section 9.7.5.2).
type charset struct {
	text bool // the codes say which characters they are
	next func(s string) (code uint32, size int, text string)
}

// predefined gives the CMap of a name: those that go by Unicode or by a character
// set that is known, and else two octets a code.
func predefined(n string) *charset {
	n = strings.TrimSuffix(strings.TrimSuffix(n, "-H"), "-V")
	switch {
	case strings.Contains(n, "UCS2"), strings.Contains(n, "UTF16"):
		return &charset{true, nextUTF16}
	case strings.Contains(n, "UTF8"):
		return &charset{true, nextUTF8}
	case strings.Contains(n, "UTF32"):
		return &charset{true, nextUTF32}
	case strings.Contains(n, "RKSJ"):
		return multibyte(japanese.ShiftJIS, func(c byte) bool { return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc })
	case n == "EUC":
		return multibyte(japanese.EUCJP, high)
	case n == "H", n == "V":
		return &charset{true, nextJIS}
	case strings.HasPrefix(n, "GBK"), strings.HasPrefix(n, "GB-"), strings.HasPrefix(n, "GBpc"), strings.HasPrefix(n, "GBT"):
		return multibyte(simplifiedchinese.GB18030, high)
	case strings.HasPrefix(n, "B5"), strings.HasPrefix(n, "ETen"), strings.HasPrefix(n, "HKscs"):
		return multibyte(traditionalchinese.Big5, high)
	case strings.HasPrefix(n, "KSC"):
		return multibyte(korean.EUCKR, high)
	}
	return nil
}

func high(c byte) bool { return c >= 0x81 && c <= 0xfe }

// multibyte reads a character set in which some octets begin a pair. Pairs of
// GB 18030 may go on to four octets.
func multibyte(e encoding.Encoding, lead func(byte) bool) *charset {
	seen := map[uint32]string{}
	return &charset{true, func(s string) (uint32, int, string) {
		size := 1
		if lead(s[0]) && len(s) > 1 {
			size = 2
			if e == simplifiedchinese.GB18030 && s[1] >= '0' && s[1] <= '9' && len(s) >= 4 {
				size = 4
			}
		}
		code := codeOf(s[:size])
		text, ok := seen[code]
		if !ok {
			text, _ = e.NewDecoder().String(s[:size])
			if text == "\ufffd" {
				text = ""
			}
			seen[code] = text
		}
		return code, size, text
	}}
}

func nextUTF16(s string) (uint32, int, string) {
	size := min(2, len(s))
	if len(s) >= 4 && s[0] >= 0xd8 && s[0] <= 0xdb && s[2] >= 0xdc && s[2] <= 0xdf {
		size = 4
	}
	return codeOf(s[:size]), size, unicodeText(s[:size])
}

func nextUTF32(s string) (uint32, int, string) {
	size := min(4, len(s))
	code := codeOf(s[:size])
	return code, size, string(rune(code))
}

func nextUTF8(s string) (uint32, int, string) {
	if s == "" {
		return 0, 1, ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return codeOf(s[:n]), n, string(r)
}

// nextJIS reads JIS X 0208 in seven bits.
func nextJIS(s string) (uint32, int, string) {
	if len(s) < 2 {
		return uint32(s[0]), 1, ""
	}
	return codeOf(s[:2]), 2, ofJIS(s[0], s[1])
}

func ofJIS(row, cell byte) string {
	text, _ := japanese.EUCJP.NewDecoder().String(string([]byte{row | 0x80, cell | 0x80}))
	if text == "\ufffd" {
		return ""
	}
	return text
}
