package classify

import (
	"slices"
	"strings"
)

// A checkFunc tells whether a value keeps the rules of its kind beyond its
// format. It gets the value in capitals without delimiters, 1 to maxWord
// characters of A-Z and 0-9, in the shape of the element's format.
type checkFunc func(v []byte) bool

// checkRow is a rule a primary element can name. A format it is used with must
// give values of min to max characters, digits only unless letters is set. With
// raw set the check gets the text as it is written, delimiters and all.
type checkRow struct {
	name     string
	check    checkFunc
	min, max int
	letters  bool
	raw      bool
}

// checks are all rules, sorted by name.
var checks = func() []checkRow {
	all := slices.Concat(commonChecks, shapeChecks, westChecks, northChecks, eastChecks, southChecks, americasChecks, asiaChecks, southernChecks, secretChecks)
	slices.SortFunc(all, func(a, b checkRow) int { return strings.Compare(a.name, b.name) })
	return all
}()

// commonChecks are the rules for the numbers of banks and cards, and for those of
// the United States, Canada and the United Kingdom.
var commonChecks = []checkRow{
	{name: "abaRouting", check: abaRouting, min: 9, max: 9},
	{name: "botKey", check: botKey, raw: true},
	{name: "businessIdentifierCode", check: businessIdentifierCode, min: 8, max: 11, letters: true},
	{name: "canadaSIN", check: canadaSIN, min: 9, max: 9},
	{name: "creditCard", check: creditCard, min: 6, max: maxWord},
	{name: "euDebitCard", check: euDebitCard, min: 6, max: maxWord},
	{name: "iban", check: iban, min: 5, max: maxWord, letters: true},
	{name: "luhn", check: luhn, min: 2, max: maxWord},
	{name: "ukNHS", check: ukNHS, min: 10, max: 10},
	{name: "ukNINO", check: ukNINO, min: 9, max: 9, letters: true},
	{name: "usITIN", check: usITIN, min: 9, max: 9},
	{name: "usSSN", check: usSSN, min: 9, max: 9},
	{name: "usSSNRandomized", check: usSSNRandomized, min: 9, max: 9},
}

// luhn keeps the double-add-double formula of ISO/IEC 7812-1 annex B: from the
// right every second digit is doubled, and the sum of all digits is a multiple
// of ten.
func luhn(v []byte) bool {
	sum, i := 0, len(v)-1
	for ; i > 0; i -= 2 {
		sum += int(v[i]-'0') + int(twice[v[i-1]&15])
	}
	if i == 0 {
		sum += int(v[0] - '0')
	}
	return sum%10 == 0
}

// twice holds the sum of the digits of twice a digit.
var twice = [16]uint8{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}

// number gives the value of decimal digits.
func number(v []byte) int {
	if len(v) == 2 {
		return int(v[0]-'0')*10 + int(v[1]-'0')
	}
	n := 0
	for _, c := range v {
		n = n*10 + int(c-'0')
	}
	return n
}
