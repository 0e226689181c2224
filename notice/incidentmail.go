package notice

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/notice/layout"
)

// IncidentReport is an incident report as it goes to people.
type IncidentReport struct {
	To []message.Path
	// Preferred are the languages of To, as an Accept-Language field lists them; empty
	// is that of the settings.
	Preferred string
	Incident  Incident
	// Original is the message, to be attached; nil leaves it out.
	Original []byte
}

// incidentFile is the name of the part of a report that programs read.
const incidentFile = "incident.json"

// IncidentReport writes an incident report: text and HTML that say the same, the
// incident as JSON, and the message where it is given. One on a decision refers to
// the first. An error of the type [*NotSent] says why there is none.
func (w *Writer) IncidentReport(r IncidentReport) (Notice, error) {
	data, err := json.MarshalIndent(&r.Incident, "", " ")
	if err != nil {
		return Notice{}, err
	}
	p := incidentPage{Writer: w, s: w.texts.pick(r.Preferred, w.s.Language), in: &r.Incident}
	l := letter{
		kind: KindIncident, to: r.To, reference: r.Incident.Reference, subject: p.subject(),
		page:     layout.Page{Language: p.s.tag, Title: p.title(), Blocks: p.blocks()},
		attached: []dsn.Part{dsn.File(incidentFile, "application/json", append(data, '\n'))},
	}
	if r.Incident.FirstReport != "" {
		l.answers = message.Header{{Name: "Message-ID", Value: r.Incident.FirstReport}}
	}
	if r.Original != nil {
		l.attached = append(l.attached, dsn.EmbeddedMessage("original.eml", r.Original))
	}
	return w.compose(l)
}

// incidentPage lays out an incident.
type incidentPage struct {
	*Writer
	s  *sentences
	in *Incident
}

// word gives a sentence for one of the words of an incident; the word itself where
// there is none, as for one of a later version.
func (p *incidentPage) word(key, word string) string {
	if word == "" {
		return ""
	}
	if key += "." + strings.ToLower(word); p.s.has(key) {
		return p.s.say(key)
	}
	return line(word, lineLength)
}

func (p *incidentPage) severity() string { return p.word("incident.severity", p.in.Severity) }

// rule names the gravest of the rules, and says how many there are beside it.
func (p *incidentPage) rule() string {
	if len(p.in.Rules) == 0 {
		return ""
	}
	best := 0
	for i, r := range p.in.Rules {
		if incidentGrade(r.Severity) > incidentGrade(p.in.Rules[best].Severity) {
			best = i
		}
	}
	name := line(p.in.Rules[best].Rule, lineLength)
	if more := len(p.in.Rules) - 1; more > 0 {
		return p.s.count("incident.andMore", more, "rule", name)
	}
	return name
}

func incidentGrade(severity string) int {
	return map[string]int{"Low": 1, "Medium": 2, "High": 3}[severity]
}

func (p *incidentPage) subject() string {
	key, event := "incident.subject", ""
	if d := p.in.Decision; d != nil {
		key, event = "incident.decision.subject", p.word("incident.event", d.Event)
	}
	text := p.s.say(key, "severity", p.severity(), "rule", p.rule(), "reference", line(p.in.Reference, lineLength), "event", event)
	if p.in.Simulated {
		text = p.s.say("incident.test") + " " + text
	}
	return text
}

func (p *incidentPage) title() string {
	if p.in.Decision != nil {
		return p.s.say("incident.decision.title")
	}
	return p.s.say("incident.title")
}

func (p *incidentPage) blocks() []layout.Block {
	blocks := []layout.Block{layout.Title(p.title())}
	if p.in.Simulated {
		blocks = append(blocks, layout.Callout(layout.Info, p.s.say("incident.simulated.title"), layout.Paragraph(p.s.say("incident.simulated.text"))))
	}
	blocks = append(blocks, p.decision()...)
	blocks = append(blocks, p.outcome()...)
	blocks = append(blocks, p.awaited()...)
	blocks = append(blocks, p.message()...)
	blocks = append(blocks, p.rules()...)
	blocks = append(blocks, p.detections()...)
	blocks = append(blocks, p.evidence()...)
	blocks = append(blocks, p.documents()...)
	blocks = append(blocks, p.original()...)
	return append(blocks, layout.Small(p.s.say("incident.json", "file", incidentFile)), layout.Small(p.s.say("foot.automatic")))
}

