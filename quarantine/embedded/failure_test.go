package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// workload does what a store does in its life: holds, mail, a decision, a release
// that is sent, an expiry, and a sweep. It goes on after errors, and notes which
// items were promised.
type workload struct {
	held     map[string]bool // committed with no error
	released bool
	expired  bool
	matched  int // matches counted with no error
	errs     []error
	promised func(what string) // told of each promise; may be nil
}

// promise notes that something was reported done.
func (w *workload) promise(what string) {
	switch what {
	case "release":
		w.released = true
	case "expiry":
		w.expired = true
	case "match":
		w.matched++
	default:
		if w.held == nil {
			w.held = map[string]bool{}
		}
		w.held[what] = true
	}
	if w.promised != nil {
		w.promised(what)
	}
}

func (w *workload) run(ctx context.Context, s quarantine.Store) {
	note := func(err error) bool {
		if err != nil {
			w.errs = append(w.errs, err)
		}
		return err == nil
	}
	for _, id := range []string{"one", "two"} {
		c := storetest.Held(id)
		mail := storetest.Mailed("mail-" + id)
		c.Blobs, c.Entries = append(c.Blobs, mail.Blobs...), mail.Entries
		if note(s.Commit(ctx, c)) {
			w.promise(id)
		}
	}
	for _, c := range threeRaise() {
		if note(s.Commit(ctx, c)) {
			for range c.Matches {
				w.promise("match")
			}
		}
	}
	alerts, err := s.DueAlerts(ctx, 10)
	note(err)
	for _, a := range alerts {
		note(s.TellAlert(ctx, a.ID, start, storetest.Mailed("alert-"+a.ID)))
	}
	_, err = s.Decide(ctx, &quarantine.Decision{
		Item: "one", Event: quarantine.EventRelease, By: "reviewer", At: start.Add(time.Hour),
		Commit: &quarantine.Commit{
			Blobs:   []quarantine.Blob{{ID: "edited", Data: storetest.Text("edited")}},
			Entries: []quarantine.Entry{storetest.Entry("release", quarantine.EntryRelease, "one", "edited")},
		},
	})
	if note(err) {
		w.promise("release")
	}
	entries, err := s.Lease(ctx, start.Add(time.Hour), start.Add(2*time.Hour), 100)
	note(err)
	for _, e := range entries {
		note(s.Finish(ctx, &quarantine.Report{
			Entry: e.ID, Attempt: e.Attempt, At: start.Add(time.Hour),
			Results: []quarantine.Result{{Recipient: 0, Delivery: quarantine.Delivered, Reply: "250 ok"}},
		}))
	}
	_, err = s.Decide(ctx, &quarantine.Decision{Item: "two", Event: quarantine.EventExpire, By: "timer", At: start.Add(time.Hour)})
	if note(err) {
		w.promise("expiry")
	}
	_, err = s.Sweep(ctx, start.Add(10*24*time.Hour), nil)
	note(err)
}

// inspect opens what is left and holds it to the promises: whatever was reported
// done is there, and no row is without its blob.
func (w *workload) inspect(t *testing.T, dir string) {
	t.Helper()
	s := open(t, Options{Dir: dir})
	defer func() { _ = s.Close() }()
	problems, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !p.Orphan {
			t.Errorf("check: %+v", p)
		}
	}
	if v, err := s.VerifyRecords(t.Context(), time.Now()); err != nil || v.Broken > 0 {
		t.Errorf("the chain: %+v, %v", v, err)
	}
	for id := range w.held {
		item, err := s.Item(t.Context(), id)
		if err != nil {
			t.Errorf("%s was promised: %v", id, err)
			continue
		}
		if w.released && id == "one" && item.State != quarantine.StateReleasing && item.State != quarantine.StateReleased {
			t.Errorf("%s was released and is %s", id, item.State)
		}
		if w.expired && id == "two" && item.State != quarantine.StateExpired {
			t.Errorf("%s has expired and is %s", id, item.State)
		}
		body, err := s.Open(t.Context(), item.Blob)
		switch {
		case err == nil:
			_ = body.Close()
		case errors.Is(err, quarantine.ErrNotFound) && !item.Purged.IsZero():
		default:
			t.Errorf("%s: %v", id, err)
		}
	}
	w.inspectAlerts(t, s)
	// Orphans go, and nothing else does.
	if _, err := s.Sweep(t.Context(), time.Now().Add(2*time.Hour), nil); err != nil {
		t.Error(err)
	}
	if problems, err = s.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check after the sweep: %+v, %v", problems, err)
	}
	// And the store works.
	again := storetest.Held("again")
	if err := s.Commit(t.Context(), again); err != nil {
		t.Error(err)
	}
}

