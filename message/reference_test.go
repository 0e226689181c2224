package message

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// referencePart is a leaf as Python's email package sees it.
type referencePart struct {
	Type     string
	Size     int
	SHA256   string
	Filename string
}

type referenceRow struct {
	File  string
	Parts []referencePart `json:"reference_view_cpython"`
}

func TestSupersetOfAnotherReader(t *testing.T) {
	f, err := os.Open(filepath.Join(external, "mime/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external messages: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	parts, missed := 0, 0
	for lines.Scan() {
		var row referenceRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		m := readFile(t, filepath.Join(external, "mime", row.File))
		hashes, names := map[string]bool{}, []string{}
		var all [][]byte
		for p := range m.Leaves() {
			data, _ := p.Content()
			all = append(all, data)
			for _, v := range variants(data) {
				h := sha256.Sum256(v)
				hashes[hex.EncodeToString(h[:])] = true
			}
		}
		var walk func(p *Part)
		walk = func(p *Part) {
			names = append(names, p.Names...)
			for _, c := range p.Children {
				walk(c)
			}
		}
		walk(m.Root)
		for i, p := range row.Parts {
			parts++
			if p.Size > 0 && !hashes[p.SHA256] {
				missed++
				t.Logf("%s part %d %s %d octets is not found; have %d leaves %v", row.File, i, p.Type, p.Size, len(all), lens(all))
			}
			if p.Filename != "" && !slices.Contains(names, p.Filename) {
				t.Logf("%s name %q is not in %q", row.File, p.Filename, names)
			}
		}
	}
	t.Logf("%d parts, %d missed", parts, missed)
}

func lens(all [][]byte) (l []int) {
	for _, b := range all {
		l = append(l, len(b))
	}
	return
}

func variants(data []byte) [][]byte {
	lf := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	list := [][]byte{data, lf}
	for _, d := range list[:2] {
		list = append(list, append(slices.Clone(d), '\n'), bytes.TrimSuffix(d, []byte("\n")), append(slices.Clone(d), '\r', '\n'), bytes.TrimSuffix(d, []byte("\r\n")))
	}
	return list
}

var _ = strings.TrimSpace
