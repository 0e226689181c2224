package notice

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/message/edit"
	"github.com/postern-mail/postern/notice/layout"
)

// Effect is what a rule does to a message, as people are told of it.
type Effect string

// The effects.
const (
	EffectDelivered Effect = "delivered" // the message goes on
	EffectBlocked   Effect = "blocked"
	EffectHeld      Effect = "held"    // in quarantine
	EffectWaiting   Effect = "waiting" // for somebody's approval
	EffectDeleted   Effect = "deleted"
	// EffectRedirected is of a message that goes to others than its recipients.
	EffectRedirected Effect = "redirected"
)

// known gives the effect, the mildest for one that is not known.
func (e Effect) known() Effect {
	if slices.Contains([]Effect{EffectBlocked, EffectHeld, EffectWaiting, EffectDeleted, EffectRedirected}, e) {
		return e
	}
	return EffectDelivered
}

// Notification is mail to one person about a message that a rule matched. All text
// of the message in it is masked by the caller.
type Notification struct {
	// Original is the message. Its Language is that of the sender and not used.
	Original
	To message.Path
	// Preferred are the languages of To, as Original.Language.
	Preferred string
	// Sender tells that To sent the message. The notification is then an answer, and
	// not sent where none may be.
	Sender bool
	Effect Effect
	// Simulated tells that the policy is being tried out: the message was delivered,
	// and Effect is what would have been.
	Simulated bool
	// Partial tells that other recipients got the message.
	Partial bool
	// Recipients are those whom the effect concerns.
	Recipients []message.Path
	Findings   []Finding
	// Conditions are what matched beside the findings.
	Conditions []Condition
	// Actions are the names of actions that changed the message, for %%AppliedActions%%,
	// which says them behind the effect. One that there are no words for is left out.
	Actions []string
	// Policy and Rule are shown when they are not empty.
	Policy, Rule string
	// Tip is the policy tip; may be empty.
	Tip string
	// LearnMore is the URL of the rule, which goes before that of the settings.
	LearnMore string
	// Subject and Text are those of the administrator, in place of ours; Text is HTML.
	// Both may be empty and may have tokens.
	Subject, Text string
	// DisplayName stands in From in place of that of the settings; may be empty.
	DisplayName string
	// Context is what was found with the text around it, masked, for the token of
	// that name; may be empty.
	Context string
	// Attached is the message as received, attached as it is; nil attaches none.
	Attached []byte
}

// NotificationTokens are the names of the tokens that subject and text of a
// notification may have.
var NotificationTokens = []string{
	"AppliedActions", "BlockedMessageInfo", "ContentId", "ContentURL", "FileName", "MatchedConditions", "MatchedConditionsAndValues",
	"MatchedSITAndSurroundingcontext", "PolicyName", "PolicyRule", "ProcessName", "Reference", "SiteAdmin", "TimestampForIncidentOccurrence", "UserEmail", "Workload",
}

// Notification tells one person what was found in a message and what became of it.
// An error of the type [*NotSent] says why there is none.
func (w *Writer) Notification(n Notification) (Notice, error) {
	if n.Sender {
		if ok, why := w.MayAnswer(n.Header, n.ReversePath); !ok {
			return Notice{}, &NotSent{why}
		}
	}
	t := w.texts.pick(n.Preferred, w.s.Language)
	subject := t.say("notify.subject."+string(n.shownEffect()), "subject", t.subjectOf(&n.Original))
	values := w.notificationValues(t, &n)
	if n.Subject != "" {
		subject = line(fillTokens(n.Subject, values, plainValue), 2*MaxSubject)
	}
	l := letter{
		kind: KindNotification, to: []message.Path{n.To}, displayName: n.DisplayName, subject: subject, reference: n.Reference,
		answers: n.Header, answer: n.Sender, page: w.notificationPage(t, &n, values),
	}
	if l.answers == nil {
		l.answers = message.Header{}
	}
	if n.Attached != nil {
		l.attached = []dsn.Part{dsn.EmbeddedMessage("original.eml", n.Attached)}
	}
	return w.compose(l)
}

// shownEffect is what happened: nothing, while a policy is tried out.
func (n *Notification) shownEffect() Effect {
	if n.Simulated {
		return EffectDelivered
	}
	return n.Effect.known()
}

