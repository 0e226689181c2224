package strictyaml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/strictyaml"
)

func said(problems []strictyaml.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

func TestParseRefusesWhatHidesMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "f:1:1: the file is empty"},
		{"nothing but a comment", "# nothing\n", "f:1:1: the file is empty"},
		{"a list", "- a\n", "f:1:1: the file holds a list where keys and values are due; begin with a key, as in `key: value`"},
		{"a text", "text\n", "f:1:1: the file holds \"text\" where keys and values are due; begin with a key, as in `key: value`"},
		{"null", "~\n", "f:1:1: the file holds nothing where keys and values are due; begin with a key, as in `key: value`"},
		{"a second document", "a: b\n---\nc: d\n", "f:2:1: a second document is not read; write one document in a file, without a second `---`"},
		{"a broken second document", "a: b\n---\n[\n", "f:3:1: not YAML: did not find expected node content; look at the indentation, the brackets and the quotes of this line and of the one before"},
		{"an anchor", "a:\n  - &x b\n", "f:2:5: YAML anchors and aliases are not read; write the value where it is needed"},
		{"an alias of nothing", "a: *x\n", "f:1:1: not YAML: unknown anchor 'x' referenced; put a text that begins with `*` or `&` in quotes"},
		{"a tag of one's own", "a: b\nc: !not d\n", "f:2:4: YAML tags are not read; put a text that begins with `!` in quotes"},
		{"a tag of YAML", "a: !!binary aGk=\n", "f:1:4: YAML tags are not read; put a text that begins with `!` in quotes"},
		{"a tag on a key", "!x a: b\n", "f:1:1: YAML tags are not read; put a text that begins with `!` in quotes"},
		{"a tab for a blank", "a: b\nc:\n\td: e\n", "f:3:1: not YAML: found character that cannot start any token; indent with blanks, not with tabs, and put a text that begins with `@`, `%` or a backtick in quotes"},
		{"a NUL", "a: b\nc: \x00d\n", "f:2:4: the file holds the control character U+0000; take the character away"},
		{"a control character behind letters beyond ASCII", "ä: öü\x1b\n", "f:1:6: the file holds the control character U+001B; take the character away"},
		{"a control character behind a byte order mark", "\ufeffa: \x01\n", "f:1:4: the file holds the control character U+0001; take the character away"},
		{"Latin-1", "a: b\nc: gr\xfcn\n", "f:2:6: the file is not UTF-8; save the file as UTF-8"},
		{"UTF-16", "\xff\xfea\x00:\x00 \x00b\x00", "f:1:1: the file is not UTF-8; save the file as UTF-8"},
		{"an open quote", "a: 'b\nc: d\n", "f:3:1: not YAML: found unexpected end of stream; close the quotes"},
		{"two colons", "a: b\nc: d: e\n", "f:2:1: not YAML: mapping values are not allowed in this context; put a text that holds `: ` in quotes, and begin keys that belong together in one column"},
		{"a pattern in double quotes", "a: \"\\d\"\n", "f:1:1: not YAML: found unknown escape character; write patterns in single quotes, as in `'\\d{3}'`"},
		{"a wildcard", "a: *x*\n", "f:1:1: not YAML: did not find expected alphabetic or numeric character; put a text that begins with `*` or `&` in quotes"},
		{"a list that is not closed", "a: [b\nc: d\n", "f:1:1: not YAML: did not find expected ',' or ']'; close the list with `]`, and put a text that holds brackets, commas or quotes in quotes"},
		{"a key too far to the left", "a:\n   b: c\n  d: e\n", "f:2:1: not YAML: did not find expected key; begin keys that belong together in one column, and each entry of a list with `- `"},
		{"bad indentation", "a: b\n c: d\n", "f:2:1: not YAML: mapping values are not allowed in this context; put a text that holds `: ` in quotes, and begin keys that belong together in one column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := strictyaml.Parse("f", []byte(c.text))
			if diff := cmp.Diff([]string{c.want}, said(r.Problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if !r.Failed() {
				t.Error("the file did not fail")
			}
		})
	}
}

