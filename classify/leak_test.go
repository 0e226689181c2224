package classify

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// No exported type prints a value that was found, whatever the verb or encoding.
func TestNothingPrintsAValue(t *testing.T) {
	c, problems := own(t, "good.yaml")
	if c == nil {
		t.Fatal(problems)
	}
	canaries := []string{"5105 1051 0510 5100", "536-22-1234", "GB29NWBK60161331926819", "123455", "q7Zk1vX0pL4nB8sT2wR6", "Project Kestrel"}
	text := "card 5105 1051 0510 5100, SSN 536-22-1234, IBAN GB29NWBK60161331926819, personnel EMP-123455, X-API-Key: q7Zk1vX0pL4nB8sT2wR6, Project Kestrel"
	found := c.Scan(text, nil)
	leaks := func(what, printed string) {
		t.Helper()
		for _, canary := range canaries {
			if strings.Contains(printed, canary) || strings.Contains(printed, strings.NewReplacer(" ", "", "-", "").Replace(canary)) {
				t.Errorf("%s prints %s", what, canary)
			}
		}
	}
	seen := map[string]bool{}
	for _, d := range found {
		for _, m := range d.Matches {
			seen[m.Value.Reveal()] = true
			for _, x := range []any{d, &d, m, &m, m.Value, &m.Value, m.Key, d.Type, found} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
					printed := fmt.Sprintf(verb, x)
					leaks(fmt.Sprintf("%s of %T", verb, x), printed)
				}
			}
			data, err := json.Marshal(struct{ M Match }{m})
			if err != nil {
				t.Fatal(err)
			}
			leaks("JSON", string(data))
		}
	}
	for _, canary := range canaries {
		if !seen[canary] {
			t.Errorf("%s is not found, so nothing is proved", canary)
		}
	}
	if reflect.TypeFor[Value]().Field(0).IsExported() {
		t.Error("the text of a value is exported")
	}
	leaks("Mask", c.Mask(text))
	// The failures of a test of a type do not print what was found.
	for _, typ := range c.Types() {
		leaks("Test", strings.Join(c.Test(typ), "\n"))
	}
}

// The keys of equal values are equal and tell nothing of them.
func TestKeysCountEqualValuesOnce(t *testing.T) {
	found := Builtin().Scan("visa 4111 1111 1111 1111, 4111-1111-1111-1111, 4111111111111111", nil)
	for _, d := range found {
		if d.Type.Name == "Credit card number" {
			if n, unique, _ := Count(d.Matches, 1, 100); n != 3 || unique != 1 {
				t.Errorf("%d, %d different", n, unique)
			}
			return
		}
	}
	t.Error("no card is found")
}
