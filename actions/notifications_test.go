package actions

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// tellPolicy tells people of mail that goes on, is held and is refused.
const tellPolicy = `
policy: P
mode: enable
rules:
  - {rule: Note, conditions: {subjectContainsWords: [plan]}, actions: {notifyUser: [sender, dlp@example.com], generateNotification: Hello}}
  - {rule: Hold, conditions: {recipientDomainIs: [hold.example]}, actions: {quarantine: true, notifyUser: sender}}
  - {rule: Block, conditions: {recipientDomainIs: [block.example]}, actions: {blockAccess: all, notifyUser: [sender, dlp@example.com]}}
`

// told gives who was sent which notices, in order.
func (g *gate) told() (list []string) {
	g.t.Helper()
	for n := range 100 {
		entries, err := g.store.Entries(g.t.Context(), fmt.Sprintf("P-TEST%03d", n))
		if err != nil {
			g.t.Fatal(err)
		}
		for i := range entries {
			if e := &entries[i]; e.Kind == quarantine.EntryNotice {
				list = append(list, string(NoticeKind(e))+" "+e.Recipients[0].Address)
			}
		}
	}
	return list
}

// untold gives the reasons recorded for who was not told.
func (g *gate) untold() (list []string) {
	g.t.Helper()
	for row, err := range g.store.Records(g.t.Context(), quarantine.RecordFilter{Operations: []string{string(audit.NoticeNotSent)}}) {
		if err != nil {
			g.t.Fatal(err)
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			g.t.Fatal(err)
		}
		list = append(list, strings.Join(rec.Notice.To, " ")+": "+rec.Notice.Reason)
	}
	return list
}

func plan(id string, to ...string) mail {
	return mail{to: to, queueID: id, header: []string{"Subject: plan", "Message-ID: <1@example.com>", "Date: Mon, 02 Mar 2026 09:00:00 +0000"}}
}

// A message that the client sends again tells nobody again, whatever way it went.
func TestARetryTellsNobodyAgain(t *testing.T) {
	for name, c := range map[string]struct {
		to   []string
		want []string
	}{
		"delivered":     {[]string{"ben@example.com"}, []string{"notification anna@example.com", "notification dlp@example.com", "recipientNotice ben@example.com"}},
		"held":          {[]string{"b@hold.example"}, []string{"notification anna@example.com", "notification dlp@example.com", "recipientNotice b@hold.example"}},
		"refused":       {[]string{"b@block.example"}, []string{"notification dlp@example.com"}},
		"given back":    {[]string{"ben@example.com", "b@block.example"}, []string{"ndr anna@example.com", "notification dlp@example.com", "recipientNotice ben@example.com"}},
		"both and held": {[]string{"ben@example.com", "b@hold.example"}, []string{"notification anna@example.com", "notification dlp@example.com", "recipientNotice b@hold.example", "recipientNotice ben@example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, tellPolicy, Settings{})
			for i := range 3 {
				g.send(plan(fmt.Sprint("Q", i), c.to...))
				g.later(20 * time.Minute)
				got := g.told()
				if diff := cmp.Diff(c.want, sorted(got)); diff != "" {
					t.Fatalf("after %d attempts (-want +got):\n%s", i+1, diff)
				}
			}
		})
	}
}

