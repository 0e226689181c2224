package ldap_test

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
)

// scripted is a server that answers as a function of the test says: what Active
// Directory does and slapd does not. It reads searches and lets everybody in.
type scripted struct {
	answer func(base string, scope int64, filter string, attributes []string) []scriptedEntry

	code int64 // result of all searches

	mu      sync.Mutex
	filters []string
}

// scriptedEntry is an entry with its attributes.
type scriptedEntry struct {
	dn    string
	attrs map[string][]string
}

// start listens until the end of the test and gives its URL.
func (s *scripted) start(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return "ldap://" + l.Addr().String()
}

func (s *scripted) serve(conn net.Conn) {
	defer conn.Close()
	for {
		p, err := ber.ReadPacket(conn)
		if err != nil || len(p.Children) < 2 {
			return
		}
		id, op := p.Children[0], p.Children[1]
		send := func(tag ber.Tag, children ...*ber.Packet) {
			m := ber.NewSequence("message")
			m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id.Value, ""))
			body := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
			for _, c := range children {
				body.AppendChild(c)
			}
			m.AppendChild(body)
			conn.Write(m.Bytes())
		}
		text := func(s string) *ber.Packet {
			return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
		}
		done := []*ber.Packet{ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 0, ""), text(""), text("")}
		if op.Tag == goldap.ApplicationSearchRequest {
			done[0] = ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, s.code, "")
		}
		switch op.Tag {
		case goldap.ApplicationBindRequest:
			send(goldap.ApplicationBindResponse, done...)
		case goldap.ApplicationSearchRequest:
			filter, err := goldap.DecompileFilter(op.Children[6])
			if err != nil {
				return
			}
			var attributes []string
			for _, a := range op.Children[7].Children {
				attributes = append(attributes, fmt.Sprint(a.Value))
			}
			s.mu.Lock()
			s.filters = append(s.filters, filter)
			s.mu.Unlock()
			for _, e := range s.answer(fmt.Sprint(op.Children[0].Value), op.Children[1].Value.(int64), filter, attributes) {
				list := ber.NewSequence("attributes")
				for name, values := range e.attrs {
					one := ber.NewSequence("attribute")
					one.AppendChild(text(name))
					set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
					for _, v := range values {
						set.AppendChild(text(v))
					}
					one.AppendChild(set)
					list.AppendChild(one)
				}
				send(goldap.ApplicationSearchResultEntry, text(e.dn), list)
			}
			// Active Directory names other servers behind the entries of a base.
			send(goldap.ApplicationSearchResultReference, text("ldap://127.0.0.1:1/CN=Configuration,DC=example,DC=com"))
			send(goldap.ApplicationSearchResultDone, done...)
		default:
			return
		}
	}
}

func active(t *testing.T, s *scripted) *ldap.Directory {
	return open(t, ldap.Options{URLs: []string{s.start(t)}, Base: "DC=example,DC=com", Schema: ldap.ActiveDirectory()}, ldap.Hooks{})
}

