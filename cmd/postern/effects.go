package main

import (
	"cmp"
	"context"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// referenceAlphabet is that of Crockford's base 32: no letter is taken for a
// digit when a reference is read aloud.
const referenceAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// outboxLife is how long the outbox tries to send.
const outboxLife = 5 * 24 * time.Hour

// counters count what the process has answered.
type counters struct {
	delivered, blocked, deferred, discarded atomic.Int64
	// undecided counts messages with rules that could not be judged and mattered.
	undecided atomic.Int64
	// failures counts messages with actions that could not be done as their rules say.
	failures atomic.Int64
}

func (c *counters) count(v actions.Verdict) {
	switch v {
	case actions.Deliver:
		c.delivered.Add(1)
	case actions.Block:
		c.blocked.Add(1)
	case actions.Defer:
		c.deferred.Add(1)
	case actions.Discard:
		c.discarded.Add(1)
	}
}

// live makes the effects of a world in a running process.
func (w *world) live(v *vault, log *zap.Logger) *actions.Live {
	return &actions.Live{
		Store:        v,
		Notices:      w.notices,
		Reviewers:    w.config.reviewers,
		Organization: w.rules.Organization,
		Directory:    w.rules.Directory,
		Incidents:    w.config.incidentSettings(),
		Mask:         w.mask,
		Keep:         w.config.keep,
		Lifetime:     outboxLife,
		Fold:         w.config.alerts.fold,
		Alert:        newAlertID,
		Reference:    newReference,
		ID:           newID,
		Now:          time.Now,
		Explain:      recorded,
		Delay:        w.config.told.delay,
		Limits:       w.config.told.limits,
		Failed: func(reference string, u actions.Untold) {
			alarm(log, "somebody could not be told, the directory does not answer", zap.String("reference", reference),
				zap.String("rule", ruleName(u.Rule)), zap.String("as", string(u.Role)))
		},
		Repeated: func(r actions.Repeat) { logRepeat(log, r) },
	}
}

// mask masks what any type finds in a text. Where the types of the administrator are
// not at hand, those built in mask.
func (w *world) mask(text string) string {
	types := w.rules.Types
	if types == nil {
		types = classify.Builtin()
	}
	return types.Mask(text)
}

// recorded gives a decision as `explain --ref` shows it later.
func recorded(ctx context.Context, scan *rules.Scan, d *actions.Decision) ([]byte, error) {
	e := explained("", scan.Message, d)
	e.find(ctx, scan, recordedMatches)
	return compact(e)
}

// dryInstall stands for the installation where nothing is sent.
var dryInstall = install{ID: "dry-run", Key: make([]byte, 32)}

// newNotices gives the writer of notices; nil where the configuration does not
// say whom they come from, or how they leave.
func newNotices(c *config, in install) (*notice.Writer, error) {
	if c.notices.Path.IsNull() || c.process.relay.address == "" {
		return nil, nil
	}
	name := c.notices.Path.Domain()
	if len(c.domains) > 0 {
		name = c.domains[0].Name
	}
	return notice.New(notice.Settings{
		From:         c.notices,
		Organization: cmp.Or(c.name, name),
		Texts:        c.words.loaded,
		Language:     c.words.language.path,
		Contact:      c.words.contact,
		Zone:         c.zone,
		LearnMore:    c.learnMore,
		Hostname:     hostname(),
		InstallID:    in.ID,
		Key:          in.Key,
		Now:          time.Now,
		NewID:        newID,
	})
}

// hostname is the name of this machine, as far as it can stand in a Message-ID
// and an EHLO.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
	}) {
		return "localhost"
	}
	return name
}