func sorted(list []string) []string {
	out := append([]string(nil), list...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// Of one rule a sender hears once an hour; what waits is recorded with what a summary
// says of it. A report on refused recipients is never held back.
func TestNotificationsAreLimited(t *testing.T) {
	g := newGate(t, tellPolicy, Settings{})
	g.live.Limiter, g.live.Limits = &Limiter{}, Limits{Window: time.Hour, Sender: 1, Others: 2, Total: 100}
	send := func(id string, to ...string) {
		m := plan(id, to...)
		m.header[1] = "Message-ID: <" + id + "@example.com>"
		g.send(m)
	}
	for i := range 3 {
		send(fmt.Sprint("Q", i), "ben@example.com", "b@block.example")
	}
	count := map[string]int{}
	for _, to := range g.told() {
		count[to]++
	}
	want := map[string]int{"ndr anna@example.com": 3, "notification dlp@example.com": 2, "recipientNotice ben@example.com": 2}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ben@example.com: rateLimit", "dlp@example.com: rateLimit"}, sorted(g.untold())); diff != "" {
		t.Errorf("not told (-want +got):\n%s", diff)
	}
	send("Q7", "ben@example.com") // another rule: its own limit
	send("Q8", "ben@example.com")
	g.later(time.Hour)
	send("Q9", "ben@example.com")
	count = map[string]int{}
	for _, to := range g.told() {
		count[to]++
	}
	if got := count["notification anna@example.com"]; got != 2 {
		t.Errorf("the sender hears %d times in two hours", got)
	}
}

// What could not be stored does not count.
func TestALimitIsGivenBackWithAFailedCommit(t *testing.T) {
	g := newGate(t, tellPolicy, Settings{})
	g.live.Limiter, g.live.Limits = &Limiter{}, Limits{Window: time.Hour, Sender: 1, Others: 1, Total: 100}
	g.store.fail = errors.New("the disk is on fire")
	if d := g.send(plan("Q1", "ben@example.com")); d.Outcome.Verdict != Defer {
		t.Errorf("verdict %s", d.Outcome.Verdict)
	}
	g.store.fail = nil
	g.send(plan("Q2", "ben@example.com"))
	if diff := cmp.Diff([]string{"notification anna@example.com", "notification dlp@example.com", "recipientNotice ben@example.com"}, sorted(g.told())); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// A reply keeps its reference, however much a rule has to say.
func TestARefusalWithManyWords(t *testing.T) {
	words := strings.Repeat("<p>Ask the people at the desk before you send anything like this again.</p>", 60)
	g := newGate(t, "policy: P\nmode: enable\nrules:\n  - {rule: Block, conditions: {subjectContainsWords: [plan]}, actions: {blockAccess: all, notifyUser: sender, notifyEmailCustomText: \""+words+"\"}}\n", Settings{LearnMore: "https://intranet.example.com"})
	d := g.send(plan("Q1", "ben@example.com"))
	lines := d.Outcome.Reply.Lines
	if n := len(lines); n < 5 || n > replyLines || lines[n-1] != "Reference "+d.Reference+" - https://intranet.example.com" || lines[n-2] != "[...]" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	one := d.Outcome.Reply.OneLine().Lines
	if len(one) != 1 || len(one[0]) > replyOctets || !strings.HasSuffix(one[0], lines[len(lines)-1]) {
		t.Errorf("in one line: %q", one)
	}
	if to := g.told(); len(to) > 0 {
		t.Errorf("a second mail goes to %q", to)
	}
}

// mailed gives the text of each notice to somebody.
func (g *gate) mailed(to string) (list []string) {
	g.t.Helper()
	for n := range 20 {
		entries, err := g.store.Entries(g.t.Context(), fmt.Sprintf("P-TEST%03d", n))
		if err != nil {
			g.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Kind != quarantine.EntryNotice || e.Recipients[0].Address != to {
				continue
			}
			blob, err := g.store.Open(g.t.Context(), e.Blob)
			if err != nil {
				g.t.Fatal(err)
			}
			m, err := message.Read(message.Envelope{}, blob, nil, message.DefaultLimits)
			if err != nil {
				g.t.Fatal(err)
			}
			text := m.Subject() + "\n"
			for p := range m.Leaves() {
				content, err := p.Content()
				if err != nil {
					g.t.Fatal(err)
				}
				text += string(content)
				break
			}
			list = append(list, strings.Join(strings.Fields(strings.ReplaceAll(text, "\n|", "\n")), " "))
			m.Close()
		}
	}
	return list
}

// Mail says what became of the message for those whom it names, and of nobody else
// what is not so.
func TestNotificationsSayWhatHappened(t *testing.T) {
	const redirect = "{rule: R, conditions: {subjectContainsWords: [plan]}, actions: {redirectMessageTo: [audit@example.com], notifyUser: [sender, dlp@example.com]}}"
	const some = `{rule: B, conditions: {recipientDomainIs: [block.example]}, actions: {blockAccess: all, notifyUser: [dlp@example.com]}}
  - {rule: H, conditions: {recipientDomainIs: [hold.example]}, actions: {quarantine: true}}
  - {rule: R, conditions: {recipientDomainIs: [away.example]}, actions: {redirectMessageTo: [audit@example.com]}}`
	const others = "All other recipients got it."
	for name, c := range map[string]struct {
		mode, rules string
		to          []string
		reader      string
		want, not   string
	}{
		"redirected, to the sender": {"enable", redirect, []string{"bob@partner.example"}, "anna@example.com", "Message redirected: plan", "delivered to audit@"},
		"redirected, to others":     {"enable", redirect, []string{"bob@partner.example"}, "dlp@example.com", "delivered to another address instead", "It was delivered"},
		"a redirect that is tested": {"testWithNotifications", redirect, []string{"bob@partner.example"}, "anna@example.com", "Your message was delivered", "was redirected"},
		"what it would have been":   {"testWithNotifications", redirect, []string{"bob@partner.example"}, "anna@example.com", "It would have been redirected", "audit@"},
		"the others got it":         {"enable", some, []string{"b@block.example", "ben@example.com"}, "dlp@example.com", others, "ben@"},
		"another one is held":       {"enable", some, []string{"b@block.example", "ben@example.com", "c@hold.example"}, "dlp@example.com", "b@block.example", others},
		"another one is redirected": {"enable", some, []string{"b@block.example", "ben@example.com", "c@away.example"}, "dlp@example.com", "b@block.example", others},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, "policy: P\nmode: "+c.mode+"\nrules:\n  - "+c.rules+"\n", Settings{})
			g.send(plan("Q1", c.to...))
			got := g.mailed(c.reader)
			if len(got) != 1 || !strings.Contains(got[0], c.want) || strings.Contains(got[0], c.not) {
				t.Errorf("%q\nwant one with %q, without %q", got, c.want, c.not)
			}
		})
	}
}

