package classify

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// oneType compiles a type with nine digits as primary and the patterns given.
func oneType(t *testing.T, evidence, patterns, proximity string) *Catalog {
	t.Helper()
	file := fmt.Sprintf(`
type: Test number
id: postern:test-number
recommendedConfidence: 75
proximity: %s
primaries:
  number: {formats: ["999999999", "999-999-999"]}
evidence: %s
patterns: %s
samples:
  match: [{text: x, confidence: 75}]
  noMatch: [x]
`, proximity, evidence, patterns)
	def, problems := readType("test.yaml", []byte(file), resources{})
	if def == nil {
		t.Fatal(problems)
	}
	c, err := compile([]*definition{def}, Placeholders{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// confidences gives those of all matches in the order of the text.
func confidences(c *Catalog, text string) []int {
	var all []int
	for _, d := range c.Scan(text, nil) {
		for _, m := range d.Matches {
			all = append(all, m.Confidence)
		}
	}
	return all
}

const (
	nine   = "123456782"
	second = "987654324"
)

func TestProximityCountsCharactersFromTheMatch(t *testing.T) {
	c := oneType(t, "{word: {words: [mörk]}}", "[{confidence: 85, primary: number, all: [word]}]", "300")
	for _, fill := range []string{".", "é", "語", "😀"} {
		for _, x := range []struct {
			name string
			gap  int
			want int
		}{
			{"the word begins at the 300th character before, or ends at the 300th behind", 300 - 4, 1},
			{"the word reaches one character farther", 300 - 3, 0},
		} {
			gap := " " + strings.Repeat(fill, x.gap-2) + " "
			before, behind := "mörk"+gap+nine, nine+gap+"mörk"
			for _, text := range []string{before, behind, strings.Repeat(fill, 500) + " " + before, behind + " " + strings.Repeat(fill, 500)} {
				if got := len(confidences(c, text)); got != x.want {
					t.Errorf("%q: %s: %d matches, want %d", fill, x.name, got, x.want)
				}
			}
		}
	}
}

func TestUnlimitedProximityIsTheWholeText(t *testing.T) {
	c := oneType(t, "{word: {words: [mark]}}", "[{confidence: 85, primary: number, all: [word]}]", "unlimited")
	far := strings.Repeat("x ", 50000)
	for _, text := range []string{"mark " + far + nine, nine + " " + far + "mark"} {
		if got := confidences(c, text); len(got) != 1 {
			t.Errorf("%d matches, want 1", len(got))
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, x := range []struct {
		name, patterns, text string
		want                 int // confidence; 0 is no match
	}{
		{"without evidence", "[{confidence: 65, primary: number}]", nine, 65},
		{"the best pattern decides", "[{confidence: 65, primary: number}, {confidence: 85, primary: number, all: [a]}]", "alpha " + nine, 85},
		{"the next best when the best fails", "[{confidence: 65, primary: number}, {confidence: 85, primary: number, all: [a]}]", "beta " + nine, 65},
		{"all, one missing", "[{confidence: 85, primary: number, all: [a, b]}]", "alpha " + nine, 0},
		{"all, on both sides", "[{confidence: 85, primary: number, all: [a, b]}]", "alpha " + nine + " beta", 85},
		{"evidence is a whole word", "[{confidence: 85, primary: number, all: [a]}]", "alphas xalpha " + nine, 0},
		{"any is at least one", "[{confidence: 85, primary: number, any: [{of: [a, b]}]}]", nine + " beta", 85},
		{"any, none there", "[{confidence: 85, primary: number, any: [{of: [a, b]}]}]", nine + " gamma", 0},
		{"two of three", "[{confidence: 85, primary: number, any: [{min: 2, of: [a, b, c]}]}]", "gamma " + nine + " beta", 85},
		{"twice the same is one of three", "[{confidence: 85, primary: number, any: [{min: 2, of: [a, b, c]}]}]", "beta " + nine + " beta", 0},
		{"exactly one, and there are two", "[{confidence: 85, primary: number, any: [{min: 1, max: 1, of: [a, b]}]}]", "alpha beta " + nine, 0},
		{"exclusion, none there", "[{confidence: 85, primary: number, any: [{min: 0, max: 0, of: [a, b]}]}]", nine, 85},
		{"exclusion, one there", "[{confidence: 85, primary: number, any: [{min: 0, max: 0, of: [a, b]}]}]", nine + " alpha", 0},
		{"exclusion beside a group", "[{confidence: 85, primary: number, any: [{of: [a]}, {min: 0, max: 0, of: [b]}]}]", "alpha " + nine + " beta", 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			var used []string // evidence that no pattern uses is a mistake
			for name, word := range map[string]string{"a": "alpha", "b": "beta", "c": "gamma"} {
				if regexp.MustCompile(`[\[ ]` + name + `[\],]`).MatchString(x.patterns) {
					used = append(used, name+": {words: ["+word+"]}")
				}
			}
			ev := "{" + strings.Join(used, ", ") + "}"
			got := confidences(oneType(t, ev, x.patterns, "300"), x.text)
			if x.want == 0 && len(got) == 0 || len(got) == 1 && got[0] == x.want {
				return
			}
			t.Errorf("confidences %v, want %d", got, x.want)
		})
	}
}

func TestEvidenceNearAnotherInstanceDoesNotHelp(t *testing.T) {
	c := oneType(t, "{word: {words: [mark]}}", "[{confidence: 85, primary: number, all: [word]}, {confidence: 65, primary: number}]", "300")
	gap := strings.Repeat(" .", 160)
	got := confidences(c, "mark "+nine+gap+second)
	if len(got) != 2 || got[0] != 85 || got[1] != 65 {
		t.Errorf("confidences %v, want [85 65]", got)
	}
}

func TestEvidenceIsNotTheCandidateItself(t *testing.T) {
	c := oneType(t, "{word: {words: ['456']}}", "[{confidence: 85, primary: number, all: [word]}]", "300")
	if got := confidences(c, "123-456-782"); len(got) != 0 {
		t.Errorf("a match by its own digits: %v", got)
	}
	if got := confidences(c, "123-456-782 456"); len(got) != 1 {
		t.Errorf("no match with evidence beside it")
	}
}

// twoFormats has a primary for each of two formats, the second surer.
func twoFormats(t *testing.T, id, first, second string) *definition {
	t.Helper()
	def, problems := readType("test.yaml", fmt.Appendf(nil, `
type: %s
id: postern:%[1]s
recommendedConfidence: 75
proximity: 300
primaries: {a: {formats: [%q]}, b: {formats: [%q]}}
patterns: [{confidence: 65, primary: a}, {confidence: 85, primary: b}]
samples: {match: [{text: x, confidence: 75}], noMatch: [x]}
`, id, first, second), resources{})
	if def == nil {
		t.Fatal(problems)
	}
	return def
}

func TestOfOverlappingCandidatesTheSurestStays(t *testing.T) {
	for _, x := range []struct{ first, second, text, want string }{
		{"999 999", "999 99", "123 456 78", "4+6=85"},
		{"999 99", "999 999", "123 456 78", "0+7=85"},
		{"999 999", "999 999 99", "123 456 78", "0+10=85"},
		{"999 999", "99999", "123 456 78", "0+7=65"},
	} {
		c, err := compile([]*definition{twoFormats(t, "two", x.first, x.second)}, Placeholders{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range c.Scan(x.text, nil) {
			for _, m := range d.Matches {
				got = append(got, fmt.Sprintf("%d+%d=%d", m.Offset, m.Length, m.Confidence))
			}
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%q and %q: %v, want %s", x.first, x.second, got, x.want)
		}
	}
}

func TestTypesThatLookForTheSameAreWantedApart(t *testing.T) {
	c, err := compile([]*definition{twoFormats(t, "one", "99999", "9999"), twoFormats(t, "other", "99999", "9999")}, Placeholders{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.primaries) != 2 {
		t.Errorf("%d primaries, want the types to share 2", len(c.primaries))
	}
	other, _ := c.Lookup("other")
	if got := c.Scan("12345", map[*Type]bool{other: true}); len(got) != 1 || got[0].Type != other {
		t.Errorf("found %v, want the other type only", got)
	}
}

func TestScanStaysInWords(t *testing.T) {
	c := oneType(t, "{}", "[{confidence: 85, primary: number}]", "300")
	for text, want := range map[string]int{
		"x" + nine:                 0,
		nine + "x":                 0,
		"é" + nine:                 0,
		nine + "ж":                 0,
		"0" + nine:                 0,
		"+" + nine:                 0,
		"1." + nine:                0,
		nine + ".5":                0,
		"44-" + nine:               0,
		nine + "-1":                0,
		"番号" + nine + "です":         1,
		"번호는" + nine + "입니다":       1,
		"(" + nine + ")":           1,
		nine + ".":                 1,
		"id-" + nine:               1,
		"a_" + nine + "_b":         1,
		"１２３４５６７８２":                1,
		"١٢٣٤٥٦٧٨٢":                1,
		"१२३४५६७८२":                1,
		"𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟐":                1,
		nine + "²":                 1, // a footnote
		"123\u2011456\u2011782":    1,
		"123\u00a0456\u00a0782":    0,
		"123-456 782":              0,
		"123-456-\n782":            0,
		nine + " " + second:        2,
		nine + "," + second:        2,
		nine + "\n" + second:       2,
		nine + "\xff" + second:     2,
		strings.Repeat("1", 100):   0,
		strings.Repeat("1-", 1000): 0,
	} {
		if got := len(confidences(c, text)); got != want {
			t.Errorf("%q: %d matches, want %d", text, got, want)
		}
	}
}

func TestOffsetsAreCharacters(t *testing.T) {
	text := "Größe 😀 \xff\x80\x80: 4111 1111 1111 1111 und"
	card, _ := Builtin().Lookup("credit card number")
	found := Builtin().Scan(text, map[*Type]bool{card: true})
	if len(found) != 1 || len(found[0].Matches) != 1 {
		t.Fatalf("found %v", found)
	}
	m := found[0].Matches[0]
	if runes := []rune(text); string(runes[m.Offset:m.Offset+m.Length]) != "4111 1111 1111 1111" {
		t.Errorf("offset %d, length %d", m.Offset, m.Length)
	}
}

// Candidates are found wherever they lie in the blocks that a scan goes by.
func TestCandidatesAreFoundAtAnyPlace(t *testing.T) {
	wanted := map[*Type]bool{}
	for _, name := range []string{"SWIFT code", "U.K. national insurance number (NINO)", "International banking account number (IBAN)"} {
		typ, ok := Builtin().Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		wanted[typ] = true
	}
	for n := range 20 {
		for behind := range 20 {
			for _, number := range []string{"DEUTDEFF", "DEUTDEFFXXX", "AB123456C", "DE89370400440532013000"} {
				text := "swift code" + strings.Repeat(".", n+1) + number + strings.Repeat(" ", behind)
				found := Builtin().Scan(text, wanted)
				if len(found) != 1 || len(found[0].Matches) != 1 || found[0].Matches[0].Value.Reveal() != number {
					t.Fatalf("%q: found %v", text, found)
				}
			}
		}
	}
}

func TestUniqueCountsIgnoreDelimitersAndCase(t *testing.T) {
	iban, _ := Builtin().Lookup("IBAN")
	text := "GB82 WEST 1234 5698 7654 32, gb82west12345698765432, DE89370400440532013000"
	found := Builtin().Scan(text, map[*Type]bool{iban: true})
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	count, unique, confidence := Count(found[0].Matches, 75, 100)
	if count != 3 || unique != 2 || confidence != 85 {
		t.Errorf("count %d, unique %d, confidence %d; want 3, 2, 85", count, unique, confidence)
	}
	if count, unique, confidence = Count(found[0].Matches, 1, 84); count != 0 || unique != 0 || confidence != 0 {
		t.Errorf("beyond the range: count %d, unique %d, confidence %d", count, unique, confidence)
	}
}

func TestOnlyWantedTypesAreLookedFor(t *testing.T) {
	c := Builtin()
	text := "credit card 4111 1111 1111 1111, IBAN GB82 WEST 1234 5698 7654 32"
	if got := len(c.Scan(text, nil)); got != 2 {
		t.Errorf("%d types found, want 2", got)
	}
	iban, _ := c.Lookup("e7dc4711-11b7-4cb0-b88b-2c394a771f0e")
	if got := c.Scan(text, map[*Type]bool{iban: true}); len(got) != 1 || got[0].Type != iban {
		t.Errorf("found %v, want the IBAN", got)
	}
	if got := c.Scan(text, map[*Type]bool{}); len(got) != 0 {
		t.Errorf("found %v, want nothing", got)
	}
}

func TestLookup(t *testing.T) {
	c := Builtin()
	if got := len(c.Types()); got < 10 {
		t.Errorf("%d types, want at least 10", got)
	}
	for i, typ := range c.Types() {
		if i > 0 && strings.ToLower(c.Types()[i-1].Name) >= strings.ToLower(typ.Name) {
			t.Errorf("%q is not in order", typ.Name)
		}
		for _, name := range append([]string{typ.Name, strings.ToUpper(typ.Name), typ.ID, strings.ToUpper(typ.ID)}, typ.Aliases...) {
			if got, ok := c.Lookup(name); !ok || got != typ {
				t.Errorf("%q is not found", name)
			}
		}
	}
	if _, ok := c.Lookup("no such type"); ok {
		t.Error("a type that is not there is found")
	}
}

// Clean text of any size costs the same nine of allocations.
func TestCleanTextAllocatesTheSameForAnySize(t *testing.T) {
	c := Builtin()
	small, large := prose(1<<10), prose(1<<20)
	// The race detector makes the pool forget at random, so the least counts.
	least := func(text string) float64 {
		n := math.Inf(1)
		for range 20 {
			n = min(n, testing.AllocsPerRun(1, func() { c.Scan(text, nil) }))
		}
		return n
	}
	if a, b := least(small), least(large); a != b {
		t.Errorf("%v allocations for 1 KB, %v for 1 MB", a, b)
	}
}

func TestScanIsSafeForConcurrentUse(t *testing.T) {
	c := Builtin()
	card, _ := c.Lookup("Credit card number")
	texts := []string{invoices(20 << 10), prose(20 << 10), "visa 4111111111111111", strings.Repeat("é 4111111111111111 ", 200)}
	want := make([]string, len(texts))
	for i, text := range texts {
		want[i] = fmt.Sprint(summary(c.Scan(text, nil)))
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 20 {
				n := (g + i) % len(texts)
				if got := fmt.Sprint(summary(c.Scan(texts[n], nil))); got != want[n] {
					t.Errorf("text %d: another result at the same time", n)
				}
				c.Scan(texts[n], map[*Type]bool{card: true})
			}
		})
	}
	wait.Wait()
}

func summary(found []Detection) (s []string) {
	for _, d := range found {
		for _, m := range d.Matches {
			s = append(s, fmt.Sprint(d.Type.Name, m.Offset, m.Length, m.Confidence))
		}
	}
	return s
}

// Text made to be slow goes through like any other; the test would not end if
// time grew faster than the text.
func TestHostileText(t *testing.T) {
	c := Builtin()
	const size = 400_000
	texts := map[string]string{}
	for _, unit := range []string{
		"1234-", "4", "password ", "credit card 4111111111111111 ", "4111 ", "4111 1111 1111 1111 ", "A", "a1", "GB82 ", "GB82WEST12345698765432 ",
		"AB ", "AB 12 ", "12 AB ", "1 ", "12 . ", "1 -- 2 ", "\u00a04111", "é4", "credit ", "12/", "12/24 ", "1 May ", "\xff", "４", "BIC DEUTDEFF ", "a\u0301", "SSN 536-22-1234 ",
	} {
		texts[unit] = strings.Repeat(unit, size/len(unit))
	}
	texts["blanks in a phrase"] = "4111111111111111 " + strings.Repeat("credit"+strings.Repeat(" ", 90_000)+"card ", 10)
	if files, err := filepath.Glob(filepath.Join("..", "..", "shared", "testdata-external", "hostile", "text-*.txt")); err == nil {
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(data)
		}
	}
	for name, text := range texts {
		n := utf8.RuneCountInString(text)
		for _, d := range c.Scan(text, nil) {
			for _, m := range d.Matches {
				if m.Offset < 0 || m.Offset+m.Length > n {
					t.Fatalf("%q: a match outside the text", name)
				}
			}
		}
	}
}
