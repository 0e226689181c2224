package actions

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// Nobody whom a stranger claims to be hears of what became of the message, whatever
// that was and whatever else it asks for.
func TestForgedSendersGetNoMail(t *testing.T) {
	data, err := os.ReadFile("../testdata/forged/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		if !strings.Contains(string(data), k.Name+":") {
			t.Errorf("no rule has the action %s", k.Name)
		}
	}
	people := housePeople(t)
	set, problems := Load([]rules.File{{Name: "policy.yaml", Data: data}}, rules.Vocabulary{Types: classify.Builtin(), Directory: people})
	if set == nil {
		t.Fatal(problems)
	}
	world := houseWorld(people)
	store := &captured{}
	live := houseLive(store, world.Organization, houseNotices(t))
	engine := NewEngine(Settings{Notices: live.Notices, Reviewers: houseReviewers(), Admins: houseReviewers(),
		Alerts: AlertSettings{Admins: houseReviewers()}, Incidents: IncidentSettings{SiteAdmins: houseReviewers()}})
	subjects := []string{"plain", "add", "mark", "rewrite", "divert", "notify", "inform", "alert", "block", "outside", "scope", "report",
		"everybody", "untellable", "reject", "hold", "drop", "mark block", "divert hold", "add report", "notify hold", "notify report", "notify block inform"}
	froms := []string{"victim@innocent.example", "victim@example.com", "anna@example.com", ""}
	tos := [][]string{
		{"bob@partner.example"}, {"carol@example.com", "bob@partner.example"}, {"sales@example.com", "ben@example.com", "eve@partner.example"},
		{"anna@example.com", "victim@example.com", "victim@innocent.example"}, // who is claimed stands among the recipients too
	}
	extra := []string{"", "Auto-Submitted: no\r\n", "Reply-To: victim@innocent.example\r\nErrors-To: anna@example.com\r\nDisposition-Notification-To: victim@example.com\r\n",
		"List-Id: <x.example>\r\n", "Sender: anna@example.com\r\nAccept-Language: de\r\n", "X-Postern-Loop: cases; mac=00\r\n"}
	messages, mails, n := 1000, 0, 0
	if testing.Short() {
		messages = 300
	}
	for i := range messages {
		pick := func(list int) int { x := n % list; n /= list; return x }
		n = i * 7919
		subject, from, to, more := subjects[i%len(subjects)], froms[pick(len(froms))], tos[pick(len(tos))], extra[pick(len(extra))]
		env := messageTo(nil, to...).Envelope
		if from != "" {
			env.ReversePath = messageTo(nil, from).Envelope.Recipients[0].Path
		}
		env.ClientAddr, env.Listener, env.QueueID = netip.MustParseAddr("192.0.2.9"), "MX", fmt.Sprint("Q", i)
		text := "From: anna@example.com\r\nTo: people@example.com\r\nSubject: " + subject + "\r\n" + more + "\r\nCard 4111 1111 1111 1111\r\n"
		m, err := message.Read(env, strings.NewReader(text), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		store.commit = quarantine.Commit{}
		d := engine.Run(context.Background(), set, rules.NewScan(world, m), live)
		for _, e := range store.commit.Entries {
			if e.Kind != quarantine.EntryNotice {
				continue
			}
			for _, r := range e.Recipients {
				mails++
				if r.Address == from || strings.HasSuffix(r.Address, "@innocent.example") || strings.HasSuffix(r.Address, ".example") {
					t.Fatalf("%q from %q to %q: a notice %s goes to %s", subject, from, to, NoticeKind(&e), r.Address)
				}
			}
		}
		if d.Outcome.Verdict == Block && strings.Contains(d.Outcome.Reply.String(), "No.") {
			t.Fatalf("%q: the client reads %s", subject, d.Outcome.Reply)
		}
		m.Close()
	}
	if mails == 0 {
		t.Error("nobody is told of anything, so little is proved")
	}
	t.Logf("%d messages, %d recipients of notices", messages, mails)
}
