package rules

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// onlyStop reads no action but stopPolicyProcessing.
type onlyStop struct{}

func (onlyStop) Parse(r *strictyaml.Reader, n *strictyaml.Node, field string, rule *Rule) []any {
	e, _ := r.Mapping(n, field).Get("stopPolicyProcessing")
	rule.Stop, _ = r.Bool(e.Value, e.Field)
	return []any{"stop"}
}

// aliases resolves a group, and an alias about which nobody answers.
type aliases struct{ members []message.Path }

func (a aliases) Resolve(_ context.Context, p message.Path) ([]message.Path, error) {
	switch p.Local() {
	case "group":
		return a.members, nil
	case "silent":
		return nil, directory.ErrUnavailable
	}
	return nil, nil
}

// straight judges a tree for one target in the plainest way: every condition is
// asked, none is remembered and none left out.
func straight(ctx context.Context, s *Scan, n *node, t *target) Truth {
	switch {
	case n.op == opNot:
		return straight(ctx, s, n.kids[0], t).not()
	case n.op != opLeaf:
		got := truthOf(n.op == opAll)
		for _, kid := range n.kids {
			if n.op == opAll {
				got = and(got, straight(ctx, s, kid, t))
			} else {
				got = or(got, straight(ctx, s, kid, t))
			}
		}
		return got
	case n.check.message != nil:
		return n.check.message(ctx, s, n.strict).truth
	case !n.strict && n.check.written != nil && n.check.written(t.written):
		return True
	case t.unresolved:
		return Unknown
	}
	truth, _ := n.check.recipient(ctx, s, t, n.strict)
	return truth
}

// straightRule judges a rule for one target.
func straightRule(ctx context.Context, s *Scan, r *Rule, t *target) (best Truth) {
	defer func() { s.component = 0 }()
	first, last := 0, 0
	if r.PerComponent {
		first, last = 1, s.components()
	}
	for s.component = first; s.component <= last; s.component++ {
		got := straight(ctx, s, r.conditions, t)
		if r.exceptions != nil {
			got = and(got, straight(ctx, s, r.exceptions, t).not())
		}
		best = or(best, got)
	}
	return best
}

var straightLeaves = []string{
	"from: [anna@example.com]", "senderDomainIs: [out.example]", "senderADAttributeContainsWords: {Department: [x]}",
	"sentTo: [a@example.com]", "sentTo: [group@example.com]", "recipientDomainIs: [out.example]", "accessScope: inOrganization",
	"accessScope: notInOrganization", "anyOfRecipientAddressContainsWords: [b]", "recipientCountOver: 3", "domainCountOver: 1",
	"subjectContainsWords: [plan]", "subjectContainsWords: [nothing]", "subjectOrBodyContainsWords: [falcon]", "documentContainsWords: [secret]",
	"documentContainsWords: [other]", "contentExtensionMatchesWords: [txt]", "documentNameMatchesWords: [one]", "headerContainsWords: {X-A: [b]}",
	"contentContainsSensitiveInformation: [{type: Credit card number}]", "contentContainsSensitiveInformation: [{type: Credit card number, minCount: 2}]",
}

// tree writes a random tree of conditions.
func tree(r *rand.Rand, depth int) string {
	pick := func() string { return tree(r, depth-1) }
	switch n := r.IntN(5); {
	case depth == 0 || n > 2:
		return "{" + straightLeaves[r.IntN(len(straightLeaves))] + "}"
	case n == 0:
		return "{not: " + pick() + "}"
	case n == 1:
		return "{all: [" + pick() + ", " + pick() + "]}"
	}
	return "{any: [" + pick() + ", " + pick() + ", " + pick() + "]}"
}

// Asking the cheapest first, none twice and none in vain comes to the same as asking
// all of them for everybody.
func TestRulesComeToWhatTheirConditionsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	a := aliases{}
	for _, m := range recipients(t, "a@example.com", "b@out.example", "c@example.com") {
		a.members = append(a.members, m.Path)
	}
	world := &World{Types: classify.Builtin(), Trust: Trust{Authenticated: true}, Resolver: a,
		Organization: &directory.Organization{Domains: []directory.AcceptedDomain{{Name: "example.com", Kind: directory.Authoritative}}}}
	for round := range 200 {
		text := "policy: P\nmode: enable\nrules:\n"
		for i := range 4 {
			text += fmt.Sprintf("  - rule: R%d\n    conditions: %s\n", i, tree(r, 3)) + one("", "    exceptions: "+tree(r, 2)+"\n") +
				one("", "    evaluateRulePerComponent: true\n") + one("", "    senderAddressLocation: header\n") + one("", "    actions: {stopPolicyProcessing: true}\n")
		}
		set, problems := Load([]File{{Name: "p.yaml", Data: []byte(text)}}, Vocabulary{Types: classify.Builtin(), Actions: onlyStop{}})
		if set == nil {
			t.Fatal(problems)
		}
		to := []string{one("group@example.com", "z@third.example")}
		for _, s := range []string{"a@example.com", "b@out.example", "group@example.com", "silent@example.com"} {
			if r.IntN(2) == 0 {
				to = append(to, s)
			}
		}
		env := message.Envelope{Recipients: recipients(t, to...), Authenticated: one("", "anna@example.com")}
		env.ReversePath = recipients(t, one("anna@example.com", "eve@out.example"))[0].Path
		raw := "From: " + one("anna@example.com", "eve@out.example", "anna@example.com, eve@out.example") + "\r\nSubject: " + one("plan", "x") +
			"\r\nX-A: b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\n" + one("falcon, card 4111 1111 1111 1111 exp 04/29", "falcon", "none") +
			"\r\n--q\r\nContent-Disposition: attachment; filename=one.txt\r\n\r\nsecret card 5500 0000 0000 0004 exp 04/29" +
			"\r\n--q\r\nContent-Disposition: attachment; filename=two.bin\r\n\r\nother card 4111 1111 1111 1111 exp 04/29\r\n--q--\r\n"
		m, err := message.Read(env, strings.NewReader(raw), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		got := set.Evaluate(t.Context(), NewScan(world, m)).Rules

		s := NewScan(world, m)
		e := &evaluation{ctx: t.Context(), scan: s}
		e.setTargets(set.recipients)
		stopped := make(map[*target]bool)
		for i, rule := range set.Policies[0].Rules {
			best, judged := make([]Truth, len(to)), make([]bool, len(to))
			for _, target := range e.targets {
				if stopped[target] {
					continue
				}
				truth := straightRule(t.Context(), s, rule, target)
				judged[target.recipient], best[target.recipient] = true, or(best[target.recipient], truth)
				stopped[target] = rule.Stop && truth == True
			}
			for j := range to {
				want := [...]Result{NotMatched, UnknownRule, Matched}[best[j]]
				if !judged[j] {
					want = NotEvaluated
				}
				if is := resultFor(&got[i], j); is != want {
					t.Fatalf("round %d, rule %s, %s of %v: %s, want %s\n%s", round, rule.Name, to[j], to, is, want, text)
				}
			}
		}
		_ = m.Close()
	}
}

// resultFor gives what a rule came to for a recipient.
func resultFor(r *RuleResult, recipient int) Result {
	switch {
	case slices.Contains(r.Matches, recipient):
		return Matched
	case slices.Contains(r.Unknowns, recipient):
		return UnknownRule
	case slices.Contains(r.Stopped, recipient):
		return NotEvaluated
	}
	return NotMatched
}
