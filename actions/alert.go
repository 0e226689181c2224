package actions

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/strictyaml"
)

// alerting is when a rule raises an alert, and for whom.
type alerting struct {
	to      []message.Path
	admins  bool // those that the settings name are told too
	trigger quarantine.AlertTrigger
	at      *strictyaml.Node // of what is counted; nil for every match
}

// Bounds of what is counted: Purview's where it has any (its alerts count from three
// matches, within an hour at least).
const (
	leastAlertCount = 3
	mostAlertCount  = 10_000
	leastWindow     = time.Hour
	mostWindow      = 90 * 24 * time.Hour
)

// alert gives what is known of the alerts of a rule, to be read further.
func (s *spec) alert() *alerting {
	if s.alerting == nil {
		s.alerting = &alerting{}
	}
	return s.alerting
}

// readGenerateAlert reads `true`, addresses, or a mapping of `to` with what is
// counted. Purview's names for what is counted are good too.
func readGenerateAlert(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	a := s.alert()
	switch {
	case r.Probing():
		r.Bool(n, field)
		r.Texts(n, field)
	case n.Tag == "!!bool":
		if v, ok := r.Bool(n, field); ok && !v {
			r.Errorf(n, field, "take the key away", "`false` raises no alert")
		}
		a.admins = true
		return
	case n.Tag != "!!map":
		s.alertTo(r, n, field)
		return
	}
	m := r.Mapping(n, field, append([]string{"to", "aggregate"}, alertKeys...)...)
	if m == nil {
		return
	}
	e, to := m.Get("to")
	if a.admins = !to; to && !emptyList(e.Value) {
		s.alertTo(r, e.Value, e.Field)
	}
	nested, ok := m.Get("aggregate")
	if ok {
		if inner := r.Mapping(nested.Value, nested.Field, alertKeys...); inner != nil {
			a.counted(r, inner, nested.Value, nested.Field)
		}
	}
	if slices.ContainsFunc(m.Entries(), func(e strictyaml.Entry) bool { return slices.Contains(alertKeys, e.Key) }) {
		if ok {
			r.Errorf(nested.At, nested.Field, "write all of it under `aggregate`", "what is counted is written in two places")
			return
		}
		a.counted(r, m, n, field)
	}
}

// readAlertProperties reads Purview's hashtable beside `generateAlert`.
func readAlertProperties(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	if m := r.Mapping(n, field, alertKeys...); m != nil {
		s.alert().counted(r, m, n, field)
	}
}

// checkAlert refuses what is counted without an alert.
func (s *spec) checkAlert(r *strictyaml.Reader, m *strictyaml.Mapping) {
	e, counted := m.Get("alertProperties")
	alert, ok := m.Get("generateAlert")
	switch {
	case counted && !ok:
		r.Errorf(e.At, e.Field, "write `generateAlert: true` beside it", "alertProperties says something only beside generateAlert")
	case counted && alert.Value.Tag == "!!map" && len(alert.Value.Content) > 2:
		r.Errorf(e.At, e.Field, "write all of it under `generateAlert`", "what is counted is written in two places")
	}
}

func emptyList(n *strictyaml.Node) bool { return n != nil && n.Tag == "!!seq" && len(n.Content) == 0 }

// alertTo reads addresses, and the word for those that the settings name.
func (s *spec) alertTo(r *strictyaml.Reader, n *strictyaml.Node, field string) {
	a := s.alert()
	texts, nodes, _ := r.Texts(n, field)
	for i, text := range texts {
		f := field
		if len(texts) > 1 {
			f = strictyaml.Index(field, i)
		}
		if strings.EqualFold(text, siteAdmin) {
			a.admins = true
			continue
		}
		p, err := message.ParsePath(text)
		switch {
		case err != nil || p.IsNull() || p.Domain() == "":
			r.Errorf(nodes[i], f, "write an address, as in `compliance@example.com`, or `siteAdmin`", "%q is not an address", text)
		case slices.ContainsFunc(a.to, func(o message.Path) bool { return o.Key() == p.Key() }):
			r.Errorf(nodes[i], f, "write it once", "%q is listed twice", text)
		default:
			a.to = append(a.to, p)
			s.targets = append(s.targets, target{p, nodes[i], f})
		}
	}
}

