package message

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// external is where messages of others lie; they are no part of the repository.
const external = "../../shared/testdata-external"

func corpus(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(external, dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".jsonl") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Skipf("no external messages: %v", err)
	}
	return files
}

func readFile(t testing.TB, path string) *Message {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Read(Envelope{}, f, nil, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// exercise asks a message for everything.
func exercise(t testing.TB, m *Message) {
	t.Helper()
	m.Subject()
	for _, f := range m.Header {
		f.Text()
	}
	m.Header.Addresses("To")
	m.Header.Addresses("From")
	n := 0
	for p := range m.Leaves() {
		n++
		if _, err := p.Content(); err != nil {
			t.Errorf("part %s: %v", p.Index, err)
		}
		p.Notices()
		p.Name()
		p.Charset()
	}
	if most := m.limits.Members*2 + 2*m.limits.Nesting + 2; n > most {
		t.Errorf("%d leaves, more than %d", n, most)
	}
	for p := range m.Attachments() {
		p.Size()
	}
}

func TestMessagesOfOthers(t *testing.T) {
	for _, dir := range []string{"mime", "mime-evasion", "hostile"} {
		for _, path := range corpus(t, dir) {
			t.Run(strings.TrimPrefix(path, external+"/"), func(t *testing.T) {
				exercise(t, readFile(t, path))
			})
		}
	}
}

func TestEvasionIsNoticed(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(external, "mime-evasion/expected.json"))
	if err != nil {
		t.Skipf("no external messages: %v", err)
	}
	type expectation struct {
		File      string
		Class     string
		Trick     string
		Carrier   string
		Card      *string `json:"card_number"`
		Ambiguous bool    `json:"malformed_or_ambiguous"`
		Priority  string
	}
	var list []expectation
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		t.Run(e.File, func(t *testing.T) {
			m := readFile(t, filepath.Join(external, "mime-evasion", e.File))
			notices := append([]Notice(nil), m.Notices...)
			zip := false
			for p := range m.Leaves() {
				data, _ := p.Content()
				notices = append(notices, p.Notices()...)
				zip = zip || bytes.HasPrefix(data, []byte("PK\x03\x04"))
			}
			// What only a conversion of text can tell is not looked for here.
			inText := map[string]bool{"E_double-base64.eml": true, "E_uu-in-body.eml": true, "F_html-data-uri.eml": true}
			if e.Carrier == "docx" && !zip && !inText[e.File] {
				t.Errorf("the document is not found: %s", e.Trick)
			}
			if e.File == "D_epilogue-text.eml" || strings.HasPrefix(e.File, "F_") {
				return // an epilogue is legal, and its text is a leaf
			}
			if noticed := len(notices) > 0; noticed != e.Ambiguous {
				t.Errorf("ambiguous is %v, noticed %v: %s", e.Ambiguous, notices, e.Trick)
			}
		})
	}
}
