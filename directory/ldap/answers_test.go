package ldap_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/directory/ldap"
)

// count tells how many of the searches a server got hold a text.
func (s *scripted) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, f := range s.filters {
		if strings.Contains(f, text) {
			n++
		}
	}
	return n
}

// everybody answers with a person for every address that begins with p, and waits
// for go before it does.
func everybody(proceed <-chan struct{}) *scripted {
	return &scripted{answer: func(_ string, _ int64, filter string, _ []string) []scriptedEntry {
		<-proceed
		_, rest, _ := strings.Cut(filter, "(mail=")
		addr, _, _ := strings.Cut(rest, ")")
		if !strings.HasPrefix(addr, "p") {
			return nil
		}
		return []scriptedEntry{{"CN=" + strings.Split(addr, "@")[0] + ",DC=example,DC=com", map[string][]string{"mail": {addr}}}}
	}}
}

func TestManyWhoAskTheSameAskOnce(t *testing.T) {
	proceed := make(chan struct{})
	s := everybody(proceed)
	d := active(t, s)
	var wg sync.WaitGroup
	begun := make(chan struct{}, 50)
	for range 50 {
		wg.Go(func() {
			begun <- struct{}{}
			if p, err := d.Person(t.Context(), mustPath("p1@example.com")); err != nil || p.Address.String() != "p1@example.com" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	for range 50 {
		<-begun
	}
	close(proceed)
	wg.Wait()
	if n := s.count("(mail=p1@example.com)"); n != 1 {
		t.Errorf("the server was asked %d times", n)
	}
}

func TestSendersOfUnknownAddressesPushNobodyOut(t *testing.T) {
	proceed := make(chan struct{})
	close(proceed)
	s := everybody(proceed)
	d := open(t, ldap.Options{URLs: []string{s.start(t)}, Base: "DC=example,DC=com", Schema: ldap.ActiveDirectory(), Entries: 100}, ldap.Hooks{})
	ask := func(addr string) { d.Person(t.Context(), mustPath(addr)) }
	for i := range 100 {
		ask(fmt.Sprintf("p%d@example.com", i))
	}
	for i := range 300 {
		ask(fmt.Sprintf("unknown%d@example.com", i))
	}
	ask("p0@example.com")
	if n := s.count("(mail=p0@example.com)"); n != 1 {
		t.Errorf("after many unknown addresses somebody known was asked for anew (%d times)", n)
	}
	// Of those known, the one who was not asked for longest goes first.
	ask("p100@example.com")
	ask("p0@example.com")
	ask("p1@example.com")
	if a, b := s.count("(mail=p0@example.com)"), s.count("(mail=p1@example.com)"); a != 1 || b != 2 {
		t.Errorf("p0 was asked for %d times and p1 %d times, want once and twice", a, b)
	}
	// The number of those not there is bounded too.
	ask("unknown0@example.com")
	ask("unknown299@example.com")
	if a, b := s.count("(mail=unknown0@example.com)"), s.count("(mail=unknown299@example.com)"); a != 2 || b != 1 {
		t.Errorf("unknown0 was asked for %d times and unknown299 %d times, want twice and once", a, b)
	}
}

// BenchmarkMember asks what is known about one of many.
func BenchmarkMember(b *testing.B) {
	d := open(b, options(company(b)), ldap.Hooks{})
	for _, c := range []struct {
		name, group string
		want        bool
	}{{"nested", "all@example.com", true}, {"none", "sales@example.com", false}} {
		b.Run(c.name, func(b *testing.B) {
			who, of := mustPath("p4242@example.com"), ref(b, c.group)
			b.ReportAllocs()
			for b.Loop() {
				if got, err := d.Member(b.Context(), who, of); err != nil || got != c.want {
					b.Fatal(got, err)
				}
			}
		})
	}
}
