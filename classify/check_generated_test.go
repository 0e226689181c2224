package classify

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// standardRule writes the rule of a standard as a sum over the digits of a number,
// and how its numbers are built: {ymd} and {dmy} are dates, d any digit, n one that
// is not 0, # a check digit, anything else itself.
type standardRule struct {
	typ, form string
	holds     func(d []int) bool
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

// standardRules are in the words of the sources that the types name.
var standardRules = []standardRule{
	{"ABA routing number", "1dddddd" + "d#", func(d []int) bool {
		return d[1] < 3 && total(d, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0
	}},
	{"Argentina Unique Tax Identification Key (CUIT/CUIL)", "20-ndddddd" + "d-#", func(d []int) bool { return total(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }},
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
	{"Latvia personal code", "{dmy}-1ddd#", func(d []int) bool { return (1101-total(d, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))%11 == d[10] }},
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
	{"Belgium national number", "{ymd}-1dd-##", func(d []int) bool { return 97-decimals(d[:9])%97 == decimals(d[9:]) }},
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
	{"U.K. national health service number", "nddddddd" + "d#", func(d []int) bool { return total(d, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }},
}

// build makes a number of a form with check digits that hold, or fails when no
// check digit does, as some remainders are not issued.
func (s *standardRule) build(r *rand.Rand) (text string, ok bool) {
	form := s.form
	day := [3]int{1 + r.IntN(28), 1 + r.IntN(12), 30 + r.IntN(69)}
	form = strings.ReplaceAll(form, "{ymd}", fmt.Sprintf("%02d%02d%02d", day[2], day[1], day[0]))
	form = strings.ReplaceAll(form, "{dmy}", fmt.Sprintf("%02d%02d%02d", day[0], day[1], day[2]))
	b := []byte(form)
	checks := 0
	for i, c := range b {
		switch c {
		case 'd':
			b[i] = byte('0' + r.IntN(10))
		case 'n':
			b[i] = byte('1' + r.IntN(9))
		case '#':
			checks++
		}
	}
	most := 1
	for range checks {
		most *= 10
	}
	for n := range most {
		digits := fmt.Sprintf("%0*d", checks, n)
		out, k := []byte(string(b)), 0
		for i, c := range out {
			if c == '#' {
				out[i] = digits[k]
				k++
			}
		}
		if s.holds(digitsOf(string(out))) {
			return string(out), true
		}
	}
	return "", false
}

func digitsOf(s string) (d []int) {
	for i := range len(s) {
		if isDigit(s[i]) {
			d = append(d, int(s[i]-'0'))
		}
	}
	return d
}

// A thousand numbers built by the standard are found near a keyword, and none of a
// thousand of which the last check digit was changed so that the rule fails.
func TestNumbersBuiltFromTheStandards(t *testing.T) {
	c := Builtin()
	for _, s := range standardRules {
		typ, ok := c.Lookup(s.typ)
		if !ok {
			t.Errorf("there is no type %q", s.typ)
			continue
		}
		r := rand.New(rand.NewPCG(5, 11))
		has := func(number string) bool {
			return len(c.Scan("The "+keywordOf[s.typ]+": "+number, map[*Type]bool{typ: true})) > 0
		}
		valid, found := 0, 0
		for valid < 1000 {
			number, ok := s.build(r)
			if !ok {
				continue
			}
			valid++
			if has(number) {
				found++
			} else if valid-found < 3 {
				t.Logf("%s: %s is not found", s.typ, number)
			}
			changed := []byte(number)
			last := len(changed) - len(s.form) + strings.LastIndexByte(s.form, '#')
			for changed[last] = '0' + (number[last]-'0'+1+byte(r.IntN(9)))%10; s.holds(digitsOf(string(changed))); {
				changed[last] = '0' + (changed[last]-'0'+1)%10
			}
			if has(string(changed)) {
				t.Errorf("%s: %s is found, made of %s", s.typ, changed, number)
			}
		}
		if found < 995 {
			t.Errorf("%s: %d of %d valid numbers found", s.typ, found, valid)
		}
	}
}
