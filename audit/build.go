package audit

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Head is what the records of all operations have.
type Head struct {
	Time time.Time
	// ID is never repeated.
	ID string
	// Reference, PolicyVersion, QueueID, AdministrativeUnit and ClientIP may be
	// empty.
	Reference          string
	PolicyVersion      string
	QueueID            string
	AdministrativeUnit string
	ClientIP           string
	// By is the login of the person who did it; empty for Postern itself.
	By string
}

// Outcome is what a record tells of a decision on a message. The identifiers of
// policies and rules are filled in from their names.
type Outcome struct {
	Message         ExchangeMetaData
	Policies        []PolicyDetails
	Forks           []Fork
	Signals         []Signal
	Notices         []Sent
	Exception       *ExceptionInfo
	Simulated       bool
	AddressMismatch bool
	Explain         MaskedJSON
}

// record begins a record.
func (h Head) record(op Operation) Record {
	by := h.By
	if by == "" {
		by = Agent
	}
	return Record{
		// A millisecond is what the schema has; more would not be read back.
		CreationTime: h.Time.UTC().Truncate(time.Millisecond), ID: h.ID, RecordType: RecordType,
		Operation: op, UserKey: by, Workload: Workload, ClientIP: h.ClientIP, IncidentID: h.Reference,
		AdministrativeUnit: h.AdministrativeUnit, Reference: h.Reference, PolicyVersion: h.PolicyVersion, QueueID: h.QueueID,
	}
}

func (h Head) decision(op Operation, o Outcome) Record {
	r := h.record(op)
	m := o.Message
	if m.To == nil {
		m.To = []string{}
	}
	if m.Sent = m.Sent.UTC().Truncate(time.Second); writable(m.Sent) != nil {
		m.Sent = time.Time{} // the Date of a message may be anything
	}
	r.ExchangeMetaData, r.PolicyDetails, r.Forks, r.Signals = &m, identified(o.Policies), o.Forks, o.Signals
	r.Notices = o.Notices
	r.ExceptionInfo, r.Simulated, r.AddressMismatch, r.Explain = o.Exception, o.Simulated, o.AddressMismatch, o.Explain
	for _, p := range o.Policies {
		for _, rule := range p.Rules {
			for _, s := range rule.ConditionsMatched.SensitiveInformation {
				r.SensitiveInfoDetectionIsIncluded = r.SensitiveInfoDetectionIsIncluded ||
					s.Detections != nil && len(s.Detections.DetectedValues) > 0
			}
		}
	}
	return r
}

// identified gives policies with their identifiers.
func identified(policies []PolicyDetails) []PolicyDetails {
	policies = slices.Clone(policies)
	for i := range policies {
		p := &policies[i]
		p.PolicyID = PolicyID(p.PolicyName)
		p.Rules = slices.Clone(p.Rules)
		for j := range p.Rules {
			p.Rules[j].RuleID = RuleID(p.PolicyName, p.Rules[j].RuleName)
			if p.Rules[j].Actions == nil {
				p.Rules[j].Actions = []string{}
			}
		}
	}
	return policies
}

// checked gives a record that follows its rules.
func checked(r Record) (Record, error) {
	if err := r.Validate(); err != nil {
		return Record{}, err
	}
	return r, nil
}

// Matched records a message that rules matched.
func Matched(h Head, o Outcome) (Record, error) { return checked(h.decision(DlpRuleMatch, o)) }

// Signalled records a message that no rule matched, but of which something could
// not be read.
func Signalled(h Head, o Outcome) (Record, error) { return checked(h.decision(MessageSignalled, o)) }

// MessageError records a message that no decision could be made on.
func MessageError(h Head, o Outcome, cause Masked) (Record, error) {
	r := h.decision(MessageFailed, o)
	r.Error = cause
	return checked(r)
}

// Decided records what was done with a held message: op is one of ItemReleased,
// ItemDeleted, ItemExtended, ItemExpired, ItemExported, ItemRejected,
// ItemRecovered, LegalHoldChanged and BlobDeleted.
func Decided(h Head, op Operation, i Item) (Record, error) {
	r := h.record(op)
	i.Expires = i.Expires.UTC().Truncate(time.Second)
	r.Item = &i
	return checked(r)
}

// Relayed records one try of the outbox.
func Relayed(h Head, relay Relay) (Record, error) {
	r := h.record(RelayResult)
	r.Relay = &relay
	return checked(r)
}

// NotTold records a notice that was due and not sent.
func NotTold(h Head, n Notice) (Record, error) {
	r := h.record(NoticeNotSent)
	r.Notice = &n
	return checked(r)
}

// Repeated records a message that came again and got the outcome of the first.
func Repeated(h Head, retry Retry) (Record, error) {
	r := h.record(RetrySuppressed)
	r.Retry = &retry
	return checked(r)
}

// Forgotten records that what was stored of a person was erased.
func Forgotten(h Head, e Erasure) (Record, error) {
	r := h.record(PersonErased)
	r.Erasure = &e
	return checked(r)
}

// Loaded records a set of policies: op is PolicyLoaded, PolicyRefused or
// MonitoringChanged.
func Loaded(h Head, op Operation, p Policies) (Record, error) {
	r := h.record(op)
	r.Policies = &p
	return checked(r)
}

// ModeOf gives Purview's word for the mode of a policy as policies write it:
// enable, testWithNotifications or testWithoutNotifications; empty for another.
func ModeOf(mode string) RuleMode {
	return map[string]RuleMode{
		"enable": Enforce, "testWithNotifications": AuditAndNotify, "testWithoutNotifications": AuditOnly,
	}[mode]
}

// PolicyID gives the identifier of a policy: a digest of its name in the form of a
// UUID (RFC 9562, version 8), the same everywhere and always.
func PolicyID(policy string) string { return identifier("policy\x00" + policy) }

// RuleID gives the identifier of a rule of a policy, as PolicyID.
func RuleID(policy, rule string) string { return identifier("rule\x00" + policy + "\x00" + rule) }

func identifier(name string) string {
	d := sha256.Sum256([]byte(name))
	d[6] = d[6]&0x0f | 0x80
	d[8] = d[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", d[0:4], d[4:6], d[6:8], d[8:10], d[10:16])
}

// Operations lists what may be recorded, in order.
func Operations() []Operation {
	return slices.Sorted(maps.Keys(operations))
}
