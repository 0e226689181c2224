package benchmail

import (
	"bytes"
	"testing"
)

// Messages are of the size asked for, within a tenth, all different, and one of
// them matches.
func TestMessages(t *testing.T) {
	for _, size := range []int{10 << 10, 100 << 10} {
		cards, seen := 0, map[string]bool{}
		for _, m := range Messages(size) {
			if len(m) < size*9/10 || len(m) > size*11/10 {
				t.Errorf("a message of %d octets, want %d", len(m), size)
			}
			if !bytes.HasSuffix(m, []byte("--part--\r\n")) {
				t.Error("a message without its end")
			}
			if bytes.Contains(m, []byte("4111 1111")) {
				cards++
			}
			seen[string(m)] = true
		}
		if cards != 1 || len(seen) != Kinds {
			t.Errorf("%d messages with a card of %d different ones, want 1 of %d", cards, len(seen), Kinds)
		}
	}
}
