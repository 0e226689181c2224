package rules

import (
	"time"

	"github.com/postern-mail/postern/strictyaml"
)

// ErrorAction says what becomes of a message when a rule could not be judged and
// could have changed what becomes of it (ruleErrorAction).
type ErrorAction string

// The choices. The empty one leaves it to `onError` of postern.yaml.
const (
	// Ignore lets the message go on as if the rule had not matched.
	Ignore ErrorAction = "ignore"
	// RetryThenBlock gives a temporary failure for a while, and then blocks.
	RetryThenBlock ErrorAction = "retryThenBlock"
)

// readMoments reads when a rule is active, and what is done when it cannot be
// judged.
func (r *reader) readMoments(m *strictyaml.Mapping, rule *Rule) {
	if e, ok := m.Get("ruleErrorAction"); ok {
		word, _ := r.OneOf(e.Value, e.Field, string(Ignore), string(RetryThenBlock))
		rule.ErrorAction = ErrorAction(word)
	}
	if e, ok := m.Get("activationDate"); ok {
		rule.Activation = r.moment(e)
	}
	e, ok := m.Get("expiryDate")
	if !ok {
		return
	}
	rule.Expiry = r.moment(e)
	switch {
	case rule.Expiry.IsZero():
	case !rule.Activation.IsZero() && !rule.Expiry.After(rule.Activation):
		r.Errorf(e.Value, e.Field, "write a moment behind `activationDate`", "the rule expires before it is active")
	case r.vocabulary.Now != nil && !rule.Expiry.After(r.vocabulary.Now()):
		r.Hintf(e.Value, e.Field, "take the rule away, or write a later date", "the rule has expired: it does nothing any more")
	}
}

// Forms of a moment. Those with an offset stand for themselves; the others are
// read in the zone of the organisation, and a date alone is its first moment.
var (
	zonedForms = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00",
		"2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04 Z07:00"}
	localForms = []string{"2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}
)

// moment reads a date, or a date with a time. It is zero when there is a mistake.
func (r *reader) moment(e strictyaml.Entry) time.Time {
	text, ok := r.Text(e.Value, e.Field)
	if !ok {
		return time.Time{}
	}
	for _, form := range zonedForms {
		if t, err := time.Parse(form, text); err == nil {
			return t
		}
	}
	zone := r.vocabulary.Zone
	if zone == nil {
		zone = time.Local
	}
	for _, form := range localForms {
		t, err := time.ParseInLocation(form, text, zone)
		if err != nil {
			continue
		}
		if form != localForms[0] {
			r.onceADay(e, form, text, t)
		} else if t.Format(form) != text {
			t = firstMoment(t) // midnight was left out, as the clocks go forward there
		}
		return t
	}
	r.Errorf(e.Value, e.Field, "write it as `2026-01-31`, `2026-01-31 08:00` or `2026-01-31T08:00:00+01:00`", "%q is not a date", text)
	return time.Time{}
}

// onceADay refuses a time of day that a change of the clocks leaves out or
// repeats.
func (r *reader) onceADay(e strictyaml.Entry, form, text string, t time.Time) {
	const write = "write it with its offset from UTC, as in `2026-01-31T08:00:00+01:00`"
	wall := func(t time.Time) string { return t.Format("2006-01-02T15:04:05") }
	utc, _ := time.Parse(form, text) // parsed before
	if wall(t) != wall(utc) {
		r.Errorf(e.Value, e.Field, write, "the clocks of %s skip %s", t.Location(), text)
		return
	}
	const change = 3 * time.Hour // more than clocks are ever set by at once
	for _, near := range []time.Time{t.Add(-change), t.Add(change)} {
		_, here := t.Zone()
		_, there := near.Zone()
		if other := t.Add(time.Duration(here-there) * time.Second); here != there && wall(other) == wall(t) {
			r.Errorf(e.Value, e.Field, write, "the clocks of %s show %s twice", t.Location(), text)
			return
		}
	}
}

// firstMoment gives the beginning of a day without a midnight. Given is what Go
// makes of that midnight: a moment within an hour or so of it, on either side.
func firstMoment(t time.Time) time.Time {
	_, before := t.Add(-3 * time.Hour).Zone()
	_, after := t.Add(3 * time.Hour).Zone()
	if after <= before {
		return t
	}
	day := t.Add(3 * time.Hour)
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	return midnight.Add(-time.Duration(before) * time.Second).In(t.Location())
}

// rests says why a rule does nothing at a moment; empty when it is active. It is
// from its activation on, and before its expiry.
func (r *Rule) rests(now time.Time) string {
	switch {
	case r.Disabled:
		return "the rule is disabled"
	case !r.Activation.IsZero() && now.Before(r.Activation):
		return "the rule is not active before " + r.Activation.Format(time.RFC3339)
	case !r.Expiry.IsZero() && !now.Before(r.Expiry):
		return "the rule expired at " + r.Expiry.Format(time.RFC3339)
	}
	return ""
}

// moment is when the message is judged, the same for all rules.
func (s *Scan) moment() time.Time {
	if s.now.IsZero() {
		now := s.World.Now
		if now == nil {
			now = time.Now
		}
		s.now = now()
	}
	return s.now
}
