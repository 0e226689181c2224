package pdf

import (
	"strings"
	"testing"
)

func TestWordsAndLines(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"one string", "BT /F 12 Tf 10 100 Td (Hello, world) Tj ET", "Hello, world"},
		{"kerning parts no word", "BT /F 12 Tf 10 100 Td [(J) 80 (ane) -20 (t)] TJ ET", "Janet"},
		{"a wide gap parts words", "BT /F 12 Tf 10 100 Td [(Jane) -278 (Doe)] TJ ET", "Jane Doe"},
		{"every letter placed", "BT /F 10 Tf 1 0 0 1 10 100 Tm (4) Tj 1 0 0 1 15.56 100 Tm (1) Tj 1 0 0 1 21.12 100 Tm (2) Tj ET", "412"},
		{"letters spaced out by a parameter", "BT /F 10 Tf 4 Tc 10 100 Td (4111 1111) Tj ET", "4111 1111"},
		{"letters spaced out by gaps", "BT /F 10 Tf 10 100 Td [(S)-400(E)-400(C)-400(R)-400(E)-400(T)-900(A)-400(B)-400(C)] TJ ET", "SECRET ABC"},
		{"letters spaced out less", "BT /F 10 Tf 10 100 Td [(S)-200(E)-200(C)-200(R)-200(E)-200(T)-500(A)-200(B)-200(C)] TJ ET", "SECRET ABC"},
		{"blanks that nobody sees", "BT /F 10 Tf 10 100 Td [(4) ( ) 278 (1) ( ) 278 (1) ( ) 278 (1)] TJ ET", "4111"},
		{"lines", "BT /F 12 Tf 14 TL 10 100 Td (one) Tj T* (two) Tj (three) ' 1 0 (four) \" ET", "one\ntwo\nthree\nfour"},
		{"cells of a row", "BT /F 10 Tf 10 100 Td (Name) Tj 100 0 Td (Card) Tj -100 -12 Td (Ann) Tj 100 0 Td (4111) Tj ET", "Name\tCard\nAnn\t4111"},
		{"columns one after the other", "BT /F 10 Tf 10 100 Td (a1) Tj 0 -12 Td (a2) Tj 200 12 Td (b1) Tj 0 -12 Td (b2) Tj ET", "a1\na2\nb1\nb2"},
		{"rows written by their fonts", "BT /F 10 Tf 10 100 Td (one) Tj 0 -24 Td (three) Tj 0 12 Td (two) Tj 0 -24 Td (four) Tj ET", "one\ntwo\nthree\nfour"},
		{"labels and then what they stand for", "BT /F 10 Tf 10 100 Td (Name:) Tj 0 -12 Td (Card:) Tj 100 12 Td (Ann) Tj 0 -12 Td (4111) Tj ET", "Name:\tAnn\nCard:\t4111"},
		{"letters in any order", "BT /F 10 Tf 1 0 0 1 21.12 100 Tm (2) Tj 1 0 0 1 10 100 Tm (4) Tj 1 0 0 1 15.56 100 Tm (1) Tj ET", "412"},
		{"heavy type", "BT /F 12 Tf 10 100 Td (4111) Tj ET BT /F 12 Tf 10.3 100 Td (4111) Tj ET", "4111"},
		{"heavy type, letter by letter", "BT /F 10 Tf 1 0 0 1 10 100 Tm (4) Tj 1 0 0 1 10.2 100 Tm (4) Tj 1 0 0 1 15.56 100 Tm (1) Tj 1 0 0 1 15.7 100 Tm (1) Tj ET", "41"},
		{"a word broken at the end of a line", "BT /F 12 Tf 14 TL 10 100 Td (confi-) Tj T* (dential) Tj ET", "confidential"},
		{"a number broken stays", "BT /F 12 Tf 14 TL 10 100 Td (4111-) Tj T* (1111) Tj ET", "4111-\n1111"},
		{"turned by a quarter", "BT /F 12 Tf 0 1 -1 0 100 10 Tm (up the ) Tj (page) Tj ET", "up the page"},
		{"upside down", "BT /F 12 Tf -1 0 0 -1 300 300 Tm (one) Tj 0 -14 Td (two) Tj ET", "one\ntwo"},
		{"mirrored", "-1 0 0 1 600 0 cm BT /F 12 Tf 10 100 Td (mirror) Tj ET", "mirror"},
		{"squeezed", "BT /F 12 Tf 50 Tz 10 100 Td (4111 1111) Tj ET", "4111 1111"},
		{"raised", "BT /F 12 Tf 10 100 Td (x) Tj 4 Ts (2) Tj ET", "x2"},
		{"raised and smaller, and back", "BT /F 12 Tf 10 100 Td (OMEGA) Tj /F 7 Tf 5 Ts (1) Tj /F 12 Tf 0 Ts (next) Tj ET", "OMEGA1next"},
		{"invisible", "BT 3 Tr /F 12 Tf 10 100 Td (hidden) Tj ET", "hidden"},
		{"of no size", "BT /F 0 Tf 10 100 Td (no size) Tj ET", "no size"},
		{"saved and restored", "q BT /F 12 Tf 10 100 Td (a) Tj ET q 2 0 0 2 0 0 cm Q Q Q BT /F 12 Tf 10 80 Td (b) Tj ET", "a\nb"},
		{"a picture within", "BT /F 12 Tf 10 100 Td (a) Tj ET BI /W 1 /H 1 /BPC 8 /CS /G ID \x00\xffEI(x)Tj\x00EI\xff EI BT /F 12 Tf 10 80 Td (b) Tj ET", "a\nb"},
		{"escapes", "BT /F 12 Tf 10 100 Td (\\050\\101\\) \\\\ (in) \\\nline) Tj ET", "(A) \\ (in) line"},
		{"hexadecimal", "BT /F 12 Tf 10 100 Td <48 65 6C6c 6F 2> Tj ET", "Hello"},
		{"unknown operators and brackets", "BT ] >> /F 12 Tf 10 100 Td foo << /A [ (x) ] >> } (ok) Tj ET", "ok"},
		{"hidden layers", "/OC /L BDC BT /F 12 Tf 10 100 Td (layer) Tj ET EMC", "layer"},
	} {
		t.Run(c.name, func(t *testing.T) { wants(t, pageOf(c.content), c.want) })
	}
}

