package classify

import "strings"

var northChecks = []checkRow{
	{name: "denmarkCPR", check: denmarkCPR, min: 10, max: 10},
	{name: "estoniaPersonal", check: estoniaPersonal, min: 11, max: 11},
	{name: "finlandPersonal", check: finlandPersonal, min: 10, max: 11, letters: true},
	{name: "latviaPersonal", check: latviaPersonal, min: 11, max: 13, letters: true},
	{name: "lithuaniaPersonal", check: lithuaniaPersonal, min: 11, max: 11},
	{name: "norwayPersonal", check: norwayPersonal, min: 11, max: 11},
	{name: "swedenPersonal", check: swedenPersonal, min: 10, max: 12},
}

// denmarkCPR keeps the CPR-kontoret's rule ("Personnummeret i CPR"): a date of
// birth and weights 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 modulo 11. The few numbers issued
// since 2007 without the check digit are not told from others.
func denmarkCPR(v []byte) bool {
	return ddmmyy(v) && weighted(v, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// balticDigit gives the check digit that Estonia (EVS 585:2007) and Lithuania (law
// VIII-1513) share: weights 1 to 9 and 1 modulo 11, if that is 10 weights 3 to 9, 1, 2
// and 3, and if that is 10 again 0.
func balticDigit(v []byte) int {
	r := weighted(v, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if r == 10 {
		r = weighted(v, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	return r
}

// estoniaPersonal keeps EVS 585:2007: sex and century from 1 to 8, a date of birth,
// a serial number and the check digit.
func estoniaPersonal(v []byte) bool {
	return v[0] >= '1' && v[0] <= '8' && centuryDate(v[0], v[1:]) && digitAt(v, 10, balticDigit(v))
}

// centuryDate tells whether six digits are a date of the century that a digit
// stands for, 1 and 2 for the nineteenth and two for each that follows.
func centuryDate(century byte, v []byte) bool {
	return realDate(1800+int(century-'1')/2*100+number(v[:2]), number(v[2:4]), number(v[4:6]))
}

// lithuaniaPersonal keeps law VIII-1513: sex and century from 1 to 6, a date of
// birth, a serial number and the check digit; a 9 stands for people without a known
// date.
func lithuaniaPersonal(v []byte) bool {
	return (v[0] >= '1' && v[0] <= '6' && centuryDate(v[0], v[1:]) || v[0] == '9') && digitAt(v, 10, balticDigit(v))
}

// hetuLetters are the check characters of the Finnish number, by remainder.
const hetuLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY"

// finlandPersonal keeps the Population Information Decree 128/2010 and its change
// of 2022: date of birth, a sign of the century (dash, plus or a letter), an
// individual number from 002, and the remainder of the nine digits by 31 as a
// character. Individual numbers from 900 are temporary ones, which hospitals give.
func finlandPersonal(v []byte) bool {
	var b [9]byte
	copy(b[:6], v)
	rest := v[6:]
	if len(v) == 11 {
		if strings.IndexByte("ABCDEFYXWVU", v[6]) < 0 {
			return false
		}
		rest = v[7:]
	}
	copy(b[6:], rest)
	if !allDigits(b[:]) || !ddmmyy(b[:]) {
		return false
	}
	n := number(b[6:])
	return n >= 2 && rest[3] == hetuLetters[number(b[:])%31]
}

// latviaPersonal keeps Cabinet regulation 412: a date of birth, a digit from 0 to 2 for the
// century and four digits, or, since July 2017, 32 to 39 and nine digits; the last is
// 1 less the sum weighted 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, modulo 11 and 10. As a VAT number it
// bears LV.
func latviaPersonal(v []byte) bool {
	v, ok := nationalPart(v, "LV", 11)
	switch {
	case !ok:
		return false
	case v[0] == '3' && v[1] >= '2':
	case v[6] > '2' || !ddmmyy(v):
		return false
	}
	return digitAt(v, 10, (1+weighted(v, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9))%11%10)
}

// norwayPersonal keeps Skatteetaten's fødselsnummer and D-number: a date of birth,
// with 40 added to the day in D-numbers, and two check digits modulo 11.
func norwayPersonal(v []byte) bool {
	day := number(v[:2])
	if day > 40 {
		day -= 40
	}
	return realDate(number(v[4:6]), number(v[2:4]), day) &&
		weighted(v, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighted(v, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// swedenPersonal keeps Skatteverket's personnummer and samordningsnummer (SKV 704,
// 707): a date of birth, with 60 added to the day in the latter, and Luhn's formula
// over the ten digits.
func swedenPersonal(v []byte) bool {
	year := number(v[:2])
	if len(v) == 11 {
		return false
	}
	if len(v) == 12 {
		year = number(v[:4])
		if year < 1840 || year > 2099 {
			return false
		}
		v = v[2:]
	}
	day := number(v[4:6])
	if day > 60 {
		day -= 60
	}
	return realDate(year, number(v[2:4]), day) && luhn(v)
}
