package actions

import (
	"context"
	"errors"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// individual is an address of a policy that must be that of one person.
type individual struct {
	path  message.Path
	at    *strictyaml.Node
	field string
}

// askingTime bounds what a load asks of a directory about addresses.
const askingTime = 10 * time.Second

// checkIndividuals tells of groups where people are due. A directory that does not
// answer is asked no further.
func checkIndividuals(set *rules.Set, d directory.Directory) (problems []strictyaml.Problem) {
	if d == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), askingTime)
	defer cancel()
	for s := range specs(set) {
		for _, i := range s.individuals {
			if _, err := d.Person(ctx, i.path); err == nil {
				continue
			}
			_, err := d.Group(ctx, directory.AddressRef(i.path))
			switch {
			case err == nil:
				problems = append(problems, strictyaml.Problem{
					File: s.file, Line: i.at.Line, Column: i.at.Column, Field: i.field,
					What: i.path.String() + " is a group; each person is told alone", Write: "write the addresses of people",
				})
			case !errors.Is(err, directory.ErrNotFound):
				return problems
			}
		}
	}
	return problems
}
