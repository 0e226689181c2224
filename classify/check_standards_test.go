package classify

import (
	"math/big"
	"strconv"
	"strings"
)

// Rules that more types share, and those over letters, each written out from its
// standard in another way than the validators go about it.

// moreDigitRules are over digits, as digitRules are.
var moreDigitRules = []digitRule{
	{"Australia business number", "## ddd ddd ddd", func(d []int) bool {
		return d[0] > 0 && (total(d, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
	}},
	{"Australia tax file number", "ndddddd#", func(d []int) bool { return total(d, 10, 7, 8, 4, 6, 3, 5, 1)%11 == 0 }},
	{"Austria social security number", "ndd# {dmy}", func(d []int) bool { return total(d, 3, 7, 9, -1, 5, 8, 4, 2, 1, 6)%11 == 0 }},
	{"Austria value added tax", "ATUddddddd#", func(d []int) bool {
		s := d[0] + d[2] + d[4] + d[6]
		for _, i := range []int{1, 3, 5} {
			s += 2*d[i]/10 + 2*d[i]%10
		}
		return (96-s)%10 == d[7]
	}},
	{"Belgium national number", "01.0n.1n-1dd-##", belgian},
	{"Belgium value added tax number", "BE 0ndd.ddd.d##", func(d []int) bool { return decimals(d[:8])%97+decimals(d[8:]) == 97 }},
	{"Brazil legal entity number (CNPJ)", "dd.ddd.ddd/000n-##", func(d []int) bool {
		return total(d, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)*10%11%10 == d[12] && total(d, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)*10%11%10 == d[13]
	}},
	{"Canada social insurance number", "[12345679]dd ddd dd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "4ddd dddd dddd ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "5[12345]dd dddd dddd ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "3[47]dd-dddddd-dddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "36dd-dddddd-ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "6011 dddd dddd ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "3530 dddd dddd ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Credit card number", "62dddddddddddddddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"EU debit card number", "67dd dddd dddd ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"EU debit card number", "4917 dddd dddd ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Czech personal identity number", "{ymd}/ddd#", birthNumber},
	{"Slovakia personal number", "{ymd}/ddd#", birthNumber},
	{"Estonia Personal Identification Code", "3{ymd}ddd#", baltic},
	{"Lithuania personal code", "4{ymd}ddd#", baltic},
	{"France tax identification number", "[0123]n dd ddd ddd ###", func(d []int) bool { return decimals(d[:10])%511 == decimals(d[10:]) }},
	{"Hungary personal identification number", "1 {ymd} ddd#", func(d []int) bool {
		if decimals(d[1:3]) > 96 || d[0] == 3 || d[0] == 4 {
			return total(d, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == d[10]
		}
		return total(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)%11 == d[10]
	}},
	{"India unique identification (Aadhaar) number", "[23456789]ddd dddd ddd#", dihedralSum},
	{"Italy value added tax number", "ITndddddd0dn#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"Japan My Number - Corporate", "#dddddddddddd", func(d []int) bool {
		s := 0
		for n := 1; n <= 12; n++ { // the lowest digit is the first
			s += d[13-n] * (2 - n%2)
		}
		return d[0] == 9-s%9
	}},
	{"Luxemburg national identification number (natural persons)", "{yyyymmdd}ddd##", func(d []int) bool {
		return doubled(d[:12])%10 == 0 && dihedralSum(append(append([]int{}, d[:11]...), d[12]))
	}},
	{"Luxemburg national identification number (non-natural persons)", "19dd2ddddd#", func(d []int) bool {
		return total(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	}},
	{"Netherlands tax identification number", "nddddddd#", func(d []int) bool { return total(d, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 }},
	{"New Zealand bank account number", "01-0ddn-0nddd##-00", func(d []int) bool {
		if decimals(d[6:13]) >= 990000 {
			return total(d[6:], 0, 10, 5, 8, 4, 2, 1)%11 == 0
		}
		return total(d, 0, 0, 6, 3, 7, 9, 0, 10, 5, 8, 4, 2, 1)%11 == 0
	}},
	{"New Zealand inland revenue number", "nd-ddd-dd#", func(d []int) bool {
		r := 11 - total(d, 2, 7, 6, 5, 4, 3, 2)%11
		if r == 10 {
			r = 11 - total(d, 4, 3, 2, 5, 2, 7, 6)%11
		}
		return r%11 == d[7]
	}},
	{"Poland REGON number", "nddddddd#dddd#", func(d []int) bool {
		return total(d, 8, 9, 2, 3, 4, 5, 6, 7)%11%10 == d[8] && total(d, 2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8)%11%10 == d[13]
	}},
	{"Slovenia Unique Master Citizen Number", "{dm9y}50ddd#", func(d []int) bool {
		r := 11 - total(d, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11
		return r%11 == d[12] && r != 10
	}},
	{"Spain social security number (SSN)", "28/nddddddd/##", func(d []int) bool { return decimals(d[:10])%97 == decimals(d[10:]) }},
	{"Sweden tax identification number", "{ymd}-ddd#", func(d []int) bool { return doubled(d)%10 == 0 }},
	{"U.K. Unique Taxpayer Reference Number", "#ddddddddd", func(d []int) bool {
		return []int{2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1}[total(d[1:], 6, 7, 8, 9, 10, 5, 4, 3, 2)%11] == d[0]
	}},
}

// belgian is the rule of the royal decree of 1984 for those born before 2000, and
// with a 2 in front for the others.
func belgian(d []int) bool {
	n, check := decimals(d[:9]), decimals(d[9:])
	return 97-n%97 == check || 97-(2_000_000_000+n)%97 == check
}

// birthNumber is the rule of the Czech and the Slovak act: the whole is divided by
// eleven, but that until 1985 a remainder of ten gave a last digit of 0.
func birthNumber(d []int) bool {
	return decimals(d)%11 == 0 || decimals(d[:9])%11 == 10 && d[9] == 0 && decimals(d[:2]) < 86
}

// baltic is the check digit of EVS 585:2007 and of the Lithuanian law on the
// population register.
func baltic(d []int) bool {
	r := total(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if r == 10 {
		r = total(d, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11
	}
	return r%10 == d[10]
}

// dihedralSum is Verhoeff's check by the symmetries of a pentagon: a digit below
// five turns it by so many corners, one from five on turns it over first.
func dihedralSum(d []int) bool {
	place := "0123456789"
	turn, over := 0, false
	for i := len(d) - 1; i >= 0; i-- {
		x := int(place[d[i]] - '0')
		by := x % 5
		if over {
			by = 5 - by
		}
		turn = (turn + by) % 5
		over = over != (x >= 5)
		next := make([]byte, 10)
		for k := range next {
			next[k] = place["1576283094"[k]-'0']
		}
		place = string(next)
	}
	return turn == 0 && !over
}

// valueBy gives the place of a character in a list.
func valueBy(list string, c byte) int { return strings.IndexByte(list, c) }

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// sumOf adds the values of characters, A as 10, times weights.
func sumOf(v string, weights ...int) (n int) {
	for i, w := range weights {
		n += valueBy(alphanumeric, v[i]) * w
	}
	return n
}

// numeral gives the number that a text with letters, A as 10, is read as.
func numeral(v string) *big.Int {
	var b strings.Builder
	for i := range len(v) {
		b.WriteString(strconv.Itoa(valueBy(alphanumeric, v[i])))
	}
	n, _ := new(big.Int).SetString(b.String(), 10)
	return n
}

func modulo(n *big.Int, m int64) int { return int(new(big.Int).Mod(n, big.NewInt(m)).Int64()) }

// machineReadable is the check digit of ICAO Doc 9303: weights 7, 3 and 1.
func machineReadable(v string) bool {
	return len(v) == 10 && sumOf(v, 7, 3, 1, 7, 3, 1, 7, 3, 1)%10 == int(v[9]-'0')
}

// letteredRules are over letters and digits.
var letteredRules = []standardRule{
	{"Brazil legal entity number (CNPJ)", "da.ddd.dda/000n-##", func(v string) bool {
		// A character counts its place in ASCII less that of 0.
		s, t := 0, 0
		for i, w := range []int{5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2} {
			s += int(v[i]-'0') * w
		}
		for i, w := range []int{6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2} {
			t += int(v[i]-'0') * w
		}
		return s*10%11%10 == int(v[12]-'0') && t*10%11%10 == int(v[13]-'0')
	}},
	{"Brazil national identification card (RG)", "nd.ddd.ddd-%", func(v string) bool {
		return (sumOf(v, 2, 3, 4, 5, 6, 7, 8, 9)+100*valueBy("0123456789X", v[8]))%11 == 0 && valueBy("0123456789X", v[8]) >= 0
	}},
	{"Chile identity card number", "nd.ddd.ddd-%", func(v string) bool {
		n := sumOf(v, 3, 2, 7, 6, 5, 4, 3, 2) + valueBy("0123456789K", v[8])
		return valueBy("0123456789K", v[8]) >= 0 && n%11 == 0
	}},
	{"China resident identity card (PRC) number", "110105{yyyymmdd}ddd%", func(v string) bool {
		x := valueBy("0123456789X", v[17])
		return x >= 0 && (sumOf(v, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)+x)%11 == 1
	}},
	{"Cyprus tax identification number", "[039]ddddddd@", func(v string) bool {
		odd := map[byte]int{'0': 1, '1': 0, '2': 5, '3': 7, '4': 9, '5': 13, '6': 15, '7': 17, '8': 19, '9': 21}
		return (odd[v[0]]+odd[v[2]]+odd[v[4]]+odd[v[6]]+sumOf(v, 0, 1, 0, 1, 0, 1, 0, 1))%26 == int(v[8]-'A')
	}},
	{"Drug Enforcement Agency (DEA) number", "[ABFGM]adddddd#", func(v string) bool {
		d := digitsOf(v)
		return (d[0]+d[2]+d[4]+2*(d[1]+d[3]+d[5]))%10 == d[6]
	}},
	{"Finland national ID", "{dmy}-[12345678]dd%", func(v string) bool {
		return decimals(digitsOf(v[:9]))%31 == valueBy("0123456789ABCDEFHJKLMNPRSTUVWXY", v[9])
	}},
	{"Finland national ID", "{dmy}Y[12345678]dd%", func(v string) bool {
		return decimals(digitsOf(v[:6]+v[7:10]))%31 == valueBy("0123456789ABCDEFHJKLMNPRSTUVWXY", v[10])
	}},
	{"France social security number (INSEE)", "1 dd 0n 7d ddd ddn ##", french},
	{"France social security number (INSEE)", "2dd1[012]2[AB]dddddn##", french},
	{"France value added tax number", "FR##nddddddd#", func(v string) bool {
		siren := digitsOf(v[4:])
		return doubled(siren)%10 == 0 && (decimals(siren)*100+12)%97 == decimals(digitsOf(v[2:4]))
	}},
	{"Germany driver's license number", "addaddadd%d", func(v string) bool {
		return sumOf(v, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == valueBy("0123456789X", v[9])
	}},
	{"Germany identity card number", "[LMNPRTVWXY][CFGHJKLMNPRTVWXYZ0123456789]dddd[CFGHJKLMNPRTVWXYZ]dd#", machineReadable},
	{"Germany passport number", "[CFGHJK]ddd[CFGHJKLMNPRTVWXYZ0123456789]dddd#", machineReadable},
	{"Germany tax identification number", "[19]2345607d[89]#", func(v string) bool {
		// One digit twice or three times, each other once at most.
		seen := map[int]int{}
		for _, x := range digitsOf(v[:10]) {
			seen[x]++
		}
		return (len(seen) == 9 || len(seen) == 8 && tripled(seen)) && v[0] != '0' && hybrid(digitsOf(v))
	}},
	{"Hong Kong identity card (HKID) number", "adddddd(%)", func(v string) bool {
		x := valueBy("0123456789A", v[7])
		return x >= 0 && (9*36+sumOf(v, 8, 7, 6, 5, 4, 3, 2)+x)%11 == 0
	}},
	{"Hong Kong identity card (HKID) number", "aadddddd%", func(v string) bool {
		x := valueBy("0123456789A", v[8])
		return x >= 0 && (sumOf(v, 9, 8, 7, 6, 5, 4, 3, 2)+x)%11 == 0
	}},
	{"India GST number", "27aaaaaddddanZ%", func(v string) bool {
		s := 0
		for i := range 14 {
			n := valueBy(alphanumeric, v[i]) * (1 + i%2)
			s += n/36 + n%36
		}
		return (36-s%36)%36 == valueBy(alphanumeric, v[14])
	}},
	{"International banking account number (IBAN)", "DE## dddd dddd dddd dddd dd", bankAccount},
	{"International banking account number (IBAN)", "GB##aaaadddddddddddddd", bankAccount},
	{"International banking account number (IBAN)", "NL##aaaadddddddddd", bankAccount},
	{"International banking account number (IBAN)", "FR##dddddddddd[0A]dddddddddddd", bankAccount},
	{"International banking account number (IBAN)", "NO##ddddddddddd", bankAccount},
	{"Ireland personal public service (PPS) number", "ddddddd@", func(v string) bool {
		return sumOf(v, 8, 7, 6, 5, 4, 3, 2)%23 == valueBy("WABCDEFGHIJKLMNOPQRSTUV", v[7])
	}},
	{"Ireland personal public service (PPS) number", "ddddddd@A", func(v string) bool {
		return (sumOf(v, 8, 7, 6, 5, 4, 3, 2)+9)%23 == valueBy("WABCDEFGHIJKLMNOPQRSTUV", v[7])
	}},
	{"Italy fiscal code", "aaaaaadd[ABCDEHLMPRST]{d2}addd@", func(v string) bool {
		s := 0
		for i := 0; i < 15; i += 2 {
			s += oddCharacters[v[i]]
		}
		for i := 1; i < 15; i += 2 {
			if s += int(v[i]) - 'A'; v[i] <= '9' {
				s += 'A' - '0'
			}
		}
		return s%26 == int(v[15]-'A')
	}},
	{"Mexico Unique Population Registry Code (CURP)", "aaaa{ymd}HDFaaad#", func(v string) bool {
		s := 0
		for i := range 17 {
			s += strings.Index("0123456789ABCDEFGHIJKLMN\x00OPQRSTUVWXYZ", v[i:i+1]) * (18 - i)
		}
		return (s+int(v[17]-'0'))%10 == 0
	}},
	{"Netherlands value added tax number", "NLnddddddd#B0n", func(v string) bool {
		return total(digitsOf(v[2:11]), 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 || modulo(numeral(v), 97) == 1
	}},
	{"Netherlands value added tax number", "NLnddddddddB##", func(v string) bool {
		return (total(digitsOf(v[2:11]), 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 || modulo(numeral(v), 97) == 1) && v[12:] != "00"
	}},
	{"New Zealand ministry of health number", "[ABCDEFGHJKLMNPQRSTUVWXYZ][ABCDEFGHJKLMNPQRSTUVWXYZ][ABCDEFGHJKLMNPQRSTUVWXYZ]ddd#", func(v string) bool {
		const order = " ABCDEFGHJKLMNPQRSTUVWXYZ"
		s := 7*valueBy(order, v[0]) + 6*valueBy(order, v[1]) + 5*valueBy(order, v[2]) + total(digitsOf(v), 4, 3, 2)
		return s%11 != 0 && (11-s%11)%10 == int(v[6]-'0')
	}},
	{"New Zealand ministry of health number", "[ABCDEFGHJKLMNPQRSTUVWXYZ][ABCDEFGHJKLMNPQRSTUVWXYZ][ABCDEFGHJKLMNPQRSTUVWXYZ]dd[ABCDEFGHJKLMNPQRSTUVWXYZ]@", func(v string) bool {
		const order = " ABCDEFGHJKLMNPQRSTUVWXYZ"
		s := 7*valueBy(order, v[0]) + 6*valueBy(order, v[1]) + 5*valueBy(order, v[2]) + total(digitsOf(v[3:5]), 4, 3) + 2*valueBy(order, v[5])
		return 23-s%23 == valueBy(order, v[6])
	}},
	{"Poland identity card", "aaa#ddddd", func(v string) bool {
		return (sumOf(v, 7, 3, 1)+total(digitsOf(v[4:]), 7, 3, 1, 7, 3))%10 == int(v[3]-'0')
	}},
	{"Poland passport number", "aa#dddddd", func(v string) bool {
		return (sumOf(v, 7, 3)+total(digitsOf(v[3:]), 1, 7, 3, 1, 7, 3))%10 == int(v[2]-'0')
	}},
	{"Singapore national registration identity card (NRIC) number", "Sddddddd@", func(v string) bool {
		return sumOf(v, 0, 2, 7, 6, 5, 4, 3, 2)%11 == valueBy("JZIHGFEDCBA", v[8])
	}},
	{"Singapore national registration identity card (NRIC) number", "Gddddddd@", func(v string) bool {
		return (4+sumOf(v, 0, 2, 7, 6, 5, 4, 3, 2))%11 == valueBy("XWUTRQPNMLK", v[8])
	}},
	{"Singapore national registration identity card (NRIC) number", "Mddddddd@", func(v string) bool {
		return (3+sumOf(v, 0, 2, 7, 6, 5, 4, 3, 2))%11 == 10-valueBy("KLJNPQRTUWX", v[8]) && valueBy("KLJNPQRTUWX", v[8]) >= 0
	}},
	{"Spain DNI", "dddddddd@", spanish},
	{"Spain DNI", "[XYZ]ddddddd-@", spanish},
	{"Spain driver's license number", "dddddddd@", spanish},
	{"Spain tax identification number", "dddddddd@", spanish},
	{"Spain tax identification number", "[ABEH]ddddddd#", func(v string) bool {
		d := digitsOf(v)
		even, odd := d[1]+d[3]+d[5], 0
		for _, i := range []int{0, 2, 4, 6} {
			odd += d[i]*2%10 + d[i]*2/10
		}
		return (even+odd+d[7])%10 == 0
	}},
	{"Taiwan national identification number", "a[12]ddddddd#", taiwanese},
	{"Taiwan-resident certificate (ARC/TARC) number", "a[89]ddddddd#", taiwanese},
}

// oddCharacters are the values of the decree of 1976 in odd places.
var oddCharacters = map[byte]int{'A': 1, 'B': 0, 'C': 5, 'D': 7, 'E': 9, 'F': 13, 'G': 15, 'H': 17, 'I': 19, 'J': 21, 'K': 2, 'L': 4, 'M': 18, 'N': 20,
	'O': 11, 'P': 3, 'Q': 6, 'R': 8, 'S': 12, 'T': 14, 'U': 16, 'V': 10, 'W': 22, 'X': 25, 'Y': 24, 'Z': 23,
	'0': 1, '1': 0, '2': 5, '3': 7, '4': 9, '5': 13, '6': 15, '7': 17, '8': 19, '9': 21}

// bankAccount is ISO 13616: the first four characters behind the others, letters as
// numbers, leave 1 by 97.
func bankAccount(v string) bool { return modulo(numeral(v[4:]+v[:4]), 97) == 1 }

// french is the key of the number of the répertoire national d'identification.
func french(v string) bool {
	n := strings.Replace(strings.Replace(v[:13], "2A", "19", 1), "2B", "18", 1)
	return 97-decimals(digitsOf(n))%97 == decimals(digitsOf(v[13:]))
}

// spanish is the letter of a DNI or NIE.
func spanish(v string) bool {
	n := decimals(digitsOf(v[:8]))
	if first := valueBy("XYZ", v[0]); first > 0 {
		n += first * 10_000_000
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[n%23] == v[8]
}

// taiwanese is the check digit of the Ministry of the Interior, whose letters are
// numbered by district.
func taiwanese(v string) bool {
	district := districts[v[0]]
	return (district/10+district%10*9+total(digitsOf(v[1:]), 8, 7, 6, 5, 4, 3, 2, 1, 1))%10 == 0
}

// districts number the letters of Taiwan.
var districts = map[byte]int{'A': 10, 'B': 11, 'C': 12, 'D': 13, 'E': 14, 'F': 15, 'G': 16, 'H': 17, 'J': 18, 'K': 19, 'L': 20, 'M': 21, 'N': 22,
	'P': 23, 'Q': 24, 'R': 25, 'S': 26, 'T': 27, 'U': 28, 'V': 29, 'X': 30, 'Y': 31, 'W': 32, 'Z': 33, 'I': 34, 'O': 35}

func tripled(seen map[int]int) bool {
	for _, n := range seen {
		if n == 3 {
			return true
		}
	}
	return false
}
