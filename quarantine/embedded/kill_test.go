package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-mail/postern/internal/fault"
)

// These make the test binary the process that is killed.
const (
	helperDir    = "POSTERN_TEST_STORE"
	helperFault  = "POSTERN_TEST_FAULT"
	helperAlerts = "POSTERN_TEST_ALERTS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		if spec := os.Getenv(helperAlerts); spec != "" {
			if err := matchAlone(dir, spec); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(metErrors)
			}
			os.Exit(0)
		}
		os.Exit(helper(dir, os.Getenv(helperFault)))
	}
	os.Exit(m.Run())
}

// metErrors is the exit status of a helper whose workload met errors.
const metErrors = 3

// helper runs the workload and says on its output what was promised. It names each
// fault point passed, too.
func helper(dir, spec string) int {
	if spec != "" {
		act, err := fault.Parse(spec)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		fault.Point = act
	} else {
		fault.Point = func(name string) { fmt.Println("point", name) }
	}
	s, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return metErrors
	}
	w := workload{promised: func(what string) { fmt.Println("promised", what) }}
	w.run(context.Background(), s)
	if err := errors.Join(append(w.errs, s.Close())...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return metErrors
	}
	return 0
}

// runHelper runs the helper and gives what it promised and the points it passed.
func runHelper(t *testing.T, dir, spec string) (w *workload, points []string, killed bool) {
	t.Helper()
	return runCommand(t, dir, spec, exec.Command(os.Args[0]))
}

// runCommand runs the helper by the given command. A helper that met errors, and
// said so, is no failure of the test.
func runCommand(t *testing.T, dir, spec string, cmd *exec.Cmd) (w *workload, points []string, killed bool) {
	t.Helper()
	cmd.Env = append(os.Environ(), helperDir+"="+dir, helperFault+"="+spec)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		killed = true
	case errors.As(err, &exit) && exit.ExitCode() == metErrors:
	default:
		t.Fatalf("%s: %v: %s", spec, err, stderr.String())
	}
	w = &workload{}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "promised":
			w.promise(rest)
		case "point":
			points = append(points, rest)
		}
	}
	return w, points, killed
}

// The process is killed at the first and at the last pass of every fault point, and at
// every pass in a long run: what it had promised is there when the store is opened
// again, and nothing is half there.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	_, points, killed := runHelper(t, vacant(t), "")
	if killed || len(points) == 0 {
		t.Fatalf("undisturbed: killed %t, points %v", killed, points)
	}
	names := map[string]bool{}
	for _, p := range points {
		names[p] = true
	}
	for _, name := range []string{
		"hold.blob.created", "hold.blob.written", "hold.blob.synced", "hold.blob.renamed", "hold.blob.durable",
		"store.rows.written", "store.rows.committed", "hold.durable", "release.decided", "expiry.decided", "decision.durable",
		"alert.told", "outbox.leased", "outbox.finished", "outbox.blob.removed", "sweep.rows.durable", "sweep.blob.removed",
	} {
		if !names[name] {
			t.Errorf("the workload does not pass %s", name)
		}
	}
	// One more pass than there are must not kill: every point was tried.
	for n := 1; n <= len(points)+1; n++ {
		if !long && n <= len(points) && slices.Contains(points[:n-1], points[n-1]) && slices.Contains(points[n:], points[n-1]) {
			continue
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			dir := vacant(t)
			w, _, killed := runHelper(t, dir, fmt.Sprintf("%s:%d:kill", fault.Any, n))
			if killed != (n <= len(points)) {
				t.Errorf("killed: %t", killed)
			}
			w.inspect(t, dir)
		})
	}
}

// The system refuses the n-th call of a kind, to files and database alike, as the
// disk might: what was promised is there when the store is opened again.
func TestInjectedErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %s", out)
	}
	// strace counts for each thread; these counts reach the openings, the commits and
	// the closing.
	for _, call := range []string{"fsync", "pwrite64", "renameat", "openat"} {
		for i, errno := range []string{"EIO", "ENOSPC"} {
			for j, n := range []int{1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233} {
				switch {
				case call == "openat" && n < 13:
					continue // the program itself is being loaded
				case call != "pwrite64" && n > 34:
					continue // there are not so many
				case !long && (i+j)%2 == 0:
					continue // the other error is tried
				}
				t.Run(fmt.Sprintf("%s %s %d", call, errno, n), func(t *testing.T) {
					t.Parallel()
					dir := filepath.Join(scratch(t), "store")
					inject := fmt.Sprintf("inject=%s:error=%s:when=%d", call, errno, n)
					w, _, _ := runCommand(t, dir, "never:1:kill",
						exec.Command(strace, "-f", "-o", os.DevNull, "-e", "trace="+call, "-e", inject, os.Args[0]))
					w.inspect(t, dir)
				})
			}
		}
	}
}
