package classify

import (
	"io"
	"strings"
	"testing"
)

// workOf counts the steps of a scan for all types.
func workOf(c *Catalog, text string) int {
	work := 0
	c.scan(text, nil, func(s *scratch) { work = s.work })
	return work
}

// A text four times as long takes four times the steps, whatever it is made of.
func TestWorkIsLinear(t *testing.T) {
	c := Builtin()
	const size = 20_000
	for _, unit := range []string{
		"0123456789", "7", " ", "-", ". ", "1 ", "1-", "12.", "1 2-3/4.", "4111111111111111 ", "4111-1111-1111-1111-", "536-22-1234 ",
		"ssn 536-22-1234\n", "ssn ", "passport ", "credit card visa ", "tax id account number routing ", "DE89", "DE89 3704 ", "A1", "a1b2c3d4e5 ", "AB 12 ",
		"AAAAAAAAAAA ", "1:", "::", "1.1.1.1 ", "key=", "password=", "secret: ", "eyJ", "MII", "1/1/20 ", "12/2020 ", "May 2020 ", "१२३ ", "é1", "信1", "\u00a01",
	} {
		short, long := strings.Repeat(unit, size/len(unit)), strings.Repeat(unit, 4*size/len(unit))
		few, many := workOf(c, short), workOf(c, long)
		if many > few*9/2+1000 {
			t.Errorf("%q: %d steps for %d octets, %d for %d", unit, few, len(short), many, len(long))
		}
		if few > 400*size {
			t.Errorf("%q: %d steps for %d octets", unit, few, len(short))
		}
	}
}

// Texts that others made to be slow take steps as they are long.
func TestWorkIsLinearInHostileTexts(t *testing.T) {
	c := Builtin()
	for _, name := range []string{"text-digit-groups-900kb.txt", "text-digit-run-900kb.txt", "text-word-run-900kb.txt"} {
		data, err := io.ReadAll(external(t, "hostile/"+name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data[:200_000])
		few, many := workOf(c, text[:50_000]), workOf(c, text)
		if many > few*9/2+1000 {
			t.Errorf("%s: %d steps for 50,000 octets, %d for 200,000", name, few, many)
		}
	}
}

// Expressions made to be slow take steps as the text is long.
func TestWorkOfExpressionsIsLinear(t *testing.T) {
	var types strings.Builder
	types.WriteString("types:\n")
	for i, expr := range []string{`(a|a|aa|aaa){1,20}b`, `a{1,50}a{1,50}c`, `\b\d{3,9}[XYZ]`, `[a-z]+@[a-z]+\.com`, `x.{1,200}x.{1,200}y`, `(?:ab|abab|ababab){1,30}z`} {
		n := string(rune('a' + i))
		types.WriteString("  - {type: Own " + n + ", id: 'postern:own-" + n + "', recommendedConfidence: 75, proximity: 300, primaries: {x: {regex: '" + expr + "'}}, patterns: [{confidence: 75, primary: x}]}\n")
	}
	c, problems := With([]File{{"a.yaml", []byte(types.String())}}, nil)
	if c == nil {
		t.Fatal(problems)
	}
	const size = 10_000
	for _, unit := range []string{"a", "ab", "123", "x", "a@", "@", "xy", "123X "} {
		few, many := workOf(c, strings.Repeat(unit, size/len(unit))), workOf(c, strings.Repeat(unit, 4*size/len(unit)))
		if many > few*9/2+1000 {
			t.Errorf("%q: %d steps for %d octets, %d for %d", unit, few, size, many, 4*size)
		}
	}
}
