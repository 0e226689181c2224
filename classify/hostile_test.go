package classify

import (
	"strings"
	"testing"
)

// Text made to be slow for expressions, tokens and dictionaries goes through; the
// test would not end if time grew faster than the text.
func TestHostileTextForOwnTypes(t *testing.T) {
	const types = `
types:
  - {type: A, id: 'postern:a', recommendedConfidence: 75, proximity: unlimited, primaries: {x: {regex: 'key=[a-z]*[0-9]*x'}}, patterns: [{confidence: 75, primary: x}]}
  - {type: B, id: 'postern:b', recommendedConfidence: 75, proximity: 300, primaries: {x: {regex: '[a-q][^u-z]{13}x'}}, patterns: [{confidence: 75, primary: x}]}
  - {type: C, id: 'postern:c', recommendedConfidence: 75, proximity: 300, primaries: {x: {dictionary: terms.txt}}, evidence: {w: {words: [a]}}, patterns: [{confidence: 75, primary: x, all: [w]}]}
  - {type: D, id: 'postern:d', recommendedConfidence: 75, proximity: 300, primaries: {x: {anywhere: [aa, aaaa]}}, patterns: [{confidence: 75, primary: x}]}
`
	terms := strings.TrimSpace(strings.Repeat("a ", 150)) + "\na b\n"
	c, problems := With([]File{{"a.yaml", []byte(types)}}, func(string) ([]byte, error) { return []byte(terms), nil })
	if c == nil {
		t.Fatal(problems)
	}
	wanted := map[*Type]bool{}
	for _, name := range []string{"A", "B", "C", "D"} {
		typ, _ := c.Lookup(name)
		wanted[typ] = true
	}
	const size = 200_000
	for _, unit := range []string{"key=", "key=a", "key=1", "a", "a ", "a1+/", "ab ", "1", "=", "0a:", "é", "信", "A1_-.~%"} {
		c.Scan(strings.Repeat(unit, size/len(unit)), wanted)
	}
}
