package actions

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

func TestAlertsAreReadAsWritten(t *testing.T) {
	hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	for yaml, want := range map[string]quarantine.AlertTrigger{
		"generateAlert: true":                                                                       {},
		"generateAlert: siteAdmin":                                                                  {},
		"generateAlert: {to: [a@x.example]}":                                                        {},
		"generateAlert: {aggregate: {count: 10, window: 48h}}":                                      {Count: 10, Window: hours(48)},
		"generateAlert: {count: 3, window: 1h, per: user}":                                          {Count: 3, Window: time.Hour, PerUser: true},
		"generateAlert: {volume: 50MB, window: 90d}":                                                {Bytes: 50 << 20, Window: hours(90 * 24)},
		"generateAlert: {volume: 1KB, count: 10000, window: 2d, per: Rule}":                         {Bytes: 1 << 10, Count: 10_000, Window: hours(48)},
		"generateAlert: true\nalertProperties: {AggregationType: none, Threshold: 1}":               {},
		"alertProperties: {Threshold: 15, TimeWindow: 60, VolumeThreshold: 0}\ngenerateAlert: true": {Count: 15, Window: time.Hour},
		"generateAlert: {aggregationType: SimpleAggregation, threshold: 4, timeWindow: 90}":         {Count: 4, Window: 90 * time.Minute},
	} {
		s, problems := parseActions(t, yaml, &rules.Rule{Name: "r"})
		if len(problems) > 0 || s.alerting == nil || s.alerting.trigger != want {
			t.Errorf("%s: %v, %v", yaml, s, problems)
		}
	}
}

func TestAlertsThatCannotBeAreRefused(t *testing.T) {
	for yaml, want := range map[string][]string{
		"generateAlert: false":                                           {"p.yaml:1:16: actions.generateAlert: `false` raises no alert"},
		"generateAlert: [a@x.example, nobody]":                           {`p.yaml:1:30: actions.generateAlert[1]: "nobody" is not an address`},
		"generateAlert: [a@x.example, A@x.example]":                      {`p.yaml:1:30: actions.generateAlert[1]: "A@x.example" is listed twice`},
		"generateAlert: {aggregate: {count: 2, window: 48h}}":            {"p.yaml:1:36: actions.generateAlert.aggregate.count: 2 is less than Purview counts"},
		"generateAlert: {count: 1, window: 48h}":                         {"p.yaml:1:24: actions.generateAlert.count: 1 is less than Purview counts; write at least 3, or take"},
		"generateAlert: {count: 10001, window: 48h}":                     {"p.yaml:1:24: actions.generateAlert.count: "},
		"generateAlert: {count: 10, window: 59m}":                        {"p.yaml:1:36: actions.generateAlert.window: "},
		"generateAlert: {count: 10, window: 91d}":                        {"p.yaml:1:36: actions.generateAlert.window: 91d is longer than matches are counted"},
		"generateAlert: {count: 10}":                                     {"p.yaml:1:16: actions.generateAlert: what is counted has no window of time"},
		"generateAlert: {aggregate: {window: 48h}}":                      {"p.yaml:1:28: actions.generateAlert.aggregate: nothing is counted"},
		"generateAlert: {aggregate: {}}":                                 {"p.yaml:1:28: actions.generateAlert.aggregate: nothing is counted"},
		"generateAlert: {volume: 50, window: 48h}":                       {`p.yaml:1:25: actions.generateAlert.volume: "50" has no unit`},
		"generateAlert: {volume: lots, window: 48h}":                     {"p.yaml:1:25: actions.generateAlert.volume: "},
		"generateAlert: {count: 5, window: 2h, per: team}":               {"p.yaml:1:44: actions.generateAlert.per: "},
		"generateAlert: {count: 5, threshold: 6, window: 2h}":            {"p.yaml:1:27: actions.generateAlert.threshold: `count` and `threshold` say the same"},
		"generateAlert: {count: 5, aggregate: {count: 5, window: 2h}}":   {"p.yaml:1:27: actions.generateAlert.aggregate: what is counted is written in two places"},
		"generateAlert: {of: me}":                                        {"p.yaml:1:17: actions.generateAlert.of: "},
		"alertProperties: {Threshold: 5, TimeWindow: 60}":                {"p.yaml:1:1: actions.alertProperties: alertProperties says something only beside generateAlert"},
		"generateAlert: true\nalertProperties: {AggregationType: Often}": {"p.yaml:2:36: actions.alertProperties.AggregationType: "},
		"generateAlert: true\nalertProperties: {TimeWindow: 30}":         {"p.yaml:2:31: actions.alertProperties.TimeWindow: "},
		"generateAlert: true\nalertProperties: {AggregationType: AnomalousAggregation, Threshold: 5, TimeWindow: 60}": {
			"p.yaml:2:36: actions.alertProperties.AggregationType: AnomalousAggregation is not supported by this version; write `SimpleAggregation`"},
	} {
		_, problems := parseActions(t, yaml, &rules.Rule{Name: "r"})
		if len(problems) != len(want) {
			t.Errorf("%s: %q", yaml, problems)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(problems[i], want[i]) {
				t.Errorf("%s: %s, want %s", yaml, problems[i], want[i])
			}
		}
	}
}

