//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/internal/mta"
)

// forgedSenders is how many messages with forged senders are sent.
const forgedSenders = 10_000

// forgedPolicy has a rule for every action; the subject chooses.
func forgedPolicy(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../testdata/forged/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// forgedSubjects lead to one rule each, to two, and to none.
var forgedSubjects = []string{"plain", "add", "mark", "rewrite", "divert", "notify", "inform", "alert", "block", "outside", "scope", "report", "everybody",
	"untellable", "reject", "hold", "drop", "mark block", "divert hold", "add report", "block hold", "notify hold", "notify report"}

// forged is a message from outside with a sender that somebody made up.
func forged(n int) *mail {
	m := &mail{subject: fmt.Sprint(forgedSubjects[n%len(forgedSubjects)], " ", n)}
	n /= len(forgedSubjects)
	m.from = []string{"victim@innocent.example", "victim@example.com", "anna@example.com"}[n%3]
	m.to = [][]string{
		{"bob@partner.example"},
		{"carl@example.com", "bob@partner.example"},
		{"leads@example.com", "dora@example.com", "eve@partner.example"},
	}[n/3%3]
	return m
}

// Nobody outside who forged a sender hears of what became of the message, whatever
// it came to.
func TestForgedSendersHearNothing(t *testing.T) {
	policy := forgedPolicy(t)
	for _, k := range actions.Kinds() {
		if !strings.Contains(policy, k.Name+":") {
			t.Errorf("no rule has the action %s", k.Name)
		}
	}
	bin, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	h := startHolding(t, holdingOptions{policy: policy, params: []string{aliases}})
	if !h.serve(t, bin, nil) {
		t.Fatal("postern serve ended")
	}
	total, _ := rounds(forgedSenders)
	var sent, refused atomic.Int64
	errs := make(chan error, loaders)
	for range loaders {
		go func() {
			errs <- func() error {
				for {
					more, err := h.forge(t.Context(), total, &sent, &refused)
					if err != nil || !more {
						return err
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
	came := map[string]int{}
	for _, m := range h.sink.Messages() {
		for _, to := range m.Recipients() {
			if came[to]++; strings.HasPrefix(to, "victim@") || to == "anna@example.com" {
				t.Fatalf("mail came to %s:\n%s", to, m.Data)
			}
		}
	}
	t.Logf("%d messages, %d of them refused; what came: %v", total, refused.Load(), came)
	// The test itself: each way out was taken.
	for _, to := range []string{reviewer, desk, "to@example.com", "bcc@example.com", "carl@example.com", "bob@partner.example", "dlp@example.com", "compliance@example.com"} {
		if came[to] == 0 {
			t.Errorf("nothing came to %s", to)
		}
	}
	if refused.Load() == 0 {
		t.Error("nothing was refused")
	}
}

// forge sends some of the messages in one session, and tells whether there are more.
func (h *holding) forge(ctx context.Context, total int, sent, refused *atomic.Int64) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, idle)
	defer cancel()
	c, err := mta.Dial(ctx, h.Addr(mta.MX))
	if err != nil {
		return false, err
	}
	defer c.Close()
	if err := c.Impersonate("", "192.0.2.9"); err != nil {
		return false, err
	}
	for range 50 {
		n := int(sent.Add(1))
		if n > total {
			return false, nil
		}
		m := forged(n)
		r, _, err := c.Send(m.from, m.to, m.text())
		if err != nil || !slices.Contains([]int{250, 550}, r.Code) {
			return false, fmt.Errorf("%s to %q: %v %w", m.subject, m.to, r, err)
		}
		if r.Code == 550 {
			refused.Add(1)
		}
	}
	return true, c.Quit()
}
