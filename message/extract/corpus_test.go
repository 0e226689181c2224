package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// external is where documents of others lie; they are no part of the repository.
const external = "../../../shared/testdata-external"

type manifestRow struct {
	File        string
	Category    string
	Encrypted   *bool
	MustContain []string `json:"must_contain"`
}

func TestDocumentsOfOthers(t *testing.T) {
	f, err := os.Open(filepath.Join(external, "documents/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external documents: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row manifestRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		t.Run(row.File, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(external, "documents", row.File))
			if err != nil {
				t.Fatal(err)
			}
			d := Extract(context.Background(), content, Hint{Name: row.File}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
			if strings.Contains(row.File, "numbered_list") {
				return // its strings hold the numbers of lists, which Word makes up
			}
			switch strings.ToLower(filepath.Ext(row.File)) {
			case ".docx", ".docm", ".txt", ".csv", ".html":
				if d.Status != Complete {
					return
				}
				for _, want := range row.MustContain {
					if !strings.Contains(d.Text, want) {
						t.Errorf("%q is not in the text", want)
					}
				}
			}
		})
	}
}

func TestHostileDocuments(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(external, "hostile/*"))
	if len(files) == 0 {
		t.Skip("no external documents")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := Extract(context.Background(), content, Hint{Name: file}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
		})
	}
}

// checkDocument holds what is true of every document.
func checkDocument(t testing.TB, d Document, lim Limits) {
	t.Helper()
	for _, m := range d.Members {
		checkDocument(t, m, lim)
	}
	if !utf8.ValidString(d.Text) {
		t.Error("the text is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(d.Text); n != d.Characters || n > lim.Characters {
		t.Errorf("%d characters, said to be %d, with a limit of %d", n, d.Characters, lim.Characters)
	}
	if d.Status == Complete && d.Detail != "" || d.Status != Complete && d.Detail == "" {
		t.Errorf("status %q with the detail %q", d.Status, d.Detail)
	}
	if d.MediaType == "" {
		t.Error("no media type")
	}
}
