package classify

var eastChecks = []checkRow{
	{name: "bulgariaCivil", check: bulgariaCivil, min: 10, max: 12, letters: true},
	{name: "croatiaOIB", check: croatiaOIB, min: 11, max: 13, letters: true},
	{name: "czechBirth", check: czechBirth, min: 9, max: 12, letters: true},
	{name: "hungaryPersonal", check: hungaryPersonal, min: 11, max: 11},
	{name: "hungaryTAJ", check: hungaryTAJ, min: 9, max: 9},
	{name: "hungaryTax", check: hungaryTax, min: 10, max: 10},
	{name: "hungaryVAT", check: hungaryVAT, min: 8, max: 10, letters: true},
	{name: "polandIdentityCard", check: polandIdentityCard, min: 9, max: 9, letters: true},
	{name: "polandPESEL", check: polandPESEL, min: 11, max: 11},
	{name: "polandPassport", check: polandPassport, min: 9, max: 9, letters: true},
	{name: "polandREGON", check: polandREGON, min: 9, max: 14},
	{name: "polandTax", check: polandTax, min: 10, max: 12, letters: true},
	{name: "romaniaCNP", check: romaniaCNP, min: 13, max: 13},
	{name: "sloveniaEMSO", check: sloveniaEMSO, min: 13, max: 13},
	{name: "sloveniaTax", check: sloveniaTax, min: 8, max: 10, letters: true},
}

