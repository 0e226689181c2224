package ldap_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/message"
)

func TestPersonOfOpenLDAP(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for _, addr := range []string{"anna@example.com", "A.Smith@EXAMPLE.com", "anna@example.net"} {
		p, err := d.Person(t.Context(), mustPath(addr))
		if err != nil {
			t.Fatalf("Person(%s): %v", addr, err)
		}
		if got := p.Address.String(); got != "anna@example.com" {
			t.Errorf("Person(%s) is %s, want anna@example.com", addr, got)
		}
	}
	p, err := d.Person(t.Context(), mustPath("anna@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"City":             {"Bristol"},
		"Company":          {"Example Ltd"},
		"Country":          {"GB"},
		"CustomAttribute7": {"amber"},
		"Department":       {"Sales"},
		"DisplayName":      {"Smith, Anna"},
		"Email":            {"anna@example.com", "a.smith@example.com", "anna@example.net"},
		"FaxNumber":        {"+44 5"},
		"FirstName":        {"Anna"},
		"HomePhoneNumber":  {"+44 2"},
		"Initials":         {"AS"},
		"LastName":         {"Smith"},
		"Manager":          {"Ben Okri", "b.okri@example.com"},
		"MobileNumber":     {"+44 3"},
		"Notes":            {"on leave"},
		"Office":           {"HQ"},
		"POBox":            {"7"},
		"PagerNumber":      {"+44 4"},
		"PhoneNumber":      {"+44 1"},
		"State":            {"Avon"},
		"Street":           {"1 High Street"},
		"Title":            {"Buyer"},
		"UserLogonName":    {"anna"},
		"ZipCode":          {"BS1"},
	}
	if diff := cmp.Diff(want, p.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"North", "Sales"}, p.Units); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
	if p.Name != "Smith, Anna" || p.Guest || !slices.Equal(p.Logins, []string{"anna"}) || p.Manager.String() != "b.okri@example.com" {
		t.Errorf("name %q, guest %v, logins %q, manager %s", p.Name, p.Guest, p.Logins, p.Manager)
	}
	g, err := d.Person(t.Context(), mustPath("guest@example.com"))
	if err != nil || !g.Guest || !g.Manager.IsNull() {
		t.Errorf("the guest is %+v, %v; want a guest without a manager, who is gone", g, err)
	}
}

func TestManagersFormAChain(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for _, c := range []struct {
		from string
		want []string
	}{
		{"p9876@example.com", []string{"p987@example.com", "p98@example.com", "p9@example.com", "p0@example.com", ""}},
		{"anna@example.com", []string{"b.okri@example.com", "carol@example.com", "anna@example.com"}}, // in a circle
	} {
		addr := mustPath(c.from)
		for _, want := range c.want {
			p, err := d.Person(t.Context(), addr)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Manager.String(); got != want {
				t.Fatalf("the manager of %s is %q, want %q", addr, got, want)
			}
			addr = p.Manager
		}
	}
}

func TestUnknownAddressesAndLoginsAreNotFound(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	// Filters and names in what a message says are texts and nothing else.
	for _, addr := range []string{"nobody@example.com", "", "anna", `"*"@example.com`, `"anna)(uid=*"@example.com`, "*@example.com",
		"sales@example.com", "nomail@example.com", `"\2a"@example.com`, "anna@xn--example.com"} {
		p, err := message.ParsePath(addr)
		if err != nil {
			continue
		}
		if got, err := d.Person(t.Context(), p); !errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("Person(%q) = %v, %v; want ErrNotFound", addr, got, err)
		}
	}
	for _, login := range []string{"", "nobody", "*", "anna)(uid=*", `EXAMPLE\anna`, "p1*", "nobody@example.com", "\x00", "a@b@c", "anna "} {
		if got, err := d.Login(t.Context(), login); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("Login(%q) = %v, %v; want ErrNotFound", login, got, err)
		}
	}
}

func TestLogins(t *testing.T) {
	o := options(company(t))
	o.Schema.Domains = []string{"EXAMPLE"}
	d := open(t, o, ldap.Hooks{})
	for login, want := range map[string]string{
		"anna": "anna@example.com", "ANNA": "anna@example.com", `example\anna`: "anna@example.com",
		"a.smith@example.com": "anna@example.com", "p77": "p77@example.com", "odd(*)": `"odd(*)"@example.com`,
	} {
		p, err := d.Login(t.Context(), login)
		if err != nil || p.Address.String() != want {
			t.Errorf("Login(%q) = %+v, %v; want %s", login, p, err, want)
		}
	}
	for _, login := range []string{`OTHER\anna`, `\anna`} {
		if _, err := d.Login(t.Context(), login); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("Login(%q): error %v, want ErrNotFound", login, err)
		}
	}
	if _, err := d.Login(t.Context(), "twin"); !errors.Is(err, directory.ErrAmbiguous) || !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("a login of two people: error %v, want ErrAmbiguous", err)
	}
}

func TestAddressOfTwoPeople(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	if _, err := d.Person(t.Context(), mustPath("twins@example.com")); !errors.Is(err, directory.ErrAmbiguous) {
		t.Errorf("error %v, want ErrAmbiguous", err)
	}
	if p, err := d.Person(t.Context(), mustPath("twin2@example.com")); err != nil || p.Name != "Twin Two" {
		t.Errorf("got %+v, %v", p, err)
	}
}

// Directories and messages write internationalised domains in either form.
func TestInternationalisedDomains(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for _, addr := range []string{"jo@bücher.example", "JO@BÜCHER.example", "jo@xn--bcher-kva.example", "jo@xn--mller-kva.example", "jo@müller.example"} {
		if p, err := d.Person(t.Context(), mustPath(addr)); err != nil || p.Address.String() != "jo@example.com" {
			t.Errorf("Person(%s) = %v, %v", addr, p, err)
		}
	}
}

// A comma within a name is no boundary: who is called "Jo, the dealer,ou=north" is
// not below ou=north.
func TestNamesWithCommasAreInNoUnit(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for addr, want := range map[string]bool{"jo@example.com": false, "anna@example.com": true} {
		if p, err := d.Person(t.Context(), mustPath(addr)); err != nil || p.InUnit("North") != want {
			t.Errorf("%s is in %v, %v", addr, p, err)
		}
	}
}

func TestGuestsByAFilter(t *testing.T) {
	o := options(company(t))
	o.Guests = ldap.Guests{Filter: "(|(employeeType=visitor)(departmentNumber=D3))"}
	d := open(t, o, ldap.Hooks{})
	for addr, want := range map[string]bool{"guest@example.com": true, "p3@example.com": true, "p4@example.com": false} {
		if p, err := d.Person(t.Context(), mustPath(addr)); err != nil || p.Guest != want {
			t.Errorf("%s is %+v, %v; want guest %v", addr, p, err, want)
		}
	}
}

func TestUnits(t *testing.T) {
	d := open(t, options(company(t)), ldap.Hooks{})
	for unit, want := range map[string]bool{"north": true, "Sales": true, "d5": true, "D9": false, "*": false, "South": false} {
		if got, err := d.HasUnit(t.Context(), unit); err != nil || got != want {
			t.Errorf("HasUnit(%s) = %v, %v; want %v", unit, got, err, want)
		}
	}
}
