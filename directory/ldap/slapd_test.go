package ldap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/internal/slapd"
	"github.com/postern-mail/postern/message"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if shared.server != nil {
		shared.server.Stop()
		os.RemoveAll(shared.server.Dir)
	}
	os.Exit(status)
}

// shared is a server with all of the company, which no test changes or stops.
var shared struct {
	once   sync.Once
	server *slapd.Server
	err    error
}

func company(t testing.TB) *slapd.Server {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "postern-slapd")
		if err != nil {
			shared.err = err
			return
		}
		if shared.server, shared.err = slapd.New(context.Background(), dir, slapd.Base()+people(10_000)+companyLDIF); shared.err == nil {
			shared.err = shared.server.Start()
		}
	})
	skipWithout(t, shared.err)
	return shared.server
}

// small is a server of the test's own, with a few people.
func small(t testing.TB) *slapd.Server {
	t.Helper()
	s, err := slapd.New(t.Context(), t.TempDir(), slapd.Base()+people(20)+companyLDIF)
	skipWithout(t, err)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func skipWithout(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, slapd.ErrNotHere) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// people writes n people: p0 manages p1 to p9, p1 those of 10 to 19, and so on; a
// hundred of them are in each group g0, g1 …, which are in groups of ten, which
// are in the group all.
func people(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=p%d,ou=people,%s\nobjectClass: inetOrgPerson\nuid: p%d\ncn: Person %d\nsn: %d\nmail: p%d@example.com\ndepartmentNumber: D%d\n",
			i, slapd.Suffix, i, i, i, i, i%7)
		if i > 0 {
			fmt.Fprintf(&b, "manager: uid=p%d,ou=people,%s\n", i/10, slapd.Suffix)
		}
		b.WriteString("\n")
	}
	group := func(name string, members func(yield func(string))) {
		fmt.Fprintf(&b, "dn: cn=%s,ou=groups,%s\nobjectClass: groupOfNames\nobjectClass: mailPerson\ncn: %s\nmail: %s@example.com\n", name, slapd.Suffix, name, name)
		members(func(dn string) { fmt.Fprintf(&b, "member: %s,%s\n", dn, slapd.Suffix) })
		b.WriteString("\n")
	}
	groups := (n + 99) / 100
	for g := range groups {
		group(fmt.Sprintf("g%d", g), func(yield func(string)) {
			for i := g * 100; i < min(n, g*100+100); i++ {
				yield(fmt.Sprintf("uid=p%d,ou=people", i))
			}
		})
	}
	tens := (groups + 9) / 10
	for g := range tens {
		group(fmt.Sprintf("ten%d", g), func(yield func(string)) {
			for i := g * 10; i < min(groups, g*10+10); i++ {
				yield(fmt.Sprintf("cn=g%d,ou=groups", i))
			}
		})
	}
	group("all", func(yield func(string)) {
		for g := range tens {
			yield(fmt.Sprintf("cn=ten%d,ou=groups", g))
		}
	})
	group("large", func(yield func(string)) {
		for i := range min(n, 3000) {
			yield(fmt.Sprintf("uid=p%d,ou=people", i))
		}
	})
	return b.String()
}

