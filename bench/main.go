package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/postern-mail/postern/internal/benchmail"
	"github.com/postern-mail/postern/internal/mta"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "noop" {
		fmt.Fprintln(os.Stderr, "noop:", noop(os.Args[2:]))
		os.Exit(1)
	}
	rounds := flag.Int("rounds", 9, "rounds of each measurement")
	small := flag.Int("small", 800, "messages of 10 KB a round")
	large := flag.Int("large", 400, "messages of 100 KB a round")
	var d drain
	flag.IntVar(&d.notices, "outbox", 0, "time verdicts while so many notices are sent, instead")
	flag.DurationVar(&d.lasts, "for", 5*time.Minute, "with -outbox: how long, with the notices and without")
	flag.Float64Var(&d.rate, "rate", 20, "with -outbox: messages a second, far below what can be judged")
	flag.IntVar(&d.size, "size", 10<<10, "with -outbox: octets of a message")
	flag.IntVar(&d.rounds, "repeat", 1, "with -outbox: how often both are measured, in turn")
	check := flag.Bool("check", false, "exit status 1 when a target is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	met, err := false, error(nil)
	if d.notices > 0 {
		met, err = runOutbox(ctx, d)
	} else {
		met, err = run(ctx, *rounds, []burst{{10 << 10, *small}, {100 << 10, *large}})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if *check && !met {
		os.Exit(1)
	}
}

// Burst is what one measurement sends.
type burst struct{ size, count int }

// Setup is one way that mail goes through.
type setup struct {
	name     string // of the listener and in the table
	baseline string // the set-up it is compared with
	pid      int    // of the filter; 0 without one
}

// Start starts a filter that dies with this process.
func start(log string, name string, args ...string) (*mta.Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	return mta.Bind(cmd)
}

// Answers waits until a socket takes connections.
func answers(ctx context.Context, p *mta.Process, log, network, addr string) error {
	for {
		if c, err := net.Dial(network, addr); err == nil {
			return c.Close()
		}
		select {
		case <-p.Done():
			text, _ := os.ReadFile(log)
			return fmt.Errorf("the filter ended: %s", text)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func run(ctx context.Context, rounds int, loads []burst) (met bool, err error) {
	dir, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return false, err
	}
	noopTCP, err := freePort()
	if err != nil {
		return false, err
	}
	posternTCP, err := freePort()
	if err != nil {
		return false, err
	}
	milter := func(addr string) []string { return []string{"smtpd_milters=" + addr} }
	i, err := mta.Start(ctx, mta.Options{
		Dir: filepath.Join(dir, "postfix"),
		Listeners: []mta.Listener{
			{Name: "none", Params: milter("")},
			{Name: "noop-unix", Params: milter("unix:postern/noop.sock")},
			{Name: "noop-tcp", Params: milter("inet:" + noopTCP)},
			{Name: "postern-unix", Params: milter(mta.Socket)},
			{Name: "postern-tcp", Params: milter("inet:" + posternTCP)},
		},
		// Nothing but the filters is to be waited for.
		Params: []string{"in_flow_delay=0"},
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, i.Stop()) }()

	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	log := filepath.Join(dir, "noop.log")
	n, err := start(log, self, "noop", "unix:"+filepath.Join(filepath.Dir(i.SocketPath()), "noop.sock"), "tcp:"+noopTCP)
	if err != nil {
		return false, err
	}
	defer n.Stop()
	if err := answers(ctx, n, log, "tcp", noopTCP); err != nil {
		return false, err
	}
	config, err := configure(dir, i, posternTCP)
	if err != nil {
		return false, err
	}
	log = filepath.Join(dir, "postern.log")
	p, err := start(log, "bin/postern", "serve", "--config", config)
	if err != nil {
		return false, err
	}
	defer p.Stop()
	if err := answers(ctx, p, log, "tcp", posternTCP); err != nil {
		return false, err
	}

	setups := []setup{
		{name: "none"},
		{name: "noop-unix", baseline: "none", pid: n.PID()},
		{name: "noop-tcp", baseline: "none", pid: n.PID()},
		{name: "postern-unix", baseline: "noop-unix", pid: p.PID()},
		{name: "postern-tcp", baseline: "noop-tcp", pid: p.PID()},
	}
	fmt.Printf("Postfix %s, %s, %d processors, %d sessions, median of %d interleaved rounds (least to most).\n\n", i.Version(), runtime.Version(), runtime.NumCPU(), sessions, rounds)
	r := newReport()
	for _, l := range loads {
		wire := wire(l.size)
		for round := range rounds + 1 {
			for k := range setups {
				s := setups[(k+round)%len(setups)]
				m, err := measure(ctx, i, s, wire, l.count)
				if err != nil {
					return false, fmt.Errorf("%s: %w", s.name, err)
				}
				if round > 0 { // the first warms up
					r.add(l.size, s.name, m)
				}
			}
		}
		if err := matched(ctx, log, l.count*(rounds+1)*2); err != nil {
			return false, err
		}
	}
	r.print(os.Stdout, setups)
	return r.targets(os.Stdout), nil
}

// Measurement is what one load through one set-up came to.
type measurement struct {
	rate float64 // messages a second
	cpu  float64 // milliseconds of the filter a message
}

func measure(ctx context.Context, i *mta.Instance, s setup, wire [][]byte, count int) (measurement, error) {
	before, err := cpuTime(s.pid)
	if err != nil {
		return measurement{}, err
	}
	begun := time.Now()
	if err := load(ctx, i.Addr(s.name), wire, count); err != nil {
		return measurement{}, err
	}
	took := time.Since(begun)
	after, err := cpuTime(s.pid)
	if err != nil {
		return measurement{}, err
	}
	// Discarding what is queued would fall into the next measurement.
	if err := settled(ctx, i); err != nil {
		return measurement{}, err
	}
	return measurement{rate: float64(count) / took.Seconds(), cpu: float64(after-before) / float64(time.Millisecond) / float64(count)}, nil
}

// Settled waits until the queue is empty.
func settled(ctx context.Context, i *mta.Instance) error {
	for {
		n := 0
		for _, q := range []string{"incoming", "active"} {
			files, err := os.ReadDir(filepath.Join(i.QueueDir(), q))
			if err != nil {
				return err
			}
			n += len(files)
		}
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// CPUTime is the time that a process and its children have had of the processors,
// in user and system mode; in steps of the kernel's 10 ms. None for pid 0.
func cpuTime(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Behind the name in brackets: state is field 3, utime 14, stime 15, and then
	// those of children that ended.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, f := range fields[11:15] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		ticks += n
	}
	all := time.Duration(ticks) * 10 * time.Millisecond
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue // the thread ended
		}
		for _, child := range strings.Fields(string(children)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return 0, err
			}
			if t, err := cpuTime(n); err == nil { // else it ended, and is counted above the next time
				all += t
			}
		}
	}
	return all, nil
}

// Configure writes testdata/bench/postern.yaml with the addresses of this run.
func configure(dir string, i *mta.Instance, tcp string) (string, error) {
	text, err := os.ReadFile("testdata/bench/postern.yaml")
	if err != nil {
		return "", err
	}
	policies, err := filepath.Abs("testdata/bench")
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(filepath.Join(dir, "store"), 0o700); err != nil {
		return "", err
	}
	out := strings.NewReplacer(
		"UNIX", "unix:"+i.SocketPath(), "TCP", tcp, "GROUP", i.Group(),
		"STORE", filepath.Join(dir, "store"), "HERE", policies).Replace(string(text))
	file := filepath.Join(dir, "postern.yaml")
	return file, os.WriteFile(file, []byte(out), 0o644)
}

// Matched makes sure that Postern judged every message and that one in fifty
// matched, by its log, which it empties.
func matched(ctx context.Context, log string, count int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		all := strings.Count(string(text), `"event":"message"`)
		hits := all - strings.Count(string(text), `"matched":[]`)
		if all == count && hits == count/benchmail.Kinds {
			return os.Truncate(log, 0)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("postern logged %d messages of %d, and %d matched where %d should", all, count, hits, count/benchmail.Kinds)
		case <-time.After(20 * time.Millisecond): // the last lines follow the verdict
		}
	}
}
