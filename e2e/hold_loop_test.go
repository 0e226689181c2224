//go:build e2e

package e2e

import (
	"context"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// loopPolicy refuses and holds whatever looks like it, Postern's own mail included.
const loopPolicy = `policy: Loops
mode: enable
rules:
  - rule: Hold
    conditions: {subjectContainsWords: [hold]}
    actions: {quarantine: true}
  - rule: Block
    conditions: {sentTo: [bob@partner.example], subjectContainsWords: [block]}
    actions: {blockAccess: all}
  - rule: Report on what comes back
    conditions: {sentTo: [mail-policy@example.com, anna@example.com, postmaster@example.com], subjectContainsWords: [block, delivered, held]}
    actions: {blockAccess: all, blockResponse: ndr}
`

// messageLines are the messages that a Postfix has taken, by their Message-ID.
var messageLines = regexp.MustCompile(`cleanup\[\d+\]: [0-9A-F]+: message-id=<([^>]*)>`)

// passes counts the messages that Postfix took, and how many there are of them by
// their Message-ID.
func (h *holding) passes() (all, distinct int) {
	ids := map[string]bool{}
	for _, m := range messageLines.FindAllStringSubmatch(h.Log(), -1) {
		all++
		ids[m[1]] = true
	}
	return all, len(ids)
}

// provoke sends mail that leads to a report, to news for the reviewers, to a hold,
// to a release and to a smaller part.
func (h *holding) provoke(t *testing.T) {
	t.Helper()
	h.take(t, 250, &mail{subject: "block", to: []string{"carl@example.com", "bob@partner.example"}})
	h.take(t, 250, &mail{listener: mta.MX, client: "192.0.2.9", from: "stranger@elsewhere.example", subject: "block too", to: []string{"carl@example.com", "bob@partner.example"}})
	h.take(t, 250, &mail{subject: "hold", to: []string{"eve@partner.example"}})
	h.command(t, 0, "quarantine", "release", h.one(t, "eve@partner.example").ID)
}

// A next hop that sends everything back is met with no more than the MTA's own limit
// on hops: what comes back leads to no further mail of ours.
func TestEverythingIsSentBack(t *testing.T) {
	h := startHolding(t, holdingOptions{policy: loopPolicy}).start(t)
	ctx, cancel := context.WithCancel(t.Context())
	mirrored := make(chan struct{})
	go func() {
		defer close(mirrored)
		for n := 0; ; n++ {
			all, err := h.sink.Wait(ctx, n+1, func(*sink.Message) bool { return true })
			if err != nil {
				return
			}
			back(ctx, h, all[n])
		}
	}()
	h.provoke(t)
	h.settled(t)
	cancel()
	<-mirrored
	// Three messages set out, a report and news for the reviewers; what comes back
	// leads to nothing more. Each may hop as often as Postfix allows.
	const set, hops = 5, 50
	all, distinct := h.passes()
	t.Logf("%d messages in %d passes", distinct, all)
	if distinct > set || all > set*2*hops {
		t.Errorf("%d messages in %d passes, want %d at most", distinct, all, set)
	}
}

// back sends a message back to whom it came from, as a stranger does.
func back(ctx context.Context, h *holding, m *sink.Message) {
	to := m.From
	if from := m.Header("From"); to == "" && len(from) > 0 {
		to = strings.Trim(from[0][strings.LastIndexByte(from[0], ' ')+1:], "<>")
	}
	c, err := mta.Dial(ctx, h.Addr(mta.MX))
	if err != nil {
		return
	}
	defer c.Close()
	// What is refused has ended here.
	_, _, _ = c.Send(m.Recipients()[0], []string{to}, m.Data)
}

// settled waits until several looks in a row find nothing new and nothing under way.
func (h *holding) settled(t *testing.T) {
	t.Helper()
	h.until(t, "no more mail comes", func() bool {
		before, _ := h.passes()
		h.rest(t)
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for range 20 {
			<-look.C
			if now, _ := h.passes(); now != before {
				return false
			}
		}
		return true
	})
}

// Two of us that hand everything to each other come to rest.
func TestTwoPosternsFaceToFace(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := startHolding(t, holdingOptions{policy: loopPolicy, sink: l.Addr().String()}).start(t)
	b := startHolding(t, holdingOptions{policy: loopPolicy, sink: a.Addr(mta.MX)}).start(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go join(conn, b.Addr(mta.MX))
		}
	}()
	a.provoke(t)
	a.until(t, "both come to rest", func() bool {
		before, _ := a.passes()
		a.settled(t)
		b.settled(t)
		after, _ := a.passes()
		return before == after
	})
	allA, distinctA := a.passes()
	allB, distinctB := b.passes()
	t.Logf("%d messages in %d passes, and %d in %d", distinctA, allA, distinctB, allB)
	// As before, and what the MTAs themselves write of refusals.
	const set, hops = 10, 50
	if distinctA > set || distinctB > set || allA+allB > set*hops {
		t.Errorf("%d messages in %d passes, and %d in %d", distinctA, allA, distinctB, allB)
	}
}

// join carries octets between a connection and a server.
func join(conn net.Conn, server string) {
	defer conn.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(to, conn)
		to.Close()
	}()
	_, _ = io.Copy(conn, to)
}

// What is in the outbox at the end of the process leaves after its next start, once.
func TestTerminateKeepsTheOutbox(t *testing.T) {
	bin, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	d := startDriver(t)
	open := d.shut()
	for range 2 {
		d.launch(bin, nil)
		if !d.answers() {
			t.Fatal("postern serve ended")
		}
		d.attempt()
		if err := d.program.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-d.program.Done():
		case <-time.After(idle):
			t.Fatal("the process does not end")
		}
		if code := d.program.ExitCode(); code != 0 {
			t.Errorf("exit status %d", code)
		}
	}
	if n, err := d.open(); err != nil || n == 0 {
		t.Errorf("%d in the outbox, %v", n, err)
	}
	open()
	// And with mail on its way in that instant.
	d.launch(bin, nil)
	if !d.answers() {
		t.Fatal("postern serve ended")
	}
	d.attempt()
	d.end()
	d.finish(bin)
	if repeated := d.count(); repeated != 0 {
		t.Errorf("%d mails came twice", repeated)
	}
}
