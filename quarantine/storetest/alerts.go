package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// Matched is a commit with the record of a match, of the operation "match", that is
// counted towards an alert of the given name.
func Matched(alert string, at time.Time, change ...func(*quarantine.Match)) *quarantine.Commit {
	m := quarantine.Match{
		Alert: quarantine.Alert{ID: alert, Policy: "Cards", Rule: "One card", Severity: "High", To: []string{"desk@example.com"}},
		Raised: quarantine.Record{
			Time: at, Reference: "P-" + alert, Operation: "raised", Data: fmt.Appendf(nil, `{"alert":%q}`, alert),
		},
		User: "anna", At: at, Bytes: 1000,
	}
	for _, f := range change {
		f(&m)
	}
	return &quarantine.Commit{
		Records: []quarantine.Record{{Time: at, Reference: "P-" + alert, QueueID: "Q-" + alert, Operation: "match", Data: []byte(`{}`)}},
		Matches: []quarantine.Match{m},
	}
}

// tenIn48 is the trigger of ten matches within 48 hours.
func tenIn48(m *quarantine.Match) {
	m.Alert.Trigger = quarantine.AlertTrigger{Count: 10, Window: 48 * time.Hour}
}

func folding(m *quarantine.Match) { m.Fold = time.Minute }

// raised gives the alerts there are, as "ID EVENTS".
func (b *bench) raised() []string {
	b.Helper()
	page, err := b.Alerts(b.Context(), quarantine.AlertFilter{})
	b.must(err)
	var out []string
	for _, a := range page.Alerts {
		out = append(out, fmt.Sprint(a.ID, " ", a.Events))
	}
	return out
}

// Every match of a rule that does not count raises an alert, which is durable with
// the record of the match and has a record of its own.
func testAlertSingle(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Matched("A-1", start)))
	b.reopen()
	a, err := b.Alert(t.Context(), "A-1")
	b.must(err)
	want := quarantine.Alert{ID: "A-1", Policy: "Cards", Rule: "One card", Severity: "High", Raised: start, First: start, Last: start,
		Events: 1, Bytes: 1000, Status: quarantine.AlertActive}
	if a.ID != want.ID || a.Policy != want.Policy || a.Rule != want.Rule || a.Severity != want.Severity || !a.Raised.Equal(start) ||
		!a.First.Equal(start) || !a.Last.Equal(start) || a.Events != 1 || a.Bytes != 1000 || a.Status != want.Status ||
		!slices.Equal(a.To, []string{"desk@example.com"}) || a.Simulated || len(a.Comments) > 0 || !a.Updated.IsZero() || !a.Told.IsZero() {
		t.Errorf("the alert is %+v, want %+v", *a, want)
	}
	events, err := b.AlertEvents(t.Context(), "A-1", 10)
	b.must(err)
	if len(events) != 1 || events[0].Reference != "P-A-1" || !events[0].At.Equal(start) || events[0].Bytes != 1000 {
		t.Fatalf("its events are %+v", events)
	}
	var got []string
	for r, err := range b.Store.Records(t.Context(), quarantine.RecordFilter{}) {
		b.must(err)
		got = append(got, r.Operation)
		if r.Operation == "match" && r.Number != events[0].Record {
			t.Errorf("the event is of record %d, the match is %d", events[0].Record, r.Number)
		}
	}
	b.same("records", got, []string{"match", "raised"})
	b.is(b.Commit(t.Context(), Matched("A-1", start)), quarantine.ErrExists)
	b.must(b.Commit(t.Context(), Matched("A-2", start)))
	b.same("alerts", b.raised(), []string{"A-1 1", "A-2 1"})
	_, err = b.Alert(t.Context(), "A-3")
	b.is(err, quarantine.ErrNotFound)
	b.sound()
}

