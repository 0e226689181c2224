package directory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

var domains = []directory.AcceptedDomain{
	{Name: "example.com", Kind: directory.Authoritative},
	{Name: ".example.com", Kind: directory.InternalRelay},
	{Name: "outsourced.example.com", Kind: directory.ExternalRelay},
	{Name: "*.branch.example", Kind: directory.InternalRelay},
	{Name: "relayed.example", Kind: directory.ExternalRelay},
	{Name: "bücher.example", Kind: directory.Authoritative},
}

func TestInside(t *testing.T) {
	o := directory.Organization{Domains: domains, People: example(t)}
	without := directory.Organization{Domains: domains}
	for _, c := range []struct {
		name, addr               string
		inside, withoutDirectory bool
	}{
		{"a person", "anna@example.com", true, true},
		{"nobody in an authoritative domain", "nobody@EXAMPLE.com", true, true},
		{"a guest, whatever the domain", "visitor@example.com", false, true},
		{"a person, whatever the domain", "freelance@elsewhere.example", true, false},
		{"another address there", "other@elsewhere.example", false, false},
		{"a subdomain", "x@a.b.example.com", true, true},
		{"the name of a subdomain decides before the name for all", "x@outsourced.example.com", false, false},
		{"below a wildcard", "x@a.branch.example", true, true},
		{"a wildcard without its own domain", "x@branch.example", false, false},
		{"an external relay", "x@relayed.example", false, false},
		{"a domain that only ends alike", "x@notexample.com", false, false},
		{"an internationalised domain", "x@bücher.example", true, true},
		{"the same in ASCII", "x@xn--bcher-kva.example", true, true},
		{"no domain", "postmaster", false, false},
		{"the null path", "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := o.Inside(t.Context(), path(t, c.addr)); err != nil || got != c.inside {
				t.Errorf("%q inside: %v, %v; want %v", c.addr, got, err, c.inside)
			}
			if got, err := without.Inside(t.Context(), path(t, c.addr)); err != nil || got != c.withoutDirectory {
				t.Errorf("%q inside without a directory: %v, %v; want %v", c.addr, got, err, c.withoutDirectory)
			}
		})
	}
}

// silent is a directory whose look-ups fail.
type silent struct {
	directory.Directory
	err error
}

func (s silent) Person(context.Context, message.Path) (*directory.Person, error) {
	return nil, s.err
}

func TestInsideIsUnknownWhileTheDirectoryIsSilent(t *testing.T) {
	cause := errors.New("connection refused")
	for _, err := range []error{directory.ErrUnavailable, cause} {
		o := directory.Organization{Domains: domains, People: silent{err: err}}
		for _, addr := range []string{"anna@example.com", "freelance@elsewhere.example"} {
			got, gotErr := o.Inside(t.Context(), path(t, addr))
			if got || !errors.Is(gotErr, directory.ErrUnavailable) || !errors.Is(gotErr, err) {
				t.Errorf("%s: %v, %v; want ErrUnavailable and the cause", addr, got, gotErr)
			}
		}
		if got, err := o.Inside(t.Context(), message.Path{}); got || err != nil {
			t.Errorf("the null path needs no directory: %v, %v", got, err)
		}
	}
}
