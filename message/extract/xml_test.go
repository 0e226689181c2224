package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// xmlTokens gives the tokens of a document, a line each, with neighbouring
// characters joined. The attributes asked for are shown in order.
func xmlTokens(src io.Reader, names ...string) (tokens string, damaged bool) {
	x := newXMLScanner(src)
	defer x.close()
	var l tokenList
	for {
		switch kind := x.next(); kind {
		case xmlStart:
			l.begin("<" + string(x.name))
			for _, name := range names {
				fmt.Fprintf(&l, " %s=%q", name, x.attribute(name))
			}
		case xmlEnd:
			l.begin("</" + string(x.name))
		case xmlText:
			l.text(x.text)
		case xmlDirective:
			l.begin("!")
			return strings.TrimPrefix(l.String(), "\n"), x.damaged
		case xmlDone:
			return strings.TrimPrefix(l.String(), "\n"), x.damaged
		}
	}
}

type tokenList struct {
	strings.Builder
	within bool // of characters
}

func (l *tokenList) begin(s string) {
	l.within = false
	l.WriteString("\n" + s)
}

func (l *tokenList) text(b []byte) {
	if !l.within && len(b) > 0 {
		l.begin("|")
		l.within = true
	}
	l.Write(b)
}

func TestXMLScanner(t *testing.T) {
	long := strings.Repeat("x&amp;yü]\r\n", 20_000)
	for _, c := range []struct{ name, in, want string }{
		{"tags", `<a><b:c d="e" x:f='g'/></a>`, "<a d=\"\" f=\"\"\n<c d=\"e\" f=\"g\"\n</c\n</a"},
		{"blanks in tags", "<a \n d = \"e\"\tf='\"' ></a >", "<a d=\"e\" f=\"\\\"\"\n</a"},
		{"end of a tag in a value", `<a d="/>" f='<'>`, `<a d="/>" f="<"`},
		{"attributes without quotes", `<a d=e f/>`, "<a d=\"e\" f=\"f\"\n</a"},
		{"references", `&lt;&amp;&quot;&apos;&gt;&#52;&#x31;&#X31;&#0000000000000000000000049;&#x1F600;`, "|<&\"'>41&#X31;1\U0001f600"},
		{"unknown references", `&nbsp;&#;&#x;&# 1;&#x110000;&#99999999999999999999;& &amp`, "|&nbsp;&#;&#x;&# 1;&#x110000;&#99999999999999999999;& &amp"},
		{"half a pair", "&#xD800;", "|\ufffd"},
		{"references in values", `<a d="&#52;1&amp;"/>`, "<a d=\"41&\" f=\"\"\n</a"},
		{"line ends", "a\r\nb\rc\n&#13;\nd", "|a\nb\nc\n\r\nd"},
		{"sections", "a<![CDATA[<&amp;]]]]>b<![CDATA[]]>c", "|a<&amp;]]bc"},
		{"comments and instructions", "<?xml version='1.0'?>41<!-- <x> --><?y <z>?>11", "|4111"},
		{"definitions", "<a/><!DOCTYPE x [<!ENTITY y '4111'>]>", "<a d=\"\" f=\"\"\n</a\n!"},
		{"UTF-16", utf16Text("<ü>", true, true), `<ü d="" f=""`},
		{"UTF-16 of the other order", utf16Text("<?xml version='1.0' encoding='UTF-16'?><ü>", false, true), `<ü d="" f=""`},
		{"UTF-8 with a mark", "\ufeff<ü>", `<ü d="" f=""`},
		{"declared encoding", "<?xml version='1.0' encoding='ISO-8859-1'?><\xfc>", `<ü d="" f=""`},
		{"many characters", "<a>" + long + "</a>", "<a d=\"\" f=\"\"\n|" + strings.Repeat("x&yü]\n", 20_000) + "\n</a"},
		{"a long section", "<![CDATA[" + long + "]]>", "|" + strings.ReplaceAll(long, "\r", "")},
		{"a long comment", "a<!--" + long + "-->b", "|ab"},
		{"a long tag", `<a e="` + long + `" d="1">`, `<a d="1" f=""`},
		{"characters of two octets", strings.Repeat("ü", xmlWindow+1), "|" + strings.Repeat("ü", xmlWindow+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{"whole": strings.NewReader(c.in), "by octets": iotest.OneByteReader(strings.NewReader(c.in))} {
				got, damaged := xmlTokens(src, "d", "f")
				if wantDamage := c.name == "end of a tag in a value"; got != c.want || damaged != wantDamage {
					t.Errorf("%s: damaged %v, tokens\n%.300s\nnot\n%.300s", name, damaged, got, c.want)
				}
			}
		})
	}
}

