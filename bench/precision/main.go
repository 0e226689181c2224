package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// mega is the number of octets in a MB.
const mega = 1_000_000

// plan is how much text of each kind there is.
type plan struct {
	mail, docs    string // folders
	all           int    // octets of text in all
	tables        int    // of which octets of generated tables
	documentation int    // and of documentation
	seed          uint64 // of the tables
}

func main() {
	var p plan
	flag.StringVar(&p.mail, "mail", "../shared/testdata-external/mime", "folder of messages; without it there is more of Go's source")
	flag.StringVar(&p.docs, "docs", "", "folder of unpacked packages (see scripts/precision.sh); without it there is more of Go's source")
	mb := flag.Int("size", 50, "MB of text: two fifths are tables, three tenths documentation")
	top := flag.Int("top", 10, "types to name")
	show := flag.String("show", "", "print the surroundings of the detections of this type, or of \"all\"")
	part := flag.String("part", "", "take this part alone: mail, documentation, source or tables")
	flag.Uint64Var(&p.seed, "seed", 1, "another seed makes other tables")
	check := flag.Bool("check", false, "exit status 1 when a target is missed")
	flag.Parse()
	p.all, p.tables, p.documentation = *mb*mega, *mb*mega*2/5, *mb*mega*3/10
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := newReport(*show)
	err := p.each(ctx, func(it item) error {
		if *part == "" || *part == it.part {
			r.scan(it)
		}
		return ctx.Err()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "precision:", err)
		os.Exit(2)
	}
	r.print(os.Stdout, *top)
	if *check && !r.met() {
		os.Exit(1)
	}
}
