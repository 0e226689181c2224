package rules

import (
	"context"
	"fmt"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// ofRecipient makes the check of a condition on one recipient.
func ofRecipient(test func(ctx context.Context, s *Scan, t *target) (Truth, string)) check {
	return check{recipient: func(ctx context.Context, s *Scan, t *target, _ bool) (Truth, string) { return test(ctx, s, t) }}
}

func parseSentTo(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.addressSet(n, field)
	c := ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) { return s.named(ctx, t.addr, set) })
	c.written = func(addr message.Path) bool { return set[addr.Key()] }
	return c, ok
}

func parseSentToMemberOf(r *reader, n *strictyaml.Node, field string) (check, bool) {
	groups, ok := r.readGroups(n, field)
	return ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		return s.memberOf(ctx, t.addr, groups)
	}), ok
}

func parseRecipientDomain(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.domains(n, field)
	return ofRecipient(func(_ context.Context, _ *Scan, t *target) (Truth, string) { return inDomains(set, t.addr) }), ok
}

func parseAccessScope(r *reader, n *strictyaml.Node, field string) (check, bool) {
	if n.Kind == scalar && strings.EqualFold(n.Value, "none") {
		r.Errorf(n, field, "write `inOrganization` or `notInOrganization`, or take the condition away", "`None` asks nothing")
		return check{}, false
	}
	word, ok := r.OneOf(n, field, inOrganization, notInOrganization)
	return scopeOfRecipient(word), ok
}

func scopeOfRecipient(word string) check {
	return ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		in := s.targetInside(ctx, t)
		if word == notInOrganization {
			return in.not(), insideReason(in)
		}
		return in, insideReason(in)
	})
}

// parseSentToScope reads the transport rule's twin of accessScope, which knows
// partners too.
func parseSentToScope(r *reader, n *strictyaml.Node, field string) (check, bool) {
	const partner, nonPartner = "externalPartner", "externalNonPartner"
	word, ok := r.OneOf(n, field, inOrganization, notInOrganization, partner, nonPartner)
	if word != partner && word != nonPartner {
		return scopeOfRecipient(word), ok
	}
	partners := newDomainSet(r.vocabulary.Settings.Partners)
	if len(r.vocabulary.Settings.Partners) == 0 {
		r.Errorf(n, field, "add `organization: {partnerDomains: [partner.example]}` to postern.yaml", "no partner is known")
		return check{}, false
	}
	return ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		outside := s.targetInside(ctx, t).not()
		ours := truthOf(partners.holds(t.addr))
		reason := insideReason(outside.not())
		if outside == True {
			reason = [...]string{"is outside, at no partner", "", "is outside, at a partner"}[ours]
		}
		if word == nonPartner {
			ours = ours.not()
		}
		return and(outside, ours), reason
	}), ok
}

func parseNonBifurcating(r *reader, n *strictyaml.Node, field string) (check, bool) {
	word, ok := r.OneOf(n, field, "hasInternal", "hasExternal", "none")
	switch word {
	case "hasInternal":
		return anyTarget("no recipient is inside the organisation", func(ctx context.Context, s *Scan, t *target) (Truth, string) {
			in := s.targetInside(ctx, t)
			return in, insideReason(in)
		}), ok
	case "hasExternal":
		return anyTarget("all recipients are inside the organisation", func(ctx context.Context, s *Scan, t *target) (Truth, string) {
			in := s.targetInside(ctx, t)
			return in.not(), insideReason(in)
		}), ok
	}
	return plain(func(context.Context, *Scan) (bool, string) { return true, "`none` asks nothing" }), ok
}

func parseAnyRecipientWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	words, ok := r.wordMatcher(n, field)
	return anyTarget("no address contains a word named", func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		return s.matches(ctx, t.addr, words, noWord)
	}), ok
}

func parseAnyRecipientPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	patterns, ok := r.patternMatcher(n, field)
	return anyTarget("no address matches a pattern", func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		return s.matches(ctx, t.addr, patterns, noPattern)
	}), ok
}

func parseRecipientWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	words, ok := r.wordMatcher(n, field)
	return ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		return s.matches(ctx, t.addr, words, noWord)
	}), ok
}

func parseRecipientPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	patterns, ok := r.patternMatcher(n, field)
	return ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		return s.matches(ctx, t.addr, patterns, noPattern)
	}), ok
}

// maxRecipients bounds a number of recipients in a policy.
const maxRecipients = 1_000_000

// overCount makes the check of a condition on how many different things the
// recipients have. Those that cannot be resolved may have more.
func (r *reader) overCount(n *strictyaml.Node, field, what string, key func(message.Path) string) (check, bool) {
	most, ok := r.Int(n, field, 0, maxRecipients)
	return check{recipients: true, message: func(ctx context.Context, s *Scan, _ bool) finding {
		seen := make(map[string]bool)
		unresolved := 0
		for _, members := range s.targets(ctx) {
			for _, t := range members {
				if t.unresolved {
					unresolved++
				} else if k := key(t.addr); k != "" {
					seen[k] = true
				}
			}
		}
		f := finding{truth: truthOf(len(seen) > most), reason: fmt.Sprintf("the message goes to %d %s", len(seen), what)}
		if unresolved > 0 {
			f.truth = max(f.truth, Unknown)
			f.reason += fmt.Sprintf(", and %d could not be resolved", unresolved)
		}
		return f
	}}, ok
}

func parseDomainCount(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return r.overCount(n, field, "domains", domainKey)
}

func parseRecipientCount(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return r.overCount(n, field, "addresses", func(p message.Path) string { return p.Key() })
}
