package actions

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiterCountsByKeyAndInAll(t *testing.T) {
	limits := Limits{Window: time.Hour, Sender: 1, Others: 2, Total: 4}
	start := houseNow()
	var l Limiter
	for i, step := range []struct {
		after time.Duration
		key   string
		most  int
		want  bool
	}{
		{0, "a", 1, true},
		{time.Minute, "a", 1, false},
		{time.Minute, "b", 2, true},
		{2 * time.Minute, "b", 2, true},
		{3 * time.Minute, "b", 2, false},
		{59 * time.Minute, "a", 1, false},
		{59 * time.Minute, "c", 1, true},
		{59 * time.Minute, "d", 1, false}, // the fifth in all
		{time.Hour, "a", 1, true},
		{time.Hour, "d", 1, true},
		{time.Hour, "b", 2, false}, // its window began later
		{61 * time.Minute, "b", 2, true},
	} {
		if _, ok := l.take(start.Add(step.after), step.key, step.most, limits); ok != step.want {
			t.Errorf("step %d: %s after %s: %v", i, step.key, step.after, ok)
		}
	}
}

// What was counted for a commit that failed is due again, and what was refused by one
// bound does not count for the other.
func TestLimiterGivesBack(t *testing.T) {
	limits := Limits{Window: time.Hour, Total: 2}
	now := houseNow()
	var l Limiter
	first, ok := l.take(now, "a", 1, limits)
	if !ok {
		t.Fatal("the first is refused")
	}
	l.giveBack(first)
	for range 3 {
		if _, ok := l.take(now, "x", 0, limits); ok {
			t.Error("none is allowed, and one is")
		}
	}
	if _, ok := l.take(now, "a", 1, limits); !ok {
		t.Error("what was given back is refused")
	}
	late, ok := l.take(now, "b", 1, limits)
	if !ok {
		t.Error("refused ones counted")
	}
	if _, ok := l.take(now.Add(time.Hour), "b", 1, limits); !ok {
		t.Error("the window does not end")
	}
	l.giveBack(late) // of the window before
	if _, ok := l.take(now.Add(time.Hour), "b", 1, limits); ok {
		t.Error("a window that is over gives to the next")
	}
}

func TestLimiterStaysSmall(t *testing.T) {
	limits := Limits{Window: time.Hour, Total: 1 << 30}
	var l Limiter
	for i := range 3 * mostCounted {
		l.take(houseNow(), fmt.Sprint(i), 1, limits)
	}
	if n := len(l.counts); n > mostCounted+2 {
		t.Errorf("%d keys are kept", n)
	}
	l.take(houseNow().Add(2*time.Hour), "z", 1, limits)
	if n := len(l.counts); n > 2 {
		t.Errorf("%d keys are kept when all are over", n)
	}
}
