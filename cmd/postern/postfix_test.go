package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
	"github.com/postern-mail/postern/quarantine"
)

// gated is a Postfix, the sink behind it, and the server it asks.
type gated struct {
	*running
	mta  *mta.Instance
	sink *sink.Sink
}

const gatedConfig = `listen: {milter: "unix:%s", group: %s}
trust: {listeners: [SUBMISSION]}
organization:
  name: Example Ltd
  acceptedDomains: [example.com]
  notices: {from: "Mail policy <mail-policy@example.com>"}
policies: [policies/*.yaml]
store: {path: store}
relay: {reinject: "unix:%s"}
quarantine: {reviewers: [postmaster@example.com]}
recipients: {postfixConfig: %s, postfix: [virtual_alias_maps]}
`

// startGated serves policies for a Postfix of its own until the end of the test.
func startGated(t *testing.T, policies map[string]string, params ...string) *gated {
	t.Helper()
	return startGatedWith(t, policies, "", params...)
}

// startGatedWith does so with further sections of postern.yaml.
func startGatedWith(t *testing.T, policies map[string]string, sections string, params ...string) *gated {
	t.Helper()
	if _, err := mta.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	g := &gated{}
	var err error
	if g.sink, err = sink.Start(sink.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.sink.Close() })
	g.mta, err = mta.Start(ctx, mta.Options{
		Milter: mta.Socket, Sink: g.sink.Addr(), Services: []string{mta.ReinjectService},
		Params: append([]string{"postern_signers ="}, params...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.mta.Stop() })
	g.running = startConfigured(t, fmt.Sprintf(gatedConfig, g.mta.SocketPath(), g.mta.Group(), g.mta.ReinjectPath(), g.mta.ConfigDir())+sections, patience, policies)
	return g
}

// send sends a message from inside; it must be taken.
func (g *gated) send(t *testing.T, text string, to ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := mta.Dial(ctx, g.mta.Addr(mta.Submission))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	reply, refused, err := c.Send("anna@example.com", to, []byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil || reply.Code != 250 || len(refused) > 0 {
		t.Fatalf("the message got %v, %v, %v\n%s", reply, refused, err, g.log)
	}
}

// arrived waits for messages to a recipient.
func (g *gated) arrived(t *testing.T, n int, to string) []*sink.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := g.sink.Wait(ctx, n, sink.ByRecipient(to))
	if err != nil {
		t.Fatalf("%d messages to %s: %v\n%s", len(got), to, err, g.log)
	}
	return got
}