const companyLDIF = `dn: ou=north,ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: north

dn: uid=anna,ou=north,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: mailPerson
uid: anna
cn: Anna Smith
displayName: Smith, Anna
givenName: Anna
sn: Smith
initials: AS
mail: anna@example.com
mailAlternateAddress: a.smith@example.com
proxyAddresses: smtp:anna@example.net
proxyAddresses: X400:c=us;o=Example
l: Bristol
o: Example Ltd
c: GB
departmentNumber: Sales
street: 1 High Street
st: Avon
postalCode: BS1
postOfficeBox: 7
title: Buyer
telephoneNumber: +44 1
homePhone: +44 2
mobile: +44 3
pager: +44 4
facsimileTelephoneNumber: +44 5
physicalDeliveryOfficeName: HQ
description: on leave
extensionAttribute7: amber
userRisk: high
manager: uid=ben,ou=people,dc=example,dc=com

dn: uid=ben,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: mailPerson
uid: ben
cn: Ben Okri
sn: Okri
mail: ben@example.com
proxyAddresses: SMTP:b.okri@example.com
proxyAddresses: smtp:ben@old.example
manager: uid=carol,ou=people,dc=example,dc=com

dn: uid=carol,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: carol
cn: Carol Jones
sn: Jones
mail: carol@example.com
manager: uid=anna,ou=north,ou=people,dc=example,dc=com

dn: uid=guest,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: guest
cn: Gil Guest
sn: Guest
mail: guest@example.com
employeeType: Visitor
manager: uid=gone,ou=people,dc=example,dc=com

dn: cn=Smith\2C Jones (a*b) \5Cc,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Smith, Jones (a*b) \c
sn: Smith
uid: odd(*)\
uid: odd(*)
mail: "odd(*)"@example.com
mail: o'dd+x@example.com

dn: uid=twin1,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: twin
cn: Twin One
sn: One
mail: twin1@example.com
mail: twins@example.com

dn: uid=twin2,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: twin
cn: Twin Two
sn: Two
mail: twin2@example.com
mail: twins@example.com

dn: uid=nomail,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: nomail
cn: No Mail
sn: Mail

dn: cn=Jo\2C the dealer\2Cou=north,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: mailPerson
cn: Jo, the dealer,ou=north
sn: Jo
mail: jo@example.com
proxyAddresses: smtp:jo@bücher.example
proxyAddresses: smtp:jo@xn--mller-kva.example

dn: cn=vendor,ou=groups,dc=example,dc=com
objectClass: organizationalRole
objectClass: mailPerson
cn: vendor
mail: shared@partner.example

dn: cn=forward,ou=groups,dc=example,dc=com
objectClass: nisMailAlias
objectClass: mailPerson
cn: forward
mail: shared@partner.example
rfc822MailMember: carol@example.com

dn: cn=Büro,ou=groups,dc=example,dc=com
objectClass: groupOfNames
objectClass: mailPerson
cn: Büro
mail: office@example.com
member: uid=anna,ou=north,ou=people,dc=example,dc=com

dn: cn=postbox,ou=groups,dc=example,dc=com
objectClass: nisMailAlias
objectClass: mailPerson
cn: postbox
mail: postbox@example.com
rfc822MailMember: dynamic@example.com

dn: cn=Sales Team,ou=groups,dc=example,dc=com
objectClass: groupOfNames
objectClass: mailPerson
cn: Sales Team
mail: sales@example.com
member: uid=anna,ou=north,ou=people,dc=example,dc=com
member: uid=nomail,ou=people,dc=example,dc=com
member: uid=gone,ou=people,dc=example,dc=com

dn: cn=Everyone,ou=groups,dc=example,dc=com
objectClass: groupOfUniqueNames
objectClass: mailPerson
cn: Everyone
mail: everyone@example.com
uniqueMember: cn=Sales Team,ou=groups,dc=example,dc=com
uniqueMember: UID=Carol, OU=People, DC=example, DC=com
uniqueMember: cn=Dynamic,ou=groups,dc=example,dc=com

dn: cn=circle,ou=groups,dc=example,dc=com
objectClass: groupOfNames
objectClass: mailPerson
cn: circle
mail: circle@example.com
member: cn=ring,ou=groups,dc=example,dc=com
member: uid=ben,ou=people,dc=example,dc=com

dn: cn=ring,ou=groups,dc=example,dc=com
objectClass: groupOfNames
objectClass: mailPerson
cn: ring
mail: ring@example.com
member: cn=circle,ou=groups,dc=example,dc=com

dn: cn=unix,ou=groups,dc=example,dc=com
objectClass: posixGroup
cn: unix
gidNumber: 100
memberUid: ben
memberUid: odd(*)\

dn: cn=Odd\2C (a*b) \5C,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: Odd, (a*b) \
member: cn=Smith\2C Jones (a*b) \5Cc,ou=people,dc=example,dc=com
member: cn=unix,ou=groups,dc=example,dc=com

dn: cn=vendors,ou=groups,dc=example,dc=com
objectClass: nisMailAlias
objectClass: mailPerson
cn: vendors
mail: vendors@example.com
rfc822MailMember: agent@partner.example
rfc822MailMember: carol@example.com

dn: cn=Dynamic,ou=groups,dc=example,dc=com
objectClass: groupOfURLs
objectClass: mailPerson
cn: Dynamic
mail: dynamic@example.com
memberURL: ldap:///ou=people,dc=example,dc=com??sub?(employeeType=visitor)
memberURL: ldap:///ou=north,ou=people,dc=example,dc=com??one?(sn=nobody%20at%20all)

dn: cn=Elsewhere,ou=groups,dc=example,dc=com
objectClass: groupOfURLs
objectClass: mailPerson
cn: Elsewhere
mail: elsewhere@example.com
memberURL: ldap://other.example/ou=people,dc=example,dc=com??sub?(objectClass=*)

dn: cn=Same,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: Same
cn: Same Name
member: uid=ben,ou=people,dc=example,dc=com

dn: cn=Other,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: Other
cn: Same Name
member: uid=ben,ou=people,dc=example,dc=com

`

// options asks a server as a company would be asked.
func options(s *slapd.Server) ldap.Options {
	schema := ldap.OpenLDAP()
	schema.Attributes["CustomAttribute7"] = []string{"extensionAttribute7"}
	return ldap.Options{
		URLs: []string{s.SecureURL()}, TLS: ldap.TLS{Authorities: s.Authorities},
		Base: slapd.Suffix, Bind: ldap.Bind{DN: slapd.ReaderDN, PasswordVariable: passwordVariable},
		Timeout: 5 * time.Second, Schema: schema,
		Guests: ldap.Guests{Attribute: "employeeType", Values: []string{"visitor"}},
		Units:  ldap.Units{Attribute: "departmentNumber", Bases: map[string]string{"North": "OU=north, ou=people, dc=example, dc=com"}},
		Dynamic: []ldap.Dynamic{
			{Address: mustPath("buyers@example.com"), Name: "All Buyers", Filter: "(title=buyer)"},
			{Name: "One in Seven", Filter: "(departmentNumber=D1)"},
		},
	}
}

const passwordVariable = "POSTERN_TEST_LDAP_PASSWORD"

func open(t testing.TB, o ldap.Options, h ldap.Hooks) *ldap.Directory {
	t.Helper()
	t.Setenv(passwordVariable, slapd.Password)
	d, err := ldap.New(o, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func mustPath(s string) message.Path {
	p, err := message.ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}

func ref(t testing.TB, s string) directory.Ref {
	t.Helper()
	r, err := directory.ParseRef(s)
	if err != nil {
		t.Fatalf("ParseRef(%q): %v", s, err)
	}
	return r
}
