package rules

import "strconv"

// judge answers a tree of conditions for the targets that are live: those whose
// answer is not known yet. What it says of others means nothing. The cheapest
// conditions are asked first, and none once the answer is known.
func (e *evaluation) judge(n *node, live mask, res *RuleResult) answer {
	switch n.op {
	case opLeaf:
		return e.leaf(n, live, res)
	case opNot:
		return e.judge(n.kids[0], live, res).not()
	}
	join, start, settled := and, True, False
	if n.op == opAny {
		join, start, settled = or, False, True
	}
	got := answer{one: start}
	for _, kid := range n.kids {
		got = combine(got, e.judge(kid, live, res), join)
		if live = live.without(got, settled); live.count == 0 {
			break
		}
	}
	return got
}

func (e *evaluation) leaf(n *node, live mask, res *RuleResult) answer {
	out := &res.Conditions[n.index]
	if n.check.message != nil {
		f := e.askMessage(n)
		out.Result, out.Reason, out.Parts = f.truth.String(), f.reason, f.parts
		res.Evidence = append(res.Evidence, f.evidence...)
		return answer{one: f.truth}
	}
	each := make([]Truth, len(e.targets))
	var first *target // the first with the strictest answer
	best, why, count := False, "", 0
	for i, t := range e.targets {
		if !live.in[i] {
			continue
		}
		truth, reason := e.askTarget(n, i)
		each[i] = truth
		if first == nil || truth > best {
			best, why, first, count = truth, reason, t, 0
		}
		if truth == best {
			count++
		}
	}
	out.Result, out.Reason = best.String(), first.describe()+" "+why
	if count > 1 {
		out.Reason += ", and so for " + strconv.Itoa(count-1) + " more"
	}
	return answer{each: each}
}

// ask answers a recipient condition for one target.
func (e *evaluation) ask(n *node, t *target) (Truth, string) {
	if !n.strict && n.check.written != nil && n.check.written(t.written) {
		return True, "is named"
	}
	if t.unresolved {
		return Unknown, "could not be resolved"
	}
	return n.check.recipient(e.ctx, e.scan, t, n.strict)
}
