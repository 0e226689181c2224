package main

import (
	"context"
	"reflect"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
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
