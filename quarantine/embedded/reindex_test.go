package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

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
