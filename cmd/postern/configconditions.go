package main

import (
	"slices"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func (cr *configReader) conditions(e strictyaml.Entry) {
	cr.c.conditions.ReadSettings(cr.Reader, e.Value, e.Field)
}

func (cr *configReader) userRisk(e strictyaml.Entry) {
	cr.c.conditions.Risk = rules.ReadRisk(cr.Reader, e.Value, e.Field)
}

// partnerDomains reads the domains of partners, for sentToScope.
func (cr *configReader) partnerDomains(e strictyaml.Entry) {
	if isEmptyList(e.Value) {
		return
	}
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		name, ok := domainName(text)
		switch field := strictyaml.Index(e.Field, i); {
		case !ok:
			cr.Errorf(nodes[i], field, "write a domain, as in `partner.example`, or `*.partner.example` for its subdomains", "%q is no domain", text)
		case slices.Contains(cr.c.conditions.Partners, name):
			cr.Errorf(nodes[i], field, "write it once", "the domain %q is listed twice", text)
		default:
			cr.c.conditions.Partners = append(cr.c.conditions.Partners, name)
		}
	}
}
