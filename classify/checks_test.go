package classify

import (
	"slices"
	"strings"
	"testing"
)

func TestChecksAreInOrder(t *testing.T) {
	if !slices.IsSortedFunc(checks, func(a, b checkRow) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the checks are not sorted by name")
	}
}

func TestChecks(t *testing.T) {
	for _, x := range []struct {
		check string
		good  string
		bad   string
	}{
		{"abaRouting", "121000358 011103093 322271627", "121000359 421042111 000000000 130000000"},
		{"businessIdentifierCode", "DEUTDEFF AFROGB2LXXX AAAAXKAA", "MULTIPLE DEUTZZFF DEUT0EFF"},
		{"canadaSIN", "130692544 123456782 948584792", "130692545 046454286 823456785"},
		{"creditCard", "4111111111111111 2221000000000009 2720990000000007 371449635398431 36050234196908 " +
			"6011000990139424 3530111333300000 6234917882863855 8171999900000000021 5019717010103742 122000000000003",
			"4111111111111112 2220990000000001 2721465526338453 9999999999999995 0000000000000000 37144963539843100"},
		{"euDebitCard", "6759649826438453 5019717010103742 4917300800000000", "371449635398431 6759649826438454 5555555555554444"},
		{"iban", "GB82WEST12345698765432 DE89370400440532013000 MT84MALT011000012345MTLCAST001S BE71096123456769 " +
			"ES7921000813610123456789 SC52BAHL01031234567890123456USD NO9386011117947 FR1420041010050500013M02606",
			"GB82WEST12345698765433 DE8937040044053201300 XX82WEST12345698765432 GB82123412345698765432 ES1512341234171234567890"},
		{"luhn", "79927398713 00", "79927398710 10"},
		{"ukNHS", "9434765870 4010232137", "9434765871 0000000000 9434765879"},
		{"ukNINO", "AB123456C JK123456D", "DA123456A AD123456A AO123456A BG123456A GB123456A KN123456A ZZ123456A AB123456E"},
		{"usITIN", "912703456 900505678 950999999 900655678", "812703456 912663456 912693456 912893456 912933456 912700000"},
		{"usSSN", "536221234 772010001 001010002", "000221234 666221234 773010001 900221234 536001234 536220000 078051120 219099999"},
		{"usSSNRandomized", "801221234 899990001", "666221234 900221234 801001234 801220000 123456789"},
	} {
		check := checkNamed(x.check)
		if check == nil {
			t.Fatalf("there is no check %s", x.check)
		}
		for _, v := range strings.Fields(x.good) {
			if !check([]byte(v)) {
				t.Errorf("%s refuses %s", x.check, v)
			}
		}
		for _, v := range strings.Fields(x.bad) {
			if check([]byte(v)) {
				t.Errorf("%s takes %s", x.check, v)
			}
		}
	}
}

// A type file can name a check with any format of the lengths it allows; no value
// of such a format may make it fail.
func TestChecksTakeAllValuesOfTheirLengths(t *testing.T) {
	for _, row := range checks {
		for n := row.min; n <= row.max; n++ {
			for _, c := range "059" {
				row.check([]byte(strings.Repeat(string(c), n)))
			}
			if row.letters {
				for _, c := range "AGZ" {
					row.check([]byte(strings.Repeat(string(c), n)))
					row.check([]byte(strings.Repeat(string(c), n-1) + "1"))
				}
			}
		}
	}
}

func TestDates(t *testing.T) {
	c := Builtin()
	for _, x := range []struct {
		function, yes, no string
	}{
		{"expirationDate", "12/24|01/2027|1/29|12-24|12-2024|May 24|may-2024|MAY/24|May2024|exp:09/25.|December 2026",
			"13/24|0/24|12/1|12/05/2024|112/24|12/245|a12/24|12.24|Mai 24|12/1824|12/24a|é12/24|12/2024-1|3.12/24|maybe 24"},
		{"euDate", "31/12/1980|1-2-80|01.02.1980|1 May 1980|1. März 1980|1 FÉVRIER 80|3 maart 2001|4 dicembre 2001|5 août 1999|6 agosto 1999|7 outubro 2000|8 ene 2000|born 1.2.1980 18 years ago",
			"32/12/1980|12/13/1980|31/12-1980|1/2/3/1980|0.1.1980|1 Foo 1980|1 May|1.2|15/10/02 18:25:38|1 May 1980, 9:30"},
	} {
		find := evidenceFunction(x.function)
		has := func(text string) bool {
			s := newScratch(c)
			s.text = text
			s.index.build(text, false)
			return len(find(s, nil, 0, len(text))) > 0
		}
		for _, text := range strings.Split(x.yes, "|") {
			if !has(text) {
				t.Errorf("%s: %q is not found", x.function, text)
			}
		}
		for _, text := range strings.Split(x.no, "|") {
			if has(text) {
				t.Errorf("%s: %q is found", x.function, text)
			}
		}
	}
}

// checkNamed gives a check of the catalogue.
func checkNamed(name string) checkFunc {
	for i := range checks {
		if checks[i].name == name {
			return checks[i].check
		}
	}
	return nil
}
