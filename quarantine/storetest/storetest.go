// Package storetest is the suite that every store of held messages must pass. The
// test of an implementation is one call of [Run].
package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// Settings are what a store is made with.
type Settings struct {
	Quota     quarantine.Quota
	Retention quarantine.Retention
}

// Privacy is what stores are made with: what a record of these tests tells of
// people.
func Privacy(place string) quarantine.Privacy {
	switch place {
	case "from":
		return quarantine.Sender
	case "to":
		return quarantine.Person
	case "subject":
		return quarantine.Content
	case "explain":
		return quarantine.Whole
	}
	return quarantine.Open
}

// New makes an empty store for a test and gives a function that opens it. The
// function may be called again once the store is closed, and finds what was
// committed.
type New func(t *testing.T, s Settings) (open func() quarantine.Store)

// Run runs the suite.
func Run(t *testing.T, create New) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, create New)
	}{
		{"Commit", testCommit},
		{"CommitRefused", testCommitRefused},
		{"CommitTogether", testCommitTogether},
		{"Repeat", testRepeat},
		{"RepeatRace", testRepeatRace},
		{"Fingerprints", testFingerprints},
		{"List", testList},
		{"Pages", testPages},
		{"Decide", testDecide},
		{"DecideOnce", testDecideOnce},
		{"DecideAlong", testDecideAlong},
		{"DecisionRefused", testDecisionRefused},
		{"Extend", testExtend},
		{"Due", testDue},
		{"LegalHold", testLegalHold},
		{"Seen", testSeen},
		{"Lease", testLease},
		{"LeaseLost", testLeaseLost},
		{"LeaseOnce", testLeaseOnce},
		{"LeaseKinds", testLeaseKinds},
		{"Waiting", testWaiting},
		{"Postpone", testPostpone},
		{"Finish", testFinish},
		{"ReleaseEnds", testReleaseEnds},
		{"ReleaseReturns", testReleaseReturns},
		{"Wake", testWake},
		{"Records", testRecords},
		{"Chain", testChain},
		{"ChainSwept", testChainSwept},
		{"Cursor", testCursor},
		{"FindPerson", testFindPerson},
		{"ErasePerson", testErasePerson},
		{"ErasePersonKept", testErasePersonKept},
		{"Quota", testQuota},
		{"QuotaTogether", testQuotaTogether},
		{"SweepBlobs", testSweepBlobs},
		{"SweepHistory", testSweepHistory},
		{"AlertSingle", testAlertSingle},
		{"AlertFolds", testAlertFolds},
		{"AlertCount", testAlertCount},
		{"AlertClock", testAlertClock},
		{"AlertVolume", testAlertVolume},
		{"AlertRace", testAlertRace},
		{"AlertRefused", testAlertRefused},
		{"AlertTold", testAlertTold},
		{"AlertChange", testAlertChange},
		{"AlertList", testAlertList},
		{"AlertSweep", testAlertSweep},
		{"Stats", testStats},
		{"Closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, create)
		})
	}
}

// start is the time at which every test begins.
var start = time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.UTC)

// bench is a store under test.
type bench struct {
	*testing.T
	quarantine.Store
	open func() quarantine.Store
}

func begin(t *testing.T, create New, s Settings) *bench {
	t.Helper()
	open := create(t, s)
	b := &bench{T: t, Store: open(), open: open}
	t.Cleanup(func() { _ = b.Store.Close() })
	return b
}

