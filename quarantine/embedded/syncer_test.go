package embedded

import (
	"errors"
	"sync"
	"testing"
)

// Whoever asks while a sync runs is served by one that begins afterwards, and those
// who wait share it.
func TestSyncer(t *testing.T) {
	var s syncer
	entered, leave := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		_ = s.do(func() error {
			close(entered)
			<-leave
			return nil
		})
	})
	<-entered

	const n = 10
	failure := errors.New("no")
	var mu sync.Mutex
	calls := 0
	errs := make(chan error, n)
	var rest sync.WaitGroup
	for range n {
		rest.Go(func() {
			errs <- s.do(func() error {
				mu.Lock()
				defer mu.Unlock()
				calls++
				return failure
			})
		})
	}
	// The second round exists once one of them has asked; the first still runs.
	for s.waitingRound() == nil {
	}
	close(leave)
	first.Wait()
	rest.Wait()
	if calls < 1 || calls > n {
		t.Errorf("%d syncs for %d callers", calls, n)
	}
	for range n {
		if err := <-errs; !errors.Is(err, failure) {
			t.Errorf("a caller was told %v", err)
		}
	}
}

func (s *syncer) waitingRound() *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}
