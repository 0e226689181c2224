package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/quarantine"
)

// ailing is a store whose counts are what a test says.
type ailing struct {
	quarantine.Store
	stats quarantine.Stats
	err   error
	hangs chan struct{}
}

func (a *ailing) Stats(context.Context) (*quarantine.Stats, error) {
	if a.hangs != nil {
		<-a.hangs // whatever the context says
	}
	return &a.stats, a.err
}

// newHealth gives the health of a service with a server that listens nowhere.
func newHealth(t *testing.T, store quarantine.Store) *health {
	t.Helper()
	s, _ := newHouse(t)
	s.process.listen, s.process.quota.Reserve = nil, 1000
	return &health{
		service: s, server: milter.NewServer(milter.Config{Filter: s.gate}), budget: message.NewBudget(2<<20, t.TempDir()),
		stats: &storeStats{store: store, now: time.Now},
	}
}

// A process is ready as long as it can take mail and keep it, and says in plain words
// why it is not.
func TestReady(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, h *health, a *ailing)
		want   string // in the only reason; empty for none
	}{
		{"all is well", func(*testing.T, *health, *ailing) {}, ""},
		{"how much is free is not known", func(_ *testing.T, _ *health, a *ailing) { a.stats.Free = -1 }, ""},
		{"the disk is full", func(_ *testing.T, _ *health, a *ailing) { a.stats.Free = 999 }, "store.quota.reserve"},
		{"the disk has failed", func(_ *testing.T, _ *health, a *ailing) { a.stats.Poisoned = true }, "the disk has failed"},
		{"the store is gone", func(_ *testing.T, _ *health, a *ailing) { a.err = quarantine.ErrClosed }, "the store cannot be read"},
		{"nothing can be written", func(t *testing.T, h *health, _ *ailing) { h.service.process.store = filepath.Join(t.TempDir(), "none") }, "no such file"},
		{"a socket is missing", func(_ *testing.T, h *health, _ *ailing) { h.service.process.listen = make([]address, 2) }, "0 of 2 milter sockets"},
		{"no policies", func(_ *testing.T, h *health, _ *ailing) { h.service.gate.live.Store(nil) }, "no policies"},
		{"memory and disk are used up", func(t *testing.T, h *health, _ *ailing) {
			h.budget = message.NewBudget(0, filepath.Join(t.TempDir(), "none"))
		}, "no room"},
		{"it stops", func(_ *testing.T, h *health, _ *ailing) { h.draining.Store(true) }, "stopping"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &ailing{stats: quarantine.Stats{Free: 1000}}
			h := newHealth(t, a)
			tt.change(t, h, a)
			got := h.readyz(t.Context())
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("reasons %q, want %q", got, tt.want)
			}
			if stops := h.draining.Load(); (len(h.healthz(t.Context())) > 0) != stops {
				t.Errorf("alive: %q", h.healthz(t.Context()))
			}
		})
	}
}

// Who asks gets an answer in time whatever hangs, and however many ask there is one
// question in hand.
func TestAQuestionThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p probe
		var asked atomic.Int64
		hangs := make(chan struct{})
		look := func() reasons {
			asked.Add(1)
			<-hangs
			return reasons{"late"}
		}
		answers := make(chan time.Duration, 100)
		for range cap(answers) {
			go func() {
				begun := time.Now()
				if _, ok := p.ask(context.Background(), look); ok {
					t.Error("an answer came from nowhere")
				}
				answers <- time.Since(begun)
			}()
		}
		for range cap(answers) {
			if took := <-answers; took != healthTime {
				t.Errorf("the answer took %s", took)
			}
		}
		if asked.Load() != 1 {
			t.Errorf("asked %d times at once", asked.Load())
		}
		close(hangs)
		synctest.Wait()
		if got, ok := p.ask(context.Background(), look); !ok || !slices.Equal(got, reasons{"late"}) || asked.Load() != 1 {
			t.Errorf("afterwards %q %t, asked %d times", got, ok, asked.Load())
		}
		time.Sleep(healthAge)
		if _, ok := p.ask(context.Background(), look); !ok || asked.Load() != 2 {
			t.Errorf("an old answer is given again: asked %d times", asked.Load())
		}
	})
}

