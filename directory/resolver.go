package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/message"
)

// Resolver says where mail to an address is really delivered.
type Resolver interface {
	// Resolve gives the addresses that mail to addr reaches, addr itself when
	// nothing replaces it. An error means that it cannot be known now.
	Resolve(ctx context.Context, addr message.Path) ([]message.Path, error)
}

// Bounds of what one address may lead to. Beyond them a resolver answers with
// an error: a part of the addresses would say less than the whole.
const (
	maxResolved = 10_000
	maxSteps    = 50
)

// Groups gives a resolver that replaces the groups of a directory by their
// members, those of nested groups included.
func Groups(d Directory) Resolver { return resolve{groupStep(d)} }

// Chain gives a resolver that asks all of those given, and asks them again about
// what they answer, until nothing is replaced any more. Where two replace one
// address, both answers count: mail may go either way.
func Chain(resolvers ...Resolver) Resolver {
	var steps resolve
	for _, r := range resolvers {
		switch r := r.(type) {
		case nil:
		case resolve:
			steps = append(steps, r...)
		case *Postmap:
			steps = append(steps, r.step)
		default:
			steps = append(steps, r.Resolve)
		}
	}
	return steps
}

// step gives what one address is replaced by; the address itself, alone, when by
// nothing.
type step func(ctx context.Context, addr message.Path) ([]message.Path, error)

func groupStep(d Directory) step {
	return func(ctx context.Context, addr message.Path) ([]message.Path, error) {
		g, err := d.Group(ctx, AddressRef(addr))
		if errors.Is(err, ErrNotFound) {
			return []message.Path{addr}, nil
		}
		if err != nil {
			return nil, err
		}
		return g.Members, nil
	}
}

// resolve takes its steps until nothing is replaced any more.
type resolve []step

func (s resolve) Resolve(ctx context.Context, addr message.Path) ([]message.Path, error) {
	var final []message.Path
	seen := map[string]bool{addr.Key(): true}
	todo := []message.Path{addr}
	for depth := 0; len(todo) > 0; depth++ {
		if depth > maxSteps {
			return nil, fmt.Errorf("resolve %s: replaced more than %d times over", addr, maxSteps)
		}
		var next []message.Path
		for _, a := range todo {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("resolve %s: %w", addr, err)
			}
			targets, stays, err := s.replace(ctx, a)
			if err != nil {
				return nil, fmt.Errorf("resolve %s: %w", addr, err)
			}
			if stays {
				final = append(final, a)
			}
			for _, t := range targets {
				if key := t.Key(); !seen[key] {
					seen[key] = true
					next = append(next, t)
				}
			}
			if len(seen) > maxResolved {
				return nil, fmt.Errorf("resolve %s: leads to more than %d addresses", addr, maxResolved)
			}
		}
		todo = next
	}
	if len(final) == 0 {
		// Nobody is in the group, or addresses lead to each other in a circle.
		return []message.Path{addr}, nil
	}
	return final, nil
}

// replace asks every step about one address. It stays when no step replaces it,
// or when it is among what replaces it.
func (s resolve) replace(ctx context.Context, addr message.Path) (targets []message.Path, stays bool, err error) {
	key := addr.Key()
	replaced, itself := false, false
	for _, step := range s {
		answer, err := step(ctx, addr)
		if err != nil {
			return nil, false, err
		}
		if len(answer) == 1 && answer[0].Key() == key {
			continue
		}
		replaced = true
		for _, a := range answer {
			if a.Key() == key {
				itself = true
			} else {
				targets = append(targets, a)
			}
		}
	}
	return targets, itself || !replaced, nil
}
