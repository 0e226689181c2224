package classify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// primaryKinds are the keys of which a primary element has one.
var primaryKinds = []string{"formats", "token", "regex", "words", "exact", "anywhere", "list", "dictionary"}

var primaryKeys = slices.Concat(primaryKinds, []string{"delimiters", "grouping", "case", "check", "checksum", "date", "secret"})

func (r *typeReader) primaries(m *strictyaml.Mapping) {
	r.def.primaries = map[string]primaryDef{}
	e, ok := m.Require("primaries", "write what is looked for, as in `number: {formats: [\"999-99-9999\"]}`")
	if !ok {
		return
	}
	for _, p := range r.Mapping(e.Value, e.Field).Entries() {
		r.def.primaries[p.Key] = r.primary(r.Mapping(p.Value, p.Field, primaryKeys...), p)
		r.named = append(r.named, namedEntry{p, "primaries"})
	}
}

func (r *typeReader) primary(m *strictyaml.Mapping, at strictyaml.Entry) (p primaryDef) {
	if m == nil {
		return p
	}
	p.checks = r.checks(m)
	if e, ok := m.Get("token"); ok {
		p.token = r.token(e)
	}
	if e, ok := m.Get("regex"); ok {
		p.regex = r.regex(e)
	}
	p.secret = p.token != nil && p.token.min >= longToken
	if e, ok := m.Get("secret"); ok {
		p.secret, _ = r.Bool(e.Value, e.Field)
	}
	p.words = append(readWordKeys(r.Reader, m), r.sharedLists(m)...)
	if e, ok := m.Get("dictionary"); ok {
		p.dictionary = r.dictionaryOf(e)
	}
	kinds := 0
	for _, key := range []string{"formats", "token", "regex", "dictionary"} {
		if _, ok := m.Get(key); ok {
			kinds++
		}
	}
	if len(p.words) > 0 {
		kinds++
	}
	if kinds > 1 {
		r.Errorf(at.At, at.Field, "write one of `formats`, `token`, `regex`, `words`, `list` and `dictionary`", "what is looked for is of one kind")
	}
	f, formatted := m.Get("formats")
	for _, key := range []string{"delimiters", "grouping", "case"} {
		if e, ok := m.Get(key); ok && !formatted {
			r.Errorf(e.At, e.Field, "take it away", "`%s` belongs to `formats`", key)
		}
	}
	if !formatted {
		if kinds == 0 && !r.hasAny(m, primaryKinds) {
			r.Errorf(at.At, at.Field, "write `formats: [\"999-99-9999\"]`, or `token`, `regex`, `words`, `list` or `dictionary`", "nothing to look for is said")
		}
		return p
	}
	r.formats(m, f, &p)
	return p
}

func (r *typeReader) hasAny(m *strictyaml.Mapping, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { _, ok := m.Get(key); return ok })
}

func (r *typeReader) formats(m *strictyaml.Mapping, f strictyaml.Entry, p *primaryDef) {
	if d, ok := m.Get("delimiters"); ok {
		p.delimiters, _ = r.Text(d.Value, d.Field)
		for _, c := range p.delimiters {
			if c > 0x7f || delimiterKind(byte(c)) == 0 {
				r.Errorf(d.Value, d.Field, "write some of `"+delimiters+"`", "%q is not a delimiter", c)
				p.delimiters = ""
				break
			}
		}
	}
	if g, ok := m.Get("grouping"); ok {
		s, _ := r.OneOf(g.Value, g.Field, "free", "loose", "fixed")
		p.free, p.loose = s == "free", s == "loose"
	}
	if g, ok := m.Get("case"); ok {
		s, _ := r.OneOf(g.Value, g.Field, "any", "upper")
		p.upper = s == "upper"
	}
	formats, nodes, _ := r.Texts(f.Value, f.Field)
	for i, mask := range formats {
		if err := tryFormat(mask, *p); err != nil {
			r.Errorf(nodes[i], f.Field, "", "the format %q cannot be used: %v", mask, err)
		}
	}
	p.formats = formats
}

// tryFormat tells what is wrong with a format and its use with its checks.
func tryFormat(mask string, p primaryDef) error {
	layouts, err := parseFormat(mask, p.delimiters, p.upper)
	if err != nil {
		return err
	}
	if p.free {
		if err := newTrie().addFree(mask, p.delimiters, p.upper, 0); err != nil {
			return err
		}
	}
	for _, l := range layouts {
		if p.loose {
			if err := newTrie().addLoose(l, 0); err != nil {
				return err
			}
		}
		total, digits := 0, true
		for _, w := range l.words {
			total += w.length
			digits = digits && w.digit == uint64(1)<<w.length-1
		}
		if err := p.checks.fits(total, digits); err != nil {
			return err
		}
	}
	return nil
}

