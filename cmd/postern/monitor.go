package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"golang.org/x/net/netutil"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
)

// Bounds of the listener for measurements.
const (
	monitorHeader  = 5 * time.Second // for the header section of a request
	monitorWrite   = 15 * time.Second
	monitorIdle    = 30 * time.Second
	monitorSection = 8 << 10 // octets
	monitorClients = 32
	monitorScrapes = 4 // at one time
)

// monitor answers GET and HEAD of /metrics, /healthz and /readyz, and nothing else.
type monitor struct {
	listener net.Listener
	server   *http.Server
}

// listenMonitor opens listen.metrics.
func listenMonitor(p process, m *meters, h *health, log *zap.Logger) (*monitor, error) {
	l, err := listenOne(p.metrics, p.group)
	if err != nil {
		return nil, fmt.Errorf("listen.metrics: %w", err)
	}
	return &monitor{
		listener: netutil.LimitListener(l, monitorClients),
		server: &http.Server{
			Handler:           monitorHandler(m, h),
			ReadHeaderTimeout: monitorHeader,
			ReadTimeout:       monitorHeader,
			WriteTimeout:      monitorWrite,
			IdleTimeout:       monitorIdle,
			MaxHeaderBytes:    monitorSection,
			ErrorLog:          zap.NewStdLog(log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))),
		},
	}, nil
}

// watchOver opens listen.metrics, where it is set, and answers there until end. A
// port that somebody else has keeps no mail waiting.
func (s *service) watchOver(server *milter.Server, budget *message.Budget) *watching {
	w := &watching{}
	if s.meters == nil {
		return w
	}
	stats := &storeStats{store: s.vault, now: time.Now}
	s.measure(server, budget, stats)
	w.health = &health{service: s, server: server, budget: budget, stats: stats, spool: spoolDir(s.process.store)}
	var err error
	if w.monitor, err = listenMonitor(s.process, s.meters, w.health, s.log); err != nil {
		alarm(s.log, "measurements cannot be asked for", zap.Error(err))
		return w
	}
	s.monitor.Store(w.monitor)
	w.running.Go(func() { w.monitor.serve(s.log) })
	return w
}

// watching is what watchOver began; it may be nothing.
type watching struct {
	health  *health
	monitor *monitor
	running sync.WaitGroup
}

// drain says to who asks that the process is about to end.
func (w *watching) drain() {
	if w.health != nil {
		w.health.draining.Store(true)
	}
}

// end ends the answers.
func (w *watching) end() {
	if w.monitor != nil {
		w.monitor.close()
	}
	w.running.Wait()
}

// address is where it listens.
func (m *monitor) address() string {
	a := m.listener.Addr()
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}

// serve answers until close.
func (m *monitor) serve(log *zap.Logger) {
	if err := m.server.Serve(m.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		alarm(log, "measurements cannot be asked for any more", zap.Error(err))
	}
}

// close ends it, and the requests in hand.
func (m *monitor) close() {
	// Whoever asks now gets no answer; there is nothing to be done about an error.
	_ = m.server.Close()
}

func monitorHandler(m *meters, h *health) http.Handler {
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: monitorScrapes, Timeout: 2 * scrapeTime,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Cache-Control", "no-store")
		var answer http.HandlerFunc
		switch r.URL.Path {
		case "/metrics":
			answer = metrics.ServeHTTP
		case "/healthz":
			answer = healthHandler("alive", h.healthz)
		case "/readyz":
			answer = healthHandler("ready", h.readyz)
		default:
			http.Error(w, "there is /metrics, /healthz and /readyz", http.StatusNotFound)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			head.Set("Allow", "GET, HEAD")
			http.Error(w, "GET and HEAD only", http.StatusMethodNotAllowed)
			return
		}
		answer(w, r)
	})
}

// healthHandler answers 200 without reasons and 503 with some, which stand in a JSON
// object beside the word.
func healthHandler(word string, look func(context.Context) reasons) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		why := look(r.Context())
		body, err := compact(map[string]any{word: len(why) == 0, "reasons": list(why)})
		if err != nil {
			http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if len(why) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		// Whoever asked is gone when this fails.
		_, _ = fmt.Fprintln(w, strings.TrimSpace(string(body)))
	}
}
