package extract

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pdfOf makes a PDF file of objects, each numbered by its place from 1 on. The
// first is the catalog; trailer holds more entries of the trailer.
func pdfOf(trailer string, list ...string) string {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var table strings.Builder
	for i, o := range list {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(list)+1, &table, len(list)+1, trailer, at)
	return b.String()
}

func pdfStream(entries, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", entries, len(data), data)
}

const (
	pdfPages = "<</Type/Pages/Kids[3 0 R]/Count 1>>"
	pdfFont  = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
)

// pdfPage makes a file of one page with text, entries of the catalog and the
// page, and objects from 6 on.
func pdfPage(catalog, page, text string, more ...string) string {
	return pdfOf("", append([]string{
		"<</Type/Catalog/Pages 2 0 R" + catalog + ">>", pdfPages,
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>" + page + ">>",
		pdfStream("", "BT /F 12 Tf 10 700 Td ("+text+") Tj ET"), pdfFont,
	}, more...)...)
}

func TestPDF(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"a page", pdfPage("", "", "Hello"), "Hello\n"},
		{"what annotations say", pdfPage("", "/Annots[<</Subtype/Text/Contents(a comment)/T(Ann)>> <</Subtype/Link/A<</S/URI/URI(https://example.com/a)>>>>]", "Hello"),
			"Hello\na comment\nAnn\nhttps://example.com/a\n"},
		{"rich text of annotations", pdfPage("", "/Annots[<</Subtype/FreeText/RC(<?xml version=\"1.0\"?><body><p>rich &amp; famous</p></body>)>>]", "Hello"), "Hello\nrich & famous\n"},
		{"what an annotation looks like", pdfPage("", "/Annots[<</Subtype/FreeText/Rect[10 600 200 620]/Contents(typed)/AP<</N 6 0 R>>>>]", "Hello",
			pdfStream("/Subtype/Form/BBox[0 0 190 20]/Resources<</Font<</F 5 0 R>>>>", "BT /F 12 Tf 2 5 Td (typed) Tj ET")), "Hello\ntyped\n"},
		{"a field beside its label", pdfPage("/AcroForm<</Fields[6 0 R]>>", "/Annots[6 0 R]", "Card:",
			"<</Subtype/Widget/FT/Tx/T(cardno)/TU(Your card)/V(4111 1111)/Rect[100 695 300 715]>>"), "Card:\tYour card cardno: 4111 1111\n"},
		{"a field that looks like its value", pdfPage("/AcroForm<</Fields[6 0 R]>>", "/Annots[6 0 R]", "Card:",
			"<</Subtype/Widget/FT/Tx/T(cardno)/V(4111 1111)/Rect[100 695 300 715]/AP<</N 7 0 R>>>>",
			pdfStream("/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 5 0 R>>>>", "/Tx BMC BT /F 12 Tf 2 5 Td (4111 1111) Tj ET EMC")), "Card:\tcardno: 4111 1111\n"},
		{"a field that looks otherwise", pdfPage("/AcroForm<</Fields[6 0 R]>>", "/Annots[6 0 R]", "Card:",
			"<</Subtype/Widget/FT/Tx/T(cardno)/V(none)/Rect[100 695 300 715]/AP<</N 7 0 R>>>>",
			pdfStream("/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 5 0 R>>>>", "BT /F 12 Tf 2 5 Td (4111 1111) Tj ET")), "Card:\tcardno: none\n4111 1111\n"},
		{"a button", pdfPage("/AcroForm<</Fields[6 0 R]>>", "/Annots[6 0 R]", "Form",
			"<</Subtype/Widget/FT/Btn/T(b)/Rect[100 595 300 615]/AP<</N 7 0 R>>>>",
			pdfStream("/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 5 0 R>>>>", "BT /F 12 Tf 2 5 Td (Send) Tj ET")), "Form\nb: \nSend\n"},
		{"fields within fields", pdfPage("/AcroForm<</Fields[6 0 R]>>", "/Annots[7 0 R 8 0 R]", "Form",
			"<</T(person)/Kids[7 0 R 8 0 R]>>", "<</Parent 6 0 R/Subtype/Widget/FT/Tx/T(first)/V(Ann)/Rect[0 500 9 510]>>",
			"<</Parent 6 0 R/Subtype/Widget/FT/Btn/T(agreed)/V/Yes/Rect[0 400 9 410]>>"), "Form\nperson.first: Ann\nperson.agreed: Yes\n"},
		{"a field that no page shows", pdfPage("/AcroForm<</Fields[6 0 R]>>", "", "Form", "<</FT/Tx/T(hidden)/V(4111)>>"), "Form\nhidden: 4111\n"},
		{"a choice", pdfPage("/AcroForm<</Fields[6 0 R]>>", "", "Form", "<</FT/Ch/T(land)/V(de)/Opt[[(de)(Germany)][(fr)(France)]]>>"), "Form\nland: de Germany\nFrance\n"},
		{"a signature", pdfPage("/AcroForm<</Fields[6 0 R]>>", "", "Form", "<</FT/Sig/T(sig)/V<</Name(Ann)/Reason(I agree)>>>>"), "Form\nsig: Ann, I agree\n"},
		{"outlines", pdfPage("/Outlines<</First 6 0 R>>", "", "Hello", "<</Title(One)/Next 7 0 R>>", "<</Title<FEFF00540077006F>/First 6 0 R/Next 7 0 R>>"), "Hello\nOne\nTwo\n"},
		{"alternative texts", pdfPage("/StructTreeRoot<</K[6 0 R]>>", "", "Hello", "<</S/Figure/Alt(A passport)/K[6 0 R 0]>>"), "Hello\nA passport\n"},
		{"a form of XML", pdfPage("/AcroForm<</Fields[]/XFA[(template)6 0 R(datasets)7 0 R]>>", "", "Please wait",
			pdfStream("", "<xdp><template><subform><field name=\"n1\"><caption><value><text>Card</text></value></caption></field><draw><value><text>Welcome</text></value></draw></subform></template>"),
			pdfStream("", "<datasets><data><form><n1>4111 1111</n1></form></data></datasets></xdp>")), "Please wait\nCard\nWelcome\nn1 Card: 4111 1111\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{Name: "a.pdf"})
			checkDocument(t, d, DefaultLimits)
			if d.Status != Complete || d.Text != c.want || d.Extension != "pdf" || d.MediaType != "application/pdf" {
				t.Errorf("%s %s (%s), text %q, not %q", d.Extension, d.Status, d.Detail, d.Text, c.want)
			}
		})
	}
}

