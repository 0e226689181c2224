package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// A list shows the items that fit all of a filter.
func testList(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i, change := range []func(*quarantine.Item){
		func(*quarantine.Item) {},
		func(i *quarantine.Item) { i.Kind = quarantine.KindApproval },
		func(i *quarantine.Item) { i.Envelope.ReversePath = "other@example.com" },
		func(i *quarantine.Item) { i.Envelope.Recipients = i.Envelope.Recipients[:1] },
		func(i *quarantine.Item) { i.Expires = time.Time{} },
	} {
		c := Held(fmt.Sprint(i))
		c.Items[0].Created = start.Add(time.Duration(i) * time.Hour)
		change(&c.Items[0])
		b.must(b.Commit(t.Context(), c))
	}
	_, err := b.Decide(t.Context(), remove("0", "reviewer"))
	b.must(err)
	b.must(b.SetLegalHold(t.Context(), "3", true))
	yes, no := true, false
	for _, test := range []struct {
		name   string
		filter quarantine.Filter
		want   []string
	}{
		{"all", quarantine.Filter{}, []string{"0", "1", "2", "3", "4"}},
		{"newest first", quarantine.Filter{NewestFirst: true}, []string{"4", "3", "2", "1", "0"}},
		{"held", quarantine.Filter{States: []quarantine.State{quarantine.StateHeld}}, []string{"1", "2", "3", "4"}},
		{"of two states", quarantine.Filter{States: []quarantine.State{quarantine.StateHeld, quarantine.StateDeleted}}, []string{"0", "1", "2", "3", "4"}},
		{"of a kind", quarantine.Filter{Kinds: []quarantine.Kind{quarantine.KindApproval}}, []string{"1"}},
		{"of a sender, in other letters", quarantine.Filter{Sender: "OTHER@EXAMPLE.COM"}, []string{"2"}},
		{"to a recipient", quarantine.Filter{Recipient: `"ODD local"@Partner.example`}, []string{"0", "1", "2", "4"}},
		{"of a reference", quarantine.Filter{Reference: "P-3"}, []string{"3"}},
		{"of an age", quarantine.Filter{CreatedSince: start.Add(time.Hour), CreatedUntil: start.Add(3 * time.Hour)}, []string{"1", "2"}},
		{"expiring", quarantine.Filter{ExpiresUntil: start.Add(31 * 24 * time.Hour)}, []string{"0", "1", "2", "3"}},
		{"not recovered", quarantine.Filter{Recovered: &no}, []string{"0", "1", "2", "3", "4"}},
		{"recovered", quarantine.Filter{Recovered: &yes}, nil},
		{"under legal hold", quarantine.Filter{LegalHold: &yes}, []string{"3"}},
		{"of all that", quarantine.Filter{
			Sender: "sender@example.com", Recipient: "one@partner.example", Kinds: []quarantine.Kind{quarantine.KindQuarantine},
			States: []quarantine.State{quarantine.StateHeld}, LegalHold: &no,
		}, []string{"4"}},
	} {
		page, err := b.List(t.Context(), test.filter)
		b.must(err)
		b.same(test.name, ids(page.Items), test.want)
	}
	_, err = b.List(t.Context(), quarantine.Filter{Limit: 1001})
	b.is(err, quarantine.ErrInvalid)
	_, err = b.List(t.Context(), quarantine.Filter{After: "?"})
	b.is(err, quarantine.ErrInvalid)
}

// Pages follow one another without gap or repetition, also when items were created
// at one instant, and when one is added meanwhile.
func testPages(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i := range 7 {
		b.must(b.Commit(t.Context(), Held(fmt.Sprint(i))))
	}
	_, err := b.Decide(t.Context(), release("2"))
	b.must(err)
	open := []quarantine.State{quarantine.StateReleasing, quarantine.StateHeld, quarantine.StateDeleted}
	for n, newest := range []bool{false, true, false, true} {
		var seen []string
		f := quarantine.Filter{Limit: 3, NewestFirst: newest}
		if n > 1 {
			f.States = open // of several states they are still in order
		}
		for pages := 0; ; pages++ {
			page, err := b.List(t.Context(), f)
			b.must(err)
			seen = append(seen, ids(page.Items)...)
			if f.After = page.Next; f.After == "" {
				break
			}
			if pages > 3 {
				t.Fatal("the pages do not end")
			}
		}
		want := []string{"0", "1", "2", "3", "4", "5", "6"}
		if newest {
			slices.Reverse(want)
		}
		b.same("pages", seen, want)
	}
}