// sharedLists reads the names of shared lists.
func (r *typeReader) sharedLists(m *strictyaml.Mapping) (words []wordDef) {
	e, ok := m.Get("list")
	if !ok {
		return nil
	}
	names, nodes, _ := r.Texts(e.Value, e.Field)
	for i, name := range names {
		list := r.lists[name]
		if list == nil {
			r.Errorf(nodes[i], e.Field, r.near(name, r.lists), "there is no list %q", name)
		}
		words = append(words, list...)
	}
	return words
}

func (r *typeReader) near(name string, lists map[string][]wordDef) string {
	names := make([]string, 0, len(lists))
	for n := range lists {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := strictyaml.Closest(name, names); near != "" {
		return "did you mean `" + near + "`?"
	}
	return ""
}

func (r *typeReader) dictionaryOf(e strictyaml.Entry) *Dictionary {
	name, ok := r.Text(e.Value, e.Field)
	if !ok {
		return nil
	}
	if r.dictionary == nil {
		r.Errorf(e.Value, e.Field, "write `list`", "dictionaries are not read here")
		return nil
	}
	d, err := r.dictionary(name)
	if err != nil {
		r.Errorf(e.Value, e.Field, "write the path of a text file with one term a line, relative to this file", "the dictionary cannot be used: %v", err)
		return nil
	}
	return d
}

// tokenDef is a run of characters of one alphabet with a length of its own.
type tokenDef struct {
	alphabet string // as written, for the key
	set      [256]bool
	min, max int
	suffix   string // behind the run, without case
}

// tokenAlphabets are the alphabets with a name.
var tokenAlphabets = map[string]string{
	"base64":    "A-Za-z0-9+/",
	"base64url": "A-Za-z0-9_-",
	"base32":    "A-Za-z2-7",
	"hex":       "0-9A-Fa-f",
	"percent":   "A-Za-z0-9%",
	"secret":    "A-Za-z0-9_.~-",
	"address":   "0-9A-Fa-f:.",
}

const (
	minToken     = 3
	longToken    = 16 // a run of this length is a secret, with digits and letters
	maxTokenSize = 20000
)

func (r *typeReader) token(e strictyaml.Entry) *tokenDef {
	t := &tokenDef{}
	m := r.Mapping(e.Value, e.Field, "alphabet", "length", "suffix")
	if a, ok := m.Require("alphabet", "write `base64`, `hex` or characters, as in `A-Z0-9_`"); ok {
		t.alphabet, _ = r.Text(a.Value, a.Field)
		chars := t.alphabet
		if named, ok := tokenAlphabets[chars]; ok {
			chars = named
		}
		for i := 0; i < len(chars); i++ {
			from, to := chars[i], chars[i]
			if i+2 < len(chars) && chars[i+1] == '-' {
				to = chars[i+2]
				i += 2
			}
			if from <= ' ' || to > '~' || to < from {
				r.Errorf(a.Value, a.Field, "write `base64`, `hex` or characters, as in `A-Z0-9_`", "%q is no alphabet", t.alphabet)
				break
			}
			for c := int(from); c <= int(to); c++ {
				t.set[c] = true
			}
		}
	}
	if l, ok := m.Require("length", "write a number of characters, as in `43` or `20-40`"); ok {
		text, _ := r.Text(l.Value, l.Field)
		lo, hi, ranged := strings.Cut(text, "-")
		var err1, err2 error
		t.min, err1 = strconv.Atoi(strings.TrimSpace(lo))
		t.max = t.min
		if ranged {
			t.max, err2 = strconv.Atoi(strings.TrimSpace(hi))
		}
		if err1 != nil || err2 != nil || t.min < minToken || t.max < t.min || t.max > maxTokenSize {
			r.Errorf(l.Value, l.Field, fmt.Sprintf("write numbers from %d to %d, as in `43` or `20-40`", minToken, maxTokenSize), "%q is no length", text)
		}
	}
	if s, ok := m.Get("suffix"); ok {
		t.suffix, _ = r.Text(s.Value, s.Field)
		t.suffix = strings.ToLower(t.suffix)
	}
	return t
}
