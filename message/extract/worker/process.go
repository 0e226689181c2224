package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postern-mail/postern/message/extract"
)

// process is one worker as the pool sees it.
type process struct {
	cmd       *exec.Cmd
	in, out   *os.File
	said      *bufio.Reader // of out
	done      chan struct{} // closed when the process has ended and was waited for
	once      sync.Once
	documents int // read or begun
}

// programName is the name (argument 0) that a worker is started by.
const programName = "postern-reader"

// startTime bounds the start of a worker, also on a machine with much to do.
const startTime = 20 * time.Second

// self is the running program, also when its file has been replaced since.
func self() (string, error) {
	const own = "/proc/self/exe"
	if _, err := os.Stat(own); err == nil {
		return own, nil
	}
	return os.Executable()
}

// pipeRoom is how much may be on its way to a worker or from one, in octets.
const pipeRoom = 256 << 10

func startProcess(ctx context.Context, p *Pool) (*process, error) {
	return start(ctx, p, programName, strconv.FormatInt(p.o.Memory, 10))
}

// start starts this program by another name and waits until it can be asked.
func start(ctx context.Context, p *Pool, name string, args ...string) (*process, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childIn.Close()
	out, childOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer childOut.Close()
	for _, f := range []*os.File{in, out} {
		// Fewer turns are taken with more room; without it all goes on as well.
		if raw, err := f.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeRoom) })
		}
	}
	w := &process{in: in, out: out, said: bufio.NewReaderSize(out, 64<<10), done: make(chan struct{})}
	w.cmd = &exec.Cmd{
		Path:  program,
		Args:  append([]string{name}, args...),
		Env:   []string{"GOMAXPROCS=1", "GOMEMLIMIT=" + strconv.FormatInt(p.o.Memory/8*7, 10), "GOTRACEBACK=none"},
		Dir:   "/",
		Stdin: childIn, Stdout: childOut,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true},
	}
	if err := p.add(w); err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		close(w.done)
		p.running.Done()
		p.drop(w)
		return nil, err
	}
	go func() {
		defer p.running.Done()
		_ = w.cmd.Wait() // how it ended is in its state
		close(w.done)
	}()
	var h hello
	err = w.within(ctx, startTime, func() error {
		f, err := readFrame(w.said, mostHead, 0)
		if err != nil {
			return err
		}
		return f.into(kindHello, &h)
	})
	if err != nil {
		p.drop(w)
		return nil, fmt.Errorf("%w%s", err, w.state())
	}
	p.isolated(h.Isolation)
	return w, nil
}

// kill ends the process at once. It may be called at any time and twice.
func (w *process) kill() {
	w.once.Do(func() {
		if w.cmd.Process != nil {
			_ = w.cmd.Process.Kill() // it may have ended
		}
		w.in.Close()
		w.out.Close()
	})
}

// state says how the process ended.
func (w *process) state() string {
	<-w.done
	if s := w.cmd.ProcessState; s != nil {
		return " (" + s.String() + ")"
	}
	return ""
}

var (
	errOverrun = errors.New("a reader of documents went on beyond its time")
	errDied    = errors.New("a reader of documents died or said what is not understood")
)

// within does something with the pipes of the process until the time is over.
func (w *process) within(ctx context.Context, d time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		past := time.Unix(1, 0)
		_ = w.in.SetDeadline(past) // fails when it is closed, which ends the doing too
		_ = w.out.SetDeadline(past)
	})
	err := do()
	if stop() {
		return err
	}
	// The pipes are of no more use, also when all was done just in time.
	return errors.Join(errOverrun, err)
}

// shares of the time that is left: what a worker is told to keep to, and what it
// gets in the end. The rest of a first attempt is for a second one.
func shares(left time.Duration, first bool) (told, given time.Duration) {
	if first {
		return left * 6 / 10, left * 7 / 10
	}
	return left * 8 / 10, left
}

// read has a document read.
func (w *process) read(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget, first bool) (answer, error) {
	w.documents++
	deadline, _ := ctx.Deadline()
	told, given := shares(time.Until(deadline), first)
	if err := w.allow(told); err != nil {
		return answer{}, fmt.Errorf("%w: %w", errDied, err)
	}
	lim, spent := b.Limits(), b.Spent()
	var a answer
	err := w.within(ctx, given, func() error {
		j := job{Hint: hint, Limits: lim, Spent: spent, Time: told, Fallback: b.Fallback != nil}
		if err := writeFrame(w.in, kindJob, j, content); err != nil {
			return err
		}
		for {
			f, err := readFrame(w.said, mostAnswer(lim), mostFallback)
			if err != nil {
				return err
			}
			if f.kind != kindFallback || b.Fallback == nil {
				return f.into(kindAnswer, &a)
			}
			if err := w.fallBack(ctx, b, f); err != nil {
				return err
			}
		}
	})
	if err == nil {
		err = a.check(lim, max(lim.Members-spent.Members, 0))
	}
	if err != nil && !errors.Is(err, errOverrun) {
		err = fmt.Errorf("%w: %w", errDied, err)
	}
	return a, err
}

func (w *process) fallBack(ctx context.Context, b *extract.Budget, f frame) error {
	var q question
	if err := f.into(kindFallback, &q); err != nil {
		return err
	}
	if !isMediaType(q.MediaType) {
		q.MediaType = "application/octet-stream"
	}
	var r reply
	text, err := b.Fallback(ctx, f.body, q.MediaType)
	if err != nil {
		r.Error = err.Error()
	} else {
		r.Text = text
	}
	return writeFrame(w.in, kindText, r, nil)
}

// allow gives the process CPU time for one more document, in whole seconds.
func (w *process) allow(d time.Duration) error {
	pid := w.cmd.Process.Pid
	var used unix.Timespec
	// The clock of another process's CPU time (clock_getcpuclockid(3)).
	if err := unix.ClockGettime(int32(^pid<<3|2), &used); err != nil {
		return err
	}
	seconds := uint64(used.Sec) + uint64(d/time.Second) + 2
	return unix.Prlimit(pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: unix.RLIM_INFINITY}, nil)
}
