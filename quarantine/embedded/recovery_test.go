package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// filled makes a store with three held items, one of them deleted and swept, and
// two mails, one of them sent.
func filled(t *testing.T, dir string) *Store {
	t.Helper()
	s := open(t, Options{Dir: dir})
	for _, id := range []string{"1", "2", "3"} {
		must(t, s.Commit(t.Context(), storetest.Held(id)))
	}
	for _, id := range []string{"sent", "open"} {
		must(t, s.Commit(t.Context(), storetest.Mailed(id)))
	}
	entries, err := s.Lease(t.Context(), start.Add(time.Hour), start.Add(2*time.Hour), 1)
	must(t, err)
	must(t, s.Finish(t.Context(), &quarantine.Report{
		Entry: entries[0].ID, Attempt: 1, At: start, Results: []quarantine.Result{{Delivery: quarantine.Delivered}},
	}))
	_, err = s.Decide(t.Context(), &quarantine.Decision{Item: "3", Event: quarantine.EventDelete, By: "reviewer", At: start})
	must(t, err)
	_, err = s.Sweep(t.Context(), start.Add(8*24*time.Hour), nil)
	must(t, err)
	return s
}

func check(t *testing.T, s *Store) []string {
	t.Helper()
	problems, err := s.Check(t.Context())
	must(t, err)
	var texts []string
	for _, p := range problems {
		texts = append(texts, fmt.Sprintf("%s%s%s: %s", p.Blob, p.Item, p.Entry, p.Text))
	}
	return texts
}

func names(items []quarantine.Item) []string {
	var all []string
	for _, i := range items {
		all = append(all, i.ID)
	}
	slices.Sort(all)
	return all
}

// A blob that is not what was stored is never given out, is reported, and is not
// rebuilt.
func TestDamagedBlob(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(data []byte) []byte
	}{
		{"one bit", func(d []byte) []byte { d[len(d)-3] ^= 1; return d }},
		{"cut", func(d []byte) []byte { return d[:len(d)-1] }},
		{"longer", func(d []byte) []byte { return append(d, 'x') }},
		{"empty", func([]byte) []byte { return nil }},
		{"no header", func(d []byte) []byte { return d[1:] }},
		{"another's", func(d []byte) []byte { return []byte(strings.Replace(string(d), `"id":"b-1"`, `"id":"b-9"`, 1)) }},
		{"octets and digest of another", func([]byte) []byte {
			return []byte(`{"postern":1,"id":"b-1","size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}` + "\n")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := filled(t, t.TempDir())
			path := s.blobs.path("b-1")
			data, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, test.damage(data), 0o600))
			if _, err := s.Open(t.Context(), "b-1"); !errors.Is(err, quarantine.ErrCorrupt) {
				t.Errorf("open: %v", err)
			}
			if got := check(t, s); len(got) != 1 || !strings.HasPrefix(got[0], "b-1: Its file cannot be used: ") {
				t.Errorf("check: %q", got)
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		s := filled(t, t.TempDir())
		must(t, os.Remove(s.blobs.path("b-1")))
		if _, err := s.Open(t.Context(), "b-1"); !errors.Is(err, quarantine.ErrCorrupt) {
			t.Errorf("open: %v", err)
		}
		if got := check(t, s); len(got) != 1 {
			t.Errorf("check: %q", got)
		}
	})
	t.Run("without a row", func(t *testing.T) {
		dir := t.TempDir()
		s := filled(t, dir)
		must(t, os.WriteFile(s.blobs.path("x"), []byte("no header"), 0o600))
		rebuilt, err := s.Reindex(t.Context(), start, nil)
		if len(rebuilt) > 0 || !errors.Is(err, quarantine.ErrCorrupt) {
			t.Errorf("rebuilt %v, %v", names(rebuilt), err)
		}
	})
}

// A file without a row is deleted after an hour, whole or not; a commit under way
// is left alone whatever the clock says.
func TestOrphans(t *testing.T) {
	s := filled(t, t.TempDir())
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"old": 2 * time.Hour, "old.tmp": 2 * time.Hour, "new": 30 * time.Minute, "new.tmp": 30 * time.Minute, "flying": 2 * time.Hour,
	} {
		path := s.blobs.path(strings.TrimSuffix(name, temporary))
		if strings.HasSuffix(name, temporary) {
			path += temporary
		}
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Chtimes(path, now.Add(-age), now.Add(-age)))
	}
	land := s.blobs.hold([]quarantine.Blob{{ID: "flying"}})
	sweep := func(at time.Time) int {
		t.Helper()
		swept, err := s.Sweep(t.Context(), at, nil)
		must(t, err)
		return swept.Orphans
	}
	if got := sweep(now); got != 2 {
		t.Errorf("%d orphans deleted, want 2", got)
	}
	land()
	if got := sweep(now); got != 1 {
		t.Errorf("%d orphans deleted, want the one of the commit that has ended", got)
	}
	if got := sweep(now.Add(31 * time.Minute)); got != 2 {
		t.Errorf("%d orphans deleted later, want 2", got)
	}
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
}

