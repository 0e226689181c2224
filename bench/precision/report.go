package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
)

// level is one of the names of confidence.
type level int

const (
	low level = iota
	medium
	high
	levels
)

// levelOf gives the level of a confidence: up to 65 is low, up to 75 medium.
func levelOf(confidence int) level {
	switch {
	case confidence <= 65:
		return low
	case confidence <= 75:
		return medium
	}
	return high
}

// most are the marks, in detections per MB: fewer are to be found.
var most = [levels]float64{high: 1, medium: 10}

type counts [levels]int

func (c *counts) add(o counts) {
	for l := range c {
		c[l] += o[l]
	}
}

// report counts instances. Those of bundles are kept apart, for each is one of a
// member too.
type report struct {
	catalog *classify.Catalog
	show    string
	octets  map[string]int     // by part
	parts   map[string]*counts // by part
	types   map[string]*counts // by name
	bundles map[string]*counts
	sum     counts // of all but bundles
	more    counts // of bundles
}

func newReport(show string) *report {
	return &report{catalog: classify.Builtin(), show: show, octets: map[string]int{}, parts: map[string]*counts{},
		types: map[string]*counts{}, bundles: map[string]*counts{}}
}

func (r *report) scan(it item) {
	r.octets[it.part] += len(it.text)
	for _, d := range r.catalog.Scan(it.text, nil) {
		var c counts
		for _, m := range d.Matches {
			c[levelOf(m.Confidence)]++
			if levelOf(m.Confidence) > low && (r.show == "all" || r.show == d.Type.Name) {
				r.surroundings(it, d.Type.Name, m)
			}
		}
		if len(d.Type.Describe().Members) > 0 {
			at(r.bundles, d.Type.Name).add(c)
			r.more.add(c)
			continue
		}
		at(r.types, d.Type.Name).add(c)
		at(r.parts, it.part).add(c)
		r.sum.add(c)
	}
}

func at(m map[string]*counts, key string) *counts {
	if m[key] == nil {
		m[key] = &counts{}
	}
	return m[key]
}

// surroundings prints where a value was found. The texts are public.
func (r *report) surroundings(it item, name string, m classify.Match) {
	runes := []rune(it.text)
	from, to := max(0, m.Offset-100), min(len(runes), m.Offset+m.Length+60)
	one := strings.NewReplacer("\n", "⏎", "\t", "→")
	fmt.Fprintf(os.Stdout, "%s %d %s %s: %s【%s】%s\n", name, m.Confidence, it.part, it.name,
		one.Replace(string(runes[from:m.Offset])), m.Value.Reveal(), one.Replace(string(runes[m.Offset+m.Length:to])))
}

func perMB(n, octets int) float64 {
	if octets == 0 {
		return 0
	}
	return float64(n) * mega / float64(octets)
}

func (r *report) all() (octets int) {
	for _, n := range r.octets {
		octets += n
	}
	return octets
}

// met tells whether the marks are kept, bundles counted.
func (r *report) met() bool {
	for l, mark := range most {
		if mark > 0 && perMB(r.sum[l]+r.more[l], r.all()) >= mark {
			return false
		}
	}
	return true
}

func (r *report) print(w io.Writer, top int) {
	row := func(name string, octets int, c counts) {
		fmt.Fprintf(w, "| %s | %.1f | %.2f | %.2f | %.2f |\n", name, float64(octets)/mega, perMB(c[high], octets), perMB(c[medium], octets), perMB(c[low], octets))
	}
	fmt.Fprint(w, "| text | MB | high per MB | medium per MB | low per MB |\n| --- | --- | --- | --- | --- |\n")
	for _, part := range []string{partMail, partDocumentation, partSource, partTables} {
		if r.octets[part] > 0 {
			row(part, r.octets[part], *at(r.parts, part))
		}
	}
	row("all", r.all(), r.sum)
	both := r.sum
	both.add(r.more)
	row("all, with bundles", r.all(), both)

	names := make([]string, 0, len(r.types))
	for name := range r.types {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := r.types[a], r.types[b]
		return cmp.Or(cmp.Compare(y[high]+y[medium], x[high]+x[medium]), cmp.Compare(y[high], x[high]), cmp.Compare(y[low], x[low]), cmp.Compare(a, b))
	})
	fmt.Fprintf(w, "\n| type | high | medium | low |\n| --- | --- | --- | --- |\n")
	for _, name := range names[:min(top, len(names))] {
		c := r.types[name]
		fmt.Fprintf(w, "| %s | %d | %d | %d |\n", name, c[high], c[medium], c[low])
	}
}
