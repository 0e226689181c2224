package embedded

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

// plan gives how the database goes about a query.
func plan(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	must(t, err)
	var steps []string
	must(t, eachRow(rows, func(scan func(...any) error) error {
		var id, parent, unused int
		var step string
		err := scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}))
	return strings.Join(steps, "; ")
}

// What is asked for often looks into as few rows as it gives, however many there
// are: it follows an index, and sorts nothing but what it gives.
func TestPlans(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	yes := true
	list := func(f quarantine.Filter) (string, []any) {
		clause, args, err := listClause(f, 200)
		must(t, err)
		return "SELECT " + itemColumns + " FROM item" + clause, args
	}
	held := []quarantine.State{quarantine.StateHeld, quarantine.StateReleasing}
	listHeld, heldArgs := list(quarantine.Filter{States: held})
	newest, newestArgs := list(quarantine.Filter{States: held, NewestFirst: true})
	all, allArgs := list(quarantine.Filter{})
	legal, legalArgs := list(quarantine.Filter{LegalHold: &yes})
	recovered, recoveredArgs := list(quarantine.Filter{Recovered: &yes})
	for _, test := range []struct {
		name, query string
		args        []any
		want        string
		sorts       bool
	}{
		{"what is held", listHeld, heldArgs, "USING COVERING INDEX item_open (state=?)", true},
		{"what is held, the newest first", newest, newestArgs, "USING COVERING INDEX item_open (state=?)", true},
		{"everything", all, allArgs, "USING INDEX item_created", false},
		{"under legal hold", legal, legalArgs, "USING INDEX item_legal", false},
		{"recovered", recovered, recoveredArgs, "USING INDEX item_recovered", false},
		{"what is due", "SELECT id FROM item WHERE state = 'held' AND expires <> 0 AND expires <= ? AND legal_hold = 0", []any{1}, "item_state (state=?", false},
		{"what is to be sent", "SELECT number" + ready(0), []any{1, 1}, "USING INDEX entry_open (not_before<?)", false},
		{"what is to be sent of two kinds", "SELECT number" + ready(2), []any{1, 1, "reinject", "release"}, "USING INDEX entry_lane (kind=? AND not_before<?)", true},
		{"what is to be sent of one kind", "SELECT number" + ready(1), []any{1, 1, "notice"}, "USING INDEX entry_lane (kind=? AND not_before<?)", false},
		{"what waits by kind", sending, nil, "USING COVERING INDEX entry_lane", false},
		{"what waits", waiting, []any{1}, "USING COVERING INDEX entry_age", false},
		{"what has had its grace", "SELECT blob FROM item" + graced, []any{1, 1}, "USING INDEX item_grace", false},
	} {
		got := plan(t, s, test.query, test.args...)
		if !strings.Contains(got, test.want) || !test.sorts && strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: %s", test.name, got)
		}
	}
}

// A record is never changed, whoever tries.
func TestRecordsAreWrittenOnce(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	must(t, s.Commit(t.Context(), storetest.Held("1")))
	err := s.change(t.Context(), func(tx *transactor) error { return tx.exec("UPDATE record SET data = '{}'") })
	if err == nil || !strings.Contains(err.Error(), "never changed") {
		t.Errorf("a record was changed: %v", err)
	}
	for r, err := range s.Records(t.Context(), quarantine.RecordFilter{}) {
		must(t, err)
		if string(r.Data) != `{"of":"1"}` {
			t.Errorf("the record is %s", r.Data)
		}
	}
}

// What the database counts in its head is what it holds, through all that happens
// to items, and check would say otherwise.
func TestTally(t *testing.T) {
	s := filled(t, t.TempDir())
	_, err := s.Decide(t.Context(), &quarantine.Decision{Item: "2", Event: quarantine.EventExpire, By: "timer", At: start})
	must(t, err)
	_, err = s.Sweep(t.Context(), start.Add(1000*24*time.Hour), nil)
	must(t, err)
	if got := check(t, s); got != nil {
		t.Errorf("check: %q", got)
	}
	must(t, s.change(t.Context(), func(tx *transactor) error { return tx.exec("UPDATE tally SET items = 7") }))
	if got := check(t, s); len(got) != 1 || !strings.Contains(got[0], "counts") {
		t.Errorf("check: %q", got)
	}
}
