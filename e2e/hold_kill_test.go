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
	"sync"
	"testing"
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

// killRounds is how many kills `make test` makes.
const killRounds = 100

// ending is what happens to the program at a point.
type ending struct{ point, action string }

// Killed at every point again and again, and stopped there for longer than the MTA
// waits, the program loses nothing and repeats nothing but what was cut off
// between its final dot and the record of the answer.
func TestNothingIsLostWhenKilled(t *testing.T) {
	t.Parallel()
	bin, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	var all []ending
	for _, action := range []string{"kill", "stop"} {
		for _, point := range faultPoints(t) {
			all = append(all, ending{point, action})
		}
	}
	goal, torture := rounds(killRounds)
	p := newPlan(all, goal, goal >= wholeRounds)
	if torture {
		p.say = t.Logf
	}
	// A stop takes as long as the MTA waits: once is enough where there is no time.
	p.once = func(e ending) bool { return e.action == "stop" && !torture }
	var (
		mu  sync.Mutex
		met = map[ending]int{}
	)
	sum := sideBySide(t, bin, p.end, func(t *testing.T, d *driver) {
		for !t.Failed() {
			j, ok := p.next()
			if !ok {
				return
			}
			open := func() {}
			if j.what.point == "outbox.postponed" {
				open = d.shut()
			}
			died, stopped := d.round(bin, []string{fmt.Sprintf("POSTERN_FAULT=%s:%d:%s", j.what.point, j.n, j.what.action)})
			open()
			kills := 0
			switch {
			case j.what.action == "kill" && died:
				kills = 1
			case died:
				t.Errorf("the program ended after a stop at %s", j.what.point)
			}
			if died || stopped {
				mu.Lock()
				met[j.what]++
				mu.Unlock()
			}
			p.did(j, died || stopped, kills)
		}
	})
	if t.Failed() {
		return
	}
	stops, missed := 0, []string(nil)
	for _, e := range all {
		switch {
		case met[e] == 0:
			missed = append(missed, e.action+" at "+e.point)
		case e.action == "stop":
			stops += met[e]
		}
	}
	t.Logf("%d kills and %d stops, %s; nothing was met any more %d times; never met: %q", p.made, stops, sum, p.passes, missed)
	if p.made < goal {
		t.Errorf("%d kills, want %d", p.made, goal)
	}
	for _, m := range missed {
		if !strings.Contains(m, " at sweep.") {
			t.Errorf("no %s", m)
		}
	}
}
