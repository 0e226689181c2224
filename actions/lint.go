package actions

import (
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Lint gives hints at rules that can never act: those of [rules.Set.Lint], and
// those behind a rule that blocks, holds or deletes all they would match. What
// they match is recorded all the same.
func Lint(set *rules.Set) []strictyaml.Problem {
	hints := set.Lint()
	stopped := set.Behind(func(r *rules.Rule) bool { return r.Stop })
	halted := set.Behind(func(r *rules.Rule) bool {
		s := specOf(r)
		return s.halt != nil && !s.halt.outsideOnly && !s.override
	})
	for s := range specs(set) {
		if s.halt != nil && s.halt.outsideOnly && s.rule.InsideOnly() && s.rule.Policy.Mode != rules.Disable && !s.rule.Disabled {
			hints = append(hints, s.rule.Hint("write `blockAccess: all`, or `accessScope: notInOrganization`",
				"the rule blocks nobody: `perUser` blocks people outside, and the rule holds only for those inside"))
		}
		by := halted[s.rule]
		if by == nil || stopped[s.rule] != nil || s.halt == nil && len(s.edits) == 0 {
			continue
		}
		hints = append(hints, s.rule.Hint("put it before that rule, or give it conditions of its own",
			"the rule never acts: rule %q of policy %q holds for all that it does, and halts", by.Name, by.Policy.Name))
	}
	strictyaml.Sort(hints)
	return hints
}
