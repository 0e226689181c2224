package embedded

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/postern-mail/postern/quarantine"
)

// matchRow is a match that was validated and has its key and JSON.
type matchRow struct {
	quarantine.Match
	raised    sealed
	key, data string
}

func matchRowOf(m *quarantine.Match, privacy func(string) quarantine.Privacy) (matchRow, error) {
	row := matchRow{Match: *m, key: alertKey(m), raised: seal(&m.Raised, privacy)}
	a := m.Alert
	var err error
	row.data, err = marshal(quarantine.Alert{
		ID: a.ID, Policy: a.Policy, Rule: a.Rule, Severity: a.Severity, Simulated: a.Simulated, Trigger: a.Trigger, To: a.To,
	})
	return row, err
}

// alertKey names what is counted together: the matches of a rule, those of a
// policy in a test mode apart, and those of each user where that is asked for.
func alertKey(m *quarantine.Match) string {
	parts := []string{m.Alert.Policy, m.Alert.Rule, digit(m.Alert.Simulated)}
	if m.Alert.Trigger.PerUser {
		parts = append(parts, m.User)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// matched counts the matches of a record that was just added.
func (p *prepared) matched(t *transactor, record int) error {
	var number int64
	for i := range p.matches {
		m := &p.matches[i]
		if m.Record != record {
			continue
		}
		if number == 0 {
			if err := t.row("SELECT max(number) FROM record", nil, &number); err != nil {
				return err
			}
		}
		raised, err := m.count(t, number, p.records[record].Reference)
		if err != nil {
			return err
		}
		p.raised = p.raised || raised
	}
	return nil
}

// count counts a match and raises the alert when it is due.
func (m *matchRow) count(t *transactor, number int64, reference string) (raised bool, err error) {
	alert, err := m.folded(t)
	if err != nil {
		return false, err
	}
	single := alert == "" && !m.Alert.Trigger.Aggregate()
	if single {
		alert = m.Alert.ID
	}
	if err := t.exec("INSERT INTO alert_event (key, alert, user, record, reference, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
		m.key, alert, m.User, number, reference, stamp(m.At), m.Bytes); err != nil {
		return false, err
	}
	switch {
	case single:
		return true, m.raise(t, stamp(m.At), stamp(m.At), 1, m.Bytes)
	case alert != "":
		return false, t.exec("UPDATE alert SET events = events + 1, bytes = bytes + ?, first = min(first, ?), last = max(last, ?) WHERE id = ?",
			m.Bytes, stamp(m.At), stamp(m.At), alert)
	}
	return m.aggregate(t)
}

// folded gives the open alert that takes the match; empty when there is none.
func (m *matchRow) folded(t *transactor) (alert string, err error) {
	if m.Fold == 0 {
		return "", nil
	}
	err = t.row(`SELECT id FROM alert WHERE key = ? AND raised BETWEEN ? AND ? AND status IN ('active', 'investigating')
		ORDER BY raised DESC LIMIT 1`, []any{m.key, stamp(m.At.Add(-m.Fold)), stamp(m.At.Add(m.Fold))}, &alert)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return alert, err
}

// aggregate raises the alert when those matches that have raised nothing yet, the
// present one among them, come to what the trigger says. The window ends with the
// latest of them: the clock may have been set back, or sessions may commit in
// another order than they began. What lies further ahead than a window is the mark
// of a clock that was wrong, and not counted; what lies less far ahead does not hide
// the matches before the present one, whose own window is looked at too.
func (m *matchRow) aggregate(t *transactor) (raised bool, err error) {
	window := m.Alert.Trigger.Window
	var last int64
	if err := t.row("SELECT max(at) FROM alert_event WHERE key = ? AND alert = '' AND at <= ?",
		[]any{m.key, stamp(m.At.Add(window))}, &last); err != nil {
		return false, err
	}
	raised, err = m.within(t, stamp(moment(last).Add(-window)), last)
	if err != nil || raised || last == stamp(m.At) {
		return raised, err
	}
	return m.within(t, stamp(m.At.Add(-window)), stamp(m.At))
}

// within raises the alert when the matches of a window come to what the trigger
// says.
func (m *matchRow) within(t *transactor, since, last int64) (raised bool, err error) {
	trigger := &m.Alert.Trigger
	var first, events, bytes int64
	if err := t.row("SELECT min(at), count(*), sum(bytes) FROM alert_event WHERE key = ? AND alert = '' AND at BETWEEN ? AND ?",
		[]any{m.key, since, last}, &first, &events, &bytes); err != nil {
		return false, err
	}
	enough := trigger.Count > 0 && events >= int64(trigger.Count) || trigger.Bytes > 0 && bytes >= trigger.Bytes
	if !enough {
		return false, nil
	}
	if err := t.exec("UPDATE alert_event SET alert = ? WHERE key = ? AND alert = '' AND at BETWEEN ? AND ?",
		m.Alert.ID, m.key, since, last); err != nil {
		return false, err
	}
	return true, m.raise(t, first, last, events, bytes)
}

// raise adds the alert, with its mail due, and the record of it.
func (m *matchRow) raise(t *transactor, first, last, events, bytes int64) error {
	a := &m.Alert
	err := t.exec(`INSERT INTO alert (id, key, policy, rule, severity, simulated, raised, first, last, events, bytes, status, due, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, m.key, strings.ToLower(a.Policy), strings.ToLower(a.Rule), a.Severity, a.Simulated, stamp(m.At), first, last, events, bytes,
		string(quarantine.AlertActive), len(a.To) > 0, m.data)
	if err != nil {
		return err
	}
	return t.record(&m.raised)
}
