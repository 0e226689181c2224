package rules_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// words is a vocabulary of actions for tests: it knows stopPolicyProcessing and
// keeps the names of all other keys.
type words struct{}

func (words) Parse(r *strictyaml.Reader, n *strictyaml.Node, field string, rule *rules.Rule) (actions []any) {
	for _, e := range r.Mapping(n, field).Entries() {
		if e.Key == "stopPolicyProcessing" {
			rule.Stop, _ = r.Bool(e.Value, e.Field)
			continue
		}
		actions = append(actions, e.Key)
	}
	return actions
}

func vocabulary() rules.Vocabulary {
	return rules.Vocabulary{Types: classify.Builtin(), Actions: words{}}
}

// settled is a vocabulary with everything set that conditions ask for.
func settled() rules.Vocabulary {
	v := vocabulary()
	v.Settings = rules.Settings{
		ListAttribute: "CustomAttribute15", Partners: []string{"partner.example", ".partners.example"},
		Risk: &rules.Risk{Attribute: "CustomAttribute1", FromMatches: map[rules.RiskLevel]int{rules.Minor: 1, rules.Moderate: 3}},
	}
	return v
}

// load compiles policies named a.yaml, b.yaml ….
func load(t testing.TB, texts ...string) *rules.Set {
	t.Helper()
	return loadWith(t, settled(), texts...)
}

func loadWith(t testing.TB, v rules.Vocabulary, texts ...string) *rules.Set {
	t.Helper()
	set, problems := rules.Load(files(texts...), v)
	if set == nil {
		t.Fatalf("the policies do not load: %v", problems)
	}
	return set
}

func files(texts ...string) []rules.File {
	list := make([]rules.File, len(texts))
	for i, text := range texts {
		list[i] = rules.File{Name: string(rune('a'+i)) + ".yaml", Data: []byte(text)}
	}
	return list
}

// policy writes a policy of one rule.
func policy(conditions, exceptions string) string {
	s := "policy: Case\nmode: enable\nrules:\n  - rule: Only\n    conditions: " + conditions + "\n"
	if exceptions != "" {
		s += "    exceptions: " + exceptions + "\n"
	}
	return s
}

func path(t testing.TB, s string) message.Path {
	t.Helper()
	p, err := message.ParsePath(s)
	if err != nil {
		t.Fatalf("ParsePath(%q): %v", s, err)
	}
	return p
}

// mail is a message in a test.
type mail struct {
	from     string // header From; "" is that of the reverse-path, "-" is none
	path     string // reverse-path; "" is anna@example.com, "-" is null
	to       []string
	client   string
	login    string
	listener string
	header   string // further fields
	subject  string
	body     string
	parts    []string // further body parts with their header sections
	root     string   // Content-Type and body of the message, in the place of both
	override bool     // of the sender, for all recipients
}

func (m mail) message(t testing.TB) *message.Message {
	t.Helper()
	env := message.Envelope{Authenticated: m.login, Listener: m.listener}
	if m.path == "" {
		m.path = "anna@example.com"
	}
	if m.path != "-" {
		env.ReversePath = path(t, m.path)
	}
	if m.to == nil {
		m.to = []string{"bob@example.com"}
	}
	for _, to := range m.to {
		env.Recipients = append(env.Recipients, message.Recipient{Raw: "<" + to + ">", Path: path(t, to)})
	}
	if m.client != "" {
		env.ClientAddr = netip.MustParseAddr(m.client)
	}
	var b strings.Builder
	switch m.from {
	case "":
		if m.path != "-" {
			fmt.Fprintf(&b, "From: %s\r\n", m.path)
		}
	case "-":
	default:
		fmt.Fprintf(&b, "From: %s\r\n", m.from)
	}
	if m.subject != "" {
		fmt.Fprintf(&b, "Subject: %s\r\n", m.subject)
	}
	b.WriteString(m.header)
	if m.root != "" {
		b.WriteString("MIME-Version: 1.0\r\n" + m.root + "\r\n")
	} else if len(m.parts) == 0 {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + m.body + "\r\n")
	} else {
		b.WriteString("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=limit\r\n\r\n")
		for _, p := range append([]string{"Content-Type: text/plain; charset=utf-8\r\n\r\n" + m.body}, m.parts...) {
			b.WriteString("--limit\r\n" + p + "\r\n")
		}
		b.WriteString("--limit--\r\n")
	}
	msg, err := message.Read(env, strings.NewReader(b.String()), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = msg.Close() })
	return msg
}

