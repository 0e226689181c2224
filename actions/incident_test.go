package actions

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// sentReport is an incident report in the outbox.
type sentReport struct {
	to       string
	header   netmail.Header
	incident notice.Incident
	original string
	octets   string
}

// reports takes the incident reports that are due out of the outbox.
func (g *gate) reports() (list []sentReport) {
	g.t.Helper()
	_, entries := g.outbox()
	for _, e := range entries {
		if e.Kind != quarantine.EntryNotice || e.Attempt > 1 {
			continue
		}
		octets := g.octets(e.Blob)
		m, err := netmail.ReadMessage(strings.NewReader(octets))
		if err != nil {
			g.t.Fatal(err)
		}
		_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			g.t.Fatal(err)
		}
		r := sentReport{header: m.Header, octets: octets}
		for _, rcpt := range e.Recipients {
			r.to = strings.TrimSpace(r.to + " " + rcpt.Address)
		}
		for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
			p, err := parts.NextPart()
			if err != nil {
				break
			}
			var body io.Reader = p
			if p.Header.Get("Content-Transfer-Encoding") == "base64" {
				body = base64.NewDecoder(base64.StdEncoding, p)
			}
			data, err := io.ReadAll(body)
			if err != nil {
				g.t.Fatal(err)
			}
			switch p.FileName() {
			case "incident.json":
				if err := json.Unmarshal(data, &r.incident); err != nil {
					g.t.Fatal(err)
				}
			case "original.eml":
				r.original = string(data)
			}
		}
		if r.incident.Version != 0 {
			list = append(list, r)
		}
	}
	return list
}

const reportPolicy = `
policy: P
mode: enable
rules:
  - {rule: Hold, conditions: {recipientDomainIs: [hold.example]}, actions: {quarantine: true, generateIncidentReport: [compliance@example.com], reportSeverityLevel: high}}
  - {rule: Wait, conditions: {recipientDomainIs: [wait.example]}, actions: {quarantine: true, generateIncidentReport: {to: [compliance@example.com], content: [all], when: decision}}}
  - {rule: Mark, conditions: {recipientDomainIs: [mark.example]}, actions: {setHeader: {X-A: b}, generateIncidentReport: [compliance@example.com]}}
  - {rule: Block, conditions: {recipientDomainIs: [block.example]}, actions: {blockAccess: all, generateIncidentReport: [compliance@example.com]}}
`

func reportedTo(list []sentReport) (to []string) {
	for _, r := range list {
		to = append(to, r.to)
	}
	return to
}

func TestReportsAreReadFromPolicies(t *testing.T) {
	for _, tt := range []struct {
		name, actions string
		to            string
		content       notice.IncidentContent
		when          ReportWhen
	}{
		{"an address", "generateIncidentReport: a@example.com", "a@example.com", notice.ContentDefault, ""},
		{"addresses", "generateIncidentReport: [a@example.com, siteadmin, b@EXAMPLE.com]", "a@example.com b@example.com siteAdmin", notice.ContentDefault, ""},
		{"Purview's text of several", `generateIncidentReport: "a@example.com, SiteAdmin"`, "a@example.com siteAdmin", notice.ContentDefault, ""},
		{"a mapping", "generateIncidentReport: {to: a@example.com, content: [title, Severity], when: decision}", "a@example.com", notice.ContentTitle | notice.ContentSeverity, ReportAtDecision},
		{"contents beside it", "incidentReportContent: ALL\ngenerateIncidentReport: a@example.com", "a@example.com", notice.ContentAll, ""},
		{"default, whatever stands beside it", "generateIncidentReport: {to: a@example.com, content: [severity, default]}", "a@example.com", notice.ContentDefault, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "policy: P\nmode: enable\nrules:\n  - rule: R\n    conditions: {messageSizeOver: 1B}\n    actions:\n      " + strings.ReplaceAll(tt.actions, "\n", "\n      ")
			set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, rules.Vocabulary{Types: classify.Builtin()})
			if set == nil {
				t.Fatal(problems)
			}
			rep := specOf(set.Policies[0].Rules[0]).reporting
			var to []string
			for _, p := range rep.to {
				to = append(to, p.String())
			}
			if rep.siteAdmin {
				to = append(to, siteAdmin)
			}
			if got := strings.Join(to, " "); got != tt.to || rep.content != tt.content || rep.when != tt.when {
				t.Errorf("%s with %v, %q", got, rep.content.Words(), rep.when)
			}
		})
	}
}

