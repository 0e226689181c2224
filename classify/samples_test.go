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

// Every expression of a built-in type has a sequence by which it is found, so that
// none has to be looked for in the whole text.
func TestBuiltinExpressionsHaveSequences(t *testing.T) {
	for _, x := range Builtin().regexes.list {
		if !x.has.ok() {
			t.Errorf("%s has none", x.text)
		}
	}
}
