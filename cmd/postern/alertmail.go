package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

// alertsEvery is how often alerts are looked for that are due without anybody
// having been woken, as those of another process or of one that was killed.
const alertsEvery = 30 * time.Second

// alertMails writes the mail of alerts until ctx ends.
func (s *service) alertMails(ctx context.Context) {
	for {
		wake := s.vault.Wake()
		s.tellAlerts(ctx)
		wait := time.NewTimer(alertsEvery)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wake:
			wait.Stop()
		case <-wait.C:
		}
	}
}

// tellAlerts puts the mail of each alert that is due into the outbox, once.
func (s *service) tellAlerts(ctx context.Context) {
	const some = 100
	for {
		due, err := s.vault.DueAlerts(ctx, some)
		if err != nil {
			if ctx.Err() == nil {
				alarm(s.log, "alerts that are due cannot be found", zap.Error(err))
			}
			return
		}
		w, done := s.gate.live.Load(), 0
		for i := range due {
			a := &due[i]
			switch err := tellAlert(ctx, s.vault, w.effects, a); {
			case err == nil:
				done++
				s.log.Info("alert", zap.String("alert", a.ID), zap.String("severity", strings.ToLower(a.Severity)), zap.String("rule", clip(ruleJSON{a.Policy, a.Rule}.String(), logText)),
					zap.Int("matches", a.Events), zap.Bool("simulated", a.Simulated), zap.Strings("to", bound(a.To, logRecipients)))
			case ctx.Err() != nil:
				return
			case errors.Is(err, quarantine.ErrTold), errors.Is(err, quarantine.ErrExists):
				done++ // somebody was faster
			default:
				alarm(s.log, "the mail of an alert could not be written", zap.String("alert", a.ID), zap.Error(err))
			}
		}
		if len(due) < some || done == 0 {
			return
		}
	}
}

// tellAlert writes the mail of an alert. Where it can be written to nobody, that is
// recorded, and it is no longer due.
func tellAlert(ctx context.Context, v *vault, fx *actions.Live, a *quarantine.Alert) error {
	told, err := alertTold(ctx, v, a)
	if err != nil {
		return err
	}
	told.Fold = fx.Fold
	now := fx.Now()
	c := &quarantine.Commit{}
	people := fx.ByLanguage(ctx, told.To)
	if len(people) == 0 || fx.Notices == nil {
		people = []actions.Readers{{To: told.To}}
	}
	for n, readers := range people {
		reason, err := mailAlert(fx, c, told, readers, n)
		if err != nil {
			return err
		}
		if reason == "" {
			continue
		}
		untold := audit.Notice{Kind: string(notice.KindAlert), To: a.To, Reason: string(reason)}
		if len(people) > 1 {
			untold.To = texts(readers.To)
		}
		rec, err := audit.NotTold(audit.Head{Time: now, ID: newID()}, untold)
		if err != nil {
			return err
		}
		rows, err := auditRows(rec)
		if err != nil {
			return err
		}
		c.Records = append(c.Records, rows...)
	}
	fault.Point("alert.before.mail")
	return v.TellAlert(ctx, a.ID, now, c)
}

// mailAlert adds to a commit the mail of an alert to those who read the same
// language, the nth of them; or gives the reason why there is none.
func mailAlert(fx *actions.Live, c *quarantine.Commit, told notice.Alert, readers actions.Readers, n int) (notice.Reason, error) {
	if fx.Notices == nil {
		return notice.ReasonNobody, nil
	}
	told.To, told.Language = readers.To, readers.Preferred
	mail, err := fx.Notices.AlertMail(told)
	var not *notice.NotSent
	switch {
	case errors.As(err, &not):
		return not.Reason, nil
	case err != nil:
		return "", err
	}
	before := len(c.Entries)
	fx.Mail(c, mail)
	// The name alone would keep it from being written twice.
	name := "alert-" + told.ID
	if n > 0 {
		name += "-" + strconv.Itoa(n+1)
	}
	c.Entries[before].ID = name
	return "", nil
}

// toldMatches is how many matches of an alert are read for its mail.
const toldMatches = 51

// alertTold gives an alert as its mail tells of it, from the records of its matches:
// what stands there was masked before.
func alertTold(ctx context.Context, v *vault, a *quarantine.Alert) (notice.Alert, error) {
	told := notice.Alert{
		ID: a.ID, Policy: a.Policy, Rule: a.Rule, Severity: a.Severity, Simulated: a.Simulated, Raised: a.Raised,
		First: a.First, Last: a.Last, Events: a.Events, Bytes: a.Bytes, Window: a.Trigger.Window,
		Volume: a.Trigger.Bytes > 0 && (a.Trigger.Count == 0 || a.Events < a.Trigger.Count),
	}
	for _, text := range a.To {
		if p, err := message.ParsePath(text); err == nil {
			told.To = append(told.To, p)
		}
	}
	events, err := v.AlertEvents(ctx, a.ID, toldMatches)
	if err != nil {
		return told, err
	}
	for i, e := range events {
		rec, err := v.matchOf(ctx, e)
		if err != nil {
			return told, err
		}
		if rec != nil && rec.ExchangeMetaData != nil {
			if from := rec.ExchangeMetaData.From; from != "" && !slices.Contains(told.Users, from) {
				told.Users = append(told.Users, from)
			}
			if i == 0 {
				told.Match = matchTold(rec, a, e)
			}
		}
		if i == 0 {
			told.Reference = e.Reference
		}
		if i > 0 && e.Reference != "" {
			told.References = append(told.References, e.Reference)
		}
	}
	return told, nil
}

// matchTold gives a match as the mail of its alert tells of it.
func matchTold(rec *audit.Record, a *quarantine.Alert, e quarantine.AlertEvent) *notice.AlertMatch {
	md := rec.ExchangeMetaData
	m := &notice.AlertMatch{
		At: e.At, From: md.From, To: recipientsOf(rec), Subject: md.Subject.String(), Size: e.Bytes,
		Activity: "DLPRuleMatch",
	}
	for _, name := range md.AttachmentNames {
		m.Attachments = append(m.Attachments, name.String())
	}
	for _, f := range rec.Forks {
		m.Effects = append(m.Effects, f.Verdict)
	}
	for _, p := range rec.PolicyDetails {
		for _, rule := range p.Rules {
			if p.PolicyName != a.Policy || rule.RuleName != a.Rule {
				continue
			}
			m.Actions = rule.Actions
			if rule.State == string(actions.Enforced) {
				m.Activity = "DLPRuleEnforce"
			}
			for _, s := range rule.ConditionsMatched.SensitiveInformation {
				m.Found = append(m.Found, foundTold(s))
			}
		}
	}
	if x := rec.ExceptionInfo; x != nil {
		m.Overridden, m.Justification = true, x.Justification.String()
	}
	return m
}

// foundTold gives one type that was found.
func foundTold(s audit.SensitiveInformation) notice.AlertFinding {
	f := notice.AlertFinding{Finding: notice.Finding{Type: s.SensitiveInformationTypeName, Count: s.UniqueCount}, Confidence: s.Confidence}
	for part := range strings.SplitSeq(s.Location.String(), ", ") {
		if part == "Message Body" {
			part = "body"
		}
		if part != "" {
			f.Parts = append(f.Parts, part)
		}
	}
	if s.Detections != nil {
		for _, v := range s.Detections.DetectedValues {
			if !slices.Contains(f.Values, v.Value.String()) {
				f.Values = append(f.Values, v.Value.String())
			}
		}
	}
	return f
}
