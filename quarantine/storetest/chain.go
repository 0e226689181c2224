package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// afterwards is later than anything in these tests.
var afterwards = start.Add(100 * 365 * 24 * time.Hour)

// verify reads the chains.
func (b *bench) verify(now time.Time, heads ...quarantine.Head) *quarantine.Verification {
	b.Helper()
	v, err := b.VerifyRecords(b.Context(), now, heads...)
	b.must(err)
	return v
}

// chained fails if a chain is broken.
func (b *bench) chained(heads ...quarantine.Head) *quarantine.Verification {
	b.Helper()
	v := b.verify(afterwards, heads...)
	for _, broken := range v.Breaks {
		b.Errorf("verify: %+v", broken)
	}
	return v
}

// Mail is a record of a message from anna to bob and others, which names anna twice
// and says what was in the message.
func Mail(id string, at time.Time, more ...string) quarantine.Record {
	to := `"bob@partner.example"`
	for _, m := range more {
		to += `,"` + m + `"`
	}
	return quarantine.Record{
		Time: at, Reference: "P-" + id, QueueID: "Q-" + id, Operation: "match",
		Data: fmt.Appendf(nil, `{"id":%q,"from":"Anna@Example.com","to":[%s],"subject":"Salary \u00e4 \"%s\"","count":3,"explain":{"why":["from anna@example.com"],"n":[1,{}]},"rule":"Cards"}`, id, to, id),
	}
}

// Records of each month form a chain, which goes on after a restart, and whose
// heads can be kept elsewhere.
func testChain(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	if v := b.chained(); v.Records != 0 || len(v.Heads) != 0 {
		t.Errorf("an empty store: %+v", v)
	}
	want := []string{}
	for i := range 10 {
		r := Mail(fmt.Sprint(i), start.AddDate(0, i/4, 0))
		want = append(want, string(r.Data))
		b.must(b.Append(t.Context(), r))
	}
	late := Mail("late", start)
	b.must(b.Append(t.Context(), late)) // as of a clock that was set back
	want = append(want, string(late.Data))
	v := b.chained()
	if v.Records != 11 || v.Deleted+v.Older+v.Erased != 0 || len(v.Heads) != 3 {
		t.Fatalf("verified %+v", v)
	}
	for i, head := range v.Heads {
		month, records := start.AddDate(0, i, 0).Format("2006-01"), []int64{5, 4, 2}[i]
		if head.Month != month || head.Records != records || head.Node == "" || head.Node != v.Heads[0].Node {
			t.Errorf("head %d: %s", i, head)
		}
		same, err := quarantine.ParseHead(head.String())
		b.must(err)
		if same != head {
			t.Errorf("read back: %s, want %s", same, head)
		}
	}
	b.reopen()
	b.must(b.Commit(t.Context(), Held("1")))
	later := b.chained(v.Heads...)
	if later.Records != 12 || later.Heads[0].Records != 6 || later.Heads[0].Value == v.Heads[0].Value || later.Heads[2] != v.Heads[2] {
		t.Errorf("after a restart %+v", later)
	}
	var got []string
	var links []quarantine.Link
	for r, err := range b.Store.Records(t.Context(), quarantine.RecordFilter{Limit: 11}) {
		b.must(err)
		got, links = append(got, string(r.Data)), append(links, r.Link)
	}
	b.same("records are given whole", got, want)
	if l := links[10]; l.Position != 5 || l.Month != v.Heads[0].Month || l.Value != v.Heads[0].Value {
		t.Errorf("the link of the last of the first month: %+v", l)
	}
	for name, head := range map[string]quarantine.Head{
		"another value": {Node: v.Heads[0].Node, Month: v.Heads[0].Month, Records: 4, Value: v.Heads[0].Value},
		"too many":      {Node: v.Heads[0].Node, Month: v.Heads[0].Month, Records: 7, Value: v.Heads[0].Value},
		"no such month": {Node: v.Heads[0].Node, Month: "2020-01", Records: 1, Value: v.Heads[0].Value},
	} {
		if broken := b.verify(afterwards, head); broken.Broken != 1 || len(broken.Breaks) != 1 {
			t.Errorf("%s: %+v", name, broken)
		}
	}
	for _, bad := range []string{"", "a/2026-03/1", "a/2026-03/0/" + strings.Repeat("00", 32), "a/2026/1/" + strings.Repeat("00", 32), "a/2026-03/1/00"} {
		_, err := quarantine.ParseHead(bad)
		b.is(err, quarantine.ErrInvalid)
	}
}

// What was deleted at its time does not break the chain, before its time it does.
func testChainSwept(t *testing.T, create New) {
	month := 30 * 24 * time.Hour
	b := begin(t, create, Settings{Retention: quarantine.Retention{Blobs: time.Hour, Records: month}})
	for i := range 60 {
		b.must(b.Append(t.Context(), Mail(fmt.Sprint(i), start.Add(time.Duration(i)*24*time.Hour))))
	}
	kept := Held("kept")
	kept.Records[0].Time = start.Add(time.Hour)
	b.must(b.Commit(t.Context(), kept))
	b.must(b.SetLegalHold(t.Context(), "kept", true))
	heads := b.chained().Heads
	sweep := func(at time.Time) {
		t.Helper()
		_, err := b.Sweep(t.Context(), at, nil)
		b.must(err)
	}
	day := func(n int) time.Time { return start.Add(time.Duration(n) * 24 * time.Hour) }
	sweep(day(40))
	v := b.verify(day(40), heads...)
	if v.Records != 50 || v.Deleted != 11 || v.Broken != 0 {
		t.Errorf("after a part of a month %+v", v)
	}
	if v := b.verify(day(39), heads...); v.Broken != 1 || !strings.Contains(v.Breaks[0].Text, "before its time") {
		t.Errorf("deleted a day before its time: %+v", v)
	}
	b.reopen()
	sweep(day(90))
	if v := b.verify(day(90), heads...); v.Records != 1 || v.Deleted != 60 || v.Broken != 0 {
		t.Errorf("when all but one are deleted %+v", v)
	}
	b.must(b.SetLegalHold(t.Context(), "kept", false))
	sweep(day(90))
	b.must(b.Append(t.Context(), Mail("back", start), Mail("new", day(90))))
	v = b.verify(day(90), heads...)
	if v.Records != 2 || v.Deleted != 61 || v.Broken != 0 || len(v.Heads) != len(heads)+2 {
		t.Errorf("when whole months are deleted %+v", v)
	}
	for i := range heads {
		if v.Heads[i] != heads[i] {
			t.Errorf("the head of a month that was deleted is %s, was %s", v.Heads[i], heads[i])
		}
	}
	if v := b.verify(day(60), heads...); v.Broken == 0 {
		t.Error("a month that was deleted before its time is not found")
	}
}

func testCursor(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	_, known, err := b.Cursor(t.Context(), "siem")
	b.must(err)
	if known {
		t.Error("there is a number from the beginning")
	}
	b.must(b.SetCursor(t.Context(), "siem", 7))
	b.must(b.SetCursor(t.Context(), "siem", 12))
	b.must(b.SetCursor(t.Context(), "other", 0))
	b.reopen()
	for name, want := range map[string]int64{"siem": 12, "other": 0} {
		got, known, err := b.Cursor(t.Context(), name)
		b.must(err)
		if got != want || !known {
			t.Errorf("%s: %d, %v", name, got, known)
		}
	}
}
