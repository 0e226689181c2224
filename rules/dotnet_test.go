package rules

import (
	"strings"
	"testing"
	"unicode"

	"github.com/postern-mail/postern/strictyaml"
)

func compile(t testing.TB, pattern string) *patterns {
	t.Helper()
	c, write, err := compilePattern(pattern)
	if err != nil {
		t.Fatalf("%s: %v (%s)", pattern, err, write)
	}
	return &patterns{list: []compiled{c}, digits: c.digits}
}

// What patterns of .NET find is what they find in Exchange.
func TestPatternsOfDotNetAreMapped(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		yes, no   []string
		reasoning string
	}{
		{pattern: `(?<year>\d{4})-\d\d`, yes: []string{"on 2026-11"}, no: []string{"2026/11"}},
		{pattern: `(?'year'\d{4})-\d\d`, yes: []string{"on 2026-11"}, no: []string{"2026/11"}},
		{pattern: `(?P<year>\d{4})x`, yes: []string{"2026x"}},
		{pattern: `secret\Z`, yes: []string{"top secret", "top secret\n", "top secret\r\n"}, no: []string{"secret\n\n", "secretly"}},
		{pattern: `secret\z`, yes: []string{"top secret"}, no: []string{"top secret\n"}},
		{pattern: `secret$`, yes: []string{"top secret", "top secret\n", "top secret\r\n"}, no: []string{"secret\nno", "secrets"}},
		{pattern: `(?m)secret$`, yes: []string{"top secret", "top secret\nno", "top secret\r\nno"}, no: []string{"secrets\nno"}},
		{pattern: `(?m:^top$)x?`, yes: []string{"a\ntop\nb", "a\r\ntop\r\nb"}, no: []string{"a top\nb"}},
		{pattern: `(?m)a$(?-m)|b$`, yes: []string{"a\nx", "b"}, no: []string{"b\nx"}},
		{pattern: `^top`, yes: []string{"Top secret"}, no: []string{"a\ntop"}},
		{pattern: `(?x) top \s  secret # as on the stamp`, yes: []string{"TOP SECRET", "top\u00a0secret"}, no: []string{"topsecret"}},
		{pattern: `(?x: a b )c d`, yes: []string{"abc d"}, no: []string{"a bc d", "abcd"}},
		{pattern: `a(?x) b + c [ ] \ d`, yes: []string{"abbc  d"}, no: []string{"abbcd", "a b c"}},
		{pattern: `(?n)(ab)+c`, yes: []string{"ababc"}},
		{pattern: `(?ni-s:(A).b)`, yes: []string{"axb"}, no: []string{"a\nb"}},
		{pattern: `(?s)a.b`, yes: []string{"a\nb"}},
		{pattern: `a.b`, no: []string{"a\nb"}},
		{pattern: `(?-i)Top`, yes: []string{"Top"}, no: []string{"top"}},
		{pattern: `a(?i-i:B)c`, yes: []string{"aBc"}, no: []string{"abc"}},
		{pattern: `card(?# the word before)\d`, yes: []string{"card1"}, no: []string{"card("}},
		{pattern: `\d{3}-\d`, yes: []string{"123-4", "٤٥٦-٧", "１２３-４"}, no: []string{"abc-1"}},
		{pattern: `[\d.]{5}x`, yes: []string{"12.34x", "१२.३४x"}},
		{pattern: `^[^\d]+$`, yes: []string{"ab", "é"}, no: []string{"1", "٣", "é٣"}},
		{pattern: `^[\w-[\d]]+$`, yes: []string{"aé"}, no: []string{"a3", "a٣"}},
		{pattern: `^[^\W\d]+$`, yes: []string{"éa"}, no: []string{"é٣", "é-"}},
		{pattern: `^[^\s]\d$`, yes: []string{"x٣"}},
		{pattern: `[0-9]{3}x`, yes: []string{"123x"}, no: []string{"٤٥٦x"}},
		{pattern: `a\Db`, yes: []string{"a-b", "aéb"}, no: []string{"a1b", "a٤b"}},
		{pattern: `^\w+$`, yes: []string{"größe", "Москва", "e\u0301", "नमस्ते", "カード", "a_b", "٤٢"}, no: []string{"a-b", "a b", "a।b", "“a”", "a،b"}},
		{pattern: `^\W+$`, yes: []string{"-, ", "。", "€"}, no: []string{"é", "я"}},
		{pattern: `^[\W\d]+$`, yes: []string{"1-2"}, no: []string{"1é2"}},
		{pattern: `a\sb`, yes: []string{"a b", "a\u00a0b", "a\u3000b", "a\u2028b", "a\u0085b", "a\vb"}, no: []string{"a\u200bb"}},
		{pattern: `a\Sb`, yes: []string{"aéb"}, no: []string{"a\u00a0b"}},
		{pattern: `a\hb`, yes: []string{"a\tb", "a\u00a0b"}, no: []string{"a\nb"}},
		{pattern: `a\Rb`, yes: []string{"a\r\nb", "a\nb", "a\u2028b"}, no: []string{"a b"}},
		{pattern: `\bмир\b`, yes: []string{"мир", "и мир!", "«мир»"}, no: []string{"миру", "кумир"}},
		{pattern: `\bkey\b`, yes: []string{"key", "a key."}, no: []string{"keyé", "ékey", "key2", "٣key"}},
		{pattern: `\b(мир|peace)\b`, yes: []string{"и мир", "a peace"}, no: []string{"миры", "apeace"}},
		{pattern: `\bà la\b|\bnaïve\b`, yes: []string{"à la carte", "so naïve"}, no: []string{"naïveté", "voilà la"}},
		{pattern: `\b[\w.-]+@мир\.example\b`, yes: []string{"x: я.я@мир.example", "a@мир.example,"}, no: []string{"a@мир.examples"}},
		{pattern: `\bне\b\s+\bвыносить\b`, yes: []string{"не выносить", "это не  выносить!"}, no: []string{"ине выносить", "невыносить"}},
		{pattern: `(\bстрого )?секретно\b`, yes: []string{"строго секретно", "секретно"}, no: []string{"секретность"}},
		{pattern: `\bé{2,3}\b`, yes: []string{"éé éé", "ééé"}, no: []string{"é", "éééé"}},
		{pattern: `é\Bé`, yes: []string{"éé"}},
		{pattern: `\Bон`, yes: []string{"закон"}, no: []string{"он", "и он"}},
		{pattern: `^\bя\b$`, yes: []string{"я", "я\n"}, no: []string{"яя"}},
		{pattern: `\b\w*ение\b`, yes: []string{"решение", "а ение"}, no: []string{"решением"}},
		{pattern: `\bкод\s*\b`, yes: []string{"код", "код 1", "код-1"}, no: []string{"кодя"}},
		{pattern: `\p{IsCyrillic}{4}`, yes: []string{"слово"}, no: []string{"word", "сло"}},
		{pattern: `^\P{IsBasicLatin}+$`, yes: []string{"öä"}, no: []string{"öa"}},
		{pattern: `[\p{IsGreek}-]{3}x`, yes: []string{"α-βx"}, no: []string{"abcx"}},
		{pattern: `^[^\P{IsHebrew}]+$`, yes: []string{"שלום"}, no: []string{"shalom"}},
		{pattern: `\p{IsLatin-1Supplement}`, yes: []string{"é"}, no: []string{"e"}},
		{pattern: `\p{Lu}\p{Greek}\pL`, yes: []string{"Xαb"}},
		{pattern: `^[a-z-[aeiou]]+$`, yes: []string{"rhythm", "RHYTHM"}, no: []string{"word", "WORD"}},
		{pattern: `^[\w-[\d_]]+$`, yes: []string{"größe"}, no: []string{"a1", "a_b"}},
		{pattern: `^[a-z-[d-w-[m]]]+$`, yes: []string{"abcmxyz"}, no: []string{"n"}},
		{pattern: `^[^a-z-[0-9]]+$`, yes: []string{"--"}, no: []string{"-a", "-1"}},
		{pattern: `x[a-z-[a-z]]`, no: []string{"xa", "x"}},
		{pattern: `\u0041\u00e9\x42`, yes: []string{"AéB"}},
		{pattern: `\uD83D\uDE00`, yes: []string{"x😀"}},
		{pattern: `[\u0400-\u04FF]+x`, yes: []string{"мирx"}},
		{pattern: `a\cIb`, yes: []string{"a\tb"}},
		{pattern: `\e\[0m`, yes: []string{"\x1b[0m"}},
		{pattern: `a\040b`, yes: []string{"a b"}},
		{pattern: `a\40b`, yes: []string{"a b"}},
		{pattern: `[\60-\62]x`, yes: []string{"1x"}, no: []string{"3x"}},
		{pattern: `a\0b`, yes: []string{"a\x00b"}},
		{pattern: `[\b]x`, yes: []string{"\bx"}},
		{pattern: `[\w-.]{3}@`, yes: []string{"a-.@"}},
		{pattern: `[]a]b`, yes: []string{"]b"}},
		{pattern: `[^]a]b`, yes: []string{"cb"}, no: []string{"]b"}},
		{pattern: `[[:alpha:]]{2}1`, yes: []string{"ab1"}},
		{pattern: `a{,2}b`, yes: []string{"a{,2}b"}},
		{pattern: `a{x`, yes: []string{"a{x"}},
		{pattern: `a{2}?b`, yes: []string{"aab"}},
		{pattern: `\Qa.b\E+c`, yes: []string{"a.bbc"}, no: []string{"axbc"}},
		{pattern: `a\-b\_?\ \#\é?`, yes: nil},
		{pattern: `\.contoso\.com$`, yes: []string{"mail.contoso.com"}, no: []string{"mail.contoso.com.example"}},
	} {
		if c.pattern == `a\-b\_?\ \#\é?` {
			if _, _, err := compilePattern(c.pattern); err == nil {
				t.Errorf("%s is taken: .NET refuses it", c.pattern)
			}
			continue
		}
		p := compile(t, c.pattern)
		for _, text := range c.yes {
			if _, found := p.find(text); !found {
				t.Errorf("%s is not found in %q", c.pattern, text)
			}
		}
		for _, text := range c.no {
			if _, found := p.find(text); found {
				t.Errorf("%s is found in %q", c.pattern, text)
			}
		}
	}
}

