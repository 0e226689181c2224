package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// File is a directory read from a people file. It is read-only and never
// unavailable.
type File struct {
	people []*Person
	groups []*Group

	personByKey   map[string]*Person // by every address
	personByLogin map[string]*Person // by login name without case
	groupByKey    map[string]int     // place in groups
	// memberOf gives, for the key of a primary address, of a group or of an outside
	// address, the groups that name it.
	memberOf map[string][]int

	strangers []stranger
}

// stranger is a member of a group who is neither a person nor a group.
type stranger struct {
	address message.Path
	problem strictyaml.Problem
}

// People lists the people in the order of the file.
func (f *File) People() []*Person { return slices.Clone(f.people) }

// Groups lists the groups in the order of the file.
func (f *File) Groups() []*Group { return slices.Clone(f.groups) }

// Person finds the person an address belongs to, primary or proxy.
func (f *File) Person(_ context.Context, addr message.Path) (*Person, error) {
	if p := f.personByKey[addr.Key()]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("person %s: %w", addr, ErrNotFound)
}

// Login finds the person with a login name, compared without case. A login that
// nobody has and that is an address finds the person with that address.
func (f *File) Login(ctx context.Context, login string) (*Person, error) {
	if p := f.personByLogin[strings.ToLower(login)]; p != nil {
		return p, nil
	}
	if addr, err := message.ParsePath(login); err == nil && addr.Domain() != "" {
		if p := f.personByKey[addr.Key()]; p != nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("login %q: %w", login, ErrNotFound)
}

// Group finds a group by its address.
func (f *File) Group(_ context.Context, addr message.Path) (*Group, error) {
	if i, ok := f.groupByKey[addr.Key()]; ok {
		return f.groups[i], nil
	}
	return nil, fmt.Errorf("group %s: %w", addr, ErrNotFound)
}

// Member tells whether addr, or the person it belongs to, is in the group,
// directly or by way of other groups.
func (f *File) Member(_ context.Context, addr, group message.Path) (bool, error) {
	goal, ok := f.groupByKey[group.Key()]
	if !ok {
		return false, fmt.Errorf("group %s: %w", group, ErrNotFound)
	}
	direct := f.memberOf[f.canonical(addr).Key()]
	if slices.Contains(direct, goal) {
		return true, nil
	}
	// Upwards from the member, not downwards from the group: people are in few
	// groups, and groups hold many people.
	var seen map[int]bool
	todo := direct
	for len(todo) > 0 {
		var next []int
		for _, g := range todo {
			above := f.memberOf[f.groups[g].Address.Key()]
			if len(above) == 0 || seen[g] {
				continue
			}
			if slices.Contains(above, goal) {
				return true, nil
			}
			if seen == nil {
				seen = make(map[int]bool)
			}
			seen[g] = true
			next = append(next, above...)
		}
		todo = next
	}
	return false, nil
}

// canonical gives the primary address of the person an address belongs to, or
// the address itself.
func (f *File) canonical(addr message.Path) message.Path {
	if p := f.personByKey[addr.Key()]; p != nil {
		return p.Address
	}
	return addr
}

// Hints names the members of groups that are in one of the organisation's own
// domains and yet neither a person nor a group of the file: likely misspelled.
func (f *File) Hints(domains []AcceptedDomain) []strictyaml.Problem {
	var hints []strictyaml.Problem
	for _, s := range f.strangers {
		if insideDomain(domains, s.address) {
			hints = append(hints, s.problem)
		}
	}
	return hints
}

var _ Directory = (*File)(nil)
