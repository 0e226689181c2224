package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// recentMatches counts, by sender, messages that an enforced rule of high severity
// matched, from the records of the store. Each record is read once; it is safe for
// concurrent use.
type recentMatches struct {
	records func(context.Context, quarantine.RecordFilter) iter.Seq2[quarantine.Record, error]
	now     func() time.Time
	within  time.Duration
	logins  bool          // a directory says whose a login is
	most    int           // more are not told apart
	every   time.Duration // how often the store is asked for new records at most

	mu    sync.Mutex
	until time.Time // when the store was asked last
	last  int64     // number of the record read last
	times map[string][]time.Time
}

const matchesEvery = 5 * time.Second

func newRecentMatches(risk *rules.Risk, store quarantine.Store, logins bool) *recentMatches {
	r := &recentMatches{records: store.Records, now: time.Now, within: risk.Within, logins: logins, every: matchesEvery, times: make(map[string][]time.Time)}
	for _, n := range risk.FromMatches {
		r.most = max(r.most, n)
	}
	return r
}

// countMatches lets conditions know the recent matches of people, where they ask for
// them. What was recorded before is read now, and not while the first message waits.
func (s *service) countMatches(w *world) {
	risk := w.config.conditions.Risk
	if risk == nil || len(risk.FromMatches) == 0 {
		return
	}
	matches := newRecentMatches(risk, s.vault, w.rules.Directory != nil)
	w.rules.Matches = matches.count
	ctx, cancel := context.WithTimeout(context.Background(), matchesTime)
	defer cancel()
	if _, err := matches.count(ctx, nil); err != nil {
		alarm(s.log, "recent matches of people could not be counted yet", zap.Error(err))
	}
}

// matchesTime bounds reading the records at start.
const matchesTime = time.Minute

// count gives the number of recent matches of somebody with these names.
func (r *recentMatches) count(ctx context.Context, names []string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return 0, fmt.Errorf("recent matches: %w", err)
	}
	since, n := r.now().Add(-r.within), 0
	for _, name := range names {
		times := r.times[name]
		for len(times) > 0 && times[0].Before(since) {
			times = times[1:]
		}
		if r.times[name] = times; len(times) == 0 {
			delete(r.times, name)
		}
		n += len(times)
	}
	return n, nil
}

// refresh reads what was recorded since the last time.
func (r *recentMatches) refresh(ctx context.Context) error {
	now := r.now()
	if !r.until.IsZero() && now.Sub(r.until) < r.every && !now.Before(r.until) {
		return nil
	}
	filter := quarantine.RecordFilter{Since: now.Add(-r.within), After: r.last, Operations: []string{string(audit.DlpRuleMatch)}}
	for rec, err := range r.records(ctx, filter) {
		if err != nil {
			return err
		}
		r.take(rec)
		r.last = rec.Number
	}
	r.until = now
	return nil
}

// graveMark stands in every record of a match of high severity.
var graveMark = []byte(`"Severity":"High"`)

// take counts a record. One that cannot be read counts for nobody.
func (r *recentMatches) take(rec quarantine.Record) {
	if !bytes.Contains(rec.Data, graveMark) {
		return
	}
	var record struct {
		PolicyDetails []audit.PolicyDetails
		Explain       struct {
			Envelope envelopeJSON `json:"envelope"`
		}
	}
	if json.Unmarshal(rec.Data, &record) != nil {
		return
	}
	// What a session that is not ours says of its sender is held against nobody.
	env := record.Explain.Envelope
	if !env.Trusted || !grave(record.PolicyDetails) {
		return
	}
	name := env.Authenticated
	if name == "" || !r.logins && !strings.Contains(name, "@") {
		name = env.From
	}
	if p, err := message.ParsePath(name); err == nil && p.Domain() != "" {
		name = p.Key()
	}
	if name = strings.ToLower(name); name == "" || name == "<>" {
		return
	}
	times := append(r.times[name], rec.Time)
	if len(times) > r.most {
		times = times[len(times)-r.most:]
	}
	r.times[name] = times
}

// grave tells whether an enforced rule of high severity matched.
func grave(policies []audit.PolicyDetails) bool {
	for _, p := range policies {
		for _, rule := range p.Rules {
			if rule.RuleMode == audit.Enforce && rule.Severity == "High" {
				return true
			}
		}
	}
	return false
}
