//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/internal/mta"
)

// outcomePolicy has a rule for each outcome; the subject chooses.
const outcomePolicy = `policy: Outcomes
mode: enable
rules:
  - rule: Mark outside
    conditions: {accessScope: notInOrganization, subjectContainsWords: [mark]}
    actions: {setHeader: {X-Outside: "yes"}, prependSubject: "[External] "}
  - rule: Mark bob
    conditions: {sentTo: [bob@partner.example], subjectContainsWords: [mark]}
    actions: {setHeader: {X-Bob: "yes"}}
  - rule: Cards in files to people outside
    conditions:
      accessScope: notInOrganization
      subjectContainsWords: [file]
      contentContainsSensitiveInformation: [{type: Credit card number}]
    actions: {quarantine: true}
  - rule: Hold outside
    conditions: {accessScope: notInOrganization, subjectContainsWords: [hold]}
    actions: {quarantine: true}
  - rule: Block outside
    conditions: {accessScope: notInOrganization, subjectContainsWords: [block]}
    actions: {blockAccess: all, notifyPolicyTipCustomText: "No cards outside."}
  - rule: Report
    conditions: {accessScope: notInOrganization, subjectContainsWords: [report]}
    actions: {blockAccess: all, blockResponse: ndr}
  - rule: Everybody or nobody
    conditions: {accessScope: notInOrganization, subjectContainsWords: [everybody]}
    actions: {blockAccess: all, blockResponse: rejectAll}
  - rule: Divert
    conditions: {accessScope: notInOrganization, subjectContainsWords: [divert]}
    actions: {redirectMessageTo: [desk@example.com]}
  - rule: Drop
    conditions: {accessScope: notInOrganization, subjectContainsWords: [drop]}
    actions: {deleteMessage: true, generateAlert: [watch@example.com]}
`

const aliases = "virtual_alias_maps = inline:{ " +
	"{ first@example.com = person@example.com, far@elsewhere.example } { second@example.com = person@example.com } " +
	"{ leads@example.com = far@elsewhere.example } }"

