package fault_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-mail/postern/internal/fault"
)

const spec = "POSTERN_TEST_SPEC"

// TestMain makes the test binary, given a specification, a process that passes the
// points a, b, a, b.
func TestMain(m *testing.M) {
	s := os.Getenv(spec)
	if s == "" {
		os.Exit(m.Run())
	}
	point, err := fault.Parse(s)
	if err != nil {
		os.Exit(9)
	}
	for _, name := range []string{"a", "b", "a", "b"} {
		_, _ = os.Stdout.WriteString(name)
		point(name)
	}
}

func TestPoints(t *testing.T) {
	for _, test := range []struct {
		spec, passed string
		killed       bool
		says         string
	}{
		{"a:1:kill", "a", true, ""},
		{"b:2:kill", "abab", true, ""},
		{"*:3:kill", "aba", true, ""},
		{"b:3:kill", "abab", false, ""},
		{"c:1:kill", "abab", false, ""},
		{"b:1:panic", "ab", false, "fault at b"},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), spec+"="+test.spec)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		var exit *exec.ExitError
		killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if string(out) != test.passed || killed != test.killed || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%s: passed %q, killed %t, said %q", test.spec, out, killed, stderr.String())
		}
	}
}

// A stopped process goes on where it was.
func TestStop(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), spec+"=b:1:stop")
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("status %v, %v", status, err)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || out.String() != "abab" {
		t.Errorf("passed %q, %v", out.String(), err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "a", "a:1", "a:0:kill", "a:x:kill", ":1:kill", "a:1:wait", "a:1:kill:2"} {
		if _, err := fault.Parse(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
