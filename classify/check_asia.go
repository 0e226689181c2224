package classify

import "strings"

var asiaChecks = []checkRow{
	{name: "chinaResident", check: chinaResident, min: 18, max: 18, letters: true},
	{name: "hongKongID", check: hongKongID, min: 8, max: 9, letters: true},
	{name: "indiaAadhaar", check: indiaAadhaar, min: 12, max: 12},
	{name: "indiaDriverLicence", check: indiaDriverLicence, min: 15, max: 15, letters: true},
	{name: "indiaGST", check: indiaGST, min: 15, max: 15, letters: true},
	{name: "indonesiaKTP", check: indonesiaKTP, min: 16, max: 16},
	{name: "israelID", check: israelID, min: 8, max: 9},
	{name: "japanCorporate", check: japanCorporate, min: 13, max: 13},
	{name: "japanPersonal", check: japanPersonal, min: 12, max: 12},
	{name: "koreaResident", check: koreaResident, min: 13, max: 13},
	{name: "malaysiaNRIC", check: malaysiaNRIC, min: 12, max: 12},
	{name: "singaporeNRIC", check: singaporeNRIC, min: 9, max: 9, letters: true},
	{name: "taiwanID", check: taiwanID, min: 10, max: 10, letters: true},
	{name: "taiwanResident", check: taiwanResident, min: 10, max: 10, letters: true},
	{name: "thailandID", check: thailandID, min: 13, max: 13},
}

// chineseProvinces are the first two digits of GB/T 2260.
var chineseProvinces = func() (t [100]bool) {
	for _, r := range [][2]int{{11, 15}, {21, 23}, {31, 37}, {41, 46}, {50, 54}, {61, 65}, {71, 71}, {81, 83}} {
		for p := r[0]; p <= r[1]; p++ {
			t[p] = true
		}
	}
	return t
}()

// chinaResident keeps GB 11643-1999: a place of GB/T 2260, a date of birth, an
// order number and ISO/IEC 7064 MOD 11-2, X being ten.
func chinaResident(v []byte) bool {
	if !allDigits(v[:17]) || v[17] > '9' && v[17] != 'X' {
		return false
	}
	year := number(v[6:10])
	if !chineseProvinces[number(v[:2])] || year < 1850 || year > 2099 || !realDate(year, number(v[10:12]), number(v[12:14])) {
		return false
	}
	p := 0
	for _, c := range v[:17] {
		p = (p + int(c-'0')) * 2 % 11
	}
	return v[17] == "10X98765432"[p]
}

// hongKongID keeps the Immigration Department's number: one or two letters, six
// digits and a check character; letters from A as 10 and 36 for the missing one,
// weighted 9 to 1, give a multiple of eleven, A being ten.
func hongKongID(v []byte) bool {
	n := len(v)
	if !allDigits(v[n-7:n-1]) || v[n-1] > '9' && v[n-1] != 'A' {
		return false
	}
	sum := 36 * 9
	for i, c := range v[:n-7] {
		if isDigit(c) {
			return false
		}
		if i == 0 && n == 9 {
			sum = 0
			sum += base36(c) * 9
			continue
		}
		sum += base36(c) * 8
	}
	return (sum+weighted(v[n-7:], 7, 6, 5, 4, 3, 2)+base36(v[n-1]))%11 == 0
}

// indiaAadhaar keeps the UIDAI's number: twelve digits, the first from 2 on, not a
// palindrome, Verhoeff's check.
func indiaAadhaar(v []byte) bool {
	palindrome := true
	for i := range 6 {
		palindrome = palindrome && v[i] == v[11-i]
	}
	return v[0] >= '2' && !palindrome && verhoeff(v)
}

// indianStates are the codes of vehicle registration in the licence numbers of the
// Sarathi register.
const indianStates = "AN AP AR AS BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TN TR TS UA UK UP WB"

// indiaDriverLicence keeps the form of the Sarathi register (Ministry of Road
// Transport and Highways): a state, an office, a year of issue and seven digits.
func indiaDriverLicence(v []byte) bool {
	if i := strings.Index(indianStates, string(v[:2])); i < 0 || i%3 != 0 {
		return false
	}
	year := 0
	if allDigits(v[2:]) {
		year = number(v[4:8])
	}
	return year >= 1950 && year < 2100
}

// indiaGST keeps the GSTIN of the Goods and Services Tax Network: a state code, a
// PAN, a character from 1 to Z, Z, and a check character: in base 36 every second
// from the right is doubled, its digits added, and the sum is a multiple of 36.
func indiaGST(v []byte) bool {
	state := number(v[:2])
	if !isDigit(v[0]) || !isDigit(v[1]) || state < 1 || state > 38 && state != 97 && state != 99 || !anyPAN(v[2:12]) || v[12] == '0' || v[13] != 'Z' {
		return false
	}
	sum := 0
	for i, c := range v {
		n := base36(c)
		if i%2 == 1 && i < 14 {
			n *= 2
		}
		sum += n/36 + n%36
	}
	return sum%36 == 0
}

// anyPAN is the shape of a PAN within a GSTIN, whose check character makes up for the
// kinds of holder.
var anyPAN = shape("@@@@@9999@")

