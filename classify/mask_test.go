package classify

import (
	"strings"
	"testing"
)

func TestMaskHidesEveryInstance(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":                {"Quarterly report 2026.docx", "Quarterly report 2026.docx"},
		"no check digit":         {"4111111111111112.pdf", "4111111111111112.pdf"},
		"empty":                  {"", ""},
		"a file name":            {"4111111111111111.pdf", "************1111.pdf"},
		"delimiters":             {"card 4111-1111-1111-1111 of Anna.pdf", "card ***************1111 of Anna.pdf"},
		"evidence is not needed": {"invoice 4111111111111111", "invoice ************1111"},
		"several types":          {"SSN 536-22-1234, card 5555555555554444", "SSN *********34, card ************4444"},
		"characters, not octets": {"Müller – Kärtchen 4111111111111111 für Zoë", "Müller – Kärtchen ************1111 für Zoë"},
		"full width":             {"カード４１１１１１１１１１１１１１１１.pdf", "カード************１１１１.pdf"},
		"octets that are no text": {
			"\xff card 4111111111111111", "\ufffd card ************1111",
		},
	} {
		if got := Builtin().Mask(tt.text); got != tt.want {
			t.Errorf("%s: %q gives %q, want %q", name, tt.text, got, tt.want)
		}
	}
}

// What matches overlap is hidden as far as any of them hides it.
func TestMaskOverlap(t *testing.T) {
	// A value that two types take: the shown end of one may be the middle of the other.
	const text = "IBAN GB29 NWBK 6016 1331 9268 19, SSN 536-22-1234"
	got := Builtin().Mask(text)
	for _, leak := range []string{"NWBK", "6016", "1331", "536", "22-"} {
		if strings.Contains(got, leak) {
			t.Errorf("%q shows %q", got, leak)
		}
	}
	if len(got) != len(text) {
		t.Errorf("%q: the length changed", got)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("card 4111111111111111.pdf")
	f.Add("\xff４１１１１１１１１１１１１１１１")
	f.Fuzz(func(t *testing.T, text string) {
		masked := Builtin().Mask(text)
		if len([]rune(masked)) != len([]rune(text)) {
			t.Fatalf("%q has another length than %q", masked, text)
		}
		for _, d := range Builtin().Scan(text, nil) {
			for _, m := range d.Matches {
				got := string([]rune(masked)[m.Offset : m.Offset+m.Length-min(4, m.Length/4)])
				if strings.Trim(got, "*") != "" {
					t.Fatalf("%q shows %q", masked, got)
				}
			}
		}
	})
}