// Every outcome of a recipient, alone and beside others, as the client, the
// recipients, the sender and the reviewers see it.
func TestOutcomesOfRecipients(t *testing.T) {
	h := startHolding(t, holdingOptions{policy: outcomePolicy, params: []string{aliases}}).start(t)
	nobody := func(t *testing.T, addresses ...string) {
		t.Helper()
		h.rest(t)
		for _, m := range h.sink.Messages() {
			for _, a := range addresses {
				if slices.Contains(m.Recipients(), a) {
					t.Errorf("mail came to %s:\n%s", a, m.Data)
				}
			}
		}
	}

	t.Run("only the recipient outside is blocked", func(t *testing.T) {
		h.take(t, 250, &mail{subject: "block a", to: []string{"carl@example.com", "bob-a@partner.example", "dora-a@example.com"}})
		inside := h.arrived(t, 1, "dora-a@example.com")[0]
		if got := inside.Recipients(); !slices.Equal(got, []string{"carl@example.com", "dora-a@example.com"}) {
			t.Errorf("delivered to %q", got)
		}
		report := h.arrived(t, 1, "anna@example.com")[0]
		if got := report.Refused(); report.From != "" || !slices.Equal(got, []string{"bob-a@partner.example"}) {
			t.Errorf("the report from %q names %q", report.From, got)
		}
		if !strings.Contains(string(report.Data), "No cards outside.") || strings.Contains(string(report.Data), "Good morning.") {
			t.Errorf("the report:\n%s", report.Data)
		}
		nobody(t, "bob-a@partner.example")
	})
	t.Run("a sender with a login is told", func(t *testing.T) {
		h.take(t, 250, &mail{listener: mta.MX, client: "192.0.2.7", login: "anna", from: "ann-login@example.com", subject: "block b",
			to: []string{"carl-b@example.com", "bob-b@partner.example"}})
		h.arrived(t, 1, "carl-b@example.com")
		if got := h.arrived(t, 1, "ann-login@example.com")[0].Refused(); !slices.Equal(got, []string{"bob-b@partner.example"}) {
			t.Errorf("named: %q", got)
		}
	})
	t.Run("one whose session is not ours is not: the message is held and the reviewers hear", func(t *testing.T) {
		before := len(h.sink.Messages())
		h.take(t, 250, &mail{listener: mta.MX, client: "192.0.2.7", from: "stranger@example.com", subject: "block c",
			to: []string{"carl-c@example.com", "bob-c@partner.example"}})
		h.arrived(t, 1, "carl-c@example.com")
		if i := h.one(t, "bob-c@partner.example"); i.TellSender || !slices.Equal(i.Recipients, []string{"bob-c@partner.example"}) {
			t.Errorf("held: %+v", i)
		}
		heard := h.arrived(t, 1, "postmaster@example.com")[0]
		if !strings.Contains(string(heard.Data), "bob-c@partner.example") {
			t.Errorf("the reviewers heard:\n%s", heard.Data)
		}
		nobody(t, "stranger@example.com", "bob-c@partner.example")
		if got := len(h.sink.Messages()) - before; got != 2 {
			t.Errorf("%d messages came", got)
		}
	})
	t.Run("a block alone is refused in the session", func(t *testing.T) {
		r := h.take(t, 550, &mail{subject: "block d", to: []string{"bob-d@partner.example"}})
		if !strings.Contains(r.String(), "No cards outside.") {
			t.Error(r)
		}
		if r = h.take(t, 550, &mail{listener: mta.MX, client: "192.0.2.7", from: "stranger@example.com", subject: "block e", to: []string{"bob-d@partner.example"}}); strings.Contains(r.String(), "No cards outside.") {
			t.Errorf("a stranger is told the tip: %v", r)
		}
		nobody(t, "bob-d@partner.example")
	})
	t.Run("blockResponse ndr", func(t *testing.T) {
		h.take(t, 250, &mail{from: "ann-r@example.com", subject: "report f", to: []string{"bob-f@partner.example"}})
		if got := h.arrived(t, 1, "ann-r@example.com")[0].Refused(); !slices.Equal(got, []string{"bob-f@partner.example"}) {
			t.Errorf("named: %q", got)
		}
		h.take(t, 550, &mail{listener: mta.MX, client: "192.0.2.7", from: "stranger@example.com", subject: "report g", to: []string{"bob-f@partner.example"}})
		h.take(t, 550, &mail{null: true, subject: "report h", to: []string{"bob-f@partner.example"}})
		nobody(t, "bob-f@partner.example", "stranger@example.com")
	})
	t.Run("blockResponse rejectAll", func(t *testing.T) {
		r := h.take(t, 550, &mail{subject: "everybody i", to: []string{"carl-i@example.com", "bob-i@partner.example"}})
		if !strings.Contains(r.String(), "bob-i@partner.example") || strings.Contains(r.String(), "carl-i@example.com") {
			t.Error(r)
		}
		nobody(t, "carl-i@example.com", "bob-i@partner.example")
	})
	t.Run("redirect", func(t *testing.T) {
		h.take(t, 250, &mail{subject: "divert j", to: []string{"bob-j@partner.example"}})
		if m := h.arrived(t, 1, "desk@example.com")[0]; m.From != "anna@example.com" || m.ID() == "" {
			t.Errorf("redirected from %q", m.From)
		}
		h.take(t, 250, &mail{subject: "divert k", to: []string{"carl-k@example.com", "dora-k@example.com", "bob-j@partner.example"}})
		h.arrived(t, 1, "dora-k@example.com")
		h.arrived(t, 2, "desk@example.com")
		nobody(t, "bob-j@partner.example")
	})
	t.Run("delete", func(t *testing.T) {
		h.take(t, 250, &mail{from: "ann-l@example.com", subject: "drop l", to: []string{"bob-l@partner.example"}})
		h.take(t, 250, &mail{from: "ann-l@example.com", subject: "drop m", to: []string{"carl-m@example.com", "bob-l@partner.example"}})
		h.arrived(t, 1, "carl-m@example.com")
		nobody(t, "bob-l@partner.example", "ann-l@example.com")
	})
	t.Run("a retry of a held message is seen, not held twice", func(t *testing.T) {
		m := &mail{subject: "hold n", to: []string{"bob-n@partner.example"}}
		for range 3 {
			h.take(t, 250, m)
		}
		if i := h.one(t, "bob-n@partner.example"); i.Seen != 2 {
			t.Errorf("seen %d times", i.Seen)
		}
		// Another message of the same client is none.
		h.take(t, 250, &mail{subject: "hold n", id: "another@client.example", to: []string{"bob-n@partner.example"}})
		if all := h.held(t, "held", "bob-n@partner.example"); len(all) != 2 {
			t.Errorf("%d are held", len(all))
		}
		nobody(t, "bob-n@partner.example")
	})
	t.Run("aliases are judged as they are delivered", func(t *testing.T) {
		h.take(t, 250, &mail{subject: "hold o", to: []string{"leads@example.com"}})
		h.one(t, "leads@example.com")
		h.take(t, 250, &mail{subject: "hold p", to: []string{"first@example.com", "second@example.com"}})
		h.one(t, "first@example.com")
		m := h.arrived(t, 1, "person@example.com")[0]
		if got := m.Recipients(); !slices.Equal(got, []string{"person@example.com"}) {
			t.Errorf("delivered to %q", got)
		}
		nobody(t, "far@elsewhere.example")
	})
	t.Run("released, redirected, deleted by a reviewer", func(t *testing.T) {
		for _, to := range []string{"q", "r", "s"} {
			h.take(t, 250, &mail{subject: "mark hold " + to, to: []string{"bob-" + to + "@partner.example", "eve-" + to + "@partner.example"}})
		}
		h.command(t, 0, "quarantine", "release", h.one(t, "bob-q@partner.example").ID, "--to", "bob-q@partner.example")
		if got := h.arrived(t, 1, "bob-q@partner.example")[0].Header("X-Outside"); !slices.Equal(got, []string{"yes"}) {
			t.Errorf("marked %q", got)
		}
		h.one(t, "eve-q@partner.example")
		h.command(t, 0, "quarantine", "release", h.one(t, "bob-r@partner.example").ID, "--redirect", "audit@example.com", "--without-edits")
		if got := h.arrived(t, 1, "audit@example.com")[0]; len(got.Header("X-Outside")) != 0 || len(got.Header("X-Postern-Release")) != 1 {
			t.Errorf("redirected:\n%s", got.Data)
		}
		s := h.one(t, "bob-s@partner.example").ID
		h.command(t, 0, "quarantine", "delete", s)
		h.command(t, 1, "quarantine", "release", s)
		nobody(t, "eve-q@partner.example", "bob-r@partner.example", "eve-r@partner.example", "bob-s@partner.example")
	})
	t.Run("what expires is told to a sender who may be told", func(t *testing.T) {
		h.take(t, 250, &mail{from: "ann-x@example.com", subject: "hold x", to: []string{"bob-x@partner.example"}})
		h.take(t, 250, &mail{listener: mta.MX, client: "192.0.2.7", from: "stranger@example.com", subject: "hold y", to: []string{"bob-y@partner.example"}})
		for _, to := range []string{"bob-x@partner.example", "bob-y@partner.example"} {
			h.command(t, 0, "quarantine", "extend", h.one(t, to).ID, "--for", "1ms")
		}
		h.end()
		h.start(t) // which looks at once for what has expired
		if got := h.arrived(t, 1, "ann-x@example.com")[0].Refused(); !slices.Equal(got, []string{"bob-x@partner.example"}) {
			t.Errorf("named: %q", got)
		}
		h.until(t, "both have expired", func() bool {
			return len(h.held(t, "expired", "bob-x@partner.example"))+len(h.held(t, "expired", "bob-y@partner.example")) == 2
		})
		nobody(t, "stranger@example.com", "bob-x@partner.example", "bob-y@partner.example")
	})

	h.end()
	s := h.stored(t)
	var deleted int
	for _, r := range records(t, s, audit.DlpRuleMatch) {
		for _, p := range r.PolicyDetails {
			if slices.ContainsFunc(p.Rules, func(r audit.Rule) bool { return r.RuleName == "Drop" }) {
				deleted++
			}
		}
	}
	if deleted != 2 {
		t.Errorf("%d deletions are recorded", deleted)
	}
	problems, err := s.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("the store: %v %v", problems, err)
	}
}