// scratch is a directory in memory where there is one: these tests open thousands
// of stores and ask nothing of the disk itself.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "postern-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// The n-th operation on files fails, for every n until none does: whatever fails,
// nothing promised is lost and nothing is half there. Each n is tried in one of four
// ways, and in all of them in a long run.
func TestFailingDisk(t *testing.T) {
	seen := make(chan string, 1000)
	t.Run("ways", func(t *testing.T) {
		for i, way := range []struct {
			err    error
			sticky bool
		}{{syscall.EIO, false}, {syscall.ENOSPC, true}, {syscall.EIO, true}, {syscall.ENOSPC, false}} {
			first, step := 1+i, 4
			if long {
				first, step = 1, 1
			}
			t.Run(fmt.Sprintf("%v sticky=%t", way.err, way.sticky), func(t *testing.T) {
				t.Parallel()
				for n := first; ; n += step {
					dir := vacant(t)
					fs := &failing{err: way.err, sticky: way.sticky, left: n}
					s := open(t, Options{Dir: dir, fs: fs})
					var w workload
					w.run(t.Context(), s)
					fs.heal()
					_ = s.Close()
					w.inspect(t, dir)
					if fs.hit() == "" {
						if len(w.errs) > 0 {
							t.Errorf("without a failure: %v", w.errs)
						}
						break
					}
					seen <- fs.hit()
					if t.Failed() {
						t.Fatalf("with a failing %s, operation %d: %v", fs.hit(), n, w.errs)
					}
				}
			})
		}
	})
	close(seen)
	tried := map[string]bool{}
	for operation := range seen {
		tried[operation] = true
	}
	for _, operation := range []string{"create", "write", "sync", "close", "rename", "sync of a directory", "remove"} {
		if !tried[operation] {
			t.Errorf("no failing %s was tried", operation)
		}
	}
}

// A blob reaches the disk in an order that no crash can turn into a row without its
// octets: the row comes after all of this.
func TestOrderOfBlobs(t *testing.T) {
	fs := &failing{left: -1}
	s := open(t, Options{Dir: t.TempDir(), fs: fs})
	if err := s.Commit(t.Context(), storetest.Held("1")); err != nil {
		t.Fatal(err)
	}
	want := []string{"create", "write", "write", "sync", "close", "rename", "sync of a directory"}
	if !slices.Equal(fs.seen, want) {
		t.Errorf("order %q, want %q", fs.seen, want)
	}
	fs.err, fs.left = syscall.EIO, len(want)
	if err := s.Commit(t.Context(), storetest.Held("2")); err == nil {
		t.Error("committed without its last step")
	}
	if _, err := s.Item(t.Context(), "2"); !errors.Is(err, quarantine.ErrNotFound) {
		t.Errorf("the row came before the last step: %v", err)
	}
}

