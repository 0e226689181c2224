package main

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// The schemas of LDAP servers, as postern.yaml names them.
const (
	openLDAP        = "openLDAP"
	activeDirectory = "activeDirectory"
)

// ldap reads directory.ldap. The schema is read first: the other keys change
// single names of it.
func (cr *configReader) ldap(e strictyaml.Entry) {
	o, before := &ldap.Options{TLS: ldap.TLS{Start: true}}, len(cr.Problems)
	cr.c.ldapAt = reference{node: e.At, field: e.Field}
	schema := e.Value
	for i := 0; schema != nil && i+1 < len(schema.Content); i += 2 {
		if schema.Content[i].Value == "schema" && strings.EqualFold(schema.Content[i+1].Value, activeDirectory) {
			o.Schema = ldap.ActiveDirectory()
		}
	}
	if o.Schema.PeopleFilter == "" {
		o.Schema = ldap.OpenLDAP()
	}
	s := &o.Schema
	var bind strictyaml.Entry
	m := cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"url":    func(e strictyaml.Entry) { cr.ldapURLs(e, o) },
		"schema": func(e strictyaml.Entry) { cr.OneOf(e.Value, e.Field, openLDAP, activeDirectory) },
		"base":   func(e strictyaml.Entry) { cr.dn(e.Value, e.Field, &o.Base) },
		"bind":   func(e strictyaml.Entry) { bind = e; cr.ldapBind(e, o) },
		"tls": func(e strictyaml.Entry) {
			cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
				"start":       func(e strictyaml.Entry) { cr.boolean(e, &o.TLS.Start) },
				"authorities": cr.file(&o.TLS.Authorities),
				"certificate": cr.file(&o.TLS.Certificate),
				"key":         cr.file(&o.TLS.Key),
			}})
			if (o.TLS.Certificate == "") != (o.TLS.Key == "") {
				cr.Errorf(e.Value, e.Field, "write both `certificate` and `key`, or neither", "a certificate needs its key")
			}
		},
		"timeout":     cr.span(&o.Timeout, 100*time.Millisecond),
		"connections": cr.number(&o.Connections, 1, 100),
		"cache": func(e strictyaml.Entry) {
			cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
				"ttl":      cr.span(&o.TTL, time.Second),
				"negative": cr.span(&o.Negative, time.Second),
				"entries":  cr.number(&o.Entries, 100, 10_000_000),
			}})
		},
		"people": func(e strictyaml.Entry) {
			cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
				"base":         func(e strictyaml.Entry) { cr.dn(e.Value, e.Field, &s.PeopleBase) },
				"filter":       func(e strictyaml.Entry) { cr.filter(e.Value, e.Field, &s.PeopleFilter) },
				"mail":         cr.names(&s.Mail),
				"proxies":      cr.names(&s.Proxies),
				"logins":       cr.names(&s.Logins),
				"loginDomains": func(e strictyaml.Entry) { s.Domains, _, _ = cr.Texts(e.Value, e.Field) },
				"names":        cr.names(&s.Names),
				"manager":      cr.attribute(&s.Manager),
				"language":     cr.attribute(&s.Language),
			}})
		},
		"groups": func(e strictyaml.Entry) {
			cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
				"base":            func(e strictyaml.Entry) { cr.dn(e.Value, e.Field, &s.GroupBase) },
				"filter":          func(e strictyaml.Entry) { cr.filter(e.Value, e.Field, &s.GroupFilter) },
				"plain":           func(e strictyaml.Entry) { cr.filter(e.Value, e.Field, &s.PlainFilter) },
				"members":         cr.names(&s.MemberDN),
				"memberLogins":    cr.names(&s.MemberID),
				"memberAddresses": cr.names(&s.MemberMail),
				"memberSearches":  cr.names(&s.MemberURL),
				"nested": func(e strictyaml.Entry) {
					if w, ok := cr.OneOf(e.Value, e.Field, "chain", "walk"); ok {
						s.InChain = w == "chain"
					}
				},
				"dynamic": func(e strictyaml.Entry) { cr.dynamicGroups(e, o) },
			}})
		},
		"guests":              func(e strictyaml.Entry) { cr.ldapGuests(e, &o.Guests) },
		"administrativeUnits": func(e strictyaml.Entry) { cr.ldapUnits(e, &o.Units) },
		"attributes":          func(e strictyaml.Entry) { cr.ldapAttributes(e, s) },
	}})
	m.Require("url", "write where the server is, as in `url: ldaps://ldap.example.com`")
	m.Require("schema", "write `schema: openLDAP` or `schema: activeDirectory`")
	m.Require("base", "write the entry that people and groups are below, as in `base: \"dc=example,dc=com\"`")
	cr.plaintext(m, bind, o)
	if m != nil && !strictyaml.Errors(cr.Problems[before:]) {
		cr.c.ldap = o
	}
}

