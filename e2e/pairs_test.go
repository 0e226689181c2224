//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dialog"
)

// Turn is one transaction of a session, as lines of a script with {id} in the
// places of its marker. Whatever the filter tells of the message ({seen}) is in
// a reply or at the sink, so anything of another message shows.
type turn struct{ name, script, sink string }

const begin = `C: MAIL FROM:<{id}@example.com> ENVID={id}
S: 250
C: RCPT TO:<{id}-1@example.net>
S: 250
C: RCPT TO:<{id}-2@example.net>
S: 250
`

const text = `C: DATA
S: 354
message
From: {id}@example.com
Subject: {id}
Message-ID: <{id}@example.com>
Date: Mon, 02 Nov 2026 09:30:00 +0000
X-Test-Id: {id}
%s

The body of {id}.
.
`

// Seen is what the filter must have seen of a turn.
const seen = "id={id} from={id}@example.com args=ENVID={id} to={id}-1@example.net {id}-2@example.net body=%d"

var turns = []turn{
	{
		name:   "accept",
		script: begin + fmt.Sprintf(text, "X-Test-Verdict: add X-Seen: {seen}") + "S: 250\n",
		sink:   "sink {id}\nfrom {id}@example.com\nto {id}-1@example.net {id}-2@example.net\nheader X-Seen: " + seen + "\nno header X-Edited\nbody The body of {id}.\n",
	},
	{
		name: "edit",
		script: begin + fmt.Sprintf(text, "X-Test-Verdict: insert 0 X-Seen: {seen}\nX-Test-Verdict: add X-Edited: {id}\n"+
			"X-Test-Verdict: change 1 Subject: edited {id}\nX-Test-Verdict: rcpt+ {id}-3@example.net\nX-Test-Verdict: rcpt- {id}-1@example.net") + "S: 250\n",
		sink: "sink {id}\nfrom {id}@example.com\nto {id}-2@example.net {id}-3@example.net\nheader X-Seen: " + seen + "\nheader X-Edited: {id}\nheader Subject: edited {id}\n",
	},
	{
		name:   "block",
		script: begin + fmt.Sprintf(text, "X-Test-Verdict: block 550 5.7.1 100% {id} | {seen}") + "S: 550-5.7.1 100% {id}\nS: 550 5.7.1 " + seen + "\n",
		sink:   "sink {id} none\n",
	},
	{
		name:   "defer",
		script: begin + fmt.Sprintf(text, "X-Test-Verdict: defer 451 4.7.1 {seen}") + "S: 451 4.7.1 " + seen + "\n",
		sink:   "sink {id} none\n",
	},
	{
		name:   "panic",
		script: begin + fmt.Sprintf(text, "X-Test-Verdict: add X-Edited: no\nX-Test-Verdict: panic") + "S: 451\n",
		sink:   "sink {id} none\n",
	},
	{
		name: "one recipient refused",
		script: strings.Replace(begin, "C: RCPT TO:<{id}-2", "C: RCPT TO:<{id}-x@"+refused+">\nS: 550\nC: RCPT TO:<{id}-2", 1) +
			fmt.Sprintf(text, "X-Test-Verdict: add X-Seen: {seen}") + "S: 250\n",
		sink: "sink {id}\nto {id}-1@example.net {id}-2@example.net\nheader X-Seen: " + seen + "\n",
	},
	{
		name:   "all recipients refused",
		script: "C: MAIL FROM:<{id}@example.com>\nS: 250\nC: RCPT TO:<{id}-x@" + refused + ">\nS: 550\nC: DATA\nS: 554\nC: RSET\nS: 250\n",
		sink:   "sink {id} none\n",
	},
	{name: "RSET", script: begin + "C: RSET\nS: 250\n", sink: "sink {id} none\n"},
	{name: "EHLO", script: begin + "C: EHLO client.example\nS: 250\n", sink: "sink {id} none\n"},
}

// Every verdict after every other in one session: no state crosses over.
func TestEveryPairOfVerdicts(t *testing.T) {
	t.Parallel()
	p := startScripted(t, "unix", false)
	for i, first := range turns {
		for j, second := range turns {
			t.Run(first.name+" then "+second.name, func(t *testing.T) {
				script, sinks := "session\nC: EHLO client.example\nS: 250\n", ""
				for k, tu := range []turn{first, second, turns[0]} {
					id := fmt.Sprintf("t%d%d%d", i, j, k)
					body := len("The body of .\r\n") + len(id)
					fill := func(s string) string {
						s = strings.ReplaceAll(s, "body=%d", fmt.Sprintf("body=%d", body))
						return strings.ReplaceAll(s, "{id}", id)
					}
					script += fill(tu.script)
					sinks += fill(tu.sink)
				}
				d, err := dialog.Parse(t.Name(), script+"C: QUIT\nS: 221\n"+sinks)
				if err != nil {
					t.Fatal(err)
				}
				if err := dialog.Run(d, p); err != nil {
					t.Errorf("%v\n%s", err, script)
				}
			})
		}
	}
}