// reopen closes the store and opens it again: what is found then was durable.
func (b *bench) reopen() {
	b.Helper()
	b.must(b.Store.Close())
	b.Store = b.open()
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// is fails unless err is of a kind.
func (b *bench) is(err, want error) {
	b.Helper()
	if !errorIs(err, want) {
		b.Fatalf("error %v, want %v", err, want)
	}
}

// sound fails if the store finds anything wrong with itself.
func (b *bench) sound() {
	b.Helper()
	problems, err := b.Check(b.Context())
	b.must(err)
	for _, p := range problems {
		b.Errorf("check: %+v", p)
	}
	b.chained()
}

func (b *bench) state(id string) quarantine.State {
	b.Helper()
	item, err := b.Item(b.Context(), id)
	b.must(err)
	return item.State
}

// octets reads a blob.
func (b *bench) octets(id string) ([]byte, error) {
	r, err := b.Open(b.Context(), id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Text gives the octets of a synthetic message; they hold what text is not meant to.
func Text(id string) []byte {
	return fmt.Appendf(nil, "Subject: %s\r\n\r\nsynthetic\x00 bare\rreturn \xff\r\n", id)
}

// Held is a commit with one held item of the given name: blob "b-"+id, a record of
// the operation "hold", to two recipients.
func Held(id string) *quarantine.Commit {
	return &quarantine.Commit{
		Blobs: []quarantine.Blob{{ID: "b-" + id, Data: Text(id)}},
		Items: []quarantine.Item{{
			ID: id, Reference: "P-" + id, Kind: quarantine.KindQuarantine, Blob: "b-" + id,
			Envelope: envelope(), TellSender: true,
			Draft: json.RawMessage(`{"edits":[1]}`), Matches: json.RawMessage(`[]`), Remaining: json.RawMessage(`["later"]`), Reports: json.RawMessage(`[{"to":[]}]`),
			Reason: "held for the test", Policy: "Cards", Rule: "Ten", PolicyVersion: "v1", Fingerprint: "f-" + id,
			Created: start, Expires: start.Add(30 * 24 * time.Hour),
		}},
		Records: []quarantine.Record{{Time: start, Reference: "P-" + id, QueueID: "Q-" + id, Operation: "hold", Data: json.RawMessage(`{"of":"` + id + `"}`)}},
	}
}

func envelope() quarantine.Envelope {
	from, _ := message.ParsePath("Sender@Example.com")
	one, _ := message.ParsePath("one@partner.example")
	two, _ := message.ParsePath(`"odd local"@partner.example`)
	return quarantine.NewEnvelope(message.Envelope{
		ReversePath: from, MailArgs: []string{"SIZE=100", "ENVID=abc"},
		Recipients: []message.Recipient{
			{Raw: "<one@partner.example>", Path: one, Args: []string{"NOTIFY=NEVER"}},
			{Raw: `<"odd local"@partner.example>`, Path: two},
		},
		HELO: "client.example.com", QueueID: "Q1", Hostname: "mx.example.com", Authenticated: "sender",
		Macros: map[string]string{"i": "Q1", "daemon_name": "SUBMISSION"},
	})
}

// Entry is an entry with one recipient, out of a blob.
func Entry(id string, kind quarantine.EntryKind, item, blob string) quarantine.Entry {
	return quarantine.Entry{
		ID: id, Kind: kind, Reference: "P-1", Item: item, Blob: blob, ReversePath: "sender@example.com",
		MailArgs:   []string{"RET=HDRS"},
		Recipients: []quarantine.EntryRecipient{{Address: "one@partner.example", Args: []string{"NOTIFY=FAILURE"}}},
		Trace:      "Received: by mx.example.com\r\n", Marked: true, TellSender: true, Data: json.RawMessage(`{"n":1}`),
		Created: start, NotBefore: start, Expires: start.Add(5 * 24 * time.Hour),
	}
}

// Mailed is a commit with one entry of the given name, blob "b-"+id.
func Mailed(id string) *quarantine.Commit {
	return &quarantine.Commit{
		Blobs:   []quarantine.Blob{{ID: "b-" + id, Data: Text(id)}},
		Entries: []quarantine.Entry{Entry(id, quarantine.EntryReinject, "", "b-"+id)},
	}
}

// release is the decision that lets an item go by an entry named after it.
func release(id string) *quarantine.Decision {
	return &quarantine.Decision{
		Item: id, Event: quarantine.EventRelease, By: "reviewer@example.com", At: start.Add(time.Hour), Justification: "agreed",
		Commit: &quarantine.Commit{Entries: []quarantine.Entry{Entry("r-"+id, quarantine.EntryRelease, id, "b-"+id)}},
	}
}

func remove(id, by string) *quarantine.Decision {
	return &quarantine.Decision{Item: id, Event: quarantine.EventDelete, By: by, At: start.Add(time.Hour)}
}

// delivered reports the only recipient of a lease as delivered.
func delivered(e quarantine.Entry) *quarantine.Report {
	return &quarantine.Report{
		Entry: e.ID, Attempt: e.Attempt, At: start.Add(2 * time.Hour),
		Results: []quarantine.Result{{Recipient: 0, Delivery: quarantine.Delivered, Reply: "250 2.0.0 queued as Q2"}},
	}
}

// lease takes everything ready at a time, for a minute.
func (b *bench) lease(at time.Time) []quarantine.Entry {
	b.Helper()
	entries, err := b.Lease(b.Context(), at, at.Add(time.Minute), 100)
	b.must(err)
	return entries
}

func ids(items []quarantine.Item) []string {
	var names []string
	for _, i := range items {
		names = append(names, i.ID)
	}
	return names
}

func entryIDs(entries []quarantine.Entry) []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.ID)
	}
	return names
}

func (b *bench) same(what string, got, want []string) {
	b.Helper()
	if !slices.Equal(got, want) {
		b.Errorf("%s: %v, want %v", what, got, want)
	}
}

// together runs n functions at once and gives their errors.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

func equalOctets(b *bench, blob string, want []byte) {
	b.Helper()
	got, err := b.octets(blob)
	b.must(err)
	if !bytes.Equal(got, want) {
		b.Errorf("blob %s: %q, want %q", blob, got, want)
	}
}

func gone(b *bench, blob string) {
	b.Helper()
	_, err := b.octets(blob)
	b.is(err, quarantine.ErrNotFound)
}
