package actions

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// TestPolicyCases runs every case of testdata/policies. The comment on top of
// each want.yaml says which sentence it holds.
func TestPolicyCases(t *testing.T) {
	cases := readCases(t)
	if len(cases) < 60 {
		t.Errorf("%d cases, at least 60 are due", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, difference := range c.run(mutation{}) {
				t.Error(difference)
			}
		})
	}
}

// mutation is a change to what the rules of a case do. The zero mutation is none.
type mutation struct {
	condition string      // whose result is inverted
	action    func(*spec) // changes what a rule does
}

// run decides on the message of the case and gives what differs from want.yaml.
func (c *policyCase) run(mu mutation) []string {
	set, problems := c.load(mu)
	if set == nil {
		return []string{fmt.Sprint(problems)}
	}
	m, err := message.Read(c.env.envelope, bytes.NewReader(c.eml), nil, message.DefaultLimits)
	if err != nil {
		return []string{err.Error()}
	}
	defer m.Close()
	engine := NewEngine(Settings{OnError: c.env.onError})
	return c.compare(m, engine.Run(context.Background(), set, rules.NewScan(c.world(), m), DryRun{}))
}

func (c *policyCase) load(mu mutation) (*rules.Set, []strictyaml.Problem) {
	set, problems := Load(c.policies, rules.Vocabulary{
		Types:     classify.Builtin(),
		Actions:   vocabulary{planned: c.want.planned},
		Directory: c.people,
		Inverted:  mu.condition,
	})
	if set != nil && mu.action != nil {
		for _, p := range set.Policies {
			for _, r := range p.Rules {
				mu.action(specOf(r))
			}
		}
	}
	return set, problems
}

// world has one directory, which fails where the case says so, groups that are
// resolved, and the aliases of the case.
func (c *policyCase) world() *rules.World {
	people := silent{c.people, make(map[string]bool)}
	for _, name := range c.env.unavailable {
		people.about[strings.ToLower(name)] = true
	}
	limits := extract.DefaultLimits
	if c.env.characters > 0 {
		limits.Characters = c.env.characters
	}
	return &rules.World{
		Organization: &directory.Organization{Name: "Example Ltd", Domains: c.env.domains, People: people},
		Directory:    people,
		Resolver:     directory.Chain(directory.Groups(people), aliases{c.env.aliases, people}),
		Types:        classify.Builtin(),
		Trust:        rules.Trust{Authenticated: true, Listeners: []string{"SUBMISSION"}, Networks: c.env.networks},
		Extract:      limits,
	}
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

func (s silent) Person(ctx context.Context, addr message.Path) (*directory.Person, error) {
	if err := s.fails(addr.String()); err != nil {
		return nil, err
	}
	return s.Directory.Person(ctx, addr)
}

func (s silent) Login(ctx context.Context, login string) (*directory.Person, error) {
	if err := s.fails(login); err != nil {
		return nil, err
	}
	return s.Directory.Login(ctx, login)
}

func (s silent) Group(ctx context.Context, addr message.Path) (*directory.Group, error) {
	if err := s.fails(addr.String()); err != nil {
		return nil, err
	}
	return s.Directory.Group(ctx, addr)
}

func (s silent) Member(ctx context.Context, addr, group message.Path) (bool, error) {
	for _, p := range []message.Path{addr, group} {
		if err := s.fails(p.String()); err != nil {
			return false, err
		}
	}
	return s.Directory.Member(ctx, addr, group)
}

// aliases stands for the alias maps of an MTA.
type aliases struct {
	to     map[string][]string
	silent silent
}

func (a aliases) Resolve(_ context.Context, addr message.Path) ([]message.Path, error) {
	if err := a.silent.fails("alias:" + addr.String()); err != nil {
		return nil, err
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
