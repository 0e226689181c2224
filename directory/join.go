package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/message"
)

// Lister is a directory that can list the groups somebody is in.
type Lister interface {
	Directory
	// GroupsOf gives the addresses of the groups that hold addr, or the person it
	// belongs to, directly or by way of others. Groups without an address are left
	// out.
	GroupsOf(ctx context.Context, addr message.Path) ([]message.Path, error)
}

// Join gives a directory of several. What more than one knows counts as the first
// of them has it. A group of one may name people of another, and groups of a
// [Lister] behind it.
func Join(list ...Directory) Directory {
	if len(list) == 1 {
		return list[0]
	}
	return joined(list)
}

type joined []Directory

// firstOf gives the answer of the first directory that has one. One that does not
// answer is not passed over: it might have had one.
func firstOf[T any](list joined, what string, ask func(Directory) (T, error)) (T, error) {
	var none T
	for _, d := range list {
		v, err := ask(d)
		if err == nil {
			return v, nil
		}
		if !errors.Is(err, ErrNotFound) || errors.Is(err, ErrUnavailable) {
			return none, err
		}
	}
	return none, fmt.Errorf("%s: %w", what, ErrNotFound)
}

func (j joined) Person(ctx context.Context, addr message.Path) (*Person, error) {
	return firstOf(j, "person "+addr.String(), func(d Directory) (*Person, error) { return d.Person(ctx, addr) })
}

func (j joined) Login(ctx context.Context, login string) (*Person, error) {
	return firstOf(j, "login "+login, func(d Directory) (*Person, error) { return d.Login(ctx, login) })
}

func (j joined) Group(ctx context.Context, group Ref) (*Group, error) {
	return firstOf(j, "group "+group.String(), func(d Directory) (*Group, error) { return d.Group(ctx, group) })
}

// Groups lists the groups of those directories that can list theirs: what names in
// policies are compared with when they are likely misspelt.
func (j joined) Groups() []*Group {
	var all []*Group
	for _, d := range j {
		if l, ok := d.(interface{ Groups() []*Group }); ok {
			all = append(all, l.Groups()...)
		}
	}
	return all
}

func (j joined) HasUnit(ctx context.Context, name string) (bool, error) {
	for _, d := range j {
		if known, err := d.HasUnit(ctx, name); known || err != nil {
			return known, err
		}
	}
	return false, nil
}

func (j joined) Member(ctx context.Context, addr message.Path, group Ref) (bool, error) {
	for i, d := range j {
		in, err := d.Member(ctx, addr, group)
		switch {
		case err == nil && (in || addr.IsNull()):
			return in, nil
		case err == nil:
			return j.byOthers(ctx, i, addr, group)
		case !errors.Is(err, ErrNotFound) || errors.Is(err, ErrUnavailable):
			return false, err
		}
	}
	return false, fmt.Errorf("group %s: %w", group, ErrNotFound)
}

// byOthers tells whether addr is in a group of directory i under another address,
// or by way of a group, that another directory knows.
func (j joined) byOthers(ctx context.Context, i int, addr message.Path, group Ref) (bool, error) {
	names := []message.Path{}
	p, err := j.Person(ctx, addr)
	switch {
	case err == nil:
		names = append(append(names, p.Address), p.Proxies...)
	case !errors.Is(err, ErrNotFound):
		return false, err
	}
	for k, d := range j {
		if l, ok := d.(Lister); ok && k != i {
			above, err := l.GroupsOf(ctx, addr)
			if err != nil {
				return false, err
			}
			names = append(names, above...)
		}
	}
	for _, n := range names {
		if n.Key() == addr.Key() {
			continue
		}
		if in, err := j[i].Member(ctx, n, group); in || err != nil {
			return in, err
		}
	}
	return false, nil
}
