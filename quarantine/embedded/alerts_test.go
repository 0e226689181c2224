package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

// threeRaise is two commits with three matches, which raise an alert.
func threeRaise() []*quarantine.Commit {
	three := func(m *quarantine.Match) { m.Alert.Trigger = quarantine.AlertTrigger{Count: 3, Window: time.Hour} }
	two, last := storetest.Matched("A-1", start, three), storetest.Matched("A-3", start, three)
	more := storetest.Matched("A-2", start, three)
	more.Matches[0].Record = 1
	two.Records, two.Matches = append(two.Records, more.Records...), append(two.Matches, more.Matches...)
	return []*quarantine.Commit{two, last}
}

// inspectAlerts holds a store to the matches that were promised: each is counted
// once, with its record, and the third raised an alert whose mail is due or written,
// never both and never twice.
func (w *workload) inspectAlerts(t *testing.T, s *Store) {
	t.Helper()
	records, events := 0, 0
	for r, err := range s.Records(t.Context(), quarantine.RecordFilter{Operations: []string{"match"}}) {
		must(t, err)
		records++
		must(t, s.read.QueryRowContext(t.Context(), "SELECT ? + count(*) FROM alert_event WHERE record = ?", events, r.Number).Scan(&events))
	}
	page, err := s.Alerts(t.Context(), quarantine.AlertFilter{})
	must(t, err)
	due, err := s.DueAlerts(t.Context(), 10)
	must(t, err)
	if records < w.matched || events != records || len(page.Alerts) != records/3 {
		t.Errorf("%d matches promised, %d recorded, %d counted, %d alerts", w.matched, records, events, len(page.Alerts))
	}
	for _, a := range page.Alerts {
		mails, err := s.Entries(t.Context(), "P-1") // the reference of every entry of the suite
		must(t, err)
		written := 0
		for _, e := range mails {
			if e.ID == "alert-"+a.ID {
				written++
			}
		}
		if a.Events != 3 || written+len(due) != 1 || a.Told.IsZero() != (written == 0) {
			t.Errorf("alert %+v, %d mails, %d due", a, written, len(due))
		}
	}
}

// Two processes on one store raise one alert for each ten matches, whichever of
// them comes tenth.
func TestAlertsOfTwoProcesses(t *testing.T) {
	dir := filepath.Join(scratch(t), "store")
	s := open(t, Options{Dir: dir})
	const processes, each = 2, 50
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), helperDir+"="+dir, helperAlerts+"="+fmt.Sprint(p, " ", each))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", p, err, out)
			}
		})
	}
	wg.Wait()
	page, err := s.Alerts(t.Context(), quarantine.AlertFilter{})
	must(t, err)
	events := 0
	for _, a := range page.Alerts {
		events += a.Events
	}
	if len(page.Alerts) != processes*each/10 || events != processes*each {
		t.Errorf("%d alerts with %d events, want one for each ten of %d matches", len(page.Alerts), events, processes*each)
	}
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
}

// matchAlone is the process of [TestAlertsOfTwoProcesses]: it sends matches from
// several sessions.
func matchAlone(dir, spec string) error {
	var name, each int
	if _, err := fmt.Sscan(spec, &name, &each); err != nil {
		return err
	}
	s, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		return err
	}
	const sessions = 5
	errs := make([]error, sessions)
	var wg sync.WaitGroup
	for i := range sessions {
		wg.Go(func() {
			for n := range each / sessions {
				errs[i] = errors.Join(errs[i], s.Commit(context.Background(), storetest.Matched(fmt.Sprintf("A-%d-%d-%d", name, i, n), start, func(m *quarantine.Match) {
					m.Alert.Trigger = quarantine.AlertTrigger{Count: 10, Window: time.Hour}
				})))
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, s.Close())...)
}

// Counting follows an index however many matches are stored, and what is listed
// often does.
func TestAlertPlans(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	for _, test := range []struct{ query, want string }{
		{"SELECT max(at) FROM alert_event WHERE key = ? AND alert = '' AND at <= ?", "USING COVERING INDEX alert_event_open (key=? AND at<?)"},
		{"SELECT min(at), count(*), sum(bytes) FROM alert_event WHERE key = ? AND alert = '' AND at BETWEEN ? AND ?", "USING COVERING INDEX alert_event_open (key=? AND at>? AND at<?)"},
		{"SELECT id FROM alert WHERE key = ? AND raised BETWEEN ? AND ? AND status IN ('active', 'investigating') ORDER BY raised DESC LIMIT 1", "USING INDEX alert_key (key=? AND raised>? AND raised<?)"},
		{"SELECT id FROM alert WHERE due = 1 ORDER BY raised LIMIT ?", "INDEX alert_due"},
		{"SELECT number FROM alert_event WHERE alert = ? AND alert <> '' ORDER BY number DESC LIMIT ?", "USING COVERING INDEX alert_event_alert (alert=?)"},
		{"SELECT number FROM alert_event WHERE at <= ? AND NOT EXISTS (SELECT 1 FROM alert WHERE id = alert_event.alert) LIMIT ?", "INDEX alert_event_at (at<?)"},
	} {
		if got := plan(t, s, test.query, 1, 2, 3); !strings.Contains(got, test.want) || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: %s", test.query, got)
		}
	}
}

