package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/relay"
)

func newServe() *cobra.Command {
	var file, store string
	var listen []string
	var drain time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Judge mail for a mail server, over the milter protocol",
		Long: `Serve loads the policies and judges mail until SIGTERM or SIGINT, when it lets
each connection finish the message in hand. SIGHUP and "postern reload" load the
files again. The log goes to standard error, one line for each message.

When the files have mistakes at start, the set that was good last is served and
the log says so; without one, serve does not start.`,
		Example: `  postern serve
  postern serve --config ./postern.yaml --listen 127.0.0.1:8891 --store /tmp/postern`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := filepath.Abs(file)
			if err != nil {
				return err
			}
			o, err := newOverrides(listen, store)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), path, o, drain, cmd.ErrOrStderr())
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringArrayVar(&listen, "listen", nil, "listen here instead of listen.milter: unix:PATH or HOST:PORT; may be repeated")
	storeFlag(cmd, &store)
	cmd.Flags().DurationVar(&drain, "drain", 30*time.Second, "how long messages in hand may take at the end")
	return cmd
}

func serve(ctx context.Context, file string, o overrides, drain time.Duration, stderr io.Writer) error {
	stop, done := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer done()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	types := classify.Builtin()
	w, fresh, log, err := firstWorld(ctx, file, o, types, stderr)
	if err != nil {
		return err
	}
	defer log.Sync()
	p := w.config.process
	var meters *meters
	if p.metrics.address != "" {
		meters = newMeters()
		log = meters.counted(log)
	}
	if err := checkPostfix(ctx, w.config, log); err != nil {
		return err
	}
	vault, err := openVault(ctx, p, true)
	if err != nil {
		return err
	}
	defer func() {
		if err := vault.Close(); err != nil {
			alarm(log, "the store could not be closed", zap.Error(err))
		}
	}()
	if meters != nil {
		vault.Store = &measuredStore{vault.Store, meters}
	}
	docs, err := newDocuments(p.readers, func(reason string) { log.Warn("a reader of documents was lost", zap.String("reason", reason)) })
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	defer docs.Close()
	if err := docs.begin(ctx, log); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	s := &service{file: file, overrides: o, types: types, process: p, vault: vault, documents: docs, log: log, meters: meters, gate: &gate{log: log, meters: meters}}
	if err := s.bear(w); err != nil {
		return err
	}
	worker, err := s.newWorker(ctx)
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	if s.exports, err = newExports(p, vault, log); err != nil {
		return err
	}
	tuneCollector(p.memory)

	dead, err := openSuspects(p.store, time.Now, log)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer dead.Close()
	if err := reportCrashes(p.store); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	spool := spoolDir(p.store)
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	control, err := listenControl(p.store)
	if err != nil {
		return err
	}
	defer control.Close()
	var watch *watcher
	if p.watch {
		if watch, err = newWatcher(s); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	listeners, err := listenAll(p)
	if err != nil {
		return err
	}
	if fresh {
		s.keep(w)
	}
	budget := message.NewBudget(p.memory, spool)
	s.loaded(ctx, audit.PolicyLoaded, w.set.Version, audit.Policies{Files: w.files.names()})
	if !fresh {
		meters.loaded(false, time.Now())
	}
	settings := milter.Config{
		Filter:        s.gate,
		Watch:         &guardian{gate: s.gate, suspects: dead},
		Log:           log,
		Limits:        p.limits,
		Budget:        budget,
		MessageSize:   p.messageSize,
		DecisionTime:  p.decision,
		Connections:   p.connections,
		AcceptOnError: p.onError == actions.OnErrorAccept,
	}
	if meters != nil {
		settings.Timed = meters.timed
	}
	server := milter.NewServer(settings)

	var wg sync.WaitGroup
	watched := s.watchOver(server, budget)
	defer watched.end()
	background, end := context.WithCancel(ctx)
	defer end()
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		wg.Go(func() {
			if err := server.Serve(l); err != nil {
				failed <- err
			}
		})
	}
	wg.Go(func() { s.serveControl(background, control) })
	for _, r := range s.exports {
		wg.Go(func() { r.Run(background) })
	}
	wg.Go(func() { every(background, expiryEvery, s.expire) })
	wg.Go(func() { every(background, sweepEvery, s.sweep) })
	summaries := &summarizer{s: s}
	wg.Go(func() { every(background, summaryEvery, summaries.run) })
	wg.Go(func() { s.alertMails(background) })
	// A digest that is late leaves before more mail is taken.
	next := s.digestIfDue(background)
	wg.Go(func() { s.digests(background, next) })
	sending, rest := context.WithCancel(context.WithoutCancel(ctx))
	defer rest()
	var sender sync.WaitGroup
	if worker != nil {
		sender.Go(func() { worker.Run(sending) })
	}
	if watch != nil {
		wg.Go(func() { watch.run(background) })
	}
	log.Info("serving", zap.String("version", buildVersion().Version), zap.Stringers("listen", p.listen),
		zap.String("policyVersion", w.set.Version), zap.Int("policies", len(w.set.Policies)))
	s.tell(notifyReady)

	var cause error
loop:
	for {
		select {
		case <-stop.Done():
			break loop
		case cause = <-failed:
			break loop
		case <-hangup:
			s.tell(notifyReloading)
			s.reload(background, "SIGHUP", false)
			s.tell(notifyReady)
		}
	}
	done() // a second signal ends the process at once
	s.tell(notifyStopping)
	watched.drain()
	log.Info("stopping", zap.Float64("drainSeconds", drain.Seconds()))
	control.Close()
	end()
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(draining); err != nil {
		log.Warn("connections were closed before their messages were finished", zap.Error(err))
	}
	wg.Wait()
	rest() // what messages in hand have put into the outbox may still leave
	sender.Wait()
	c := &s.gate.counters
	log.Info("stopped", zap.Int64("delivered", c.delivered.Load()), zap.Int64("blocked", c.blocked.Load()),
		zap.Int64("deferred", c.deferred.Load()), zap.Int64("taken", c.discarded.Load()),
		zap.Int64("undecided", c.undecided.Load()), zap.Int64("actionFailures", c.failures.Load()))
	return cause
}

