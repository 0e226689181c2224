package audit

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// detail is the object that a record of an operation must have.
type detail int

const (
	ofMessage detail = iota
	ofItem
	ofRelay
	ofNotice
	ofRetry
	ofPolicies
	ofErasure
	ofAlert
)

// operations lists what may be recorded, with what each is about.
var operations = map[Operation]detail{
	AlertTriggered:    ofAlert,
	AlertUpdated:      ofAlert,
	BlobDeleted:       ofItem,
	DlpRuleMatch:      ofMessage,
	ItemDeleted:       ofItem,
	ItemExpired:       ofItem,
	ItemExported:      ofItem,
	ItemExtended:      ofItem,
	ItemRecovered:     ofItem,
	ItemRejected:      ofItem,
	ItemReleased:      ofItem,
	LegalHoldChanged:  ofItem,
	MessageFailed:     ofMessage,
	MessageSignalled:  ofMessage,
	MonitoringChanged: ofPolicies,
	NoticeNotSent:     ofNotice,
	PersonErased:      ofErasure,
	PolicyLoaded:      ofPolicies,
	PolicyRefused:     ofPolicies,
	RelayResult:       ofRelay,
	RetrySuppressed:   ofRetry,
}

// Validate tells of the first field that breaks the rules of its operation: every
// record has a time, an identifier and exactly the object its operation is about,
// and what it says adds up.
func (r *Record) Validate() error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("audit record %s of %s: %w", r.ID, r.Operation, err)
	}
	return nil
}

func (r *Record) validate() error {
	about, known := operations[r.Operation]
	switch {
	case !known:
		return errors.New("there is no such operation")
	case r.CreationTime.Year() < 2000 || r.CreationTime.Year() > 9999:
		return errors.New("it has no time")
	case r.ID == "":
		return errors.New("it has no identifier")
	case r.RecordType != RecordType || r.Workload != Workload || r.UserKey == "":
		return errors.New("it is none of mail, or of no user")
	case r.IncidentID != r.Reference:
		return errors.New("its incident is not its reference")
	}
	for d, present := range map[detail]bool{
		ofMessage: r.ExchangeMetaData != nil, ofItem: r.Item != nil, ofRelay: r.Relay != nil,
		ofNotice: r.Notice != nil, ofRetry: r.Retry != nil, ofPolicies: r.Policies != nil, ofErasure: r.Erasure != nil,
		ofAlert: r.Alert != nil,
	} {
		if present != (d == about) {
			return errors.New("it lacks what it is about, or says more")
		}
	}
	if about != ofMessage {
		if len(r.PolicyDetails)+len(r.Forks)+len(r.Signals)+len(r.Notices) > 0 || r.ExceptionInfo != nil || !r.Error.IsZero() {
			return errors.New("it lacks what it is about, or says more")
		}
	}
	switch about {
	case ofMessage:
		return r.validateMessage()
	case ofItem:
		return errors.Join(need("the item's identifier", r.Item.ID), need("the item's kind", r.Item.Kind),
			need("the item's state", r.Item.State), writable(r.Item.Expires))
	case ofRelay:
		return r.Relay.validate()
	case ofNotice:
		return errors.Join(need("the notice's kind", r.Notice.Kind), need("the reason", r.Notice.Reason))
	case ofRetry:
		return need("the outcome", r.Retry.Outcome)
	case ofErasure:
		return need("the person's digest", r.Erasure.Person)
	case ofAlert:
		return r.Alert.validate()
	}
	return nil
}

func (r *Record) validateMessage() error {
	m := r.ExchangeMetaData
	if m.RecipientCount < 0 || m.Size < 0 {
		return errors.New("a count is negative")
	}
	if err := writable(m.Sent); err != nil {
		return err
	}
	switch {
	case r.Operation == DlpRuleMatch && len(r.PolicyDetails) == 0:
		return errors.New("it names no policy")
	case r.Operation == MessageSignalled && len(r.PolicyDetails) > 0:
		return errors.New("it names a policy")
	case (r.Operation == MessageFailed) == r.Error.IsZero():
		return errors.New("a cause goes with a failure, and only with one")
	}
	for i := range r.PolicyDetails {
		p := &r.PolicyDetails[i]
		if p.PolicyName == "" || p.PolicyID != PolicyID(p.PolicyName) || len(p.Rules) == 0 {
			return fmt.Errorf("policy %q has no name, no rules, or an identifier of another", p.PolicyName)
		}
		for j := range p.Rules {
			if err := p.Rules[j].validate(p.PolicyName); err != nil {
				return err
			}
		}
	}
	for _, f := range r.Forks {
		if f.Verdict == "" || len(f.Recipients) == 0 {
			return errors.New("a fork has no verdict or no recipients")
		}
	}
	for _, n := range r.Notices {
		if n.Kind == "" || len(n.To) == 0 {
			return errors.New("a notice has no kind or goes to nobody")
		}
	}
	for _, s := range r.Signals {
		if s.Signal == "" {
			return errors.New("a signal has no name")
		}
	}
	return nil
}

// severities are Purview's levels of a report.
var severities = []string{"", "None", "Low", "Medium", "High"}

func (r *Rule) validate(policy string) error {
	switch {
	case r.RuleName == "" || r.RuleID != RuleID(policy, r.RuleName):
		return fmt.Errorf("rule %q has no name, or an identifier of another", r.RuleName)
	case r.RuleMode != Enforce && r.RuleMode != AuditAndNotify && r.RuleMode != AuditOnly:
		return fmt.Errorf("%q is no mode of a rule", r.RuleMode)
	case !slices.Contains(severities, r.Severity):
		return fmt.Errorf("%q is no severity", r.Severity)
	}
	for _, s := range r.ConditionsMatched.SensitiveInformation {
		switch {
		case s.SensitiveInformationTypeName == "":
			return errors.New("a sensitive information type has no name")
		case s.UniqueCount < 0 || s.UniqueCount > s.Count:
			return fmt.Errorf("%d values, %d of them unique", s.Count, s.UniqueCount)
		case s.Confidence < 0 || s.Confidence > 100:
			return fmt.Errorf("a confidence of %d", s.Confidence)
		}
	}
	return nil
}

func (r *Relay) validate() error {
	err := errors.Join(need("the entry", r.Entry), need("the entry's kind", r.Kind), atLeast("the attempt", r.Attempt, 1),
		atLeast("the number of recipients", len(r.Recipients), 1))
	for _, rcpt := range r.Recipients {
		if rcpt.Recipient == "" || rcpt.State == "" {
			err = errors.Join(err, errors.New("a recipient has no address or no state"))
			break
		}
	}
	return err
}

func need(what, text string) error {
	if text == "" {
		return fmt.Errorf("%s is missing", what)
	}
	return nil
}

func atLeast(what string, n, least int) error {
	if n < least {
		return fmt.Errorf("%s is %d", what, n)
	}
	return nil
}

// writable tells of a time that JSON has no form for.
func writable(t time.Time) error {
	if !t.IsZero() && (t.Year() < 0 || t.Year() > 9999) {
		return fmt.Errorf("a time in the year %d", t.Year())
	}
	return nil
}
