package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestArchivesOfOthers holds what is known of archives that other projects test
// their readers with.
func TestArchivesOfOthers(t *testing.T) {
	f, err := os.Open(filepath.Join(external, "documents/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external documents: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			File, Category string
			Encrypted      *bool
			MustContain    []string `json:"must_contain"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(row.Category, "archive") {
			continue
		}
		t.Run(filepath.Base(row.File), func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(external, "documents", row.File))
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			d := Extract(context.Background(), content, Hint{Name: filepath.Base(row.File)}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
			text := allText(d)
			for _, want := range row.MustContain {
				if !strings.HasPrefix(want, "EncryptedDocumentException") && !strings.Contains(text, want) {
					t.Errorf("%q is not in the text", want)
				}
			}
			encrypted := false
			n := 0
			for at, in := range d.All() {
				n++
				encrypted = encrypted || in.Status == Protected
				if testing.Verbose() && n < 12 {
					t.Logf("%q %s %s %q %d %q %q %v", at, in.MediaType, in.Status, in.Detail, in.Characters, in.Encryption, in.Executable, in.Defects)
				}
			}
			if row.Encrypted != nil && *row.Encrypted != encrypted {
				t.Errorf("encrypted: %v, not %v", encrypted, *row.Encrypted)
			}
			t.Logf("%d documents, %v", n, time.Since(began).Round(time.Millisecond))
		})
	}
}
