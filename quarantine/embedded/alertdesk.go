package embedded

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

// alertColumns are what scanAlert reads.
const alertColumns = "data, raised, first, last, events, bytes, status, assignee, updated, told"

func scanAlert(scan func(...any) error) (*quarantine.Alert, error) {
	var (
		a                                  quarantine.Alert
		data, status                       string
		raised, first, last, updated, told int64
	)
	if err := scan(&data, &raised, &first, &last, &a.Events, &a.Bytes, &status, &a.Assignee, &updated, &told); err != nil {
		return nil, err
	}
	events, bytes, assignee := a.Events, a.Bytes, a.Assignee
	if err := unmarshal(data, &a); err != nil {
		return nil, err
	}
	a.Events, a.Bytes, a.Assignee, a.Status = events, bytes, assignee, quarantine.AlertStatus(status)
	a.Raised, a.First, a.Last, a.Updated, a.Told = moment(raised), moment(first), moment(last), moment(updated), moment(told)
	return &a, nil
}

// Alert gives an alert with its comments.
func (s *Store) Alert(ctx context.Context, id string) (*quarantine.Alert, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	a, err := scanAlert(s.read.QueryRowContext(ctx, "SELECT "+alertColumns+" FROM alert WHERE id = ?", id).Scan)
	if err != nil {
		return nil, notFound(translate(err), "alert "+id)
	}
	rows, err := s.read.QueryContext(ctx, "SELECT at, who, text FROM alert_comment WHERE alert = ? ORDER BY number", id)
	if err != nil {
		return nil, translate(err)
	}
	err = eachRow(rows, func(scan func(...any) error) error {
		var c quarantine.AlertComment
		var at int64
		err := scan(&at, &c.By, &c.Text)
		c.At = moment(at)
		a.Comments = append(a.Comments, c)
		return err
	})
	return a, translate(err)
}

// Alerts gives one page of the alerts that fit.
func (s *Store) Alerts(ctx context.Context, f quarantine.AlertFilter) (*quarantine.AlertPage, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	limit := f.Limit
	switch {
	case limit == 0:
		limit = 100
	case limit < 0 || limit > 1000:
		return nil, fmt.Errorf("%w: a page of %d alerts", quarantine.ErrInvalid, f.Limit)
	}
	c, err := alertCondition(f)
	if err != nil {
		return nil, err
	}
	order := " ORDER BY raised, id LIMIT "
	if f.NewestFirst {
		order = " ORDER BY raised DESC, id DESC LIMIT "
	}
	found, err := s.alerts(ctx, c.String()+order+strconv.Itoa(limit+1), c.args...)
	if err != nil {
		return nil, err
	}
	page := &quarantine.AlertPage{Alerts: found}
	if len(found) > limit {
		last := &found[limit-1]
		page.Alerts = found[:limit]
		page.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", stamp(last.Raised), last.ID))
	}
	return page, nil
}

// alertCondition is what a filter asks for.
func alertCondition(f quarantine.AlertFilter) (*condition, error) {
	c := &condition{}
	in(c, "status", f.Statuses)
	in(c, "severity", f.Severities)
	for _, text := range []struct{ column, value string }{{"policy", f.Policy}, {"rule", f.Rule}} {
		if text.value != "" {
			c.add(text.column+" = ?", strings.ToLower(text.value))
		}
	}
	if f.Assignee != "" {
		c.add("assignee = ? COLLATE NOCASE", f.Assignee)
	}
	if f.User != "" {
		c.add("id IN (SELECT alert FROM alert_event WHERE user = ? AND alert <> '')", f.User)
	}
	if f.Reference != "" {
		c.add("id IN (SELECT alert FROM alert_event WHERE reference = ?)", f.Reference)
	}
	if !f.Since.IsZero() {
		c.add("raised >= ?", stamp(f.Since))
	}
	if !f.Until.IsZero() {
		c.add("raised < ?", stamp(f.Until))
	}
	if f.Simulated != nil {
		c.add("simulated = " + digit(*f.Simulated))
	}
	if f.After != "" {
		raised, id, err := readCursor(f.After)
		if err != nil {
			return nil, err
		}
		order := ">"
		if f.NewestFirst {
			order = "<"
		}
		c.add("(raised, id) "+order+" (?, ?)", raised, id)
	}
	return c, nil
}

