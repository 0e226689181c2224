package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

const noAnswer = "could not be looked up: the directory did not answer"

// personOf looks up whom an address belongs to. Without a person, truth and reason
// are the answer to whatever is asked of one.
func (s *Scan) personOf(ctx context.Context, addr message.Path) (p *directory.Person, truth Truth, reason string) {
	p, err := s.person(ctx, addr)
	switch {
	case err == nil:
		return p, True, ""
	case !notFound(err):
		return nil, Unknown, noAnswer
	case s.World.Directory == nil:
		return nil, False, "is nobody known: there is no directory"
	}
	return nil, False, "is nobody in the directory"
}

// parseAttributes reads attributes of a person with what is looked for in them.
func (r *reader) parseAttributes(n *strictyaml.Node, field string, values func(*strictyaml.Node, string) (matcher, bool), commas bool) (senderTest, bool) {
	r.needDirectory(n, field)
	tests, ok := r.readPairs(n, field, pairs{
		noun: "an attribute", example: "Department: [Sales]", commas: commas, values: values,
		name: func(at *strictyaml.Node, f, text string) (string, bool) { return attributeName(r.Reader, at, f, text) },
	})
	return func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		p, truth, reason := s.personOf(ctx, addr)
		if p == nil {
			return truth, reason
		}
		for _, t := range tests {
			for _, value := range p.Attributes[t.name] {
				if what, found := t.find(value); found {
					return True, "has an attribute " + t.name + " that " + what
				}
			}
		}
		return False, "has no attribute named with such a value"
	}, ok
}

func parseSenderAttributeWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	test, ok := r.parseAttributes(n, field, r.wordMatcher, true)
	return ofSenders(view{}, test), ok
}

func parseSenderAttributePatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	test, ok := r.parseAttributes(n, field, r.patternMatcher, false)
	return ofSenders(view{}, test), ok
}

func parseRecipientAttributeWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	test, ok := r.parseAttributes(n, field, r.wordMatcher, true)
	return ofRecipient(test.ofTarget), ok
}

func parseRecipientAttributePatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	test, ok := r.parseAttributes(n, field, r.patternMatcher, false)
	return ofRecipient(test.ofTarget), ok
}

// ofTarget answers for a recipient.
func (test senderTest) ofTarget(ctx context.Context, s *Scan, t *target) (Truth, string) {
	return test(ctx, s, t.addr)
}

// betweenTest answers a condition for one address of a sender and one recipient.
type betweenTest func(ctx context.Context, s *Scan, sender, recipient message.Path, strict bool) (Truth, string)

// between makes the check of a condition on a sender and a recipient together.
func between(test betweenTest) check {
	return check{recipient: func(ctx context.Context, s *Scan, t *target, strict bool) (Truth, string) {
		return view{}.ask(ctx, s, strict, func(ctx context.Context, s *Scan, sender message.Path) (Truth, string) {
			return test(ctx, s, sender, t.addr, strict)
		})
	}}
}

// parseComparison reads ADComparisonAttribute with ADComparisonOperator.
func parseComparison(r *reader, e, operator strictyaml.Entry) (check, bool) {
	r.needDirectory(e.Value, e.Field)
	name := readAttribute(r.Reader, e)
	equal, ok := true, true
	if operator.Value != nil {
		var word string
		word, ok = r.OneOf(operator.Value, operator.Field, "equal", "notEqual")
		equal = word == "equal"
	}
	return between(func(ctx context.Context, s *Scan, sender, recipient message.Path, strict bool) (Truth, string) {
		one, truth, reason := s.attribute(ctx, name, sender)
		if truth != Unknown {
			var other []string
			if other, truth, reason = s.attribute(ctx, name, recipient); truth != Unknown {
				return compare(name, one, other, equal, strict)
			}
			reason = "writes to one who " + reason
		}
		return truth, reason
	}), ok && name != ""
}

// attribute gives the values of an attribute of whom an address belongs to.
func (s *Scan) attribute(ctx context.Context, name string, addr message.Path) ([]string, Truth, string) {
	p, truth, reason := s.personOf(ctx, addr)
	if p == nil {
		return nil, truth, reason
	}
	return p.Attributes[name], True, ""
}

// compare compares the values of an attribute of two people: they are equal when
// they have one in common. A value that is not there differs from any other, and in
// strict use proves nothing.
func compare(name string, one, other []string, equal, strict bool) (Truth, string) {
	if len(one) == 0 || len(other) == 0 {
		return truthOf(!equal && !strict), "or the recipient has no " + name
	}
	same := slices.ContainsFunc(one, func(v string) bool {
		return slices.ContainsFunc(other, func(w string) bool { return strings.EqualFold(strings.TrimSpace(v), strings.TrimSpace(w)) })
	})
	if same {
		return truthOf(equal), "has the same " + name + " as the recipient"
	}
	return truthOf(!equal), "has another " + name + " than the recipient"
}

