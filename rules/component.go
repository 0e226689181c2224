package rules

import "slices"

// bodyComponent is the component of the body with its subject; attachments are
// numbered from the next on, and 0 is the whole message.
const bodyComponent = 1

// components gives how many components a message has: its body, and each
// attachment.
func (s *Scan) components() int { return bodyComponent + len(s.attachments()) }

// inComponent gives the contents that conditions see: those of one component
// while a rule is judged by components, else all.
func (s *Scan) inComponent() []*content {
	all := s.parts()
	if s.component == 0 {
		return all
	}
	list := make([]*content, 0, 1)
	number := bodyComponent
	for _, c := range all {
		if c.part == nil || c.body {
			if s.component == bodyComponent {
				list = append(list, c)
			}
			continue
		}
		if number++; number == s.component {
			list = append(list, c)
		}
	}
	return list
}

// attached gives the attachments that conditions see.
func (s *Scan) attached() []*content {
	return slices.DeleteFunc(slices.Clone(s.inComponent()), func(c *content) bool { return c.part == nil || c.body })
}

// byComponent judges a rule for each component of the message until one settles
// it for all targets: conditions and exceptions must be answered by the same
// component (evaluateRulePerComponent). Conditions that do not look at contents
// see the whole message each time.
func (e *evaluation) byComponent(r *Rule, live mask, res *RuleResult) (got answer, exempt bool) {
	defer func() { e.scan.component = 0 }()
	got = answer{one: False}
	for n := range e.scan.components() {
		e.scan.component = n + 1
		one := newResult(r)
		g, ex := e.once(r, live, &one)
		exempt = exempt || ex
		before := len(live.in) - live.count
		got = combine(got, g, or)
		left := live.without(g, True)
		if n == 0 || len(live.in)-left.count > before {
			// The first component, and each that matched, says why.
			res.Conditions, res.Evidence = one.Conditions, append(res.Evidence, one.Evidence...)
		}
		if live = left; live.count == 0 {
			break
		}
	}
	return got, exempt
}
