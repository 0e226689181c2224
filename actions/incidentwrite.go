package actions

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

// OutcomeReported is the outcome of the fingerprint of a message that incident
// reports were made of, and begins its digest.
const OutcomeReported = "reported"

// Reasons why a message is not attached to a report.
const (
	copyOff              = "off"
	copyNotAuthoritative = "notAuthoritative"
	copyTooLarge         = "tooLarge"
	copyUnreadable       = "unreadable"
)

// reasonNotSent is why reports are left out where no notices are sent.
const reasonNotSent notice.Reason = "noNotices"

// reports writes the incident reports planned, and keeps with held messages what the
// report on the decision needs. What was reported when the message came before is
// not reported again.
func (b *batch) reports() error {
	if b.Notices == nil || len(b.d.reports) == 0 {
		return nil
	}
	fp, before, err := b.before(OutcomeReported)
	if err != nil {
		return err
	}
	var made []string
	for _, p := range b.d.reports {
		to := slices.DeleteFunc(slices.Clone(p.to), func(a message.Path) bool { return slices.Contains(before, a.Key()) })
		if !slices.ContainsFunc(p.forks, func(i int) bool { return !b.d.Forks[i].again }) {
			to = nil
		}
		if b.goesTo(p, to); len(to) == 0 {
			continue
		}
		made = append(made, receiverKeys(to)...)
		one := *p
		one.to = to
		if err := b.report(&one); err != nil {
			return fmt.Errorf("an incident report could not be made: %w", err)
		}
	}
	if len(made) == 0 {
		return nil
	}
	if fp.Data, err = json.Marshal(append(before, made...)); err != nil {
		return err
	}
	b.commit.Fingerprints = append(b.commit.Fingerprints, *fp)
	return nil
}

// goesTo corrects whom the decision says a report goes to.
func (b *batch) goesTo(p *plannedReport, to []message.Path) {
	if len(to) == len(p.to) {
		return
	}
	f := &b.d.Forks[p.forks[0]]
	var notices []Planned
	for _, n := range f.Notices {
		if n.Kind == notice.KindIncident && slices.EqualFunc(n.To, p.to, func(a, b message.Path) bool { return a.Key() == b.Key() }) {
			n.To = to
		}
		if len(n.To) > 0 {
			notices = append(notices, n)
		}
	}
	f.Notices = notices
}

// before gives the fingerprint of something that is done once for a message, and of
// whom or what it was done when the message came before.
func (b *batch) before(outcome string) (fp *quarantine.Fingerprint, done []string, err error) {
	fp, again, err := b.fingerprintOf(outcome+":"+Digest(&b.m.Envelope, b.m.Header, b.m.Body()), outcome)
	if err != nil || again == nil {
		return fp, nil, err
	}
	if len(again.Data) > 0 {
		if err := json.Unmarshal(again.Data, &done); err != nil {
			return nil, nil, fmt.Errorf("%w: what was %s of %s: %w", quarantine.ErrCorrupt, outcome, again.Reference, err)
		}
	}
	// The older one must not refuse the commit.
	fp.Unless = again.At.Add(1)
	return fp, done, nil
}

// notReported records reports that were due and not sent.
func (b *batch) notReported(to []message.Path, why notice.Reason) error {
	n := audit.Notice{Kind: string(notice.KindIncident), Reason: string(why)}
	for _, p := range to {
		n.To = append(n.To, p.String())
	}
	return b.add(audit.NotTold(b.head(), n))
}

// report writes one report: once in each language that its receivers prefer, and of
// these once for those who get the message with it and once for the others.
func (b *batch) report(p *plannedReport) error {
	in, err := b.incident(p)
	if err != nil {
		return err
	}
	for _, to := range b.ByLanguage(b.ctx, p.to) {
		if err := b.reportTo(p, to, in); err != nil {
			return err
		}
	}
	return nil
}

// reportTo writes a report to people who prefer the same language.
func (b *batch) reportTo(p *plannedReport, people Readers, in notice.Incident) error {
	if !p.content.Has(notice.ContentOriginal) {
		return b.send(p, people, in)
	}
	reasons := make(map[string][]message.Path)
	for _, to := range people.To {
		why := b.attachable(to)
		reasons[why] = append(reasons[why], to)
	}
	for _, why := range []string{"", copyNotAuthoritative, copyTooLarge, copyOff} {
		if len(reasons[why]) == 0 {
			continue
		}
		one := in
		one.Original = &notice.IncidentCopy{Attached: why == "", Reason: why, Size: int64(len(b.original()))}
		if err := b.send(p, Readers{reasons[why], people.Preferred}, one); err != nil {
			return err
		}
	}
	return nil
}

// attachable tells why somebody does not get the message itself; empty when nothing
// speaks against it. Where it cannot be known whether somebody is inside, the
// message stays out.
func (b *batch) attachable(to message.Path) string {
	switch in, err := b.Organization.Inside(b.ctx, to); {
	case !b.Incidents.AttachOriginal:
		return copyOff
	case err != nil || !in || !b.Organization.Authoritative(to):
		return copyNotAuthoritative
	case b.Incidents.OriginalSize > 0 && int64(len(b.original())) > b.Incidents.OriginalSize:
		return copyTooLarge
	}
	return ""
}

// send mails a report, unless it is to come with the decision, and keeps it with the
// messages that are held.
func (b *batch) send(p *plannedReport, people Readers, in notice.Incident) error {
	kept := keptReport{Incident: in}
	for _, a := range people.To {
		kept.To = append(kept.To, a.String())
	}
	if !p.deferred {
		r := notice.IncidentReport{To: people.To, Preferred: people.Preferred, Incident: in}
		if in.Original != nil && in.Original.Attached {
			r.Original = b.original()
		}
		n, err := b.Notices.IncidentReport(r)
		var not *notice.NotSent
		switch {
		case errors.As(err, &not):
			return b.notReported(people.To, not.Reason)
		case err != nil:
			return err
		}
		b.Mail(&b.commit, n)
		kept.reported(n.MessageID)
	}
	for _, i := range p.forks {
		if f := &b.d.Forks[i]; f.Route == Held && !f.again {
			if err := b.keepReport(f.Item, kept); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepReport keeps a report with a message that is held in this commit.
func (b *batch) keepReport(item string, kept keptReport) error {
	i := slices.IndexFunc(b.commit.Items, func(i quarantine.Item) bool { return i.ID == item })
	if i < 0 {
		return nil
	}
	list, err := keptReports(&b.commit.Items[i])
	if err != nil {
		return err
	}
	b.commit.Items[i].Reports, err = json.Marshal(append(list, kept))
	return err
}
