// Command compare measures the classifier with all built-in types beside matchers
// that know no types: Go's regexp and the set of go-re2 with the expressions of
// patterns.txt, and a program in C that runs the same expressions with Hyperscan and
// the places of the matches. All read the same texts, one after the other in each
// round, and the processor's time counts. scripts/compare.sh builds and runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	re2 "github.com/wasilibs/go-re2/experimental"

	"github.com/postern-mail/postern/classify"
)

func main() {
	patterns := flag.String("patterns", "patterns.txt", "expressions, one a line")
	hyperscan := flag.String("hyperscan", "", "the program in C; without it, it is left out")
	rounds := flag.Int("rounds", 5, "rounds; the median counts")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := run(*patterns, *hyperscan, *rounds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// matcher gives the processor's seconds it takes for a text.
type matcher struct {
	name string
	run  func(path, text string) (float64, error)
}

func run(patterns, hyperscan string, rounds int, texts []string) error {
	data, err := os.ReadFile(patterns)
	if err != nil {
		return err
	}
	exprs := strings.Split(strings.TrimSpace(string(data)), "\n")
	matchers := []matcher{{"Postern, all types", timed(func(text string) { types.Scan(text, nil) })}}
	var each []*regexp.Regexp
	for _, x := range exprs {
		re, err := regexp.Compile(x)
		if err != nil {
			return err
		}
		each = append(each, re)
	}
	matchers = append(matchers, matcher{"Go regexp, one by one", timed(func(text string) {
		for _, re := range each {
			re.FindAllStringIndex(text, -1)
		}
	})})
	set, err := re2.CompileSetWithOptions(exprs, re2.CompileOptions{MaxMem: 64 << 20})
	if err != nil {
		return err
	}
	const piece = 1024
	matchers = append(matchers, matcher{"go-re2 set, which match in 1 KB", timed(func(text string) {
		for at := 0; at < len(text); at += piece {
			set.FindAllString(text[at:min(len(text), at+piece)], len(exprs))
		}
	})})
	if hyperscan != "" {
		matchers = append(matchers, matcher{"Hyperscan, with offsets", func(path, _ string) (float64, error) {
			out, err := exec.Command(hyperscan, patterns, path).Output()
			if err != nil {
				return 0, fmt.Errorf("%s: %w", hyperscan, err)
			}
			return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		}})
	}
	return report(matchers, rounds, texts)
}

var types = classify.Builtin()

// timed measures passes over a text until they have taken long enough.
func timed(pass func(text string)) func(path, text string) (float64, error) {
	return func(_, text string) (float64, error) {
		const least = 0.2
		pass(text)
		start := processorTime()
		for n := 1.0; ; n++ {
			pass(text)
			if spent := processorTime() - start; spent >= least {
				return spent / n, nil
			}
		}
	}
}

// processorTime gives the seconds of the processor this process has taken.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func report(matchers []matcher, rounds int, paths []string) error {
	seconds := make([][][]float64, len(matchers)) // by matcher and text
	texts := make([]string, len(paths))
	for i, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		texts[i] = string(data)
	}
	for i := range matchers {
		seconds[i] = make([][]float64, len(paths))
	}
	for range rounds {
		for t, p := range paths {
			for i, m := range matchers {
				s, err := m.run(p, texts[t])
				if err != nil {
					return err
				}
				seconds[i][t] = append(seconds[i][t], s)
			}
		}
	}
	fmt.Print("| matcher, MB/s |")
	for _, p := range paths {
		fmt.Printf(" %s |", strings.TrimSuffix(filepath.Base(p), ".txt"))
	}
	fmt.Printf("\n|%s\n", strings.Repeat(" --- |", len(paths)+1))
	for i, m := range matchers {
		fmt.Printf("| %s |", m.name)
		for t, s := range seconds[i] {
			slices.Sort(s)
			rate := func(at int) float64 { return float64(len(texts[t])) / 1e6 / s[at] }
			fmt.Printf(" %.3g (%.3g to %.3g) |", rate(len(s)/2), rate(len(s)-1), rate(0))
		}
		fmt.Println()
	}
	return nil
}
