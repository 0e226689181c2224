package extract

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func tarOf(t testing.TB, headers ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestContentBehindAnArchiveIsRead(t *testing.T) {
	ball := tarOf(t, tar.Header{Name: "a.txt", Size: 3, Mode: 0o644})
	second := strings.Replace(tarOf(t, tar.Header{Name: "b.txt", Size: int64(len(cardNumber)), Mode: 0o644}), strings.Repeat("x", len(cardNumber)), cardNumber, 1)
	trailer := "070701" + strings.Repeat("0", 88) + "0000000B" + "00000000" + cpioEnd + "\x00\x00\x00\x00"
	for name, c := range map[string]struct{ content, defect string }{
		"text behind tar":     {ball + cardNumber, "content behind the end of an archive"},
		"an archive":          {ball + second, "an archive goes on behind its end"},
		"an archive and text": {ball + tarOf(t, tar.Header{Name: "b.txt", Mode: 0o644}) + cardNumber, "content behind the end of an archive"},
		"text behind cpio":    {trailer + cardNumber, "content behind the end of an archive"},
	} {
		d := extract(c.content, Hint{})
		if !strings.Contains(allText(d), cardNumber) || !slices.Contains(d.Defects, c.defect) {
			t.Errorf("%s: %s with %q and %q", name, d.Status, allText(d), d.Defects)
		}
		checkDocument(t, d, DefaultLimits)
	}
	if d := extract(ball+strings.Repeat("\x00", 8192), Hint{}); d.Status != Complete || len(d.Defects) > 0 {
		t.Errorf("padding: %s with %q", d.Status, d.Defects)
	}
}

func TestFoldersBeyondTheLimitAreTold(t *testing.T) {
	var list []tar.Header
	for i := range 10_001 {
		list = append(list, tar.Header{Name: fmt.Sprint(i, "/"), Typeflag: tar.TypeDir, Mode: 0o755})
	}
	d := extract(tarOf(t, append(list, tar.Header{Name: "a.txt", Size: 3, Mode: 0o644})...), Hint{})
	if d.Status != Truncated {
		t.Errorf("%s (%s) with %d members", d.Status, d.Detail, len(d.Members))
	}
}

func TestPropertiesBeyondTheLimitAreTold(t *testing.T) {
	r := NewBudget(DefaultLimits).reader(t.Context(), nil, Hint{}, nil)
	r.doc.Status = Complete
	for i := range 1000 {
		r.property(fmt.Sprint("p", i), "v")
	}
	if r.doc.Status != Complete {
		t.Error(r.doc.Detail)
	}
	if r.property("more", "v"); r.doc.Status != Truncated {
		t.Error(r.doc.Status)
	}
	r.doc.Status, r.doc.Properties = Complete, nil
	if r.property("long", strings.Repeat("v", 40_000)); r.doc.Status != Truncated {
		t.Error(r.doc.Status)
	}
}

func TestNumbersInPiecesFarInALineAreFound(t *testing.T) {
	d := extract("<p>"+strings.Repeat("many words ", 8000)+"4111<span style='display:none'>x</span>1111", Hint{Name: "a.html"})
	if !strings.Contains(d.Text, "41111111") {
		t.Errorf("%s with %d characters", d.Status, d.Characters)
	}
}
