package actions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// AlertSettings say how alerts are raised.
type AlertSettings struct {
	// Admins are told of alerts whose rule names nobody, or siteAdmin.
	Admins []message.Path
	// PerUser lets rules count the matches of each user apart, and folds alerts by
	// user. Without it all users of a rule are counted together.
	PerUser bool
	// CustomTypes raises an alert for every match of a rule by a type of the
	// administrator's own, whatever the rule says of alerts.
	CustomTypes bool
	// Simulated tells people of alerts of policies in a test mode.
	Simulated bool
}

// AlertPlan is a match that is counted towards an alert, or raises one.
type AlertPlan struct {
	Rule    *rules.Rule
	Trigger quarantine.AlertTrigger
	// To are told when the alert is raised; none is nobody.
	To        []message.Path
	Simulated bool
	// Custom is set when the rule asks for no alert, and a type of the administrator's
	// own does.
	Custom bool
}

// Counts says in words what the match does.
func (p AlertPlan) Counts() string {
	t := p.Trigger
	text := "raises an alert"
	if t.Aggregate() {
		var enough []string
		if t.Count > 0 {
			enough = append(enough, fmt.Sprintf("%d matches", t.Count))
		}
		if t.Bytes > 0 {
			enough = append(enough, "messages of "+octets(t.Bytes))
		}
		text = "counts: " + strings.Join(enough, " or ") + " within " + span(t.Window)
		if t.PerUser {
			text += " by one user"
		}
		text += " raise an alert"
	}
	if p.Simulated {
		text += ", marked as simulated"
	}
	return text
}

// octets writes a size as policies do.
func octets(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	for len(units) > 1 && n%1024 == 0 && n > 0 {
		n, units = n/1024, units[1:]
	}
	return strconv.FormatInt(n, 10) + units[0]
}

// span writes a window as policies do.
func span(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}

// planAlerts plans the alerts that matches raise or are counted towards: every
// match of a rule counts, whatever was enforced in its place. A message that is put
// off comes again, and counts then.
func (e *Engine) planAlerts(_ context.Context, scan *rules.Scan, d *Decision) {
	d.Alerts = nil
	if d.Outcome.Verdict == Defer {
		return
	}
	for i := range d.Evaluation.Rules {
		res := &d.Evaluation.Rules[i]
		if res.Result != rules.Matched {
			continue
		}
		plan, ok := e.alertOf(scan, res)
		if !ok {
			continue
		}
		d.Alerts = append(d.Alerts, plan)
		// Whether one that counts is raised now, only the store will know.
		at := slices.IndexFunc(d.Forks, func(f Fork) bool {
			return slices.ContainsFunc(f.Rules, func(r RuleState) bool { return r.Rule == res.Rule && r.State != Stopped })
		})
		if at >= 0 && !plan.Trigger.Aggregate() && len(plan.To) > 0 {
			f := &d.Forks[at]
			f.Notices = append(f.Notices, Planned{Kind: notice.KindAlert, To: plan.To, Rule: res.Rule, Simulated: plan.Simulated})
		}
	}
}

// alertOf gives the alert of a matched rule; false when there is none.
func (e *Engine) alertOf(scan *rules.Scan, res *rules.RuleResult) (AlertPlan, bool) {
	settings := &e.settings.Alerts
	a := specOf(res.Rule).alerting
	plan := AlertPlan{Rule: res.Rule, Simulated: !res.Rule.Policy.Mode.Enforced()}
	if a == nil {
		if !settings.CustomTypes || !customEvidence(scan, res) {
			return plan, false
		}
		a, plan.Custom = &alerting{admins: true}, true
	}
	plan.Trigger = a.trigger
	plan.Trigger.PerUser = settings.PerUser && (a.trigger.PerUser || !a.trigger.Aggregate())
	if e.settings.Notices == nil || plan.Simulated && !settings.Simulated {
		return plan, true
	}
	plan.To = slices.Clone(a.to)
	if a.admins {
		for _, p := range settings.Admins {
			if !slices.ContainsFunc(plan.To, func(o message.Path) bool { return o.Key() == p.Key() }) {
				plan.To = append(plan.To, p)
			}
		}
	}
	return plan, true
}

// customEvidence tells whether a rule matched by a type of the administrator's own.
func customEvidence(scan *rules.Scan, res *rules.RuleResult) bool {
	return slices.ContainsFunc(res.Evidence, func(e rules.Evidence) bool {
		t, ok := scan.World.Types.Lookup(e.Type)
		return ok && t.Describe().Custom
	})
}

// OutcomeCounted is the outcome of the fingerprint of a message whose matches were
// counted towards alerts, and begins its digest.
const OutcomeCounted = "counted"

