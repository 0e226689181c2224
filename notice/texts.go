package notice

import (
	"embed"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/postern-mail/postern/strictyaml"
)

// files are the sentences by language, in files by what they are about.
//
//go:embed texts
var files embed.FS

// BuiltIn are the languages that Postern speaks by itself.
var BuiltIn = []string{"de", "en"}

// Texts are the sentences of notices in each language. They are safe for
// concurrent use.
type Texts struct{ languages map[string]*sentences }

// sentences are those of one language.
type sentences struct {
	tag    string // BCP 47
	plural language.Tag
	of     map[string]sentence
	// other are the sentences for what a language of the administrator leaves out: of
	// the language without its region, or of English; nil for a language that is whole.
	other *sentences
}

// sentence is one text with its forms: "other" alone, or by the plural forms of the
// language as Unicode's CLDR has them.
type sentence map[string]string

var pluralForms = []string{"zero", "one", "two", "few", "many", "other"}

// placeholder is where a sentence takes a value.
var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// builtIn gives the sentences as they come with Postern.
var builtIn = sync.OnceValues(func() (*Texts, error) {
	t := &Texts{languages: make(map[string]*sentences)}
	for _, tag := range BuiltIn {
		s := &sentences{tag: tag, plural: language.MustParse(tag), of: make(map[string]sentence)}
		entries, err := files.ReadDir("texts/" + tag)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := "texts/" + tag + "/" + e.Name()
			data, err := files.ReadFile(name)
			if err != nil {
				return nil, err
			}
			if ps := s.read(name, data, nil); len(ps) > 0 {
				return nil, fmt.Errorf("%s", ps[0])
			}
		}
		t.languages[tag] = s
	}
	return t, nil
})

// File is a file as it was read.
type File struct {
	Name string
	Data []byte
}

// LoadTexts gives the sentences with those of files in their place: a file named
// de.yaml replaces German ones key by key, and one of another language, as fr.yaml,
// adds a language. What its file leaves out is said in the language without its region,
// as de for de-AT, or else in English. Problems name
// file, line and column; a key or a placeholder that there is none of is an error.
// The texts are whole without what has an error.
func LoadTexts(files []File) (*Texts, []strictyaml.Problem) {
	base, err := builtIn()
	if err != nil {
		return nil, []strictyaml.Problem{{What: err.Error()}}
	}
	t := &Texts{languages: maps.Clone(base.languages)}
	var problems []strictyaml.Problem
	read := make(map[string]string) // the file of each language
	for _, f := range files {
		tag, ok := strings.CutSuffix(filepath.Base(f.Name), ".yaml")
		parsed, err := language.Parse(tag)
		if !ok || err != nil {
			problems = append(problems, strictyaml.Problem{File: f.Name, What: "this is no file of texts", Write: "name it after a language, as de.yaml, or take it out of the folder"})
			continue
		}
		tag = parsed.String()
		if before := read[tag]; before != "" {
			problems = append(problems, strictyaml.Problem{File: f.Name, What: fmt.Sprintf("%s has texts of the language %s too", filepath.Base(before), tag), Write: "put them into one file"})
			continue
		}
		read[tag] = f.Name
		s := &sentences{tag: tag, plural: parsed, of: make(map[string]sentence)}
		if own := base.languages[tag]; own != nil {
			s.of = maps.Clone(own.of)
		}
		problems = append(problems, s.read(f.Name, f.Data, base.languages["en"])...)
		t.languages[tag] = s
	}
	for tag, s := range t.languages {
		if base.languages[tag] == nil {
			s.other = t.broader(tag)
		}
	}
	return t, problems
}

// broader gives the sentences of the language that a tag is a kind of, as de for de-AT,
// or else those of English.
func (t *Texts) broader(tag string) *sentences {
	for i := strings.LastIndexByte(tag, '-'); i > 0; i = strings.LastIndexByte(tag, '-') {
		tag = tag[:i]
		if s := t.languages[tag]; s != nil {
			return s
		}
	}
	return t.languages["en"]
}

// Languages lists the languages there are.
func (t *Texts) Languages() []string { return slices.Sorted(maps.Keys(t.languages)) }

// Has tells whether there are texts of a language.
func (t *Texts) Has(tag string) bool { return t.languages[tag] != nil }

