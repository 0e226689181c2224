package classify

import (
	"cmp"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A difference is a class of recogniser tests about which their source and a type
// differ on purpose.
type difference struct {
	typ    string
	text   string // regular expression
	reason string // as docs/types.md gives it
}

// differences are told of in docs/types.md.
var differences = []difference{
	{"Germany driver's license number", `^(?i)[a-z]{2}\d{8}[a-z\d]$|^\d{11}$`, "Microsoft publishes a letter or digit, two digits, six letters or digits, a digit and a letter or digit"},
	{"Germany identity card number", `^[LMNPRTVWXY]`, "the serial number has nine characters, its check digit is a tenth"},
	{"Germany passport number", `^[LMNPRTVWXY]`, "serial numbers of passports begin with C, F, G, H, J or K"},
	{"Germany tax identification number", `1234567890`, "of the first ten digits one stands there two or three times"},
	{"Germany value added tax number", `^DE\d{9}$`, "the check digit is wrong"},
	{"India GST number", ``, "the check character is wrong"},
	{"India permanent account number (PAN)", ``, "it is not five letters, four digits and a letter, the fourth letter a kind of holder"},
	{"Italy fiscal code", `N$`, "the check character is wrong"},
	{"Singapore national registration identity card (NRIC) number", ``, "the check letter is wrong, or the first letter is not F, G, M, S or T"},
	{"South Korea resident registration number", `-?1234567\b`, "the check digit of the numbers of before October 2020 is wrong"},
	{"South Korea resident registration number", `-[09]`, "a seventh digit of 9 or 0 stands for births before 1900"},
	{"Spain passport number", ``, "Microsoft publishes two letters or digits, a letter or digit or none, and six digits"},
	{"Thai population identification code", `^\d(0\d|9[7-9])`, "which provinces there are is not looked at"},
	{"U.S. / U.K. passport number", `^\d{9}$`, "any nine digits may be one"},
	{"U.S. / U.K. passport number", `^(?i)[a-z]{2}\d{7}$`, "Microsoft publishes nine digits, or a letter and eight"},
	{"U.S. bank account number", ``, "Microsoft publishes 6 to 17 digits near a keyword"},
	{"U.S. driver's license number", ``, "it counts near the name of its state only"},
	{"U.S. individual taxpayer identification number (ITIN)", `\d{2}-\d{6}|\d{5}-\d{4}`, "its groups are three, two and four digits"},
	{"IP address", `(?i)2001:db8:|::1\b|::$|::\s|0\.0\.0\.0|255\.255\.255\.255|^127\.`, "an address of the documentation, the host itself, nobody or everybody"},
	{"IP address", `^\d+(\.\d+){4,}$`, "five parts are no address"},
	{"", `\b[a-z]{2,}\d`, "a value does not begin inside a word"},
}

// Recogniser tests of others: in a sentence with a keyword of the type, with all
// types looked for, as many numbers are found as they expect, but for the
// differences.
func TestRecognizersOfOthers(t *testing.T) {
	c := Builtin()
	used := map[string]bool{}
	var right, all int
	eachLine(t, "presidio/recognizer_tests.jsonl", func(line []byte) {
		var x struct {
			Text     string
			Sit      string
			Expected int  `json:"expected_count"`
			Depends  bool `json:"depends_on_configuration"`
		}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		typ, ok := c.Lookup(x.Sit)
		if !ok {
			return
		}
		keyword := keywordOf[typ.Name]
		if typ.Name == "IP address" {
			keyword = "IP address"
		}
		all++
		n := 0
		for _, d := range c.Scan("As agreed, here is the "+keyword+" "+x.Text+" for your files.", nil) {
			if d.Type == typ {
				n = len(d.Matches)
			}
		}
		if n == x.Expected {
			right++
			return
		}
		for _, d := range differences {
			if (d.typ == x.Sit || d.typ == "") && regexp.MustCompile(d.text).MatchString(x.Text) {
				used[d.reason] = true
				return
			}
		}
		t.Errorf("%s: %d in %q, want %d", x.Sit, n, x.Text, x.Expected)
	})
	t.Logf("%d of %d as expected, %d classes of differences", right, all, len(used))
	for _, d := range differences {
		if !used[d.reason] {
			t.Logf("%s: nothing differs because %s", d.typ, d.reason)
		}
	}
}

func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/types.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		if name := cmp.Or(d.typ, "all"); !strings.Contains(string(page), "| "+name+" | "+d.reason+" |") {
			t.Errorf("the page does not say that in %s %s", name, d.reason)
		}
	}
}

// labelOf gives how the labelled sentences name what a type finds.
var labelOf = map[string]string{
	"Credit card number":                          "CREDIT_CARD",
	"EU debit card number":                        "CREDIT_CARD",
	"International banking account number (IBAN)": "IBAN_CODE",
	"U.S. social security number (SSN)":           "US_SSN",
	"IP address":                                  "IP_ADDRESS",
	"IP Address v4":                               "IP_ADDRESS",
	"IP Address v6":                               "IP_ADDRESS",
}

// Labelled sentences, with all types looked for: of the numbers that their type
// could accept nearly all are found, and what is found is nearly always one.
func TestLabelledSentencesOfOthers(t *testing.T) {
	c := Builtin()
	possible, found := map[string]int{}, map[string]int{}
	reported, right := 0, 0
	eachLine(t, "presidio/labelled_sentences.jsonl", func(line []byte) {
		var x struct {
			Text  string
			Spans []struct {
				Type, Value string
				Start, End  int
			}
		}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		hit := make([]bool, len(x.Spans))
		for _, d := range c.Scan(x.Text, nil) {
			label := labelOf[d.Type.Name]
			if label == "" {
				continue
			}
			for _, m := range d.Matches {
				is := false
				for i, s := range x.Spans {
					if s.Type == label && m.Offset < s.End && m.Offset+m.Length > s.Start {
						is, hit[i] = true, true
					}
				}
				if reported++; is {
					right++
				} else {
					t.Logf("%s: %q is reported in %q", d.Type.Name, m.Value.Reveal(), x.Text)
				}
			}
		}
		for i, s := range x.Spans {
			if !acceptable(s.Type, s.Value, x.Text) {
				continue
			}
			if possible[s.Type]++; hit[i] {
				found[s.Type]++
			} else {
				t.Logf("%s: %q is not found in %q", s.Type, s.Value, x.Text)
			}
		}
	})
	for label, n := range possible {
		t.Logf("%s: %d of %d", label, found[label], n)
		if found[label]*100 < n*95 {
			t.Errorf("%s: %d of %d found", label, found[label], n)
		}
	}
	t.Logf("%d of %d reported are right", right, reported)
	if right*100 < reported*97 {
		t.Errorf("%d of %d reported are right", right, reported)
	}
}

// acceptable tells whether a type could accept a labelled value: a card of 14 to 19
// digits that keeps the check digit, an SSN that can be one near a keyword.
func acceptable(label, value, text string) bool {
	d := digitsOf(value)
	switch label {
	case "CREDIT_CARD":
		return len(d) >= 14 && len(d) <= 19 && doubled(d)%10 == 0
	case "US_SSN":
		area := decimals(d[:3])
		word := strings.ToLower(text)
		return len(d) == 9 && area > 0 && area != 666 && area < 900 && decimals(d[3:5]) > 0 && decimals(d[5:]) > 0 &&
			(strings.Contains(word, "ssn") || strings.Contains(word, "social security"))
	case "IBAN_CODE", "IP_ADDRESS":
		return true
	}
	return false
}
