package extract

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpusRow is a line of the manifest of the documents of others.
type corpusRow struct {
	File           string   `json:"file"`
	Category       string   `json:"category"`
	Encrypted      bool     `json:"encrypted"`
	Readable       bool     `json:"readable_without_user_secret"`
	Password       string   `json:"password"`
	MustContain    []string `json:"must_contain"`
	MustNotContain []string `json:"must_not_contain"`
	Attachments    []string `json:"tnef_attachments"`
}

// notInTheFile are strings of the manifest that no reader can find: the tests that
// they are from write them into the file before, or look at the markup around them.
var notInTheFile = []string{"1-1", "1-12", "MACRO"}

// fieldsOfHeader are those that the other's test does not look for in the text of a
// message: its subject, its sender and its recipient, which are read here.
var fieldsOfHeader = []string{"L'Équipe Microsoft Outlook Express", "Microsoft Outlook Express 6", "Nouvel utilisateur de Outlook Express"}

// oleCorpus gives the rows of the compound files, RTF and TNEF with their content.
func oleCorpus(t *testing.T) map[string]corpusRow {
	f, err := os.Open(filepath.Join(external, "documents/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external documents: %v", err)
	}
	defer f.Close()
	rows := map[string]corpusRow{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row corpusRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(external, "documents", row.File))
		if err != nil {
			t.Fatal(err)
		}
		s := string(content)
		if strings.HasPrefix(s, string(oleMagic)) || strings.HasPrefix(s, `{\rtf`) || strings.HasPrefix(s, string(tnefMagic)) || isBIFF(content) {
			rows[s] = row
		}
	}
	return rows
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestOLECorpus(t *testing.T) {
	for content, row := range oleCorpus(t) {
		t.Run(filepath.Base(row.File), func(t *testing.T) {
			d := extract(content, Hint{Name: filepath.Base(row.File)})
			checkDocument(t, d, DefaultLimits)
			if strings.HasSuffix(row.Category, "-corrupted") {
				return
			}
			if protected := d.Status == Protected; protected != (row.Encrypted && !row.Readable) || (d.Encryption != "") != row.Encrypted {
				t.Errorf("%s, encryption %q", d.Status, d.Encryption)
			}
			if !row.Encrypted || row.Readable {
				compareCorpusText(t, d, row)
			}
		})
	}
}

func compareCorpusText(t *testing.T, d Document, row corpusRow) {
	t.Helper()
	text := squeezed(allText(d))
	for _, in := range d.All() {
		text += " " + strings.Join(in.Names, " ")
	}
	for _, want := range row.MustContain {
		want = strings.TrimPrefix(want, ">") // of the markup
		if !strings.Contains(text, squeezed(want)) && !slices.Contains(notInTheFile, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	for _, not := range row.MustNotContain {
		if strings.Contains(text, squeezed(not)) && !slices.Contains(row.MustContain, not) && !slices.Contains(fieldsOfHeader, not) {
			t.Errorf("%q is in the text", not)
		}
	}
	for _, name := range row.Attachments {
		if !strings.HasPrefix(name, "body.") && !strings.Contains(text, name) && name != "Untitled Attachment" {
			t.Errorf("the attachment %q is missing", name)
		}
	}
}

// TestKnownPasswords shows that every encryption that opens without a secret is
// read, by the passwords of files that need one.
func TestKnownPasswords(t *testing.T) {
	before := openPasswords
	defer func() { openPasswords = before }()
	opened := 0
	for content, row := range oleCorpus(t) {
		if row.Password == "" || row.Readable {
			continue
		}
		openPasswords = []string{row.Password}
		d := extract(content, Hint{})
		if d.Status == Protected {
			// The password that the manifest has is a guess in one case.
			if filepath.Base(row.File) != "poi__PasswordProtected.doc" {
				t.Errorf("%s: %s, %s", row.File, d.Status, d.Encryption)
			}
			continue
		}
		opened++
		checkDocument(t, d, DefaultLimits)
		compareCorpusText(t, d, row)
		if d.Status != Complete || d.Encryption == "" || d.Characters == 0 {
			t.Errorf("%s: %s %s, %d characters", row.File, d.Status, d.Detail, d.Characters)
		}
	}
	t.Logf("%d files opened", opened)
}
