package main

import (
	"bytes"
	"context"
	"reflect"
	"slices"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// newDirectory gives the directory of the people file and of LDAP, of which
// either may be missing; nil without both. The second is LDAP's alone.
func newDirectory(c *config, file *directory.File) (directory.Directory, *ldap.Directory, []strictyaml.Problem) {
	var list []directory.Directory
	if file != nil {
		list = append(list, file)
	}
	var server *ldap.Directory
	if c.ldap != nil {
		var err error
		if server, err = ldap.New(*c.ldap, ldap.Hooks{}); err != nil {
			r := &strictyaml.Reader{File: c.file}
			r.Errorf(c.ldapAt.node, c.ldapAt.field, "", "%v", err)
			return nil, nil, r.Problems
		}
		list = append(list, server)
	}
	if len(list) == 0 {
		return nil, nil, nil
	}
	return directory.Join(list...), server, nil
}

// settled tells of a policy, by the name of its file, that what LDAP holds now is no
// reason to refuse it. LDAP changes when no file does: that must not keep a process
// from starting, nor a change of another policy from being taken.
type settled func(c *config, s fileSet, policy string) bool

// anyPolicy settles all: nobody changes a policy where there is no live one.
func anyPolicy(*config, fileSet, string) bool { return true }

// serves settles the policies that are as they are in w, with the same directory.
func (w *world) serves(c *config, s fileSet, policy string) bool {
	named := func(f rules.File) bool { return f.Name == policy }
	i, k := slices.IndexFunc(w.files.Policies, named), slices.IndexFunc(s.Policies, named)
	return i >= 0 && k >= 0 && bytes.Equal(w.files.Policies[i].Data, s.Policies[k].Data) &&
		reflect.DeepEqual(w.files.People, s.People) && reflect.DeepEqual(w.config.ldap, c.ldap)
}

// logMoved logs what LDAP has made a mistake of.
func (w *world) logMoved(log *zap.Logger) {
	for _, p := range w.moved[:min(len(w.moved), errorLog)] {
		log.Warn("a policy does not fit what the directory holds by now", zap.String("at", clip(p.String(), 1000)))
	}
}

// takeServer lets a new world go on with the connections to LDAP and the answers
// of the old one, where it asks the same servers in the same way.
func (s *service) takeServer(w, old *world) {
	switch {
	case old != nil && old.server != nil && w.server != nil && reflect.DeepEqual(w.config.ldap, old.config.ldap):
		w.server.Inherit(old.server)
		return
	case old != nil && old.server != nil:
		old.server.Close()
	}
	if w.server != nil {
		w.server.Watch(func(err error) {
			if err != nil {
				alarm(s.log, "the directory does not answer; what is known is used, as long as directory.stale allows", zap.Error(err))
				return
			}
			s.log.Info("the directory answers again")
		})
	}
}

// closeServer closes the connections to LDAP of a world that does not go live.
func (w *world) closeServer() {
	if w.server != nil {
		w.server.Close()
	}
}

// serverProblems asks the LDAP servers. What a server refuses is an error; one
// that cannot be reached from here may be reached by the service.
func (c *config) serverProblems(ctx context.Context) []strictyaml.Problem {
	if c.ldap == nil {
		return nil
	}
	r := &strictyaml.Reader{File: c.file}
	for _, t := range ldap.Check(ctx, *c.ldap) {
		what := t.What
		if t.URL != "" {
			what = t.URL + ": " + what
		}
		if t.Refused {
			r.Errorf(c.ldapAt.node, c.ldapAt.field, "", "the directory cannot be used: %s", clip(what, 600))
		} else {
			r.Hintf(c.ldapAt.node, c.ldapAt.field, "", "the directory does not answer: %s", clip(what, 600))
		}
	}
	return r.Problems
}
