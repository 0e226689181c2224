package classify

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A type finds the same alone as beside all others, while the effort for columns
// lasts.
func TestTypesAloneFindWhatTheyFindTogether(t *testing.T) {
	c := Builtin()
	var pieces []string
	for _, typ := range c.Types() {
		for _, s := range typ.compiled.definition.match {
			pieces = append(pieces, s.text)
		}
	}
	d := rand.New(rand.NewPCG(7, 1))
	joins := []string{" ", "\n", ", ", "\t", "\n\n", " 😀 ", ";", "-"}
	for range 4 {
		var b strings.Builder
		for range 40 {
			b.WriteString(pieces[d.IntN(len(pieces))] + joins[d.IntN(len(joins))])
		}
		text := b.String()
		together := map[*Type][]Match{}
		for _, found := range c.Scan(text, nil) {
			together[found.Type] = found.Matches
		}
		for _, typ := range c.Types() {
			var alone []Match
			for _, found := range c.Scan(text, map[*Type]bool{typ: true}) {
				if found.Type == typ {
					alone = found.Matches
				}
			}
			if !slices.EqualFunc(alone, together[typ], func(a, b Match) bool {
				return a.Offset == b.Offset && a.Length == b.Length && a.Confidence == b.Confidence && a.Key == b.Key
			}) {
				t.Errorf("%s: %d alone, %d together", typ.Name, len(alone), len(together[typ]))
			}
		}
	}
}
