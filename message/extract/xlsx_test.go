package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// excelFiles are the parts of a workbook with a sheet "People".
func excelFiles(sheet, shared string, more map[string]string) map[string]string {
	files := map[string]string{
		"[Content_Types].xml": `<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
		"_rels/.rels":         relations("r1", "officeDocument", "xl/workbook.xml"),
		"xl/_rels/workbook.xml.rels": relations("r1", "worksheet", "worksheets/sheet1.xml", "r2", "sharedStrings", "sharedStrings.xml", "r3", "styles", "styles.xml",
			"r4", "worksheet", "worksheets/sheet2.xml"),
		"xl/workbook.xml":          `<workbook><sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + sheet + `</sheetData></worksheet>`,
		"xl/sharedStrings.xml":     `<sst>` + shared + `</sst>`,
		"xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000\-00\-0000"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="11"/></cellXfs></styleSheet>`,
	}
	for name, content := range more {
		files[name] = content
	}
	return files
}

func TestWorkbookCells(t *testing.T) {
	for _, c := range []struct{ name, sheet, shared, want string }{
		{"shared strings", `<row><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>0</v></c></row>`, `<si><t>Card</t></si><si><t>Name</t></si>`, "Name\tCard\n"},
		{"rich text and how it is spoken", `<row><c t="s"><v>0</v></c></row>`,
			`<si><r><t>日本</t></r><r><t>オラクル</t></r><rPh><t>ニホン</t></rPh></si>`, "日本オラクル ニホン\n"},
		{"strings in their cells", `<row><c r="A1" t="inlineStr"><is><r><t>41</t></r><r><t>11</t></r></is></c><c r="B1" t="str"><f>A1</f><v>x</v></c></row>`, ``, "4111\tx\n"},
		{"empty cells keep their place", `<row r="1"><c r="B1"><v>1</v></c><c r="C1" s="1"/><c r="E1"><v>2</v></c></row>`, ``, "\t1\t\t\t2\n"},
		{"a gap without end", `<row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>`, ``, "1" + strings.Repeat("\t", mostGap) + "2\n"},
		{"cells without references", `<row><c><v>1</v></c><c><v>2</v></c></row>`, ``, "1\t2\n"},
		{"numbers in their formats", `<row><c s="1"><v>45306</v></c><c s="2"><v>123456789</v></c><c><v>0.30000000000000004</v></c><c><v>4.111111111111111E15</v></c></row>`, ``,
			"1/15/24\t123-45-6789\t0.3\t4111111111111111\n"},
		{"digits that a format hides", `<row><c s="3"><v>4111111111111111</v></c></row>`, ``, "4.11E+15 (4111111111111111)\n"},
		{"truth and errors", `<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>2024-01-15</v></c></row>`, ``, "TRUE\tFALSE\t#N/A\t2024-01-15\n"},
		{"line ends in a cell", `<row><c t="s"><v>0</v></c><c><v>1</v></c></row>`, "<si><t>a\nb_x000D_c</t></si>", "a b c\t1\n"},
		{"hidden rows", `<row hidden="1"><c><v>4111</v></c></row>`, ``, "4111\n"},
		{"strings that no cell has", `<row><c t="s"><v>1</v></c></row>`, `<si><t>left behind</t></si><si><t>a</t></si>`, "a\nleft behind\n"},
		{"a number of no string", `<row><c t="s"><v>7</v></c><c><v>1</v></c></row>`, ``, "\t1\n"},
		{"a formula that was never calculated", `<row><c><f>4111*10</f></c><c><f>5+5</f><v>10</v></c></row>`, ``, "\t10\n4111*10\n"},
		{"texts within formulas", `<row><c><f>"4111"&amp;" 1111 secret"</f><v>5</v></c></row>`, ``, "5\n 1111 secret\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(archive(t, excelFiles(c.sheet, c.shared, nil))), Hint{})
			checkDocument(t, d, DefaultLimits)
			want := "People\n" + strings.ReplaceAll(c.want, "\n 1111", "\n1111")
			if diff := cmp.Diff(want, d.Text); diff != "" || d.Status != Complete || d.Extension != "xlsx" {
				t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestWorkbookBesideItsCells(t *testing.T) {
	d := extract(string(archive(t, excelFiles(`<row><c><v>1</v></c></row></sheetData><hyperlinks><hyperlink ref="A1" tooltip="a tip" r:id="h"/></hyperlinks>`+
		`<dataValidations><dataValidation prompt="how to fill"><formula1>"red card,blue card"</formula1></dataValidation></dataValidations>`+
		`<headerFooter><oddHeader>&amp;L&amp;"Arial,Bold"&amp;12Top&amp;RRight &amp;P</oddHeader></headerFooter><sheetData>`, ``, map[string]string{
		"xl/workbook.xml": `<workbook><sheets><sheet name="People" r:id="r1"/><sheet name="Hidden" state="veryHidden" r:id="r4"/></sheets>` +
			`<definedNames><definedName name="Limit">4111</definedName><definedName name="_xlnm.Print_Area">People!A1</definedName></definedNames></workbook>`,
		"xl/worksheets/_rels/sheet1.xml.rels": relations("c", "comments", "../comments1.xml", "d", "drawing", "../drawings/drawing1.xml", "h", "hyperlink", "http://x.example/",
			"t", "threadedComment", "../threadedComments/threadedComment1.xml"),
		"xl/comments1.xml":                         `<comments><authors><author>Ann</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>a com</t></r><r><t>ment</t></r></text></comment></commentList></comments>`,
		"xl/threadedComments/threadedComment1.xml": `<ThreadedComments><threadedComment ref="A1"><text>a thread</text></threadedComment></ThreadedComments>`,
		"xl/drawings/drawing1.xml":                 `<xdr:wsDr><xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" name="TextBox 1" descr="a box"/></xdr:nvSpPr><xdr:txBody><a:p><a:r><a:t>boxed</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>`,
		"xl/worksheets/sheet2.xml":                 `<worksheet><sheetData><row><c><v>4111</v></c></row></sheetData></worksheet>`,
		"xl/externalLinks/externalLink1.xml":       `<externalLink><externalBook><sheetNames><sheetName val="Far"/></sheetNames><sheetDataSet><sheetData><row r="1"><cell r="A1"><v>5</v></cell><cell><v>6</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>`,
		"xl/pivotCache/pivotCacheDefinition1.xml":  `<pivotCacheDefinition><cacheFields><cacheField name="City"><sharedItems><s v="Rome"/><s v="Oslo"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>`,
		"xl/connections.xml":                       `<connections><connection name="c"><dbPr connection="Password=4111"/></connection></connections>`,
	}))), Hint{})
	checkDocument(t, d, DefaultLimits)
	want := []string{"People", "1", "a tip", "how to fill", "red card,blue card", "Top", "Right", "a comment", "Ann", "a thread", "boxed", "a box", "Hidden", "4111", "Limit\t4111",
		"5\t6", "Far", "City\tRome\tOslo", "Password=4111", "http://x.example/"}
	for _, w := range want {
		if !strings.Contains(d.Text, w+"\n") {
			t.Errorf("no line %q", w)
		}
	}
	if d.Status != Complete || strings.Contains(d.Text, "_xlnm") || strings.Contains(d.Text, "Arial") {
		t.Errorf("%s %s %q", d.Status, d.Detail, d.Text)
	}
}