// Matches within the folding time of an alert are added to it, as long as nobody
// has closed it; those of other rules, and of the rule in a test mode, are not.
func testAlertFolds(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	send := func(id string, at time.Duration, change ...func(*quarantine.Match)) {
		t.Helper()
		b.must(b.Commit(t.Context(), Matched(id, start.Add(at), append(change, folding)...)))
	}
	send("A-1", 0)
	send("A-2", 30*time.Second)
	send("A-3", time.Minute)
	send("A-4", time.Minute+time.Nanosecond) // counts from the time it was raised, not from the last match
	send("A-5", -30*time.Second)             // the clock was set back
	b.same("folded", b.raised(), []string{"A-1 4", "A-4 1"})
	a, err := b.Alert(t.Context(), "A-1")
	b.must(err)
	if !a.First.Equal(start.Add(-30*time.Second)) || !a.Last.Equal(start.Add(time.Minute)) || a.Bytes != 4000 {
		t.Errorf("the alert is %+v", *a)
	}
	send("B-1", 0, func(m *quarantine.Match) { m.Alert.Rule = "Another" })
	send("C-1", 0, func(m *quarantine.Match) { m.Alert.Simulated = true })
	send("C-2", 0, func(m *quarantine.Match) { m.Alert.Simulated = true })
	_, err = b.ChangeAlert(t.Context(), &quarantine.AlertUpdate{Alert: "A-4", By: "otto", At: start, Status: quarantine.AlertDismissed})
	b.must(err)
	send("A-6", 2*time.Minute+time.Second)
	b.same("in the end", b.raised(), []string{"A-1 4", "B-1 1", "C-1 2", "A-4 1", "A-6 1"})
	user := func(name string) func(*quarantine.Match) {
		return func(m *quarantine.Match) { m.User, m.Alert.Rule, m.Alert.Trigger.PerUser = name, "Per user", true }
	}
	send("D-1", time.Hour, user("anna"))
	send("D-2", time.Hour, user("ben"))
	send("D-3", time.Hour, user("anna"))
	b.same("per user", b.raised()[5:], []string{"D-1 2", "D-2 1"})
	b.sound()
}

// Ten mails with one card each within 48 hours raise one alert, and counting begins
// anew behind it.
func testAlertCount(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	n := 0
	send := func(at time.Duration) {
		t.Helper()
		n++
		b.must(b.Commit(t.Context(), Matched(fmt.Sprint("A-", n), start.Add(at), tenIn48, folding)))
	}
	send(-time.Nanosecond) // too old by that when the tenth comes
	for i := range 8 {
		send(time.Duration(i) * 5 * time.Hour)
	}
	send(48 * time.Hour)
	b.same("nine within 48 hours", b.raised(), nil)
	b.reopen()
	send(48 * time.Hour)
	b.same("ten within 48 hours", b.raised(), []string{"A-11 10"})
	a, err := b.Alert(t.Context(), "A-11")
	b.must(err)
	if !a.First.Equal(start) || !a.Last.Equal(start.Add(48*time.Hour)) || !a.Raised.Equal(a.Last) || a.Bytes != 10_000 {
		t.Errorf("the alert is %+v", *a)
	}
	send(48*time.Hour + 30*time.Second)
	b.same("soon behind it", b.raised(), []string{"A-11 11"})
	for range 9 {
		send(49 * time.Hour)
	}
	b.same("nine more", b.raised(), []string{"A-11 11"})
	send(50 * time.Hour)
	b.same("ten more", b.raised(), []string{"A-11 11", "A-22 10"})
	events, err := b.AlertEvents(t.Context(), "A-22", 3)
	b.must(err)
	if len(events) != 3 || events[0].Reference != "P-A-22" {
		t.Errorf("the last events are %+v", events)
	}
	b.sound()
}

