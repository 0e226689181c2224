package classify

import (
	"testing"

	"github.com/postern-mail/postern/strictyaml"
)

// Every type is proved by the samples of its own file.
func TestTypesMatchTheirSamples(t *testing.T) {
	defs, _, problems := loadBuiltin()
	if strictyaml.Errors(problems) {
		t.Fatal(problems)
	}
	c, err := compile(defs, Placeholders{})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range c.Types() {
		t.Run(typ.Name, func(t *testing.T) {
			for _, f := range c.Test(typ) {
				t.Error(f)
			}
		})
	}
}
