package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pptAtom makes a record; head holds version and instance.
func pptAtom(head uint16, kind int, data ...string) string {
	content := strings.Join(data, "")
	b := binary.LittleEndian.AppendUint16(nil, head)
	b = binary.LittleEndian.AppendUint16(b, uint16(kind))
	return string(binary.LittleEndian.AppendUint32(b, uint32(len(content)))) + content
}

func pptHolder(kind int, data ...string) string { return pptAtom(15, kind, data...) }

func little(numbers ...uint32) string { return string(words(numbers)) }

func pptShape(data ...string) string {
	return pptHolder(artShape, pptAtom(15, artTextbox, data...))
}

// slideShow makes a presentation of objects; the first is the document, for which
// lists are made: of slides, masters and notes by the numbers of their objects.
func slideShow(inDocument string, slides, masters, notes []uint32, objects ...string) string {
	list := func(instance uint16, ids []uint32) string {
		var b strings.Builder
		for _, id := range ids {
			b.WriteString(pptAtom(0, pptSlidePersist, little(id, 0, 0, 256+id, 0)))
			fmt.Fprint(&b, pptAtom(0, pptTextBytes, fmt.Sprintf("outline %d", id)))
		}
		return pptAtom(instance<<4|15, pptSlideList, b.String())
	}
	doc := pptHolder(pptDocument, list(1, masters), list(0, slides), list(2, notes), inDocument)
	body, places := "", little(1<<20*uint32(len(objects)+1)|1)
	for _, o := range append([]string{doc}, objects...) {
		places += little(uint32(len(body)))
		body += o
	}
	table := len(body)
	body += pptAtom(0, pptPersistTable, places)
	edit := len(body)
	body += pptAtom(0, pptUserEdit, little(256, 0, 0, uint32(table), 1, 0, 0))
	user := pptAtom(0, 0x0ff6, little(20, 0xe391c05f, uint32(edit), 0, 0))
	return compoundFile(stream("PowerPoint Document", body), stream("Current User", user))
}

func TestPresentation(t *testing.T) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	embedded := compoundFile(stream("\x01Ole10Native", packagedText("a.txt", "within")))
	z.Write([]byte(embedded))
	z.Close()
	wide := string(utf16leOf("Grüße 4111"))
	slide := func(data ...string) string { return pptHolder(pptSlide, data...) }
	content := slideShow(
		pptHolder(0x0409, pptHolder(pptHyperlink, pptAtom(0, pptCString, string(utf16leOf("http://x.example/"))))),
		[]uint32{4, 2}, []uint32{6}, []uint32{3},
		slide(pptShape(pptAtom(0, pptTextChars, wide)), pptHolder(artGroup, pptHolder(artGroup, pptShape(pptAtom(0, pptTextBytes, "deep"))))), // 2
		pptHolder(pptNotes, pptAtom(1, 0x03f1, little(256+2, 0)), pptShape(pptAtom(0, pptTextBytes, "note of the second"))),                   // 3
		slide(pptShape(pptAtom(0, pptOutlineRef, little(0))), pptHolder(pptHeaders, pptAtom(2<<4, pptCString, string(utf16leOf("footer"))))),  // 4
		pptAtom(1<<4, pptOLEStorage, little(uint32(len(embedded))), packed.String()),                                                          // 5
		pptHolder(pptMainMaster, pptShape(pptAtom(0, pptTextBytes, "of the master")),
			pptHolder(artShape, pptHolder(artClientData, pptAtom(0, pptPlaceholder, "\x00\x00\x00\x00\x01\x00\x00\x00")), pptAtom(15, artTextbox, pptAtom(0, pptTextBytes, "Click to edit")))), // 6
	)
	d := extract(content, Hint{Name: "a.bin"})
	checkDocument(t, d, DefaultLimits)
	want := "outline 4\nfooter\nGrüße 4111\ndeep\noutline 2\nnote of the second\noutline 3\nof the master\noutline 6\nhttp://x.example/\n"
	if diff := cmp.Diff(want, d.Text); diff != "" || d.Status != Complete {
		t.Errorf("%s %s\n%s", d.Status, d.Detail, diff)
	}
	if got := allText(d); !strings.HasSuffix(got, "within") {
		t.Errorf("the embedded file is missing: %q", got)
	}
}

func utf16leOf(s string) []byte { return utf16Password(s) }

func TestDamagedPresentation(t *testing.T) {
	content := slideShow("", []uint32{2}, nil, nil, pptHolder(pptSlide, pptShape(pptAtom(0, pptTextBytes, strings.Repeat("Ann 4111\r", 1000)))))
	for cut := len(content) - 3000; cut > 2000; cut -= 997 {
		if d := extract(content[:cut], Hint{}); d.Status == Complete {
			t.Errorf("cut off after %d octets it is complete", cut)
		}
	}
	// A record that says that it holds more than there is.
	d := extract(compoundFile(stream("PowerPoint Document", "\x0f\x00\xe8\x03\xff\xff\xff\xff\x00\x00\xa8\x0f\xff\xff\xff\x7f4111")), Hint{})
	checkDocument(t, d, DefaultLimits)
}

func FuzzPresentation(f *testing.F) {
	f.Add(slideShow("", []uint32{2}, nil, nil, pptHolder(pptSlide, pptShape(pptAtom(0, pptTextBytes, "Ann 4111")))))
	f.Fuzz(func(t *testing.T, body string) {
		lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
		checkDocument(t, extractWithin(compoundFile(stream("PowerPoint Document", body), stream("Current User", little(0, 0, 20, 0xe391c05f, 64))), lim), lim)
	})
}
