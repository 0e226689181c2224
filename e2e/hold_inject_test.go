//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// injectErrors is how many errors `make test` injects.
const injectErrors = 300

// failure is a system call and the error it gives.
type failure struct{ call, err string }

// The system calls that make things durable, with the errors of a full and of a
// broken disk. Write and close reach sockets and the log too: what the program
// cannot say is a loss to nobody either.
var failures = []failure{
	{"fsync", "EIO"}, {"fsync", "ENOSPC"},
	{"pwrite64", "EIO"}, {"pwrite64", "ENOSPC"},
	{"renameat", "EIO"}, {"renameat", "ENOSPC"},
	{"write", "EIO"}, {"write", "ENOSPC"},
	{"unlinkat", "EIO"}, {"ftruncate", "EIO"},
}

// Whatever system call of the real binary fails, at whatever time, nothing is lost
// and nothing repeated that was not in doubt.
func TestNothingIsLostWhenTheDiskFails(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	bin, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	goal, torture := rounds(injectErrors)
	p := newPlan(failures, goal, goal >= wholeRounds)
	if torture {
		p.say = t.Logf
	}
	var (
		mu sync.Mutex
		by = map[string]int{}
	)
	sum := sideBySide(t, bin, p.end, func(t *testing.T, d *driver) {
		trace := filepath.Join(d.dir, "trace")
		for !t.Failed() {
			j, ok := p.next()
			if !ok {
				return
			}
			// The count is that of each thread, so one round may have several; every
			// second time around the call fails again and again. Write is left out
			// there: nothing would come of a process that cannot answer at all.
			f, when := j.what, fmt.Sprint(j.n)
			if j.n%2 == 0 && f.call != "write" {
				when += "+3"
			}
			d.round(bin, nil, strace, "-f", "-qq", "--seccomp-bpf", "-o", trace, "-e", "signal=none",
				"-e", "trace="+f.call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%s", f.call, f.err, when))
			text, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			hits := bytes.Count(text, []byte("(INJECTED)"))
			mu.Lock()
			by[f.call+" "+f.err] += hits
			mu.Unlock()
			p.did(j, hits > 0, hits)
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("%d errors injected, %s; nothing was met any more %d times: %v", p.made, sum, p.passes, by)
	if p.made < goal {
		t.Errorf("%d errors injected, want %d", p.made, goal)
	}
	for _, f := range failures {
		if by[f.call+" "+f.err] == 0 {
			t.Errorf("no %s of %s", f.err, f.call)
		}
	}
}
