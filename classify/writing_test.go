package classify

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// inGroups parts a value in groups of n, counted from the end when right is set.
func inGroups(v string, n int, mark string, right bool) string {
	var groups []string
	if right && len(v)%n > 0 {
		groups, v = append(groups, v[:len(v)%n]), v[len(v)%n:]
	}
	for ; len(v) > n; v = v[n:] {
		groups = append(groups, v[:n])
	}
	return strings.Join(append(groups, v), mark)
}

// writings are ways of writing a number, from how its authority prints it and from
// its digits and letters alone.
var writings = []struct {
	name  string
	write func(printed, bare string) string
}{
	{"in one piece", func(_, bare string) string { return bare }},
	{"in small letters", func(printed, _ string) string { return strings.ToLower(printed) }},
	{"with no-break blanks", func(printed, _ string) string { return marked(printed, "\u00a0") }},
	{"with doubled blanks", func(printed, _ string) string { return marked(printed, "  ") }},
	{"with dashes", func(printed, _ string) string { return marked(printed, "-") }},
	{"with dashes between blanks", func(printed, _ string) string { return marked(printed, " – ") }},
	{"with points", func(printed, _ string) string { return marked(printed, ".") }},
	{"with slashes", func(printed, _ string) string { return marked(printed, "/") }},
	{"in threes", func(_, bare string) string { return inGroups(bare, 3, " ", false) }},
	{"in threes from the end", func(_, bare string) string { return inGroups(bare, 3, " ", true) }},
	{"in fours", func(_, bare string) string { return inGroups(bare, 4, " ", false) }},
	{"in threes with dashes", func(_, bare string) string { return inGroups(bare, 3, "-", false) }},
	{"in brackets", func(printed, _ string) string { return "(" + printed + ")" }},
	{"behind a sign", func(printed, _ string) string { return "#" + printed + "," }},
	{"behind a word in capitals", func(printed, _ string) string { return "VAT " + printed + " VALID" }},
	{"before a date", func(printed, _ string) string { return printed + ", 12/05/2024" }},
	{"in a table", func(printed, _ string) string { return "\t" + printed + "\t12.50\n" }},
	{"in full-width digits", func(_, bare string) string {
		return strings.Map(func(r rune) rune { return r + '０' - '0' }, bare)
	}},
}

func marked(printed, mark string) string {
	return strings.NewReplacer(" ", mark, "-", mark, ".", mark, "/", mark).Replace(printed)
}

// Of the numbers of all types with a check digit nearly all are found near a
// keyword, whichever way they are written.
func TestNumbersAsPeopleWriteThem(t *testing.T) {
	c := Builtin()
	r := rand.New(rand.NewPCG(7, 7))
	for _, w := range writings {
		all, found := 0, 0
		var missed []string
		for _, s := range allRules() {
			typ, _ := c.Lookup(s.typ)
			printed, ok := s.build(r)
			if !ok {
				continue
			}
			bare := string(normalise(nil, printed))
			text := w.write(printed, bare)
			hit := false
			for _, d := range c.Scan("As agreed, the "+keywordOf[s.typ]+" "+text, map[*Type]bool{typ: true}) {
				for _, m := range d.Matches {
					hit = hit || asWritten(m.Value.Reveal()) == asWritten(bare)
				}
			}
			if all++; hit {
				found++
			} else {
				missed = append(missed, s.typ+" "+text)
			}
		}
		if t.Logf("%s: %d of %d", w.name, found, all); found*100 < all*95 {
			t.Errorf("%s: %d of %d are found, not %s", w.name, found, all, strings.Join(missed, ", "))
		}
	}
}

// VAT numbers bear the country, whatever else the number is.
func TestCountriesInFrontOfTaxNumbers(t *testing.T) {
	c := Builtin()
	for name, numbers := range map[string]string{
		"Bulgaria uniform civil number":                "BG7523169263 bg7523169263",
		"Croatia personal identification (OIB) number": "HR33392005961 hr33392005961",
		"Czech personal identity number":               "CZ7103192745",
		"Greece tax identification number":             "EL094259216 GR094259216",
		"Latvia personal code":                         "LV16117519997",
		"Poland tax identification number":             "PL8567346215",
		"Portugal tax identification number":           "PT501964843 pt501964843",
		"Slovenia tax identification number":           "SI50223054",
		"Spain tax identification number":              "ESX2482300W ES54362315K ESA13585625",
	} {
		typ, _ := c.Lookup(name)
		for _, number := range strings.Fields(numbers) {
			for _, text := range []string{number, number[:2] + " " + number[2:], number[:2] + "-" + number[2:]} {
				if len(c.Scan("the "+keywordOf[name]+" is "+text, map[*Type]bool{typ: true})) == 0 {
					t.Errorf("%s: %s is not found", name, text)
				}
			}
			changed := number[:len(number)-2] + string('0'+(number[len(number)-2]-'0'+1)%10) + number[len(number)-1:]
			if len(c.Scan("the "+keywordOf[name]+" is "+changed, map[*Type]bool{typ: true})) > 0 {
				t.Errorf("%s: %s is found", name, changed)
			}
		}
	}
}
