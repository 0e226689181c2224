package directory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// listing is a directory that lists groups, as one of LDAP does.
type listing struct {
	*directory.File
	of  map[string][]message.Path
	err error
}

func (l listing) GroupsOf(_ context.Context, addr message.Path) ([]message.Path, error) {
	return l.of[addr.Key()], l.err
}

func (l listing) Person(ctx context.Context, addr message.Path) (*directory.Person, error) {
	if l.err != nil {
		return nil, l.err
	}
	return l.File.Person(ctx, addr)
}

func TestJoinedDirectories(t *testing.T) {
	first := load(t, `
people:
  - {address: boss@example.com, name: Boss of the file, units: [North]}
groups:
  - {address: board@example.com, name: Board, members: [boss@example.com, anna@example.com, deputies@example.com]}
`)
	second := listing{File: load(t, `
people:
  - {address: anna@example.com, proxies: [a.smith@example.com], logins: [anna], units: [South]}
  - {address: ben@example.com}
  - {address: boss@example.com, name: Boss of LDAP}
groups:
  - {address: deputies@example.com, name: Deputies, members: [ben@example.com]}
  - {address: board@example.com, members: [carol@example.com]}
`), of: map[string][]message.Path{"ben@example.com": {path(t, "deputies@example.com")}}}
	d := directory.Join(first, second)
	if p, err := d.Person(t.Context(), path(t, "boss@example.com")); err != nil || p.Name != "Boss of the file" {
		t.Errorf("whom both know: %+v, %v", p, err)
	}
	if p, err := d.Login(t.Context(), "anna"); err != nil || p.Address.String() != "anna@example.com" {
		t.Errorf("a login of the second: %+v, %v", p, err)
	}
	for _, c := range []struct {
		addr, group string
		want        bool
	}{
		{"boss@example.com", "Board", true},
		{"anna@example.com", "board@example.com", true},
		{"a.smith@example.com", "board@example.com", true}, // an address the second knows
		{"ben@example.com", "board@example.com", true},     // by way of a group of the second
		{"carol@example.com", "board@example.com", false},  // only in the second's group of the same address
		{"ben@example.com", "Deputies", true},
		{"boss@example.com", "Deputies", false},
		{"", "Board", false},
	} {
		if got, err := d.Member(t.Context(), path(t, c.addr), ref(t, c.group)); err != nil || got != c.want {
			t.Errorf("Member(%q, %s) = %v, %v; want %v", c.addr, c.group, got, err, c.want)
		}
	}
	for unit, want := range map[string]bool{"north": true, "south": true, "east": false} {
		if got, err := d.HasUnit(t.Context(), unit); err != nil || got != want {
			t.Errorf("HasUnit(%s) = %v, %v", unit, got, err)
		}
	}
	if _, err := d.Group(t.Context(), ref(t, "nobody@example.com")); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}

	second.err = directory.ErrUnavailable
	silent := directory.Join(first, second)
	if p, err := silent.Person(t.Context(), path(t, "boss@example.com")); err != nil || p.Name != "Boss of the file" {
		t.Errorf("what the first knows needs no second: %+v, %v", p, err)
	}
	if _, err := silent.Person(t.Context(), path(t, "anna@example.com")); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("whom only the second may know: error %v, want ErrUnavailable", err)
	}
	if in, err := silent.Member(t.Context(), path(t, "ben@example.com"), ref(t, "Board")); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("Member = %v, %v; want ErrUnavailable", in, err)
	}
}
