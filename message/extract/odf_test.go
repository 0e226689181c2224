package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openFiles are the parts of an OpenDocument file of a kind.
func openFiles(kind, body string, more map[string]string) map[string]string {
	files := map[string]string{
		"mimetype":              oasis + kind,
		"META-INF/manifest.xml": `<manifest:manifest><manifest:file-entry manifest:full-path="/" manifest:media-type="` + oasis + kind + `"/></manifest:manifest>`,
		"content.xml":           `<office:document-content><office:body>` + body + `</office:body></office:document-content>`,
	}
	for name, content := range more {
		files[name] = content
	}
	return files
}

func TestOpenDocumentText(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"paragraphs and spans", `<text:h>Head</text:h><text:p>41<text:span>11</text:span><text:s text:c="2"/>x<text:tab/>y<text:line-break/>z</text:p>`, "Head\n4111  x\ty\nz\n"},
		{"table", `<table:table table:name="T"><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell><table:table-cell><text:p>Card</text:p></table:table-cell></table:table-row></table:table>`, "Name\tCard\n"},
		{"footnote behind its paragraph", `<text:p>41<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>a note</text:p></text:note-body></text:note>11</text:p><text:p>next</text:p>`,
			"4111\na note\nnext\n"},
		{"text box behind its paragraph", `<text:p>41<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box><svg:desc>a box</svg:desc></draw:frame>11</text:p>`, "4111\nboxed\na box\n"},
		{"comments", `<text:p>41<office:annotation><dc:creator>Ann</dc:creator><dc:date>2026-01-01</dc:date><text:p>a <text:date>1 May</text:date> remark</text:p></office:annotation>11</text:p>`, "4111\nAnn\na 1 May remark\n"},
		{"deleted text", `<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>here</text:p>`, "here\ngone\n"},
		{"links", `<text:p><text:a xlink:href="http://x.example/">go</text:a></text:p>`, "go\nhttp://x.example/\n"},
		{"forms", `<form:form><form:text form:current-value="4111"/><form:listbox><form:option form:label="red"/></form:listbox></form:form><text:p>x</text:p>`, "x\n4111\nred\n"},
		{"readings above characters", `<text:p><text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>kan</text:ruby-text></text:ruby>字</text:p>`, "漢字\nkan\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := `<office:text>` + c.body + `</office:text>`
			flat := `<?xml version="1.0"?><office:document office:mimetype="` + oasis + `text"><office:meta><dc:title>T</dc:title></office:meta><office:body>` + body + `</office:body></office:document>`
			packed := extract(string(archive(t, openFiles("text", body, nil))), Hint{})
			for extension, d := range map[string]Document{"odt": packed, "fodt": extract(flat, Hint{})} {
				checkDocument(t, d, DefaultLimits)
				want := c.want
				if extension == "fodt" {
					want += "Title: T\n"
				}
				if diff := cmp.Diff(want, d.Text); diff != "" || d.Status != Complete || d.Extension != extension {
					t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
				}
			}
		})
	}
}

