package main

import "testing"

func TestMedianAndSpread(t *testing.T) {
	s := series{4, 1, 3, 2, 100}
	if s.median() != 3 {
		t.Errorf("median %v, want 3", s.median())
	}
	if got := s.spread(); got < 0.6 || got > 0.7 { // from 2 to 4
		t.Errorf("spread %v, want 2/3", got)
	}
}
