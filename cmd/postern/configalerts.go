package main

import (
	"slices"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// Bounds of `alerts.fold`, and what holds without it.
const (
	defaultFold = time.Minute
	mostFold    = 24 * time.Hour
)

// alertConfig is what the file says of alerts.
type alertConfig struct {
	to          []message.Path
	fold        time.Duration
	perUser     bool
	customTypes bool
}

// alerts reads the section of alerts.
func (cr *configReader) alerts(e strictyaml.Entry) {
	a := &cr.c.alerts
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"to": cr.alertsTo,
		"fold": func(e strictyaml.Entry) {
			v, ok := cr.Duration(e.Value, e.Field, 0)
			switch {
			case ok && v > mostFold:
				cr.Errorf(e.Value, e.Field, "write at most `24h`", "%q would hide most matches", clip(e.Value.Value, 20))
			case ok:
				a.fold = v
			}
		},
		"perUser":     func(e strictyaml.Entry) { cr.boolean(e, &a.perUser) },
		"customTypes": func(e strictyaml.Entry) { cr.boolean(e, &a.customTypes) },
	}})
}

// alertsTo reads who is told of alerts whose rule names nobody.
func (cr *configReader) alertsTo(e strictyaml.Entry) {
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		p, err := message.ParsePath(text)
		switch {
		case err != nil || p.IsNull() || p.Domain() == "":
			cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write an address, as in `compliance@example.com`", "%q is not an address", clip(text, 60))
		case slices.ContainsFunc(cr.c.alerts.to, func(o message.Path) bool { return o.Key() == p.Key() }):
			cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write it once", "%q is listed twice", clip(text, 60))
		default:
			cr.c.alerts.to = append(cr.c.alerts.to, p)
		}
	}
}

// alertSettings gives those of the engine: where nobody is named, who gets incident
// reports hears of alerts.
func (c *config) alertSettings() actions.AlertSettings {
	to := c.alerts.to
	if len(to) == 0 {
		to = c.incidentSettings().SiteAdmins
	}
	return actions.AlertSettings{Admins: to, PerUser: c.alerts.perUser, CustomTypes: c.alerts.customTypes, Simulated: c.incidents.Simulated}
}