// newWorker makes the worker of the outbox; nil where mail has no way back to the
// MTA.
func (s *service) newWorker(ctx context.Context) (*relay.Worker, error) {
	if s.process.relay.address == "" {
		st, err := s.vault.Stats(ctx)
		if err == nil && st.Outbox > 0 {
			alarm(s.log, "mail waits in the outbox and there is no `relay`", zap.Int("entries", st.Outbox))
		}
		return nil, err
	}
	client, err := newClient(s.process.relay)
	if err != nil {
		return nil, err
	}
	box := &outbox{vault: s.vault, effects: func() *actions.Live { return s.gate.live.Load().effects }, log: s.log}
	return relay.NewWorker(relay.WorkerOptions{
		Outbox:   box,
		Send:     client.Send,
		Random:   rand.Float64,
		Lifetime: outboxLife,
		Grace:    workerGrace,
		Settled: func(e relay.Entry, st relay.Settlement, err error) {
			s.meters.sent(e, st, err)
			logSent(s.log, e, st, err)
		},
		NoticeRate: float64(s.process.relay.noticeRate),
		Alarm:      func(a relay.Alarm) { logOutbox(s.log, a) },
	}), nil
}

// workerGrace is how long sends in hand may take at the end.
const workerGrace = 10 * time.Second

// firstWorld gives the world to begin with: that of the files, or, when they
// have mistakes, the one that was good last. Fresh is set for the former.
func firstWorld(ctx context.Context, file string, o overrides, types *classify.Catalog, stderr io.Writer) (w *world, fresh bool, log *zap.Logger, err error) {
	w, c, problems, err := loadSettled(ctx, file, types, anyPolicy)
	if c == nil {
		c = defaults(file)
	}
	o.apply(&c.process)
	if w != nil {
		log = newLogger(c.process, stderr)
		w.logMoved(log)
		return w, true, log, nil
	}
	log = newLogger(c.process, stderr)
	why := summary(problems)
	if err != nil {
		why = err.Error()
	}
	logProblems(log, problems)
	kept, keptErr := readLastGood(c.process.store, file)
	if keptErr == nil {
		w, _, problems = build(ctx, kept.Files, types, anyPolicy)
		if w == nil {
			logProblems(log, problems)
			keptErr = fmt.Errorf("the set of %s has mistakes for this version: %s", kept.Saved.Format(time.RFC3339), summary(problems))
		}
	}
	if keptErr != nil {
		return nil, false, nil, fmt.Errorf("the files have mistakes (%s), and no other set can be served: %w", why, keptErr)
	}
	o.apply(&w.config.process)
	log = newLogger(w.config.process, stderr)
	alarm(log, "the files have mistakes, the set that was good last is served", zap.String("error", why),
		zap.Time("saved", kept.Saved), zap.String("policyVersion", w.set.Version))
	w.logMoved(log)
	return w, false, log, nil
}

// tell tells systemd of the service's state.
func (s *service) tell(state string) {
	if err := notifySystemd(state); err != nil {
		s.log.Warn("systemd could not be told", zap.Error(err))
	}
}

// listenAll opens all milter sockets, or none.
func listenAll(p process) (listeners []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
		}
	}()
	for _, a := range p.listen {
		l, err := listenOne(a, p.group)
		if err != nil {
			return listeners, fmt.Errorf("listen.milter: %w", err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

func listenOne(a address, group string) (net.Listener, error) {
	l, err := milter.ListenAs(a.String(), milter.SocketMode, group)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: the directory does not exist", a.address)
	}
	return l, err
}
