package rules

import (
	"testing"
	"unicode/utf8"
)

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
