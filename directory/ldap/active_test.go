package ldap_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/internal/slapd"
)

// sid gives the objectSid of an account, in base64.
func sid(rid uint32) string {
	b := []byte{1, 5, 0, 0, 0, 0, 0, 5}
	for _, part := range []uint32{21, 111, 222, 333, rid} {
		b = binary.LittleEndian.AppendUint32(b, part)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func activeLDIF() string {
	return slapd.Base() + fmt.Sprintf(`dn: cn=Anna Smith,ou=people,dc=example,dc=com
objectClass: user
objectCategory: person
cn: Anna Smith
sn: Smith
displayName: Smith, Anna
sAMAccountName: anna
userPrincipalName: anna@corp.example
mail: a.smith@example.com
proxyAddresses: smtp:a.smith@example.com
proxyAddresses: SMTP:anna@example.com
proxyAddresses: x500:/o=Example/cn=anna
proxyAddresses: sip:anna@sip.example
c: GB
company: Example Ltd
department: Sales
otherTelephone: +44 7
otherTelephone: +44 8
extensionAttribute1: amber
manager: cn=Ben\2C Okri,ou=people,dc=example,dc=com
objectSid:: %s
primaryGroupID: 513

dn: cn=Ben\2C Okri,ou=people,dc=example,dc=com
objectClass: user
objectCategory: person
cn: Ben, Okri
sn: Okri
sAMAccountName: ben
mail: ben@example.com
objectSid:: %s
primaryGroupID: 514

dn: cn=Partner,ou=people,dc=example,dc=com
objectClass: contact
objectCategory: person
cn: Partner
sn: Partner
mail: partner@partner.example

dn: cn=Domain Users,ou=groups,dc=example,dc=com
objectClass: group
cn: Domain Users
sAMAccountName: Domain Users
mail: users@example.com
objectSid:: %s

dn: cn=Everyone,ou=groups,dc=example,dc=com
objectClass: group
cn: Everyone
mail: everyone@example.com
member: cn=Domain Users,ou=groups,dc=example,dc=com
member: cn=Partner,ou=people,dc=example,dc=com

dn: cn=Sales,ou=groups,dc=example,dc=com
objectClass: group
cn: Sales
proxyAddresses: SMTP:sales@example.com
proxyAddresses: smtp:verkauf@example.com
member: cn=Anna Smith,ou=people,dc=example,dc=com

dn: cn=Dynamic,ou=groups,dc=example,dc=com
objectClass: msExchDynamicDistributionList
cn: Dynamic
mail: dynamic@example.com
msExchDynamicDLFilter: (&(objectClass=user)(department=sales))
msExchDynamicDLBaseDN: ou=people,dc=example,dc=com

`, sid(1101), sid(1102), sid(513))
}

func TestActiveDirectory(t *testing.T) {
	s, err := slapd.New(t.Context(), t.TempDir(), activeLDIF())
	skipWithout(t, err)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	schema := ldap.ActiveDirectory()
	schema.InChain = false // a rule that slapd has not
	schema.Domains = []string{"CORP"}
	o := options(s)
	o.Schema, o.Guests, o.Units, o.Dynamic = schema, ldap.Guests{}, ldap.Units{}, nil
	d := open(t, o, ldap.Hooks{})

	p, err := d.Person(t.Context(), mustPath("A.Smith@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"Company": {"Example Ltd"}, "Country": {"GB"}, "CustomAttribute1": {"amber"}, "Department": {"Sales"},
		"DisplayName": {"Smith, Anna"}, "Email": {"anna@example.com", "a.smith@example.com"}, "LastName": {"Smith"},
		"Manager": {"Ben, Okri", "ben@example.com"}, "OtherPhoneNumber": {"+44 7", "+44 8"}, "UserLogonName": {"anna", "anna@corp.example"},
	}
	if diff := cmp.Diff(want, p.Attributes); diff != "" || p.Address.String() != "anna@example.com" || p.Manager.String() != "ben@example.com" {
		t.Errorf("%s, manager %s, attributes (-want +got):\n%s", p.Address, p.Manager, diff)
	}
	for _, login := range []string{"anna", `corp\ANNA`, "anna@corp.example", "a.smith@example.com"} {
		if p, err := d.Login(t.Context(), login); err != nil || p.Name != "Smith, Anna" {
			t.Errorf("Login(%q) = %+v, %v", login, p, err)
		}
	}
	if got := asked(t, d, "partner@partner.example", "Everyone"); got != "not found, true" {
		t.Errorf("a contact is nobody of the organisation and may be in groups: %s", got)
	}
	for _, c := range []struct {
		addr, group string
		want        bool
	}{
		{"anna@example.com", "verkauf@example.com", true},
		{"ben@example.com", "sales@example.com", false},
		{"anna@example.com", "Domain Users", true}, // the primary group
		{"anna@example.com", "everyone@example.com", true},
		{"ben@example.com", "everyone@example.com", false}, // a primary group that is not there
		{"anna@example.com", "dynamic@example.com", true},
		{"ben@example.com", "dynamic@example.com", false},
	} {
		if got, err := d.Member(t.Context(), mustPath(c.addr), ref(t, c.group)); err != nil || got != c.want {
			t.Errorf("Member(%s, %s) = %v, %v; want %v", c.addr, c.group, got, err, c.want)
		}
	}
	for group, want := range map[string]string{"users@example.com": "anna@example.com", "Everyone": "partner@partner.example users@example.com", "Dynamic": "anna@example.com"} {
		g, err := d.Group(t.Context(), ref(t, group))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range g.Members {
			got = append(got, m.String())
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("members of %s are %q, want %q", group, got, want)
		}
	}
}
