package notice

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
)

// sampleAlert is an alert of one match with much in it.
func sampleAlert(t testing.TB, language string) Alert {
	return Alert{
		To: []message.Path{path(t, "compliance@example.com")}, Language: language, ID: "A-7K3M9QXY",
		Policy: germanOrEnglish(language, "Kartennummern", "Card numbers"), Rule: germanOrEnglish(language, "Eine Karte nach außen", "One card to people outside"),
		Severity: "High", Raised: today, First: today, Last: today, Events: 1, Bytes: 48_200, Fold: time.Minute, Users: []string{"ann@example.com"}, Reference: "P-7K3M9Q",
		Match: &AlertMatch{
			At: today, From: "ann@example.com", To: []string{"bob@partner.example", "eve@other.example"},
			Subject: germanOrEnglish(language, "Zahlen für das Quartal", "Figures of the quarter"), Attachments: []string{"report.xlsx", "************9903.pdf"},
			Size: 48_200, Activity: "DLPRuleEnforce", Effects: []string{"block", "deliver", "block"}, Actions: []string{"blockAccess", "generateAlert"},
			Overridden: true, Justification: germanOrEnglish(language, "Der Kunde hat zugestimmt.", "The customer has agreed."),
			Found: []AlertFinding{
				{Finding{Type: "Credit card number", Count: 2, Parts: []string{"report.xlsx"}}, 85, []string{"***************9903", "***************1111"}},
				{Finding{Type: "All full names", Count: 1, Parts: []string{"body"}}, 75, nil},
			},
		},
	}
}

// The mail of an alert has everything that who gets it asks for.
func TestAlertMailSaysEverything(t *testing.T) {
	w := sampleWriter(t, "en")
	n, err := w.AlertMail(sampleAlert(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := twins(t, n.Bytes)
	text = strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"Severity: high", "Activity: DLPRuleEnforce", "User: ann@example.com", "Policy: Card numbers", "Rule: One card to people outside",
		"Alert: A-7K3M9QXY", "Reference: P-7K3M9Q", "From: ann@example.com", "To: bob@partner.example and eve@other.example",
		"Subject: Figures of the quarter", "report.xlsx and ************9903.pdf", "Effect: blocked and delivered",
		"Actions taken: blockAccess, generateAlert", "Override: yes: The customer has agreed.",
		"two card numbers in report.xlsx: ***************9903, ***************1111",
		"postern alerts show A-7K3M9QXY", "postern explain --ref P-7K3M9Q", "postern alerts set A-7K3M9QXY --status investigating",
		"follow within a minute are added",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, text)
		}
	}
	if n.Kind != KindAlert || n.Reference != "P-7K3M9Q" || !n.ReversePath().IsNull() || len(n.To) != 1 {
		t.Errorf("it is %+v", n)
	}
	for _, field := range []string{"Auto-Submitted: auto-generated", "Subject: Alert A-7K3M9QXY (high): One card to people outside"} {
		if !strings.Contains(string(n.Bytes), field+"\r\n") {
			t.Errorf("it has no %q", field)
		}
	}
}

// Whatever a rule is called and a message says, the mail has the header fields it has
// without, and is no longer than it may be.
func TestAlertMailHoldsWhateverItIsGiven(t *testing.T) {
	w := sampleWriter(t, "en")
	a := sampleAlert(t, "en")
	evil := "x\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>"
	a.Rule, a.Policy, a.ID, a.Severity, a.Reference = evil, evil, evil, evil, evil
	m := a.Match
	m.From, m.Subject, m.Justification, m.Activity = evil, evil, evil, evil
	for i := range 5000 {
		name := fmt.Sprint(i, evil)
		m.To, m.Attachments, m.Actions, m.Effects = append(m.To, name), append(m.Attachments, name), append(m.Actions, name), append(m.Effects, name)
		m.Found = append(m.Found, AlertFinding{Finding: Finding{Type: name, Count: i, Parts: []string{name}}, Values: []string{name}})
		a.Users, a.References = append(a.Users, name), append(a.References, name)
	}
	n, err := w.AlertMail(a)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(n.Bytes), "\r\n\r\n")
	if _, document, _ := twins(t, n.Bytes); strings.Contains(head, "\r\nBcc:") || strings.Contains(document, "<script") {
		t.Errorf("the mail takes what it is given for its own:\n%s", head)
	}
	if len(n.Bytes) > 200_000 {
		t.Errorf("the mail has %d octets", len(n.Bytes))
	}
}
