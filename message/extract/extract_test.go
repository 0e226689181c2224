package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func extract(content string, hint Hint) Document {
	return Extract(context.Background(), []byte(content), hint, DefaultLimits)
}

// allText is the text of a document and of those within it.
func allText(d Document) string {
	var b strings.Builder
	for _, in := range d.All() {
		if s := b.String(); s != "" && in.Text != "" && !strings.HasSuffix(s, "\n") {
			b.WriteByte('\n')
		}
		b.WriteString(in.Text)
	}
	return b.String()
}

// unread lists the documents within one that were not read whole.
func unread(d Document) (list []string) {
	for at, in := range d.All() {
		if at != "" && in.Status != Complete {
			list = append(list, at+" "+string(in.Status))
		}
	}
	return list
}

func utf16Text(s string, little, mark bool) string {
	var b bytes.Buffer
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if little {
			b.WriteByte(byte(u))
		}
		b.WriteByte(byte(u >> 8))
		if !little {
			b.WriteByte(byte(u))
		}
	}
	return b.String()
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, content string
		hint          Hint
		want          string
	}{
		{"ASCII", "Hello\n", Hint{}, "Hello\n"},
		{"UTF-8", "Grüße", Hint{MediaType: "text/plain", Charset: "utf-8"}, "Grüße"},
		{"Latin-1", "Gr\xfc\xdfe", Hint{Charset: "ISO-8859-1"}, "Grüße"},
		{"label that lies", "Grüße", Hint{Charset: "us-ascii"}, "Grüße"},
		{"unknown character set", "4111", Hint{Charset: "x-none"}, "4111"},
		{"UTF-16 with mark, mislabelled", utf16Text("Grüße", true, true), Hint{Charset: "us-ascii"}, "Grüße"},
		{"UTF-16 without mark", utf16Text("Hello, world", false, false), Hint{Name: "a.txt"}, "Hello, world"},
		{"UTF-16 by label", utf16Text("Hello, world", true, false), Hint{MediaType: "text/plain", Charset: "utf-16le"}, "Hello, world"},
		{"UTF-7", "+AGE-4111 +ADEAMQAxADE-", Hint{Charset: "utf-7"}, "a4111 1111"},
		{"ISO-2022-JP", "\x1b$B#4#1#1#1\x1b(B", Hint{Charset: "iso-2022-jp"}, "４１１１"},
		{"Cyrillic without label", "\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xdd\xf2\xee \xf2\xe5\xea\xf1\xf2 \xed\xe0 \xf0\xf3\xf1\xf1\xea\xee\xec \xff\xe7\xfb\xea\xe5.", Hint{},
			"Привет, как дела? Это текст на русском языке."},
		{"HTML called plain", "<b>4111</b>", Hint{MediaType: "text/plain"}, "<b>4111</b>"},
		{"unknown name", "Hello", Hint{Name: "a.xyz", MediaType: "application/octet-stream"}, "Hello"},
		{"source", "package main\n", Hint{Name: "main.go"}, "package main\n"},
		{"NUL in text", "Hello\x00world", Hint{MediaType: "text/plain"}, "Hello\x00world"},
		{"empty", "", Hint{Name: "a.docx"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, c.hint)
			checkDocument(t, d, DefaultLimits)
			if d.Status != Complete || d.Text != c.want {
				t.Errorf("%s (%s), text %q, not %q", d.Status, d.Detail, d.Text, c.want)
			}
		})
	}
}

func TestFlowedText(t *testing.T) {
	for _, c := range []struct {
		name, content string
		delsp         bool
		want          string
	}{
		{"a line that goes on", "4111 1111 \r\n1111 1111\r\nend", false, "4111 1111 1111 1111\nend"},
		{"blanks that are taken away", "4111 \r\n1111\r\n", true, "41111111\n"},
		{"quoted lines", "> a \r\n> b\r\n>> c \r\n> d\r\ne", false, "> a b\n>> c \n> d\ne"},
		{"a signature", "a \r\n-- \r\nAnn", false, "a \n-- \nAnn"},
		{"a stuffed blank", "a\r\n From b", false, "a\nFrom b"},
		{"nothing behind", "a ", false, "a "},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{MediaType: "text/plain", Flowed: true, DelSp: c.delsp})
			checkDocument(t, d, DefaultLimits)
			if d.Text != c.want || d.Status != Complete {
				t.Errorf("%s, %q, not %q", d.Status, d.Text, c.want)
			}
		})
	}
}

