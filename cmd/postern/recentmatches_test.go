package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// kept is records of a store, and an error behind them.
type kept struct {
	quarantine.Store
	list  []quarantine.Record
	err   error
	asked int // records given
}

func (k *kept) Records(_ context.Context, f quarantine.RecordFilter) iter.Seq2[quarantine.Record, error] {
	return func(yield func(quarantine.Record, error) bool) {
		for _, r := range k.list {
			if r.Number > f.After && !r.Time.Before(f.Since) {
				k.asked++
				if !yield(r, nil) {
					return
				}
			}
		}
		if k.err != nil {
			yield(quarantine.Record{}, k.err)
		}
	}
}

func (k *kept) add(at time.Time, severity, mode, authenticated, from string, trusted bool) {
	k.list = append(k.list, quarantine.Record{Number: int64(len(k.list) + 1), Time: at, Data: fmt.Appendf(nil,
		`{"PolicyDetails":[{"PolicyName":"P","Rules":[{"RuleName":"R","Severity":%q,"RuleMode":%q}]}],"Explain":{"envelope":{"from":%q,"authenticated":%q,"trusted":%v}}}`,
		severity, mode, from, authenticated, trusted)})
}

func TestRecentMatchesAreThoseOfHighSeverityOfAPerson(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	store := &kept{}
	store.add(now.Add(-time.Hour), "High", "Enforce", "Anna", "x@example.com", true)
	store.add(now.Add(-time.Hour), "High", "Enforce", "", "Anna@Example.com", true)
	store.add(now.Add(-time.Hour), "High", "Enforce", "anna", "anna@example.com", true)
	store.add(now.Add(-8*24*time.Hour), "High", "Enforce", "anna", "anna@example.com", true) // too old
	store.add(now.Add(-time.Hour), "Medium", "Enforce", "anna", "anna@example.com", true)
	store.add(now.Add(-time.Hour), "High", "Audit only", "anna", "anna@example.com", true)                         // simulated
	store.add(now.Add(-time.Hour), "High", "Enforce", "", "anna@example.com", false)                               // forged
	store.add(now.Add(-time.Hour), "High", "Enforce", "", "", true)                                                // null reverse-path
	store.add(now.Add(-time.Hour), "High", "Enforce", "ben@example.com", "", true)                                 // a login that is an address
	store.list = append(store.list, quarantine.Record{Number: 100, Time: now, Data: []byte(`{"Severity":"High"`)}) // damaged
	m := newRecentMatches(&rules.Risk{Within: 7 * 24 * time.Hour, FromMatches: map[rules.RiskLevel]int{rules.Elevated: 5}}, store, true)
	m.now = func() time.Time { return now }

	count := func(want int, names ...string) {
		t.Helper()
		if got, err := m.count(t.Context(), names); got != want || err != nil {
			t.Errorf("%v: %d matches (%v), want %d", names, got, err, want)
		}
	}
	count(3, "anna@example.com", "anna")
	count(1, "ben@example.com", "ben")
	count(0, "carol@example.com")
	count(0, "")

	// A record is read once, and new ones are found after a while.
	asked := store.asked
	store.add(now, "High", "Enforce", "carol", "", true)
	store.list[len(store.list)-1].Number = 101
	count(0, "carol")
	now = now.Add(matchesEvery)
	count(1, "carol")
	if store.asked != asked+1 {
		t.Errorf("%d records were read for one new", store.asked-asked)
	}
	// They are forgotten when they are no longer recent.
	now = now.Add(7*24*time.Hour - time.Hour)
	count(0, "anna@example.com", "anna")
	count(1, "carol")
}

func TestRecentMatchesThatCannotBeReadAreAnError(t *testing.T) {
	store := &kept{err: errors.New("disk")}
	m := newRecentMatches(&rules.Risk{Within: time.Hour}, store, true)
	if _, err := m.count(t.Context(), []string{"anna"}); err == nil {
		t.Error("no error")
	}
	store.err = nil
	if _, err := m.count(t.Context(), []string{"anna"}); err != nil {
		t.Errorf("it is not tried again: %v", err)
	}
}

// Messages of high severity that a person sent raise the risk of the next one, as
// they are recorded.
func TestRiskComesFromWhatIsRecorded(t *testing.T) {
	s, _ := newHouse(t)
	write(t, s.file, strings.Replace(holdingConfig, "policies:", "userRisk: {fromMatches: {elevated: 2}}\npolicies:", 1))
	write(t, filepath.Join(filepath.Dir(s.file), "policies", "hold.yaml"), `policy: P
mode: enable
rules:
  - {rule: Grave, conditions: {subjectContainsWords: [grave]}, actions: {reportSeverityLevel: high}}
  - {rule: Risky, conditions: {sharedByIRMUserRisk: [elevated]}}
`)
	w, _, problems, err := load(t.Context(), s.file, nil)
	if err != nil || w == nil {
		t.Fatal(problems, err)
	}
	if err := s.bear(w); err != nil {
		t.Fatal(err)
	}
	matches := newRecentMatches(w.config.conditions.Risk, s.vault, false)
	matches.every = 0
	w.rules.Matches = matches.count
	send := func(login, subject string, want rules.Result) {
		t.Helper()
		from, _ := message.ParsePath(login + "@example.com")
		to, _ := message.ParsePath("bob@partner.example")
		env := message.Envelope{ReversePath: from, Authenticated: login, Recipients: []message.Recipient{{Raw: "<bob@partner.example>", Path: to}}}
		m, err := message.Read(env, strings.NewReader("From: "+login+"@example.com\r\nSubject: "+subject+"\r\n\r\nx\r\n"), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		d := w.judge(t.Context(), m, w.doors)
		if got := d.Evaluation.Rules[1]; got.Result != want {
			t.Errorf("%s, %s: %s (%v), want %s", login, subject, got.Result, got.Conditions, want)
		}
	}
	send("anna", "grave 1", rules.NotMatched)
	send("ben", "grave 2", rules.NotMatched)
	send("anna", "plain", rules.NotMatched)
	send("anna", "grave 3", rules.NotMatched)
	send("anna", "plain", rules.Matched)
	send("ben", "plain", rules.NotMatched)
}
