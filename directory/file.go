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
	groupByName   map[string][]int   // places in groups, by name
	units         map[string]bool    // by name
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

// Group finds a group by its address or its name. The groups of a file have no
// distinguished names.
func (f *File) Group(_ context.Context, group Ref) (*Group, error) {
	i, err := f.group(group)
	if err != nil {
		return nil, err
	}
	return f.groups[i], nil
}

// group finds the place of a group.
func (f *File) group(group Ref) (int, error) {
	if addr := group.Address(); !addr.IsNull() {
		if i, ok := f.groupByKey[addr.Key()]; ok {
			return i, nil
		}
	} else if name := group.Name(); name != "" {
		switch found := f.groupByName[foldName(name)]; len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return 0, fmt.Errorf("group %q: %w", name, ErrAmbiguous)
		}
	}
	return 0, fmt.Errorf("group %s: %w", group, ErrNotFound)
}

// HasUnit tells whether somebody belongs to an administrative unit.
func (f *File) HasUnit(_ context.Context, name string) (bool, error) {
	return f.units[foldName(name)], nil
}

// Member tells whether addr, or the person it belongs to, is in the group,
// directly or by way of other groups.
func (f *File) Member(_ context.Context, addr message.Path, group Ref) (bool, error) {
	goal, err := f.group(group)
	if err != nil {
		return false, err
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