// A clock that goes backwards, and one that was far ahead, neither lose matches nor
// make of them what did not happen.
func testAlertClock(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	n := 0
	send := func(at time.Duration, times int) {
		t.Helper()
		for range times {
			n++
			b.must(b.Commit(t.Context(), Matched(fmt.Sprint("A-", n), start.Add(at), tenIn48)))
		}
	}
	send(1000*24*time.Hour, 9) // the clock was wrong for a while
	send(0, 5)
	b.same("far ahead is not counted", b.raised(), nil)
	send(-time.Hour, 4)
	b.same("set back by an hour, nine", b.raised(), nil)
	send(-30*time.Minute, 1)
	b.same("set back by an hour, ten", b.raised(), []string{"A-19 10"})
	send(40*time.Hour, 9)
	send(40*time.Hour-49*time.Hour, 1)
	b.same("more than a window apart", b.raised(), []string{"A-19 10"})

	send(3000*time.Hour-10*time.Hour, 9)
	send(3000*time.Hour+40*time.Hour, 1) // the clock was wrong once, by less than the window
	send(3000*time.Hour, 1)
	b.same("one from ahead hides nothing", b.raised(), []string{"A-19 10", "A-40 10"})
	b.sound()
}

// The size of messages is added up, and users are counted apart where that is asked
// for; volume and count may stand together.
func testAlertVolume(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	n := 0
	send := func(user string, octets int64, trigger quarantine.AlertTrigger) {
		t.Helper()
		n++
		trigger.Window = time.Hour
		b.must(b.Commit(t.Context(), Matched(fmt.Sprint("A-", n), start, func(m *quarantine.Match) {
			m.User, m.Bytes, m.Alert.Trigger = user, octets, trigger
		})))
	}
	volume := quarantine.AlertTrigger{Bytes: 50 << 20}
	send("anna", 30<<20, volume)
	send("anna", 20<<20-1, volume)
	b.same("a octet less", b.raised(), nil)
	send("ben", 1, volume)
	b.same("50 MB", b.raised(), []string{"A-3 3"})
	send("anna", 60<<20, volume)
	b.same("one of 60 MB", b.raised(), []string{"A-3 3", "A-4 1"})
	each := quarantine.AlertTrigger{Bytes: 100, Count: 3, PerUser: true}
	for _, m := range []struct {
		user   string
		octets int64
	}{{"anna", 60}, {"ben", 60}, {"anna", 30}, {"ben", 60}, {"anna", 1}} {
		send(m.user, m.octets, each)
	}
	b.same("per user", b.raised(), []string{"A-3 3", "A-4 1", "A-8 2", "A-9 3"})
	b.sound()
}

// Of sessions at the same time one raises the alert, and every match is counted
// once.
func testAlertRace(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	const sessions, each = 20, 10
	for _, err := range together(sessions, func(i int) error {
		for n := range each {
			at := start.Add(time.Duration(i*each+n) * time.Millisecond)
			if err := b.Commit(t.Context(), Matched(fmt.Sprintf("A-%d-%d", i, n), at, tenIn48, folding)); err != nil {
				return err
			}
		}
		return nil
	}) {
		b.must(err)
	}
	page, err := b.Alerts(t.Context(), quarantine.AlertFilter{})
	b.must(err)
	if len(page.Alerts) != 1 || page.Alerts[0].Events != sessions*each {
		t.Errorf("alerts %v, want one with %d events", b.raised(), sessions*each)
	}
	for _, err := range together(sessions, func(i int) error {
		for n := range each {
			if err := b.Commit(t.Context(), Matched(fmt.Sprintf("B-%d-%d", i, n), start, tenIn48, func(m *quarantine.Match) { m.Alert.Rule = "B" })); err != nil {
				return err
			}
		}
		return nil
	}) {
		b.must(err)
	}
	if got := b.raised(); len(got) != 1+sessions*each/10 {
		t.Errorf("%d alerts without folding, want one for each ten", len(got)-1)
	}
	b.sound()
}

