package actions

import (
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Outline is an action of a rule as it is written.
type Outline struct {
	Action string
	Class  Class
	Value  string // in one line
}

// Outlines gives the actions of a rule in the order of the file.
func Outlines(r *rules.Rule) []Outline {
	s := specOf(r)
	list := make([]Outline, 0, len(s.entries))
	for _, e := range s.entries {
		list = append(list, Outline{Action: e.Key, Class: find(e.Key).Class, Value: strictyaml.Flow(e.Value)})
	}
	return list
}
