package actions

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

const releasePolicy = `
policy: P
mode: enable
rules:
  - {rule: Tag, conditions: {messageSizeOver: 1B}, actions: {setHeader: {X-Class: held}, addRecipients: {bcc: [audit@example.com]}}}
  - {rule: Hold, conditions: {subjectContainsWords: [hold]}, actions: {quarantine: true}}
`

// TestRelease holds a message for one person inside and one outside, and lets it
// go in every way.
func TestRelease(t *testing.T) {
	const (
		edited = "X-Class: held\r\n\r\n"
		odd    = "A\x00B \xff\rC\n" + "long "
	)
	tests := []struct {
		name string
		how  Release
		// wanted: recipients of the entries, whether each is marked, whether the edits
		// are made, and for whom it stays held.
		want   []string
		edited bool
		kept   string
	}{
		{name: "to all", want: []string{"marked ben@example.com, audit@example.com NOTIFY=NEVER", "plain b@x.example NOTIFY=FAILURE"}, edited: true},
		{name: "without edits", how: Release{WithoutEdits: true}, want: []string{"marked ben@example.com", "plain b@x.example NOTIFY=FAILURE"}},
		{name: "to some", how: Release{To: paths("B@x.example")}, want: []string{"marked audit@example.com NOTIFY=NEVER", "plain b@x.example NOTIFY=FAILURE"}, edited: true, kept: "ben@example.com"},
		{name: "to some without edits", how: Release{To: paths("ben@example.com"), WithoutEdits: true}, want: []string{"marked ben@example.com"}, kept: "b@x.example"},
		{name: "to somebody else", how: Release{Redirect: paths("desk@example.com")}, want: []string{"marked audit@example.com NOTIFY=NEVER, desk@example.com NOTIFY=FAILURE"}, edited: true},
		{name: "to somebody else without edits", how: Release{Redirect: paths("x@else.example"), WithoutEdits: true}, want: []string{"plain x@else.example NOTIFY=FAILURE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, releasePolicy, Settings{})
			d := g.send(mail{to: []string{"ben@example.com", "b@x.example"}, args: "NOTIFY=FAILURE", queueID: "Q1",
				header: append([]string{"Subject: hold"}, ownFields...), body: odd + strings.Repeat("x", 3000)})
			if d.Err != nil || len(g.items()) != 1 {
				t.Fatalf("%d items, error %v", len(g.items()), d.Err)
			}
			item := g.items()[0]
			content := g.octets(item.Blob)
			g.decide(quarantine.EventRelease, tt.how)
			_, entries := g.outbox()
			var got []string
			for _, e := range entries {
				line := "plain "
				if e.Marked {
					line = "marked "
				}
				for i, r := range e.Recipients {
					if i > 0 {
						line += ", "
					}
					line += strings.Join(append([]string{r.Address}, r.Args...), " ")
				}
				got = append(got, line)
				want := content
				if tt.edited {
					want = strings.Replace(content, "\r\n\r\n", "\r\n"+edited, 1)
				}
				if sent := g.octets(e.Blob); sent != want {
					t.Errorf("sent %.400q, want %.400q", sent, want)
				}
				if e.Item != item.ID || e.Kind != quarantine.EntryRelease || e.Reference != d.Reference || e.ReversePath != "anna@example.com" || !e.TellSender {
					t.Errorf("entry %+v", e)
				}
				if !strings.HasPrefix(e.Trace, "Received: ") {
					t.Errorf("trace field %q", e.Trace)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			var kept string
			for _, i := range g.items() {
				if i.State == quarantine.StateHeld {
					kept += recipientsOf(i.Envelope)
					if g.octets(i.Blob) != content || i.Reference != d.Reference {
						t.Error("what is held on is not what was held")
					}
				}
			}
			if kept != tt.kept {
				t.Errorf("held on for %q, want %q", kept, tt.kept)
			}
		})
	}
}

func TestNobodyIsReleasedToWhoIsNoRecipient(t *testing.T) {
	g := newGate(t, releasePolicy, Settings{})
	g.send(mail{to: []string{"b@x.example"}, queueID: "Q1", header: append([]string{"Subject: hold"}, ownFields...)})
	item := g.items()[0]
	_, err := g.live.Release(t.Context(), &item, []byte(g.octets(item.Blob)), Release{To: paths("c@x.example")})
	if !errors.Is(err, ErrNotRecipient) {
		t.Errorf("error %v, want %v", err, ErrNotRecipient)
	}
}

// TestWhatRulesNeed names the rules for which reviewers, notices and an outbox
// must be there.
func TestWhatRulesNeed(t *testing.T) {
	const (
		out = "conditions: {accessScope: notInOrganization}, actions: "
		all = "conditions: {messageSizeOver: 1B}, actions: "
	)
	tests := []struct {
		name                      string
		rules                     []string
		holding, telling, forking string
	}{
		{name: "nothing is done", rules: []string{all + "{notifyPolicyTipCustomText: Hello.}"}},
		{name: "everybody is blocked", rules: []string{all + "{blockAccess: all}"}},
		{name: "everybody is blocked by mail", rules: []string{all + "{blockAccess: all, blockResponse: ndr}"}, telling: "1"},
		{name: "some are blocked", rules: []string{out + "{blockAccess: all}"}, telling: "1"},
		{name: "people outside are blocked", rules: []string{all + "{blockAccess: perUser}"}, telling: "1"},
		{name: "some are blocked, and held for strangers", rules: []string{out + "{blockAccess: all, untellable: quarantine}"}, holding: "1", telling: "1"},
		{name: "some are blocked, strangers for everybody", rules: []string{out + "{blockAccess: all, untellable: rejectAll}"}, telling: "1"},
		{name: "some are blocked for everybody", rules: []string{out + "{blockAccess: all, blockResponse: rejectAll}"}},
		{name: "everybody is blocked whom no rule before held", rules: []string{out + "{quarantine: true}", all + "{blockAccess: all}"}, holding: "1", telling: "2"},
		{name: "everybody is blocked whom no rule before deleted", rules: []string{out + "{deleteMessage: true}", all + "{blockAccess: all}"}, telling: "2"},
		{name: "everybody is blocked for whom no rule before stopped", rules: []string{out + "{stopPolicyProcessing: true}", all + "{blockAccess: all}"}, telling: "2"},
		{name: "everybody is held", rules: []string{all + "{quarantine: true}"}, holding: "1"},
		{name: "everybody is edited", rules: []string{all + "{prependSubject: x}"}},
		{name: "some are edited", rules: []string{out + "{prependSubject: x}"}, forking: "1"},
		{name: "the manager is added", rules: []string{all + "{addRecipients: {managerAs: bcc}}"}, holding: "1"},
		{name: "the manager is added if there is one", rules: []string{all + "{addRecipients: {managerAs: bcc}, onActionError: continue}"}},
		{name: "attachments are removed", rules: []string{all + "{stripAttachment: {extensions: [exe]}}"}, holding: "1"},
		{name: "a disclaimer for everybody", rules: []string{all + "{applyHtmlDisclaimer: {text: x, fallback: reject}}"}},
		{name: "a disclaimer for some", rules: []string{out + "{applyHtmlDisclaimer: {text: x, fallback: reject}}"}, telling: "1", forking: "1"},
		{name: "some are redirected", rules: []string{out + "{redirectMessageTo: a@example.com}"}, forking: "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "policy: P\nmode: enable\nrules:\n"
			for i, r := range tt.rules {
				text += "  - {rule: \"" + string(rune('1'+i)) + "\", " + r + "}\n"
			}
			set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, rules.Vocabulary{})
			if set == nil {
				t.Fatal(problems)
			}
			got := []string{nameOf(Holding(set)), nameOf(Telling(set)), nameOf(Forking(set))}
			if diff := cmp.Diff([]string{tt.holding, tt.telling, tt.forking}, got); diff != "" {
				t.Errorf("holding, telling, forking (-want +got):\n%s", diff)
			}
		})
	}
}