func TestPDFIsToldByItsContent(t *testing.T) {
	d := extract(pdfPage("", "", "Hello"), Hint{Name: "a.txt", MediaType: "text/plain"})
	if d.Extension != "pdf" || d.Text != "Hello\n" {
		t.Errorf("%s %q", d.Extension, d.Text)
	}
}

func TestDamagedFormOfXML(t *testing.T) {
	d := extract(pdfPage("/AcroForm<</XFA 6 0 R>>", "", "Hello", pdfStream("", "<xdp><template><text>Welcome</text><subform>")), Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Corrupt || d.Text != "Hello\nWelcome\n" {
		t.Errorf("%s (%s), text %q", d.Status, d.Detail, d.Text)
	}
}

func TestPDFAmongOtherFiles(t *testing.T) {
	page := pdfPage("", "", "Hello")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "a.pdf", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, page)
	z.Close()
	archive := b.String()
	if d := extract(archive, Hint{}); d.Extension != "zip" || len(d.Members) != 1 || d.Members[0].Text != "Hello\n" {
		t.Errorf("a document in an archive: %s, %d members", d.Extension, len(d.Members))
	}
	if d := extract(page+"\n"+archive, Hint{}); d.Extension != "pdf" || len(d.Members) != 1 || len(d.Defects) != 1 || d.Text != "Hello\n" {
		t.Errorf("an archive behind: %s, %d members, defects %q", d.Extension, len(d.Members), d.Defects)
	}
	if d := extract("\x00\x01junk\n"+page, Hint{}); d.Extension != "pdf" || d.Text != "Hello\n" {
		t.Errorf("something before: %s, text %q", d.Extension, d.Text)
	}
}

