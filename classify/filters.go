package classify

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// filterDef is an additional check of a type's or a pattern's instances, as
// Purview's portal calls it: instances that fail it are dropped.
type filterDef struct {
	kind  string // of filterKeys, without "not"
	not   bool
	texts []string // folded; of values without delimiters too
}

// filterKeys are the checks, each with the one that drops what the other keeps.
var filterKeys = []string{
	"startsWith", "notStartsWith", "endsWith", "notEndsWith", "is", "isNot",
	"precededBy", "notPrecededBy", "followedBy", "notFollowedBy", "notAllDigitsSame",
}

func (r *typeReader) filters(e strictyaml.Entry) (filters []filterDef) {
	m := r.Mapping(e.Value, e.Field, filterKeys...)
	for _, f := range m.Entries() {
		d := filterDef{kind: f.Key}
		switch f.Key {
		case "notAllDigitsSame":
			if on, ok := r.Bool(f.Value, f.Field); !ok || !on {
				continue
			}
		case "isNot":
			d.kind, d.not = "is", true
		default:
			if rest, ok := strings.CutPrefix(f.Key, "not"); ok {
				d.kind, d.not = strings.ToLower(rest[:1])+rest[1:], true
			}
		}
		if f.Key != "notAllDigitsSame" {
			texts, _, _ := r.Texts(f.Value, f.Field)
			for _, t := range texts {
				d.texts = append(d.texts, foldTerm(t))
			}
		}
		filters = append(filters, d)
	}
	return filters
}

// keepsAll tells whether the instance at text[start:end] passes all filters.
func keepsAll(filters []filterDef, text string, start, end int) bool {
	for i := range filters {
		if !filters[i].keeps(text, start, end) {
			return false
		}
	}
	return true
}

func (f *filterDef) keeps(text string, start, end int) bool {
	value := text[start:end]
	switch f.kind {
	case "notAllDigitsSame":
		return !sameDigits(value)
	case "precededBy":
		before := strings.TrimRight(foldAll(text[max(0, start-maxTerm):start]), " ")
		return f.not != slices.ContainsFunc(f.texts, func(t string) bool { return strings.HasSuffix(before, t) })
	case "followedBy":
		after := strings.TrimLeft(foldAll(text[end:min(len(text), end+maxTerm)]), " ")
		return f.not != slices.ContainsFunc(f.texts, func(t string) bool { return strings.HasPrefix(after, t) })
	}
	folded := foldAll(value)
	bare := strings.ToLower(string(normalise(nil, value)))
	compare := func(v, t string) bool { return v == t }
	switch f.kind {
	case "startsWith":
		compare = strings.HasPrefix
	case "endsWith":
		compare = strings.HasSuffix
	}
	return f.not != slices.ContainsFunc(f.texts, func(t string) bool { return compare(folded, t) || compare(bare, t) })
}

// foldAll folds a text character by character.
func foldAll(s string) string { return strings.Map(fold, s) }

// sameDigits tells whether all digits of a value are the same and there are two or
// more.
func sameDigits(value string) bool {
	var first byte
	n := 0
	for i := range len(value) {
		if c := value[i]; isDigit(c) {
			if n > 0 && c != first {
				return false
			}
			first = c
			n++
		}
	}
	return n > 1
}
