package milter_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
)

// What a server has done is counted, and each judged message is timed once.
func TestStats(t *testing.T) {
	var mu sync.Mutex
	var times []milter.Times
	judging := make(chan struct{})
	judge := func(_ context.Context, m *message.Message) actions.Outcome {
		switch string(m.Body()) {
		case "panic":
			panic("x")
		case "wait":
			judging <- struct{}{}
			<-judging
		}
		return actions.Outcome{Verdict: actions.Deliver}
	}
	s := start(t, milter.Config{Filter: newFilter(judge), MessageSize: 1000, Connections: 1, Timed: func(x milter.Times) {
		mu.Lock()
		defer mu.Unlock()
		times = append(times, x)
	}})
	c := s.session(t)
	send := func(body string) {
		t.Helper()
		envelope(t, c)
		content(t, c, body)
		must(t, c.Abort())
	}
	send("plain")
	send("panic")
	send(strings.Repeat("x", 1001))
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-judging
		if st := s.Stats(); st.Judging != 1 || st.Receiving != 0 || st.Connections != 1 || st.Listeners != 1 {
			t.Errorf("while it judges: %+v", st)
		}
		judging <- struct{}{}
	}()
	send("wait")
	<-done
	envelope(t, c)
	if st := s.Stats(); st.Receiving != 1 || st.Judging != 0 {
		t.Errorf("while it receives: %+v", st)
	}
	if conn := s.dialQuiet(t); conn != nil {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		conn.Read(make([]byte, 1)) // it is closed at once
		conn.Close()
	}
	must(t, c.Abort())
	must(t, c.Quit())
	for deadline := time.Now().Add(10 * time.Second); s.Stats().Connections > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the connection does not end")
		}
	}
	st := s.Stats()
	if st.Accepted != 1 || st.Refused != 1 || st.Broken != 0 || st.Receiving != 0 || st.Judging != 0 {
		t.Errorf("at the end: %+v", st)
	}
	if st.Commands["mail"] != 5 || st.Commands["endOfMessage"] != 4 || st.Commands["quit"] != 1 || st.Commands["connect"] != 1 {
		t.Errorf("commands %v", st.Commands)
	}
	for _, f := range milter.Failures {
		want := int64(0)
		if f == milter.FailurePanic || f == milter.FailureTooLarge {
			want = 1
		}
		if st.Failures[f] != want {
			t.Errorf("%d failures %s, want %d", st.Failures[f], f, want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(times) != 2 {
		t.Fatalf("%d messages were timed, want 2", len(times))
	}
	for _, x := range times {
		if x.Receive <= 0 || x.Parse <= 0 || x.Judge <= 0 || x.Reply <= 0 || x.Whole < x.Parse+x.Judge+x.Reply {
			t.Errorf("times %+v", x)
		}
	}
}
