//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/postern-mail/postern/internal/dialog"
	"github.com/postern-mail/postern/internal/sink"
)

// The DSN parameters of MAIL and RCPT survive the filter, and those of an added
// recipient reach the next server.
func TestDSNParameters(t *testing.T) {
	t.Parallel()
	p := startScripted(t, "unix", true)
	d, err := dialog.Parse(t.Name(), `session
C: EHLO client.example
S: 250
C: MAIL FROM:<a@example.com> RET=HDRS ENVID=QQ314159
S: 250
C: RCPT TO:<b@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bee@example.net
S: 250
C: DATA
S: 354
message
X-Test-Id: dsn
X-Test-Verdict: rcpt+ quiet@example.org NOTIFY=NEVER

Body.
.
S: 250
sink dsn
to b@example.net quiet@example.org
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := dialog.Run(d, p); err != nil {
		t.Fatal(err)
	}
	for _, m := range p.sink.Messages() {
		for _, r := range m.To {
			switch {
			case m.Return != "HDRS" || m.EnvelopeID != "QQ314159":
				t.Errorf("RET=%s ENVID=%s, want HDRS and QQ314159", m.Return, m.EnvelopeID)
			case r.Address == "quiet@example.org" && !slices.Equal(r.Notify, []string{"NEVER"}),
				r.Address == "b@example.net" && (!slices.Contains(r.Notify, "SUCCESS") || r.Original != "bee@example.net"):
				t.Errorf("recipient %+v", r)
			}
		}
	}
	if found := slices.ContainsFunc(p.sink.Messages(), sink.ByRecipient("quiet@example.org")); !found {
		t.Error("the added recipient got nothing")
	}
}
