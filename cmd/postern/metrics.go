package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/relay"
	"github.com/postern-mail/postern/rules"
)

// meters measure a process. What they show is bounded whatever mail comes: a label is
// a word of Postern's own, or the name of a policy or rule, of which so many are told
// apart. Nil meters measure nothing.
type meters struct {
	registry   *prometheus.Registry
	descs      map[string]*prometheus.Desc
	kinds      map[string]measureKind
	counters   map[string]*prometheus.CounterVec
	histograms map[string]*prometheus.HistogramVec

	// Those of every message are looked up once.
	stages                     map[string]prometheus.Observer
	decision, receive, octets  prometheus.Observer
	policies, matched, alarmed names
	live                       atomic.Pointer[liveness]

	mu      sync.Mutex
	sources []looker
}

// looker gives the values of gauges, and of counters that are kept elsewhere, when
// they are asked for.
type looker func(ctx context.Context, emit emitter)

// emitter takes one value of a metric, with the labels in the order of the list.
type emitter func(name string, value float64, labels ...string)

// liveness says which set is live and how the last load went.
type liveness struct {
	good         bool
	looked, born time.Time
}

// Bounds of the names that are told apart by labels; all others are "other".
const (
	mostNames  = 200
	otherNames = "other"
	nameLabel  = 100 // characters
)

// The stages of a message.
const (
	stageParse    = "parse"
	stageExtract  = "extract"
	stageClassify = "classify"
	stageEvaluate = "evaluate"
	stageCommit   = "commit"
	stageReply    = "reply"
)

var stages = []string{stageParse, stageExtract, stageClassify, stageEvaluate, stageCommit, stageReply}

// newMeters makes the meters of a process.
func newMeters() *meters {
	m := &meters{
		registry: prometheus.NewRegistry(),
		descs:    map[string]*prometheus.Desc{}, kinds: map[string]measureKind{},
		counters: map[string]*prometheus.CounterVec{}, histograms: map[string]*prometheus.HistogramVec{},
		stages: map[string]prometheus.Observer{},
	}
	counted := map[string]bool{
		mMessages: true, mRecipients: true, mEnforced: true, mRuleMatches: true, mSignals: true, mUndecided: true, mRetries: true, mStoreErrors: true,
		mRecords: true, mNotices: true, mUnsent: true, mAttempts: true, mLoads: true, mAlarms: true, mLogLines: true,
	}
	for _, x := range measures {
		switch {
		case x.kind == histogram:
			h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: x.name, Help: x.help, Buckets: x.buckets}, x.labels)
			m.histograms[x.name] = h
			m.registry.MustRegister(h)
		case counted[x.name]:
			c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: x.name, Help: x.help}, x.labels)
			m.counters[x.name] = c
			m.registry.MustRegister(c)
		default:
			m.descs[x.name] = prometheus.NewDesc(x.name, x.help, x.labels, nil)
			m.kinds[x.name] = x.kind
		}
	}
	for _, s := range stages {
		m.stages[s] = m.histograms[mStage].WithLabelValues(s)
	}
	m.decision, m.receive, m.octets = m.histograms[mDecision].WithLabelValues(), m.histograms[mReceive].WithLabelValues(), m.histograms[mMessageOctets].WithLabelValues()
	m.zeroes()
	m.registry.MustRegister(asked{m}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// zeroes makes counters whose labels are known stand at 0 from the beginning, so that
// the first event is an increase.
func (m *meters) zeroes() {
	for _, v := range []actions.Verdict{actions.Deliver, actions.Block, actions.Quarantine, actions.Delete, actions.Defer} {
		m.add(mMessages, 0, string(v))
		m.add(mRecipients, 0, string(v))
	}
	m.add(mMessages, 0, unjudged)
	m.add(mUndecided, 0)
	for _, s := range []message.Signal{
		message.SignalPasswordProtected, message.SignalEncrypted, message.SignalUnsupported, message.SignalUnreadable,
		message.SignalIncomplete, message.SignalDefect, message.SignalUninspectable,
	} {
		m.add(mSignals, 0, string(s))
	}
	for _, r := range []string{loadTaken, loadRefused} {
		m.add(mLoads, 0, r)
	}
	for _, l := range []string{"debug", "info", "warn", "error"} {
		m.add(mLogLines, 0, l)
	}
	for _, k := range storeErrorKinds {
		m.add(mStoreErrors, 0, k)
	}
	for _, c := range storeCalls {
		m.histograms[mStoreSeconds].WithLabelValues(c)
	}
}

// add counts; a counter that is not in the list counts nothing.
func (m *meters) add(name string, n float64, labels ...string) {
	if m == nil || m.counters[name] == nil {
		return
	}
	if c, err := m.counters[name].GetMetricWithLabelValues(labels...); err == nil {
		c.Add(n)
	}
}

// from adds a source of values.
func (m *meters) from(s looker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sources = append(m.sources, s)
}

// scrapeTime bounds how long the sources may take together.
const scrapeTime = 5 * time.Second

// asked is the collector of what is looked up when it is asked for.
type asked struct{ *meters }

// Describe implements [prometheus.Collector].
func (a asked) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range a.descs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (a asked) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	a.mu.Lock()
	sources := a.sources
	a.mu.Unlock()
	emit := func(name string, value float64, labels ...string) {
		kind := prometheus.GaugeValue
		if a.kinds[name] == counter {
			kind = prometheus.CounterValue
		}
		m, err := prometheus.NewConstMetric(a.descs[name], kind, value, labels...)
		if err != nil {
			m = prometheus.NewInvalidMetric(a.descs[name], err)
		}
		ch <- m
	}
	for _, s := range sources {
		s(ctx, emit)
	}
}