func TestNestedGroupsInOneSearch(t *testing.T) {
	const anna = "CN=Anna,OU=People,DC=example,DC=com"
	// As the library writes octets that were escaped.
	primary := "(objectSid=\x01\x05" + `\00\00\00\00\00` + "\x05\x15" + `\00\00\00o\00\00\00\de\00\00\00M` + "\x01" + `\00\00` + "\x01\x02" + `\00\00)`
	s := &scripted{}
	s.answer = func(base string, _ int64, filter string, _ []string) []scriptedEntry {
		switch {
		case strings.Contains(filter, "(mail=anna@example.com)"):
			return []scriptedEntry{{anna, map[string][]string{"mail": {"anna@example.com"}, "primaryGroupID": {"513"},
				"objectSid": {"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x6f\x00\x00\x00\xde\x00\x00\x00\x4d\x01\x00\x00\x4d\x04\x00\x00"}}}}
		case strings.Contains(filter, "member:1.2.840.113556.1.4.1941:="+anna+")"):
			return []scriptedEntry{{"CN=Sales,DC=example,DC=com", nil}, {"CN=All Sales,DC=example,DC=com", nil}}
		case strings.Contains(filter, primary):
			return []scriptedEntry{{"CN=Domain Users,DC=example,DC=com", nil}}
		case strings.Contains(filter, "member:1.2.840.113556.1.4.1941:=CN=Domain Users,DC=example,DC=com)"):
			return []scriptedEntry{{"CN=Everybody,DC=example,DC=com", nil}}
		case strings.HasPrefix(strings.ToLower(base), "cn=") && strings.Contains(filter, "(objectClass=group)"):
			return []scriptedEntry{{base, nil}}
		}
		return nil
	}
	d := active(t, s)
	for group, want := range map[string]bool{"CN=Sales": true, "cn=all sales": true, "CN=Domain Users": true, "CN=Everybody": true, "CN=Admins": false} {
		if got, err := d.Member(t.Context(), mustPath("anna@example.com"), ref(t, group+",DC=example,DC=com")); err != nil || got != want {
			t.Errorf("Member of %s = %v, %v; want %v", group, got, err, want)
		}
	}
	asked := 0
	for _, f := range s.filters {
		if strings.Contains(f, "1.2.840.113556.1.4.1941") {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("nested groups were asked for %d times, want once for the person and once for the primary group:\n%s", asked, strings.Join(s.filters, "\n"))
	}
}

func TestMembersThatComeInParts(t *testing.T) {
	const group = "CN=Large,DC=example,DC=com"
	const all, part = 3700, 1500
	s := &scripted{}
	s.answer = func(base string, _ int64, filter string, attributes []string) []scriptedEntry {
		switch {
		case strings.Contains(filter, "distinguishedName="):
			var found []scriptedEntry
			for _, f := range strings.Split(filter, "(distinguishedName=")[1:] {
				dn, _, _ := strings.Cut(f, ")")
				name := strings.TrimPrefix(strings.Split(dn, ",")[0], "CN=")
				found = append(found, scriptedEntry{dn, map[string][]string{"mail": {name + "@example.com"}}})
			}
			return found
		case base == group && len(attributes) > 0 && strings.HasPrefix(strings.ToLower(attributes[0]), "member"):
			first := 0
			if _, rest, ok := strings.Cut(attributes[0], "range="); ok {
				first, _ = strconv.Atoi(strings.TrimSuffix(rest, "-*"))
			}
			end, last := min(first+part, all), "*"
			if end < all {
				last = strconv.Itoa(end - 1)
			}
			var values []string
			for i := first; i < end; i++ {
				values = append(values, fmt.Sprintf("CN=p%d,DC=example,DC=com", i))
			}
			return []scriptedEntry{{group, map[string][]string{fmt.Sprintf("member;range=%d-%s", first, last): values}}}
		case base == group:
			return []scriptedEntry{{group, map[string][]string{"cn": {"Large"}}}}
		}
		return nil
	}
	g, err := active(t, s).Group(t.Context(), ref(t, group))
	if err != nil || len(g.Members) != all || g.Members[all-1].String() != "p3699@example.com" {
		t.Fatalf("the group has %d members, %v; want %d", len(g.Members), err, all)
	}
}

// A group with more members than are read costs one look at it, and none again as
// long as answers hold; a good answer from before does not stand for it.
func TestGroupsThatAreTooLarge(t *testing.T) {
	const group = "cn=large,dc=example,dc=com"
	var members []string
	for i := range 20_000 {
		members = append(members, fmt.Sprintf("p%d", i))
	}
	begin := time.Now()
	var large atomic.Bool // an hour later
	s := &scripted{}
	s.answer = func(base string, _ int64, filter string, attributes []string) []scriptedEntry {
		switch {
		case strings.Contains(filter, "(uid="):
			return []scriptedEntry{{"uid=p0,dc=example,dc=com", map[string][]string{"mail": {"p0@example.com"}}}}
		case base != group:
			return nil
		case !large.Load():
			return []scriptedEntry{{group, map[string][]string{"memberUid": members[:1]}}}
		}
		return []scriptedEntry{{group, map[string][]string{"memberUid": members}}}
	}
	d := open(t, ldap.Options{URLs: []string{s.start(t)}, Base: "dc=example,dc=com", Schema: ldap.OpenLDAP()}, ldap.Hooks{Now: func() time.Time {
		if large.Load() {
			return begin.Add(time.Hour)
		}
		return begin
	}})
	if g, err := d.Group(t.Context(), ref(t, group)); err != nil || len(g.Members) != 1 {
		t.Fatalf("the small group: %v, %v", g, err)
	}
	large.Store(true)
	before := s.count("")
	for range 3 {
		if g, err := d.Group(t.Context(), ref(t, group)); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("the large group: %v, %v; want ErrUnavailable", g, err)
		}
	}
	if n := s.count("") - before; n > 2 {
		t.Errorf("%d searches are made for a group that is too large", n)
	}
}

