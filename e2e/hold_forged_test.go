//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/postern-mail/postern/internal/mta"
)

// Nobody outside who forged a sender hears of what became of the message, whatever
// it came to.
func TestForgedSendersHearNothing(t *testing.T) {
	h := startHolding(t, holdingOptions{policy: outcomePolicy, params: []string{aliases}}).start(t)
	words := []string{"plain", "mark", "hold", "block", "report", "everybody", "divert", "drop", "file"}
	total, _ := rounds(1000)
	var sent atomic.Int64
	errs := make(chan error, loaders)
	for range loaders {
		go func() {
			errs <- func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 20*idle)
				defer cancel()
				for {
					n := int(sent.Add(1))
					if n > total {
						return nil
					}
					m := &mail{listener: mta.MX, client: "192.0.2.9", subject: fmt.Sprint(words[n%len(words)], " ", n), to: []string{"bob@partner.example"}}
					m.from = []string{"victim@innocent.example", "victim@example.com", "anna@example.com"}[n/len(words)%3]
					switch n / 27 % 3 {
					case 1:
						m.to = []string{"carl@example.com", "bob@partner.example"}
					case 2:
						m.to = []string{"leads@example.com", "dora@example.com", "eve@partner.example"}
					}
					if r, err := h.send(ctx, m); err != nil || r.Code != 250 && r.Code != 550 {
						return fmt.Errorf("%s to %q: %v %v", m.subject, m.to, r, err)
					}
				}
			}()
		}()
	}
	for range loaders {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	h.rest(t)
	ours := 0
	for _, m := range h.sink.Messages() {
		for _, to := range m.Recipients() {
			if strings.HasPrefix(to, "victim@") || to == "anna@example.com" {
				t.Fatalf("mail came to %s:\n%s", to, m.Data)
			}
			if to == "postmaster@example.com" {
				ours++
			}
		}
	}
	if ours == 0 {
		t.Error("the reviewers heard nothing: the messages came to nothing at all")
	}
}
