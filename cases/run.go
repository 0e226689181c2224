package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// House is what judges the message of a case, where the case says nothing else.
type House struct {
	// Set is nil where every case has policies of its own.
	Set *rules.Set
	// Load compiles the policies of a case.
	Load     func(c *Case, people directory.Directory) (*rules.Set, []strictyaml.Problem)
	World    *rules.World
	Settings actions.Settings
	// Reviewers are told of held mail.
	Reviewers []message.Path
	// Groups is set where recipients that are groups are resolved.
	Groups bool
	// Limits are those of messages; Budget is where bodies are kept, nil for none.
	Limits message.Limits
	Budget *message.Budget
	// Size is the most octets of a message; 0 is unlimited.
	Size int64
	// Whole is set where what want.yaml does not name must not be there. Without it
	// that holds for verdicts and edits, and rules that are not named must not have
	// matched when others are named.
	Whole bool
}

// Result is what a case came to.
type Result struct {
	Message     *message.Message
	Set         *rules.Set
	Decision    *actions.Decision
	Differences []Difference // none: the case holds
}

// Close frees the message.
func (r *Result) Close() { r.Message.Close() }

// caseReference is the reference of every decision.
const caseReference = "P-TESTREF"

// Run judges the message of the case as live mail is judged, with a store that
// keeps nothing. Problems are those of policies of the case; the result is nil when
// one of them is an error. An error means that the message cannot be read.
func (c *Case) Run(ctx context.Context, h *House) (*Result, []strictyaml.Problem, error) {
	world := c.world(h)
	set := h.Set
	if len(c.Policies) > 0 {
		var problems []strictyaml.Problem
		if set, problems = h.Load(c, world.Directory); set == nil {
			for i := range problems {
				problems[i].File = filepath.Join(c.Dir, problems[i].File)
			}
			return nil, problems, nil
		}
	}
	if set == nil {
		return nil, nil, errors.New(c.Dir + ": there are no policies to judge it by")
	}
	f, err := os.Open(filepath.Join(c.Dir, messageFile))
	if err != nil {
		return nil, nil, plain(err)
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && h.Size > 0 && st.Size() > h.Size {
		return nil, nil, fmt.Errorf("%s is larger than the %d octets that are taken", f.Name(), h.Size)
	}
	m, err := message.Read(c.env.envelope, f, h.Budget, h.Limits)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	settings := h.Settings
	if c.env.onError != "" {
		settings.OnError = c.env.onError
	}
	if c.env.simulation != nil {
		settings.Incidents.Simulated = *c.env.simulation
	}
	store := &captured{now: c.now(), deferredBefore: c.env.deferredBefore}
	live := h.live(store)
	live.Now = c.now
	decided := actions.NewEngine(settings).Run(ctx, set, rules.NewScan(world, m), live)
	return &Result{Message: m, Set: set, Decision: decided, Differences: c.compare(m, decided, &store.commit, h.Whole)}, nil, nil
}

// captured is a store that keeps nothing but shows what it was given.
type captured struct {
	quarantine.Store
	commit         quarantine.Commit
	now            time.Time
	deferredBefore []time.Duration
}

// Fingerprints gives the attempts before that were put off.
func (c *captured) Fingerprints(_ context.Context, digest string) (list []quarantine.Fingerprint, _ error) {
	if !strings.HasPrefix(digest, actions.OutcomeDeferred) {
		return nil, nil
	}
	for _, d := range c.deferredBefore {
		list = append(list, quarantine.Fingerprint{Digest: digest, Outcome: actions.OutcomeDeferred, At: c.now.Add(-d)})
	}
	return list, nil
}

func (c *captured) Commit(_ context.Context, commit *quarantine.Commit) error {
	c.commit = *commit
	return nil
}

// live gives live effects with names that are counted, on the same day.
func (h *House) live(store quarantine.Store) *actions.Live {
	var n atomic.Int64
	return &actions.Live{
		Store: store, Notices: h.Settings.Notices, Organization: h.World.Organization, Reviewers: h.Reviewers, Incidents: h.Settings.Incidents,
		Keep: 30 * 24 * time.Hour, Lifetime: 5 * 24 * time.Hour,
		Reference: func() string { return caseReference },
		ID:        func() string { return fmt.Sprint("id", n.Add(1)) },
		Now:       Now,
		Explain:   func(context.Context, *rules.Scan, *actions.Decision) ([]byte, error) { return []byte("{}"), nil },
		Repeated:  func(actions.Repeat) {},
	}
}

// Now is the time at which cases happen.
func Now() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// now is when the message of the case is judged.
func (c *Case) now() time.Time {
	if c.env.at.IsZero() {
		return Now()
	}
	return c.env.at
}

// Notices gives a writer of notices as that of settings, at the time of cases and
// with names that do not differ from run to run.
func Notices(s notice.Settings) (*notice.Writer, error) {
	s.Now, s.NewID = Now, func() string { return "notice" }
	return notice.New(s)
}
