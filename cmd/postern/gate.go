package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/rules"
)

// gate is the filter that serves mail: it judges each message by the world that
// is live when it is complete, and writes one line for it to the log.
type gate struct {
	live     atomic.Pointer[world]
	counters counters
	meters   *meters // nil measures nothing
	log      *zap.Logger
	// inHand holds the decision of each message between Judge and Done.
	inHand sync.Map // *message.Message → *actions.Decision
}

// Judge implements [milter.Filter].
func (g *gate) Judge(ctx context.Context, m *message.Message) actions.Outcome {
	w := g.live.Load()
	d := g.judge(ctx, w, m)
	g.inHand.Store(m, d)
	return d.Outcome
}

// judge decides on one message, and measures how long its stages take.
func (g *gate) judge(ctx context.Context, w *world, m *message.Message) *actions.Decision {
	if g.meters == nil {
		return w.judge(ctx, m, w.doors)
	}
	start := time.Now()
	scan := rules.NewScan(&w.rules, m)
	doors := &timedEffects{Effects: w.doors}
	d := w.engine.Run(ctx, w.set, scan, doors)
	g.meters.judged(time.Since(start), doors.commit, scan)
	return d
}

// Done implements [milter.Filter].
func (g *gate) Done(m *message.Message, out actions.Outcome, took time.Duration, err error) {
	var d *actions.Decision
	if v, ok := g.inHand.LoadAndDelete(m); ok {
		d = v.(*actions.Decision)
	}
	g.counters.count(out.Verdict)
	g.meters.answered(m, d, out)
	if d != nil && len(d.Undecided) > 0 {
		g.counters.undecided.Add(1)
	}
	if d != nil && slices.ContainsFunc(d.Forks, func(f actions.Fork) bool { return len(f.Failures) > 0 }) {
		g.counters.failures.Add(1)
	}
	logMessage(g.log, m, d, out, took, err)
}

// judge decides on one message. It is the same for mail and for `explain`.
func (w *world) judge(ctx context.Context, m *message.Message, fx actions.Effects) *actions.Decision {
	return w.engine.Run(ctx, w.set, rules.NewScan(&w.rules, m), fx)
}

var _ milter.Filter = (*gate)(nil)