func TestWorkbookDatesSince1904(t *testing.T) {
	d := extract(string(archive(t, excelFiles(`<row><c s="1"><v>43844</v></c></row>`, ``, map[string]string{
		"xl/workbook.xml": `<workbook><workbookPr date1904="1"/><sheets><sheet name="People" r:id="r1"/></sheets></workbook>`}))), Hint{})
	if d.Text != "People\n1/15/24\n" {
		t.Errorf("%q", d.Text)
	}
}

func TestSharedStringAmplification(t *testing.T) {
	var sheet strings.Builder
	for range 1000 {
		sheet.WriteString("<row>" + strings.Repeat(`<c t="s"><v>0</v></c>`, 100) + "</row>")
	}
	d := extract(string(archive(t, excelFiles(sheet.String(), "<si><t>"+strings.Repeat("x", 50_000)+"</t></si>", nil))), Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Truncated || d.Characters != DefaultLimits.Characters {
		t.Errorf("%s, %d characters", d.Status, d.Characters)
	}
}

func TestMacrosInAWorkbook(t *testing.T) {
	d := extract(string(archive(t, excelFiles(`<row><c><v>1</v></c></row>`, ``, map[string]string{"xl/vbaProject.bin": "\x00\x01"}))), Hint{})
	if d.Executable != vbaMacros || d.Status != Corrupt || !strings.Contains(d.Text, "1") {
		t.Errorf("%q %s %q", d.Executable, d.Status, d.Text)
	}
}

func slide(shapes ...string) string {
	var b strings.Builder
	b.WriteString(`<p:sld><p:cSld><p:spTree>`)
	for _, s := range shapes {
		b.WriteString(`<p:sp>` + s + `</p:sp>`)
	}
	return b.String() + `</p:spTree></p:cSld></p:sld>`
}

func shape(text string) string {
	return `<p:nvSpPr><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>` + text + `</a:t></a:r></a:p></p:txBody>`
}

func placeholder(attributes, text string) string {
	return `<p:nvSpPr><p:nvPr><p:ph ` + attributes + `/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>` + text + `</a:t></a:r></a:p></p:txBody>`
}

func TestSlides(t *testing.T) {
	table := `<a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Name</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Card</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>`
	files := map[string]string{
		"[Content_Types].xml":  `<Types><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"/></Types>`,
		"_rels/.rels":          relations("r", "officeDocument", "ppt/presentation.xml"),
		"ppt/presentation.xml": `<p:presentation><p:sldIdLst><p:sldId id="256" r:id="r2"/><p:sldId id="257" r:id="r1"/></p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels": relations("r1", "slide", "slides/slide1.xml", "r2", "slide", "slides/slide2.xml", "m", "slideMaster", "slideMasters/slideMaster1.xml",
			"a", "commentAuthors", "commentAuthors.xml"),
		"ppt/slides/slide1.xml":            slide(shape("shown last")),
		"ppt/slides/slide2.xml":            slide(placeholder(`type="title"`, "shown first"), table, `<p:grpSp>`+shape("in a group")+`</p:grpSp>`),
		"ppt/slides/slide3.xml":            slide(shape("in no list")),
		"ppt/slides/_rels/slide2.xml.rels": relations("n", "notesSlide", "../notesSlides/notesSlide1.xml", "c", "comments", "../comments/comment1.xml", "o", "oleObject", "../embeddings/a.docx"),
		"ppt/notesSlides/notesSlide1.xml":  `<p:notes>` + slide(placeholder(`type="body"`, "a note")) + `</p:notes>`,
		"ppt/comments/comment1.xml":        `<p:cmLst><p:cm authorId="0"><p:text>a remark</p:text></p:cm></p:cmLst>`,
		"ppt/commentAuthors.xml":           `<p:cmAuthorLst><p:cmAuthor id="0" name="Ann"/></p:cmAuthorLst>`,
		"ppt/slideMasters/slideMaster1.xml": slide(placeholder(`type="title"`, "Click to edit"), placeholder(`type="ftr"`, "the footer"), placeholder(`type="body" hasCustomPrompt="1"`, "a prompt"),
			shape("on every slide")),
		"ppt/slideMasters/_rels/slideMaster1.xml.rels": relations("l", "slideLayout", "../slideLayouts/slideLayout1.xml"),
		"ppt/slideLayouts/slideLayout1.xml":            slide(placeholder(``, "Click here"), shape("on the layout")),
		"ppt/embeddings/a.docx":                        string(wordDocument(t, paragraph("within"), nil)),
	}
	d := extract(string(archive(t, files)), Hint{})
	checkDocument(t, d, DefaultLimits)
	want := "shown first\nName\tCard\nin a group\na note\na remark\nshown last\nthe footer\na prompt\non every slide\non the layout\nAnn\nin no list\nwithin\n"
	if diff := cmp.Diff(want, allText(d)); diff != "" || d.Status != Complete || d.Extension != "ppsx" {
		t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
	}
}

func FuzzWorkbookXML(f *testing.F) {
	f.Add(`<row><c r="B1" t="s" s="1"><v>0</v></c></row>`, `<si><t>a</t><rPh><t>b</t></rPh></si>`)
	f.Add(`<c t="inlineStr"><is><t>x</t></is></c><oddHeader>&amp;"a</oddHeader>`, `<t>`)
	lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		checkDocument(t, Extract(t.Context(), archive(t, excelFiles(sheet, shared, nil)), Hint{}, lim), lim)
	})
}

