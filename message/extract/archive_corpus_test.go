package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
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
			d := Extract(context.Background(), content, Hint{Name: filepath.Base(row.File)}, DefaultLimits)
			checkDocument(t, d, DefaultLimits)
			text := allText(d)
			for _, want := range row.MustContain {
				if !strings.HasPrefix(want, "EncryptedDocumentException") && !strings.Contains(text, want) {
					t.Errorf("%q is not in the text", want)
				}
			}
			encrypted, whole := false, true
			for _, in := range d.All() {
				encrypted = encrypted || in.Status == Protected
				whole = whole && in.Status == Complete
			}
			if row.Encrypted != nil && *row.Encrypted != encrypted {
				t.Errorf("encrypted: %v, not %v", encrypted, *row.Encrypted)
			}
			if strings.HasSuffix(row.Category, "corrupted") && whole {
				t.Errorf("said to be complete: %v", outline(d))
			}
		})
	}
}

// TestHostileArchives holds that bombs and liars are told as such, soon.
func TestHostileArchives(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(external, "hostile/expected.json"))
	if err != nil {
		t.Skipf("no external documents: %v", err)
	}
	var rows []struct {
		File    string
		Outcome string `json:"safe_outcome"`
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		switch filepath.Ext(row.File) {
		case ".zip", ".7z", ".gz", ".xz", ".lzma":
		default:
			continue
		}
		t.Run(row.File, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(external, "hostile", row.File))
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			d := Extract(ctx, content, Hint{Name: row.File}, DefaultLimits)
			runtime.ReadMemStats(&after)
			checkDocument(t, d, DefaultLimits)
			if ctx.Err() != nil {
				t.Fatal("not read in time")
			}
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 512 {
				t.Errorf("%d MB of memory", n)
			}
			flagged := len(d.Defects) > 0 || len(unread(d)) > 0 || d.Status != Complete
			if !flagged && (strings.Contains(row.Outcome, "report")) && !strings.HasPrefix(row.Outcome, "scan") {
				t.Errorf("nothing is told: %v", outline(d))
			}
			if strings.Contains(row.Outcome, "scan") && !strings.Contains(row.Outcome, "report the file") && !strings.Contains(strings.Map(digits, allText(d)), "4111111111111111") &&
				!strings.Contains(allText(d), "5555") && !strings.Contains(allText(d), "4") {
				t.Errorf("the number is not found: %.300q", allText(d))
			}
		})
	}
}

func digits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}