// alerts reads the alerts of a clause, without their comments.
func (s *Store) alerts(ctx context.Context, clause string, args ...any) ([]quarantine.Alert, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+alertColumns+" FROM alert"+clause, args...)
	if err != nil {
		return nil, translate(err)
	}
	var found []quarantine.Alert
	err = eachRow(rows, func(scan func(...any) error) error {
		a, err := scanAlert(scan)
		if err == nil {
			found = append(found, *a)
		}
		return err
	})
	return found, translate(err)
}

// AlertEvents gives the latest matches of an alert.
func (s *Store) AlertEvents(ctx context.Context, id string, limit int) ([]quarantine.AlertEvent, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	rows, err := s.read.QueryContext(ctx, `SELECT record, reference, at, bytes FROM alert_event
		WHERE alert = ? AND alert <> '' ORDER BY number DESC LIMIT ?`, id, limit)
	if err != nil {
		return nil, translate(err)
	}
	var found []quarantine.AlertEvent
	err = eachRow(rows, func(scan func(...any) error) error {
		var e quarantine.AlertEvent
		var at int64
		err := scan(&e.Record, &e.Reference, &at, &e.Bytes)
		e.At = moment(at)
		found = append(found, e)
		return err
	})
	return found, translate(err)
}

// ChangeAlert does what somebody decided about an alert.
func (s *Store) ChangeAlert(ctx context.Context, u *quarantine.AlertUpdate) (*quarantine.Alert, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	if err := u.Validate(); err != nil {
		return nil, err
	}
	p, err := s.prepare(ctx, &quarantine.Commit{Records: u.Records})
	if err != nil {
		return nil, err
	}
	err = s.store(ctx, p, func(t *transactor) error {
		var status string
		if err := t.row("SELECT status FROM alert WHERE id = ?", []any{u.Alert}, &status); err != nil {
			return notFound(err, "alert "+u.Alert)
		}
		from := quarantine.AlertStatus(status)
		if u.Status != "" {
			if !from.May(u.Status) {
				return &quarantine.AlertError{Alert: u.Alert, From: from, To: u.Status}
			}
			if err := t.exec("UPDATE alert SET status = ? WHERE id = ?", string(u.Status), u.Alert); err != nil {
				return err
			}
		}
		if u.Assignee != nil {
			if err := t.exec("UPDATE alert SET assignee = ? WHERE id = ?", *u.Assignee, u.Alert); err != nil {
				return err
			}
		}
		if u.Comment != "" {
			if err := t.exec("INSERT INTO alert_comment (alert, at, who, text) VALUES (?, ?, ?, ?)",
				u.Alert, stamp(u.At), u.By, u.Comment); err != nil {
				return err
			}
		}
		if err := t.exec("UPDATE alert SET updated = max(updated, ?) WHERE id = ?", stamp(u.At), u.Alert); err != nil {
			return err
		}
		return p.insert(t)
	})
	if err != nil {
		return nil, err
	}
	return s.Alert(ctx, u.Alert)
}

// DueAlerts gives alerts whose mail is to be written.
func (s *Store) DueAlerts(ctx context.Context, limit int) ([]quarantine.Alert, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	return s.alerts(ctx, " WHERE due = 1 ORDER BY raised LIMIT ?", limit)
}

// TellAlert makes the mail of an alert durable, and it is no longer due.
func (s *Store) TellAlert(ctx context.Context, id string, at time.Time, c *quarantine.Commit) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	p, err := s.prepare(ctx, c)
	if err != nil {
		return err
	}
	err = s.store(ctx, p, func(t *transactor) error {
		n, err := t.changed("UPDATE alert SET due = 0, told = ? WHERE id = ? AND due = 1", stamp(at), id)
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("alert %s: %w", id, quarantine.ErrTold)
		}
		return p.insert(t)
	})
	if err == nil {
		fault.Point("alert.told")
	}
	return err
}
