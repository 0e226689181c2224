package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

const (
	// summaryEvery is how often it is looked for notifications that waited.
	summaryEvery = time.Minute
	// summaryBack is how far back a process looks that was down.
	summaryBack = 24 * time.Hour
	// summaryItems is how many messages of one person are kept for a summary.
	summaryItems = 100
)

// summarizer tells people at once of what they were not written to about because
// there was too much of it. What waited is read from the records, so that nothing is
// lost with a process.
type summarizer struct {
	s *service
	// until is the end of the last period that was told of.
	until time.Time
}

// run tells of the periods that ended.
func (u *summarizer) run(ctx context.Context) {
	w := u.s.gate.live.Load()
	window := w.config.told.limits.Window
	// What began before the end of a period may be recorded a little later.
	end := time.Now().UTC().Add(-2 * time.Minute).Truncate(window)
	if u.until.IsZero() {
		u.until = end.Add(-summaryBack).Truncate(window)
	}
	for u.until.Before(end) && ctx.Err() == nil {
		since := u.until
		if err := u.s.summarize(ctx, w, since, since.Add(window)); err != nil {
			if ctx.Err() == nil {
				alarm(u.s.log, "people could not be told of what was too much for a mail each", zap.Error(err))
			}
			return // it is tried again
		}
		u.until = since.Add(window)
	}
}

// waited is what somebody was not written to about.
type waited struct {
	to   message.Path
	told []notice.Told
	more int
}

// summarize writes the summaries of one period. Each is named for the period and the
// person, so that none is written twice, whatever restarts.
func (s *service) summarize(ctx context.Context, w *world, since, until time.Time) error {
	if w.effects.Notices == nil {
		return nil
	}
	people, order, err := s.waited(ctx, since, until)
	if err != nil {
		return err
	}
	var failed []error
	for _, key := range order {
		p := people[key]
		n, err := w.effects.Notices.Summary(notice.Summary{
			To: p.to, Preferred: w.languageOf(ctx, p.to), Items: p.told, More: p.more, Since: since, Until: until,
		})
		var not *notice.NotSent
		if errors.As(err, &not) {
			continue
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.to, err))
			continue
		}
		c := &quarantine.Commit{}
		w.effects.Mail(c, n)
		sum := sha256.Sum256([]byte(key))
		c.Entries[0].ID = "summary-" + strconv.FormatInt(since.Unix(), 10) + "-" + hex.EncodeToString(sum[:8])
		switch err := s.vault.Commit(ctx, c); {
		case errors.Is(err, quarantine.ErrExists):
		case err != nil:
			failed = append(failed, err)
		default:
			s.log.Info("summary of notifications", zap.String("to", p.to.String()), zap.Int("messages", len(p.told)+p.more))
		}
	}
	return errors.Join(failed...)
}

// waited gives who was not written to in a period because there was too much, by key
// of the address and in the order of the records.
func (s *service) waited(ctx context.Context, since, until time.Time) (map[string]*waited, []string, error) {
	people := make(map[string]*waited)
	var order []string
	f := quarantine.RecordFilter{Since: since, Until: until, Operations: []string{string(audit.NoticeNotSent)}}
	for row, err := range s.vault.Records(ctx, f) {
		if err != nil {
			return nil, nil, err
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			return nil, nil, err
		}
		if rec.Notice == nil || rec.Notice.Reason != string(actions.ReasonRateLimit) {
			continue
		}
		for _, address := range rec.Notice.To {
			to, err := message.ParsePath(address)
			if err != nil {
				continue // erased since
			}
			p := people[to.Key()]
			if p == nil {
				p = &waited{to: to}
				people[to.Key()], order = p, append(order, to.Key())
			}
			if len(p.told) == summaryItems {
				p.more++
				continue
			}
			p.told = append(p.told, notice.Told{
				Time: rec.CreationTime, Subject: rec.Notice.Subject.String(), Effect: notice.Effect(rec.Notice.Effect),
				Simulated: rec.Notice.Simulated, Reference: rec.Reference,
			})
		}
	}
	return people, order, nil
}

// languageOf gives what somebody prefers to read; empty when it is not known.
func (w *world) languageOf(ctx context.Context, of message.Path) string {
	if w.rules.Directory == nil {
		return ""
	}
	p, err := w.rules.Directory.Person(ctx, of)
	if err != nil {
		return ""
	}
	return p.Language
}