func TestParseTakesWhatEditorsWrite(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                 "a: b\n",
		"a byte order mark":     "\ufeffa: b\n",
		"lines that end CRLF":   "a: b\r\n",
		"a line without an end": "a: b",
		"a document's start":    "---\na: b\n",
		"a document's end":      "a: b\n...\n",
		"flow style":            "{a: b}",
		"comments":              "# c\na: b # c\n",
		"quotes":                "\"a\": 'b'\n",
	} {
		r, n := strictyaml.Parse("f", []byte(text))
		if n == nil || len(r.Problems) > 0 {
			t.Errorf("%s: %v", name, said(r.Problems))
			continue
		}
		e, ok := r.Mapping(n, "", "a").Get("a")
		if got, good := r.Text(e.Value, e.Field); !ok || !good || got != "b" {
			t.Errorf("%s: a is %q", name, got)
		}
	}
}

func TestPlacesCountCharacters(t *testing.T) {
	r, n := strictyaml.Parse("f", []byte("\ufeffaä: {ö: [x, ü]}\r\nb:\r\n    - c\r\n"))
	m := r.Mapping(n, "")
	list := m.Entries()[0].Value.Content[1]
	if x := list.Content[1]; x.Line != 1 || x.Column != 13 {
		t.Errorf("ü is at %d:%d, want 1:13", x.Line, x.Column)
	}
	b := m.Entries()[1]
	if c := b.Value.Content[0]; b.At.Line != 2 || c.Line != 3 || c.Column != 7 {
		t.Errorf("b is in line %d, c at %d:%d; want 2 and 3:7", b.At.Line, c.Line, c.Column)
	}
}

// None of these may take memory or time beyond its own size.
func TestParseIsBounded(t *testing.T) {
	laughs := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := range 20 {
		prev, next := string(rune('a'+i)), string(rune('b'+i))
		laughs += next + ": &" + next + " [" + strings.Repeat("*"+prev+", ", 8) + "*" + prev + "]\n"
	}
	for name, text := range map[string]string{
		"a billion laughs":    laughs,
		"lists in lists":      strings.Repeat("[", 1<<20),
		"mappings in lists":   "a: " + strings.Repeat("[{a: ", 1<<18),
		"65 levels":           "a: " + strings.Repeat("[", 65) + strings.Repeat("]", 65),
		"dashes":              strings.Repeat("- ", 1<<19),
		"question marks":      strings.Repeat("? ", 1<<19),
		"anchors":             strings.Repeat("&a ", 1<<18),
		"more than is read":   "a: b\n" + strings.Repeat("#", strictyaml.MaxSize),
		"a percent sign each": strings.Repeat("%", 1<<20),
	} {
		r, n := strictyaml.Parse("f", []byte(text))
		if n != nil || len(r.Problems) != 1 {
			t.Errorf("%s: node %v, %d problems; want none and one", name, n != nil, len(r.Problems))
		}
		for _, p := range r.Problems {
			if len(p.String()) > 500 {
				t.Errorf("%s: a problem of %d octets", name, len(p.String()))
			}
		}
	}
	r, n := strictyaml.Parse("f", []byte("a: "+strings.Repeat("[", 60)+"x"+strings.Repeat("]", 60)))
	if n == nil {
		t.Errorf("60 levels: %v", said(r.Problems))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a: b\nc: [d, {e: 1}]\n", "a: &x b\nc: *x\n", "<<: {a: b}\n", "a: 'b\n", "\ufeffa: |\n  text\n", "? [a]\n: b\n",
		"a: 10MB\nb: 90s\nc: true\nd: 0x10\ne: 2026-01-02\n", "a: b\n---\nc: d\n", "a: !t b", "%YAML 1.1\n---\na: b\n", "a: \"\\u0041\"\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, root := strictyaml.Parse("f", data)
		if root == nil && !r.Failed() {
			t.Fatal("neither a node nor a reason")
		}
		if root != nil {
			readAll(r, root, "", 0)
		}
		for _, p := range r.Problems {
			if p.File != "f" || p.What == "" || p.Line < 1 || p.Column < 1 {
				t.Errorf("a problem without its place: %+v", p)
			}
		}
		strictyaml.Sort(r.Problems)
	})
}

// readAll reads every value in every way.
func readAll(r *strictyaml.Reader, n *strictyaml.Node, field string, depth int) {
	if depth > 100 {
		panic("deeper than is read")
	}
	r.Text(n, field)
	r.Texts(n, field)
	r.Bool(n, field)
	r.Int(n, field, -5, 5)
	r.Size(n, field)
	r.Duration(n, field, 0)
	r.OneOf(n, field, "one", "two")
	for _, e := range r.Mapping(n, field).Entries() {
		readAll(r, e.Value, e.Field, depth+1)
	}
	for i, it := range r.List(n, field) {
		if it != n {
			readAll(r, it, strictyaml.Index(field, i), depth+1)
		}
	}
}
