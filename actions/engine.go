package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// OnError says what becomes of a message that could not be decided on.
type OnError string

// The choices.
const (
	OnErrorTempfail   OnError = "tempfail"   // 451 4.3.0
	OnErrorQuarantine OnError = "quarantine" // it is held for the reviewers
	OnErrorAccept     OnError = "accept"     // it passes; recorded
)

// Settings of the engine.
type Settings struct {
	// BlockText is the text of a 550 to a session that is not ours; empty for a
	// sentence that says no more than that.
	BlockText string
	// LearnMore is a URL added to refusals of sessions that are ours; may be empty.
	LearnMore string
	OnError   OnError
	// Notices says who may be answered; nil answers nobody.
	Notices *notice.Writer
	// Reviewers hear of held mail. Without them a block of some recipients whose sender
	// cannot be told refuses the whole message.
	Reviewers []message.Path
	// Language is that of what policies say to all; empty is en.
	Language string
	// Admins are whom siteAdmin stands for.
	Admins    []message.Path
	Alerts    AlertSettings
	Incidents IncidentSettings
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
	d := &Decision{
		Reference:     fx.NewReference(),
		PolicyVersion: set.Version,
		Ours:          scan.Ours(),
	}
	scan.SplitGroups(ctx)
	d.Evaluation = set.Evaluate(ctx, scan)
	failed := d.Evaluation.Err
	d.Notices = scan.Notices()
	d.AddressMismatch = scan.AddressMismatch(ctx)
	d.maskNames(scan.World.Types)
	d.reader = reader{languageOf(ctx, scan), e.settings.Language}
	var open [][]unknownRule
	fill := &resolver{ctx: ctx, scan: scan}
	for _, g := range group(ctx, d.Evaluation, scan) {
		st := walk(g.enforced)
		f := g.decide(st)
		open = append(open, append(g.undecided(st), fill.resolve(&f, st)...))
		f.translate(d.reader)
		f.Simulated = g.simulate(fill)
		d.Forks = append(d.Forks, f)
	}
	if failed != nil {
		d.Err = fmt.Errorf("the message could not be read: %w", failed)
		e.unread(ctx, scan, d)
	} else {
		putOff := e.remedy(ctx, d, open, &history{fx: fx, scan: scan})
		e.settle(ctx, scan, d, putOff)
	}
	e.inform(ctx, scan, d)
	return e.keep(ctx, scan, d, fx)
}

// keep records a decision. One that cannot be kept is put off, unless nothing rests
// on what was to be kept and errors are accepted.
func (e *Engine) keep(ctx context.Context, scan *rules.Scan, d *Decision, fx Effects) *Decision {
	if err := fx.Record(ctx, scan, d); err != nil {
		d.Err = fmt.Errorf("the decision could not be recorded: %w", err)
		if e.settings.OnError != OnErrorAccept || d.rests() {
			e.postpone(d, storeReply(err, d.Reference))
		}
	}
	return d
}

// maskNames masks what is sensitive in the names of parts: who reads the log, a
// record or an explanation need not be somebody who may read the message.
func (d *Decision) maskNames(types *classify.Catalog) {
	if types == nil {
		return
	}
	d.Notices = slices.Clone(d.Notices)
	for i := range d.Notices {
		d.Notices[i].Part = types.Mask(d.Notices[i].Part)
	}
	for i := range d.Evaluation.Rules {
		conditions := d.Evaluation.Rules[i].Conditions
		for j := range conditions {
			conditions[j].Parts = maskedNames(types, conditions[j].Parts)
		}
		evidence := d.Evaluation.Rules[i].Evidence
		for j := range evidence {
			evidence[j].Parts = maskedNames(types, evidence[j].Parts)
		}
	}
}

func maskedNames(types *classify.Catalog, names []string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] = types.Mask(names[i])
	}
	return names
}

// rests tells whether a fork goes on from the store, so that without it the fork
// would be lost.
func (d *Decision) rests() bool {
	return slices.ContainsFunc(d.Forks, func(f Fork) bool { return f.Route != InSession && f.Route != Refused })
}

// storeReply tells a client why a message could not be kept.
func storeReply(err error, reference string) Reply {
	switch {
	case errors.Is(err, quarantine.ErrSenderFull):
		return NewReply(452, "4.2.2", "Too much mail of this sender waits for a decision, try again later.", "Reference "+reference)
	case errors.Is(err, quarantine.ErrQuota):
		return NewReply(452, "4.2.2", "Too much mail waits for a decision, try again later.", "Reference "+reference)
	case errors.Is(err, quarantine.ErrFull):
		return NewReply(451, "4.3.1", "No space is left to keep the message, try again later.", "Reference "+reference)
	}
	return deferral(reference)
}

// unread decides on a message that could not be read: answers of rules are not
// relied on then.
func (e *Engine) unread(ctx context.Context, scan *rules.Scan, d *Decision) {
	switch e.settings.OnError {
	case OnErrorAccept:
	case OnErrorQuarantine:
		d.holdAll(scan.Message, d.Err.Error())
	default:
		d.Outcome.Reference = d.Reference
		e.postpone(d, deferral(d.Reference))
		return
	}
	e.settle(ctx, scan, d, false)
}

