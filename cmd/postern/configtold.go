package main

import (
	"math"
	"strings"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// told is how people are told by mail.
type told struct {
	admins []message.Path // whom siteAdmin stands for; none: the reviewers
	delay  time.Duration  // after which a sender is told that mail waits; 0 tells nobody
	limits actions.Limits // of notifications
}

// defaultDelay is when a sender is told that mail waits in the outbox.
const defaultDelay = 4 * time.Hour

// siteAdmins are whom siteAdmin stands for in policies: those that the file names, or
// the reviewers.
func (c *config) siteAdmins() []message.Path {
	if len(c.told.admins) > 0 {
		return c.told.admins
	}
	return c.reviewers
}

func (cr *configReader) noticesDelay(e strictyaml.Entry) {
	if strings.EqualFold(e.Value.Value, "never") && !cr.Probing() {
		cr.c.told.delay = 0
		return
	}
	if d, ok := cr.Duration(e.Value, e.Field, time.Minute); ok {
		cr.c.told.delay = d
	}
}

func (cr *configReader) noticesLimits(e strictyaml.Entry) {
	l := &cr.c.told.limits
	number := func(into *int) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			if n, ok := cr.Int(e.Value, e.Field, 1, math.MaxInt32); ok {
				*into = n
			}
		}
	}
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"window": func(e strictyaml.Entry) {
			if d, ok := cr.Duration(e.Value, e.Field, time.Minute); ok {
				l.Window = d
			}
		},
		"sender": number(&l.Sender),
		"others": number(&l.Others),
		"total":  number(&l.Total),
	}})
}
