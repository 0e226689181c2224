package actions

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/internal/benchmail"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func benchFiles() (files []rules.File) {
	for name, text := range benchmail.Policies() {
		files = append(files, rules.File{Name: name, Data: []byte(text)})
	}
	slices.SortFunc(files, func(a, b rules.File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// benchPeople has 200 people in as many groups as the policies name.
func benchPeople(tb testing.TB) *directory.File {
	tb.Helper()
	var b strings.Builder
	b.WriteString("people:\n  - {address: anna@example.com, logins: [anna]}\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  - {address: person%d@example.com}\n", i)
	}
	b.WriteString("groups:\n  - {address: staff@example.com, members: [anna@example.com")
	for i := range 200 {
		fmt.Fprintf(&b, ", person%d@example.com", i)
	}
	b.WriteString("]}\n")
	for u := range benchmail.Rules / 20 {
		fmt.Fprintf(&b, "  - {address: unit%02d@example.com, members: [person%d@example.com, person%d@example.com]}\n", u, u, u+30)
	}
	people, problems := directory.LoadFile("people.yaml", []byte(b.String()))
	if people == nil {
		tb.Fatal(problems)
	}
	return people
}

// cpu is the time that the process has had of the processors.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for bad arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRun600Rules is what 600 rules cost for a message of 100 KB to 50
// recipients, beside what is done once for the message whatever the rules: parsing
// it, reading its parts and looking for types in them.
func BenchmarkRun600Rules(b *testing.B) {
	people := benchPeople(b)
	set, problems := Load(benchFiles(), rules.Vocabulary{Types: classify.Builtin(), Directory: people})
	if set == nil {
		b.Fatal(problems)
	}
	world := houseWorld(people)
	engine := NewEngine(Settings{})
	var to []string
	for i := range 25 {
		to = append(to, fmt.Sprintf("person%d@example.com", i), fmt.Sprintf("buyer%d@customer%d.example", i, i%7))
	}
	env := messageTo(nil, to...).Envelope
	env.ReversePath = messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path
	env.Authenticated = "anna"
	all := benchmail.Messages(100 << 10)
	var spent time.Duration
	b.ReportAllocs()
	for k := 0; b.Loop(); k++ {
		m, err := message.Read(env, bytes.NewReader(all[k%len(all)]), nil, message.DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		scan := rules.NewScan(world, m)
		scan.Detections(context.Background())
		before := cpu()
		d := engine.Run(context.Background(), set, scan, DryRun{})
		spent += cpu() - before
		if d.Err != nil {
			b.Fatal(d.Err)
		}
		m.Close()
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "rules-cpu-µs/op")
}

// BenchmarkCompile600Rules is what a load of 600 rules costs, and that part of it
// which is the parsing of the files.
func BenchmarkCompile600Rules(b *testing.B) {
	files, people := benchFiles(), benchPeople(b)
	var parsing, loading time.Duration
	for b.Loop() {
		before := cpu()
		for _, f := range files {
			strictyaml.Parse(f.Name, f.Data)
		}
		parsed := cpu()
		set, problems := Load(files, rules.Vocabulary{Types: classify.Builtin(), Directory: people})
		if set == nil {
			b.Fatal(problems)
		}
		parsing += parsed - before
		loading += cpu() - parsed
	}
	b.ReportMetric(float64(parsing.Microseconds())/float64(b.N), "parse-cpu-µs/op")
	b.ReportMetric(float64((loading-parsing).Microseconds())/float64(b.N), "compile-cpu-µs/op")
}