func FuzzBinaryWorkbook(f *testing.F) {
	f.Add(record(brtCellIsst, cellAt(0, 0, u32(0))))
	f.Add(append(record(brtRowHdr, u32(0)), record(brtCellRString, cellAt(1, 2, []byte{3}, wide("a"), u32(1), u32(0), wide("b")))...))
	lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
	f.Fuzz(func(t *testing.T, sheet []byte) {
		checkDocument(t, Extract(t.Context(), binaryWorkbook(t, sheet, "a"), Hint{}, lim), lim)
	})
}

func FuzzPackage(f *testing.F) {
	f.Add(wordTypes, relations("r", "officeDocument", "word/document.xml"), paragraph("a"))
	f.Add(`<Types><Default Extension="xml" ContentType="application/vnd.ms-visio.drawing.main+xml"/></Types>`, relations("r", "slide", "../a#b"), `<p:sp><p:ph/></p:sp>`)
	lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
	f.Fuzz(func(t *testing.T, types, rels, part string) {
		content := archive(t, map[string]string{"[Content_Types].xml": types, "_rels/.rels": rels, "word/_rels/document.xml.rels": rels, "word/document.xml": part,
			"word/numbering.xml": part, "docProps/custom.xml": part, "ppt/slideMasters/a.xml": part, "customXml/item1.xml": part})
		checkDocument(t, Extract(t.Context(), content, Hint{}, lim), lim)
	})
}

