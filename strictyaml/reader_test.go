package strictyaml_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/strictyaml"
)

// value gives the node of the one value of a file "v: …".
func value(t *testing.T, text string) (*strictyaml.Reader, *strictyaml.Node) {
	t.Helper()
	r, root := strictyaml.Parse("f", []byte("v: "+text+"\n"))
	if root == nil {
		t.Fatalf("%s: %v", text, said(r.Problems))
	}
	e, _ := r.Mapping(root, "", "v").Get("v")
	return r, e.Value
}

// check holds that a value was read as wanted, or that one problem, at the value,
// was recorded.
func check[T comparable](t *testing.T, r *strictyaml.Reader, text string, got T, ok bool, want T, wantOK bool) {
	t.Helper()
	if ok != wantOK || ok && got != want {
		t.Errorf("%s: %v, %v; want %v, %v", text, got, ok, want, wantOK)
	}
	if ok == (len(r.Problems) > 0) {
		t.Errorf("%s: %v with problems %v", text, ok, said(r.Problems))
	}
	for _, p := range r.Problems {
		if p.Line != 1 || p.Column != 4 || p.Field != "v" || p.Write == "" {
			t.Errorf("%s: the problem is %+v", text, p)
		}
	}
}

func TestMappingRefusesUnknownAndRepeatedKeys(t *testing.T) {
	r, root := strictyaml.Parse("f", []byte("name: a\nnmae: b\nname: c\n1: d\n[x]: e\n<<: {f: g}\n"))
	m := r.Mapping(root, "top", "name", "kind")
	var keys []string
	for _, e := range m.Entries() {
		keys = append(keys, e.Field+"="+e.Value.Value)
	}
	if diff := cmp.Diff([]string{"top.name=a"}, keys); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	m.Require("kind", "write a kind")
	want := []string{
		"f:2:1: top.nmae: unknown key \"nmae\"; did you mean `name`?",
		"f:3:1: top.name: the key \"name\" is written twice; write the key once",
		"f:4:1: top.1: unknown key \"1\"; write `name` or `kind`",
		"f:5:1: top: a key must be a plain word",
		"f:6:1: top: a key must be a plain word",
		"f:1:1: top.kind: the key \"kind\" is missing; write a kind",
	}
	if diff := cmp.Diff(want, said(r.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestMissingMappingHasNoEntries(t *testing.T) {
	r, n := value(t, "[a]")
	m := r.Mapping(n, "v", "a")
	if e, ok := m.Get("a"); m != nil || ok || e.Value != nil || len(m.Entries()) > 0 {
		t.Error("a list was read as a mapping")
	}
	if _, ok := m.Require("a", ""); ok {
		t.Error("a key was found in nothing")
	}
	if diff := cmp.Diff([]string{"f:1:4: v: a list stands where keys and values are due; write keys and values, as in `key: value`"}, said(r.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		text, want string
		ok         bool
	}{
		{"word", "word", true},
		{"'quoted: text'", "quoted: text", true},
		{"42", "42", true},
		{"007", "007", true},
		{"2026-01-02", "2026-01-02", true},
		{"true", "true", true},
		{"''", "", true},
		{"~", "", false},
		{"null", "", false},
		{"[a]", "", false},
		{"{a: b}", "", false},
	} {
		r, n := value(t, c.text)
		got, ok := r.Text(n, "v")
		check(t, r, c.text, got, ok, c.want, c.ok)
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		text     string
		want     []string
		problems []string
	}{
		{"[a, b]", []string{"a", "b"}, nil},
		{"a", []string{"a"}, nil},
		{"[]", nil, []string{"f:1:4: v: the list is empty; write at least one value or take the key away"}},
		{"~", nil, []string{"f:1:4: v: there is no value; write at least one value, as in `[value]`"}},
		{"''", nil, []string{"f:1:4: v: the text is empty; write a text or take the entry away"}},
		{"[a, '', ~, [b], c]", []string{"a", "c"}, []string{
			"f:1:8: v[1]: the text is empty; write a text or take the entry away",
			"f:1:12: v[2]: nothing stands where a text is due; write a text",
			"f:1:15: v[3]: a list stands where a text is due; write a text",
		}},
	} {
		r, n := value(t, c.text)
		got, nodes, ok := r.Texts(n, "v")
		if diff := cmp.Diff(c.want, got); diff != "" || len(nodes) != len(got) {
			t.Errorf("%s (-want +got), %d nodes:\n%s", c.text, len(nodes), diff)
		}
		if ok != (c.problems == nil) {
			t.Errorf("%s: ok is %v", c.text, ok)
		}
		if diff := cmp.Diff(c.problems, said(r.Problems)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestBool(t *testing.T) {
	for text, want := range map[string]string{
		"true": "true", "True": "true", "FALSE": "false", "false": "false",
		"yes": "", "on": "", "1": "", "'true'": "", "~": "", "[true]": "",
	} {
		r, n := value(t, text)
		got, ok := r.Bool(n, "v")
		check(t, r, text, got, ok, want == "true", want != "")
	}
}

func TestInt(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
		ok   bool
	}{
		{"1", 1, true},
		{"10", 10, true},
		{"'7'", 7, true},
		{"0", 0, false},
		{"11", 0, false},
		{"-1", 0, false},
		{"99999999999999999999999999", 0, false},
		{"0x5", 0, false},
		{"1_0", 0, false},
		{"1.0", 0, false},
		{"five", 0, false},
		{"~", 0, false},
	} {
		r, n := value(t, c.text)
		got, ok := r.Int(n, "v", 1, 10)
		check(t, r, c.text, got, ok, c.want, c.ok)
	}
	r, n := value(t, "many")
	r.Int(n, "v", 2, math.MaxInt)
	if got, want := r.Problems[0].Write, "write a whole number from 2 up"; got != want {
		t.Errorf("without an upper bound it says %q, want %q", got, want)
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"512", 512, true},
		{"10B", 10, true},
		{"10 KB", 10 << 10, true},
		{"10mb", 10 << 20, true},
		{"2GB", 2 << 30, true},
		{"1TB", 1 << 40, true},
		{"8388607TB", 8388607 << 40, true},
		{"8388608TB", 0, false},
		{"999999999999999TB", 0, false},
		{"99999999999999999999", 0, false},
		{"-1MB", 0, false},
		{"1.5MB", 0, false},
		{"1MiB", 0, false},
		{"MB", 0, false},
		{"~", 0, false},
		{"[1]", 0, false},
	} {
		r, n := value(t, c.text)
		got, ok := r.Size(n, "v")
		check(t, r, c.text, got, ok, c.want, c.ok)
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"90s", 90 * time.Second, true},
		{"1h30m", 90 * time.Minute, true},
		{"30d", 720 * time.Hour, true},
		{"36500d", 36500 * 24 * time.Hour, true},
		{"36501d", 0, false},
		{"-1d", 0, false},
		{"1.5d", 0, false},
		{"d", 0, false},
		{"999ms", 0, false},
		{"0", 0, false},
		{"60", 0, false},
		{"9999999h", 0, false},
		{"soon", 0, false},
		{"~", 0, false},
	} {
		r, n := value(t, c.text)
		got, ok := r.Duration(n, "v", time.Second)
		check(t, r, c.text, got, ok, c.want, c.ok)
	}
}

func TestOneOf(t *testing.T) {
	for text, want := range map[string]string{"enable": "enable", "ENABLE": "enable", "TestOnly": "testOnly", "on": "", "~": "", "[enable]": "", "''": ""} {
		r, n := value(t, text)
		got, ok := r.OneOf(n, "v", "enable", "testOnly")
		check(t, r, text, got, ok, want, want != "")
	}
}

func TestClosest(t *testing.T) {
	words := []string{"subjectContainsWords", "senderDomainIs", "from", "sentTo"}
	for got, want := range map[string]string{
		"subjectContainWords":  "subjectContainsWords",
		"SUBJECTCONTAINSWORDS": "subjectContainsWords",
		"form":                 "from",
		"sendTo":               "sentTo",
		"bananas":              "",
		"":                     "",
	} {
		if near := strictyaml.Closest(got, words); near != want {
			t.Errorf("Closest(%q) is %q, want %q", got, near, want)
		}
	}
}

func TestProblemsAreSortedAndGraded(t *testing.T) {
	problems := []strictyaml.Problem{
		{File: "b", Line: 1, Column: 1, What: "third"},
		{File: "a", Line: 2, Column: 9, What: "second", Severity: strictyaml.Hint, Field: "x.y", Write: "write z"},
		{File: "a", What: "first"},
	}
	strictyaml.Sort(problems)
	want := []string{"a: first", "a:2:9: hint: x.y: second; write z", "b:1:1: third"}
	if diff := cmp.Diff(want, said(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if !strictyaml.Errors(problems) || strictyaml.Errors(problems[1:2]) || strictyaml.Errors(nil) {
		t.Error("hints and errors are mixed up")
	}
}
