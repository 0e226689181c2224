package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// An entry is leased when its time has come, to nobody else until the lease ends,
// and counts its attempts over a restart.
func testLease(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i := range 3 {
		c := Mailed(fmt.Sprint("e", i))
		c.Entries[0].NotBefore = start.Add(time.Duration(i) * time.Hour)
		b.must(b.Commit(t.Context(), c))
	}
	if got := b.lease(start.Add(-time.Second)); got != nil {
		t.Errorf("leased before its time: %v", entryIDs(got))
	}
	first := b.lease(start)
	b.same("first", entryIDs(first), []string{"e0"})
	if first[0].Attempt != 1 || !first[0].Leased.Equal(start.Add(time.Minute)) {
		t.Errorf("attempt %d until %s", first[0].Attempt, first[0].Leased)
	}
	if got := b.lease(start.Add(59 * time.Second)); got != nil {
		t.Errorf("leased twice: %v", entryIDs(got))
	}
	b.must(b.Renew(t.Context(), "e0", 1, start.Add(5*time.Minute)))
	if got := b.lease(start.Add(2 * time.Minute)); got != nil {
		t.Errorf("leased in spite of its renewal: %v", entryIDs(got))
	}
	b.reopen()
	again := b.lease(start.Add(5 * time.Minute))
	b.same("after the lease", entryIDs(again), []string{"e0"})
	if again[0].Attempt != 2 {
		t.Errorf("attempt %d", again[0].Attempt)
	}
	some, err := b.Lease(t.Context(), start.Add(3*time.Hour), start.Add(4*time.Hour), 2)
	b.must(err)
	b.same("two of three", entryIDs(some), []string{"e0", "e1"})
}

// A report of a lease that has passed to another is refused.
func testLeaseLost(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Mailed("e")))
	old := b.lease(start)[0]
	stale := delivered(old)
	stale.Attempt = 0
	b.is(b.Finish(t.Context(), stale), quarantine.ErrLeaseLost)
	present := b.lease(start.Add(time.Minute))[0]
	b.is(b.Finish(t.Context(), delivered(old)), quarantine.ErrLeaseLost)
	b.is(b.Postpone(t.Context(), &quarantine.Report{Entry: "e", Attempt: old.Attempt, At: start}), quarantine.ErrLeaseLost)
	b.is(b.Renew(t.Context(), "e", old.Attempt, start), quarantine.ErrLeaseLost)
	b.must(b.Finish(t.Context(), delivered(present))) // its time is over, but nobody else has it
	b.is(b.Finish(t.Context(), delivered(present)), quarantine.ErrLeaseLost)
	b.is(b.Renew(t.Context(), "e", present.Attempt, start), quarantine.ErrLeaseLost)
	b.is(b.Renew(t.Context(), "none", 1, start), quarantine.ErrNotFound)
	if got := b.lease(start.Add(time.Hour)); got != nil {
		t.Errorf("a finished entry was leased: %v", entryIDs(got))
	}
}

