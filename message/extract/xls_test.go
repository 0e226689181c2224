package extract

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// biff makes a record.
func biff(kind int, data ...string) string {
	content := strings.Join(data, "")
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	return string(binary.LittleEndian.AppendUint16(b, uint16(len(content)))) + content
}

func shorts(numbers ...int) string {
	var b []byte
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
	}
	return string(b)
}

func double(v float64) string {
	return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
}

// shortText is a string of BIFF8 with a count of two octets.
func shortText(s string) string { return shorts(len(s)) + "\x00" + s }

const (
	biffGlobals = "\x00\x06\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	biffOfSheet = "\x00\x06\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// workbookOf makes a workbook of BIFF8 with one sheet.
func workbookOf(name string, state byte, globals string, sheet ...string) string {
	bound := func(at int) string {
		return biff(biffSheet, little(uint32(at)), string([]byte{state, 0, byte(len(name)), 0}), name)
	}
	head := biff(biffBOF, biffGlobals) + globals
	at := len(head) + len(bound(0)) + len(biff(biffEOF))
	return head + bound(at) + biff(biffEOF) + biff(biffBOF, biffOfSheet) + strings.Join(sheet, "") + biff(biffEOF)
}

func xls(stream8 string) string { return compoundFile(stream("Workbook", stream8)) }

func TestWorkbook(t *testing.T) {
	style := func(format int) string { return biff(biffXF, shorts(0, format), strings.Repeat("\x00", 16)) }
	sst := biff(biffSST, little(3, 3), shortText("Grace"), shorts(5), "\x01", string(utf16leOf("Grü"))) + // goes on in octets
		biff(biffContinue, "\x00\xdfe", shorts(3), "\x0d", shorts(1), little(4), string(utf16leOf("日本語")), "runs", "phon")
	for _, c := range []struct {
		name, globals, sheet, want string
	}{
		{"rows and cells", "", biff(biffLabel, shorts(0, 0, 0), shortText("Name")) + biff(biffLabel, shorts(0, 2, 0), shortText("Card")) +
			biff(biffNumber, shorts(3, 1, 0), double(4111)), "S\nName\t\tCard\n\t4111\n"},
		{"cells out of order", "", biff(biffNumber, shorts(1, 0, 0), double(3)) + biff(biffNumber, shorts(0, 1, 0), double(2)) + biff(biffNumber, shorts(0, 0, 0), double(1)), "S\n1\t2\n3\n"},
		{"shared strings over records", sst, biff(biffLabelSST, shorts(0, 0, 0), little(0)) + biff(biffLabelSST, shorts(0, 1, 0), little(1)) +
			biff(biffLabelSST, shorts(0, 2, 0), little(2)) + biff(biffLabelSST, shorts(0, 3, 0), little(99)), "S\nGrace\tGrüße\t日本語\n"},
		{"small numbers", "", biff(biffRK, shorts(0, 0, 0), little(4111<<2|2)) + biff(biffMulRK, shorts(0, 1), shorts(0), little(1250<<2|3), shorts(0), little(0x3ff00000), shorts(2)), "S\n4111\t12.5\t1\n"},
		{"formats", style(0) + style(14) + style(10) + style(164) + biff(biffFormat, shorts(164), shortText("0.00E+00")),
			biff(biffNumber, shorts(0, 0, 1), double(45356)) + biff(biffNumber, shorts(0, 1, 2), double(0.125)) + biff(biffNumber, shorts(0, 2, 3), double(4111111111111111)),
			"S\n3/5/24\t12.50%\t4.11E+15 (4111111111111111)\n"},
		{"days from 1904", style(14) + biff(biffDate1904, shorts(1)), biff(biffNumber, shorts(0, 0, 0), double(45356-1462)), "S\n3/5/24\n"},
		{"results of formulas", "", biff(biffFormula, shorts(0, 0, 0), double(42), shorts(0, 0, 0), shorts(0)) +
			biff(biffFormula, shorts(0, 1, 0), "\x00\x00\x00\x00\x00\x00\xff\xff", shorts(0, 0, 0), shorts(7), "\x17\x04\x00text\x00") + biff(biffString, shortText("result")) +
			biff(biffFormula, shorts(0, 2, 0), "\x01\x00\x01\x00\x00\x00\xff\xff", shorts(0, 0, 0), shorts(0)) +
			biff(biffFormula, shorts(0, 3, 0), "\x02\x00\x07\x00\x00\x00\xff\xff", shorts(0, 0, 0), shorts(0)), "S\n42\tresult\tTRUE\t#DIV/0!\ntext\n"},
		{"headers", "", biff(biffHeader, shortText(`&L&"Arial,Bold"&12Secret && more&RPage &P`)), "S\nSecret & more\nPage\n"},
		{"text box", "", biff(biffTXO, shorts(0, 0, 0, 0, 0, 5, 0, 0, 0)) + biff(biffContinue, "\x00boxed"), "S\nboxed\n"},
		{"link", "", biff(biffLink, shorts(0, 0, 0, 0), strings.Repeat("\x00", 24), string(urlMoniker), little(20), string(utf16leOf("http://x.e")), "\x00\x00"), "S\nhttp://x.e\n"},
		{"line ends in cells", "", biff(biffLabel, shorts(0, 0, 0), shortText("a\nb\tc")), "S\na b c\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(xls(workbookOf("S", 1, c.globals, c.sheet)), Hint{})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, d.Text); diff != "" || d.Status != Complete {
				t.Errorf("%s %s\n%s", d.Status, d.Detail, diff)
			}
		})
	}
}

