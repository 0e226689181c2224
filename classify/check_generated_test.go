package classify

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// standardRule writes the rule of a standard over the characters of a number,
// delimiters apart, and how its numbers are built: {ymd}, {dmy}, {yyyymmdd} and
// {dm9y} are dates and {d2} a day, d any digit, n one that is not 0, a a letter, [..]
// one of these, # @ and % a check digit, letter and either, anything else itself.
type standardRule struct {
	typ, form string
	holds     func(v string) bool
}

// digitRule writes the rule of a standard over the digits of a number.
type digitRule struct {
	typ, form string
	holds     func(d []int) bool
}

// valid tells whether a number as written keeps the rule.
func (s *standardRule) valid(text string) bool { return s.holds(string(normalise(nil, text))) }

// allRules are those of all tables.
func allRules() []standardRule {
	all := slices.Clone(letteredRules)
	for _, d := range slices.Concat(digitRules, moreDigitRules) {
		all = append(all, standardRule{d.typ, d.form, func(v string) bool { return d.holds(digitsOf(v)) }})
	}
	return all
}

// total adds digits times weights.
func total(d []int, weights ...int) int {
	n := 0
	for i, w := range weights {
		n += d[i] * w
	}
	return n
}

// doubled adds the digits, every second from the right doubled and its digits
// added, as ISO/IEC 7812-1 annex B has it.
func doubled(d []int) int {
	n := 0
	for i, x := range d {
		if (len(d)-i)%2 == 0 {
			x *= 2
			x = x/10 + x%10
		}
		n += x
	}
	return n
}

// hybrid is the recursion of ISO/IEC 7064 MOD 11,10 written out from the standard.
func hybrid(d []int) bool {
	p := 10
	for _, x := range d[:len(d)-1] {
		if p = (p + x) % 10; p == 0 {
			p = 10
		}
		p = 2 * p % 11
	}
	return (d[len(d)-1]+p)%10 == 1
}

func decimals(d []int) (n int) {
	for _, x := range d {
		n = n*10 + x
	}
	return n
}

