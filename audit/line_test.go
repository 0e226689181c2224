package audit

import (
	"bytes"
	"testing"
)

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