// decision says what was decided on a held message.
func (p *incidentPage) decision() []layout.Block {
	d := p.in.Decision
	if d == nil {
		return nil
	}
	severity := layout.Warning
	if d.Event == "release" || d.Event == "approve" || d.Event == "override" {
		severity = layout.Good
	}
	facts := []layout.Fact{
		{Label: p.s.say("label.time"), Value: p.moment(p.s, d.Time)},
		{Label: p.s.say("incident.label.by"), Value: line(d.By, lineLength)},
		{Label: p.s.say("incident.label.comment"), Value: line(d.Comment, tipLength)},
		{Label: p.s.say("incident.label.recipients"), Value: p.addresses(d.Recipients, 0)},
		{Label: p.s.say("incident.label.redirect"), Value: p.addresses(d.Redirect, 0)},
		{Label: p.s.say("label.item"), Value: line(d.Item, lineLength)},
	}
	inside := []layout.Block{layout.Facts(facts...)}
	if d.WithoutEdits {
		inside = append(inside, layout.Paragraph(p.s.say("incident.decision.withoutEdits")))
	}
	if d.StillHeld != "" {
		inside = append(inside, layout.Paragraph(p.s.say("incident.decision.stillHeld", "item", line(d.StillHeld, lineLength))))
	}
	if p.in.FirstReport != "" {
		inside = append(inside, layout.Paragraph(p.s.say("incident.decision.first", "id", line(p.in.FirstReport, lineLength))))
	}
	return []layout.Block{layout.Callout(severity, p.word("incident.event", d.Event), inside...)}
}

// outcome says what became of the message when it matched.
func (p *incidentPage) outcome() []layout.Block {
	worst := layout.Info
	var inside []layout.Block
	for _, v := range p.in.Verdicts {
		switch v.Verdict {
		case "block", "delete":
			worst = layout.Danger
		case "quarantine":
			worst = max(worst, layout.Warning)
		}
		text := p.s.say("incident.verdict", "verdict", p.word("incident.verdict", v.Verdict), "people", p.addresses(v.Recipients, v.MoreRecipients))
		if v.Rule != "" {
			text += " " + p.s.say("incident.decidedBy", "rule", ruleLine(v.Policy, v.Rule))
		}
		if v.Reason != "" {
			text += " " + p.s.say("incident.because", "reason", line(v.Reason, lineLength))
		}
		if v.Simulated != "" {
			text += " " + p.s.say("incident.wouldBe", "verdict", p.word("incident.verdict", v.Simulated))
		}
		inside = append(inside, layout.Paragraph(text))
	}
	return []layout.Block{layout.Callout(worst, p.s.say("incident.what", "rule", p.rule(), "severity", p.severity()), inside...)}
}

func ruleLine(policy, rule string) string {
	return line(policy, lineLength) + " / " + line(rule, lineLength)
}

// addresses names people, and how many there are beside them.
func (p *incidentPage) addresses(list []string, more int) string {
	var shown []string
	for _, a := range list {
		shown = append(shown, line(a, lineLength))
	}
	if more > 0 {
		shown = append(shown, p.s.count("list.more", more))
	}
	return p.s.list(shown)
}

// awaited says what is waited for, as long as nothing is decided.
func (p *incidentPage) awaited() (blocks []layout.Block) {
	if p.in.Decision != nil {
		return nil
	}
	for _, v := range p.in.Verdicts {
		if v.Verdict != "quarantine" || v.Item == "" {
			continue
		}
		until := p.moment(p.s, v.Until)
		if until == "" {
			until = p.s.say("held.never")
		}
		item := line(v.Item, lineLength)
		blocks = append(blocks, layout.Callout(layout.Warning, p.s.say("incident.awaited.title"),
			layout.Paragraph(p.s.say("incident.awaited.text", "people", p.addresses(v.Recipients, v.MoreRecipients))),
			layout.Facts(layout.Fact{Label: p.s.say("label.item"), Value: item}, layout.Fact{Label: p.s.say("label.expires"), Value: until}),
			layout.List("postern quarantine show "+item, "postern quarantine release "+item, "postern quarantine delete "+item),
			layout.Paragraph(p.s.say("incident.awaited.next"))))
	}
	return blocks
}

