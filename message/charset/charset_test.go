package charset

import (
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, in, label, want string }{
		{"label", "Gr\xfc\xdfe", "ISO-8859-1", "Grüße"},
		{"label in quotes", "Gr\xfc\xdfe", `"iso-8859-1"`, "Grüße"},
		{"label that is not true", "Grüße", "us-ascii", "Grüße"},
		{"UTF-8 that is none", "Gr\xfc\xdfe aus dem Garten", "utf-8", "Grüße aus dem Garten"},
		{"UTF-8 with one bad octet", "Grüße aus München \xff", "utf-8", "Grüße aus München \ufffd"},
		{"mark before label", "\xef\xbb\xbfGrüße", "iso-8859-1", "Grüße"},
		{"UTF-16", "\xfe\xff\x00A", "us-ascii", "A"},
		{"UTF-32", "\xff\xfe\x00\x00A\x00\x00\x00", "", "A"},
		{"UTF-7", "a+AOk-b +- +2DzfAg-", "utf-7", "aéb + 🌂"},
		{"UTF-7 cut short", "+AO", "utf-7", ""},
		{"UTF-16 of single octets", "Hello 4111", "utf-16", "Hello 4111"},
		{"UTF-32 of single octets", "Hello 4111", "utf-32", "Hello 4111"},
		{"UTF-16 of the other order", "A\x00B\x00", "utf-16be", "AB"},
		{"UTF-16 without zeros", "\x4e\x2d\x65\x87", "utf-16be", "中文"},
		{"HZ", "a~{VPND~}b", "hz-gb-2312", "a中文b"},
		{"Shift JIS", "\x82\xa0", "cp932", "あ"},
		{"unknown label", "caf\xe9 au lait", "x-none", "café au lait"},
		{"no label", "Gr\xfc\xdfe aus M\xfcnchen", "", "Grüße aus München"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Text([]byte(c.in), c.label); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

func TestKnown(t *testing.T) {
	for label, want := range map[string]bool{"utf-8": true, "UTF-7": true, "KOI8-R": true, "x-none": false, "": false} {
		if Known(label) != want {
			t.Errorf("%q known: %v", label, !want)
		}
	}
}

func TestContradicts(t *testing.T) {
	for _, c := range []struct {
		in, label string
		want      bool
	}{
		{"\xff\xfeA\x00", "us-ascii", true},
		{"\xfe\xff\x00A", "utf-8", true},
		{"\xff\xfeA\x00", "utf-16", false},
		{"\xff\xfeA\x00", "", false},
		{"\xef\xbb\xbfA", "us-ascii", false},
		{"A", "utf-16", false},
	} {
		if Contradicts([]byte(c.in), c.label) != c.want {
			t.Errorf("%q labelled %q contradicts: %v", c.in, c.label, !c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("Gr\xfc\xdfe"), "")
	f.Add([]byte("+2DzfAg-"), "utf-7")
	f.Add([]byte("\x1b$B#4"), "iso-2022-jp")
	f.Fuzz(func(t *testing.T, in []byte, label string) {
		if !utf8.ValidString(Text(in, label)) {
			t.Error("not valid UTF-8")
		}
	})
}
