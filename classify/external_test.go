package classify

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// external opens a file of the external test data, which is not part of the
// repository.
func external(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "testdata-external", name))
	if err != nil {
		t.Skipf("external test data absent: %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func eachLine(t *testing.T, name string, use func(line []byte)) {
	t.Helper()
	lines := bufio.NewScanner(external(t, name))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		use(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// around puts a number into a sentence with keywords of its type.
var around = map[string]string{
	"ABA routing number":                                    "The routing number is %s for wires.",
	"Canada social insurance number":                        "Social insurance number: %s",
	"Credit card number":                                    "Charge the credit card %s, please.",
	"International banking account number (IBAN)":           "Pay to %s by Friday.",
	"SWIFT code":                                            "SWIFT code: %s",
	"U.K. national health service number":                   "The NHS number of the patient is %s.",
	"U.K. national insurance number (NINO)":                 "national insurance number (%s)",
	"U.S. individual taxpayer identification number (ITIN)": "taxpayer ITIN %s",
	"U.S. social security number (SSN)":                     "Her SSN is %s.",
}

// decided are numbers about which a source and the type differ on purpose.
var decided = map[string]string{
	"123-45-6789":           "a sample number that was never assigned",
	"123456789":             "a sample number that was never assigned",
	"000000000":             "no number begins with a 0",
	"744 797 853":           "valid, the source takes it without blanks only",
	"744-797-853":           "valid, the source takes it without dashes only",
	"900-50-1234":           "the source is older than the range 50 to 65",
	"911-701234 91170-1234": "unequal delimiters, as in a postal code",
}

// Numbers that others hold valid are found in a sentence with a keyword, and
// those invalid for their check digit or shape are not.
func TestIdentifiersOfOthers(t *testing.T) {
	c := Builtin()
	for _, file := range []string{"localflavor", "stdnum", "validatorjs"} {
		var valid, found, invalid, wrong int
		eachLine(t, "identifiers/"+file+".jsonl", func(line []byte) {
			var x struct {
				Number, Reason, Sit string
				Valid               bool
			}
			if err := json.Unmarshal(line, &x); err != nil {
				t.Fatal(err)
			}
			typ, ok := c.Lookup(x.Sit)
			sentence, known := around[x.Sit]
			if !ok || !known || decided[x.Number] != "" {
				return
			}
			got := c.Scan(strings.Replace(sentence, "%s", x.Number, 1), map[*Type]bool{typ: true})
			whole := len(got) > 0 && got[0].Matches[0].Value.Reveal() == x.Number
			switch {
			case x.Valid:
				valid++
				if whole {
					found++
				} else {
					t.Errorf("%s: %s is not found", x.Sit, x.Number)
				}
			default:
				invalid++
				if whole {
					wrong++
					t.Errorf("%s: %s is found and invalid (%s)", x.Sit, x.Number, x.Reason)
				}
			}
		})
		t.Logf("%s: %d of %d valid found, %d of %d invalid found", file, found, valid, wrong, invalid)
	}
}
