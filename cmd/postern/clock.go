package main

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

// Bounds of what a clock may do.
const (
	clockJump = time.Hour // more than daylight or a correction by NTP makes
	clockRest = time.Hour // how long nothing is ended then, for somebody to look
)

// clock watches the time of day by the time that has passed. A time of day that
// jumps ahead would end everything held at once and delete what it kept for
// later.
type clock struct {
	mu      sync.Mutex
	started time.Time // its monotonic reading counts
	day     time.Time
	passed  time.Duration
	rest    time.Duration // nothing ends before so much has passed
}

// look takes the time of day and the time that has passed since the start. It
// gives the jump since the last look, zero for none, and whether what has had its
// time may be ended.
func (c *clock) look(day time.Time, passed time.Duration) (jump time.Duration, trusted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.day.IsZero() {
		if d := day.Sub(c.day) - (passed - c.passed); d.Abs() > clockJump {
			jump, c.rest = d, passed+clockRest
		}
	}
	c.day, c.passed = day, passed
	return jump, passed >= c.rest
}

// trusted tells whether the time of day may end something, and raises an alarm
// when it has jumped.
func (s *service) trusted() bool {
	now := time.Now()
	s.clock.mu.Lock()
	if s.clock.started.IsZero() {
		s.clock.started = now
	}
	started := s.clock.started
	s.clock.mu.Unlock()
	jump, ok := s.clock.look(now.Round(0), now.Sub(started))
	if jump != 0 {
		alarm(s.log, "the clock has jumped: nothing expires and nothing is deleted for an hour", zap.Float64("seconds", jump.Seconds()))
	}
	return ok
}
