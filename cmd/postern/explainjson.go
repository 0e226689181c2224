package main

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// explanationJSON is a decision for programs. Members that do not apply, as the
// reply of a delivery, are left out.
type explanationJSON struct {
	File          string           `json:"file"`
	PolicyVersion string           `json:"policyVersion"`
	Reference     string           `json:"reference"`
	Envelope      envelopeJSON     `json:"envelope"`
	Forks         []forkJSON       `json:"forks"`
	Rules         []ruleResultJSON `json:"rules"`
	Signals       []signalJSON     `json:"signals"`
	// Alerts are the matches that raise alerts, or are counted towards them.
	Alerts []alertPlanJSON `json:"alerts,omitempty"`
	// Parts are left out of a record.
	Parts     []readPartJSON  `json:"parts,omitempty"`
	Undecided []undecidedJSON `json:"undecided,omitempty"`
	NotTold   []untoldJSON    `json:"notTold,omitempty"`
	Error     string          `json:"error,omitempty"`
}

// undecidedJSON is a rule that could not be judged and could have changed what
// becomes of recipients, with what was done about it: ignored, retried, blocked, held
// or accepted.
type undecidedJSON struct {
	ruleJSON
	Recipients []string `json:"recipients"`
	Reason     string   `json:"reason"`
	Remedy     string   `json:"remedy"`
}

type envelopeJSON struct {
	From          string   `json:"from"`
	To            []string `json:"to"`
	ClientAddress string   `json:"clientAddress"`
	Authenticated string   `json:"authenticated"`
	Listener      string   `json:"listener"`
	Trusted       bool     `json:"trusted"`
}

type ruleJSON struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
}

func (r ruleJSON) String() string { return clip(r.Policy, 200) + " / " + clip(r.Rule, 200) }

type forkJSON struct {
	Recipients      []string        `json:"recipients"`
	Verdict         string          `json:"verdict"`
	DecidedBy       *ruleJSON       `json:"decidedBy"`
	Reply           *replyJSON      `json:"reply"`
	PolicyTip       string          `json:"policyTip"`
	Edits           []editJSON      `json:"edits"`
	FinalRecipients []string        `json:"finalRecipients"`
	Rules           []ruleStateJSON `json:"rules"`
	Simulated       simulatedJSON   `json:"simulated"`
	Reason          string          `json:"reason,omitempty"`
	Notices         []noticeJSON    `json:"notices"`
	Failures        []failureJSON   `json:"failures,omitempty"`
	// Stripped are the names of the attachments taken out, masked.
	Stripped []string `json:"stripped,omitempty"`
	// BrokenSignatures are the domains of DKIM signatures that the edits break.
	BrokenSignatures []string `json:"brokenSignatures,omitempty"`
}

