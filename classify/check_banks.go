package classify

// abaRouting keeps the rules of the American Bankers Association's routing
// number: the first two digits from 00 to 12, 21 to 32, 61 to 72, or 80, and a sum
// weighted 3, 7, 1 that is a multiple of ten.
func abaRouting(v []byte) bool {
	switch p := number(v[:2]); {
	case p <= 12, p >= 21 && p <= 32, p >= 61 && p <= 72, p == 80:
	default:
		return false
	}
	weights := [3]int{3, 7, 1}
	sum := 0
	for i, c := range v {
		sum += int(c-'0') * weights[i%3]
	}
	return sum > 0 && sum%10 == 0
}

// iban keeps ISO 13616: the length and the shape of the country's account number
// as in the IBAN registry, and check digits by ISO 7064 MOD 97-10. In Belgium and
// Spain the account number keeps its own check digits too.
func iban(v []byte) bool {
	shape, ok := ibanShapes[string(v[:2])]
	if !ok || !fitsShape(v[4:], shape) {
		return false
	}
	rest := 0
	for i := range v {
		c := v[(i+4)%len(v)]
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	if rest != 1 {
		return false
	}
	switch string(v[:2]) {
	case "BE":
		return belgianAccount(v[4:])
	case "ES":
		return spanishAccount(v[4:])
	}
	return true
}

// belgianAccount keeps Febelfin's rule: ten digits modulo 97 are the last two,
// with 97 for 0.
func belgianAccount(v []byte) bool {
	return (number(v[:10])+96)%97+1 == number(v[10:])
}

// spanishAccount keeps the two check digits of the Código Cuenta Cliente (Banco
// de España): one for bank and branch, one for the account, each from weights of
// powers of two modulo 11.
func spanishAccount(v []byte) bool {
	check := func(digits []byte) byte {
		// The account has ten digits and weights 1, 2, 4 and on; bank and branch
		// are eight, and begin with the third of them.
		sum, weight := 0, 1<<(10-len(digits))
		for _, c := range digits {
			sum += int(c-'0') * weight
			weight = weight * 2 % 11
		}
		r := (11 - sum%11) % 11
		if r == 10 {
			r = 1
		}
		return byte('0' + r)
	}
	return check(v[:8]) == v[8] && check(v[10:]) == v[9]
}

// fitsShape compares a value with pairs of a class and how many of it: n digits,
// a capital letters, c both.
func fitsShape(v []byte, shape string) bool {
	for i := 0; i < len(shape); {
		class := shape[i]
		count := 0
		for i++; i < len(shape) && isDigit(shape[i]); i++ {
			count = count*10 + int(shape[i]-'0')
		}
		if count > len(v) {
			return false
		}
		for _, c := range v[:count] {
			if class == 'n' && !isDigit(c) || class == 'a' && isDigit(c) {
				return false
			}
		}
		v = v[count:]
	}
	return len(v) == 0
}

// ibanShapes give the basic bank account number of each country of the IBAN
// registry (SWIFT, release 99), and of the countries that use the form without
// being listed there.
var ibanShapes = map[string]string{
	"AD": "n8c12", "AE": "n19", "AL": "n8c16", "AO": "n21", "AT": "n16", "AZ": "a4c20",
	"BA": "n16", "BE": "n12", "BF": "c2n22", "BG": "a4n6c8", "BH": "a4c14", "BI": "n23", "BJ": "c2n22",
	"BR": "n23a1c1", "BY": "c4n4c16", "CF": "n23", "CG": "n23", "CH": "n5c12", "CI": "a2n22", "CM": "n23",
	"CR": "n18", "CV": "n21", "CY": "n8c16", "CZ": "n20", "DE": "n18", "DJ": "n23", "DK": "n14",
	"DO": "c4n20", "DZ": "n22", "EE": "n16", "EG": "n25", "ES": "n20", "FI": "n14", "FK": "a2n12", "FO": "n14",
	"FR": "n10c11n2", "GA": "n23", "GB": "a4n14", "GE": "a2n16", "GI": "a4c15", "GL": "n14", "GQ": "n23",
	"GR": "n7c16", "GT": "c20", "GW": "c2n19", "HN": "a4n20", "HR": "n17", "HU": "n24", "IE": "a4n14",
	"IL": "n19", "IQ": "a4n15", "IR": "n22", "IS": "n22", "IT": "a1n10c12", "JO": "a4n4c18", "KM": "n23",
	"KW": "a4c22", "KZ": "n3c13", "LB": "n4c20", "LC": "a4c24", "LI": "n5c12", "LT": "n16", "LU": "n3c13",
	"LV": "a4c13", "LY": "n21", "MA": "n24", "MC": "n10c11n2", "MD": "c2c18", "ME": "n18", "MG": "n23",
	"MK": "n3c10n2", "ML": "c2n22", "MN": "n16", "MR": "n23", "MT": "a4n5c18", "MU": "a4n19a3", "MZ": "n21",
	"NE": "a2n22", "NI": "a4n20", "NL": "a4n10", "NO": "n11", "OM": "n3c16", "PK": "a4c16", "PL": "n24",
	"PS": "a4c21", "PT": "n21", "QA": "a4c21", "RO": "a4c16", "RS": "n18", "RU": "n14c15", "SA": "n2c18",
	"SC": "a4n20a3", "SD": "n14", "SE": "n20", "SI": "n15", "SK": "n20", "SM": "a1n10c12", "SN": "a2n22",
	"SO": "n19", "ST": "n21", "SV": "a4n20", "TD": "n23", "TG": "a2n22", "TL": "n19", "TN": "n20", "TR": "n6c16",
	"UA": "n6c19", "VA": "n18", "VG": "a4n16", "XK": "n16", "YE": "a4n4c18",
}

// businessIdentifierCode keeps ISO 9362: four letters for the party, a country of
// ISO 3166-1 or Kosovo's XK, two characters for the place, and three more or none
// for the branch.
func businessIdentifierCode(v []byte) bool {
	return (len(v) == 8 || len(v) == 11) && isCountry(v[4], v[5])
}

// countries are the alpha-2 codes of ISO 3166-1, and XK.
const countries = "" +
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT " +
	"JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR " +
	"MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

var countrySet = func() (t [26 * 26]bool) {
	for i := 0; i < len(countries); i += 3 {
		t[int(countries[i]-'A')*26+int(countries[i+1]-'A')] = true
	}
	return t
}()

func isCountry(a, b byte) bool {
	return a-'A' < 26 && b-'A' < 26 && countrySet[int(a-'A')*26+int(b-'A')]
}