// A client's retry, in whatever way the first went, is not reported again; another
// message is.
func TestRetriesAreReportedOnce(t *testing.T) {
	for _, to := range [][]string{{"b@hold.example"}, {"b@mark.example"}, {"b@block.example"}, {"b@wait.example"}, {"b@mark.example", "c@hold.example", "d@other.example"}} {
		g := newGate(t, reportPolicy, Settings{})
		m := mail{to: to, queueID: "Q1", header: ownFields}
		g.send(m)
		first := 1
		if to[0] == "b@wait.example" {
			first = 0
		}
		if got := g.reports(); len(got) != first {
			t.Fatalf("to %v: reports to %v", to, reportedTo(got))
		}
		m.queueID = "Q2"
		if d := g.send(m); d.Err != nil {
			t.Fatal(d.Err)
		}
		if got := g.reports(); len(got) != 0 {
			t.Errorf("a retry to %v is reported to %v", to, reportedTo(got))
		}
		if slices.Contains(to, "b@hold.example") {
			g.later(3 * 24 * time.Hour)
			m.queueID = "Q3"
			g.send(m)
			if got := g.reports(); len(got) != 0 {
				t.Errorf("a retry to %v after three days is reported to %v", to, reportedTo(got))
			}
		}
		m.header, m.queueID = []string{"Message-ID: <2@client.example>", ownFields[1]}, "Q4"
		g.send(m)
		if got := g.reports(); len(got) != first {
			t.Errorf("another message to %v is reported to %v", to, reportedTo(got))
		}
	}
}

// Two sessions that carry the same message at once make one report.
func TestARaceIsReportedOnce(t *testing.T) {
	g := newGate(t, reportPolicy, Settings{})
	m := mail{to: []string{"b@mark.example"}, queueID: "Q1", header: ownFields}
	raced := false
	g.store.before = func() {
		if !raced {
			raced = true
			second := m
			second.queueID = "Q2"
			g.send(second)
		}
	}
	if d := g.send(m); d.Err != nil {
		t.Fatal(d.Err)
	}
	if got := g.reports(); len(got) != 1 {
		t.Errorf("reports to %v", reportedTo(got))
	}
}

// A rule that a retry meets anew, as after a reload, is reported to whom nothing was
// reported before.
func TestARetryIsReportedToOthers(t *testing.T) {
	g := newGate(t, reportPolicy, Settings{})
	m := mail{to: []string{"b@mark.example"}, queueID: "Q1", header: ownFields}
	g.send(m)
	g.reports()
	policy(strings.ReplaceAll(reportPolicy, "setHeader: {X-A: b}, generateIncidentReport: [compliance@example.com]", "setHeader: {X-A: b}, generateIncidentReport: [compliance@example.com, audit@example.com]"))(g)
	for _, want := range [][]string{{"audit@example.com"}, nil} {
		m.queueID += "x"
		g.send(m)
		if diff := cmp.Diff(want, reportedTo(g.reports())); diff != "" {
			t.Error(diff)
		}
	}
}

// What cannot be kept is not promised: the client gets a temporary failure, and no
// report leaves.
func TestAReportThatCannotBeKeptIsATemporaryFailure(t *testing.T) {
	g := newGate(t, reportPolicy, Settings{})
	g.store.fail = errors.New("disk")
	if d := g.send(mail{to: []string{"b@mark.example"}, queueID: "Q1", header: ownFields}); d.Outcome.Verdict != Defer || len(d.Forks[0].Notices) > 0 {
		t.Errorf("%s, %v", d.Outcome.Verdict, d.Forks[0].Notices)
	}
	g.store.fail = nil
	if got := g.reports(); len(got) > 0 {
		t.Errorf("reported to %v", reportedTo(got))
	}
}

