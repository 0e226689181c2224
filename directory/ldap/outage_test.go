package ldap_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/internal/slapd"
)

// clock is one that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

// asked is what a test asks of a directory, and in which words it answers.
func asked(t *testing.T, d *ldap.Directory, addr, group string) string {
	t.Helper()
	word := func(err error) string {
		switch {
		case err == nil:
			return ""
		case errors.Is(err, directory.ErrUnavailable):
			return "unavailable"
		case errors.Is(err, directory.ErrNotFound):
			return "not found"
		}
		return err.Error()
	}
	p, err := d.Person(t.Context(), mustPath(addr))
	person := word(err)
	if err == nil {
		person = p.Address.Local()
	}
	in, err := d.Member(t.Context(), mustPath(addr), ref(t, group))
	member := word(err)
	if err == nil {
		member = fmt.Sprint(in)
	}
	return person + ", " + member
}

func TestAnswersOutliveTheServer(t *testing.T) {
	s, c := small(t), newClock()
	var changes []string
	d := open(t, options(s), ldap.Hooks{Now: c.now})
	d.Watch(func(err error) { changes = append(changes, fmt.Sprint(err != nil)) })
	expect := func(when string, want map[string]string) {
		t.Helper()
		for addr, answer := range want {
			if got := asked(t, d, addr, "sales@example.com"); got != answer {
				t.Errorf("%s: %s is %s; want %s", when, addr, got, answer)
			}
		}
	}
	known := map[string]string{"anna@example.com": "anna, true", "p1@example.com": "p1, false", "x@customer.example": "not found, false"}
	expect("the server runs", known)
	running := d.Stats()
	if running.Asked == 0 || running.Stale != 0 || running.Failed != 0 || running.Silent {
		t.Errorf("while it runs: %+v", running)
	}
	expect("asked again", known)
	if again := d.Stats(); again.Asked != running.Asked || again.Kept <= running.Kept {
		t.Errorf("asked again: %+v and then %+v", running, again)
	}
	s.Stop()
	expect("just stopped", known)
	expect("just stopped", map[string]string{"p2@example.com": "unavailable, unavailable", "y@customer.example": "unavailable, unavailable"})
	c.pass(23 * time.Hour)
	expect("silent for 23 hours", known)
	expect("silent for 23 hours", map[string]string{"p2@example.com": "unavailable, unavailable"})
	silent := d.Stats()
	if silent.Stale == 0 || silent.Failed == 0 || silent.Asked != running.Asked || !silent.Silent {
		t.Errorf("while it is silent: %+v", silent)
	}
	c.pass(time.Hour + time.Minute)
	expect("silent for longer than answers may be used", map[string]string{
		"anna@example.com": "unavailable, unavailable", "p1@example.com": "unavailable, unavailable", "x@customer.example": "unavailable, unavailable"})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	c.pass(time.Minute)
	expect("runs again", known)
	expect("runs again", map[string]string{"p2@example.com": "p2, false"})
	if got := strings.Join(changes, " "); got != "true false" {
		t.Errorf("changes %q, want one that it fell silent and one that it answers", got)
	}
}

func TestAnswersHoldForATime(t *testing.T) {
	s, c := small(t), newClock()
	d := open(t, options(s), ldap.Hooks{Now: c.now})
	if got := asked(t, d, "new@example.com", "sales@example.com"); got != "not found, false" {
		t.Fatal(got)
	}
	asked(t, d, "anna@example.com", "sales@example.com")
	s.Stop()
	if err := s.Add(t.Context(), "dn: uid=new,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: new\ncn: New\nsn: New\nmail: new@example.com\n"); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	c.pass(59 * time.Second)
	if got := asked(t, d, "new@example.com", "sales@example.com"); got != "not found, false" {
		t.Errorf("within a minute: %s", got)
	}
	c.pass(2 * time.Second)
	if got := asked(t, d, "new@example.com", "sales@example.com"); got != "new, false" {
		t.Errorf("that nobody was there holds for a minute only: %s", got)
	}
}

func TestFrozenServerIsUnavailableInTime(t *testing.T) {
	s := small(t)
	o := options(s)
	o.Timeout = 200 * time.Millisecond
	d := open(t, o, ldap.Hooks{})
	if got := asked(t, d, "anna@example.com", "sales@example.com"); got != "anna, true" {
		t.Fatal(got)
	}
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if got := asked(t, d, fmt.Sprintf("p%d@example.com", i%10), "sales@example.com"); got != "unavailable, unavailable" {
				t.Errorf("a frozen server: %s", got)
			}
		})
	}
	wg.Wait()
	if got := asked(t, d, "anna@example.com", "sales@example.com"); got != "anna, true" {
		t.Errorf("what was known: %s", got)
	}
	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
}

