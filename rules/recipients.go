package rules

import (
	"context"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// target is one address that mail to a recipient reaches.
type target struct {
	recipient int // index into Envelope.Recipients
	addr      message.Path
	written   message.Path // the recipient as the client wrote it
	// unresolved is set when it cannot be known now whom mail to the recipient
	// reaches; addr is then the recipient itself.
	unresolved bool
}

// maxTargets bounds the addresses judged for one message. Recipients beyond it
// count as not resolved.
const maxTargets = 100_000

// targets gives for each recipient the addresses it is delivered to.
func (s *Scan) targets(ctx context.Context) [][]*target {
	if s.recipients != nil {
		return s.recipients
	}
	s.recipients = make([][]*target, len(s.Message.Envelope.Recipients))
	total := 0
	resolved := make(map[string]lookup[[]message.Path])
	for i, r := range s.Message.Envelope.Recipients {
		l := lookup[[]message.Path]{value: []message.Path{r.Path}}
		if s.World.Resolver != nil {
			key := r.Path.Key()
			known, ok := resolved[key]
			if !ok {
				known.value, known.err = s.World.Resolver.Resolve(ctx, r.Path)
				resolved[key] = known
			}
			// A group without members stays what it is, so that it is judged at all.
			if known.err != nil || len(known.value) > 0 {
				l = known
			}
		}
		total += len(l.value)
		if l.err != nil || total > maxTargets {
			s.recipients[i] = []*target{{recipient: i, addr: r.Path, written: r.Named(), unresolved: true}}
			continue
		}
		for _, a := range l.value {
			s.recipients[i] = append(s.recipients[i], &target{recipient: i, addr: a, written: r.Named()})
		}
	}
	return s.recipients
}

// targetInside tells whether a target is inside.
func (s *Scan) targetInside(ctx context.Context, t *target) Truth {
	if t.unresolved {
		return Unknown
	}
	return s.inside(ctx, t.addr)
}

// RecipientInside tells whether recipient i, as it will be delivered, is
// inside: for a group only when all members are. The error is that of a look-up
// that failed, [directory.ErrUnavailable].
func (s *Scan) RecipientInside(ctx context.Context, i int) (bool, error) {
	all := True
	for _, t := range s.targets(ctx)[i] {
		all = and(all, s.targetInside(ctx, t))
	}
	if all == Unknown {
		return false, directory.ErrUnavailable
	}
	return all == True, nil
}

// anyTarget makes the check of a condition that holds for the whole message
// when it holds for one recipient.
func anyTarget(none string, test func(ctx context.Context, s *Scan, t *target) (Truth, string)) check {
	return check{recipients: true, message: func(ctx context.Context, s *Scan, _ bool) finding {
		best := finding{truth: False, reason: none}
		for _, members := range s.targets(ctx) {
			for _, t := range members {
				truth, why := Unknown, "could not be resolved"
				if !t.unresolved {
					truth, why = test(ctx, s, t)
				}
				if truth > best.truth {
					best = finding{truth: truth, reason: t.describe() + " " + why}
				}
				if truth == True {
					return best
				}
			}
		}
		return best
	}}
}

// describe names a target as people know it.
func (t *target) describe() string {
	name := t.addr.String()
	if t.addr != t.written {
		name += " (of " + t.written.String() + ")"
	}
	return name
}
