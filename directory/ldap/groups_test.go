package ldap_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
)

func TestMembersOfGroups(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for _, c := range []struct {
		addr, group string
		want        bool
	}{
		{"anna@example.com", "sales@example.com", true},
		{"a.smith@example.com", "Sales@Example.com", true},
		{"anna@example.com", "Sales Team", true},
		{"anna@example.com", "sales  team", true},
		{"anna@example.com", "cn=Sales Team,ou=groups,dc=example,dc=com", true},
		{"anna@example.com", "CN = sales team, OU=Groups , DC=Example,DC=Com", true},
		{"ben@example.com", "sales@example.com", false},
		{"anna@example.com", "everyone@example.com", true},
		{"carol@example.com", "everyone@example.com", true},
		{"ben@example.com", "everyone@example.com", false},
		// Nested three deep, among ten thousand.
		{"p9999@example.com", "g99@example.com", true},
		{"p9999@example.com", "ten9@example.com", true},
		{"p9999@example.com", "all@example.com", true},
		{"p9999@example.com", "ten8@example.com", false},
		{"p2424@example.com", "large@example.com", true},
		// In a circle.
		{"ben@example.com", "circle@example.com", true},
		{"ben@example.com", "ring@example.com", true},
		{"ring@example.com", "ring@example.com", true},
		{"anna@example.com", "ring@example.com", false},
		// By login, by address, and what only looks like a pattern.
		{"ben@example.com", "unix", true},
		{"o'dd+x@example.com", "unix", true},
		{"anna@example.com", "unix", false},
		{"o'dd+x@example.com", `cn=Odd\2c (a*b) \\,ou=groups,dc=example,dc=com`, true},
		{"ben@example.com", `Odd, (a*b) \`, true},
		{"agent@partner.example", "vendors@example.com", true},
		{"AGENT@partner.example", "vendors@example.com", true},
		{"carol@example.com", "vendors@example.com", true},
		{"stranger@partner.example", "vendors@example.com", false},
		{"stranger@partner.example", "dynamic@example.com", false},
		// Of what is no person by any of its addresses, whichever question came first.
		{"guest@example.com", "postbox@example.com", true},
		{"dynamic@example.com", "postbox@example.com", true},
		{"anna@example.com", "cn=BÜRO,ou=groups,dc=example,dc=com", true},
		{"anna@example.com", `cn=b\c3\bcro,ou=groups,dc=example,dc=com`, true},
		// By searches.
		{"guest@example.com", "dynamic@example.com", true},
		{"guest@example.com", "everyone@example.com", true},
		{"anna@example.com", "dynamic@example.com", false},
		{"anna@example.com", "buyers@example.com", true},
		{"anna@example.com", "all buyers", true},
		{"ben@example.com", "buyers@example.com", false},
		// A group in a group, and nobody.
		{"sales@example.com", "everyone@example.com", true},
		{"everyone@example.com", "sales@example.com", false},
		{"", "sales@example.com", false},
	} {
		if got, err := d.Member(t.Context(), mustPath(c.addr), ref(t, c.group)); err != nil || got != c.want {
			t.Errorf("Member(%q, %q) = %v, %v; want %v", c.addr, c.group, got, err, c.want)
		}
	}
}

func TestUnknownGroupsAreNotFound(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for _, group := range []string{"nogroup@example.com", "anna@example.com", "*", "Sales*", "Sales Team)(cn=*", "cn=*,ou=groups,dc=example,dc=com",
		"cn=Sales Team,ou=nowhere,dc=example,dc=com", "uid=ben,ou=people,dc=example,dc=com", "cn=x,dc=elsewhere", "nosuchtype=x,dc=example,dc=com"} {
		r := ref(t, group)
		if _, err := d.Member(t.Context(), mustPath("anna@example.com"), r); !errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("Member of %q: error %v, want ErrNotFound", group, err)
		}
		if g, err := d.Group(t.Context(), r); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("Group(%q) = %v, %v; want ErrNotFound", group, g, err)
		}
	}
	// Nobody can make a group unknown by writing to an address like its name.
	for _, group := range []string{"Sales Team", "cn=Sales Team,ou=groups,dc=example,dc=com"} {
		for _, local := range []string{"name:sales team", "dn:cn=sales team,ou=groups,dc=example,dc=com"} {
			if _, err := d.Group(t.Context(), directory.AddressRef(mustPath(`"`+local+`"`))); !errors.Is(err, directory.ErrNotFound) {
				t.Errorf("the address %q: error %v, want ErrNotFound", local, err)
			}
		}
		if in, err := d.Member(t.Context(), mustPath("anna@example.com"), ref(t, group)); !in || err != nil {
			t.Errorf("anna in %s: %v, %v", group, in, err)
		}
	}
	if _, err := d.Member(t.Context(), mustPath("shared@partner.example"), ref(t, "Sales Team")); !errors.Is(err, directory.ErrAmbiguous) {
		t.Errorf("the address of two entries that are no people: error %v, want ErrAmbiguous", err)
	}
	if _, err := d.Group(t.Context(), ref(t, "Same Name")); !errors.Is(err, directory.ErrAmbiguous) {
		t.Errorf("the name of two groups: error %v, want ErrAmbiguous", err)
	}
}

// Groups elsewhere than below their base are none, since nobody is asked for there.
func TestGroupsAreBelowTheirBase(t *testing.T) {
	o := options(company(t))
	o.Schema.GroupBase = "ou=people,dc=example,dc=com"
	d := open(t, o, ldap.Hooks{})
	for _, group := range []string{"sales@example.com", "cn=Sales Team,ou=groups,dc=example,dc=com"} {
		if in, err := d.Member(t.Context(), mustPath("anna@example.com"), ref(t, group)); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("anna in %s: %v, %v; want ErrNotFound", group, in, err)
		}
	}
}

func TestNameOfVeryManyGroupsIsAmbiguous(t *testing.T) {
	o := options(company(t))
	o.Schema.Names = []string{"objectClass"}
	d := open(t, o, ldap.Hooks{})
	if _, err := d.Group(t.Context(), ref(t, "groupOfNames")); !errors.Is(err, directory.ErrAmbiguous) || !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("error %v, want ErrAmbiguous", err)
	}
}

func TestGroupsHaveTheirMembers(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for group, want := range map[string][]string{
		// Without those who have no address, and those who are gone.
		"sales@example.com":                    {"anna@example.com"},
		"Everyone":                             {"carol@example.com", "dynamic@example.com", "sales@example.com"},
		"circle":                               {"b.okri@example.com", "ring@example.com"},
		"unix":                                 {`"odd(*)"@example.com`, "b.okri@example.com"},
		`Odd, (a*b) \`:                         {`"odd(*)"@example.com`},
		"vendors@example.com":                  {"agent@partner.example", "carol@example.com"},
		"dynamic@example.com":                  {"guest@example.com"},
		"buyers@example.com":                   {"anna@example.com"},
		"cn=Other,ou=groups,dc=example,dc=com": {"b.okri@example.com"},
	} {
		g, err := d.Group(t.Context(), ref(t, group))
		if err != nil {
			t.Errorf("Group(%s): %v", group, err)
			continue
		}
		var got []string
		for _, m := range g.Members {
			got = append(got, m.String())
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members of %s (-want +got):\n%s", group, diff)
		}
	}
	// Many are read page by page, beyond what the server gives at once.
	if g, err := d.Group(t.Context(), ref(t, "one in seven")); err != nil || len(g.Members) != 1429 {
		t.Errorf("the group of a search: %v", err)
	}
	if g, err := d.Group(t.Context(), ref(t, "large@example.com")); err != nil || len(g.Members) != 3000 || g.Name != "large" || g.DN != "cn=large,ou=groups,dc=example,dc=com" {
		t.Errorf("the large group: %v", err)
	}
}

func TestPlainGroups(t *testing.T) {
	o := options(company(t))
	o.Schema.PlainFilter = "(cn=g4*)"
	o.Dynamic[0].Plain = true
	d := open(t, o, ldap.Hooks{})
	for group, want := range map[string]bool{"g4": true, "g42": true, "g5": false, "buyers@example.com": true} {
		if g, err := d.Group(t.Context(), ref(t, group)); err != nil || g.Plain != want {
			t.Errorf("%s: %v, %v; want plain %v", group, g, err, want)
		}
	}
}

func TestGroupWhoseSearchNamesAnotherServerIsUnavailable(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	r := ref(t, "elsewhere@example.com")
	if in, err := d.Member(t.Context(), mustPath("anna@example.com"), r); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("Member = %v, %v; want ErrUnavailable", in, err)
	}
	if g, err := d.Group(t.Context(), r); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("Group = %v, %v; want ErrUnavailable", g, err)
	}
}

func TestManyAskAtOnce(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			addr := mustPath([]string{"p1234@example.com", "p77@example.com", "anna@example.com"}[i%3])
			if in, err := d.Member(t.Context(), addr, ref(t, "all@example.com")); err != nil || in != (i%3 != 2) {
				t.Errorf("%s: %v, %v", addr, in, err)
			}
		})
	}
	wg.Wait()
}

func TestResolverReplacesGroupsOfLDAP(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	to, err := directory.Groups(d).Resolve(t.Context(), mustPath("everyone@example.com"))
	var got []string
	for _, p := range to {
		got = append(got, p.String())
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"anna@example.com", "carol@example.com", "guest@example.com"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
