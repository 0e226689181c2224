package rules

import (
	"context"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// Author gives the person whom readers see as the sender: that of the header From,
// or of the reverse-path where the directory does not know the former. It is
// [directory.ErrNotFound] for a session that is not ours, in which anybody may have
// written both, and for somebody unknown; any other error means that it cannot be
// known now.
func (s *Scan) Author(ctx context.Context) (*directory.Person, error) {
	return s.sentBy(ctx, fromField, reversePath)
}

// Submitter gives the person who handed the message over: that of the login, or of
// the reverse-path or the header From where the directory does not know the former.
// Errors are those of [Scan.Author].
func (s *Scan) Submitter(ctx context.Context) (*directory.Person, error) {
	return s.sentBy(ctx, loginName, reversePath, fromField)
}

// sentBy gives the first person whom one of the places names.
func (s *Scan) sentBy(ctx context.Context, places ...source) (*directory.Person, error) {
	if !s.Ours() || s.World.Directory == nil {
		return nil, directory.ErrNotFound
	}
	for _, at := range places {
		for _, id := range s.identities(ctx) {
			switch {
			case id.at != at || id.nobody:
				continue
			case id.unknown:
				return nil, directory.ErrUnavailable
			}
			p, err := s.person(ctx, id.addr)
			if err == nil {
				return p, nil
			}
			if !notFound(err) {
				return nil, err
			}
			break // of several addresses the first counts
		}
	}
	return nil, directory.ErrNotFound
}

// IsGroup tells whether the directory holds a group with an address. An error means
// that it cannot be known now.
func IsGroup(ctx context.Context, d directory.Directory, addr message.Path) (bool, error) {
	if d == nil {
		return false, nil
	}
	// The null path is in no group: its members need not be listed.
	_, err := d.Member(ctx, message.Path{}, directory.AddressRef(addr))
	if err == nil {
		if _, err := d.Person(ctx, addr); err == nil {
			return false, nil
		}
		return true, nil
	}
	if notFound(err) {
		return false, nil
	}
	return false, err
}