// A report that names nobody, since the sender wished so, takes the place of no mail.
func TestAReportOnNobodyTakesNoPlace(t *testing.T) {
	g := newGate(t, "policy: P\nmode: enable\nrules:\n  - {rule: Block, conditions: {recipientDomainIs: [block.example]}, actions: {blockAccess: all}}\n  - {rule: Note, conditions: {subjectContainsWords: [plan]}, actions: {notifyUser: sender}}\n", Settings{})
	m := plan("Q1", "ben@example.com", "b@block.example")
	m.args = "NOTIFY=NEVER"
	g.send(m)
	if diff := cmp.Diff([]string{"notification anna@example.com"}, g.told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"anna@example.com: notify"}, g.untold()); diff != "" {
		t.Errorf("not told (-want +got):\n%s", diff)
	}
}

// What is said of a rule is why it matched, in the reader's language, and what it
// changed: not what spoke against it, nobody's level of risk, and no blind copy.
func TestNotificationsSayWhy(t *testing.T) {
	const rule = `{rule: R, conditions: {all: [{subjectContainsWords: [plan]}, {not: {recipientDomainIs: [nowhere.example]}}]}, exceptions: {recipientDomainIs: [spared.example]},
    actions: {addRecipients: {bcc: [spy@example.com]}, prependSubject: "[x] ", notifyUser: sender, notifyEmailCustomText: "<p>%%MatchedConditions%%|%%AppliedActions%%|</p>"}}`
	for name, c := range map[string]struct{ language, mode, want string }{
		"English":            {"en", "enable", `The subject contains "plan"|delivered something was put before the subject|`},
		"German":             {"de", "enable", `Im Betreff steht etwas, was die Regel nennt|zugestellt dem Betreff wurde etwas vorangestellt|`},
		"a test of a policy": {"en", "testWithNotifications", `The subject contains "plan"|delivered|`},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, "policy: P\nmode: "+c.mode+"\nrules:\n  - "+rule+"\n", Settings{})
			m := plan("Q1", "ben@example.com", "c@spared.example")
			m.header = append(m.header, "Accept-Language: "+c.language)
			g.send(m)
			if got := g.mailed("anna@example.com"); len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
	for _, c := range []struct {
		path, condition string
		want            bool
	}{
		{"conditions.all[0]", "subjectContainsWords", true}, {"conditions.all[1].not", "recipientDomainIs", false}, {"exceptions", "recipientDomainIs", false},
		{"conditions.any[0].not[1].all[0]", "from", false}, {"conditions", "sharedByIRMUserRisk", false},
	} {
		if speaksFor(rules.ConditionResult{Path: c.path, Condition: c.condition}) != c.want {
			t.Error(c)
		}
	}
}

