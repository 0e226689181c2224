package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// Records are kept in the order of commits and found by what stands beside them.
func testRecords(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	const n = 1203
	var all []quarantine.Record
	for i := range n {
		all = append(all, quarantine.Record{
			Time: start.Add(time.Duration(i) * time.Second), Reference: fmt.Sprint("P-", i%100), QueueID: fmt.Sprint("Q", i%200),
			Operation: []string{"hold", "release", "policy"}[i%3], Data: fmt.Appendf(nil, `{"n":%d}`, i),
		})
	}
	b.must(b.Append(t.Context()))
	b.must(b.Append(t.Context(), all[:1000]...))
	b.must(b.Append(t.Context(), all[1000:]...))
	b.is(b.Append(t.Context(), quarantine.Record{Time: start, Data: []byte(`{}`)}), quarantine.ErrInvalid)
	b.reopen()
	read := func(f quarantine.RecordFilter) (got []string, last int64) {
		t.Helper()
		for r, err := range b.Store.Records(t.Context(), f) {
			b.must(err)
			got, last = append(got, string(r.Data)), r.Number
		}
		return got, last
	}
	for _, test := range []struct {
		name   string
		filter quarantine.RecordFilter
		fits   func(i int) bool
	}{
		{"all", quarantine.RecordFilter{}, func(int) bool { return true }},
		{"since", quarantine.RecordFilter{Since: start.Add(1100 * time.Second)}, func(i int) bool { return i >= 1100 }},
		{"until", quarantine.RecordFilter{Until: start.Add(3 * time.Second)}, func(i int) bool { return i < 3 }},
		{"reference", quarantine.RecordFilter{Reference: "P-7"}, func(i int) bool { return i%100 == 7 }},
		{"queue id", quarantine.RecordFilter{QueueID: "Q107"}, func(i int) bool { return i%200 == 107 }},
		{"operations", quarantine.RecordFilter{Operations: []string{"hold", "policy"}}, func(i int) bool { return i%3 != 1 }},
		{"limit", quarantine.RecordFilter{Limit: 700}, func(i int) bool { return i < 700 }},
	} {
		var want []string
		for i, r := range all {
			if test.fits(i) {
				want = append(want, string(r.Data))
			}
		}
		got, _ := read(test.filter)
		b.same(test.name, got, want)
	}
	first, last := read(quarantine.RecordFilter{Limit: 2})
	second, _ := read(quarantine.RecordFilter{After: last, Limit: 1})
	b.same("one after the other", append(first, second...), []string{`{"n":0}`, `{"n":1}`, `{"n":2}`})
	newest, last := read(quarantine.RecordFilter{NewestFirst: true, Limit: 2})
	older, _ := read(quarantine.RecordFilter{NewestFirst: true, After: last, Limit: 1})
	b.same("newest first", append(newest, older...), []string{`{"n":1202}`, `{"n":1201}`, `{"n":1200}`})
	for r, err := range b.Store.Records(t.Context(), quarantine.RecordFilter{}) {
		b.must(err)
		if !r.Time.Equal(start) || r.Time.Location() != time.UTC || r.Reference != "P-0" || r.QueueID != "Q0" || r.Operation != "hold" {
			t.Errorf("the first: %+v", r)
		}
		b.must(b.Append(t.Context(), all[0])) // others may append meanwhile
		break
	}
}

// The blob of an ended item is deleted after its time of grace, never before, and
// never under legal hold or while the outbox needs it.
func testSweepBlobs(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for _, id := range []string{"held", "deleted", "kept", "releasing", "mailed"} {
		b.must(b.Commit(t.Context(), Held(id)))
	}
	end := start.Add(time.Hour) // when remove decides
	for _, id := range []string{"deleted", "kept", "mailed"} {
		d := remove(id, "reviewer")
		if id == "mailed" {
			d.Commit = &quarantine.Commit{Entries: []quarantine.Entry{Entry("n", quarantine.EntryNotice, "mailed", "b-mailed")}}
		}
		_, err := b.Decide(t.Context(), d)
		b.must(err)
	}
	b.must(b.SetLegalHold(t.Context(), "kept", true))
	_, err := b.Decide(t.Context(), release("releasing"))
	b.must(err)
	sweep := func(at time.Time) int {
		t.Helper()
		swept, err := b.Sweep(t.Context(), at, func(i *quarantine.Item) (quarantine.Record, error) {
			return quarantine.Record{Time: at, Reference: i.Reference, Operation: "purge " + string(i.State), Data: []byte(`{}`)}, nil
		})
		b.must(err)
		return swept.Blobs
	}
	_, err = b.Sweep(t.Context(), end.Add(1000*time.Hour), func(*quarantine.Item) (quarantine.Record, error) {
		return quarantine.Record{}, errors.New("no record")
	})
	if err == nil {
		t.Error("a blob was deleted without its record")
	}
	grace := quarantine.DefaultRetention.Blobs
	if got := sweep(end.Add(grace - time.Second)); got != 0 {
		t.Errorf("%d blobs deleted before their time", got)
	}
	if got := sweep(end.Add(grace)); got != 1 {
		t.Errorf("%d blobs deleted, want that of the deleted item", got)
	}
	gone(b, "b-deleted")
	for _, id := range []string{"held", "kept", "releasing", "mailed"} {
		equalOctets(b, "b-"+id, Text(id))
	}
	item, err := b.Item(t.Context(), "deleted")
	b.must(err)
	if !item.Purged.Equal(end.Add(grace)) {
		t.Errorf("purged %s", item.Purged)
	}
	b.is(b.SetLegalHold(t.Context(), "deleted", true), quarantine.ErrNotFound)
	for r, err := range b.Records(t.Context(), quarantine.RecordFilter{Reference: "P-deleted", NewestFirst: true, Limit: 1}) {
		b.must(err)
		if r.Operation != "purge deleted" {
			t.Errorf("recorded %q", r.Operation)
		}
	}

	b.must(b.SetLegalHold(t.Context(), "kept", false))
	for _, e := range b.lease(start) {
		b.must(b.Finish(t.Context(), delivered(e)))
	}
	if got := sweep(end.Add(grace + 2*time.Hour)); got != 3 {
		t.Errorf("%d blobs deleted in the end, want 3", got)
	}
	equalOctets(b, "b-held", Text("held"))
	b.reopen()
	b.sound()
}