// alerts counts the matches of rules that raise alerts, in the commit of the record
// of them. What was counted when the message came before is not counted again,
// whatever became of it then: a client tries again what was delivered too, when it
// did not hear so.
func (b *batch) alerts() error {
	if len(b.d.Alerts) == 0 || len(b.came) > 0 || b.d.Outcome.Verdict == Defer {
		return nil
	}
	record := slices.IndexFunc(b.commit.Records, func(r quarantine.Record) bool {
		return r.Operation == string(audit.DlpRuleMatch) || r.Operation == string(audit.MessageFailed)
	})
	if record < 0 {
		return nil
	}
	fp, counted, err := b.before(OutcomeCounted)
	if err != nil {
		return err
	}
	user, known := AlertUser(b.sender()), len(counted)
	for _, plan := range b.d.Alerts {
		name := plan.Rule.Policy.Name + "\x00" + plan.Rule.Name
		if slices.Contains(counted, name) {
			continue
		}
		counted = append(counted, name)
		s := specOf(plan.Rule)
		a := quarantine.Alert{
			ID: b.alertID(), Policy: plan.Rule.Policy.Name, Rule: plan.Rule.Name, Severity: s.graded(),
			Simulated: plan.Simulated, Trigger: plan.Trigger,
		}
		for _, p := range plan.To {
			a.To = append(a.To, p.String())
		}
		raised, err := b.row(audit.Alerted(b.head(), audit.AlertTriggered, audit.Alert{
			AlertID: a.ID, Name: a.Rule, Policy: a.Policy, Severity: a.Severity, Status: string(quarantine.AlertActive), Simulated: a.Simulated,
		}))
		if err != nil {
			return fmt.Errorf("an alert could not be recorded: %w", err)
		}
		b.commit.Matches = append(b.commit.Matches, quarantine.Match{
			Record: record, Alert: a, Raised: raised, User: user, At: b.now, Bytes: b.m.Size, Fold: b.Fold,
		})
	}
	if len(counted) == known {
		return nil
	}
	if fp.Data, err = json.Marshal(counted); err != nil {
		return err
	}
	b.commit.Fingerprints = append(b.commit.Fingerprints, *fp)
	return nil
}

// alertID names an alert.
func (l *Live) alertID() string {
	if l.Alert == nil {
		return "A-" + l.ID()
	}
	return l.Alert()
}

// sender is whose match it is: the person who has logged in, otherwise whom the
// reverse-path belongs to, otherwise the author; null when there is nobody.
func (b *batch) sender() message.Path {
	env, people := &b.m.Envelope, b.scan.World.Directory
	if people != nil && env.Authenticated != "" && b.d.Ours {
		if p, err := people.Login(b.ctx, env.Authenticated); err == nil {
			return p.Address
		}
	}
	from := env.ReversePath
	if from.IsNull() && !b.d.bare {
		if authors := b.m.Header.Addresses("From"); len(authors) > 0 {
			from = authors[0]
		}
	}
	if people != nil && !from.IsNull() {
		if p, err := people.Person(b.ctx, from); err == nil {
			return p.Address
		}
	}
	return from
}

// AlertUser is what the matches of a user are counted and found by: a digest of the
// address, so that the store of alerts names nobody.
func AlertUser(address message.Path) string {
	sum := sha256.Sum256([]byte("alert user\x00" + address.Key()))
	return hex.EncodeToString(sum[:16])
}

// Alerting gives the first action that tells somebody of alerts: nil when there is
// none.
func Alerting(set *rules.Set) *Need {
	for s := range specs(set) {
		if a := s.alerting; a != nil && (len(a.to) > 0 || a.admins) {
			return s.need("generateAlert")
		}
	}
	return nil
}

// LintAlerts gives hints at alerts that can never be raised as they are written, or
// of which nobody would hear.
func LintAlerts(set *rules.Set, settings AlertSettings) (hints []strictyaml.Problem) {
	stopped := set.Behind(func(r *rules.Rule) bool { return r.Stop })
	hint := func(s *spec, write, format string, args ...any) {
		p := s.rule.Hint(write, format, args...)
		if n := s.need("generateAlert"); n.Line > 0 {
			p.File, p.Line, p.Column, p.Field = n.File, n.Line, n.Column, n.Field
		}
		hints = append(hints, p)
	}
	for s := range specs(set) {
		a := s.alerting
		if a == nil {
			continue
		}
		if by := stopped[s.rule]; by != nil && by.Policy.Mode.Enforced() {
			hint(s, "put it before that rule, or give it conditions of its own",
				"the alert is never raised: rule %q of policy %q stops the processing of all that the rule holds for", by.Name, by.Policy.Name)
		}
		if a.trigger.PerUser && !settings.PerUser {
			hint(s, "write `alerts: {perUser: true}` in postern.yaml, or `per: rule`",
				"the matches of all users are counted together, because alerts on single users are off")
		}
		switch simulated := !s.rule.Policy.Mode.Enforced(); {
		case len(a.to) == 0 && (!a.admins || len(settings.Admins) == 0):
			hint(s, "write an address, or `alerts: {to: [compliance@example.com]}` in postern.yaml", "the alert is recorded, and nobody is told by mail")
		case simulated && !settings.Simulated:
			hint(s, "write `simulation: {reports: true}` in postern.yaml", "the policy is in a test mode: its alerts are recorded, and nobody is told by mail")
		}
	}
	return hints
}
