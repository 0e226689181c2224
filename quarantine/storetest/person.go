package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// mentions gives what names a person, as "kind id as kept".
func (b *bench) mentions(who string) []string {
	b.Helper()
	var all []string
	for m, err := range b.FindPerson(b.Context(), who) {
		b.must(err)
		all = append(all, strings.TrimSpace(fmt.Sprint(m.Kind, " ", m.ID, " ", m.As, " ", m.Kept)))
	}
	slices.Sort(all)
	return all
}

func (b *bench) data() string {
	b.Helper()
	var all strings.Builder
	for r, err := range b.Store.Records(b.Context(), quarantine.RecordFilter{}) {
		b.must(err)
		all.Write(r.Data)
		all.WriteByte('\n')
	}
	return all.String()
}

// ended makes an item that was deleted an hour after the start.
func (b *bench) ended(id string) {
	b.Helper()
	b.must(b.Commit(b.Context(), fingerprinted(id, "d-"+id, time.Time{})))
	_, err := b.Decide(b.Context(), remove(id, "reviewer@example.com"))
	b.must(err)
}

// A person is found wherever named, whatever the case, and others are not.
func testFindPerson(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Append(t.Context(),
		Mail("m", start, "Carl@Partner.example"),
		quarantine.Record{Time: start, Operation: "text", Data: []byte(`{"subject":"for <carl@partner.example>, urgent"}`)},
		quarantine.Record{Time: start, Operation: "text", Data: []byte(`{"subject":"joanna@example.com anna@example.com.au anna@example"}`)},
	))
	b.must(b.Commit(t.Context(), Held("held")))
	b.ended("over")
	b.must(b.Commit(t.Context(), Mailed("e")))
	reported := Held("reported")
	reported.Items[0].Reports = []byte(`[{"to":["dpo@example.com"],"incident":{"message":{"from":"author@example.com"}}}]`)
	reported.Items[0].Envelope = quarantine.Envelope{ReversePath: "another@example.com", Recipients: []quarantine.Recipient{{Raw: "<other@partner.example>", Path: "other@partner.example"}}}
	b.must(b.Commit(t.Context(), reported))
	b.same("an author who was reported", b.mentions("author@example.com"), []string{"item reported mentioned held"})
	b.same("anna", b.mentions("ANNA@example.com"), []string{"record 1 sender"})
	b.same("bob", b.mentions("<bob@PARTNER.example>"), []string{"record 1 recipient"})
	b.same("carl", b.mentions("carl@partner.example"), []string{"record 1 recipient", "record 2 mentioned"})
	b.same("nobody", b.mentions("dora@example.com"), nil)
	b.same("a reviewer", b.mentions("reviewer@example.com"), []string{"item over mentioned"})
	b.same("a quoted address", b.mentions(`"odd local"@partner.example`), []string{"item held recipient held", "item over recipient"})
	b.same("a sender", b.mentions("sender@example.com"), []string{
		"entry e sender outbox", "fingerprint d-over sender", "item held sender held", "item over sender",
	})
	for _, err := range b.FindPerson(t.Context(), "\x00") {
		b.is(err, quarantine.ErrInvalid)
	}
}