func TestTextInItsPlace(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"the same", "BT /F 12 Tf 10 100 Td /Span <</ActualText (4111)>> BDC (4111) Tj EMC ET", "4111"},
		{"none shown", "BT /F 12 Tf 10 100 Td (a) Tj /Span <</ActualText <FEFF00620063>>> BDC (\x01) Tj EMC ET", "abc"},
		{"another one", "BT /F 12 Tf 10 100 Td /Span <</ActualText (harmless)>> BDC (4111) Tj EMC ET", "4111\nharmless"},
		{"not ended", "BT /F 12 Tf 10 100 Td /Span <</ActualText (x)>> BDC (4111) Tj ET", "4111\nx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, text := read(t, pageOf(c.content))
			if got := strings.TrimSpace(text); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

func TestFonts(t *testing.T) {
	toUnicode := streamOf("", "/CIDInit /ProcSet findresource begin 1 begincodespacerange <0000> <ffff> endcodespacerange\n"+
		"2 beginbfchar <0001> <0041> <0002> <00660066> endbfchar 1 beginbfrange <0010> <0019> <0030> endbfrange\n"+
		"1 beginbfrange <0020> <0022> [<0061> <0062> <0063>] endbfrange endcmap")
	for _, c := range []struct {
		name, shown string
		font        []string // the font and what it refers to, from object 5 on
		want        string
	}{
		{"glyphs by name", "(ABCDEF)", []string{"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[65/four/one/Aacute/uni0416/f_i/afii10018]>>>>"}, "41ÁЖfiБ"},
		{"glyphs that are numbered", "(AB)", []string{"<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences[65/c52/G31]>>>>"}, "41"},
		{"Mac encoding", "(\x8e)", []string{"<</Type/Font/Subtype/Type1/BaseFont/X/Encoding/MacRomanEncoding>>"}, "é"},
		{"standard encoding", "(\xae\x27)", []string{"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}, "fi’"},
		{"symbols", "(abg)", []string{"<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"}, "αβγ"},
		{"dingbats", "(\x6c\xac)", []string{"<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>"}, "●①"},
		{"map of a composite font", "<0001000200140011002000210022>", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
			"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/DW 600>>", toUnicode,
		}, "Aff41abc"},
		{"Unicode codes", "<00340031003100314E2D>", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>",
			"<</Type/Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>",
		}, "4111中"},
		{"Shift JIS", "(4111\x83\x65)", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/90ms-RKSJ-H/DescendantFonts[6 0 R]>>",
			"<</Type/Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Ordering(Japan1)>>>>",
		}, "4111テ"},
		{"GBK", "(4111\xd6\xd0)", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/GBK-EUC-H/DescendantFonts[6 0 R]>>",
			"<</Type/Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Ordering(GB1)>>>>",
		}, "4111中"},
		{"Big5", "(\xa4\xa4)", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/ETen-B5-H/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType0/BaseFont/X>>",
		}, "中"},
		{"Korean", "(\xb0\xa1)", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/KSCms-UHC-H/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType0/BaseFont/X>>",
		}, "가"},
		{"characters of a collection", "<00150012001200120466>", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
			"<</Type/Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Ordering(Japan1)>>>>",
		}, "4111唖"},
		{"characters of another collection", "<0015001203AC>", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
			"<</Type/Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Ordering(GB1)>>>>",
		}, "41啊"},
		{"down the page", "<00340031>", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/UniJIS-UCS2-V/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType0/BaseFont/X>>",
		}, "41"},
		{"a map within the file", "<0102>", []string{
			"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding 7 0 R/ToUnicode 8 0 R/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType0/BaseFont/X>>",
			streamOf("", "1 begincodespacerange <00> <ff> endcodespacerange 1 begincidrange <00> <ff> 0 endcidrange"),
			streamOf("", "1 beginbfrange <00> <ff> <0040> endbfrange"),
		}, "AB"},
		{"a Type 1 program of its own", "(\x01\x02)", []string{
			"<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+X/FontDescriptor<</Flags 4/FontFile 6 0 R>>>>",
			streamOf("", "%!PS-AdobeFont-1.0\n/Encoding 256 array\ndup 1 /four put\ndup 2 /one put\nreadonly def\n"),
		}, "41"},
		{"a font not embedded that lies", "(4111)", []string{
			"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>",
			streamOf("", "2 beginbfchar <34> <0078> <31> <0079> endbfchar"),
		}, "4111"},
		{"drawn glyphs", "(ab)", []string{
			"<</Type/Font/Subtype/Type3/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 98/Widths[500 500]/Encoding<</Differences[97/four/one]>>/CharProcs<</four 6 0 R/one 6 0 R>>>>",
			streamOf("", "500 0 0 0 500 500 d1 0 0 500 500 re f"),
		}, "41"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := streamOf("", "BT /F 12 Tf 10 700 Td "+c.shown+" Tj ET")
			f := wants(t, objects(append([]string{catalog, pages, onePage, content}, c.font...)...), c.want)
			if f.Lies() != strings.Contains(c.name, "lies") {
				t.Errorf("lies: %v", f.Lies())
			}
		})
	}
}

