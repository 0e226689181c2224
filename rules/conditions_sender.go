package rules

import (
	"context"

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

// matches looks for something in an address, or in the primary address of its
// owner.
func (s *Scan) matches(ctx context.Context, addr message.Path, find matcher, none string) (Truth, string) {
	if what, found := find(addr.String()); found {
		return True, what
	}
	p, err := s.person(ctx, addr)
	switch {
	case err == nil && p.Address.Key() != addr.Key():
		if what, found := find(p.Address.String()); found {
			return True, "belongs to an address that " + what
		}
	case err != nil && !notFound(err):
		return Unknown, "could not be looked up: the directory did not answer"
	}
	return False, none
}

// What is said of an address in which nothing is found.
const (
	noWord    = "contains no word named"
	noPattern = "matches no pattern"
)

// view gives the identities that conditions on the sender's address look at in
// the rule being read.
func (r *reader) view() view {
	s := &r.vocabulary.Settings
	v := view{location: s.SenderAddressLocation, fields: s.SenderAndReplyTo}
	if r.rule.location != "" {
		v.location = r.rule.location
	}
	r.rule.located = true
	return v
}

func parseFrom(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.addressSet(n, field)
	return ofSenders(r.view(), func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		return s.named(ctx, addr, set)
	}), ok
}

func parseFromMemberOf(r *reader, n *strictyaml.Node, field string) (check, bool) {
	groups, ok := r.readGroups(n, field)
	return ofSenders(r.view(), func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		return s.memberOf(ctx, addr, groups)
	}), ok
}

func parseFromWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	words, ok := r.wordMatcher(n, field)
	return ofSenders(r.view(), func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		return s.matches(ctx, addr, words, noWord)
	}), ok
}

func parseFromPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	patterns, ok := r.patternMatcher(n, field)
	return ofSenders(r.view(), func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		return s.matches(ctx, addr, patterns, noPattern)
	}), ok
}

func parseSenderDomain(r *reader, n *strictyaml.Node, field string) (check, bool) {
	set, ok := r.domains(n, field)
	return ofSenders(r.view(), func(_ context.Context, _ *Scan, addr message.Path) (Truth, string) {
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
	v, byAddress := r.view(), r.vocabulary.Settings.ScopeByAddress
	test := func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		in := s.inside(ctx, addr)
		if word == notInOrganization {
			return in.not(), insideReason(in)
		}
		return in, insideReason(in)
	}
	return check{message: func(ctx context.Context, s *Scan, strict bool) finding {
		if s.Ours() || byAddress && !strict {
			truth, reason := v.ask(ctx, s, strict, test)
			return finding{truth: truth, reason: reason}
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
