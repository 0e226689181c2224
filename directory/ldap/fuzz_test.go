package ldap

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/message"
)

// FuzzFilter holds that no address changes what a filter asks: it compiles, and
// every address gives the same conditions on the same attributes.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"anna@example.com", `"*)(uid=*"@example.com`, `"a\\28b"@example.com`, "bücher@bücher.example", "\"\\\x01\"@x", "a@[192.0.2.1]", "*@*"} {
		f.Add(s)
	}
	s := ActiveDirectory()
	f.Fuzz(func(t *testing.T, text string) {
		p, err := message.ParsePath(text)
		if err != nil || p.IsNull() {
			return
		}
		filter := s.withAddress(p)
		compiled, err := ldap.CompileFilter(filter)
		if err != nil {
			t.Fatalf("%q: %v", filter, err)
		}
		want := 3 * len(spellings(p))
		if len(compiled.Children) != want {
			t.Fatalf("%q has %d conditions, want %d", filter, len(compiled.Children), want)
		}
		for _, c := range compiled.Children {
			if c.Tag != ldap.FilterEqualityMatch {
				t.Fatalf("%q asks something else than equality", filter)
			}
		}
	})
}

// FuzzSearch holds that URLs of searches are read without harm, and that what is
// read can be asked.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"ldap:///ou=people,dc=example,dc=com??sub?(employeeType=visitor)", "ldap:///dc=x??one?(sn=a%20b)", "LDAP:///dc=x",
		"ldap://host/dc=x??sub?(a=b)", "ldap:///dc=x??sub?(a=b)?!ext", "ldap:///%", "ldap:///dc=x????????", "http:///dc=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseSearch(text)
		if err != nil {
			return
		}
		if _, err := ldap.CompileFilter(q.filter); err != nil {
			t.Errorf("%q: filter %q: %v", text, q.filter, err)
		}
		if err := ValidDN(q.base); err != nil {
			t.Errorf("%q: base %q: %v", text, q.base, err)
		}
		if rest, _, _ := strings.Cut(strings.SplitN(text, "://", 2)[1], "/"); rest != "" {
			t.Errorf("%q names a server and is read", text)
		}
		q.covers("uid=x," + q.base)
	})
}

// FuzzPrimaryGroup reads security identifiers of any form.
func FuzzPrimaryGroup(f *testing.F) {
	f.Add([]byte{1, 1, 0, 0, 0, 0, 0, 5, 32, 2, 0, 0}, "513")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, sid []byte, id string) {
		if got := primaryGroup(sid, id); got != "" && len(got) != 3*len(sid) {
			t.Errorf("%x of %q", sid, got)
		}
	})
}
