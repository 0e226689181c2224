package extract

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkOLE reads documents of about 1 MB.
func BenchmarkOLE(b *testing.B) {
	const sentence = "The quick brown fox jumps over the lazy dog, number 4111 1111.\r"
	prose := strings.Repeat(sentence, 1<<20/len(sentence))
	var cells, shared, rtf strings.Builder
	for i := range 25_000 {
		cells.WriteString(biff(biffLabelSST, shorts(i, 0, 0), little(uint32(i%1000))))
		cells.WriteString(biff(biffRK, shorts(i, 1, 0), little(uint32(i)<<2|2)))
		cells.WriteString(biff(biffNumber, shorts(i, 2, 0), double(float64(i)/7)))
	}
	for i := range 1000 {
		s := shortText(fmt.Sprintf("Employee %d", i))
		if shared.Len() == 0 {
			s = little(1000, 1000) + s
		}
		shared.WriteString(s)
	}
	for range 1 << 20 / 150 {
		rtf.WriteString(`\pard\plain\ltrpar\f0\fs24 {\rtlch\ltrch\loch The quick }{\b brown} fox jumps over the l\'e4zy dog, number 4111 1111.\par` + "\r\n")
	}
	for _, c := range []struct{ name, content string }{
		{"doc", wordFileOf([]string{prose}, []bool{false}, uint32(len(prose)))},
		{"xls", xls(workbookOf("S", 0, biff(biffSST, shared.String()), cells.String()))},
		{"ppt", slideShow("", []uint32{2}, nil, nil, pptHolder(pptSlide, pptShape(pptAtom(0, pptTextBytes, prose))))},
		{"msg", compoundFile(msgStreams(msgHeadTop, wideProp(propBody, prose[:len(prose)/2]))...)},
		{"tnef", tnefFile(tnefAttr(1, tnefBody, prose))},
		{"rtf", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}}` + rtf.String() + "}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				if d := extract(c.content, Hint{}); d.Status != Complete || len(allText(d)) < 100_000 {
					b.Fatalf("%s %s, %d characters", d.Status, d.Detail, d.Characters)
				}
			}
		})
	}
}
