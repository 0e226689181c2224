package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// alertRequest is what a command asks of alerts.
type alertRequest struct {
	Filter quarantine.AlertFilter `json:"filter,omitzero"`
	// User is an address, in the place of that of the filter.
	User   string                 `json:"user,omitempty"`
	Status quarantine.AlertStatus `json:"status,omitempty"`
	// Assignee is nil where it is to stay.
	Assignee *string `json:"assignee,omitempty"`
}

// shownMatchesOfAlert is how many matches of an alert are shown, the latest.
const shownMatchesOfAlert = 100

// findAlert gives an alert by its name, in whatever case it is typed, or the only
// one of a reference.
func (d *desk) findAlert(ctx context.Context, name string) (*quarantine.Alert, error) {
	name = strings.ToUpper(strings.TrimSpace(name))
	a, err := d.vault.Alert(ctx, name)
	if !errors.Is(err, quarantine.ErrNotFound) {
		return a, err
	}
	page, err := d.vault.Alerts(ctx, quarantine.AlertFilter{Reference: name, Limit: 10})
	switch {
	case err != nil:
		return nil, err
	case len(page.Alerts) == 0:
		return nil, unknown{clip(name, 80) + ": no alert has this name or reference"}
	case len(page.Alerts) == 1:
		return d.vault.Alert(ctx, page.Alerts[0].ID)
	}
	var ids string
	for _, a := range page.Alerts {
		ids += " " + a.ID
	}
	return nil, unknown{clip(name, 80) + ": several alerts have this reference, name one of" + ids}
}

// listAlerts gives one page of alerts.
func (d *desk) listAlerts(ctx context.Context, r *alertRequest, reply *deskReply) error {
	f := r.Filter
	if r.User != "" {
		p, err := d.alertUser(ctx, r.User)
		if err != nil {
			return err
		}
		f.User = actions.AlertUser(p)
	}
	page, err := d.vault.Alerts(ctx, f)
	if err != nil {
		return err
	}
	reply.Alerts, reply.Next = make([]alertJSON, 0, len(page.Alerts)), page.Next
	for i := range page.Alerts {
		reply.Alerts = append(reply.Alerts, raisedJSON(&page.Alerts[i]))
	}
	return nil
}

// alertUser gives the address by which the matches of a user are counted: that of
// the person whom an address or a login belongs to, or else the address itself.
func (d *desk) alertUser(ctx context.Context, name string) (message.Path, error) {
	p, err := message.ParsePath(name)
	known := err == nil && !p.IsNull()
	if o := d.effects.Organization; o != nil && o.People != nil {
		if person, err := o.People.Login(ctx, name); err == nil {
			return person.Address, nil
		}
		if known {
			if person, err := o.People.Person(ctx, p); err == nil {
				return person.Address, nil
			}
		}
	}
	if !known || p.Domain() == "" {
		return p, fmt.Errorf("--user: %q is neither an address nor a login that the directory knows", clip(name, 80))
	}
	return p, nil
}

// showAlert gives all that is known of an alert.
func (d *desk) showAlert(ctx context.Context, name string) ([]alertJSON, error) {
	a, err := d.findAlert(ctx, name)
	if err != nil {
		return nil, err
	}
	out := raisedJSON(a)
	events, err := d.vault.AlertEvents(ctx, a.ID, shownMatchesOfAlert)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		m := alertMatchJSON{At: e.At, Reference: e.Reference, Bytes: e.Bytes}
		rec, err := d.vault.matchOf(ctx, e)
		if err != nil {
			return nil, err
		}
		if rec != nil && rec.ExchangeMetaData != nil {
			m.User, m.Recipients = rec.ExchangeMetaData.From, recipientsOf(rec)
		}
		if m.User != "" && !slices.Contains(out.Users, m.User) {
			out.Users = append(out.Users, m.User)
		}
		if e.Reference != "" && !slices.Contains(out.References, e.Reference) {
			out.References = append(out.References, e.Reference)
		}
		out.Matches = append(out.Matches, m)
	}
	return []alertJSON{out}, nil
}

// matchOf gives the record of a match; nil when it has been deleted.
func (v *vault) matchOf(ctx context.Context, e quarantine.AlertEvent) (*audit.Record, error) {
	for row, err := range v.Records(ctx, quarantine.RecordFilter{After: e.Record - 1, Limit: 1}) {
		if err != nil {
			return nil, err
		}
		if row.Number != e.Record {
			return nil, nil
		}
		rec, err := audit.Parse(row.Data)
		return &rec, err
	}
	return nil, nil
}

// recipientsOf gives those of the message of a match.
func recipientsOf(rec *audit.Record) (all []string) {
	for _, f := range rec.Forks {
		for _, r := range f.Recipients {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// setAlert does what somebody decides about an alert, and records it.
func (d *desk) setAlert(ctx context.Context, name string, r *alertRequest, comment string) ([]alertJSON, error) {
	a, err := d.findAlert(ctx, name)
	if err != nil {
		return nil, err
	}
	types := classify.Builtin()
	if d.running != nil {
		types = d.running.gate.live.Load().rules.Types
	}
	if r.Assignee != nil {
		name := strings.TrimSpace(*r.Assignee)
		r.Assignee = &name
	}
	u := &quarantine.AlertUpdate{
		Alert: a.ID, By: d.by, At: time.Now(), Status: r.Status, Assignee: r.Assignee, Comment: types.Mask(strings.TrimSpace(comment)),
	}
	what := audit.Alert{
		AlertID: a.ID, Name: a.Rule, Policy: a.Policy, Severity: a.Severity, Status: string(a.Status), Assignee: a.Assignee,
		Comments: audit.MaskText(u.Comment), Simulated: a.Simulated,
	}
	if u.Status != "" {
		what.Status, what.Previous = string(u.Status), string(a.Status)
	}
	if u.Assignee != nil {
		what.Assignee, what.Assigned = *u.Assignee, true
	}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	rec, err := audit.Alerted(audit.Head{Time: u.At, ID: newID(), By: d.by}, audit.AlertUpdated, what)
	if err != nil {
		return nil, err
	}
	if u.Records, err = auditRows(rec); err != nil {
		return nil, err
	}
	if _, err := d.vault.ChangeAlert(ctx, u); err != nil {
		return nil, err
	}
	return d.showAlert(ctx, a.ID)
}