// A report in German has no English sentence where the rule has no words of its own.
func TestAReportWithoutATip(t *testing.T) {
	for actions, want := range map[string]bool{"blockAccess: all": false, "blockAccess: all, notifyPolicyTipCustomText: Own words.": true} {
		g := newGate(t, "policy: P\nmode: enable\nrules:\n  - {rule: Block, conditions: {recipientDomainIs: [block.example]}, actions: {"+actions+"}}\n", Settings{})
		m := plan("Q1", "ben@example.com", "b@block.example")
		m.header = append(m.header, "Accept-Language: de")
		g.send(m)
		got := g.mailed("anna@example.com")
		if len(got) != 1 || strings.Contains(got[0], defaultTip) || strings.Contains(got[0], "Own words.") != want || !strings.Contains(got[0], "Sie ging nicht an: * b@block.example") {
			t.Errorf("%s: %q", actions, got)
		}
	}
}

// A sender whom a rule names, or who manages himself, hears once of one message, and
// nothing of what a program sends in his name.
func TestASenderWhoIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		to     []string
		header string
		want   []string
	}{
		"goes on":    {[]string{"ben@example.com"}, "X-A: b", []string{"notification anna@example.com"}},
		"refused":    {[]string{"b@block.example"}, "X-A: b", nil},
		"given back": {[]string{"ben@example.com", "b@block.example"}, "X-A: b", []string{"ndr anna@example.com"}},
		"automatic":  {[]string{"ben@example.com"}, "Auto-Submitted: auto-generated", nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, strings.ReplaceAll(tellPolicy, "sender, dlp@example.com", "sender, Anna@example.com")+"  - {rule: Named, conditions: {subjectContainsWords: [plan]}, actions: {notifyUser: anna@example.com}}\n", Settings{})
			m := plan("Q1", c.to...)
			m.header = append(m.header, c.header)
			g.send(m)
			var got []string
			for _, to := range g.told() {
				if !strings.HasPrefix(to, string(notice.KindRecipient)) {
					got = append(got, to)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Two installations that name each other's people do not write to each other for ever;
// a mark in mail of our own people, or in mail with a reverse-path, hides nothing.
func TestNoticesOfAnotherInstallation(t *testing.T) {
	for name, c := range map[string]struct {
		from, login, mark string
		to                string
		want              int
	}{
		"of another one":         {"", "", "elsewhere; mac=0123456789abcdef", "ben@example.com", 0},
		"without a mark":         {"", "", "", "ben@example.com", 1},
		"marked by our people":   {"", "anna", "elsewhere; mac=0123456789abcdef", "ben@example.com", 1},
		"with a reverse-path":    {"eve@partner.example", "", "elsewhere; mac=0123456789abcdef", "ben@example.com", 1},
		"one that goes outside":  {"", "", "elsewhere; mac=0123456789abcdef", "eve@partner.example", 1},
		"one for who is told of": {"", "", "elsewhere; mac=0123456789abcdef", "dlp@example.com", 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, "policy: P\nmode: enable\nrules:\n  - {rule: R, conditions: {subjectContainsWords: [plan]}, actions: {notifyUser: dlp@example.com}}\n", Settings{})
			env := messageTo(nil, c.to).Envelope
			if c.from != "" {
				env.ReversePath = messageTo(nil, c.from).Envelope.Recipients[0].Path
			}
			env.Authenticated, env.QueueID, env.ClientAddr = c.login, "Q1", netip.MustParseAddr("192.0.2.10")
			text := "From: policy@partner.example\r\nSubject: Notification: plan\r\nAuto-Submitted: auto-generated\r\nMessage-ID: <1@partner.example>\r\n"
			if c.mark != "" {
				text += "X-Postern-Loop: " + c.mark + "\r\n"
			}
			m, err := message.Read(env, strings.NewReader(text+"\r\nText.\r\n"), nil, message.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			d := g.engine.Run(t.Context(), g.set, rules.NewScan(g.world, m), g.live)
			if got := g.told(); len(got) != c.want || len(d.Untold) != 1-c.want {
				t.Errorf("told %q, not told %v", got, d.Untold)
			}
		})
	}
}