// However commits and a look for orphans fall together, what is being committed is
// none.
func TestOrphansAmongCommits(t *testing.T) {
	s := open(t, Options{Dir: filepath.Join(scratch(t), "store")})
	var commits sync.WaitGroup
	for w := range 4 {
		commits.Go(func() {
			for n := range 50 {
				if err := s.Commit(t.Context(), storetest.Held(fmt.Sprint(w, "-", n))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		commits.Wait()
		close(done)
	}()
	for looking := true; looking; {
		select {
		case <-done:
			looking = false
		default:
		}
		orphans, err := s.orphans(t.Context())
		if err != nil || len(orphans) > 0 {
			t.Errorf("orphans %v, %v", orphans, err)
			looking = false
		}
	}
	<-done
}

// A database of version 1 is brought to the present one with all it holds; one of a
// later version, and what is no database, is refused and left as it is.
func TestMigration(t *testing.T) {
	dir := t.TempDir()
	blob, err := os.ReadFile(filepath.Join("testdata", "version1.blob"))
	must(t, err)
	rows, err := os.ReadFile(filepath.Join("testdata", "version1.sql"))
	must(t, err)
	run := func(text string) {
		t.Helper()
		db, err := sql.Open("sqlite", filepath.Join(dir, "store.db"))
		must(t, err)
		_, err = db.ExecContext(t.Context(), text)
		must(t, err)
		must(t, db.Close())
	}
	run(schema1 + string(rows) + "PRAGMA user_version = 1;")
	blobs := &blobs{dir: filepath.Join(dir, "blobs")}
	must(t, os.MkdirAll(filepath.Dir(blobs.path("b-old")), 0o700))
	must(t, os.WriteFile(blobs.path("b-old"), blob, 0o600))

	// A new tally has no sequence yet, as after a fresh start: the blob has its row.
	s := open(t, Options{Dir: dir})
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
	item, err := s.Item(t.Context(), "old")
	must(t, err)
	if item.State != quarantine.StateHeld || item.Reference != "P-OLD" || item.Envelope.Recipients[0].Path != "one@partner.example" {
		t.Errorf("item %+v", item)
	}
	body, err := s.Open(t.Context(), item.Blob)
	must(t, err)
	octets, err := io.ReadAll(body)
	must(t, err)
	must(t, body.Close())
	if string(octets) != "Subject: old\r\n\r\nheld by an older program\r\n" {
		t.Errorf("octets %q", octets)
	}
	stats, err := s.Stats(t.Context())
	must(t, err)
	if stats.Blobs != 1 || stats.Bytes != int64(len(octets)) || stats.Records != 2 || stats.SetBack {
		t.Errorf("stats %+v", stats)
	}
	must(t, s.Commit(t.Context(), storetest.Held("new")))
	must(t, s.Close())

	run("PRAGMA user_version = 99")
	if _, err := Open(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("a later version: %v", err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(filepath.Join(dir, "store.db"+suffix))
	}
	junk := strings.Repeat("this is no database ", 500)
	must(t, os.WriteFile(filepath.Join(dir, "store.db"), []byte(junk), 0o600))
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, quarantine.ErrCorrupt) {
		t.Errorf("no database: %v", err)
	}
	if left, err := os.ReadFile(filepath.Join(dir, "store.db")); err != nil || string(left) != junk {
		t.Errorf("what was no database was changed: %v", err)
	}
}

// Only the own user can read what is held.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := open(t, Options{Dir: dir})
	must(t, s.Commit(t.Context(), storetest.Held("1")))
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s", path, info.Mode())
		}
		return err
	}))
}

// A caller who has gone before the work began has changed nothing.
func TestCancelled(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, storetest.Held("1")); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if err := s.change(ctx, func(*transactor) error { t.Error("the work began"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("change: %v", err)
	}
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
}

// A process that has the store for itself need not wait for the leases of one that
// died; one that shares it leaves them alone. Who had the lease reports in vain.
func TestLeasesOfTheDead(t *testing.T) {
	dir := t.TempDir()
	dead := open(t, Options{Dir: dir, Alone: true})
	must(t, dead.Commit(t.Context(), storetest.Mailed("e")))
	lease := func(s *Store) []quarantine.Entry {
		t.Helper()
		entries, err := s.Lease(t.Context(), start.Add(time.Second), start.Add(time.Hour), 10)
		must(t, err)
		return entries
	}
	if got := lease(dead); len(got) != 1 {
		t.Fatalf("leased %v", got)
	}
	if got := lease(open(t, Options{Dir: dir})); len(got) != 0 {
		t.Errorf("a command beside it was given %v", got)
	}
	got := lease(open(t, Options{Dir: dir, Alone: true}))
	if len(got) != 1 || got[0].Attempt != 2 {
		t.Fatalf("the next process was given %v", got)
	}
	err := dead.Finish(t.Context(), &quarantine.Report{Entry: "e", Attempt: 1, At: start, Results: []quarantine.Result{{Delivery: quarantine.Delivered}}})
	if !errors.Is(err, quarantine.ErrLeaseLost) {
		t.Errorf("the dead one reported: %v", err)
	}
}

// Two programs on one directory, as a command beside the service, see each other's
// work.
func TestTwoOpenings(t *testing.T) {
	dir := t.TempDir()
	service, command := open(t, Options{Dir: dir}), open(t, Options{Dir: dir})
	must(t, service.Commit(t.Context(), storetest.Held("1")))
	_, err := command.Decide(t.Context(), &quarantine.Decision{Item: "1", Event: quarantine.EventDelete, By: "command", At: start})
	must(t, err)
	_, err = service.Decide(t.Context(), &quarantine.Decision{Item: "1", Event: quarantine.EventExpire, By: "timer", At: start})
	var conflict *quarantine.ConflictError
	if !errors.As(err, &conflict) || conflict.Decided.By != "command" {
		t.Errorf("the service was told %v", err)
	}
}
