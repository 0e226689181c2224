package classify

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes a sequence as an expression would: a letter in both cases as a small
// one, and a set as its first and last octet.
func show(q sequence) string {
	var b strings.Builder
	for i := range q {
		var in []byte
		for c := range 256 {
			if q[i].has(byte(c)) {
				in = append(in, byte(c))
			}
		}
		switch {
		case len(in) == 1:
			b.WriteByte(in[0])
		case len(in) == 2 && in[0]^in[1] == smallBit:
			b.WriteByte(in[1])
		default:
			fmt.Fprintf(&b, "[%c-%c]", in[0], in[len(in)-1])
		}
	}
	return b.String()
}

func TestSequencesOfExpressions(t *testing.T) {
	for expr, want := range map[string][]string{
		`AccountKey\s{0,2}=`:               {"AccountKey"},
		`(?i)(?:password|pwd)\s*=\s*(\S+)`: {"password", "pwd"},
		`sig\s{0,2}=[a-z0-9%]{3}%3d`:       {"=[%-z][%-z][%-z]%3d"},
		`gh[pousr]_[A-Za-z0-9]{36}`:        {"gh[o-u]_"},
		`xox[pb]-[0-9]{1,9}`:               {"xox[b-p]-[0-9]"},
		`[A-Z]{2}\d{4}`:                    {"[A-Z][A-Z][0-9][0-9][0-9][0-9]"},
		`\b\d{3,5}[XY]`:                    {"[0-9][0-9][0-9][X-Y]"},
		`(?:abc)?def?`:                     nil,
		`(abcd)+x`:                         {"abcd"},
		`\babcdef|x\b`:                     nil,
		`[a-z]+@[a-z]+`:                    {"[a-z]@[a-z]"},
		`[a-z]+ [a-z]+`:                    nil,
	} {
		x, err := compileExpression(expr)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range x.has.sequences {
			got = append(got, show(q))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", expr, diff)
		}
	}
}

// The sequences found are those that stand in the text.
func FuzzSequences(f *testing.F) {
	f.Add("password pwd sig=", "My PASSWORD is PWD; Sig=")
	f.Add("aaa aaaa aba", "aaaaaabaaa")
	f.Add("99A 9A9A", "12a4B6c8 x1b")
	f.Fuzz(func(t *testing.T, list, text string) {
		var all []sequence
		for _, word := range strings.Fields(list) {
			var q sequence
			for i := range min(len(word), maxSequence) {
				var s octetSet
				switch c := word[i]; c {
				case '9': // stands for all digits
					for d := byte('0'); d <= '9'; d++ {
						s.add(d)
					}
				default:
					s.add(c)
					if alnum[c] > classDigit {
						s.add(c ^ smallBit)
					}
				}
				q = append(q, s)
			}
			if len(q) >= minSequence {
				all = append(all, q)
			}
		}
		if len(text) > 4000 || len(all) > 100 {
			return
		}
		type hit struct{ id, at int }
		var got, want []hit
		newSequences(all).run(text, func(id, at int) { got = append(got, hit{id, at}) })
		for at := range len(text) {
			for id, q := range all {
				if q.at(text, at) {
					want = append(want, hit{id, at})
				}
			}
		}
		order := func(a, b hit) int { return (a.at-b.at)*1000 + a.id - b.id }
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", list, text, got, want)
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
