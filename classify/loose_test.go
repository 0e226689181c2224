package classify

import (
	"fmt"
	"strings"
	"testing"
)

// Near a keyword a number is found however its digits are grouped, as long as the
// digits that stand together are the number and nothing else.
func TestLooseGrouping(t *testing.T) {
	c := Builtin()
	for _, x := range []struct {
		typ, text string
		found     bool
	}{
		{"Australia business number", "ABN 51824753556", true},
		{"Australia business number", "ABN 51 8 2475 3556 as agreed", true},
		{"Australia business number", "ABN 51  824  753  556", true},
		{"Australia business number", "ABN 51\u00a0824\u00a0753\u2007556", true},
		{"Australia business number", "ABN 51 - 824 – 753 ‑ 556.", true},
		{"Australia business number", "ABN: 518 24753556. 12 people signed", true},
		{"Australia business number", "51 8 2475 3556", false},
		{"Australia business number", "ABN 51 8 2475 3557", false},
		{"Australia business number", "ABN 51 8 2475 3556 7", false},
		{"Australia business number", "ABN 1 51 8 2475 3556", false},
		{"Australia business number", "ABN 51 8 2475 3556,50", false},
		{"Australia business number", "ABN 51 8 2475 3556:50", false},
		{"Australia business number", "ABN 51/8-2475 3556", false},
		{"Australia business number", "ABN 51 8 2475\n3556", false},
		{"Australia business number", "ABN 51 8 2475\t3556", false},
		{"Australia business number", "ABN 5 1 8 2 4 7 5 3 5 5 6", false},
		{"Australia tax file number", "TFN 12-05-1952 9", false},
		{"Austria tax identification number", "Steuernummer 81 - 590/9908", true},
		{"Austria tax identification number", "Steuernummer 81 - 59/09908", false},
		{"Brazil legal entity number (CNPJ)", "CNPJ 12. ABC.345 /01DE–35", true},
		{"Hong Kong identity card (HKID) number", "HKID A494866[4]", true},
		{"Hong Kong identity card (HKID) number", "HKID A 494 866 (4)", true},
		{"Hong Kong identity card (HKID) number", "HKID a-494866-4", true},
		{"Italy fiscal code", "codice fiscale LBR RME 11A01 L736W", true},
		{"Italy fiscal code", "CODICE FISCALE LBR RME 11 A01 L736 W", true},
		{"Ireland personal public service (PPS) number", "PPS no 643 3435 f", true},
		{"Netherlands value added tax number", "vat number nl 0044 95 445 b01", true},
		{"Credit card number", "visa 4111 - 1111 - 1111 - 1111", true},
		{"Credit card number", "4111 - 1111 - 1111 - 1111", false},
	} {
		typ, ok := c.Lookup(x.typ)
		if !ok {
			t.Fatalf("there is no type %q", x.typ)
		}
		if got := len(c.Scan(x.text, map[*Type]bool{typ: true})) > 0; got != x.found {
			t.Errorf("%s in %q: found %v, want %v", x.typ, x.text, got, x.found)
		}
	}
}

// What is found is the number with what stands between its digits, and no more.
func TestLooseValue(t *testing.T) {
	typ, _ := Builtin().Lookup("Hong Kong identity card (HKID) number")
	found := Builtin().Scan("HKID: (A 494866 [4]), of 2001.", map[*Type]bool{typ: true})
	if len(found) != 1 || len(found[0].Matches) != 1 || found[0].Matches[0].Value.Reveal() != "A 494866 [4" {
		t.Errorf("found %v", found)
	}
}

func TestGroupingIsDescribed(t *testing.T) {
	typ, _ := Builtin().Lookup("IBAN")
	text := fmt.Sprint(typ.Describe())
	for _, want := range []string{"grouped freely", "grouped loosely"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said: %s", want, text)
		}
	}
}

func TestLooseFormatsHaveALength(t *testing.T) {
	for format, ok := range map[string]bool{"9{6}": false, "9{7}": true, "9{34}": true, "9{35}": false, "AA~9{7}": true} {
		err := tryFormat(format, primaryDef{loose: true, delimiters: "-"})
		if (err == nil) != ok {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// A run is read once, however long it is.
func BenchmarkLooseRuns(b *testing.B) {
	c := Builtin()
	for name, unit := range map[string]string{"digits": "1 ", "groups": "123 456 ", "letters": "12 AB ", "lists": "12. 34. ", "marks": "1 -- 2 "} {
		text := "abn " + strings.Repeat(unit, 1<<20/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				c.Scan(text, nil)
			}
		})
	}
}
