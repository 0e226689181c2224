package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

// deskOf gives a desk over the store of a service.
func deskOf(s *service) *desk {
	return &desk{vault: s.vault, effects: s.gate.live.Load().effects, by: "anna", running: s}
}

// A legal hold outlives the time of a message, and both its changes are recorded
// with the login and the reason.
func TestLegalHold(t *testing.T) {
	s, log := newHouse(t)
	i := s.held(t, func(i *quarantine.Item) { i.Expires = time.Now().Add(-time.Minute) })
	d := deskOf(s)
	for _, hold := range []bool{true, false} {
		got, err := d.legalHold(t.Context(), i.Reference, hold, "case 17")
		if err != nil || got.LegalHold != hold {
			t.Fatalf("%t: %+v, %v", hold, got, err)
		}
		s.expire(t.Context())
		if got, err = s.vault.Item(t.Context(), i.ID); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]quarantine.State{true: quarantine.StateHeld, false: quarantine.StateExpired}[hold]; got.State != want {
			t.Errorf("with legal hold %t it is %s", hold, got.State)
		}
	}
	var seen []bool
	for row, err := range s.vault.Records(t.Context(), quarantine.RecordFilter{Reference: i.Reference, Operations: []string{string(audit.LegalHoldChanged)}}) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			t.Fatal(err)
		}
		if rec.UserKey != "anna" || rec.Item.Comment.String() != "case 17" {
			t.Errorf("recorded by %q: %q", rec.UserKey, rec.Item.Comment)
		}
		seen = append(seen, rec.Item.LegalHold)
	}
	if len(seen) != 2 || !seen[0] || seen[1] {
		t.Errorf("recorded %v", seen)
	}
	if got := log.events(t, "a held message that is due could not be ended"); len(got) > 0 {
		t.Errorf("alarms: %v", got)
	}
}

// A timer that found a message due before the hold was set does not end it.
func TestLegalHoldWinsARace(t *testing.T) {
	s, _ := newHouse(t)
	i := s.held(t, nil)
	if _, err := deskOf(s).legalHold(t.Context(), i.ID, true, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.expireItem(t.Context(), i); !errors.Is(err, quarantine.ErrLegalHold) {
		t.Errorf("the timer: %v", err)
	}
	if all, _ := s.entries(t, i.Reference); len(all) > 0 {
		t.Errorf("told: %v", all)
	}
}

// The octets of a message go seven days after its end, and a record says so.
func TestOctetsGoWithARecord(t *testing.T) {
	s, _ := newHouse(t)
	end := time.Now().Add(-8 * 24 * time.Hour)
	i := s.held(t, nil)
	if _, err := s.vault.Decide(t.Context(), &quarantine.Decision{Item: i.ID, Event: quarantine.EventDelete, By: "anna", At: end}); err != nil {
		t.Fatal(err)
	}
	s.sweep(t.Context())
	if _, err := s.vault.Open(t.Context(), i.Blob); !errors.Is(err, quarantine.ErrNotFound) {
		t.Errorf("the octets: %v", err)
	}
	if got := s.operations(t, i.Reference); !strings.Contains(got, string(audit.BlobDeleted)) {
		t.Errorf("recorded: %s", got)
	}
}

// A reference names the one message under it that is still held.
func TestAReferenceNamesWhatIsHeld(t *testing.T) {
	s, _ := newHouse(t)
	d := deskOf(s)
	first := s.held(t, nil)
	second := s.held(t, func(i *quarantine.Item) { i.Reference = first.Reference })
	if _, err := d.find(t.Context(), first.Reference); err == nil || !strings.Contains(err.Error(), first.ID) || !strings.Contains(err.Error(), second.ID) {
		t.Errorf("with both held: %v", err)
	}
	if _, err := d.remove(t.Context(), first.ID, ""); err != nil {
		t.Fatal(err)
	}
	if got, err := d.find(t.Context(), first.Reference); err != nil || got.ID != second.ID {
		t.Errorf("with one held: %+v, %v", got, err)
	}
	if _, err := d.remove(t.Context(), second.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.find(t.Context(), first.Reference); err == nil {
		t.Error("of two at their end one was taken")
	}
}

// Of the outbox only what waits for long is called late.
func TestStatusTellsOfLateMail(t *testing.T) {
	s, _ := newHouse(t)
	for n, age := range []time.Duration{time.Hour, time.Minute, time.Second} {
		c := storetest.Mailed(newID())
		c.Entries[0].Created = time.Now().Add(-age)
		c.Entries[0].NotBefore = c.Entries[0].Created
		if err := s.vault.Commit(t.Context(), c); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	st, err := deskOf(s).status(t.Context())
	if err != nil || st.Outbox != 3 || st.Late != 1 {
		t.Fatalf("status %+v, %v", st, err)
	}
	var b bytes.Buffer
	out := newOutput(&b, false)
	out.status(st)
	if err := out.flush(); err != nil || !strings.Contains(b.String(), "outbox       3, 1 for longer than 15 minutes, the oldest since ") {
		t.Errorf("%v\n%s", err, &b)
	}
}

// gone is a command that left when it had the first line of its answer.
type gone struct{ lines int }

func (g *gone) Write(p []byte) (int, error) {
	if g.lines++; g.lines > 1 {
		return 0, errors.New("broken pipe")
	}
	return len(p), nil
}

// A command that has its answer may leave; one that misses the octets has gone too
// early.
func TestACommandLeavesWithItsAnswer(t *testing.T) {
	s, _ := newHouse(t)
	i := s.held(t, nil)
	if err := s.answerDesk(t.Context(), &gone{}, &deskRequest{Do: "status"}); err != nil {
		t.Errorf("status: %v", err)
	}
	if err := s.answerDesk(t.Context(), &gone{}, &deskRequest{Do: "export", Item: i.ID}); err == nil {
		t.Error("an export that nobody took was called good")
	}
}
