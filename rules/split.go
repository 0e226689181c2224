package rules

import (
	"context"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// maxSplit is the most members a group may be replaced by.
const maxSplit = 500

// SplitGroups replaces recipients that are groups by their members, where the world
// asks for it: groups marked plain, by the directory or the world, with at most 500 members, groups within them
// included when they are plain too. A group that cannot be looked up stays one
// recipient. It is to be called before anything is judged.
func (s *Scan) SplitGroups(ctx context.Context) {
	if !s.World.SplitGroups || s.World.Directory == nil {
		return
	}
	env := &s.Message.Envelope
	var list []message.Recipient
	split := false
	for _, r := range env.Recipients {
		members := s.plainMembers(ctx, r.Path)
		if members == nil {
			list = append(list, r)
			continue
		}
		split = true
		for _, m := range members {
			list = append(list, message.Recipient{Raw: r.Raw, Path: m, Args: r.Args, Of: r.Path})
		}
	}
	if split {
		env.Recipients = list
	}
}

// plainMembers gives the members by which a group is replaced; nil for one that stays,
// and for an address that is no group.
func (s *Scan) plainMembers(ctx context.Context, addr message.Path) []message.Path {
	g := s.plainGroup(ctx, addr)
	if g == nil {
		return nil
	}
	seen := map[string]bool{addr.Key(): true}
	var members []message.Path
	for todo := g.Members; len(todo) > 0; todo = todo[1:] {
		m := todo[0]
		if seen[m.Key()] {
			continue
		}
		if seen[m.Key()] = true; len(seen) > maxSplit {
			return nil
		}
		if within := s.plainGroup(ctx, m); within != nil {
			todo = append(todo[:1:1], append(within.Members, todo[1:]...)...)
		} else {
			members = append(members, m)
		}
	}
	return members
}

// plainGroup gives a group that may be replaced by its members; nil for any other
// address, and when the directory does not answer.
func (s *Scan) plainGroup(ctx context.Context, addr message.Path) *directory.Group {
	g, err := s.World.Directory.Group(ctx, directory.AddressRef(addr))
	if err != nil || !g.Plain && !s.World.Plain[addr.Key()] || len(g.Members) == 0 {
		return nil
	}
	return g
}
