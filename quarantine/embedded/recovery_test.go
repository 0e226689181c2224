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

// A lost database is rebuilt from the blobs. What is rebuilt is left alone until
// somebody confirms it.
func TestReindexLostDatabase(t *testing.T) {
	dir := t.TempDir()
	must(t, filled(t, dir).Close())
	aside, err := SetAside(dir, start)
	must(t, err)
	if _, err := os.Stat(aside); err != nil {
		t.Error(err)
	}
	s := open(t, Options{Dir: dir})
	if got := check(t, s); len(got) == 0 || !strings.Contains(got[0], "reindex") {
		t.Errorf("check: %q", got)
	}
	// The blobs are no orphans, however old, and over a restart.
	for range 2 {
		_, err = s.Sweep(t.Context(), time.Now().Add(1000*time.Hour), nil)
		must(t, err)
		must(t, s.Close())
		s = open(t, Options{Dir: dir})
	}
	stats, err := s.Stats(t.Context())
	must(t, err)
	if !stats.SetBack {
		t.Error("the statistics do not say that the database is set back")
	}
	rebuilt, err := s.Reindex(t.Context(), start, func(i *quarantine.Item) (quarantine.Record, error) {
		return quarantine.Record{Time: start, Operation: "recovered", Reference: i.ID, Data: []byte(`{}`)}, nil
	})
	must(t, err)
	if got := names(rebuilt); !slices.Equal(got, []string{"1", "2", "b-open"}) {
		t.Fatalf("rebuilt %v", got)
	}
	var recorded []string
	for r, err := range s.Records(t.Context(), quarantine.RecordFilter{}) {
		must(t, err)
		recorded = append(recorded, r.Reference)
	}
	if slices.Sort(recorded); !slices.Equal(recorded, []string{"1", "2", "b-open"}) {
		t.Errorf("recorded %v", recorded)
	}
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
	item, err := s.Item(t.Context(), "1")
	must(t, err)
	want := storetest.Held("1").Items[0]
	if !item.Recovered || item.State != quarantine.StateHeld || item.Reason != want.Reason || string(item.Draft) != string(want.Draft) ||
		len(item.Envelope.Recipients) != 2 || !item.Expires.Equal(want.Expires) {
		t.Errorf("rebuilt as %+v", item)
	}
	mail, err := s.Item(t.Context(), "b-open")
	must(t, err)
	if !mail.Recovered || mail.Envelope.ReversePath != "sender@example.com" || mail.Envelope.Recipients[0].Path != "one@partner.example" {
		t.Errorf("mail rebuilt as %+v", mail)
	}

	decision := &quarantine.Decision{Item: "1", Event: quarantine.EventDelete, By: "reviewer", At: start}
	if _, err := s.Decide(t.Context(), decision); !errors.Is(err, quarantine.ErrUnconfirmed) {
		t.Errorf("decision on a recovered item: %v", err)
	}
	due, err := s.Due(t.Context(), start.Add(1000*24*time.Hour), 10)
	must(t, err)
	entries, err := s.Lease(t.Context(), start.Add(1000*24*time.Hour), start.Add(1001*24*time.Hour), 10)
	must(t, err)
	if len(due) > 0 || len(entries) > 0 {
		t.Errorf("due %v, to be sent %v", due, entries)
	}
	until := start.Add(time.Hour)
	must(t, s.Confirm(t.Context(), "1", until))
	must(t, s.Confirm(t.Context(), "1", until.Add(time.Hour))) // has no effect
	due, err = s.Due(t.Context(), until, 10)
	must(t, err)
	if got := names(due); !slices.Equal(got, []string{"1"}) {
		t.Errorf("due once confirmed: %v", got)
	}
	if _, err := s.Decide(t.Context(), decision); err != nil {
		t.Error(err)
	}
	again, err := s.Reindex(t.Context(), start, nil)
	must(t, err)
	if len(again) > 0 {
		t.Errorf("rebuilt again: %v", names(again))
	}
}