func (cr *configReader) ldapURLs(e strictyaml.Entry, o *ldap.Options) {
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		field := e.Field
		if len(texts) > 1 {
			field = strictyaml.Index(e.Field, i)
		}
		if err := ldap.ValidURL(text); err != nil {
			cr.Errorf(nodes[i], field, "write `ldaps://ldap.example.com`", "%q is not where an LDAP server is: %v", clip(withoutUser(text), 100), err)
			continue
		}
		o.URLs = append(o.URLs, text)
	}
}

// withoutUser leaves out of a URL who asks, which may have a password behind it.
func withoutUser(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	scheme, _, ok := strings.Cut(text[:at], "://")
	if !ok {
		return "…" + text[at:]
	}
	return scheme + "://…" + text[at:]
}

// plaintext refuses to send a password, and warns of asking, where others may
// listen.
func (cr *configReader) plaintext(m *strictyaml.Mapping, bind strictyaml.Entry, o *ldap.Options) {
	if o.TLS.Start || !slices.ContainsFunc(o.URLs, overheard) {
		return
	}
	at, _ := m.Get("tls")
	if o.Bind.DN != "" {
		cr.Errorf(bind.At, bind.Field, "write `ldaps://`, or take `start: false` away", "the password would be sent without TLS")
		return
	}
	cr.Hintf(at.At, at.Field, "write `ldaps://`, or take `start: false` away", "whoever is between can make everybody a member of every group")
}

// overheard tells a URL without TLS that leads to another machine.
func overheard(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ldap" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback())
}

func (cr *configReader) ldapBind(e strictyaml.Entry, o *ldap.Options) {
	b := &o.Bind
	m := cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"dn":               func(e strictyaml.Entry) { cr.word(e, &b.DN) },
		"passwordFile":     cr.file(&b.PasswordFile),
		"passwordVariable": func(e strictyaml.Entry) { cr.word(e, &b.PasswordVariable) },
		"external":         func(e strictyaml.Entry) { cr.boolean(e, &b.External) },
	}})
	if m == nil {
		return
	}
	passwords := 0
	for _, p := range []string{b.PasswordFile, b.PasswordVariable} {
		if p != "" {
			passwords++
		}
	}
	switch {
	case b.External && (b.DN != "" || passwords > 0):
		cr.Errorf(e.Value, e.Field, "write `external: true` alone, or a DN with its password", "the server knows who asks, so there is no DN and no password")
	case b.DN != "" && passwords != 1:
		cr.Errorf(e.Value, e.Field, "write `passwordFile` or `passwordVariable`, one of them", "a DN needs one password")
	case b.DN == "" && passwords > 0:
		cr.Errorf(e.Value, e.Field, "write `dn: \"cn=postern,dc=example,dc=com\"`", "a password needs the DN it is for")
	}
}

func (cr *configReader) ldapGuests(e strictyaml.Entry, g *ldap.Guests) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"attribute": cr.attribute(&g.Attribute),
		"values":    func(e strictyaml.Entry) { g.Values, _, _ = cr.Texts(e.Value, e.Field) },
		"filter":    func(e strictyaml.Entry) { cr.filter(e.Value, e.Field, &g.Filter) },
	}})
	if (g.Attribute == "") != (len(g.Values) == 0) {
		cr.Errorf(e.Value, e.Field, "write both, as in `{attribute: employeeType, values: [guest]}`", "`attribute` and `values` belong together")
	}
}

func (cr *configReader) ldapUnits(e strictyaml.Entry, u *ldap.Units) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"attribute": cr.attribute(&u.Attribute),
		"bases": func(e strictyaml.Entry) {
			u.Bases = make(map[string]string)
			for _, b := range cr.Mapping(e.Value, e.Field).Entries() {
				var dn string
				if cr.dn(b.Value, b.Field, &dn) {
					u.Bases[b.Key] = dn
				}
			}
		},
	}})
}

func (cr *configReader) ldapAttributes(e strictyaml.Entry, s *ldap.Schema) {
	seen := make(map[string]bool)
	for _, a := range cr.Mapping(e.Value, e.Field).Entries() {
		name, ok := directory.AttributeName(a.Key)
		if !ok {
			write := "write one of the attributes that conditions know, as in `Department`"
			if near := directory.ClosestAttribute(a.Key); near != "" {
				write = "did you mean `" + near + "`?"
			}
			cr.Errorf(a.At, a.Field, write, "unknown attribute %q", a.Key)
			continue
		}
		if seen[name] {
			cr.Errorf(a.At, a.Field, "write it once, with a list", "the attribute %s is written twice", name)
			continue
		}
		seen[name] = true
		var list []string
		cr.names(&list)(a)
		s.Attributes[name] = list
	}
}