// indonesiaKTP keeps the NIK of law 23/2006: a province from 11, a regency, a
// district, a date of birth with 40 added to a woman's day, and a serial number.
func indonesiaKTP(v []byte) bool {
	day := number(v[6:8])
	if day > 40 {
		day -= 40
	}
	return v[0] >= '1' && v[0] <= '9' && number(v[2:4]) > 0 && number(v[12:]) > 0 &&
		realDate(number(v[10:12]), number(v[8:10]), day)
}

// israelID keeps the Ministry of the Interior's number: Luhn's formula over nine
// digits; a zero in front may be left out.
func israelID(v []byte) bool { return !oneDigit(v) && luhn(v) }

// japanCorporate keeps the ordinance of the Ministry of Finance 70/2014, article 2:
// the first digit is 9 less the remainder by nine of the others, weighted 1 and 2 in
// turn from the right.
func japanCorporate(v []byte) bool {
	return digitAt(v, 0, 9-weighted(v, 0, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)%9)
}

// japanPersonal keeps the ordinance of the Ministry of Internal Affairs and
// Communications 85/2014, article 5: weights 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 modulo
// 11, taken from eleven, ten and eleven giving 0.
func japanPersonal(v []byte) bool {
	return !oneDigit(v) && digitAt(v, 11, elevens(weighted(v, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)))
}

// koreaResident keeps the Resident Registration Act's number: a date of birth, sex
// and century, and weights 2 to 9, 2 to 5 modulo 11, taken from 11, modulo 10. Numbers
// issued since October 2020 no longer have the check digit, and are not told from
// others.
func koreaResident(v []byte) bool {
	year := number(v[:2])
	switch v[6] {
	case '9', '0':
		year += 1800
	case '1', '2', '5', '6':
		year += 1900
	default:
		year += 2000
	}
	return realDate(year, number(v[2:4]), number(v[4:6])) && number(v[7:9]) <= 96 &&
		digitAt(v, 12, (11-weighted(v, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10)
}

// malaysiaNRIC keeps the National Registration Regulations 1990: a date of birth, a
// place of birth of the National Registration Department's list, and four digits.
func malaysiaNRIC(v []byte) bool {
	switch p := number(v[6:8]); {
	case p == 0, p >= 17 && p <= 20, p == 69, p == 70, p == 73, p == 80, p == 81, p >= 94 && p <= 97:
		return false
	}
	return yymmdd(v)
}

// singaporeNRIC keeps the Immigration & Checkpoints Authority's number: weights 2,
// 7, 6, 5, 4, 3, 2, with 4 added for T and G and 3 for M, modulo 11 into a letter of one
// table for S and T, another for F and G, and a third for M, given since 2022.
func singaporeNRIC(v []byte) bool {
	if !allDigits(v[1:8]) {
		return false
	}
	sum := weighted(v[1:], 2, 7, 6, 5, 4, 3, 2)
	switch v[0] {
	case 'S':
		return v[8] == "JZIHGFEDCBA"[sum%11]
	case 'T':
		return v[8] == "JZIHGFEDCBA"[(sum+4)%11]
	case 'F':
		return v[8] == "XWUTRQPNMLK"[sum%11]
	case 'G':
		return v[8] == "XWUTRQPNMLK"[(sum+4)%11]
	case 'M':
		return v[8] == "XWUTRQPNJLK"[(sum+3)%11]
	}
	return false
}

// taiwanLetters stand in the order of the numbers from 10 that they count as.
const taiwanLetters = "ABCDEFGHJKLMNPQRSTUVXYWZIO"

// taiwanID keeps the Ministry of the Interior's number: a letter, which counts as
// two digits, 1 or 2 for the sex, and weights 1, 9, 8 to 1 and 1 to a multiple of ten.
func taiwanID(v []byte) bool {
	n := strings.IndexByte(taiwanLetters, v[0]) + 10
	return n >= 10 && allDigits(v[1:]) && (v[1] == '1' || v[1] == '2') &&
		(n/10+n%10*9+weighted(v[1:], 8, 7, 6, 5, 4, 3, 2, 1, 1))%10 == 0
}

// taiwanResident keeps the National Immigration Agency's certificates: two letters,
// the second from A to D, of which the last digit counts, or, since 2021, a letter and
// 8 or 9, and the weights of the national number.
func taiwanResident(v []byte) bool {
	n := strings.IndexByte(taiwanLetters, v[0]) + 10
	if n < 10 || !allDigits(v[2:]) {
		return false
	}
	second := 0
	switch c := v[1]; {
	case c == '8' || c == '9':
		second = int(c - '0')
	case c >= 'A' && c <= 'D':
		second = strings.IndexByte(taiwanLetters, c) % 10
	default:
		return false
	}
	return (n/10+n%10*9+second*8+weighted(v[2:], 7, 6, 5, 4, 3, 2, 1, 1))%10 == 0
}

// thailandID keeps the Department of Provincial Administration's number: a first
// digit from 1 to 8, and weights 13 to 2 modulo 11, taken from 11, modulo 10.
func thailandID(v []byte) bool {
	return v[0] >= '1' && v[0] <= '8' && digitAt(v, 12, (11-weighted(v, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10)
}
