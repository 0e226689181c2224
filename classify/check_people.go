package classify

import "strings"

// withdrawnSSN are numbers that were printed in advertisements and samples, which
// the Social Security Administration never assigned to a person or voided.
var withdrawnSSN = map[string]bool{
	"001010001": true, "002281852": true, "042103580": true, "062360749": true,
	"078051120": true, "095073645": true, "111111111": true, "123456789": true,
	"128036045": true, "135016629": true, "141186941": true, "165167999": true,
	"165187999": true, "165207999": true, "165227999": true, "165247999": true,
	"189092294": true, "212097694": true, "212099999": true, "219099999": true,
	"222222222": true, "306302348": true, "308125070": true, "333333333": true,
	"444444444": true, "457555462": true, "468288779": true, "549241889": true,
	"555555555": true, "777777777": true, "888888888": true, "987654320": true,
}

// usSSN keeps the rules for numbers assigned before 25 June 2011 (Social Security
// Administration, "Social Security Number Randomization"): an area from 001 to
// 772 but 666, a group and a serial number that are not all zeros.
func usSSN(v []byte) bool { return number(v[:3]) <= 772 && usSSNRandomized(v) }

// usSSNRandomized keeps the rules for numbers assigned since: an area from 001 to
// 899 but 666, a group and a serial number that are not all zeros, and none of
// the numbers known from print.
func usSSNRandomized(v []byte) bool {
	area := number(v[:3])
	return area != 0 && area != 666 && area < 900 && number(v[3:5]) != 0 && number(v[5:]) != 0 &&
		!withdrawnSSN[string(v)]
}

// usITIN keeps the shape of the Internal Revenue Service's individual taxpayer
// numbers: a 9, and as fourth and fifth digit 50 to 65, 70 to 88, 90 to 92 or 94
// to 99 (IRS Publication 1915; the others are of adoption and preparer numbers).
func usITIN(v []byte) bool {
	switch group := number(v[3:5]); {
	case group >= 50 && group <= 65, group >= 70 && group <= 88, group >= 90 && group != 93:
		return v[0] == '9' && number(v[5:]) != 0
	}
	return false
}

// ukNINO keeps the prefix rules of HM Revenue & Customs (National Insurance
// Manual NIM39110): no D, F, I, Q, U or V, no O in second place, and none of
// the prefixes that are not used; the suffix is A to D.
func ukNINO(v []byte) bool {
	if strings.IndexByte("DFIQUV", v[0]) >= 0 || strings.IndexByte("DFIOQUV", v[1]) >= 0 {
		return false
	}
	switch string(v[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	last := v[len(v)-1]
	return last >= 'A' && last <= 'D'
}

// ukNHS keeps the check digit of the NHS Data Dictionary ("NHS Number"): weights
// 10 to 2, modulus 11, where a check digit of ten is never issued.
func ukNHS(v []byte) bool {
	sum := 0
	for i := range 9 {
		sum += int(v[i]-'0') * (10 - i)
	}
	return sum > 0 && (11-sum%11)%11 == int(v[9]-'0')
}

// canadaSIN keeps Luhn's formula; numbers that begin with 0 or 8 are not
// assigned to people (Service Canada, Social Insurance Number Code of Practice).
func canadaSIN(v []byte) bool { return v[0] != '0' && v[0] != '8' && luhn(v) }
