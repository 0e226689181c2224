package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

const explainedPolicy = `policy: Cards
mode: enable
rules:
  - rule: Block outside
    conditions: {accessScope: notInOrganization, contentContainsSensitiveInformation: [{type: Credit card number}]}
    actions: {blockAccess: all, notifyPolicyTipCustomText: "No cards."}
  - rule: Mark inside
    conditions: {accessScope: inOrganization}
    actions: {setHeader: {X-Inside: "yes"}, addRecipients: {bcc: [audit@example.com]}}
`

// What is recorded of a decision is what `explain` says of the same message: the
// same members in the same words, with a reference that people know.
func TestTheRecordedExplanationIsThatOfExplain(t *testing.T) {
	for _, tc := range []struct {
		name, login, subject string
		to                   []string
		routes               string
		told                 bool // by a report
	}{
		{"delivered", "anna", "hello", []string{"carl@example.com"}, "session", false},
		{"blocked", "anna", "credit card 4012888888881881 visa", []string{"bob@partner.example"}, "refused", false},
		{"some told of", "anna", "credit card 4012888888881881 visa", []string{"carl@example.com", "bob@partner.example"}, "session returned", true},
		{"some never told of", "anna", "credit card 4012888888881881 visa", []string{"carl@example.com", "bob@partner.example NOTIFY=NEVER"}, "session returned", false},
		{"some held for a stranger", "", "credit card 4012888888881881 visa", []string{"carl@example.com", "bob@partner.example"}, "session held", false},
		{"held", "anna", "hold", []string{"bob@partner.example"}, "held", false},
		{"two copies", "anna", "hello", []string{"carl@example.com", "bob@partner.example", "eve@partner.example"}, "outbox session", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := newHouse(t)
			write(t, filepath.Join(filepath.Dir(s.file), "policies", "cards.yaml"), explainedPolicy)
			w, _, problems, err := load(t.Context(), s.file, classify.Builtin())
			if w == nil {
				t.Fatal(problems, err)
			}
			if err := s.bear(w); err != nil {
				t.Fatal(err)
			}
			env := message.Envelope{Authenticated: tc.login, Listener: "MX"}
			if env.ReversePath, err = message.ParsePath("anna@example.com"); err != nil {
				t.Fatal(err)
			}
			for _, to := range tc.to {
				address, args, _ := strings.Cut(to, " ")
				p, err := message.ParsePath(address)
				if err != nil {
					t.Fatal(err)
				}
				r := recipient(p)
				r.Args = strings.Fields(args)
				env.Recipients = append(env.Recipients, r)
			}
			text := "From: anna@example.com\r\nTo: people@example.com\r\nSubject: " + tc.subject + "\r\nMessage-ID: <1@example.com>\r\n\r\nText.\r\n"
			m, err := message.Read(env, strings.NewReader(text), nil, message.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()

			scan := rules.NewScan(&w.rules, m)
			would := explained("", m, w.engine.Run(t.Context(), w.set, scan, actions.DryRun{}))
			would.find(t.Context(), scan, recordedMatches)
			dry := members(t, would)
			out := s.gate.Judge(t.Context(), m)
			v, _ := s.gate.inHand.Load(m)
			d := v.(*actions.Decision)
			s.gate.Done(m, out, time.Millisecond, nil)
			var routes []string
			told := false
			for _, f := range d.Forks {
				routes = append(routes, routeWords[f.Route])
			}
			if got := strings.Join(routes, " "); d.Err != nil || got != tc.routes {
				t.Fatalf("the forks are %s, want %s; error %v", got, tc.routes, d.Err)
			}
			desk := &desk{vault: s.vault, effects: w.effects}
			data, err := desk.decision(t.Context(), d.Reference)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range dry["forks"].([]any) {
				for _, n := range f.(map[string]any)["notices"].([]any) {
					told = n.(map[string]any)["kind"] == "ndr"
				}
			}
			if told != tc.told {
				t.Errorf("a report to the sender: %v, want %v", told, tc.told)
			}
			recorded := members(t, json.RawMessage(strings.ReplaceAll(string(data), d.Reference, dry["reference"].(string))))
			if diff := cmp.Diff(dry, recorded); diff != "" {
				t.Errorf("-explain +recorded:\n%s", diff)
			}
		})
	}
}

// members gives a value as JSON has it.
func members(t *testing.T, v any) map[string]any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
