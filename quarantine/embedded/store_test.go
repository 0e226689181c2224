package embedded

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, s storetest.Settings) func() quarantine.Store {
		dir := vacant(t)
		return func() quarantine.Store {
			return open(t, Options{Dir: dir, Quota: s.Quota, Retention: s.Retention, Privacy: storetest.Privacy})
		}
	})
}

// open opens a store; the test ends if it cannot.
func open(t testing.TB, opts Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// long makes the tests try everything, rather than a share of it, with POSTERN_LONG
// set in the environment.
var long = os.Getenv("POSTERN_LONG") != ""

// template gives the files of the store that fill makes in a directory, which is
// made once.
func template(fill func(t testing.TB, dir string)) func(t testing.TB) fs.FS {
	var once sync.Once
	files := fstest.MapFS{}
	return func(t testing.TB) fs.FS {
		t.Helper()
		once.Do(func() {
			dir := filepath.Join(t.TempDir(), "store")
			fill(t, dir)
			must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				name, err := filepath.Rel(dir, path)
				if err != nil {
					return err
				}
				file := &fstest.MapFile{Mode: fs.ModeDir | 0o700}
				if !d.IsDir() {
					data, err := os.ReadFile(path)
					if err != nil {
						return err
					}
					file = &fstest.MapFile{Data: data, Mode: 0o600}
				}
				if name != "." {
					files[name] = file
				}
				return nil
			}))
		})
		return files
	}
}

// empty is a store of this schema without rows.
var empty = template(func(t testing.TB, dir string) { must(t, open(t, Options{Dir: dir}).Close()) })

// vacant gives the directory of an empty store, which is quicker to copy than to make.
func vacant(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(scratch(t), "store")
	must(t, os.CopyFS(dir, empty(t)))
	return dir
}