func (cr *configReader) dynamicGroups(e strictyaml.Entry, o *ldap.Options) {
	for i, n := range cr.List(e.Value, e.Field) {
		var d ldap.Dynamic
		field := strictyaml.Index(e.Field, i)
		m := cr.section(n, field, section{keys: map[string]func(strictyaml.Entry){
			"name": func(e strictyaml.Entry) { cr.word(e, &d.Name) },
			"address": func(e strictyaml.Entry) {
				text, ok := cr.Text(e.Value, e.Field)
				p, err := message.ParsePath(text)
				if ok && (err != nil || p.Local() == "" || p.Domain() == "") {
					cr.Errorf(e.Value, e.Field, "write an address, as in `buyers@example.com`", "%q is not an address", clip(text, 100))
					return
				}
				d.Address = p
			},
			"base":   func(e strictyaml.Entry) { cr.dn(e.Value, e.Field, &d.Base) },
			"filter": func(e strictyaml.Entry) { cr.filter(e.Value, e.Field, &d.Filter) },
			"plain":  func(e strictyaml.Entry) { cr.boolean(e, &d.Plain) },
		}})
		if m == nil {
			continue
		}
		if _, ok := m.Require("filter", "write who is in the group, as in `filter: \"(department=Sales)\"`"); ok && d.Name == "" && d.Address.IsNull() {
			cr.Errorf(n, field, "write `name`, `address` or both", "policies have nothing to name the group by")
		}
		o.Dynamic = append(o.Dynamic, d)
	}
}

// dn reads a distinguished name.
func (cr *configReader) dn(n *strictyaml.Node, field string, into *string) bool {
	text, ok := cr.Text(n, field)
	if !ok {
		return false
	}
	if err := ldap.ValidDN(text); err != nil {
		cr.Errorf(n, field, "write it as `\"ou=people,dc=example,dc=com\"`", "%q is no distinguished name: %v", clip(text, 100), err)
		return false
	}
	*into = text
	return true
}

// filter reads a filter of LDAP.
func (cr *configReader) filter(n *strictyaml.Node, field string, into *string) {
	text, ok := cr.Text(n, field)
	if !ok {
		return
	}
	if err := ldap.ValidFilter(text); err != nil {
		cr.Errorf(n, field, "write it in brackets, as in `\"(employeeType=guest)\"`", "%q is no LDAP filter: %v", clip(text, 100), err)
		return
	}
	*into = text
}

// names reads names of attributes of LDAP.
func (cr *configReader) names(into *[]string) func(strictyaml.Entry) {
	return func(e strictyaml.Entry) {
		if isEmptyList(e.Value) {
			*into = nil
			return
		}
		texts, nodes, ok := cr.Texts(e.Value, e.Field)
		for i, text := range texts {
			if !ldap.ValidAttribute(text) {
				cr.Errorf(nodes[i], e.Field, "write the name of an attribute, as in `mail`", "%q is no attribute of LDAP", clip(text, 100))
				ok = false
			}
		}
		if ok {
			*into = texts
		}
	}
}

func (cr *configReader) attribute(into *string) func(strictyaml.Entry) {
	return func(e strictyaml.Entry) {
		var list []string
		if cr.names(&list)(e); len(list) == 1 {
			*into = list[0]
		} else if len(list) > 1 {
			cr.Errorf(e.Value, e.Field, "write one", "%d attributes are named", len(list))
		}
	}
}

// file reads a path.
func (cr *configReader) file(into *string) func(strictyaml.Entry) {
	return func(e strictyaml.Entry) {
		var p string
		if cr.word(e, &p) {
			*into = cr.c.path(p)
		}
	}
}

// span reads a time of at least min.
func (cr *configReader) span(into *time.Duration, min time.Duration) func(strictyaml.Entry) {
	return func(e strictyaml.Entry) {
		if v, ok := cr.Duration(e.Value, e.Field, min); ok {
			*into = v
		}
	}
}

func (cr *configReader) number(into *int, min, max int) func(strictyaml.Entry) {
	return func(e strictyaml.Entry) {
		if v, ok := cr.Int(e.Value, e.Field, min, max); ok {
			*into = v
		}
	}
}
