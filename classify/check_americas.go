package classify

import "strings"

var americasChecks = []checkRow{
	{name: "argentinaCUIT", check: argentinaCUIT, min: 11, max: 11},
	{name: "brazilCNPJ", check: brazilCNPJ, min: 14, max: 14, letters: true},
	{name: "brazilCPF", check: brazilCPF, min: 11, max: 11},
	{name: "brazilRG", check: brazilRG, min: 9, max: 9, letters: true},
	{name: "chileRUT", check: chileRUT, min: 8, max: 9, letters: true},
	{name: "mexicoCURP", check: mexicoCURP, min: 18, max: 18, letters: true},
	{name: "usDEA", check: usDEA, min: 9, max: 9, letters: true},
}

// argentinaCUIT keeps the Administración Federal de Ingresos Públicos' key (general
// resolution 10/97): a kind of person, the number, and weights 5, 4, 3, 2, 7, 6, 5, 4,
// 3, 2 modulo 11, taken from 11; eleven gives 0 and ten 9.
func argentinaCUIT(v []byte) bool {
	switch number(v[:2]) {
	case 20, 23, 24, 25, 26, 27, 30, 33, 34, 50, 51, 55:
	default:
		return false
	}
	return v[10] == "012345678990"[11-weighted(v, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11]
}

// brazilCPF keeps the Receita Federal's rule (IN RFB 1548/2015): two digits modulo
// 11 from weights 10 to 2 and 11 to 2; numbers of one digit are not issued.
func brazilCPF(v []byte) bool {
	return !oneDigit(v) && digitAt(v, 9, elevens(weighted(v, 10, 9, 8, 7, 6, 5, 4, 3, 2))) &&
		digitAt(v, 10, elevens(weighted(v, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)))
}

// elevens takes the remainder by eleven from eleven, ten and eleven giving 0.
func elevens(sum int) int {
	if r := sum % 11; r > 1 {
		return 11 - r
	}
	return 0
}

// brazilCNPJ keeps the Receita Federal's rule (IN RFB 2119/2022, with letters since
// IN RFB 2229/2024): twelve characters, which count their ASCII code less 48, and two
// digits modulo 11 from weights 5, 4, 3, 2, 9 to 2 and 6, 5, 4, 3, 2, 9 to 2.
func brazilCNPJ(v []byte) bool {
	return isDigit(v[12]) && isDigit(v[13]) && !oneDigit(v) &&
		digitAt(v, 12, elevens(weighted(v, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))) &&
		digitAt(v, 13, elevens(weighted(v, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)))
}

// brazilRG keeps the rule of the Secretaria da Segurança Pública of São Paulo, which
// other states follow: weights 2 to 9, taken from the next multiple of eleven, ten
// giving X.
func brazilRG(v []byte) bool {
	if !allDigits(v[:8]) || oneDigit(v) {
		return false
	}
	r := (11 - weighted(v, 2, 3, 4, 5, 6, 7, 8, 9)%11) % 11
	return v[8] == "0123456789X"[r]
}

// chileRUT keeps the Servicio de Impuestos Internos' rule: weights 2 to 7 over and
// over from the right, taken from eleven, ten giving K.
func chileRUT(v []byte) bool {
	n := len(v) - 1
	if !allDigits(v[:n]) || number(v[:n]) == 0 {
		return false
	}
	sum := 0
	for i := range n {
		sum += int(v[n-1-i]-'0') * (2 + i%6)
	}
	return v[n] == "0123456789K"[(11-sum%11)%11]
}

// mexicanStates are those of a CURP, NE for people born abroad.
const mexicanStates = "AS BC BS CC CH CL CM CS DF DG GR GT HG JC MC MN MS NE NL NT OC PL QR QT SL SP SR TC TL TS VZ YN ZS MX"

// mexicoCURP keeps the instructive of the Registro Nacional de Población (DOF 18
// October 2021): letters of the name, a date of birth, sex, state, consonants, a
// character for the century, and a digit: the characters, with Ñ between N and O,
// weighted 18 to 2, taken from ten.
func mexicoCURP(v []byte) bool {
	if !curpShape(v) || !yymmdd(v[4:10]) {
		return false
	}
	if i := strings.Index(mexicanStates, string(v[11:13])); i < 0 || i%3 != 0 {
		return false
	}
	sum := 0
	for i, c := range v[:17] {
		n := base36(c)
		if c > 'N' {
			n++
		}
		sum += n * (18 - i)
	}
	return digitAt(v, 17, (10-sum%10)%10)
}

var curpShape = shape("@@@@999999[HMX]@@@@@*9")

// usDEA keeps the Drug Enforcement Administration's rule (21 CFR 1301, Diversion
// Control Division): the registrant's kind, a letter of the name or 9, and as last
// digit that of the digits in odd places and twice the others.
func usDEA(v []byte) bool {
	return strings.IndexByte("ABCDEFGHJKLMNPRSTUX", v[0]) >= 0 && (v[1] == '9' || !isDigit(v[1])) && allDigits(v[2:]) && number(v[2:]) > 0 &&
		digitAt(v, 8, weighted(v[2:], 1, 2, 1, 2, 1, 2)%10)
}
