package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
	"github.com/postern-mail/postern/quarantine"
)

// fragile is a filter that panics at some messages.
type fragile struct{ *gate }

func (f fragile) Judge(ctx context.Context, m *message.Message) actions.Outcome {
	if strings.Contains(m.Subject(), "boom") {
		panic("boom")
	}
	return f.gate.Judge(ctx, m)
}

// guarded serves a house with a filter that panics, and gives a client.
func guarded(t *testing.T, s *service, dead *suspects) *miltertest.Client {
	t.Helper()
	server := milter.NewServer(milter.Config{
		Filter: fragile{s.gate}, Watch: &guardian{gate: s.gate, suspects: dead}, Log: s.log, Budget: message.NewBudget(1<<20, t.TempDir()),
	})
	path := filepath.Join(shortDir(t), "m.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		l.Close()
		<-done
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		server.Shutdown(ctx)
	})
	c := miltertest.New(conn)
	c.Timeout = patience
	if err := c.Negotiate(miltertest.FullVersion, miltertest.FullActions, miltertest.FullProtocol); err != nil {
		t.Fatal(err)
	}
	if err := connect(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// shortDir is a directory whose name leaves room for that of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postern")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func suspectsIn(t *testing.T, dir string, now func() time.Time) *suspects {
	t.Helper()
	s, err := openSuspects(dir, now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

const errDied = "the process died of the message twice"

const booming = "From: anna@example.com\nSubject: boom\nMessage-ID: <boom@example.com>\nDate: Mon, 02 Mar 2026 09:00:00 +0000\n\nPart.\n"

// A message at which the process panicked twice is held the third time, without
// being judged; others are judged meanwhile. A restart forgets nothing.
func TestAMessageThatPanicsTwiceIsHeld(t *testing.T) {
	s, log := newHouse(t)
	dir := t.TempDir()
	steps := []struct {
		name, mail string
		want       string
	}{
		{"first", booming, "451 4.3.0"},
		{"another message", strings.NewReplacer("boom", "fine").Replace(booming), "c"},
		{"second", booming, "451 4.3.0"},
		{"third", booming, "d"},
		{"another one that panics", strings.NewReplacer("Part.", "Other part.").Replace(booming), "451 4.3.0"},
	}
	for _, step := range steps {
		dead := suspectsIn(t, dir, time.Now) // as after a restart
		res, err := transact(guarded(t, s, dead), []byte(step.mail), []string{"bob@partner.example", "eve@partner.example"})
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got := string(res.Verdict.Command)
		if got == "y" {
			got = string(res.Verdict.Payload)
		}
		if !strings.HasPrefix(got, step.want) {
			t.Errorf("%s is answered %q, want %q", step.name, got, step.want)
		}
		dead.Close()
	}
	page, err := s.vault.List(t.Context(), quarantine.Filter{})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d items are held (%v), want one", len(page.Items), err)
	}
	item := page.Items[0]
	if len(item.Envelope.Recipients) != 2 || !strings.Contains(item.Reason, errDied) {
		t.Errorf("held for %d with %q", len(item.Envelope.Recipients), item.Reason)
	}
	if data, err := s.vault.read(t.Context(), item.Blob); err != nil || !strings.Contains(string(data), "Subject: boom\r\n") || !strings.HasSuffix(string(data), "Part.\r\n") {
		t.Errorf("the message is kept as %q (%v)", data, err)
	}
	if ops := s.operations(t, item.Reference); ops != "MessageFailed by DlpAgent" {
		t.Errorf("recorded as %s", ops)
	}
	for deadline := time.Now().Add(patience); len(log.events(t, "message")) < len(steps); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the log has no line for each message: " + log.String())
		}
	}
	var verdicts []any
	for _, line := range log.events(t, "message") {
		verdicts = append(verdicts, line["verdict"])
		if line["verdict"] == "quarantine" && (line["error"] != errDied || fmt.Sprint(line["signals"]) != "[uninspectable]") {
			t.Errorf("the log says %v", line)
		}
	}
	if got := fmt.Sprint(verdicts); got != "[defer deliver defer quarantine defer]" {
		t.Errorf("verdicts in the log: %s", got)
	}
}

// What ends the process leaves the message in hand behind.
func TestAMessageThatEndsTheProcessTwiceIsSuspect(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	digest := func(c string) string { return strings.Repeat(c, digestLength) }
	deaths := func(c string) int {
		s := suspectsIn(t, dir, clock)
		defer s.Close()
		place, n := s.begin(digest(c))
		s.end(place, digest(c), false)
		return n
	}
	die := func(report string, inHand ...string) {
		s := suspectsIn(t, dir, clock)
		for _, c := range inHand {
			s.begin(digest(c))
		}
		// Another one comes and goes before the end.
		place, _ := s.begin(digest("0"))
		s.end(place, digest("0"), false)
		s.Close()
		write(t, filepath.Join(dir, crashName), report)
	}
	const fatal = "fatal error: stack overflow"
	die(fatal, "a", "b")
	die("", "c") // killed from outside
	die(fatal, "a")
	die("", "c")
	if data, err := os.ReadFile(filepath.Join(dir, lastCrash)); string(data) != fatal {
		t.Errorf("the report is kept as %q (%v)", data, err)
	}
	for c, want := range map[string]int{"a": 2, "b": 1, "c": 0, "0": 0} {
		if got := deaths(c); got != want {
			t.Errorf("%s counts %d deaths, want %d", c, got, want)
		}
	}
	now = now.Add(suspectTime + time.Minute)
	if got := deaths("a"); got != 0 {
		t.Errorf("%d deaths are remembered after %v", got, suspectTime)
	}
}

// Files that were being written when the machine stopped keep nothing from starting.
func TestSuspectsOfADamagedFile(t *testing.T) {
	dir := t.TempDir()
	whole := `{"digest":"` + strings.Repeat("a", digestLength) + `","at":"2026-03-02T09:00:00Z"}` + "\n"
	write(t, filepath.Join(dir, suspectsName), whole+"{\"dig\n\x00\x00\n"+whole+`{"digest":"short","at":"2026-03-02T09:00:00Z"}`)
	write(t, filepath.Join(dir, inHandName), strings.Repeat("a", digestLength)+"\n"+strings.Repeat("\x00", 100))
	write(t, filepath.Join(dir, crashName), "panic: boom")
	s := suspectsIn(t, dir, func() time.Time { return time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC) })
	if _, n := s.begin(strings.Repeat("a", digestLength)); n != 3 {
		t.Errorf("%d deaths are known, want 3", n)
	}
}

// BenchmarkWatch is what it costs to write a message of 100 KB down while it is judged.
func BenchmarkWatch(b *testing.B) {
	s, err := openSuspects(b.TempDir(), time.Now, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	w := &guardian{suspects: s}
	var env message.Envelope
	h := message.Header{{Name: "Subject", Value: " hello"}, {Name: "Message-ID", Value: " <a@example.com>"}}
	body := make([]byte, 100<<10)
	for b.Loop() {
		ended, _ := w.Begin(&env, h, body)
		ended(false)
	}
}
