package actions

import (
	"slices"

	"github.com/postern-mail/postern/rules"
)

// tested is whom policies in the mode testWithNotifications would tell of a fork,
// and what would have become of it.
type tested struct {
	verdict Verdict
	// redirects tells that it would have gone to others than its recipients.
	redirects bool
	specs     []*spec // in the order in which they would be processed; those that tell nobody left out
}

// test walks over the matched rules as if the policies that test with notifications
// were enforced; those that test without are passed over.
func (g *forkGroup) test() tested {
	asks := func(m match) bool {
		return m.spec.rule.Policy.Mode == rules.TestWithNotifications && m.spec.telling.mails()
	}
	if !slices.ContainsFunc(g.all, asks) {
		return tested{}
	}
	var all []match
	for _, m := range g.all {
		if m.spec.rule.Policy.Mode != rules.TestWithoutNotifications {
			all = append(all, m)
		}
		if m.spec.rule.Stop {
			break // later rules would not have been judged
		}
	}
	st := walk(all)
	t := tested{verdict: Deliver, redirects: redirects(st.edits)}
	if st.enforced != nil {
		t.verdict = st.enforced.halt.verdict
		all = slices.DeleteFunc(all, func(m match) bool { return m.spec != st.enforced })
	}
	for _, m := range all {
		if asks(m) {
			t.specs = append(t.specs, m.spec)
		}
	}
	return t
}
