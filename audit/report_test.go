package audit

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// matched is a record of a message at a time, of rules given as policy, rule, mode,
// severity, type and action.
func matched(t testing.TB, at time.Time, verdict string, rules ...[6]string) Record {
	t.Helper()
	o := Outcome{
		Message: ExchangeMetaData{From: "anna@example.com", To: []string{"bob@partner.example"}},
		Forks:   []Fork{{Recipients: []string{"bob@partner.example"}, Verdict: verdict}},
	}
	for _, r := range rules {
		rule := Rule{RuleName: r[1], RuleMode: ModeOf(r[2]), Severity: r[3], Actions: []string{r[5], "setHeader"}}
		if r[5] == "" {
			rule.Actions = nil
		}
		for range 2 { // in two places
			if r[4] != "" {
				rule.ConditionsMatched.SensitiveInformation = append(rule.ConditionsMatched.SensitiveInformation,
					SensitiveInformation{SensitiveInformationTypeName: r[4], Count: 2, UniqueCount: 2, Confidence: 85})
			}
		}
		o.Policies = append(o.Policies, PolicyDetails{PolicyName: r[0], Rules: []Rule{rule}})
	}
	rec, err := Matched(Head{Time: at, ID: fmt.Sprint(at.UnixNano()), Reference: "P-1"}, o)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// history is four messages over three days and one that was put off.
func history(t testing.TB) []Record {
	day := func(n, hour int) time.Time { return time.Date(2026, 3, n, hour, 30, 0, 0, time.UTC) }
	cards := [6]string{"Cards", "Ten", "enable", "High", "Credit card number", "blockAccess"}
	few := [6]string{"Cards", "Few", "enable", "Low", "Credit card number", ""}
	trial := [6]string{"Trial", "Names", "testWithNotifications", "", "All full names", "quarantine"}
	overridden := matched(t, day(3, 9), "deliver", cards)
	overridden.PolicyDetails[0].Rules[0].State = "overridden"
	overridden.PolicyDetails[0].Rules[0].OverriddenActions = []string{"blockAccess"}
	overridden.ExceptionInfo = &ExceptionInfo{Reason: "falsePositive", FalsePositive: true, Justification: MaskText("these are test cards"), Rules: []string{RuleID("Cards", "Ten")}}
	return []Record{
		matched(t, day(1, 9), "block", cards, few),
		matched(t, day(1, 23), "block", cards, trial),
		matched(t, day(2, 9), "deliver", trial),
		overridden,
		matched(t, day(3, 10), "defer", cards),
		all(t)[PolicyLoaded],
	}
}

func TestReport(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		keys string
		n    [5]int64 // messages, matches, simulated, overridden, false positives
	}
	for _, test := range []struct {
		name   string
		by     []Dimension
		choice Choice
		zone   *time.Location
		want   []line
	}{
		{"all", nil, Choice{}, time.UTC, []line{{"[]", [5]int64{4, 6, 2, 1, 1}}}},
		{"by policy", []Dimension{ByPolicy}, Choice{}, time.UTC, []line{{"[Cards]", [5]int64{3, 4, 0, 1, 1}}, {"[Trial]", [5]int64{2, 2, 2, 0, 0}}}},
		{"by rule", []Dimension{ByRule}, Choice{}, time.UTC, []line{
			{"[Cards / Ten]", [5]int64{3, 3, 0, 1, 1}}, {"[Trial / Names]", [5]int64{2, 2, 2, 0, 0}}, {"[Cards / Few]", [5]int64{1, 1, 0, 0, 0}}}},
		{"by type", []Dimension{ByType}, Choice{}, time.UTC, []line{{"[Credit card number]", [5]int64{3, 4, 0, 1, 1}}, {"[All full names]", [5]int64{2, 2, 2, 0, 0}}}},
		{"by action", []Dimension{ByAction}, Choice{Policies: []string{"cards"}}, time.UTC, []line{
			{"[blockAccess]", [5]int64{3, 3, 0, 1, 1}}, {"[setHeader]", [5]int64{3, 3, 0, 1, 1}}, {"[]", [5]int64{1, 1, 0, 0, 0}}}},
		{"by severity", []Dimension{BySeverity}, Choice{}, time.UTC, []line{{"[High]", [5]int64{3, 3, 0, 1, 1}}, {"[None]", [5]int64{2, 2, 2, 0, 0}}, {"[Low]", [5]int64{1, 1, 0, 0, 0}}}},
		{"by day", []Dimension{ByDay}, Choice{}, time.UTC, []line{{"[2026-03-01]", [5]int64{2, 4, 1, 0, 0}}, {"[2026-03-02]", [5]int64{1, 1, 1, 0, 0}}, {"[2026-03-03]", [5]int64{1, 1, 0, 1, 1}}}},
		{"by day elsewhere", []Dimension{ByDay}, Choice{}, berlin, []line{{"[2026-03-01]", [5]int64{1, 2, 0, 0, 0}}, {"[2026-03-02]", [5]int64{2, 3, 2, 0, 0}}, {"[2026-03-03]", [5]int64{1, 1, 0, 1, 1}}}},
		{"by week", []Dimension{ByWeek}, Choice{}, time.UTC, []line{{"[2026-W09]", [5]int64{2, 4, 1, 0, 0}}, {"[2026-W10]", [5]int64{2, 2, 1, 1, 1}}}},
		{"by hour", []Dimension{ByHour}, Choice{Rules: []string{"few"}}, berlin, []line{{"[2026-03-01T10:00+01:00]", [5]int64{1, 1, 0, 0, 0}}}},
		{"by month and mode", []Dimension{ByMonth, ByMode}, Choice{}, time.UTC, []line{{"[2026-03 enforced]", [5]int64{3, 4, 0, 1, 1}}, {"[2026-03 simulated]", [5]int64{2, 2, 2, 0, 0}}}},
		{"simulated only", []Dimension{BySender, ByVerdict}, Choice{Mode: ModeSimulated}, time.UTC, []line{{"[anna@example.com block]", [5]int64{1, 1, 1, 0, 0}}, {"[anna@example.com deliver]", [5]int64{1, 1, 1, 0, 0}}}},
		{"of an action and a type", nil, Choice{Actions: []string{"quarantine"}, Types: []string{"ALL FULL NAMES"}, Severities: []string{"none", "Low"}}, time.UTC, []line{{"[]", [5]int64{2, 2, 2, 0, 0}}}},
		{"of nothing", nil, Choice{Types: []string{"IBAN"}}, time.UTC, nil},
	} {
		c, err := NewCounter(test.by, test.choice, test.zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range history(t) {
			if err := c.Add(&r); err != nil {
				t.Fatal(err)
			}
		}
		var got []line
		for _, n := range c.Counts() {
			got = append(got, line{fmt.Sprint(n.Keys), [5]int64{n.Messages, n.Matches, n.Simulated, n.Overridden, n.FalsePositives}})
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(line{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	for _, by := range [][]Dimension{{"colour"}, {ByDay, ByDay}} {
		if _, err := NewCounter(by, Choice{}, time.UTC); err == nil {
			t.Errorf("%v is taken", by)
		}
	}
}

func TestIncidentsAndExceptions(t *testing.T) {
	records := history(t)
	var c Choice
	in, ok := c.Incident(&records[1])
	want := Incident{
		Time: records[1].CreationTime, Reference: "P-1", Severity: "High", Verdicts: []string{"block"}, Policies: []string{"Cards", "Trial"},
		Rules: []string{"Cards / Ten", "Trial / Names"}, Actions: []string{"blockAccess", "setHeader", "quarantine"},
		Types:  []IncidentCount{{"Credit card number", 4}, {"All full names", 4}},
		Sender: "anna@example.com", Recipients: []string{"bob@partner.example"},
	}
	if diff := cmp.Diff(want, in); !ok || diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
	if in, ok := (&Choice{Policies: []string{"Trial"}}).Incident(&records[1]); !ok || !in.Simulated || len(in.Rules) != 1 || in.Severity != "None" {
		t.Errorf("of one policy: %+v", in)
	}
	var all []Exception
	incidents := 0
	for i := range records {
		all = append(all, c.Exceptions(&records[i])...)
		if _, ok := c.Incident(&records[i]); ok {
			incidents++
		}
	}
	exceptions := []Exception{{
		Time: records[3].CreationTime, Reference: "P-1", Policy: "Cards", Rule: "Ten", Reason: "falsePositive", FalsePositive: true,
		Justification: "these are test cards", OverriddenActions: []string{"blockAccess"},
	}}
	if diff := cmp.Diff(exceptions, all); diff != "" || incidents != 4 {
		t.Errorf("%d incidents, exceptions (-want +got):\n%s", incidents, diff)
	}
}

// When summer time ends an hour comes twice, the one of summer first.
func TestHoursAreInTheirOrder(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCounter([]Dimension{ByPolicy, ByHour}, Choice{}, berlin)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		err := c.Add(&Record{Operation: DlpRuleMatch, CreationTime: time.Date(2026, 10, 25, 2-i, 30, 0, 0, time.UTC),
			PolicyDetails: []PolicyDetails{{PolicyName: "Cards", Rules: []Rule{{RuleName: "One"}}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, n := range c.Counts() {
		got = append(got, n.Keys[1])
	}
	want := []string{"2026-10-25T01:00+02:00", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
