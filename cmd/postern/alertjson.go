package main

import (
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/quarantine"
)

// alertPlanJSON is a match that raises an alert or is counted towards one.
type alertPlanJSON struct {
	ruleJSON
	// Counts says it in words.
	Counts    string      `json:"counts"`
	Trigger   triggerJSON `json:"trigger"`
	To        []string    `json:"to"`
	Simulated bool        `json:"simulated"`
	// Custom is set where a type of the administrator's own raises it, and the rule
	// does not ask for it.
	Custom bool `json:"custom,omitempty"`
}

// triggerJSON is what raises an alert. Without a number of matches or octets every
// match does.
type triggerJSON struct {
	Count   int    `json:"count,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
	Window  string `json:"window,omitempty"` // as 48h0m0s
	PerUser bool   `json:"perUser,omitempty"`
}

func triggerOf(t quarantine.AlertTrigger) triggerJSON {
	out := triggerJSON{Count: t.Count, Bytes: t.Bytes, PerUser: t.PerUser}
	if t.Window > 0 {
		out.Window = t.Window.String()
	}
	return out
}

func alertPlans(d *actions.Decision) (all []alertPlanJSON) {
	for _, a := range d.Alerts {
		plan := alertPlanJSON{ruleJSON: *ruleOf(a.Rule), Counts: a.Counts(), Trigger: triggerOf(a.Trigger), To: []string{}, Simulated: a.Simulated, Custom: a.Custom}
		for _, p := range a.To {
			plan.To = append(plan.To, p.String())
		}
		all = append(all, plan)
	}
	return all
}

// alertJSON is an alert for programs.
type alertJSON struct {
	ID        string      `json:"id"`
	Policy    string      `json:"policy"`
	Rule      string      `json:"rule"`
	Severity  string      `json:"severity"`
	Status    string      `json:"status"`
	Assignee  string      `json:"assignee"`
	Simulated bool        `json:"simulated"`
	Trigger   triggerJSON `json:"trigger"`
	Raised    time.Time   `json:"raised"`
	First     time.Time   `json:"first"`
	Last      time.Time   `json:"last"`
	Events    int         `json:"events"`
	Bytes     int64       `json:"bytes"`
	// Told is when its mail was written, to To.
	To      []string   `json:"to"`
	Told    *time.Time `json:"told,omitempty"`
	Updated *time.Time `json:"updated,omitempty"`
	// What follows is shown of one alert only: its latest matches, and whose they
	// are, as their records have it.
	Users      []string           `json:"users,omitempty"`
	References []string           `json:"references,omitempty"`
	Matches    []alertMatchJSON   `json:"matches,omitempty"`
	Comments   []alertCommentJSON `json:"comments,omitempty"`
}

// alertMatchJSON is one match of an alert. What is only in its record is empty when
// that is gone.
type alertMatchJSON struct {
	At         time.Time `json:"at"`
	Reference  string    `json:"reference"`
	Bytes      int64     `json:"bytes"`
	User       string    `json:"user,omitempty"`
	Recipients []string  `json:"recipients,omitempty"`
}

type alertCommentJSON struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Text string    `json:"text"`
}

// raisedJSON gives an alert as it is told.
func raisedJSON(a *quarantine.Alert) alertJSON {
	out := alertJSON{
		ID: a.ID, Policy: a.Policy, Rule: a.Rule, Severity: a.Severity, Status: string(a.Status), Assignee: a.Assignee, Simulated: a.Simulated,
		Trigger: triggerOf(a.Trigger), Raised: a.Raised, First: a.First, Last: a.Last, Events: a.Events, Bytes: a.Bytes,
		To: list(a.To), Told: moment(a.Told), Updated: moment(a.Updated),
	}
	for _, c := range a.Comments {
		out.Comments = append(out.Comments, alertCommentJSON(c))
	}
	return out
}
