package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
	"github.com/postern-mail/postern/rules"
)

// measuredHouse is a service without mail that measures itself.
func measuredHouse(t *testing.T) *service {
	t.Helper()
	s, _ := newHouse(t)
	s.meters = newMeters()
	s.gate.meters = s.meters
	s.log = s.meters.counted(s.log)
	s.vault.Store = &measuredStore{s.vault.Store, s.meters}
	s.measure(milter.NewServer(milter.Config{Filter: s.gate}), message.NewBudget(1000, t.TempDir()), &storeStats{store: s.vault, now: time.Now})
	return s
}

// gathered gives the families of a registry by name.
func (m *meters) gathered(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	list, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*dto.MetricFamily{}
	for _, f := range list {
		all[f.GetName()] = f
	}
	return all
}

// value gives a counter, a gauge or the count of a histogram by its labels, which
// are name, value, name, value; -1 when there is none.
func value(f *dto.MetricFamily, labels ...string) float64 {
	for _, m := range f.GetMetric() {
		var got []string
		for _, l := range m.GetLabel() {
			got = append(got, l.GetName(), l.GetValue())
		}
		if !slices.Equal(got, labels) {
			continue
		}
		switch {
		case m.GetCounter() != nil:
			return m.GetCounter().GetValue()
		case m.GetHistogram() != nil:
			return float64(m.GetHistogram().GetSampleCount())
		}
		return m.GetGauge().GetValue()
	}
	return -1
}

// everything makes each metric have a value.
func everything(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	s := measuredHouse(t)
	docs, err := newDocuments(readers{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { docs.Close() })
	s.documents = docs
	w := s.gate.live.Load()
	if w.server, err = ldap.New(ldap.Options{URLs: []string{"ldap://127.0.0.1:1"}, Base: "dc=example,dc=com", Schema: ldap.OpenLDAP()}, ldap.Hooks{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.server.Close)
	s.meters.loaded(true, time.Now())
	for _, x := range measures {
		s.meters.add(x.name, 0, slices.Repeat([]string{"x"}, len(x.labels))...)
	}
	return s.meters.gathered(t)
}

// What is exported is what the list says, with its labels, and of Go's own runtime.
func TestEveryMetricIsInTheList(t *testing.T) {
	all := everything(t)
	var got, want []string
	for name := range all {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			got = append(got, name)
		}
	}
	for _, x := range measures {
		want = append(want, x.name)
		f := all[x.name]
		if f == nil {
			continue
		}
		if kind := measureKind(strings.ToLower(f.GetType().String())); kind != x.kind {
			t.Errorf("%s is a %s, not a %s", x.name, kind, x.kind)
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName())
			}
			if sorted := slices.Sorted(slices.Values(x.labels)); !slices.Equal(labels, sorted) {
				t.Errorf("%s has the labels %q, not %q", x.name, labels, sorted)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-list +exported):\n%s", diff)
	}
}

// scraped asks a running server for its metrics.
func (r *running) scraped(t *testing.T) (string, map[string]*dto.MetricFamily) {
	t.Helper()
	text := r.get(t, "/metrics", http.StatusOK)
	p := expfmt.NewTextParser(model.LegacyValidation)
	all, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return text, all
}

// get asks a server with `metrics: "unix:metrics.sock"`.
func (r *running) get(t *testing.T, path string, status int) string {
	t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(r.dir, "metrics.sock"))
	}}}
	resp, err := client.Get("http://postern" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Errorf("%s: %s, want %d: %s", path, resp.Status, status, body)
	}
	return string(body)
}

var measuredConfig = strings.Replace(holdingConfig, `milter: "unix:m.sock"`, `milter: "unix:m.sock", metrics: "unix:metrics.sock"`, 1)

