package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

const reportingPolicy = `policy: Reports
mode: enable
rules:
  - rule: At once
    conditions: {subjectContainsWords: [report]}
    actions: {quarantine: true, reportSeverityLevel: high, generateIncidentReport: {to: [compliance@example.com, siteAdmin], content: all}}
  - rule: Later
    conditions: {subjectContainsWords: [later]}
    actions: {quarantine: true, generateIncidentReport: {to: [compliance@example.com], content: all, when: decision}}
`

// reportingHouse gives a service whose policies report.
func reportingHouse(t *testing.T) *service {
	t.Helper()
	s, _ := newHouse(t)
	write(t, filepath.Join(filepath.Dir(s.file), "policies", "report.yaml"), reportingPolicy)
	w, _, problems, err := load(t.Context(), s.file, classify.Builtin())
	if w == nil {
		t.Fatal(problems, err)
	}
	if err := s.bear(w); err != nil {
		t.Fatal(err)
	}
	return s
}

// judge sends a message through the gate, and gives its reference.
func (s *service) judge(t *testing.T, subject string, to ...string) string {
	t.Helper()
	from, err := message.ParsePath("anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	env := message.Envelope{Authenticated: "anna", Listener: "MX", ReversePath: from, QueueID: newID()}
	for _, text := range to {
		p, err := message.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		env.Recipients = append(env.Recipients, recipient(p))
	}
	m, err := message.Read(env, strings.NewReader("From: anna@example.com\r\nTo: people@example.com\r\nSubject: "+subject+"\r\nMessage-ID: <"+newID()+"@example.com>\r\n\r\nText.\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	out := s.gate.Judge(t.Context(), m)
	v, _ := s.gate.inHand.Load(m)
	d := v.(*actions.Decision)
	s.gate.Done(m, out, time.Millisecond, nil)
	if d.Err != nil {
		t.Fatal(d.Err)
	}
	return d.Reference
}

// incidentMail is an incident report in the outbox.
type incidentMail struct {
	to, messageID, refers string
	incident              notice.Incident
	header                message.Header
}

// incidents gives the incident reports under a reference, the oldest first.
func (s *service) incidents(t *testing.T, reference string) (list []incidentMail) {
	t.Helper()
	entries, octets := s.entries(t, reference)
	for n, e := range entries {
		if e.Kind != quarantine.EntryNotice {
			continue
		}
		parsed, err := mail.ReadMessage(strings.NewReader(octets[n]))
		if err != nil {
			t.Fatal(err)
		}
		i := incidentMail{messageID: parsed.Header.Get("Message-ID"), refers: parsed.Header.Get("In-Reply-To")}
		for _, r := range e.Recipients {
			i.to = strings.TrimSpace(i.to + " " + r.Address)
		}
		_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		for parts := multipart.NewReader(parsed.Body, params["boundary"]); ; {
			p, err := parts.NextPart()
			if err != nil {
				break
			}
			if p.FileName() == "incident.json" {
				data, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
				if err != nil || json.Unmarshal(data, &i.incident) != nil {
					t.Fatalf("%s: %v", data, err)
				}
			}
		}
		m, err := message.Read(message.Envelope{}, strings.NewReader(octets[n]), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if i.header = m.Header; i.incident.Version > 0 {
			list = append(list, i)
		}
	}
	return list
}

// Every way a held message ends is reported to those who had the report on its match.
func TestHeldMessagesAreReportedAgainWithTheirDecision(t *testing.T) {
	for event, decide := range map[string]func(*service, *quarantine.Item) error{
		"release": func(s *service, i *quarantine.Item) error {
			_, err := deskOf(s).release(t.Context(), i.ID, actions.Release{}, "Visa 4012888888881881")
			return err
		},
		"delete": func(s *service, i *quarantine.Item) error {
			_, err := deskOf(s).remove(t.Context(), i.Reference, "Visa 4012888888881881")
			return err
		},
		"expire": func(s *service, i *quarantine.Item) error { return s.expireItem(t.Context(), i) },
	} {
		for _, subject := range []string{"report", "later"} {
			t.Run(event+" "+subject, func(t *testing.T) {
				s := reportingHouse(t)
				reference := s.judge(t, subject, "bob@partner.example")
				first := s.incidents(t, reference)
				if (len(first) == 1) != (subject == "report") || len(first) > 1 {
					t.Fatalf("%d reports with the match", len(first))
				}
				refers, to := "", "compliance@example.com"
				if len(first) == 1 {
					refers, to = first[0].messageID, "compliance@example.com postmaster@example.com"
					if v := first[0].incident.Verdicts[0]; first[0].to != to || v.Item == "" || v.Until.IsZero() {
						t.Errorf("the first: %+v", first[0])
					}
				}
				page, err := s.vault.List(t.Context(), quarantine.Filter{Reference: reference})
				if err != nil || len(page.Items) != 1 {
					t.Fatalf("%+v, %v", page, err)
				}
				if err := decide(s, &page.Items[0]); err != nil {
					t.Fatal(err)
				}
				all := s.incidents(t, reference)[len(first):]
				if len(all) != 1 {
					t.Fatalf("%d reports on the decision", len(all))
				}
				second := all[0]
				want := &notice.IncidentDecision{Item: page.Items[0].ID, Event: event, By: "anna", Comment: "Visa ************1881", Recipients: []string{"bob@partner.example"}}
				if event == "expire" {
					want.By, want.Comment = "", ""
				}
				want.Time = second.incident.Decision.Time
				if diff := cmp.Diff(want, second.incident.Decision); diff != "" {
					t.Error(diff)
				}
				if second.refers != refers || second.incident.FirstReport != refers || second.to != to {
					t.Errorf("it goes to %s and refers to %q and %q, want %q", second.to, second.refers, second.incident.FirstReport, refers)
				}
				if !s.gate.live.Load().notices.IsOurs(second.header) {
					t.Error("the report has no mark of this installation")
				}
				// The loser of a race reports nothing.
				if err := decide(s, &page.Items[0]); err == nil {
					t.Error("decided twice")
				}
				if got := s.incidents(t, reference); len(got) != len(first)+1 {
					t.Errorf("%d reports at last", len(got))
				}
			})
		}
	}
}

// A decision where no process runs is reported with the mark of the installation.
func TestADecisionWithoutAProcessIsReported(t *testing.T) {
	s := reportingHouse(t)
	reference := s.judge(t, "report", "bob@partner.example")
	first := s.incidents(t, reference)
	if err := s.vault.Close(); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if status := run([]string{"quarantine", "delete", "--config", s.file, "--store", s.process.store, reference}, strings.NewReader(""), &out, &errs); status != statusGood {
		t.Fatal(errs.String())
	}
	v, err := openVault(t.Context(), s.process, true)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	s.vault = v
	all := s.incidents(t, reference)
	if len(all) != 2 || all[1].refers != first[0].messageID || !s.gate.live.Load().notices.IsOurs(all[1].header) {
		t.Errorf("%d reports: %+v", len(all), all)
	}
}

// A message that is held again because its release failed is reported on again, by
// the same thread.
func TestWhatIsHeldAgainKeepsItsReports(t *testing.T) {
	s := reportingHouse(t)
	reference := s.judge(t, "report", "bob@partner.example")
	page, err := s.vault.List(t.Context(), quarantine.Filter{Reference: reference})
	if err != nil {
		t.Fatal(err)
	}
	i := &page.Items[0]
	o := &outbox{vault: s.vault, effects: func() *actions.Live { return s.gate.live.Load().effects }, log: s.log}
	c := &quarantine.Commit{}
	e := &quarantine.Entry{Reference: reference, Item: i.ID, ReversePath: "anna@example.com"}
	if err := o.hold(t.Context(), o.effects(), c, e, i.Envelope.Recipients, []byte(heldText)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Items[0].Reports, i.Reports) || len(i.Reports) == 0 {
		t.Errorf("kept %s, it was %s", c.Items[0].Reports, i.Reports)
	}
}

// Explain names who would get a report, and which come with a decision.
func TestExplainNamesIncidentReports(t *testing.T) {
	s := reportingHouse(t)
	dir := t.TempDir()
	for subject, want := range map[string]noticeJSON{
		"report": {Kind: "incidentReport", To: []string{"compliance@example.com", "postmaster@example.com"}, Rule: &ruleJSON{"Reports", "At once"}},
		"later":  {Kind: "incidentReport", To: []string{"compliance@example.com"}, Rule: &ruleJSON{"Reports", "Later"}, When: "decision"},
	} {
		file := filepath.Join(dir, subject+".eml")
		write(t, file, "From: anna@example.com\nTo: bob@partner.example\nSubject: "+subject+"\n\nText.\n")
		var out, errs bytes.Buffer
		if status := run([]string{"explain", "--json", "--config", s.file, file}, strings.NewReader(""), &out, &errs); status != statusGood {
			t.Fatal(errs.String())
		}
		var got struct {
			Forks []struct{ Notices []noticeJSON }
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]noticeJSON{want}, got.Forks[0].Notices); diff != "" {
			t.Errorf("%s: %s", subject, diff)
		}
	}
}

// The settings of the documentation are taken, and are the defaults but for the
// address.
func TestDocumentedIncidentSettings(t *testing.T) {
	found := false
	for _, e := range documentedExamples(t, "../../docs/incidents.md") {
		if !strings.HasPrefix(e.text, "incidentReport:") {
			continue
		}
		found = true
		c, problems := readConfig("/etc/postern/postern.yaml", []byte(servedConfig+e.text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if texts(c.incidents.SiteAdmins)[0] != "compliance@example.com" {
			t.Errorf("siteAdmin is %v", c.incidents.SiteAdmins)
		}
		c.incidents.SiteAdmins = nil
		if diff := cmp.Diff(defaults("").incidents, c.incidents); diff != "" {
			t.Error(diff)
		}
	}
	if !found {
		t.Error("no settings are documented")
	}
}

// Reports of policies in a test mode are sent only where the settings say so, marked.
func TestReportsOfATestModeAreAskedFor(t *testing.T) {
	s := reportingHouse(t)
	for config, want := range map[string]int{holdingConfig: 0, holdingConfig + "simulation: {reports: true}\n": 1} {
		write(t, s.file, config)
		write(t, filepath.Join(filepath.Dir(s.file), "policies", "report.yaml"), strings.Replace(reportingPolicy, "mode: enable", "mode: testWithoutNotifications", 1))
		w, _, problems, err := load(t.Context(), s.file, classify.Builtin())
		if w == nil {
			t.Fatal(problems, err)
		}
		if err := s.bear(w); err != nil {
			t.Fatal(err)
		}
		got := s.incidents(t, s.judge(t, "report", "bob@partner.example"))
		if len(got) != want {
			t.Errorf("%d reports with %q", len(got), config)
		}
		for _, i := range got {
			subject, _ := i.header.Get("Subject")
			if !i.incident.Simulated || i.incident.Verdicts[0].Simulated != "quarantine" || !strings.HasPrefix(subject.Text(), "[Test] [High]") {
				t.Errorf("%s: %+v", subject.Text(), i.incident)
			}
		}
	}
}
