package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// OnError says what becomes of a message that could not be decided on.
type OnError string

// The choices.
const (
	OnErrorTempfail OnError = "tempfail" // 451 4.3.0
	OnErrorAccept   OnError = "accept"   // it passes; recorded
)

// Settings of the engine.
type Settings struct {
	// BlockText is the text of a 550 to a session that is not ours; empty for a
	// sentence that says no more than that.
	BlockText string
	// LearnMore is a URL added to refusals of sessions that are ours; may be empty.
	LearnMore string
	OnError   OnError
}

// What clients are told where no rule says it better.
const (
	defaultBlockText = "This message was refused by policy."
	defaultTip       = "This message was refused by a data loss prevention policy."
	deferText        = "The message could not be checked against policy, try again later."
)

// Engine runs policies over messages. It is safe for concurrent use.
type Engine struct{ settings Settings }

// NewEngine gives an engine.
func NewEngine(s Settings) *Engine {
	if s.BlockText == "" {
		s.BlockText = defaultBlockText
	}
	return &Engine{settings: s}
}

// Run decides on a message: it judges every rule, walks the matched ones for
// each fork, and makes one outcome of the forks. It never fails: an error
// becomes the outcome that the settings say.
func (e *Engine) Run(ctx context.Context, set *rules.Set, scan *rules.Scan, fx Effects) *Decision {
	m := scan.Message
	d := &Decision{
		Reference:     fx.NewReference(),
		PolicyVersion: set.Version,
		Ours:          scan.Ours(),
	}
	d.Evaluation = set.Evaluate(ctx, scan)
	failed := scan.Err()
	d.Notices = scan.Notices()
	d.AddressMismatch = scan.AddressMismatch(ctx)
	for _, g := range group(ctx, d.Evaluation, scan) {
		d.Forks = append(d.Forks, g.decide())
		if why := g.undecided(); why != nil && d.Err == nil {
			d.Err = why
		}
	}
	if failed != nil {
		d.Err = fmt.Errorf("the message could not be read: %w", failed)
	}
	e.settle(m, d, failed != nil)
	if err := fx.Record(ctx, m, d); err != nil {
		d.Err = fmt.Errorf("the decision could not be recorded: %w", err)
		if e.settings.OnError != OnErrorAccept {
			e.postpone(d)
		}
	}
	return d
}

// settle makes one outcome of the forks. Until copies can go different ways, a
// block of one recipient refuses the message for all: nobody is dropped with
// nobody told. Answers of rules are not relied on when the message could not be
// read.
func (e *Engine) settle(m *message.Message, d *Decision, unread bool) {
	d.Outcome.Reference = d.Reference
	if unread && e.settings.OnError != OnErrorAccept {
		e.postpone(d)
		return
	}
	if i := strictestFork(d); i >= 0 {
		e.refuse(m, d, &d.Forks[i])
		return
	}
	if d.Err != nil && e.settings.OnError != OnErrorAccept {
		e.postpone(d)
		return
	}
	edits := d.Forks[0].Edits
	for _, f := range d.Forks[1:] {
		if !slices.Equal(edits, f.Edits) {
			d.Err = fmt.Errorf("the rules give recipients different copies, which this version cannot send")
			e.postpone(d)
			return
		}
	}
	mods, removed, final := render(m, edits, d.Ours)
	d.Removed = removed
	d.Outcome.Verdict, d.Outcome.Modifications = Deliver, mods
	added := final[min(len(final), uniqueRecipients(&m.Envelope)):]
	for i := range d.Forks {
		f := &d.Forks[i]
		for _, r := range f.Recipients {
			f.FinalRecipients = append(f.FinalRecipients, m.Envelope.Recipients[r].Path.String())
		}
	}
	d.Forks[0].FinalRecipients = append(d.Forks[0].FinalRecipients, added...)
}

func uniqueRecipients(env *message.Envelope) int {
	return len(newRecipients(env).final)
}

// strictestFork gives the fork whose rule refuses the message: of the forks that
// are blocked, the one whose rule comes first.
func strictestFork(d *Decision) int {
	best, at := -1, 0
	for i, f := range d.Forks {
		if f.Verdict != Block {
			continue
		}
		place := slices.IndexFunc(d.Evaluation.Rules, func(r rules.RuleResult) bool { return r.Rule == f.DecidedBy })
		if best < 0 || place < at {
			best, at = i, place
		}
	}
	return best
}

// refuse gives all forks the refusal of one.
func (e *Engine) refuse(m *message.Message, d *Decision, by *Fork) {
	d.Err = nil // whatever could not be known, the outcome is as strict as can be
	var refused []string
	spared := false
	for _, f := range d.Forks {
		if f.Verdict != Block {
			spared = true
			continue
		}
		for _, r := range f.Recipients {
			refused = append(refused, m.Envelope.Recipients[r].Path.String())
		}
	}
	if !spared {
		refused = nil
	}
	reply := e.refusal(d, specOf(by.DecidedBy), refused)
	for i := range d.Forks {
		f := &d.Forks[i]
		if f.Verdict != Block {
			f.Verdict, f.DecidedBy, f.Edits, f.PolicyTip = Block, by.DecidedBy, nil, by.PolicyTip
			for j := range f.Rules {
				if f.Rules[j].State == Applied {
					f.Rules[j].State = Halted
				}
			}
		}
		f.Reply = &reply
	}
	d.Outcome.Verdict, d.Outcome.Reply = Block, reply
}

// namedRecipients is the number of addresses a refusal names.
const namedRecipients = 10

// refusal writes the reply of a refused message. Sessions that are not ours are
// told no more than that it was refused.
func (e *Engine) refusal(d *Decision, s *spec, refused []string) Reply {
	enhanced := s.halt.enhanced
	if !d.Ours {
		return NewReply(550, enhanced, e.settings.BlockText, "Reference "+d.Reference)
	}
	text := s.halt.text
	if text == "" {
		text = s.tip
	}
	if text == "" {
		text = defaultTip
	}
	lines := []string{text}
	if len(refused) > 0 {
		names := strings.Join(refused[:min(len(refused), namedRecipients)], ", ")
		if more := len(refused) - namedRecipients; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		lines = append(lines, "Refused for "+names+". It was sent to nobody.")
	}
	last := "Reference " + d.Reference
	if e.settings.LearnMore != "" {
		last += " - " + e.settings.LearnMore
	}
	return NewReply(550, enhanced, append(lines, last)...)
}

// postpone gives all forks a temporary failure.
func (e *Engine) postpone(d *Decision) {
	reply := NewReply(451, "4.3.0", deferText, "Reference "+d.Reference)
	for i := range d.Forks {
		f := &d.Forks[i]
		f.Verdict, f.DecidedBy, f.Reply, f.Edits, f.FinalRecipients = Defer, nil, &reply, nil, nil
	}
	d.Removed = 0
	d.Outcome = Outcome{Verdict: Defer, Reply: reply, Reference: d.Reference}
}
