package actions

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
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
	world := c.world()
	store := &captured{}
	live := caseLive(store, world.Organization, c.notices)
	decided := NewEngine(Settings{OnError: c.env.onError, Notices: c.notices, Reviewed: true}).
		Run(context.Background(), set, rules.NewScan(world, m), live)
	return c.compare(m, decided, &store.commit)
}

// captured is a store that keeps nothing but shows what it was given.
type captured struct {
	quarantine.Store
	commit quarantine.Commit
}

func (c *captured) Fingerprints(context.Context, string) ([]quarantine.Fingerprint, error) {
	return nil, nil
}

func (c *captured) Commit(_ context.Context, commit *quarantine.Commit) error {
	c.commit = *commit
	return nil
}

// caseLive gives live effects with names that are counted.
func caseLive(store quarantine.Store, org *directory.Organization, notices *notice.Writer) *Live {
	var n atomic.Int64
	return &Live{
		Store: store, Notices: notices, Organization: org,
		Reviewers: []message.Path{messageTo(nil, "reviewers@example.com").Envelope.Recipients[0].Path},
		Keep:      30 * 24 * time.Hour, Lifetime: 5 * 24 * time.Hour,
		Reference: func() string { return "P-TESTREF" },
		ID:        func() string { return fmt.Sprint("id", n.Add(1)) },
		Now:       func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) },
		Explain:   func(*message.Message, *Decision) ([]byte, error) { return []byte("{}"), nil },
		Repeated:  func(Repeat) {},
	}
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

// caseNotices writes the notices of all cases.
func caseNotices(t testing.TB) *notice.Writer {
	t.Helper()
	from, err := dsn.ParseMailbox("Example mail policy <mail-policy@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	w, err := notice.New(notice.Settings{
		From: from, Organization: "Example Ltd", Hostname: "mx.example.com", InstallID: "cases", Key: bytes.Repeat([]byte("k"), 32),
		Now:   func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) },
		NewID: func() string { return "notice" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
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

func (s silent) Group(ctx context.Context, group directory.Ref) (*directory.Group, error) {
	if err := s.fails(group.String()); err != nil {
		return nil, err
	}
	return s.Directory.Group(ctx, group)
}

func (s silent) Member(ctx context.Context, addr message.Path, group directory.Ref) (bool, error) {
	for _, name := range []string{addr.String(), group.String()} {
		if err := s.fails(name); err != nil {
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
