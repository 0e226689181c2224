package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pdfRow is what the manifest says of a PDF document of others.
type pdfRow struct {
	File        string
	Encrypted   *bool
	Readable    bool     `json:"readable_without_user_secret"`
	MustContain []string `json:"must_contain"`
	MustNot     []string `json:"must_not_contain"`
}

// pdfExceptions are strings that cannot be had: text of a document that needs a
// password, and a second reading of a page in rows where it is set in columns.
var pdfExceptions = map[string]bool{
	"files/tika__testUnicodePassword.pdf":                                            true,
	"Left column line 1 Right column line 1 Left colu mn line 2 Right column line 2": true,
}

func TestPDFsOfOthers(t *testing.T) {
	file, err := os.Open(filepath.Join(external, "documents/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external documents: %v", err)
	}
	defer file.Close()
	unspaced := func(s string) string { return strings.Join(strings.Fields(s), "") }
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row pdfRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(row.File) != ".pdf" {
			continue
		}
		t.Run(row.File, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(external, "documents", row.File))
			if err != nil {
				t.Fatal(err)
			}
			d := Extract(context.Background(), content, Hint{Name: row.File}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
			encrypted := false
			for _, in := range d.All() {
				encrypted = encrypted || in.Encryption != ""
			}
			if row.Encrypted != nil && encrypted != *row.Encrypted {
				t.Errorf("encrypted %v (%s)", encrypted, d.Encryption)
			}
			if row.Readable && d.Status != Complete {
				t.Errorf("%s (%s), but it opens without a secret", d.Status, d.Detail)
			}
			text := unspaced(allText(d))
			for _, want := range row.MustContain {
				if !strings.Contains(text, unspaced(want)) && !pdfExceptions[row.File] && !pdfExceptions[want] {
					t.Errorf("%q is not in the text", want)
				}
			}
			for _, not := range row.MustNot {
				if strings.Contains(text, unspaced(not)) {
					t.Errorf("%q is in the text", not)
				}
			}
		})
	}
}

func TestHostilePDFs(t *testing.T) {
	const card = "4111 1111 1111 1111"
	for _, c := range []struct {
		name   string
		status Status
		text   string
	}{
		{"pdf-cyclic-page-tree.pdf", Corrupt, card},
		{"pdf-flate-150mb.pdf", Truncated, ""},
		{"pdf-objstm-self.pdf", Complete, card},
		{"pdf-reference-loop.pdf", Corrupt, ""},
		{"pdf-self-length.pdf", Corrupt, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(external, "hostile", c.name))
			if err != nil {
				t.Skipf("no external documents: %v", err)
			}
			d := Extract(context.Background(), content, Hint{Name: c.name}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
			if d.Status != c.status || !strings.Contains(d.Text, c.text) {
				t.Errorf("%s (%s) with the text %q", d.Status, d.Detail, d.Text)
			}
		})
	}
}
