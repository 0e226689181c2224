package extract

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readSample(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile("testdata/ole/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The rich documents have the same content in three formats: written by
// LibreOffice from one source.
func TestRichDocuments(t *testing.T) {
	body := []string{
		"First paragraph with Grüße and Привет €.\nLink: click here after.\nCommented word\n",
		"Name\tCard\n", "Ann Second line\t\t4111\n", "i1\ti2\ni3\ti4\n", "Sub one\n",
		"After box\nLast\nline\ttabbed\n", "The footnote text\n", "Header text 4111\n", "Footer text\n", "The comment text\n", "Text box text",
		"https://x.example/path?q=1\n",
	}
	for name, want := range map[string][]string{
		"rich.doc": append(body, "1.Item one\na)Sub one\nb)Sub two\n2.Item two\n"),
		"rich.rtf": append(body, "1.\tItem one\n a)\tSub one\n b)\tSub two\n 2.\tItem two\n"),
		"rich.xls": {
			"Visible\nName\tCard\tDate\nGrüße Привет\t4111111111111111\t2024-03-05\n12.5%\t4111111111111112\t0\tTRUE\nlinked\t\t\t\t1.5\n",
			"Cell comment\n", "https://x.example/cell\n", "HiddenSheet\nhidden value 5500\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := extract(readSample(t, name), Hint{Name: "a.txt", MediaType: "text/plain"})
			checkDocument(t, d, DefaultLimits)
			for _, w := range want {
				if !strings.Contains(d.Text, w) {
					t.Errorf("%q is not in the text", w)
				}
			}
			if d.Status != Complete || t.Failed() {
				t.Errorf("%s %s\n%s", d.Status, d.Detail, d.Text)
			}
			if name == "rich.xls" {
				return
			}
			label := []Label{{ID: "2f1b3c4d-0000-1111-2222-333344445555", Name: "Secret", Enabled: true}}
			if diff := cmp.Diff(label, d.Labels); diff != "" || d.Properties["Department"] != "Sales Größe" || d.Properties["Author"] != "Ann Author" {
				t.Errorf("properties %v\n%s", d.Properties, diff)
			}
		})
	}
}

// wordFileOf makes a document of Word 97 with pieces of text; those of wide are
// stored as UTF-16. The counts are of the characters of the main text and of the
// other texts.
func wordFileOf(pieces []string, wide []bool, counts ...uint32) string {
	main := make([]byte, 0x400)
	binary.LittleEndian.PutUint16(main, 0xa5ec)
	binary.LittleEndian.PutUint16(main[2:], 0xc1)
	for i, n := range counts {
		binary.LittleEndian.PutUint32(main[fibCounts+4*i:], n)
	}
	var places, pcd []byte
	at := uint32(0)
	for i, p := range pieces {
		places = binary.LittleEndian.AppendUint32(places, at)
		n := uint32(len(p))
		fc := uint32(len(main)) * 2
		if wide[i] {
			u := utf16leOf(p)
			n, fc = uint32(len(u)/2), uint32(len(main))
			main = append(main, u...)
		} else {
			fc |= 1 << 30
			main = append(main, p...)
		}
		pcd = append(pcd, 0, 0)
		pcd = binary.LittleEndian.AppendUint32(pcd, fc)
		pcd = append(pcd, 0, 0)
		at += n
	}
	places = binary.LittleEndian.AppendUint32(places, at)
	clx := "\x02" + lengthBefore(string(places)+string(pcd))
	binary.LittleEndian.PutUint32(main[fibTables+8*33+4:], uint32(len(clx)))
	return compoundFile(stream("WordDocument", string(main)), stream("0Table", clx))
}

func TestWordPieces(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []string
		wide   []bool
		counts []uint32
		want   string
	}{
		{"octets and UTF-16", []string{"Gr\xfc\xdfe \x80 ", "Привет 😀", "41", "11\r"}, []bool{false, true, false, true}, nil, "Grüße € Привет 😀4111\n"},
		{"other texts", []string{"body\rnote\rhead\r"}, []bool{false}, []uint32{5, 5, 5}, "body\nnote\nhead\n"},
		{"counts that lie", []string{"body\rnote\r"}, []bool{false}, []uint32{0xffffffff, 0xffffffff}, "body\nnote\n"},
		{"fields", []string{"a \x13 HYPERLINK \"http://x.example/\" \x14here\x15 b \x13 PAGE \x147\x15\r"}, []bool{false}, nil, "a here b 7\nhttp://x.example/\n"},
		{"fields within fields", []string{"\x13 IF \x13 DOCVARIABLE v \x14one\x15 \x14two\x15\r"}, []bool{false}, nil, "two\nDOCVARIABLE v\nIF one\n"},
		{"a field that never ends", []string{"a \x13 QUOTE 4111\r"}, []bool{false}, nil, "a \nQUOTE 4111\n"},
		{"cells without properties", []string{"Name\x07Card\x07\x07Ann\x074111\x07\x07"}, []bool{false}, nil, "Name\tCard\nAnn\t4111\n"},
		{"breaks and hyphens", []string{"a\x0bb\x0cc\x1ed\x1fe\xa0f\x01\x08\r"}, []bool{false}, nil, "a\nb\nc-de\u00a0f\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(wordFileOf(c.pieces, c.wide, c.counts...), Hint{})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, d.Text); diff != "" || d.Status != Complete {
				t.Errorf("%s %s\n%s", d.Status, d.Detail, diff)
			}
		})
	}
}

