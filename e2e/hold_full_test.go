//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A full disk puts off what must be kept, and nothing else: what matches nothing
// passes, nothing is lost, and with room again the same process goes on.
func TestFullDisk(t *testing.T) {
	h := startHolding(t, holdingOptions{policy: outcomePolicy, store: "    reserve: 1MB\n"})
	store := filepath.Join(h.dir, "store")
	if err := syscall.Mount("tmpfs", store, "tmpfs", 0, "size=6m,mode=0700"); err != nil {
		t.Skip("no small disk can be made here: ", err)
	}
	defer func() {
		h.end()
		if err := syscall.Unmount(store, 0); err != nil {
			t.Error(err)
		}
	}()
	// What somebody else keeps there, and takes away in time.
	others := filepath.Join(store, "others")
	if err := os.WriteFile(others, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	body := strings.Repeat(strings.Repeat("x", 70)+"\n", 4000)
	ctx, cancel := context.WithTimeout(t.Context(), 2*idle)
	defer cancel()

	// Held mail fills the disk up to the reserve.
	kept := 0
	for full := false; !full; {
		r, err := h.send(ctx, &mail{subject: "hold", to: []string{fmt.Sprintf("bob-%d@partner.example", kept)}, body: body})
		switch {
		case err != nil || kept > 100:
			t.Fatalf("%d kept, %v %v", kept, r, err)
		case r.Code == 250:
			kept++
		case r.Code/100 == 4:
			full = true
		default:
			t.Fatal(r)
		}
	}
	if kept == 0 {
		t.Fatal("nothing fitted")
	}
	// And then they take the rest.
	ballast := filepath.Join(store, "ballast")
	fill := func() {
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, err = f.Write(make([]byte, 4096)); err == nil; _, err = f.Write(make([]byte, 4096)) {
		}
	}
	fill()
	late := &mail{subject: "hold late", to: []string{"late@partner.example"}}
	mixed := &mail{subject: "block late", to: []string{"carl@example.com", "mixed@partner.example"}}
	for _, m := range []*mail{late, mixed} {
		r, err := h.send(ctx, m)
		if err != nil || r.Code/100 != 4 {
			t.Errorf("%s on a full disk: %v %v", m.subject, r, err)
		}
	}
	h.take(t, 250, &mail{subject: "plain", to: []string{"plain@partner.example"}})
	h.arrived(t, 1, "plain@partner.example")

	for _, name := range []string{ballast, others} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	h.take(t, 250, mixed)
	h.command(t, 0, "quarantine", "release", h.one(t, "bob-0@partner.example").ID)
	h.arrived(t, 1, "bob-0@partner.example")
	h.arrived(t, 1, "carl@example.com")
	h.arrived(t, 1, "anna@example.com")
	h.take(t, 250, late)
	for n := 1; n < kept; n++ {
		h.one(t, fmt.Sprintf("bob-%d@partner.example", n))
	}
	h.one(t, "late@partner.example")
	if out := h.command(t, 0, "store", "check"); !strings.Contains(out, "good") {
		t.Error(out)
	}
}
