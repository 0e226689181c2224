//go:build e2e

package e2e

import (
	"os"
	"strconv"
)

// wholeRounds is the size from which a test goes on, whatever its goal, until nothing
// is left that could break.
const wholeRounds = 10_000

// rounds gives the size of a test: few for `make test`; what TORTURE_ROUNDS says,
// and no less, for `make torture`.
func rounds(few int) (goal int, torture bool) {
	n, err := strconv.Atoi(os.Getenv("TORTURE_ROUNDS"))
	if err != nil || n < 1 {
		return few, false
	}
	return max(n, few), true
}
