package rules

import (
	"strings"
	"testing"
)

func TestAnExpressionSaysWhereItMatches(t *testing.T) {
	tests := []struct{ pattern, text, want string }{
		{"secret", "a Secret and a SECRET", "Secret|SECRET"},
		{`\bmir\b`, "mir amir mir", "mir|mir"},
		{`\bмир\b`, "мир", "мир"},
		{`\bмир\b`, "да мир, мир мира", "мир|мир"},
		{`\bмир\b`, "МИР мир", "МИР|мир"},
		{`\bsecret\b`, "für secret plans", "secret"},
		{`\bsecret\b ?`, "für secret plans", "secret "},
		{`^re: `, "RE: re: ü", "RE: "},
		{`x*`, "axxb", "xx"},
		{`\d{4}`, "１２３４ and 5678 ü", "１２３４|5678"},
		{`\d`, "٣x4", "٣|4"},
		{`\w+\b`, "größe 2", "größe|2"},
		{"nothing", "a text", ""},
		{`[ä-ü]+`, "xäöüy", "äöü"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern+" in "+tt.text, func(t *testing.T) {
			e, write, err := NewExpression(tt.pattern)
			if err != nil {
				t.Fatal(err, write)
			}
			var got []string
			for _, p := range e.Find(tt.text) {
				got = append(got, tt.text[p[0]:p[1]])
			}
			if s := strings.Join(got, "|"); s != tt.want {
				t.Errorf("found %q, want %q", s, tt.want)
			}
		})
	}
	if _, write, err := NewExpression(`(?=a)`); err == nil || write == "" {
		t.Errorf("a lookahead is taken: %v, %q", err, write)
	}
}

// Places are in order, do not overlap, and lie on characters.
func FuzzExpressionFind(f *testing.F) {
	for _, p := range []string{`\bмир\b`, `\d+`, `a|b*`, `\w+\b.`, `(?x) a b`} {
		f.Add(p, "мир мир １２ ab a b ü")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 64 || len(text) > 1000 {
			return
		}
		text = strings.ToValidUTF8(text, "?")
		e, _, err := NewExpression(pattern)
		if err != nil {
			return
		}
		last := 0
		for _, p := range e.Find(text) {
			if p[0] < last || p[1] <= p[0] || p[1] > len(text) {
				t.Fatalf("place %v behind %d", p, last)
			}
			last = p[1]
			if s := text[p[0]:p[1]]; strings.ToValidUTF8(s, "") != s {
				t.Fatalf("%q is no text", s)
			}
		}
	})
}
