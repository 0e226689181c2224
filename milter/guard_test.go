package milter

import (
	"context"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter/miltertest"
)

// editing delivers with many edits.
type editing struct{}

func (editing) Judge(context.Context, *message.Message) actions.Outcome {
	out := actions.Outcome{Verdict: actions.Deliver}
	for range 500 {
		out.Modifications = append(out.Modifications,
			actions.Modification{Kind: actions.AddHeader, Name: "X-Edit", Value: "some value"},
			actions.Modification{Kind: actions.AddRecipient, Address: "a@example.org", Args: []string{"NOTIFY=NEVER"}})
	}
	return out
}

func (editing) Done(*message.Message, actions.Outcome, time.Duration, error) {}

// All that a step sends leaves in one write, whatever pieces the library makes
// of it; commands without a reply write nothing.
func TestOneWritePerStep(t *testing.T) {
	near, far := socketPair(t)
	counted := &countedConn{Conn: near}
	cfg := Config{Filter: editing{}}
	cfg.setDefaults()
	g := newGuard(counted, cfg.FrameTime, &counters{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if g.negotiate() == nil {
			g.serve(newSession(g, &cfg, zap.NewNop()))
		}
	}()
	c := miltertest.New(far)
	step := func(_ miltertest.Frame, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Negotiate(6, 0x1ff, 0x1fffff); err != nil {
		t.Fatal(err)
	}
	step(c.Command('C', []byte("a\x00U")))
	step(c.Helo("a"))
	step(c.Mail("<a@example.com>"))
	step(c.Rcpt("<b@example.net>"))
	step(c.Data())
	for range 100 {
		step(c.Header("X", " y"))
	}
	step(c.EndOfHeader())
	step(c.Body(make([]byte, 200_000)))
	r, err := c.EndOfMessage()
	if err != nil || len(r.Edits) != 1000 {
		t.Fatalf("%d edits, %v", len(r.Edits), err)
	}
	c.Quit()
	<-ended
	if want := len([]string{"offer", "MAIL", "RCPT", "end of message"}); counted.writes != want {
		t.Errorf("%d writes, want %d", counted.writes, want)
	}
}

// Of a step that breaks off the MTA sees nothing: it must not deliver half of
// the edits.
func TestNothingOfABrokenStepIsSent(t *testing.T) {
	near, far := socketPair(t)
	g := newGuard(near, time.Minute, &counters{})
	g.Write([]byte("\x00\x00\x00\x05hX\x00y\x00"))
	g.Close()
	far.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _ := far.Read(make([]byte, 100)); n != 0 {
		t.Errorf("%d octets were sent", n)
	}
	g.frames.close()
}
