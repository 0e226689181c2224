package classify

// weighted gives the sum of digits, each times its weight.
func weighted(v []byte, weights ...int) int {
	sum := 0
	v = v[:len(weights)]
	for i, w := range weights {
		sum += int(v[i]-'0') * w
	}
	return sum
}

// digitAt tells whether the character at i is the digit d.
func digitAt(v []byte, i, d int) bool { return int(v[i])-'0' == d }

// allDigits tells whether a value is digits throughout.
func allDigits(v []byte) bool {
	for _, c := range v {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// oneDigit tells whether a value repeats one character throughout.
func oneDigit(v []byte) bool {
	for _, c := range v {
		if c != v[0] {
			return false
		}
	}
	return true
}

// base36 gives the value of a character as most documents with letters count it:
// digits are themselves, A is 10, Z is 35.
func base36(c byte) int {
	if isDigit(c) {
		return int(c - '0')
	}
	return int(c-'A') + 10
}

// remainder gives the remainder of a decimal number of any length.
func remainder(v []byte, by int) int {
	r := 0
	for _, c := range v {
		if r = r*10 + int(c-'0'); r >= 1e16 {
			r %= by
		}
	}
	return r % by
}

// mod1110 keeps ISO/IEC 7064 MOD 11,10: a hybrid system with one check digit.
func mod1110(v []byte) bool {
	p := 10
	for _, c := range v[:len(v)-1] {
		s := (p + int(c-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (p+int(v[len(v)-1]-'0'))%10 == 1
}

// verhoeff keeps J. Verhoeff's dihedral check ("Error Detecting Decimal Codes",
// 1969).
func verhoeff(v []byte) bool {
	c := 0
	for i := range v {
		c = dihedral[c][permuted[i%8][v[len(v)-1-i]-'0']]
	}
	return c == 0
}

// dihedral is the multiplication table of the dihedral group of order ten.
var dihedral = func() (t [10][10]int) {
	for a := range 10 {
		for b := range 10 {
			switch {
			case a < 5 && b < 5:
				t[a][b] = (a + b) % 5
			case a < 5:
				t[a][b] = 5 + (a+b)%5
			case b < 5:
				t[a][b] = 5 + (a-b+5)%5
			default:
				t[a][b] = (a - b + 5) % 5
			}
		}
	}
	return t
}()

// permuted holds the permutation for each place, from the right.
var permuted = func() (t [8][10]int) {
	t[0] = [10]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	t[1] = [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	for i := 2; i < 8; i++ {
		for j := range 10 {
			t[i][j] = t[i-1][t[1][j]]
		}
	}
	return t
}()

// passportDigit gives the check digit of ICAO Doc 9303 part 3: weights 7, 3, 1
// over digits and letters, A counting 10.
func passportDigit(v []byte) int {
	weights := [3]int{7, 3, 1}
	sum := 0
	for i, c := range v {
		sum += base36(c) * weights[i%3]
	}
	return sum % 10
}

// realDate tells whether a day exists. A year of two digits is taken for any
// century, so that 29 February needs a year that four divides.
func realDate(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	days := int(daysOfMonths[month-1])
	if month == 2 && year%4 == 0 && (year%100 != 0 || year < 100 || year%400 == 0) {
		days++
	}
	return day <= days
}

// daysOfMonths are the days of the months of a year that is not a leap year.
var daysOfMonths = [12]uint8{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// yymmdd tells whether six digits are a date, year first.
func yymmdd(v []byte) bool { return realDate(number(v[:2]), number(v[2:4]), number(v[4:6])) }

// ddmmyy tells whether six digits are a date, day first.
func ddmmyy(v []byte) bool { return realDate(number(v[4:6]), number(v[2:4]), number(v[:2])) }
