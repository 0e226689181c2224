package rules

import (
	"context"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// named tests whether an address, or the primary address of its owner, is in a
// set.
func (s *Scan) named(ctx context.Context, addr message.Path, set map[string]bool) (Truth, string) {
	if set[addr.Key()] {
		return True, "is named"
	}
	key, err := s.mailbox(ctx, addr)
	switch {
	case err != nil:
		return Unknown, "could not be looked up: the directory did not answer"
	case set[key]:
		return True, "belongs to an address named"
	}
	return False, "is not named"
}

func parseFrom(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.addressSet(n, field)
	return ofSenders(func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		return s.named(ctx, addr, set)
	}), ok
}

func parseFromMemberOf(r *reader, n *strictyaml.Node, field string) (check, bool) {
	groups, ok := r.readGroups(n, field)
	return ofSenders(func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		return s.memberOf(ctx, addr, groups)
	}), ok
}

func parseSenderDomain(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.domains(n, field)
	return ofSenders(func(_ context.Context, _ *Scan, addr message.Path) (Truth, string) {
		return inDomains(set, addr)
	}), ok
}

func inDomains(set domainSet, addr message.Path) (Truth, string) {
	if set.holds(addr) {
		return True, "is in a domain named"
	}
	return False, "is in no domain named"
}

const (
	inOrganization    = "inOrganization"
	notInOrganization = "notInOrganization"
)

func insideReason(t Truth) string {
	return [...]string{"is outside the organisation", "could not be looked up: the directory did not answer", "is inside the organisation"}[t]
}

func parseFromScope(r *reader, n *strictyaml.Node, field string) (check, bool) {
	word, ok := r.OneOf(n, field, inOrganization, notInOrganization)
	ofIdentities := ofSenders(func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		in := s.inside(ctx, addr)
		if word == notInOrganization {
			return in.not(), insideReason(in)
		}
		return in, insideReason(in)
	})
	return check{message: func(ctx context.Context, s *Scan, strict bool) finding {
		if s.Ours() {
			return ofIdentities.message(ctx, s, strict)
		}
		// Nobody is inside in a session that is not ours, whatever is named; a sender
		// who names nobody is exempt from nothing.
		outside := word == notInOrganization && (!strict || len(s.identities(ctx)) > 0)
		return finding{truth: truthOf(outside), reason: "the session is not ours, so the sender is outside the organisation"}
	}}, ok
}

func parseIPRanges(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ranges, ok := r.ipRanges(n, field)
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		addr := s.Message.Envelope.ClientAddr.Unmap().WithZone("")
		if !addr.IsValid() {
			return false, "the client has no IP address"
		}
		for _, ir := range ranges {
			if ir.holds(addr) {
				return true, "the client " + addr.String() + " is in a range named"
			}
		}
		return false, "the client " + addr.String() + " is in no range named"
	}), ok
}

func parseSentTo(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.addressSet(n, field)
	return check{
		recipient: func(ctx context.Context, s *Scan, t *target) (Truth, string) { return s.named(ctx, t.addr, set) },
		written:   func(addr message.Path) bool { return set[addr.Key()] },
	}, ok
}

func parseSentToMemberOf(r *reader, n *strictyaml.Node, field string) (check, bool) {
	groups, ok := r.readGroups(n, field)
	return check{recipient: func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		return s.memberOf(ctx, t.addr, groups)
	}}, ok
}

func parseRecipientDomain(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.domains(n, field)
	return check{recipient: func(_ context.Context, _ *Scan, t *target) (Truth, string) { return inDomains(set, t.addr) }}, ok
}

func parseAccessScope(r *reader, n *strictyaml.Node, field string) (check, bool) {
	if n.Kind == scalar && strings.EqualFold(n.Value, "none") {
		r.Errorf(n, field, "write `inOrganization` or `notInOrganization`, or take the condition away", "`None` asks nothing")
		return check{}, false
	}
	word, ok := r.OneOf(n, field, inOrganization, notInOrganization)
	return check{recipient: func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		in := s.targetInside(ctx, t)
		if word == notInOrganization {
			return in.not(), insideReason(in)
		}
		return in, insideReason(in)
	}}, ok
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

func parseRecipientWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	words, ok := r.words(n, field)
	return anyTarget("no address contains a word", func(_ context.Context, _ *Scan, t *target) (Truth, string) {
		word, found := words.Find(t.addr.String())
		return truthOf(found), "contains " + quote(word)
	}), ok
}

func parseRecipientPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	p, ok := r.readPatterns(n, field)
	return anyTarget("no address matches a pattern", func(_ context.Context, _ *Scan, t *target) (Truth, string) {
		source, found := p.find(t.addr.String())
		return truthOf(found), "matches " + quote(source)
	}), ok
}