const measuredPolicy = `policy: Measured
mode: enable
rules:
  - rule: Hold
    conditions: {subjectContainsWords: [hold]}
    actions: {quarantine: true}
  - rule: Block
    conditions: {subjectContainsWords: [block]}
    actions: {blockAccess: all}
  - rule: Mark
    conditions: {contentContainsSensitiveInformation: [{type: Credit card number}]}
    actions: {setHeader: {X-Mark: "yes"}}
`

// Each message is counted once, in each stage, under its verdict.
func TestMessagesAreMeasured(t *testing.T) {
	r := startConfigured(t, measuredConfig, patience, map[string]string{"a.yaml": measuredPolicy, "b.yaml": strings.NewReplacer("Measured", "Tried", "mode: enable", "mode: testWithoutNotifications").Replace(measuredPolicy)})
	c := r.client(t)
	for _, subject := range []string{"hold", "block", "plain", "credit card 4111 1111 1111 1111, expiration date 04/29", "plain"} {
		if _, err := transact(c, []byte("From: anna@example.com\nSubject: "+subject+"\n\ncredit card\n"), []string{"bob@partner.example", "eve@partner.example"}); err != nil {
			t.Fatal(err)
		}
	}
	c.Quit()
	r.until(t, "the lines are written", func() bool { return strings.Count(r.log.String(), `"event":"message"`) == 5 })
	_, all := r.scraped(t)
	for _, tt := range []struct {
		name   string
		want   float64
		labels []string
	}{
		{mMessages, 3, []string{"verdict", "deliver"}},
		{mMessages, 1, []string{"verdict", "quarantine"}},
		{mMessages, 1, []string{"verdict", "block"}},
		{mMessages, 0, []string{"verdict", "defer"}},
		{mMessages, 0, []string{"verdict", "unjudged"}},
		{mRecipients, 2, []string{"verdict", "quarantine"}},
		{mRecipients, 6, []string{"verdict", "deliver"}},
		{mEnforced, 1, []string{"policy", "Measured", "verdict", "block"}},
		{mRuleMatches, 1, []string{"policy", "Measured", "rule", "Mark", "state", "applied"}},
		{mRuleMatches, 1, []string{"policy", "Measured", "rule", "Hold", "state", "enforced"}},
		{mRuleMatches, 1, []string{"policy", "Tried", "rule", "Mark", "state", "simulated"}},
		{mDecision, 5, nil}, {mReceive, 5, nil}, {mMessageOctets, 5, nil},
		{mStage, 5, []string{"stage", "parse"}}, {mStage, 5, []string{"stage", "extract"}}, {mStage, 5, []string{"stage", "classify"}},
		{mStage, 5, []string{"stage", "evaluate"}}, {mStage, 5, []string{"stage", "commit"}}, {mStage, 5, []string{"stage", "reply"}},
		{"postern_mta_commands_total", 5, []string{"command", "endOfMessage"}},
		{"postern_mta_commands_total", 10, []string{"command", "rcpt"}},
		{"postern_messages_in_hand", 0, []string{"phase", "judging"}},
		{"postern_held_items", 1, []string{"kind", "quarantine"}},
		{"postern_policies", 1, []string{"mode", "testWithoutNotifications"}},
		{"postern_policy_last_load_good", 1, nil},
		{mRecords, 3, []string{"operation", "DlpRuleMatch"}},
		{mStoreSeconds, 3, []string{"call", "commit"}},
	} {
		if got := value(all[tt.name], tt.labels...); got != tt.want {
			t.Errorf("%s%q is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	sum := 0.0
	for _, m := range all[mStage].GetMetric() {
		sum += m.GetHistogram().GetSampleSum()
	}
	if whole := all[mDecision].GetMetric()[0].GetHistogram().GetSampleSum(); sum <= 0 || sum > whole {
		t.Errorf("the stages take %v s and the whole %v s", sum, whole)
	}
	// A reload that is refused shows.
	write(t, filepath.Join(r.dir, "policies", "a.yaml"), "policy: Measured\nmode: wrong\n")
	run([]string{"reload", "--config", filepath.Join(r.dir, "postern.yaml")}, nil, io.Discard, io.Discard)
	_, all = r.scraped(t)
	if value(all["postern_policy_last_load_good"]) != 0 || value(all[mLoads], "result", "refused") != 1 || value(all[mAlarms], "alarm", "reload refused, the old policies stay") != 1 {
		t.Errorf("after a refused load: %v %v", all[mLoads], all[mAlarms])
	}
	var out bytes.Buffer
	run([]string{"status", "--config", filepath.Join(r.dir, "postern.yaml")}, nil, &out, io.Discard)
	if want := "metrics      unix:" + filepath.Join(r.dir, "metrics.sock"); !strings.Contains(out.String(), want) {
		t.Errorf("status says %q, not %q", out.String(), want)
	}
}

// A label ends where it should, and there are so many of them, whatever policies and
// rules are called.
func TestNamesOfPoliciesAreBoundedAndEscaped(t *testing.T) {
	m := newMeters()
	msg, err := message.Read(message.Envelope{}, strings.NewReader("Subject: x\r\n\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer msg.Close()
	hostile := []string{"x\"} 1\npostern_forged_total{a=\"b", "a\\", "\x00\x1b[31m\u202e", "\xff\xfe", strings.Repeat("long ", 1000), "Ärger, 100 %"}
	for k := range 3 * mostNames {
		policy := &rules.Policy{Name: fmt.Sprintf("%d %s", k, hostile[k%len(hostile)]), Mode: rules.Enable}
		for _, name := range []string{"r", hostile[k%len(hostile)]} {
			r := &rules.Rule{Name: name, Policy: policy}
			m.answered(msg, &actions.Decision{Forks: []actions.Fork{{
				Recipients: []int{0}, Verdict: actions.Block, DecidedBy: r, Rules: []actions.RuleState{{Rule: r, State: actions.Enforced}},
			}}}, actions.Outcome{Verdict: actions.Block})
		}
	}
	var text bytes.Buffer
	all := m.gathered(t)
	enc := expfmt.NewEncoder(&text, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range all {
		if err := enc.Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	p := expfmt.NewTextParser(model.LegacyValidation)
	parsed, err := p.TextToMetricFamilies(&text)
	if err != nil {
		t.Fatal(err)
	}
	if parsed["postern_forged_total"] != nil || len(parsed) != len(all) {
		t.Errorf("%d families became %d", len(all), len(parsed))
	}
	for name, most := range map[string]int{mEnforced: mostNames + 1, mRuleMatches: 2*mostNames + 2} {
		if n := len(parsed[name].GetMetric()); n > most || n < mostNames {
			t.Errorf("%s has %d label sets, want %d at most", name, n, most)
		}
		total := 0.0
		for _, x := range parsed[name].GetMetric() {
			total += x.GetCounter().GetValue()
			for _, l := range x.GetLabel() {
				if len([]rune(l.GetValue())) > nameLabel+1 || strings.ContainsAny(l.GetValue(), "\n\x00\x1b\u202e") {
					t.Errorf("label %q", l.GetValue())
				}
			}
		}
		if total != 6*mostNames {
			t.Errorf("%s counts %v in all, want %d", name, total, 6*mostNames)
		}
	}
}

// Notices are counted when they are durable, by kind; those not sent by why; and
// nothing that a person wrote becomes a label.
func TestNoticesAndRecordsAreCountedOnce(t *testing.T) {
	s := measuredHouse(t)
	fx := s.gate.live.Load().effects
	c := &quarantine.Commit{}
	to, err := message.ParsePath("anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	fx.Mail(c, notice.Notice{Kind: notice.KindDigest, To: []message.Path{to}, Bytes: []byte("Subject: x\r\n\r\n")})
	for _, n := range []audit.Notice{
		{Kind: "ndr", Reason: string(notice.ReasonList)},
		{Kind: "anna@example.com", Reason: "because of 5425 2334 3010 9903"},
	} {
		rec, err := audit.NotTold(audit.Head{Time: time.Now(), ID: newID()}, n)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := auditRows(rec)
		if err != nil {
			t.Fatal(err)
		}
		c.Records = append(c.Records, rows...)
	}
	if err := s.vault.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.vault.Commit(t.Context(), c); !errors.Is(err, quarantine.ErrExists) {
		t.Fatal(err)
	}
	leased, err := s.box().Lease(t.Context(), relay.Notices, time.Now(), time.Now().Add(time.Minute), 1)
	if err != nil || len(leased) != 1 {
		t.Fatal(leased, err)
	}
	for _, reply := range []relay.Reply{{Code: 450}, {Code: 550}, {Code: 250}} {
		s.meters.sent(leased[0], settlement(leased[0], reply), nil)
	}
	s.meters.sent(leased[0], relay.Settlement{}, nil)
	s.meters.sent(leased[0], settlement(leased[0], relay.Reply{Code: 250}), relay.ErrLeaseLost)
	all := s.meters.gathered(t)
	for _, tt := range []struct {
		name   string
		want   float64
		labels []string
	}{
		{mNotices, 1, []string{"kind", "digest"}},
		{mUnsent, 1, []string{"kind", "ndr", "reason", "mailingList"}},
		{mUnsent, 1, []string{"kind", "other", "reason", "other"}},
		{mRecords, 2, []string{"operation", "NoticeNotSent"}},
		{mStoreErrors, 1, []string{"kind", "exists"}},
		{mAttempts, 1, []string{"kind", "notice", "result", "retry"}},
		{mAttempts, 1, []string{"kind", "notice", "result", "failed"}},
		{mAttempts, 1, []string{"kind", "notice", "result", "delivered"}},
		{mAttempts, 1, []string{"kind", "notice", "result", "unsent"}},
		{"postern_outbox_entries", 1, []string{"kind", "notice"}},
	} {
		if got := value(all[tt.name], tt.labels...); got != tt.want {
			t.Errorf("%s%q is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
}

// BenchmarkMeters is what measuring one message costs that matched a rule.
func BenchmarkMeters(b *testing.B) {
	m := newMeters()
	msg, err := message.Read(message.Envelope{}, strings.NewReader("Subject: x\r\n\r\n"), nil, message.DefaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	defer msg.Close()
	r := &rules.Rule{Name: "Ten or more cards", Policy: &rules.Policy{Name: "Card numbers leaving the organisation", Mode: rules.Enable}}
	d := &actions.Decision{Forks: []actions.Fork{{
		Recipients: []int{0}, Verdict: actions.Block, DecidedBy: r, Rules: []actions.RuleState{{Rule: r, State: actions.Enforced}},
	}}}
	scan := rules.NewScan(&rules.World{}, msg)
	b.ReportAllocs()
	for b.Loop() {
		m.judged(time.Millisecond, time.Microsecond, scan)
		m.timed(milter.Times{Receive: time.Second, Parse: time.Microsecond, Reply: time.Microsecond, Whole: time.Millisecond})
		m.answered(msg, d, actions.Outcome{Verdict: actions.Block})
	}
}

// The record of an erasure is counted as every other.
func TestErasuresAreCounted(t *testing.T) {
	s := measuredHouse(t)
	_, err := s.vault.ErasePerson(t.Context(), "anna@example.com", time.Now(), func(*quarantine.Erased) (quarantine.Record, error) {
		rec, err := audit.Forgotten(audit.Head{Time: time.Now(), ID: newID()}, audit.Erasure{Person: "00"})
		if err != nil {
			return quarantine.Record{}, err
		}
		return auditRow(rec)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := value(s.meters.gathered(t)[mRecords], "operation", string(audit.PersonErased)); n != 1 {
		t.Errorf("counted %v", n)
	}
}