// Groups are no single people, here as everywhere.
func TestAlertsToGroupsAreRefused(t *testing.T) {
	file := rules.File{Name: "p.yaml", Data: []byte("policy: P\nmode: enable\nrules:\n  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {generateAlert: [sales@example.com]}}\n")}
	people := housePeople(t)
	set, problems := Load([]rules.File{file}, rules.Vocabulary{Types: classify.Builtin(), Directory: people})
	if set != nil || len(problems) != 1 || !strings.Contains(problems[0].String(), "is a group") {
		t.Errorf("%v", problems)
	}
}

// alertHouse is a gate whose rule counts cards that leave, as the trigger says.
func alertHouse(t testing.TB, action string, s AlertSettings) *gate {
	t.Helper()
	g := newGate(t, fmt.Sprintf(`
policy: Cards
mode: enable
rules:
  - rule: Card to people outside
    conditions: {accessScope: notInOrganization, contentContainsSensitiveInformation: [{type: Credit card number}]}
    actions: {generateAlert: %s, reportSeverityLevel: high}
`, action), Settings{Alerts: s})
	g.live.Fold = time.Minute
	var n int
	var mu sync.Mutex
	g.live.Alert = func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprint("A-", n)
	}
	return g
}

const oneCard = "Card number 5425 2334 3010 9903, expires 12/27."

// card sends a mail with one card to somebody outside.
func (g *gate) card(n int, body string) *Decision {
	g.t.Helper()
	return g.send(mail{to: []string{"b@customer.example"}, queueID: fmt.Sprint("Q", n), header: []string{fmt.Sprintf("Message-ID: <%d@example.com>", n)}, body: body})
}

// alerts gives those there are, as "ID EVENTS".
func (g *gate) alerts() (out []string) {
	g.t.Helper()
	page, err := g.store.Alerts(g.t.Context(), quarantine.AlertFilter{})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, a := range page.Alerts {
		out = append(out, fmt.Sprint(a.ID, " ", a.Events))
	}
	return out
}

