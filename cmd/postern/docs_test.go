package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message/extract"
)

// updateDocs makes the test write the tables instead of comparing them.
var updateDocs = os.Getenv("UPDATE_DOCS") != ""

func actionTable() string {
	var b strings.Builder
	b.WriteString("| action | class | what it does |\n| --- | --- | --- |\n")
	for _, k := range actions.Kinds() {
		class := k.Class.String()
		if k.Class == actions.Mark {
			class = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, class, k.Doc)
	}
	return b.String()
}

// actionSections tells of every action in full.
func actionSections() string {
	var b strings.Builder
	for _, k := range actions.Kinds() {
		fmt.Fprintf(&b, "### %s\n\n%s%s.\n\n| | |\n| --- | --- |\n| class | %s |\n", k.Name, strings.ToUpper(k.Doc[:1]), strings.TrimSuffix(k.Doc[1:], "."), k.Class)
		for _, row := range [][2]string{{"arguments", k.Args}, {"limits", k.Limits}, {"on the wire", k.Wire}, {"in a fork", k.InFork}} {
			if row[1] == "" {
				row[1] = "–"
			}
			fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func formatTable() string {
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return "–"
	}
	var b strings.Builder
	b.WriteString("| format | usual extensions | text | properties | nested | protection | label |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, f := range extract.Formats() {
		fmt.Fprintf(&b, "| %s | %s | yes | %s | %s | %s | %s |\n", f.Name, strings.Join(f.Extensions, ", "),
			yes(f.Properties), yes(f.Nested), yes(f.Protection), yes(f.Label))
	}
	return b.String()
}

// The reference tables in the documentation are those of the catalogues.
func TestReferenceTablesAreThoseOfTheCatalogues(t *testing.T) {
	checkTables(t, "../../docs/policies.md", map[string]string{"actions": actionTable()})
	checkTables(t, "../../docs/actions.md", map[string]string{"actions": actionSections()})
	checkTables(t, "../../docs/formats.md", map[string]string{"formats": formatTable(), "families": familyList()})
}

// familyList names the families of file types.
func familyList() string {
	return "`" + strings.Join(extract.FamilyNames(), "`, `") + "`\n"
}

func checkTables(t *testing.T, page string, tables map[string]string) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, table := range tables {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		i, j := strings.Index(text, begin), strings.Index(text, end)
		if i < 0 || j < i {
			t.Fatalf("%s has no table between %q and %q", page, begin, end)
		}
		if text[i+len(begin):j] == table {
			continue
		}
		if !updateDocs {
			t.Errorf("the table of %s in %s is not that of the catalogue; run UPDATE_DOCS=1 go test ./cmd/postern", name, page)
			continue
		}
		text = text[:i+len(begin)] + table + text[j:]
	}
	if updateDocs {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The list of keys in the documentation is a configuration that is read, names
// every key, and says of each what holds without it.
func TestDocumentedConfiguration(t *testing.T) {
	const page = "../../docs/install.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "<!-- keys -->\n```yaml\n")
	keys, _, ok := strings.Cut(rest, "```\n<!-- /keys -->")
	if !ok {
		t.Fatalf("%s has no list of keys", page)
	}
	got, problems := readConfig("/etc/postern/postern.yaml", []byte(keys))
	for _, p := range problems {
		t.Error(p)
	}
	want := defaults("/etc/postern/postern.yaml").process
	want.listen, want.metrics, want.group = got.process.listen, got.process.metrics, "postfix"
	want.readers.workers, want.readers.tika, want.readers.tikaAllowed = 2, got.process.readers.tika, got.process.readers.tikaAllowed
	if changed := want.restart(got.process); len(changed) > 0 {
		t.Errorf("%s gives other values than the defaults for %v", page, changed)
	}
	for _, key := range []string{"milter", "metrics", "group", "authenticated", "listeners", "networks", "name", "acceptedDomains", "learnMore", "file",
		"resolve", "postfix", "groups", "plain", "timeZone", "policies", "partnerDomains", "conditions", "senderAddressLocation", "senderFields", "fromScope", "subdomains", "sizes", "sclField", "listAttribute", "userRisk", "attribute", "fromMatches", "blockText", "onError", "path", "messageSize", "memory", "decisionTime", "extractTime", "workers", "workerMemory", "tika", "tikaAllowed",
		"extractedCharacters", "nesting", "members", "connections", "policies", "audit", "export", "reports", "senders", "format", "level", "watch"} {
		if !strings.Contains(keys, key+":") {
			t.Errorf("%s does not name the key %s", page, key)
		}
	}
}
