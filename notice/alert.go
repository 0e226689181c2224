package notice

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice/layout"
)

// Alert is an alert as the mail about it tells of it. Whatever it says of the
// content of messages was masked before.
type Alert struct {
	To []message.Path
	// Language is preferred by who reads it; empty is that of the settings.
	Language string
	// ID names the alert, as A-7K3M9QXY.
	ID           string
	Policy, Rule string
	Severity     string // None, Low, Medium or High
	Simulated    bool   // the policy is in a test mode
	Raised       time.Time
	First, Last  time.Time // of the matches
	Events       int
	Bytes        int64 // of all messages
	// Window is that of what is counted; 0 where each match raises an alert. Volume
	// tells that size was what counted.
	Window time.Duration
	Volume bool
	// Fold is how long further matches are added to the alert; 0 for never.
	Fold time.Duration
	// Users are those whose messages matched, as far as is known.
	Users []string
	// Reference is that of the latest match.
	Reference string
	// Match is the latest; nil when nothing more is known of it.
	Match *AlertMatch
	// References are those of earlier matches.
	References []string
}

// AlertMatch is one message that matched.
type AlertMatch struct {
	At          time.Time
	From        string
	To          []string
	Subject     string
	Attachments []string
	Size        int64 // octets
	// Activity is DLPRuleMatch, or DLPRuleEnforce for a rule that decided.
	Activity string
	// Effects are the verdicts on the parts of the message, each once: deliver, block,
	// quarantine, awaitApproval, awaitOverride or delete.
	Effects []string
	// Actions are the names of those that were done for the rule.
	Actions []string
	// Overridden tells that the sender overrode the policy; Justification says why.
	Overridden    bool
	Justification string
	Found         []AlertFinding
}

// AlertFinding is sensitive information that matched, with masked values.
type AlertFinding struct {
	Finding
	Confidence int // percent
	Values     []string
}

// How much of an alert its mail shows.
const (
	alertValues     = 10 // of each type
	alertFindings   = 20
	alertPeople     = 20
	alertReferences = 50
)

// AlertMail tells of an alert, in the order in which it is asked for: what came
// together, how grave it is, of which message, and what to do now.
func (w *Writer) AlertMail(a Alert) (Notice, error) {
	s := w.texts.pick(a.Language, w.s.Language)
	id, rule, policy := line(a.ID, lineLength), line(a.Rule, lineLength), line(a.Policy, lineLength)
	subject := "alert.subject"
	if a.Simulated {
		subject += ".simulated"
	}
	severity := s.severity(a.Severity)
	inside := []layout.Block{layout.Paragraph(s.together(&a, rule, policy))}
	if a.Simulated {
		inside = append(inside, layout.Paragraph(s.say("alert.simulated")))
	}
	grave := layout.Warning
	switch a.Severity {
	case "High":
		grave = layout.Danger
	case "None", "Low":
		grave = layout.Info
	}
	var matches string
	if a.Events > 1 {
		matches = s.say("alert.matches", "n", s.digits(a.Events), "first", w.moment(s, a.First), "last", w.moment(s, a.Last))
	}
	activity := "DLPRuleMatch"
	if a.Match != nil && a.Match.Activity != "" {
		activity = line(a.Match.Activity, lineLength)
	}
	blocks := []layout.Block{
		layout.Title(s.say("alert.title", "id", id)), layout.Callout(grave, "", inside...),
		layout.Facts(
			layout.Fact{Label: s.say("alert.label.severity"), Value: severity},
			layout.Fact{Label: s.say("label.time"), Value: w.moment(s, a.Raised)},
			layout.Fact{Label: s.say("alert.label.activity"), Value: activity},
			layout.Fact{Label: s.say("alert.label.user"), Value: s.shown(a.Users)},
			layout.Fact{Label: s.say("label.policy"), Value: policy},
			layout.Fact{Label: s.say("label.rule"), Value: rule},
			layout.Fact{Label: s.say("alert.label.matches"), Value: matches},
			layout.Fact{Label: s.say("alert.label.id"), Value: id},
		),
	}
	blocks = append(blocks, w.alertMatch(s, &a)...)
	if len(a.References) > 0 {
		blocks = append(blocks, layout.Heading(s.say("alert.heading.others")), layout.Paragraph(strings.Join(lines(a.References, alertReferences), ", ")))
		if more := len(a.References) - alertReferences; more > 0 {
			blocks = append(blocks, layout.Paragraph(s.count("alert.others.more", more)))
		}
	}
	next := []string{s.say("alert.next.show", "command", "postern alerts show "+id)}
	reference := line(a.Reference, lineLength)
	if reference != "" {
		next = append(next, s.say("alert.next.explain", "command", "postern explain --ref "+reference))
	}
	next = append(next, s.say("alert.next.take", "command", "postern alerts set "+id+" --status investigating"))
	blocks = append(blocks, layout.Heading(s.say("heading.next")), layout.List(next...))
	if a.Fold > 0 {
		blocks = append(blocks, layout.Small(s.say("alert.fold", "window", s.window(a.Fold))))
	}
	blocks = append(blocks, layout.Small(s.say("foot.automatic")))
	return w.compose(letter{
		kind: KindAlert, to: a.To, reference: reference,
		subject: s.say(subject, "id", id, "severity", severity, "rule", rule),
		page:    layout.Page{Language: s.tag, Title: s.say("alert.title", "id", id), Blocks: blocks},
	})
}