// A failed sync ends all writing, and reading goes on.
func TestSyncFailurePoisons(t *testing.T) {
	for _, test := range []struct {
		operation string
		nth       int // of the operations of the second commit
		err       error
		want      error
	}{
		{"sync", 4, syscall.EIO, quarantine.ErrPoisoned},
		{"sync of a directory", 7, syscall.EIO, quarantine.ErrPoisoned},
		{"sync of a directory", 7, syscall.ENOSPC, quarantine.ErrPoisoned},
		{"sync", 4, syscall.ENOSPC, quarantine.ErrFull},
		{"write", 3, syscall.ENOSPC, quarantine.ErrFull},
		{"write", 3, syscall.EIO, syscall.EIO},
	} {
		dir := filepath.Join(t.TempDir(), "store")
		fs := &failing{err: test.err, left: -1}
		s := open(t, Options{Dir: dir, fs: fs})
		if err := s.Commit(t.Context(), storetest.Held("1")); err != nil {
			t.Fatal(err)
		}
		fs.left = test.nth
		err := s.Commit(t.Context(), storetest.Held("2"))
		if fs.hit() != test.operation || !errors.Is(err, test.want) || !errors.Is(err, test.err) {
			t.Errorf("%s, %v: operation %q gave %v", test.operation, test.err, fs.hit(), err)
		}
		poisons := errors.Is(test.want, quarantine.ErrPoisoned)
		if err := s.Commit(t.Context(), storetest.Held("3")); errors.Is(err, quarantine.ErrPoisoned) != poisons {
			t.Errorf("%s, %v: the next commit: %v", test.operation, test.err, err)
		}
		stats, err := s.Stats(t.Context())
		if err != nil || stats.Poisoned != poisons {
			t.Errorf("%s, %v: stats %+v, %v", test.operation, test.err, stats, err)
		}
		if !poisons {
			if problems, err := s.Check(t.Context()); err != nil || len(problems) > 0 {
				t.Errorf("%s, %v: left behind: %+v, %v", test.operation, test.err, problems, err)
			}
		}
		if body, err := s.Open(t.Context(), "b-1"); err != nil {
			t.Error(err)
		} else {
			_ = body.Close()
		}
		_ = s.Close()
		if err := open(t, Options{Dir: dir}).Commit(t.Context(), storetest.Held("4")); err != nil {
			t.Errorf("opened again: %v", err)
		}
	}
}

// A full database refuses the commit, keeps no octet of it, and goes on when there
// is room.
func TestFullDatabase(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	if err := s.Commit(t.Context(), storetest.Held("1")); err != nil {
		t.Fatal(err)
	}
	limit := func(pages string) {
		t.Helper()
		err := s.change(t.Context(), func(tx *transactor) error {
			var n int
			return tx.row("PRAGMA max_page_count = "+pages, nil, &n)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	full := 0
	for i := range 200 {
		c := storetest.Held(fmt.Sprint("full-", i))
		err := s.Commit(t.Context(), c)
		if err == nil {
			continue
		}
		full++
		if !errors.Is(err, quarantine.ErrFull) {
			t.Fatalf("commit %d: %v", i, err)
		}
	}
	if full == 0 {
		t.Fatal("the database was never full")
	}
	problems, err := s.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("check: %+v, %v", problems, err)
	}
	limit("1000000")
	if err := s.Commit(t.Context(), storetest.Held("roomy")); err != nil {
		t.Error(err)
	}
}

// Below the reserve no message is taken, but decisions and records are.
func TestReserve(t *testing.T) {
	fs := &failing{left: -1}
	s := open(t, Options{Dir: t.TempDir(), fs: fs, Quota: quarantine.Quota{Reserve: 1000}})
	if err := s.Commit(t.Context(), storetest.Held("1")); err != nil {
		t.Fatal(err)
	}
	fs.free = 1000
	if err := s.Commit(t.Context(), storetest.Held("2")); !errors.Is(err, quarantine.ErrFull) || errors.Is(err, quarantine.ErrSenderFull) {
		t.Errorf("commit: %v", err)
	}
	if err := s.Append(t.Context(), storetest.Held("2").Records...); err != nil {
		t.Errorf("append: %v", err)
	}
	d := &quarantine.Decision{Item: "1", Event: quarantine.EventDelete, By: "reviewer", At: start}
	d.Commit = storetest.Mailed("ndr")
	if _, err := s.Decide(t.Context(), d); err != nil {
		t.Errorf("decide: %v", err)
	}
	fs.free = 2000
	if err := s.Commit(t.Context(), storetest.Held("2")); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
