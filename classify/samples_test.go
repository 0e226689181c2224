package classify

import (
	"testing"

	"github.com/postern-mail/postern/strictyaml"
)

// Every type is proved by the samples of its own file.
func TestTypesMatchTheirSamples(t *testing.T) {
	defs, problems := loadBuiltin()
	if strictyaml.Errors(problems) {
		t.Fatal(problems)
	}
	for _, d := range defs {
		t.Run(d.info.Name, func(t *testing.T) {
			c, err := compile([]*definition{d})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range d.match {
				found := c.Scan(s.text, nil)
				if len(found) == 0 {
					t.Errorf("%q: no match", s.text)
					continue
				}
				if n, _, _ := Count(found[0].Matches, s.confidence, s.confidence); n != s.count {
					t.Errorf("%q: %d of confidence %d, want %d: %v", s.text, n, s.confidence, s.count, found[0].Matches)
				}
			}
			for _, s := range d.noMatch {
				if found := c.Scan(s, nil); len(found) > 0 {
					t.Errorf("%q: matched %v", s, found[0].Matches)
				}
			}
		})
	}
}
