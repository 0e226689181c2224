package actions

import (
	"cmp"
	"encoding/json"
	"maps"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// matched is one matched rule of an item, with masked evidence.
type matched struct {
	Policy   string           `json:"policy"`
	Rule     string           `json:"rule"`
	State    State            `json:"state"`
	Evidence []rules.Evidence `json:"evidence,omitempty"`
}

// matches gives the rules of a fork as its item keeps them.
func (b *batch) matches(f *Fork) (json.RawMessage, error) {
	out := make([]matched, 0, len(f.Rules))
	for _, r := range f.Rules {
		m := matched{Policy: r.Rule.Policy.Name, Rule: r.Rule.Name, State: r.State}
		results := b.d.Evaluation.Rules
		if i := slices.IndexFunc(results, func(res rules.RuleResult) bool { return res.Rule == r.Rule }); i >= 0 {
			m.Evidence = results[i].Evidence
		}
		out = append(out, m)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	masked, err := audit.MaskJSON(raw, b.values()...)
	if err != nil {
		return nil, err
	}
	return json.Marshal(masked)
}

func (b *batch) head() audit.Head {
	env := &b.m.Envelope
	h := audit.Head{
		Time: b.now, ID: b.ID(), Reference: b.d.Reference, PolicyVersion: b.d.PolicyVersion, QueueID: env.QueueID,
	}
	if env.ClientAddr.IsValid() {
		h.ClientIP = env.ClientAddr.String()
	}
	return h
}

// add puts a record into the commit.
func (b *batch) add(rec audit.Record, err error) error {
	row, err := b.row(rec, err)
	if err == nil {
		b.commit.Records = append(b.commit.Records, row)
	}
	return err
}

// row gives a record the form in which it is kept.
func (b *batch) row(rec audit.Record, err error) (quarantine.Record, error) {
	if err != nil {
		return quarantine.Record{}, err
	}
	line, err := audit.Marshal(rec)
	return quarantine.Record{Time: b.now, Reference: rec.Reference, QueueID: rec.QueueID, Operation: string(rec.Operation), Data: line}, err
}

// record adds the record of the decision, and one for each fork not done again.
func (b *batch) record() error {
	values := b.values()
	explain, err := b.Explain(b.ctx, b.scan, b.d)
	if err != nil {
		return err
	}
	o := audit.Outcome{Message: b.metaData(values), Policies: b.policies(values), AddressMismatch: b.d.AddressMismatch}
	if o.Explain, err = audit.MaskJSON(explain, values...); err != nil {
		return err
	}
	for _, e := range b.commit.Entries {
		if e.Kind == quarantine.EntryNotice {
			o.Notices = append(o.Notices, written(&e))
		}
	}
	acted := false
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		o.Forks = append(o.Forks, auditFork(b.m, f))
		acted = acted || slices.ContainsFunc(f.Rules, func(r RuleState) bool { return r.State != Simulated })
	}
	o.Simulated = len(o.Policies) > 0 && !acted
	for _, n := range b.d.Notices {
		o.Signals = append(o.Signals, audit.Signal{Part: audit.MaskText(n.Part, values...), Signal: string(n.Signal), Detail: n.Detail})
	}
	switch {
	case b.d.Err != nil:
		err = b.add(audit.MessageError(b.head(), o, audit.MaskText(b.d.Err.Error(), values...)))
	case len(o.Policies) > 0:
		err = b.add(audit.Matched(b.head(), o))
	default:
		err = b.add(audit.Signalled(b.head(), o))
	}
	if err != nil {
		return err
	}
	for _, r := range b.repeats {
		if err := b.add(audit.Repeated(b.head(), audit.Retry{Outcome: r.Outcome, FirstQueueID: r.Before, FirstReference: r.Reference, Seen: r.Seen})); err != nil {
			return err
		}
	}
	return nil
}

// written gives a notice of the outbox as a record has it.
func written(e *quarantine.Entry) audit.Sent {
	n := audit.Sent{Kind: cmp.Or(string(NoticeKind(e)), string(quarantine.EntryNotice))}
	for _, r := range e.Recipients {
		n.To = append(n.To, r.Address)
	}
	return n
}

// values are all values found in the message: none of them may stand in a record.
func (b *batch) values() []audit.Value {
	if b.looked || b.d.bare {
		return b.found
	}
	b.looked = true
	for _, p := range b.scan.Detections(b.ctx) {
		for _, m := range p.Matches {
			b.found = append(b.found, m.Value)
		}
	}
	return b.found
}

func (b *batch) metaData(values []audit.Value) audit.ExchangeMetaData {
	env := &b.m.Envelope
	if b.d.bare {
		md := audit.ExchangeMetaData{From: env.ReversePath.String(), RecipientCount: len(env.Recipients), Size: b.m.Size, To: []string{}}
		for _, r := range env.Recipients {
			md.BCC = append(md.BCC, r.Path.String())
		}
		return md
	}
	subject := b.m.Subject()
	if types := b.scan.World.Types; types != nil {
		subject = types.Mask(subject) // of what no rule asks for too
	}
	md := audit.ExchangeMetaData{
		From: env.ReversePath.String(), Subject: audit.MaskText(subject, values...),
		RecipientCount: len(env.Recipients), Size: b.m.Size, To: []string{},
	}
	for p := range b.m.Attachments() {
		if len(md.AttachmentNames) == recordedNames {
			break
		}
		name := p.Name()
		if types := b.scan.World.Types; types != nil {
			name = types.Mask(name)
		}
		md.AttachmentNames = append(md.AttachmentNames, audit.MaskText(name, values...))
	}
	if f, ok := b.m.Header.Get("Message-ID"); ok {
		md.MessageID = f.Text()
	}
	if f, ok := b.m.Header.Get("Date"); ok {
		// What is no date is left out.
		md.Sent, _ = netmail.ParseDate(f.Text())
	}
	shown := make(map[string]bool)
	for _, box := range []struct {
		name string
		list *[]string
	}{{"To", &md.To}, {"Cc", &md.CC}} {
		for _, p := range b.m.Header.Addresses(box.name) {
			shown[p.Key()] = true
			*box.list = append(*box.list, p.String())
		}
	}
	for _, r := range env.Recipients {
		if !shown[r.Path.Key()] {
			md.BCC = append(md.BCC, r.Path.String())
		}
	}
	return md
}

var ruleModes = map[rules.Mode]audit.RuleMode{
	rules.Enable:                   audit.Enforce,
	rules.TestWithNotifications:    audit.AuditAndNotify,
	rules.TestWithoutNotifications: audit.AuditOnly,
}

// policies lists the rules that matched, by policy.
func (b *batch) policies(values []audit.Value) []audit.PolicyDetails {
	var out []audit.PolicyDetails
	for i := range b.d.Evaluation.Rules {
		res := &b.d.Evaluation.Rules[i]
		if res.Result != rules.Matched {
			continue
		}
		p := res.Rule.Policy
		if len(out) == 0 || out[len(out)-1].PolicyName != p.Name {
			out = append(out, audit.PolicyDetails{PolicyID: audit.PolicyID(p.Name), PolicyName: p.Name})
		}
		rule := audit.Rule{
			RuleID: audit.RuleID(p.Name, res.Rule.Name), RuleName: res.Rule.Name, RuleMode: ruleModes[p.Mode],
			Actions: []string{}, Severity: specOf(res.Rule).graded(), State: string(b.state(res.Rule)), ConditionsMatched: b.conditions(res, values),
		}
		if st := b.state(res.Rule); b.d.Outcome.Verdict != Defer && (st == Applied || st == Enforced) {
			rule.Actions = specOf(res.Rule).names()
		}
		last := &out[len(out)-1]
		last.Rules = append(last.Rules, rule)
	}
	return out
}

// state is what became of a rule: in the first fork that has it, enforced before
// any other.
func (b *batch) state(rule *rules.Rule) State {
	var found State
	for _, f := range b.d.Forks {
		for _, r := range f.Rules {
			if r.Rule == rule && (found == "" || r.State == Enforced) {
				found = r.State
			}
		}
	}
	return found
}

func (b *batch) conditions(res *rules.RuleResult, values []audit.Value) audit.ConditionsMatched {
	var c audit.ConditionsMatched
	for _, r := range res.Conditions {
		if r.Result == rules.True.String() {
			c.OtherConditions = append(c.OtherConditions, audit.NameValue{Name: r.Condition, Value: audit.MaskText(r.Reason, values...)})
		}
	}
	for _, e := range res.Evidence {
		s := audit.SensitiveInformation{
			SensitiveInformationTypeName: e.Type, Count: e.Count, UniqueCount: e.UniqueCount, Confidence: e.Confidence,
			Location: audit.MaskText(location(e.Parts), values...),
		}
		if t, ok := b.scan.World.Types.Lookup(e.Type); ok {
			s.SensitiveType = t.ID
		}
		b.instances(e, &s)
		c.SensitiveInformation = append(c.SensitiveInformation, s)
	}
	return c
}

// recordedNames is how many attachments a record names.
const recordedNames = 50

// recordedValues is how many values of one type a record lists.
const recordedValues = 100

// instances lists what was found of a type, masked, and how much of it at each
// level of confidence.
func (b *batch) instances(e rules.Evidence, s *audit.SensitiveInformation) {
	found := &audit.Detections{DetectedValues: []audit.DetectedValue{}}
	levels := make(map[int]int)
	for _, p := range b.scan.Detections(b.ctx) {
		if p.Type.Name != e.Type {
			continue
		}
		for _, m := range p.Matches {
			levels[m.Confidence]++
			switch {
			case m.Confidence < e.MinConfidence || m.Confidence > e.MaxConfidence:
			case len(found.DetectedValues) == recordedValues:
				found.ResultsTruncated = true
			default:
				found.DetectedValues = append(found.DetectedValues, audit.DetectedValue{Value: audit.Mask(m.Value)})
			}
		}
	}
	if len(found.DetectedValues) > 0 {
		s.Detections = found
	}
	for _, c := range slices.Sorted(maps.Keys(levels)) {
		s.Attributes = append(s.Attributes, audit.Attribute{Confidence: c, Count: levels[c], IsMatch: c >= e.MinConfidence && c <= e.MaxConfidence})
	}
}

// location is Purview's word for where a value was found.
func location(parts []string) string {
	var out []string
	for _, p := range parts {
		if p == "body" || p == "subject" {
			p = "Message Body"
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

func auditFork(m *message.Message, f *Fork) audit.Fork {
	out := audit.Fork{
		Verdict: string(f.Verdict), FinalRecipients: f.FinalRecipients, Item: f.Item, Recipients: []string{},
		Simulated: string(f.Simulated.Verdict),
	}
	for _, r := range f.Recipients {
		out.Recipients = append(out.Recipients, m.Envelope.Recipients[r].Path.String())
	}
	if f.DecidedBy != nil {
		out.Policy, out.Rule = f.DecidedBy.Policy.Name, f.DecidedBy.Name
	}
	return out
}
