package classify

import "strings"

var southernChecks = []checkRow{
	{name: "australiaBusiness", check: australiaBusiness, min: 11, max: 11},
	{name: "australiaCompany", check: australiaCompany, min: 9, max: 9},
	{name: "australiaMedicare", check: australiaMedicare, min: 10, max: 11},
	{name: "australiaTaxFile", check: australiaTaxFile, min: 8, max: 9},
	{name: "newZealandBank", check: newZealandBank, min: 14, max: 16},
	{name: "newZealandHealth", check: newZealandHealth, min: 7, max: 7, letters: true},
	{name: "newZealandIRD", check: newZealandIRD, min: 8, max: 9},
	{name: "southAfricaID", check: southAfricaID, min: 13, max: 13},
}

// australiaBusiness keeps the Australian Business Register's rule: one is taken from
// the first digit, and weights 10, 1, 3 and on to 19 give a multiple of 89.
func australiaBusiness(v []byte) bool {
	return v[0] != '0' && (weighted(v, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
}

// australiaCompany keeps the Corporations Regulations 2001, schedule 2: weights 8 to
// 1 modulo 10, taken from ten.
func australiaCompany(v []byte) bool {
	return number(v) > 0 && digitAt(v, 8, (10-weighted(v, 8, 7, 6, 5, 4, 3, 2, 1)%10)%10)
}

// australiaMedicare keeps Services Australia's card number: a first digit from 2 to
// 6, weights 1, 3, 7, 9, 1, 3, 7, 9 modulo 10 for the ninth, an issue, and a person's
// number or none.
func australiaMedicare(v []byte) bool {
	return v[0] >= '2' && v[0] <= '6' && digitAt(v, 8, weighted(v, 1, 3, 7, 9, 1, 3, 7, 9)%10)
}

// australiaTaxFile keeps the Australian Taxation Office's rule: weights 1, 4, 3, 7, 5,
// 8, 6, 9, 10, or 10, 7, 8, 4, 6, 3, 5, 1 for the old numbers of eight digits, give a
// multiple of eleven.
func australiaTaxFile(v []byte) bool {
	if len(v) == 8 {
		return !oneDigit(v) && weighted(v, 10, 7, 8, 4, 6, 3, 5, 1)%11 == 0
	}
	return !oneDigit(v) && weighted(v, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0
}

// bankBranches are the branches of a bank of New Zealand and the rule of its
// accounts.
type bankBranches struct {
	bank, from, to int
	rule           byte
}

// newZealandBanks follow Inland Revenue's resident withholding tax specification
// ("Bank account number validation"). Rule A is B where the account number is 990000
// or above.
var newZealandBanks = []bankBranches{
	{1, 1, 999, 'A'}, {1, 1100, 1199, 'A'}, {1, 1800, 1899, 'A'},
	{2, 1, 999, 'A'}, {2, 1200, 1299, 'A'},
	{3, 1, 999, 'A'}, {3, 1300, 1399, 'A'}, {3, 1500, 1599, 'A'}, {3, 1700, 1799, 'A'}, {3, 1900, 1999, 'A'}, {3, 7350, 7399, 'A'},
	{4, 2014, 2024, 'A'}, {6, 1, 999, 'A'}, {6, 1400, 1499, 'A'}, {8, 6500, 6599, 'D'}, {9, 0, 0, 'E'}, {10, 5165, 5169, 'A'},
	{11, 5000, 6499, 'A'}, {11, 6600, 8999, 'A'}, {12, 3000, 3299, 'A'}, {12, 3400, 3499, 'A'}, {12, 3600, 3699, 'A'},
	{13, 4900, 4999, 'A'}, {14, 4700, 4799, 'A'}, {15, 3900, 3999, 'A'}, {16, 4400, 4499, 'A'}, {17, 3300, 3399, 'A'},
	{18, 3500, 3599, 'A'}, {19, 4600, 4649, 'A'}, {20, 4100, 4199, 'A'}, {21, 4800, 4899, 'A'}, {22, 4000, 4049, 'A'},
	{23, 3700, 3799, 'A'}, {24, 4300, 4349, 'A'}, {25, 2500, 2599, 'F'}, {26, 2600, 2699, 'G'}, {27, 3800, 3849, 'A'},
	{28, 2100, 2149, 'G'}, {29, 2150, 2299, 'G'}, {30, 2900, 2949, 'A'}, {31, 2800, 2849, 'X'}, {33, 6700, 6799, 'F'},
	{35, 2400, 2499, 'A'}, {38, 9000, 9499, 'A'}, {88, 8800, 8805, 'A'},
}

// newZealandBank keeps the rules of the bank that the account is with: a bank, a
// branch, an account of seven digits and a suffix of two or three.
func newZealandBank(v []byte) bool {
	bank, branch, account := number(v[:2]), number(v[2:6]), v[6:13]
	suffix := number(v[13:])
	if len(v) == 14 { // a branch of three digits is not written
		return false
	}
	for _, b := range newZealandBanks {
		if b.bank == bank && branch >= b.from && branch <= b.to {
			return newZealandRule(b.rule, v[:6], account, suffix)
		}
	}
	return false
}

func newZealandRule(rule byte, branch, account []byte, suffix int) bool {
	digits := [3]byte{byte('0' + suffix/100), byte('0' + suffix/10%10), byte('0' + suffix%10)}
	if rule == 'A' && number(account) >= 990000 {
		rule = 'B'
	}
	switch rule {
	case 'A':
		return (weighted(branch, 0, 0, 6, 3, 7, 9)+weighted(account, 0, 10, 5, 8, 4, 2, 1))%11 == 0
	case 'B':
		return weighted(account, 0, 10, 5, 8, 4, 2, 1)%11 == 0
	case 'D':
		return weighted(account, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	case 'E':
		sum := 0
		for i, w := range [...]int{5, 4, 3, 2} {
			sum += digitSum(int(account[3+i]-'0') * w)
		}
		return (sum+int(digits[2]-'0'))%11 == 0
	case 'F':
		return weighted(account, 1, 7, 3, 1, 7, 3, 1)%10 == 0
	case 'G':
		sum := 0
		for i, w := range [...]int{1, 3, 7, 1, 3, 7, 1} {
			sum += digitSum(int(account[i]-'0') * w)
		}
		for i, w := range [...]int{3, 7, 1} {
			sum += digitSum(int(digits[i]-'0') * w)
		}
		return sum%10 == 0
	}
	return true // no rule
}

// digitSum adds the digits of a number until one is left.
func digitSum(n int) int {
	for n > 9 {
		n = n/10 + n%10
	}
	return n
}

// newZealandHealth keeps HISO 10046: letters without I and O, counted from A as 1;
// weights 7 to 2. Three letters and four digits go by modulus 11, taken from 11, ten
// giving 0, and a remainder of 0 is not issued. Three letters, two digits and two
// letters go by modulus 23, taken from 23 and written as a letter (HISO 10046:2023).
func newZealandHealth(v []byte) bool {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	ends := allDigits(v[5:])
	sum := 0
	for i, c := range v[:6] {
		n := strings.IndexByte(letters, c) + 1
		if i >= 3 && (ends || i < 5) {
			if n = int(c - '0'); !isDigit(c) {
				return false
			}
		} else if n == 0 {
			return false
		}
		sum += n * (7 - i)
	}
	if ends {
		return sum%11 != 0 && digitAt(v, 6, (11-sum%11)%10)
	}
	return v[6] == letters[22-sum%23]
}

// newZealandIRD keeps Inland Revenue's rule: from 10,000,000 to 150,000,000, weights
// 3, 2, 7, 6, 5, 4, 3, 2 modulo 11, taken from 11; if that is ten, weights 7, 4, 3, 2, 5, 2,
// 7, 6 in their place.
func newZealandIRD(v []byte) bool {
	if len(v) == 9 && v[0] > '1' {
		return false
	}
	if n := number(v); n < 10_000_000 || n > 150_000_000 {
		return false
	}
	var b [9]byte
	b[0] = '0'
	copy(b[9-len(v):], v)
	r := (11 - weighted(b[:], 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
	if r == 10 {
		r = (11 - weighted(b[:], 7, 4, 3, 2, 5, 2, 7, 6)%11) % 11
	}
	return digitAt(b[:], 8, r)
}

// southAfricaID keeps the Department of Home Affairs' number (Identification Act
// 68 of 1997): a date of birth, a serial number, citizenship from 0 to 2, a digit that
// used to tell race, and Luhn's formula.
func southAfricaID(v []byte) bool { return yymmdd(v) && v[10] <= '2' && luhn(v) }
