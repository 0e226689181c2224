package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

func errorIs(err, want error) bool { return errors.Is(err, want) }

// What was committed is there after the store was closed, all of it, as it was.
func testCommit(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	c := Held("1")
	other := Mailed("e1")
	c.Blobs = append(c.Blobs, other.Blobs...)
	c.Entries = other.Entries
	c.Fingerprints = []quarantine.Fingerprint{{Digest: "f-1", Item: "1", Outcome: "held", At: start, Expires: start.Add(time.Hour)}}
	b.must(b.Commit(t.Context(), c))
	b.reopen()

	item, err := b.Item(t.Context(), "1")
	b.must(err)
	want := c.Items[0]
	want.State = quarantine.StateHeld
	want.Size, want.SHA256 = int64(len(Text("1"))), item.SHA256
	if !reflect.DeepEqual(*item, want) {
		t.Errorf("item\n%+v\nwant\n%+v", *item, want)
	}
	if len(item.SHA256) != 64 {
		t.Errorf("digest %q", item.SHA256)
	}
	equalOctets(b, "b-1", Text("1"))
	equalOctets(b, "b-e1", Text("e1"))
	entries, err := b.Entries(t.Context(), "P-1")
	b.must(err)
	wantEntry := c.Entries[0]
	wantEntry.Recipients = []quarantine.EntryRecipient{wantEntry.Recipients[0]}
	wantEntry.Recipients[0].Delivery = quarantine.Pending
	if len(entries) != 1 || !reflect.DeepEqual(entries[0], wantEntry) {
		t.Errorf("entries\n%+v\nwant\n%+v", entries, wantEntry)
	}
	session, err := item.Envelope.Session()
	b.must(err)
	if got := session.Recipients[1].Path.String(); got != `"odd local"@partner.example` {
		t.Errorf("second recipient %s", got)
	}
	b.sound()
}

// What breaks the contract, or an identifier already taken, leaves nothing.
func testCommitRefused(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("1")))
	for _, test := range []struct {
		name   string
		change func(c *quarantine.Commit)
		want   error
	}{
		{"item with a path for a name", func(c *quarantine.Commit) { c.Items[0].ID = "../2" }, quarantine.ErrInvalid},
		{"blob with a path for a name", func(c *quarantine.Commit) { c.Blobs[0].ID, c.Items[0].Blob = "a/b", "a/b" }, quarantine.ErrInvalid},
		{"item without its blob", func(c *quarantine.Commit) { c.Blobs = nil }, quarantine.ErrInvalid},
		{"blob of nobody", func(c *quarantine.Commit) { c.Items = nil }, quarantine.ErrInvalid},
		{"one blob for two items", func(c *quarantine.Commit) {
			c.Items = append(c.Items, c.Items[0])
			c.Items[1].ID = "3"
		}, quarantine.ErrInvalid},
		{"item of no kind", func(c *quarantine.Commit) { c.Items[0].Kind = "shelf" }, quarantine.ErrInvalid},
		{"item without recipients", func(c *quarantine.Commit) { c.Items[0].Envelope.Recipients = nil }, quarantine.ErrInvalid},
		{"item without a time", func(c *quarantine.Commit) { c.Items[0].Created = time.Time{} }, quarantine.ErrInvalid},
		{"draft that is no JSON", func(c *quarantine.Commit) { c.Items[0].Draft = json.RawMessage("{") }, quarantine.ErrInvalid},
		{"record that is no JSON", func(c *quarantine.Commit) { c.Records[0].Data = json.RawMessage("x") }, quarantine.ErrInvalid},
		{"fingerprint for ever", func(c *quarantine.Commit) {
			c.Fingerprints = []quarantine.Fingerprint{{Digest: "d", At: start}}
		}, quarantine.ErrInvalid},
		{"release of no item", func(c *quarantine.Commit) {
			c.Entries = []quarantine.Entry{Entry("e", quarantine.EntryRelease, "", "b-2")}
		}, quarantine.ErrInvalid},
		{"entry of no kind", func(c *quarantine.Commit) { c.Entries = []quarantine.Entry{Entry("e", "parcel", "", "b-2")} }, quarantine.ErrInvalid},
		{"entry without a blob", func(c *quarantine.Commit) {
			c.Entries = []quarantine.Entry{Entry("e", quarantine.EntryNotice, "", "b-9")}
		}, quarantine.ErrInvalid},
		{"entry of an unknown item", func(c *quarantine.Commit) {
			c.Entries = []quarantine.Entry{Entry("e", quarantine.EntryNotice, "9", "b-2")}
		}, quarantine.ErrNotFound},
		{"entry out of an unknown blob", func(c *quarantine.Commit) {
			c.Entries = []quarantine.Entry{Entry("e", quarantine.EntryNotice, "2", "b-9")}
		}, quarantine.ErrNotFound},
		{"item already there", func(c *quarantine.Commit) { c.Items[0].ID = "1" }, quarantine.ErrExists},
		{"blob already there", func(c *quarantine.Commit) { c.Blobs[0].ID, c.Items[0].Blob = "b-1", "b-1" }, quarantine.ErrExists},
	} {
		c := Held("2")
		test.change(c)
		if err := b.Commit(t.Context(), c); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
		if _, err := b.Item(t.Context(), "2"); !errors.Is(err, quarantine.ErrNotFound) {
			t.Errorf("%s: the item is there: %v", test.name, err)
		}
	}
	b.sound()
	equalOctets(b, "b-1", Text("1"))
	b.must(b.Commit(t.Context(), Held("2"))) // its names are still free
}

