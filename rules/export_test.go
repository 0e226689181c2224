package rules

import (
	"testing"

	"github.com/postern-mail/postern/strictyaml"
)

// InvertCondition makes a condition of the catalogue answer the opposite, in sets
// loaded until the test ends: a test that notices nothing does not hold what it
// says. Unknown stays unknown. Tests that use it do not run in parallel.
func InvertCondition(t testing.TB, name string) {
	t.Helper()
	row := lookupCondition(name)
	if row == nil {
		t.Fatalf("there is no condition %s", name)
	}
	parse := row.parse
	t.Cleanup(func() { row.parse = parse })
	row.parse = func(r *reader, n *strictyaml.Node, field string) (check, bool) {
		c, ok := parse(r, n, field)
		return c.inverted(), ok
	}
}
