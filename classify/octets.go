package classify

import (
	"math/bits"
	"unicode/utf8"
)

// Texts are read eight octets at a time: a number holds them, the first in its
// lowest octet, and what is true of an octet is told by the highest bit of its own.

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

func load(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// loadEnd gives the octets from i on, with zeros behind the end of the text.
func loadEnd(s string, i int) (x uint64) {
	if i+8 <= len(s) {
		return load(s, i)
	}
	for n := 0; i < len(s); i, n = i+1, n+8 {
		x |= uint64(s[i]) << n
	}
	return x
}

// digitBits tells which octets are digits.
func digitBits(x uint64) uint64 {
	t := x ^ '0'*ones
	return ^((t&^highs + (0x80-10)*ones) | t) & highs
}

// capitalBits tells which octets are capital letters.
func capitalBits(x uint64) uint64 {
	low := x &^ highs
	return (low + (0x80-'A')*ones) &^ (low + (0x80-'Z'-1)*ones) &^ x & highs
}

// letterBits tells which octets are letters.
func letterBits(x uint64) uint64 { return capitalBits(x &^ (smallBit * ones)) }

// first gives the place of the first octet of which a bit is set, 8 for none.
func first(told uint64) int { return bits.TrailingZeros64(told) / 8 }

// pack gives what is told of eight octets as eight bits.
func pack(told uint64) uint64 { return told >> 7 * 0x0102040810204080 >> 56 }

// word is a maximal run of ASCII letters and digits. The bits stand for its
// characters from the first on, and say nothing beyond maxWord.
type word struct {
	start, end   int
	digit, small uint64
}

func (w *word) len() int { return w.end - w.start }

// digits tells whether the word is digits throughout.
func (w *word) digits() bool { return w.digit == uint64(1)<<w.len()-1 }

// readWord reads the word that begins at start.
func readWord(text string, start int) word {
	w := word{start: start}
	i := start
	for ; i+8 <= len(text); i += 8 {
		x := load(text, i)
		d, l := digitBits(x), letterBits(x)
		small := l & (x << 2) // the bit that tells small letters from capitals
		n := i - start
		if d|l == highs {
			w.digit |= pack(d) << n
			w.small |= pack(small) << n
			continue
		}
		k := first(^(d | l) & highs)
		keep := uint64(1)<<k - 1
		w.digit |= pack(d) & keep << n
		w.small |= pack(small) & keep << n
		w.end = i + k
		return w
	}
	for ; i < len(text); i++ {
		k := alnum[text[i]]
		if k == 0 {
			break
		}
		if n := i - start; k == classDigit {
			w.digit |= 1 << n
		} else if k == classSmall {
			w.small |= 1 << n
		}
	}
	w.end = i
	return w
}

func isASCII(s string) bool {
	i := 0
	for ; i+16 <= len(s); i += 16 {
		if (load(s, i)|load(s, i+8))&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Classes of octets.
const (
	classDigit = iota + 1
	classSmall
	classCapital
)

var alnum = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = classDigit
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = classSmall, classCapital
	}
	return t
}()

// raised gives letters as capitals and digits as they are, 0 for other octets.
var raised = func() (t [256]byte) {
	for c, class := range alnum {
		switch class {
		case classSmall:
			t[c] = byte(c) - smallBit
		case classDigit, classCapital:
			t[c] = byte(c)
		}
	}
	return t
}()

func isAlnum(c byte) bool { return alnum[c] != 0 }

func isDigit(c byte) bool { return c-'0' < 10 }