// message says what is known of the message.
func (p *incidentPage) message() []layout.Block {
	m, s := &p.in.Message, p.s
	var facts []layout.Fact
	add := func(label, value string) { facts = append(facts, layout.Fact{Label: s.say(label), Value: value}) }
	add("label.reference", line(p.in.Reference, lineLength))
	add("label.time", p.moment(s, p.in.Time))
	add("label.messageId", line(m.MessageID, lineLength))
	if p.in.Contents.Has(ContentTitle) {
		subject := line(m.Subject, lineLength)
		if subject == "" {
			subject = s.say("subject.none")
		}
		add("label.subject", subject)
	}
	add("incident.label.sender", line(m.Sender, lineLength))
	add("label.from", line(m.From, lineLength))
	add("label.to", p.addresses(m.To, m.MoreTo))
	add("incident.label.cc", p.addresses(m.Cc, m.MoreCc))
	add("incident.label.bcc", p.addresses(m.Bcc, m.MoreBcc))
	if !m.Sent.IsZero() {
		add("label.date", p.moment(s, m.Sent))
	}
	if m.Size > 0 {
		add("label.size", s.size(m.Size))
	}
	add("incident.label.login", line(m.Login, lineLength))
	add("incident.label.client", line(m.Client, lineLength))
	add("incident.label.queueId", line(m.QueueID, lineLength))
	add("incident.label.parts", p.addresses(m.Parts, m.MoreParts))
	add("incident.label.service", p.word("incident.service", p.in.Service))
	if p.in.Contents.Has(ContentSeverity) {
		add("incident.label.severity", p.severity())
	}
	add("incident.label.labels", p.addresses(p.in.Labels, 0))
	if o := p.in.Override; o != nil {
		switch {
		case o.Overridden && o.Justification != "":
			add("incident.label.override", s.say("incident.override.justified", "justification", line(o.Justification, lineLength)))
		case o.Overridden:
			add("incident.label.override", s.say("incident.yes"))
		default:
			add("incident.label.override", s.say("incident.no"))
		}
	}
	if reported := p.in.FalsePositive; reported != nil {
		add("incident.label.falsePositive", s.say(map[bool]string{true: "incident.yes", false: "incident.no"}[*reported]))
	}
	return []layout.Block{layout.Heading(s.say("heading.message")), layout.Facts(facts...)}
}

// rules lists the rules.
func (p *incidentPage) rules() []layout.Block {
	if !p.in.Contents.Has(ContentRules) {
		return nil
	}
	blocks := []layout.Block{layout.Heading(p.s.say("incident.heading.rules"))}
	for _, r := range p.in.Rules {
		recipients := ""
		if r.Recipients > 0 {
			recipients = p.s.digits(r.Recipients)
		}
		actions := p.s.list(r.Actions)
		if actions == "" {
			actions = p.s.say("incident.noActions")
		}
		blocks = append(blocks, layout.Subheading(ruleLine(r.Policy, r.Rule)), layout.Facts(
			layout.Fact{Label: p.s.say("incident.label.severity"), Value: p.word("incident.severity", r.Severity)},
			layout.Fact{Label: p.s.say("incident.label.state"), Value: p.word("incident.state", r.State)},
			layout.Fact{Label: p.s.say("incident.label.actions"), Value: actions},
			layout.Fact{Label: p.s.say("incident.label.matchedFor"), Value: recipients},
		))
		var reasons []string
		for _, c := range r.Conditions {
			reasons = append(reasons, strings.TrimSuffix(line(c.Condition, lineLength)+": "+line(c.Reason, lineLength), ": "))
		}
		if len(reasons) > 0 {
			blocks = append(blocks, layout.List(reasons...))
		}
	}
	var others []string
	for _, r := range p.in.OtherRules {
		others = append(others, ruleLine(r.Policy, r.Rule)+" ("+p.word("incident.severity", r.Severity)+", "+p.word("incident.state", r.State)+")")
	}
	if len(others) > 0 {
		blocks = append(blocks, layout.Paragraph(p.s.say("incident.otherRules")), layout.List(others...))
	}
	return blocks
}

