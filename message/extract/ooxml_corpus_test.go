package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOfficeDocumentsOfOthers reads the documents that are zip archives or XML:
// what their own tests look for must be found.
func TestOfficeDocumentsOfOthers(t *testing.T) {
	kinds := []string{".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".xlsb", ".pptx", ".pptm", ".odt", ".ods", ".odp", ".pages", ".key", ".numbers", ".epub", ".xml"}
	f, err := os.Open(filepath.Join(external, "documents/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external documents: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			manifestRow
			MustNotContain []string `json:"must_not_contain"`
			Readable       bool     `json:"readable_without_user_secret"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(kinds, strings.ToLower(filepath.Ext(row.File))) {
			continue
		}
		t.Run(filepath.Base(row.File), func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(external, "documents", row.File))
			if err != nil {
				t.Fatal(err)
			}
			d := Extract(context.Background(), content, Hint{Name: row.File}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
			text := strings.Join(strings.Fields(allText(d)), " ")
			found := func(s string) bool {
				return strings.Contains(text, strings.Join(strings.Fields(html.UnescapeString(s)), " "))
			}
			if row.Encrypted != nil && *row.Encrypted && !row.Readable {
				if d.Status != Protected {
					t.Errorf("%s (%s), but it needs a secret", d.Status, d.Detail)
				}
				return
			}
			if d.Status == Protected {
				t.Errorf("said to need a secret: %s", d.Detail)
			}
			if strings.HasSuffix(row.Category, "-text") && d.Status != Complete {
				t.Errorf("%s: %s", d.Status, d.Detail)
			}
			for _, want := range row.MustContain {
				if !found(want) {
					t.Errorf("%q is not in the text", want)
				}
			}
			for _, not := range row.MustNotContain {
				wanted := slices.ContainsFunc(row.MustContain, func(s string) bool { return strings.Contains(s, not) })
				if !wanted && found(not) {
					t.Errorf("%q is in the text", not)
				}
			}
		})
	}
}
