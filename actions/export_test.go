package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// PlannedVocabulary reads the actions too of which only the rank is known.
func PlannedVocabulary() rules.ActionKeys { return vocabulary{planned: true} }

// Mutate changes what every rule of a set does.
func Mutate(set *rules.Set, change func(*spec)) {
	for _, p := range set.Policies {
		for _, r := range p.Rules {
			change(specOf(r))
		}
	}
}

// tellingOf changes whom a rule tells and what.
func tellingOf(change func(*telling)) func(*spec) {
	return func(s *spec) {
		if s.telling != nil {
			change(s.telling)
		}
	}
}

// without leaves people of a role out of notifyUser.
func without(r Role) func(*telling) {
	return func(t *telling) { t.to = slices.DeleteFunc(t.to, func(a addressee) bool { return a.role == r }) }
}

// Mutations take the effect of one action away, or change it: by action, and what
// is changed.
func Mutations() map[string]map[string]func(*spec) {
	withoutEdits := func(action string, keep func(Edit) bool) func(*spec) {
		return func(s *spec) {
			s.edits = slices.DeleteFunc(s.edits, func(e Edit) bool { return e.Action == action && !keep(e) })
		}
	}
	withReport := func(change func(*reporting)) func(*spec) {
		return func(s *spec) {
			if s.reporting != nil {
				change(s.reporting)
			}
		}
	}
	none := func(Edit) bool { return false }
	changed := func(action string, change func(*Edit)) func(*spec) {
		return func(s *spec) {
			for i := range s.edits {
				if s.edits[i].Action == action {
					change(&s.edits[i])
				}
			}
		}
	}
	return map[string]map[string]func(*spec){
		"addRecipients": {
			"nobody is added":         withoutEdits(addRecipients, none),
			"to is left out":          withoutEdits(addRecipients, func(e Edit) bool { return e.Name != "to" }),
			"cc is left out":          withoutEdits(addRecipients, func(e Edit) bool { return e.Name != "cc" }),
			"the manager is left out": withoutEdits(addRecipients, func(e Edit) bool { return e.Value != senderManager }),
			"bcc is left out":         withoutEdits(addRecipients, func(e Edit) bool { return e.Name != "bcc" }),
		},
		"alertProperties": {
			"nothing is counted": func(s *spec) {
				if s.alerting != nil && s.alerting.at != nil {
					s.alerting.trigger = quarantine.AlertTrigger{}
				}
			},
		},
		"generateAlert": {
			"no alert is raised": func(s *spec) { s.alerting = nil },
			"nobody is told": func(s *spec) {
				if s.alerting != nil {
					s.alerting.to, s.alerting.admins = nil, false
				}
			},
			"nothing is counted": func(s *spec) {
				if s.alerting != nil {
					s.alerting.trigger = quarantine.AlertTrigger{}
				}
			},
			"no volume is counted": func(s *spec) {
				if s.alerting != nil {
					s.alerting.trigger.Bytes = 0
				}
			},
			"users are counted together": func(s *spec) {
				if s.alerting != nil {
					s.alerting.trigger.PerUser = false
				}
			},
		},
		"blockAccess": {
			"nothing is blocked": func(s *spec) {
				if s.halt != nil && s.halt.text == "" {
					s.halt = nil
				}
			},
		},
		"blockAccessScope": {
			"people inside are blocked too": func(s *spec) {
				if s.halt != nil {
					s.halt.outsideOnly = false
				}
			},
			"only people outside are blocked": func(s *spec) {
				if s.halt != nil {
					s.halt.outsideOnly = true
				}
			},
		},
		"blockResponse": {
			"it is reject":    func(s *spec) { s.response = "" },
			"it is ndr":       func(s *spec) { s.response = respondNDR },
			"it is rejectAll": func(s *spec) { s.response = respondRejectAll },
		},
		"deleteMessage": {
			"nothing is deleted": func(s *spec) {
				if s.halt != nil && s.halt.verdict == Delete {
					s.halt = nil
				}
			},
		},
		"generateIncidentReport": {
			"nobody hears of it":     func(s *spec) { s.reporting = nil },
			"siteAdmin is left out":  withReport(func(r *reporting) { r.siteAdmin = false }),
			"siteAdmin hears of all": withReport(func(r *reporting) { r.siteAdmin = true }),
			"one address is left out": withReport(func(r *reporting) {
				r.to = r.to[:max(0, len(r.to)-1)]
			}),
			"all come with the match":        withReport(func(r *reporting) { r.when = ReportAtMatch }),
			"held ones come with a decision": withReport(func(r *reporting) { r.when = ReportAtDecision }),
		},
		"incidentReportContent": {
			"it is default":         withReport(func(r *reporting) { r.content = notice.ContentDefault }),
			"it is all":             withReport(func(r *reporting) { r.content = notice.ContentAll }),
			"a severity is missing": withReport(func(r *reporting) { r.content &^= notice.ContentSeverity }),
		},
		"quarantine": {
			"nothing is held": func(s *spec) {
				if s.halt != nil && s.halt.verdict == Quarantine {
					s.halt = nil
				}
			},
			"it is a block": func(s *spec) {
				if s.halt != nil && s.halt.verdict == Quarantine {
					s.halt.verdict = Block
				}
			},
		},
		"redirectMessageTo": {
			"nothing is redirected": withoutEdits(redirect, none),
			"they are added": func(s *spec) {
				for i := range s.edits {
					if s.edits[i].Action == redirect {
						s.edits[i] = Edit{Action: addRecipients, Name: "bcc", Value: s.edits[i].Value}
					}
				}
			},
		},
		"untellable": {
			"it is quarantine": func(s *spec) { s.untellable = "" },
			"it is rejectAll":  func(s *spec) { s.untellable = untellableRejectAll },
		},
		"applyHtmlDisclaimer": {
			"nothing is added":   withoutEdits(disclaim, none),
			"it is appended":     changed(disclaim, func(e *Edit) { e.Name = disclaimAppend }),
			"it is prepended":    changed(disclaim, func(e *Edit) { e.Name = disclaimPrepend }),
			"it wraps":           changed(disclaim, func(e *Edit) { e.Fallback = fallbackWrap }),
			"it is ignored":      changed(disclaim, func(e *Edit) { e.Fallback = fallbackIgnore }),
			"it rejects":         changed(disclaim, func(e *Edit) { e.Fallback = fallbackReject }),
			"tokens are literal": changed(disclaim, func(e *Edit) { e.Value = strings.ReplaceAll(e.Value, "%%", "%") }),
		},
		"stripAttachment": {
			"nothing is removed":  withoutEdits(strip, none),
			"the text is another": changed(strip, func(e *Edit) { e.Value = defaultStripText }),
		},
		"modifySubject": {
			"the subject stays": withoutEdits(modifySubject, none),
			"it replaces":       changed(modifySubject, func(e *Edit) { e.Name = subjectReplace }),
			"it appends":        changed(modifySubject, func(e *Edit) { e.Name = subjectAppend }),
			"nothing matches":   changed(modifySubject, func(e *Edit) { e.Patterns = "" }),
		},
		"onActionError": {
			"it is continue":   func(s *spec) { s.onActionError = errorContinue },
			"it is quarantine": func(s *spec) { s.onActionError = "" },
		},
		"generateNotification": {"nobody is told": tellingOf(func(t *telling) { t.generate = "" }),
			"it says something else": tellingOf(func(t *telling) {
				if t.generate != "" {
					t.generate = "<p>Else</p>"
				}
			})},
		"notifyEmailCustomSenderDisplayName": {"it is left out": tellingOf(func(t *telling) { t.email.name = "" })},
		"notifyEmailCustomSubject":           {"it is left out": tellingOf(func(t *telling) { t.email.subject = "" })},
		"notifyEmailCustomText":              {"it is left out": tellingOf(func(t *telling) { t.email.text = "" })},
		"notifyEmailExchangeIncludeAttachment": {
			"nothing is attached": tellingOf(func(t *telling) { t.email.attach = false }),
			"it is attached":      tellingOf(func(t *telling) { t.email.attach = true }),
		},
		"notifyPolicyTipCustomTextTranslations": {"there are none": tellingOf(func(t *telling) { t.languages = nil })},
		"notifyPolicyTipUrl":                    {"it is left out": tellingOf(func(t *telling) { t.url = "" })},
		"notifyUser": {
			"nobody is told":         tellingOf(func(t *telling) { t.to = nil }),
			"the sender is left out": tellingOf(without(RoleSender)), "the manager is left out": tellingOf(without(RoleManager)),
			"the admins are left out": tellingOf(without(RoleAdmin)), "named people are left out": tellingOf(without(RoleNamed)),
		},
		"notifyUserType": {
			"it is both": tellingOf(func(t *telling) { t.kind = "" }), "it is policyTip": tellingOf(func(t *telling) { t.kind = tellTip }),
		},
		"notifyPolicyTipCustomText": {"no tip is shown": func(s *spec) { s.tip = "" }},
		"prependSubject":            {"the subject stays": withoutEdits(prependSubject, none)},
		"rejectMessage": {
			"nothing is rejected": func(s *spec) {
				if s.halt != nil && s.halt.text != "" {
					s.halt = nil
				}
			},
			"the text is left out": func(s *spec) {
				if s.halt != nil {
					s.halt.text = ""
				}
			},
			"the code is left out": func(s *spec) {
				if s.halt != nil {
					s.halt.enhanced = ""
				}
			},
		},
		"removeHeader": {
			"nothing is removed": withoutEdits(removeHeader, none),
			"every value is removed": func(s *spec) {
				for i := range s.edits {
					if s.edits[i].Action == removeHeader {
						s.edits[i].Value = ""
					}
				}
			},
		},
		"reportSeverityLevel": {
			"every severity is low":  func(s *spec) { s.severity = "" },
			"every severity is high": func(s *spec) { s.severity = severityHigh },
		},
		"setHeader":            {"nothing is set": withoutEdits(setHeader, none)},
		"stopPolicyProcessing": {"nothing is stopped": func(s *spec) { s.rule.Stop = false }},
	}
}
