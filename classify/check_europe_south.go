package classify

import "strings"

var southChecks = []checkRow{
	{name: "cyprusTax", check: cyprusTax, min: 9, max: 11, letters: true},
	{name: "greeceAMKA", check: greeceAMKA, min: 11, max: 11},
	{name: "greeceTax", check: greeceTax, min: 9, max: 11, letters: true},
	{name: "italyFiscalCode", check: italyFiscalCode, min: 10, max: 16, letters: true},
	{name: "italyVAT", check: italyVAT, min: 10, max: 13, letters: true},
	{name: "maltaVAT", check: maltaVAT, min: 8, max: 10, letters: true},
	{name: "portugalCitizenCard", check: portugalCitizenCard, min: 12, max: 12, letters: true},
	{name: "portugalTax", check: portugalTax, min: 9, max: 11, letters: true},
	{name: "spainDNI", check: spainDNI, min: 9, max: 9, letters: true},
	{name: "spainNIE", check: spainNIE, min: 9, max: 9, letters: true},
	{name: "spainNIF", check: spainNIF, min: 6, max: 11, letters: true},
	{name: "spainSocialSecurity", check: spainSocialSecurity, min: 11, max: 12},
	{name: "turkeyPersonal", check: turkeyPersonal, min: 11, max: 11},
}

// cyprusTax keeps the TIN as the European Commission's TIN portal gives it: CY or
// not, eight digits and a letter; the digits in odd places are looked up, the sum is
// taken modulo 26. 12 does not begin a number.
func cyprusTax(v []byte) bool {
	if len(v) == 11 && string(v[:2]) == "CY" {
		v = v[2:]
	}
	if len(v) != 9 || !allDigits(v[:8]) || strings.IndexByte("013459", v[0]) < 0 || string(v[:2]) == "12" {
		return false
	}
	odd := [10]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21}
	sum := 0
	for i, c := range v[:8] {
		if d := int(c - '0'); i%2 == 0 {
			sum += odd[d]
		} else {
			sum += d
		}
	}
	return v[8] == byte('A'+sum%26)
}

// greeceAMKA keeps the social security number of law 3655/2008: a date of birth,
// day first, a serial number and Luhn's formula.
func greeceAMKA(v []byte) bool { return ddmmyy(v) && luhn(v) }

// greeceTax keeps the Independent Authority for Public Revenue's number: EL, GR or
// neither, and nine digits; the first eight weighted 256 to 2, modulo 11 and 10, give
// the last.
func greeceTax(v []byte) bool {
	if len(v) == 11 && (string(v[:2]) == "EL" || string(v[:2]) == "GR") {
		v = v[2:]
	}
	return len(v) == 9 && allDigits(v) && number(v) > 0 && digitAt(v, 8, weighted(v, 256, 128, 64, 32, 16, 8, 4, 2)%11%10)
}

