//go:build e2e

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var pointCall = regexp.MustCompile(`fault\.Point\("([^"]+)"\)`)

// faultPoints reads the names of all fault points from the sources.
func faultPoints(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range pointCall.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("no fault points: %v", err)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// killRounds is how many kills `make test` makes; killTime bounds the time in which
// new ones begin.
const (
	killRounds = 100
	killTime   = 90 * time.Second
)

// Killed at every point again and again, and stopped there for longer than the MTA
// waits, the program loses nothing and repeats nothing but what was cut off
// between its final dot and the record of the answer.
func TestNothingIsLostWhenKilled(t *testing.T) {
	t.Parallel()
	bin, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	d := startDriver(t)
	points := faultPoints(t)
	most := rounds(killRounds, 100_000)
	round := func(point, action string, n int) (died bool) {
		if point == "outbox.postponed" {
			defer d.shut()()
		}
		died = d.round(bin, []string{fmt.Sprintf("POSTERN_FAULT=%s:%d:%s", point, n, action)})
		if t.Failed() {
			t.FailNow()
		}
		return died
	}
	begun := time.Now()
	enough := func(made int) bool {
		return made >= most || most == killRounds && time.Since(begun) > killTime
	}

	// A point that is not passed n times in a round is not tried with more.
	kills, passed, ever := 0, map[string]int{}, map[string]bool{}
	for n := 1; n == 1 || len(passed) > 0 && !enough(kills); n++ {
		any := false
		for _, point := range points {
			if passed[point] < n-1 || enough(kills) {
				continue
			}
			died := round(point, "kill", n)
			if !died { // what is passed differs from round to round
				died = round(point, "kill", n)
			}
			if died {
				kills++
				passed[point], ever[point], any = n, true, true
			}
		}
		if !any {
			if most == killRounds {
				break
			}
			clear(passed) // and all over again
			n = 0
		}
	}
	var missed []string
	stops := 0
	for _, point := range points {
		if !ever[point] {
			missed = append(missed, point)
			continue
		}
		stops++
		if round(point, "stop", 1) {
			t.Errorf("the program ended after a stop at %s", point)
		}
	}
	d.finish(bin)
	repeated := d.count()
	t.Logf("%d kills and %d stops in %s, %d letters, %d mails of the outbox repeated; points never passed: %v",
		kills, stops, time.Since(begun).Round(time.Second), len(d.letters), repeated, missed)
	for _, p := range missed {
		if !strings.HasPrefix(p, "sweep.") {
			t.Errorf("no kill at %s", p)
		}
	}
}