func BenchmarkOffice(b *testing.B) {
	var sheet, shared, body, open strings.Builder
	for i := range 12_000 {
		fmt.Fprintf(&sheet, `<row r="%d"><c r="A%d" t="s"><v>%d</v></c><c r="B%d"><v>%d.5</v></c><c r="C%d" s="1"><v>%d</v></c></row>`, i+1, i+1, i%1000, i+1, i*37, i+1, 40000+i)
		fmt.Fprintf(&open, `<table:table-row><table:table-cell office:value-type="string"><text:p>Name %d</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="%d"><text:p>%d</text:p></table:table-cell></table:table-row>`, i, i*37, i*37)
	}
	for i := range 1000 {
		fmt.Fprintf(&shared, `<si><t>Name %d of a made-up list</t></si>`, i)
	}
	for range 7000 {
		body.WriteString(paragraph("The quick ", "brown", " fox jumps over the lazy dog."))
	}
	for name, c := range map[string]struct {
		content []byte
		xml     int
	}{
		"xlsx": {archive(b, excelFiles(sheet.String(), shared.String(), nil)), sheet.Len()},
		"docx": {wordDocument(b, body.String(), nil), body.Len()},
		"ods":  {archive(b, openFiles("spreadsheet", `<office:spreadsheet><table:table table:name="T">`+open.String()+`</table:table></office:spreadsheet>`, nil)), open.Len()},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(c.xml)) // of XML, about 1 MB
			b.ReportAllocs()
			for b.Loop() {
				if d := Extract(b.Context(), c.content, Hint{}, DefaultLimits); d.Status != Complete {
					b.Fatal(d.Detail)
				}
			}
		})
	}
}

func TestMacroSheets(t *testing.T) {
	d := extract(string(archive(t, excelFiles("", "", map[string]string{
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet" Target="macrosheets/sheet1.xml"/></Relationships>`,
		"xl/macrosheets/sheet1.xml":  `<xm:macrosheet><sheetData><row><c><f>EXEC("calc.exe")</f><v>1</v></c></row></sheetData></xm:macrosheet>`,
	}))), Hint{})
	if d.Executable == "" || !strings.Contains(d.Text, `EXEC("calc.exe")`) {
		t.Errorf("%q %q", d.Executable, d.Text)
	}
}
