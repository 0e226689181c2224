package classify

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The texts are generated from a fixed seed, so that figures can be compared.

var proseWords = strings.Fields(`the of and to in a is that for it as was with be by on not he his but at are this
have from or had an they which one you were all her she there would their we him been has when who will no more if out
so up said what its about than into them can only other time new some could these two may first then do any like my now
over such our man me even most made after also did many off before must well back through years much where your way down
should because long each just state those people too mr how little good world make very year still see work such own
committee delivery quarterly meeting customer agreement schedule department information president government`)

// prose gives about n octets of ordinary English: sentences with capitals and
// punctuation, now and then a year, a date, a time or an amount.
func prose(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		words := 6 + r.IntN(14)
		for i := range words {
			w := proseWords[r.IntN(len(proseWords))]
			if i == 0 || r.IntN(25) == 0 {
				w = strings.ToUpper(w[:1]) + w[1:]
			}
			switch r.IntN(120) {
			case 0:
				w = fmt.Sprint(1950 + r.IntN(80))
			case 1:
				w = fmt.Sprintf("%d/%d/%d", 1+r.IntN(12), 1+r.IntN(28), 2000+r.IntN(25))
			case 2:
				w = fmt.Sprintf("$%d.%02d", r.IntN(900), r.IntN(100))
			case 3:
				w = fmt.Sprintf("%d:%02d", r.IntN(24), r.IntN(60))
			case 4:
				w = []string{"NASA", "USA", "PDF", "HR", "Q3", "BIC"}[r.IntN(6)]
			}
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w)
			if i > 2 && r.IntN(9) == 0 {
				b.WriteByte(',')
			}
		}
		b.WriteString([]string{". ", ". ", "? ", ".\n", ".\n\n"}[r.IntN(5)])
	}
	return b.String()[:n]
}

// invoices gives about n octets of invoice lines with numbers of 9 to 16 digits,
// some of them cards.
func invoices(n int) string {
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	for b.Len() < n {
		card := fmt.Sprintf("4%014d", r.Int64N(1e14))
		if r.IntN(10) == 0 {
			for d := range 10 {
				if full := fmt.Sprint(card, d); luhn([]byte(full)) {
					card = full
				}
			}
		}
		fmt.Fprintf(&b, "Invoice %09d customer %d order %d-%d amount %d.%02d account %s paid %d/%02d\n",
			r.IntN(1e9), 1e9+r.Int64N(9e9), r.IntN(900), r.IntN(1e9), r.IntN(90000), r.IntN(100), card, 1+r.IntN(28), 1+r.IntN(12))
	}
	return b.String()[:n]
}

func benchScan(b *testing.B, text string) {
	c := Builtin()
	benchText(b, c, text)
}

// benchText reports the speed by the processor's time besides that by the clock,
// which others who use the machine lengthen.
func benchText(b *testing.B, c *Catalog, text string) {
	c.Scan(text, nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	start, n := processorTime(b), 0
	for b.Loop() {
		c.Scan(text, nil)
		n++
	}
	b.ReportMetric(float64(n)*float64(len(text))/1e6/(processorTime(b)-start).Seconds(), "cpu-MB/s")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkScanCleanEnglish(b *testing.B) { benchScan(b, prose(256<<10)) }
func BenchmarkScanClean1KB(b *testing.B)     { benchScan(b, prose(1<<10)) }
func BenchmarkScanClean1MB(b *testing.B)     { benchScan(b, prose(1<<20)) }
func BenchmarkScanNumberDense(b *testing.B)  { benchScan(b, invoices(256<<10)) }

// BenchmarkScanOneCard has one number in a mail's worth of prose: the keywords
// are looked for in its neighbourhood only.
func BenchmarkScanOneCard(b *testing.B) {
	text := prose(32 << 10)
	benchScan(b, text[:16<<10]+" 4111111111111111 "+text[16<<10:])
}

// BenchmarkScanCleanGerman has letters beyond ASCII.
func BenchmarkScanCleanGerman(b *testing.B) {
	benchScan(b, strings.NewReplacer("e", "ä", "th", "ß").Replace(prose(256<<10)))
}

func benchWords(n int) []string {
	r := rand.New(rand.NewPCG(5, 6))
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("%s %s %c%s", proseWords[r.IntN(len(proseWords))], proseWords[r.IntN(len(proseWords))], 'a'+rune(r.IntN(26)), "zq")
	}
	return words
}

func benchFind(b *testing.B, words int, size int) {
	w, err := NewWords(benchWords(words))
	if err != nil {
		b.Fatal(err)
	}
	text := prose(size)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if word, found := w.Find(text); found {
			b.Fatal("found", word)
		}
	}
}

func BenchmarkWords20Subject(b *testing.B)  { benchFind(b, 20, 60) }
func BenchmarkWords600Body1MB(b *testing.B) { benchFind(b, 600, 1<<20) }

// TestWriteBenchTexts writes the texts of the benchmarks to a folder, for programs
// that are measured beside them.
func TestWriteBenchTexts(t *testing.T) {
	dir := os.Getenv("POSTERN_BENCH_TEXTS")
	if dir == "" {
		t.Skip("POSTERN_BENCH_TEXTS names no folder")
	}
	for name, text := range map[string]string{"clean-english": prose(1 << 20), "mail-mix": mailMix(1 << 20), "number-dense": invoices(1 << 20)} {
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