// Values of the characters in odd places of the fiscal code, digits and letters
// from A alike.
var fiscalOdd = [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

// omocodia are the letters that stand for the digits 0 to 9 where two people would
// have the same code.
const omocodia = "LMNPQRSTUV"

// italyFiscalCode keeps the decree of the Minister of Finance of 23 December 1976:
// letters of the name, year, month as a letter, day with 40 added for women,
// municipality, and a letter for the sum of all modulo 26; or the eleven digits of
// bodies and of provisional codes.
func italyFiscalCode(v []byte) bool {
	if len(v) <= 11 {
		return italyVAT(v)
	}
	if len(v) != 16 {
		return false
	}
	var b [16]byte
	copy(b[:], v)
	for _, i := range [...]int{6, 7, 9, 10, 12, 13, 14} {
		if d := strings.IndexByte(omocodia, b[i]); d >= 0 {
			b[i] = byte('0' + d)
		}
		if !isDigit(b[i]) {
			return false
		}
	}
	for _, i := range [...]int{0, 1, 2, 3, 4, 5, 11, 15} {
		if isDigit(b[i]) {
			return false
		}
	}
	month := strings.IndexByte("ABCDEHLMPRST", b[8]) + 1
	day := number(b[9:11])
	if day > 40 {
		day -= 40
	}
	if !realDate(number(b[6:8]), month, day) {
		return false
	}
	sum := 0
	for i, c := range v[:15] {
		n := int(c - 'A')
		if isDigit(c) {
			n = int(c - '0')
		}
		if i%2 == 0 {
			n = fiscalOdd[n]
		}
		sum += n
	}
	return v[15] == byte('A'+sum%26)
}

// italyVAT keeps the partita IVA (decree of 23 December 1976): IT or not, seven
// digits, a province from 001 to 100 or 120, 121, 888 or 999, and Luhn's formula. A zero in
// front may be left out.
func italyVAT(v []byte) bool {
	if len(v) == 10 && v[0] != '0' {
		var b [11]byte
		b[0] = '0'
		copy(b[1:], v)
		return italyVAT(b[:])
	}
	v, ok := nationalPart(v, "IT", 11)
	if !ok || number(v[:7]) == 0 || !luhn(v) {
		return false
	}
	switch p := number(v[7:10]); {
	case p >= 1 && p <= 100, p == 120, p == 121, p == 888, p == 999:
		return true
	}
	return false
}

// maltaVAT keeps the VAT number of the Commissioner for Revenue: MT or not, six
// digits from 100001, weighted 3, 4, 6, 7, 8, 9, with 37 less their remainder.
func maltaVAT(v []byte) bool {
	v, ok := nationalPart(v, "MT", 8)
	return ok && v[0] != '0' && weighted(v, 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0
}

// portugalCitizenCard keeps the number of the Cartão de Cidadão's document (Agência
// para a Modernização Administrativa): nine digits, two characters of the version and
// a digit; from the right every second, letters from A as 10, is doubled and 9 taken
// from what is above 9, to a multiple of ten.
func portugalCitizenCard(v []byte) bool {
	if !allDigits(v[:9]) || !isDigit(v[11]) {
		return false
	}
	sum := 0
	for i, c := range v {
		n := base36(c)
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// portugalTax keeps the NIF of decree-law 14/2013: a first digit but 0 and 4, unless
// 45 for people who do not live there, and weights 9 to 2 modulo 11, taken from 11, ten
// and eleven giving 0. As a VAT number it bears PT.
func portugalTax(v []byte) bool {
	v, ok := nationalPart(v, "PT", 9)
	if !ok || v[0] == '0' || v[0] == '4' && v[1] != '5' {
		return false
	}
	r := (11 - weighted(v, 9, 8, 7, 6, 5, 4, 3, 2)%11) % 11
	return digitAt(v, 8, r%10)
}

// dniLetters are the control letters of Spain, by remainder.
const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// spainDNI keeps royal decree 1553/2005: eight digits and a letter for their
// remainder by 23.
func spainDNI(v []byte) bool {
	return allDigits(v[:8]) && number(v[:8]) > 0 && v[8] == dniLetters[number(v[:8])%23]
}

// spainNIE keeps the order INT/2058/2008: X, Y or Z, which count 0, 1 and 2, seven
// digits and the letter of the DNI.
func spainNIE(v []byte) bool {
	first := strings.IndexByte("XYZ", v[0])
	return first >= 0 && allDigits(v[1:8]) && v[8] == dniLetters[(first*10_000_000+number(v[1:8]))%23]
}

// spainNIF keeps royal decree 1065/2007: a DNI, an NIE, K, L or M with seven digits
// and the letter of the DNI, or a legal person's letter (order EHA/451/2008), seven digits and a
// control: the sum of the digits in even places and of the digits of twice the
// others, taken from ten, as a digit or a letter from J. The zeros in front of a DNI
// may be left out. As a VAT number it bears ES.
func spainNIF(v []byte) bool {
	if len(v) > 9 {
		if len(v) != 11 || string(v[:2]) != "ES" {
			return false
		}
		v = v[2:]
	}
	if n := len(v) - 1; n < 8 {
		return allDigits(v[:n]) && v[0] != '0' && v[n] == dniLetters[number(v[:n])%23]
	}
	switch {
	case isDigit(v[0]):
		return spainDNI(v)
	case !allDigits(v[1:8]):
		return false
	case v[0] >= 'X':
		return spainNIE(v)
	case v[0] >= 'K' && v[0] <= 'M':
		return v[8] == dniLetters[number(v[1:8])%23]
	case strings.IndexByte("ABCDEFGHJNPQRSUVW", v[0]) < 0:
		return false
	}
	sum := 0
	for i, c := range v[1:8] {
		d := int(c - '0')
		if i%2 == 0 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	n := (10 - sum%10) % 10
	return v[8] == byte('0'+n) || v[8] == "JABCDEFGHI"[n]
}

// spainSocialSecurity keeps the Tesorería General's rule: a province, seven or eight
// digits, and the remainder of both by 97; a number below ten million is taken with
// seven digits.
func spainSocialSecurity(v []byte) bool {
	n := len(v) - 2
	province, serial := number(v[:2]), number(v[2:n])
	if province < 1 || province > 66 || serial == 0 {
		return false
	}
	whole := province*100_000_000 + serial
	if serial < 10_000_000 {
		whole = province*10_000_000 + serial
	}
	return whole%97 == number(v[n:])
}

// turkeyPersonal keeps the T.C. Kimlik Numarası of the Directorate of Population:
// no zero in front; seven times the digits in odd places less those in even ones,
// modulo 10, gives the tenth, the sum of ten digits the last.
func turkeyPersonal(v []byte) bool {
	odd, even := weighted(v, 1, 0, 1, 0, 1, 0, 1, 0, 1), weighted(v, 0, 1, 0, 1, 0, 1, 0, 1)
	tenth := ((odd*7-even)%10 + 10) % 10
	return v[0] != '0' && digitAt(v, 9, tenth) && digitAt(v, 10, (odd+even+tenth)%10)
}
