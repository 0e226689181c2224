package actions

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// IncidentSettings say how incident reports are sent.
type IncidentSettings struct {
	// When is that of rules that do not say; empty is [ReportAtMatch].
	When ReportWhen
	// SiteAdmins are who siteAdmin stands for.
	SiteAdmins []message.Path
	// Simulated is set where rules of policies in a test mode report too.
	Simulated bool
	// AttachOriginal lets reports that ask for it carry the message, to addresses in
	// authoritative domains, and up to OriginalSize octets.
	AttachOriginal bool
	OriginalSize   int64
}

// plannedReport is an incident report before it is written.
type plannedReport struct {
	to        []message.Path
	rules     []*rules.Rule // that ask for it, in the order they are judged in
	forks     []int         // that these matched for, ascending
	content   notice.IncidentContent
	simulated bool // all rules are of policies in a test mode
	// deferred is set where all forks are held and the report is to come with the
	// decision.
	deferred bool
}

// planReports plans the incident reports: one for each address, on all rules that
// ask for it, whatever became of them. What is put off comes again, and is reported
// then.
func (e *Engine) planReports(ctx context.Context, scan *rules.Scan, d *Decision) {
	d.reports = nil
	if d.Outcome.Verdict == Defer || e.settings.Notices == nil {
		return
	}
	var planned []*plannedReport // of one address each
	for i := range d.Evaluation.Rules {
		res := &d.Evaluation.Rules[i]
		s := specOf(res.Rule)
		if res.Result != rules.Matched || s.reporting == nil {
			continue
		}
		simulated := !res.Rule.Policy.Mode.Enforced()
		forks := d.forksOf(res.Rule)
		if len(forks) == 0 || simulated && !e.settings.Incidents.Simulated {
			continue
		}
		for _, to := range e.receivers(s.reporting) {
			p := reportTo(&planned, to)
			p.rules = append(p.rules, res.Rule)
			p.content |= s.reporting.content
			p.simulated = p.simulated && simulated
			p.deferred = p.deferred && e.reportsWhen(s.reporting) == ReportAtDecision
			p.forks = append(p.forks, forks...)
		}
	}
	for _, p := range planned {
		slices.Sort(p.forks)
		p.forks = slices.Compact(p.forks)
		p.deferred = p.deferred && !slices.ContainsFunc(p.forks, func(i int) bool { return d.Forks[i].Route != Held })
	}
	if len(planned) > 0 && e.isNotice(ctx, scan, addressesOf(planned)) {
		d.Untold = append(d.Untold, Untold{Planned{Kind: notice.KindIncident, To: addressesOf(planned)}, notice.ReasonLoopMark})
		return
	}
	d.reports = joined(planned)
	for _, p := range d.reports {
		f := &d.Forks[p.forks[0]]
		f.Notices = append(f.Notices, Planned{Kind: notice.KindIncident, To: p.to, Rule: gravest(p.rules), Simulated: p.simulated, AtDecision: p.deferred})
	}
}

// forksOf gives the forks for which a rule matched.
func (d *Decision) forksOf(rule *rules.Rule) (forks []int) {
	for i := range d.Forks {
		if slices.ContainsFunc(d.Forks[i].Rules, func(r RuleState) bool { return r.Rule == rule && r.State != Stopped }) {
			forks = append(forks, i)
		}
	}
	return forks
}

// receivers gives who gets the reports of a rule, each once.
func (e *Engine) receivers(rep *reporting) []message.Path {
	all := slices.Clone(rep.to)
	if rep.siteAdmin {
		all = append(all, e.settings.Incidents.SiteAdmins...)
	}
	var to []message.Path
	for _, p := range all {
		if !slices.ContainsFunc(to, func(o message.Path) bool { return o.Key() == p.Key() }) {
			to = append(to, p)
		}
	}
	return to
}

func (e *Engine) reportsWhen(rep *reporting) ReportWhen {
	if rep.when != "" {
		return rep.when
	}
	return e.settings.Incidents.When
}

// reportTo gives the report to an address, begun if there is none.
func reportTo(planned *[]*plannedReport, to message.Path) *plannedReport {
	for _, p := range *planned {
		if p.to[0].Key() == to.Key() {
			return p
		}
	}
	p := &plannedReport{to: []message.Path{to}, simulated: true, deferred: true}
	*planned = append(*planned, p)
	return p
}

// joined makes one mail of reports that say the same.
func joined(planned []*plannedReport) (list []*plannedReport) {
	for _, p := range planned {
		i := slices.IndexFunc(list, func(o *plannedReport) bool {
			return slices.Equal(o.rules, p.rules) && slices.Equal(o.forks, p.forks) &&
				o.content == p.content && o.simulated == p.simulated && o.deferred == p.deferred
		})
		if i < 0 {
			list = append(list, p)
		} else {
			list[i].to = append(list[i].to, p.to...)
		}
	}
	return list
}

func addressesOf(planned []*plannedReport) (all []message.Path) {
	for _, p := range planned {
		all = append(all, p.to...)
	}
	return all
}

// gravest gives the first of the rules with the highest severity.
func gravest(list []*rules.Rule) *rules.Rule {
	best := list[0]
	for _, r := range list[1:] {
		if grade(specOf(r).graded()) > grade(specOf(best).graded()) {
			best = r
		}
	}
	return best
}

// grade puts severities in order.
func grade(severity string) int { return slices.Index(severities, severity) }

// isNotice tells whether the message is a notice of this installation on its way, or
// one of another that comes in: mail about these would follow each other for ever. The
// mark of a notice can be copied, so it counts only without a login and a reverse-path,
// and where everybody who gets the message is inside or gets such mail; a message that
// leaves is told of whatever it carries.
func (e *Engine) isNotice(ctx context.Context, scan *rules.Scan, reported []message.Path) bool {
	env, w := &scan.Message.Envelope, e.settings.Notices
	if !env.ReversePath.IsNull() || env.Authenticated != "" || w == nil {
		return false
	}
	if h := scan.Message.Header; !w.IsOurs(h) && (scan.Ours() || !notice.Marked(h)) {
		return false
	}
	for i, r := range env.Recipients {
		if slices.ContainsFunc(reported, func(p message.Path) bool { return p.Key() == r.Path.Key() }) {
			continue
		}
		if inside, err := scan.RecipientInside(ctx, i); err != nil || !inside {
			return false
		}
	}
	return true
}

// Reporting gives the first action for which incident reports may be sent: nil when
// there is none. Policies in a test mode report only where simulated is set.
func Reporting(set *rules.Set, simulated bool) *Need {
	for s := range specs(set) {
		if s.reporting != nil && (simulated || s.rule.Policy.Mode.Enforced()) {
			return s.need("generateIncidentReport")
		}
	}
	return nil
}

// ReportingSiteAdmin gives the first action that asks for incident reports to
// siteAdmin: nil when there is none.
func ReportingSiteAdmin(set *rules.Set) *Need {
	for s := range specs(set) {
		if s.reporting != nil && s.reporting.siteAdmin {
			return s.need("generateIncidentReport")
		}
	}
	return nil
}

// ReportingOriginals gives the first action that asks by name for incident reports
// with the message itself: nil when there is none.
func ReportingOriginals(set *rules.Set) *Need {
	for s := range specs(set) {
		if s.reporting != nil && s.reporting.content.Has(notice.ContentOriginal) && s.reporting.content != notice.ContentAll {
			return s.need("incidentReportContent", "generateIncidentReport")
		}
	}
	return nil
}
