package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
)

const directoryPage = "../../docs/directory.md"

// schemaTable lists what the schemas of LDAP read.
func schemaTable() string {
	a, b := ldap.OpenLDAP(), ldap.ActiveDirectory()
	var t strings.Builder
	t.WriteString("| | `openLDAP` | `activeDirectory` |\n| --- | --- | --- |\n")
	code := func(names ...string) string {
		var out []string
		for _, n := range names {
			if n != "" {
				out = append(out, "`"+strings.ReplaceAll(n, "|", "\\|")+"`")
			}
		}
		if len(out) == 0 {
			return "–"
		}
		return strings.Join(out, ", ")
	}
	row := func(key string, of func(s ldap.Schema) []string) {
		fmt.Fprintf(&t, "| %s | %s | %s |\n", key, code(of(a)...), code(of(b)...))
	}
	row("`people.filter`", func(s ldap.Schema) []string { return []string{s.PeopleFilter} })
	row("`people.mail`", func(s ldap.Schema) []string { return s.Mail })
	row("`people.proxies`", func(s ldap.Schema) []string { return s.Proxies })
	row("`people.logins`", func(s ldap.Schema) []string { return s.Logins })
	row("`people.names`", func(s ldap.Schema) []string { return s.Names })
	row("`people.manager`", func(s ldap.Schema) []string { return []string{s.Manager} })
	row("`people.language`", func(s ldap.Schema) []string { return []string{s.Language} })
	row("`groups.filter`", func(s ldap.Schema) []string { return []string{s.GroupFilter} })
	row("`groups.members`", func(s ldap.Schema) []string { return s.MemberDN })
	row("`groups.memberLogins`", func(s ldap.Schema) []string { return s.MemberID })
	row("`groups.memberAddresses`", func(s ldap.Schema) []string { return s.MemberMail })
	row("`groups.memberSearches`", func(s ldap.Schema) []string { return append(s.MemberURL, s.DynamicFilter) })
	row("`groups.nested`", func(s ldap.Schema) []string {
		return []string{map[bool]string{false: "walk", true: "chain"}[s.InChain]}
	})
	for _, name := range directory.AttributeNames() {
		switch name {
		case "DisplayName", "Email", "Manager", "UserLogonName": // follow from the rest
		default:
			row(name, func(s ldap.Schema) []string { return s.Attributes[name] })
		}
	}
	return t.String()
}

func TestDirectoryPage(t *testing.T) {
	checkTables(t, directoryPage, map[string]string{"schemas": schemaTable()})
	data, err := os.ReadFile(directoryPage)
	if err != nil {
		t.Fatal(err)
	}
	const rest = "listen: {milter: \"127.0.0.1:0\"}\norganization: {acceptedDomains: [example.com]}\npolicies: [a.yaml]\n"
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want three", len(blocks))
	}
	for i, b := range blocks {
		text, _, _ := strings.Cut(b, "```")
		if strings.HasPrefix(text, "people:") {
			if _, problems := directory.LoadFile("people.yaml", []byte(text)); len(problems) > 2 {
				t.Errorf("the people file: %v", problems)
			}
			continue
		}
		c, problems := readConfig("/etc/postern/postern.yaml", []byte(rest+text))
		if len(problems) > 0 || c.ldap == nil {
			t.Errorf("example %d: %v", i, problems)
			continue
		}
		if _, err := ldap.New(*c.ldap, ldap.Hooks{}); err != nil {
			t.Errorf("example %d: %v", i, err)
		}
	}
	_, keys, _ := strings.Cut(string(data), "<!-- ldap -->")
	keys, _, _ = strings.Cut(keys, "<!-- /ldap -->")
	for _, key := range []string{"stale", "url", "schema", "base", "bind", "dn", "passwordFile", "passwordVariable", "tls", "start", "authorities", "timeout", "connections",
		"cache", "ttl", "negative", "entries", "people", "filter", "mail", "proxies", "logins", "loginDomains", "names", "manager", "groups", "members", "memberLogins",
		"memberAddresses", "memberSearches", "nested", "plain", "dynamic", "guests", "attribute", "values", "administrativeUnits", "bases", "attributes"} {
		if !strings.Contains(keys, key) {
			t.Errorf("%s does not name the key %s", directoryPage, key)
		}
	}
}
