package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mta"
)

// Every example message is shown, and every row says what becomes of it.
func TestTableOfExamplesIsComplete(t *testing.T) {
	rows, err := readRows("../examples/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, r := range rows {
		shown[r.Message] = true
		if _, err := os.Stat(filepath.Join("../examples/messages", r.Message)); err != nil {
			t.Error(err)
		}
		if (r.Verdict == "deliver" || r.Release) != (r.Sink != nil) || r.Reply == "" || len(r.To) == 0 ||
			r.Report != nil && len(r.Report.Refused) == 0 {
			t.Errorf("the row of %s (%s) is not complete", r.Message, r.Says)
		}
	}
	files, err := filepath.Glob("../examples/messages/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no messages:", err)
	}
	for _, f := range files {
		if !shown[filepath.Base(f)] {
			t.Errorf("%s is in no row", f)
		}
	}
}

func TestReplyInOneLine(t *testing.T) {
	r := mta.Reply{Code: 550, Lines: []string{"5.7.1 Not sent.", "5.7.1 Reference P-1"}}
	if got, want := oneLine(r), "550 5.7.1 Not sent. / Reference P-1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWrap(t *testing.T) {
	if diff := cmp.Diff([]string{"one two", "three", "abcdefgh", "ij k"}, wrap("one two three abcdefghij k", 8)); diff != "" {
		t.Error(diff)
	}
}