// Commits at the same time each get their own answer.
func testCommitTogether(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	const n = 24
	errs := together(n, func(i int) error {
		c := Held(fmt.Sprint(i))
		switch i % 4 {
		case 1:
			c.Records = append(c.Records, quarantine.Record{Operation: "broken"})
		case 2:
			c.Items[0].ID = "same" // one of these may have the name
		}
		return b.Commit(t.Context(), c)
	})
	b.reopen()
	same := 0
	for i, err := range errs {
		switch i % 4 {
		case 1:
			b.is(err, quarantine.ErrInvalid)
		case 2:
			if err == nil {
				same++
				equalOctets(b, fmt.Sprintf("b-%d", i), Text(fmt.Sprint(i)))
			} else {
				b.is(err, quarantine.ErrExists)
				gone(b, fmt.Sprintf("b-%d", i))
			}
		default:
			b.must(err)
			equalOctets(b, fmt.Sprintf("b-%d", i), Text(fmt.Sprint(i)))
		}
	}
	if same != 1 {
		t.Errorf("%d items of one name", same)
	}
	b.sound()
}

func fingerprinted(id, digest string, unless time.Time) *quarantine.Commit {
	c := Held(id)
	c.Fingerprints = []quarantine.Fingerprint{{
		Digest: digest, ClientAddr: "192.0.2.1", MessageID: "<m@example.com>", Date: "Mon, 2 Mar 2026 10:00:00 +0100",
		Outcome: "held", Data: json.RawMessage(`{"a":1}`), Item: id, Reference: "P-" + id, QueueID: "Q-" + id,
		At: start, Expires: start.Add(6 * time.Hour), Unless: unless,
	}}
	return c
}

// A fingerprint with Unless makes the second hold of one message impossible.
func testRepeat(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), fingerprinted("1", "d", start.Add(-time.Hour))))

	err := b.Commit(t.Context(), fingerprinted("2", "d", start.Add(-time.Hour)))
	b.is(err, quarantine.ErrRepeat)
	var repeat *quarantine.RepeatError
	if !errors.As(err, &repeat) || repeat.Found.Item != "1" || repeat.Found.ItemState != quarantine.StateHeld {
		t.Errorf("found %+v", repeat)
	}
	_, err = b.Item(t.Context(), "2")
	b.is(err, quarantine.ErrNotFound)
	gone(b, "b-2")

	another := fingerprinted("3", "d", start.Add(-time.Hour))
	another.Fingerprints[0].MessageID = "<other@example.com>"
	b.must(b.Commit(t.Context(), another))
	b.must(b.Commit(t.Context(), fingerprinted("4", "d", start.Add(time.Hour)))) // only later ones count
	b.must(b.Commit(t.Context(), fingerprinted("5", "d", time.Time{})))          // not asked
	b.sound()
}

func testRepeatRace(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	held := 0
	for _, err := range together(16, func(i int) error {
		return b.Commit(t.Context(), fingerprinted(fmt.Sprint(i), "d", start.Add(-time.Hour)))
	}) {
		if err == nil {
			held++
			continue
		}
		b.is(err, quarantine.ErrRepeat)
	}
	page, err := b.List(t.Context(), quarantine.Filter{})
	b.must(err)
	if held != 1 || len(page.Items) != 1 {
		t.Errorf("held %d times, %d items", held, len(page.Items))
	}
	b.sound()
}