func nameOf(n *Need) string {
	if n == nil {
		return ""
	}
	if n.File != "p.yaml" || n.Line == 0 || n.Column == 0 || !strings.Contains(n.Field, ".actions.") {
		return fmt.Sprintf("%+v", n)
	}
	return n.Rule.Name
}

// Groups of the directory get no mail by a rule: nobody would know how many people it
// is for. Where policies were served before, a group that is new is a hint.
func TestGroupsAreNoTargets(t *testing.T) {
	const text = `
policy: P
mode: enable
rules:
  - {rule: A, conditions: {messageSizeOver: 1B}, actions: {addRecipients: {bcc: [audit@example.com, Sales@example.com]}}}
  - {rule: B, conditions: {messageSizeOver: 1B}, actions: {redirectMessageTo: [sales@example.com, anna@example.com]}}
`
	people := housePeople(t)
	load := func(v rules.Vocabulary) (bool, []string) {
		set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, v)
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
		}
		return set != nil, got
	}
	loaded, got := load(rules.Vocabulary{Directory: people})
	want := []string{
		"p.yaml:5:101: rules[0].actions.addRecipients.bcc: Sales@example.com is a group; mail is sent to single addresses; write the addresses of people",
		"p.yaml:6:80: rules[1].actions.redirectMessageTo: sales@example.com is a group; mail is sent to single addresses; write the addresses of people",
	}
	if diff := cmp.Diff(want, got); diff != "" || loaded {
		t.Errorf("loaded: %v, problems (-want +got):\n%s", loaded, diff)
	}
	loaded, got = load(rules.Vocabulary{Directory: people, Moved: func(strictyaml.Problem) bool { return true }})
	if !loaded || len(got) != 2 {
		t.Errorf("of a directory that has changed: loaded %v, %q", loaded, got)
	}
	if loaded, got = load(rules.Vocabulary{}); !loaded || len(got) != 0 {
		t.Errorf("without a directory: loaded %v, %q", loaded, got)
	}
}