// digitRules are in the words of the sources that the types name.
var digitRules = []digitRule{
	{"ABA routing number", "1ddddddd#", func(d []int) bool {
		return d[1] < 3 && total(d, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0
	}},
	{"Argentina Unique Tax Identification Key (CUIT/CUIL)", "20-nddddddd-#", func(d []int) bool {
		r := total(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
		return (r+d[10])%11 == 0 || r%11 == 1 && d[10] == 9
	}},
	{"Australia company number", "ddd ddd dd#", func(d []int) bool { return total(d, 8, 7, 6, 5, 4, 3, 2, 1, 1)%10 == 0 }},
	{"Australia tax file number", "ndd ddd dd#", func(d []int) bool { return total(d, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0 }},
	{"Australia medical account number", "2ddd dddd# n", func(d []int) bool { return total(d, 1, 3, 7, 9, 1, 3, 7, 9, -1)%10 == 0 }},
	{"Brazil CPF number", "ndd.ddd.ddd-##", func(d []int) bool {
		return total(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)*10%11%10 == d[9] && total(d, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)*10%11%10 == d[10]
	}},
	{"Bulgaria uniform civil number", "{ymd}ddd#", func(d []int) bool { return total(d, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == d[9] }},
	{"Croatia personal identification (OIB) number", "nddddddddd#", hybrid},
	{"Denmark personal identification number", "{dmy}-ddd#", func(d []int) bool { return total(d, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }},
	{"Germany value added tax number", "DEnddddddd#", hybrid},
	{"Greece Social Security Number (AMKA)", "{dmy}dddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Greece tax identification number", "nddddddd#", func(d []int) bool { return total(d, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == d[8] }},
	{"Hungary social security number (TAJ)", "nddddddd#", func(d []int) bool { return total(d, 3, 7, 3, 7, 3, 7, 3, 7, -1)%10 == 0 }},
	{"Hungary tax identification number", "8dddddddd#", func(d []int) bool { return total(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1)%11 == 0 }},
	{"Israel national identification number", "nddddddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Latvia personal code", "{dmy}-1ddd#", func(d []int) bool { return (1101-total(d, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))%11%10 == d[10] }},
	{"Netherlands citizen's service (BSN) number", "nddddddd#", func(d []int) bool { return total(d, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 }},
	{"Norway identification number", "{dmy} ddd##", func(d []int) bool {
		return total(d, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && total(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	}},
	{"Poland national ID (PESEL)", "{ymd}dddd#", func(d []int) bool { return total(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0 }},
	{"Poland REGON number", "nddddddd#", func(d []int) bool { return total(d, 8, 9, 2, 3, 4, 5, 6, 7)%11%10 == d[8] }},
	{"Poland tax identification number", "ndd-ddd-dd-d#", func(d []int) bool { return total(d, 6, 5, 7, 2, 3, 4, 5, 6, 7, -1)%11 == 0 }},
	{"Romania personal numeric code (CNP)", "1{ymd}12ddd#", func(d []int) bool {
		r := total(d, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11
		return r == d[12] || r == 10 && d[12] == 1
	}},
	{"South Africa identification number", "{ymd}dddd08#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"South Korea resident registration number", "{ymd}-1n1ddd#", func(d []int) bool {
		return d[7] < 9 && (11-total(d, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10 == d[12]
	}},
	{"Sweden national ID", "{ymd}-ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Switzerland SSN AHV number", "756.dddd.dddd.d#", func(d []int) bool { return total(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0 }},
	{"Thai population identification code", "3ddddddddddd#", func(d []int) bool {
		return (11-total(d, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10 == d[12]
	}},
	{"Belgium national number", "{ymd}-1dd-##", belgian},
	{"Portugal tax identification number", "2ddddddd#", func(d []int) bool {
		r := 11 - total(d, 9, 8, 7, 6, 5, 4, 3, 2)%11
		return r == d[8] || r > 9 && d[8] == 0
	}},
	{"Slovenia tax identification number", "ndddddd#", func(d []int) bool {
		r := 11 - total(d, 8, 7, 6, 5, 4, 3, 2)%11
		return r == d[7] || r == 10 && d[7] == 0
	}},
	{"Turkey national identification number", "ndddddddd##", func(d []int) bool {
		odd, even := d[0]+d[2]+d[4]+d[6]+d[8], d[1]+d[3]+d[5]+d[7]
		return ((odd*7-even)%10+10)%10 == d[9] && (odd+even+d[9])%10 == d[10]
	}},
	{"Japan My Number - Personal", "ndddddddddd#", func(d []int) bool {
		r := 11 - total(d, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11
		return r == d[11] || r > 9 && d[11] == 0
	}},
	{"Hungary value added tax number", "HUndddddd#", func(d []int) bool { return total(d, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 }},
	{"Austria tax identification number", "nd-ddd/ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"U.K. national health service number", "ndddddddd#", func(d []int) bool { return total(d, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }},
}

// build makes a number of a form with check characters that hold, or fails when
// none do, as some remainders are not issued.
func (s *standardRule) build(r *rand.Rand) (text string, ok bool) {
	day, month, year := 1+r.IntN(28), 1+r.IntN(12), 55+r.IntN(44)
	form := strings.NewReplacer("{ymd}", fmt.Sprintf("%02d%02d%02d", year, month, day), "{dmy}", fmt.Sprintf("%02d%02d%02d", day, month, year),
		"{yyyymmdd}", fmt.Sprintf("19%02d%02d%02d", year, month, day), "{dm9y}", fmt.Sprintf("%02d%02d9%02d", day, month, year),
		"{d2}", fmt.Sprintf("%02d", day)).Replace(s.form)
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var out []byte
	var at []int // places of check characters
	var of []string
	for i := 0; i < len(form); i++ {
		set := form[i : i+1]
		switch form[i] {
		case 'd':
			set = digits
		case 'n':
			set = digits[1:]
		case 'a':
			set = letters
		case '[':
			n := strings.IndexByte(form[i:], ']')
			set = form[i+1 : i+n]
			i += n
		case '#', '@', '%':
			at = append(at, len(out))
			of = append(of, map[byte]string{'#': digits, '@': letters, '%': digits + letters}[form[i]])
		}
		out = append(out, set[r.IntN(len(set))])
	}
	most := 1
	for i, set := range of {
		out[at[i]] = set[0]
		most *= len(set)
	}
	for n := range most {
		for i, set := range of {
			out[at[i]] = set[n%len(set)]
			n /= len(set)
		}
		if s.valid(string(out)) {
			return string(out), true
		}
	}
	return "", false
}

// change gives the number with one digit changed so that the rule fails.
func (s *standardRule) change(number string, r *rand.Rand) string {
	for {
		changed := []byte(number)
		i := r.IntN(len(changed))
		if !isDigit(changed[i]) {
			continue
		}
		if changed[i] = byte('0' + r.IntN(10)); changed[i] != number[i] && !s.valid(string(changed)) {
			return string(changed)
		}
	}
}

func digitsOf(s string) (d []int) {
	for i := range len(s) {
		if isDigit(s[i]) {
			d = append(d, int(s[i]-'0'))
		}
	}
	return d
}

// Numbers built by the standard are found near a keyword, and none of those of which
// one digit was changed so that the rule fails: a hundred of each, or a thousand with
// POSTERN_LONG set in the environment.
func TestNumbersBuiltFromTheStandards(t *testing.T) {
	c := Builtin()
	covered := map[string]bool{}
	each := 100
	if os.Getenv("POSTERN_LONG") != "" {
		each = 1000
	}
	for _, s := range allRules() {
		typ, ok := c.Lookup(s.typ)
		if !ok {
			t.Errorf("there is no type %q", s.typ)
			continue
		}
		covered[s.typ] = true
		r := rand.New(rand.NewPCG(5, 11))
		var valid, changed []string
		for len(valid) < each {
			if number, ok := s.build(r); ok {
				valid = append(valid, number)
				changed = append(changed, s.change(number, r))
			}
		}
		missed := linesWithout(c, typ, valid)
		if len(missed)*200 > each {
			t.Errorf("%s: %d of %d are not found, as %s", s.typ, len(missed), len(valid), valid[missed[0]])
		}
		if missed := linesWithout(c, typ, changed); len(missed) < len(changed) {
			for i := range changed {
				if !slices.Contains(missed, i) {
					t.Errorf("%s: %s is found, made of %s", s.typ, changed[i], valid[i])
				}
			}
		}
	}
	for _, typ := range c.Types() {
		if hasCheckDigit(typ) && !covered[typ.Name] {
			t.Errorf("%s has a check digit and no numbers are built for it", typ.Name)
		}
	}
}

// linesWithout scans a text with a keyword and a number in each line, and gives the
// lines in which none is found.
func linesWithout(c *Catalog, typ *Type, numbers []string) (missed []int) {
	var text strings.Builder
	var ends []int
	end := 0
	for _, number := range numbers {
		text.WriteString("The " + keywordOf[typ.Name] + ": " + number + ".\n")
		end += utf8.RuneCountInString(keywordOf[typ.Name]) + len(number) + 8
		ends = append(ends, end)
	}
	found := make([]bool, len(numbers))
	for _, d := range c.Scan(text.String(), map[*Type]bool{typ: true}) {
		for _, m := range d.Matches {
			line, _ := slices.BinarySearch(ends, m.Offset+1)
			found[line] = true
		}
	}
	for i, ok := range found {
		if !ok {
			missed = append(missed, i)
		}
	}
	return missed
}

// withoutCheckDigit are the checks that look at the shape and the date of a number
// only, and those of types that have numbers without a check digit besides.
var withoutCheckDigit = []string{"austriaIdentityCard", "businessIdentifierCode", "franceDriverLicence", "indiaDriverLicence", "indiaPAN",
	"indonesiaKTP", "ipv4", "ipv4Host", "ipv6", "ipv6Host", "malaysiaNRIC", "maltaIdentityCard", "maltaVAT", "mixed", "mixedCase", "botKey", "notOneDigit", "password",
	"portugalCitizenCard", "ukDriverLicence", "ukNINO", "usITIN", "usSSN", "usSSNRandomized"}

// hasCheckDigit tells whether numbers of a type keep a check digit.
func hasCheckDigit(typ *Type) bool {
	for _, p := range typ.compiled.definition.primaries {
		for _, check := range p.checks {
			if !p.secret && p.formats != nil && !slices.Contains(withoutCheckDigit, check.name) {
				return true
			}
		}
	}
	return false
}