// Notices of this installation are not reported on where the mark can be trusted,
// and that is recorded.
func TestNoticesAreNotReported(t *testing.T) {
	g := newGate(t, strings.ReplaceAll(reportPolicy, "recipientDomainIs: [mark.example]", "messageSizeOver: 1B"), Settings{})
	own, err := g.live.Notices.IncidentReport(notice.IncidentReport{To: paths("compliance@example.com"), Incident: notice.Incident{Version: 1, Reference: "P-1"}})
	if err != nil {
		t.Fatal(err)
	}
	send := func(from, login string, to ...string) []sentReport {
		t.Helper()
		env := messageTo(nil, to...).Envelope
		if from != "" {
			env.ReversePath = paths(from)[0]
		}
		env.Authenticated, env.QueueID = login, "Q"+login+strings.Join(to, "")
		m, err := message.Read(env, bytes.NewReader(own.Bytes), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if d := g.engine.Run(t.Context(), g.set, rules.NewScan(g.world, m), g.live); d.Err != nil {
			t.Fatal(d.Err)
		}
		return g.reports()
	}
	for _, to := range [][]string{{"compliance@example.com"}, {"anna@example.com"}} {
		if got := send("", "", to...); len(got) > 0 {
			t.Errorf("a notice to %v is reported to %v", to, reportedTo(got))
		}
	}
	noted := 0
	for _, r := range g.records() {
		if rec, err := audit.Parse(r.Data); err == nil && rec.Operation == audit.NoticeNotSent && rec.Notice.Kind == string(notice.KindIncident) && rec.Notice.Reason == string(notice.ReasonLoopMark) {
			noted++
		}
	}
	if noted != 2 {
		t.Errorf("%d reports that were left out are recorded", noted)
	}
	for name, got := range map[string][]sentReport{
		"to somebody outside": send("", "", "anna@example.com", "b@other.example"),
		"with a login":        send("", "anna", "anna@example.com"),
		"with a reverse-path": send("anna@example.com", "", "anna@example.com"),
	} {
		if len(got) != 1 {
			t.Errorf("a copied mark %s: %d reports", name, len(got))
		}
	}
}

// The message is attached only to those inside in authoritative domains, only where
// the settings allow it, and up to a size; otherwise the report says why not.
func TestOriginalsAreAttachedByTheSettings(t *testing.T) {
	const text = `
policy: P
mode: enable
rules:
  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {generateIncidentReport: {to: [compliance@example.com, guest@example.com, x@relay.example.com, y@other.example], content: [title, originalContent]}}}
`
	for _, tt := range []struct {
		name string
		set  IncidentSettings
		want []string
	}{
		{"off", IncidentSettings{}, []string{"compliance@example.com guest@example.com x@relay.example.com y@other.example: off"}},
		{"on", IncidentSettings{AttachOriginal: true, OriginalSize: 1000}, []string{"compliance@example.com: ", "guest@example.com x@relay.example.com y@other.example: notAuthoritative"}},
		{"too large", IncidentSettings{AttachOriginal: true, OriginalSize: 100}, []string{"compliance@example.com: tooLarge", "guest@example.com x@relay.example.com y@other.example: notAuthoritative"}},
	} {
		g := newGate(t, text, Settings{Incidents: tt.set})
		g.live.Incidents = tt.set
		g.send(mail{to: []string{"b@other.example"}, queueID: "Q1", header: append([]string{"X-Postern-Release: forged"}, ownFields...), body: "Visa 5425 2334 3010 9903"})
		var got []string
		for _, r := range g.reports() {
			o := r.incident.Original
			got = append(got, r.to+": "+o.Reason)
			if (r.original != "") != o.Attached || o.Attached != (o.Reason == "") {
				t.Errorf("%s: %+v with %d octets", tt.name, o, len(r.original))
			}
			if o.Attached && (!strings.Contains(r.original, "5425 2334 3010 9903") || strings.Contains(r.original, "forged") || int64(len(strings.TrimSuffix(r.original, "\r\n"))) > o.Size) {
				t.Errorf("%s: attached %q", tt.name, r.original)
			}
			if !o.Attached && strings.Contains(r.octets, "5425 2334") {
				t.Errorf("%s: the report shows the value", tt.name)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// decideReported decides on an item, with the reports on it.
func (g *gate) decideReported(i *quarantine.Item, h HeldDecision) {
	g.t.Helper()
	h.At = g.live.Now()
	c := &quarantine.Commit{}
	if h.Event == quarantine.EventRelease {
		var err error
		if c, err = g.live.Release(g.t.Context(), i, []byte(g.octets(i.Blob)), h.Release); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := g.live.ReportDecision(g.t.Context(), c, i, h); err != nil {
		g.t.Fatal(err)
	}
	if _, err := g.store.Decide(g.t.Context(), &quarantine.Decision{Item: i.ID, Event: h.Event, By: "eva", At: h.At, Commit: c}); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gate) held() []quarantine.Item {
	g.t.Helper()
	page, err := g.store.List(g.t.Context(), quarantine.Filter{States: []quarantine.State{quarantine.StateHeld}})
	if err != nil {
		g.t.Fatal(err)
	}
	return page.Items
}

// uniqueNotices has a Message-ID of its own for each notice.
func (g *gate) uniqueNotices() {
	n := 0
	w, err := notice.New(notice.Settings{
		From: dsn.Mailbox{Name: "Example mail policy", Path: paths("mail-policy@example.com")[0]}, Organization: "Example Ltd", Hostname: "mx.example.com", InstallID: "cases", Key: bytes.Repeat([]byte("k"), 32),
		Now: houseNow, NewID: func() string { n++; return fmt.Sprint("notice", n) },
	})
	if err != nil {
		g.t.Fatal(err)
	}
	g.live.Notices = w
}

// Each decision on a held message is reported to whom its match was reported, and
// refers to that report.
func TestDecisionsAreReported(t *testing.T) {
	for _, event := range []quarantine.Event{quarantine.EventRelease, quarantine.EventDelete, quarantine.EventExpire, quarantine.EventReject} {
		g := newGate(t, reportPolicy, Settings{})
		g.uniqueNotices()
		g.send(mail{to: []string{"b@hold.example"}, queueID: "Q1", header: ownFields})
		first := g.reports()
		if len(first) != 1 || first[0].incident.Decision != nil || first[0].incident.Verdicts[0].Item != g.items()[0].ID || first[0].incident.Verdicts[0].Until.IsZero() {
			t.Fatalf("%+v", first)
		}
		g.live.Mask = classify.Builtin().Mask
		g.decideReported(&g.held()[0], HeldDecision{Event: event, By: "eva", Comment: "Visa 5425 2334 3010 9903"})
		second := g.reports()
		if len(second) != 1 {
			t.Fatalf("%s: %d reports", event, len(second))
		}
		in, id := second[0].incident, first[0].header.Get("Message-ID")
		if in.FirstReport != id || second[0].header.Get("References") != id || second[0].header.Get("In-Reply-To") != id || second[0].header.Get("Message-ID") == id {
			t.Errorf("%s: it refers to %q, the first was %s", event, in.FirstReport, id)
		}
		if d := in.Decision; d.Event != string(event) || d.By != "eva" || d.Item != first[0].incident.Verdicts[0].Item || !slices.Equal(d.Recipients, []string{"b@hold.example"}) || d.Comment != "Visa ***************9903" {
			t.Errorf("%+v", d)
		}
		if second[0].to != "compliance@example.com" || in.Severity != "High" || in.Rules[0].Rule != "Hold" {
			t.Errorf("%+v", in)
		}
	}
}

// A release for some is reported, and so is the decision on the others.
func TestAReleaseInPartsIsReportedInParts(t *testing.T) {
	for _, domain := range []string{"hold.example", "wait.example"} {
		g := newGate(t, reportPolicy, Settings{})
		g.uniqueNotices()
		b, c := "b@"+domain, "c@"+domain
		g.send(mail{to: []string{b, c}, queueID: "Q1", header: ownFields, body: "Text."})
		var first string
		if got := g.reports(); len(got) == 1 {
			first = got[0].header.Get("Message-ID")
		} else if domain == "hold.example" {
			t.Fatalf("%d reports", len(got))
		}
		g.decideReported(&g.held()[0], HeldDecision{Event: quarantine.EventRelease, By: "eva", Release: Release{To: paths(b), Redirect: paths("desk@example.com"), WithoutEdits: true}})
		second := g.reports()
		if len(second) != 1 {
			t.Fatalf("%s: %d reports", domain, len(second))
		}
		rest := g.held()
		d := second[0].incident.Decision
		if len(rest) != 1 || d.StillHeld != rest[0].ID || !slices.Equal(d.Recipients, []string{b}) || !slices.Equal(d.Redirect, []string{"desk@example.com"}) || !d.WithoutEdits {
			t.Errorf("%s: %+v, still held %d", domain, d, len(rest))
		}
		if second[0].incident.FirstReport != first {
			t.Errorf("%s: it refers to %q, the first was %q", domain, second[0].incident.FirstReport, first)
		}
		if first == "" {
			first = second[0].header.Get("Message-ID")
		}
		g.decideReported(&rest[0], HeldDecision{Event: quarantine.EventExpire})
		third := g.reports()
		if len(third) != 1 || third[0].incident.FirstReport != first || !slices.Equal(third[0].incident.Decision.Recipients, []string{c}) || third[0].incident.Decision.By != "" {
			t.Errorf("%s: third %+v, the first was %s", domain, third, first)
		}
	}
}

// With `when: decision` the whole report comes with the decision, the message
// attached where it is to be.
func TestAReportWithTheDecisionIsWhole(t *testing.T) {
	set := IncidentSettings{AttachOriginal: true, OriginalSize: 1 << 20}
	g := newGate(t, strings.ReplaceAll(reportPolicy, "recipientDomainIs: [wait.example]", "contentContainsSensitiveInformation: [{type: Credit card number}]"), Settings{Incidents: set})
	g.live.Incidents = set
	g.send(mail{to: []string{"b@wait.example"}, queueID: "Q1", header: ownFields, body: "Visa 5425 2334 3010 9903"})
	if got := g.reports(); len(got) > 0 {
		t.Fatalf("reported at once to %v", reportedTo(got))
	}
	if kept := string(g.held()[0].Reports); strings.Contains(kept, "5425") {
		t.Errorf("kept in clear: %s", kept)
	}
	g.decideReported(&g.held()[0], HeldDecision{Event: quarantine.EventExpire})
	got := g.reports()
	if len(got) != 1 || len(got[0].incident.Evidence) != 1 || got[0].incident.Decision == nil || got[0].incident.FirstReport != "" || !strings.Contains(got[0].original, "Visa 5425") {
		t.Fatalf("%+v", got)
	}
}

// Settings without a sender of notices send nothing and say so.
func TestADecisionThatCannotBeReportedIsRecorded(t *testing.T) {
	g := newGate(t, reportPolicy, Settings{})
	g.send(mail{to: []string{"b@hold.example"}, queueID: "Q1", header: ownFields})
	g.reports()
	g.live.Notices = nil
	g.decideReported(&g.held()[0], HeldDecision{Event: quarantine.EventDelete, By: "eva"})
	if got := g.reports(); len(got) > 0 {
		t.Errorf("reported to %v", reportedTo(got))
	}
	rows := g.records()
	if rec, err := audit.Parse(rows[len(rows)-1].Data); err != nil || rec.Operation != audit.NoticeNotSent || rec.Notice.Reason != string(reasonNotSent) {
		t.Errorf("recorded %+v, %v", rec, err)
	}
}

// A message held by an older version has no reports.
func TestADecisionOnAnItemWithoutReports(t *testing.T) {
	g := newGate(t, reportPolicy, Settings{})
	c := &quarantine.Commit{}
	if err := g.live.ReportDecision(t.Context(), c, &quarantine.Item{ID: "a"}, HeldDecision{Event: quarantine.EventDelete}); err != nil || len(c.Entries)+len(c.Records) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if err := g.live.ReportDecision(t.Context(), c, &quarantine.Item{ID: "a", Reports: json.RawMessage(`{"to"`)}, HeldDecision{}); !errors.Is(err, quarantine.ErrCorrupt) {
		t.Errorf("damaged: %v", err)
	}
}

// Each reads reports in the language that the directory says he prefers, the second
// report as well as the first.
func TestReportsAreInTheLanguageOfTheirReader(t *testing.T) {
	g := newGate(t, strings.ReplaceAll(reportPolicy, "[compliance@example.com]", "[compliance@example.com, otto@example.com, hans@example.com]"), Settings{})
	people, problems := directory.LoadFile("people.yaml", []byte("people:\n  - {address: otto@example.com, language: de}\n  - {address: hans@example.com, language: de}\n"))
	if people == nil {
		t.Fatal(problems)
	}
	g.live.Directory = people
	inGerman := func(octets string) bool { return strings.Contains(octets, "Content-Language: de") }
	want := map[string]bool{"compliance@example.com": false, "otto@example.com hans@example.com": true}
	has := func(what string, list []sentReport) {
		t.Helper()
		got := map[string]bool{}
		for _, r := range list {
			got[r.to] = inGerman(r.octets)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(list) != 2 {
			t.Errorf("%s: %s", what, diff)
		}
	}
	g.send(mail{to: []string{"b@hold.example"}, queueID: "Q1", header: ownFields})
	first := g.reports()
	has("the first", first)
	g.decideReported(&g.held()[0], HeldDecision{Event: quarantine.EventDelete, By: "otto"})
	second := g.reports()
	has("the second", second)
	for _, r := range second {
		at := slices.IndexFunc(first, func(o sentReport) bool { return o.to == r.to })
		if at < 0 || r.header.Get("In-Reply-To") != first[at].header.Get("Message-Id") {
			t.Errorf("the second to %s refers to %s", r.to, r.header.Get("In-Reply-To"))
		}
	}
}

// Line ends that a subject hides in encoded words are blanks to programs and people.
func TestASubjectIsReportedOnOneLine(t *testing.T) {
	g := newGate(t, reportPolicy, Settings{})
	g.send(mail{to: []string{"b@mark.example"}, queueID: "Q1", header: append([]string{"Subject: =?utf-8?q?Figures=0D=0AX-A=3A_b?="}, ownFields...)})
	if got := g.reports(); len(got) != 1 || got[0].incident.Message.Subject != "Figures X-A: b" {
		t.Errorf("%+v", got)
	}
}
