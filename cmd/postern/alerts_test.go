package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// noAlertShows looks into every alert there is, and what people write about it, for
// canaries.
func noAlertShows(t *testing.T, r *running) {
	t.Helper()
	config := filepath.Join(r.dir, "postern.yaml")
	var out, errs bytes.Buffer
	if status := run([]string{"alerts", "list", "--config", config, "--json"}, strings.NewReader(""), &out, &errs); status != statusGood {
		t.Fatal(errs.String())
	}
	shown := 0
	for line := range strings.Lines(out.String()) {
		var a alertJSON
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"alerts", "show", a.ID, "--config", config}, {"alerts", "show", a.ID, "--config", config, "--json"},
			{"alerts", "set", a.ID, "--config", config, "--comment", canaryText, "--json"},
		} {
			var text bytes.Buffer
			if status := run(args, strings.NewReader(""), &text, &errs); status != statusGood {
				t.Fatalf("%v: status %d, %s", args, status, errs.String())
			}
			noCanary(t, strings.Join(args[:2], " "), text.String())
			shown++
		}
	}
	if shown == 0 {
		t.Error("there is no alert, so little is proved")
	}
}

// noAlertMailShows looks into the mail about alerts for canaries.
func noAlertMailShows(t *testing.T, store string) {
	t.Helper()
	v, err := openVault(t.Context(), process{store: store, quota: defaultQuota}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	// An entry that was finished has no octets any more: what waits is looked into.
	later := time.Now().Add(100 * 24 * time.Hour)
	entries, err := v.Lease(t.Context(), later, later.Add(time.Hour), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.ID, "alert-") {
			continue
		}
		body, err := v.read(t.Context(), e.Blob)
		if err != nil {
			t.Fatal(err)
		}
		noCanary(t, "the mail of an alert", strings.ReplaceAll(string(body), "=\r\n", "")) // lines of quoted-printable joined
		looked++
	}
	if looked == 0 {
		t.Error("there is no mail of an alert, so little is proved")
	}
}