// A comment is never changed, whoever tries.
func TestAlertCommentsAreWrittenOnce(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	must(t, s.Commit(t.Context(), storetest.Matched("A-1", start)))
	_, err := s.ChangeAlert(t.Context(), &quarantine.AlertUpdate{Alert: "A-1", By: "otto", At: start, Comment: "As it is."})
	must(t, err)
	err = s.change(t.Context(), func(tx *transactor) error { return tx.exec("UPDATE alert_comment SET text = ''") })
	if err == nil || !strings.Contains(err.Error(), "never changed") {
		t.Errorf("a comment was changed: %v", err)
	}
}

// BenchmarkMatch commits a record alone, and with matches counted: of a rule whose
// alert is not near, with as many waiting as stand in the name.
func BenchmarkMatch(b *testing.B) {
	for _, waiting := range []int{-1, 0, 1000, 10_000} {
		b.Run(fmt.Sprint("waiting=", waiting), func(b *testing.B) {
			s := open(b, Options{Dir: filepath.Join(b.TempDir(), "store")})
			far := func(m *quarantine.Match) {
				m.Alert.Trigger = quarantine.AlertTrigger{Bytes: 1 << 60, Window: time.Hour}
			}
			match := func(i int) *quarantine.Commit {
				c := storetest.Matched(fmt.Sprint("A-", i), start, far)
				if waiting < 0 {
					c.Matches = nil
				}
				return c
			}
			fill := storetest.Matched("A-fill", start, far)
			for range waiting - 1 {
				fill.Matches = append(fill.Matches, fill.Matches[0])
			}
			if waiting > 0 {
				if err := s.Commit(b.Context(), fill); err != nil {
					b.Fatal(err)
				}
			}
			for i := 0; b.Loop(); i++ {
				if err := s.Commit(b.Context(), match(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Nothing tells whose matches counted towards alerts once the person is erased: neither
// the digest of the user, nor the key that is made of it. What is counted of everybody
// stays.
func TestErasedFromAlerts(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Privacy: storetest.Privacy})
	match := func(name, rule string, trigger quarantine.AlertTrigger, users ...string) {
		t.Helper()
		for i, user := range users {
			c := storetest.Matched(fmt.Sprint(name, i), start, func(m *quarantine.Match) {
				m.User, m.Alert.Rule, m.Alert.Trigger = user, rule, trigger
			})
			c.Records[0].Data = storetest.Mail("1", start).Data
			if user != "anna" {
				c.Records[0].Data = []byte(`{}`)
			}
			must(t, s.Commit(t.Context(), c))
		}
	}
	apart := quarantine.AlertTrigger{Count: 3, Window: time.Hour, PerUser: true}
	match("A", "raised", apart, "anna", "anna", "anna")
	match("B", "waiting", apart, "anna", "anna")
	match("C", "of another", apart, "ben", "ben", "ben")
	match("D", "of all", quarantine.AlertTrigger{Count: 9, Window: time.Hour}, "anna", "ben")
	e, err := s.ErasePerson(t.Context(), "anna@example.com", start, nil)
	must(t, err)
	if e.Records != 6 || e.KeptCount != 0 {
		t.Errorf("erased %+v", e)
	}
	for query, want := range map[string]int{
		"SELECT count(*) FROM alert_event WHERE user = 'anna'":                                      0,
		"SELECT count(*) FROM alert_event WHERE user = 'ben'":                                       4,
		"SELECT count(*) FROM alert_event WHERE user = '' AND key <> ''":                            1,
		"SELECT count(*) FROM alert_event WHERE key = (SELECT key FROM alert_event WHERE number=9)": 2,
		"SELECT count(*) FROM alert WHERE key = ''":                                                 1,
		"SELECT count(*) FROM alert WHERE key <> ''":                                                1,
	} {
		var got int
		must(t, s.read.QueryRowContext(t.Context(), query).Scan(&got))
		if got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if v := verified(t, s); v.Broken != 0 || len(check(t, s)) != 0 {
		t.Errorf("in the end %+v, check %v", v, check(t, s))
	}
}