// names tells so many names apart, those that came first.
type names struct {
	mu    sync.Mutex
	known map[string]bool
}

// admit tells whether a name is one of those that are told apart.
func (n *names) admit(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.known[name]:
		return true
	case len(n.known) >= mostNames:
		return false
	case n.known == nil:
		n.known = map[string]bool{}
	}
	n.known[name] = true
	return true
}

// bound gives a name for a label: itself, printable and not too long, or "other"
// when there are too many already.
func (n *names) bound(name string) string {
	if !n.admit(name) {
		return otherNames
	}
	return clip(name, nameLabel)
}

// rule gives the labels of a rule. Where there are too many rules the policy is
// still told, if there are not too many of these.
func (m *meters) rule(r *rules.Rule) (policy, rule string) {
	policy = m.policies.bound(r.Policy.Name)
	if !m.matched.admit(r.Policy.Name + "\x00" + r.Name) {
		return policy, otherNames
	}
	return policy, clip(r.Name, nameLabel)
}

// unjudged is the verdict of a message without a decision.
const unjudged = "unjudged"

// answered counts a message whose outcome was written, or that has none; d is then
// nil.
func (m *meters) answered(msg *message.Message, d *actions.Decision, out actions.Outcome) {
	if m == nil {
		return
	}
	m.octets.Observe(float64(msg.Size))
	if d == nil {
		m.add(mMessages, 1, unjudged)
		return
	}
	verdict := out.Verdict
	if verdict == actions.Discard {
		verdict = d.Verdict()
	}
	m.add(mMessages, 1, string(verdict))
	if len(d.Undecided) > 0 {
		m.add(mUndecided, 1)
	}
	signals := map[message.Signal]bool{}
	for _, n := range d.Notices {
		if !signals[n.Signal] {
			signals[n.Signal] = true
			m.add(mSignals, 1, string(n.Signal))
		}
	}
	type decided struct{ policy, verdict string }
	type matched struct {
		rule  *rules.Rule
		state actions.State
	}
	enforced, states := map[decided]bool{}, map[matched]bool{}
	for i := range d.Forks {
		f := &d.Forks[i]
		m.add(mRecipients, float64(len(f.Recipients)), string(f.Verdict))
		if f.DecidedBy != nil {
			enforced[decided{m.policies.bound(f.DecidedBy.Policy.Name), string(f.Verdict)}] = true
		}
		for _, s := range f.Rules {
			if s.State != actions.Stopped {
				states[matched{s.Rule, s.State}] = true
			}
		}
	}
	for e := range enforced {
		m.add(mEnforced, 1, e.policy, e.verdict)
	}
	for s := range states {
		policy, rule := m.rule(s.rule)
		m.add(mRuleMatches, 1, policy, rule, string(s.state))
	}
}

// timed takes how long a message took outside the filter.
func (m *meters) timed(t milter.Times) {
	m.receive.Observe(t.Receive.Seconds())
	m.stages[stageParse].Observe(t.Parse.Seconds())
	m.stages[stageReply].Observe(t.Reply.Seconds())
	m.decision.Observe(t.Whole.Seconds())
}

// judged takes how long a message took in the filter.
func (m *meters) judged(whole, commit time.Duration, scan *rules.Scan) {
	extract, classify := scan.Spent()
	m.stages[stageExtract].Observe(extract.Seconds())
	m.stages[stageClassify].Observe(classify.Seconds())
	m.stages[stageCommit].Observe(commit.Seconds())
	m.stages[stageEvaluate].Observe(max(0, whole-commit-extract-classify).Seconds())
}

// timedEffects measure how long writing down a decision takes, without what is read
// for it.
type timedEffects struct {
	actions.Effects
	commit time.Duration
}

// Record implements [actions.Effects].
func (t *timedEffects) Record(ctx context.Context, scan *rules.Scan, d *actions.Decision) error {
	extract, classify := scan.Spent()
	start := time.Now()
	err := t.Effects.Record(ctx, scan, d)
	took := time.Since(start)
	nowExtract, nowClassify := scan.Spent()
	t.commit += max(0, took-(nowExtract-extract)-(nowClassify-classify))
	return err
}

// sent counts an attempt of the outbox.
func (m *meters) sent(e relay.Entry, s relay.Settlement, err error) {
	if m == nil || errors.Is(err, relay.ErrLeaseLost) {
		return
	}
	result := "delivered"
	for _, r := range s.Results {
		switch {
		case r.Status == relay.Failed:
			result = "failed"
		case r.Status == relay.Retry && result == "delivered":
			result = "retry"
		}
	}
	if len(s.Results) == 0 {
		result = "unsent"
	}
	m.add(mAttempts, 1, string(entry(e).Kind), result)
}

// repeats counts the retries of clients.
func (m *meters) repeats(fx *actions.Live) {
	if m == nil {
		return
	}
	tell := fx.Repeated
	fx.Repeated = func(r actions.Repeat) {
		m.add(mRetries, 1, word(r.Outcome))
		tell(r)
	}
}

// Results of a load of the files.
const (
	loadTaken   = "good"
	loadRefused = "refused"
)

// loaded notes that the files were taken, or refused.
func (m *meters) loaded(good bool, at time.Time) {
	if m == nil {
		return
	}
	l := liveness{good: good, looked: at, born: at}
	result := loadTaken
	if !good {
		result = loadRefused
		if old := m.live.Load(); old != nil {
			l.born = old.born
		}
	}
	m.add(mLoads, 1, result)
	m.live.Store(&l)
}

var _ prometheus.Collector = asked{}
