//go:build e2e && !race

package e2e

// RaceFlag has the program built as these tests are.
var raceFlag []string
