package actions

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// Bounds of the mail of one message.
const (
	// attachedOctets is the largest message that is attached to a notification.
	attachedOctets = 10 << 20
	// toldRecipients is how many recipients generateNotification tells of one message.
	toldRecipients = 1000
	// shownValues is how many values the token of matches gives, all masked.
	shownValues = 10
)

// reasonTooMany is that of recipients beyond those that are told of one message.
const reasonTooMany notice.Reason = "tooMany"

// notifications writes the mail planned for people, and records who is not told.
func (b *batch) notifications() error {
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		var kept []Planned
		for _, p := range f.Notices {
			if p.Kind != notice.KindNotification && p.Kind != notice.KindRecipient {
				kept = append(kept, p)
				continue
			}
			told, err := b.notify(f, p)
			if err != nil {
				return fmt.Errorf("people could not be told: %w", err)
			}
			if len(told) > 0 {
				p.To = told
				kept = append(kept, p)
			}
		}
		f.Notices = kept
	}
	for _, u := range b.d.Untold {
		if err := b.untold(u); err != nil {
			return err
		}
	}
	return nil
}

// notify writes one planned mail to each of its people, and gives those who are
// written to.
func (b *batch) notify(f *Fork, p Planned) (told []message.Path, err error) {
	for n, to := range p.To {
		var why notice.Reason
		switch {
		case n >= toldRecipients:
			why = reasonTooMany
		case !b.take(p, to):
			why = ReasonRateLimit
		}
		if why == "" {
			mail, err := b.written(f, p, to)
			var not *notice.NotSent
			switch {
			case errors.As(err, &not):
				why = not.Reason
			case err != nil:
				return nil, err
			default:
				b.Mail(&b.commit, mail)
				told = append(told, to)
				continue
			}
		}
		b.d.Untold = append(b.d.Untold, Untold{Planned{Kind: p.Kind, To: []message.Path{to}, Rule: p.Rule, Role: p.Role, Simulated: p.Simulated}, why})
	}
	return told, nil
}

// take counts a mail of a rule to somebody, unless there were too many.
func (b *batch) take(p Planned, to message.Path) bool {
	if b.Limiter == nil {
		return true
	}
	most := b.Limits.Others
	if p.Role == RoleSender {
		most = b.Limits.Sender
	}
	key := string(p.Kind) + "\x00" + to.Key() + "\x00" + audit.RuleID(p.Rule.Policy.Name, p.Rule.Name)
	all, ok := b.Limiter.take(b.now, key, most, b.Limits)
	b.taken = append(b.taken, all...)
	return ok
}

func (b *batch) written(f *Fork, p Planned, to message.Path) (notice.Notice, error) {
	if p.Kind == notice.KindRecipient {
		return b.Notices.RecipientNotice(notice.RecipientNotice{
			Original: b.about(), To: to, Preferred: b.scan.Language(b.ctx, to), HTML: specOf(p.Rule).telling.generate,
		})
	}
	n := b.notification(f, p, to)
	if e := specOf(p.Rule).telling.email; e.attach && len(b.original()) <= attachedOctets && b.mayRead(p, to) {
		n.Attached = b.original()
	}
	return b.Notices.Notification(n)
}

// mayRead tells whether a message may be attached to the mail to somebody: to the
// sender, who wrote it, and to people inside.
func (b *batch) mayRead(p Planned, to message.Path) bool {
	if p.Role == RoleSender {
		return true
	}
	in, err := b.Organization.Inside(b.ctx, to)
	return in && err == nil
}

// effects are what people are told that became of a message.
var effects = map[Verdict]notice.Effect{
	Deliver: notice.EffectDelivered, Block: notice.EffectBlocked, Quarantine: notice.EffectHeld, Delete: notice.EffectDeleted,
}

// effect is what became of a fork: one whose recipients do not get it since others do
// is redirected.
func (b *batch) effect(f *Fork) notice.Effect {
	if f.Verdict == Deliver && redirects(f.Edits) {
		return notice.EffectRedirected
	}
	return effects[f.Verdict]
}

// redirects tells whether edits send a message to others than its recipients.
func redirects(edits []Edit) bool {
	return slices.ContainsFunc(edits, func(e Edit) bool { return e.Action == redirect })
}

// effect is what would have become of the fork.
func (t tested) effect() notice.Effect {
	if t.verdict == Deliver && t.redirects {
		return notice.EffectRedirected
	}
	return effects[t.verdict]
}

// notification is what a rule says to somebody of a fork.
func (b *batch) notification(f *Fork, p Planned, to message.Path) notice.Notification {
	s := specOf(p.Rule)
	e := s.telling.email
	n := notice.Notification{
		Original: b.about(), To: to, Preferred: b.scan.Language(b.ctx, to), Sender: p.Role == RoleSender,
		Effect: b.effect(f), Actions: f.changes(), Simulated: p.Simulated, Recipients: b.concerned(f, p.Rule),
		Policy: p.Rule.Policy.Name, Rule: p.Rule.Name, LearnMore: s.telling.learnMore(),
		Subject: e.subject, Text: e.text, DisplayName: e.name,
	}
	if p.Simulated {
		n.Effect = f.tested.effect()
	}
	n.Partial = b.othersGotIt(n.Recipients)
	if n.Sender {
		n.Preferred, n.Tip = b.d.reader.prefers, f.PolicyTip
	}
	b.matchedBy(p.Rule, &n)
	return n
}

