package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/audit/export"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// service is a running process: the gate, and how its world is changed.
type service struct {
	file      string // postern.yaml, an absolute path
	overrides overrides
	types     *classify.Catalog
	process   process // fixed at start
	gate      *gate
	vault     *vault
	documents *documents
	exports   []*export.Runner
	log       *zap.Logger
	meters    *meters                 // nil where nobody asks for measurements
	monitor   atomic.Pointer[monitor] // nil without listen.metrics
	clock     clock
	limiter   actions.Limiter // of notifications

	reloading sync.Mutex // one reload at a time
}

// reloaded is what a reload came to.
type reloaded struct {
	// Good is set when the files were taken.
	Good          bool          `json:"good"`
	PolicyVersion string        `json:"policyVersion"` // that is live now
	Problems      []problemJSON `json:"problems"`
	Changes       []change      `json:"changes"`
	// Restart names the sections of postern.yaml that changed and are read at
	// start only.
	Restart []string `json:"restart"`
	// Error says why nothing was taken where no problem does.
	Error string `json:"error"`
	// Policies are the files of those that are live, when they were asked for.
	Policies []rules.File `json:"policies,omitempty"`
}

// errorLog bounds how many problems of one load are logged.
const errorLog = 50

// bear makes a new world the live one, with what is fixed at start as it was.
func (s *service) bear(w *world) error {
	w.config.process = s.process
	w.rules.Extract.Nesting, w.rules.Extract.Members = s.process.limits.Nesting, s.process.limits.Members
	s.documents.serveWorld(&w.rules)
	s.countMatches(w)
	notices, err := newNotices(w.config, s.vault.install)
	if err != nil {
		return err
	}
	w.notices = notices
	w.engine = actions.NewEngine(w.config.settings(notices))
	w.effects = w.live(s.vault, s.log)
	w.effects.Limiter = &s.limiter
	s.meters.repeats(w.effects)
	w.doors = w.effects
	w.rules.Overridden = w.effects.Overridden
	s.takeServer(w, s.gate.live.Load())
	s.gate.live.Store(w)
	return nil
}

// loaded records a set of policies that went live, or was refused. It is a record
// and no condition: the process goes on without it.
func (s *service) loaded(ctx context.Context, op audit.Operation, version string, p audit.Policies) {
	s.meters.loaded(op == audit.PolicyLoaded, time.Now())
	rec, err := audit.Loaded(audit.Head{Time: time.Now(), ID: newID(), PolicyVersion: version}, op, p)
	if err == nil {
		err = s.vault.record(ctx, rec)
	}
	if err != nil {
		alarm(s.log, "the load of policies could not be recorded", zap.Error(err))
	}
}

// reload loads the files again and makes them live when all are good; messages
// in hand keep the world they began with. Why says who asked. A watcher may not
// take policies away: files vanish for a moment while they are replaced, and one
// may be copied over another.
func (s *service) reload(ctx context.Context, why string, watching bool) reloaded {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	old := s.gate.live.Load()
	log := s.log.With(zap.String("why", why))
	res := reloaded{PolicyVersion: old.set.Version, Problems: []problemJSON{}, Changes: []change{}, Restart: []string{}}
	refuse := func(event, reason string, fields ...zap.Field) reloaded {
		res.Error = reason
		alarm(log, event, append(fields, zap.String("policyVersion", old.set.Version), zap.String("error", reason))...)
		s.loaded(ctx, audit.PolicyRefused, old.set.Version, audit.Policies{Problems: len(res.Problems), Reason: audit.MaskText(reason)})
		return res
	}

	w, _, problems, err := loadSettled(ctx, s.file, s.types, old.serves)
	defer func() {
		if w != nil && s.gate.live.Load() != w {
			w.closeServer()
		}
	}()
	if err != nil {
		return refuse("reload refused, the old policies stay", err.Error())
	}
	res.Problems = problemsJSON(problems)
	if w == nil {
		logProblems(log, problems)
		return refuse("reload refused, the old policies stay", "the files have mistakes: "+summary(problems))
	}
	if gone := old.files.missing(w.files); watching && len(gone) > 0 {
		return refuse("a file vanished, the old policies stay; `postern reload` takes them away",
			fmt.Sprintf("%s missing", count(len(gone), "file is", "files are")), zap.Strings("files", bound(gone, 10)))
	}
	if gone := w.without(old); watching && len(gone) > 0 {
		return refuse("a policy vanished from its file, the old policies stay; `postern reload` takes it away",
			fmt.Sprintf("%s missing", count(len(gone), "policy is", "policies are")), zap.Strings("policies", bound(gone, 10)))
	}
	res.Good = true
	s.overrides.apply(&w.config.process)
	res.Changes = difference(old.files, w.files)
	res.Restart = list(s.process.restart(w.config.process))
	res.PolicyVersion = w.set.Version
	if watching && len(res.Changes) == 0 {
		return res
	}
	changes := make([]string, 0, len(res.Changes))
	for _, c := range res.Changes {
		changes = append(changes, c.String())
	}
	if need := w.missing(s.process); need != "" {
		res.Good, res.PolicyVersion, res.Changes = false, old.set.Version, []change{}
		return refuse("reload refused, the old policies stay", need)
	}
	if err := s.bear(w); err != nil {
		res.Good, res.PolicyVersion, res.Changes = false, old.set.Version, []change{}
		return refuse("reload refused, the old policies stay", err.Error())
	}
	s.keep(w)
	s.loaded(ctx, audit.PolicyLoaded, w.set.Version, audit.Policies{Previous: old.set.Version, Files: w.files.names(), Changes: bound(changes, errorLog)})
	w.logMoved(log)
	log.Info("reloaded", zap.String("policyVersion", w.set.Version), zap.Strings("changes", bound(changes, errorLog)))
	if len(res.Restart) > 0 {
		log.Warn("a restart is needed for changes of postern.yaml", zap.Strings("sections", res.Restart))
	}
	return res
}

// keep keeps the files of the live world for a start at which they are bad.
func (s *service) keep(w *world) {
	if err := saveLastGood(s.process.store, lastGood{File: s.file, Saved: time.Now().UTC(), Files: w.files}); err != nil {
		alarm(s.log, "the good policies could not be kept for the next start", zap.Error(err))
	}
}

// logProblems logs the errors among problems.
func logProblems(log *zap.Logger, problems []strictyaml.Problem) {
	n := 0
	for _, p := range problems {
		if p.Severity != strictyaml.Error {
			continue
		}
		if n++; n > errorLog {
			log.Error("more mistakes", zap.String("all", summary(problems)))
			return
		}
		log.Error("mistake", zap.String("at", clip(p.String(), 1000)))
	}
}