func TestOldWorkbooks(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"BIFF2", biff(0x0009, shorts(2, 0x10)) + biff(0x0004, shorts(0, 0), "\x00\x00\x00\x04Name") + biff(0x0002, shorts(0, 1), "\x00\x00\x00", shorts(4111)) +
			biff(0x0003, shorts(1, 0), "\x00\x00\x00", double(1.5)) + biff(biffEOF), "Name\t4111\n1.5\n"},
		{"BIFF4", biff(0x0409, shorts(4, 0x10, 0)) + biff(biffCodePage, shorts(1251)) + biff(biffLabel, shorts(0, 0, 0), shorts(4), "\xcf\xeb\xe0\xed") + biff(biffRK, shorts(0, 1, 0), little(7<<2|2)) + biff(biffEOF), "План\t7\n"},
		{"BIFF5", biff(biffBOF, shorts(0x0500, 0x10, 0, 0)) + biff(biffRString, shorts(0, 0, 0), shorts(4), "Name", "\x00") + biff(biffNote, shorts(0, 0, 4), "note") + biff(biffEOF), "Name\nnote\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{Name: "a.xls"})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, d.Text); diff != "" || d.Status != Complete || d.Extension != "xls" {
				t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestMacroSheet(t *testing.T) {
	content := biff(biffBOF, biffGlobals) + biff(biffEOF) + biff(biffBOF, "\x00\x06\x40\x00", strings.Repeat("\x00", 12)) +
		biff(biffFormula, shorts(0, 0, 0), double(0), shorts(0, 0, 0), shorts(11), "\x17\x07\x00cmd.exe\x21", shorts(110)) + biff(biffEOF)
	d := extract(xls(content), Hint{})
	if d.Executable != "Excel 4.0 macros" || !strings.Contains(d.Text, "cmd.exe") {
		t.Errorf("%q, %q", d.Executable, d.Text)
	}
}

func TestWorkbookCutOff(t *testing.T) {
	whole := workbookOf("S", 0, "", strings.Repeat(biff(biffNumber, shorts(0, 0, 0), double(4111)), 500))
	d := extract(xls(whole[:len(whole)/2]), Hint{})
	if d.Status != Corrupt || !strings.Contains(d.Text, "4111") {
		t.Errorf("%s, %d characters", d.Status, d.Characters)
	}
	d = Extract(t.Context(), []byte(xls(workbookOf("S", 0, biff(biffSST, little(1, 1), shortText(strings.Repeat("a", 8000))),
		strings.Repeat(biff(biffLabelSST, shorts(0, 0, 0), little(0)), 2000)))), Hint{}, Limits{Characters: 100_000})
	if d.Status != Truncated || d.Characters != 100_000 {
		t.Errorf("a string that is shown often: %s, %d characters", d.Status, d.Characters)
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add(workbookOf("S", 1, biff(biffSST, little(1, 1), shortText("Grace")), biff(biffLabelSST, shorts(0, 0, 0), little(0)),
		biff(biffFormula, shorts(0, 1, 0), "\x00\x00\x00\x00\x00\x00\xff\xff", shorts(0, 0, 0), shorts(6), "\x17\x04\x00text"), biff(biffString, shortText("result")),
		biff(biffTXO, shorts(0, 0, 0, 0, 0, 5, 0, 0, 0)), biff(biffContinue, "\x00boxed")))
	f.Add(biff(0x0009, shorts(2, 0x10)) + biff(0x0004, shorts(0, 0), "\x00\x00\x00\x04Name"))
	f.Fuzz(func(t *testing.T, content string) {
		lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
		checkDocument(t, extractWithin(xls(content), lim), lim)
	})
}
