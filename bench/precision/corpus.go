package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// item is a text that is classified by itself.
type item struct {
	part string // of the corpus
	name string
	text string
}

// The parts of the corpus.
const (
	partMail          = "mail"
	partDocumentation = "documentation"
	partSource        = "source"
	partTables        = "tables"
)

// each gives every text of the corpus in order.
func (p *plan) each(ctx context.Context, use func(item) error) error {
	left := p.all - p.tables
	take := func(most int) func(item) error {
		return func(it item) error {
			if most = min(most, left); most <= 0 {
				return errEnough
			}
			if len(it.text) > most {
				it.text = strings.ToValidUTF8(it.text[:most], "")
			}
			left -= len(it.text)
			most -= len(it.text)
			return use(it)
		}
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	steps := []func() error{
		func() error { return extracted(ctx, partMail, p.mail, isMessage, take(p.all)) },
		func() error { return extracted(ctx, partDocumentation, p.docs, isDocumentation, take(p.documentation)) },
		func() error { return sources(filepath.Join(strings.TrimSpace(string(goroot)), "src"), take(p.all)) },
		func() error { return tables(p.tables, p.seed, use) },
	}
	for _, step := range steps {
		if err := step(); err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// errEnough ends a part.
var errEnough = errors.New("enough")

func isMessage(name string) bool {
	return filepath.Base(name) != "manifest.jsonl" && !strings.Contains(name, "/expected/")
}

func isDocumentation(name string) bool {
	return strings.Contains(name, "/usr/share/doc/") &&
		slices.Contains([]string{".html", ".htm", ".txt", ".md", ".rst", ".gz", ""}, filepath.Ext(name))
}

// files gives the files of a folder, in an order that has nothing to do with what
// they are about.
func files(dir string, want func(name string) bool) ([]string, error) {
	type file struct {
		order uint64
		name  string
	}
	var all []file
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !want(filepath.ToSlash(name)) {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		h := fnv.New64a()
		_, _ = io.WriteString(h, filepath.ToSlash(rel))
		all = append(all, file{h.Sum64(), name})
		return err
	})
	slices.SortFunc(all, func(a, b file) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.name, b.name)) })
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.name
	}
	return names, err
}

// extracted gives the texts that bin/postern extracts of the files of a folder.
func extracted(ctx context.Context, part, dir string, want func(name string) bool, use func(item) error) error {
	if dir == "" {
		return nil
	}
	names, err := files(dir, want)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "precision: no %s: %v\n", part, err)
		return nil
	} else if err != nil {
		return err
	}
	for batch := range slices.Chunk(names, 100) {
		if err := extract(ctx, part, batch, use); err != nil {
			return err
		}
	}
	return nil
}

func extract(ctx context.Context, part string, names []string, use func(item) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bin/postern", append([]string{"extract", "--json", "--"}, names...)...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			cancel()
			_ = cmd.Wait()
		} else if err = cmd.Wait(); err != nil {
			err = fmt.Errorf("postern extract: %w: %s", err, problems.Bytes())
		}
	}()
	from := json.NewDecoder(bufio.NewReader(out))
	for {
		var file struct {
			File  string
			Parts []struct{ Name, Text string }
		}
		if err := from.Decode(&file); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for _, p := range file.Parts {
			if p.Text == "" {
				continue
			}
			if err := use(item{part, filepath.Base(file.File) + ": " + p.Name, p.Text}); err != nil {
				return err
			}
		}
	}
}

// sources gives Go's own source, tests and test data in Go with it.
func sources(dir string, use func(item) error) error {
	names, err := files(dir, func(name string) bool { return strings.HasSuffix(name, ".go") })
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if err := use(item{partSource, rel, string(data)}); err != nil {
			return err
		}
	}
	return nil
}