// Every row of the table of transitions is obeyed, and nothing else is possible.
func testDecide(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	events := []quarantine.Event{
		quarantine.EventRelease, quarantine.EventApprove, quarantine.EventOverride, quarantine.EventReject,
		quarantine.EventDelete, quarantine.EventExpire, quarantine.EventContinue,
	}
	for _, kind := range quarantine.Kinds {
		for _, event := range events {
			id := string(kind) + "-" + string(event)
			c := Held(id)
			c.Items[0].Kind = kind
			b.must(b.Commit(t.Context(), c))
			d := &quarantine.Decision{Item: id, Event: event, By: "who", At: start.Add(time.Hour), Justification: "why"}
			switch event {
			case quarantine.EventRelease, quarantine.EventApprove, quarantine.EventOverride:
				d.Commit = release(id).Commit
			case quarantine.EventContinue:
				d.Commit = Held("next-" + id)
			}
			want, possible := quarantine.Next(kind, quarantine.StateHeld, event)
			got, err := b.Decide(t.Context(), d)
			item, missing := b.Item(t.Context(), id)
			b.must(missing)
			if !possible {
				b.is(err, quarantine.ErrConflict)
				if item.State != quarantine.StateHeld || item.Decided.Event != "" {
					t.Errorf("%s: %s by %+v", id, item.State, item.Decided)
				}
				continue
			}
			b.must(err)
			decided := quarantine.Decided{Event: event, By: "who", At: d.At, Justification: "why"}
			if got.State != want || item.State != want || item.Decided != decided || got.Decided != decided {
				t.Errorf("%s: %s by %+v, want %s", id, item.State, item.Decided, want)
			}
			if event == quarantine.EventContinue && b.state("next-"+id) != quarantine.StateHeld {
				t.Errorf("%s: the next item is not held", id)
			}
			_, err = b.Decide(t.Context(), remove(id, "late"))
			b.is(err, quarantine.ErrConflict)
		}
	}
	b.sound()
}

// However many decide at once, one decision is taken, and the others learn which.
func testDecideOnce(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	winner := ""
	errs := together(20, func(i int) error {
		d := remove("1", fmt.Sprintf("person %d", i))
		if i%2 == 0 {
			d = release("1")
			d.By = fmt.Sprintf("person %d", i)
		}
		_, err := b.Decide(t.Context(), d)
		return err
	})
	for i, err := range errs {
		if err == nil {
			if winner != "" {
				t.Errorf("%s and person %d have decided", winner, i)
			}
			winner = fmt.Sprintf("person %d", i)
		}
	}
	item, err := b.Item(t.Context(), "1")
	b.must(err)
	if winner == "" || item.Decided.By != winner {
		t.Fatalf("%q has decided, the item says %+v", winner, item.Decided)
	}
	for _, err := range errs {
		var conflict *quarantine.ConflictError
		if err != nil && (!errors.As(err, &conflict) || conflict.Decided != item.Decided || conflict.State != item.State) {
			t.Errorf("a loser was told %v", err)
		}
	}
	entries, err := b.Entries(t.Context(), "P-1")
	b.must(err)
	if want := item.State == quarantine.StateReleasing; (len(entries) == 1) != want {
		t.Errorf("%d releases of an item that is %s", len(entries), item.State)
	}
	b.sound()
}

// What a decision brings along is there with it, or not at all.
func testDecideAlong(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	d := remove("1", "reviewer")
	d.Commit = Mailed("ndr")
	d.Commit.Records = []quarantine.Record{{Time: start, Operation: "delete", Reference: "P-1", Data: []byte(`{}`)}}
	broken := *d
	broken.Commit = Mailed("ndr")
	broken.Commit.Entries = append(broken.Commit.Entries, Entry("x", quarantine.EntryNotice, "nobody", "b-ndr"))
	_, err := b.Decide(t.Context(), &broken)
	b.is(err, quarantine.ErrNotFound)
	if got := b.state("1"); got != quarantine.StateHeld {
		t.Errorf("a refused decision left it %s", got)
	}
	gone(b, "b-ndr")
	_, err = b.Decide(t.Context(), d)
	b.must(err)
	_, err = b.Decide(t.Context(), &quarantine.Decision{
		Item: "1", Event: quarantine.EventExpire, By: "timer", At: start.Add(time.Hour), Commit: Mailed("late"),
	})
	b.is(err, quarantine.ErrConflict)
	gone(b, "b-late")
	b.reopen()
	b.same("outbox", entryIDs(b.lease(start)), []string{"ndr"})
	equalOctets(b, "b-1", Text("1")) // for its time of grace
	b.sound()
}

func testDecisionRefused(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	for _, test := range []struct {
		name string
		d    *quarantine.Decision
		want error
	}{
		{"by nobody", remove("1", ""), quarantine.ErrInvalid},
		{"release of nothing", &quarantine.Decision{Item: "1", Event: quarantine.EventRelease, By: "x", At: start}, quarantine.ErrInvalid},
		{"deletion with a release", &quarantine.Decision{Item: "1", Event: quarantine.EventDelete, By: "x", At: start, Commit: release("1").Commit}, quarantine.ErrInvalid},
		{"release of another", &quarantine.Decision{Item: "1", Event: quarantine.EventRelease, By: "x", At: start, Commit: release("2").Commit}, quarantine.ErrInvalid},
		{"continued as nothing", &quarantine.Decision{Item: "1", Event: quarantine.EventContinue, By: "x", At: start}, quarantine.ErrInvalid},
		{"sent by hand", &quarantine.Decision{Item: "1", Event: quarantine.EventSent, By: "x", At: start}, quarantine.ErrInvalid},
		{"unknown item", remove("9", "x"), quarantine.ErrNotFound},
	} {
		if _, err := b.Decide(t.Context(), test.d); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
	}
	if got := b.state("1"); got != quarantine.StateHeld {
		t.Errorf("it is %s", got)
	}
}

