package rules

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// Programs write a letter and its mark as two characters, in names of files above
// all; the places of what is found are those of the text.
func TestLettersAndTheirMarksAreOneCharacter(t *testing.T) {
	for _, tt := range []struct {
		text, reading string
		removed       []int
	}{
		{"gru\u0308n", "gr\u00fcn", []int{3}},
		{"a\u0308\u200bo\u0308.", "\u00e4\u00f6.", []int{1, 2, 4}},
		{"\u200bu\u00ad\u0308\u0304x", "\u01d6x", []int{0, 2, 3, 4}},
		{"カ\u3099ス", "ガス", []int{1}},
		{"\u1112\u1161\u11ab\u1100\u1173\u11af", "한글", []int{1, 2, 4, 5}},
		{"x\u0301\u0300", "x\u0301\u0300", nil},
		{"\u0958u\u0308", "\u0958ü", []int{2}},
	} {
		reading, removed := reveal(tt.text)
		if reading != tt.reading || !slices.Equal(removed, tt.removed) {
			t.Errorf("%+q: %+q, removed %v; want %+q, %v", tt.text, reading, removed, tt.reading, tt.removed)
		}
	}
}

func TestEveryInvisibleCharacterIsTakenOut(t *testing.T) {
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if !utf8.ValidRune(c) || !invisible(c) {
			continue
		}
		reading, removed := reveal("é1" + string(c) + "2")
		if reading != "é12" || len(removed) != 1 || removed[0] != 2 {
			t.Errorf("%U: %q, removed %v", c, reading, removed)
		}
	}
	for _, text := range []string{"", "plain\r\n\ttext", "Grüße, 東京, שלום", "\xff\xfe"} {
		if reading, removed := reveal(text); reading != text || removed != nil {
			t.Errorf("%q becomes %q", text, reading)
		}
	}
}
