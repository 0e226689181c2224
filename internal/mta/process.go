package mta

import (
	"bytes"
	"fmt"
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

// Grace is how long master may take to end its services.
const grace = 5 * time.Second

// Master is the process above all others of an instance. They share its process
// group.
type master struct {
	pid  int
	done chan struct{}
}

// Run starts master. It dies with this process, however that ends: master then
// gets a SIGTERM, on which it ends its group.
func run(cmd *exec.Cmd) (*master, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	m := &master{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The signal is sent when the thread that started master ends, so the
		// thread is kept as long as master lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			m.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			// How it ended is told by its log.
			_ = cmd.Wait()
		}
		close(m.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("postfix master: %w", err)
	}
	return m, nil
}

// Stop ends master and everything in its group, and returns when all are gone.
func (m *master) stop() {
	select {
	case <-m.done:
	default:
		_ = syscall.Kill(m.pid, syscall.SIGTERM)
		select {
		case <-m.done:
		case <-time.After(grace):
		}
	}
	for end := time.Now().Add(grace); time.Now().Before(end); {
		if err := syscall.Kill(-m.pid, syscall.SIGKILL); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-m.done
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