// alertKeys are the keys of what is counted: ours, then Purview's.
var alertKeys = []string{
	"count", "volume", "window", "per",
	"aggregationType", "threshold", "volumeThreshold", "timeWindow",
	"AggregationType", "Threshold", "VolumeThreshold", "TimeWindow",
}

// counted reads what has to come together before an alert is raised.
func (a *alerting) counted(r *strictyaml.Reader, m *strictyaml.Mapping, n *strictyaml.Node, field string) {
	if isNone := func(e strictyaml.Entry) bool {
		return strings.EqualFold(e.Key, "aggregationType") && e.Value != nil && strings.EqualFold(e.Value.Value, "None")
	}; slices.ContainsFunc(m.Entries(), isNone) {
		return // whatever else an export holds
	}
	a.at = n
	t := &a.trigger
	good := true
	seen := map[string]string{}
	for _, e := range m.Entries() {
		key := e.Key
		switch strings.ToLower(key) {
		case "threshold":
			key = "count"
		case "volumethreshold":
			key = "volume"
		case "timewindow":
			key = "window"
		}
		if before := seen[key]; before != "" {
			r.Errorf(e.At, e.Field, "keep one of them", "`%s` and `%s` say the same", before, e.Key)
			good = false
			continue
		}
		seen[key] = e.Key
		ok := true
		switch {
		case e.Key == "to" || e.Key == "aggregate":
			delete(seen, key)
		case key == "count":
			ok = readAlertCount(r, e, t)
		case key == "volume":
			ok = readAlertVolume(r, e, t)
		case key == "window":
			ok = readAlertWindow(r, e, t)
		case key == "per":
			var word string
			word, ok = r.OneOf(e.Value, e.Field, "rule", "user")
			t.PerUser = word == "user"
		default:
			var word string
			word, ok = r.OneOf(e.Value, e.Field, "None", "SimpleAggregation", "AnomalousAggregation", "CustomAggregation")
			if ok && word != "SimpleAggregation" {
				r.Errorf(e.Value, e.Field, "write `SimpleAggregation`", "%s is not supported by this version", word)
				ok = false
			}
		}
		good = good && ok
	}
	switch {
	case !good || r.Probing():
	case !t.Aggregate():
		r.Errorf(n, field, "write `count: 10` or `volume: 50MB`, or take it away", "nothing is counted, so that no alert would ever be raised")
	case t.Window == 0:
		r.Errorf(n, field, "write `window: 48h` beside it", "what is counted has no window of time")
	}
}

// readAlertCount reads a number of matches; 0 counts none.
func readAlertCount(r *strictyaml.Reader, e strictyaml.Entry, t *quarantine.AlertTrigger) bool {
	v, ok := r.Int(e.Value, e.Field, 0, mostAlertCount)
	if ok && v > 0 && v < leastAlertCount {
		write := "write at least 3"
		if v == 1 {
			write = "write at least 3, or take what is counted away: each match raises an alert then"
		}
		r.Errorf(e.Value, e.Field, write, "%d is less than Purview counts", v)
		return false
	}
	t.Count = v
	return ok
}

// readAlertVolume reads a size; 0 adds nothing up.
func readAlertVolume(r *strictyaml.Reader, e strictyaml.Entry, t *quarantine.AlertTrigger) bool {
	v, ok := r.Size(e.Value, e.Field)
	if ok && v > 0 && strings.IndexFunc(e.Value.Value, func(c rune) bool { return c < '0' || c > '9' }) < 0 {
		r.Errorf(e.Value, e.Field, "write the unit, as in `50MB`", "%q has no unit", e.Value.Value)
		return false
	}
	t.Bytes = v
	return ok
}

// readAlertWindow reads a span of time; a bare number is Purview's minutes.
func readAlertWindow(r *strictyaml.Reader, e strictyaml.Entry, t *quarantine.AlertTrigger) bool {
	const most = int(mostWindow / time.Minute)
	if e.Value != nil && e.Value.Tag == "!!int" && !r.Probing() {
		v, ok := r.Int(e.Value, e.Field, int(leastWindow/time.Minute), most)
		t.Window = time.Duration(v) * time.Minute
		return ok
	}
	v, ok := r.Duration(e.Value, e.Field, leastWindow)
	if ok && v > mostWindow {
		r.Errorf(e.Value, e.Field, "write at most `90d`", "%s is longer than matches are counted", e.Value.Value)
		ok = false
	}
	t.Window = v
	return ok
}