func (g *gate) hasAlerts(what string, want ...string) {
	g.t.Helper()
	if got := g.alerts(); !slices.Equal(got, want) {
		g.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Ten individual mails with one card each, sent outside within 48 hours, raise one
// alert: neither nine nor ten in a longer time do, and two cards in a mail are one
// match.
func TestTenMailsWithACardEachWithin48HoursRaiseOneAlert(t *testing.T) {
	g := alertHouse(t, "{to: [compliance@example.com], aggregate: {count: 10, window: 48h}}", AlertSettings{})
	g.card(0, oneCard+" "+strings.Replace(oneCard, "5425 2334 3010 9903", "4111 1111 1111 1111", 1))
	g.later(47 * time.Hour)
	for i := range 8 {
		g.card(1+i, oneCard)
	}
	g.card(20, "No card at all.")
	g.hasAlerts("nine mails in 47 hours")
	g.later(time.Hour + time.Nanosecond) // the first is too old now
	g.card(30, oneCard)
	g.hasAlerts("ten mails in more than 48 hours")
	d := g.card(31, oneCard)
	g.hasAlerts("ten mails within 48 hours", "A-11 10")
	g.later(2 * time.Minute)
	for i := range 9 {
		g.card(40+i, oneCard)
	}
	g.hasAlerts("nine more", "A-11 10")
	a, err := g.store.Alert(t.Context(), "A-11")
	if err != nil {
		t.Fatal(err)
	}
	if a.Policy != "Cards" || a.Rule != "Card to people outside" || a.Severity != severityHigh || a.Simulated || !slices.Equal(a.To, []string{"compliance@example.com"}) {
		t.Errorf("the alert is %+v", *a)
	}
	events, err := g.store.AlertEvents(t.Context(), a.ID, 1)
	if err != nil || len(events) != 1 || events[0].Reference != d.Reference {
		t.Errorf("its last event is %+v (%v), of %s", events, err, d.Reference)
	}
	operations := map[string]int{}
	for r, err := range g.store.Records(t.Context(), quarantine.RecordFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		operations[r.Operation]++
		if strings.Contains(string(r.Data), "5425") || strings.Contains(string(r.Data), "4111") {
			t.Errorf("a record shows a card: %s", r.Data)
		}
	}
	if diff := cmp.Diff(map[string]int{"DlpRuleMatch": 20, "AlertTriggered": 1}, operations); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// Sessions at the same time raise one alert.
func TestSessionsTogetherRaiseOneAlert(t *testing.T) {
	g := alertHouse(t, "{aggregate: {count: 10, window: 48h}}", AlertSettings{})
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() { g.card(i, oneCard) })
	}
	wg.Wait()
	got := g.alerts()
	if len(got) != 1 || !strings.HasSuffix(got[0], " 24") {
		t.Errorf("alerts %v, want one with 24 matches", got)
	}
}

// An explanation names the mail of an alert that one match raises; of one that
// counts it says so.
func TestAlertsAreExplained(t *testing.T) {
	admin := messageTo(nil, "security@example.com").Envelope.Recipients[0].Path
	g := alertHouse(t, "[compliance@example.com, siteAdmin]", AlertSettings{Admins: []message.Path{admin}})
	d := g.card(1, oneCard)
	if n := d.Forks[0].Notices; len(n) != 1 || n[0].Kind != notice.KindAlert || !slices.Equal(alertedTo(n[0].To), []string{"compliance@example.com", "security@example.com"}) {
		t.Errorf("notices %+v", n)
	}
	if len(d.Alerts) != 1 || d.Alerts[0].Counts() != "raises an alert" {
		t.Errorf("alerts %+v", d.Alerts)
	}
	g.hasAlerts("each", "A-1 1")
	g = alertHouse(t, "{count: 3, window: 1h, per: user}", AlertSettings{PerUser: true})
	d = g.card(1, oneCard)
	if len(d.Forks[0].Notices) != 0 || len(d.Alerts) != 1 || d.Alerts[0].Counts() != "counts: 3 matches within 1h by one user raise an alert" {
		t.Errorf("notices %+v, alerts %+v", d.Forks[0].Notices, d.Alerts)
	}
	g.hasAlerts("one of three")
}

func alertedTo(paths []message.Path) (out []string) {
	for _, p := range paths {
		out = append(out, p.String())
	}
	return out
}

// Users are counted apart only where the settings allow it.
func TestUsersAreCountedApartWhereThatIsOn(t *testing.T) {
	for _, on := range []bool{false, true} {
		g := alertHouse(t, "{count: 3, window: 1h, per: user}", AlertSettings{PerUser: on})
		n := 0
		from := func(address string) {
			t.Helper()
			n++
			env := messageTo(nil, "b@customer.example").Envelope
			env.ReversePath = messageTo(nil, address).Envelope.Recipients[0].Path
			m, err := message.Read(env, strings.NewReader(fmt.Sprintf("From: %s\r\nMessage-ID: <%d@x>\r\n\r\n%s\r\n", address, n, oneCard)), nil, message.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			g.engine.Run(t.Context(), g.set, rules.NewScan(g.world, m), g.live)
		}
		for _, address := range []string{"anna@example.com", "ben@example.com", "Anna@EXAMPLE.com", "ben@example.com"} {
			from(address)
		}
		if on {
			g.hasAlerts("two of each")
			from("anna@example.com")
			g.hasAlerts("three of Anna's", "A-5 3")
			if page, err := g.store.Alerts(t.Context(), quarantine.AlertFilter{User: AlertUser(messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path)}); err != nil || len(page.Alerts) != 1 {
				t.Errorf("her alerts: %+v, %v", page, err)
			}
		} else {
			g.hasAlerts("three of anybody's", "A-3 4")
		}
	}
}

// A retry that is suppressed is the same match, and a message that is put off
// counts when it comes again.
func TestAMessageIsCountedOnce(t *testing.T) {
	g := newGate(t, "policy: P\nmode: enable\nrules:\n  - {rule: Hold, conditions: {messageSizeOver: 1B}, actions: {quarantine: true, generateAlert: true}}\n", Settings{})
	for i := range 3 {
		g.send(mail{to: []string{"b@customer.example"}, queueID: fmt.Sprint("Q", i), header: []string{"Message-ID: <same@example.com>"}})
		g.later(10 * time.Minute)
	}
	if got := g.alerts(); len(got) != 1 {
		t.Errorf("alerts %v, want one", got)
	}

	// What is delivered is retried too, by a client that did not hear so; a rule that
	// it meets anew counts, and so does another message.
	g = alertHouse(t, "true", AlertSettings{})
	g.live.Fold = 0
	m := mail{to: []string{"b@customer.example"}, queueID: "Q1", header: ownFields, body: oneCard}
	g.send(m)
	m.queueID = "Q2"
	g.send(m)
	g.hasAlerts("a retry", "A-1 1")
	g.set = alertHouse(t, "true}\n  - rule: New\n    conditions: {messageSizeOver: 1B}\n    actions: {generateAlert: true", AlertSettings{}).set
	g.send(m)
	g.hasAlerts("a retry after a reload", "A-1 1", "A-2 1")
	m.client = "192.0.2.99"
	g.send(m)
	if got := g.alerts(); len(got) != 4 {
		t.Errorf("alerts %v of two clients", got)
	}

	g = alertHouse(t, "true", AlertSettings{})
	g.live.Fold = 0
	g.store.fail = errors.New("the disk is slow")
	if d := g.card(1, oneCard); d.Outcome.Verdict != Defer {
		t.Errorf("it is %s", d.Outcome.Verdict)
	}
	g.store.fail = nil
	g.card(1, oneCard)
	if got := g.alerts(); len(got) != 1 || !strings.HasSuffix(got[0], " 1") {
		t.Errorf("alerts %v, want one with one match", got)
	}
}

// A type of the administrator's own alerts by itself where that is on, with no
// action in the policy; a type that is built in never does.
func TestCustomTypesAlertWhereThatIsOn(t *testing.T) {
	types, problems := classify.With([]classify.File{{Name: "types.yaml", Data: []byte(`types:
  - type: Staff number
    id: postern:staff
    recommendedConfidence: 75
    proximity: 300
    primaries: {number: {regex: '\bEMP-\d{6}\b'}}
    patterns: [{confidence: 75, primary: number}]
`)}}, nil)
	if types == nil {
		t.Fatal(problems)
	}
	admin := messageTo(nil, "security@example.com").Envelope.Recipients[0].Path
	for _, on := range []bool{false, true} {
		g := alertHouse(t, "true", AlertSettings{CustomTypes: on, Admins: []message.Path{admin}})
		policy := "policy: P\nmode: enable\nrules:\n" +
			"  - {rule: Staff, conditions: {contentContainsSensitiveInformation: [{type: Staff number}]}}\n" +
			"  - {rule: Cards, conditions: {contentContainsSensitiveInformation: [{type: Credit card number}]}}\n"
		set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: types})
		if set == nil {
			t.Fatal(problems)
		}
		g.set, g.world.Types = set, types
		d := g.card(1, "Staff EMP-482915. "+oneCard)
		if !on {
			g.hasAlerts("off")
			continue
		}
		g.hasAlerts("on", "A-1 1")
		if len(d.Alerts) != 1 || d.Alerts[0].Rule.Name != "Staff" || !d.Alerts[0].Custom || !slices.Equal(alertedTo(d.Alerts[0].To), []string{"security@example.com"}) {
			t.Errorf("alerts %+v", d.Alerts)
		}
	}
}