// Fingerprints are found by their digest, the newest first, with the state of
// their items.
func testFingerprints(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), fingerprinted("1", "d", time.Time{})))
	b.must(b.Commit(t.Context(), &quarantine.Commit{Fingerprints: []quarantine.Fingerprint{
		{Digest: "d", Outcome: "rejected", At: start.Add(time.Minute), Expires: start.Add(time.Hour)},
	}}))
	b.must(b.Commit(t.Context(), fingerprinted("2", "other", time.Time{})))
	_, err := b.Decide(t.Context(), remove("1", "reviewer"))
	b.must(err)
	b.reopen()

	found, err := b.Fingerprints(t.Context(), "d")
	b.must(err)
	want := fingerprinted("1", "d", time.Time{}).Fingerprints[0]
	want.ItemState = quarantine.StateDeleted
	if len(found) != 2 || found[0].Outcome != "rejected" || found[0].ItemState != "" || !reflect.DeepEqual(found[1], want) {
		t.Errorf("found %+v", found)
	}
	found, err = b.Fingerprints(t.Context(), "nothing")
	b.must(err)
	if len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

// A quota refuses what goes beyond it and lets it in when there is room again.
func testQuota(t *testing.T, create New) {
	for _, test := range []struct {
		name  string
		quota quarantine.Quota
		want  error
	}{
		{"messages of a sender", quarantine.Quota{SenderItems: 2}, quarantine.ErrSenderFull},
		{"octets of a sender", quarantine.Quota{SenderBytes: int64(2 * len(Text("1")))}, quarantine.ErrSenderFull},
		{"messages", quarantine.Quota{Items: 2}, quarantine.ErrQuota},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := begin(t, create, Settings{Quota: test.quota})
			b.must(b.Commit(t.Context(), Held("1")))
			b.must(b.Commit(t.Context(), Held("2")))
			err := b.Commit(t.Context(), Held("3"))
			b.is(err, test.want)
			b.is(err, quarantine.ErrFull)
			gone(b, "b-3")
			b.must(b.Append(t.Context(), Held("3").Records...))

			other := Held("4")
			other.Items[0].Envelope.ReversePath = "other@example.com"
			if err := b.Commit(t.Context(), other); (err == nil) != errors.Is(test.want, quarantine.ErrSenderFull) {
				t.Errorf("another sender: %v", err)
			}
			_, err = b.Decide(t.Context(), remove("1", "reviewer"))
			b.must(err)
			if test.want == quarantine.ErrQuota {
				b.must(b.Commit(t.Context(), Held("5")))
			}
			b.sound()
		})
	}
	t.Run("octets", func(t *testing.T) {
		b := begin(t, create, Settings{Quota: quarantine.Quota{Bytes: int64(2 * len(Text("1")))}})
		b.must(b.Commit(t.Context(), Held("1")))
		b.must(b.Commit(t.Context(), Held("2")))
		b.is(b.Commit(t.Context(), Held("3")), quarantine.ErrFull)
		// A decision is not refused: it makes room.
		_, err := b.Decide(t.Context(), release("1"))
		b.must(err)
		b.must(b.Finish(t.Context(), delivered(b.lease(start)[0])))
		_, err = b.Sweep(t.Context(), start.Add(30*24*time.Hour), nil)
		b.must(err)
		b.must(b.Commit(t.Context(), Held("3")))
	})
}

// A closed store says so.
func testClosed(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Close())
	b.must(b.Close())
	b.is(b.Commit(t.Context(), Held("1")), quarantine.ErrClosed)
	_, err := b.Item(t.Context(), "1")
	b.is(err, quarantine.ErrClosed)
	_, err = b.Decide(t.Context(), remove("1", "x"))
	b.is(err, quarantine.ErrClosed)
	for _, err := range b.Store.Records(t.Context(), quarantine.RecordFilter{}) {
		b.is(err, quarantine.ErrClosed)
	}
}

// A quota holds however many commits come at once, and each is told for itself.
func testQuotaTogether(t *testing.T, create New) {
	b := begin(t, create, Settings{Quota: quarantine.Quota{SenderItems: 5, Items: 9}})
	errs := together(24, func(i int) error {
		c := Held(fmt.Sprint(i))
		if i%2 == 1 {
			c.Items[0].Envelope.ReversePath = "other@example.com"
		}
		return b.Commit(t.Context(), c)
	})
	kept := 0
	for i, err := range errs {
		if err == nil {
			kept++
			equalOctets(b, fmt.Sprintf("b-%d", i), Text(fmt.Sprint(i)))
			continue
		}
		b.is(err, quarantine.ErrQuota)
		gone(b, fmt.Sprintf("b-%d", i))
	}
	if kept != 9 {
		t.Errorf("%d were kept, want 9", kept)
	}
	b.must(b.Append(t.Context(), Held("r").Records...)) // records are always taken
	b.sound()
}
