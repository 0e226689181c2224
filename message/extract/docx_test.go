package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// relations makes the relations of a part: identifier, kind and target of each.
func relations(list ...string) string {
	var b strings.Builder
	b.WriteString(`<Relationships>`)
	for i := 0; i+2 < len(list); i += 3 {
		mode := ""
		if strings.Contains(list[i+2], "://") {
			mode = ` TargetMode="External"`
		}
		b.WriteString(`<Relationship Id="` + list[i] + `" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + list[i+1] +
			`" Target="` + list[i+2] + `"` + mode + `/>`)
	}
	return b.String() + `</Relationships>`
}

// numbering has list 1, of three levels, and list 2, which begins it anew at 5.
const numbering = `<w:numbering><w:abstractNum w:abstractNumId="0">` +
	`<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>` +
	`<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl>` +
	`<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1.%2.%3"/></w:lvl></w:abstractNum>` +
	`<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl></w:abstractNum>` +
	`<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1"/></w:lvl></w:abstractNum>` +
	`<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>` +
	`<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>` +
	`<w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num></w:numbering>`

func listed(list, level, text string) string {
	return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + level + `"/><w:numId w:val="` + list + `"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
}

func TestNumberedParagraphs(t *testing.T) {
	more := map[string]string{
		"_rels/.rels":                  relations("r1", "officeDocument", "word/document.xml"),
		"word/_rels/document.xml.rels": relations("r1", "numbering", "numbering.xml", "r2", "styles", "styles.xml"),
		"word/numbering.xml":           numbering,
		"word/styles.xml": `<w:styles><w:style w:styleId="L"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>` +
			`<w:style w:styleId="M"><w:basedOn w:val="L"/></w:style></w:styles>`,
	}
	body := listed("1", "0", "one") + listed("1", "1", "one a") + listed("1", "1", "one b") + listed("1", "2", "deep") + listed("1", "0", "two") + listed("1", "1", "two a") +
		listed("2", "0", "five") + listed("3", "0", "dot") + listed("4", "0", "4111") + listed("0", "0", "none") +
		`<w:p><w:pPr><w:pStyle w:val="M"/></w:pPr><w:r><w:t>by style</w:t></w:r></w:p>` +
		`<w:p><w:pPr><w:pPrChange><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr></w:pPrChange></w:pPr><w:r><w:t>not any more</w:t></w:r></w:p>`
	d := extract(string(wordDocument(t, body, more)), Hint{})
	want := "1. one\na) one a\nb) one b\n1.b.I deep\n2. two\na) two a\n5. five\n· dot\n3\t4111\nnone\n6. by style\nnot any more\n"
	if diff := cmp.Diff(want, d.Text); diff != "" || d.Status != Complete {
		t.Errorf("%s %s\n%s", d.Status, d.Detail, diff)
	}
}

func TestWordText(t *testing.T) {
	run := func(s string) string { return `<w:r><w:t>` + s + `</w:t></w:r>` }
	box := `<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>` + paragraph("in a box") + `</w:txbxContent></wps:txbx></w:drawing></mc:Choice>` +
		`<mc:Fallback><w:pict><v:textbox><w:txbxContent>` + paragraph("in a box") + `</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>`
	for _, c := range []struct{ name, body, want string }{
		{"text box behind its paragraph", `<w:p>` + run("4111") + box + run("1111") + `</w:p>` + paragraph("next"), "41111111\nin a box\nnext\n"},
		{"hidden text in its place", `<w:p>` + run("a") + `<w:r><w:rPr><w:vanish/></w:rPr><w:t>b</w:t></w:r></w:p>`, "ab\n"},
		{"fields show their results", `<w:p><w:r><w:fldChar/></w:r><w:r><w:instrText>HYPERLINK "http://x.example/"</w:instrText></w:r>` + run("go") + `</w:p>`,
			"go\nHYPERLINK \"http://x.example/\"\n"},
		{"alternative texts", `<w:p>` + run("a") + `<w:drawing><wp:docPr id="1" name="Picture 1" descr="a red house" title="House"/></w:drawing></w:p>`, "a\na red house\nHouse\n"},
		{"choices of a field of a form", `<w:sdt><w:sdtPr><w:alias w:val="Colour"/><w:dropDownList><w:listItem w:displayText="red" w:value="r"/></w:dropDownList></w:sdtPr>` +
			`<w:sdtContent>` + paragraph("choose") + `</w:sdtContent></w:sdt>`, "choose\nColour\nred\nr\n"},
		{"characters of a font of symbols", `<w:p>` + run("4") + `<w:r><w:sym w:font="Symbol" w:char="F031"/></w:r>` + run("11") + `</w:p>`, "4111\n"},
		{"readings above characters", `<w:p><w:r><w:ruby><w:rt>` + run("ka") + `</w:rt><w:rubyBase>` + run("漢") + `</w:rubyBase></w:ruby></w:r>` + run("字") + `</w:p>`, "漢字\nka\n"},
		{"formulas", `<w:p><m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath></w:p>`, "E=mc\n"},
		{"watermarks", `<w:p><w:pict><v:shape><v:textpath string="SECRET"/></v:shape></w:pict></w:p>`, "\nSECRET\n"},
		{"boxes to check", `<w:p><w:r><w:ffData><w:checkBox><w:default w:val="0"/></w:checkBox></w:ffData></w:r>` + run("a") + `<w:ffData><w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox></w:ffData>` + run("b") + `</w:p>`,
			"|_|a|X|b\n"},
		{"deletions of Word 2003", `<w:p>` + run("41") + `<aml:annotation w:type="Word.Deletion"><aml:content><w:r><w:delText>gone</w:delText></w:r></aml:content></aml:annotation>` + run("11") + `</w:p>`,
			"4111\ngone\n"},
		{"default of a field", `<w:p><w:r><w:ffData><w:textInput><w:default w:val="4111"/></w:textInput></w:ffData></w:r></w:p>`, "\n4111\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(wordDocument(t, c.body, nil)), Hint{})
			checkDocument(t, d, DefaultLimits)
			if d.Text != c.want || d.Status != Complete {
				t.Errorf("%s %s %q, not %q", d.Status, d.Detail, d.Text, c.want)
			}
		})
	}
}

func TestPartsOfAPackage(t *testing.T) {
	main := `<w:document><w:body>` + paragraph("body") + `</w:body></w:document>`
	part := func(s string) string { return `<w:hdr>` + paragraph(s) + `</w:hdr>` }
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"names of another program", map[string]string{
			"[Content_Types].xml":    `<Types><Override PartName="/x/main.part" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
			"_rels/.rels":            relations("r", "officeDocument", "/x/main.part"),
			"x/_rels/main.part.rels": relations("r", "header", "top.part", "s", "hyperlink", "http://x.example/"),
			"x/main.part":            main, "x/top.part": part("head"),
		}, "body\nhead\nhttp://x.example/\n"},
		{"backslashes and other case", map[string]string{
			`[content_types].XML`: wordTypes, `_rels\.rels`: relations("r", "officeDocument", "Word/Document.xml"),
			`WORD\document.xml`: main, `word\_rels\document.xml.rels`: relations("r", "footer", "Footer1.xml"), `word\footer1.xml`: part("foot"),
		}, "body\nfoot\n"},
		{"no content types", map[string]string{"word/document.xml": main, "word/header1.xml": part("head")}, "body\nhead\n"},
		{"strict", map[string]string{
			"[Content_Types].xml": wordTypes,
			"_rels/.rels":         `<Relationships><Relationship Id="r" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
			"word/document.xml":   main,
		}, "body\n"},
		{"an external template is only named", map[string]string{
			"[Content_Types].xml": wordTypes, "word/document.xml": main,
			"word/_rels/settings.xml.rels": relations("r", "attachedTemplate", "http://x.example/t.dotm"), "word/settings.xml": `<w:settings/>`,
		}, "body\nhttp://x.example/t.dotm\n"},
		{"variables of settings", map[string]string{
			"[Content_Types].xml": wordTypes, "word/document.xml": main, "word/settings.xml": `<w:settings><w:docVars><w:docVar w:name="a" w:val="4111"/></w:docVars></w:settings>`,
		}, "body\n4111\n"},
		{"XML for other programs", map[string]string{
			"[Content_Types].xml": wordTypes, "word/document.xml": main, "customXml/item1.xml": `<a><b>4111</b><b>Ann</b></a>`,
		}, "body\n4111\nAnn\n"},
		{"a chunk in another format", map[string]string{
			"[Content_Types].xml": wordTypes, "word/document.xml": main, "word/_rels/document.xml.rels": relations("r", "aFChunk", "afchunk.dat"),
			"word/afchunk.dat": "<html><body><p>4<b>1</b>11</p></body></html>",
		}, "body\n4111"},
		{"charts and diagrams", map[string]string{
			"[Content_Types].xml": wordTypes, "word/document.xml": main,
			"word/_rels/document.xml.rels": relations("a", "chart", "charts/chart1.xml", "b", "diagramData", "diagrams/data1.xml", "c", "diagramDrawing", "diagrams/drawing1.xml"),
			"word/charts/chart1.xml": `<c:chartSpace><c:title><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:title><c:ser><c:strCache><c:pt><c:v>May</c:v></c:pt><c:pt><c:v>June</c:v></c:pt></c:strCache>` +
				`<c:numCache><c:formatCode>0.0</c:formatCode><c:pt><c:v>1.25</c:v></c:pt><c:pt><c:v>0.30000000000000004</c:v></c:pt></c:numCache></c:ser></c:chartSpace>`,
			"word/diagrams/data1.xml":    `<dgm:dataModel><a:p><a:r><a:t>Boss</a:t></a:r></a:p></dgm:dataModel>`,
			"word/diagrams/drawing1.xml": `<dsp:drawing><a:p><a:r><a:t>Boss</a:t></a:r></a:p><a:p><a:r><a:t>Only drawn</a:t></a:r></a:p></dsp:drawing>`,
		}, "body\nSales\nMay\tJune\n1.3\t0.3\nBoss\nOnly drawn\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(archive(t, c.files)), Hint{})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, allText(d)); diff != "" || d.Status != Complete || d.Extension != "docx" {
				t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestContentAroundAPackage(t *testing.T) {
	d := extract("4111 in front\n"+string(wordDocument(t, paragraph("body"), nil)), Hint{})
	if d.Extension != "docx" || !strings.HasPrefix(d.Text, "body\n") || !strings.Contains(allText(d), "4111") || len(d.Defects) == 0 {
		t.Errorf("%s %q %v", d.Extension, allText(d), d.Defects)
	}
}

func TestDocumentsAmongPictures(t *testing.T) {
	d := extract(string(wordDocument(t, paragraph("x"), map[string]string{
		"word/media/image1.png": string(archive(t, map[string]string{"a.txt": "4111"})), // no picture at all
		"word/media/image2.emf": "\x00\x01\x02\x03 no picture that anyone knows",
	})), Hint{})
	if !strings.Contains(allText(d), "4111") {
		t.Errorf("what is called a picture is not read: %q", allText(d))
	}
	if list := unread(d); d.Status != Complete || len(list) > 0 {
		t.Errorf("%s %v", d.Status, list)
	}
}

func TestLabelsOfOffice(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	d := extract(string(wordDocument(t, paragraph("x"), map[string]string{
		"docProps/custom.xml": `<P><property name="MSIP_Label_` + id + `_Enabled"><vt:lpwstr>true</vt:lpwstr></property>` +
			`<property name="MSIP_Label_` + id + `_Name"><vt:lpwstr>Secret</vt:lpwstr></property></P>`,
	})), Hint{})
	want := []Label{{ID: id, Name: "Secret", Enabled: true}}
	if diff := cmp.Diff(want, d.Labels); diff != "" || d.Text != "x\n" {
		t.Errorf("%q\n%s", d.Text, diff)
	}
	d = extract(string(wordDocument(t, paragraph("x"), map[string]string{
		"_rels/.rels":               `<Relationships><Relationship Id="r" Type="http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels" Target="docMetadata/LabelInfo.xml"/></Relationships>`,
		"docMetadata/LabelInfo.xml": `<clbl:labelList><clbl:label id="{` + strings.ToUpper(id) + `}" enabled="1" method="Privileged" siteId="{` + id + `}" removed="0"/></clbl:labelList>`,
	})), Hint{})
	want = []Label{{ID: id, SiteID: id, Enabled: true}}
	if diff := cmp.Diff(want, d.Labels); diff != "" {
		t.Error(diff)
	}
}

func TestPropertiesThatPeopleWrite(t *testing.T) {
	d := extract(string(wordDocument(t, paragraph("x"), map[string]string{
		"docProps/core.xml":   `<c><dc:title>4111</dc:title><dc:creator>Ann</dc:creator></c>`,
		"docProps/app.xml":    `<P><Application>Office</Application><TotalTime>5</TotalTime></P>`,
		"docProps/custom.xml": `<P><property name="Client"><vt:lpwstr>Example</vt:lpwstr></property></P>`,
	})), Hint{})
	if want := "x\nClient: Example\nTitle: 4111\n"; d.Text != want {
		t.Errorf("%q, not %q", d.Text, want)
	}
}