// What the page on alerts shows loads as it stands.
func TestAlertsPage(t *testing.T) {
	const page = "../../docs/alerts.md"
	for _, e := range documentedExamples(t, page) {
		dir := t.TempDir()
		canaryHouse(t, dir)
		config, policy := holdingConfig, canaryPolicy
		if strings.HasPrefix(e.text, "policy:") {
			policy = e.text
		} else {
			config += e.text
		}
		write(t, filepath.Join(dir, "postern.yaml"), config)
		write(t, filepath.Join(dir, "policies", "cards.yaml"), policy)
		w, _, problems, err := load(t.Context(), filepath.Join(dir, "postern.yaml"), classify.Builtin())
		if w == nil {
			t.Errorf("%s: %v %v", e.place, problems, err)
		}
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range quarantine.AlertStatuses {
		for _, to := range quarantine.AlertStatuses {
			row := strings.Split(string(data), "\n")
			at := slices.IndexFunc(row, func(l string) bool {
				return strings.HasPrefix(l, "| `") && strings.Contains(strings.Split(l, "|")[1], "`"+string(s)+"`")
			})
			if at < 0 || strings.Contains(strings.Split(row[at], "|")[2], "`"+string(to)+"`") != s.May(to) {
				t.Errorf("the page does not say rightly whether %s may become %s", s, to)
			}
		}
	}
}

// alertVault is a store with a match of a message, as it is recorded, that raises
// alerts to an address each.
func alertVault(t *testing.T, alerts int, to ...string) (*vault, *actions.Live) {
	t.Helper()
	dir := t.TempDir()
	canaryHouse(t, dir)
	w, c, problems, err := load(t.Context(), filepath.Join(dir, "postern.yaml"), classify.Builtin())
	if w == nil {
		t.Fatal(problems, err)
	}
	v, err := openVault(t.Context(), c.process, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	fx := w.live(v, nil)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rec, err := audit.Matched(audit.Head{Time: now, ID: "r1", Reference: "P-7K3M9Q"}, audit.Outcome{
		Message: audit.ExchangeMetaData{From: "anna@example.com", To: []string{"bob@partner.example"}, Subject: audit.MaskText("Figures"),
			AttachmentNames: []audit.Masked{audit.MaskText("report.xlsx")}, Size: 1000, RecipientCount: 1},
		Policies: []audit.PolicyDetails{{PolicyName: "Cards", Rules: []audit.Rule{{
			RuleName: "Hold", Severity: "High", RuleMode: audit.Enforce, State: string(actions.Enforced), Actions: []string{"quarantine", "generateAlert"},
			ConditionsMatched: audit.ConditionsMatched{SensitiveInformation: []audit.SensitiveInformation{{
				SensitiveInformationTypeName: "Credit card number", Count: 3, UniqueCount: 2, Confidence: 85, Location: audit.MaskText("Message Body, report.xlsx"),
				Detections: &audit.Detections{DetectedValues: []audit.DetectedValue{{Value: audit.MaskText("****9903")}, {Value: audit.MaskText("****9903")}}},
			}}},
		}}}},
		Forks:     []audit.Fork{{Recipients: []string{"bob@partner.example"}, Verdict: "quarantine"}},
		Exception: &audit.ExceptionInfo{Reason: "override", Justification: audit.MaskText("He asked.")},
	})
	if err != nil {
		t.Fatal(err)
	}
	row, err := auditRow(rec)
	if err != nil {
		t.Fatal(err)
	}
	commit := &quarantine.Commit{Records: []quarantine.Record{row}}
	for i := range alerts {
		commit.Matches = append(commit.Matches, quarantine.Match{
			Alert:  quarantine.Alert{ID: fmt.Sprint("A-", i), Policy: "Cards", Rule: "Hold", Severity: "High", To: to},
			Raised: quarantine.Record{Time: now, Operation: "AlertTriggered", Data: []byte("{}")}, User: "u", At: now, Bytes: 1000,
		})
	}
	if err := v.Commit(t.Context(), commit); err != nil {
		t.Fatal(err)
	}
	return v, fx
}

// The mail of an alert has what its record has, and nothing of it is lost on the
// way.
func TestAlertMailIsMadeOfTheRecord(t *testing.T) {
	v, _ := alertVault(t, 1, "desk@example.com")
	a, err := v.Alert(t.Context(), "A-0")
	if err != nil {
		t.Fatal(err)
	}
	told, err := alertTold(t.Context(), v, a)
	if err != nil {
		t.Fatal(err)
	}
	m := told.Match
	if m == nil || told.Reference != "P-7K3M9Q" || len(told.To) != 1 || told.To[0].String() != "desk@example.com" || fmt.Sprint(told.Users) != "[anna@example.com]" ||
		m.From != "anna@example.com" || fmt.Sprint(m.To) != "[bob@partner.example]" || m.Subject != "Figures" || fmt.Sprint(m.Attachments) != "[report.xlsx]" ||
		m.Size != 1000 || m.Activity != "DLPRuleEnforce" || fmt.Sprint(m.Effects) != "[quarantine]" || fmt.Sprint(m.Actions) != "[quarantine generateAlert]" ||
		!m.Overridden || m.Justification != "He asked." || len(m.Found) != 1 || m.Found[0].Type != "Credit card number" || m.Found[0].Count != 2 ||
		fmt.Sprint(m.Found[0].Parts, m.Found[0].Values) != "[body report.xlsx] [****9903]" {
		t.Errorf("it tells %+v of %+v", told, m)
	}
	if m := matchTold(&audit.Record{ExchangeMetaData: &audit.ExchangeMetaData{}}, a, quarantine.AlertEvent{}); m.Activity != "DLPRuleMatch" {
		t.Errorf("a rule that decided nothing: %s", m.Activity)
	}
}

// Of several that write the mail of an alert one is heard, and nothing is lost when
// nobody can be written to.
func TestAlertMailIsWrittenOnce(t *testing.T) {
	v, fx := alertVault(t, 3, "desk@example.com")
	due, err := v.DueAlerts(t.Context(), 10)
	if err != nil || len(due) != 3 {
		t.Fatalf("%d are due, %v", len(due), err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range due {
				// Who comes late is told so.
				_ = tellAlert(context.Background(), v, fx, &due[i])
			}
		})
	}
	wg.Wait()
	entries, err := v.Lease(t.Context(), time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		body, err := v.read(t.Context(), e.Blob)
		if err != nil {
			t.Fatal(err)
		}
		m, err := message.Read(message.Envelope{}, bytes.NewReader(body), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if e.Kind != quarantine.EntryNotice || e.ReversePath != "" || e.Recipients[0].Address != "desk@example.com" || !strings.HasPrefix(e.ID, "alert-A-") ||
			e.Reference != "P-7K3M9Q" || !strings.HasPrefix(m.Subject(), "Alert A-") {
			t.Errorf("mail %+v, %s", e, m.Subject())
		}
	}
	if len(entries) != 3 {
		t.Errorf("%d mails for three alerts", len(entries))
	}

	v, fx = alertVault(t, 1, "desk@example.com")
	fx.Notices = nil
	if due, err = v.DueAlerts(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if err := tellAlert(t.Context(), v, fx, &due[0]); err != nil {
		t.Fatal(err)
	}
	if due, err = v.DueAlerts(t.Context(), 10); err != nil || len(due) != 0 {
		t.Errorf("still due: %v, %v", due, err)
	}
	untold := 0
	for _, err := range v.Records(t.Context(), quarantine.RecordFilter{Operations: []string{string(audit.NoticeNotSent)}}) {
		if err != nil {
			t.Fatal(err)
		}
		untold++
	}
	if untold != 1 {
		t.Errorf("%d records of mail that was not sent", untold)
	}
}

// Each reads of an alert in the language that the directory says he prefers, and
// there is one mail for each language.
func TestAlertMailIsInTheLanguageOfItsReader(t *testing.T) {
	v, fx := alertVault(t, 1, "desk@example.com", "otto@example.com", "hans@example.com")
	people, problems := directory.LoadFile("people.yaml", []byte("people:\n  - {address: otto@example.com, language: de}\n  - {address: hans@example.com, language: de}\n"))
	if people == nil {
		t.Fatal(problems)
	}
	fx.Directory = people
	due, err := v.DueAlerts(t.Context(), 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	if err := tellAlert(t.Context(), v, fx, &due[0]); err != nil {
		t.Fatal(err)
	}
	entries, err := v.Lease(t.Context(), time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		body, err := v.read(t.Context(), e.Blob)
		if err != nil {
			t.Fatal(err)
		}
		var to []string
		for _, r := range e.Recipients {
			to = append(to, r.Address)
		}
		got = append(got, fmt.Sprint(e.ID, " ", to, " ", bytes.Contains(body, []byte("Content-Language: de"))))
	}
	slices.Sort(got)
	want := []string{"alert-A-0 [desk@example.com] false", "alert-A-0-2 [otto@example.com hans@example.com] true"}
	if !slices.Equal(got, want) {
		t.Errorf("mails %q, want %q", got, want)
	}
}

// A user is asked for by an address or by a login; a login that nobody knows is a
// mistake, not somebody without alerts.
func TestAlertsOfAUserAreFoundByLogin(t *testing.T) {
	s, _ := newHouse(t)
	d := deskOf(s)
	people, problems := directory.LoadFile("people.yaml", []byte("people:\n  - {address: anna@example.com, proxies: [a@example.com], logins: [anna]}\n"))
	if people == nil {
		t.Fatal(problems)
	}
	d.effects.Organization.People = people
	for name, want := range map[string]string{"anna": "anna@example.com", "A@example.com": "anna@example.com", "b@partner.example": "b@partner.example", "nobody": "", "<>": "", "a b": ""} {
		got, err := d.alertUser(t.Context(), name)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%s is %s, %v; want %q", name, got, err, want)
		}
	}
}
