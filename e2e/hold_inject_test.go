//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// injectErrors is how many errors `make test` injects; injectTime bounds the time in
// which new ones begin.
const (
	injectErrors = 300
	injectTime   = 90 * time.Second
)

// The system calls that make things durable, with the errors of a full and of a
// broken disk. Write and close reach sockets and the log too: what the program
// cannot say is a loss to nobody either.
var failures = []struct{ call, err string }{
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
	d := startDriver(t)
	most := rounds(injectErrors, 100_000)
	begun := time.Now()
	enough := func(made int) bool {
		return made >= most || most == injectErrors && time.Since(begun) > injectTime
	}
	trace := filepath.Join(d.dir, "trace")
	injected, by, round := 0, map[string]int{}, 0
	for n := 1; !enough(injected); n++ {
		any := false
		for _, f := range failures {
			if enough(injected) {
				break
			}
			round++
			// The count is that of each thread, so one round may have several; every
			// second time around the call fails again and again. Write is left out
			// there: nothing would come of a process that cannot answer at all.
			when := fmt.Sprint(n)
			if n%2 == 0 && f.call != "write" {
				when += "+3"
			}
			d.round(bin, nil, strace, "-f", "-qq", "--seccomp-bpf", "-o", trace, "-e", "signal=none",
				"-e", "trace="+f.call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%s", f.call, f.err, when))
			text, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			hits := bytes.Count(text, []byte("(INJECTED)"))
			injected += hits
			by[f.call+" "+f.err] += hits
			any = any || hits > 0
			if t.Failed() {
				t.FailNow()
			}
		}
		if !any {
			if most == injectErrors {
				break
			}
			n = 0
		}
	}
	d.finish(bin)
	repeated := d.count()
	t.Logf("%d errors injected in %d rounds and %s, %d letters, %d mails of the outbox repeated: %v",
		injected, round, time.Since(begun).Round(time.Second), len(d.letters), repeated, by)
	for _, f := range failures[:8] {
		if by[f.call+" "+f.err] == 0 {
			t.Errorf("no %s of %s", f.err, f.call)
		}
	}
}