func TestNextServerIsAskedWhereOneFails(t *testing.T) {
	s := small(t)
	o := options(s)
	o.URLs = []string{"ldaps://127.0.0.1:1", "ldapi:///nowhere/ldapi", s.SecureURL()}
	d := open(t, o, ldap.Hooks{})
	if got := asked(t, d, "anna@example.com", "sales@example.com"); got != "anna, true" {
		t.Errorf("the third of three servers: %s", got)
	}
	// It ended and began anew behind the connections that were kept.
	s.Stop()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, d, "p3@example.com", "all@example.com"); got != "p3, true" {
		t.Errorf("after a restart: %s", got)
	}
}

func TestWaysToTheServer(t *testing.T) {
	s := company(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(slapd.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.pem")
	if data, err := os.ReadFile("testdata/other-authority.pem"); err != nil || os.WriteFile(other, data, 0o600) != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(o *ldap.Options)
		wrong  string // in the error; empty where it works
	}{
		{"TLS", func(o *ldap.Options) {}, ""},
		{"StartTLS", func(o *ldap.Options) { o.URLs, o.TLS.Start = []string{s.URL()}, true }, ""},
		{"a UNIX socket", func(o *ldap.Options) { o.URLs, o.TLS = []string{s.SocketURL()}, ldap.TLS{Start: true} }, ""},
		{"a password in a file", func(o *ldap.Options) { o.Bind = ldap.Bind{DN: slapd.ReaderDN, PasswordFile: password} }, ""},
		{"an authority that is not known", func(o *ldap.Options) { o.TLS.Authorities = "" }, "certificate"},
		{"another authority", func(o *ldap.Options) { o.TLS.Authorities = other }, "certificate"},
		{"StartTLS with an authority that is not known", func(o *ldap.Options) { o.URLs, o.TLS = []string{s.URL()}, ldap.TLS{Start: true} }, "certificate"},
		{"another name", func(o *ldap.Options) { o.URLs[0] = strings.Replace(o.URLs[0], "127.0.0.1", "localhost", 1) }, "localhost"},
		{"a file that is no certificate", func(o *ldap.Options) { o.TLS.Authorities = password }, "holds no certificate"},
		{"a wrong password", func(o *ldap.Options) { o.Bind = ldap.Bind{DN: slapd.ReaderDN, PasswordVariable: "HOME"} }, "Invalid Credentials"},
		{"no password", func(o *ldap.Options) { o.Bind.PasswordVariable = "POSTERN_TEST_NOT_SET" }, "POSTERN_TEST_NOT_SET"},
		{"nobody in particular", func(o *ldap.Options) { o.Bind = ldap.Bind{} }, "base of the search"},
		{"TLS spoken to a port without", func(o *ldap.Options) { o.URLs[0] = strings.Replace(s.URL(), "ldap:", "ldaps:", 1) }, "127.0.0.1"},
		{"a base that is not there", func(o *ldap.Options) { o.Base = "dc=elsewhere,dc=example" }, "base of the search"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(s)
			o.Timeout = 2 * time.Second
			c.change(&o)
			d := open(t, o, ldap.Hooks{})
			p, err := d.Person(t.Context(), mustPath("anna@example.com"))
			if c.wrong == "" {
				if err != nil || p.Address.String() != "anna@example.com" {
					t.Errorf("%+v, %v", p, err)
				}
				return
			}
			if !errors.Is(err, directory.ErrUnavailable) || errors.Is(err, directory.ErrNotFound) || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want ErrUnavailable that tells of %q", err, c.wrong)
			}
		})
	}
}

func TestDirectoryInheritsWhatWasKnown(t *testing.T) {
	s := small(t)
	old := open(t, options(s), ldap.Hooks{})
	asked(t, old, "anna@example.com", "sales@example.com")
	s.Stop()
	d := open(t, options(s), ldap.Hooks{})
	if got := asked(t, d, "anna@example.com", "sales@example.com"); got != "unavailable, unavailable" {
		t.Fatalf("before: %s", got)
	}
	d.Inherit(old)
	if got := asked(t, d, "anna@example.com", "sales@example.com"); got != "anna, true" {
		t.Errorf("after: %s", got)
	}
}
