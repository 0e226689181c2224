package classify

import "strings"

// shape gives a check that compares a value with alternatives parted by a bar. In
// each, 9 is a digit, @ a letter, * either, a set in brackets one of its
// characters, and any other character itself. No alternative allocates when used.
func shape(alternatives string) checkFunc {
	var all [][]charSet
	for _, one := range strings.Split(alternatives, "|") {
		var sets []charSet
		for i := 0; i < len(one); i++ {
			var s charSet
			switch c := one[i]; c {
			case '9':
				s.add("0123456789")
			case '@':
				s.add("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			case '*':
				s.add("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			case '[':
				end := i + strings.IndexByte(one[i:], ']')
				s.add(one[i+1 : end])
				i = end
			default:
				s.add(string(c))
			}
			sets = append(sets, s)
		}
		all = append(all, sets)
	}
	return func(v []byte) bool {
		for _, sets := range all {
			if len(sets) == len(v) && fitsSets(v, sets) {
				return true
			}
		}
		return false
	}
}

// charSet is a set of ASCII characters.
type charSet [2]uint64

func (s *charSet) add(chars string) {
	for i := range len(chars) {
		s[chars[i]>>6] |= 1 << (chars[i] & 63)
	}
}

func fitsSets(v []byte, sets []charSet) bool {
	for i, c := range v {
		if sets[i][c>>6&1]>>(c&63)&1 == 0 {
			return false
		}
	}
	return true
}

// Letters of the serial numbers of German documents (Personalausweisverordnung,
// Passverordnung): no vowels and none that looks like a digit.
const germanSerial = "[0123456789CFGHJKLMNPRTVWXYZ]"

// shapeChecks are rules about which characters stand where that a format cannot
// say.
var shapeChecks = []checkRow{
	{name: "indiaPAN", check: indiaPAN, min: 10, max: 10, letters: true},
	{name: "maltaIdentityCard", check: maltaIdentityCard, min: 3, max: 8, letters: true},
	{name: "mixed", check: mixed, min: 2, max: maxWord, letters: true},
	{name: "notOneDigit", check: func(v []byte) bool { return !oneDigit(v) }, min: 2, max: maxWord, letters: true},
}

// mixed wants both letters and digits, so that neither a word nor a plain number
// is taken for an identifier of either.
func mixed(v []byte) bool {
	digits := 0
	for _, c := range v {
		if isDigit(c) {
			digits++
		}
	}
	return digits > 0 && digits < len(v)
}

// maltaIdentityCard keeps the Identity Card Act's form: up to seven digits, which
// are not all zeros, and the letter of a register. Zeros in front may be left out.
func maltaIdentityCard(v []byte) bool {
	n := len(v) - 1
	return allDigits(v[:n]) && number(v[:n]) > 0 && strings.IndexByte("MGAPLHBZ", v[n]) >= 0
}

// indiaPAN keeps the Income Tax Department's form (Rule 114): three letters, one
// for the kind of holder, one of the name, four digits that are not all zeros, and
// a letter whose rule is not published.
func indiaPAN(v []byte) bool { return panShape(v) && number(v[5:9]) > 0 }

var panShape = shape("@@@[ABCEFGHJKLPT]@9999@")