func testExtend(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	until := start.Add(60 * 24 * time.Hour)
	b.must(b.Extend(t.Context(), "1", until, quarantine.Record{Time: start, Operation: "extend", Data: []byte(`{}`)}))
	b.reopen()
	item, err := b.Item(t.Context(), "1")
	b.must(err)
	if !item.Expires.Equal(until) {
		t.Errorf("expires %s", item.Expires)
	}
	stats, err := b.Stats(t.Context())
	b.must(err)
	if stats.Records != 2 {
		t.Errorf("%d records", stats.Records)
	}
	_, err = b.Decide(t.Context(), remove("1", "reviewer"))
	b.must(err)
	b.is(b.Extend(t.Context(), "1", until.Add(time.Hour)), quarantine.ErrConflict)
	b.is(b.Extend(t.Context(), "9", until), quarantine.ErrNotFound)
}

// Only held items come due: neither decided ones nor those under legal hold, nor
// those that never expire.
func testDue(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i, after := range []time.Duration{5, 3, 4, 1, 2, 0, 9} {
		c := Held(fmt.Sprint(i))
		c.Items[0].Expires = start.Add(after * time.Hour)
		if after == 0 {
			c.Items[0].Expires = time.Time{}
		}
		b.must(b.Commit(t.Context(), c))
	}
	_, err := b.Decide(t.Context(), remove("3", "reviewer"))
	b.must(err)
	b.must(b.SetLegalHold(t.Context(), "4", true))
	due, err := b.Due(t.Context(), start.Add(5*time.Hour), 10)
	b.must(err)
	b.same("due", ids(due), []string{"1", "2", "0"})
	due, err = b.Due(t.Context(), start.Add(5*time.Hour), 1)
	b.must(err)
	b.same("the first due", ids(due), []string{"1"})
	b.must(b.SetLegalHold(t.Context(), "4", false))
	b.must(b.Extend(t.Context(), "1", start.Add(100*time.Hour)))
	due, err = b.Due(t.Context(), start.Add(5*time.Hour), 10)
	b.must(err)
	b.same("due afterwards", ids(due), []string{"4", "2", "0"})
}

// What is under legal hold neither expires nor is deleted; it may be let go, and it
// and its history stay all the same.
func testLegalHold(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for _, id := range []string{"kept", "sent"} {
		b.must(b.Commit(t.Context(), Held(id)))
		b.must(b.SetLegalHold(t.Context(), id, true, quarantine.Record{Time: start, Reference: "P-" + id, Operation: "legal hold", Data: []byte(`{}`)}))
	}
	for _, event := range []quarantine.Event{quarantine.EventDelete, quarantine.EventExpire} {
		d := remove("kept", "who")
		d.Event, d.Commit = event, Mailed("ndr")
		_, err := b.Decide(t.Context(), d)
		b.is(err, quarantine.ErrLegalHold)
		gone(b, "b-ndr")
	}
	if got := b.state("kept"); got != quarantine.StateHeld {
		t.Errorf("it is %s", got)
	}
	_, err := b.Decide(t.Context(), release("sent"))
	b.must(err)
	b.must(b.Finish(t.Context(), delivered(b.lease(start)[0])))
	_, err = b.Decide(t.Context(), remove("sent", "late"))
	b.is(err, quarantine.ErrConflict)

	swept, err := b.Sweep(t.Context(), start.Add(1000*24*time.Hour), nil)
	b.must(err)
	if *swept != (quarantine.Swept{}) {
		t.Errorf("swept %+v", *swept)
	}
	equalOctets(b, "b-sent", Text("sent"))
	for _, id := range []string{"kept", "sent"} {
		b.must(b.SetLegalHold(t.Context(), id, false))
	}
	_, err = b.Decide(t.Context(), remove("kept", "who"))
	b.must(err)
	swept, err = b.Sweep(t.Context(), start.Add(1000*24*time.Hour), nil)
	b.must(err)
	if want := (quarantine.Swept{Blobs: 2, Records: 4, Entries: 1, Items: 2}); *swept != want {
		t.Errorf("swept once lifted: %+v, want %+v", *swept, want)
	}
	b.sound()
}

func testSeen(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	for _, err := range together(8, func(i int) error {
		return b.Seen(t.Context(), "1", start.Add(time.Duration(i)*time.Minute))
	}) {
		b.must(err)
	}
	item, err := b.Item(t.Context(), "1")
	b.must(err)
	if item.Seen != 8 || !item.LastSeen.Equal(start.Add(7*time.Minute)) {
		t.Errorf("seen %d times, last %s", item.Seen, item.LastSeen)
	}
	b.is(b.Seen(t.Context(), "9", start), quarantine.ErrNotFound)
}