// What is not well-formed is noticed, and what can be read before is given.
func TestXMLScannerNoticesDamage(t *testing.T) {
	for _, in := range []string{
		"a<", "a</", "a<b", "a<b ", "a<b c", "a<b c='", "a<b c=''", "a< b>", "a<b", "a</b", "a</b c>", "a<1>", "a<b/ >", "a<a:b:c>", "a<b c='<'>",
		"a<!-- x", "a<!-- x -- y -->", "a<!-- x --->", "a<![CDATA[", "a<![CDATA[x]]", "a]]>", "a<?x", "a<? x?>",
		"a\x00", "a\x1f", "a\xff", "a\ufffe", "a&#0;", "a&#xffff;", "a<b c='\x01'>", "a<![CDATA[\x01]]>", "a\xe2\x82",
		"a" + strings.Repeat("ü", xmlWindow) + "\xc3",
	} {
		for name, src := range map[string]io.Reader{"whole": strings.NewReader(in), "by octets": iotest.OneByteReader(strings.NewReader(in)),
			"cut off": io.MultiReader(strings.NewReader("a"), iotest.ErrReader(io.ErrUnexpectedEOF))} {
			if got, damaged := xmlTokens(src); !damaged || !strings.HasPrefix(got, "|a") {
				t.Errorf("%.20q, %s: damaged %v, tokens %.20q", in, name, damaged, got)
			}
		}
	}
	if got, damaged := xmlTokens(strings.NewReader("<a " + strings.Repeat("b='c' ", xmlTag/6+1) + "/>")); !damaged || got != "" {
		t.Errorf("a tag beyond the limit: damaged %v, %.20q", damaged, got)
	}
	// Depth of reading does not follow from what is passed over.
	if got, damaged := xmlTokens(strings.NewReader(strings.Repeat("<!---->", 1<<20) + "a")); damaged || got != "|a" {
		t.Errorf("very many comments: damaged %v, %.20q", damaged, got)
	}
}

// libraryTokens gives the tokens as encoding/xml sees them, and whether it takes
// the document for well-formed as far as it looks.
func libraryTokens(data []byte) (tokens string, good bool) {
	d := xml.NewDecoder(bytes.NewReader(data))
	var l tokenList
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return strings.TrimPrefix(l.String(), "\n"), true
		}
		if err != nil {
			return "", false
		}
		switch token := token.(type) {
		case xml.StartElement:
			l.begin("<" + token.Name.Local)
		case xml.EndElement:
			l.begin("</" + token.Name.Local)
		case xml.CharData:
			l.text(token)
		case xml.Directive:
			l.begin("!")
			return strings.TrimPrefix(l.String(), "\n"), true
		}
	}
}

// sameAsLibrary compares the tokens of a document that encoding/xml can read.
func sameAsLibrary(t *testing.T, data []byte) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\ufeff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return
		}
	}
	want, good := libraryTokens(data)
	for _, src := range []io.Reader{bytes.NewReader(data), iotest.HalfReader(bytes.NewReader(data))} {
		got, damaged := xmlTokens(src)
		if good && (got != want || damaged) {
			t.Fatalf("damaged %v, tokens\n%q\nnot\n%q", damaged, got, want)
		}
	}
	if !good {
		return
	}
	// Attributes, each with its first value.
	d, x := xml.NewDecoder(bytes.NewReader(data)), newXMLScanner(bytes.NewReader(data))
	defer x.close()
	for {
		token, err := d.RawToken()
		if _, directive := token.(xml.Directive); err != nil || directive {
			return
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for x.next() != xmlStart {
		}
		seen := map[string]bool{}
		for _, a := range start.Attr {
			if got := x.attribute(a.Name.Local); got != a.Value && !seen[a.Name.Local] {
				t.Fatalf("attribute %s of %s is %q, not %q", a.Name.Local, start.Name.Local, got, a.Value)
			}
			seen[a.Name.Local] = true
		}
	}
}

func TestXMLOfOthers(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(external, "documents/files/*.do[ct][xm]"))
	deeper, _ := filepath.Glob(filepath.Join(external, "documents/files/*/*.do[ct][xm]"))
	files = append(files, deeper...)
	if len(files) == 0 {
		t.Skip("no external documents")
	}
	parts := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			continue
		}
		for _, f := range z.File {
			if !strings.HasSuffix(f.Name, ".xml") && !strings.HasSuffix(f.Name, ".rels") {
				continue
			}
			src, err := f.Open()
			if err != nil {
				continue
			}
			if data, err := io.ReadAll(src); err == nil {
				sameAsLibrary(t, data)
				parts++
			}
		}
	}
	t.Logf("%d parts of %d documents", parts, len(files))
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w"><w:t xml:space="preserve">4111 &#x31;&amp;</w:t><w:br/></w:document>`))
	f.Add([]byte("<a b='c' d=\"&lt;\">x\r\ny<![CDATA[<z>]]>]]<!-- c --><?p q?></a >"))
	f.Add([]byte("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"))
	f.Add([]byte("\xff\xfe<\x00a\x00>\x00"))
	f.Add([]byte("<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>"))
	f.Fuzz(sameAsLibrary)
}

func BenchmarkXML(b *testing.B) {
	data := []byte("<w:document><w:body>" + strings.Repeat(`<w:p w:rsidR="00A1"><w:r><w:t xml:space="preserve">The quick brown fox jumps over the lazy dog &amp; rests.</w:t></w:r></w:p>`, 1000) + "</w:body></w:document>")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		x := newXMLScanner(bytes.NewReader(data))
		for x.next() != xmlDone {
		}
		x.close()
	}
}
