package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/postern-mail/postern/message"
)

// Errors of look-ups. Everything else that fails is unavailable.
var (
	ErrNotFound    = errors.New("not in the directory")
	ErrUnavailable = errors.New("directory unavailable")
	// ErrAmbiguous is wrapped where a name stands for more than one entry, beside
	// ErrUnavailable where that may change while policies do not.
	ErrAmbiguous = errors.New("not the name of one entry alone")
)

// Person is someone, or something with an address, in the directory. It is
// read-only.
type Person struct {
	Address message.Path   // primary
	Proxies []message.Path // further addresses
	Name    string         // display name
	Logins  []string
	Guest   bool
	Manager message.Path // the manager's primary address; null when none
	// Language is what the person prefers to read, as an Accept-Language header field
	// lists it ("de-AT, en;q=0.8", RFC 9110); empty when not known.
	Language string
	// Units are the administrative units the person belongs to, by name.
	Units []string
	// Attributes are by the names of [AttributeNames].
	Attributes map[string][]string
}

// InUnit tells whether the person belongs to an administrative unit. Case and
// repeated blanks of its name do not count.
func (p *Person) InUnit(name string) bool {
	name = foldName(name)
	return slices.ContainsFunc(p.Units, func(u string) bool { return foldName(u) == name })
}

// Group is a group of people and groups. It is read-only.
type Group struct {
	// Address is the null path where mail cannot be sent to the group.
	Address message.Path
	Name    string
	DN      string         // its distinguished name; empty where it has none
	Members []message.Path // direct; people, groups and outside addresses
	// Plain marks a group that may be replaced by its members.
	Plain bool
}

// Directory is a source of people and groups. Its methods are safe for
// concurrent use. A missing entry is ErrNotFound; an entry that could not be
// looked up is ErrUnavailable (both wrapped).
type Directory interface {
	// Person finds the person an address belongs to, primary or proxy.
	Person(ctx context.Context, addr message.Path) (*Person, error)
	// Login finds the person with a login name ({auth_authen}).
	Login(ctx context.Context, login string) (*Person, error)
	Group(ctx context.Context, group Ref) (*Group, error)
	// Member tells whether addr, or the person it belongs to, is in the group,
	// nested groups included. An unknown group is ErrNotFound.
	Member(ctx context.Context, addr message.Path, group Ref) (bool, error)
	// HasUnit tells whether somebody belongs to an administrative unit.
	HasUnit(ctx context.Context, name string) (bool, error)
}
