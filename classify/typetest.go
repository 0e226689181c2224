package classify

import "fmt"

// Test checks a type by the samples of its file: each text that must match has as
// many instances of its confidence as it says, and the others have none of theirs
// or more. It gives a sentence for each that differs, without values.
func (c *Catalog) Test(t *Type) (failures []string) {
	d := t.compiled.definition
	wanted := map[*Type]bool{t: true}
	matches := func(text string) []Match {
		for _, found := range c.Scan(text, wanted) {
			if found.Type == t {
				return found.Matches
			}
		}
		return nil
	}
	for i, s := range d.match {
		all := matches(s.text)
		if n, _, _ := Count(all, s.confidence, s.confidence); n != s.count {
			_, _, best := Count(all, 1, 100)
			failures = append(failures, fmt.Sprintf("samples.match[%d]: %d of confidence %d are found, %d are due; %d in all, at best %d", i, n, s.confidence, s.count, len(all), best))
		}
	}
	for i, s := range d.noMatch {
		if n, _, best := Count(matches(s.text), s.confidence, 100); n > 0 {
			failures = append(failures, fmt.Sprintf("samples.noMatch[%d]: %d of confidence %d or more are found, the best %d", i, n, s.confidence, best))
		}
	}
	return failures
}

// Samples gives how many samples of a type must match, and must not.
func (t *Type) Samples() (match, noMatch int) {
	return len(t.compiled.definition.match), len(t.compiled.definition.noMatch)
}
