//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// step is a line of a trace that must come, in the place where it stands.
type step struct {
	name string
	line *regexp.Regexp
}

// keepSteps are what must have ended before the next begins, from the blob to the
// rows; a verdict follows.
var keepSteps = []step{
	{"the blob is synced", regexp.MustCompile(`f(data)?sync\(\d+<[^>]*/blobs/[^>]+\.tmp>\)`)},
	{"the blob gets its name", regexp.MustCompile(`rename(at2?)?\(.*\.tmp".*/blobs/`)},
	{"the directory is synced", regexp.MustCompile(`f(data)?sync\(\d+<[^>]*/blobs/[0-9a-f]>\)`)},
	{"the rows are synced", regexp.MustCompile(`f(data)?sync\(\d+<[^>]*/store\.db-wal>\)`)},
}

// The first frame of a verdict: d of one octet discards the message, and - takes a
// recipient out of it.
var (
	discards = step{"the verdict is written", regexp.MustCompile(`(write|sendto|writev)\(\d+<(UNIX|socket|UNIX-STREAM)[^"]*\{?"?.*\\0\\0\\0\\1d`)}
	takesOut = step{"the verdict is written", regexp.MustCompile(`(write|sendto|writev)\(\d+<(UNIX|socket|UNIX-STREAM)[^"]*\{?"?\\0\\0\\0.{1,3}-<`)}
)

// whole joins the two halves of calls that were interrupted in the trace, in the
// place of the second: where the call ended.
func whole(trace string) []string {
	begun := map[string]string{} // by thread
	var lines []string
	for line := range strings.Lines(trace) {
		thread, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		if head, ok := strings.CutSuffix(rest, "<unfinished ...>"); ok {
			begun[thread] = head
			continue
		}
		if strings.HasPrefix(rest, "<... ") {
			_, end, _ := strings.Cut(rest, "resumed>")
			rest = begun[thread] + end
		}
		lines = append(lines, rest)
	}
	return lines
}

// outOfOrder gives the first step that does not come behind those before it; empty
// when all do. Behind means that nothing of it stands before the end of the step
// before.
func outOfOrder(lines []string, steps []step) string {
	from := 0
	for _, s := range steps {
		at := -1
		for n := from; n < len(lines); n++ {
			if s.line.MatchString(lines[n]) {
				at = n
				break
			}
		}
		if at < 0 {
			return s.name
		}
		from = at + 1
	}
	return ""
}

// Before the verdict of a message that is kept, whole or in part, is written, the
// blob, its name and its rows are durable, in this order.
func TestOrderOfDurability(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	bin, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	h := startHolding(t, holdingOptions{policy: outcomePolicy})
	trace := filepath.Join(h.dir, "trace")
	if !h.serve(t, bin, nil, strace, "-f", "-qq", "-y", "-s", "64", "-o", trace, "-e", "signal=none",
		"-e", "trace=fsync,fdatasync,rename,renameat,renameat2,write,writev,sendto,sendmsg") {
		t.Fatal("postern serve ended")
	}
	for _, tt := range []struct {
		mail    mail
		verdict step
	}{
		{mail{subject: "hold", to: []string{"a@partner.example"}}, discards},
		{mail{subject: "hold", to: []string{"b@partner.example"}}, discards},
		{mail{subject: "hold", to: []string{"carl@example.com", "c@partner.example"}}, takesOut},
		{mail{subject: "block", to: []string{"carl@example.com", "d@partner.example"}}, takesOut},
		{mail{subject: "mark", to: []string{"carl@example.com", "dora@example.com", "e@partner.example"}}, takesOut},
		{mail{subject: "hold", to: []string{"f@partner.example"}}, discards},
	} {
		steps := append(slices.Clone(keepSteps), tt.verdict)
		h.rest(t) // nothing of the outbox is in the trace
		before, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		h.take(t, 250, &tt.mail)
		// The client may hear before the tracer has written its line.
		var lines []string
		verdict := tt.verdict.line
		h.until(t, "the verdict is traced", func() bool {
			after, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			lines = whole(string(after[len(before):]))
			return slices.ContainsFunc(lines, verdict.MatchString)
		})
		if missing := outOfOrder(lines, steps); missing != "" {
			t.Errorf("%s to %s: not in its place: %s\n%s", tt.mail.subject, tt.mail.to, missing, tail(strings.Join(lines, "\n"), 60))
		}
		// Nothing but these steps lead to a verdict: it comes once.
		verdicts := 0
		for _, l := range lines {
			if verdict.MatchString(l) {
				verdicts++
			}
		}
		if verdicts != 1 {
			t.Errorf("%d verdicts", verdicts)
		}
		// The test itself: without any one step it fails.
		for n, s := range steps {
			var less []string
			for _, l := range lines {
				if !s.line.MatchString(l) {
					less = append(less, l)
				}
			}
			if got := outOfOrder(less, steps); got != s.name {
				t.Errorf("without step %d (%s) the trace lacks %q", n, s.name, got)
			}
		}
	}
}
