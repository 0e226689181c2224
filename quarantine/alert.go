package quarantine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// AlertStatus is where the work on an alert stands.
type AlertStatus string

// The statuses of alerts.
const (
	// AlertActive is raised, and nobody has taken it.
	AlertActive AlertStatus = "active"
	// AlertInvestigating is being looked into.
	AlertInvestigating AlertStatus = "investigating"
	// AlertResolved was looked into, and what was to be done is done.
	AlertResolved AlertStatus = "resolved"
	// AlertDismissed needs nothing to be done.
	AlertDismissed AlertStatus = "dismissed"
)

// AlertStatuses lists every status.
var AlertStatuses = []AlertStatus{AlertActive, AlertInvestigating, AlertResolved, AlertDismissed}

// alertMoves says which statuses follow each: one that is closed may be opened
// again to be looked into, and nothing becomes active a second time.
var alertMoves = map[AlertStatus][]AlertStatus{
	AlertActive:        {AlertInvestigating, AlertResolved, AlertDismissed},
	AlertInvestigating: {AlertResolved, AlertDismissed},
	AlertResolved:      {AlertInvestigating},
	AlertDismissed:     {AlertInvestigating},
}

// Open tells whether the alert still waits for somebody.
func (s AlertStatus) Open() bool { return s == AlertActive || s == AlertInvestigating }

// May tells whether an alert of status s may be given the status to.
func (s AlertStatus) May(to AlertStatus) bool { return slices.Contains(alertMoves[s], to) }

// Alert is one alert: what raised it, and what people do about it.
type Alert struct {
	// ID names the alert, as A-7K3M9QXY.
	ID string `json:"id"`
	// Policy and Rule name the rule whose matches raised it.
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
	// Severity is the rule's: None, Low, Medium or High.
	Severity string `json:"severity"`
	// Simulated is set for a policy in a test mode.
	Simulated bool `json:"simulated,omitempty"`
	// Trigger says what had to come together.
	Trigger AlertTrigger `json:"trigger"`
	// To are the addresses that are told by mail; none is nobody.
	To []string `json:"to,omitempty"`
	// Raised is the time of the match that raised it.
	Raised time.Time `json:"raised"`

	// First and Last are the times of the earliest and the latest match, Events counts
	// the matches and Bytes the octets of their messages.
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Events int       `json:"events"`
	Bytes  int64     `json:"bytes"`

	Status AlertStatus `json:"status"`
	// Assignee is whose work it is; empty is nobody's.
	Assignee string `json:"assignee,omitempty"`
	// Updated is when somebody last changed it; zero for never.
	Updated  time.Time      `json:"updated,omitzero"`
	Comments []AlertComment `json:"comments,omitempty"`
	// Told is when its mail was written; zero while it is due or not wanted.
	Told time.Time `json:"told,omitzero"`
}

// AlertComment is what somebody wrote about an alert. Comments are only added.
type AlertComment struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Text string    `json:"text"`
}

// AlertTrigger says what raises an alert. Without Count and Bytes every match does.
type AlertTrigger struct {
	// Count is how many matches within Window raise one; 0 does not count.
	Count int `json:"count,omitempty"`
	// Bytes is how many octets the messages of matches within Window have together; 0
	// does not add them up.
	Bytes int64 `json:"bytes,omitempty"`
	// Window is the longest time from the first match to the last, both included.
	Window time.Duration `json:"window,omitempty"`
	// PerUser counts the matches of each user apart.
	PerUser bool `json:"perUser,omitempty"`
}

// Aggregate tells whether several matches may have to come together.
func (t AlertTrigger) Aggregate() bool { return t.Count > 0 || t.Bytes > 0 }