// together says what raised the alert.
func (s *sentences) together(a *Alert, rule, policy string) string {
	switch {
	case a.Window == 0:
		return s.say("alert.each", "rule", rule, "policy", policy)
	case a.Volume:
		return s.count("alert.volume", a.Events, "size", s.size(a.Bytes), "rule", rule, "policy", policy, "window", s.window(a.Window))
	}
	return s.count("alert.events", a.Events, "rule", rule, "policy", policy, "window", s.window(a.Window))
}

// alertMatch tells of the latest match.
func (w *Writer) alertMatch(s *sentences, a *Alert) []layout.Block {
	heading := "alert.heading.message"
	if a.Events > 1 {
		heading = "alert.heading.latest"
	}
	m := a.Match
	if m == nil {
		return []layout.Block{layout.Heading(s.say(heading)), layout.Paragraph(s.say("alert.unread"))}
	}
	subject := line(m.Subject, lineLength)
	if subject == "" {
		subject = s.say("subject.none")
	}
	override := "alert.override.no"
	switch {
	case m.Overridden && m.Justification != "":
		override = "alert.override.why"
	case m.Overridden:
		override = "alert.override.yes"
	}
	done := strings.Join(lines(m.Actions, alertPeople), ", ")
	if done == "" {
		done = s.say("alert.noActions")
	}
	var effects []string
	for _, e := range m.Effects {
		if key := "alert.effect." + e; s.has(key) && !slices.Contains(effects, s.say(key)) {
			effects = append(effects, s.say(key))
		}
	}
	from := line(m.From, lineLength)
	if from == "" {
		from = "<>"
	}
	blocks := []layout.Block{layout.Heading(s.say(heading)), layout.Facts(
		layout.Fact{Label: s.say("label.reference"), Value: line(a.Reference, lineLength)},
		layout.Fact{Label: s.say("label.time"), Value: w.moment(s, m.At)},
		layout.Fact{Label: s.say("label.from"), Value: from},
		layout.Fact{Label: s.say("label.to"), Value: s.shown(m.To)},
		layout.Fact{Label: s.say("label.subject"), Value: subject},
		layout.Fact{Label: s.say("alert.label.attachments"), Value: s.shown(m.Attachments)},
		layout.Fact{Label: s.say("label.size"), Value: s.size(m.Size)},
		layout.Fact{Label: s.say("label.effect"), Value: s.list(effects)},
		layout.Fact{Label: s.say("alert.label.actions"), Value: done},
		layout.Fact{Label: s.say("alert.label.override"), Value: s.say(override, "why", line(m.Justification, lineLength))},
	)}
	var found []string
	for _, f := range m.Found[:min(len(m.Found), alertFindings)] {
		text := s.finding(f.Finding)
		if len(f.Values) > 0 {
			text = s.say("alert.finding", "what", text, "values", strings.Join(lines(f.Values, alertValues), ", "))
		}
		found = append(found, text)
	}
	if len(found) > 0 {
		blocks = append(blocks, layout.Heading(s.say("alert.heading.found")), layout.List(found...))
	}
	return blocks
}

// shown joins the first of some names.
func (s *sentences) shown(all []string) string {
	short := lines(all, len(all))
	return s.people(short, alertPeople)
}

// lines makes one line of each of the first n texts.
func lines(all []string, n int) []string {
	var out []string
	for _, text := range all[:min(len(all), n)] {
		out = append(out, line(text, lineLength))
	}
	return out
}

// severity names a severity.
func (s *sentences) severity(name string) string {
	if key := "alert.severity." + strings.ToLower(name); s.has(key) {
		return s.say(key)
	}
	return line(name, lineLength)
}

// window gives a span of time as it stands behind "within".
func (s *sentences) window(d time.Duration) string {
	if d%time.Hour == 0 {
		return s.count("alert.window.hours", int(d/time.Hour))
	}
	return s.count("alert.window.minutes", int((d+time.Minute-1)/time.Minute))
}
