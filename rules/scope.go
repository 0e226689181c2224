package rules

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// scope limits a policy to senders. Of those who may be included and excluded it
// holds what is written; what is not written asks nothing.
type scope struct {
	units   []string
	include senderSet
	exclude senderSet
}

// senderSet is people by their addresses and by their groups.
type senderSet struct {
	users  map[string]bool // by key of the address
	groups []directory.Ref
}

func (s senderSet) empty() bool { return len(s.users) == 0 && len(s.groups) == 0 }

func (d *draft) readScope(n *strictyaml.Node, field string) {
	s := &d.policy.scope
	m := d.keys(n, field, scopeKeys)
	groups, users := 0, 0
	for key, set := range map[string]*senderSet{"exchangeSenderMemberOf": &s.include, "exchangeSenderMemberOfException": &s.exclude} {
		if e, ok := m.Get(key); ok && d.namesSome(e, "group") {
			d.limit, d.values = formLimits[formGroups], 0
			set.groups, _ = d.readGroups(e.Value, e.Field)
			groups += len(set.groups)
		}
	}
	for key, set := range map[string]*senderSet{"exchangeSender": &s.include, "exchangeSenderException": &s.exclude} {
		if e, ok := m.Get(key); ok && d.namesSome(e, "address") {
			d.limit, d.values = formLimits[formAddresses], 0
			set.users, _ = d.addressSet(e.Value, e.Field)
			users += len(set.users)
		}
	}
	if groups > maxScopeGroups {
		d.over(m.Node, field, "put groups into one group", "%d groups are named, at most %d are allowed", groups, maxScopeGroups)
	}
	if users > maxScopeUsers {
		d.over(m.Node, field, "put people into a group", "%d people are named, at most %d are allowed", users, maxScopeUsers)
	}
}

// namesSome tells whether a list of a scope names somebody: an empty one is left
// out.
func (d *draft) namesSome(e strictyaml.Entry, kind string) bool {
	if e.Value.Kind == scalar && strings.EqualFold(e.Value.Value, "all") {
		d.Errorf(e.Value, e.Field, "leave the key away for all senders", "`All` is no %s", kind)
		return false
	}
	return e.Value.Kind != sequence || len(e.Value.Content) > 0
}

// readUnits reads the administrative units a policy is for. One that the
// directory does not know is a hint.
func (d *draft) readUnits(n *strictyaml.Node, field string) {
	d.needDirectory(n, field)
	d.limit, d.values = Limit{Length: maxName, Count: maxScopeGroups}, 0
	list, nodes, ok := d.texts(n, field)
	if !ok {
		return
	}
	for i, name := range list {
		f := entryField(n, field, nodes[i])
		if strings.TrimSpace(name) == "" {
			d.Errorf(nodes[i], f, "write the name of a unit", "the name is empty")
			continue
		}
		d.policy.scope.units = append(d.policy.scope.units, name)
		if d.asks() {
			known, err := d.vocabulary.Directory.HasUnit(d.asking, name)
			d.heard(err)
			if err == nil && !known {
				d.Hintf(nodes[i], f, "", "nobody of the directory is in the administrative unit %q", name)
			}
		}
	}
}

// holds tells whether a policy is for the sender: for any identity in the units,
// groups and people included, unless all identities are excluded.
func (sc *scope) holds(ctx context.Context, s *Scan) (Truth, string) {
	in, out := True, False
	var why, except string
	if len(sc.units) > 0 || !sc.include.empty() {
		in, why = s.askSenders(ctx, sc.included, false)
	}
	if !sc.exclude.empty() && in != False {
		out, except = s.askSenders(ctx, sc.excluded, true)
	}
	switch {
	case in == False:
		return False, "the sender is outside the scope of the policy: " + why
	case out == True:
		return False, "the sender is excluded from the scope of the policy: " + except
	case in == Unknown:
		return Unknown, "the scope of the policy is unknown: " + why
	case out == Unknown:
		return Unknown, "the scope of the policy is unknown: " + except
	}
	return True, ""
}

func (s *Scan) askSenders(ctx context.Context, test func(context.Context, *Scan, message.Path) (Truth, string), strict bool) (Truth, string) {
	return view{}.ask(ctx, s, strict, test)
}

// included tells whether an address is in one of the units, in one of the groups
// and one of the people, as far as each is written: where groups and people are
// both named, Purview takes those who are in both.
func (sc *scope) included(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
	result, reason := True, ""
	ask := func(t Truth, why string) {
		if reason == "" || t < result {
			reason = why
		}
		result = and(result, t)
	}
	if len(sc.units) > 0 {
		ask(s.inUnits(ctx, addr, sc.units))
	}
	if len(sc.include.users) > 0 && result != False {
		ask(s.named(ctx, addr, sc.include.users))
	}
	if len(sc.include.groups) > 0 && result != False {
		ask(s.memberOf(ctx, addr, sc.include.groups))
	}
	return result, reason
}

// excluded tells whether an address is in one of the groups or one of the people.
func (sc *scope) excluded(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
	result, reason := False, ""
	if len(sc.exclude.users) > 0 {
		result, reason = s.named(ctx, addr, sc.exclude.users)
	}
	if len(sc.exclude.groups) > 0 && result != True {
		if t, why := s.memberOf(ctx, addr, sc.exclude.groups); reason == "" || t > result {
			result, reason = t, why
		}
	}
	return result, reason
}

// inUnits tells whether the person an address belongs to is in one of the
// administrative units.
func (s *Scan) inUnits(ctx context.Context, addr message.Path, units []string) (Truth, string) {
	p, err := s.person(ctx, addr)
	switch {
	case errors.Is(err, directory.ErrNotFound):
		return False, "is nobody of the directory, so in no administrative unit"
	case err != nil:
		return Unknown, "could not be looked up: the directory did not answer"
	}
	if i := slices.IndexFunc(units, p.InUnit); i >= 0 {
		return True, "is in the administrative unit " + units[i]
	}
	return False, "is in none of the administrative units"
}