// What can never be raised, or reaches nobody, is said.
func TestAlertHints(t *testing.T) {
	admin := messageTo(nil, "security@example.com").Envelope.Recipients[0].Path
	hints := func(mode, rulesText string, s AlertSettings) (out []string) {
		t.Helper()
		set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte("policy: P\nmode: " + mode + "\nrules:\n" + rulesText)}}, rules.Vocabulary{Types: classify.Builtin()})
		if set == nil {
			t.Fatal(problems)
		}
		for _, p := range LintAlerts(set, s) {
			out = append(out, p.String())
		}
		return out
	}
	const stop = "  - {rule: A, conditions: {messageSizeOver: 1B}, actions: {stopPolicyProcessing: true}}\n"
	const each = "  - {rule: B, conditions: {messageSizeOver: 1B}, actions: {generateAlert: true}}\n"
	const user = "  - {rule: C, conditions: {messageSizeOver: 1B}, actions: {generateAlert: {to: [a@x.example], count: 5, window: 2h, per: user}}}\n"
	known := AlertSettings{Admins: []message.Path{admin}, PerUser: true, Simulated: true}
	for _, test := range []struct {
		mode, rules string
		settings    AlertSettings
		want        string // of the only hint; empty for none
	}{
		{"enable", each + user, known, ""},
		{"enable", stop + each, known, "the alert is never raised: rule \"A\""},
		{"enable", user, AlertSettings{}, "the matches of all users are counted together"},
		{"enable", each, AlertSettings{}, "the alert is recorded, and nobody is told by mail"},
		{"testWithNotifications", each, AlertSettings{Admins: []message.Path{admin}}, "its alerts are recorded, and nobody is told by mail; write `simulation: {reports: true}`"},
		{"disable", each, AlertSettings{}, ""},
	} {
		got := hints(test.mode, test.rules, test.settings)
		switch {
		case test.want == "" && len(got) > 0, test.want != "" && len(got) != 1:
			t.Errorf("%s%s: %q", test.mode, test.rules, got)
		case test.want != "" && (!strings.Contains(got[0], test.want) || !strings.Contains(got[0], "generateAlert")):
			t.Errorf("%s%s: %s, want %s", test.mode, test.rules, got[0], test.want)
		}
	}
}