func TestPiecesThatRepeatAreBounded(t *testing.T) {
	// Every piece is said to be the same text.
	var places, pcd []byte
	for i := range 20_000 {
		places = binary.LittleEndian.AppendUint32(places, uint32(i)*100_000)
		pcd = append(pcd, "\x00\x00"+little(1<<30)+"\x00\x00"...)
	}
	places = binary.LittleEndian.AppendUint32(places, 20_000*100_000)
	main := []byte(strings.Repeat("a", 200_000))
	binary.LittleEndian.PutUint16(main, 0xa5ec)
	binary.LittleEndian.PutUint16(main[2:], 0xc1)
	binary.LittleEndian.PutUint16(main[fibFlags:], 0)
	clx := "\x02" + lengthBefore(string(places)+string(pcd))
	binary.LittleEndian.PutUint32(main[fibTables+8*33:], 0)
	binary.LittleEndian.PutUint32(main[fibTables+8*33+4:], uint32(len(clx)))
	d := extract(compoundFile(stream("WordDocument", string(main)), stream("0Table", clx)), Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Truncated {
		t.Errorf("%s with %d characters", d.Status, d.Characters)
	}
}

func TestMacros(t *testing.T) {
	compressed := func(s string) string {
		var chunk strings.Builder
		for i := 0; i < len(s); i += 8 {
			chunk.WriteString("\x00" + s[i:min(i+8, len(s))])
		}
		return "\x01" + string(binary.LittleEndian.AppendUint16(nil, uint16(chunk.Len()-1)|0xb000)) + chunk.String()
	}
	record := func(id uint16, s string) string {
		return string(binary.LittleEndian.AppendUint16(nil, id)) + lengthBefore(s)
	}
	source := "Attribute VB_Name = \"Module1\"\r\nSub Send()\r\n' Gr\xfc\xdfe 4111\r\nEnd Sub\r\n"
	dir := record(3, "\xe4\x04") + record(0x19, "Module1") + record(0x1a, "Module1") + record(0x31, little(5))
	vba := storage("VBA", stream("dir", compressed(dir)), stream("Module1", "junk!"+compressed(source)), stream("_VBA_PROJECT", "x"))
	d := extract(compoundFile(stream("WordDocument", "\xec\xa5"), storage("Macros", vba)), Hint{})
	if d.Executable != "VBA macros" || !strings.Contains(allText(d), "' Grüße 4111") || d.Members[len(d.Members)-1].Names[0] != "Module1.bas" {
		t.Errorf("%q %q", d.Executable, allText(d))
	}
}

func FuzzWordFile(f *testing.F) {
	f.Add(strings.Repeat("\x00", 600)+"body\r", "\x02\x10\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\xb0\x04\x00\x40\x00\x00")
	f.Fuzz(func(t *testing.T, main, table string) {
		lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
		head := "\xec\xa5\xc1\x00" + strings.Repeat("\x00", fibTables+8*33-4) + little(0, uint32(len(table)))
		checkDocument(t, extractWithin(compoundFile(stream("WordDocument", head+main), stream("0Table", table), stream("Data", main)), lim), lim)
	})
}

func TestCompressedMacros(t *testing.T) {
	// The example of [MS-OVBA] section 3.2.2.
	packed := "\x01\x2f\xb0\x00#aaabcde\x82f\x00paghij\x018\x08akl\x000mnop\x06q\x02p\x04\x10rstuv\x10wxyz\x00<"
	r := NewBudget(DefaultLimits).reader(t.Context(), nil, Hint{}, catalog)
	if got, want := string(r.vbaDecompress([]byte(packed))), "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestModulesWithoutCodeAreNoMacros(t *testing.T) {
	d := extract(compoundFile(stream("Workbook", workbookOf("S", 0, "", "")), storage("_VBA_PROJECT_CUR",
		storage("VBA", stream("dir", "\x01\x13\xb0\x00\x19\x00\x06\x00\x00\x00Sh\x00eet1\x31\x00\x04\x00\x00\x00\x00\x00\x00\x00"), stream("Sheet1", "\x01\x18\xb0\x00Attribut\x00e VB_Nam\x00e = \"S\"")))), Hint{})
	if d.Executable != "" || len(d.Members) > 0 {
		t.Errorf("%q, %d members", d.Executable, len(d.Members))
	}
}
