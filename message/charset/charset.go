package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// guessed is how many octets of a text a guess looks at.
const guessed = 32 << 10

// Text gives b as valid UTF-8: by its byte order mark, else by the label (a
// character set's name in any case, or empty), else by a guess. What cannot be
// converted becomes U+FFFD; the byte order mark is dropped. A guess takes about
// a millisecond.
func Text(b []byte, label string) string { return convert(b, label, guess) }

// Quick is Text for short and many texts: in place of a guess it takes UTF-8,
// and Windows-1252 for what is none.
func Quick(b []byte, label string) string { return convert(b, label, western) }

// western converts Windows-1252, in which every octet means something.
func western(b []byte) string {
	e, _ := charset.Lookup("windows-1252")
	return decode(b, e)
}

func convert(b []byte, label string, guess func([]byte) string) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return valid(b[3:])
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")):
		return utf32(b[4:], true)
	case bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		return utf32(b[4:], false)
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return decode(b[2:], unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM))
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decode(b[2:], unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM))
	}
	switch label = truthful(canonical(label), b); label {
	case "utf-8", "utf8", "us-ascii", "ascii", "":
		// Programs that write UTF-8 or ASCII on the label and something else in the
		// text are many.
		if utf8.Valid(b) && !escaped(b, label) {
			return string(b)
		}
		if label == "utf-8" || label == "utf8" {
			return repaired(b, guess)
		}
		return guess(b)
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return valid([]byte(utf7(b)))
	case "utf-32", "utf-32be", "utf32":
		return utf32(b, false)
	case "utf-32le":
		return utf32(b, true)
	case "utf-16":
		return decode(b, utf16Order(b))
	case "hz-gb-2312":
		return decode(b, simplifiedchinese.HZGB2312)
	}
	if e, name := charset.Lookup(label); e != nil && name != "replacement" {
		return decode(b, e)
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return guess(b)
}

// Known tells whether text with the label can be converted without a guess.
func Known(label string) bool {
	switch label = canonical(label); label {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "utf-32", "utf-32be", "utf-32le", "utf32", "hz-gb-2312":
		return true
	}
	e, name := charset.Lookup(label)
	return e != nil && name != "replacement"
}

// canonical strips what programs put around a name, and the language of RFC
// 2231, section 5.
func canonical(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\r\n\"'"))
	label, _, _ = strings.Cut(label, "*")
	switch label {
	case "iso8859-1", "iso-8859-1", "8859-1", "latin-1":
		return "iso-8859-1"
	case "cp-850", "ibm850", "850":
		return "cp850"
	case "cp932", "windows-932", "ms932", "x-ms-cp932":
		return "shift_jis"
	case "cp936", "ms936":
		return "gbk"
	case "ks_c_5601-1987", "cp949", "ms949":
		return "euc-kr"
	case "cp950":
		return "big5"
	case "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "cp50220", "cp50221":
		return "iso-2022-jp"
	}
	return label
}

// Contradicts tells whether the byte order mark of b is one of UTF-16 or UTF-32
// and the label, which must be known, is of neither.
func Contradicts(b []byte, label string) bool {
	marked := bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) || bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff"))
	return marked && Known(label) && !isWide(canonical(label))
}

// isWide tells whether a canonical label is of UTF-16 or UTF-32.
func isWide(label string) bool {
	if strings.HasPrefix(label, "utf-32") || label == "utf32" {
		return true
	}
	_, name := charset.Lookup(label)
	return strings.HasPrefix(name, "utf-16")
}

