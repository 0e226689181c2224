package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// Directory is a directory kept by LDAP servers. It is safe for concurrent use.
type Directory struct {
	core atomic.Pointer[core]
}

// core is what a directory knows and asks with.
type core struct {
	o       Options
	counts  *counts
	client  *client
	people  *answers[*person]          // by address
	logins  *answers[*person]          // by login
	bosses  *answers[name]             // by distinguished name
	heads   *answers[*group]           // groups by [directory.Ref.Key]
	full    *answers[*directory.Group] // the same with their members
	others  *answers[subject]          // what is no person, by address
	above   *answers[above]            // all groups somebody is in
	dynamic *answers[[]*group]         // all groups that are searches
	matches *answers[bool]             // whether a search finds somebody
	units   *answers[bool]             // whether a unit has people
}

// Hooks are what a process gives a directory beside its options.
type Hooks struct {
	// Now is the clock for the age of answers; nil is time.Now.
	Now func() time.Time
}

// New makes a directory. No server is asked yet.
func New(o Options, h Hooks) (*Directory, error) {
	o = o.filled()
	if err := o.check(); err != nil {
		return nil, err
	}
	if h.Now == nil {
		h.Now = time.Now
	}
	d := &Directory{}
	known := &counts{}
	d.core.Store(&core{
		o:       o,
		counts:  known,
		client:  newClient(o, h.Now),
		people:  newAnswers[*person](o, h.Now, known),
		logins:  newAnswers[*person](o, h.Now, known),
		bosses:  newAnswers[name](o, h.Now, known),
		heads:   newAnswers[*group](o, h.Now, known),
		full:    newAnswers[*directory.Group](o, h.Now, known),
		others:  newAnswers[subject](o, h.Now, known),
		above:   newAnswers[above](o, h.Now, known),
		dynamic: newAnswers[[]*group](o, h.Now, known),
		matches: newAnswers[bool](o, h.Now, known),
		units:   newAnswers[bool](o, h.Now, known),
	})
	return d, nil
}

// Inherit makes d use the connections and the answers of a directory with the
// same options, so that what is known outlives a reload.
func (d *Directory) Inherit(from *Directory) {
	if own, old := d.core.Load(), from.core.Load(); own != old {
		d.core.Store(old)
		own.client.close()
	}
}

// Watch calls f when no server answers any more, with the reason, and with nil
// when one does again. Where none answers already it is called at once.
func (d *Directory) Watch(f func(error)) { d.core.Load().client.watch(f) }

// Stats counts questions by how they were answered.
type Stats struct {
	// Kept were answered by what was known, Asked by a server, Stale by what was known
	// and too old since no server answered, and Failed not at all.
	Kept, Asked, Stale, Failed int64
	// Silent is set while no server answers.
	Silent bool
}

// Stats gives the counts since the directory was made, or the one it inherits from.
func (d *Directory) Stats() Stats {
	c := d.core.Load()
	c.client.mu.Lock()
	silent := c.client.silent != nil
	c.client.mu.Unlock()
	return Stats{Kept: c.counts.kept.Load(), Asked: c.counts.asked.Load(), Stale: c.counts.stale.Load(), Failed: c.counts.failed.Load(), Silent: silent}
}

// Close closes the connections that are not in use, and the others after their
// requests. Look-ups go on working.
func (d *Directory) Close() { d.core.Load().client.close() }

// Person finds the person an address belongs to, primary or further.
func (d *Directory) Person(ctx context.Context, addr message.Path) (*directory.Person, error) {
	p, err := d.core.Load().person(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("person %s: %w", addr, err)
	}
	return p.Person, nil
}

// Login finds the person with a login name, or with the address that it is. A
// domain before a login counts only where the schema names it.
func (d *Directory) Login(ctx context.Context, login string) (*directory.Person, error) {
	c := d.core.Load()
	if len(login) > maxName {
		return nil, fmt.Errorf("login: %w", directory.ErrNotFound)
	}
	p, err := c.logins.get(ctx, strings.ToLower(login), func(ctx context.Context) (*person, error) { return c.findLogin(ctx, login) })
	if errors.Is(err, directory.ErrNotFound) {
		if addr, perr := message.ParsePath(login); perr == nil && addr.Domain() != "" {
			p, err = c.person(ctx, addr)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("login %q: %w", login, err)
	}
	return p.Person, nil
}

// Group finds a group with its members. A name that several groups have is
// [directory.ErrAmbiguous].
func (d *Directory) Group(ctx context.Context, ref directory.Ref) (*directory.Group, error) {
	c := d.core.Load()
	g, err := c.full.get(ctx, ref.Key(), func(ctx context.Context) (*directory.Group, error) {
		head, err := c.head(ctx, ref)
		if err != nil {
			return nil, err
		}
		return c.withMembers(ctx, head)
	})
	if err != nil {
		return nil, fmt.Errorf("group %s: %w", ref, err)
	}
	return g, nil
}

// Member tells whether addr, or the person it belongs to, is in the group,
// directly, by way of other groups, as the primary group, or as one whom a search
// finds. Contacts and groups with an address may be members too.
func (d *Directory) Member(ctx context.Context, addr message.Path, ref directory.Ref) (bool, error) {
	in, err := d.core.Load().member(ctx, addr, ref)
	if err != nil {
		return false, fmt.Errorf("member %s of %s: %w", addr, ref, err)
	}
	return in, nil
}

// GroupsOf gives the addresses of the groups that hold addr, or the person it
// belongs to, directly or by way of others. Groups that are searches are left out.
func (d *Directory) GroupsOf(ctx context.Context, addr message.Path) ([]message.Path, error) {
	c := d.core.Load()
	if addr.IsNull() {
		return nil, nil
	}
	who, err := c.subject(ctx, addr)
	if err == nil {
		var up above
		if up, err = c.groupsAbove(ctx, who); err == nil {
			return up.addrs, nil
		}
	}
	return nil, fmt.Errorf("groups of %s: %w", addr, err)
}

// HasUnit tells whether somebody belongs to an administrative unit.
func (d *Directory) HasUnit(ctx context.Context, unit string) (bool, error) {
	c := d.core.Load()
	return c.units.get(ctx, strings.Join(strings.Fields(strings.ToLower(unit)), " "), func(ctx context.Context) (bool, error) {
		for name, base := range c.o.Units.Bases {
			if (&directory.Person{Units: []string{name}}).InUnit(unit) {
				_, err := c.client.search(ctx, query{base: base, scope: ldap.ScopeBaseObject, filter: anything, attributes: nothing, max: 1})
				if err == nil || !errors.Is(err, errNoObject) {
					return err == nil, err
				}
			}
		}
		if c.o.Units.Attribute == "" {
			return false, nil
		}
		found, err := c.client.search(ctx, query{base: c.o.Schema.PeopleBase, scope: ldap.ScopeWholeSubtree, max: maxMembers,
			filter: allOf(c.o.Schema.PeopleFilter, equals(c.o.Units.Attribute, unit)), attributes: nothing})
		if errors.Is(err, errTooMany) {
			return true, nil
		}
		return len(found) > 0, absent(err)
	})
}

const anything = "(objectClass=*)"

// nothing asks for entries without their attributes (RFC 4511, section 4.5.1.8).
var nothing = []string{"1.1"}

// absent says of a base that is not there that the question could not be
// answered: it is the configuration that is wrong, or a server not yet filled.
func absent(err error) error {
	if errors.Is(err, errNoObject) {
		return fmt.Errorf("%w: the base of the search is not there", directory.ErrUnavailable)
	}
	return err
}

var _ directory.Lister = (*Directory)(nil)
