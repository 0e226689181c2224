package classify

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// BenchmarkCompile reads and compiles all built-in types.
func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		defs, _, _ := loadBuiltin()
		if _, err := compile(defs, Placeholders{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCatalogueMemory reports what the catalogue of all types takes.
func BenchmarkCatalogueMemory(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		defs, _, _ := loadBuiltin()
		c, err := compile(defs, Placeholders{})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
		runtime.KeepAlive(c)
		runtime.KeepAlive(defs)
	}
}

// manyCustom gives a catalogue with 100 expressions, half of them without a
// literal, and a dictionary of 100,000 terms besides the built-in types, and a
// text in which each expression matches about once in 100 KB.
func manyCustom(tb testing.TB, size int) (*Catalog, string) {
	tb.Helper()
	var types, terms strings.Builder
	types.WriteString("types:\n")
	hit := make([]string, 100)
	for i := range hit {
		expr := fmt.Sprintf(`\b%c%c%c-\d{%d}\b`, 'A'+i%26, 'A'+i*7%26, 'A'+i*11%26, 5+i/26)
		hit[i] = fmt.Sprintf("%c%c%c-%s", 'A'+i%26, 'A'+i*7%26, 'A'+i*11%26, "123456789"[:5+i/26])
		if i%2 == 1 {
			expr = fmt.Sprintf(`\b[A-C]%c\d{4}[%c-Z]%d\b`, 'A'+i%26, 'D'+i%8, i%10)
			hit[i] = fmt.Sprintf("B%c4711Z%d", 'A'+i%26, i%10)
		}
		fmt.Fprintf(&types, "  - {type: Own %d, id: 'postern:own-%d', recommendedConfidence: 75, proximity: 300, primaries: {x: {regex: '%s'}}, patterns: [{confidence: 75, primary: x}]}\n", i, i, expr)
	}
	types.WriteString("  - {type: Own terms, id: 'postern:own-terms', recommendedConfidence: 75, proximity: 300, primaries: {x: {dictionary: terms.txt}}, patterns: [{confidence: 75, primary: x}]}\n")
	r := rand.New(rand.NewPCG(7, 8))
	for range 100_000 {
		fmt.Fprintf(&terms, "%s%c%c%s %s\n", proseWords[r.IntN(len(proseWords))], 'a'+rune(r.IntN(26)), 'a'+rune(r.IntN(26)), proseWords[r.IntN(len(proseWords))], proseWords[r.IntN(len(proseWords))])
	}
	c, problems := With([]File{{"types.yaml", []byte(types.String())}}, func(string) ([]byte, error) { return []byte(terms.String()), nil })
	if c == nil {
		tb.Fatal(problems)
	}
	var b strings.Builder
	text := prose(size)
	const gap = 1000 // 100 expressions, each once in 100 KB
	for i := 0; i < len(text); i += gap {
		b.WriteString(text[i:min(len(text), i+gap)])
		b.WriteString(" " + hit[i/gap%len(hit)] + " ")
	}
	return c, b.String()
}

// BenchmarkScanCustom has all built-in types, 100 expressions and a dictionary.
func BenchmarkScanCustom(b *testing.B) {
	c, text := manyCustom(b, 256<<10)
	benchText(b, c, text)
}