// command runs a command on the server's store and gives its output.
func (g *running) command(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--config", filepath.Join(g.dir, "postern.yaml"))
	if got := run(args, nil, &out, &errs); got != want {
		t.Fatalf("postern %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, want, &out, &errs)
	}
	return out.String()
}

func items(t *testing.T, lines string) []itemJSON {
	t.Helper()
	var out []itemJSON
	for line := range strings.Lines(lines) {
		var i itemJSON
		if err := json.Unmarshal([]byte(line), &i); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		out = append(out, i)
	}
	return out
}

const gatedPolicy = `policy: Cards
mode: enable
rules:
  - rule: Mark outside
    conditions: {accessScope: notInOrganization}
    actions: {setHeader: {X-Outside: "yes"}}
  - rule: Hold
    conditions: {subjectContainsWords: [hold]}
    actions: {quarantine: true}
  - rule: Block outside
    conditions: {accessScope: notInOrganization, subjectContainsWords: [cards]}
    actions: {blockAccess: all, notifyPolicyTipCustomText: "No cards."}
`

func TestAMessageIsHeldAndReleasedThroughPostfix(t *testing.T) {
	g := startGated(t, map[string]string{"cards.yaml": gatedPolicy})
	const text = "From: anna@example.com\nTo: bob@partner.example\nSubject: hold this\nMessage-ID: <hold@example.com>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\nDear Bob.\n"
	g.send(t, text, "bob@partner.example")
	held := items(t, g.command(t, statusGood, "quarantine", "list", "--json"))
	if len(held) != 1 || held[0].State != "held" || held[0].Rule != "Hold" || len(held[0].Edits) != 1 {
		t.Fatalf("held: %+v\n%s", held, g.log)
	}
	exported := filepath.Join(g.dir, "held.eml")
	g.command(t, statusGood, "quarantine", "export", held[0].ID, "--output", exported)
	content, err := os.ReadFile(exported)
	if err != nil {
		t.Fatal(err)
	}
	g.command(t, statusGood, "quarantine", "release", held[0].Reference, "--without-edits", "--comment", "asked")
	g.command(t, statusNo, "quarantine", "release", held[0].ID)
	got := g.arrived(t, 1, "bob@partner.example")[0]
	if !bytes.HasSuffix(got.Data, content) {
		t.Errorf("released:\n%s\nheld:\n%s", got.Data, content)
	}
	if len(got.Header("X-Postern-Release")) > 0 {
		t.Error("a copy to somebody outside is marked")
	}
	g.until(t, "the item is released", func() bool {
		return items(t, g.command(t, statusGood, "quarantine", "show", held[0].ID, "--json"))[0].State == "released"
	})
}

func TestRecipientsOfOneMessageGetDifferentOutcomes(t *testing.T) {
	g := startGated(t, map[string]string{"cards.yaml": gatedPolicy})
	g.send(t, "From: anna@example.com\nTo: carl@example.com\nSubject: cards\nMessage-ID: <cards@example.com>\n\nText.\n", "carl@example.com", "bob@partner.example")
	inside := g.arrived(t, 1, "carl@example.com")[0]
	if !slices.Equal(inside.Recipients(), []string{"carl@example.com"}) {
		t.Errorf("the copy inside went to %q", inside.Recipients())
	}
	report := g.arrived(t, 1, "anna@example.com")[0]
	if report.From != "" || !strings.Contains(string(report.Data), "bob@partner.example") || strings.Contains(string(report.Data), "Final-Recipient: rfc822; carl") {
		t.Errorf("the report to the sender:\n%s", report.Data)
	}
	// Different edits: the smaller part goes on from the outbox.
	g.send(t, "From: anna@example.com\nTo: carl@example.com\nSubject: both\nMessage-ID: <both@example.com>\n\nText.\n",
		"carl@example.com", "dora@example.com", "bob@partner.example")
	outside := g.arrived(t, 1, "bob@partner.example")[0]
	if got := outside.Header("X-Outside"); !slices.Equal(got, []string{"yes"}) {
		t.Errorf("the copy outside is marked %q", got)
	}
	for _, m := range g.arrived(t, 2, "carl@example.com") {
		if len(m.Header("X-Outside")) > 0 {
			t.Error("the copy inside is marked as outside")
		}
	}
	ref := g.log.events(t, "message")[1]["reference"].(string)
	var e explanationJSON
	if err := json.Unmarshal([]byte(g.command(t, statusGood, "explain", "--ref", ref, "--json")), &e); err != nil || len(e.Forks) != 2 || e.Reference != ref {
		t.Errorf("the recorded decision: %+v, %v", e, err)
	}
}

// However a client writes a recipient who is refused, who gets nothing: the MTA
// takes the one out whom it took.
func TestWhoIsRefusedGetsNothingHoweverWritten(t *testing.T) {
	g := startGated(t, map[string]string{"cards.yaml": gatedPolicy}, "mydestination = local.example")
	for n, rcpt := range []string{
		"<bob@partner.example>", "<BOB@Partner.Example>", "bob@partner.example", `<"bob"@partner.example>`, `<"b o b"@partner.example>`, `<b\ob@partner.example>`,
		"<bob+x@partner.example>", "<@one.example:bob@partner.example>", "<@one.example,@two.example:bob@partner.example>", "<@one.example:\"b:o@b\"@partner.example>",
		"<bob@partner.example.>", "< bob@partner.example >", "<bob(note)@partner.example>", "<partner.example!bob>", "<bob@[192.0.2.1]>",
		"<bob%partner.example@local.example>", `<"bob@partner.example"@local.example>`, "<@one.example:bob%partner.example@local.example>",
	} {
		c, err := mta.Dial(t.Context(), g.mta.Addr(mta.Submission))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		id := "<" + strconv.Itoa(n) + "@example.com>"
		for _, line := range []string{"MAIL FROM:<anna@example.com>", "RCPT TO:<carl@example.com>", "RCPT TO:" + rcpt, "DATA"} {
			if r, err := c.Do(line); err != nil || r.Code >= 400 {
				t.Fatalf("%s: %v, %v", line, r, err)
			}
		}
		if r, err := c.Content([]byte("From: anna@example.com\r\nSubject: cards\r\nMessage-ID: " + id + "\r\n\r\nText.\r\n")); err != nil || r.Code != 250 {
			t.Fatalf("%s: %v, %v", rcpt, r, err)
		}
		g.arrived(t, n+1, "carl@example.com")
	}
	// All that was taken has left.
	g.send(t, "Subject: plain\nMessage-ID: <last@example.com>\n\nText.\n", "bob@partner.example")
	g.arrived(t, 1, "bob@partner.example")
	g.until(t, "the queue is empty", func() bool {
		out, err := g.mta.Command("postqueue", "-p").Output()
		return err == nil && strings.Contains(string(out), "queue is empty")
	})
	for _, m := range g.sink.Messages() {
		if to := m.Recipients(); !slices.Equal(to, []string{"carl@example.com"}) && !slices.Equal(to, []string{"anna@example.com"}) && m.ID() != "last@example.com" {
			t.Errorf("%s went to %q", m.ID(), to)
		}
	}
}

// The two renderers of edits give one message: what Postfix makes of our milter
// edits, and the octets of a copy from the outbox.
func TestACopyFromTheOutboxIsThatOfTheSession(t *testing.T) {
	g := startGated(t, map[string]string{"edits.yaml": `policy: Edits
mode: enable
rules:
  - rule: Outside
    conditions: {recipientDomainIs: [partner.example]}
    actions:
      setHeader: {X-Class: "für außen", X-New: "new"}
      removeHeader: [X-Old, "X-Some: this"]
      prependSubject: "[Ext] "
      addRecipients: {cc: [legal@example.com]}
  - rule: Inside
    conditions: {recipientDomainIs: [example.com]}
    actions: {setHeader: {X-Inside: "yes"}}
`})
	const body = "Text.\n"
	messages := map[string]string{
		"plain":            "Subject: plain\nTo: bob@partner.example\n\n" + body,
		"nothing there":    "\n" + body,
		"no body":          "Subject: x\n\n",
		"repeated fields":  "X-Old: 1\nSubject: one\nx-class: a\nX-OLD: 2\nX-Class: b\nsubject: two\nX-Some: THIS\nX-some: that\nX-Class: c\n\n" + body,
		"folded fields":    "Subject: a\n\tb\n  c\nCc: carl@example.com,\n dora@example.com\nX-Class:\n folded\nX-Note: d\n\te\n\n" + body,
		"empty fields":     "Subject:\nCc:\nX-Class:\nX-Empty: \nX-Note:\t\n\n" + body,
		"blanks":           "Subject:tight\nCC :  carl@example.com  \nX-Note:   three  \nX-Class :odd\n\n" + body,
		"encoded words":    "Subject: =?utf-8?Q?=C3=BC?= =?iso-8859-1?Q?=FC?=\nX-Class: =?utf-8?B?w7w=?=\n\n" + body,
		"8-bit":            "Subject: Gr\xfc\xdfe\nX-Note: \xff\xfe\nX-Class: \xc3\xbc\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\nGr\xfc\xdfe \xff\n",
		"UTF-8":            "Subject: Grüße\nCc: Zoë <carl@example.com>\n\nGrüße\n",
		"long lines":       "Subject: " + strings.Repeat("s", 2000) + "\nX-Note: " + strings.Repeat("n", 3000) + "\n\n" + strings.Repeat("b", 997) + "\n.\n..\n",
		"NUL":              "Subject: x\n\na\x00b\n\x00\n",
		"bare CR":          "Subject: x\n\na\rb\r\r.\rc\n.\r\n",
		"our own fields":   "X-Postern-Release: 1\nSubject: x\nX-Postern-Loop: 2\nmsip_justification: 3\nX-Postern-Release: 4\nX-Class: a\n\n" + body,
		"a line no header": "Subject: x\nthis is no field\nX-Class: in the body\n\n" + body,
		"many recipients":  "To: " + strings.Repeat("somebody@example.com,\n ", 200) + "bob@partner.example\nCc: " + strings.Repeat("x@example.com, ", 60) + "y@example.com\nSubject: x\n\n" + body,
	}
	seen := 0
	for _, name := range slices.Sorted(maps.Keys(messages)) {
		text := "From: anna@example.com\nMessage-ID: <" + strconv.Itoa(seen) + "@example.com>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n" + messages[name]
		g.send(t, text, "bob@partner.example")
		session := g.arrived(t, seen+1, "bob@partner.example")[seen]
		g.send(t, text, "carl@example.com", "bob@partner.example", "dora@example.com")
		outbox := g.arrived(t, seen+2, "bob@partner.example")[seen+1]
		seen += 2
		if n := len(outbox.Header("Received")) - len(session.Header("Received")); n != 1 {
			t.Errorf("%s: the copy from the outbox has %d trace fields more, want 1", name, n)
		}
		want, got := belowTrace(session.Data), belowTrace(outbox.Data)
		// A CR alone does not leave the outbox.
		want = regexp.MustCompile(`\r([^\n])`).ReplaceAll(regexp.MustCompile(`\r([^\n])`).ReplaceAll(want, []byte(" $1")), []byte(" $1"))
		if !bytes.Equal(want, got) {
			t.Errorf("%s (-session +outbox):\n%s", name, cmp.Diff(string(want), string(got)))
		}
	}
}

// belowTrace gives a message without the trace fields on its top.
func belowTrace(data []byte) []byte {
	for bytes.HasPrefix(data, []byte("Received:")) {
		_, rest, _ := bytes.Cut(data, []byte("\r\n"))
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			_, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		}
		data = rest
	}
	return data
}

