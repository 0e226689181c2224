package classify

import (
	"testing"
	"unicode"
)

// The value of a digit is its place in its row, so rows must be whole.
func TestDecimalDigitsComeInRowsOfTen(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%U to %U", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%U to %U", r.Lo, r.Hi)
		}
	}
	for r, want := range map[rune]rune{'5': -1, '٥': 5, '۹': 9, '०': 0, '𝟡': 9, '𝟶': 0, '²': -1, '五': -1, 'a': -1} {
		if got := decimal(r); got != want {
			t.Errorf("%q is %d, not %d", r, got, want)
		}
	}
}
