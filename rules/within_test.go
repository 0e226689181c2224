package rules_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// A document within a document that cannot be read is told of, and counts as an
// attachment that cannot be read.
func TestDocumentWithinADocument(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{"word/document.xml": "<w:p><w:t>text</w:t></w:p>", "word/embeddings/a.ps": "%!PS-Adobe-3.0\n"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	part := "Content-Type: application/octet-stream; name=a.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(b.Bytes())
	scan := rules.NewScan(house(t), mail{parts: []string{part}}.message(t))
	set := load(t, policy("{documentIsUnsupported: true}", ""))
	if got := set.Evaluate(t.Context(), scan).Rules[0].Result; got != rules.Matched {
		t.Errorf("the rule is %s", got)
	}
	want := message.Notice{Part: "a.docx/a.ps", Signal: message.SignalUnsupported, Detail: "no extractor knows the format"}
	if got := scan.Notices(); !slices.Contains(got, want) {
		t.Errorf("%v is not in %v", want, got)
	}
}
