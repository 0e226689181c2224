package classify

import (
	"fmt"
	"slices"
	"strings"
)

// Description says what a type looks for, for people and programs.
type Description struct {
	Name                  string         `json:"type"`
	ID                    string         `json:"id"`
	Aliases               []string       `json:"aliases"`
	RecommendedConfidence int            `json:"recommendedConfidence"`
	Proximity             string         `json:"proximity"` // characters, or "unlimited"; empty for a bundle
	Custom                bool           `json:"custom"`    // an administrator's own
	Members               []string       `json:"members"`
	Primaries             []ElementText  `json:"primaries"`
	Evidence              []ElementText  `json:"evidence"`
	Patterns              []PatternText  `json:"patterns"`
	Samples               map[string]int `json:"samples"` // how many match, and noMatch
}

// ElementText is a primary element or evidence in words.
type ElementText struct {
	Name string `json:"name"`
	What string `json:"what"`
}

// PatternText is a pattern in words.
type PatternText struct {
	Confidence int    `json:"confidence"`
	Primary    string `json:"primary"`
	Needs      string `json:"needs"` // empty when the primary is enough
}

// Describe says what a type looks for.
func (t *Type) Describe() Description {
	d := t.compiled.definition
	out := Description{
		Name: t.Name, ID: t.ID, Aliases: append([]string{}, t.Aliases...), RecommendedConfidence: t.Recommended, Custom: d.custom,
		Members: append([]string{}, d.members...), Primaries: []ElementText{}, Evidence: []ElementText{}, Patterns: []PatternText{},
		Samples: map[string]int{"match": len(d.match), "noMatch": len(d.noMatch)},
	}
	if len(d.members) > 0 {
		return out
	}
	out.Proximity = proximityText(d.proximity)
	for name, p := range d.primaries {
		out.Primaries = append(out.Primaries, ElementText{name, p.describe()})
	}
	for name, e := range d.evidence {
		out.Evidence = append(out.Evidence, ElementText{name, e.describe()})
	}
	byName := func(a, b ElementText) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(out.Primaries, byName)
	slices.SortFunc(out.Evidence, byName)
	for _, p := range d.patterns {
		out.Patterns = append(out.Patterns, PatternText{p.confidence, p.primary, clausesText(append(slices.Clone(p.all), p.any...), " and ")})
	}
	return out
}

func proximityText(n int) string {
	if n == unlimited {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

func (p *primaryDef) describe() string {
	var b strings.Builder
	switch {
	case p.token != nil:
		fmt.Fprintf(&b, "%d to %d characters of %s", p.token.min, p.token.max, p.token.alphabet)
		if p.token.suffix != "" {
			fmt.Fprintf(&b, ", then %s", p.token.suffix)
		}
	case p.regex != nil:
		b.WriteString("regex " + p.regex.text)
	case p.dictionary != nil:
		fmt.Fprintf(&b, "dictionary of %d terms", p.dictionary.Terms())
	case len(p.words) > 0:
		b.WriteString(wordsText(p.words))
	default:
		b.WriteString("formats " + strings.Join(p.formats, "  "))
		if p.delimiters != "" {
			fmt.Fprintf(&b, ", delimiters %q", p.delimiters)
		}
		if p.free {
			b.WriteString(", grouped freely")
		}
		if p.loose {
			b.WriteString(", grouped loosely")
		}
	}
	for _, c := range p.checks {
		b.WriteString(", check " + c.name)
	}
	return b.String()
}

func (e *evidenceDef) describe() string {
	switch {
	case e.function != "":
		return "function " + e.function
	case e.hidden != nil:
		return e.hidden.describe()
	}
	return wordsText(e.words)
}

// wordsText lists the first of some words.
func wordsText(words []wordDef) string {
	const shown = 12
	var b strings.Builder
	fmt.Fprintf(&b, "%d words: ", len(words))
	for i, w := range words {
		if i == shown {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(w.text)
	}
	return b.String()
}

func clausesText(clauses []clauseDef, join string) string {
	texts := make([]string, 0, len(clauses))
	for _, c := range clauses {
		text := c.ref
		if c.group {
			text = "(" + clausesText(c.of, ", ") + ")"
			switch {
			case c.max == 0:
				text = "none of " + text
			case c.max == len(c.of):
				text = fmt.Sprintf("%d or more of %s", c.min, text)
			default:
				text = fmt.Sprintf("%d to %d of %s", c.min, c.max, text)
			}
		} else if c.minCount > 1 {
			text = fmt.Sprintf("%d × %s", c.minCount, text)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, join)
}