// A commit that is refused counts nothing, and what counts wants a window, a rule, a
// record and a name.
func testAlertRefused(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	three := func(m *quarantine.Match) { m.Alert.Trigger = quarantine.AlertTrigger{Count: 3, Window: time.Hour} }
	for i := range 2 {
		b.must(b.Commit(t.Context(), Matched(fmt.Sprint("A-", i), start, three)))
	}
	b.must(b.Commit(t.Context(), Held("1")))
	twice := Matched("A-3", start, three)
	again := Held("1")
	twice.Items, twice.Blobs = again.Items, again.Blobs
	twice.Blobs[0].ID, twice.Items[0].Blob = "other", "other"
	b.is(b.Commit(t.Context(), twice), quarantine.ErrExists)
	for name, change := range map[string]func(*quarantine.Match){
		"no window":        func(m *quarantine.Match) { m.Alert.Trigger.Count = 1 },
		"no identifier":    func(m *quarantine.Match) { m.Alert.ID = "" },
		"no rule":          func(m *quarantine.Match) { m.Alert.Rule = "" },
		"no such record":   func(m *quarantine.Match) { m.Record = 1 },
		"no time":          func(m *quarantine.Match) { m.At = time.Time{} },
		"negative":         func(m *quarantine.Match) { m.Bytes = -1 },
		"no record of its": func(m *quarantine.Match) { m.Raised.Operation = "" },
	} {
		if err := b.Commit(t.Context(), Matched("A-4", start, change)); !errors.Is(err, quarantine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.same("two are counted", b.raised(), nil)
	b.must(b.Commit(t.Context(), Matched("A-5", start, three)))
	b.same("three", b.raised(), []string{"A-5 3"})
	b.sound()
}

// The mail of an alert is written once, whoever tries, and together with what makes
// it not due.
func testAlertTold(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	wake := b.Wake()
	b.must(b.Commit(t.Context(), Matched("A-1", start)))
	select {
	case <-wake:
	default:
		t.Error("nobody is woken")
	}
	b.must(b.Commit(t.Context(), Matched("A-2", start, func(m *quarantine.Match) { m.Alert.To = nil })))
	b.must(b.Commit(t.Context(), Matched("A-3", start.Add(time.Second))))
	due := func() []string {
		t.Helper()
		alerts, err := b.DueAlerts(t.Context(), 10)
		b.must(err)
		var ids []string
		for _, a := range alerts {
			ids = append(ids, a.ID)
		}
		return ids
	}
	b.same("due", due(), []string{"A-1", "A-3"})
	heard := 0
	for _, err := range together(8, func(i int) error {
		return b.TellAlert(t.Context(), "A-1", start, Mailed(fmt.Sprint("m", i)))
	}) {
		if err == nil {
			heard++
		} else {
			b.is(err, quarantine.ErrTold)
		}
	}
	if mails := b.lease(start); heard != 1 || len(mails) != 1 {
		t.Errorf("%d heard, %d mails", heard, len(mails))
	}
	b.is(b.TellAlert(t.Context(), "A-2", start, nil), quarantine.ErrTold)
	b.must(b.TellAlert(t.Context(), "A-3", start, nil))
	b.same("due in the end", due(), nil)
	a, err := b.Alert(t.Context(), "A-1")
	b.must(err)
	if !a.Told.Equal(start) {
		t.Errorf("told at %s", a.Told)
	}
	b.reopen()
	b.same("due after all", due(), nil)
	b.sound()
}

// What people do about an alert follows its life, with a record, or is not done at
// all.
func testAlertChange(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	b.must(b.Commit(t.Context(), Matched("A-1", start)))
	otto, nobody := "otto", ""
	change := func(u quarantine.AlertUpdate) (*quarantine.Alert, error) {
		u.Alert, u.By = "A-1", "otto"
		if u.At.IsZero() {
			u.At = start.Add(time.Hour)
		}
		u.Records = []quarantine.Record{{Time: u.At, Operation: "changed", Data: []byte(`{}`)}}
		return b.ChangeAlert(t.Context(), &u)
	}
	a, err := change(quarantine.AlertUpdate{Status: quarantine.AlertInvestigating, Assignee: &otto, Comment: "I look."})
	b.must(err)
	if a.Status != quarantine.AlertInvestigating || a.Assignee != "otto" || len(a.Comments) != 1 || a.Comments[0].By != "otto" ||
		a.Comments[0].Text != "I look." || !a.Comments[0].At.Equal(start.Add(time.Hour)) || !a.Updated.Equal(start.Add(time.Hour)) {
		t.Errorf("it is %+v", *a)
	}
	for _, to := range []quarantine.AlertStatus{quarantine.AlertActive, quarantine.AlertInvestigating} {
		_, err = change(quarantine.AlertUpdate{Status: to, Assignee: &nobody, Comment: "not kept"})
		var conflict *quarantine.AlertError
		if !errors.As(err, &conflict) || conflict.From != quarantine.AlertInvestigating || conflict.To != to {
			t.Errorf("to %s: %v", to, err)
		}
		b.is(err, quarantine.ErrConflict)
	}
	a, err = change(quarantine.AlertUpdate{Status: quarantine.AlertResolved, Comment: "Done.", At: start.Add(2 * time.Hour)})
	b.must(err)
	if a.Assignee != "otto" || len(a.Comments) != 2 {
		t.Errorf("it is %+v", *a)
	}
	a, err = change(quarantine.AlertUpdate{Assignee: &nobody})
	b.must(err)
	if a.Assignee != "" || a.Status != quarantine.AlertResolved || !a.Updated.Equal(start.Add(2*time.Hour)) {
		t.Errorf("it is %+v", *a)
	}
	_, err = change(quarantine.AlertUpdate{Status: quarantine.AlertInvestigating})
	b.must(err)
	_, err = change(quarantine.AlertUpdate{})
	b.is(err, quarantine.ErrInvalid)
	_, err = change(quarantine.AlertUpdate{Status: "lost"})
	b.is(err, quarantine.ErrInvalid)
	_, err = b.ChangeAlert(t.Context(), &quarantine.AlertUpdate{Alert: "A-9", By: "otto", At: start, Comment: "x"})
	b.is(err, quarantine.ErrNotFound)
	changes := 0
	for _, err := range b.Store.Records(t.Context(), quarantine.RecordFilter{Operations: []string{"changed"}}) {
		b.must(err)
		changes++
	}
	if changes != 4 {
		t.Errorf("%d changes are recorded, want 4", changes)
	}
	won := 0
	for _, err := range together(8, func(int) error {
		_, err := change(quarantine.AlertUpdate{Status: quarantine.AlertDismissed})
		return err
	}) {
		if err == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of eight dismissed it", won)
	}
	b.sound()
}

// Lists hold what fits, page by page.
func testAlertList(t *testing.T, create New) {
	b := begin(t, create, Settings{})
	for i := range 6 {
		b.must(b.Commit(t.Context(), Matched(fmt.Sprint("A-", i), start.Add(time.Duration(i/2)*time.Hour), func(m *quarantine.Match) {
			if i%2 == 1 {
				m.Alert.Policy, m.Alert.Severity, m.User = "Gehälter", "Low", "ben"
			}
			m.Alert.Simulated = i == 5
		})))
	}
	otto := "Otto"
	_, err := b.ChangeAlert(t.Context(), &quarantine.AlertUpdate{Alert: "A-1", By: "x", At: start, Status: quarantine.AlertResolved, Assignee: &otto})
	b.must(err)
	yes, no := true, false
	for name, test := range map[string]struct {
		filter quarantine.AlertFilter
		want   []string
	}{
		"all":       {quarantine.AlertFilter{}, []string{"A-0", "A-1", "A-2", "A-3", "A-4", "A-5"}},
		"newest":    {quarantine.AlertFilter{NewestFirst: true, Severities: []string{"Low"}}, []string{"A-5", "A-3", "A-1"}},
		"status":    {quarantine.AlertFilter{Statuses: []quarantine.AlertStatus{quarantine.AlertResolved}}, []string{"A-1"}},
		"policy":    {quarantine.AlertFilter{Policy: "GEHÄLTER", Rule: "one CARD"}, []string{"A-1", "A-3", "A-5"}},
		"user":      {quarantine.AlertFilter{User: "ben"}, []string{"A-1", "A-3", "A-5"}},
		"nobody":    {quarantine.AlertFilter{User: "carl"}, nil},
		"reference": {quarantine.AlertFilter{Reference: "P-A-4"}, []string{"A-4"}},
		"assignee":  {quarantine.AlertFilter{Assignee: "otto"}, []string{"A-1"}},
		"since":     {quarantine.AlertFilter{Since: start.Add(time.Hour), Until: start.Add(2 * time.Hour)}, []string{"A-2", "A-3"}},
		"simulated": {quarantine.AlertFilter{Simulated: &yes}, []string{"A-5"}},
		"real":      {quarantine.AlertFilter{Simulated: &no, Policy: "gehälter"}, []string{"A-1", "A-3"}},
	} {
		for _, limit := range []int{0, 1, 2} {
			f := test.filter
			f.Limit = limit
			var got []string
			for more := true; more; more = f.After != "" {
				page, err := b.Alerts(t.Context(), f)
				b.must(err)
				for _, a := range page.Alerts {
					got = append(got, a.ID)
				}
				f.After = page.Next
			}
			b.same(name, got, test.want)
		}
	}
	_, err = b.Alerts(t.Context(), quarantine.AlertFilter{Limit: 1001})
	b.is(err, quarantine.ErrInvalid)
	_, err = b.Alerts(t.Context(), quarantine.AlertFilter{After: "?"})
	b.is(err, quarantine.ErrInvalid)
	s, err := b.Stats(t.Context())
	b.must(err)
	if s.Alerts != 5 {
		t.Errorf("%d alerts are open, want 5", s.Alerts)
	}
}

// Alerts and counted matches are forgotten after their time, with all that belongs
// to them, and none before.
func testAlertSweep(t *testing.T, create New) {
	day := 24 * time.Hour
	b := begin(t, create, Settings{Retention: quarantine.Retention{Records: 10 * day}})
	b.must(b.Commit(t.Context(), Matched("A-old", start)))
	b.must(b.Commit(t.Context(), Matched("A-touched", start)))
	_, err := b.ChangeAlert(t.Context(), &quarantine.AlertUpdate{Alert: "A-old", By: "otto", At: start, Comment: "So what."})
	b.must(err)
	_, err = b.ChangeAlert(t.Context(), &quarantine.AlertUpdate{Alert: "A-touched", By: "otto", At: start.Add(5 * day), Comment: "Look."})
	b.must(err)
	for i := range 9 {
		b.must(b.Commit(t.Context(), Matched(fmt.Sprint("A-", i), start.Add(time.Duration(i)*time.Hour), tenIn48)))
	}
	swept, err := b.Sweep(t.Context(), start.Add(10*day-1), nil)
	b.must(err)
	if *swept != (quarantine.Swept{}) {
		t.Errorf("swept before its time: %+v", *swept)
	}
	swept, err = b.Sweep(t.Context(), start.Add(10*day), nil)
	b.must(err)
	if swept.Alerts != 1 || swept.Matches != 2 {
		t.Errorf("swept %+v, want one alert with its match, and one that raised nothing", *swept)
	}
	b.same("left", b.raised(), []string{"A-touched 1"})
	a, err := b.Alert(t.Context(), "A-touched")
	b.must(err)
	if len(a.Comments) != 1 {
		t.Errorf("it is %+v", *a)
	}
	swept, err = b.Sweep(t.Context(), start.Add(16*day), nil)
	b.must(err)
	if swept.Alerts != 1 || swept.Matches != 9 {
		t.Errorf("swept %+v in the end", *swept)
	}
	b.sound()
}