// read takes the sentences of a file. With known ones, keys and placeholders have
// to be among theirs.
func (s *sentences) read(name string, data []byte, known *sentences) []strictyaml.Problem {
	r, n := strictyaml.Parse(name, data)
	if n == nil {
		return r.Problems
	}
	var keys []string // none given, any is taken
	if known != nil {
		keys = slices.Sorted(maps.Keys(known.of))
	}
	for _, e := range r.Mapping(n, "", keys...).Entries() {
		if text, ok := s.sentence(r, e); ok {
			if known != nil {
				checkPlaceholders(r, e, text, known.of[e.Key])
			}
			s.of[e.Key] = text
		}
	}
	return r.Problems
}

func (s *sentences) sentence(r *strictyaml.Reader, e strictyaml.Entry) (sentence, bool) {
	if e.Value.Tag != "!!map" {
		text, ok := s.words(r, e)
		return sentence{"other": text}, ok
	}
	forms := make(sentence)
	m := r.Mapping(e.Value, e.Field, pluralForms...)
	for _, f := range m.Entries() {
		if text, ok := s.words(r, f); ok {
			forms[f.Key] = text
		}
	}
	_, ok := m.Require("other", "write the form for numbers that have no form of their own")
	return forms, ok
}

// words reads one form of a sentence.
func (s *sentences) words(r *strictyaml.Reader, e strictyaml.Entry) (string, bool) {
	text, ok := r.Text(e.Value, e.Field)
	if ok && strings.TrimSpace(text) == "" {
		r.Errorf(e.Value, e.Field, "write a text", "the text is empty")
		return "", false
	}
	return strings.TrimSpace(text), ok
}

// checkPlaceholders tells of placeholders that a sentence does not have.
func checkPlaceholders(r *strictyaml.Reader, e strictyaml.Entry, text, known sentence) {
	allowed := known.placeholders()
	for _, p := range text.placeholders() {
		if !slices.Contains(allowed, p) {
			write := "this text has none"
			if len(allowed) > 0 {
				write = "this text has " + strings.Join(allowed, ", ")
			}
			r.Errorf(e.Value, e.Field, write, "there is no %s in this text", p)
		}
	}
}

// placeholders lists those of all forms of a sentence.
func (s sentence) placeholders() []string {
	seen := make(map[string]bool)
	for _, form := range s {
		for _, p := range placeholder.FindAllString(form, -1) {
			seen[p] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// pick gives the sentences for someone who prefers languages as an Accept-Language
// header field lists them (RFC 9110, section 12.5.4), as RFC 2798 has it in a
// directory: de-AT takes de where there is no de-AT. Otherwise those of the
// settings, otherwise English.
func (t *Texts) pick(preferred, setting string) *sentences {
	if len(preferred) <= 200 {
		tags, _, err := language.ParseAcceptLanguage(preferred)
		for _, tag := range tags {
			if err != nil {
				break
			}
			for name := tag.String(); name != "" && name != "und"; name = name[:max(0, strings.LastIndexByte(name, '-'))] {
				if s := t.languages[name]; s != nil {
					return s
				}
			}
		}
	}
	if s := t.languages[setting]; s != nil {
		return s
	}
	return t.languages["en"]
}

// say gives a sentence with values in it, given as name, value, name, value.
func (s *sentences) say(key string, values ...string) string {
	return fill(s.get(key)["other"], values)
}

// count gives the form of a sentence for a number, which is its value {n}.
func (s *sentences) count(key string, n int, values ...string) string {
	own := s.having(key)
	forms := own.of[key]
	text, ok := forms[own.form(n)]
	if !ok {
		text = forms["other"]
	}
	return fill(text, append([]string{"n", s.number(n)}, values...))
}

// has tells whether there is a sentence.
func (s *sentences) has(key string) bool { return s.get(key) != nil }

func (s *sentences) get(key string) sentence { return s.having(key).of[key] }

// having gives the sentences that a sentence is taken from: these, or those behind them.
func (s *sentences) having(key string) *sentences {
	for s.of[key] == nil && s.other != nil {
		s = s.other
	}
	return s
}

var formNames = map[plural.Form]string{
	plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
}

// form names the plural form of a number.
func (s *sentences) form(n int) string {
	return formNames[plural.Cardinal.MatchPlural(s.plural, n, 0, 0, 0, 0)]
}

// fill puts values into a sentence, none of them read again.
func fill(text string, values []string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		for i := 0; i+1 < len(values); i += 2 {
			if values[i] == p[1:len(p)-1] {
				return values[i+1]
			}
		}
		return p
	})
}
