package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/message/extract"
)

// Files made to exhaust or mislead a reader are told of, and nothing else
// happens.
func TestHostileFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "testdata-external", "hostile")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the collection of hostile files is not beside the repository")
	}
	config := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, config, servedConfig)
	write(t, filepath.Join(filepath.Dir(config), "policies", "a.yaml"), `policy: A
mode: enable
rules:
  - rule: Everything is read
    conditions:
      contentContainsSensitiveInformation: [{type: Credit card number}]
      headerMatchesPatterns: {Subject: ["x{3,9}y"]}
      subjectOrBodyMatchesPatterns: ["z{2}[0-9]+q"]
`)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			// Other files than messages are extracted in the next test, twice.
			commands := [][]string{{"classify", "--json", file}}
			if filepath.Ext(file) == ".eml" {
				commands = append(commands, []string{"extract", "--json", file}, []string{"explain", "--json", "--config", config, "--to", "bob@partner.example", file})
			}
			for _, args := range commands {
				var out, errs bytes.Buffer
				if status := run(args, nil, &out, &errs); status != statusGood {
					t.Errorf("%s: exit status %d: %s", args[0], status, &errs)
				}
				if bytes.Count(out.Bytes(), []byte("\n")) != 1 {
					t.Errorf("%s: not one object for one file", args[0])
				}
				if st, err := os.Stat(file); err == nil && args[0] != "extract" && int64(out.Len()) > st.Size()+1<<20 {
					t.Errorf("%s: %d octets said of a file of %d", args[0], out.Len(), st.Size())
				}
			}
		})
	}
}

// Read eight at once, hostile files come to the same as one by one.
func TestHostileFilesEightAtOnce(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "testdata-external", "hostile")
	files, err := filepath.Glob(filepath.Join(dir, "*.[^ej]*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the collection of hostile files is not beside the repository")
	}
	d, err := newDocuments(defaults("").process.readers, func(reason string) { t.Log(reason) })
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	// A machine with much other work changes no outcome.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	queue := make(chan string)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for file := range queue {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Error(err)
					continue
				}
				hint := extract.Hint{Name: filepath.Base(file)}
				got, err := d.read(ctx, content, hint, extract.DefaultLimits)
				if err != nil {
					t.Error(err)
					continue
				}
				alone := extract.Extract(t.Context(), content, hint, extract.DefaultLimits)
				if a, b := statuses(&alone), statuses(&got); !slices.Equal(a, b) {
					t.Errorf("%s: %q alone, %q at once with others", filepath.Base(file), clip(fmt.Sprint(a), 300), clip(fmt.Sprint(b), 300))
				}
			}
		})
	}
	for _, file := range files {
		queue <- file
	}
	close(queue)
	wg.Wait()
}
