package strictyaml_test

import (
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/strictyaml"
)

func TestFlowWritesOneLineThatMeansTheSame(t *testing.T) {
	tests := map[string]string{
		"a: [b, c]\n":                   "{a: [b, c]}",
		"a:\n- {type: Card, min: 10}\n": "{a: [{type: Card, min: 10}]}",
		"x:\n  - one\n  - two words\n":  "{x: [one, two words]}",
		"a: anna@example.com\n":         "{a: anna@example.com}",
		"a: '@b'\n":                     "{a: '@b'}",
		"a: \"12\"\n":                   "{a: '12'}",
		"a: 12\n":                       "{a: 12}",
		"a: 'yes'\n":                    "{a: 'yes'}",
		"a: 'true'\n":                   "{a: 'true'}",
		"a: ''\n":                       "{a: ''}",
		"a: 'P-\\d{4}'\n":               "{a: 'P-\\d{4}'}",
		"a: \"it's: so\"\n":             "{a: 'it''s: so'}",
		"a: \"one\\ntwo\"\n":            "{a: \"one\\ntwo\"}",
		"a: 'x #y'\n":                   "{a: 'x #y'}",
	}
	for text, want := range tests {
		r, n := strictyaml.Parse("a.yaml", []byte(text))
		if n == nil {
			t.Fatalf("%q: %v", text, r.Problems)
		}
		got := strictyaml.Flow(n)
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		var before, after any
		if yaml.Unmarshal([]byte(text), &before) != nil || yaml.Unmarshal([]byte(got), &after) != nil {
			t.Errorf("%q: %s is not read", text, got)
		}
		_, again := strictyaml.Parse("a.yaml", []byte(got))
		if strictyaml.Meaning(n) != strictyaml.Meaning(again) {
			t.Errorf("%q: %s means something else", text, got)
		}
	}
}

func TestMeaningPassesOverWaysOfWriting(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"a: b", "a: [b]", true},
		{"a: [b, c, b]", "a: [c, b]", true},
		{"{a: 1, b: 2}", "b: 2\na: 1 # one", true},
		{"a: 'b'", "a: b", true},
		{"x: [{a: b}, {c: d}]", "x: [{c: d}, {a: b}]", false},
		{"a: [b, c]", "a: [b]", false},
		{"a: b", "a: c", false},
		{"a: [[b]]", "a: [b]", false},
	}
	for _, test := range tests {
		_, a := strictyaml.Parse("a.yaml", []byte(test.a))
		_, b := strictyaml.Parse("b.yaml", []byte(test.b))
		if same := strictyaml.Meaning(a) == strictyaml.Meaning(b); same != test.same {
			t.Errorf("%q and %q mean the same: %t, want %t", test.a, test.b, same, test.same)
		}
	}
}
