package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// Trouble is what keeps a server from being of use.
type Trouble struct {
	URL string
	// What is wrong, in plain words.
	What string
	// Refused is set where the server answers and what it says, or its certificate,
	// is wrong; otherwise it could not be reached from here.
	Refused bool
}

// Check asks every server whether it lets Postern in and has what the options
// name: the bases, and some people.
func Check(ctx context.Context, o Options) []Trouble {
	o = o.filled()
	if err := o.check(); err != nil {
		return []Trouble{{What: err.Error(), Refused: true}}
	}
	// Files of this machine are nobody else's fault.
	if _, err := o.Bind.Password(); err != nil {
		return []Trouble{{What: err.Error(), Refused: true}}
	}
	if _, err := o.TLS.config(""); err != nil {
		return []Trouble{{What: err.Error(), Refused: true}}
	}
	var all []Trouble
	for _, server := range o.URLs {
		conn, err := dial(ctx, o, server)
		if err != nil {
			all = append(all, Trouble{URL: server, What: err.Error(), Refused: refused(err)})
			continue
		}
		all = append(all, conn.check(o)...)
		conn.ldap.Close()
	}
	return all
}

// refused tells an error that a server, or its certificate, is the reason of.
func refused(err error) bool {
	var le *ldap.Error
	if errors.As(err, &le) {
		return le.ResultCode < ldap.ErrorNetwork || le.ResultCode == ldap.ErrorEmptyPassword || isCertificate(err)
	}
	return isCertificate(err)
}

// isCertificate tells whether a certificate was refused, on either side.
func isCertificate(err error) bool {
	var unverified *tls.CertificateVerificationError
	var alert tls.AlertError
	return errors.As(err, &unverified) || errors.As(err, &alert) || strings.Contains(err.Error(), "certificate")
}

func (c *connection) check(o Options) []Trouble {
	var all []Trouble
	add := func(format string, args ...any) {
		all = append(all, Trouble{URL: c.url, What: fmt.Sprintf(format, args...), Refused: true})
	}
	bases := []string{o.Base, o.Schema.PeopleBase, o.Schema.GroupBase}
	for _, base := range o.Units.Bases {
		bases = append(bases, base)
	}
	for _, d := range o.Dynamic {
		if d.Base != "" {
			bases = append(bases, d.Base)
		}
	}
	slices.Sort(bases)
	for _, base := range slices.Compact(bases) {
		found, err := c.search(query{base: base, scope: ldap.ScopeBaseObject, filter: anything, attributes: nothing, max: 1}, o.PageSize)
		switch {
		case noObject(err) || err == nil && len(found) == 0:
			add("the entry %q is not there, or may not be read", base)
		case err != nil:
			add("%v", err)
		}
	}
	if len(all) > 0 {
		return all
	}
	found, err := c.search(query{base: o.Schema.PeopleBase, scope: ldap.ScopeWholeSubtree, max: 1, attributes: nothing,
		filter: allOf(o.Schema.PeopleFilter, anyOf(present(slices.Concat(o.Schema.Mail, o.Schema.Proxies))...))}, 1)
	switch {
	case errors.Is(err, errTooMany):
	case err != nil:
		add("%v", err)
	case len(found) == 0:
		add("nobody with an address is found below %q with the filter %s", o.Schema.PeopleBase, o.Schema.PeopleFilter)
	}
	return all
}

// present matches entries that have one of the attributes.
func present(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, "("+n+"=*)")
	}
	return out
}
