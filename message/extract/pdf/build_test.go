package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
)

// objects makes a file of objects, each numbered by its place from 1 on. The
// first is the catalog.
func objects(list ...string) []byte { return withTrailer("", list...) }

// withTrailer is objects with more entries in the trailer.
func withTrailer(more string, list ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	places := make([]int, len(list))
	for i, o := range list {
		places[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(list)+1)
	for _, p := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", p)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(list)+1, more, at)
	return b.Bytes()
}

// streamOf makes a stream of a dictionary's entries and octets.
func streamOf(entries, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", entries, len(data), data)
}

func deflated(data string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte(data))
	z.Close()
	return b.String()
}

// The beginning of a file of one page: its content is object 4, and its fonts are
// F (5) in WinAnsi.
const (
	catalog   = "<</Type/Catalog/Pages 2 0 R>>"
	pages     = "<</Type/Pages/Kids[3 0 R]/Count 1>>"
	onePage   = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
	helvetic  = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
	wholeLine = "Card number: 4111 1111 1111 1111"
)

// page makes a file of one page with a content stream, and objects from 6 on.
func pageOf(content string, more ...string) []byte {
	return objects(append([]string{catalog, pages, onePage, streamOf("", content), helvetic}, more...)...)
}

// read opens a file and gives it with the text of its pages.
func read(t testing.TB, data []byte) (*File, string) {
	t.Helper()
	left := 64 << 20
	f, err := Open(data, Budget{Inflated: func(n int) bool { left -= n; return left >= 0 }})
	if err != nil {
		t.Fatalf("not opened: %v", err)
	}
	var b strings.Builder
	for text := range f.Pages {
		b.WriteString(text)
	}
	return f, b.String()
}

// wants fails unless the file is read without a loss and its pages say the text.
func wants(t *testing.T, data []byte, want string) *File {
	t.Helper()
	f, text := read(t, data)
	if got := strings.TrimSpace(text); got != want {
		t.Errorf("the text %q, not %q", got, want)
	}
	if f.Damaged() != "" || f.Limited() != "" || f.Unread() != "" {
		t.Errorf("damaged %q, limited %q, unread %q", f.Damaged(), f.Limited(), f.Unread())
	}
	return f
}
