package main

import (
	"slices"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// defaultOriginal bounds the message attached to an incident report, in octets.
const defaultOriginal = 10 << 20

// incidentReport reads how incident reports are sent.
func (cr *configReader) incidentReport(e strictyaml.Entry) {
	in := &cr.c.incidents
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"when": func(e strictyaml.Entry) {
			word, _ := cr.OneOf(e.Value, e.Field, string(actions.ReportAtMatch), string(actions.ReportAtDecision))
			in.When = actions.ReportWhen(word)
		},
		"siteAdmin": func(e strictyaml.Entry) {
			texts, nodes, _ := cr.Texts(e.Value, e.Field)
			for i, text := range texts {
				p, err := message.ParsePath(text)
				switch {
				case err != nil || p.IsNull() || p.Domain() == "":
					cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write an address, as in `compliance@example.com`", "%q is not an address", clip(text, 60))
				case slices.ContainsFunc(in.SiteAdmins, func(o message.Path) bool { return o.Key() == p.Key() }):
					cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write it once", "%q is listed twice", clip(text, 60))
				default:
					in.SiteAdmins = append(in.SiteAdmins, p)
				}
			}
		},
		"attachOriginal": func(e strictyaml.Entry) { cr.boolean(e, &in.AttachOriginal) },
		"originalSize": func(e strictyaml.Entry) {
			v, ok := cr.Size(e.Value, e.Field)
			if ok && v < 1 {
				cr.Errorf(e.Value, e.Field, "write a size, as in `10MB`, or `attachOriginal: false`", "no message is that small")
				return
			}
			if ok {
				in.OriginalSize = v
			}
		},
	}})
}

// simulation reads what policies in a test mode do beside their records.
func (cr *configReader) simulation(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"reports": func(e strictyaml.Entry) { cr.boolean(e, &cr.c.incidents.Simulated) },
	}})
}

// incidentSettings gives those of the engine: where nobody is named as siteAdmin,
// the reviewers are.
func (c *config) incidentSettings() actions.IncidentSettings {
	in := c.incidents
	if len(in.SiteAdmins) == 0 {
		in.SiteAdmins = c.reviewers
	}
	return in
}