// Match is one match of a rule that raises alerts. It is counted in the transaction
// that adds the record of it, so that of matches at the same time exactly one raises
// the alert.
//
// A match within Fold of the time at which an open alert of the same rule was
// raised is added to that alert. Any other is counted, together with those earlier
// ones that have raised nothing yet: when they come to what Trigger says, the alert
// is raised and all of them are its events, so that counting begins anew.
type Match struct {
	// Record is the index of the record of the match in [Commit.Records].
	Record int
	// Alert is the alert that is raised if it is due: its identifier, policy, rule,
	// severity, trigger and addresses. Its identifier is unlike every other alert's.
	Alert Alert
	// Raised is the record of that alert; it is kept if the alert is raised.
	Raised Record
	// User tells the users apart; it is compared only, and need not be readable.
	User string
	At   time.Time
	// Bytes is the size of the message in octets.
	Bytes int64
	// Fold is how long after it was raised an alert takes further matches; 0 never.
	Fold time.Duration
}

// AlertEvent is a match that belongs to an alert.
type AlertEvent struct {
	// Record is the number of its record, which may have been swept.
	Record    int64     `json:"record"`
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
	Bytes     int64     `json:"bytes"`
}

// AlertFilter says which alerts are wanted. Every field given must fit.
type AlertFilter struct {
	Statuses   []AlertStatus // any of them; empty is all
	Severities []string      // any of them; empty is all
	Policy     string        // compared without case, as the rule and the assignee
	Rule       string
	Assignee   string
	// User leaves only alerts with a match of that user, as [Match.User] has it.
	User string
	// Reference leaves only alerts with a match of that reference.
	Reference string
	// Since ≤ raised < Until; zero is open.
	Since, Until time.Time
	Simulated    *bool
	NewestFirst  bool
	// Limit is the most alerts of a page: 1 to 1000; 0 is 100.
	Limit int
	// After is the Next of the page before; empty for the first.
	After string
}

// AlertPage is a part of a list, in the order in which alerts were raised.
type AlertPage struct {
	Alerts []Alert
	// Next asks for the page that follows; empty on the last one.
	Next string
}

// AlertUpdate is what somebody does about an alert. Nothing of it is done unless all
// of it may be.
type AlertUpdate struct {
	Alert string
	By    string // not empty
	At    time.Time
	// Status is the new one; empty leaves it.
	Status AlertStatus
	// Assignee is the new one, where it is to be changed; empty is nobody.
	Assignee *string
	// Comment is added; empty adds none.
	Comment string
	// Records become durable with the change.
	Records []Record
}

// AlertError says that an alert may not be given a status.
type AlertError struct {
	Alert    string
	From, To AlertStatus
}

func (e *AlertError) Error() string {
	return fmt.Sprintf("%s is %s: it cannot become %s", e.Alert, e.From, e.To)
}

// Is makes an AlertError an [ErrConflict].
func (e *AlertError) Is(target error) bool { return target == ErrConflict }

// Validate tells what in u breaks its contract, as an ErrInvalid.
func (u *AlertUpdate) Validate() error {
	switch {
	case u.By == "" || u.At.IsZero():
		return invalid("change of alert %s: wants to know who and when", u.Alert)
	case u.Status != "" && !slices.Contains(AlertStatuses, u.Status):
		return invalid("change of alert %s: no status %q", u.Alert, u.Status)
	case u.Status == "" && u.Assignee == nil && u.Comment == "":
		return invalid("change of alert %s: changes nothing", u.Alert)
	}
	return nil
}

// validate tells what in m breaks its contract.
func (m *Match) validate(records []Record) error {
	a, t := &m.Alert, &m.Alert.Trigger
	switch {
	case !ValidID(a.ID):
		return invalid("alert %q: not an identifier", a.ID)
	case a.Policy == "" || a.Rule == "":
		return invalid("alert %s: wants a policy and a rule", a.ID)
	case m.Record < 0 || m.Record >= len(records):
		return invalid("alert %s: no record %d in the commit", a.ID, m.Record)
	case m.At.IsZero():
		return invalid("alert %s: the match has no time", a.ID)
	case t.Count < 0 || t.Bytes < 0 || t.Window < 0 || m.Fold < 0 || m.Bytes < 0:
		return invalid("alert %s: a number is negative", a.ID)
	case t.Aggregate() && t.Window == 0:
		return invalid("alert %s: what is counted wants a window", a.ID)
	case m.Raised.Operation == "" || !json.Valid(m.Raised.Data):
		return invalid("alert %s: wants the record of its being raised", a.ID)
	}
	return nil
}