// truthful gives the label without the lies of those of two octets or four a
// character: text of single octets has none of its own, and where the zeros of
// Latin text stand tells the order.
func truthful(label string, b []byte) string {
	if !isWide(label) {
		return label
	}
	head := b[:min(len(b), 4096)]
	if bytes.IndexFunc(head, func(r rune) bool { return r >= 0x7f || r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", r) }) < 0 {
		return ""
	}
	if _, name := charset.Lookup(label); strings.HasPrefix(name, "utf-16") && bytes.IndexByte(head, 0) >= 0 {
		return "utf-16"
	}
	return label
}

// escaped tells whether unlabelled text holds the escape sequences of ISO 2022.
func escaped(b []byte, label string) bool {
	if label != "" {
		return false
	}
	head := b[:min(len(b), guessed)]
	return bytes.Contains(head, []byte("\x1b$")) || bytes.Contains(head, []byte("\x1b("))
}

// repaired gives text that is labelled UTF-8 but is not valid: as UTF-8 when
// most of it is, else by a guess.
func repaired(b []byte, guess func([]byte) string) string {
	good, bad := 0, 0
	for rest := b[:min(len(b), guessed)]; len(rest) > 0; {
		if rest[0] < utf8.RuneSelf {
			rest = rest[1:]
			continue
		}
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		rest = rest[n:]
	}
	if good >= bad {
		return valid(b)
	}
	return guess(b)
}

// guess converts by what the octets look like; as Windows-1252 when they look
// like nothing.
func guess(b []byte) string {
	head := b
	if i := bytes.IndexFunc(b, func(r rune) bool { return r >= 0x80 || r == 0x1b || r == 0 }); i > guessed/2 {
		head = b[i-guessed/2:]
	}
	head = head[:min(len(head), guessed)]
	name := detect(head)
	switch name {
	case "utf-16le", "utf-16-le":
		return decode(b, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM))
	case "utf-16be", "utf-16-be":
		return decode(b, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM))
	case "utf-16":
		return decode(b, utf16Order(b))
	case "utf-8", "ascii", "":
		name = "windows-1252"
	case "maccyrillic":
		name = cyrillic(head)
	}
	if e, found := charset.Lookup(name); e != nil && found != "replacement" {
		return decode(b, e)
	}
	return western(b)
}

// detect names the likeliest character set in lower case, empty without one. A
// guess is not worth a message: a panic within the library is no answer.
func detect(head []byte) (name string) {
	defer func() {
		if recover() != nil {
			name = ""
		}
	}()
	return strings.ToLower(chardet.Detect(head).Encoding)
}

// cyrillic parts Windows-1251 from its rarer twin of the Macintosh, which has
// the capital letters elsewhere.
func cyrillic(head []byte) string {
	mac, windows := 0, 0
	for _, c := range head {
		switch {
		case c >= 0x80 && c < 0xa0 || c == 0xdf:
			mac++
		case c >= 0xc0 && c < 0xdf || c == 0xff:
			windows++
		}
	}
	if mac > windows {
		return "x-mac-cyrillic"
	}
	return "windows-1251"
}

// utf16Order guesses the order of octets: Latin text has its zeros in the high
// ones.
func utf16Order(b []byte) encoding.Encoding {
	even, odd := 0, 0
	for i, c := range b[:min(len(b), guessed)] {
		if c == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	if odd > even {
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	}
	return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
}

func decode(b []byte, e encoding.Encoding) string {
	out, _, err := transform.Bytes(e.NewDecoder(), b)
	if err != nil {
		// Decoders give U+FFFD for what they cannot read and so do not fail; the
		// octets are all that is left if one does.
		return valid(b)
	}
	return valid(out)
}

func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string(bytes.ToValidUTF8(b, []byte("\ufffd")))
}

func utf32(b []byte, little bool) string {
	var out strings.Builder
	out.Grow(len(b) / 4)
	for ; len(b) >= 4; b = b[4:] {
		r := rune(b[0])<<24 | rune(b[1])<<16 | rune(b[2])<<8 | rune(b[3])
		if little {
			r = rune(b[3])<<24 | rune(b[2])<<16 | rune(b[1])<<8 | rune(b[0])
		}
		if !utf8.ValidRune(r) {
			r = utf8.RuneError
		}
		out.WriteRune(r)
	}
	return out.String()
}
