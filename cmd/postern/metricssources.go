package main

import (
	"context"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// statsAge is how long the counts of the store are given again, so that who asks often
// does not keep the store busy.
const statsAge = time.Second

// storeStats asks the store for its counts, once at a time.
type storeStats struct {
	store quarantine.Store
	now   func() time.Time

	mu   sync.Mutex
	last *quarantine.Stats
	at   time.Time
}

func (s *storeStats) get(ctx context.Context) (*quarantine.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.now().Sub(s.at) < statsAge {
		return s.last, nil
	}
	st, err := s.store.Stats(ctx)
	if err != nil {
		return nil, err
	}
	s.last, s.at = st, s.now()
	return st, nil
}

// measure gives the meters what a running process knows of itself.
func (s *service) measure(server *milter.Server, budget *message.Budget, stats *storeStats) {
	m := s.meters
	m.from(s.measurePolicies)
	m.from(s.measureStore(stats))
	m.from(func(_ context.Context, emit emitter) { measureServer(server.Stats(), emit) })
	m.from(func(_ context.Context, emit emitter) {
		emit("postern_sessions_limit", float64(s.process.connections))
		emit("postern_message_memory_bytes", float64(budget.Used()))
		emit("postern_message_memory_limit_bytes", float64(s.process.memory))
		emit("postern_message_spool_bytes", float64(budget.Spooled()))
		emit("postern_outbox_notice_rate", float64(s.process.relay.noticeRate))
		emit("postern_build_info", 1, clip(buildVersion().Version, nameLabel), runtime.Version())
	})
	m.from(s.measureReaders)
	m.from(s.measureDirectory)
}

// modes are the modes of policies.
var modes = []rules.Mode{rules.Enable, rules.TestWithNotifications, rules.TestWithoutNotifications, rules.Disable}

func (s *service) measurePolicies(_ context.Context, emit emitter) {
	w := s.gate.live.Load()
	emit("postern_policy_info", 1, clip(w.set.Version, nameLabel))
	for _, mode := range modes {
		n := 0
		for _, p := range w.set.Policies {
			if p.Mode == mode {
				n++
			}
		}
		emit("postern_policies", float64(n), string(mode))
	}
	l := s.meters.live.Load()
	if l == nil {
		return
	}
	emit("postern_policy_last_load_good", truth(l.good))
	emit("postern_policy_last_load_timestamp_seconds", float64(l.looked.Unix()))
	emit("postern_policy_live_timestamp_seconds", float64(l.born.Unix()))
}

func (s *service) measureStore(stats *storeStats) looker {
	return func(ctx context.Context, emit emitter) {
		emit("postern_store_reserve_bytes", float64(s.process.quota.Reserve))
		st, err := stats.get(ctx)
		emit("postern_store_up", truth(err == nil))
		if err != nil {
			return
		}
		now := stats.now()
		age := func(t time.Time) float64 {
			if t.IsZero() {
				return 0
			}
			return max(0, now.Sub(t).Seconds())
		}
		for _, k := range quarantine.EntryKinds {
			emit("postern_outbox_entries", float64(st.Waiting[k].Entries), string(k))
			emit("postern_outbox_oldest_seconds", age(st.Waiting[k].Oldest), string(k))
		}
		for _, k := range quarantine.Kinds {
			emit("postern_held_items", float64(st.Held[k]), string(k))
		}
		emit("postern_held_oldest_seconds", age(st.OldestHeld))
		emit("postern_releasing_items", float64(st.Releasing))
		emit("postern_recovered_items", float64(st.Recovered))
		emit("postern_store_poisoned", truth(st.Poisoned))
		emit("postern_store_set_back", truth(st.SetBack))
		emit("postern_store_blobs", float64(st.Blobs))
		emit("postern_store_bytes", float64(st.Bytes))
		emit("postern_store_records", float64(st.Records))
		if st.Free >= 0 {
			emit("postern_store_free_bytes", float64(st.Free))
		}
	}
}

func measureServer(st milter.Stats, emit emitter) {
	emit("postern_sessions_open", float64(st.Connections))
	emit("postern_sessions_total", float64(st.Accepted), "accepted")
	emit("postern_sessions_total", float64(st.Broken), "broken")
	emit("postern_sessions_total", float64(st.Refused), "refused")
	for name, n := range st.Commands {
		emit("postern_mta_commands_total", float64(n), name)
	}
	emit("postern_messages_in_hand", float64(st.Receiving), "receiving")
	emit("postern_messages_in_hand", float64(st.Judging), "judging")
	for _, f := range milter.Failures {
		emit("postern_message_failures_total", float64(st.Failures[f]), string(f))
	}
}

func (s *service) measureReaders(_ context.Context, emit emitter) {
	if s.documents == nil {
		return
	}
	st := s.documents.pool.Stats()
	emit("postern_readers", float64(st.Workers), "configured")
	emit("postern_readers", float64(st.Running), "running")
	emit("postern_readers", float64(st.Busy), "busy")
	emit("postern_readers_started_total", float64(st.Started))
	emit("postern_readers_lost_total", float64(st.Lost))
	emit("postern_documents_total", float64(st.Documents))
	emit("postern_documents_waiting", float64(st.Waiting))
}

func (s *service) measureDirectory(_ context.Context, emit emitter) {
	w := s.gate.live.Load()
	if w.server == nil {
		return
	}
	st := w.server.Stats()
	emit("postern_directory_up", truth(!st.Silent))
	emit("postern_directory_lookups_total", float64(st.Kept), "cached")
	emit("postern_directory_lookups_total", float64(st.Asked), "asked")
	emit("postern_directory_lookups_total", float64(st.Stale), "stale")
	emit("postern_directory_lookups_total", float64(st.Failed), "failed")
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// countedLog counts the lines of a log, and the alarms among them.
type countedLog struct {
	zapcore.Core
	meters *meters
}

// counted gives a log whose lines are counted.
func (m *meters) counted(log *zap.Logger) *zap.Logger {
	if m == nil {
		return log
	}
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return countedLog{c, m} }))
}

// With implements [zapcore.Core].
func (c countedLog) With(fields []zapcore.Field) zapcore.Core {
	return countedLog{c.Core.With(fields), c.meters}
}

// Check implements [zapcore.Core].
func (c countedLog) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) {
		return ce
	}
	return ce.AddCore(e, c)
}

// Write implements [zapcore.Core].
func (c countedLog) Write(e zapcore.Entry, fields []zapcore.Field) error {
	c.meters.add(mLogLines, 1, e.Level.String())
	for _, f := range fields {
		if f.Key == alarmField && f.Type == zapcore.BoolType && f.Integer == 1 {
			c.meters.add(mAlarms, 1, c.meters.alarmed.bound(e.Message))
		}
	}
	return c.Core.Write(e, fields)
}
