package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// Set is the character set that one text is in, for text to be put into it.
type Set struct {
	kind kind
	name string            // canonical
	enc  encoding.Encoding // nil for ASCII and UTF-8
	mark int
}

type kind int

const (
	unsafe   kind = iota // octets of ASCII may mean something else
	foreign              // not known, or not told; ASCII is ASCII in it
	ascii                // nothing else is said
	utf8Set              // UTF-8
	single               // one or more octets a character
	stateful             // ISO-2022-JP
	wide                 // UTF-16
)

// Of tells the character set of a text with a label. Where text and label
// contradict each other, or programs read the label in different ways, the set is
// one that takes nothing, or ASCII alone.
func Of(b []byte, label string) Set {
	label = canonical(label)
	s := Set{name: label}
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		s.mark = 3
		switch label {
		case "utf-8", "utf8":
			s.kind = utf8Set
		case "", "us-ascii", "ascii":
			s.kind = ascii // for readers who go by the label
		}
		return s
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		return s
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		s.mark = 2
		little := b[0] == 0xff
		if label == "utf-16" || label == "utf-16le" && little || label == "utf-16be" && !little {
			s.wide(little)
		}
		return s
	case label == "utf-16le", label == "utf-16be":
		s.wide(label == "utf-16le")
		return s
	case isWide(label), bytes.IndexByte(b, 0) >= 0:
		// Without a mark programs disagree on the order of octets.
		return s
	}
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "646", "iso646-us":
		s.kind = ascii
		if bytes.IndexByte(b, 0x1b) >= 0 {
			s.kind = unsafe // some readers take it for ISO 2022
		}
		return s
	case "utf-8", "utf8":
		s.kind = utf8Set
		return s
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "hz-gb-2312":
		return s
	case "iso-8859-1":
		// Programs read octets of Windows in it and may not read them in what is put in.
		s.kind, s.enc = single, charmap.ISO8859_1
		return s
	case "iso-8859-9":
		s.kind, s.enc = single, charmap.ISO8859_9
		return s
	}
	found, name := charset.Lookup(label)
	switch {
	case name == "replacement", strings.HasPrefix(label, "ebcdic"), strings.HasPrefix(label, "iso-2022-") && name != "iso-2022-jp", strings.HasPrefix(label, "ibm0"), strings.HasPrefix(label, "cp0"):
		return s
	case found == nil || name == "x-user-defined":
		s.kind = foreign
		return s
	case name == "utf-8":
		s.kind = utf8Set
		return s
	}
	strict, err := htmlindex.Get(name)
	if err != nil {
		s.kind = foreign
		return s
	}
	s.kind, s.enc = single, strict
	if name == "iso-2022-jp" {
		s.kind = stateful
	}
	return s
}

func (s *Set) wide(little bool) {
	order := unicode.BigEndian
	if little {
		order = unicode.LittleEndian
	}
	s.kind, s.enc = wide, unicode.UTF16(order, unicode.IgnoreBOM)
}

// Mark is the length in octets of the text's byte order mark.
func (s Set) Mark() int { return s.mark }

// TakesASCII tells whether ASCII, encoded by Encode, may stand in the text.
func (s Set) TakesASCII() bool { return s.kind != unsafe }

// IsStateful tells whether octets of ASCII mean other characters behind an escape
// sequence (ISO-2022-JP, RFC 1468).
func (s Set) IsStateful() bool { return s.kind == stateful }

// IsWide tells whether characters are two octets (UTF-16, RFC 2781).
func (s Set) IsWide() bool { return s.kind == wide }

// Decode gives the text behind its byte order mark, if it is wholly in the set
// and every reader of it sees the same.
func (s Set) Decode(b []byte) (string, bool) {
	b = b[min(s.mark, len(b)):]
	switch s.kind {
	case unsafe, foreign:
		return "", false
	case ascii:
		return string(b), isASCII(b)
	case utf8Set:
		return string(b), utf8.Valid(b)
	case wide:
		if len(b)%2 != 0 {
			return "", false
		}
	}
	e := s.enc
	if e == charmap.ISO8859_1 || e == charmap.ISO8859_9 {
		e, _ = charset.Lookup(s.name)
	}
	text := decode(b, e)
	return text, !strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || r >= 0x80 && r < 0xa0 })
}

// Encode gives text in the set, without a byte order mark, if every character is
// in it and programs agree where.
func (s Set) Encode(text string) ([]byte, bool) {
	switch s.kind {
	case unsafe:
		return nil, false
	case ascii, foreign:
		return []byte(text), isASCII([]byte(text))
	case utf8Set:
		return []byte(text), utf8.ValidString(text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || r >= 0x80 && r < 0xa0 }) {
		return nil, false
	}
	b, err := s.enc.NewEncoder().Bytes([]byte(text))
	if err != nil || !s.agreed(b) {
		return nil, false
	}
	if i := bytes.LastIndexByte(b, 0x1b); s.kind == stateful && i >= 0 && !bytes.HasPrefix(b[i:], toASCII) {
		b = append(b, toASCII...)
	}
	if s.kind != wide && s.kind != stateful && decode(b, s.enc) != text {
		return nil, false
	}
	return b, true
}

// toASCII is the escape sequence of ISO-2022-JP that leads back to ASCII.
var toASCII = []byte("\x1b(B")

// agreed tells whether octets lie in the ranges that the labels promise. The
// encodings of the web go beyond the character sets that they are named for, and
// other programs do not.
func (s Set) agreed(b []byte) bool {
	var most func(lead, trail byte) bool
	switch s.name {
	case "gb2312", "csgb2312", "gb_2312-80", "x-gbk", "gbk", "euc-cn":
		if s.name == "x-gbk" || s.name == "gbk" {
			return true
		}
		most = func(lead, trail byte) bool { return lead >= 0xa1 && lead <= 0xf7 && trail >= 0xa1 }
	case "euc-kr", "ks_c_5601-1987", "ksc5601":
		most = func(lead, trail byte) bool { return lead >= 0xa1 && trail >= 0xa1 }
	case "shift_jis", "sjis", "shift-jis":
		most = func(lead, trail byte) bool { return lead != 0x87 && lead < 0xed }
	case "euc-jp":
		most = func(lead, trail byte) bool { return lead != 0xad && lead < 0xf5 && lead != 0x8f }
	case "iso-2022-jp":
		return agreedJIS(b)
	default:
		return true
	}
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 || strings.HasPrefix(s.name, "s") && b[i] >= 0xa1 && b[i] < 0xe0 {
			continue
		}
		if i+1 >= len(b) || !most(b[i], b[i+1]) {
			return false
		}
		i++
	}
	return true
}

// agreedJIS tells whether text of ISO-2022-JP keeps to the rows of JIS X 0208 and
// to its escape sequences (RFC 1468).
func agreedJIS(b []byte) bool {
	double := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == 0x1b:
			if i+2 >= len(b) || b[i+1] != '$' && !bytes.HasPrefix(b[i:], toASCII) {
				return false
			}
			double = b[i+1] == '$'
			i += 2
		case double:
			if b[i] == 0x2d || b[i] >= 0x75 {
				return false
			}
			i++
		}
	}
	return true
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
