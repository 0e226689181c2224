package rules

import "context"

// Result of a rule.
type Result string

// The results.
const (
	Matched      Result = "matched"
	NotMatched   Result = "notMatched"
	UnknownRule  Result = "unknown"
	NotEvaluated Result = "notEvaluated"
)

// ConditionResult says what one condition of a rule came to.
type ConditionResult struct {
	Path      string // "conditions.all[0].any[1]", "exceptions[0]" …
	Condition string
	Result    string // true, false, unknown or notEvaluated
	Reason    string // in plain words, values masked
	// Parts are the names of those that a true answer rests on, where it rests on
	// the content of some.
	Parts []string
}

// RuleResult says what one rule came to.
type RuleResult struct {
	Rule   *Rule
	Result Result
	// Matches and Unknowns are indices into Envelope.Recipients, ascending.
	Matches  []int
	Unknowns []int
	// Stopped are recipients for which the rule was not evaluated because a rule
	// before it stopped.
	Stopped    []int
	Reason     string
	Conditions []ConditionResult
	Evidence   []Evidence
}

// Evaluation is what all rules came to, in the order of evaluation.
type Evaluation struct {
	Rules []RuleResult
	// Err is why what rules of enforced policies asked for could not be had (see
	// [Scan.Err]): what they came to must not be relied on. Those of other policies do
	// not put a message off.
	Err error
}

// evaluation is the state of one Evaluate. Rules are judged for targets: the
// addresses that mail to the recipients reaches.
type evaluation struct {
	ctx      context.Context
	scan     *Scan
	targets  []*target
	enforced bool     // the policy of the rule being judged is
	relied   bool     // an enforced rule asked for contents
	known    []judged // by the number of the condition
	going    mask     // targets for which no rule has stopped yet
}

// mask is a set of targets.
type mask struct {
	in    []bool
	count int
}

// without gives the targets of m whose answer is not t.
func (m mask) without(a answer, t Truth) mask {
	if a.each == nil {
		if a.one == t {
			return mask{in: m.in}
		}
		return m
	}
	left := mask{in: make([]bool, len(m.in))}
	for i, in := range m.in {
		if in && a.each[i] != t {
			left.in[i] = true
			left.count++
		}
	}
	return left
}

// Evaluate judges a message by every rule for every recipient.
func (s *Set) Evaluate(ctx context.Context, scan *Scan) *Evaluation {
	scan.want(s.types)
	e := &evaluation{ctx: ctx, scan: scan, known: make([]judged, s.different)}
	e.setTargets(s.recipients)
	out := &Evaluation{Rules: make([]RuleResult, 0, s.rules)}
	for _, p := range s.Policies {
		applies, why := True, ""
		if p.Mode != Disable && e.going.count > 0 {
			applies, why = p.scope.holds(ctx, scan)
		}
		e.enforced = p.Mode.Enforced()
		for _, r := range p.Rules {
			res := newResult(r)
			switch {
			case p.Mode == Disable:
				res.Reason = "the policy is disabled"
			case r.rests(scan.moment()) != "":
				res.Reason = r.rests(scan.moment())
			case len(e.targets) == 0:
				res.Reason = "the message has no recipients"
			case e.going.count == 0:
				res.Stopped = e.stopped()
				res.Reason = "a rule before it stopped the processing for all recipients"
			case applies == False:
				res.Reason = why
			default:
				e.rule(r, applies, why, &res)
			}
			out.Rules = append(out.Rules, res)
		}
	}
	if e.relied {
		out.Err = scan.Err()
	}
	return out
}

// setTargets makes the list of those whom the message will be delivered to; it
// is that of the recipients when no condition asks for more.
func (e *evaluation) setTargets(resolve bool) {
	if resolve {
		for _, members := range e.scan.targets(e.ctx) {
			e.targets = append(e.targets, members...)
		}
	} else {
		for i, r := range e.scan.Message.Envelope.Recipients {
			e.targets = append(e.targets, &target{recipient: i, addr: r.Path, written: r.Named()})
		}
	}
	e.going = mask{in: make([]bool, len(e.targets)), count: len(e.targets)}
	for i := range e.going.in {
		e.going.in[i] = true
	}
}

func newResult(r *Rule) RuleResult {
	res := RuleResult{Rule: r, Result: NotEvaluated, Conditions: make([]ConditionResult, len(r.leaves))}
	for i, l := range r.leaves {
		res.Conditions[i] = ConditionResult{Path: l.path, Condition: l.condition.name, Result: string(NotEvaluated)}
	}
	return res
}

// rule judges one rule for the targets still going.
func (e *evaluation) rule(r *Rule, applies Truth, why string, res *RuleResult) {
	judge := e.once
	if r.PerComponent {
		judge = e.byComponent
	}
	got, exempt := judge(r, e.going, res)
	got = combine(answer{one: applies}, got, and)
	e.tally(got, res)
	switch {
	case len(res.Matches) > 0:
		res.Result, res.Reason = Matched, "the rule holds"
	case len(res.Unknowns) > 0:
		res.Result, res.Reason = UnknownRule, "a look-up failed, so it is not known whether the rule holds"
		if applies == Unknown {
			res.Reason = why
		}
	case exempt:
		res.Result, res.Reason = NotMatched, "an exception holds"
	default:
		res.Result, res.Reason = NotMatched, "the conditions do not hold"
	}
	if res.Result != Matched {
		res.Evidence = nil
	}
	if r.Stop && r.Policy.Mode.Enforced() {
		e.going = e.going.without(got, True)
	}
}

// once judges conditions and exceptions together; exempt tells whether an
// exception took a target out.
func (e *evaluation) once(r *Rule, live mask, res *RuleResult) (got answer, exempt bool) {
	got = e.judge(r.conditions, live, res)
	live = live.without(got, False)
	if r.exceptions != nil && live.count > 0 {
		exempts := e.judge(r.exceptions, live, res)
		exempt = live.without(exempts, True).count < live.count
		got = combine(got, exempts.not(), and)
	}
	return got, exempt
}

// tally sorts the recipients by the strictest of the answers of their members.
func (e *evaluation) tally(got answer, res *RuleResult) {
	best := make([]Truth, len(e.scan.Message.Envelope.Recipients))
	judged := make([]bool, len(best))
	for i, t := range e.targets {
		if e.going.in[i] {
			judged[t.recipient] = true
			best[t.recipient] = or(best[t.recipient], got.at(i))
		}
	}
	for i, truth := range best {
		switch {
		case !judged[i]:
			res.Stopped = append(res.Stopped, i)
		case truth == True:
			res.Matches = append(res.Matches, i)
		case truth == Unknown:
			res.Unknowns = append(res.Unknowns, i)
		}
	}
}

// stopped lists all recipients.
func (e *evaluation) stopped() []int {
	all := make([]int, len(e.scan.Message.Envelope.Recipients))
	for i := range all {
		all[i] = i
	}
	return all
}
