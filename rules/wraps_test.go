package rules

import "testing"

// A word of a script without blanks goes on where a line is full; others end
// there.
func TestWordsGoOnOverLinesWhereBlanksAreNotSet(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"plain\r\ntext":         "",
		"クレジッ\r\nトカード":          "クレジットカード",
		"信用\n卡号\n码":             "信用卡号码",
		"รหัส\nผ่าน":            "รหัสผ่าน",
		"größe\nüber":           "",
		"信用\r\ncard":            "",
		"card\r\n信用":            "",
		"信用\r\n\r\n卡":           "",
		"信用\r\n 卡":              "",
		"\n信用\n":                "",
		"a\r\nb\r\n信\r\n用\r\nc": "a\r\nb\r\n信用\r\nc",
	} {
		got, wrapped := unwrapped(text)
		if wrapped != (want != "") || wrapped && got != want || !wrapped && got != text {
			t.Errorf("%q: %q, %v; want %q", text, got, wrapped, want)
		}
	}
}