// settle makes one outcome of the forks.
func (e *Engine) settle(ctx context.Context, scan *rules.Scan, d *Decision, putOff bool) {
	d.Outcome.Reference = d.Reference
	d.told, d.mute = e.mayBeTold(ctx, scan)
	d.proven = scan.MayBeTold(ctx)
	copies := &editor{m: scan.Message, ours: d.Ours}
	d.rehearse(copies)
	e.plan(copies, d, unanswerable[d.mute])
	if types := scan.World.Types; types != nil {
		for i := range d.Forks {
			d.Forks[i].Stripped = maskedNames(types, d.Forks[i].Stripped)
		}
	}
	blocked := slices.ContainsFunc(d.Undecided, func(u Undecided) bool { return u.Remedy == RemedyBlocked })
	switch {
	case d.Outcome.Verdict == Block && !blocked:
		d.Err = nil // whatever could not be known, the outcome is as strict as can be
		d.Undecided = nil
	case putOff && d.Outcome.Verdict != Block:
		e.postpone(d, deferral(d.Reference))
	}
}

// mayBeTold tells whether mail may be sent to the sender: the session is ours
// and says so, and the message is none that must not be answered.
func (e *Engine) mayBeTold(ctx context.Context, scan *rules.Scan) (bool, notice.Reason) {
	if !scan.MayBeTold(ctx) {
		return false, reasonUnproven
	}
	if e.settings.Notices == nil {
		return false, reasonNoNotices
	}
	return e.settings.Notices.MayAnswer(scan.Message.Header, scan.Message.Envelope.ReversePath)
}

// unanswerable says in words why a message may not be answered.
var unanswerable = map[notice.Reason]string{
	reasonUnproven:             "the session is not ours or the reverse-path is not inside",
	reasonNoNotices:            "no notices are sent",
	notice.ReasonNullSender:    "the reverse-path is null",
	notice.ReasonAutoSubmitted: "the message was not sent by a person",
	notice.ReasonPrecedence:    "it is bulk mail",
	notice.ReasonList:          "it is mail of a list",
	notice.ReasonRoleAddress:   "the reverse-path is no person's address",
	notice.ReasonOwnAddress:    "the reverse-path is an address of notices",
	notice.ReasonLoopMark:      "it carries the mark of a notice",
}

// refuse gives all forks the refusal of one.
func (e *Engine) refuse(m *message.Message, d *Decision, by *Fork) {
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
	reply := e.refusal(d, by.spec(), refused)
	for i := range d.Forks {
		f := &d.Forks[i]
		if f.Verdict != Block {
			f.Verdict, f.DecidedBy, f.by, f.Edits, f.PolicyTip = Block, by.DecidedBy, by.by, nil, by.PolicyTip
			f.Why = "the message is refused for everybody"
			for j := range f.Rules {
				if s := &f.Rules[j].State; *s == Applied || *s == Enforced {
					*s = Halted
				}
			}
		}
		f.Route, f.Reply = Refused, &reply
	}
	d.Outcome = Outcome{Verdict: Block, Reply: reply, Reference: d.Reference}
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
	lines := []string{s.spoken(d.reader)}
	if len(refused) > 0 {
		names := strings.Join(refused[:min(len(refused), namedRecipients)], ", ")
		if more := len(refused) - namedRecipients; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		lines = append(lines, "Refused for "+names+". It was sent to nobody.")
	}
	last := "Reference " + d.Reference
	if more := cmp.Or(s.telling.learnMore(), e.settings.LearnMore); more != "" {
		last += " - " + more
	}
	return NewReply(550, enhanced, append(lines, last)...)
}

// words is what a block tells the sender.
func (s *spec) words(to reader) string {
	switch {
	case s.halt.text != "":
		return s.halt.text
	case s.tip != "":
		tip, _ := s.tipIn(to)
		return tip
	}
	return defaultTip
}

// spoken is what a block tells the sender in a reply, which is ASCII: a tip in a
// script that ASCII cannot spell is told as it is written for all.
func (s *spec) spoken(to reader) string {
	if s.halt.text != "" || s.tip == "" {
		return s.words(to)
	}
	tip, language := s.tipIn(to)
	return cmp.Or(notice.SMTPTip(tip, language, s.tip), defaultTip)
}

// deferral is the reply to a message that could not be decided on.
func deferral(reference string) Reply {
	return NewReply(451, "4.3.0", deferText, "Reference "+reference)
}

// postpone gives all forks a temporary failure. Nothing of what they had come to
// is left: the client tries again with all recipients.
func (e *Engine) postpone(d *Decision, reply Reply) {
	for i := range d.Forks {
		f := &d.Forks[i]
		f.Verdict, f.Route, f.DecidedBy, f.Reply, f.Edits, f.FinalRecipients, f.Item, f.Notices = Defer, Refused, nil, &reply, nil, nil, "", nil
		f.Why, f.Reason, f.Failures, f.by, f.edited = "", "", nil, nil, nil
		f.Stripped, f.BrokenSignatures, f.of = nil, nil, nil
	}
	d.Removed = 0
	d.Outcome = Outcome{Verdict: Defer, Reply: reply, Reference: d.Reference}
}