// file writes a body part that is an attachment.
func file(name, content string) string {
	return "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\n\r\n" + content
}

// people is the directory of testdata/people.yaml, with addresses about which it
// does not answer.
type people struct {
	*directory.File
	silent []string // addresses, groups and logins
	asked  map[string]int
}

func (p *people) fails(what string, names ...string) error {
	p.asked[what+" "+strings.Join(names, " ")]++
	for _, n := range names {
		if slices.Contains(p.silent, n) {
			return fmt.Errorf("%s: %w", n, directory.ErrUnavailable)
		}
	}
	return nil
}

func (p *people) Person(ctx context.Context, addr message.Path) (*directory.Person, error) {
	if err := p.fails("person", addr.String()); err != nil {
		return nil, err
	}
	return p.File.Person(ctx, addr)
}

func (p *people) Login(ctx context.Context, login string) (*directory.Person, error) {
	if err := p.fails("login", login); err != nil {
		return nil, err
	}
	return p.File.Login(ctx, login)
}

func (p *people) Group(ctx context.Context, group directory.Ref) (*directory.Group, error) {
	if err := p.fails("group", group.String()); err != nil {
		return nil, err
	}
	return p.File.Group(ctx, group)
}

func (p *people) Member(ctx context.Context, addr message.Path, group directory.Ref) (bool, error) {
	if err := p.fails("member", addr.String(), group.String()); err != nil {
		return false, err
	}
	return p.File.Member(ctx, addr, group)
}

// house is the organisation of the tests: example.com with the people of
// testdata/people.yaml; sessions with a login, of the listener SUBMISSION and of
// 192.0.2.0/24 are ours. Groups are resolved.
func house(t testing.TB, silent ...string) *rules.World {
	t.Helper()
	data, err := os.ReadFile("testdata/people.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, problems := directory.LoadFile("people.yaml", data)
	if f == nil {
		t.Fatal(problems)
	}
	p := &people{File: f, silent: silent, asked: make(map[string]int)}
	return &rules.World{
		Organization: &directory.Organization{Name: "Example", People: p, Domains: []directory.AcceptedDomain{
			{Name: "example.com", Kind: directory.Authoritative},
			{Name: "shared.example", Kind: directory.InternalRelay},
			{Name: "passing.example", Kind: directory.ExternalRelay},
		}},
		Directory: p,
		Resolver:  directory.Groups(p),
		Types:     classify.Builtin(),
		Trust: rules.Trust{Authenticated: true, Listeners: []string{"SUBMISSION"},
			Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		Extract: extract.DefaultLimits,
		Overridden: func(context.Context, *message.Message) ([]int, error) {
			if slices.Contains(silent, "overrides") {
				return nil, directory.ErrUnavailable
			}
			return nil, nil
		},
		Matches: func(_ context.Context, names []string) (int, error) {
			if slices.Contains(silent, "matches of "+names[0]) {
				return 0, directory.ErrUnavailable
			}
			n := 0
			for _, name := range names {
				n += map[string]int{"bob@example.com": 1, "bob": 2}[name]
			}
			return n, nil
		},
	}
}

// judge gives the result of the only rule.
func judge(t testing.TB, set *rules.Set, w *rules.World, m mail) rules.RuleResult {
	t.Helper()
	if m.override {
		w.Overridden = func(_ context.Context, m *message.Message) (all []int, _ error) {
			for i := range m.Envelope.Recipients {
				all = append(all, i)
			}
			return all, nil
		}
	}
	results := set.Evaluate(t.Context(), rules.NewScan(w, m.message(t))).Rules
	if len(results) != 1 {
		t.Fatalf("%d results for one rule", len(results))
	}
	return results[0]
}

// resolver gives the same answer for all addresses.
type resolver []message.Path

func (r resolver) Resolve(context.Context, message.Path) ([]message.Path, error) { return r, nil }