// History is forgotten after its time; what is still open is not history.
func testSweepHistory(t *testing.T, create New) {
	b := begin(t, create, Settings{Retention: quarantine.Retention{Blobs: time.Hour, Records: 10 * 24 * time.Hour}})
	b.must(b.Commit(t.Context(), fingerprinted("held", "d1", time.Time{})))
	b.must(b.Commit(t.Context(), fingerprinted("deleted", "d2", time.Time{})))
	b.must(b.Commit(t.Context(), Mailed("e")))
	b.must(b.Commit(t.Context(), Mailed("open")))
	b.must(b.Finish(t.Context(), delivered(b.lease(start)[0])))
	_, err := b.Decide(t.Context(), remove("deleted", "reviewer"))
	b.must(err)

	swept, err := b.Sweep(t.Context(), start.Add(24*time.Hour), nil)
	b.must(err)
	if want := (quarantine.Swept{Blobs: 1, Fingerprints: 1}); *swept != want {
		t.Errorf("after a day: %+v, want %+v", *swept, want)
	}
	found, err := b.Fingerprints(t.Context(), "d1")
	b.must(err)
	if len(found) != 1 {
		t.Error("the fingerprint of a held item is forgotten")
	}
	swept, err = b.Sweep(t.Context(), start.Add(11*24*time.Hour), nil)
	b.must(err)
	if want := (quarantine.Swept{Records: 2, Items: 1, Entries: 1}); *swept != want {
		t.Errorf("after eleven days: %+v, want %+v", *swept, want)
	}
	_, err = b.Item(t.Context(), "deleted")
	b.is(err, quarantine.ErrNotFound)
	if got := b.state("held"); got != quarantine.StateHeld {
		t.Errorf("it is %s", got)
	}
	b.same("open entries", entryIDs(b.lease(start.Add(time.Hour))), []string{"open"})
	b.sound()
}

func testStats(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i, kind := range []quarantine.Kind{quarantine.KindQuarantine, quarantine.KindApproval, quarantine.KindQuarantine, quarantine.KindQuarantine, quarantine.KindOverride} {
		c := Held(fmt.Sprint(i))
		c.Items[0].Kind, c.Items[0].Created = kind, start.Add(time.Duration(i)*time.Hour)
		b.must(b.Commit(t.Context(), c))
	}
	_, err := b.Decide(t.Context(), remove("0", "reviewer"))
	b.must(err)
	_, err = b.Decide(t.Context(), release("3"))
	b.must(err)
	mail := Mailed("e")
	mail.Entries[0].Created = start.Add(-time.Hour)
	b.must(b.Commit(t.Context(), mail))
	b.reopen()
	s, err := b.Stats(t.Context())
	b.must(err)
	mailed, released := s.Waiting[quarantine.EntryReinject], s.Waiting[quarantine.EntryRelease]
	if len(s.Waiting) != 2 || mailed.Entries != 1 || !mailed.Oldest.Equal(start.Add(-time.Hour)) || released.Entries != 1 || !released.Oldest.Equal(start) {
		t.Errorf("waiting %+v", s.Waiting)
	}
	if s.Held[quarantine.KindQuarantine] != 1 || s.Held[quarantine.KindApproval] != 1 || s.Held[quarantine.KindOverride] != 1 ||
		!s.OldestHeld.Equal(start.Add(time.Hour)) || s.Releasing != 1 || s.Recovered != 0 ||
		s.Outbox != 2 || !s.OldestOutbox.Equal(start.Add(-time.Hour)) ||
		s.Blobs != 6 || s.Bytes != int64(6*len(Text("1"))) || s.Records != 5 || s.Poisoned || s.SetBack {
		t.Errorf("stats %+v", *s)
	}
}
