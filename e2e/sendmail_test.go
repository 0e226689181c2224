//go:build e2e

package e2e

import (
	"context"
	"testing"
)

// What is put off stays in the maildrop, to be tried again, and nobody is told.
func TestDeferredSubmissionStays(t *testing.T) {
	t.Parallel()
	p := startScripted(t, "unix", false)
	text := "X-Test-Id: put-off\r\nX-Test-Verdict: defer 451 4.7.1 later\r\n\r\nBody.\r\n"
	if err := p.Submit("a@example.com", []string{"b@example.net"}, []byte(text)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	if err := p.waitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	waiting, err := p.Maildrop()
	if err != nil {
		t.Fatal(err)
	}
	if len(waiting) != 1 {
		t.Errorf("%d messages in the maildrop, want 1", len(waiting))
	}
	if n := len(p.sink.Messages()); n != 0 {
		t.Errorf("%d messages were delivered, want none", n)
	}
}
