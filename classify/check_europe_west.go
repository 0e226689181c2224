package classify

import "strings"

var westChecks = []checkRow{
	{name: "austriaSocialSecurity", check: austriaSocialSecurity, min: 10, max: 10},
	{name: "austriaTax", check: nonZeroLuhn, min: 9, max: 9},
	{name: "austriaVAT", check: austriaVAT, min: 11, max: 11, letters: true},
	{name: "belgiumNational", check: belgiumNational, min: 11, max: 11},
	{name: "belgiumVAT", check: belgiumVAT, min: 10, max: 12, letters: true},
	{name: "franceDriverLicence", check: franceDriverLicence, min: 12, max: 12},
	{name: "franceSocialSecurity", check: franceSocialSecurity, min: 15, max: 15, letters: true},
	{name: "franceTax", check: franceTax, min: 13, max: 13},
	{name: "franceVAT", check: franceVAT, min: 11, max: 13, letters: true},
	{name: "germanyDriverLicence", check: germanyDriverLicence, min: 11, max: 11, letters: true},
	{name: "germanyIdentityCard", check: germanyIdentityCard, min: 10, max: 26, letters: true},
	{name: "germanyPassport", check: germanyPassport, min: 10, max: 11, letters: true},
	{name: "germanyTax", check: germanyTax, min: 11, max: 11},
	{name: "germanyVAT", check: germanyVAT, min: 9, max: 11, letters: true},
	{name: "irelandPPS", check: irelandPPS, min: 8, max: 9, letters: true},
	{name: "luxembourgNatural", check: luxembourgNatural, min: 13, max: 13},
	{name: "luxembourgLegal", check: luxembourgLegal, min: 11, max: 11},
	{name: "netherlandsBSN", check: netherlandsBSN, min: 8, max: 9},
	{name: "netherlandsVAT", check: netherlandsVAT, min: 10, max: 14, letters: true},
	{name: "switzerlandAHV", check: switzerlandAHV, min: 13, max: 13},
	{name: "ukDriverLicence", check: ukDriverLicence, min: 16, max: 18, letters: true},
	{name: "ukUTR", check: ukUTR, min: 10, max: 10},
}

// nonZeroLuhn keeps Luhn's formula and is not all zeros. Austria's tax number
// (Abgabenkontonummer) follows it (Bundesministerium für Finanzen, BMF-010221).
func nonZeroLuhn(v []byte) bool { return luhn(v) && !oneDigit(v) }

