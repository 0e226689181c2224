package extract

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"testing"
	"unicode/utf16"
)

// record makes a record of a binary workbook.
func record(id int, data ...[]byte) []byte {
	var b []byte
	if id < 0x80 {
		b = append(b, byte(id))
	} else {
		b = append(b, byte(id)|0x80, byte(id>>7))
	}
	body := bytes.Join(data, nil)
	n := len(body)
	for {
		c := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			b = append(b, c|0x80)
			continue
		}
		return append(append(b, c), body...)
	}
}

func u16(v int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
func f64(v float64) []byte {
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
}

func wide(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := u32(len(units))
	for _, u := range units {
		b = append(b, u16(int(u))...)
	}
	return b
}

func cellAt(col, style int, more ...[]byte) []byte {
	return bytes.Join(append([][]byte{u32(col), u32(style)}, more...), nil)
}

// binaryWorkbook makes a workbook of binary parts with a sheet.
func binaryWorkbook(t testing.TB, sheet []byte, shared ...string) []byte {
	var table []byte
	for _, s := range shared {
		table = append(table, record(brtSSTItem, []byte{0}, wide(s))...)
	}
	rel := func(id, kind, target string) string {
		return `<Relationship Id="` + id + `" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `"/>`
	}
	return archive(t, map[string]string{
		"[Content_Types].xml": `<Types><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/><Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/></Types>`,
		"_rels/.rels":         `<Relationships>` + rel("rId1", "officeDocument", "xl/workbook.bin") + `</Relationships>`,
		"xl/_rels/workbook.bin.rels": `<Relationships>` + rel("rId1", "worksheet", "worksheets/sheet1.bin") + rel("rId2", "sharedStrings", "sharedStrings.bin") +
			rel("rId3", "styles", "styles.bin") + `</Relationships>`,
		"xl/workbook.bin":          string(record(brtBundleSh, u32(0), u32(1), wide("rId1"), wide("People"))),
		"xl/worksheets/sheet1.bin": string(sheet),
		"xl/sharedStrings.bin":     string(table),
		"xl/styles.bin": string(bytes.Join([][]byte{record(brtFmt, u16(164), wide("000-00-0000")), record(brtBeginCellXFs, u32(3)),
			record(brtXF, u16(0), u16(0)), record(brtXF, u16(0), u16(14)), record(brtXF, u16(0), u16(164)), record(brtEndCellXFs)}, nil)),
	})
}

func TestBinaryWorkbook(t *testing.T) {
	sheet := bytes.Join([][]byte{
		record(brtRowHdr, u32(0)),
		record(brtCellIsst, cellAt(0, 0, u32(0))),
		record(brtCellSt, cellAt(2, 0, wide("in place"))),
		record(brtCellBool, cellAt(3, 0, []byte{1})),
		record(brtRowHdr, u32(1)),
		record(brtCellRk, cellAt(0, 0, u32(1234<<2|3))),
		record(brtCellReal, cellAt(1, 1, f64(45306))),
		record(brtFmlaNum, cellAt(2, 2, f64(123456789), make([]byte, 6))),
		record(brtCellError, cellAt(3, 0, []byte{0x2a})),
	}, nil)
	d := extract(string(binaryWorkbook(t, sheet, "shared", "left")), Hint{})
	checkDocument(t, d, DefaultLimits)
	if want := "People\nshared\t\tin place\tTRUE\n12.34\t1/15/24\t123-45-6789\t#N/A\nleft\n"; d.Text != want || d.Status != Complete || d.Extension != "xlsb" {
		t.Errorf("%s %s %s %q, not %q", d.Extension, d.Status, d.Detail, d.Text, want)
	}
}

func TestMakeSamples(t *testing.T) {
	if os.Getenv("MAKE_SAMPLES") == "" {
		t.Skip("only on request")
	}
	var sheet []byte
	for row := range 200 {
		sheet = append(sheet, record(brtRowHdr, u32(row))...)
		sheet = append(sheet, record(brtCellIsst, cellAt(0, 0, u32(row%4)))...)
		sheet = append(sheet, record(brtCellReal, cellAt(1, 1, f64(float64(40000+row))))...)
		sheet = append(sheet, record(brtCellRk, cellAt(2, 0, u32((row*37)<<2|3)))...)
	}
	content := binaryWorkbook(t, sheet, "Ann Berg", "Ben Clark", "Carla Dorn", "Dirk Engel")
	if err := os.WriteFile("testdata/samples/Microsoft Excel binary.xlsb", content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNumbersAsPeopleSeeThem(t *testing.T) {
	for _, c := range []struct{ format, stored, want string }{
		{"", "0.30000000000000004", "0.3"},
		{"", "1.234E15", "1234000000000000"},
		{"", "4111111111111111", "4111111111111111"},
		{"General", "4.111111111111111E15", "4111111111111111"},
		{"", "-12.5", "-12.5"},
		{"", "1E-3", "0.001"},
		{"", "not a number", "not a number"},
		{"0.00", "3", "3.00"},
		{"0.00", "2.675", "2.68"},
		{"0", "2.5", "3"},
		{"0%", "0.025", "3%"},
		{"0.00%", "0.025", "2.50%"},
		{"#,##0.00", "1599.99", "1,599.99"},
		{"#,##0.00", "-1234567.5", "-1,234,567.50"},
		{"#,##0", "4111111111111111", "4,111,111,111,111,111 (4111111111111111)"},
		{"#,##0", "12", "12"},
		{"#,##0", "1234567", "1,234,567"},
		{"0%", "411111111111", "41111111111100% (411111111111)"},
		{"0.00", "4111111111111111", "4111111111111111.00"},
		{"0000 0000 0000 0000", "4111111111111111", "4111 1111 1111 1111"},
		{"0000-0000-0000-0000", "4111111111111111", "4111-1111-1111-1111"},
		{"$#,##0.00;[Red]($#,##0.00)", "-1599.99", "($1,599.99)"},
		{`_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)`, "12.5", "$12.50"},
		{"0.00E+00", "198000000", "1.98E+08 (198000000)"},
		{"0.00E+00", "0.00012", "1.20E-04"},
		{"##0.0E+0", "12345", "12.3E+3"},
		{"000-00-0000", "1234567", "001-23-4567"},
		{"000-00-0000", "123456789", "123-45-6789"},
		{`(###) ###-####`, "5551234567", "(555) 123-4567"},
		{`00000`, "123", "00123"},
		{"# ?/?", "2.5", "2 1/2"},
		{"# ??/??", "0.3125", "5/16"},
		{"# ?/?", "0.333", "1/3"},
		{"# ???/???", "3.14159265", "3 16/113"},
		{"# ?/8", "0.26", "2/8"},
		{"# ?/?", "0.99", "1"},
		{`0 "dollars and" .00 "cents"`, "19.99", "19 dollars and .99 cents"},
		{"0.0,,", "12345678", "12.3 (12345678)"},
		{";;;", "4111111111111111", "4111111111111111"},
		{"@", "42", "42"},
		{`"Item "0`, "7", "Item 7"},
		{"[>=1000]#,##0;0.0", "12", "12.0"},
		{"0.##", "1.5", "1.5"},
		{"0.##", "2", "2"},
		{"m/d/yyyy", "45306", "1/15/2024"},
		{"yyyy-mm-dd hh:mm:ss", "45306.75", "2024-01-15 18:00:00"},
		{"d-mmm-yy", "39219", "17-May-07"},
		{"h:mm AM/PM", "0.18055555555", "4:20 AM"},
		{`"At" h:mm AM/PM "on" dddd mmmm d"," yyyy`, "39219.1805555556", "At 4:20 AM on Thursday May 17, 2007"},
		{"[h]:mm", "1.5", "36:00"},
		{"mm:ss.0", "0.0000289351851852", "00:02.5"},
		{"mm/dd/yy", "60", "02/29/00"},
		{"mm/dd/yy", "1", "01/01/00"},
		{"m/d/yyyy", "-1", "-1"},
		{"m/d/yyyy", "4111111111111111", "4111111111111111"},
		{`yyyy"年"m"月"d"日"`, "45306", "2024年1月15日"},
		{"[$-409]mmmm d, yyyy;@", "45306", "January 15, 2024"},
		{"[$€-407] #,##0.00", "5", "€ 5.00"},
	} {
		if got := string(appendNumber(nil, []byte(c.stored), parseNumberFormat(c.format), false)); got != c.want {
			t.Errorf("%s in %s: %q, not %q", c.stored, c.format, got, c.want)
		}
	}
	if got := string(appendNumber(nil, []byte("43844"), parseNumberFormat("m/d/yyyy"), true)); got != "1/15/2024" {
		t.Errorf("since 1904: %q", got)
	}
}

func FuzzNumberFormat(f *testing.F) {
	f.Add("#,##0.00;[Red](#,##0.00);\"-\"", 1234.5)
	f.Add("[h]:mm:ss.00 AM/PM", 1.5)
	f.Add("# ??/??", 0.3)
	f.Add("##0.0E+0", 1e300)
	f.Fuzz(func(t *testing.T, code string, v float64) {
		if s := parseNumberFormat(code).append(nil, v, false); len(s) > 5000+4*len(code) {
			t.Errorf("%d octets", len(s))
		}
	})
}