// What no engine of linear time has, and what .NET does not read either, is
// refused with the reason and, where there is a way, what to write.
func TestPatternsThatDoNotMapAreRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		`a(?=b)`:                  "a lookahead (`(?=`)",
		`(?<!a)b`:                 "a lookbehind (`(?<!`)",
		`(?>a+)b`:                 "an atomic group (`(?>`); write `(?:`",
		`a*+b`:                    "a possessive quantifier (`*+`); take",
		`a{2,3}+b`:                "a possessive quantifier (`{2,3}+`)",
		`(a)\1`:                   "a back-reference (`\\1`); write",
		`(?<n>a)\k<n>`:            "a back-reference (`\\k`)",
		`(?P<n>a)(?P=n)`:          "a back-reference (`(?P=`)",
		`(?(1)a|b)`:               "a conditional group (`(?(`); write the alternatives",
		`\Ga`:                     "the anchor `\\G`; take it away",
		`(?<open>\()(?<-open>\))`: "a balancing group (`(?<-open>`)",
		`(?<a-b>x)`:               "a balancing group (`(?<a-b>`)",
		`(?R)`:                    "a pattern within itself",
		`a\`:                      "a `\\` at its end",
		`a)`:                      "a `)` without its `(`",
		`(a`:                      "a `(` without its `)`",
		`[a`:                      "a `[` without its `]`",
		`[z-a]`:                   "a range that is none (`z-a]`)",
		`[a-z-[aeiou]x]`:          "a class (`-[`) that is taken away before the end",
		`\p{IsKlingon}`:           "the set of characters `\\p{IsKlingon}`, which is not known",
		`\p{}`:                    "the set of characters `\\p{}`",
		`\pX`:                     "a `\\p` without a name",
		`\u12`:                    "a `\\u` without four hexadecimal digits",
		`\uD83D`:                  "`\\uD83D`, half of a character",
		`\xZZ`:                    "a `\\x` without two hexadecimal digits",
		`\c`:                      "a `\\c` without a letter",
		`\y`:                      "the escape `\\y`, which is not known",
		`(?<>a)`:                  "a group whose name cannot be read",
		`(?&x)`:                   "a group that is not known (`(?&x`)",
		`(?#a`:                    "a comment (`(?#`) that does not end",
		`a{1001}`:                 "invalid repeat count: `{1001}`; write the lesser number first, and repeat at most 1000",
		`*a`:                      "missing argument to repetition operator: `*`",
		strings.Repeat("(", 300):  "groups nested too deep",
	} {
		_, write, err := compilePattern(pattern)
		if err == nil {
			t.Errorf("%s is taken", pattern)
			continue
		}
		got := strictyaml.Problem{What: err.Error(), Write: write}.String()
		got = strings.Replace(got, ", which matching in linear time (RE2) does not have", "", 1)
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

// The letters, marks, digits and joining signs of all scripts are those of words,
// and what stands between words is not.
func TestWordCharactersAreThoseOfAllScripts(t *testing.T) {
	between := "،؛؟٪۔।॥๏๚၊။፡።។៕་།“”«»‘’—…、。・「」！？，．‐†•€™±×÷"
	for c := rune(0); c < 0x20000; c++ {
		word := unicode.In(c, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc)
		known := unicode.In(c, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co)
		switch got := isWordRune(c); {
		case word && !got:
			t.Errorf("%U %q is not of words", c, c)
		case got && c < 0x800 && known && !word, got && strings.ContainsRune(between, c):
			t.Errorf("%U %q is of words", c, c)
		}
	}
}

func FuzzPatterns(f *testing.F) {
	for _, s := range []string{`(?x) a b # c`, `[a-z-[d-w-[m]]]`, `\bмир\b`, `(?<n>a)(?'m'b)`, `\uD83D\uDE00[\w\S-[\d]]$`, `(\ba|b\b)*\B`, `\p{IsGreek}\40\cA`, `(?m:^a$)\Z`, `\b\b\b\b(a|\b)`} {
		f.Add(s, "a мир 😀")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 128 || len(text) > 500 {
			return
		}
		c, write, err := compilePattern(pattern)
		if err != nil {
			if strings.ContainsAny(err.Error()+write, "\x00") && !strings.Contains(pattern, "\x00") {
				t.Errorf("%q: %v", pattern, err)
			}
			return
		}
		p := &patterns{list: []compiled{c}, digits: c.digits}
		p.find(text)
	})
}
