package audit

import (
	"errors"
	"slices"
)

// Alert is what a record says of an alert (exchange-dlp schema: the operations on
// alerts).
type Alert struct {
	AlertID   string `json:"AlertId"`
	AlertType string `json:"AlertType"` // Custom: somebody has asked for it
	Name      string `json:"Name"`      // the rule's
	PolicyID  string `json:"PolicyId"`  // as PolicyID gives it
	Policy    string `json:"PolicyName"`
	RuleID    string `json:"RuleId"` // as RuleID gives it
	Severity  string `json:"Severity"`
	Category  string `json:"Category"` // DataLossPrevention
	Status    string `json:"Status"`   // active, investigating, resolved, dismissed
	// Previous is the status before; empty when it is the same.
	Previous string `json:"PreviousStatus,omitempty"`
	// Assignee is whose work it is; empty is nobody's. Assigned tells that it changed.
	Assignee  string `json:"Assignee,omitempty"`
	Assigned  bool   `json:"Assigned,omitempty"`
	Comments  Masked `json:"Comments,omitzero"`
	Simulated bool   `json:"Simulated,omitempty"`
}

// Constants of every record of an alert.
const (
	alertType     = "Custom"
	alertCategory = "DataLossPrevention"
)

// alertStatuses are the words for where an alert stands.
var alertStatuses = []string{"active", "investigating", "resolved", "dismissed"}

// Alerted records that an alert was raised, or that somebody changed it: op is
// AlertTriggered or AlertUpdated. The identifiers of policy and rule, the type and
// the category are filled in.
func Alerted(h Head, op Operation, a Alert) (Record, error) {
	a.PolicyID, a.RuleID = PolicyID(a.Policy), RuleID(a.Policy, a.Name)
	a.AlertType, a.Category = alertType, alertCategory
	r := h.record(op)
	r.Alert, r.Simulated = &a, a.Simulated
	return checked(r)
}

func (a *Alert) validate() error {
	switch {
	case !slices.Contains(severities, a.Severity):
		return errors.New("the severity of the alert is none")
	case !slices.Contains(alertStatuses, a.Status), a.Previous != "" && !slices.Contains(alertStatuses, a.Previous):
		return errors.New("the status of the alert is none")
	case a.PolicyID != PolicyID(a.Policy) || a.RuleID != RuleID(a.Policy, a.Name):
		return errors.New("an identifier is of another policy or rule")
	}
	return errors.Join(need("the alert's identifier", a.AlertID), need("the alert's policy", a.Policy), need("the alert's rule", a.Name))
}