// bulgariaCivil keeps the EGN (GRAO, Civil Registration Act): a date of birth with
// 20 or 40 added to the month for the nineteenth and twenty-first century, and
// weights 2, 4, 8, 5, 10, 9, 7, 3, 6 modulo 11, 10 giving 0. As a VAT number it
// bears BG.
func bulgariaCivil(v []byte) bool {
	v, ok := nationalPart(v, "BG", 10)
	if !ok {
		return false
	}
	year, month := number(v[:2]), number(v[2:4])
	switch {
	case month > 40:
		year, month = 2000+year, month-40
	case month > 20:
		year, month = 1800+year, month-20
	default:
		year += 1900
	}
	return realDate(year, month, number(v[4:6])) && digitAt(v, 9, weighted(v, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10)
}

// croatiaOIB keeps the Zakon o osobnom identifikacijskom broju: ISO/IEC 7064 MOD
// 11,10. As a VAT number it bears HR.
func croatiaOIB(v []byte) bool {
	v, ok := nationalPart(v, "HR", 11)
	return ok && !oneDigit(v) && mod1110(v)
}

// czechBirth keeps act 133/2000 of the Czech Republic and 301/1995 of Slovakia: a
// date of birth with 50 added to a woman's month, and 20 more when the numbers of a
// day are used up; three digits until 1953, since then four that make the whole a
// multiple of eleven; until 1985 a remainder of ten gave a last digit of 0. As a tax
// number it bears CZ.
func czechBirth(v []byte) bool {
	if string(v[:2]) == "CZ" {
		v = v[2:]
	}
	if len(v) < 9 || len(v) > 10 || !allDigits(v) {
		return false
	}
	year, month := number(v[:2]), number(v[2:4])
	if month > 50 {
		month -= 50
	}
	if len(v) == 9 {
		return year < 54 && realDate(1900+year, month, number(v[4:6]))
	}
	if year < 54 {
		year += 2000
	} else {
		year += 1900
	}
	if month > 20 {
		if month -= 20; year < 2004 {
			return false
		}
	}
	if !realDate(year, month, number(v[4:6])) {
		return false
	}
	r := number(v[:9]) % 11
	return digitAt(v, 9, r) || r == 10 && v[9] == '0' && year < 1986
}

// hungaryPersonal keeps act XX of 1996: sex and century from 1 to 8, a date of
// birth, a serial number and the sum weighted 1 to 10, or 10 to 1 for people born
// since 1997, modulo 11; a remainder of ten is not issued.
func hungaryPersonal(v []byte) bool {
	if v[0] == '0' || v[0] == '9' || !yymmdd(v[1:]) {
		return false
	}
	sum := weighted(v, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	if year := number(v[1:3]); v[0] == '3' || v[0] == '4' || (v[0] == '1' || v[0] == '2') && year >= 97 {
		sum = weighted(v, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
	}
	return digitAt(v, 10, sum%11)
}

// hungaryTAJ keeps act XX of 1996: weights 3 and 7 in turn modulo 10.
func hungaryTAJ(v []byte) bool {
	return digitAt(v, 8, weighted(v, 3, 7, 3, 7, 3, 7, 3, 7)%10) && number(v) > 0
}

// hungaryTax keeps act XX of 1996 on the adóazonosító jel: an 8, the days since
// 1867, a serial number and weights 1 to 9 modulo 11; ten is not issued.
func hungaryTax(v []byte) bool {
	return v[0] == '8' && digitAt(v, 9, weighted(v, 1, 2, 3, 4, 5, 6, 7, 8, 9)%11)
}

// hungaryVAT keeps the adószám of the National Tax and Customs Administration: HU
// or not, and eight digits weighted 9, 7, 3, 1, 9, 7, 3, 1 to a multiple of ten.
func hungaryVAT(v []byte) bool {
	v, ok := nationalPart(v, "HU", 8)
	return ok && number(v) > 0 && weighted(v, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0
}

// polandIdentityCard keeps the dowód osobisty: three letters and six digits, the
// first being a check digit; weights 7, 3, 1, 9, 7, 3, 1, 7, 3, letters from A as 10,
// give a multiple of ten.
func polandIdentityCard(v []byte) bool {
	return allDigits(v[3:]) && lettered(v, 3, [...]int{7, 3, 1, 9, 7, 3, 1, 7, 3})
}

// polandPassport keeps the number of the paszport: two letters and seven digits,
// the first being a check digit; weights 7, 3, 9, 1, 7, 3, 1, 7, 3.
func polandPassport(v []byte) bool {
	return allDigits(v[2:]) && lettered(v, 2, [...]int{7, 3, 9, 1, 7, 3, 1, 7, 3})
}

// lettered tells whether n letters and digits, weighted, give a multiple of ten.
func lettered(v []byte, n int, weights [9]int) bool {
	sum := 0
	for i, c := range v {
		if isDigit(c) != (i >= n) {
			return false
		}
		sum += base36(c) * weights[i]
	}
	return sum%10 == 0
}

// polandPESEL keeps the act on population registration of 24 September 2010: a date
// of birth with 80, 20, 40 or 60 added to the month for the other centuries, and
// weights 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1 to a multiple of ten.
func polandPESEL(v []byte) bool {
	month := number(v[2:4])
	century := [...]int{1900, 2000, 2100, 2200, 1800}[month/20]
	return realDate(century+number(v[:2]), month%20, number(v[4:6])) && weighted(v, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// polandREGON keeps the decree of the Council of Ministers of 30 November 2015:
// nine digits with weights 8, 9, 2 to 7 modulo 11, and fourteen with weights 2, 4, 8,
// 5, 0, 9, 7, 3, 6, 1, 2, 4, 8 besides; ten gives 0.
func polandREGON(v []byte) bool {
	if len(v) != 9 && len(v) != 14 || oneDigit(v) || !digitAt(v, 8, weighted(v, 8, 9, 2, 3, 4, 5, 6, 7)%11%10) {
		return false
	}
	return len(v) == 9 || digitAt(v, 13, weighted(v, 2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8)%11%10)
}

// polandTax keeps the act on the registration of taxpayers of 13 October 1995: a
// PESEL for people, or a NIP, with or without PL, of ten digits with weights 6, 5,
// 7, 2 to 7 modulo 11, where ten is not issued.
func polandTax(v []byte) bool {
	if len(v) == 11 {
		return allDigits(v) && polandPESEL(v)
	}
	v, ok := nationalPart(v, "PL", 10)
	return ok && !oneDigit(v) && digitAt(v, 9, weighted(v, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11)
}

// romaniaCNP keeps the law 105/1996: sex and century from 1 to 9, a date of birth, a
// county, a serial number and weights 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 modulo 11,
// ten giving 1.
func romaniaCNP(v []byte) bool {
	year := number(v[1:3])
	switch v[0] {
	case '0':
		return false
	case '1', '2':
		year += 1900
	case '3', '4':
		year += 1800
	case '5', '6':
		year += 2000
	}
	switch county := number(v[7:9]); {
	case county >= 1 && county <= 52, county == 70, county >= 80 && county <= 83, county == 90, county == 99:
	default:
		return false
	}
	r := weighted(v, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11
	if r == 10 {
		r = 1
	}
	return realDate(year, number(v[3:5]), number(v[5:7])) && digitAt(v, 12, r)
}

// sloveniaEMSO keeps the Zakon o centralnem registru prebivalstva: a date of birth
// with three digits of the year, a register (50 is Slovenia's, the others those of
// the Yugoslav republics, whose numbers stay valid), a serial number and weights 7
// to 2 twice modulo 11; a remainder of ten is not issued.
func sloveniaEMSO(v []byte) bool {
	year := 1000 + number(v[4:7])
	if year < 1800 {
		year += 1000
	}
	return year < 2200 && realDate(year, number(v[2:4]), number(v[:2])) &&
		digitAt(v, 12, (11-weighted(v, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11)
}

// sloveniaTax keeps the davčna številka of the Financial Administration: weights 8
// to 2 modulo 11, taken from 11; ten gives 0, eleven is not issued. As a VAT number
// it bears SI.
func sloveniaTax(v []byte) bool {
	v, ok := nationalPart(v, "SI", 8)
	if !ok {
		return false
	}
	r := weighted(v, 8, 7, 6, 5, 4, 3, 2) % 11
	return v[0] != '0' && r != 0 && digitAt(v, 7, (11-r)%10)
}