func TestCSV(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"commas", "Name,Card\r\nAnn,4111\r\n", "Name\tCard\nAnn\t4111\n"},
		{"semicolons", "Name;Card\nAnn;4111", "Name\tCard\nAnn\t4111"},
		{"numbers do not join", "4111,1111,1111", "4111\t1111\t1111"},
		{"quotes", "\"a,b\",\"c\"\"d\"\n\"two\nlines\",e\n", "a,b\tc\"d\ntwo lines\te\n"},
		{"quote never closed", "\"a,b\nc,d\n", "\"a\tb\nc\td\n"},
		{"empty cells", "a,,b\n", "a\t\tb\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{Name: "a.csv"})
			if d.Text != c.want || d.Status != Complete || d.Extension != "csv" {
				t.Errorf("%s %s, text %q, not %q", d.Extension, d.Status, d.Text, c.want)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"blocks", "<p>One</p><p>Two<br>Three</p>", "One\nTwo\nThree"},
		{"inline elements", "4111<b> 1111</b> 11<i>11</i> 1111", "4111 1111 1111 1111"},
		{"comments inside of numbers", "41<!-- x -->11", "4111\nx"},
		{"entities", "&#52;&#x31;11 &amp; &uuml;", "4111 & ü"},
		{"blanks", "  a \n\t b  ", "a b"},
		{"table", "<table><tr><th>Name</th><th>Card</th></tr><tr><td>Ann</td><td>4111</td></tr></table>", "Name\tCard\nAnn\t4111"},
		{"scripts and styles", "a<script>var x = 1;</script><style>p {}</style>b", "ab"},
		{"hidden elements", `<div style="display:none">4111</div>`, "4111"},
		{"noscript", "<noscript><p>4111</p></noscript>", "4111"},
		{"attributes", `<a href="http://x.example/?c=4111" title="T">go</a><img alt="A" src="cid:1"><input value="V">`,
			"go\nhttp://x.example/?c=4111\nT\nA\ncid:1\nV"},
		{"data link with text", `<a href="data:text/plain;base64,NDExMQ==">go</a>`, "go"},
		{"data link with a picture", `<img src="data:image/png;base64,AAAA">x`, "x"},
		{"elements within a drawing", "<svg><style><p>4111</p></svg>", "4111"},
		{"text of forms and frames", `<input placeholder="P"><iframe srcdoc="<b>F</b>"></iframe>`, "P\n<b>F</b>"},
		{"preformatted", "<pre>a\n  b</pre>", "a\n  b"},
		{"never closed", "a<b", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{MediaType: "text/html"})
			checkDocument(t, d, DefaultLimits)
			if d.Text != c.want || d.Status != Complete || d.MediaType != "text/html" {
				t.Errorf("%s %s, text %q, not %q", d.MediaType, d.Status, d.Text, c.want)
			}
		})
	}
}

func TestHTMLCharset(t *testing.T) {
	for name, d := range map[string]Document{
		"meta":  extract("<meta charset=iso-8859-1><p>Gr\xfc\xdfe", Hint{MediaType: "text/html"}),
		"label": extract("<p>Gr\xfc\xdfe", Hint{MediaType: "text/html", Charset: "iso-8859-1"}),
		"mark":  extract(utf16Text("<p>Grüße", true, true), Hint{MediaType: "text/html"}),
		"utf-8": extract("<p>Grüße", Hint{MediaType: "text/html"}),
		"name":  extract("<p>Grüße", Hint{Name: "a.htm", MediaType: "text/plain"}),
		"sniff": extract("<!DOCTYPE html><html><body><p>Grüße</body></html>", Hint{Name: "a.bin"}),
	} {
		if !strings.Contains(d.Text, "Grüße") || strings.Contains(d.Text, "<p>") {
			t.Errorf("%s: %q", name, d.Text)
		}
	}
}