func TestFilesInPDF(t *testing.T) {
	file := func(text string) string { return pdfStream("/Type/EmbeddedFile/Subtype/text#2Fplain", text) }
	d := extract(pdfPage("/Names<</EmbeddedFiles<</Names[(key)6 0 R]>>>>/AF[6 0 R]", "/Annots[<</Subtype/FileAttachment/FS 9 0 R>>]", "Hello",
		"<</F(a.txt)/UF<FEFF00E4002E007400780074>/Desc(the first)/EF<</F 7 0 R/Unix 8 0 R>>/Unix(u.txt)>>", file("one"), file("two"),
		"<</F(note.txt)/EF<</F 10 0 R>>>>", file("three")), Hint{})
	checkDocument(t, d, DefaultLimits)
	var got [][]string
	for _, m := range d.Members {
		got = append(got, append([]string{m.Text, string(m.Status)}, m.Names...))
	}
	want := [][]string{
		{"one", "complete", "a.txt", "ä.txt", "u.txt", "key"}, {"two", "complete", "u.txt", "ä.txt", "a.txt", "key"}, {"three", "complete", "note.txt"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if d.Text != "Hello\nthe first\n" {
		t.Errorf("text %q", d.Text)
	}
}

func TestFilesInPDFThatCannotBeRead(t *testing.T) {
	var bomb bytes.Buffer
	z := zlib.NewWriter(&bomb)
	z.Write(make([]byte, 12<<20))
	z.Close()
	d := extract(pdfPage("/AF[6 0 R 7 0 R]", "", "Hello",
		"<</F(bomb.bin)/EF<</F 8 0 R>>>>", "<</F(odd.bin)/EF<</F 9 0 R>>>>",
		pdfStream("/Type/EmbeddedFile/Filter/FlateDecode", bomb.String()), pdfStream("/Type/EmbeddedFile/Filter/FooDecode", "x")), Hint{})
	checkDocument(t, d, DefaultLimits)
	if diff := cmp.Diff([]string{"bomb.bin truncated", "odd.bin unsupported"}, unread(d)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if d.Text != "Hello\n" || d.Status != Truncated {
		t.Errorf("%s (%s), text %q", d.Status, d.Detail, d.Text)
	}
}

func TestPropertiesOfPDF(t *testing.T) {
	const id = "2096f6a2-d2f7-48be-b329-b73aaa526e5d"
	xmp := `<?xpacket?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description rdf:about="" xmlns:pdf="p" pdf:Producer="Maker" xmlns:pdfx="x">` +
		`<dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bob</rdf:li></rdf:Seq></dc:creator><dc:title><rdf:Alt><rdf:li xml:lang="x">Plan</rdf:li></rdf:Alt></dc:title>` +
		`<pdfx:MSIP_Label_` + id + `_SiteId>cb46c030-1825-4e81-a295-151c039dbf02</pdfx:MSIP_Label_` + id + `_SiteId><pdfx:My` + "\u2182" + `0020Field>v</pdfx:My` + "\u2182" + `0020Field></rdf:Description></rdf:RDF></x:xmpmeta>`
	content := pdfOf("/Info 6 0 R", "<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R>>", pdfPages, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
		pdfStream("", "BT /F 12 Tf (x) Tj ET"), pdfFont,
		"<</Title<FEFF004700FC006C>/Department(Sales)/MSIP_Label_"+id+"_Enabled(true)/MSIP_Label_"+id+"_Name(Secret)>>", pdfStream("/Type/Metadata", xmp))
	d := extract(content, Hint{})
	checkDocument(t, d, DefaultLimits)
	for name, want := range map[string]string{"Title": "Gül", "Department": "Sales", "Author": "Ann; Bob", "Producer": "Maker", "My Field": "v"} {
		if got := d.Properties[name]; got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if diff := cmp.Diff([]Label{{ID: id, Name: "Secret", SiteID: "cb46c030-1825-4e81-a295-151c039dbf02", Enabled: true}}, d.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestProgramsInPDF(t *testing.T) {
	const script, launch = "JavaScript in a PDF", "a launch action"
	for _, c := range []struct{ name, content, want string }{
		{"none", pdfPage("/OpenAction[3 0 R/Fit]", "/Annots[<</Subtype/Link/A<</S/URI/URI(https://example.com)>>>>]", "x"), ""},
		{"when it is opened", pdfPage("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>", "", "x"), script},
		{"by name", pdfPage("/Names<</JavaScript<</Kids[<</Names[(a)<</S/JavaScript/JS 6 0 R>>]>>]>>>>", "", "x", pdfStream("", "1")), script},
		{"of a page", pdfPage("", "/AA<</O<</S/JavaScript/JS(1)>>>>", "x"), script},
		{"of a field", pdfPage("/AcroForm<</Fields[<</T(a)/AA<</K<</S/JavaScript/JS(1)>>>>>>]>>", "", "x"), script},
		{"behind another action", pdfPage("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[<</S/JavaScript/JS(1)>>]>>", "", "x"), script},
		{"a launch", pdfPage("", "/Annots[<</Subtype/Link/A<</S/Launch/F(cmd.exe)>>>>]", "x"), launch},
		{"both", pdfPage("/OpenAction<</S/Launch/Win<</F(a.exe)/P(/c)>>/Next<</S/JavaScript/JS(1)>>>>", "", "x"), script + ", " + launch},
		{"in a form of XML", pdfPage("/AcroForm<</XFA 6 0 R>>", "", "x", pdfStream("", "<xdp><template><script>1</script></template></xdp>")), script},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{})
			checkDocument(t, d, DefaultLimits)
			if d.Executable != c.want {
				t.Errorf("%q, not %q", d.Executable, c.want)
			}
		})
	}
}

func TestPDFThatNeedsASecret(t *testing.T) {
	for _, file := range []string{"secret-rc4-128.pdf", "secret-aes-128.pdf", "secret-aes-256.pdf"} {
		content, err := os.ReadFile(filepath.Join("pdf/testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		d := extract(string(content), Hint{})
		checkDocument(t, d, DefaultLimits)
		if d.Status != Protected || d.Encryption == "" || d.Text != "" {
			t.Errorf("%s: %s, encryption %q, text %q", file, d.Status, d.Encryption, d.Text)
		}
	}
	content, err := os.ReadFile("pdf/testdata/aes-256-r6.pdf")
	if err != nil {
		t.Fatal(err)
	}
	d := extract(string(content), Hint{})
	if d.Status != Complete || d.Encryption != "AES with 256 bits" || !strings.Contains(d.Text, "4111 1111 1111 1111") || d.Properties["Author"] != "Jane Doe" {
		t.Errorf("the empty password: %s (%s), encryption %q, text %q", d.Status, d.Detail, d.Encryption, d.Text)
	}
}

// TestOnlyFilesInPDFAreEncrypted holds that a document whose text is open is read
// while the files within need a secret.
func TestOnlyFilesInPDFAreEncrypted(t *testing.T) {
	secret := strings.Repeat("x", 48)
	lock := "<</Filter/Standard/V 5/R 6/Length 256/P -4/O(" + secret + ")/U(" + secret + ")/OE(" + secret[:32] + ")/UE(" + secret[:32] + ")" +
		"/CF<</StdCF<</CFM/AESV3>>>>/StmF/Identity/StrF/Identity/EFF/StdCF>>"
	d := extract(pdfOf("/Encrypt 8 0 R", "<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>>>", pdfPages,
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>", pdfStream("", "BT /F 12 Tf (open) Tj ET"), pdfFont,
		"<</F(a.txt)/EF<</F 7 0 R>>>>", pdfStream("/Type/EmbeddedFile", strings.Repeat("?", 64)), lock), Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Complete || d.Text != "open\n" || !strings.Contains(d.Encryption, "AES") {
		t.Errorf("%s (%s), encryption %q, text %q", d.Status, d.Detail, d.Encryption, d.Text)
	}
	if diff := cmp.Diff([]string{"a.txt protected"}, unread(d)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

// TestPagesThatArePictures holds that a scan is not said to be read.
func TestPagesThatArePictures(t *testing.T) {
	const picture, text = "q 612 0 0 792 0 0 cm /I Do Q", "BT /F 12 Tf 10 700 Td (Some text of the page that is long enough to count) Tj ET"
	pdf := func(contents ...string) string {
		list := []string{"<</Type/Catalog/Pages 2 0 R>>", "", pdfFont, pdfStream("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", "x")}
		var kids strings.Builder
		for _, c := range contents {
			n := len(list) + 1
			fmt.Fprintf(&kids, "%d 0 R ", n)
			list = append(list, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>/XObject<</I 4 0 R>>>>>>", n+1), pdfStream("", c))
		}
		list[1] = "<</Type/Pages/Kids[" + kids.String() + "]>>"
		return pdfOf("", list...)
	}
	for _, c := range []struct {
		name     string
		content  string
		status   Status
		pictures string
	}{
		{"text", pdf(text), Complete, ""},
		{"a scan", pdf(picture, picture), Unsupported, "1, 2"},
		{"a scan with a stamp", pdf(picture + " BT /F 8 Tf 10 10 Td (Scanned by X) Tj ET"), Unsupported, "1"},
		{"recognized text under the picture", pdf(picture + " BT 3 Tr /F 12 Tf 10 700 Td (Some text that was recognized in the picture of the page) Tj ET"), Complete, ""},
		{"a title page", pdf(picture, text, text), Complete, "1"},
		{"mostly pictures", pdf(picture, text, picture), Unsupported, "1, 3"},
		{"nothing", pdf(""), Complete, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{})
			checkDocument(t, d, DefaultLimits)
			if d.Status != c.status || d.Properties["PagesWithoutText"] != c.pictures {
				t.Errorf("%s (%s), pages %q", d.Status, d.Detail, d.Properties["PagesWithoutText"])
			}
		})
	}
}

func TestPDFKeepsTheLimits(t *testing.T) {
	lim := DefaultLimits
	lim.Characters = 10
	d := Extract(context.Background(), []byte(pdfPage("", "", "more than ten characters")), Hint{}, lim)
	checkDocument(t, d, lim)
	if d.Status != Truncated || d.Text != "more than " {
		t.Errorf("%s, text %q", d.Status, d.Text)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if d := Extract(ctx, []byte(pdfPage("", "", "Hello")), Hint{}, DefaultLimits); d.Status != Truncated {
		t.Errorf("out of time: %s", d.Status)
	}
}

func FuzzPDF(f *testing.F) {
	files, _ := filepath.Glob("pdf/testdata/*.pdf")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte(pdfPage("/AcroForm<</Fields[6 0 R]/XFA 7 0 R>>/Names<</EmbeddedFiles<</Names[(a)8 0 R]>>>>", "/Annots[6 0 R]", "Hello",
		"<</Subtype/Widget/FT/Tx/T(cardno)/V(4111 1111)/Rect[100 695 300 715]>>", pdfStream("", "<xdp><datasets><a>b</a></datasets></xdp>"), "<</F(a.txt)/EF<</F 9 0 R>>>>", pdfStream("", "x"))))
	lim := Limits{Characters: 20_000, Inflated: 4 << 20, Nesting: 3, Members: 20}
	f.Fuzz(func(t *testing.T, content []byte) {
		d := Extract(context.Background(), content, Hint{Name: "a.pdf"}, lim)
		checkDocument(t, d, lim)
		if d.Detail == "the document cannot be read" {
			t.Error("a panic")
		}
	})
}

// BenchmarkPDF reads a document of about 1 MB: pages of text in words that do not
// repeat much, compressed.
func BenchmarkPDF(b *testing.B) {
	list := []string{"<</Type/Catalog/Pages 2 0 R>>", "", pdfFont}
	random := rand.New(rand.NewPCG(1, 2))
	var kids strings.Builder
	for page := 0; page < 200; page++ {
		var content bytes.Buffer
		z := zlib.NewWriter(&content)
		fmt.Fprint(z, "BT /F 11 Tf 12 TL 50 750 Td\n")
		for range 58 {
			fmt.Fprint(z, "[")
			for range 14 {
				word := make([]byte, 2+random.IntN(8))
				for i := range word {
					word[i] = byte('a' + random.IntN(26))
				}
				fmt.Fprintf(z, "(%s)-%d( )", word, random.IntN(40))
			}
			fmt.Fprint(z, "] TJ T*\n")
		}
		fmt.Fprint(z, "ET")
		z.Close()
		n := len(list) + 1
		fmt.Fprintf(&kids, "%d 0 R ", n)
		list = append(list, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>", n+1),
			pdfStream("/Filter/FlateDecode", content.String()))
	}
	list[1] = "<</Type/Pages/Kids[" + kids.String() + "]>>"
	content := []byte(pdfOf("", list...))
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		d := Extract(context.Background(), content, Hint{}, Limits{Characters: 10_000_000})
		if d.Status != Complete {
			b.Fatalf("%s (%s)", d.Status, d.Detail)
		}
	}
}
