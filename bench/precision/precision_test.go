package main

import (
	"strings"
	"testing"
)

// Every second table stands under a heading with a keyword of a type, and a run
// makes the same tables as the one before.
func TestTables(t *testing.T) {
	t.Chdir("../..")
	headed, octets := 0, 0
	var first, second []item
	for _, into := range []*[]item{&first, &second} {
		if err := tables(mega/2, 1, func(it item) error { *into = append(*into, it); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for i, it := range first {
		if it != second[i] {
			t.Fatalf("%s is another table in the second run", it.name)
		}
		octets += len(it.text)
		if typ, ok := strings.CutPrefix(it.name, "table "); ok && strings.Contains(typ, " of ") {
			headed++
			_, name, _ := strings.Cut(typ, " of ")
			if name == "" {
				t.Errorf("%s: of no type", it.name)
			}
		}
	}
	if octets != mega/2 || headed != (len(first)+1)/2 {
		t.Errorf("%d octets, %d of %d tables under a keyword", octets, headed, len(first))
	}
}

func TestHeadingsHaveTheLengthsOfTheirTypes(t *testing.T) {
	t.Chdir("../..")
	all, err := readHeadings("classify")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]heading{}
	for _, h := range all {
		found[h.typ] = h
	}
	for typ, want := range map[string][]string{
		"U.S. social security number (SSN)": {"999 99 9999", "999999999"},
		"Credit card number":                nil,
		"SWIFT code":                        nil,
		"U.S. bank account number":          {"999999", "99999999999999999"},
	} {
		if h := found[typ]; strings.Join(h.shapes, ",") != strings.Join(want, ",") && want != nil {
			t.Errorf("%s: shapes %q, want %q", typ, h.shapes, want)
		}
	}
	if len(all) < 100 {
		t.Errorf("only %d types have numbers of digits and keywords", len(all))
	}
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		sum  counts
		want bool
	}{
		{counts{low: 1000}, true},
		{counts{medium: 9}, true},
		{counts{medium: 10}, false},
		{counts{high: 1}, false},
	} {
		r := &report{octets: map[string]int{partMail: mega}, sum: c.sum}
		if r.met() != c.want {
			t.Errorf("%v a MB: met is %v", c.sum, !c.want)
		}
	}
	for confidence, want := range map[int]level{55: low, 65: low, 66: medium, 75: medium, 76: high, 85: high, 95: high} {
		if got := levelOf(confidence); got != want {
			t.Errorf("confidence %d is of level %d, want %d", confidence, got, want)
		}
	}
}
