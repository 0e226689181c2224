package classify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/types.md says of each type what its file says: the sources of its formats and
// check digits, and where it differs from what Microsoft publishes.
func TestTheSourcesOfTypesAreDocumented(t *testing.T) {
	const page, begin, end = "../docs/types.md", "<!-- types: begin -->\n", "<!-- types: end -->"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(data), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("the table has no place in the page")
	}
	if table := sourcesOfTypes(t); old != table {
		if os.Getenv("UPDATE_DOCS") == "" {
			t.Error("the table is not that of the types; run UPDATE_DOCS=1 go test ./classify -run Documented")
		} else if err := os.WriteFile(page, []byte(head+begin+table+end+tail), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// saidAbove shortens what the page says once for all types.
var saidAbove = strings.NewReplacer(
	"Without a keyword a number that many others look like has low confidence, not the published medium.", "Low confidence alone.",
	"Digits parted by blanks count near a keyword only: columns of a table look the same.", "",
	"Confidences, context and identifiers are Postern's: Microsoft publishes the forms and triggers of its credential types only.", "",
	"Mock-ups are told apart.", "",
	"The numbers have no published check digit; the format is the published one.", "No check digit.",
	"  ", " ", "|", "\\|")

func sourcesOfTypes(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("types/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no types", err)
	}
	var table strings.Builder
	table.WriteString("| type | rests on |\n| --- | --- |\n")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		for _, line := range strings.Split(string(data), "\n") {
			if name, ok := strings.CutPrefix(line, "type: "); ok {
				if note := strings.TrimSpace(saidAbove.Replace(strings.Join(notes, " "))); note != "" {
					fmt.Fprintf(&table, "| %s | %s |\n", strings.Trim(name, `"`), note)
				}
				break
			}
			note := strings.TrimPrefix(line, "# ")
			if !strings.Contains(note, "Microsoft Learn, sensitive information type entity definitions") {
				notes = append(notes, note)
			}
		}
	}
	return table.String()
}

// The example of an own type in the documentation loads, and its samples are as
// they say.
func TestTheDocumentedExampleLoads(t *testing.T) {
	page, err := os.ReadFile("../docs/classification.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		c, problems := With([]File{{"classification.md", []byte(text)}}, os.ReadFile)
		if c == nil {
			t.Fatal(problems)
		}
		for _, typ := range c.Types() {
			if typ.Describe().Custom {
				found++
				for _, f := range c.Test(typ) {
					t.Error(f)
				}
			}
		}
	}
	if found != 1 {
		t.Errorf("%d types are in the documentation", found)
	}
}
