// Package directory knows the people of the organisation: their addresses,
// attributes, managers and groups, and the domains the organisation accepts mail
// for. It reads mail paths only; no message, policy or decision enters.
package directory

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/message"
)

// Errors of look-ups. Everything else that fails is unavailable.
var (
	ErrNotFound    = errors.New("not in the directory")
	ErrUnavailable = errors.New("directory unavailable")
)

// Person is someone, or something with an address, in the directory.
type Person struct {
	Address    message.Path   // primary
	Proxies    []message.Path // further addresses
	Name       string         // display name
	Logins     []string
	Guest      bool
	Manager    message.Path // null when none
	Attributes map[string][]string
}

// Group is a group of people and groups.
type Group struct {
	Address message.Path
	Name    string
	Members []message.Path // direct; people, groups and outside addresses
	// Plain marks a group that may be replaced by its members.
	Plain bool
}

// Directory is a source of people and groups. Its methods are safe for
// concurrent use. A missing entry is ErrNotFound; an entry that could not be
// looked up is ErrUnavailable (both wrapped).
type Directory interface {
	Person(ctx context.Context, addr message.Path) (*Person, error)
	// Login finds the person with a login name ({auth_authen}).
	Login(ctx context.Context, login string) (*Person, error)
	Group(ctx context.Context, addr message.Path) (*Group, error)
	// Member tells whether addr, or the person it belongs to, is in the group,
	// nested groups included. An unknown group is ErrNotFound.
	Member(ctx context.Context, addr, group message.Path) (bool, error)
}

// DomainKind is the kind of an accepted domain (Exchange).
type DomainKind string

// The kinds.
const (
	Authoritative DomainKind = "authoritative"
	InternalRelay DomainKind = "internalRelay"
	ExternalRelay DomainKind = "externalRelay" // outside the organisation
)

// Organization says which addresses are inside.
type Organization struct {
	Name    string
	Domains []AcceptedDomain
	People  Directory // nil without a directory
}

// AcceptedDomain is a domain the organisation accepts mail for, in lower case. A
// name that begins with "." stands for all subdomains, one with "*." likewise.
type AcceptedDomain struct {
	Name string
	Kind DomainKind
}

// Inside tells whether an address is of the organisation: in an authoritative
// or internal-relay domain, or a person of the directory; never a guest.
func (o *Organization) Inside(ctx context.Context, addr message.Path) (bool, error) {
	panic("skeleton")
}

// Resolver says where mail to an address is really delivered.
type Resolver interface {
	// Resolve gives the addresses that mail to addr reaches, addr itself when
	// nothing replaces it. An error means that it cannot be known now.
	Resolve(ctx context.Context, addr message.Path) ([]message.Path, error)
}
