package main

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

func (cr *configReader) organization(e strictyaml.Entry) {
	m := cr.section(e.Value, e.Field, section{
		keys: map[string]func(strictyaml.Entry){
			"name":            func(e strictyaml.Entry) { cr.c.name, _ = cr.Text(e.Value, e.Field) },
			"timeZone":        cr.timeZone,
			"acceptedDomains": cr.acceptedDomains,
			"partnerDomains":  cr.partnerDomains,
			"notices":         cr.noticesSection,
		},
		unbuilt: []string{"workdays"},
	})
	m.Require("acceptedDomains", "write your domains, as in `acceptedDomains: [example.com]`")
}

// plainGroups reads the groups that may be replaced by their members, whatever the
// directory says of them.
func (cr *configReader) plainGroups(e strictyaml.Entry) {
	if isEmptyList(e.Value) {
		return
	}
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		p, err := message.ParsePath(text)
		if err != nil || p.Domain() == "" || p.Local() == "" {
			cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write the address of a group", "%q is not an address", text)
			continue
		}
		if cr.c.plain == nil {
			cr.c.plain = make(map[string]bool)
		}
		cr.c.plain[p.Key()] = true
	}
}

// timeZone reads the name of a zone, as in the IANA time zone database.
func (cr *configReader) timeZone(e strictyaml.Entry) {
	name, ok := cr.Text(e.Value, e.Field)
	if !ok {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		cr.Errorf(e.Value, e.Field, "write a name as `Europe/Berlin` or `UTC`, or take the key away for that of the machine", "%q is no time zone", name)
		return
	}
	cr.c.zone = zone
}

func (cr *configReader) acceptedDomains(e strictyaml.Entry) {
	for i, n := range cr.List(e.Value, e.Field) {
		field := strictyaml.Index(e.Field, i)
		d := directory.AcceptedDomain{Kind: directory.Authoritative}
		name, nameField := n, field
		if n.Tag == "!!map" {
			m := cr.Mapping(n, field, "name", "kind")
			nameEntry, ok := m.Require("name", "write the domain, as in `{name: example.com}`")
			if kind, ok := m.Get("kind"); ok {
				w, _ := cr.OneOf(kind.Value, kind.Field, string(directory.Authoritative), string(directory.InternalRelay), string(directory.ExternalRelay))
				d.Kind = directory.DomainKind(w)
			}
			if !ok {
				continue
			}
			name, nameField = nameEntry.Value, nameEntry.Field
		}
		text, ok := cr.Text(name, nameField)
		if !ok {
			continue
		}
		d.Name, ok = domainName(text)
		switch {
		case !ok:
			cr.Errorf(name, nameField, "write a domain, as in `example.com`, or `*.example.com` for its subdomains", "%q is no domain", text)
		case slices.ContainsFunc(cr.c.domains, func(o directory.AcceptedDomain) bool { return o.Name == d.Name }):
			cr.Errorf(name, nameField, "write it once", "the domain %q is listed twice", text)
		default:
			cr.c.domains = append(cr.c.domains, d)
		}
	}
}

// domainName gives a domain in lower case, a mark for subdomains kept.
func domainName(s string) (string, bool) {
	mark, rest := "", s
	for _, m := range []string{"*.", "."} {
		if after, ok := strings.CutPrefix(s, m); ok {
			mark, rest = m, after
			break
		}
	}
	if rest == "" || strings.ContainsAny(rest, "@<>()[],;:\\\"/* \t\r\n") || strings.Contains(rest, "..") {
		return "", false
	}
	p, err := message.ParsePath("postmaster@" + rest)
	if err != nil || p.Domain() == "" {
		return "", false
	}
	return mark + p.Domain(), true
}

func (cr *configReader) learnMore(e strictyaml.Entry) {
	text, ok := cr.Text(e.Value, e.Field)
	if !ok {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(text) > 300 || !printable(text) {
		cr.Errorf(e.Value, e.Field, "write a URL of at most 300 characters, as in `https://intranet.example.com/dlp`", "%q is no URL of a page", clip(text, 60))
		return
	}
	cr.c.learnMore = text
}

// printable tells whether s is ASCII without control characters and blanks.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

func (cr *configReader) directory(e strictyaml.Entry) {
	var stale time.Duration
	m := cr.section(e.Value, e.Field, section{
		keys: map[string]func(strictyaml.Entry){
			"file": func(e strictyaml.Entry) {
				var p string
				if cr.word(e, &p) {
					cr.c.people = reference{path: cr.c.path(p), node: e.Value, field: e.Field}
				}
			},
			"ldap":  cr.ldap,
			"stale": cr.span(&stale, time.Minute),
		},
	})
	at, ok := m.Get("stale")
	if _, asks := m.Get("ldap"); ok && !asks {
		cr.Hintf(at.At, at.Field, "take it away", "a people file is never silent, so this has no effect")
	}
	if cr.c.ldap != nil {
		cr.c.ldap.Stale = stale
	}
}

func (cr *configReader) recipients(e strictyaml.Entry) {
	m := cr.section(e.Value, e.Field, section{
		keys: map[string]func(strictyaml.Entry){
			"resolve": func(e strictyaml.Entry) {
				if isEmptyList(e.Value) {
					return
				}
				for i, n := range cr.List(e.Value, e.Field) {
					if _, ok := cr.OneOf(n, strictyaml.Index(e.Field, i), "groups"); ok {
						cr.c.groups = true
					}
				}
			},
			"groups": func(e strictyaml.Entry) {
				word, _ := cr.OneOf(e.Value, e.Field, "whole", "split")
				cr.c.splitGroups = word == "split"
			},
			"plain": cr.plainGroups,
			"postfix": func(e strictyaml.Entry) {
				if isEmptyList(e.Value) {
					return
				}
				cr.c.postfixAt.node, cr.c.postfixAt.field = e.Value, e.Field
				for i, n := range cr.List(e.Value, e.Field) {
					w, ok := cr.OneOf(n, strictyaml.Index(e.Field, i), "alias_maps", "canonical_maps", "recipient_canonical_maps", "virtual_alias_maps")
					if ok {
						cr.c.postfix = append(cr.c.postfix, w)
					}
				}
			},
			"postfixConfig": func(e strictyaml.Entry) {
				var p string
				if cr.word(e, &p) {
					cr.c.postfixAt.path = cr.c.path(p)
				}
			},
		},
	})
	if e, ok := m.Get("plain"); ok && !cr.c.splitGroups && len(cr.c.plain) > 0 {
		cr.Hintf(e.At, e.Field, "add `groups: split` or take it away", "no group is split, so this has no effect")
	}
	if e, ok := m.Get("groups"); ok && cr.c.splitGroups && !cr.c.groups {
		cr.Errorf(e.At, e.Field, "add `resolve: [groups]`", "groups are split only where they are resolved")
	}
	if at, ok := m.Get("postfixConfig"); ok && len(cr.c.postfix) == 0 {
		cr.Hintf(at.At, at.Field, "add `postfix: [virtual_alias_maps]` or take it away", "no Postfix map is asked, so this has no effect")
	}
}
