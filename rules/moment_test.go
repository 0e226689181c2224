package rules_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skip("no time zones here: ", err)
	}
	return z
}

func loadDated(t testing.TB, v rules.Vocabulary, dates string) (*rules.Set, []strictyaml.Problem) {
	t.Helper()
	v.Types, v.Actions = vocabulary().Types, words{}
	text := "policy: P\nmode: enable\nrules:\n  - {rule: R, " + dates + ", conditions: {messageSizeOver: 1B}}\n"
	return rules.Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, v)
}

func TestDatesAreReadInTheZoneOfTheOrganisation(t *testing.T) {
	tests := []struct {
		zone, date string
		want       string // in UTC; empty for a problem, then the one
		problem    string
	}{
		{"Europe/Berlin", "2026-01-31", "2026-01-30T23:00:00Z", ""},
		{"Europe/Berlin", "2026-07-31", "2026-07-30T22:00:00Z", ""},
		{"Europe/Berlin", "2026-01-31 08:00", "2026-01-31T07:00:00Z", ""},
		{"Europe/Berlin", "2026-01-31T08:00:30", "2026-01-31T07:00:30Z", ""},
		{"Europe/Berlin", `"2026-01-31T08:00:00.0000000"`, "2026-01-31T07:00:00Z", ""},
		{"Europe/Berlin", `"2026-01-31T08:00:00Z"`, "2026-01-31T08:00:00Z", ""},
		{"Europe/Berlin", `"2026-01-31 08:00 -05:00"`, "2026-01-31T13:00:00Z", ""},
		{"America/New_York", "2026-01-31", "2026-01-31T05:00:00Z", ""},
		{"Europe/Berlin", "2026-03-29 02:30", "", "the clocks of Europe/Berlin skip 2026-03-29 02:30"},
		{"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z", ""},
		{"Europe/Berlin", "2026-10-25 02:30", "", "the clocks of Europe/Berlin show 2026-10-25 02:30 twice"},
		{"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z", ""},
		{"Europe/Berlin", "2026-10-25 01:59", "2026-10-24T23:59:00Z", ""},
		{"Europe/Berlin", `"2026-10-25T02:30:00+01:00"`, "2026-10-25T01:30:00Z", ""},
		// The day begins at one o'clock where the clocks go forward at midnight.
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", ""},
		{"Asia/Beirut", "2025-03-30", "2025-03-29T22:00:00Z", ""},
		{"UTC", "31.01.2026", "", `"31.01.2026" is not a date`},
		{"UTC", "2026-02-29", "", `"2026-02-29" is not a date`},
		{"UTC", "2026-01-31 24:00", "", `"2026-01-31 24:00" is not a date`},
	}
	for _, tt := range tests {
		t.Run(tt.zone+" "+tt.date, func(t *testing.T) {
			set, problems := loadDated(t, rules.Vocabulary{Zone: zone(t, tt.zone)}, "activationDate: "+tt.date)
			if set == nil {
				if tt.problem == "" || len(problems) != 1 || problems[0].What != tt.problem {
					t.Errorf("problems %v, want %q", problems, tt.problem)
				}
				return
			}
			if got := set.Policies[0].Rules[0].Activation.UTC().Format(time.RFC3339); got != tt.want {
				t.Errorf("%s is %s, want %q %s", tt.date, got, tt.want, tt.problem)
			}
		})
	}
}

func TestAnExpiredRuleIsAHint(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	v := rules.Vocabulary{Zone: time.UTC, Now: func() time.Time { return now }}
	for date, want := range map[string]int{"2026-03-02 09:00": 1, "2026-03-02 09:01": 0} {
		set, problems := loadDated(t, v, "expiryDate: "+date)
		if set == nil || len(problems) != want {
			t.Errorf("%s: %v, want %d", date, problems, want)
		}
		for _, p := range problems {
			if p.Severity != strictyaml.Hint || !strings.Contains(p.What, "has expired") {
				t.Errorf("%s: %v", date, p)
			}
		}
	}
}

func TestAllRulesAreJudgedAtOneMoment(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	asked := 0
	world := &rules.World{Types: vocabulary().Types, Now: func() time.Time {
		asked++
		return at.Add(time.Duration(asked-1) * time.Hour)
	}}
	set := load(t, `policy: P
mode: enable
rules:
  - {rule: Ends, expiryDate: "2026-03-02T09:30:00Z", conditions: {messageSizeOver: 1B}}
  - {rule: Begins, activationDate: "2026-03-02T09:30:00Z", conditions: {messageSizeOver: 1B}}
`)
	m, err := message.Read(message.Envelope{Recipients: []message.Recipient{{Path: path(t, "b@example.com")}}}, strings.NewReader("Subject: a\n\nb\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ev := set.Evaluate(context.Background(), rules.NewScan(world, m))
	if a, b := ev.Rules[0].Result, ev.Rules[1].Result; a != rules.Matched || b != rules.NotEvaluated {
		t.Errorf("the rule that ends %s, the one that begins %s; want matched, notEvaluated", a, b)
	}
}