func TestUnknownCharactersAreTold(t *testing.T) {
	font := []string{"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType2/BaseFont/X>>"}
	content := streamOf("", "BT /F 12 Tf 10 700 Td <01010102010301040105010601070108> Tj ET")
	f, text := read(t, objects(append([]string{catalog, pages, onePage, content}, font...)...))
	if f.Unread() == "" {
		t.Errorf("nothing unread, the text %q", text)
	}
}

func TestForms(t *testing.T) {
	withForm := strings.Replace(onePage, "/Font", "/XObject<</X 6 0 R>>/Font", 1)
	form := func(content string) []byte {
		return objects(catalog, pages, withForm, streamOf("", "/X Do BT /F 12 Tf 10 100 Td (page) Tj ET"), helvetic,
			streamOf("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R/Y 7 0 R>>/Font<</F 5 0 R>>>>", content),
			streamOf("/Type/XObject/Subtype/Form/Resources<</XObject<</X 6 0 R>>>>", "/X Do /X Do"))
	}
	wants(t, form("BT /F 12 Tf 10 130 Td (form) Tj ET"), "form\npage")
	wants(t, form("BT /F 12 Tf 10 130 Td (form) Tj ET /X Do /Y Do /Y Do"), "form\npage")
}

func TestRightToLeft(t *testing.T) {
	// As it is seen: the words from right to left.
	font := []string{"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType0/BaseFont/X/DW 500>>"}
	content := streamOf("", "BT /F 12 Tf 10 700 Td <0034003100310031002005D105D0> Tj ET")
	wants(t, objects(append([]string{catalog, pages, onePage, content}, font...)...), "אב 4111")
	// A ligature, and words that are said in the place of glyphs.
	content = streamOf("", "BT /F 12 Tf 10 700 Td <0628FEFB> Tj ET")
	wants(t, objects(append([]string{catalog, pages, onePage, content}, font...)...), "لاب")
	content = streamOf("", "BT /F 12 Tf 10 700 Td /Span<</ActualText<FEFF05D005D1>>> BDC <F8FF> Tj EMC ET")
	wants(t, objects(append([]string{catalog, pages, onePage, content}, font...)...), "אב")
}
