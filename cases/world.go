package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// world gives that of the house with what the case says of it: people, accepted
// domains, networks, aliases, limits, and look-ups that fail.
func (c *Case) world(h *House) *rules.World {
	w := *h.World
	people := w.Directory
	if c.People != nil {
		people = c.People
	}
	if len(c.env.unavailable) > 0 {
		s := silent{people, make(map[string]bool)}
		for _, name := range c.env.unavailable {
			s.about[strings.ToLower(name)] = true
		}
		people = s
	}
	org := directory.Organization{}
	if w.Organization != nil {
		org = *w.Organization
	}
	org.People = people
	if c.env.domains != nil {
		org.Domains = c.env.domains
	}
	w.Organization, w.Directory = &org, people
	if c.env.networks != nil {
		w.Trust.Networks = c.env.networks
	}
	w.Now = c.now
	if c.env.overridden != nil {
		w.Overridden = func(_ context.Context, m *message.Message) (all []int, _ error) {
			for i, r := range m.Envelope.Recipients {
				if slices.Contains(c.env.overridden, r.Path.String()) {
					all = append(all, i)
				}
			}
			return all, nil
		}
	}
	if c.env.splitGroups != nil {
		w.SplitGroups = *c.env.splitGroups
	}
	if c.env.matches != nil {
		w.Matches = func(_ context.Context, names []string) (n int, _ error) {
			for _, name := range names {
				n += c.env.matches[name]
			}
			return n, nil
		}
	}
	if c.env.characters > 0 {
		w.Extract.Characters = c.env.characters
	}
	if c.People != nil || c.env.unavailable != nil || c.env.aliases != nil {
		var chain []directory.Resolver
		if h.Groups && people != nil {
			chain = append(chain, directory.Groups(people))
		}
		w.Resolver = directory.Chain(append(chain, aliases{c.env.aliases, c.env.unavailable})...)
	}
	return &w
}

// silent is a directory that does not answer about some addresses and logins.
type silent struct {
	directory.Directory
	about map[string]bool
}

func (s silent) fails(name string) error {
	if s.about[strings.ToLower(name)] {
		return fmt.Errorf("look-up of %s: %w", name, directory.ErrUnavailable)
	}
	return nil
}

// asked gives the directory behind, or why there is no answer about some names.
func (s silent) asked(names ...string) (directory.Directory, error) {
	for _, name := range names {
		if err := s.fails(name); err != nil {
			return nil, err
		}
	}
	if s.Directory == nil {
		return nil, directory.ErrNotFound
	}
	return s.Directory, nil
}

func (s silent) Person(ctx context.Context, addr message.Path) (*directory.Person, error) {
	d, err := s.asked(addr.String())
	if err != nil {
		return nil, err
	}
	return d.Person(ctx, addr)
}

func (s silent) Login(ctx context.Context, login string) (*directory.Person, error) {
	d, err := s.asked(login)
	if err != nil {
		return nil, err
	}
	return d.Login(ctx, login)
}

func (s silent) Group(ctx context.Context, group directory.Ref) (*directory.Group, error) {
	d, err := s.asked(group.String())
	if err != nil {
		return nil, err
	}
	return d.Group(ctx, group)
}

func (s silent) Member(ctx context.Context, addr message.Path, group directory.Ref) (bool, error) {
	d, err := s.asked(addr.String(), group.String())
	if err != nil {
		return false, err
	}
	return d.Member(ctx, addr, group)
}

func (s silent) HasUnit(ctx context.Context, name string) (bool, error) {
	d, err := s.asked()
	if err != nil {
		return false, err
	}
	return d.HasUnit(ctx, name)
}

// aliases stands for the alias maps of an MTA.
type aliases struct {
	to          map[string][]string
	unavailable []string
}

func (a aliases) Resolve(_ context.Context, addr message.Path) ([]message.Path, error) {
	for _, name := range a.unavailable {
		if strings.EqualFold(name, "alias:"+addr.String()) {
			return nil, fmt.Errorf("look-up of %s: %w", addr, directory.ErrUnavailable)
		}
	}
	targets, ok := a.to[addr.Key()]
	if !ok {
		return []message.Path{addr}, nil
	}
	var paths []message.Path
	for _, t := range targets {
		p, err := message.ParsePath(t)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}
