package embedded

import "sync"

// syncer lets callers that want the same directory synced share one sync: whoever
// asks while one is running is served by the next.
type syncer struct {
	running sync.Mutex
	mu      sync.Mutex
	waiting *round // not yet begun
}

type round struct {
	done chan struct{}
	err  error
}

// do returns when a call of f has ended that began after do was called.
func (s *syncer) do(f func() error) error {
	s.mu.Lock()
	r := s.waiting
	if r != nil {
		s.mu.Unlock()
		<-r.done
		return r.err
	}
	r = &round{done: make(chan struct{})}
	s.waiting = r
	s.mu.Unlock()

	s.running.Lock()
	s.mu.Lock()
	s.waiting = nil
	s.mu.Unlock()
	r.err = f()
	s.running.Unlock()
	close(r.done)
	return r.err
}
