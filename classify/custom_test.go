package classify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/postern-mail/postern/strictyaml"
)

// own compiles a file of types of testdata/custom with the built-in ones.
func own(t testing.TB, name string) (*Catalog, []strictyaml.Problem) {
	t.Helper()
	path := filepath.Join("testdata", "custom", name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return With([]File{{Name: path, Data: data}}, os.ReadFile)
}

func TestOwnTypes(t *testing.T) {
	c, problems := own(t, "good.yaml")
	if c == nil {
		t.Fatal(problems)
	}
	some := 0
	for _, typ := range c.Types() {
		if !typ.Describe().Custom {
			continue
		}
		some++
		for _, f := range c.Test(typ) {
			t.Errorf("%s: %s", typ.Name, f)
		}
	}
	if some != 7 {
		t.Errorf("%d own types", some)
	}
	if _, ok := c.Lookup("Credit card number"); !ok {
		t.Error("the built-in types are gone")
	}
}

// Every mistake is reported with its place, and what to write.
func TestMistakesInOwnTypes(t *testing.T) {
	c, problems := own(t, "bad.yaml")
	if c != nil {
		t.Error("the file is taken")
	}
	var got []string
	for _, p := range problems {
		p.File = filepath.Base(p.File)
		got = append(got, p.String())
	}
	want, err := os.ReadFile(filepath.Join("testdata", "custom", "bad.want"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutFilesTheCatalogueIsTheBuiltIn(t *testing.T) {
	if c, _ := With(nil, nil); c != Builtin() {
		t.Error("another catalogue")
	}
}

func TestFilesOfTypesAreToldFromPolicies(t *testing.T) {
	for text, want := range map[string]bool{
		"types: []": true, "lists: {a: [b]}": true, "placeholders: {testNumbers: drop}": true,
		"policy: A\nmode: enable": false, "policy: A\ntypes: []": false, "": false, "- a": false, "a: [": false,
		"lists: {}\ntypes: [": true, "policy: [\ntypes: []": false, "a: types: [": false,
	} {
		if got := IsTypesFile([]byte(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	f := File{Name: "/etc/postern/policies/own.yaml", Data: []byte("types: [{type: A, primaries: {x: {dictionary: terms.txt}, y: {dictionary: /srv/b.txt}, z: {dictionary: terms.txt}}}]")}
	if diff := cmp.Diff([]string{"/etc/postern/policies/terms.txt", "/srv/b.txt"}, DictionaryFiles(f)); diff != "" {
		t.Error(diff)
	}
}

func TestADictionaryThatIsNotThere(t *testing.T) {
	const file = "types: [{type: A, id: 'postern:a', recommendedConfidence: 75, proximity: 300, primaries: {x: {dictionary: none.txt}}, patterns: [{confidence: 75, primary: x}]}]"
	_, problems := With([]File{{"a.yaml", []byte(file)}}, func(string) ([]byte, error) { return nil, errors.New("none.txt does not exist") })
	if len(problems) != 1 || problems[0].Line != 1 || !strings.Contains(problems[0].What, "none.txt does not exist") {
		t.Error(problems)
	}
}

func TestPlaceholdersCanBeSwitched(t *testing.T) {
	const types = `
types:
  - type: Key
    id: postern:key
    recommendedConfidence: 75
    proximity: 300
    primaries: {x: {token: {alphabet: base64, length: 40}}}
    patterns: [{confidence: 75, primary: x}]
`
	const (
		card   = "visa 4111 1111 1111 1111"
		mock   = "key abcdefghijklmnopqrstuvwxyz0123456789ABCD"
		secret = "key q7Zk1vX0pL4nB8sT2wR6yU3iO9aD5fG7hJ1kM3xC"
	)
	for name, tt := range map[string]struct {
		file string
		want map[string]int
	}{
		"by default": {types, map[string]int{card: 1, mock: 0, secret: 1}},
		"switched":   {types + "placeholders: {testNumbers: drop, mockSecrets: keep}", map[string]int{card: 0, mock: 1, secret: 1}},
	} {
		c, problems := With([]File{{"a.yaml", []byte(tt.file)}}, nil)
		if c == nil {
			t.Fatal(problems)
		}
		wanted := map[*Type]bool{}
		for _, n := range []string{"Key", "Credit card number"} {
			typ, _ := c.Lookup(n)
			wanted[typ] = true
		}
		for text, want := range tt.want {
			if got := c.Scan(text, wanted); len(got) != want {
				t.Errorf("%s: %q gives %d detections, want %d", name, text, len(got), want)
			} else if want == 1 && got[0].Matches[0].Placeholder != (text != secret) {
				t.Errorf("%s: %q is not told apart", name, text)
			}
		}
	}
}

func TestMockSecrets(t *testing.T) {
	for value, want := range map[string]bool{
		"changeme": true, "EXAMPLE-key": true, "xxxxxxxx": true, "********": true, "<password>": true, "{{ secret }}": true, "$PASSWORD": true,
		"${DB_PASS}": true, "abcdefghijkl": true, "0123456789abcdef": true, "aaaaaaaaaaaa": true, "": true,
		"Tr0ub4dor&3": false, "q7Zk1vX0pL4n": false, "correct horse": false,
	} {
		if got := isMockSecret(value); got != want {
			t.Errorf("%q: %t", value, got)
		}
	}
}

// A mistake is told once: a bundle that names a type with mistakes is not to blame.
func TestMembersWithMistakesAreToldOnce(t *testing.T) {
	const text = `types:
  - {type: A, id: "postern:a", aliases: [Aleph], recommendedConfidence: 75, proximity: 300, primaries: {x: {formats: ["9{0}"]}}, patterns: [{confidence: 75, primary: x}]}
  - {type: B, id: "postern:b", recommendedConfidence: 75, members: [aleph, Nothing]}
`
	_, problems := With([]File{{"a.yaml", []byte(text)}}, nil)
	if len(problems) != 2 || problems[0].Line != 2 || !strings.Contains(problems[1].What, `"Nothing"`) {
		t.Error(problems)
	}
	named := Named([]File{{"a.yaml", []byte(text)}})
	for name, want := range map[string]bool{"a": true, "POSTERN:B": true, " Aleph ": true, "Nothing": false, "x": false} {
		if named(name) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
	if !Named([]File{{"a.yaml", []byte("types: [")}})("anything") {
		t.Error("a file that cannot be read may hold any name")
	}
}
