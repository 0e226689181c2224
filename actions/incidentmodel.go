package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// Bounds of what a report lists.
const (
	shownAddresses = 10 // of one field, or of one verdict; Exchange's
	shownDocuments = 20
	shownParts     = 20
	overrideLength = 100 // characters of a justification; Exchange's
)

// incident gives what a report says.
func (b *batch) incident(p *plannedReport) (notice.Incident, error) {
	c := p.content
	in := notice.Incident{
		Version: notice.IncidentVersion, Reference: b.d.Reference, Time: b.now.UTC(), Contents: c, Simulated: p.simulated,
		Message: b.reportedMessage(c), Verdicts: b.verdicts(p),
	}
	in.Severity = specOf(gravest(p.rules)).graded()
	for i := range b.d.Evaluation.Rules {
		res := &b.d.Evaluation.Rules[i]
		if res.Result != rules.Matched {
			continue
		}
		if slices.Contains(p.rules, res.Rule) {
			in.Rules = append(in.Rules, b.reportedRule(res, c))
			continue
		}
		if res.Rule.Policy.Mode.Enforced() && grade(specOf(res.Rule).graded()) > grade(in.Severity) {
			in.Severity = specOf(res.Rule).graded()
		}
		if c.Has(notice.ContentRules) {
			in.OtherRules = append(in.OtherRules, b.namedRule(res))
		}
	}
	if c.Has(notice.ContentService) {
		in.Service = audit.Workload
	}
	if c.Has(notice.ContentDetails) {
		in.Evidence, in.EvidenceTotal = b.evidence(p.rules)
	}
	if c.Has(notice.ContentAuthor | notice.ContentModifier | notice.ContentLabels) {
		b.documents(&in, c)
	}
	if c.Has(notice.ContentLabels) {
		for _, text := range b.m.Header.Texts("msip_labels") {
			in.Labels = append(in.Labels, b.labels(extract.LabelsOfField(text))...)
		}
	}
	if c.Has(notice.ContentOverride | notice.ContentFalsePositive) {
		if err := b.overrides(&in, c); err != nil {
			return in, err
		}
	}
	return in, nil
}

// reportedMessage gives what a report says of the message.
func (b *batch) reportedMessage(c notice.IncidentContent) notice.IncidentMessage {
	env := &b.m.Envelope
	md := b.metaData(b.values())
	m := notice.IncidentMessage{MessageID: md.MessageID}
	if c.Has(notice.ContentTitle) {
		m.Subject = oneLine([]rune(md.Subject.String()))
	}
	if c.Has(notice.ContentItem | notice.ContentSender) {
		m.Sender = env.ReversePath.String()
		if env.ReversePath.IsNull() {
			m.Sender = "<>"
		}
		for _, from := range b.m.Header.Addresses("From") {
			if from.Key() != env.ReversePath.Key() {
				m.From = from.String()
				break
			}
		}
	}
	if c.Has(notice.ContentItem | notice.ContentTo) {
		m.To, m.MoreTo = first(md.To, shownAddresses)
	}
	if c.Has(notice.ContentItem | notice.ContentCc) {
		m.Cc, m.MoreCc = first(md.CC, shownAddresses)
	}
	if c.Has(notice.ContentItem | notice.ContentBcc) {
		m.Bcc, m.MoreBcc = first(md.BCC, shownAddresses)
	}
	if !c.Has(notice.ContentItem) {
		return m
	}
	m.Size, m.Login, m.QueueID = md.Size, env.Authenticated, env.QueueID
	if sent := md.Sent.UTC(); sent.Year() >= 1 && sent.Year() <= 9999 {
		m.Sent = sent
	}
	if env.ClientAddr.IsValid() {
		m.Client = env.ClientAddr.String()
	}
	for part := range b.m.Attachments() {
		if len(m.Parts) == shownParts {
			m.MoreParts++
		} else {
			m.Parts = append(m.Parts, b.masked(part.Name()))
		}
	}
	return m
}

// first gives the first of a list, and how many follow.
func first(list []string, n int) (some []string, more int) {
	if len(list) <= n {
		return list, 0
	}
	return list[:n:n], len(list) - n
}

// verdicts says what became of the message for all its recipients.
func (b *batch) verdicts(p *plannedReport) []notice.IncidentVerdict {
	list := make([]notice.IncidentVerdict, 0, len(b.d.Forks))
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		v := notice.IncidentVerdict{Verdict: string(f.Verdict), Item: f.Item}
		var to []string
		for _, r := range f.Recipients {
			to = append(to, b.m.Envelope.Recipients[r].Path.String())
		}
		v.Recipients, v.MoreRecipients = first(to, shownAddresses)
		if f.DecidedBy != nil {
			v.Policy, v.Rule = f.DecidedBy.Policy.Name, f.DecidedBy.Name
		}
		if v.Reason = f.Reason; v.Reason == "" {
			v.Reason = f.Why
		}
		v.Reason = b.masked(v.Reason)
		if p.simulated && f.Simulated.Verdict != f.Verdict {
			v.Simulated = string(f.Simulated.Verdict)
		}
		if f.Route == Held && f.Item != "" && !f.again {
			v.Until = b.now.Add(b.Keep).UTC()
		}
		list = append(list, v)
	}
	return list
}

