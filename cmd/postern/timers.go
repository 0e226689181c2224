package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

// How often the store is looked through.
const (
	expiryEvery = time.Minute
	sweepEvery  = time.Hour
)

// every calls do now and then until ctx ends.
func every(ctx context.Context, d time.Duration, do func(context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep deletes what has had its time.
func (s *service) sweep(ctx context.Context) {
	if !s.trusted() {
		return
	}
	swept, err := s.vault.Sweep(ctx, time.Now(), func(i *quarantine.Item) (quarantine.Record, error) {
		return itemRecord(i, audit.BlobDeleted, auditItem(i, i.State, viaTimer), "")
	})
	if st, err := s.vault.Stats(ctx); err == nil && st.SetBack {
		alarm(s.log, "the database is older than the messages: run `postern store reindex`", zap.Int("recovered", st.Recovered))
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		alarm(s.log, "the store could not be swept", zap.Error(err))
	case *swept != quarantine.Swept{}:
		s.log.Info("swept", zap.Int("blobs", swept.Blobs), zap.Int("orphans", swept.Orphans), zap.Int("fingerprints", swept.Fingerprints),
			zap.Int("records", swept.Records), zap.Int("items", swept.Items), zap.Int("entries", swept.Entries))
	}
}

// expire ends held messages whose time has come.
func (s *service) expire(ctx context.Context) {
	const some = 100
	if !s.trusted() {
		return
	}
	for {
		due, err := s.vault.Due(ctx, time.Now(), some)
		if err != nil {
			if ctx.Err() == nil {
				alarm(s.log, "held mail that is due cannot be found", zap.Error(err))
			}
			return
		}
		ended := 0
		for i := range due {
			err := s.expireItem(ctx, &due[i])
			switch {
			case err == nil:
				ended++
				s.log.Info("expired", zap.String("item", due[i].ID), zap.String("reference", due[i].Reference))
			case ctx.Err() != nil:
				return
			case errors.Is(err, quarantine.ErrConflict), errors.Is(err, quarantine.ErrLegalHold):
				ended++ // somebody was faster
			default:
				alarm(s.log, "a held message that is due could not be ended", zap.String("item", due[i].ID), zap.Error(err))
			}
		}
		if len(due) < some || ended == 0 {
			return
		}
	}
}

// expireItem ends one held message, with a report to a sender who may be told.
func (s *service) expireItem(ctx context.Context, i *quarantine.Item) error {
	fx := s.gate.live.Load().effects
	now := time.Now()
	c := &quarantine.Commit{}
	head := audit.Head{Time: now, ID: newID(), Reference: i.Reference, PolicyVersion: i.PolicyVersion, QueueID: i.Envelope.QueueID}
	rec, err := audit.Decided(head, audit.ItemExpired, auditItem(i, quarantine.StateExpired, viaTimer))
	if err != nil {
		return err
	}
	recs := []audit.Record{rec}
	if i.TellSender && fx.Notices != nil {
		n, err := s.expiryNotice(ctx, fx, i)
		var not *notice.NotSent
		switch {
		case errors.As(err, &not):
			head.ID = newID()
			rec, err := audit.NotTold(head, audit.Notice{Kind: string(notice.KindExpiry), To: []string{i.Envelope.ReversePath}, Reason: string(not.Reason)})
			if err != nil {
				return err
			}
			recs = append(recs, rec)
		case err != nil:
			return err
		default:
			fx.Mail(c, n)
		}
	}
	if c.Records, err = auditRows(recs...); err != nil {
		return err
	}
	if err := fx.ReportDecision(ctx, c, i, actions.HeldDecision{Event: quarantine.EventExpire, At: now}); err != nil {
		return err
	}
	fault.Point("expiry.before.decision")
	_, err = s.vault.Decide(ctx, &quarantine.Decision{Item: i.ID, Event: quarantine.EventExpire, By: viaTimer, At: now, Commit: c})
	return err
}

// expiryNotice writes what the sender is told. A message that can no longer be
// read is told of without its header fields.
func (s *service) expiryNotice(ctx context.Context, fx *actions.Live, i *quarantine.Item) (notice.Notice, error) {
	env, err := i.Envelope.Session()
	if err != nil {
		return notice.Notice{}, err
	}
	x := notice.Expiry{
		Original:   notice.Original{Reference: i.Reference, ReversePath: env.ReversePath, MailArgs: env.MailArgs, Arrival: i.Created},
		Recipients: env.Recipients,
	}
	content, err := s.vault.read(ctx, i.Blob)
	switch {
	case errors.Is(err, quarantine.ErrCorrupt), errors.Is(err, quarantine.ErrNotFound):
		alarm(s.log, "a held message cannot be read", zap.String("item", i.ID), zap.Error(err))
	case err != nil:
		return notice.Notice{}, err
	default:
		m, err := message.Read(env, bytes.NewReader(content), message.NewBudget(message.RoomFor(len(content)), ""), message.DefaultLimits)
		if err != nil {
			alarm(s.log, "a held message cannot be read", zap.String("item", i.ID), zap.Error(err))
			break
		}
		defer m.Close()
		x.Header = fx.MaskHeader(m.Header)
	}
	x.Language = fx.Prefers(ctx, env.ReversePath, x.Header)
	return fx.Notices.ExpiryNDR(x)
}

// digestItems bounds each half of what a digest lists.
const digestItems = 1000

// digests tells the reviewers once a day what is held. A day that passed its hour
// without a digest, as with the process down, gets it late.
func (s *service) digests(ctx context.Context, next time.Time) {
	for {
		// A reload may move the hour.
		wait := time.NewTimer(min(time.Until(next)+time.Second, 10*time.Minute))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		next = s.digestIfDue(ctx)
	}
}

// digestIfDue sends the digest of a day whose hour has passed, and gives the time
// of the next.
func (s *service) digestIfDue(ctx context.Context) time.Time {
	w := s.gate.live.Load()
	now := time.Now().In(w.config.zone)
	at := digestTime(now, w.config.digest)
	if now.Before(at) {
		return at
	}
	if err := s.digest(ctx, w, at); err != nil && ctx.Err() == nil {
		alarm(s.log, "the reviewers could not be told what is held", zap.Error(err))
	}
	return digestTime(at.AddDate(0, 0, 1), w.config.digest)
}

// digestTime gives the time of the digest on a day.
func digestTime(day time.Time, minutes int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, day.Location())
}

// heldItems gives what a digest lists: what expires next, and then the oldest.
func (s *service) heldItems(ctx context.Context) ([]notice.Held, error) {
	var held []notice.Held
	listed := map[string]bool{}
	for _, until := range []time.Time{time.Now().AddDate(0, 0, 3), {}} {
		page, err := s.vault.List(ctx, quarantine.Filter{
			States: []quarantine.State{quarantine.StateHeld}, ExpiresUntil: until, Limit: digestItems,
		})
		if err != nil {
			return nil, err
		}
		for n := range page.Items {
			i := &page.Items[n]
			if listed[i.ID] {
				continue
			}
			listed[i.ID] = true
			if i.LegalHold || i.Recovered {
				i.Expires = time.Time{} // its time does not run
			}
			held = append(held, actions.HeldItem(i))
		}
	}
	return held, nil
}

// digest writes the digest of a day to each reviewer who has not got it. Its entry
// of the outbox is named for the day and the reviewer, so that none is written
// twice, whatever restarts.
func (s *service) digest(ctx context.Context, w *world, day time.Time) error {
	if w.effects.Notices == nil || len(w.config.reviewers) == 0 {
		return nil
	}
	held, err := s.heldItems(ctx)
	if err != nil || len(held) == 0 {
		return err
	}
	var failed []error
	for _, to := range w.config.reviewers {
		n, err := w.effects.Notices.Digest(notice.Digest{To: to, Items: held, Language: w.effects.Prefers(ctx, to, nil)})
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", to, err))
			continue
		}
		c := &quarantine.Commit{}
		w.effects.Mail(c, n)
		sum := sha256.Sum256([]byte(to.Key()))
		c.Entries[0].ID = "digest-" + day.Format("20060102") + "-" + hex.EncodeToString(sum[:8])
		err = s.vault.Commit(ctx, c)
		switch {
		case errors.Is(err, quarantine.ErrExists):
		case err != nil:
			failed = append(failed, err)
		default:
			s.log.Info("digest", zap.String("to", to.String()), zap.Int("items", len(held)))
		}
	}
	return errors.Join(failed...)
}