func TestAReleaseMakesTheDraftedEdits(t *testing.T) {
	g := startGated(t, map[string]string{"cards.yaml": gatedPolicy})
	g.send(t, "From: anna@example.com\nTo: bob@partner.example\nSubject: hold and edit\nMessage-ID: <edit@example.com>\n\nText.\n", "bob@partner.example")
	g.send(t, "From: anna@example.com\nTo: bob@partner.example\nSubject: hold and redirect\nMessage-ID: <desk@example.com>\n\nText.\n", "bob@partner.example")
	held := items(t, g.command(t, statusGood, "quarantine", "list", "--json"))
	if len(held) != 2 {
		t.Fatalf("%d messages are held", len(held))
	}
	g.command(t, statusGood, "quarantine", "release", held[0].ID)
	got := g.arrived(t, 1, "bob@partner.example")[0]
	if mark := got.Header("X-Outside"); !slices.Equal(mark, []string{"yes"}) {
		t.Errorf("the release is marked %q", mark)
	}
	g.command(t, statusGood, "quarantine", "release", held[1].ID, "--redirect", "desk@example.com")
	inside := g.arrived(t, 1, "desk@example.com")[0]
	if mark := inside.Header("X-Postern-Release"); len(mark) != 1 || !strings.HasSuffix(mark[0], "; attempt=1") {
		t.Errorf("a copy to somebody inside is marked %q", mark)
	}
	if got := inside.Recipients(); !slices.Equal(got, []string{"desk@example.com"}) {
		t.Errorf("the redirected release went to %q", got)
	}
	// Nothing was judged again on its way.
	if lines := g.log.events(t, "message"); len(lines) != 2 {
		t.Errorf("%d messages were judged", len(lines))
	}
}