// austriaSocialSecurity keeps § 30c ASVG: a serial number from 100, a check digit
// in fourth place, and a date of birth, whose month runs on to 15 when the numbers
// of a day are used up. The nine others, weighted 3, 7, 9, 5, 8, 4, 2, 1, 6, give
// the check digit modulo 11; 10 is not issued.
func austriaSocialSecurity(v []byte) bool {
	month := number(v[6:8])
	if month > 12 {
		if month > 15 || number(v[4:6]) < 1 || number(v[4:6]) > 31 {
			return false
		}
	} else if !ddmmyy(v[4:]) {
		return false
	}
	return v[0] != '0' && digitAt(v, 3, weighted(v, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11)
}

// austriaVAT keeps the rule of the Umsatzsteuer-Identifikationsnummer: ATU and
// eight digits, the last being 10 - (s + 4) mod 10, where s adds the first seven,
// every second doubled and its digits added (European Commission, VIES, "VAT
// identification number structure").
func austriaVAT(v []byte) bool {
	if string(v[:3]) != "ATU" || !allDigits(v[3:]) {
		return false
	}
	sum := 4
	for i, c := range v[3:10] {
		d := int(c-'0') * (1 + i%2)
		sum += d/10 + d%10
	}
	return digitAt(v, 10, (10-sum%10)%10)
}

// belgiumNational keeps the royal decree of 3 April 1984: a date of birth, whose
// month and day may be unknown, a serial number and 97 less the remainder of the
// nine digits by 97; from 2000 on a 2 stands before them.
func belgiumNational(v []byte) bool {
	month, day := number(v[2:4]), number(v[4:6])
	serial := number(v[6:9])
	if month > 12 || day > 31 || month > 0 && day > 0 && !yymmdd(v) || serial == 0 || serial == 999 {
		return false
	}
	n, check := number(v[:9]), number(v[9:])
	return check == 97-n%97 || check == 97-(2_000_000_000+n)%97
}

// belgiumVAT keeps the Crossroads Bank for Enterprises' number: BE or not, ten
// digits that begin with 0 or 1, the last two being 97 less the remainder of the
// eight others by 97.
func belgiumVAT(v []byte) bool {
	v, ok := nationalPart(v, "BE", 10)
	return ok && v[0] <= '1' && number(v) > 0 && number(v[:8])%97+number(v[8:]) == 97
}

// nationalPart takes the country from a VAT number, which may be left out. It
// tells whether the rest is n digits.
func nationalPart(v []byte, country string, n int) ([]byte, bool) {
	if len(v) == n+len(country) && string(v[:len(country)]) == country {
		v = v[len(country):]
	}
	return v, len(v) == n && allDigits(v)
}

// franceDriverLicence passes over numbers of twelve digits that are French or
// international telephone numbers: 0033 and a digit from 1 to 9.
func franceDriverLicence(v []byte) bool {
	return string(v[:4]) != "0033" && string(v[:2]) != "33" && !oneDigit(v)
}

// franceSocialSecurity keeps the decree 82-103 of 22 January 1982: sex, year and
// month of birth, place of birth with 2A and 2B for Corsica, an order number, and
// 97 less the remainder of the thirteen by 97, where 2A counts 19 and 2B 18.
func franceSocialSecurity(v []byte) bool {
	var b [15]byte
	copy(b[:], v)
	if b[5] == '2' && (b[6] == 'A' || b[6] == 'B') {
		b[5], b[6] = '1', '9'-(b[6]-'A')
	}
	if !allDigits(b[:]) {
		return false
	}
	switch month := number(b[3:5]); {
	case month >= 1 && month <= 12, month >= 20 && month <= 42, month >= 50:
	default:
		return false
	}
	return b[0] >= '1' && b[0] <= '8' && number(b[5:7]) > 0 && number(b[10:13]) > 0 &&
		remainder(b[:13], 97)+number(b[13:]) == 97
}

// franceTax keeps the numéro fiscal de référence (SPI) as the European
// Commission's TIN portal gives it: a first digit from 0 to 3, and as last three
// the remainder of the ten others by 511.
func franceTax(v []byte) bool {
	return v[0] <= '3' && number(v[:10]) > 0 && remainder(v[:10], 511) == number(v[10:])
}

// frenchKey holds the characters of the key of a French VAT number: no I and O.
const frenchKey = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// franceVAT keeps article 286 ter of the tax code: FR or not, a key of two
// characters and a SIREN, which keeps Luhn's formula but in Monaco (000). A key of
// digits is 12 and three times the remainder of the SIREN by 97, modulo 97; one
// with letters follows the rule of the Direction générale des Finances publiques
// modulo 11.
func franceVAT(v []byte) bool {
	if len(v) == 13 {
		if string(v[:2]) != "FR" {
			return false
		}
		v = v[2:]
	}
	if len(v) != 11 || !allDigits(v[2:]) || number(v[2:]) == 0 || string(v[2:5]) != "000" && !luhn(v[2:]) {
		return false
	}
	a, b := strings.IndexByte(frenchKey, v[0]), strings.IndexByte(frenchKey, v[1])
	siren := number(v[2:])
	switch {
	case a < 0 || b < 0:
		return false
	case a < 10 && b < 10:
		return a*10+b == (12+3*(siren%97))%97
	case a < 10:
		a = a*24 + b - 10
	default:
		a = a*34 + b - 100
	}
	return (siren+1+a/11)%11 == a%11
}

// germanyDriverLicence keeps the number of annex 8 of the
// Fahrerlaubnis-Verordnung: the issuing authority's four characters, a serial
// number, a check character in tenth place, and a digit or letter for the copy.
// The check is the sum of the nine characters, letters from A as 10, weighted 9 to
// 1, modulo 11, with X for 10 (Kraftfahrt-Bundesamt).
func germanyDriverLicence(v []byte) bool {
	if !isDigit(v[1]) || !isDigit(v[2]) || oneDigit(v) {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += base36(v[i]) * (9 - i)
	}
	check := byte('X')
	if r := sum % 11; r < 10 {
		check = byte('0' + r)
	}
	return v[9] == check
}

var (
	germanyCardSerial     = shape("[LMNPRTVWXY]" + strings.Repeat(germanSerial, 8))
	germanyPassportSerial = shape("[CFGHJK]" + strings.Repeat(germanSerial, 8))
)

// germanyIdentityCard keeps the Personalausweisverordnung: since November 2010
// nine characters with their ICAO Doc 9303 check digit, with or without a D; before
// then nine digits and one, alone or with D, date of birth, date of expiry and
// their check digits and the one over all.
func germanyIdentityCard(v []byte) bool {
	n := len(v)
	switch {
	case n == 10 && allDigits(v):
		return !oneDigit(v) && digitAt(v, 9, passportDigit(v[:9]))
	case n <= 11:
		return isDigit(v[9]) && germanyCardSerial(v[:9]) && digitAt(v, 9, passportDigit(v[:9])) && (n == 10 || v[10] == 'D')
	case n != 26 || v[10] != 'D' || !allDigits(v[:10]) || !allDigits(v[11:]):
		return false
	}
	all := append(append([]byte{}, v[:10]...), v[11:25]...)
	return digitAt(v, 9, passportDigit(v[:9])) && digitAt(v, 17, passportDigit(v[11:17])) &&
		digitAt(v, 24, passportDigit(v[18:24])) && digitAt(v, 25, passportDigit(all))
}

// germanyPassport keeps the Passverordnung: nine characters with their ICAO Doc
// 9303 check digit, with or without a D.
func germanyPassport(v []byte) bool {
	return isDigit(v[9]) && germanyPassportSerial(v[:9]) && digitAt(v, 9, passportDigit(v[:9])) && (len(v) == 10 || v[10] == 'D')
}

// germanyTax keeps § 139b AO: eleven digits without a zero in front, of the first
// ten one digit twice or three times and the others at most once, and ISO/IEC 7064
// MOD 11,10.
func germanyTax(v []byte) bool {
	var count [10]int
	for _, c := range v[:10] {
		count[c-'0']++
	}
	repeated := 0
	for _, n := range count {
		if n > 3 {
			return false
		}
		if n > 1 {
			repeated++
		}
	}
	return v[0] != '0' && repeated == 1 && mod1110(v)
}

// germanyVAT keeps the Umsatzsteuer-Identifikationsnummer: DE or not, nine digits
// without a zero in front, ISO/IEC 7064 MOD 11,10 (Bundeszentralamt für Steuern).
func germanyVAT(v []byte) bool {
	v, ok := nationalPart(v, "DE", 9)
	return ok && v[0] != '0' && mod1110(v)
}

// ppsLetters are the check characters of the Irish number, by remainder.
const ppsLetters = "WABCDEFGHIJKLMNOPQRSTUV"

// irelandPPS keeps the Department of Social Protection's rule: seven digits
// weighted 8 to 2, a second letter from A to I weighted 9, modulo 23; a second
// letter W, T or X of the older numbers counts nothing.
func irelandPPS(v []byte) bool {
	if !allDigits(v[:7]) || number(v[:7]) == 0 {
		return false
	}
	sum := weighted(v, 8, 7, 6, 5, 4, 3, 2)
	if len(v) == 9 {
		switch c := v[8]; {
		case c >= 'A' && c <= 'I':
			sum += int(c-'A'+1) * 9
		case c != 'W' && c != 'T' && c != 'X':
			return false
		}
	}
	return v[7] == ppsLetters[sum%23]
}

// luxembourgNatural keeps the law of 19 June 2013 on the identification of natural
// persons: a date of birth with the year in four digits, a serial number, a digit
// by Luhn's formula and one by Verhoeff's, both over the first eleven.
func luxembourgNatural(v []byte) bool {
	var b [12]byte
	copy(b[:], v[:11])
	b[11] = v[12]
	year := number(v[:4])
	return year >= 1850 && year < 2100 && realDate(year, number(v[4:6]), number(v[6:8])) && luhn(v[:12]) && verhoeff(b[:])
}

// luxembourgLegal keeps the grand-ducal regulation of 21 December 1979: the year
// of foundation, a form, a serial number, and 11 less the sum weighted 5, 4, 3, 2, 7,
// 6, 5, 4, 3, 2 modulo 11; a result of 10 is not issued.
func luxembourgLegal(v []byte) bool {
	year := number(v[:4])
	return year >= 1800 && year < 2100 && digitAt(v, 10, (11-weighted(v, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11)
}

// netherlandsBSN keeps the eleven test of the Rijksdienst voor Identiteitsgegevens:
// weights 9 to 2 and -1 give a multiple of eleven. Eight digits stand for a number
// whose zero in front was left out.
func netherlandsBSN(v []byte) bool {
	if len(v) == 8 {
		return v[0] != '0' && weighted(v, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
	}
	return !oneDigit(v) && weighted(v, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
}

// netherlandsVAT keeps the btw-identificatienummer: nine digits, B and two digits;
// the digits keep the eleven test (RSIN), or, since 2020, NL and all characters,
// letters from A as 10, keep ISO/IEC 7064 MOD 97-10 (Belastingdienst). Zeros in front
// may be left out.
func netherlandsVAT(v []byte) bool {
	if string(v[:2]) == "NL" {
		v = v[2:]
	}
	if n := len(v); n == 10 || n == 11 {
		b := [12]byte{'0', '0'}
		copy(b[12-n:], v)
		return netherlandsVAT(b[:])
	}
	if len(v) != 12 || v[9] != 'B' || !allDigits(v[:9]) || !allDigits(v[10:]) || number(v[10:]) == 0 {
		return false
	}
	if netherlandsBSN(v[:9]) {
		return true
	}
	r := 2321 % 97
	for _, c := range v {
		if n := base36(c); n > 9 {
			r = (r*100 + n) % 97
		} else {
			r = (r*10 + n) % 97
		}
	}
	return r == 1
}

// switzerlandAHV keeps the Zentrale Ausgleichsstelle's number: 756 and a check
// digit as of the European article number (GS1), weights 1 and 3 in turn.
func switzerlandAHV(v []byte) bool {
	return string(v[:3]) == "756" && weighted(v, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// ukDriverLicence keeps the driver number as the DVLA describes it (leaflet INF45):
// five letters of the surname filled up with 9, the year's tens, month with 5 added
// for women, day, the year's units, two initials or 9, a digit, two check characters
// whose rule is not published, and two digits of the issue or none.
func ukDriverLicence(v []byte) bool {
	padded := false
	for i, c := range v[:5] {
		switch {
		case c == '9':
			padded = true
		case isDigit(c) || padded:
			return false
		}
		if i == 0 && padded {
			return false
		}
	}
	if !allDigits(v[5:11]) || len(v) == 17 || !allDigits(v[16:]) {
		return false
	}
	month := number(v[6:8])
	if month > 50 {
		month -= 50
	}
	for i, c := range v[11:13] {
		if isDigit(c) && (c != '9' || i == 0 && v[12] != '9') {
			return false
		}
	}
	return isDigit(v[13]) && realDate(0, month, number(v[8:10]))
}

// ukUTR keeps HM Revenue & Customs' unique taxpayer reference: nine digits weighted
// 6, 7, 8, 9, 10, 5, 4, 3, 2, modulo 11, give the first.
func ukUTR(v []byte) bool {
	return !oneDigit(v) && v[0] == "21987654321"[weighted(v[1:], 6, 7, 8, 9, 10, 5, 4, 3, 2)%11]
}