// archive makes a zip file; a name of flags makes an encrypted member.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const wordTypes = `<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`

func wordDocument(t testing.TB, body string, more map[string]string) []byte {
	files := map[string]string{
		"[Content_Types].xml": wordTypes,
		"word/document.xml":   `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w"><w:body>` + body + `</w:body></w:document>`,
	}
	for name, content := range more {
		files[name] = content
	}
	return archive(t, files)
}

func paragraph(runs ...string) string {
	var b strings.Builder
	b.WriteString("<w:p>")
	for _, r := range runs {
		b.WriteString(`<w:r><w:t xml:space="preserve">` + r + `</w:t></w:r>`)
	}
	b.WriteString("</w:p>")
	return b.String()
}

func TestWordDocument(t *testing.T) {
	note := func(s string) string { return `<w:x xmlns:w="w">` + paragraph(s) + `</w:x>` }
	for _, c := range []struct {
		name, body string
		more       map[string]string
		want       string
	}{
		{"paragraphs and runs", paragraph("4111 ", "11", "11") + paragraph("Gr&#252;&amp;e"), nil, "4111 1111\nGrü&e\n"},
		{"tab and break", `<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>`, nil, "a\tb\nc\n"},
		{"table", `<w:tbl><w:tr><w:tc>` + paragraph("Name") + `</w:tc><w:tc>` + paragraph("Card") + `</w:tc></w:tr><w:tr><w:tc>` +
			paragraph("Ann") + `</w:tc><w:tc>` + paragraph("4111") + `</w:tc></w:tr></w:tbl>`, nil, "Name\tCard\nAnn\t4111\n"},
		{"other parts", paragraph("body"), map[string]string{"word/header1.xml": note("head"), "word/footer1.xml": note("foot"),
			"word/footnotes.xml": note("fn"), "word/endnotes.xml": note("en"), "word/comments.xml": note("co"), "word/styles.xml": note("no")},
			"body\nhead\nfoot\nfn\nen\nco\n"},
		{"text box in two forms", `<mc:AlternateContent><mc:Choice>` + paragraph("box") + `</mc:Choice><mc:Fallback>` + paragraph("box") +
			`</mc:Fallback></mc:AlternateContent>`, nil, "box\n"},
		{"two forms that differ", `<mc:AlternateContent><mc:Choice>` + paragraph("a") + `</mc:Choice><mc:Fallback>` + paragraph("b") +
			`</mc:Fallback></mc:AlternateContent>`, nil, "a\nb\n"},
		{"deleted text splits nothing", `<w:p><w:r><w:t>4111</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>1111</w:t></w:r></w:p>`,
			nil, "41111111\ngone\n"},
		{"main part of another name", "", map[string]string{"other/main.xml": note("real"), "word/glossary/document.xml": note("part")}, "real\npart\n"},
		{"HTML within", paragraph("a"), map[string]string{"word/afchunk.htm": "<p>4<b>1</b>11</p>"}, "a\n4111"},
		{"a document within", paragraph("a"), map[string]string{"word/embeddings/b.docx": string(wordDocument(t, paragraph("b"), nil))}, "a\nb\n"},
		{"what it is made up with", paragraph("a"), map[string]string{"word/media/a.png": "\x89PNG\r\n\x1a\n", "word/fonts/a.odttf": "\x00\x01",
			"word/theme/theme1.xml": note("no"), "customXml/itemProps1.xml": "<x>no</x>"}, "a\n"},
		{"links", paragraph("go"), map[string]string{"word/_rels/document.xml.rels": `<R><r Target="http://x.example/" TargetMode="External"/><r Target="a.xml"/></R>`},
			"go\nhttp://x.example/\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(wordDocument(t, c.body, c.more)), Hint{Name: "misnamed.png", MediaType: "image/png"})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, allText(d)); diff != "" || d.Status != Complete || d.Extension != "docx" || len(unread(d)) > 0 {
				t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestWhatIsWithinAWordDocumentIsNotPassedOver(t *testing.T) {
	inner := string(wordDocument(t, paragraph("inner"), map[string]string{"word/embeddings/c.bin": "\x00\x01\x02"}))
	d := extract(string(wordDocument(t, paragraph("outer"), map[string]string{
		"word/embeddings/a.pdf":  "%PDF-1.4\n",
		"word/embeddings/b.docx": inner,
	})), Hint{})
	want := []string{"a.pdf corrupt", "b.docx/c.bin unsupported"}
	if diff := cmp.Diff(want, unread(d)); diff != "" || d.Status != Complete || allText(d) != "outer\ninner\n" {
		t.Errorf("%s, %q\n%s", d.Status, allText(d), diff)
	}

	nested := "x"
	for range 10 {
		nested = string(wordDocument(t, paragraph("x"), map[string]string{"word/embeddings/a.docx": nested}))
	}
	d = Extract(context.Background(), []byte(nested), Hint{}, Limits{Nesting: 3})
	if allText(d) != "x\nx\nx\n" || !slices.Equal(unread(d), []string{"a.docx/a.docx truncated"}) {
		t.Errorf("nested deeper than the limit: %q, %v", allText(d), unread(d))
	}
	d = Extract(context.Background(), []byte(nested), Hint{}, Limits{Members: 8})
	if d.Status == Complete && len(unread(d)) == 0 {
		t.Error("members within members are not counted")
	}

	b := wordDocument(t, paragraph("clear"), map[string]string{"a.bin": "x"})
	i := bytes.Index(b, []byte("PK\x01\x02"))
	for ; i >= 0 && !bytes.HasPrefix(b[i+46:], []byte("a.bin")); i += 4 + bytes.Index(b[i+4:], []byte("PK\x01\x02")) {
	}
	b[i+8] |= 1
	if d := extract(string(b), Hint{}); d.Status != Protected || d.Text != "clear\n" {
		t.Errorf("one encrypted part hides the others: %s, %q", d.Status, d.Text)
	}
}

func TestWordProperties(t *testing.T) {
	d := extract(string(wordDocument(t, paragraph("x"), map[string]string{
		"docProps/core.xml":   `<c><dc:title>Plan</dc:title><dc:creator>Ann</dc:creator></c>`,
		"docProps/app.xml":    `<P><Company>Example</Company></P>`,
		"docProps/custom.xml": `<P><property name="Department"><vt:lpwstr>Sales</vt:lpwstr></property></P>`,
	})), Hint{})
	want := map[string]string{"Title": "Plan", "Author": "Ann", "Company": "Example", "Department": "Sales"}
	if diff := cmp.Diff(want, d.Properties); diff != "" {
		t.Error(diff)
	}
}

func TestDamagedWordDocument(t *testing.T) {
	whole := wordDocument(t, strings.Repeat(paragraph("Hello, world"), 1000), nil)
	d := extract(string(whole[:len(whole)-100]), Hint{Name: "a.docx"})
	if d.Status != Corrupt || !strings.Contains(d.Text, "Hello, world") {
		t.Errorf("%s with %d characters", d.Status, d.Characters)
	}
	checkDocument(t, d, DefaultLimits)
	d = extract(string(archive(t, map[string]string{"word/document.xml": "<w:p><w:t>4111</w:t></w:p><w:p <<<"})), Hint{})
	if d.Status != Corrupt || !strings.Contains(d.Text, "4111") {
		t.Errorf("%s with %q", d.Status, d.Text)
	}
}

func TestFormatsWithoutText(t *testing.T) {
	for _, c := range []struct {
		name, content, mediaType string
		status                   Status
	}{
		{"encrypted PDF", "%PDF-1.4\ntrailer <</Encrypt 5 0 R>>", "application/pdf", Protected},
		{"damaged OLE", string(oleMagic) + strings.Repeat("\x00", 600), "application/x-ole-storage", Corrupt},
		{"damaged picture", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png", Corrupt},
		{"program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00", "application/x-elf", Unsupported},
		{"film", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4", Unsupported},
		{"music", "ID3\x03\x00\x00\x00\x00\x00\x00\xff\xfb\x90", "audio/mpeg", Unsupported},
		{"LHA archive", "\x16\x00-lh5-\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "application/x-lzh-compressed", Unsupported},
		{"disk image", strings.Repeat("\x00", 1024) + "conectix" + strings.Repeat("\x00", 504), "application/x-vhd", Unsupported},
		{"volume with a secret", "LUKS\xba\xbe\x00\x01aes" + strings.Repeat("\x00", 600), "application/x-luks-volume", Protected},
		{"OpenSSL", "Salted__\x01\x02\x03\x04\x05\x06\x07\x08\x80\x81", "application/x-openssl-encrypted", Protected},
	} {
		t.Run(c.name, func(t *testing.T) {
			// A name and a label that lie change nothing.
			for _, hint := range []Hint{{}, {Name: "a.txt", MediaType: "text/plain"}, {Name: "a.docx"}} {
				d := extract(c.content, hint)
				checkDocument(t, d, DefaultLimits)
				if d.Status != c.status || !strings.HasPrefix(d.MediaType, c.mediaType) || d.Text != "" {
					t.Errorf("%s %s with the text %q", d.MediaType, d.Status, d.Text)
				}
			}
		})
	}
}

// samples has a document for every row of the catalogue with more than 100
// characters of text: made here, or a file in testdata/samples that has the name
// of the format.
func samples(t testing.TB) map[string]string {
	all := map[string]string{
		"CSV":              strings.Repeat("Ann,4111\n", 500),
		"HTML":             strings.Repeat("<p>Ann 4111</p>\n", 500),
		"Microsoft Word":   string(wordDocument(t, strings.Repeat(paragraph("Ann 4111"), 500), nil)),
		"Text":             strings.Repeat("Ann 4111\n", 500),
		"Internet message": "From: a@example.com\nSubject: Ann\n\n" + strings.Repeat("Ann 4111\n", 500),
		"Mailbox":          strings.Repeat("From a@example.com Mon Jan  5 10:00:00 2026\nFrom: a@example.com\nSubject: Ann\n\nAnn 4111\n\n", 100),
		"iCalendar":        "BEGIN:VCALENDAR\n" + strings.Repeat("SUMMARY:Ann 4111\n", 100) + "END:VCALENDAR\n",
		"vCard":            "BEGIN:VCARD\n" + strings.Repeat("NOTE:Ann 4111\n", 100) + "END:VCARD\n",
		"S/MIME and CMS":   cmsSignedData(t, strings.Repeat("Ann 4111\n", 500), false),
		"Enriched text":    strings.Repeat("<bold>Ann</bold> 4111\n\n", 100),
		"JSON":             "[" + strings.Repeat(`{"name": "Ann", "card": 4111},`, 100) + "1]",
		"XML":              `<?xml version="1.0"?><a>` + strings.Repeat("<b>Ann 4111</b>", 100) + "</a>",
	}
	files, err := filepath.Glob("testdata/samples/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(file)
		all[strings.TrimSuffix(base, filepath.Ext(base))] = string(content)
	}
	return all
}

func TestEveryFormatKeepsTheLimits(t *testing.T) {
	all := samples(t)
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			content, have := all[f.Name]
			if !have {
				t.Fatal("no sample")
			}
			hint := Hint{Name: "a." + f.Extensions[0]}
			hint.MediaType = f.MediaTypes[0]
			if d := extract(content, hint); d.Status != Complete || len(unread(d)) > 0 || len(allText(d)) <= 100 || d.MediaType != f.MediaTypes[0] {
				t.Errorf("without limits: %s %s, %d octets of text, not read: %v", d.MediaType, d.Status, len(allText(d)), unread(d))
			}
			lim := Limits{Characters: 100}
			d := Extract(context.Background(), []byte(content), hint, lim)
			checkDocument(t, d, lim)
			if d.Status != Truncated && len(unread(d)) == 0 {
				t.Errorf("a limit of 100 characters is not told of: %d octets of text", len(allText(d)))
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if d := Extract(ctx, []byte(content), hint, DefaultLimits); d.Status != Truncated {
				t.Errorf("without time: %s", d.Status)
			}
		})
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat(" ", 10<<20)
	bomb := wordDocument(t, paragraph("Hello")+zeros+paragraph("late"), nil)
	for name, lim := range map[string]Limits{"octets": {Inflated: 1 << 20}, "ratio": {}} {
		d := Extract(context.Background(), bomb, Hint{}, lim)
		if d.Status != Truncated || !strings.Contains(d.Text, "Hello") {
			t.Errorf("%s: %s (%s), %q", name, d.Status, d.Detail, d.Text)
		}
	}
	many := map[string]string{}
	for _, c := range "abcdefghij" {
		many["word/embeddings/"+string(c)+".txt"] = "x"
	}
	if d := Extract(context.Background(), wordDocument(t, paragraph("x"), many), Hint{}, Limits{Members: 3}); d.Status != Truncated {
		t.Errorf("members: %s", d.Status)
	}
	for name, body := range map[string]string{
		"DTD":   `<!DOCTYPE x [<!ENTITY a "b">]><w:t>&a;</w:t>`,
		"depth": strings.Repeat("<w:x>", 100_000),
	} {
		if d := extract(string(archive(t, map[string]string{"word/document.xml": body})), Hint{}); d.Status != Truncated {
			t.Errorf("%s: %s", name, d.Status)
		}
	}
}

func fuzzFormat(f *testing.F, hint Hint, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
	f.Fuzz(func(t *testing.T, content []byte) {
		checkDocument(t, Extract(context.Background(), content, hint, lim), lim)
	})
}

func FuzzText(f *testing.F) {
	fuzzFormat(f, Hint{Name: "a.txt"}, "Hello", "\xff\xfeH\x00", "Gr\xfc\xdfe", "\x1b$B#4\x1b(B")
}

func FuzzUTF7(f *testing.F) {
	fuzzFormat(f, Hint{MediaType: "text/plain", Charset: "utf-7"}, "+AGE-b", "+2D3cAA-", "+-", "+///")
}

func FuzzCSV(f *testing.F) {
	fuzzFormat(f, Hint{Name: "a.csv"}, "a,b\n\"c\nd\",e", "\"a", "sep=;\na;b")
}

func FuzzHTML(f *testing.F) {
	fuzzFormat(f, Hint{MediaType: "text/html"}, "<p>a<!-- b -->&amp;<a href='data:,x'>", "<script>a</script>b", "<pre><table><td>")
}

func FuzzWordDocument(f *testing.F) {
	fuzzFormat(f, Hint{}, string(wordDocument(f, paragraph("a")+"<w:tc/>", nil)))
}

// FuzzWordXML reaches what is inside of the archive, which octets that change at
// random do not.
func FuzzWordXML(f *testing.F) {
	f.Add(paragraph("a") + `<mc:AlternateContent><mc:Choice>a</mc:Choice><mc:Fallback/></mc:AlternateContent><w:del><w:instrText>x`)
	f.Fuzz(func(t *testing.T, body string) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.HuffmanOnly) })
		for _, name := range []string{"word/document.xml", "docProps/core.xml", "word/_rels/a.rels"} {
			w, _ := z.Create(name)
			io.WriteString(w, body)
		}
		z.Close()
		lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
		checkDocument(t, Extract(context.Background(), b.Bytes(), Hint{}, lim), lim)
	})
}

func BenchmarkExtract(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog 4111 1111.\n", 200)
	page := "<html><body>" + strings.Repeat(`<p style="margin:0">The quick <b>brown</b> fox jumps&nbsp;over <a href="http://x.example/">the lazy dog</a>.</p>`+"\n", 200) + "</body></html>"
	for name, c := range map[string]struct {
		content []byte
		hint    Hint
	}{
		"text": {[]byte(text), Hint{MediaType: "text/plain", Charset: "utf-8"}},
		"html": {[]byte(page), Hint{MediaType: "text/html", Charset: "utf-8"}},
		"docx": {wordDocument(b, strings.Repeat(paragraph("The quick ", "brown", " fox jumps over the lazy dog."), 300), nil), Hint{Name: "a.docx"}},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				Extract(context.Background(), c.content, c.hint, DefaultLimits)
			}
		})
	}
}