func TestOpenDocumentCells(t *testing.T) {
	cell := func(attributes, text string) string {
		if text != "" {
			text = "<text:p>" + text + "</text:p>"
		}
		return `<table:table-cell ` + attributes + `>` + text + `</table:table-cell>`
	}
	row := func(cells ...string) string {
		return `<table:table-row>` + strings.Join(cells, "") + `</table:table-row>`
	}
	for _, c := range []struct{ name, rows, want string }{
		{"rows and cells", row(cell("", "Name"), cell("", "Card")) + row(cell("", "Ann"), cell("", "4111")), "Name\tCard\nAnn\t4111\n"},
		{"empty cells keep their place", row(cell(`table:number-columns-repeated="2"`, ""), cell("", "x"), cell("", ""), cell("", "y")), "\t\tx\t\ty\n"},
		{"cells that repeat", row(cell(`table:number-columns-repeated="3"`, "a"), cell("", "b")), "a\ta\ta\tb\n"},
		{"cells that repeat without end", row(cell("", "a"), cell(`table:number-columns-repeated="1000000000"`, ""), cell("", "b")), "a" + strings.Repeat("\t", mostGap) + "b\n"},
		{"rows that repeat without end", `<table:table-row table:number-rows-repeated="1000000">` + cell(`table:number-columns-repeated="1000000"`, "") + `</table:table-row>` + row(cell("", "a")), "a\n"},
		{"digits that a format hides", row(cell(`office:value-type="float" office:value="4111111111111111"`, "4.11E+15"), cell(`office:value-type="float" office:value="5.5"`, "5.50")),
			"4.11E+15 (4111111111111111)\t5.50\n"},
		{"values that are not shown", row(cell(`office:value-type="float" office:value="4111"`, ""), cell(`office:value-type="string" office:string-value="a"`, "")), "4111\ta\n"},
		{"paragraphs of a cell", row(cell("", "a</text:p><text:p>b"), cell("", "c")), "a b\tc\n"},
		{"comments", row(cell("", "x"), `<table:table-cell><office:annotation><text:p>a remark</text:p></office:annotation><text:p>y</text:p></table:table-cell>`), "x\ty\na remark\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(archive(t, openFiles("spreadsheet", `<office:spreadsheet><table:table table:name="People">`+c.rows+`</table:table></office:spreadsheet>`, nil))), Hint{})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff("People\n"+c.want, d.Text); diff != "" || d.Status != Complete || d.Extension != "ods" {
				t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestOpenDocumentRepeatedRowsAreBounded(t *testing.T) {
	rows := strings.Repeat(`<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"><text:p>`+strings.Repeat("x", 100)+`</text:p></table:table-cell></table:table-row>`, 1000)
	d := extract(string(archive(t, openFiles("spreadsheet", `<office:spreadsheet><table:table>`+rows+`</table:table></office:spreadsheet>`, nil))), Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Truncated {
		t.Errorf("%s, %d characters", d.Status, d.Characters)
	}
}

func TestPartsOfAnOpenDocument(t *testing.T) {
	d := extract(string(archive(t, openFiles("text", `<office:text><text:p>body</text:p></office:text>`, map[string]string{
		"styles.xml":             `<office:document-styles><office:master-styles><style:master-page><style:header><text:p>head <text:page-number>1</text:page-number></text:p></style:header></style:master-page></office:master-styles></office:document-styles>`,
		"Object 1/content.xml":   `<office:document-content><office:body><office:chart><chart:chart><table:table><table:table-row><table:table-cell><text:p>4111</text:p></table:table-cell></table:table-row></table:table></chart:chart></office:chart></office:body></office:document-content>`,
		"meta.xml":               `<office:document-meta><office:meta><dc:title>Plan</dc:title><meta:initial-creator>Ann</meta:initial-creator><meta:keyword>k1</meta:keyword><meta:keyword>k2</meta:keyword><meta:user-defined meta:name="Client">Example</meta:user-defined></office:meta></office:document-meta>`,
		"Basic/Standard/Mod.xml": `<script:module script:name="Mod">Sub Main</script:module>`,
		"Pictures/a.png":         "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"Object 2":               string(wordDocument(t, paragraph("within"), nil)),
		"settings.xml":           `<office:document-settings><config:config-item>no</config:config-item></office:document-settings>`,
	}))), Hint{})
	checkDocument(t, d, DefaultLimits)
	want := "body\nhead \n4111\t\nSub Main\nClient: Example\nKeywords: k1, k2\nTitle: Plan\n"
	if d.Text != strings.ReplaceAll(want, "\t\n", "\n") || d.Executable != "Basic macros" || !strings.Contains(allText(d), "within") {
		t.Errorf("%q %q", d.Text, d.Executable)
	}
	properties := map[string]string{"Title": "Plan", "Author": "Ann", "Keywords": "k1, k2", "Client": "Example"}
	if diff := cmp.Diff(properties, d.Properties); diff != "" {
		t.Error(diff)
	}
}

func TestEncryptedOpenDocument(t *testing.T) {
	d := extract(string(archive(t, openFiles("text", ``, map[string]string{
		"content.xml":           "\x01\x02\x03",
		"META-INF/manifest.xml": `<manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`,
	}))), Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Protected || d.Encryption == "" || d.Extension != "odt" {
		t.Errorf("%s %s %q", d.Extension, d.Status, d.Encryption)
	}
}

func TestIWork(t *testing.T) {
	index := `<sl:document><sf:p>41<sf:span>11</sf:span></sf:p><sf:grid sf:numcols="2"><sf:datasource><sf:t><sf:ct sfa:s="Name"/></sf:t><sf:n sf:v="4111"/></sf:datasource></sf:grid></sl:document>`
	d := extract(string(archive(t, map[string]string{"index.xml": index, "buildVersionHistory.plist": "<plist/>", "QuickLook/a.txt": "shown"})), Hint{})
	if want := "4111\nName\t4111\nshown"; allText(d) != want || d.Status != Complete || d.Extension != "pages" {
		t.Errorf("%s %s %q, not %q", d.Extension, d.Status, allText(d), want)
	}
	// A storage of text (type 2001) in an archive of objects that is not compressed
	// by anything: a literal of Snappy.
	text := "\x1a\x05Hello"
	info := "\x08\x01\x12\x05\x08\xd1\x0f\x18" + string(rune(len(text)))
	objects := string(rune(len(info))) + info + text
	chunk := string(rune(len(objects))) + string(rune((len(objects)-1)<<2)) + objects
	iwa := "\x00" + string(rune(len(chunk))) + "\x00\x00" + chunk
	d = extract(string(archive(t, map[string]string{"Index/Document.iwa": iwa})), Hint{Name: "a.pages"})
	if d.Text != "Hello\n" || d.Status != Unsupported {
		t.Errorf("%s %s %q", d.Status, d.Detail, d.Text)
	}
	d = extract(string(archive(t, map[string]string{"Index/Document.iwa": "\xff", ".iwpv2": "\x01"})), Hint{Name: "a.numbers"})
	if d.Status != Protected || d.Extension != "numbers" {
		t.Errorf("%s %s", d.Extension, d.Status)
	}
}

func TestOffice2003XML(t *testing.T) {
	sheet := `<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">` +
		`<DocumentProperties><Author>Ann</Author></DocumentProperties><Worksheet ss:Name="People"><Table><Row><Cell><Data ss:Type="String">Name</Data></Cell><Cell ss:Index="3"><Data ss:Type="Number">0.30000000000000004</Data>` +
		`<Comment ss:Author="Ben"><Data>a <B>remark</B></Data></Comment></Cell></Row><Row><Cell/><Cell><Data ss:Type="String">x</Data></Cell></Row></Table></Worksheet></Workbook>`
	d := extract(sheet, Hint{})
	if want := "People\nName\t\t0.3\n\tx\nBen\na remark\n"; d.Text != want || d.Status != Complete || d.Properties["Author"] != "Ann" {
		t.Errorf("%s %q, not %q, %v", d.Status, d.Text, want, d.Properties)
	}
	flat := `<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/document.xml"><pkg:xmlData><w:document>` + paragraph("4111") +
		`</w:document></pkg:xmlData></pkg:part><pkg:part pkg:name="/word/a.txt"><pkg:binaryData>c2Vj cmV0</pkg:binaryData></pkg:part></pkg:package>`
	if d := extract(flat, Hint{}); allText(d) != "4111\nsecret" || d.Status != Complete {
		t.Errorf("%s %q", d.Status, allText(d))
	}
}

func FuzzOpenDocument(f *testing.F) {
	f.Add(`<text:p>a<text:note><text:p>b</text:p></text:note></text:p>`)
	f.Add(`<office:spreadsheet><table:table><table:table-row table:number-rows-repeated="9"><table:table-cell table:number-columns-repeated="9"><text:p>a`)
	f.Add(`<office:annotation><text:p>x</office:annotation></text:p><table:table-cell/></table:table-row>`)
	lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
	f.Fuzz(func(t *testing.T, body string) {
		flat := `<office:document office:mimetype="` + oasis + `spreadsheet">` + body
		checkDocument(t, Extract(t.Context(), []byte(flat), Hint{}, lim), lim)
	})
}

func FuzzIWorkArchive(f *testing.F) {
	f.Add([]byte("\x00\x03\x00\x00\x01\x00a"))
	lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
	f.Fuzz(func(t *testing.T, iwa []byte) {
		content := archive(t, map[string]string{"Index/Document.iwa": string(iwa)})
		checkDocument(t, Extract(t.Context(), content, Hint{}, lim), lim)
	})
}

func TestWhatALimitCutsOffIsNotComplete(t *testing.T) {
	row := `<table:table-row table:number-rows-repeated="8"><table:table-cell table:number-columns-repeated="64"><text:p>漢字漢字</text:p></table:table-cell></table:table-row>`
	body := strings.Repeat(row, 10) + `<table:table-row><table:table-cell><text:p>4111</text:p></table:table-cell></table:table-row>`
	for n := 1000; n < 40_000; n += 1000 {
		d := Extract(t.Context(), archive(t, openFiles("spreadsheet", `<office:spreadsheet><table:table>`+body+`</table:table></office:spreadsheet>`, nil)), Hint{}, Limits{Characters: n})
		if d.Status == Complete && !strings.Contains(d.Text, "4111") {
			t.Errorf("with %d characters: complete, but not read to its end", n)
		}
		d = Extract(t.Context(), wordDocument(t, strings.Repeat(`<w:p><w:r><w:sym w:char="6F22"/></w:r><w:docPr descr="漢字漢字"/></w:p>`, 5000)+paragraph("4111"), nil), Hint{}, Limits{Characters: n})
		if d.Status == Complete && !strings.Contains(d.Text, "4111") {
			t.Errorf("with %d characters: complete, but not read to its end", n)
		}
	}
}
