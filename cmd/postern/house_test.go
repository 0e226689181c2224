package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// modulePath is the module that the house is.
const modulePath = "github.com/postern-mail/postern"

// room is the place of a package in the house.
type room struct {
	floor int
	// only narrows what may be imported to these packages; nil is every package of
	// a lower floor.
	only []string
}

// house is the table of floors. A package imports from strictly lower floors,
// and on the ground floor what its room names.
var house = map[string]room{
	"cmd/postern":            {floor: 5},
	"milter":                 {floor: 4},
	"console":                {floor: 4},
	"cases":                  {floor: 4},
	"actions":                {floor: 3},
	"approval":               {floor: 2},
	"rules":                  {floor: 2},
	"quarantine":             {floor: 1},
	"quarantine/embedded":    {floor: 2, only: []string{"quarantine", "message", "internal/fault"}},
	"notice":                 {floor: 1},
	"relay":                  {floor: 1},
	"audit":                  {floor: 1},
	"audit/export":           {floor: 2, only: []string{}},
	"classify":               {floor: 1, only: []string{"strictyaml"}},
	"directory":              {floor: 1},
	"directory/ldap":         {floor: 2, only: []string{"directory", "message"}},
	"message":                {floor: 0, only: []string{"message/charset"}},
	"message/extract":        {floor: 0, only: []string{"message", "message/charset", "message/extract/pdf"}},
	"message/extract/pdf":    {floor: 0, only: []string{}},
	"message/extract/tika":   {floor: 0, only: []string{}},
	"message/extract/worker": {floor: 0, only: []string{"message/extract"}},
	"message/dsn":            {floor: 0, only: []string{"message"}},
	"message/edit":           {floor: 0, only: []string{"message", "message/charset"}},
	"message/charset":        {floor: 0, only: []string{}},
	"notice/layout":          {floor: 0, only: []string{}},
	"strictyaml":             {floor: 0, only: []string{}},
	"internal/fault":         {floor: 0, only: []string{}},
}

// beside tells whether a package stands beside the house: the demonstration, the
// measurements, packaging and what supports tests. Such packages may import the
// house; the house does not import them.
func beside(dir string) bool {
	if _, ok := house[dir]; ok {
		return false
	}
	top, _, _ := strings.Cut(dir, "/")
	return slices.Contains([]string{"internal", "demo", "bench", "e2e", "packaging"}, top) ||
		strings.HasSuffix(path.Base(dir), "test")
}

// source is one parsed Go file.
type source struct {
	dir, name string // relative to the repository, with slashes
	test      bool
	file      *ast.File
	lines     int
}

// repository is the root of the repository, seen from this package.
var repository = filepath.Join("..", "..")

// skipDir tells whether a directory holds nothing of the repository's own.
func skipDir(name string) bool {
	return slices.Contains([]string{".git", ".cache", "bin", "demo-data"}, name)
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	set := token.NewFileSet()
	err := filepath.WalkDir(repository, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (skipDir(d.Name()) || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go"):
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(repository, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		file, err := parser.ParseFile(set, rel, data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{
			dir: path.Dir(rel), name: rel, file: file,
			test:  strings.HasSuffix(rel, "_test.go"),
			lines: bytes.Count(data, []byte("\n")),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files were found", len(all))
	}
	return all
}

// own gives the packages of this module that a file imports.
func (s source) own(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, spec := range s.file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if name == modulePath {
			dirs = append(dirs, ".")
		} else if dir, ok := strings.CutPrefix(name, modulePath+"/"); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func TestImportsPointDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || beside(s.dir) {
			continue
		}
		from, ok := house[s.dir]
		if !ok {
			t.Errorf("%s: the package %s has no room in the house: give it a floor in the table", s.name, s.dir)
			continue
		}
		for _, dir := range s.own(t) {
			to, ok := house[dir]
			switch {
			case beside(dir):
				t.Errorf("%s imports %s, which stands beside the house", s.name, dir)
			case !ok:
				t.Errorf("%s imports %s, which has no room in the house", s.name, dir)
			case from.only != nil && !slices.Contains(from.only, dir):
				t.Errorf("%s imports %s; %s may import %q and nothing else of the house", s.name, dir, s.dir, from.only)
			case from.only == nil && to.floor >= from.floor:
				t.Errorf("%s (floor %d) imports %s (floor %d): imports point down", s.name, from.floor, dir, to.floor)
			}
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{} // package, to the files that hold a comment
	for _, s := range sources(t) {
		key := s.dir + " " + strings.TrimSuffix(s.file.Name.Name, "_test")
		if _, ok := comments[key]; !ok {
			comments[key] = nil
		}
		if s.file.Doc == nil {
			continue
		}
		comments[key] = append(comments[key], s.name)
		want := "Package " + s.file.Name.Name + " "
		if s.file.Name.Name == "main" {
			want = "Command " + path.Base(s.dir) + " "
		}
		if text := s.file.Doc.Text(); !strings.HasPrefix(text, want) {
			first, _, _ := strings.Cut(text, "\n")
			t.Errorf("%s: the package comment begins %q, want %q", s.name, first, want+"…")
		}
	}
	for key, files := range comments {
		if len(files) != 1 {
			t.Errorf("package %s has its comment in %q, want exactly one file", key, files)
		}
	}
}

func TestPackagesAreNamedForWhatTheyProvide(t *testing.T) {
	for _, s := range sources(t) {
		for _, name := range []string{"util", "utils", "common", "types", "helper", "helpers", "misc", "base", "shared"} {
			if path.Base(s.dir) == name || s.file.Name.Name == name {
				t.Errorf("%s: a package named %s says nothing of what is in it", s.name, name)
			}
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > 600 {
			t.Errorf("%s has %d lines, more than 600", s.name, s.lines)
		}
	}
}

func TestNothingRegistersItself(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.name)
			}
		}
	}
}

// Traces of the machine something was written on, and promises instead of work.
// They are put together here so that this file does not hold them.
var (
	hostPath = regexp.MustCompile(`(?:^|[^\w.$}*/-])/(?:wo` + `rk|ro` + `ot)/`)
	promise  = regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME|X` + `XX)\b`)
)

func TestFilesHoldNoTracesAndNoPromises(t *testing.T) {
	err := filepath.WalkDir(repository, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipDir(d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular() || d.Name() == ".git":
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if bytes.IndexByte(data, 0) >= 0 {
			return nil // no text
		}
		ours := !strings.Contains(filepath.ToSlash(p), "/testdata/")
		for i, line := range strings.Split(string(data), "\n") {
			if m := hostPath.FindString(line); m != "" {
				t.Errorf("%s:%d holds a path of somebody's machine: %q", p, i+1, m)
			}
			if m := promise.FindString(line); m != "" && ours {
				t.Errorf("%s:%d holds %q: do it, or write it down as an issue", p, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
