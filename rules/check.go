package rules

import (
	"context"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
)

// finding is what a condition on the whole message came to.
type finding struct {
	truth    Truth
	reason   string
	evidence []Evidence
	parts    []string // that a true answer rests on
}

// check is a compiled condition: either message or recipient is set.
type check struct {
	// message answers for the whole message. It is strict where all senders must
	// satisfy the condition.
	message func(ctx context.Context, s *Scan, strict bool) finding
	// recipient answers for one address the message will be delivered to. It is
	// strict where all senders must satisfy the condition.
	recipient func(ctx context.Context, s *Scan, t *target, strict bool) (Truth, string)
	// written, if set, makes a condition true for a recipient as it was written,
	// before any look-up, unless strict.
	written func(addr message.Path) bool
	// recipients is set for a message check that looks at recipients.
	recipients bool
	// types are those a content check asks for.
	types []*classify.Type
	// sensitive is set for the condition on types of sensitive information.
	sensitive *sensitive
}

// plain makes a check of the whole message that neither fails nor looks at
// senders.
func plain(test func(ctx context.Context, s *Scan) (bool, string)) check {
	return check{message: func(ctx context.Context, s *Scan, _ bool) finding {
		s.pointed = nil
		ok, reason := test(ctx, s)
		f := finding{truth: truthOf(ok), reason: reason}
		if ok {
			f.parts = s.pointed
		}
		return f
	}}
}

// claimed makes a check of the whole message that rests on header fields. In strict
// use the fields that nobody but us may write, and that are removed from the
// message, are not among them.
func claimed(test func(s *Scan, headers []message.Header, strict bool) (bool, string)) check {
	return check{message: func(_ context.Context, s *Scan, strict bool) finding {
		ok, reason := test(s, s.headers(strict), strict)
		return finding{truth: truthOf(ok), reason: reason}
	}}
}
