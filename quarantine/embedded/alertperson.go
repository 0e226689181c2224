package embedded

import (
	"context"
	"encoding/json"

	"github.com/postern-mail/postern/quarantine"
)

// alertsNaming looks at a batch of alerts: whom they are told to, whose work they
// are, and what was written about them.
func (s *Store) alertsNaming(ctx context.Context, p *person, _ map[string]bool, after string, _ int64) ([]found, string, int64, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, raised, status, assignee, data, (SELECT json_group_array(who || ' ' || text) FROM alert_comment
		WHERE alert = alert.id) FROM alert WHERE id > ? ORDER BY id LIMIT ?`, after, erasePart)
	if err != nil {
		return nil, "", 0, err
	}
	var out []found
	err = eachRow(rows, func(scan func(...any) error) error {
		var raised int64
		var status, assignee, data, comments string
		if err := scan(&after, &raised, &status, &assignee, &data, &comments); err != nil {
			return err
		}
		if !p.is(assignee) && !p.inJSON([]byte(data)) && !p.inJSON([]byte(comments)) {
			return nil
		}
		f := found{Mention: quarantine.Mention{Kind: "alert", ID: after, Time: moment(raised), Detail: status, As: quarantine.AsMentioned}}
		if quarantine.AlertStatus(status).Open() {
			f.Kept = quarantine.KeptOpen
		}
		out = append(out, f)
		return nil
	})
	return out, after, 0, err
}

// alert erases the person from an alert that is closed. A comment is not changed but
// written anew.
func (e *eraser) alert(t *transactor, id string) error {
	var data, assignee string
	if err := t.row("SELECT data, assignee FROM alert WHERE id = ?", []any{id}, &data, &assignee); err != nil {
		return err
	}
	var a quarantine.Alert
	if err := unmarshal(data, &a); err != nil {
		return err
	}
	for i, to := range a.To {
		if e.person.inText(to) {
			a.To[i] = quarantine.ErasedText
		}
	}
	row, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if e.person.is(assignee) {
		assignee = quarantine.ErasedText
	}
	if err := t.exec("UPDATE alert SET data = ?, assignee = ? WHERE id = ?", string(row), assignee, id); err != nil {
		return err
	}
	type comment struct {
		number, at int64
		who, text  string
	}
	var comments []comment
	err = t.rows("SELECT number, at, who, text FROM alert_comment WHERE alert = ?", []any{id}, func(scan func(...any) error) error {
		var c comment
		err := scan(&c.number, &c.at, &c.who, &c.text)
		comments = append(comments, c)
		return err
	})
	for _, c := range comments {
		by, named := e.person.is(c.who), e.person.inText(c.text)
		if err != nil || !by && !named {
			continue
		}
		if by {
			c.who = quarantine.ErasedText
		}
		if named {
			c.text = quarantine.ErasedText
		}
		if err = t.exec("DELETE FROM alert_comment WHERE number = ?", c.number); err == nil {
			err = t.exec("INSERT INTO alert_comment (number, alert, at, who, text) VALUES (?, ?, ?, ?, ?)", c.number, id, c.at, c.who, c.text)
		}
	}
	return err
}

// forgetUser takes away by what it can be told whose match counted towards alerts: the
// digest of the user, and the key of what is counted of one user, which whoever knows
// the address can make anew.
func forgetUser(t *transactor, reference string, record int64) error {
	const own = "SELECT alert FROM alert_event WHERE reference = ?1 AND record = ?2 AND alert <> ''"
	if err := t.exec("UPDATE alert SET key = '' WHERE id IN ("+own+") AND data ->> '$.trigger.perUser'", reference, record); err != nil {
		return err
	}
	return t.exec(`UPDATE alert_event SET user = '', key = CASE
		WHEN alert <> '' AND EXISTS (SELECT 1 FROM alert a WHERE a.id = alert AND a.key = '') THEN ''
		WHEN alert = '' AND NOT EXISTS (SELECT 1 FROM alert_event o WHERE o.key = alert_event.key AND o.alert = '' AND o.user NOT IN ('', alert_event.user)) THEN ''
		ELSE key END WHERE reference = ?1 AND record = ?2`, reference, record)
}
