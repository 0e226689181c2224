package directory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

func TestGroupsAreReplacedByTheirMembers(t *testing.T) {
	r := directory.Groups(example(t))
	for _, c := range []struct {
		name, addr string
		want       []string
	}{
		{"a group", "Sales@example.com", []string{"anna@example.com", "agent@partner.example"}},
		{"a group of groups", "everyone@example.com", []string{"boss@example.com", "anna@example.com", "agent@partner.example"}},
		{"groups in a circle", "circle@example.com", []string{"visitor@example.com"}},
		{"a person", "a.smith@example.com", []string{"a.smith@example.com"}},
		{"nobody", "nobody@elsewhere.example", []string{"nobody@elsewhere.example"}},
		{"the null path", "", []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Resolve(t.Context(), path(t, c.addr))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, texts(got)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupThatLeadsToNobodyStays(t *testing.T) {
	r := directory.Groups(load(t, `
groups:
  - {address: one@example.com, members: [two@example.com]}
  - {address: two@example.com, members: [one@example.com]}
`))
	got, err := r.Resolve(t.Context(), path(t, "one@example.com"))
	if err != nil || !slices.Equal(texts(got), []string{"one@example.com"}) {
		t.Errorf("got %v, %v", texts(got), err)
	}
}

func TestGroupsHaveBounds(t *testing.T) {
	var wide, deep strings.Builder
	wide.WriteString("groups:\n  - address: all@example.com\n    members:\n")
	for i := range 10_001 {
		fmt.Fprintf(&wide, "      - m%d@partner.example\n", i)
	}
	deep.WriteString("groups:\n")
	for i := range 100 {
		fmt.Fprintf(&deep, "  - {address: g%d@example.com, members: [g%d@example.com]}\n", i, i+1)
	}
	for name, c := range map[string]struct{ text, addr string }{
		"10,001 members": {wide.String(), "all@example.com"},
		"100 levels":     {deep.String(), "g0@example.com"},
	} {
		if got, err := directory.Groups(load(t, c.text)).Resolve(t.Context(), path(t, c.addr)); err == nil {
			t.Errorf("%s: %d addresses and no error", name, len(got))
		}
	}
}

// table is a resolver that replaces what it holds, once.
type table map[string][]string

func (m table) Resolve(_ context.Context, addr message.Path) ([]message.Path, error) {
	targets, ok := m[addr.Key()]
	if !ok {
		return []message.Path{addr}, nil
	}
	var out []message.Path
	for _, s := range targets {
		if s == "down" {
			return nil, directory.ErrUnavailable
		}
		p, err := message.ParsePath(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func TestChain(t *testing.T) {
	groups := directory.Groups(example(t))
	maps := table{
		"alias@example.com":      {"sales@example.com"},
		"boss@example.com":       {"boss@example.com", "copy@partner.example"},
		"misspelled@example.com": {"other@partner.example"},
		"down@example.com":       {"down"},
		"todown@example.com":     {"down@example.com"},
	}
	chain := directory.Chain(groups, nil, maps)
	for _, c := range []struct {
		name, addr string
		want       []string
	}{
		{"an alias that leads to a group", "alias@example.com", []string{"anna@example.com", "agent@partner.example"}},
		{"a group whose member has a copy sent outside", "everyone@example.com", []string{"boss@example.com", "anna@example.com", "copy@partner.example", "agent@partner.example"}},
		{"both replace it", "misspelled@example.com", []string{"bos@example.com", "ana@example.org", "other@partner.example"}},
		{"neither replaces it", "anna@example.com", []string{"anna@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := chain.Resolve(t.Context(), path(t, c.addr))
			if err != nil {
				t.Fatal(err)
			}
			have := texts(got)
			slices.Sort(have)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, have); diff != "" {
				t.Errorf("%s leads to (-want +got):\n%s", c.addr, diff)
			}
		})
	}
	if _, err := chain.Resolve(t.Context(), path(t, "todown@example.com")); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("one look-up failed: error %v, want ErrUnavailable", err)
	}
	got, err := directory.Chain().Resolve(t.Context(), path(t, "anna@example.com"))
	if err != nil || !slices.Equal(texts(got), []string{"anna@example.com"}) {
		t.Errorf("an empty chain: %v, %v", texts(got), err)
	}
}
