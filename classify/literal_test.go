package classify

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLiteralsOfExpressions(t *testing.T) {
	for expr, want := range map[string][]string{
		`AccountKey\s{0,2}=`:               {"accountkey"},
		`(?i)(?:password|pwd)\s*=\s*(\S+)`: {"password", "pwd"},
		`sig\s{0,2}=[a-z0-9%]{43}%3d`:      {"%3d"},
		`gh[pousr]_[A-Za-z0-9]{36}`:        {"gho_", "ghp_", "ghr_", "ghs_", "ghu_"},
		`xox[pb]-[0-9]{1,9}`:               {"xoxb-", "xoxp-"},
		`[A-Z]{2}\d{4}`:                    nil,
		`(?:abc)?def?`:                     nil,
		`(abcd)+x`:                         {"abcd"},
		`\babcdef|x\b`:                     nil,
	} {
		x, err := compileExpression(expr)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, x.literals); diff != "" {
			t.Errorf("%s: %s", expr, diff)
		}
	}
}

// The literals found are those that stand in the text.
func FuzzLiterals(f *testing.F) {
	f.Add("password pwd sig=", "My PASSWORD is PWD; Sig=")
	f.Add("aaa aaaa aba", "aaaaaabaaa")
	f.Fuzz(func(t *testing.T, list, text string) {
		var lits []string
		for _, l := range strings.Fields(list) {
			l = strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'Z' {
					return r + smallBit
				}
				return r
			}, l)
			if len(l) >= minLiteral && len(l) < 100 && !slices.Contains(lits, l) {
				lits = append(lits, l)
			}
		}
		if len(lits) == 0 || len(text) > 4000 {
			return
		}
		type hit struct{ id, at int }
		var got, want []hit
		newLiterals(lits).run(text, func(id, at int) { got = append(got, hit{id, at}) })
		for at := range len(text) {
			for id, l := range lits {
				if hasLiteral(text, at, l) {
					want = append(want, hit{id, at})
				}
			}
		}
		order := func(a, b hit) int { return (a.at-b.at)*1000 + a.id - b.id }
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", lits, text, got, want)
		}
	})
}

// An expression finds in pieces what it finds in the whole text.
func TestExpressionsFindInPieces(t *testing.T) {
	const types = `
types:
  - {type: A, id: 'postern:a', recommendedConfidence: 75, proximity: 300, primaries: {x: {regex: '\b[A-F]\d{4}/\d{2}\b'}}, patterns: [{confidence: 75, primary: x}]}
  - {type: B, id: 'postern:b', recommendedConfidence: 75, proximity: 300, primaries: {x: {regex: '(?:^|[\s,;:])(KEY-[0-9]{6})(?:$|[\s,;:.])'}}, patterns: [{confidence: 75, primary: x}]}
`
	c, problems := With([]File{{"a.yaml", []byte(types)}}, nil)
	if c == nil {
		t.Fatal(problems)
	}
	a, _ := c.Lookup("A")
	b, _ := c.Lookup("B")
	for _, gap := range []int{0, 1, 500, 1000, 1010, 1014, 1015, 1016, 1017, 1020, 1024, 2040, 5000} {
		text := strings.Repeat("x", gap) + " C1234/26 KEY-123456," + strings.Repeat("é", gap) + " KEY-654321."
		counts := map[*Type]int{}
		for _, d := range c.Scan(text, map[*Type]bool{a: true, b: true}) {
			counts[d.Type] = len(d.Matches)
		}
		if counts[a] != 1 || counts[b] != 2 {
			t.Errorf("gap %d: %d and %d", gap, counts[a], counts[b])
		}
	}
	// Behind another letter or digit none begins.
	if found := c.Scan(strings.Repeat("y", 1500)+"C1234/26 xKEY-123456 KEY-1234567", map[*Type]bool{a: true, b: true}); len(found) > 0 {
		t.Errorf("%v", found)
	}
}
