package dialog

import (
	"strconv"
	"strings"
)

// scene is a part of a session about one message, written for a script. {mark} is
// the message's own mark, which also stands in its addresses, so that anything of
// it that turns up in another message is seen, and {octets} the size of its body.
type scene struct {
	name  string
	ends  bool // the client is gone behind it
	lines string
	sinks string
}

const opening = `C: MAIL FROM:<from-{mark}@example.com>
S: 250
C: RCPT TO:<to-{mark}@example.net>
S: 250
`

const seenText = `id={mark} from=from-{mark}@example.com args= to=to-{mark}@example.net`

// judged is a scene with a message that is judged.
func judged(verdict, reply string) string {
	return opening + `C: DATA
S: 354
message
X-Test-Id: {mark}
X-Only-{mark}: mark
Subject: about {mark}
X-Test-Verdict: ` + verdict + `

body of {mark}
.
` + reply
}

var scenes = []scene{
	{name: "accept", lines: judged("accept", "S: 250\n"), sinks: `sink {mark}
  from from-{mark}@example.com
  to to-{mark}@example.net
  header X-Only-{mark}: mark
  body body of {mark}
`},
	{name: "edit", lines: judged("add X-Test-Seen: {seen}\nX-Test-Verdict: change 1 Subject: changed {mark}\nX-Test-Verdict: rcpt+ more-{mark}@example.net", "S: 250\n"), sinks: `sink {mark}
  from from-{mark}@example.com
  to to-{mark}@example.net more-{mark}@example.net
  header Subject: changed {mark}
  header X-Test-Seen: ` + seenText + ` body={octets}
`},
	{name: "block", lines: judged("block 550 5.7.1 "+seenText+" | 50% of it | third line", "S: 550-5.7.1 "+seenText+"\nS: 550-5.7.1 50% of it\nS: 550 5.7.1 third line\n"), sinks: "sink {mark} none\n"},
	{name: "blockseen", lines: judged("block 554 5.7.2 {seen}", "S: 554 5.7.2 "+seenText+" body={octets}\n"), sinks: "sink {mark} none\n"},
	{name: "defer", lines: judged("defer 451 4.7.1 {seen}", "S: 451 4.7.1 "+seenText+" body={octets}\n"), sinks: "sink {mark} none\n"},
	{name: "discard", lines: judged("discard", "S: 250\n"), sinks: "sink {mark} none\n"},
	{name: "panic", lines: judged("panic", "S: 451 4.3.0 Mail policy check failed, try again later\n"), sinks: "sink {mark} none\n"},
	{name: "somerefused", lines: `C: MAIL FROM:<from-{mark}@example.com>
S: 250
C: RCPT TO:<first-{mark}@refused.example>
S: 550
C: RCPT TO:<to-{mark}@example.net>
S: 250
C: RCPT TO:<last-{mark}@refused.example>
S: 550
C: DATA
S: 354
message
X-Test-Id: {mark}
X-Test-Verdict: add X-Test-Seen: {seen}

body of {mark}
.
S: 250
`, sinks: `sink {mark}
  to to-{mark}@example.net
  header X-Test-Seen: ` + seenText + ` body={octets}
`},
	{name: "allrefused", lines: `C: MAIL FROM:<from-{mark}@example.com>
S: 250
C: RCPT TO:<to-{mark}@refused.example>
S: 550
C: DATA
S: 554
C: RSET
S: 250
`, sinks: "sink {mark} none\n"},
	{name: "rset", lines: opening + "C: RSET\nS: 250\n", sinks: "sink {mark} none\n"},
	{name: "ehlo", lines: opening + "C: EHLO again.example\nS: 250\n", sinks: "sink {mark} none\n"},
	{name: "vanish", ends: true, lines: opening + "disconnect\n", sinks: "sink {mark} none\n"},
	{name: "vanishindata", ends: true, lines: opening + "C: DATA\nS: 354\npartial\nX-Test-Id: {mark}\n\nhalf\n.\ndisconnect\n", sinks: "sink {mark} none\n"},
	{name: "vanishafterdot", ends: true, lines: judged("add X-Test-Seen: {seen}", "disconnect\n"), sinks: `sink {mark}
  header X-Test-Seen: ` + seenText + ` body={octets}
`},
}

// Pairs gives a dialog for every ordered pair of ways in which a message can end,
// a way followed by itself included: two messages in one session, unless the
// client goes away behind the first. The second must show nothing of the first.
func Pairs() ([]*Dialog, error) {
	var all []*Dialog
	for _, a := range scenes {
		for _, b := range scenes {
			name := a.name + "-then-" + b.name
			d, err := Parse(name, pair(a, b))
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
	}
	return all, nil
}

func pair(a, b scene) string {
	var s strings.Builder
	const session = "session\nC: EHLO client.example\nS: 250\n"
	s.WriteString(session)
	first, second := a.name+"1", b.name+"2"
	s.WriteString(fill(a.lines, first))
	if a.ends {
		s.WriteString(session)
	}
	s.WriteString(fill(b.lines, second))
	if !b.ends {
		s.WriteString("C: QUIT\nS: 221\n")
	}
	s.WriteString(fill(a.sinks, first) + fill(b.sinks, second))
	return s.String()
}

// fill puts a mark, and the length of the body that holds it, into a scene.
func fill(lines, mark string) string {
	octets := len("body of ") + len(mark) + len("\r\n")
	return strings.NewReplacer("{mark}", mark, "{octets}", strconv.Itoa(octets)).Replace(lines)
}
