package pdf

import (
	"fmt"
	"strings"
	"testing"
)

// hostileSize is of the files made to take long, in octets.
const hostileSize = 128 << 10

// TestHostileFiles ends soon for files that lead readers in circles or make them
// read the same again and again.
func TestHostileFiles(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, hostileSize/len(s)) }
	big := strings.Repeat("(x) Tj ", hostileSize/7)
	numbers := "[" + fill("0 ") + "]"
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i+10)
		}
		return b.String()
	}
	for _, c := range []struct {
		name string
		data string
	}{
		{"headers of objects", "%PDF-1.7\n" + fill("1 0 obj ")},
		{"headers of objects with strings", "%PDF-1.7\n" + fill("1 0 obj(")},
		{"headers of many objects with strings", "%PDF-1.7\n" + many(hostileSize/12, "%d 0 obj(\n")},
		{"catalogs", "%PDF-1.7\n" + many(hostileSize/30, "%d 0 obj<</Type/Catalog\n")},
		{"pages that do not end", "%PDF-1.7\n" + many(hostileSize/30, "%d 0 obj<</Type/Page/A(\n")},
		{"arrays", "%PDF-1.7\n1 0 obj " + fill("[")},
		{"dictionaries", "%PDF-1.7\n1 0 obj " + fill("<</A ")},
		{"trailers", "%PDF-1.7\n" + fill("trailer(")},
		{"trailers of dictionaries", "%PDF-1.7\n" + fill("trailer<<")},
		{"streams without an end", "%PDF-1.7\n" + many(hostileSize/30, "%d 0 obj<<>>stream\n")},
		{"a table of many entries", "%PDF-1.7\nxref\n0 99999999\n" + fill("0000000001 00000 n \n") + "startxref\n9\n"},
		{"kids that are the same", string(objects(catalog, "<</Type/Pages/Kids["+fill("3 0 R ")+"]>>", onePage, streamOf("", lineContent), helvetic))},
		{"nodes with the same kids", string(objects(append([]string{catalog, "<</Type/Pages/Kids 3 0 R>>", "[" + many(10000, "%d 0 R ") + "]", "", ""},
			strings.Split(many(10000, "<</Kids 3 0 R/X %d>>|"), "|")...)...))},
		{"pages with the same content", string(objects(append([]string{catalog, "<</Type/Pages/Kids[" + many(2000, "%d 0 R ") + "]>>", "", streamOf("", "BT /F 12 Tf "+big), helvetic, "", "", "", ""},
			strings.Split(strings.Repeat("<</Type/Page/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>|", 2000), "|")...)...))},
		{"content in many parts that are the same", string(objects(catalog, pages, "<</Type/Page/Contents["+fill("4 0 R ")+"]>>", streamOf("", big)))},
		{"forms that multiply", string(objects(catalog, pages, "<</Type/Page/Contents 4 0 R/Resources<</XObject<</X 10 0 R>>>>>>", streamOf("", "/X Do"), "", "", "", "", "",
			multiply(11), multiply(12), multiply(13), multiply(14), multiply(15), multiply(16), multiply(17), multiply(18), streamOf("/Subtype/Form", lineContent)))},
		{"fonts without number", string(objects(catalog, pages, "<</Type/Page/Contents 4 0 R/Resources<</Font<<"+many(20000, "/F%d<</Subtype/Type1/Encoding<</Differences 5 0 R>>>>")+">>>>>>",
			streamOf("", "BT "+many(20000, "/F%d 1 Tf(x)Tj ")), numbers))},
		{"annotations that are the same", string(objects(catalog, pages, "<</Type/Page/Contents 4 0 R/Annots["+fill("5 0 R ")+"]>>", streamOf("", ""),
			"<</Subtype/Text/Contents 6 0 R>>", "("+fill("x")+")"))},
		{"fields with the same value", string(objects("<</Pages 2 0 R/AcroForm<</Fields["+many(20000, "<</T(%d)/V 4 0 R>>")+"]>>>>", pages, "<</Type/Page>>", "["+fill("(abc)")+"]"))},
		{"names in a circle", string(objects("<</Pages 2 0 R/Names<</EmbeddedFiles 4 0 R>>>>", pages, "<</Type/Page>>", "<</Kids[4 0 R 5 0 R 4 0 R]>>", "<</Kids[4 0 R]/Names[(a)4 0 R]>>"))},
		{"operands without an operator", string(pageOf(fill("1 ")))},
		{"states that are saved", string(pageOf(fill("q ")))},
		{"marked content", string(pageOf(fill("/Span<</ActualText(x)>>BDC ")))},
		{"pictures without an end", string(pageOf(fill("BI ID ")))},
		{"letters at every angle", string(pageOf("BT /F 1 Tf " + spinning(20000)))},
		{"letters up and down", string(pageOf("BT /F 10 Tf " + strings.Repeat("0 30 Td(a)Tj 50 -31 Td(b)Tj -50 -40 Td(c)Tj ", 20000)))},
		{"letters on a line", string(pageOf("BT /F 1 Tf " + strings.Repeat("3 0 Td(a)Tj ", 80000)))},
		{"letters in one place", string(pageOf("BT /F 10 Tf " + strings.Repeat("1 0 0 1 9 9 Tm(a)Tj 1 0 0 1 9 9 Tm(b)Tj ", 30000)))},
		{"a map of many codes", string(objects(catalog, pages, onePage, streamOf("", "BT /F 1 Tf (x) Tj"), "<</Subtype/Type0/Encoding 6 0 R/ToUnicode 6 0 R/DescendantFonts[<<>>]>>",
			streamOf("", fill("1 begincidrange <00> <ff> 1 endcidrange <0000> <ffff> <0041> endbfrange "))))},
	} {
		t.Run(c.name, func(t *testing.T) {
			left := 16 << 20
			f, err := Open([]byte(c.data), Budget{Inflated: func(n int) bool { left -= n; return left >= 0 }, Work: 4 << 20})
			if err != nil {
				return
			}
			size := 0
			for text := range f.Pages {
				size += len(text)
			}
			size += len(f.Fields()) + len(f.Outlines()) + len(f.Actions()) + len(f.Alternatives())
			for range f.Files {
				size++
			}
			if size > 1<<30 {
				t.Errorf("%d octets of text", size)
			}
		})
	}
}

func multiply(num int) string {
	return streamOf(fmt.Sprintf("/Subtype/Form/Resources<</XObject<</X %d 0 R>>>>", num), strings.Repeat("/X Do ", 10))
}

func spinning(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "0.%d 0.%d -0.3 0.4 %d %d Tm(a)Tj ", i%97, i%89, i%600, i%700)
	}
	return b.String()
}
