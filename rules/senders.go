package rules

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// identity is one place that says who sends.
type identity struct {
	at     source
	source string // in plain words
	addr   message.Path
	// nobody is set where someone is named whose address cannot be known: such a
	// sender satisfies nothing.
	nobody bool
	// unknown is set where the look-up failed.
	unknown bool
}

func (id identity) String() string {
	if id.addr.IsNull() {
		return id.source
	}
	return id.source + " " + id.addr.String()
}

// senders are all identities of a message.
type senders struct {
	list []identity
	seen map[view][]identity // what each view gives
}

// source is where an identity stands.
type source int8

const (
	fromField source = iota
	otherField
	reversePath
	loginName
)

// senderFields are the header fields that name senders. All but From do only when
// the settings say so.
var senderFields = []string{"From", "Sender", "Reply-To"}

// maxSenders bounds the addresses of a header field that are looked up. Those behind
// them exempt from nothing.
const maxSenders = 200

// identities gives all identities: the addresses of the header, the reverse-path,
// and the person of the login name.
func (s *Scan) identities(ctx context.Context) []identity {
	if s.senders != nil {
		return s.senders.list
	}
	var list []identity
	for _, h := range s.Message.Headers() {
		for i, name := range senderFields {
			at := otherField
			if i == 0 {
				at = fromField
			}
			before := len(list)
			for n, a := range h.Addresses(name) {
				if n == maxSenders {
					list = append(list, identity{at: at, source: "header " + name + " with more addresses than are looked at", nobody: true})
					break
				}
				if !a.IsNull() {
					list = append(list, identity{at: at, source: "header " + name, addr: a})
				}
			}
			if _, present := h.Get(name); present && len(list) == before {
				list = append(list, identity{at: at, source: "header " + name + " without an address", nobody: true})
			}
		}
	}
	env := &s.Message.Envelope
	if !env.ReversePath.IsNull() {
		list = append(list, identity{at: reversePath, source: "reverse-path", addr: env.ReversePath})
	}
	if env.Authenticated != "" {
		if id, ok := s.login(ctx, env.Authenticated); ok {
			list = append(list, id)
		}
	}
	s.senders = &senders{list: list, seen: make(map[view][]identity)}
	return list
}

// view says which identities a condition looks at.
type view struct {
	location Location // empty is InHeaderOrEnvelope
	fields   bool     // Sender and Reply-To too
}

// of gives the identities that are asked. An exception in a session that is not
// ours asks all that the settings know, wherever it looks otherwise: anybody may
// have written any of them.
func (v view) of(ctx context.Context, s *Scan, strict bool) []identity {
	if strict && !s.Ours() || v.location == "" {
		v.location = InHeaderOrEnvelope
	}
	all := s.identities(ctx)
	list, known := s.senders.seen[v]
	if !known {
		list = v.pick(s, all)
		s.senders.seen[v] = list
	}
	return list
}

// pick gives the identities out of all.
func (v view) pick(s *Scan, all []identity) []identity {
	var list []identity
	header, envelope := false, false
	for _, id := range all {
		switch id.at {
		case fromField, otherField:
			if v.location == InEnvelope || id.at == otherField && !v.fields {
				continue
			}
			header = true
		case reversePath:
			if v.location == InHeader {
				continue
			}
			envelope = true
		}
		list = append(list, id)
	}
	switch v.location {
	case InHeader:
		if !header {
			list = append(list, identity{source: "a header that names nobody", nobody: true})
		}
	case InEnvelope:
		if !envelope {
			list = append(list, identity{source: "the null reverse-path", nobody: true})
		}
	default:
		// Nothing but the header then says who sends, and anybody may have written it.
		if !envelope && header && !s.Ours() {
			list = append(list, identity{source: "the null reverse-path of a session that is not ours", nobody: true})
		}
	}
	return list
}

// login finds whom a login name stands for: a person of the directory, or the
// address it is itself. With a directory that knows neither it is somebody
// unknown, so that a stolen or forgotten account exempts nothing; without a
// directory it says nothing.
func (s *Scan) login(ctx context.Context, name string) (identity, bool) {
	var err error = directory.ErrNotFound
	if d := s.World.Directory; d != nil {
		var p *directory.Person
		if p, err = d.Login(ctx, name); err == nil {
			return identity{at: loginName, source: "login", addr: p.Address}, true
		}
	}
	if !notFound(err) {
		return identity{at: loginName, source: "login", unknown: true}, true
	}
	if a, perr := message.ParsePath(name); perr == nil && a.Domain() != "" {
		return identity{at: loginName, source: "login", addr: a}, true
	}
	return identity{at: loginName, source: "login unknown to the directory", nobody: true}, s.World.Directory != nil
}

// senderTest answers a condition for one address of a sender.
type senderTest func(ctx context.Context, s *Scan, addr message.Path) (Truth, string)

// ofSenders makes the check of a condition on the sender. It holds when any
// identity satisfies test, in strict use only when all do; without any identity
// it never holds.
func ofSenders(v view, test senderTest) check {
	return check{message: func(ctx context.Context, s *Scan, strict bool) finding {
		truth, reason := v.ask(ctx, s, strict, test)
		return finding{truth: truth, reason: reason}
	}}
}

// ask answers a condition for the sender of a message.
func (v view) ask(ctx context.Context, s *Scan, strict bool, test senderTest) (result Truth, reason string) {
	ids := v.of(ctx, s, strict)
	if len(ids) == 0 {
		return False, "no sender is named"
	}
	result = truthOf(strict)
	for i, id := range ids {
		t, why := False, ""
		switch {
		case id.unknown:
			t, why = Unknown, "the directory did not answer"
		case !id.nobody:
			t, why = test(ctx, s, id.addr)
		}
		if i == 0 || !strict && t > result || strict && t < result {
			result, reason = t, id.String()
			if why != "" {
				reason += " " + why
			}
		}
		if !strict && t == True || strict && t == False {
			break
		}
	}
	return result, reason
}

// Manager gives the manager of the person that an address belongs to; the null path
// where the directory knows no person or no manager. An error means that it did not
// answer.
func (s *Scan) Manager(ctx context.Context, of message.Path) (message.Path, error) {
	p, err := s.person(ctx, of)
	switch {
	case err == nil:
		return p.Manager, nil
	case notFound(err):
		return message.Path{}, nil
	}
	return message.Path{}, err
}

// Language gives what the person that an address belongs to prefers to read, as
// [directory.Person] has it; empty when it is not known.
func (s *Scan) Language(ctx context.Context, of message.Path) string {
	p, err := s.person(ctx, of)
	if err != nil {
		return ""
	}
	return p.Language
}

// AddressMismatch tells whether header From, reverse-path and login name
// different mailboxes. What cannot be looked up is compared as it is written.
func (s *Scan) AddressMismatch(ctx context.Context) bool {
	first := ""
	for _, id := range s.identities(ctx) {
		if id.nobody || id.unknown || id.at == otherField {
			continue
		}
		key, err := s.mailbox(ctx, id.addr)
		if err != nil {
			key = id.addr.Key()
		}
		if first == "" {
			first = key
		}
		if key != first {
			return true
		}
	}
	return false
}

func notFound(err error) bool { return errors.Is(err, directory.ErrNotFound) }
