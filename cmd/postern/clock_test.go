package main

import (
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// A clock that jumps ends nothing for an hour; one that goes, however rarely
// somebody looks, is trusted.
func TestClock(t *testing.T) {
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var c clock
	for _, step := range []struct {
		name        string
		day, passed time.Duration
		jump        time.Duration
		trusted     bool
	}{
		{"the first look", 0, 0, 0, true},
		{"a minute later", time.Minute, time.Minute, 0, true},
		{"a day later", 24 * time.Hour, 24 * time.Hour, 0, true},
		{"corrected a little", 24*time.Hour + 50*time.Minute, 24 * time.Hour, 0, true},
		{"ten years ahead", 87600 * time.Hour, 25 * time.Hour, 87600*time.Hour - 24*time.Hour - 50*time.Minute - time.Hour, false},
		{"there still", 87600*time.Hour + 59*time.Minute, 25*time.Hour + 59*time.Minute, 0, false},
		{"corrected", 26 * time.Hour, 26 * time.Hour, 26*time.Hour - 87600*time.Hour - 59*time.Minute - time.Minute, false},
		{"an hour later", 27 * time.Hour, 27 * time.Hour, 0, true},
	} {
		jump, trusted := c.look(day.Add(step.day), step.passed)
		if jump != step.jump || trusted != step.trusted {
			t.Errorf("%s: jump %s, trusted %t; want %s, %t", step.name, jump, trusted, step.jump, step.trusted)
		}
	}
}

// Held mail outlives a clock that runs ahead.
func TestAJumpOfTheClockEndsNothing(t *testing.T) {
	s, log := newHouse(t)
	i := s.held(t, func(i *quarantine.Item) { i.Expires = time.Now().Add(-time.Minute) })
	s.clock.day = time.Now().Add(-48 * time.Hour) // two days ago a moment ago
	s.expire(t.Context())
	s.sweep(t.Context())
	got, err := s.vault.Item(t.Context(), i.ID)
	if err != nil || got.State != quarantine.StateHeld {
		t.Errorf("it is %+v, %v", got, err)
	}
	if got := log.events(t, "the clock has jumped: nothing expires and nothing is deleted for an hour"); len(got) != 1 {
		t.Errorf("%d alarms", len(got))
	}
}
