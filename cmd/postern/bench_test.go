package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/internal/benchmail"
	"github.com/postern-mail/postern/message"
)

// benchWorld builds the world that `make bench` serves.
func benchWorld(tb testing.TB) *world {
	tb.Helper()
	root := filepath.Join("..", "..", "testdata", "bench")
	text, err := os.ReadFile(filepath.Join(root, "postern.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	here, err := filepath.Abs(root)
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	file := filepath.Join(dir, "postern.yaml")
	made := strings.NewReplacer("UNIX", "unix:"+filepath.Join(dir, "milter.sock"), "TCP", "127.0.0.1:8891", "GROUP", "root", "STORE", dir, "HERE", here).Replace(string(text))
	if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
		tb.Fatal(err)
	}
	w, _, problems, err := load(context.Background(), file, classify.Builtin())
	if w == nil {
		tb.Fatal(problems, err)
	}
	return w
}

// cpuTime is the time that this process, and those it has ended, have had of the
// processors.
func cpuTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		_ = syscall.Getrusage(who, &u) // fails for bad arguments only
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// BenchmarkJudge is what a message of `make bench` costs beside the socket: it is
// parsed, its documents read in workers, judged by the policies of testdata/bench
// and logged. The time of the
// processors has the collector's work in it, and is steadier than that of the
// clock on a machine with other work.
func BenchmarkJudge(b *testing.B) {
	w := benchWorld(b)
	w.doors = actions.DryRun{}
	g := &gate{log: newLogger(process{logFormat: "json", logLevel: zapcore.InfoLevel}, io.Discard)}
	g.live.Store(w)
	tuneCollector(w.config.process.memory)
	path, err := message.ParsePath("<anna@example.com>")
	if err != nil {
		b.Fatal(err)
	}
	to, err := message.ParsePath("<bob@customer.example>")
	if err != nil {
		b.Fatal(err)
	}
	env := message.Envelope{ReversePath: path, Recipients: []message.Recipient{{Raw: "<bob@customer.example>", Path: to}}, Listener: "postern-unix", QueueID: "4Queue"}
	for _, size := range []int{10 << 10, 100 << 10, 1 << 20} {
		all := benchmail.Messages(size)
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			docs, err := newDocuments(w.config.process.readers, nil)
			if err != nil {
				b.Fatal(err)
			}
			docs.serveWorld(&w.rules)
			budget := message.NewBudget(512<<20, b.TempDir())
			b.SetBytes(int64(size))
			b.ReportAllocs()
			k, before := 0, cpuTime()
			for b.Loop() {
				m, err := message.Read(env, bytes.NewReader(all[k%len(all)]), budget, message.DefaultLimits)
				if err != nil {
					b.Fatal(err)
				}
				out := g.Judge(context.Background(), m)
				g.Done(m, out, time.Millisecond, nil)
				if err := m.Close(); err != nil {
					b.Fatal(err)
				}
				k++
			}
			if err := docs.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}
