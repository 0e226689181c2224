package main

import (
	"fmt"
	"io"
	"slices"
)

// Report gathers measurements; those of one set-up and size stand in the order
// of the rounds.
type report struct {
	sizes []int
	by    map[int]map[string][]measurement
}

func newReport() *report { return &report{by: map[int]map[string][]measurement{}} }

func (r *report) add(size int, name string, m measurement) {
	if r.by[size] == nil {
		r.sizes = append(r.sizes, size)
		r.by[size] = map[string][]measurement{}
	}
	r.by[size][name] = append(r.by[size][name], m)
}

// Series is one figure over the rounds.
type series []float64

func (s series) median() float64 {
	c := slices.Sorted(slices.Values(s))
	if n := len(c); n%2 == 0 {
		return (c[n/2-1] + c[n/2]) / 2
	}
	return c[len(c)/2]
}

// Spread is the distance of the middle half of the rounds, as a part of the
// median.
func (s series) spread() float64 {
	c := slices.Sorted(slices.Values(s))
	return (c[len(c)*3/4] - c[len(c)/4]) / s.median()
}

func (s series) text(format string) string {
	return fmt.Sprintf(format+" ("+format+" to "+format+")", s.median(), slices.Min(s), slices.Max(s))
}

func (r *report) rates(size int, name string) series {
	var s series
	for _, m := range r.by[size][name] {
		s = append(s, m.rate)
	}
	return s
}

func (r *report) cpu(size int, name string) series {
	var s series
	for _, m := range r.by[size][name] {
		s = append(s, m.cpu)
	}
	return s
}

// Ratio compares two set-ups round by round.
func (r *report) ratio(size int, name, baseline string) series {
	var s series
	for k, m := range r.by[size][name] {
		s = append(s, m.rate/r.by[size][baseline][k].rate)
	}
	return s
}

// Print writes the table.
func (r *report) print(w io.Writer, setups []setup) {
	fmt.Fprintln(w, "| size | set-up | messages a second | of no milter | of the no-op | filter CPU a message |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- | --- |")
	for _, size := range r.sizes {
		for _, s := range setups {
			none, noop, cpu := "", "", ""
			if s.name != "none" {
				none = r.ratio(size, s.name, "none").text("%.2f")
				cpu = r.cpu(size, s.name).text("%.2f") + " ms"
			}
			if s.baseline != "none" && s.baseline != "" {
				noop = r.ratio(size, s.name, s.baseline).text("%.2f")
			}
			fmt.Fprintf(w, "| %d KB | %s | %s | %s | %s | %s |\n", size>>10, s.name, r.rates(size, s.name).text("%.0f"), none, noop, cpu)
		}
	}
	fmt.Fprintln(w)
}

// Targets writes what is asked for beside what was measured, and tells whether
// all is met. Where the rounds spread by more than a tenth, the ratio decides
// nothing and the processor time decides.
func (r *report) targets(w io.Writer) bool {
	ratio := map[int]float64{10 << 10: 0.9, 100 << 10: 0.85}
	cpu := map[int]float64{10 << 10: 1.2, 100 << 10: 2.5}
	const spread, tcp = 0.1, 0.9
	met := true
	say := func(what string, got, want, spreads float64, good, decides bool) {
		word := "met"
		switch {
		case !good && decides:
			word, met = "MISSED", false
		case !good:
			word = "missed, but the rounds spread too much to tell"
		}
		fmt.Fprintf(w, "- %s: %.2f, wanted %.2f, middle half of the rounds within %.0f %%: %s\n", what, got, want, spreads*100, word)
	}
	for _, size := range r.sizes {
		if ratio[size] == 0 {
			continue
		}
		kb := size >> 10
		s := r.ratio(size, "postern-unix", "noop-unix")
		say(fmt.Sprintf("%d KB, Postern to the no-op, at least", kb), s.median(), ratio[size], s.spread(), s.median() >= ratio[size], s.spread() <= spread)
		s = r.cpu(size, "postern-unix")
		say(fmt.Sprintf("%d KB, ms of filter CPU a message, at most", kb), s.median(), cpu[size], s.spread(), s.median() <= cpu[size], true)
		s = r.ratio(size, "postern-tcp", "postern-unix")
		say(fmt.Sprintf("%d KB, Postern over TCP to UNIX, at least", kb), s.median(), tcp, s.spread(), s.median() >= tcp, s.spread() <= spread)
	}
	return met
}