func TestWhatServersRefuseIsUnavailable(t *testing.T) {
	nobody := func(string, int64, string, []string) []scriptedEntry { return nil }
	for _, code := range []int64{goldap.LDAPResultOperationsError, goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultReferral, goldap.LDAPResultInsufficientAccessRights,
		goldap.LDAPResultBusy, goldap.LDAPResultUnavailable, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultOther, 4711} {
		d := active(t, &scripted{answer: nobody, code: code})
		for _, group := range []string{"sales@example.com", "Sales", "CN=Sales,DC=example,DC=com"} {
			if in, err := d.Member(t.Context(), mustPath("anna@example.com"), ref(t, group)); !errors.Is(err, directory.ErrUnavailable) || errors.Is(err, directory.ErrNotFound) {
				t.Errorf("result %d: Member of %s = %v, %v; want ErrUnavailable", code, group, in, err)
			}
		}
		if got := asked(t, d, "anna@example.com", "Sales"); got != "unavailable, unavailable" {
			t.Errorf("result %d: %s", code, got)
		}
		if p, err := d.Login(t.Context(), "anna"); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("result %d: Login = %v, %v", code, p, err)
		}
	}
}

func TestServersThatAnswerNonsense(t *testing.T) {
	for name, answer := range map[string]func(base string) []scriptedEntry{
		"an entry without a name": func(string) []scriptedEntry {
			return []scriptedEntry{{"", map[string][]string{"mail": {"anna@example.com"}}}}
		},
		"somebody else": func(string) []scriptedEntry {
			return []scriptedEntry{{"CN=x", map[string][]string{"mail": {"ben@example.com"}}}}
		},
		"no addresses": func(string) []scriptedEntry {
			return []scriptedEntry{{"CN=x", map[string][]string{"mail": {"", "\xff@\xff", "<>", "@", "a b"}}}}
		},
		"an odd security identifier": func(string) []scriptedEntry {
			return []scriptedEntry{{"CN=x", map[string][]string{"mail": {"anna@example.com"}, "objectSid": {"\x01\xff"}, "primaryGroupID": {"-1"}}}}
		},
		"members that never come to an end": func(base string) []scriptedEntry {
			return []scriptedEntry{{base, map[string][]string{"member;range=0-1": {"CN=a", "CN=b"}, "mail": {"anna@example.com"}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{answer: func(base string, _ int64, _ string, _ []string) []scriptedEntry { return answer(base) }}
			d := active(t, s)
			if p, err := d.Person(t.Context(), mustPath("anna@example.com")); err == nil && p.Address.String() != "anna@example.com" {
				t.Errorf("somebody else answers to the address: %+v", p)
			}
			d.Login(t.Context(), "anna")
			if g, err := d.Group(t.Context(), ref(t, "CN=Large,DC=example,DC=com")); err == nil && len(g.Members) > 2 {
				t.Errorf("the group has %d members", len(g.Members))
			}
			d.Member(t.Context(), mustPath("anna@example.com"), ref(t, "CN=Large,DC=example,DC=com"))
		})
	}
}
