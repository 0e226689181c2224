package rules

import (
	"context"
	"time"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
)

// World is what rules are judged against, besides the message.
type World struct {
	Organization *directory.Organization
	Directory    directory.Directory // nil without one
	Resolver     directory.Resolver  // nil resolves nothing
	Types        *classify.Catalog
	Trust        Trust
	Extract      extract.Limits
	ExtractTime  time.Duration // for all parts of one message; 0 is unlimited
	// Read reads a document; nil reads it in this process. An error means that the
	// document could not be read for want of resources, and not for its own sake.
	Read func(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) (extract.Document, error)
	// SplitGroups is set where recipients that are plain groups are replaced by their
	// members.
	SplitGroups bool
	// Plain are groups, by [message.Path.Key], that count as plain whatever the
	// directory says.
	Plain map[string]bool
	// Now tells the time, for rules that are active for a time only; nil is the
	// clock of the machine.
	Now func() time.Time
	// Fallback is asked for the text of documents that no format knows; nil asks
	// nobody. See [extract.Budget].
	Fallback func(ctx context.Context, content []byte, mediaType string) (string, error)
	// Matches counts the recent matches of high severity of mail that a person sent.
	// Names are the keys of the person's addresses, and logins in small letters. Nil
	// counts none; an error means that it cannot be known now.
	Matches func(ctx context.Context, names []string) (int, error)
	// Overridden gives the recipients, as indices into Envelope.Recipients, who get the
	// message by an override of its sender that is recorded; nil knows of none. An
	// error means that it cannot be known now.
	Overridden func(ctx context.Context, m *message.Message) ([]int, error)
}

// Scan is the lazy view of one message that conditions read: text is extracted
// once, classified once, a person looked up once. It is for one goroutine.
type Scan struct {
	Message *message.Message
	World   *World

	now        time.Time      // zero before it is asked
	ours       Truth          // Unknown before it is asked
	overridden *lookup[[]int] // recipients; nil before it is asked
	senders    *senders
	relied     []message.Header // without fields that are taken away; nil before they are asked for
	recipients [][]*target      // of each recipient, as it will be delivered; nil before it is asked
	people     map[string]lookup[*directory.Person]
	members    map[[2]string]lookup[bool]
	insides    map[string]Truth

	contents        []*content              // nil before they are asked for
	timeSpent       time.Duration           // on extraction
	timeClassifying time.Duration           // on looking for types of information
	budget          *extract.Budget         // of all documents; nil before one is read
	wanted          map[*classify.Type]bool // nil: all types
	found           map[*classify.Type]*instances
	classifying     bool     // some text was gone over for the types wanted
	pointed         []string // parts that the answer being made rests on
	component       int      // the component a rule is being judged for; 0 is the whole message
	err             error
}

// lookup is an answer of the directory, kept for the message.
type lookup[T any] struct {
	value T
	err   error
}

// NewScan gives the view of a message.
func NewScan(w *World, m *message.Message) *Scan {
	return &Scan{
		Message: m,
		World:   w,
		ours:    Unknown,
		people:  make(map[string]lookup[*directory.Person]),
		members: make(map[[2]string]lookup[bool]),
		insides: make(map[string]Truth),
	}
}

// Err is the reason why contents of the message could not be had at all: memory
// and disk are used up, or nothing is there to read documents with. What was
// judged then must not be relied on.
func (s *Scan) Err() error { return s.err }

// Spent tells how long the message's documents have been read and its texts been
// gone over for types of information, so far.
func (s *Scan) Spent() (extract, classify time.Duration) { return s.timeSpent, s.timeClassifying }

// Ours tells whether the session is ours.
func (s *Scan) Ours() bool {
	if s.ours == Unknown {
		s.ours = truthOf(s.World.Trust.Ours(&s.Message.Envelope))
	}
	return s.ours == True
}

// MayBeTold tells whether the sender may be told of decisions: the session is
// ours, the reverse-path is not null and is an inside address. A look-up that
// fails makes it false.
func (s *Scan) MayBeTold(ctx context.Context) bool {
	from := s.Message.Envelope.ReversePath
	return s.Ours() && !from.IsNull() && s.inside(ctx, from) == True
}

// inside tells whether an address is of the organisation. Without an
// organisation nobody is.
func (s *Scan) inside(ctx context.Context, addr message.Path) Truth {
	if s.World.Organization == nil {
		return False
	}
	key := addr.Key()
	answer, ok := s.insides[key]
	if !ok {
		in, err := s.World.Organization.Inside(ctx, addr)
		if answer = truthOf(in); err != nil {
			answer = Unknown
		}
		s.insides[key] = answer
	}
	return answer
}

// person looks up whom an address belongs to.
func (s *Scan) person(ctx context.Context, addr message.Path) (*directory.Person, error) {
	if s.World.Directory == nil {
		return nil, directory.ErrNotFound
	}
	key := addr.Key()
	l, ok := s.people[key]
	if !ok {
		l.value, l.err = s.World.Directory.Person(ctx, addr)
		s.people[key] = l
	}
	return l.value, l.err
}

// mailbox gives the key of the mailbox an address stands for: that of the
// primary address of its owner, or its own when the directory knows nobody.
func (s *Scan) mailbox(ctx context.Context, addr message.Path) (string, error) {
	p, err := s.person(ctx, addr)
	switch {
	case err == nil:
		return p.Address.Key(), nil
	case notFound(err):
		return addr.Key(), nil
	}
	return "", err
}

// memberOf tells whether an address is in one of the groups. The reason names
// the group, or a group that the directory does not hold.
func (s *Scan) memberOf(ctx context.Context, addr message.Path, groups []directory.Ref) (Truth, string) {
	if s.World.Directory == nil {
		return False, "there is no directory"
	}
	result, reason := False, "is in none of the groups"
	for _, g := range groups {
		key := [2]string{addr.Key(), g.Key()}
		l, ok := s.members[key]
		if !ok {
			l.value, l.err = s.World.Directory.Member(ctx, addr, g)
			s.members[key] = l
		}
		switch {
		case l.err == nil && l.value:
			return True, "is in " + g.String()
		case l.err == nil:
		case notFound(l.err):
			if result == False {
				reason = "the directory has no group " + g.String()
			}
		default:
			result, reason = Unknown, "the directory did not answer about "+g.String()
		}
	}
	return result, reason
}
