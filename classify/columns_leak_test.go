package classify

import (
	"fmt"
	"strings"
	"testing"
)

// keeping puts digits in for the ## of a text so that it keeps a rule.
func keeping(check checkFunc, text string) string {
	for n := range 100 {
		if v := strings.Replace(text, "##", fmt.Sprintf("%02d", n), 1); check([]byte(v)) {
			return v
		}
	}
	return ""
}

// Lists of true numbers stay as sure as one of them is, however the table around
// them is laid out.
func TestColumnsOfTrueNumbers(t *testing.T) {
	card := func(i int) any { return keeping(luhn, fmt.Sprintf("%014d##", 54252334301099+i)) }
	ssn := func(i int) any { return fmt.Sprintf("%03d%02d%04d", 501+i*7%160, 11+i%80, 1234+37*i) }
	dashed := func(i int) any { return fmt.Sprintf("%03d-%02d-%04d", 501+i*7%160, 11+i%80, 1234+37*i) }
	accounts := func(i int) any { return 83704949515 + i }
	for _, c := range []struct {
		name, typ, text string
		want            int // the best confidence
	}{
		{"cards issued one behind the other", "Credit card number", "Visa\n" + lines(40, "%s", card), 85},
		{"cards joined to a customer", "Credit card number", "Visa\n" + lines(40, "C-%s", card), 85},
		{"cards in a column called an order", "Credit card number", "Visa\n\nName,Order\n" + lines(40, "Ann,%s", card), 85},
		{"cards beside the heading", "Credit card number", "Visa,Name\n" + lines(40, "Ann,%s", card), 85},
		{"IBANs in a column called an invoice", "International banking account number (IBAN)", "Name,Invoice\n" +
			lines(40, "Ann,%s", func(i int) any { return keeping(iban, fmt.Sprintf("DE##37040044%010d", 532013000+i)) }), 85},
		{"birth numbers that begin with a date", "Luxemburg national identification number (natural persons)", "eindeutige id\n" +
			lines(20, "%s", func(i int) any {
				return keeping(luxembourgNatural, fmt.Sprintf("%d%02d%02d%03d##", 1960+i, 1+i%12, 1+i, 100+i))
			}), 85},
		{"accounts issued one behind the other under their heading", "U.S. bank account number",
			"Name,Bank account number\n" + lines(40, "Ann,%d", accounts), 75},
		{"the heading one to the left of the numbers", "U.S. social security number (SSN)", "SSN,Name,City\n" + lines(40, "1,%s,Ann", ssn), 75},
		{"and one to the right", "U.S. social security number (SSN)", "Id,SSN,Name\n" + lines(40, "%s,Ann,Lee", ssn), 75},
		{"rows under a sentence with as many commas", "U.S. social security number (SSN)",
			"Please find the SSNs below, thanks.\n\n" + lines(40, "Ann Lee,%s", ssn), 75},
		{"and without a line between", "U.S. social security number (SSN)",
			"Please find the SSNs below, thanks.\n" + lines(40, "Ann Lee,%s", dashed), 85},
		{"a name with a comma in each row", "U.S. social security number (SSN)", "Name,SSN,City\n" + lines(40, "Lee, Ann,%s", ssn), 75},
		{"accounts with the state behind them", "U.S. bank account number", "Bank account number\n" + lines(40, "%s-NY", scrambled(11)), 75},
		{"one number under its heading, and then a list of telephones", "U.K. national health service number",
			"Number of the NHS:\n401 023 2137\n\nPhones\n" + lines(40, "%s", func(i int) any { return fmt.Sprintf("%03d 555 %04d", 411+7*i%500, 1212+101*i) }), 85},
		{"under a heading with other words too", "U.S. social security number (SSN)",
			"Employee,Phone / SSN\n" + lines(40, "Ann,%s", ssn), 75},
	} {
		t.Run(c.name, func(t *testing.T) {
			if best := bestConfidence(t, c.typ, c.text); best != c.want {
				t.Errorf("the best confidence is %d, want %d", best, c.want)
			}
		})
	}
}