// detections lists the sensitive information types that were found, by rule.
func (p *incidentPage) detections() []layout.Block {
	var blocks []layout.Block
	for _, r := range p.in.Rules {
		var items []string
		for _, d := range r.Detections {
			items = append(items, p.s.say("incident.detection", "type", line(d.Type, lineLength), "count", p.s.digits(d.Count), "unique", p.s.digits(d.UniqueCount),
				"confidence", strconv.Itoa(d.Confidence), "recommended", strconv.Itoa(d.Recommended), "parts", p.places(d.Parts)))
		}
		if len(items) > 0 {
			blocks = append(blocks, layout.Subheading(ruleLine(r.Policy, r.Rule)), layout.List(items...))
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	return append([]layout.Block{layout.Heading(p.s.say("incident.heading.detections"))}, blocks...)
}

// evidence lists the values shown.
func (p *incidentPage) evidence() []layout.Block {
	if len(p.in.Evidence) == 0 {
		return nil
	}
	intro := p.s.say("incident.evidence.all")
	if p.in.EvidenceTotal > len(p.in.Evidence) {
		intro = p.s.say("incident.evidence.some", "shown", p.s.digits(len(p.in.Evidence)), "all", p.s.digits(p.in.EvidenceTotal))
	}
	blocks := []layout.Block{layout.Heading(p.s.say("incident.heading.evidence")), layout.Paragraph(intro)}
	var items []string
	for i, e := range p.in.Evidence {
		if i == 0 || e.Type != p.in.Evidence[i-1].Type || e.Part != p.in.Evidence[i-1].Part {
			blocks, items = p.listed(blocks, items), nil
			blocks = append(blocks, layout.Subheading(p.s.say("incident.evidence.where", "type", line(e.Type, lineLength), "part", p.s.part(e.Part))))
		}
		text := line(e.Value, lineLength) + " (" + strconv.Itoa(e.Confidence) + ")"
		if e.Before != "" || e.After != "" {
			text += ": " + line("… "+e.Before+" ["+e.Value+"] "+e.After+" …", 3*lineLength)
		}
		items = append(items, text)
	}
	return p.listed(blocks, items)
}

// places names parts of a message.
func (p *incidentPage) places(parts []string) string {
	var names []string
	for _, part := range parts {
		names = append(names, p.s.part(part))
	}
	return p.s.list(names)
}

func (p *incidentPage) listed(blocks []layout.Block, items []string) []layout.Block {
	if len(items) == 0 {
		return blocks
	}
	return append(blocks, layout.List(items...))
}

// documents lists what is known of documents.
func (p *incidentPage) documents() []layout.Block {
	if len(p.in.Documents) == 0 {
		return nil
	}
	blocks := []layout.Block{layout.Heading(p.s.say("incident.heading.documents"))}
	for _, d := range p.in.Documents {
		blocks = append(blocks, layout.Subheading(line(d.Part, lineLength)), layout.Facts(
			layout.Fact{Label: p.s.say("incident.label.author"), Value: line(d.Author, lineLength)},
			layout.Fact{Label: p.s.say("incident.label.modifier"), Value: line(d.LastModifier, lineLength)},
			layout.Fact{Label: p.s.say("incident.label.labels"), Value: p.addresses(d.Labels, 0)},
		))
	}
	if p.in.MoreDocuments > 0 {
		blocks = append(blocks, layout.Paragraph(p.s.count("incident.moreDocuments", p.in.MoreDocuments)))
	}
	return blocks
}

// original tells whether the message is attached, and otherwise why not.
func (p *incidentPage) original() []layout.Block {
	o := p.in.Original
	if o == nil {
		return nil
	}
	text := p.s.say("incident.original.attached", "size", p.s.size(o.Size))
	if !o.Attached {
		text = p.s.say("incident.original.not", "reason", p.word("incident.original", o.Reason))
	}
	return []layout.Block{layout.Heading(p.s.say("incident.heading.original")), layout.Paragraph(text)}
}