// othersGotIt tells whether the message has other recipients than those, and each of
// them got it.
func (b *batch) othersGotIt(but []message.Path) bool {
	some := false
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		for _, r := range f.Recipients {
			p := b.m.Envelope.Recipients[r].Path
			if slices.ContainsFunc(but, func(o message.Path) bool { return o.Key() == p.Key() }) {
				continue
			}
			if b.effect(f) != notice.EffectDelivered {
				return false
			}
			some = true
		}
	}
	return some
}

// concerned are the recipients of a fork, and of all others that the same rule
// decides.
func (b *batch) concerned(f *Fork, rule *rules.Rule) (to []message.Path) {
	for i := range b.d.Forks {
		o := &b.d.Forks[i]
		if b.effect(o) != b.effect(f) || o.DecidedBy != f.DecidedBy || !slices.ContainsFunc(o.Rules, func(r RuleState) bool { return r.Rule == rule }) {
			continue
		}
		for _, r := range o.Recipients {
			to = append(to, b.m.Envelope.Recipients[r].Path)
		}
	}
	return to
}

// matchedBy says why a rule matched: by kinds and parts, with all values masked.
func (b *batch) matchedBy(rule *rules.Rule, n *notice.Notification) {
	i := slices.IndexFunc(b.d.Evaluation.Rules, func(r rules.RuleResult) bool { return r.Rule == rule })
	if i < 0 {
		return
	}
	res := &b.d.Evaluation.Rules[i]
	types := make(map[string]bool)
	for _, ev := range res.Evidence {
		if types[ev.Type] {
			continue // found by another condition of the rule
		}
		types[ev.Type] = true
		f := notice.Finding{Type: ev.Type, Count: ev.UniqueCount}
		for _, p := range ev.Parts {
			f.Parts = append(f.Parts, audit.MaskText(p, b.values()...).String())
		}
		n.Findings = append(n.Findings, f)
	}
	for _, c := range res.Conditions {
		if c.Result == rules.True.String() && speaksFor(c) {
			n.Conditions = append(n.Conditions, notice.Condition{Name: c.Condition, Reason: audit.MaskText(b.mask(cmp.Or(c.Reason, c.Condition)), b.values()...).String()})
		}
	}
	shown := 0
	for _, p := range b.scan.Detections(b.ctx) {
		for _, m := range p.Matches {
			if types[p.Type.Name] && shown < shownValues {
				n.Context += p.Type.Name + ": " + audit.Mask(m.Value).String() + "\n"
				shown++
			}
		}
	}
}

// speaksFor tells whether a true condition is told of as a reason why its rule matched:
// not what findings say, not what spoke against it, and nobody's level of risk.
func speaksFor(c rules.ConditionResult) bool {
	switch c.Condition {
	case "contentContainsSensitiveInformation", "sharedByIRMUserRisk":
		return false
	}
	return strings.HasPrefix(c.Path, "conditions") && !slices.ContainsFunc(strings.Split(c.Path, "."), func(step string) bool {
		name, _, _ := strings.Cut(step, "[")
		return name == "not"
	})
}

// changes are the names of the actions that changed a message that goes on, each once.
// Nobody hears of a blind copy.
func (f *Fork) changes() (names []string) {
	if f.Verdict != Deliver {
		return nil
	}
	for _, e := range f.Edits {
		hidden := e.Action == addRecipients && e.Name == "bcc" || e.Action == strip && len(f.Stripped) == 0
		if !hidden && !slices.Contains(names, e.Action) {
			names = append(names, e.Action)
		}
	}
	return names
}

// mask masks what is sensitive in a text, whatever rules look for.
func (b *batch) mask(text string) string {
	if b.Mask == nil {
		return text
	}
	return b.Mask(text)
}

// untold records somebody who is not told, and why.
func (b *batch) untold(u Untold) error {
	n := audit.Notice{Kind: string(u.Kind), Reason: string(u.Reason), As: string(u.Role), Simulated: u.Simulated}
	for _, to := range u.To {
		n.To = append(n.To, to.String())
	}
	if u.Rule != nil {
		n.Policy, n.Rule = u.Rule.Policy.Name, u.Rule.Name
		n.Effect = string(b.effectOf(u))
	}
	if u.Reason == ReasonRateLimit {
		n.Subject = audit.MaskText(b.mask(b.m.Subject()), b.values()...)
	}
	return b.add(audit.NotTold(b.head(), n))
}

// effectOf gives what became of the message by a rule, in the first fork that has it.
func (b *batch) effectOf(u Untold) notice.Effect {
	for i := range b.d.Forks {
		f := &b.d.Forks[i]
		if slices.ContainsFunc(f.Rules, func(r RuleState) bool { return r.Rule == u.Rule }) {
			if u.Simulated {
				return f.tested.effect()
			}
			return b.effect(f)
		}
	}
	return notice.EffectDelivered
}