// failureJSON is an action that could not be done as its rule says, with what was
// done: continued, held, wrapped, ignored or blocked.
type failureJSON struct {
	ruleJSON
	Action string `json:"action"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
}

// noticeJSON is mail that Postern writes.
type noticeJSON struct {
	Kind string   `json:"kind"`
	To   []string `json:"to"`
	// As is what the people are to the message: sender, manager, siteAdmin, named,
	// recipient or reviewer.
	As        string    `json:"as,omitempty"`
	Rule      *ruleJSON `json:"rule,omitempty"` // that asks for it
	Simulated bool      `json:"simulated,omitempty"`
	// When is "decision" for mail that comes with the decision on a held message.
	When string `json:"when,omitempty"`
}

func (n noticeJSON) String() string {
	s := n.Kind + " to " + clip(strings.Join(bound(n.To, 10), ", "), 2000)
	if len(n.To) == 0 {
		s = n.Kind + " to the " + n.As
	}
	if n.Simulated {
		s += ", of a policy that is tested"
	}
	if n.When != "" {
		s += ", with the " + n.When
	}
	return s
}

// untoldJSON is mail that was due and is not sent.
type untoldJSON struct {
	noticeJSON
	Reason string `json:"reason"`
}

func plannedJSON(n actions.Planned) noticeJSON {
	out := noticeJSON{Kind: string(n.Kind), To: make([]string, 0, len(n.To)), As: string(n.Role), Rule: ruleOf(n.Rule), Simulated: n.Simulated}
	for _, p := range n.To {
		out.To = append(out.To, p.String())
	}
	if n.AtDecision {
		out.When = "decision"
	}
	return out
}

type replyJSON struct {
	Code     int    `json:"code"`
	Enhanced string `json:"enhanced"`
	Text     string `json:"text"` // lines parted by LF
}

type editJSON struct {
	Action   string `json:"action"`
	Name     string `json:"name"`
	Value    string `json:"value"`
	Patterns string `json:"patterns,omitempty"` // parted by LF
	Fallback string `json:"fallback,omitempty"`
}

func newEditJSON(e actions.Edit) editJSON {
	return editJSON{e.Action, e.Name, e.Value, e.Patterns, e.Fallback}
}

func (e editJSON) String() string {
	if e.Name == "" {
		return e.Action + " " + clip(e.Value, 300)
	}
	return strings.TrimSuffix(e.Action+" "+clip(e.Name, 200)+": "+clip(e.Value, 300), ": ")
}

type ruleStateJSON struct {
	ruleJSON
	State string `json:"state"`
}

// simulatedJSON is what a fork would have come to with the policies in a test mode
// enforced; its edits are named where they are others than those done.
type simulatedJSON struct {
	Verdict   string     `json:"verdict"`
	DecidedBy *ruleJSON  `json:"decidedBy"`
	Edits     []editJSON `json:"edits,omitempty"`
}

type ruleResultJSON struct {
	Policy     string          `json:"policy"`
	Rule       string          `json:"rule"`
	Mode       string          `json:"mode"`
	Result     string          `json:"result"`
	Recipients []string        `json:"recipients"`
	UnknownFor []string        `json:"unknownFor"`
	Reason     string          `json:"reason"`
	Conditions []conditionJSON `json:"conditions"`
	Evidence   []evidenceJSON  `json:"evidence"`
}

// evidenceJSON is what a condition on sensitive information found. Values are
// masked; of many the first are listed.
type evidenceJSON struct {
	rules.Evidence
	Matches []foundJSON `json:"matches,omitempty"`
}

type foundJSON struct {
	Part       string       `json:"part"`
	Value      audit.Masked `json:"value"`
	Confidence int          `json:"confidence"`
}

// readPartJSON is a part of a message with what was read of it. The text is
// masked; it is left out unless it is asked for.
type readPartJSON struct {
	Part       string `json:"part"`
	MediaType  string `json:"mediaType"`
	Status     string `json:"status"`
	Characters int    `json:"characters"`
	Attachment bool   `json:"attachment"`
	Text       string `json:"text,omitempty"`
}

type conditionJSON struct {
	Path      string `json:"path"`
	Condition string `json:"condition"`
	// Value is that of the policy, in one line; a long one is cut.
	Value  string `json:"value,omitempty"`
	Result string `json:"result"`
	Reason string `json:"reason"`
	// Parts are those that a true answer rests on, where it rests on some.
	Parts []string `json:"parts,omitempty"`
}

// explained gives a decision on a message as it is told.
func explained(file string, m *message.Message, d *actions.Decision) explanationJSON {
	env := &m.Envelope
	every := make([]int, len(env.Recipients))
	for i := range every {
		every[i] = i
	}
	e := explanationJSON{
		File:          file,
		PolicyVersion: d.PolicyVersion,
		Reference:     d.Reference,
		Envelope: envelopeJSON{
			From:          env.ReversePath.String(),
			To:            addresses(env, every),
			Authenticated: env.Authenticated,
			Listener:      env.Listener,
			Trusted:       d.Ours,
		},
		Forks:   make([]forkJSON, 0, len(d.Forks)),
		Rules:   []ruleResultJSON{},
		Signals: signalsJSON(d.Notices),
	}
	if env.ClientAddr.IsValid() {
		e.Envelope.ClientAddress = env.ClientAddr.String()
	}
	if d.Err != nil {
		e.Error = d.Err.Error()
	}
	for _, u := range d.Undecided {
		e.Undecided = append(e.Undecided, undecidedJSON{*ruleOf(u.Rule), addresses(env, u.Recipients), u.Reason, string(u.Remedy)})
	}
	e.Alerts = alertPlans(d)
	for i := range d.Forks {
		e.Forks = append(e.Forks, explainedFork(env, &d.Forks[i]))
	}
	for _, u := range d.Untold {
		e.NotTold = append(e.NotTold, untoldJSON{plannedJSON(u.Planned), string(u.Reason)})
	}
	if d.Evaluation != nil {
		for i := range d.Evaluation.Rules {
			e.Rules = append(e.Rules, explainedRule(env, &d.Evaluation.Rules[i]))
		}
	}
	return e
}

func explainedFork(env *message.Envelope, f *actions.Fork) forkJSON {
	out := forkJSON{
		Recipients:      addresses(env, f.Recipients),
		Verdict:         string(f.Verdict),
		DecidedBy:       ruleOf(f.DecidedBy),
		PolicyTip:       f.PolicyTip,
		Reason:          f.Reason,
		Edits:           make([]editJSON, 0, len(f.Edits)),
		FinalRecipients: list(f.FinalRecipients),
		Rules:           make([]ruleStateJSON, 0, len(f.Rules)),
		Simulated:       simulatedJSON{Verdict: string(f.Simulated.Verdict), DecidedBy: ruleOf(f.Simulated.DecidedBy)},
		Notices:         []noticeJSON{},

		Stripped: f.Stripped, BrokenSignatures: f.BrokenSignatures,
	}
	for _, n := range f.Notices {
		out.Notices = append(out.Notices, plannedJSON(n))
	}
	if f.Reply != nil {
		out.Reply = &replyJSON{f.Reply.Code, f.Reply.Enhanced, strings.Join(f.Reply.Lines, "\n")}
	}
	for _, e := range f.Edits {
		out.Edits = append(out.Edits, newEditJSON(e))
	}
	if !slices.Equal(f.Simulated.Edits, f.Edits) {
		for _, e := range f.Simulated.Edits {
			out.Simulated.Edits = append(out.Simulated.Edits, newEditJSON(e))
		}
	}
	for _, e := range f.Failures {
		out.Failures = append(out.Failures, failureJSON{*ruleOf(e.Rule), e.Action, e.Reason, string(e.Remedy)})
	}
	for _, r := range f.Rules {
		out.Rules = append(out.Rules, ruleStateJSON{*ruleOf(r.Rule), string(r.State)})
	}
	return out
}

func explainedRule(env *message.Envelope, r *rules.RuleResult) ruleResultJSON {
	out := ruleResultJSON{
		Policy:     r.Rule.Policy.Name,
		Rule:       r.Rule.Name,
		Mode:       string(r.Rule.Policy.Mode),
		Result:     string(r.Result),
		Recipients: addresses(env, r.Matches),
		UnknownFor: addresses(env, r.Unknowns),
		Reason:     r.Reason,
		Conditions: make([]conditionJSON, 0, len(r.Conditions)),
		Evidence:   make([]evidenceJSON, 0, len(r.Evidence)),
	}
	leaves := r.Rule.Leaves()
	for i, c := range r.Conditions {
		if c.Result == string(rules.NotEvaluated) && c.Reason == "" && r.Result != rules.NotEvaluated {
			c.Reason = "not asked: the answer was known without it"
		}
		out.Conditions = append(out.Conditions, conditionJSON{c.Path, c.Condition, clip(leaves[i].Value, shownValue), c.Result, c.Reason, c.Parts})
	}
	for _, e := range r.Evidence {
		e.Parts = list(e.Parts)
		out.Evidence = append(out.Evidence, evidenceJSON{Evidence: e})
	}
	return out
}

// Bounds of an explanation.
const (
	shownValue      = 200 // characters of the value of a condition
	shownMatches    = 100 // of one piece of evidence
	recordedMatches = 10
)

// find lists what was found for each piece of evidence, masked, at most so many.
func (e *explanationJSON) find(ctx context.Context, scan *rules.Scan, most int) {
	if !slices.ContainsFunc(e.Rules, func(r ruleResultJSON) bool { return len(r.Evidence) > 0 }) {
		return
	}
	found := scan.Detections(ctx)
	for i := range e.Rules {
		for j := range e.Rules[i].Evidence {
			ev := &e.Rules[i].Evidence[j]
			for _, p := range found {
				if p.Type.Name != ev.Type {
					continue
				}
				for _, m := range p.Matches {
					if m.Confidence >= ev.MinConfidence && m.Confidence <= ev.MaxConfidence && len(ev.Matches) < most {
						ev.Matches = append(ev.Matches, foundJSON{maskedPart(scan, m.Part), audit.Mask(m.Value), m.Confidence})
					}
				}
			}
		}
	}
}

// maskedPart gives the name of a part as people are told of it.
func maskedPart(scan *rules.Scan, name string) string {
	if types := scan.World.Types; types != nil {
		return types.Mask(name)
	}
	return name
}

// read lists the parts of the message, all of which are read for it, with their
// texts when those are asked for.
func (e *explanationJSON) read(ctx context.Context, scan *rules.Scan, text bool) {
	e.Parts = []readPartJSON{}
	for _, p := range scan.Parts(ctx) {
		part := readPartJSON{Part: maskedPart(scan, p.Name), MediaType: p.MediaType, Status: string(p.Status), Characters: p.Characters, Attachment: p.Attachment}
		if text && scan.World.Types != nil {
			part.Text = scan.World.Types.Mask(p.Text)
		}
		e.Parts = append(e.Parts, part)
	}
}

func ruleOf(r *rules.Rule) *ruleJSON {
	if r == nil {
		return nil
	}
	return &ruleJSON{r.Policy.Name, r.Name}
}

// addresses gives the recipients with the indices given.
func addresses(env *message.Envelope, indices []int) []string {
	out := make([]string, 0, len(indices))
	for _, i := range indices {
		out = append(out, env.Recipients[i].Path.String())
	}
	return out
}
