package directory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/directory"
)

func TestGroupsAreNamedByAddressDistinguishedNameOrName(t *testing.T) {
	for _, c := range []struct{ text, kind, key string }{
		{"Sales@Example.com", "address", "sales@example.com"},
		{"a=b@example.com", "address", "a=b@example.com"},
		{`"a b"@example.com`, "address", "a b@example.com"},
		{"cn=Sales,ou=groups,dc=example,dc=com", "dn", "\ndn:cn=sales,ou=groups,dc=example,dc=com"},
		{" CN = Sales , OU=Groups, DC=example,DC=com ", "dn", "\ndn:cn=sales,ou=groups,dc=example,dc=com"},
		{`cn=Smith\, Jones,dc=example,dc=com`, "dn", "\n" + `dn:cn=smith\, jones,dc=example,dc=com`},
		{"cn=x@y.example,dc=example,dc=com", "dn", "\ndn:cn=x@y.example,dc=example,dc=com"},
		{"Sales", "name", "\nname:sales"},
		{"  Sales   and Marketing ", "name", "\nname:sales and marketing"},
		{"a=b", "name", "\nname:a=b"},
		{"*)(objectClass=*", "name", "\nname:*)(objectclass=*"},
	} {
		r := ref(t, c.text)
		kind := "name"
		switch {
		case !r.Address().IsNull():
			kind = "address"
		case r.DN() != "":
			kind = "dn"
		}
		if kind != c.kind || r.Key() != c.key {
			t.Errorf("ParseRef(%q) is a %s with key %q, want a %s with key %q", c.text, kind, r.Key(), c.kind, c.key)
		}
	}
	for _, text := range []string{"", "  ", "a\x00b", "two\nlines", strings.Repeat("x", 1025)} {
		if r, err := directory.ParseRef(text); err == nil {
			t.Errorf("ParseRef(%q) = %v, want an error", text, r)
		}
	}
}

func TestNameOfTwoGroupsIsAmbiguous(t *testing.T) {
	f := load(t, `
groups:
  - {address: one@example.com, name: Sales, members: [anna@example.com]}
  - {address: two@example.com, name: SALES, members: [ben@example.com]}
`)
	_, err := f.Member(t.Context(), path(t, "anna@example.com"), ref(t, "sales"))
	if !errors.Is(err, directory.ErrAmbiguous) || errors.Is(err, directory.ErrNotFound) {
		t.Errorf("error %v, want ErrAmbiguous", err)
	}
}

func TestPeopleAreInUnits(t *testing.T) {
	f := load(t, `
people:
  - {address: anna@example.com, units: [North, Head  Office]}
  - {address: ben@example.com, units: South}
  - {address: carol@example.com}
`)
	for unit, want := range map[string]string{"north": "anna", "Head Office": "anna", "SOUTH": "ben", "East": ""} {
		who := ""
		for _, p := range f.People() {
			if p.InUnit(unit) {
				who += p.Address.Local()
			}
		}
		if known, err := f.HasUnit(t.Context(), unit); who != want || known != (want != "") || err != nil {
			t.Errorf("in %s is %q, known %v, %v; want %q", unit, who, known, err, want)
		}
	}
}
