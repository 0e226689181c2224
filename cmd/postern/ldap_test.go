package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/internal/slapd"
	"github.com/postern-mail/postern/message"
)

// companyLDIF is a few people and groups for what the whole program does with
// them; package ldap tries the directory itself.
func companyLDIF() string {
	var b strings.Builder
	b.WriteString(slapd.Base())
	for i, name := range append([]string{"anna", "ben", "vera"}, numbered(20)...) {
		fmt.Fprintf(&b, "dn: uid=%[1]s,ou=people,%[2]s\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\nmail: %[1]s@example.com\nou: Unit %[3]d\n", name, slapd.Suffix, i%2)
		if name == "vera" {
			b.WriteString("employeeType: guest\n")
		}
		b.WriteString("\n")
	}
	for group, members := range map[string][]string{"sales": {"uid=anna,ou=people", "uid=p3,ou=people"}, "hr": {"uid=ben,ou=people"}, "staff": {"cn=sales,ou=groups", "cn=hr,ou=groups"}} {
		fmt.Fprintf(&b, "dn: cn=%[1]s,ou=groups,%[2]s\nobjectClass: groupOfNames\nobjectClass: mailPerson\ncn: %[1]s\nmail: %[1]s@example.com\n", group, slapd.Suffix)
		for _, m := range members {
			fmt.Fprintf(&b, "member: %s,%s\n", m, slapd.Suffix)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("p%d", i)
	}
	return names
}

// startCompany runs a server of its own until the end of the test.
func startCompany(t *testing.T) *slapd.Server {
	t.Helper()
	s, err := slapd.New(t.Context(), t.TempDir(), companyLDIF())
	if errors.Is(err, slapd.ErrNotHere) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	write(t, filepath.Join(s.Dir, "password"), slapd.Password+"\n")
	return s
}

// directorySection is that of postern.yaml for a server.
func directorySection(s *slapd.Server) string {
	return fmt.Sprintf(`directory:
  stale: 12h
  ldap:
    url: %s
    schema: openLDAP
    base: %s
    bind: {dn: "%s", passwordFile: %s/password}
    tls: {authorities: %s}
    timeout: 2s
    guests: {attribute: employeeType, values: [guest]}
    administrativeUnits: {attribute: ou}
`, s.SecureURL(), slapd.Suffix, slapd.ReaderDN, s.Dir, s.Authorities)
}

const companyPolicy = `policy: Sales secrets
mode: enable
scope: {exchangeSenderMemberOf: [%s]}
administrativeUnit: %s
rules:
  - rule: Secrets
    conditions: {subjectContainsWords: [secret]}
    actions: {blockAccess: all}
`

func TestCheckAsksTheDirectory(t *testing.T) {
	s := startCompany(t)
	dir := t.TempDir()
	const base = "listen: {milter: \"127.0.0.1:0\"}\norganization: {acceptedDomains: [example.com]}\npolicies: [policy.yaml]\nstore: {path: store}\n"
	for _, c := range []struct {
		name, group, unit string
		change            func(string) string
		status            int
		want              []string // in what is printed
	}{
		{"all is well", "sales@example.com", "Unit 0", func(c string) string { return c }, statusGood, []string{"good: " + s.SecureURL() + " answers", "good: 1 policy"}},
		{"by name and distinguished name", "staff, \"cn=hr,ou=groups,dc=example,dc=com\"", "Unit 1", func(c string) string { return c }, statusGood, []string{"good: 1 policy"}},
		{"groups and units that are not there", "marketing@example.com, \"cn=x,dc=example,dc=com\"", "Unit 7", func(c string) string { return c }, statusGood,
			[]string{"has no group marketing@example.com", "has no group cn=x,dc=example,dc=com", `administrative unit "Unit 7"`}},
		{"a wrong password", "sales@example.com", "Unit 0", func(c string) string { return strings.Replace(c, slapd.ReaderDN, slapd.AdminDN+"x", 1) }, statusNo,
			[]string{"postern.yaml:7:3: directory.ldap: the directory cannot be used: " + s.SecureURL(), "Invalid Credentials"}},
		{"a base that is not there", "sales@example.com", "Unit 0", func(c string) string { return strings.Replace(c, "base: dc=example", "base: dc=elsewhere", 1) }, statusNo, []string{`"dc=elsewhere,dc=com" is not there`}},
		{"nobody is found", "sales@example.com", "Unit 0", func(c string) string { return c + "    people: {filter: \"(objectClass=room)\"}\n" }, statusNo, []string{"nobody with an address is found"}},
		{"a certificate of nobody known", "sales@example.com", "Unit 0", func(c string) string {
			return strings.Replace(c, "tls: {authorities: "+s.Authorities+"}", "tls: {}", 1)
		}, statusNo, []string{"certificate"}},
		{"a password that cannot be read", "sales@example.com", "Unit 0", func(c string) string { return strings.Replace(c, "/password}", "/nothing}", 1) }, statusNo, []string{"/nothing"}},
		{"nobody answers", "sales@example.com", "Unit 0", func(c string) string { return strings.Replace(c, s.SecureURL(), "ldaps://127.0.0.1:1", 1) }, statusGood,
			[]string{"the directory does not answer: ldaps://127.0.0.1:1", "connection refused", "good: 1 policy"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, "postern.yaml")
			write(t, file, base+c.change(directorySection(s)))
			write(t, filepath.Join(dir, "policy.yaml"), fmt.Sprintf(companyPolicy, c.group, c.unit))
			var out, errs bytes.Buffer
			if status := run([]string{"check", "--config", file}, nil, &out, &errs); status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String()+errs.String(), want) {
					t.Errorf("it is not said that %q:\n%s%s", want, &out, &errs)
				}
			}
		})
	}
}

