package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

// Whatever lies in a file, a blob is given out only when its octets have the size
// and digest of its header, and refused as damaged otherwise.
func FuzzVerify(f *testing.F) {
	old, err := os.ReadFile(filepath.Join("testdata", "version1.blob"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old)
	f.Add(old[:len(old)-1])
	f.Add([]byte(`{"postern":1,"id":"b-old","size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Add([]byte("\n\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, begin, err := verify(t.Context(), bytes.NewReader(data), "b-old")
		if err != nil {
			if !errors.Is(err, quarantine.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		sum := sha256.Sum256(data[begin:])
		if h.Size != int64(len(data))-begin || h.SHA256 != hex.EncodeToString(sum[:]) {
			t.Fatalf("header %+v for %d octets", h, int64(len(data))-begin)
		}
		item := recovered(h, start)
		if _, err := rowOf(item); err != nil {
			t.Fatal(err)
		}
	})
}

// The end of a page comes back from outside: it is what it was, or refused.
func FuzzCursor(f *testing.F) {
	f.Add(cursor(storetest.Held("1").Items[0]))
	f.Add("")
	f.Add("MTIz")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, s string) {
		created, id, err := readCursor(s)
		if err != nil {
			if !errors.Is(err, quarantine.ErrInvalid) {
				t.Fatalf("error %v", err)
			}
			return
		}
		item := quarantine.Item{ID: id, Created: moment(created)}
		again, same, err := readCursor(cursor(item))
		if err != nil || again != created || same != id {
			t.Fatalf("%d %q became %d %q: %v", created, id, again, same, err)
		}
	})
}

// Envelopes in the header of a blob survive their JSON.
func FuzzHeader(f *testing.F) {
	f.Add("one@partner.example", "reason", []byte(`{"a":1}`))
	f.Add("\xff\x00", "\r\n", []byte(`"\u2028"`))
	f.Fuzz(func(t *testing.T, address, reason string, draft []byte) {
		c := storetest.Held("1")
		c.Items[0].Envelope.Recipients[0].Path, c.Items[0].Reason, c.Items[0].Draft = address, reason, draft
		if c.Validate() != nil {
			return
		}
		line, err := json.Marshal(header{Version: 1, ID: "b-1", Item: &c.Items[0]})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("a header of several lines: %q", line)
		}
	})
}
