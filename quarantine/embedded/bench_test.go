package embedded

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

// BenchmarkCommit holds messages of 20 kB, each with a notice, a fingerprint and a
// record, from one and from many sessions at once.
func BenchmarkCommit(b *testing.B) {
	for _, sessions := range []int{1, 8, 40} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			s := open(b, Options{
				Dir:   filepath.Join(b.TempDir(), "store"),
				Quota: quarantine.Quota{SenderBytes: 1 << 40, Bytes: 1 << 40, Reserve: 1 << 20},
			})
			body := bytes.Repeat([]byte("Twenty characters.\r\n"), 1000)
			var next atomic.Int64
			var workers sync.WaitGroup
			b.ResetTimer()
			for range sessions {
				workers.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						id := fmt.Sprint("m", n)
						c := storetest.Held(id)
						c.Blobs[0].Data = body
						notice := storetest.Mailed("n" + id)
						c.Blobs, c.Entries = append(c.Blobs, notice.Blobs...), notice.Entries
						c.Fingerprints = []quarantine.Fingerprint{{
							Digest: id, Outcome: "held", Item: id, At: start, Expires: start.Add(time.Hour), Unless: start.Add(-time.Hour),
						}}
						if err := s.Commit(b.Context(), c); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			workers.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "held/s")
		})
	}
}

// BenchmarkAppend writes one record at a time.
func BenchmarkAppend(b *testing.B) {
	s := open(b, Options{Dir: b.TempDir()})
	records := storetest.Held("1").Records
	for b.Loop() {
		if err := s.Append(b.Context(), records...); err != nil {
			b.Fatal(err)
		}
	}
}