// What is erased is gone for everybody, what others are named by stays, and the
// chain is whole.
func testErasePerson(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Append(t.Context(), Mail("1", start, "carl@partner.example"), Mail("2", start)))
	b.must(b.Append(t.Context(), quarantine.Record{Time: start, Reference: "P-2", Operation: "later", Data: []byte(`{"subject":"of the message","rule":"Cards"}`)}))
	b.ended("over")
	heads := b.chained().Heads

	note := func(e *quarantine.Erased) (quarantine.Record, error) {
		return quarantine.Record{Time: start, Operation: "erased", Data: fmt.Appendf(nil, `{"records":%d}`, e.Records)}, nil
	}
	e, err := b.ErasePerson(t.Context(), "carl@partner.example", start, note)
	b.must(err)
	if e.Records != 1 || e.Items+e.Entries+e.Fingerprints+e.KeptCount != 0 {
		t.Errorf("carl: %+v", *e)
	}
	if text := b.data(); strings.Contains(text, "carl") || strings.Count(text, "bob@partner.example") != 2 || !strings.Contains(text, `"bob@partner.example","erased"`) ||
		strings.Count(text, "Salary") != 2 || !strings.Contains(text, `{"records":1}`) {
		t.Errorf("carl is erased:\n%s", text)
	}
	e, err = b.ErasePerson(t.Context(), "anna@example.com", start, note)
	b.must(err)
	if e.Records != 3 || e.KeptCount != 0 {
		t.Errorf("anna: %+v", *e)
	}
	text := b.data()
	for _, gone := range []string{"anna", "Anna", "Salary", "of the message", "why"} {
		if strings.Contains(text, gone) {
			t.Errorf("anna is erased, %q is there:\n%s", gone, text)
		}
	}
	for _, stays := range []string{"bob@partner.example", `"rule":"Cards"`, `"count":3`, `"explain":{"erased":true}`, `"subject":"erased"`} {
		if !strings.Contains(text, stays) {
			t.Errorf("anna is erased, %q is gone:\n%s", stays, text)
		}
	}
	b.same("anna", b.mentions("anna@example.com"), nil)
	v := b.chained(heads...)
	if v.Erased == 0 {
		t.Errorf("verified %+v", *v)
	}

	e, err = b.ErasePerson(t.Context(), "sender@example.com", start, nil)
	b.must(err)
	if e.Items != 1 || e.Fingerprints != 1 || e.KeptCount != 0 {
		t.Errorf("the sender: %+v", *e)
	}
	item, err := b.Item(t.Context(), "over")
	b.must(err)
	if env := item.Envelope; env.ReversePath != quarantine.ErasedText || env.Authenticated != "" || env.HELO != "" || len(env.Macros) != 0 ||
		env.Recipients[0].Path != "one@partner.example" || item.Matches != nil || item.Draft != nil || item.Reports != nil || item.Purged.IsZero() || item.State != quarantine.StateDeleted {
		t.Errorf("the item: %+v", *item)
	}
	gone(b, "b-over")
	b.same("the sender", b.mentions("sender@example.com"), nil)
	b.reopen()
	b.sound()
	again, err := b.ErasePerson(t.Context(), "anna@example.com", start, nil)
	b.must(err)
	if again.Records+again.KeptCount != 0 {
		t.Errorf("anna once more: %+v", *again)
	}
}

// What is held, in the outbox or under legal hold is kept and named.
func testErasePersonKept(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Held("held")))
	b.must(b.Commit(t.Context(), Held("released")))
	_, err := b.Decide(t.Context(), release("released"))
	b.must(err)
	b.must(b.Commit(t.Context(), Mailed("e")))
	b.ended("legal")
	b.must(b.SetLegalHold(t.Context(), "legal", true))
	for _, id := range []string{"held", "legal"} {
		b.must(b.Append(t.Context(), Mail(id, start)))
	}
	erase := func(who string) []string {
		t.Helper()
		e, err := b.ErasePerson(t.Context(), who, start, nil)
		b.must(err)
		var kept []string
		for _, m := range e.Kept {
			kept = append(kept, m.Kind+" "+m.ID+" "+m.Kept)
		}
		slices.Sort(kept)
		if e.KeptCount != len(kept) {
			t.Errorf("%s: %d kept, %d named", who, e.KeptCount, len(kept))
		}
		return kept
	}
	before := b.data()
	b.same("anna", erase("anna@example.com"), []string{"record 4 held", "record 5 legalHold"})
	b.same("the sender", erase("sender@example.com"), []string{
		"entry e outbox", "entry r-released held", "fingerprint d-legal legalHold", "item held held", "item legal legalHold", "item released held",
		"record 4 held", "record 5 legalHold", // they tell of the sender's messages
	})
	if b.data() != before {
		t.Error("what is kept was changed")
	}
	equalOctets(b, "b-legal", Text("legal"))
	b.sound()
}
