package audit

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// chain joins records and gives what is kept.
func chain(t testing.TB) [][]byte {
	t.Helper()
	records := all(t)
	var kept [][]byte
	prev := ""
	for _, op := range []Operation{PolicyLoaded, DlpRuleMatch, RelayResult, ItemReleased} {
		line, err := Marshal(records[op])
		if err != nil {
			t.Fatal(err)
		}
		chained, digest, err := Chain(prev, line)
		if err != nil {
			t.Fatal(err)
		}
		kept, prev = append(kept, chained), digest
	}
	return kept
}

// verify goes over a chain.
func verify(kept [][]byte) error {
	prev := ""
	for _, line := range kept {
		digest, err := Verify(prev, line)
		if err != nil {
			return err
		}
		prev = digest
	}
	return nil
}

func TestAChainShowsWhatWasDoneToIt(t *testing.T) {
	kept := chain(t)
	if err := verify(kept); err != nil {
		t.Fatal(err)
	}
	for i, line := range kept {
		r, err := Parse(line)
		if err != nil || (r.PreviousDigest == "") != (i == 0) {
			t.Errorf("record %d: digest %q, %v", i, r.PreviousDigest, err)
		}
	}
	for name, spoil := range map[string]func([][]byte) [][]byte{
		"a record removed":  func(k [][]byte) [][]byte { return slices.Delete(k, 1, 2) },
		"the first removed": func(k [][]byte) [][]byte { return k[1:] },
		"two swapped":       func(k [][]byte) [][]byte { k[1], k[2] = k[2], k[1]; return k },
		"one put in twice":  func(k [][]byte) [][]byte { return slices.Insert(k, 2, k[1]) },
		"one changed": func(k [][]byte) [][]byte {
			k[1] = bytes.Replace(k[1], []byte("ann@"), []byte("eve@"), 1)
			return k
		},
	} {
		if err := verify(spoil(slices.Clone(kept))); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChainTakesRecordsOnly(t *testing.T) {
	for _, bad := range []string{"", "{}", "[1]", "null", `{"a":1`} {
		if _, _, err := Chain("", []byte(bad)); err == nil {
			t.Errorf("%q is joined", bad)
		}
	}
	for _, bad := range []string{"x", `","X":"`, "abcd"} {
		if _, _, err := Chain(bad, []byte(`{"a":1}`)); err == nil {
			t.Errorf("the digest %q is taken", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range all(f) {
		line, err := Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"Explain":{"a":[{}]},"CreationTime":"2026-03-04T05:06:07Z"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := Parse(line)
		if err != nil {
			return
		}
		out, err := Marshal(r)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := Marshal(again); err != nil || !bytes.Equal(out, twice) {
			t.Errorf("not stable:\n%s\n%s", out, twice)
		}
	})
}