// A database restored from an older copy does not make orphans of what came later,
// does not send again what was sent since, and trusts no item until it is
// confirmed.
func TestReindexOlderDatabase(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, dir)
	must(t, s.Commit(t.Context(), storetest.Mailed("since")))
	must(t, s.Commit(t.Context(), storetest.Held("4")))
	_, err := s.Decide(t.Context(), &quarantine.Decision{
		Item: "4", Event: quarantine.EventRelease, By: "reviewer", At: start,
		Commit: &quarantine.Commit{Entries: []quarantine.Entry{storetest.Entry("release", quarantine.EntryRelease, "4", "b-4")}},
	})
	must(t, err)
	must(t, s.Close())
	old, err := os.ReadFile(filepath.Join(dir, "store.db"))
	must(t, err)
	s = open(t, Options{Dir: dir})
	must(t, s.Commit(t.Context(), storetest.Held("later")))
	_, err = s.Decide(t.Context(), &quarantine.Decision{Item: "2", Event: quarantine.EventDelete, By: "reviewer", At: start})
	must(t, err)
	lease := func() (ids []string) {
		t.Helper()
		entries, err := s.Lease(t.Context(), start.Add(24*time.Hour), start.Add(25*time.Hour), 10)
		must(t, err)
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return ids
	}
	if got := lease(); !slices.Equal(got, []string{"open", "since", "release"}) {
		t.Fatalf("to be sent: %v", got)
	}
	must(t, s.Finish(t.Context(), &quarantine.Report{
		Entry: "since", Attempt: 1, At: start, Results: []quarantine.Result{{Delivery: quarantine.Delivered}},
	}))
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(dir, "store.db"), old, 0o600))

	s = open(t, Options{Dir: dir})
	must(t, s.Commit(t.Context(), storetest.Held("new"))) // life goes on meanwhile
	_, err = s.Sweep(t.Context(), time.Now().Add(1000*time.Hour), nil)
	must(t, err)
	if got := lease(); !slices.Equal(got, []string{"open"}) {
		t.Errorf("to be sent: %v", got)
	}
	rebuilt, err := s.Reindex(t.Context(), start, nil)
	must(t, err)
	if got := names(rebuilt); !slices.Equal(got, []string{"later"}) {
		t.Errorf("rebuilt %v", got)
	}
	yes := true
	page, err := s.List(t.Context(), quarantine.Filter{Recovered: &yes})
	must(t, err)
	if got := names(page.Items); !slices.Equal(got, []string{"1", "2", "4", "later"}) {
		t.Errorf("recovered: %v", got)
	}
	stats, err := s.Stats(t.Context())
	must(t, err)
	if stats.SetBack {
		t.Error("still set back")
	}
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
	must(t, s.Confirm(t.Context(), "4", start))
	if got := lease(); !slices.Equal(got, []string{"release"}) {
		t.Errorf("to be sent once confirmed: %v", got)
	}
}

// A copy of a whole store is brought back without the file that says how far it had
// come: nothing that is open in it is trusted, and what was sent since is not sent
// again.
func TestRestoredCopy(t *testing.T) {
	dir := t.TempDir()
	must(t, filled(t, dir).Close())
	must(t, os.Remove(filepath.Join(dir, "sequence")))
	for range 2 { // over a restart too
		s := open(t, Options{Dir: dir})
		stats, err := s.Stats(t.Context())
		must(t, err)
		if !stats.SetBack || stats.Recovered != 2 {
			t.Fatalf("stats %+v", stats)
		}
		must(t, s.Close())
	}
	s := open(t, Options{Dir: dir})
	rebuilt, err := s.Reindex(t.Context(), start, nil)
	must(t, err)
	if len(rebuilt) > 0 {
		t.Errorf("rebuilt %v", names(rebuilt))
	}
	must(t, s.Confirm(t.Context(), "1", start.Add(time.Hour)))
	must(t, s.Close())
	s = open(t, Options{Dir: dir})
	stats, err := s.Stats(t.Context())
	must(t, err)
	if stats.SetBack || stats.Recovered != 1 {
		t.Errorf("afterwards: %+v", stats)
	}
}

// A new store that dies at once is no restored one.
func TestNewStoreThatDies(t *testing.T) {
	dir := t.TempDir()
	first := open(t, Options{Dir: dir}) // closed at the end of the test only
	must(t, first.Commit(t.Context(), storetest.Held("1")))
	stats, err := open(t, Options{Dir: dir}).Stats(t.Context())
	must(t, err)
	if stats.SetBack || stats.Recovered > 0 {
		t.Errorf("stats %+v", stats)
	}
}

// A row that lost its blob's row gets it back; a blob that was to be deleted stays
// an orphan and is not brought back to life.
func TestReindexMissingRows(t *testing.T) {
	s := filled(t, t.TempDir())
	file, err := os.ReadFile(s.blobs.path("b-1"))
	must(t, err)
	must(t, os.WriteFile(s.blobs.path("b-3"), []byte(strings.ReplaceAll(string(file), `"b-1"`, `"b-3"`)), 0o600))
	must(t, s.change(t.Context(), func(tx *transactor) error { return tx.exec("DELETE FROM blob WHERE id = 'b-2'") }))
	want := []string{"2: Its message has no row.", "b-2: A file that no row refers to.", "b-3: A file that no row refers to."}
	got := check(t, s)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("check: %q", got)
	}
	rebuilt, err := s.Reindex(t.Context(), start, nil)
	must(t, err)
	if len(rebuilt) > 0 {
		t.Errorf("rebuilt %v", names(rebuilt))
	}
	if got := check(t, s); !slices.Equal(got, want[2:]) {
		t.Errorf("check: %q", got)
	}
	item, err := s.Item(t.Context(), "2")
	must(t, err)
	if item.Recovered {
		t.Error("an item that was never lost is called recovered")
	}
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
			for n := range 100 {
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
