package actions

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/rules"
)

// forkGroup is the recipients for whom every rule came to the same.
type forkGroup struct {
	recipients []int
	enforced   []match // matched rules that act
	all        []match // with those of policies in a test mode
	stopped    []*rules.Rule
	unknown    []unknownRule
}

// unknownRule is a rule of which it is not known whether it matched.
type unknownRule struct {
	match
	reason string
	before int // how many of the enforced rules come before it
}

// group sorts the recipients of a message into forks, in the order of their
// first recipients. There is always at least one.
func group(ctx context.Context, ev *rules.Evaluation, scan *rules.Scan) []*forkGroup {
	n := len(scan.Message.Envelope.Recipients)
	keys := make([][]byte, n)
	usesOutside := false
	for i := range ev.Rules {
		r := &ev.Rules[i]
		if len(r.Matches)+len(r.Unknowns)+len(r.Stopped) == 0 {
			continue
		}
		row := make([]byte, n)
		mark(row, r.Stopped, 's')
		mark(row, r.Unknowns, 'u')
		mark(row, r.Matches, 'm')
		for j, c := range row {
			keys[j] = append(keys[j], c)
		}
		if h := specOf(r.Rule).halt; h != nil && h.outsideOnly {
			usesOutside = true
		}
	}
	var unsure []error
	if usesOutside {
		unsure = make([]error, n)
		for j := range keys {
			inside, err := scan.RecipientInside(ctx, j)
			unsure[j] = err
			switch {
			case err != nil:
				keys[j] = append(keys[j], '?')
			case inside:
				keys[j] = append(keys[j], 'i')
			default:
				keys[j] = append(keys[j], 'o')
			}
		}
	}
	var out []*forkGroup
	byKey := make(map[string]*forkGroup)
	for j := range keys {
		k := string(keys[j])
		g := byKey[k]
		if g == nil {
			where, err := byte('o'), error(nil)
			if usesOutside {
				where, err = k[len(k)-1], unsure[j]
			}
			g = newGroup(ev, k, where, err)
			byKey[k] = g
			out = append(out, g)
		}
		g.recipients = append(g.recipients, j)
	}
	if len(out) == 0 {
		out = []*forkGroup{newGroup(ev, "", 'o', nil)}
	}
	return out
}

func mark(row []byte, places []int, c byte) {
	for _, p := range places {
		row[p] = c
	}
}

// newGroup reads the key of a fork back into rules. Where is 'i' or 'o' for
// people inside or outside, '?' when err says why it is not known; then a
// blockAccess perUser is unknown for them.
func newGroup(ev *rules.Evaluation, key string, where byte, err error) *forkGroup {
	g := &forkGroup{}
	at := 0
	for i := range ev.Rules {
		r := &ev.Rules[i]
		if len(r.Matches)+len(r.Unknowns)+len(r.Stopped) == 0 || at >= len(key) {
			continue
		}
		s := specOf(r.Rule)
		m := see(s, where != 'i')
		enforced := r.Rule.Policy.Mode.Enforced()
		switch key[at] {
		case 'm':
			if enforced && where == '?' && s.halt != nil && s.halt.outsideOnly {
				g.unknown = append(g.unknown, unknownRule{m, err.Error(), len(g.enforced)})
				break
			}
			g.all = append(g.all, m)
			if enforced {
				g.enforced = append(g.enforced, m)
			}
		case 'u':
			if enforced {
				g.unknown = append(g.unknown, unknownRule{m, whyUnknown(r), len(g.enforced)})
			}
		case 's':
			g.stopped = append(g.stopped, r.Rule)
		}
		at++
	}
	return g
}

// whyUnknown gives the reason why a rule could not be judged: that of the first
// condition without an answer, or of the scope of its policy.
func whyUnknown(r *rules.RuleResult) string {
	for _, c := range r.Conditions {
		if c.Result == rules.Unknown.String() {
			return c.Condition + ": " + c.Reason
		}
	}
	if r.Result == rules.UnknownRule {
		return r.Reason
	}
	return "a look-up failed"
}

// decide makes the fork of what the walk over its enforced rules came to.
func (g *forkGroup) decide(st steps) Fork {
	f := Fork{Recipients: g.recipients, Verdict: Deliver, tipOf: st.tip, Edits: st.edits, tested: g.test()}
	if st.enforced != nil {
		f.Verdict, f.DecidedBy = st.enforced.halt.verdict, st.enforced.rule
	}
	for _, m := range g.all {
		rule := m.spec.rule
		state, acted := st.states[rule]
		if !acted {
			state = Simulated
			if f.tipOf == nil && m.spec.tip != "" && rule.Policy.Mode == rules.TestWithNotifications {
				f.tipOf = m.spec
			}
		}
		f.Rules = append(f.Rules, RuleState{Rule: rule, State: state})
	}
	for _, rule := range g.stopped {
		f.Rules = append(f.Rules, RuleState{Rule: rule, State: Stopped})
	}
	return f
}

// simulate walks over the matched rules as if policies in a test mode were enforced:
// one of theirs that stops the processing would have kept later rules from being
// judged.
func (g *forkGroup) simulate(fill *resolver) Simulation {
	all := g.all
	if i := slices.IndexFunc(all, func(m match) bool { return m.spec.rule.Stop }); i >= 0 {
		all = all[:i+1]
	}
	st := walk(all)
	sim := Simulation{Verdict: Deliver, Edits: fill.simulated(st)}
	if st.enforced != nil {
		sim.Verdict, sim.DecidedBy = st.enforced.halt.verdict, st.enforced.rule
	}
	return sim
}

// undecided gives the rules whose answer is not known and could change what becomes
// of the fork: they act, and no matched rule is as strict already. A deletion is as
// strict only if the unknown rule does not come before it, since that one might have
// kept the message.
func (g *forkGroup) undecided(st steps) []unknownRule {
	place := slices.IndexFunc(g.enforced, func(m match) bool { return m.spec == st.enforced })
	rank := unrestricted
	if place >= 0 {
		rank = g.enforced[place].rank
	}
	var open []unknownRule
	for i, u := range g.unknown {
		matters := u.rank > rank
		switch {
		case matters:
		case rank == unrestricted:
			matters = len(u.spec.edits) > 0 || u.spec.rule.Stop && g.goesOn(i)
		default:
			matters = g.enforced[place].deletes() && u.before <= place && u.rank > unrestricted && !u.deletes()
		}
		if matters {
			open = append(open, u)
		}
	}
	return open
}

// goesOn tells whether something is done behind an unknown rule that a stop would
// have kept from being done.
func (g *forkGroup) goesOn(i int) bool {
	edits := func(m match) bool { return len(m.spec.edits) > 0 }
	return slices.ContainsFunc(g.enforced[g.unknown[i].before:], edits)
}