// Mistakes are shown without what may be a password.
func TestProblemsShowNoPasswords(t *testing.T) {
	for _, url := range []string{"ldaps://cn=postern:hunter2@ldap.example.com", "ldap://postern:hun%ter2@ldap.example.com", "postern:hunter2@ldap.example.com"} {
		_, problems := readConfig("postern.yaml", []byte("directory: {ldap: {url: \""+url+"\", schema: openLDAP, base: \"dc=example,dc=com\", bind: {dn: \"cn=x,dc=example\", password: hunter2}}}\n"))
		text := fmt.Sprint(problems)
		if strings.Contains(text, "hunter2") || strings.Contains(text, "hun%ter2") || !strings.Contains(text, "@ldap.example.com\" is not where") {
			t.Errorf("%s: %s", url, text)
		}
	}
}

func TestEveryKeyOfLDAPIsTaken(t *testing.T) {
	const config = `listen: {milter: "127.0.0.1:0"}
organization: {acceptedDomains: [example.com]}
policies: [policy.yaml]
directory:
  stale: 2h
  ldap:
    url: [ldaps://one.example.com, "ldap://two.example.com:1389", "ldapi:///run/ldapi"]
    schema: activeDirectory
    base: dc=example,dc=com
    bind: {dn: "cn=postern,dc=example,dc=com", passwordVariable: PASSWORD}
    tls: {authorities: ca.pem, certificate: cert.pem, key: key.pem}
    timeout: 3s
    connections: 7
    cache: {ttl: 1m, negative: 5s, entries: 1000}
    people: {base: "ou=people,dc=example,dc=com", filter: "(objectClass=user)", mail: mail, proxies: [proxyAddresses], logins: [uid], loginDomains: [EXAMPLE], names: [cn], manager: boss}
    groups: {base: "ou=groups,dc=example,dc=com", filter: "(objectClass=group)", members: [member], memberLogins: [memberUid], memberAddresses: [], memberSearches: memberURL, nested: walk, plain: "(ou=lists)",
      dynamic: [{name: Buyers, plain: true, address: buyers@example.com, base: "ou=x,dc=example,dc=com", filter: "(title=buyer)"}]}
    guests: {attribute: employeeType, values: [guest], filter: "(ou=guests)"}
    administrativeUnits: {attribute: ou, bases: {North: "ou=north,dc=example,dc=com"}}
    attributes: {Department: dep, Postal Code: [zip, postalCode]}
`
	c, problems := readConfig("/etc/postern/postern.yaml", []byte(config))
	if len(problems) > 0 || c.ldap == nil {
		t.Fatalf("problems: %v", problems)
	}
	want := ldap.Options{
		URLs: []string{"ldaps://one.example.com", "ldap://two.example.com:1389", "ldapi:///run/ldapi"},
		TLS:  ldap.TLS{Start: true, Authorities: "/etc/postern/ca.pem", Certificate: "/etc/postern/cert.pem", Key: "/etc/postern/key.pem"},
		Bind: ldap.Bind{DN: "cn=postern,dc=example,dc=com", PasswordVariable: "PASSWORD"},
		Base: "dc=example,dc=com", Timeout: 3 * time.Second, Connections: 7, TTL: time.Minute, Negative: 5 * time.Second, Stale: 2 * time.Hour, Entries: 1000,
		Schema: ldap.ActiveDirectory(),
		Guests: ldap.Guests{Attribute: "employeeType", Values: []string{"guest"}, Filter: "(ou=guests)"},
		Units:  ldap.Units{Attribute: "ou", Bases: map[string]string{"North": "ou=north,dc=example,dc=com"}},
	}
	s := &want.Schema
	s.PeopleBase, s.PeopleFilter, s.GroupBase, s.GroupFilter = "ou=people,dc=example,dc=com", "(objectClass=user)", "ou=groups,dc=example,dc=com", "(objectClass=group)"
	s.Logins, s.Domains, s.Names, s.Manager = []string{"uid"}, []string{"EXAMPLE"}, []string{"cn"}, "boss"
	s.PlainFilter = "(ou=lists)"
	s.MemberID, s.MemberURL, s.InChain = []string{"memberUid"}, []string{"memberURL"}, false
	s.Attributes["Department"], s.Attributes["ZipCode"] = []string{"dep"}, []string{"zip", "postalCode"}
	buyers, err := message.ParsePath("buyers@example.com")
	if err != nil {
		t.Fatal(err)
	}
	want.Dynamic = []ldap.Dynamic{{Name: "Buyers", Plain: true, Address: buyers, Base: "ou=x,dc=example,dc=com", Filter: "(title=buyer)"}}
	if diff := cmp.Diff(want, *c.ldap, cmp.Comparer(func(a, b message.Path) bool { return a == b })); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if v, err := instance([]byte(config)); err != nil {
		t.Error(err)
	} else if err := validator(t, "postern").Validate(v); err != nil {
		t.Errorf("the schema for editors: %v", err)
	}
	again, _ := readConfig("/etc/postern/postern.yaml", []byte(config))
	if !reflect.DeepEqual(c.ldap, again.ldap) {
		t.Error("the same file gives other options: what is known would be lost at a reload")
	}
}
