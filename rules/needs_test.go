package rules

import (
	"reflect"
	"strings"
	"testing"
)

func TestWhatPatternsNeed(t *testing.T) {
	for pattern, want := range map[string]needs{
		`\bCN-[0-9]{4}-[A-Z]{3}\b`:      {"cn-"},
		`secret`:                        {"secret"},
		`(?-i)Secret`:                   {"secret"},
		`top\s+secret`:                  {"secret"},
		`alpha|(beta)gamma?`:            {"alpha", "beta"},
		`(?:draft ){2,}x`:               {"draft "},
		`\Qa.b\E`:                       {"a.b"},
		`(secret)?`:                     nil,
		`(secret)*ab?`:                  nil,
		`secret|[0-9]+`:                 nil,
		`[0-9]{4}`:                      nil,
		`x`:                             nil,
		`straße`:                        nil,
		`aa|bb|cc|dd|ee|ff|gg|hh|ii|jj`: nil,
	} {
		c, _, err := compilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.needs; !reflect.DeepEqual(got, want) {
			t.Errorf("%s needs %q, not %q", pattern, got, want)
		}
	}
}

func TestPatternsAreFoundInAnyCase(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`secret`, "a SeCrEt thing", true},
		{`secret`, "a \u017fecret thing", true},
		{`kilo`, "a \u212ailo", true},
		{`ſecret`, "a SECRET", true},
		{`kilo`, "mile", false},
		{`(?-i)Kilo`, "kilo", false},
		{`(?-i)Kilo`, "Kilo", true},
		{`straße`, "STRAßE", true},
		{`cn-[0-9]+`, strings.Repeat("x", 1001) + "CN-7", true},
	} {
		one, _, err := compilePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		p := patterns{list: []compiled{one}}
		if _, got := p.find(c.text); got != c.want {
			t.Errorf("%s in %q: %v", c.pattern, c.text, got)
		}
	}
}

// What is looked for first never hides what the pattern itself finds.
func FuzzNeeds(f *testing.F) {
	f.Add(`(?:ab|cd)+e?f{2,3}`, "xxABff")
	f.Add(`k\w+s|\bSS`, "\u212aa\u017f")
	f.Add(`(a|bc)(de|f)|gh`, "BCDE")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 1000 {
			return
		}
		c, _, err := compilePattern(pattern)
		if err != nil {
			return
		}
		small := lowered(text)
		defer small.release()
		if c.all().MatchString(text) && !c.needs.maybe(small) {
			t.Errorf("%q matches in %q and is not looked for", pattern, text)
		}
	})
}

func TestFirstInvisible(t *testing.T) {
	for _, c := range []string{"\x00", "\x1f", "\x7f", "\u0080", "\u00ad", "\u200b", "\ufeff", "\U000e0001"} {
		for n := range 20 {
			for after := range 10 {
				text := strings.Repeat("ab~ \té\n", 3)[:n] // é may be cut
				text = strings.ToValidUTF8(text, "")
				if got := firstInvisible(text + c + strings.Repeat("z", after)); got != len(text) {
					t.Fatalf("%q behind %q: %d", c, text, got)
				}
			}
		}
	}
	if got := firstInvisible(strings.Repeat("Ünd so weiter\r\n", 100)); got != -1 {
		t.Errorf("invisible at %d of text", got)
	}
}
