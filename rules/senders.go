package rules

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// identity is one place that says who sends.
type identity struct {
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

// senders are all identities of a message: the addresses of header From, the
// reverse-path, and the person of the login name.
type senders struct {
	list []identity
}

func (s *Scan) identities(ctx context.Context) []identity {
	if s.senders != nil {
		return s.senders.list
	}
	var list []identity
	for _, h := range s.Message.Headers() {
		before := len(list)
		for _, a := range h.Addresses("From") {
			if !a.IsNull() {
				list = append(list, identity{source: "header From", addr: a})
			}
		}
		if _, present := h.Get("From"); present && len(list) == before {
			list = append(list, identity{source: "header From without an address", nobody: true})
		}
	}
	env := &s.Message.Envelope
	switch {
	case !env.ReversePath.IsNull():
		list = append(list, identity{source: "reverse-path", addr: env.ReversePath})
	case !s.Ours() && len(list) > 0:
		// Nothing but the header then says who sends, and anybody may have written it.
		list = append(list, identity{source: "the null reverse-path of a session that is not ours", nobody: true})
	}
	if env.Authenticated != "" {
		if id, ok := s.login(ctx, env.Authenticated); ok {
			list = append(list, id)
		}
	}
	s.senders = &senders{list: list}
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
			return identity{source: "login", addr: p.Address}, true
		}
	}
	if !notFound(err) {
		return identity{source: "login", unknown: true}, true
	}
	if a, perr := message.ParsePath(name); perr == nil && a.Domain() != "" {
		return identity{source: "login", addr: a}, true
	}
	return identity{source: "login unknown to the directory", nobody: true}, s.World.Directory != nil
}

// ofSenders makes the check of a condition on the sender. It holds when any
// identity satisfies test, in strict use only when all do; without any identity
// it never holds.
func ofSenders(test func(ctx context.Context, s *Scan, addr message.Path) (Truth, string)) check {
	return check{message: func(ctx context.Context, s *Scan, strict bool) finding {
		ids := s.identities(ctx)
		if len(ids) == 0 {
			return finding{truth: False, reason: "no sender is named"}
		}
		result := truthOf(strict)
		var reason string
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
		return finding{truth: result, reason: reason}
	}}
}

// AddressMismatch tells whether header From, reverse-path and login name
// different mailboxes. What cannot be looked up is compared as it is written.
func (s *Scan) AddressMismatch(ctx context.Context) bool {
	first := ""
	for _, id := range s.identities(ctx) {
		if id.nobody || id.unknown {
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