// What Postfix writes for a client that did not, a new one each time, does not make
// two messages of one.
func TestARetryIsKnownWhateverPostfixAddsToIt(t *testing.T) {
	for _, ids := range []string{"no", "yes"} {
		t.Run("enable_long_queue_ids="+ids, func(t *testing.T) {
			g := startGated(t, map[string]string{"cards.yaml": gatedPolicy}, "enable_long_queue_ids = "+ids)
			for n, fields := range []string{"", "Message-ID: <own@example.com>\n", "Date: Mon, 2 Nov 2026 10:00:00 +0000\n"} {
				text := "From: anna@example.com\nTo: bob@partner.example\nSubject: hold " + strconv.Itoa(n) + "\n" + fields + "\nText.\n"
				g.send(t, text, "bob@partner.example")
				// Postfix writes a Date to the second.
				for second := time.Now().Unix(); time.Now().Unix() == second; {
					time.Sleep(10 * time.Millisecond)
				}
				g.send(t, text, "bob@partner.example")
				if held := items(t, g.command(t, statusGood, "quarantine", "list", "--json")); len(held) != n+1 {
					content := ""
					for _, i := range held {
						content += g.command(t, statusGood, "quarantine", "export", i.ID) + "\n"
					}
					t.Fatalf("%d messages are held of %d, each sent twice:\n%s", len(held), n+1, content)
				}
			}
		})
	}
}

// A listener that is not there keeps a release in the outbox, over a restart too.
func TestMailWaitsForPostfix(t *testing.T) {
	g := startGated(t, map[string]string{"cards.yaml": gatedPolicy})
	socket := g.mta.ReinjectPath()
	if err := os.Rename(socket, socket+"~"); err != nil {
		t.Fatal(err)
	}
	g.send(t, "From: anna@example.com\nTo: bob@partner.example\nSubject: hold on\nMessage-ID: <wait@example.com>\n\nText.\n", "bob@partner.example")
	held := items(t, g.command(t, statusGood, "quarantine", "list", "--json"))
	g.command(t, statusGood, "quarantine", "release", held[0].ID, "--without-edits")
	g.until(t, "an attempt has failed", func() bool { return len(g.log.events(t, "outbox")) == 1 })
	var st statusJSON
	if err := json.Unmarshal([]byte(g.command(t, statusGood, "status", "--json")), &st); err != nil || st.Outbox != 1 || st.Releasing != 1 {
		t.Errorf("status: %+v, %v", st, err)
	}
	if err := os.Rename(socket+"~", socket); err != nil {
		t.Fatal(err)
	}
	g.stop()
	g.wait(t)
	e, err := readOutbox(t, g.dir, held[0].Reference)
	if err != nil || len(e) != 1 || e[0].Recipients[0].Reply == "" || !e[0].Done.IsZero() {
		t.Errorf("the outbox after the stop: %+v, %v", e, err)
	}
}

// readOutbox opens a store that nobody uses.
func readOutbox(t *testing.T, dir, reference string) ([]quarantine.Entry, error) {
	t.Helper()
	v, err := openVault(t.Context(), process{store: filepath.Join(dir, "store"), quota: defaultQuota}, true)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return v.Entries(t.Context(), reference)
}