// monitored answers as listen.metrics does, until the test ends.
func monitored(t *testing.T, h *health, change func(*monitor)) *monitor {
	t.Helper()
	m, err := listenMonitor(process{metrics: address{network: "tcp", address: "127.0.0.1:0"}}, newMeters(), h, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	done := make(chan struct{})
	go func() {
		m.serve(zap.NewNop())
		close(done)
	}()
	t.Cleanup(func() {
		m.close()
		<-done
	})
	return m
}

func TestOnlyThreePagesAreServed(t *testing.T) {
	h := newHealth(t, &ailing{stats: quarantine.Stats{Free: 1, Poisoned: true}})
	m := monitored(t, h, nil)
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/healthz", 200, `{"alive":true,"reasons":[]}` + "\n"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 503, `{"ready":false,"reasons":["the disk has failed and the store writes no more until postern is started again"]}` + "\n"},
		{"HEAD", "/readyz", 503, ""},
		{"GET", "/readyz?reasons=none", 503, "*"},
		{"GET", "/metrics", 200, "*"},
		{"POST", "/metrics", 405, "*"},
		{"PUT", "/healthz", 405, "*"},
		{"DELETE", "/readyz", 405, "*"},
		{"GET", "/", 404, "*"},
		{"GET", "/metrics/", 404, "*"},
		{"GET", "//metrics", 404, "*"},
		{"GET", "/debug/pprof/", 404, "*"},
		{"GET", "/%2e%2e/metrics", 404, "*"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+m.address()+tt.path, strings.NewReader(strings.Repeat("x", 10)))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.status || tt.body != "*" && string(body) != tt.body {
			t.Errorf("%s %s: %s %q %v", tt.method, tt.path, resp.Status, body, err)
		}
		if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: fields %v", tt.method, tt.path, resp.Header)
		}
	}
}

// Clients that never finish their requests are cut off, and keep nobody else out.
func TestSlowClientsAreCutOff(t *testing.T) {
	m := monitored(t, newHealth(t, &ailing{stats: quarantine.Stats{Free: 1 << 30}}), func(m *monitor) {
		if s := m.server; s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
			t.Errorf("something is not bounded: %+v", s)
		}
		m.server.ReadHeaderTimeout = 100 * time.Millisecond
	})
	for k := range 2 * monitorClients {
		conn, err := net.Dial("tcp", m.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /metrics HTTP/1.1\r\nHost: x%d\r\nX-Slow: ", k)
	}
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + m.address() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %s", resp.Status)
	}
}

// A port that another program has keeps no mail waiting: there is an alarm.
func TestAPortThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config := strings.Replace(holdingConfig, `milter: "unix:m.sock"`, `milter: "unix:m.sock", metrics: "`+l.Addr().String()+`"`, 1)
	r := startConfigured(t, config, patience, map[string]string{"a.yaml": holdingPolicy})
	if lines := r.log.events(t, "measurements cannot be asked for"); len(lines) != 1 || lines[0]["alarm"] != true {
		t.Errorf("alarms %v", lines)
	}
	c := r.client(t)
	if _, err := transact(c, []byte("Subject: x\n\nx\n"), []string{"bob@partner.example"}); err != nil {
		t.Error(err)
	}
	c.Quit()
}

// The socket of a process goes with it, and the process says before that it stops.
func TestTheMonitorEndsWithTheProcess(t *testing.T) {
	r := startConfigured(t, measuredConfig, patience, map[string]string{"a.yaml": holdingPolicy})
	if got := r.get(t, "/readyz", http.StatusOK); got != `{"ready":true,"reasons":[]}`+"\n" {
		t.Errorf("ready: %s", got)
	}
	c := r.client(t) // a session keeps the process until it is idle
	r.stop()
	r.until(t, "it stops", func() bool { return strings.Contains(r.log.String(), `"stopping"`) })
	if got := r.get(t, "/healthz", http.StatusServiceUnavailable); !strings.Contains(got, drainingReason) {
		t.Errorf("alive: %s", got)
	}
	c.Quit()
	r.wait(t)
	if _, err := os.Stat(filepath.Join(r.dir, "metrics.sock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}
