package worker

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postern-mail/postern/message/extract"
)

// prose makes words that compress about as text does.
func prose(octets int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < octets {
		for range 3 + r.IntN(7) {
			b.WriteByte("etaoinshrdlucmfw"[r.IntN(16)])
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// BenchmarkRead reads Word documents here and in a worker: the difference is what
// the isolation costs. The time of the processors is that of both processes.
func BenchmarkRead(b *testing.B) {
	for _, size := range []struct {
		name   string
		octets int
	}{{"4KB", 6 << 10}, {"100KB", 180 << 10}} {
		content := word(b, prose(size.octets))
		b.Run(size.name+"/process", func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			before := ownTime()
			for b.Loop() {
				extract.Extract(b.Context(), content, extract.Hint{}, extract.Limits{})
			}
			b.ReportMetric(float64((ownTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
		b.Run(size.name+"/worker", func(b *testing.B) {
			p := newPool(b, Options{Workers: 1, Documents: 1 << 30}, programName)
			if _, err := p.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			w := p.idle[0]
			used := func() time.Duration { return ownTime() + timeOf(b, w.cmd.Process.Pid) }
			b.SetBytes(int64(len(content)))
			before, own := used(), ownTime()
			for b.Loop() {
				d, err := p.Read(b.Context(), content, extract.Hint{}, extract.NewBudget(extract.Limits{}))
				if err != nil || d.Status != extract.Complete {
					b.Fatal(d.Status, err)
				}
			}
			b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64((ownTime()-own).Microseconds())/float64(b.N), "own-µs/op")
		})
	}
}

// BenchmarkStart is what a new worker costs: one for every 1000 documents.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := New(Options{Workers: 1})
		if _, err := p.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// ownTime is the time that this process has had of the processors.
func ownTime() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u) // fails for bad arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timeOf is that of another process.
func timeOf(b *testing.B, pid int) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
