//go:build e2e

package e2e

import (
	"os"
	"strconv"
)

// rounds gives the size of a test: few for `make test`, many for `make torture`,
// which sets TORTURE_ROUNDS.
func rounds(few, many int) int {
	n, err := strconv.Atoi(os.Getenv("TORTURE_ROUNDS"))
	if err != nil || n < 1 {
		return few
	}
	return min(max(n, few), many)
}