// Of many workers one gets each entry.
func testLeaseOnce(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	c := &quarantine.Commit{}
	for i := range 20 {
		m := Mailed(fmt.Sprint("e", i))
		c.Blobs, c.Entries = append(c.Blobs, m.Blobs...), append(c.Entries, m.Entries...)
	}
	b.must(b.Commit(t.Context(), c))
	got := make([][]quarantine.Entry, 8)
	for _, err := range together(8, func(i int) (err error) {
		got[i], err = b.Lease(t.Context(), start, start.Add(time.Minute), 4)
		return err
	}) {
		b.must(err)
	}
	seen := map[string]bool{}
	for _, entries := range got {
		for _, e := range entries {
			if seen[e.ID] {
				t.Errorf("%s was leased twice", e.ID)
			}
			seen[e.ID] = true
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 were leased", len(seen))
	}
}

// Of the kinds that are asked for the longest due come first, whatever else waits.
func testLeaseKinds(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	c := Mailed("m0")
	for i, kind := range []quarantine.EntryKind{
		quarantine.EntryNotice, quarantine.EntryNotice, quarantine.EntryReinject, quarantine.EntryNotice, quarantine.EntryReinject,
	} {
		m := Mailed(fmt.Sprint("e", i))
		m.Entries[0].Kind, m.Entries[0].NotBefore = kind, start.Add(time.Duration(i)*time.Second)
		c.Blobs, c.Entries = append(c.Blobs, m.Blobs...), append(c.Entries, m.Entries...)
	}
	c.Entries[0].NotBefore = start.Add(3 * time.Second)
	b.must(b.Commit(t.Context(), c))
	b.must(b.Commit(t.Context(), Held("h")))
	_, err := b.Decide(t.Context(), release("h"))
	b.must(err)
	lease := func(limit int, kinds ...quarantine.EntryKind) []string {
		got, err := b.Lease(t.Context(), start.Add(time.Minute), start.Add(time.Hour), limit, kinds...)
		b.must(err)
		return entryIDs(got)
	}
	b.same("two notices", lease(2, quarantine.EntryNotice), []string{"e0", "e1"})
	b.same("the rest that is no notice", lease(3, quarantine.EntryReinject, quarantine.EntryRelease), []string{"r-h", "e2", "m0"})
	b.reopen()
	b.same("what is left", lease(10), []string{"e3", "e4"})
	if got := lease(10, quarantine.EntryNotice); got != nil {
		t.Errorf("leased twice: %v", got)
	}
}

// Only what has been due for so long counts as waiting, however much else is open.
func testWaiting(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i, change := range []func(*quarantine.Entry){
		func(*quarantine.Entry) {},
		func(e *quarantine.Entry) { e.Created = start.Add(time.Minute) },
		func(e *quarantine.Entry) { e.Created, e.NotBefore = start.Add(time.Hour), start.Add(time.Hour) },
		func(e *quarantine.Entry) { e.NotBefore = start.Add(time.Hour) }, // for later from the beginning
		func(e *quarantine.Entry) { e.Created = start.Add(-time.Hour) },  // and sent
	} {
		c := Mailed(fmt.Sprint("e", i))
		change(&c.Entries[0])
		b.must(b.Commit(t.Context(), c))
	}
	for _, e := range b.lease(start.Add(time.Second)) {
		if e.ID == "e4" {
			b.must(b.Finish(t.Context(), delivered(e)))
			continue
		}
		// A later attempt does not make it younger.
		b.must(b.Postpone(t.Context(), &quarantine.Report{Entry: e.ID, Attempt: e.Attempt, At: start, NotBefore: start.Add(2 * time.Hour)}))
	}
	for _, test := range []struct {
		before time.Duration
		want   int
		oldest time.Time
	}{
		{0, 0, time.Time{}},
		{time.Second, 1, start},
		{30 * time.Minute, 2, start},
		{2 * time.Hour, 4, start},
	} {
		n, oldest, err := b.Waiting(t.Context(), start.Add(test.before))
		b.must(err)
		if n != test.want || !oldest.Equal(test.oldest) {
			t.Errorf("before %s: %d, the oldest of %s; want %d of %s", test.before, n, oldest, test.want, test.oldest)
		}
	}
}

// A postponed entry keeps what its recipients have come to, and only those left
// pending are tried again.
func testPostpone(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	c := Mailed("e")
	c.Entries[0].Recipients = append(c.Entries[0].Recipients, quarantine.EntryRecipient{Address: "two@partner.example"})
	b.must(b.Commit(t.Context(), c))
	e := b.lease(start)[0]
	r := &quarantine.Report{
		Entry: e.ID, Attempt: e.Attempt, At: start.Add(time.Second), NotBefore: start.Add(10 * time.Minute),
		Results: []quarantine.Result{
			{Recipient: 0, Delivery: quarantine.Delivered, Reply: "250 ok"},
			{Recipient: 1, Delivery: quarantine.Pending, Reply: "451 later"},
		},
		Commit: Mailed("delay"),
	}
	wrong := *r
	wrong.Results = []quarantine.Result{{Recipient: 2, Delivery: quarantine.Delivered}}
	b.is(b.Postpone(t.Context(), &wrong), quarantine.ErrInvalid)
	wrong.Results = []quarantine.Result{{Recipient: 0, Delivery: "lost"}}
	b.is(b.Postpone(t.Context(), &wrong), quarantine.ErrInvalid)
	wrong.Results = []quarantine.Result{{Recipient: 0, Delivery: quarantine.Failed}, {Recipient: 1, Delivery: quarantine.Failed}}
	b.is(b.Postpone(t.Context(), &wrong), quarantine.ErrInvalid)
	b.is(b.Finish(t.Context(), r), quarantine.ErrInvalid)
	gone(b, "b-delay")
	b.must(b.Postpone(t.Context(), r))
	b.reopen()

	b.same("ready at once", entryIDs(b.lease(start.Add(9*time.Minute))), []string{"delay"})
	again := b.lease(start.Add(10 * time.Minute))
	b.same("the longest due first", entryIDs(again), []string{"delay", "e"})
	e = again[1]
	if e.ID != "e" || e.Attempt != 2 {
		t.Fatalf("leased %s, attempt %d", e.ID, e.Attempt)
	}
	if got := e.Recipients[0]; got.Delivery != quarantine.Delivered || got.Reply != "250 ok" || !got.At.Equal(r.At) {
		t.Errorf("the first recipient: %+v", got)
	}
	if got := e.Recipients[1]; got.Delivery != quarantine.Pending || got.Reply != "451 later" {
		t.Errorf("the second recipient: %+v", got)
	}
	// What is delivered stays delivered.
	b.must(b.Finish(t.Context(), &quarantine.Report{Entry: "e", Attempt: 2, At: start.Add(time.Hour), Results: []quarantine.Result{
		{Recipient: 0, Delivery: quarantine.Failed, Reply: "550 no"}, {Recipient: 1, Delivery: quarantine.Failed, Reply: "550 no"},
	}}))
	entries, err := b.Entries(t.Context(), "P-1")
	b.must(err)
	if got := entries[0].Recipients; got[0].Delivery != quarantine.Delivered || got[1].Delivery != quarantine.Failed {
		t.Errorf("at the end: %+v", got)
	}
	b.sound()
}

// A finished entry gives its octets up, with what follows from it in the same step.
func testFinish(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	c := Mailed("e1")
	c.Entries = append(c.Entries, Entry("e2", quarantine.EntryNotice, "", "b-e1")) // of the same octets
	b.must(b.Commit(t.Context(), c))
	both := b.lease(start)
	r := delivered(both[0])
	r.Commit = Mailed("dsn")
	r.Commit.Records = []quarantine.Record{{Time: start, Operation: "delivered", Data: []byte(`{}`)}}
	b.must(b.Finish(t.Context(), r))
	equalOctets(b, "b-e1", Text("e1")) // the other entry still needs them
	b.must(b.Finish(t.Context(), delivered(both[1])))
	gone(b, "b-e1")
	b.reopen()
	gone(b, "b-e1")
	b.same("what follows", entryIDs(b.lease(start)), []string{"dsn"})
	entries, err := b.Entries(t.Context(), "P-1")
	b.must(err)
	b.same("history", entryIDs(entries), []string{"e1", "e2", "dsn"})
	if !entries[0].Done.Equal(r.At) || !entries[2].Done.IsZero() {
		t.Errorf("done %s and %s", entries[0].Done, entries[2].Done)
	}
	b.sound()
}

// An item is released when the last of its releases has ended, not before.
func testReleaseEnds(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	d := release("1")
	d.Commit.Blobs = []quarantine.Blob{{ID: "edited", Data: Text("edited")}}
	d.Commit.Entries = append(d.Commit.Entries, Entry("r2", quarantine.EntryRelease, "1", "edited"))
	_, err := b.Decide(t.Context(), d)
	b.must(err)
	b.reopen()
	both := b.lease(start)
	b.same("releases", entryIDs(both), []string{"r-1", "r2"})
	b.must(b.Finish(t.Context(), delivered(both[1])))
	gone(b, "edited")
	if got := b.state("1"); got != quarantine.StateReleasing {
		t.Errorf("with one release open it is %s", got)
	}
	b.must(b.Finish(t.Context(), delivered(both[0])))
	item, err := b.Item(t.Context(), "1")
	b.must(err)
	if item.State != quarantine.StateReleased || item.Decided.Event != quarantine.EventSent {
		t.Errorf("it is %s by %+v", item.State, item.Decided)
	}
	equalOctets(b, "b-1", Text("1")) // for its time of grace
	b.sound()
}

// A release that was refused, with nobody to be told, brings the item back, and it
// can be released again.
func testReleaseReturns(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	_, err := b.Decide(t.Context(), release("1"))
	b.must(err)
	r := delivered(b.lease(start)[0])
	r.Results[0].Delivery, r.HoldAgain = quarantine.Failed, true
	b.must(b.Finish(t.Context(), r))
	if got := b.state("1"); got != quarantine.StateHeld {
		t.Fatalf("it is %s", got)
	}
	again := release("1")
	again.Commit.Entries[0].ID = "second"
	_, err = b.Decide(t.Context(), again)
	b.must(err)
	b.must(b.Finish(t.Context(), delivered(b.lease(start)[0])))
	if got := b.state("1"); got != quarantine.StateReleased {
		t.Errorf("it is %s", got)
	}
	b.sound()
}

func testWake(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	wake := b.Wake()
	b.must(b.Commit(t.Context(), Held("1")))
	select {
	case <-wake:
		t.Error("a hold without mail wakes the outbox")
	default:
	}
	b.must(b.Commit(t.Context(), Mailed("e")))
	<-wake
	wake = b.Wake()
	_, err := b.Decide(t.Context(), release("1"))
	b.must(err)
	<-wake
}
