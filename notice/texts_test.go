package notice

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/strictyaml"
)

func catalogue(t testing.TB) *Texts {
	t.Helper()
	texts, problems := LoadTexts(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return texts
}

func TestLanguagesSayTheSame(t *testing.T) {
	texts := catalogue(t)
	en := texts.languages["en"]
	for _, tag := range BuiltIn {
		s := texts.languages[tag]
		if diff := cmp.Diff(slices.Sorted(maps.Keys(en.of)), slices.Sorted(maps.Keys(s.of))); diff != "" {
			t.Errorf("the keys of en and %s differ: %s", tag, diff)
		}
		for key, text := range s.of {
			reason := strings.HasPrefix(key, "condition.") // written in English only
			if diff := cmp.Diff(en.of[key].placeholders(), text.placeholders()); diff != "" && !reason {
				t.Errorf("%s: %s: placeholders differ from English: %s", tag, key, diff)
			}
			if (len(en.of[key]) > 1) != (len(text) > 1) {
				t.Errorf("%s: %s has plural forms in one language only", tag, key)
			}
			for form, words := range text {
				if strings.TrimSpace(words) != words || words == "" {
					t.Errorf("%s: %s: %q", tag, key, words)
				}
				if form == "other" && len(text) > 1 && !strings.Contains(words, "{n}") {
					t.Errorf("%s: %s: the form for many does not say how many", tag, key)
				}
			}
			if len(text) > 1 && text["one"] == "" {
				t.Errorf("%s: %s has no form for one", tag, key)
			}
		}
		for key, n := range map[string]int{"number.words": 13, "date.weekdays": 7, "date.months": 12} {
			if got := len(strings.Fields(s.say(key))); got != n {
				t.Errorf("%s: %s has %d words", tag, key, got)
			}
		}
	}
}

// spokenBy are the functions whose first argument is a key, or how keys begin.
var spokenBy = []string{"say", "count", "has", "numbered"}

// TestKeysAreThere holds that every key in the code is in the catalogue, and that
// nothing is in the catalogue that nobody says.
func TestKeysAreThere(t *testing.T) {
	en := catalogue(t).languages["en"]
	code := ""
	var spoken []string
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && p != "." {
			return cmpDir(err)
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		code += string(data)
		file, err := parser.ParseFile(gotoken.NewFileSet(), p, data, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains(spokenBy, f.Sel.Name) {
				return true
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok && f.Sel.Name != "numbered" {
				key, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Error(err)
				}
				spoken = append(spoken, key)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range spoken {
		if en.of[key] == nil {
			t.Errorf("there is no text %q", key)
		}
	}
	for key := range en.of {
		// A key may be put together: what it begins with, or ends in, then stands in the code.
		begin, end := key[:strings.IndexByte(key, '.')+1], key[strings.LastIndexByte(key, '.'):]
		numbered := regexp.MustCompile(`^\.[0-9]+$`).MatchString(end)
		if numbered {
			end = key[strings.LastIndexByte(strings.TrimRight(key, ".0123456789"), '.'):]
			end = strings.TrimRight(end, ".0123456789")
		}
		if !slices.Contains(spoken, key) && !strings.Contains(code, `"`+key+`"`) && !strings.Contains(code, `"`+begin) && !strings.Contains(code, `"`+end+`"`) {
			t.Errorf("nothing says %q", key)
		}
	}
}

// cmpDir passes over folders below, and gives errors back.
func cmpDir(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

func TestTheLanguageOfAPerson(t *testing.T) {
	texts := catalogue(t)
	for _, tc := range []struct{ preferred, setting, want string }{
		{"", "", "en"}, {"", "de", "de"}, {"de", "en", "de"}, {"de-AT", "en", "de"}, {"DE_ch", "en", "de"}, {"en-GB", "de", "en"},
		{"fr, de;q=0.5, en;q=0.8", "en", "en"}, {"fr", "de", "de"}, {"fr", "xx", "en"}, {"de-Latn-DE-1996", "en", "de"},
		{"not a language!", "de", "de"}, {strings.Repeat("de,", 200), "en", "en"}, {"*", "de", "de"},
	} {
		if got := texts.pick(tc.preferred, tc.setting).tag; got != tc.want {
			t.Errorf("%q with the setting %q: %s, want %s", tc.preferred, tc.setting, got, tc.want)
		}
	}
}

func TestNumbersAndForms(t *testing.T) {
	texts := catalogue(t)
	en, de := texts.languages["en"], texts.languages["de"]
	for _, tc := range []struct{ got, want string }{
		{en.number(2), "two"}, {de.number(12), "zwölf"}, {en.number(13), "13"}, {en.number(1234567), "1,234,567"}, {de.number(12345), "12.345"}, {en.number(-1), "-1"},
		{en.size(999), "999 bytes"}, {de.size(12345), "12,3 kB"}, {en.size(5e6), "5.0 MB"},
		{en.list([]string{"a", "b", "c"}), "a, b and c"}, {de.list([]string{"a", "b"}), "a und b"}, {en.list(nil), ""},
		{en.people([]string{"a", "b", "c"}, 2), "a, b and one more"}, {de.people([]string{"a", "b", "c", "d"}, 2), "a, b und zwei weitere"},
		{fill("{a} {b} {c}", []string{"a", "{b}", "b", "x"}), "{b} x {c}"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
}

func TestTextsOfTheAdministrator(t *testing.T) {
	load := func(files ...string) (*Texts, []strictyaml.Problem) {
		var all []File
		for i := 0; i < len(files); i += 2 {
			all = append(all, File{"texts/" + files[i], []byte(files[i+1])})
		}
		return LoadTexts(all)
	}
	texts, problems := load("de.yaml", "block.title: Angehalten\nblock.why: \"{organization} sagt nein.\"\nlist.more: {one: einer, other: \"{n} mehr\"}\n", "fr.yaml", "block.title: Message non remis\n")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	de, fr := texts.pick("de-DE", "en"), texts.pick("fr-CA", "en")
	for _, tc := range []struct{ got, want string }{
		{de.say("block.title"), "Angehalten"}, {de.say("block.why", "organization", "X"), "X sagt nein."}, {de.say("block.to"), "Sie ging nicht an:"}, {de.count("list.more", 3), "drei mehr"},
		{fr.say("block.title"), "Message non remis"}, {fr.say("block.to"), "It did not go to:"}, {texts.pick("en", "").say("block.title"), "Your message was not delivered"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
	if got := strings.Join(texts.Languages(), " "); got != "de en fr" {
		t.Error(got)
	}
	for content, want := range map[string]string{
		"block.tittle: x\n":                    `de.yaml:1:1: block.tittle: unknown key "block.tittle"; did you mean ` + "`block.title`?",
		"\nblock.why: no {organisation}\n":     `de.yaml:2:12: block.why: there is no {organisation} in this text; this text has {organization}`,
		"block.title: a {subject}\n":           `de.yaml:1:14: block.title: there is no {subject} in this text; this text has none`,
		"list.more: {one: one}\n":              `de.yaml:1:12: list.more.other: the key "other" is missing; write the form for numbers that have no form of their own`,
		"list.more: {some: x, other: \"y\"}\n": `de.yaml:1:13: list.more.some: unknown key "some"; `,
		"block.title: [a]\n":                   `de.yaml:1:14: block.title: a list stands where a text is due; write a text`,
		"block.title: \"\"\n":                  `de.yaml:1:14: block.title: the text is empty; write a text`,
		"- a\n":                                `de.yaml:1:1: the file holds a list where keys and values are due`,
	} {
		_, problems := load("de.yaml", content)
		if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "texts/"+want) {
			t.Errorf("%q: %v\nwant %s", content, problems, want)
		}
	}
	for _, name := range []string{"texts.txt", "de.yaml.bak", "what is this.yaml"} {
		if _, problems := load(name, "block.title: x\n"); len(problems) != 1 || !strings.Contains(problems[0].String(), "name it after a language") {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// A file for a region leaves the rest to the language it is a kind of, in its forms;
// two files of one language are a mistake.
func TestTextsOfARegion(t *testing.T) {
	texts, problems := LoadTexts([]File{
		{"texts/de-AT.yaml", []byte("block.title: Nicht angekommen\n")}, {"texts/de.yaml", []byte("block.to: \"An:\"\n")},
		{"texts/fr-CA.yaml", []byte("block.title: Non livré\n")}, {"texts/fr.yaml", []byte("block.title: Non remis\nblock.to: \"Pas à:\"\n")},
		{"texts/ja.yaml", []byte("block.title: x\n")}, {"texts/en.yaml", []byte("block.to: \"Not to:\"\n")},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at, ca, ja := texts.pick("de-AT", ""), texts.pick("fr-CA", ""), texts.pick("ja", "")
	for _, tc := range []struct{ got, want string }{
		{at.say("block.title"), "Nicht angekommen"}, {at.say("block.to"), "An:"}, {at.say("delivery.to"), "Sie erreichte nicht:"}, {at.count("list.more", 1), "eine weitere Person"},
		{ca.say("block.title"), "Non livré"}, {ca.say("block.to"), "Pas à:"}, {ca.say("delivery.to"), "It did not reach:"},
		{ja.say("block.to"), "Not to:"}, {ja.count("list.more", 1), "one more"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
	_, problems = LoadTexts([]File{{"texts/FR.yaml", []byte("block.title: x\n")}, {"texts/fr.yaml", []byte("block.title: y\n")}})
	if len(problems) != 1 || problems[0].String() != "texts/fr.yaml: FR.yaml has texts of the language fr too; put them into one file" {
		t.Error(problems)
	}
}

func FuzzLoadTexts(f *testing.F) {
	for _, s := range []string{"block.title: x\n", "list.more: {one: a, other: \"{n}\"}", "a: [", "block.why: {organization}", "? x", "block.title: &a x\nblock.to: *a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		texts, _ := LoadTexts([]File{{"de.yaml", data}, {"pl.yaml", data}})
		for _, preferred := range []string{"de", "pl"} {
			s := texts.pick(preferred, "en")
			if s.say("block.title") == "" || s.count("list.more", 2) == "" {
				t.Errorf("%s has lost a text", preferred)
			}
		}
	})
}