// parseBetween reads BetweenMemberOf1 with BetweenMemberOf2: mail from one of the
// groups to the other, either way.
func parseBetween(r *reader, first, second strictyaml.Entry) (check, bool) {
	one, ok1 := r.readGroups(first.Value, first.Field)
	two, ok2 := r.readGroups(second.Value, second.Field)
	way := func(ctx context.Context, s *Scan, sender, recipient message.Path, from, to []directory.Ref) (Truth, string) {
		in, reason := s.memberOf(ctx, sender, from)
		if in == False {
			return False, reason
		}
		reached, why := s.memberOf(ctx, recipient, to)
		if reached == False {
			return False, "writes to one who " + why
		}
		return and(in, reached), reason + " and writes to one who " + why
	}
	return between(func(ctx context.Context, s *Scan, sender, recipient message.Path, _ bool) (Truth, string) {
		truth, reason := way(ctx, s, sender, recipient, one, two)
		if truth == True {
			return truth, reason
		}
		if other, why := way(ctx, s, sender, recipient, two, one); other > truth {
			return other, why
		}
		return truth, reason
	}), ok1 && ok2
}

// managerKey gives the key of the address of a person's manager; empty without
// one.
func managerKey(p *directory.Person) string {
	if p.Manager.IsNull() {
		return ""
	}
	return p.Manager.Key()
}

// parseManager reads ManagerForEvaluatedUser with ManagerAddresses.
func parseManager(r *reader, e, addresses strictyaml.Entry) (check, bool) {
	r.needDirectory(e.Value, e.Field)
	word, ok := r.OneOf(e.Value, e.Field, "sender", "recipient")
	set, good := r.addressSet(addresses.Value, addresses.Field)
	managed := senderTest(func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		p, truth, reason := s.personOf(ctx, addr)
		switch {
		case p == nil:
			return truth, reason
		case managerKey(p) == "":
			return False, "has no manager"
		}
		truth, reason = s.named(ctx, p.Manager, set)
		return truth, "has a manager who " + reason
	})
	if word == "sender" {
		return ofSenders(view{}, managed), ok && good
	}
	return ofRecipient(managed.ofTarget), ok && good
}

func parseManagement(r *reader, n *strictyaml.Node, field string) (check, bool) {
	r.needDirectory(n, field)
	word, ok := r.OneOf(n, field, "manager", "directReport")
	return between(func(ctx context.Context, s *Scan, sender, recipient message.Path, _ bool) (Truth, string) {
		manager, report := sender, recipient
		if word == "directReport" {
			manager, report = recipient, sender
		}
		p, truth, reason := s.personOf(ctx, report)
		switch {
		case p == nil:
			return truth, describeOther(report, recipient, reason)
		case managerKey(p) == "":
			return False, describeOther(report, recipient, "has no manager")
		}
		key, err := s.mailbox(ctx, manager)
		switch {
		case err != nil:
			return Unknown, describeOther(manager, recipient, noAnswer)
		case key != managerKey(p):
			return False, "is not the manager, or not the report, of the recipient"
		case word == "directReport":
			return True, "reports to the recipient"
		}
		return True, "is the manager of the recipient"
	}), ok
}

// describeOther says of the recipient, rather than of the sender, what is known.
func describeOther(who, recipient message.Path, reason string) string {
	if who == recipient {
		return "writes to one who " + reason
	}
	return reason
}

// parseListed reads a condition on lists that people keep of whom they may
// correspond with: the owner's attribute named by the settings has values
// "tag:address" or "tag:domain".
func parseListed(r *reader, n *strictyaml.Node, field string, owner func(sender, recipient message.Path) (owner, other message.Path)) (check, bool) {
	attribute := r.vocabulary.Settings.ListAttribute
	tags, _, ok := r.texts(n, field)
	if attribute == "" {
		r.Errorf(n, field, "add `conditions: {listAttribute: CustomAttribute15}` to postern.yaml, with values such as `allow:anna@partner.example`",
			"no attribute is named that holds lists of correspondents")
		return check{}, false
	}
	r.needDirectory(n, field)
	return between(func(ctx context.Context, s *Scan, sender, recipient message.Path, _ bool) (Truth, string) {
		whose, other := owner(sender, recipient)
		p, truth, reason := s.personOf(ctx, whose)
		if p == nil {
			return truth, describeOther(whose, recipient, reason)
		}
		for _, value := range p.Attributes[attribute] {
			tag, entry, pair := strings.Cut(value, ":")
			if !pair || !slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, strings.TrimSpace(tag)) }) {
				continue
			}
			if onList(strings.TrimSpace(entry), other) {
				return True, "and the recipient: one is on the list " + quote(strings.TrimSpace(tag)) + " of the other"
			}
		}
		return False, "and the recipient: neither is on a list named"
	}), ok
}

// onList tells whether an entry of a list, an address or a domain, stands for an
// address.
func onList(entry string, addr message.Path) bool {
	if at := strings.LastIndexByte(entry, '@'); at > 0 {
		p, err := message.ParsePath(entry)
		return err == nil && p.Key() == addr.Key()
	}
	return newDomainSet([]string{strings.ToLower(strings.TrimPrefix(entry, "@"))}).holds(addr)
}

func parseSenderListed(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return parseListed(r, n, field, func(sender, recipient message.Path) (message.Path, message.Path) { return recipient, sender })
}

func parseRecipientListed(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return parseListed(r, n, field, func(sender, recipient message.Path) (message.Path, message.Path) { return sender, recipient })
}