// namedRule gives a rule with what became of it.
func (b *batch) namedRule(res *rules.RuleResult) notice.IncidentRule {
	return notice.IncidentRule{
		Policy: res.Rule.Policy.Name, Rule: res.Rule.Name, Severity: specOf(res.Rule).graded(), State: string(b.state(res.Rule)),
	}
}

// reportedRule gives a rule with as much as is asked for.
func (b *batch) reportedRule(res *rules.RuleResult, c notice.IncidentContent) notice.IncidentRule {
	r := b.namedRule(res)
	if c.Has(notice.ContentRules) {
		if r.State == string(Applied) || r.State == string(Enforced) {
			r.Actions = specOf(res.Rule).names()
		}
		r.Recipients = len(res.Matches)
		for _, cond := range res.Conditions {
			if cond.Result == rules.True.String() {
				r.Conditions = append(r.Conditions, notice.IncidentCondition{Condition: cond.Condition, Reason: b.masked(cond.Reason)})
			}
		}
	}
	if !c.Has(notice.ContentDetections) {
		return r
	}
	for _, e := range res.Evidence {
		d := notice.IncidentDetection{Type: e.Type, Count: e.Count, UniqueCount: e.UniqueCount, Confidence: e.Confidence}
		if t, ok := b.scan.World.Types.Lookup(e.Type); ok {
			d.ID, d.Recommended = t.ID, t.Recommended
		}
		for _, part := range e.Parts {
			d.Parts = append(d.Parts, b.masked(part))
		}
		r.Detections = append(r.Detections, d)
	}
	return r
}

// documents lists the attachments of which author, last modifier or label is known.
func (b *batch) documents(in *notice.Incident, c notice.IncidentContent) {
	for _, p := range b.scan.Parts(b.ctx) {
		var d notice.IncidentDocument
		if c.Has(notice.ContentAuthor) {
			d.Author = b.property(&p.Document, "Author")
		}
		if c.Has(notice.ContentModifier) {
			d.LastModifier = b.property(&p.Document, "LastAuthor")
		}
		if c.Has(notice.ContentLabels) {
			d.Labels = b.labels(p.Labels)
		}
		switch {
		case d.Author == "" && d.LastModifier == "" && len(d.Labels) == 0:
		case len(in.Documents) == shownDocuments:
			in.MoreDocuments++
		default:
			d.Part = b.masked(p.Name)
			in.Documents = append(in.Documents, d)
		}
	}
}

// property gives a property of a document, masked, on one line.
func (b *batch) property(d *extract.Document, name string) string {
	text := b.masked(d.Properties[name])
	return oneLine([]rune(text))
}

// labels names the labels that are on.
func (b *batch) labels(list []extract.Label) (names []string) {
	for _, l := range list {
		switch {
		case !l.Enabled:
		case l.Name != "":
			names = append(names, b.masked(l.Name))
		default:
			names = append(names, l.ID)
		}
	}
	return names
}

// overrides tells whether the sender has overridden a block of the message.
func (b *batch) overrides(in *notice.Incident, c notice.IncidentContent) error {
	o := notice.IncidentOverride{}
	var why []string
	if ask := b.scan.World.Overridden; ask != nil {
		recipients, err := ask(b.ctx, b.m)
		if err != nil {
			return err
		}
		for _, i := range recipients {
			o.Overridden, o.Recipients = true, append(o.Recipients, b.m.Envelope.Recipients[i].Path.String())
		}
	}
	if o.Overridden {
		list, err := b.overridings(b.ctx, b.m)
		if err != nil {
			return err
		}
		for _, i := range list {
			if text := i.item.Decided.Justification; text != "" && !slices.Contains(why, text) {
				why = append(why, text)
			}
		}
	}
	if c.Has(notice.ContentOverride) {
		o.Justification = b.masked(strings.Join(why, "; "))
		if r := []rune(o.Justification); len(r) > overrideLength {
			o.Justification = string(r[:overrideLength])
		}
		in.Override = &o
	}
	if c.Has(notice.ContentFalsePositive) {
		reported := false
		in.FalsePositive = &reported
	}
	return nil
}

// receiverKeys gives addresses as they are compared.
func receiverKeys(to []message.Path) (keys []string) {
	for _, p := range to {
		keys = append(keys, p.Key())
	}
	return keys
}