func (w *Writer) notificationPage(t *sentences, n *Notification, values map[string]string) layout.Page {
	audience := "notify.other."
	if n.Sender {
		audience = "notify.you."
	}
	trial := n.Simulated && n.Effect.known() != EffectDelivered
	which := audience + string(n.Effect.known())
	if trial {
		which = audience + "simulated"
	}
	title := t.say(which + ".title")
	event := []layout.Block{layout.Paragraph(w.lead(t, n, which))}
	severity := layout.Info
	heading := ""
	switch {
	case trial:
		severity, heading = layout.Good, t.say(audience+"simulated."+string(n.Effect.known()))
	case n.Effect.known() == EffectBlocked || n.Effect.known() == EffectDeleted:
		severity = layout.Danger
	case n.Effect.known() != EffectDelivered:
		severity = layout.Warning
	}
	event = append(event, layout.Paragraphs(paragraphs(n.Tip, tipLength))...)
	blocks := []layout.Block{layout.Title(title), layout.Callout(severity, heading, event...)}
	said, own := w.matched(t, n, values)
	if own && !trial {
		// The words of the administrator say it all, but for a trial: there they are
		// written for the day when the policy is in force.
		blocks = nil
	}
	blocks = append(blocks, said...)
	if !own {
		blocks = append(blocks, layout.Heading(t.say("heading.next")), layout.List(t.numbered(which+".next")...))
	}
	if n.Attached != nil {
		blocks = append(blocks, layout.Paragraph(t.say("notify.attached")))
	}
	facts := []layout.Fact{
		{Label: t.say("label.policy"), Value: line(n.Policy, lineLength)}, {Label: t.say("label.rule"), Value: line(n.Rule, lineLength)},
	}
	if !n.Sender {
		facts = append(facts, layout.Fact{Label: t.say("label.from"), Value: sender(&n.Original)}, layout.Fact{Label: t.say("label.to"), Value: t.people(shownPaths(n.Recipients), shownRecipients)})
	}
	return layout.Page{Language: t.tag, Title: title, Blocks: append(blocks, w.about(t, &n.Original, n.LearnMore, facts...)...)}
}

// matched says what a rule matched, in the administrator's own words where there
// are some.
func (w *Writer) matched(t *sentences, n *Notification, values map[string]string) (blocks []layout.Block, own bool) {
	if n.Text != "" {
		safe, _ := safeHTML(n.Text, values)
		return []layout.Block{layout.Written(safe, edit.Text(safe))}, true
	}
	if found := w.found(t, n); len(found) > 0 {
		blocks = []layout.Block{layout.Heading(t.say("notify.found")), layout.List(found...)}
	}
	return blocks, false
}

// lead says in one or two sentences what became of the message.
func (w *Writer) lead(t *sentences, n *Notification, which string) string {
	people := t.people(shownPaths(n.Recipients), shownPeople)
	if people == "" {
		people = t.say("notify.nobody")
	}
	lead := t.say(which+".lead", "organization", w.organization(), "people", people, "sender", sender(&n.Original))
	if n.Partial && !n.Simulated && n.Effect.known() != EffectDelivered {
		lead += " " + t.say("notify.partial")
	}
	return lead
}

// found lists what matched.
func (w *Writer) found(t *sentences, n *Notification) []string {
	var all []string
	for _, f := range n.Findings {
		all = append(all, begin(t.finding(f)))
	}
	return append(all, t.conditions(n.Conditions)...)
}

// notificationValues gives the values of tokens, by name in lower case. Files and
// programs are of content on a disk: mail has none, and so no value.
func (w *Writer) notificationValues(t *sentences, n *Notification) map[string]string {
	var types, files []string
	for _, f := range n.Findings {
		types = append(types, line(f.Type, lineLength))
		for _, p := range f.Parts {
			if p = line(p, lineLength); p != "body" && p != "subject" && !unnamedPart.MatchString(p) && !slices.Contains(files, p) {
				files = append(files, p)
			}
		}
	}
	conditions := append(types, t.conditions(n.Conditions)...)
	audience := "notify.other."
	if n.Sender {
		audience = "notify.you."
	}
	done := t.say("summary.effect." + string(n.shownEffect()))
	for _, a := range n.Actions {
		if key := "action." + a; t.has(key) && !n.Simulated {
			done += "\n" + t.say(key)
		}
	}
	blocked := ""
	if n.shownEffect() != EffectDelivered {
		blocked = w.lead(t, n, audience+string(n.Effect.known()))
	}
	at := n.Arrival
	if at.IsZero() {
		at = w.s.Now()
	}
	values := map[string]string{
		"AppliedActions": done, "BlockedMessageInfo": blocked, "ContentId": n.field("Message-ID"), "ContentURL": "", "FileName": strings.Join(files, ", "),
		"MatchedConditions": strings.Join(conditions, "\n"), "MatchedConditionsAndValues": strings.Join(w.found(t, n), "\n"),
		"MatchedSITAndSurroundingcontext": paragraphs(n.Context, tipLength), "PolicyName": line(n.Policy, lineLength), "PolicyRule": line(n.Rule, lineLength),
		"ProcessName": "", "Reference": line(n.Reference, lineLength), "SiteAdmin": w.s.Contact, "TimestampForIncidentOccurrence": w.moment(t, at),
		"UserEmail": sender(&n.Original), "Workload": "Exchange",
	}
	return lowerKeys(values)
}

func lowerKeys(values map[string]string) map[string]string {
	lower := make(map[string]string, len(values))
	for name, v := range values {
		lower[strings.ToLower(name)] = v
	}
	return lower
}

// sender is whom a message is from, as it is shown.
func sender(o *Original) string {
	if o.ReversePath.IsNull() {
		return "<>"
	}
	return line(o.ReversePath.String(), lineLength)
}

func shownPaths(paths []message.Path) []string {
	all := make([]string, len(paths))
	for i, p := range paths {
		all[i] = line(p.String(), lineLength)
	}
	return all
}

// begin gives words as a sentence begins. An address is left as it is.
func begin(text string) string {
	if first, _, _ := strings.Cut(text, " "); strings.Contains(first, "@") {
		return text
	}
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}
