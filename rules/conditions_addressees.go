package rules

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// maxAddressees bounds the addresses of header fields that are looked up for a
// condition.
const maxAddressees = 5000

// ofAddressees makes the check of a condition on the addresses that header fields
// name. It holds when one of them satisfies test. Anybody may write them: in strict
// use only those count that are recipients too.
func ofAddressees(test senderTest, fields ...string) check {
	return check{message: func(ctx context.Context, s *Scan, strict bool) finding {
		best := finding{truth: False, reason: "nobody named in the header field is"}
		if len(fields) > 1 {
			best.reason = "nobody named in the header fields is"
		}
		asked := 0
		for _, h := range s.Message.Headers() {
			for _, field := range fields {
				for _, addr := range h.Addresses(field) {
					if strict && !s.isRecipient(addr) {
						continue
					}
					if asked++; asked > maxAddressees {
						return finding{truth: Unknown, reason: "the header names more people than are looked up"}
					}
					truth, why := test(ctx, s, addr)
					if truth > best.truth {
						best = finding{truth: truth, reason: addr.String() + " in the header field " + field + " " + why}
					}
					if truth == True {
						return best
					}
				}
			}
		}
		return best
	}}
}

// isRecipient tells whether the client wrote an address as a recipient.
func (s *Scan) isRecipient(addr message.Path) bool {
	return slices.ContainsFunc(s.Message.Envelope.Recipients, func(r message.Recipient) bool { return r.Path.Key() == addr.Key() || r.Named().Key() == addr.Key() })
}

// addressees gives the parser of a condition on people whom header fields name.
func addressees(fields ...string) func(*reader, *strictyaml.Node, string) (check, bool) {
	return func(r *reader, n *strictyaml.Node, field string) (check, bool) {
		set, ok := r.addressSet(n, field)
		return ofAddressees(func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) { return s.named(ctx, addr, set) }, fields...), ok
	}
}

// addresseesIn gives the parser of a condition on groups of which header fields
// name a member.
func addresseesIn(fields ...string) func(*reader, *strictyaml.Node, string) (check, bool) {
	return func(r *reader, n *strictyaml.Node, field string) (check, bool) {
		groups, ok := r.readGroups(n, field)
		return ofAddressees(func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
			return s.memberOf(ctx, addr, groups)
		}, fields...), ok
	}
}
