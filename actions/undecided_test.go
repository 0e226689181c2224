package actions

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/embedded"
)

// mute is a directory that answers nothing.
type mute struct{ directory.Directory }

func (mute) Member(context.Context, message.Path, directory.Ref) (bool, error) {
	return false, directory.ErrUnavailable
}

const retryPolicy = `
policy: P
mode: enable
rules:
  - {rule: Unsure, ruleErrorAction: retryThenBlock, conditions: {fromMemberOf: [hr@example.com]}, actions: {blockAccess: all}}
`

// reopen ends the store of the gate and begins it again, as a restart does.
func (g *gate) reopen(dir string) {
	g.t.Helper()
	if g.store.Store != nil {
		if err := g.store.Store.Close(); err != nil {
			g.t.Fatal(err)
		}
	}
	store, err := embedded.Open(g.t.Context(), embedded.Options{Dir: dir})
	if err != nil {
		g.t.Fatal(err)
	}
	g.store.Store = store
}

func TestAttemptsCountOverRestarts(t *testing.T) {
	g := newGate(t, retryPolicy, Settings{})
	g.world.Directory = mute{g.world.Directory}
	own := g.store.Store
	g.store.Store = nil
	t.Cleanup(func() { g.store.Store.Close(); own.Close() })
	dir := filepath.Join(t.TempDir(), "again")
	send := func(queueID, messageID string) string {
		g.reopen(dir)
		d := g.send(mail{to: []string{"b@customer.example"}, queueID: queueID, header: []string{"Message-ID: <" + messageID + ">", "Date: Mon, 02 Mar 2026 09:00:00 +0000"}})
		return d.Outcome.Reply.String()
	}
	steps := []struct {
		after     time.Duration
		queueID   string
		messageID string
		want      string
	}{
		{0, "Q1", "one@example.com", "451-4.3.0"},
		{5 * time.Minute, "Q2", "one@example.com", "451-4.3.0"},
		{time.Minute, "Q3", "two@example.com", "451-4.3.0"},
		{10 * time.Minute, "Q4", "one@example.com", "451-4.3.0"},
		{15 * time.Minute, "Q5", "one@example.com", "550-5.7.1"},
		{time.Hour, "Q6", "two@example.com", "550-5.7.1"},
		{time.Minute, "Q7", "one@example.com", "550-5.7.1"},
		{time.Minute, "Q8", "three@example.com", "451-4.3.0"},
	}
	for _, s := range steps {
		g.later(s.after)
		if got := send(s.queueID, s.messageID); !strings.HasPrefix(got, s.want) {
			t.Errorf("%s of %s is answered %q, want %s", s.queueID, s.messageID, got, s.want)
		}
	}
	g.world.Directory = g.world.Directory.(mute).Directory
	if got := send("Q9", "one@example.com"); got != "" && !strings.HasPrefix(got, "0") {
		t.Errorf("when the directory answers again the message is answered %q, want it delivered", got)
	}
}

// A store that fails does not shorten the time in which a client tries again.
func TestAttemptsThatCannotBeReadDoNotCount(t *testing.T) {
	g := newGate(t, retryPolicy, Settings{})
	g.world.Directory = mute{g.world.Directory}
	g.live.Store = failing{g.store}
	for range 5 {
		if d := g.send(mail{to: []string{"b@customer.example"}, queueID: "Q"}); d.Outcome.Verdict != Defer {
			t.Fatalf("verdict %s, want defer", d.Outcome.Verdict)
		}
	}
}

type failing struct{ quarantine.Store }

func (failing) Fingerprints(context.Context, string) ([]quarantine.Fingerprint, error) {
	return nil, errors.New("disk")
}

const readingPolicy = `
policy: P
mode: enable
rules:
  - {rule: Secret, conditions: {documentContainsWords: [secret]}, actions: {blockAccess: all}}
  - {rule: Inside, conditions: {accessScope: inOrganization}, actions: {setHeader: {X-Class: internal}}}
`

func TestMailThatCannotBeReadFollowsOnError(t *testing.T) {
	attached := mail{
		to: []string{"ben@example.com", "b@customer.example"}, queueID: "Q1",
		header: []string{"MIME-Version: 1.0", `Content-Type: application/octet-stream; name="a.bin"`}, body: "secret",
	}
	tests := []struct {
		onError  OnError
		verdict  Verdict
		held     int
		reviewed string
	}{
		{OnErrorTempfail, Defer, 0, ""},
		{OnErrorAccept, Deliver, 0, ""},
		{OnErrorQuarantine, Discard, 1, "The rules could not decide on it: the message could not be read: no workers."},
	}
	for _, tt := range tests {
		t.Run(string(tt.onError), func(t *testing.T) {
			g := newGate(t, readingPolicy, Settings{OnError: tt.onError})
			g.world.Read = func(context.Context, []byte, extract.Hint, *extract.Budget) (extract.Document, error) {
				return extract.Document{}, errors.New("no workers")
			}
			d := g.send(attached)
			if d.Outcome.Verdict != tt.verdict || d.Err == nil {
				t.Errorf("verdict %s, error %v; want %s and an error", d.Outcome.Verdict, d.Err, tt.verdict)
			}
			page, err := g.store.List(t.Context(), quarantine.Filter{})
			if err != nil || len(page.Items) != tt.held {
				t.Fatalf("%d items are held (%v), want %d", len(page.Items), err, tt.held)
			}
			for _, i := range page.Items {
				if i.Reason != tt.reviewed || len(i.Envelope.Recipients) != 2 || len(i.Draft) != 0 {
					t.Errorf("held with %q for %d, draft %s; want %q for both, without edits", i.Reason, len(i.Envelope.Recipients), i.Draft, tt.reviewed)
				}
			}
		})
	}
}

// A policy in a test mode may read what nobody else asks for; when that fails the mail
// goes on.
func TestMailIsNotPutOffForATest(t *testing.T) {
	g := newGate(t, strings.Replace(readingPolicy, "mode: enable", "mode: testWithNotifications", 1), Settings{})
	g.world.Read = func(context.Context, []byte, extract.Hint, *extract.Budget) (extract.Document, error) {
		return extract.Document{}, errors.New("no workers")
	}
	d := g.send(mail{
		to: []string{"b@customer.example"}, queueID: "Q1",
		header: []string{"MIME-Version: 1.0", `Content-Type: application/octet-stream; name="a.bin"`}, body: "secret",
	})
	if d.Outcome.Verdict != Deliver || d.Err != nil {
		t.Errorf("verdict %s, error %v; want deliver without one", d.Outcome.Verdict, d.Err)
	}
}
