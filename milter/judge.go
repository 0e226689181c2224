package milter

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/emersion/go-milter"
	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
)

// errLate is what a filter is told of a decision that came when the MTA had been
// answered without it.
var errLate = errors.New("the decision came too late")

// judgement is a message with its outcome.
type judgement struct {
	msg     *message.Message // nil when it could not be parsed
	outcome actions.Outcome
	err     error   // why there is no outcome
	failure Failure // the kind of err
	times   Times   // Receive, Parse and Judge
}

// finish decides on a message whose end has come, and gives the response.
func (s *session) finish(tx *transaction, m *milter.Modifier) milter.Response {
	start := time.Now()
	if tx.tooLarge {
		s.counts.failed(FailureTooLarge)
		s.log.Info("message too large", zap.String("queueId", tx.env.QueueID), zap.Int64("octets", tx.size), zap.Int64("limit", tx.limit))
		return s.reply(replyTooLarge, tx.simulated)
	}
	if tx.fault != nil {
		tx.close()
		s.counts.failed(FailureRead)
		return s.failure(tx, m, tx.fault)
	}
	j, late := s.judge(tx, start)
	if late {
		s.counts.failed(FailureLate)
		return s.failure(tx, m, errLate)
	}
	if j.err != nil {
		j.outcome = s.failureOutcome()
		s.logFailure(tx, j.err)
		s.counts.failed(j.failure)
	}
	decided := time.Now()
	resp, err := s.write(j.outcome, tx.simulated, m)
	if err != nil {
		s.counts.failed(FailureWrite)
		s.logFailure(tx, err)
		s.discard()
		j.outcome = s.failureOutcome()
		if errors.Is(err, errBody) {
			// Whatever becomes of errors: what a rule takes out of a body does not pass
			// in silence.
			j.outcome = actions.Outcome{Verdict: actions.Defer, Reply: replyFailed}
		}
		resp, _ = s.write(j.outcome, tx.simulated, m)
	}
	if j.msg != nil {
		j.times.Receive = start.Sub(tx.begun)
		s.written = func(err error) {
			if err != nil {
				s.counts.failed(FailureTaken)
			}
			if s.cfg.Timed != nil && j.err == nil {
				now := time.Now()
				j.times.Reply, j.times.Whole = now.Sub(decided), now.Sub(start)
				s.cfg.Timed(j.times)
			}
			s.cfg.done(j, start, err, s.log)
		}
	}
	return resp
}

// judge lets the filter decide, and tells the MTA every now and then that the
// message is being worked on. A filter that does not answer in time goes on
// alone; late is set then.
func (s *session) judge(tx *transaction, start time.Time) (j judgement, late bool) {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DecisionTime)
	decided := make(chan judgement)
	gone := make(chan struct{})
	go func() {
		defer cancel()
		j := s.cfg.decide(ctx, tx, s.log)
		select {
		case decided <- j:
		case <-gone:
			if j.msg != nil {
				j.outcome = s.failureOutcome()
				s.cfg.done(j, start, errLate, s.log)
			}
		}
	}()
	progress := time.NewTicker(s.cfg.Progress)
	defer progress.Stop()
	end := time.NewTimer(s.cfg.DecisionTime + s.cfg.Grace)
	defer end.Stop()
	for {
		select {
		case j := <-decided:
			return j, false
		case <-end.C:
			close(gone)
			return judgement{}, true
		case <-progress.C:
			if ctx.Err() == nil && s.progress() != nil {
				cancel() // nobody waits any more
			}
		}
	}
}

// decide parses and judges. Panics become errors.
func (cfg *Config) decide(ctx context.Context, tx *transaction, log *zap.Logger) (j judgement) {
	ended := func(bool) {}
	j.failure = FailureRead
	defer func() {
		v := recover()
		if v != nil {
			log.Error("panic while judging", zap.String("queueId", tx.env.QueueID), zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
			j.err, j.failure = fmt.Errorf("panic: %v", v), FailurePanic
		}
		ended(v != nil)
		if j.msg == nil {
			tx.close()
		}
	}()
	if cfg.Watch != nil {
		body, err := tx.body.Bytes()
		if err != nil {
			j.err = err
			return j
		}
		var suspect bool
		if ended, suspect = cfg.Watch.Begin(&tx.env, tx.header, body); suspect {
			if j.msg, j.err = message.Unparsed(tx.env, tx.header, tx.body, cfg.Budget); j.err != nil {
				j.msg = nil
				return j
			}
			j.outcome = cfg.Watch.Uninspected(ctx, j.msg)
			return j
		}
	}
	begun := time.Now()
	if j.msg, j.err = message.Parse(tx.env, tx.header, tx.body, cfg.Budget, cfg.Limits); j.err != nil {
		j.msg = nil
		return j
	}
	parsed := time.Now()
	j.outcome = cfg.Filter.Judge(ctx, j.msg)
	j.times.Parse, j.times.Judge = parsed.Sub(begun), time.Since(parsed)
	return j
}

// done tells the filter how its outcome was taken, and lets go of the message.
func (cfg *Config) done(j judgement, start time.Time, err error, log *zap.Logger) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic after judging", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		}
		if err := j.msg.Close(); err != nil {
			log.Warn("message not closed", zap.Error(err))
		}
	}()
	cfg.Filter.Done(j.msg, j.outcome, time.Since(start), err)
}

// failureOutcome is what becomes of a message that cannot be judged.
func (s *session) failureOutcome() actions.Outcome {
	if s.cfg.AcceptOnError {
		return actions.Outcome{Verdict: actions.Deliver}
	}
	return actions.Outcome{Verdict: actions.Defer, Reply: replyFailed}
}

func (s *session) logFailure(tx *transaction, err error) {
	s.log.Error("message not judged", zap.String("queueId", tx.env.QueueID), zap.Bool("accepted", s.cfg.AcceptOnError), zap.Error(err))
}

// failure is the response for a message that was never judged.
func (s *session) failure(tx *transaction, m *milter.Modifier, err error) milter.Response {
	s.logFailure(tx, err)
	resp, _ := s.write(s.failureOutcome(), tx.simulated, m)
	return resp
}
