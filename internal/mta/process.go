package mta

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Grace is how long a program may take to end.
const grace = 10 * time.Second

// Process is a program that was started with Bind.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// Bind starts a program in a process group of its own, so that a Ctrl-C at the
// terminal is left to this process. However this process ends, the program then
// gets a SIGTERM, unless it has changed its user.
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
		if err := syscall.Kill(-p.PID(), syscall.SIGKILL); err != nil || !running(p.PID()) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-p.done
}

// Kill ends the program and its process group with SIGKILL at once. It returns when
// all are gone, and may be called twice.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	p.Stop()
}

// running tells whether a process group has a process that has not ended. One that
// ended and was not waited for by its parent is in the group, too; init may let it
// wait for seconds.
func running(group int) bool {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return true
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // ended just now
		}
		// The name of the program, in brackets, may hold anything.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && fields[0] != "Z" && fields[0] != "X" {
			return true
		}
	}
	return false
}

// Watch ends an instance when this process ends without Stop, however that comes:
// master clears the parent-death signal of Bind when it changes users. The
// watcher reads from a pipe whose other end only this process holds; a line
// dismisses it, the end of the file sets it to work.
const watch = `read -r line && exit 0
kill -TERM "$1" 2>/dev/null
for n in 1 2 3 4 5 6 7 8 9 10; do
	kill -0 "$1" 2>/dev/null || break
	sleep 0.5
done
kill -KILL -- "-$1" 2>/dev/null
[ -z "$2" ] || rm -rf "$2"
`

// Watcher is a shell that runs watch.
type watcher struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// StartWatcher watches over the process group of master. Dir, when not empty, is
// removed too.
func startWatcher(group int, dir string) (*watcher, error) {
	w := &watcher{cmd: exec.Command("/bin/sh", "-c", watch, "sh", strconv.Itoa(group), dir)}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if w.pipe, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return w, w.cmd.Start()
}

// Dismiss ends the watcher.
func (w *watcher) dismiss() {
	_, _ = io.WriteString(w.pipe, "dismissed\n")
	_ = w.cmd.Wait()
}
