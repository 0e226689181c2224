package main

import "github.com/postern-mail/postern/strictyaml"

// reports reads what reports may tell.
func (cr *configReader) reports(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"senders": func(e strictyaml.Entry) { cr.boolean(e, &cr.c.senders) },
	}})
}
