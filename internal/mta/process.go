package mta

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Prefix begins the names of temporary folders.
const prefix = "postern-mta-"

// Grace is how long a program may take to end.
const grace = 10 * time.Second

// Process is a program that was started with Bind.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// Bind starts a program in a process group of its own, so that a Ctrl-C at the
// terminal is left to this process. However this process ends, the program then
// gets a SIGTERM.
func Bind(cmd *exec.Cmd) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The signal is sent when the thread that started the program ends, so the
		// thread is kept as long as the program runs.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			// How it ended is told by ExitCode.
			_ = cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the process identifier.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode is the exit status of a program that has ended, -1 when a signal
// ended it.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Signal sends a signal.
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Stop ends the program with SIGTERM and, when that does not help in time, it and
// its process group with SIGKILL. It returns when all are gone, and may be called
// twice.
func (p *Process) Stop() {
	select {
	case <-p.done:
	default:
		_ = p.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(grace):
		}
	}
	for end := time.Now().Add(grace); time.Now().Before(end); {
		if err := syscall.Kill(-p.PID(), syscall.SIGKILL); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-p.done
}

// Sweep removes the temporary folders of processes that were killed before they
// could.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "made-by"))
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			_ = os.RemoveAll(dir)
		}
	}
}
