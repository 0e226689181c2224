package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
)

// Bounds of looking after the health of the process.
const (
	healthTime = 2 * time.Second // an answer is given within it
	healthAge  = time.Second     // how long one is given again
)

// health tells whether a process is alive, and whether it is ready for mail.
type health struct {
	service *service
	server  *milter.Server
	budget  *message.Budget
	stats   *storeStats
	spool   string // the directory of messages beyond memory

	draining atomic.Bool // the process is about to end
	alive    probe
	ready    probe
}

// reasons says why a process is not well; none when it is.
type reasons []string

const drainingReason = "the process is stopping"

// healthz gives the reasons why the process should be started again: none as long as
// it goes on. One that stops is on its way.
func (h *health) healthz(ctx context.Context) reasons {
	if h.draining.Load() {
		return reasons{drainingReason}
	}
	got, ok := h.alive.ask(ctx, func() reasons {
		// Whoever serves mail needs these locks: a deadlock shows here.
		h.server.Stats()
		h.service.gate.live.Load()
		return nil
	})
	if !ok {
		return reasons{"the server of milter connections does not answer"}
	}
	return got
}

// readyz gives the reasons why mail should not be sent here now.
func (h *health) readyz(ctx context.Context) reasons {
	if h.draining.Load() {
		return reasons{drainingReason}
	}
	got, ok := h.ready.ask(ctx, func() reasons {
		ctx, cancel := context.WithTimeout(context.Background(), healthTime)
		defer cancel()
		return h.look(ctx)
	})
	if !ok {
		return reasons{"the store does not answer"}
	}
	return got
}

func (h *health) look(ctx context.Context) (why reasons) {
	p := h.service.process
	if h.service.gate.live.Load() == nil {
		why = append(why, "no policies are loaded")
	}
	if open := h.server.Stats().Listeners; open < len(p.listen) {
		why = append(why, fmt.Sprintf("%d of %d milter sockets are open", open, len(p.listen)))
	}
	st, err := h.stats.get(ctx)
	switch {
	case err != nil:
		why = append(why, "the store cannot be read")
	case st.Poisoned:
		why = append(why, "the disk has failed and the store writes no more until postern is started again")
	case st.Free >= 0 && st.Free < p.quota.Reserve:
		why = append(why, fmt.Sprintf("the disk of the store has %d MB free, and store.quota.reserve is %d MB", st.Free>>20, p.quota.Reserve>>20))
	}
	if err := writable(p.store); err != nil {
		why = append(why, "the store cannot be written to: "+err.Error())
	}
	if err := h.budget.Check(); err != nil {
		why = append(why, "there is no room for a message in memory or in "+h.spool)
	}
	return why
}

// writable tells whether a file can be made in a directory.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, "probe.*")
	if err != nil {
		return cause(err)
	}
	return cause(errors.Join(f.Close(), os.Remove(f.Name())))
}

// cause gives an error of the file system without the path.
func cause(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// probe asks a question once at a time, however many want to know, gives an answer
// again for a moment, and does not wait for one for long.
type probe struct {
	mu    sync.Mutex
	asked chan struct{} // closed with the answer; nil before the first question
	at    time.Time     // of the answer; zero while it is looked for
	last  reasons
}

// ask gives the answer of look; ok is false when there is none in time.
func (p *probe) ask(ctx context.Context, look func() reasons) (_ reasons, ok bool) {
	p.mu.Lock()
	if p.asked == nil || !p.at.IsZero() && time.Since(p.at) >= healthAge {
		asked := make(chan struct{})
		p.asked, p.at = asked, time.Time{}
		go func() {
			got := look()
			p.mu.Lock()
			p.last, p.at = got, time.Now()
			p.mu.Unlock()
			close(asked)
		}()
	}
	asked := p.asked
	p.mu.Unlock()
	late := time.NewTimer(healthTime)
	defer late.Stop()
	select {
	case <-asked:
	case <-late.C:
		return nil, false
	case <-ctx.Done():
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, true
}

// spoolDir is where messages go that memory has no room for.
func spoolDir(store string) string { return filepath.Join(store, "spool") }
