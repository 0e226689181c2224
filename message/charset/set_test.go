package charset

import (
	"strings"
	"testing"
)

func TestTextIsPutIntoASet(t *testing.T) {
	for _, c := range []struct {
		name, octets, label, text string
		takes                     bool // the text
		ascii                     bool
	}{
		{"no label", "hello", "", "Größe", false, true},
		{"ASCII", "hello", "us-ascii", "Size", true, true},
		{"UTF-8", "hello", "utf-8", "Größe – 機密 – конфиденциально", true, true},
		{"UTF-8 by another name", "hello", "UTF8", "Größe", true, true},
		{"Latin-1", "hello", "iso-8859-1", "Größe", true, true},
		{"a dash, which Latin-1 has not", "hello", "iso-8859-1", "a – b", false, true},
		{"a dash in Windows-1252", "hello", "windows-1252", "a – b", true, true},
		{"Kanji in Windows-1252", "hello", "windows-1252", "機密", false, true},
		{"Cyrillic in KOI8-R", "hello", "koi8-r", "конфиденциально", true, true},
		{"Cyrillic in Windows-1251", "hello", "windows-1251", "конфиденциально", true, true},
		{"Japanese", "hello", "iso-2022-jp", "機密です", true, true},
		{"German in a Japanese set", "hello", "iso-2022-jp", "Größe", false, true},
		{"a character of one vendor in a Japanese set", "hello", "iso-2022-jp", "①", false, true},
		{"Shift_JIS", "hello", "shift_jis", "機密です", true, true},
		{"half-width letters in Shift_JIS", "hello", "shift_jis", "ｱｲｳ", true, true},
		{"a character of one vendor in Shift_JIS", "hello", "shift_jis", "①", false, true},
		{"GB18030 has everything", "hello", "gb18030", "Größe – 機密 – конфиденциально", true, true},
		{"GB2312 has simplified characters", "hello", "gb2312", "机密", true, true},
		{"and no traditional ones", "hello", "gb2312", "機密", false, true},
		{"UTF-16 with its mark", "\xff\xfeh\x00i\x00", "utf-16", "Größe – 機密", true, true},
		{"UTF-16 that says its order", "h\x00i\x00", "utf-16le", "Größe – 機密", true, true},
		{"UTF-16 that does not", "h\x00i\x00", "utf-16", "Size", false, false},
		{"a mark that contradicts the label", "\xff\xfeh\x00i\x00", "utf-8", "Size", false, false},
		{"a mark of UTF-8 in Latin-1", "\xef\xbb\xbfhello", "iso-8859-1", "Size", false, false},
		{"octets of two without a label", "h\x00i\x00", "", "Size", false, false},
		{"UTF-7", "hello", "utf-7", "Size", false, false},
		{"HZ", "hello", "hz-gb-2312", "Size", false, false},
		{"ISO-2022-KR", "hello", "iso-2022-kr", "Size", false, false},
		{"EBCDIC", "hello", "ibm037", "Size", false, false},
		{"escape sequences without a label", "\x1b$B5!L)\x1b(B", "", "Size", false, false},
		{"an unknown set", "hello", "x-nobody-knows", "Size", true, true},
		{"an unknown set, which takes ASCII alone", "hello", "x-nobody-knows", "Größe", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Of([]byte(c.octets), c.label)
			if s.TakesASCII() != c.ascii {
				t.Errorf("takes ASCII: %v", s.TakesASCII())
			}
			b, ok := s.Encode(c.text)
			if ok != c.takes {
				t.Fatalf("takes the text: %v", ok)
			}
			if !ok || c.label == "x-nobody-knows" {
				return
			}
			if whole, have := s.Decode(append([]byte(c.octets), b...)); !have || !strings.HasSuffix(whole, c.text) {
				t.Errorf("got back %q, %v", whole, have)
			}
			if got := Text(append([]byte(c.octets), b...), c.label); !strings.HasSuffix(got, c.text) {
				t.Errorf("readers see %q", got)
			}
		})
	}
}

func TestTextThatIsNotInItsSetIsNotDecoded(t *testing.T) {
	for _, c := range [][2]string{
		{"caf\xe9", "utf-8"}, {"caf\xe9", ""}, {"caf\xe9", "us-ascii"}, {"a\x81b", "windows-1252"}, {"\x88", "shift_jis"},
		{"\xff\xfea\x00b", "utf-16"}, {"\x00\xd8a\x00", "utf-16le"}, {"hello", "x-nobody-knows"},
	} {
		if text, ok := Of([]byte(c[0]), c[1]).Decode([]byte(c[0])); ok {
			t.Errorf("%q as %s is %q", c[0], c[1], text)
		}
	}
	// What programs write into Latin-1 of the character set of Windows is read so.
	if text, ok := Of([]byte("a \x96 b"), "iso-8859-1").Decode([]byte("a \x96 b")); !ok || text != "a – b" {
		t.Errorf("Latin-1 of Windows is %q, %v", text, ok)
	}
}
